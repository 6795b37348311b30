"""What the scripts of the studies have in common: options, fits, an estimate of their
cost, tables.
"""

import argparse
import os
import platform
import re
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skcnn import ConvPoolClassifier, SearchProgress
from skcnn.plotting import LearningCurvesDisplay
from skcnn.presets import PUBLISHED

# What is compared, by its name among the runs and in skcnn.presets.Published.
MEASURES = ("test_accuracy", "test_loss", "train_accuracy", "train_loss")
PACKAGES = ("skcnn", "scikit-learn", "keras", "tensorflow", "numpy")


def parse_options(doc, name, seeds=1, numbers=None):
    """The options that every study has.

    Parameters
    ----------
    doc : str
        What the script says of itself.
    name : str
        Short name of the study, for its files.
    seeds : int, default=1
        Number of seeds, unless told otherwise.
    numbers : dict of str to str, default=None
        Further options that take a whole number: what each is for, by its name.

    Returns
    -------
    argparse.Namespace
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--data-home",
        metavar="FOLDER",
        help="where the images are, or are downloaded to",
    )
    add(
        "--n-samples",
        type=positive,
        metavar="N",
        help="training images, of all classes alike (default: all)",
    )
    add(
        "--scale",
        type=float,
        default=1.0,
        metavar="S",
        help="take this share of images and of epochs (default: 1)",
    )
    purpose = "fits of each network, but of a grid and of what another option counts (default: %(default)s)"
    add("--seeds", type=positive, default=seeds, metavar="N", help=purpose)
    purpose = "fits side by side, in threads; -1 for all cores (default: 1)"
    add("--n-jobs", type=number_of_jobs, default=1, metavar="N", help=purpose)
    add(
        "--memory",
        metavar="FOLDER",
        help="keep the state after every epoch; a killed study goes on from there",
    )
    add(
        "--out",
        default=f"results/{name}",
        metavar="FOLDER",
        help="for tables and figures (default: %(default)s)",
    )
    for option, purpose in (numbers or {}).items():
        add(option, type=positive, metavar="N", help=purpose)
    options = parser.parse_args()
    if not 0 < options.scale <= 1:
        parser.error(f"--scale must be above 0 and at most 1; got {options.scale}")
    options.name = name
    Path(options.out).mkdir(parents=True, exist_ok=True)
    return options


def positive(text):
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"must be a whole number of at least 1; got {text}"
        )
    return int(text)


def number_of_jobs(text):
    """A whole number of at least 1, or -1 for all cores."""
    return -1 if text == "-1" else positive(text)


def load(fetch, options, n_samples=None):
    """Training and test images with their labels, as many as the options ask for.

    Parameters
    ----------
    fetch : callable
        Of ``skcnn.datasets``.
    options : argparse.Namespace
    n_samples : int, default=None
        Number of training images, instead of that in the options.

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarray
    """
    parts = {}
    for subset in ("train", "test"):
        X, y = fetch(subset=subset, data_home=options.data_home, return_X_y=True)
        wanted = (n_samples or options.n_samples if subset == "train" else None) or len(
            y
        )
        if wanted > len(y):
            sys.exit(
                f"there are {len(y):,} training images; got a number of {wanted:,}"
            )
        n_wanted = max(round(options.scale * wanted), min(wanted, 100))
        if n_wanted < len(y):
            asked = {"subset": subset, "n_samples": n_wanted, "random_state": 0}
            X, y = fetch(**asked, data_home=options.data_home, return_X_y=True)
        parts[subset] = X, y
    (X_train, y_train), (X_test, y_test) = parts["train"], parts["test"]
    return X_train, X_test, y_train, y_test


def scaled(network, options):
    """The parameters of a network with its epochs as the options ask for."""
    return network | {"epochs": max(1, round(options.scale * network["epochs"]))}


def run(networks, data, options, validation_data=None, measure=None, n_seeds=None):
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
    measure : callable, default=None
        Gives further columns, or others, of the row of a fit: a dict from the fitted
        classifier and `data`.
    n_seeds : int, default=None
        How often to train each network, instead of what the options say.

    Returns
    -------
    pandas.DataFrame
        A row for each fit, with its history.
    """
    networks = {name: scaled(network, options) for name, network in networks.items()}
    seeds = range(n_seeds or options.seeds)
    fits = [
        (name, seed) for seed in seeds for name in networks
    ]  # a killed study has whole seeds
    parallel = Parallel(
        n_jobs=options.n_jobs, backend="threading", return_as="generator"
    )
    train = delayed(fit_one)
    rows = parallel(
        train(name, networks[name], seed, data, options, validation_data, measure)
        for name, seed in fits
    )
    done = []
    for row in rows:
        done.append(row)
        told = "{network}, seed {seed}: test accuracy {test_accuracy:.4f}, {seconds:.0f} s".format(
            **row
        )
        print(f"[{len(done)}/{len(fits)}] {told}", flush=True)
    return pd.DataFrame(done)


