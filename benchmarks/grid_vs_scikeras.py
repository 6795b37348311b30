"""A grid search over network designs: bare scikeras against ConvPoolClassifier.

Same images, same folds, same grid, all in one run; each contender in a fresh process of
its own, so that none finds another's memory or warm programs. Two times are given:
"search" is GridSearchCV.fit alone, "process" is the process from its start to its end,
imports included. Worker processes start within the search, and count in both. "peak" is
the resident memory of the process and its workers together.

    python benchmarks/grid_vs_scikeras.py
    python benchmarks/grid_vs_scikeras.py --data cifar10.npz --contenders scikeras,scikeras-2,skcnn,skcnn-threads-2
    python benchmarks/grid_vs_scikeras.py --data cifar10.npz --grid 324 --skip-peer --json grid-324.json
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
from _common import (
    MB,
    as_floats,
    load_images,
    machine,
    names_among,
    option_parser,
    print_machine,
    print_table,
    run_fresh,
    write_json,
)
from _contenders import plain_names, scikeras_classifier, scikeras_names
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

N_FOLDS = 3
_SMALL, _MIDDLE, _LARGE = (
    [(first, 5, 2, 2), (second, 3, 2, 2)]
    for first, second in ((4, 8), (8, 16), (32, 64))
)
# By the number of fits.
GRIDS = {
    "36": {
        "conv_layers": [_SMALL, _MIDDLE],
        "dense_layers": [[50]],
        "epochs": [3, 5, 10],
        "batch_size": [128],
        "dropout": [0.25, 0.5],
    },
    "324": {
        "conv_layers": [_SMALL, _MIDDLE, _LARGE],
        "dense_layers": [[50], [50, 20]],
        "epochs": [3, 5, 10],
        "batch_size": [64, 128, 256],
        "dropout": [0.25, 0.5],
    },
}

# --------------------------------------------------------------------------------------
# In the fresh process


def search_scikeras(images, labels, grid, **parallel):
    return timed_search(
        scikeras_classifier(),
        scikeras_names(grid),
        as_floats(images),
        labels,
        **parallel,
    )


def search_skcnn(
    images, labels, grid, memory=None, shared=True, single=False, **parallel
):
    if single:
        os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # before TensorFlow starts
    from skcnn import ConvPoolClassifier, clear_cache

    if not shared:
        clear_cache(max_bytes=0)
    return timed_search(
        ConvPoolClassifier(random_state=0, memory=memory),
        grid,
        images,
        labels,
        **parallel,
    )


THREADS, PROCESSES = {"n_jobs": 2, "backend": "threading"}, {"n_jobs": 2}
# A contender is a function of images, labels and grid that returns what timed_search
# does.
CONTENDERS = {
    "scikeras": search_scikeras,
    "scikeras-2": partial(search_scikeras, **PROCESSES),
    "skcnn": search_skcnn,
    "skcnn-unshared": partial(search_skcnn, shared=False),
    "skcnn-threads-2": partial(search_skcnn, **THREADS),
    "skcnn-threads-2-unshared": partial(search_skcnn, shared=False, **THREADS),
    "skcnn-processes-2": partial(search_skcnn, **PROCESSES),
    # One thread for each operation, so that two fits side by side have a core each.
    "skcnn-threads-2-single": partial(search_skcnn, single=True, **THREADS),
    "skcnn-single": partial(search_skcnn, single=True),
}
# These keep states in a folder: of the same two, "warm" finds what "cold" left in the
# same round.
MEMORY_CONTENDERS = {
    "skcnn-memory-cold": search_skcnn,
    "skcnn-memory-warm": search_skcnn,
    "skcnn-processes-2-memory-cold": partial(search_skcnn, **PROCESSES),
    "skcnn-processes-2-memory-warm": partial(search_skcnn, **PROCESSES),
}
PEERS = ("scikeras", "scikeras-2")


def timed_search(estimator, grid, images, labels, n_jobs=1, backend="loky"):
    """Search a grid, and time that alone."""
    folds = list(
        StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(
            np.zeros(len(labels)), labels
        )
    )
    search = GridSearchCV(estimator, grid, cv=folds, refit=False, error_score="raise")
    started = time.perf_counter()
    with joblib.parallel_config(backend=backend, n_jobs=n_jobs):
        search.fit(images, labels)
    seconds = time.perf_counter() - started
    return {"search_seconds": seconds, "scores": scores_in_common_order(search)}


def scores_in_common_order(search):
    """Scores as candidates x folds, candidates in the order of ConvPoolClassifier's
    names.

    ParameterGrid sorts by name, so scikeras' prefixes put the same candidates in
    another order.
    """
    params = [plain_names(candidate) for candidate in search.cv_results_["params"]]
    scores = np.transpose(
        [search.cv_results_[f"split{fold}_test_score"] for fold in range(N_FOLDS)]
    )
    ordered = ParameterGrid(plain_names(search.param_grid))
    return [scores[params.index(candidate)].tolist() for candidate in ordered]


def run_contender(name, grid, data):
    with np.load(data) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    if name in CONTENDERS:
        return CONTENDERS[name](images, labels, GRIDS[grid])
    folder = Path(data).with_name(name.rpartition("-")[0])
    if name.endswith("-cold"):
        shutil.rmtree(folder, ignore_errors=True)
    elif not folder.exists():
        raise SystemExit(f"{name} must come after {name.removesuffix('warm')}cold")
    result = MEMORY_CONTENDERS[name](images, labels, GRIDS[grid], memory=str(folder))
    return result | {
        "disk_mb": sum(
            file.stat().st_size for file in folder.rglob("*") if file.is_file()
        )
        / MB
    }


# --------------------------------------------------------------------------------------
# In the process that compares


def main():
    options = parse_options()
    facts = machine()
    print_machine(facts)
    images, labels = load_images(options.data, options.n_samples)
    candidates = list(ParameterGrid(GRIDS[options.grid]))
    epochs = N_FOLDS * sum(candidate["epochs"] for candidate in candidates)
    print(
        f"{len(candidates)} candidates x {N_FOLDS} folds, {epochs} epochs, {len(labels)} images {images.shape[1:]}\n"
    )
    rounds = run_rounds(images, labels, options)
    results = [summarize(name, rounds, candidates) for name in options.contenders]
    add_ratios(results, rounds)
    report(
        results,
        chance=float(np.unique(labels, return_counts=True)[1].max() / len(labels)),
    )
    shown = {
        "grid": options.grid,
        "data": Path(options.data).name if options.data else "digits",
        "n_samples": len(labels),
    }
    write_json(
        options.json,
        "grid_vs_scikeras",
        facts,
        shown | {"repeats": options.repeats},
        results,
    )


def parse_options():
    parser = option_parser(__doc__)
    parser.add_argument(
        "--data",
        metavar="NPZ",
        help="uint8 images as x_train, y_train; default: scikit-learn's digits",
    )
    parser.add_argument(
        "--n-samples",
        type=int,
        default=600,
        help="images to take, stratified (default: 600)",
    )
    parser.add_argument(
        "--grid", choices=GRIDS, default="36", help="by number of fits (default: 36)"
    )
    parser.add_argument(
        "--contenders",
        type=names_among([*CONTENDERS, *MEMORY_CONTENDERS]),
        default=["scikeras", "skcnn"],
        metavar="NAME,NAME",
        help=f"of {', '.join([*CONTENDERS, *MEMORY_CONTENDERS])} (default: scikeras,skcnn)",
    )
    parser.add_argument(
        "--skip-peer", action="store_true", help="leave bare scikeras out"
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=1,
        help="rounds of all contenders; medians count (default: 1)",
    )
    options = parser.parse_args()
    if options.skip_peer:
        options.contenders = [
            name for name in options.contenders if name not in PEERS
        ] or ["skcnn"]
    return options


def run_rounds(images, labels, options):
    """For each round a dict of contender -> figures."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "images.npz"
        np.savez(data, images=images, labels=labels)
        return [
            {
                name: announced(name, options.grid, str(data))
                for name in options.contenders
            }
            for _ in range(options.repeats)
        ]


