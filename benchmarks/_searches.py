"""A search over network designs, timed in each library.

Every contender runs in a fresh process of its own, so that none finds another's memory
or compiled networks. All have the same images, folds and designs.
"""

import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

import joblib
import numpy as np
from _common import MB, print_table, run_fresh
from _contenders import (
    as_floats,
    as_torch_floats,
    names_of,
    plain_names,
    scikeras_classifier,
    skorch_classifier,
)
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

N_FOLDS = 3

# --------------------------------------------------------------------------------------
# In the fresh process


def search_scikeras(images, labels, grids, **parallel):
    grids = [names_of("scikeras", grid) for grid in grids]
    images = as_floats(images)
    return timed_search(scikeras_classifier(), grids, images, labels, **parallel)


def search_skorch(images, labels, grids, **parallel):
    grids = [names_of("skorch", grid) for grid in grids]
    classifier = skorch_classifier(images.shape[1:])
    images, labels = as_torch_floats(images), labels.astype(np.int64)
    return timed_search(classifier, grids, images, labels, **parallel)


def search_skcnn(
    images, labels, grids, memory=None, shared=True, single=False, **parallel
):
    if single:
        os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # before TensorFlow starts
    from skcnn import ConvPoolClassifier, clear_cache

    if not shared:
        clear_cache(max_bytes=0)
    classifier = ConvPoolClassifier(random_state=0, memory=memory)
    return timed_search(classifier, grids, images, labels, **parallel)


_THREADS, _PROCESSES = {"n_jobs": 2, "backend": "threading"}, {"n_jobs": 2}

# A contender is a function of images, labels and grids that returns what timed_search
# does.
CONTENDERS = {
    "scikeras": search_scikeras,
    "scikeras-2": partial(search_scikeras, **_PROCESSES),
    "skorch": search_skorch,
    "skorch-2": partial(search_skorch, **_PROCESSES),
    "skcnn": search_skcnn,
    "skcnn-unshared": partial(search_skcnn, shared=False),
    "skcnn-threads-2": partial(search_skcnn, **_THREADS),
    "skcnn-threads-2-unshared": partial(search_skcnn, shared=False, **_THREADS),
    "skcnn-processes-2": partial(search_skcnn, **_PROCESSES),
    # One thread for each operation, so that two fits side by side have a core each.
    "skcnn-threads-2-single": partial(search_skcnn, single=True, **_THREADS),
    "skcnn-single": partial(search_skcnn, single=True),
}

# These keep states in a folder: of the same two, "warm" finds what "cold" left in the
# same round.
MEMORY_CONTENDERS = {
    "skcnn-memory-cold": search_skcnn,
    "skcnn-memory-warm": search_skcnn,
    "skcnn-processes-2-memory-cold": partial(search_skcnn, **_PROCESSES),
    "skcnn-processes-2-memory-warm": partial(search_skcnn, **_PROCESSES),
}
PEERS = ("scikeras", "scikeras-2", "skorch", "skorch-2")


def timed_search(estimator, grids, images, labels, n_jobs=1, backend="loky"):
    """Search a list of grids, and time that alone."""
    splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    folds = list(splitter.split(np.zeros(len(labels)), labels))
    search = GridSearchCV(estimator, grids, cv=folds, refit=False, error_score="raise")
    started = time.perf_counter()
    with joblib.parallel_config(backend=backend, n_jobs=n_jobs):
        search.fit(images, labels)
    seconds = time.perf_counter() - started
    return {"search_seconds": seconds, "scores": scores_in_common_order(search)}


def scores_in_common_order(search):
    """Scores as candidates x folds, in the order of ConvPoolClassifier's names.

    ParameterGrid sorts by name, so the prefixes of other libraries put the same
    candidates in another order.
    """
    params = [plain_names(candidate) for candidate in search.cv_results_["params"]]
    of_folds = []
    for fold in range(N_FOLDS):
        of_folds.append(search.cv_results_[f"split{fold}_test_score"])
    scores = np.transpose(of_folds)
    ordered = ParameterGrid([plain_names(grid) for grid in search.param_grid])
    return [scores[params.index(candidate)].tolist() for candidate in ordered]