def fit_one(name, network, seed, data, options, validation_data=None, measure=None):
    """One fit, as a row of the table."""
    X_train, X_test, y_train, y_test = data
    classifier = ConvPoolClassifier(**network, random_state=seed, memory=options.memory)
    classifier.set_callbacks(SearchProgress())
    try:
        classifier.fit(
            X_train, y_train, validation_data=validation_data or (X_test, y_test)
        )
    except ValueError as error:
        if "diverged" not in str(error):
            raise
        return diverged(name, seed, classifier.initialize(X_train, y_train), error)
    history = classifier.history_
    test_loss, test_accuracy = loss_and_accuracy(classifier, X_test, y_test)
    row = size(name, seed, classifier) | {
        "train_loss": history["loss"][-1],
        "train_accuracy": history["accuracy"][-1],
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        "seconds": sum(history["time"]),
        "history": history,
    }
    return row | (measure(classifier, data) if measure else {})


def size(name, seed, classifier):
    """What a row says of a network, whatever training makes of it."""
    return {
        "network": name,
        "seed": seed,
        "n_params": classifier.n_params_,
        "n_non_trainable": classifier.architecture_.n_non_trainable,
        "epochs": classifier.n_iter_,
    }


def diverged(name, seed, untrained, error):
    """The row of a fit that diverged, which is a result, too: there is no network to
    measure.
    """
    warnings.warn(f"{name}, seed {seed}: {error}", ConvergenceWarning, stacklevel=2)
    measures = dict.fromkeys(MEASURES, np.nan)
    nothing = {"loss": [np.nan], "accuracy": [np.nan], "time": [np.nan]}
    nothing |= {"val_loss": [np.nan], "val_accuracy": [np.nan]}
    return size(name, seed, untrained) | measures | {"seconds": 0, "history": nothing}


def loss_and_accuracy(classifier, X, y):
    """Cross-entropy and accuracy of a fitted classifier."""
    probabilities = classifier.predict_proba(X)
    loss = log_loss(y, probabilities, labels=classifier.classes_)
    return loss, (classifier.classes_[probabilities.argmax(axis=1)] == y).mean()


def accuracy_with_fresh_statistics(classifier, X_train, X_test, y_test):
    """Accuracy if batch normalization knew the statistics of some training images, not
    moving averages that lag.

    Dropout is at work while they are taken, as in training. The classifier is left
    alone.
    """
    model = classifier.model_  # a copy
    for layer in model.layers:
        if hasattr(layer, "moving_mean"):  # batch normalization
            layer.momentum = 0.0  # forgets all but the next batch
    model(X_train, training=True)
    probabilities = np.concatenate(
        [model(images) for images in np.array_split(X_test, 20)]
    )
    return (classifier.classes_[probabilities.argmax(axis=1)] == y_test).mean()


def announce(work, options):
    """Say what is to come, and about how long it will take: from an epoch on a few
    images.

    Parameters
    ----------
    work : list of tuple (networks, n_times, data)
        What will be trained, how often each, and on what, as for :func:`run`.
    options : argparse.Namespace
    """
    n_fits = n_epochs = alone = side_by_side = 0
    costs = {}  # of an image in an epoch, by what decides most of it
    for networks, n_times, data in work:
        X_train, X_test, y_train, _ = data
        # Measuring an image takes about a third of learning from it.
        n_images = len(y_train) + len(X_test) / 3
        n_fits += len(networks) * n_times
        for network in longest(
            [scaled(network, options) for network in networks.values()]
        ):
            shape = f"{network['conv_layers']} {network.get('n_branches')}"
            if shape not in costs:
                costs[shape] = seconds_per_image(network, X_train, y_train, options)
            epochs = network["epochs"] * n_times
            n_epochs += epochs
            alone += costs[shape][0] * n_images * epochs
            side_by_side += costs[shape][1] * n_images * epochs
    n_images = max(len(data[2]) for _, _, data in work)
    time = f"about {in_words(alone)} one after the other"
    if options.n_jobs != 1:
        time += f", {in_words(side_by_side)} with --n-jobs {options.n_jobs}"
    print(
        f"{options.name}: {n_fits} fits, {n_epochs} epochs of up to {n_images:,} images: "
        f"{time}, less what is known in --memory",
        flush=True,
    )


