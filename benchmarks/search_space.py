"""The space of `skcnn.presets.search_space` against random forests and dense networks.

Six sets of images: scikit-learn's digits, and parts of CIFAR-10 and Fashion-MNIST. On
each, 30 networks of the space are searched by successive halving. Then random forests
and scikit-learn's dense networks (MLPClassifier) are searched at random, until each has
taken as long. All choose by the same folds of the same images, and are then measured
once on the same test images.

Time is processor time on one core, because other work on the machine lengthens the time
on the clock.

Try it, then run it. DATA_HOME has cifar10.npz and fashion_mnist.npz:

    python benchmarks/search_space.py --sets digits --candidates 3
    python benchmarks/search_space.py --data DATA_HOME --keep figures/

With --validate, images that are neither in a set nor test images stand for the test
images. So the space can be changed without a look at test images.
"""

import json
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from _common import (
    machine,
    names_among,
    option_parser,
    print_machine,
    print_table,
    write_json,
)
from scipy.stats import loguniform, randint
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import (
    ParameterSampler,
    StratifiedKFold,
    StratifiedShuffleSplit,
    cross_val_score,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier

# Name of a set: the file of its images, and how many of them it has.
SETS = {
    "digits": (None, 1_797),
    "CIFAR-10, 300": ("cifar10.npz", 300),
    "Fashion-MNIST, 500": ("fashion_mnist.npz", 500),
    "CIFAR-10, 2500": ("cifar10.npz", 2_500),
    "Fashion-MNIST, 5000": ("fashion_mnist.npz", 5_000),
    "CIFAR-10, 10000": ("cifar10.npz", 10_000),
}
SHORT = {
    name.lower().replace("-10, ", "-").replace("-mnist, ", "-"): name for name in SETS
}
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")

# From so many images on, one validation set takes the place of three folds.
MANY = 2_000
N_VALIDATED = 3_000

PEERS = {
    "random forest": (
        RandomForestClassifier(random_state=0),
        {
            "n_estimators": [100, 200, 400],
            "max_features": loguniform(0.01, 0.3),
            "min_samples_leaf": randint(1, 5),
            "criterion": ["gini", "entropy"],
        },
    ),
    "MLP": (
        MLPClassifier(max_iter=100, random_state=0),
        {
            "hidden_layer_sizes": [(100,), (200,), (400,), (200, 100)],
            "alpha": loguniform(1e-5, 1),
            "learning_rate_init": loguniform(3e-4, 1e-2),
            "batch_size": [32, 64, 128],
            "early_stopping": [False, True],
        },
    ),
}

# --------------------------------------------------------------------------------------
# Images


def load_set(name, data, seed, validate):
    """Images and labels to search with, and those to test on.

    Parameters
    ----------
    name : str
        One of SETS.
    data : str
        Folder of the files.
    seed : int
        Draws the images of a set.
    validate : bool
        Whether other training images stand for the test images.
    """
    file, n_samples = SETS[name]
    if file is None:
        from skcnn.datasets import load_digits

        X, y = load_digits(subset="train", return_X_y=True)
        if validate:
            X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=seed)
            return X, y, X_test, y_test
        return X, y, *load_digits(subset="test", return_X_y=True)
    with np.load(Path(data) / file) as arrays:
        X, y = arrays["x_train"], arrays["y_train"].ravel()
        X_test, y_test = arrays["x_test"], arrays["y_test"].ravel()
    X, X_others, y, y_others = train_test_split(
        X, y, train_size=n_samples, stratify=y, random_state=seed
    )
    if validate:
        X_test, y_test = X_others[:N_VALIDATED], y_others[:N_VALIDATED]
    return X, y, X_test, y_test


def folds_for(y):
    if len(y) >= MANY:
        return StratifiedShuffleSplit(1, test_size=0.25, random_state=0)
    return StratifiedKFold(3, shuffle=True, random_state=0)


# --------------------------------------------------------------------------------------
# Searches, each in a process of its own


def search_networks(name, data, seed, validate, n_candidates, max_params):
    """Successive halving on epochs over the space."""
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    from skcnn import ConvPoolClassifier
    from skcnn.presets import search_space

    X, y, X_test, y_test = load_set(name, data, seed, validate)
    space = search_space(X.shape[1:], len(X), max_params, n_classes=len(set(y)))
    [epochs] = space.pop("epochs")
    search = HalvingRandomSearchCV(
        ConvPoolClassifier(random_state=0),
        space,
        n_candidates=n_candidates,
        resource="epochs",
        min_resources=epochs // 9,
        max_resources=epochs,
        cv=folds_for(y),
        error_score="raise",
        random_state=0,
    )
    started = time.process_time(), time.perf_counter()
    search.fit(X, y)
    return {
        **seconds_since(started),
        "n_candidates": n_candidates,
        "validation": float(search.best_score_),
        "test": float(search.score(X_test, y_test)),
        "best": {key: str(value) for key, value in search.best_params_.items()},
        "n_params": search.best_estimator_.n_params_,
    }


