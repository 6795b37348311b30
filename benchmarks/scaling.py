"""One search on one, two or more worker processes: how many times faster, what a task
costs beside its work, and how many bytes move.

Each line is a fresh process with its own workers, which have one thread each, and with
a folder of its own for states. Workers have started and imported TensorFlow before the
clock starts; that time is told apart. Each worker compiles every network for itself,
and that counts.

The overhead of a task is measured on a search over a classifier that does nothing, with
the same images and folds. Bytes moved are those on the loopback device, so let nothing
else run meanwhile: loky moves arrays through files, and shows next to nothing there.

    python benchmarks/scaling.py --n-samples 300 --epochs 1 2
    python benchmarks/scaling.py --data cifar10.npz
    python benchmarks/scaling.py --data cifar10.npz --workers 2 4 8 --dropout 0.1 0.2 0.3 0.4
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before TensorFlow starts, here and in workers

import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from _common import (
    MB,
    add_image_options,
    chosen_images,
    machine,
    option_parser,
    print_machine,
    print_table,
    run_fresh,
    write_json,
)
from joblib import Parallel, delayed, parallel_config
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn._training import epochs_trained

N_FOLDS = 3
N_EMPTY_TASKS = 300
CONV_LAYERS = [[(32, 5, 2, 2), (64, 3, 2, 2)]]
BACKENDS = ("loky", "dask")

# --------------------------------------------------------------------------------------
# In the fresh process


class CountedClassifier(skcnn.ConvPoolClassifier):
    """Notes in its folder how many epochs were really trained, in whatever worker."""

    def fit(self, X, y):
        with epochs_trained() as epochs:
            super().fit(X, y)
        with open(Path(self.memory) / "epochs", "a") as file:
            file.write("x" * len(epochs))
        return self


def measure(way, data, grid):
    """Search in one way; the figures of one line."""
    with np.load(data) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        started = time.perf_counter()
        n_workers = start_workers(way, images, labels, stack)
        started_in = time.perf_counter() - started
        overhead = seconds_per_empty_task(images, labels, n_workers)
        network = CountedClassifier(
            dense_layers=[50], memory=folder, random_state=0, batch_size=128
        )
        search = GridSearchCV(
            network, grid, cv=N_FOLDS, refit=False, error_score="raise"
        )
        moved, started = bytes_moved(), time.perf_counter()
        search.fit(images, labels)
        seconds = time.perf_counter() - started
        return figures_of(search, folder) | {
            "way": way,
            "start_seconds": started_in,
            "search_seconds": seconds,
            "overhead_ms": 1000 * overhead,
            "moved_mb": (bytes_moved() - moved) / MB,
        }


def start_workers(way, images, labels, stack):
    """Have workers that are ready to train, and joblib use them; how many there are."""
    name, _, n_workers = way.partition(", ")
    if name == "one process":
        return 1
    n_workers = int(n_workers)
    options = {"backend": name, "n_jobs": n_workers}
    if name == "dask":
        options |= {"client": start_dask(n_workers, stack), "scatter": [images, labels]}
    stack.enter_context(parallel_config(**options))
    Parallel()(delayed(import_and_wait)() for _ in range(n_workers))
    return n_workers


def start_dask(n_workers, stack):
    from dask.distributed import Client, LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None}
    cluster = stack.enter_context(LocalCluster(n_workers=n_workers, **options))
    client = stack.enter_context(Client(cluster))
    client.run(__import__, "skcnn")
    return client


def import_and_wait():
    import skcnn  # noqa: F401 - it takes seconds

    time.sleep(1)  # so that each worker gets one


def seconds_per_empty_task(images, labels, n_workers):
    grid = {"random_state": list(range(N_EMPTY_TASKS // N_FOLDS))}
    search = GridSearchCV(DummyClassifier(), grid, cv=N_FOLDS, refit=False)
    started = time.perf_counter()
    search.fit(images, labels)
    return (time.perf_counter() - started) * n_workers / N_EMPTY_TASKS


def figures_of(search, folder):
    results = search.cv_results_
    of_folds = [results[f"split{fold}_test_score"] for fold in range(N_FOLDS)]
    info = skcnn.memory_info(folder)
    return {
        "scores": np.transpose(of_folds).tolist(),
        "tasks": N_FOLDS * len(results["params"]),
        "epochs_trained": (Path(folder) / "epochs").stat().st_size,
        "states": info.n_states,
        "states_mb": info.n_bytes / MB,
    }


def bytes_moved():
    devices = psutil.net_io_counters(pernic=True)
    return sum(each.bytes_sent for name, each in devices.items() if name == "lo")


# --------------------------------------------------------------------------------------
# In the process that compares


def main():
    parser = option_parser(__doc__)
    add_image_options(parser, n_samples=600)
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 10, 20])
    parser.add_argument("--dropout", type=float, nargs="+", default=[0.25, 0.5])
    # Not 1: joblib trains in the main process then, with whatever backend.
    parser.add_argument("--workers", type=int, nargs="+", default=[2])
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=BACKENDS)
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    images, labels, data = chosen_images(options)
    grid = {
        "conv_layers": CONV_LAYERS,
        "dropout": options.dropout,
        "epochs": options.epochs,
    }
    results = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "images.npz"
        np.savez(path, images=images, labels=labels)
        for way in ways_of(options.backends, options.workers):
            results.append(run_fresh(measure, way=way, data=str(path), grid=grid))
            print(f"{way}: {results[-1]['search_seconds']:.1f} s", flush=True)
    report(results, images)
    shown = {"data": data, "n_samples": len(labels)}
    shown |= {"epochs": options.epochs, "dropout": options.dropout}
    write_json(options.json, "scaling", facts, shown, results)


def ways_of(backends, workers):
    """The lines of the table, the one that others are compared with first."""
    return ["one process"] + [f"{name}, {n}" for name in backends for n in workers]


def report(results, images):
    header = ["workers", "start s", "search s", "x", "epochs", "ms a task"]
    header += ["moved MB", "states", "states MB", "peak MB"]
    rows = []
    for result in results:
        row = [
            result["way"],
            f"{result['start_seconds']:.1f}",
            f"{result['search_seconds']:.1f}",
            f"{results[0]['search_seconds'] / result['search_seconds']:.2f}",
            f"{result['epochs_trained']}",
            f"{result['overhead_ms']:.1f}",
            f"{result['moved_mb']:.1f}",
            f"{result['states']}",
            f"{result['states_mb']:.1f}",
            f"{result['peak_mb']:,.0f}",
        ]
        rows.append(row)
    print()
    print_table(header, rows)
    equal = all(result["scores"] == results[0]["scores"] for result in results)
    print(
        f"\n{results[0]['tasks']} tasks on {images.nbytes / MB:.1f} MB of images. "
        f"Scores are {'equal' if equal else 'NOT EQUAL'} to the bit.\n"
        "x: how many times faster than one process. ms a task: what a task costs beside "
        "its work,\nof one worker."
    )


if __name__ == "__main__":
    main()