def seconds_per_image(network, X, y, options):
    """What an image takes in an epoch: of a fit alone, and of fits side by side,
    divided by their number.
    """
    few = slice(min(len(y), 512))

    # At a low rate, lest it diverge: that makes no step slower.
    short = {"epochs": 3, "optimizer__learning_rate": 1e-6}

    def probe():
        fitted = ConvPoolClassifier(**network | short).fit(X[few], y[few])
        return np.mean(fitted.history_["time"][1:]) / few.stop  # the first compiles

    n_jobs = cpu_count() if options.n_jobs == -1 else options.n_jobs
    alone = probe()
    if n_jobs == 1:
        return alone, alone
    probes = [delayed(probe)() for _ in range(n_jobs)]
    return alone, np.mean(Parallel(n_jobs, backend="threading")(probes)) / n_jobs


def longest(networks):
    """The networks without those that are the beginning of another, which has more
    epochs: they cost nothing more.
    """
    runs = []
    for network in sorted(
        networks, key=lambda network: network["epochs"], reverse=True
    ):
        if not any(network | {"epochs": run["epochs"]} == run for run in runs):
            runs.append(network)
    return runs


def in_words(seconds):
    """A duration, roughly."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 120 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def compare(runs):
    """Published against measured test accuracy, and what else was published; means and
    deviations over seeds.

    Parameters
    ----------
    runs : pandas.DataFrame
        From :func:`run`.

    Returns
    -------
    pandas.DataFrame of str
        Nothing stands where nothing was published.
    """
    rows = []
    for name, fits in runs.groupby("network", sort=False):
        published, measured = (
            published_figures(name),
            {measure: in_figures(fits[measure]) for measure in MEASURES},
        )
        accuracy = published["test_accuracy"]
        row = {
            "network": name,
            "parameters": in_brackets(
                fits["n_params"].iloc[0], fits["n_non_trainable"].iloc[0]
            ),
            "epochs": f"{fits['epochs'].iloc[0]}",
            "seeds": f"{len(fits)}",
            "published": "" if accuracy is None else f"{accuracy:.4f}",
            "measured": measured["test_accuracy"],
            "difference": difference(name, fits["test_accuracy"].mean()),
        }
        for measure in MEASURES[1:]:
            value, label = published[measure], measure.replace("_", " ")
            row |= {
                f"{label}, published": "" if value is None else f"{value:.4f}",
                label: measured[measure],
            }
        rows.append(row | {"seconds": f"{fits['seconds'].mean():.0f}"})
    table = pd.DataFrame(rows)
    unpublished = [
        name for name in table if name.endswith(", published") and not table[name].any()
    ]
    dropped = [
        column
        for name in unpublished
        for column in (name, name.removesuffix(", published"))
    ]
    return table.drop(
        columns=dropped
        + ([] if table["published"].any() else ["published", "difference"])
    )


def difference(name, accuracy):
    """How much a measured test accuracy is above the published one; nothing where
    nothing was published.
    """
    published = published_figures(name)["test_accuracy"]
    return "" if published is None else f"{accuracy - published:+.4f}"


def published_figures(name):
    """What was published of a network, None for what was not."""
    return {
        measure: getattr(PUBLISHED.get(name), measure, None) for measure in MEASURES
    }


def in_brackets(n_params, n_non_trainable):
    """The number of parameters; those of them that are not trained, if any, in
    brackets.
    """
    return f"{n_params:,}" + (f" ({n_non_trainable:,})" if n_non_trainable else "")


def in_figures(values):
    """Mean and standard deviation over seeds, or a single value, or nothing.

    The deviation is that of numpy and scikit-learn, divided by n. Where some seeds have
    no value, as the loss of a network that diverged, the number of those that have is
    told.
    """
    known = values.dropna()
    if not len(known):
        return ""
    text = (
        f"{known.mean():.4f} ± {known.std(ddof=0):.4f}"
        if len(known) > 1
        else f"{known.iloc[0]:.4f}"
    )
    return (
        text if len(known) == len(values) else f"{text} ({len(known)} of {len(values)})"
    )


def main_effects(table, factors):
    """What each value of each factor of a full grid brings, with its spread over folds.

    Parameters
    ----------
    table : pandas.DataFrame
        From search_results, with the scores of each split beside them.
    factors : list of str
        Columns of the table.

    Returns
    -------
    pandas.DataFrame of str
        A row for each value, small ones first. `effect` is how much its mean is above
        that of all values of the factor, in each fold: the mean over folds and the
        standard deviation.
    """
    of_folds = table.filter(regex="^split._test_score$")
    rows = []
    for factor in factors:
        means = of_folds.groupby(table[factor]).mean()
        effects = means - means.mean()
        for value in sorted(effects.index, key=_numbers_in):
            effect = effects.loc[value]
            rows.append(
                {
                    "factor": factor,
                    "value": str(value),
                    "accuracy": f"{means.loc[value].mean():.4f}",
                    "effect": f"{effect.mean():+.4f} ± {effect.std():.4f}",
                }
            )
    return pd.DataFrame(rows)


def _numbers_in(value):
    """Puts filters of "4-8" before those of "32-64"."""
    return [float(number) for number in re.findall(r"\d+\.?\d*", str(value))]


def write(runs, table, data, options, notes=""):
    """Write runs.csv and table.md, and print the table.

    Parameters
    ----------
    runs : pandas.DataFrame
        A row for each fit.
    table : pandas.DataFrame of str
        What to print.
    data : tuple
        What was trained on, from :func:`load`.
    options : argparse.Namespace
    notes : str, default=""
        What the figures alone do not say.
    """
    folder = Path(options.out)
    runs.drop(columns="history", errors="ignore").to_csv(
        folder / "runs.csv", index=False
    )
    text = markdown(table)
    print(f"\n{text}\n{notes}".rstrip())
    page = f"# Study {options.name.upper()}: the table\n\n{conditions(data, options)}\n\n{text}\n{notes}"
    (folder / "table.md").write_text(page.rstrip() + "\n")
    print(f"\nWritten to {folder.resolve()}")


def markdown(table):
    """A table of text as Markdown."""
    lines = [
        list(table.columns),
        ["---"] * len(table.columns),
        *table.astype(str).to_numpy().tolist(),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def conditions(data, options):
    """Command, images, machine, versions: without them no figure means anything."""
    X_train, X_test, _, _ = data
    pixels = joblib.hash((X_train, X_test))[
        :8
    ]  # tells one edition of a data set from another
    shown = {
        name.replace("_", "-"): value
        for name, value in vars(options).items()
        if name not in ("name", "out")
    }
    shown |= {name: "FOLDER" for name in ("data-home", "memory") if shown[name]}
    arguments = " ".join(
        f"--{name} {value}" for name, value in shown.items() if value is not None
    )
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    threads = os.environ.get(
        "TF_NUM_INTRAOP_THREADS"
    )  # on which the last bits depend, and the seconds
    threads = f"TF_NUM_INTRAOP_THREADS={threads} " if threads else ""
    return (
        f"`{threads}python examples/{Path(sys.argv[0]).name} {arguments}`\n\n"
        f"{len(X_train):,} training and {len(X_test):,} test images; `joblib.hash` of the pixels: {pixels}...\n\n"
        f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}, {versions}"
    )


def plot_beside_published(runs, names):
    """The curve of validation of some networks, one pair of axes each: every seed, and
    what was published.

    Parameters
    ----------
    runs : pandas.DataFrame
        From :func:`run`.
    names : list of str
        Networks, of those in ``skcnn.presets.PUBLISHED`` with such a curve.

    Returns
    -------
    matplotlib Figure
    """
    import matplotlib.pyplot as plt

    n_columns = min(len(names), 2)
    n_rows = -(-len(names) // n_columns)
    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(3.4 * n_columns + 1, 2.5 * n_rows),
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for ax, name in zip(axes.flat, names, strict=False):
        own = runs[runs["network"] == name]
        curves = [
            PUBLISHED[name].validation_accuracy,
            *(history["val_accuracy"] for history in own["history"]),
        ]
        display = LearningCurvesDisplay(
            histories=[{"accuracy": list(curve)} for curve in curves],
            names=["published", *(f"seed {seed}" for seed in own["seed"])]
            if ax is axes.flat[n_columns - 1]
            else None,
        )
        display.plot(ax, metrics=["accuracy"])
        ax.set(title=name, ylabel="validation accuracy")
        ax.label_outer()
    return figure


def save(figure, options, name):
    """Save a picture."""
    figure.savefig(Path(options.out) / f"{name}.png", dpi=150)