def announced(name, grid, data):
    result = run_fresh(run_contender, name=name, grid=grid, data=data)
    print(f"{name}: {result['search_seconds']:.1f} s", flush=True)
    return result


def summarize(name, rounds, candidates):
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


def add_ratios(results, rounds):
    """How many times faster than each peer, or than the first contender where no peer
    ran; paired by round.
    """
    names = [result["contender"] for result in results]
    baselines = [name for name in names if name in PEERS] or names[:1]
    for result in results:
        result["times_faster_than"] = {
            baseline: median(
                figures[baseline]["search_seconds"]
                / figures[result["contender"]]["search_seconds"]
                for figures in rounds
            )
            for baseline in baselines
        }


def report(results, chance):
    baselines = list(results[0]["times_faster_than"])
    header = [
        "contender",
        "search s",
        "process s",
        "peak MB",
        "mean score",
        "best score",
    ]
    rows = [
        [
            result["contender"],
            f"{result['search_seconds']:.1f}",
            f"{result['process_seconds']:.1f}",
            f"{result['peak_mb']:,.0f}",
            f"{result['mean_score']:.4f}",
            f"{result['best_score']:.4f}",
            *(f"{ratio:.2f}" for ratio in result["times_faster_than"].values()),
        ]
        for result in results
    ]
    print()
    print_table([*header, *(f"x {name}" for name in baselines)], rows)
    print(
        "\nScores are accuracies in cross-validation: the mean over all candidates, and the best candidate's."
    )
    print(
        f"Always the commonest label scores {chance:.4f}: scores near it say nothing about who learns as well as whom."
    )
    print(
        f"'x {baselines[0]}': how many times faster its search is than that of {baselines[0]}."
    )


if __name__ == "__main__":
    main()