def run_contender(name, grids, data):
    with np.load(data) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    if name in CONTENDERS:
        return CONTENDERS[name](images, labels, grids)
    folder = Path(data).with_name(name.rpartition("-")[0])
    if name.endswith("-cold"):
        shutil.rmtree(folder, ignore_errors=True)
    elif not folder.exists():
        raise SystemExit(f"{name} must come after {name.removesuffix('warm')}cold")
    result = MEMORY_CONTENDERS[name](images, labels, grids, memory=str(folder))
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return result | {"disk_mb": sum(sizes) / MB}


# --------------------------------------------------------------------------------------
# In the process that compares


def describe(grids, images):
    """Print how much there is to do."""
    candidates = list(ParameterGrid(grids))
    epochs = N_FOLDS * sum(candidate["epochs"] for candidate in candidates)
    print(
        f"{len(candidates)} candidates x {N_FOLDS} folds, {epochs} epochs, "
        f"{len(images)} images {images.shape[1:]}\n"
    )


def compare(contenders, grids, images, labels, n_rounds):
    """Run all contenders in turns.

    Parameters
    ----------
    contenders : list of str
    grids : list of dict
        Of ConvPoolClassifier's parameters; what JSON can hold.
    images, labels : ndarray
    n_rounds : int

    Returns
    -------
    list of dict
        The figures of each contender: medians of the rounds.
    """
    rounds = []
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "images.npz"
        np.savez(data, images=images, labels=labels)
        for _ in range(n_rounds):
            figures = {}
            for name in contenders:
                figures[name] = _announced(name, grids, str(data))
            rounds.append(figures)
    candidates = list(ParameterGrid(grids))
    results = [_summary(name, rounds, candidates) for name in contenders]
    _add_ratios(results, rounds)
    return results


def _announced(name, grids, data):
    result = run_fresh(run_contender, name=name, grids=grids, data=data)
    print(f"{name}: {result['search_seconds']:.1f} s", flush=True)
    return result


def _summary(name, rounds, candidates):
    """One contender's figures over all rounds."""
    runs = [figures[name] for figures in rounds]
    means = np.mean(runs[0]["scores"], axis=1)
    return {
        "contender": name,
        "search_seconds": median(run["search_seconds"] for run in runs),
        "process_seconds": median(run["process_seconds"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "mean_score": float(means.mean()),
        "best_score": float(means.max()),
        "best_params": candidates[int(means.argmax())],
        "runs": runs,
    }


def _add_ratios(results, rounds):
    """How many times faster than each peer, or than the first contender where no peer
    ran; paired by round.
    """
    names = [result["contender"] for result in results]
    baselines = [name for name in names if name in PEERS] or names[:1]
    for result in results:
        result["times_faster_than"] = {}
        for baseline in baselines:
            ratios = []
            for figures in rounds:
                ours = figures[result["contender"]]["search_seconds"]
                ratios.append(figures[baseline]["search_seconds"] / ours)
            result["times_faster_than"][baseline] = median(ratios)


def report(results, labels):
    """Print one table of all contenders."""
    baselines = list(results[0]["times_faster_than"])
    header = ["contender", "search s", "process s", "peak MB", "mean score", "best"]
    rows = []
    for result in results:
        ratios = result["times_faster_than"].values()
        row = [
            result["contender"],
            f"{result['search_seconds']:.1f}",
            f"{result['process_seconds']:.1f}",
            f"{result['peak_mb']:,.0f}",
            f"{result['mean_score']:.4f}",
            f"{result['best_score']:.4f}",
        ]
        rows.append([*row, *(f"{ratio:.2f}" for ratio in ratios)])
    print()
    print_table([*header, *(f"x {name}" for name in baselines)], rows)
    chance = np.unique(labels, return_counts=True)[1].max() / len(labels)
    print(
        "\nSeconds are medians of the rounds, and ratios medians of paired rounds.\n"
        f"'x {baselines[0]}': how many times faster a search is than that of "
        f"{baselines[0]}.\n"
        "Scores are accuracies in cross-validation: the mean over all candidates, and "
        "the best candidate's.\n"
        f"Always the commonest label scores {chance:.4f}: scores near it say nothing "
        "about who learns as well as whom."
    )


def add_contender_option(parser, default):
    """The option --contenders."""
    from _common import names_among

    names = [*CONTENDERS, *MEMORY_CONTENDERS]
    parser.add_argument(
        "--contenders",
        type=names_among(names),
        default=default.split(","),
        metavar="NAME,NAME",
        help=f"of {', '.join(names)} (default: {default})",
    )
