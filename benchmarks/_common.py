"""What the benchmarks share: images, fresh processes with their peak memory, tables,
JSON.

Nothing here imports TensorFlow, so a process that only starts others stays light. Run
as a script, this file is the fresh process: it calls one function of one benchmark (see
:func:`run_fresh`).
"""

import argparse
import importlib
import json
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import joblib
import numpy as np
import psutil
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

MB = 10**6
_PACKAGES = (
    "scikit-learn",
    "scikeras",
    "keras",
    "tensorflow",
    "skorch",
    "torch",
    "numpy",
    "joblib",
)
_SECONDS_BETWEEN_LOOKS = 0.05
_QUIET_LOAD = 0.5  # of one core, in the last minute

# --------------------------------------------------------------------------------------
# Options and images


def option_parser(doc, rounds=None):
    """A parser that shows a script's docstring and knows --json, and --rounds.

    Parameters
    ----------
    doc : str
    rounds : int, default=None
        How many there are if nobody asks for another number. None: no such option.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--json", metavar="PATH", help="write the figures there as well"
    )
    if rounds is not None:
        parser.add_argument(
            "--rounds",
            type=int,
            default=rounds,
            help=f"of all contenders in turns; medians count (default: {rounds})",
        )
    return parser


def add_image_options(parser, n_samples):
    """Options that say which images to take, for :func:`chosen_images`."""
    parser.add_argument(
        "--data",
        metavar="NPZ",
        help="uint8 images as x_train, y_train; default: scikit-learn's digits",
    )
    parser.add_argument(
        "--cifar10",
        metavar="DATA_HOME",
        help="fetch CIFAR-10 with skcnn.datasets into that folder, and take it",
    )
    parser.add_argument(
        "--n-samples",
        type=int,
        default=n_samples,
        help=f"images to take, stratified (default: {n_samples})",
    )


def chosen_images(options):
    """What :func:`add_image_options` asks for.

    Returns
    -------
    images : ndarray of shape (n, height, width, channels), uint8
    labels : ndarray of shape (n,)
    name : str
    """
    path = options.data
    if options.cifar10:
        path = run_fresh(fetch_cifar10, data_home=options.cifar10)["path"]
    name = Path(path).name if path else "digits"
    return *load_images(path, options.n_samples), name


def fetch_cifar10(data_home):
    """In a fresh process, because it imports TensorFlow: see that the file is there."""
    from skcnn import datasets

    datasets.fetch_cifar10(data_home=data_home)
    return {"path": str(Path(data_home) / "cifar10.npz")}


def names_among(allowed):
    """An argparse type: names separated by commas, each one of `allowed`."""

    def parse(text):
        names = text.split(",")
        unknown = [name for name in names if name not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"{unknown[0]!r} is none of {', '.join(allowed)}"
            )
        return names

    return parse


def load_images(path=None, n_samples=None):
    """Images with labels: (n, height, width, channels) uint8 and (n,).

    Parameters
    ----------
    path : str, default=None
        An .npz with x_train and y_train. None for scikit-learn's digits, 8x8, brought
        to 0..255.
    n_samples : int, default=None
        Take so many, stratified, always the same. None for all.
    """
    if path is None:
        digits = load_digits()
        images, labels = (
            np.rint(digits.images[..., None] * (255 / 16)).astype(np.uint8),
            digits.target,
        )
    else:
        with np.load(path) as arrays:
            images, labels = arrays["x_train"], arrays["y_train"].ravel()
    if n_samples is None or n_samples >= len(labels):
        return images, labels
    chosen, _ = train_test_split(
        np.arange(len(labels)), train_size=n_samples, stratify=labels, random_state=0
    )
    return images[chosen], labels[chosen]


# --------------------------------------------------------------------------------------
# Fresh processes


def run_fresh(function, **arguments):
    """Call a function of a benchmark in a process of its own.

    Parameters
    ----------
    function : callable
        At the top level of a file in this directory; its result must be a dict that
        JSON can hold.
    **arguments
        What JSON can hold.

    Returns
    -------
    dict
        The result, with `process_seconds` (from the start of the process to its end)
        and `peak_mb`, the largest resident memory of the process and its descendants
        together.
    """
    module = Path(function.__code__.co_filename).stem
    with tempfile.TemporaryDirectory() as directory:
        answer = Path(directory) / "answer.json"
        command = [
            sys.executable,
            __file__,
            module,
            function.__name__,
            json.dumps(arguments),
            str(answer),
        ]
        with tempfile.TemporaryFile(
            "w+"
        ) as noise:  # TensorFlow's chatter; shown only after a failure
            started = time.perf_counter()
            with subprocess.Popen(command, stderr=noise) as process:
                peak = _watch(process)
            seconds = time.perf_counter() - started
            if process.returncode:
                noise.seek(0)
                sys.exit(
                    f"{noise.read()}\n{module}.{function.__name__} failed with {arguments}"
                )
        return json.loads(answer.read_text()) | {
            "process_seconds": seconds,
            "peak_mb": peak / MB,
        }


def _watch(process):
    """Wait for a process; return the largest resident memory of its tree, in bytes."""
    peak = 0
    while True:
        peak = max(peak, _tree_memory(process.pid))
        try:
            process.wait(_SECONDS_BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            continue
        return peak


def _tree_memory(pid):
    try:
        root = psutil.Process(pid)
        return sum(map(_memory_or_zero, [root, *root.children(recursive=True)]))
    except psutil.NoSuchProcess:
        return 0


def _memory_or_zero(process):
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def own_memory_mb():
    """Resident memory of this process."""
    return psutil.Process().memory_info().rss / MB


def _answer(module, function, arguments, path):
    """The fresh process's whole life."""
    result = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    Path(path).write_text(json.dumps(result))


# --------------------------------------------------------------------------------------
# Reports


def machine():
    """The machine and the versions, as figures need them."""
    return {
        "processor": _processor_name(),
        "cores": joblib.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": round(psutil.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: _version_or_none(name) for name in _PACKAGES},
    }


def _processor_name():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (
        line.partition(":")[2].strip()
        for line in lines
        if line.startswith("model name")
    )
    return next(models, platform.machine())


def _version_or_none(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def print_machine(facts):
    """One line about the machine, one about the versions, and a warning where others
    were at work.
    """
    print(
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, load {facts['load_before']} before\n"
        f"Python {facts['python']}, "
        + ", ".join(f"{name} {facts[name]}" for name in _PACKAGES)
    )
    if facts["load_before"] > _QUIET_LOAD:
        print("The machine was busy with something else: do not quote these figures.")
    print()


def print_table(header, rows):
    """Print rows of strings in columns, the first to the left and the others to the
    right.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in [header, ["-" * width for width in widths], *rows]:
        first, *others = zip(row, widths, strict=True)
        print(
            "  ".join(
                [
                    first[0].ljust(first[1]),
                    *(cell.rjust(width) for cell, width in others),
                ]
            )
        )


def write_json(path, benchmark, facts, options, results):
    """Write a benchmark's figures; does nothing without a path.

    Parameters
    ----------
    path : str or None
    benchmark : str
        Its name.
    facts : dict
        From :func:`machine`, taken before.
    options : dict
    results : list of dict
    """
    if path is None:
        return
    date = datetime.now(UTC).isoformat(timespec="seconds")
    report = {
        "benchmark": benchmark,
        "date": date,
        "machine": facts,
        "options": options,
        "results": results,
    }
    Path(path).write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    _answer(*sys.argv[1:])
