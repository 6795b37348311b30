"""What the scripts of the studies have in common: options, fits, an estimate of their cost, tables."""

import argparse
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from joblib import Parallel, cpu_count, delayed
from sklearn.callback import ProgressBar
from sklearn.metrics import log_loss

from skcnn import ConvPoolClassifier

PACKAGES = ("skcnn", "scikit-learn", "keras", "tensorflow", "numpy")


def parse_options(doc, name, seeds=1):
    """The options that every study has.

    Parameters
    ----------
    doc : str
        What the script says of itself.
    name : str
        Short name of the study, for its files.
    seeds : int, default=1
        Number of seeds, unless told otherwise.

    Returns
    -------
    argparse.Namespace
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data-home", metavar="FOLDER", help="where the images are, or are downloaded to")
    add("--n-samples", type=int, metavar="N", help="training images, of all classes alike (default: all)")
    add("--scale", type=float, default=1.0, metavar="S", help="take this share of images and of epochs (default: 1)")
    add("--seeds", type=int, default=seeds, metavar="N", help="how often to train each network (default: %(default)s)")
    add("--n-jobs", type=int, default=1, metavar="N", help="fits side by side, in threads (default: 1)")
    add("--memory", metavar="FOLDER", help="keep the state after every epoch; a killed study goes on from there")
    add("--out", default=f"results/{name}", metavar="FOLDER", help="for tables and figures (default: %(default)s)")
    options = parser.parse_args()
    if not 0 < options.scale <= 1:
        parser.error(f"--scale must be above 0 and at most 1; got {options.scale}")
    if min(options.seeds, options.n_jobs) < 1:
        parser.error("--seeds and --n-jobs must be at least 1")
    options.name = name
    Path(options.out).mkdir(parents=True, exist_ok=True)
    return options


def load(fetch, options):
    """Training and test images with their labels, as many as the options ask for.

    Parameters
    ----------
    fetch : callable
        Of ``skcnn.datasets``.
    options : argparse.Namespace

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarray
    """
    parts = {}
    for subset in ("train", "test"):
        X, y = fetch(subset=subset, data_home=options.data_home, return_X_y=True)
        wanted = options.n_samples if subset == "train" and options.n_samples else len(y)
        n_samples = max(round(options.scale * wanted), 100)
        if n_samples < len(y):
            asked = {"subset": subset, "n_samples": n_samples, "random_state": 0}
            X, y = fetch(**asked, data_home=options.data_home, return_X_y=True)
        parts[subset] = X, y
    (X_train, y_train), (X_test, y_test) = parts["train"], parts["test"]
    return X_train, X_test, y_train, y_test


def scaled(network, options):
    """The parameters of a network with its epochs as the options ask for."""
    return network | {"epochs": max(1, round(options.scale * network["epochs"]))}


def run(networks, data, options, validation_data=None):
    """Train each network with each seed, and measure it on the test images.

    Parameters
    ----------
    networks : dict of str to dict
        Parameters of ConvPoolClassifier by the network's name.
    data : tuple
        From :func:`load`.
    options : argparse.Namespace
    validation_data : tuple (X, y), default=None
        Measured after each epoch; None for the test images, as most of the studies did.

    Returns
    -------
    pandas.DataFrame
        A row for each fit, with its history.
    """
    networks = {name: scaled(network, options) for name, network in networks.items()}
    announce(networks, data, options)
    fits = [(name, seed) for name in networks for seed in range(options.seeds)]
    parallel = Parallel(n_jobs=options.n_jobs, backend="threading")
    return pd.DataFrame(
        parallel(delayed(fit_one)(name, networks[name], seed, data, options, validation_data) for name, seed in fits)
    )


def fit_one(name, network, seed, data, options, validation_data=None):
    """One fit, as a row of the table."""
    X_train, X_test, y_train, y_test = data
    classifier = ConvPoolClassifier(**network, random_state=seed, memory=options.memory)
    if options.n_jobs == 1 and sys.stderr.isatty():
        classifier.set_callbacks(ProgressBar())
    classifier.fit(X_train, y_train, validation_data=validation_data or (X_test, y_test))
    probabilities, history = classifier.predict_proba(X_test), classifier.history_
    row = {
        "network": name,
        "seed": seed,
        "n_params": classifier.n_params_,
        "epochs": classifier.n_iter_,
        "train_loss": history["loss"][-1],
        "train_accuracy": history["accuracy"][-1],
        "test_loss": log_loss(y_test, probabilities, labels=classifier.classes_),
        "test_accuracy": (classifier.classes_[probabilities.argmax(axis=1)] == y_test).mean(),
        "seconds": sum(history["time"]),
        "history": history,
    }
    print("{network}, seed {seed}: test accuracy {test_accuracy:.4f}, {seconds:.0f} s".format(**row), flush=True)
    return row


def announce(networks, data, options):
    """Say what is to come, and about how long it will take: from an epoch of each network on a few images."""
    X_train, _, y_train, _ = data
    few = slice(0, min(len(y_train), 256))
    seconds = 0.0
    for network in networks.values():
        probe = ConvPoolClassifier(**network | {"epochs": 1, "memory": None})
        probe.fit(X_train[few], y_train[few])  # compiles
        start = time.perf_counter()
        probe.fit(X_train[few], y_train[few])
        epoch = (time.perf_counter() - start) * len(y_train) / len(y_train[few])
        seconds += epoch * network["epochs"] * options.seeds
    n_fits, n_epochs = len(networks) * options.seeds, sum(n["epochs"] for n in networks.values()) * options.seeds
    print(
        f"{options.name}: {n_fits} fits, {n_epochs} epochs of {len(y_train):,} images: about {in_words(seconds)}, less "
        f"what is known in --memory",
        flush=True,
    )


def in_words(seconds):
    """A duration, roughly."""
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def summary(runs):
    """Mean and spread over seeds, a row for each network in the order of the runs."""
    return runs.groupby("network", sort=False).agg(
        n_params=("n_params", "first"),
        epochs=("epochs", "first"),
        accuracy=("test_accuracy", "mean"),
        spread=("test_accuracy", lambda scores: scores.std(ddof=0)),
        loss=("test_loss", "mean"),
        seconds=("seconds", "mean"),
    )


def compare(runs, published):
    """Published against measured test accuracy.

    Parameters
    ----------
    runs : pandas.DataFrame
        From :func:`run`.
    published : mapping of str to skcnn.presets.Published
        By the network's name; those that are not in it were not published.

    Returns
    -------
    pandas.DataFrame of str
    """
    rows = []
    for name, row in summary(runs).iterrows():
        accuracy = getattr(published.get(name), "test_accuracy", None)
        rows.append(
            {
                "network": name,
                "parameters": f"{row.n_params:,.0f}",
                "epochs": f"{row.epochs:.0f}",
                "published": "" if accuracy is None else f"{accuracy:.4f}",
                "measured": f"{row.accuracy:.4f} ± {row.spread:.4f}",
                "difference": "" if accuracy is None else f"{row.accuracy - accuracy:+.4f}",
                "test loss": f"{row.loss:.4f}",
                "seconds": f"{row.seconds:.0f}",
            }
        )
    return pd.DataFrame(rows)


def write(runs, table, options, notes=""):
    """Write runs.csv and table.md, and print the table.

    Parameters
    ----------
    runs : pandas.DataFrame
        A row for each fit.
    table : pandas.DataFrame of str
        What to print.
    options : argparse.Namespace
    notes : str, default=""
        What the figures alone do not say.
    """
    folder = Path(options.out)
    runs.drop(columns="history", errors="ignore").to_csv(folder / "runs.csv", index=False)
    text = markdown(table)
    print(f"\n{text}\n{notes}".rstrip())
    (folder / "table.md").write_text(f"# {options.name}\n\n{conditions(options)}\n\n{text}\n{notes}".rstrip() + "\n")
    print(f"\nWritten to {folder.resolve()}")


def markdown(table):
    """A table of text as Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def conditions(options):
    """Command, machine, versions: without them no figure means anything."""
    shown = {name.replace("_", "-"): value for name, value in vars(options).items() if name not in ("name", "out")}
    arguments = " ".join(f"--{name} {value}" for name, value in shown.items() if value is not None)
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"`python examples/{Path(sys.argv[0]).name} {arguments}`\n\n"
        f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}, {versions}"
    )


def save(display, options, name):
    """Save the picture of a display."""
    display.figure_.savefig(Path(options.out) / f"{name}.png", dpi=150)