def search_peer(peer, name, data, seed, validate, seconds):
    """Random search until the time is over; the last candidate may end after it."""
    warnings.simplefilter("ignore")  # that an MLP could train on
    X, y, X_test, y_test = load_set(name, data, seed, validate)
    estimator, space = PEERS[peer]
    X, folds = as_table(X), folds_for(y)
    started = time.process_time(), time.perf_counter()
    tried = []
    for params in ParameterSampler(space, 1_000, random_state=0):
        candidate = clone(estimator).set_params(**params)
        score = cross_val_score(candidate, X, y, cv=folds, error_score="raise").mean()
        tried.append((float(score), params))
        if time.process_time() - started[0] >= seconds:
            break
    score, params = max(tried, key=lambda each: each[0])
    best = clone(estimator).set_params(**params).fit(X, y)
    return {
        **seconds_since(started),
        "n_candidates": len(tried),
        "validation": score,
        "test": float(best.score(as_table(X_test), y_test)),
        "best": {key: str(value) for key, value in params.items()},
    }


def as_table(images):
    return images.reshape(len(images), -1).astype(np.float32) / 255


def seconds_since(started):
    processor, clock = started
    return {
        "seconds": time.process_time() - processor,
        "seconds_on_the_clock": time.perf_counter() - clock,
    }


# --------------------------------------------------------------------------------------
# In the process that compares


def measure(name, options):
    """The figures of the three contenders on one set."""
    common = {
        "name": name,
        "data": str(options.data),
        "seed": options.seed,
        "validate": options.validate,
    }
    figures = {}
    figures["network"] = kept(
        options,
        search_networks,
        **common,
        n_candidates=options.candidates,
        max_params=options.max_params,
    )
    seconds = figures["network"]["seconds"]
    for peer in PEERS:
        figures[peer] = kept(options, search_peer, peer=peer, **common, seconds=seconds)
    for contender, found in figures.items():
        print(f"{name}: {contender} {found['test']:.4f}", flush=True)
    return {"set": name, **figures}


def kept(options, function, **arguments):
    """What a function found in a fresh process, or what is in the folder --keep."""
    if options.keep is None:
        return in_a_process_of_its_own(function, arguments)
    who = arguments.get("peer", "network")
    file = Path(options.keep) / f"{who}, {arguments['name']}.json"
    if not file.exists():
        found = in_a_process_of_its_own(function, arguments)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(arguments | found, indent=1))
    return json.loads(file.read_text())


def in_a_process_of_its_own(function, arguments):
    """As `run_fresh`, which watches memory; that would take time from the search."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, **arguments).result()


def print_results(results):
    contenders = ["network", *PEERS]
    rows = []
    for result in results:
        tried = "/".join(str(result[name]["n_candidates"]) for name in contenders)
        network = result["network"]
        rows.append(
            [
                result["set"],
                *(f"{result[name]['test']:.4f}" for name in contenders),
                f"{network['seconds']:.0f}",
                tried,
                f"{network['n_params']:,}",
            ]
        )
    print()
    header = ["accuracy on test images of", *contenders, "seconds", "tried", "params"]
    print_table(header, rows)
    print("\nThe best network of each set:")
    for result in results:
        values = ", ".join(f"{key}={v}" for key, v in result["network"]["best"].items())
        print(f"{result['set']}: {values}")


def main():
    parser = option_parser(__doc__)
    parser.add_argument("--data", metavar="DATA_HOME", help="folder of the .npz files")
    parser.add_argument(
        "--sets",
        type=names_among(SHORT),
        default=list(SHORT),
        metavar="NAME,NAME",
        help=f"of {', '.join(SHORT)} (default: all)",
    )
    parser.add_argument("--candidates", type=int, default=30, help="networks of a set")
    parser.add_argument("--max-params", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=0, help="draws the images of sets")
    parser.add_argument("--validate", action="store_true", help="use no test images")
    parser.add_argument("--keep", metavar="FOLDER", help="go on with what is there")
    options = parser.parse_args()
    needs_files = any(SETS[SHORT[each]][0] for each in options.sets)
    if needs_files and options.data is None:
        parser.error("--data is needed for all sets but digits")
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    facts = machine()
    print_machine(facts)
    results = [measure(SHORT[each], options) for each in options.sets]
    print_results(results)
    write_json(options.json, "search_space", facts, vars(options), results)


if __name__ == "__main__":
    main()
