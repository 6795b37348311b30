"""Searches that are disturbed, and whether they end as if nothing had happened.

Each trial disturbs a search at random, with real processes, signals and files, and then
runs it again on what is left. It must give the bits of a search that nobody disturbed,
or fail with an error. ``make faults`` runs 360 trials, and prints a table of them;
`tests/test_faults.py` runs some of each kind.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits

ANOTHER = multiprocessing.get_context("forkserver")
ANOTHER.set_forkserver_preload(["skcnn", "faults"])
PATIENCE = 300  # seconds, on a busy machine

X, y = load_digits(n_samples=60, random_state=0, return_X_y=True)
GRID = {"epochs": [1, 3, 6], "optimizer__learning_rate": [0.01, 0.03]}
DESIGN = {"conv_layers": [(4, 3)], "convs_per_block": 1, "dense_layers": ()}


def search(folder, **options):
    """The scores and probabilities that a search ends with, whose states are kept."""
    classifier = ConvPoolClassifier(**DESIGN, batch_size=10, random_state=0)
    classifier.set_params(memory=folder)
    found = GridSearchCV(classifier, GRID, cv=2, error_score="raise", **options)
    found.fit(X, y)
    scores = [found.cv_results_[f"split{split}_test_score"] for split in range(2)]
    return joblib.hash([scores, found.predict_proba(X)])


def outcome(folder, expected):
    """How the search ends on what a disturbed one has left: equal, loud or wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "equal" if search(folder) == expected else "wrong"
        except Exception:
            traceback.print_exc(limit=0)
            return "loud"


# --------------------------------------------------------------------------------------
# Kinds of faults: each takes an empty folder, a random.Random and what is expected


def kill(folder, chance, expected):
    """`kill -9` at any moment."""
    with _searching(folder) as process:
        time.sleep(chance.uniform(0, _duration()))
        process.kill()
    return outcome(folder, expected)


def ctrl_c(folder, chance, expected):
    """Ctrl-C at any moment."""
    with _searching(folder) as process:
        time.sleep(chance.uniform(0, _duration()))
        with contextlib.suppress(ProcessLookupError):  # it was faster
            os.kill(process.pid, signal.SIGINT)
    return outcome(folder, expected)


def terminate_parent(folder, chance, expected):
    """SIGTERM to the process whose workers train, and to no other."""
    with _searching(folder, n_jobs=2) as process:
        time.sleep(chance.uniform(0, 2 * _duration()))
        process.terminate()
    return outcome(folder, expected)  # with workers that still write, perhaps


def damage(folder, chance, expected):
    """Some files are cut, empty, overwritten, exchanged, or changed in a bit."""
    shutil.copytree(_finished(), folder, dirs_exist_ok=True)
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    for path in chance.sample(files, chance.randint(1, 4)):
        chance.choice(DAMAGES)(path, chance)
    return outcome(folder, expected)


def small_files(folder, chance, expected):
    """A write fails in the middle of a file: no file may be longer than so much."""
    process = ANOTHER.Process(
        target=_search_with_limit, args=(folder, chance.randint(1, 20_000))
    )
    process.start()
    process.join(PATIENCE)
    return outcome(folder, expected) if process.exitcode == 0 else "loud"


def full_disk(folder, chance, expected):
    """A file system of some kilobytes, which is soon full."""
    size = chance.randint(16, 400)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", folder]
    if subprocess.run(mount, capture_output=True).returncode:
        return "not tried"  # only root may mount
    try:
        first = outcome(folder, expected)
        return outcome(folder, expected) if first == "equal" else first
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def threads(folder, chance, expected):
    """Several threads of several searches, on one folder."""
    with joblib.parallel_config(backend="threading", n_jobs=chance.randint(2, 6)):
        return outcome(folder, expected)


def race(folder, chance, expected):
    """Another process runs the same search on the same folder."""
    with _searching(folder) as process:
        time.sleep(chance.uniform(0, _duration()))
        ends = outcome(folder, expected)
        process.join(PATIENCE)
    return ends


# Each with how often it is tried.
KINDS = {
    kill: 60,
    ctrl_c: 30,
    terminate_parent: 20,
    damage: 150,
    small_files: 20,
    full_disk: 20,
    threads: 40,
    race: 20,
}


# --------------------------------------------------------------------------------------
# Damages of a file


def _cut(path, chance):
    os.truncate(path, chance.randrange(path.stat().st_size or 1))


def _empty(path, chance):
    path.write_bytes(b"")


def _noise(path, chance):
    path.write_bytes(chance.randbytes(chance.randrange(5000)))


def _one_bit(path, chance):
    content = bytearray(path.read_bytes())
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _longer(path, chance):
    path.write_bytes(path.read_bytes() + chance.randbytes(100))


def _another(path, chance):
    others = sorted(Path(_finished()).rglob(path.name))
    path.write_bytes(chance.choice(others).read_bytes())


def _gone(path, chance):
    path.unlink()


def _exits(path, chance):
    """A pickle that ends the process that runs it, as by Ctrl-C or by `exit`."""
    name = chance.choice(["builtins\nexit", "builtins\nKeyboardInterrupt"])
    path.write_bytes(f"c{name}\n(tR.".encode())


DAMAGES = [_cut, _empty, _noise, _one_bit, _longer, _another, _gone, _exits]


# --------------------------------------------------------------------------------------
# Processes


@contextlib.contextmanager
def _searching(folder, **options):
    """A process that searches. None of it is left in the end."""
    begins, tells = ANOTHER.Pipe(duplex=False)
    process = ANOTHER.Process(target=_search_alone, args=(folder, tells, options))
    process.start()
    assert begins.poll(PATIENCE)
    begins.recv()
    try:
        yield process
        process.join(PATIENCE)
        assert not process.is_alive(), "it does not end"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _search_alone(folder, tells, options):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()  # with its workers
    tells.send("begins")
    with contextlib.suppress(KeyboardInterrupt):
        search(folder, **options)


def _search_with_limit(folder, n_bytes):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an OSError instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search(folder)


_known = {}


def _duration():
    """Seconds that a process takes for the search."""
    if "duration" not in _known:
        with tempfile.TemporaryDirectory() as folder, _searching(folder) as process:
            begin = time.monotonic()
            process.join(PATIENCE)
            _known["duration"] = time.monotonic() - begin
    return _known["duration"]


def _finished():
    """A folder in which a search has ended."""
    if "finished" not in _known:
        _known["folder"] = tempfile.TemporaryDirectory()
        _known["finished"] = _known["folder"].name
        search(_known["finished"])
    return _known["finished"]


# --------------------------------------------------------------------------------------


@contextlib.contextmanager
def undisturbed():
    """What the search gives; in the block, this process knows states from folders only."""
    skcnn.clear_cache(max_bytes=0)
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield search(folder)
    finally:
        skcnn.clear_cache(max_bytes=2**28)


def tried(kind, n_trials, expected, seed=0):
    """The outcomes of so many trials of a kind."""
    outcomes = []
    for trial in range(n_trials):
        chance = random.Random(f"{kind.__name__} {seed} {trial}")
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(kind(folder, chance, expected))
    return outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1, help="of the trials")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| fault | tried | as if nothing had happened | failed loudly | wrong |")
    print("|---|---|---|---|---|")
    total = np.zeros(4, int)
    with undisturbed() as expected:
        for kind, n_trials in KINDS.items():
            n_trials = max(1, round(arguments.share * n_trials))
            total += _table_row(kind, tried(kind, n_trials, expected, arguments.seed))
    _print_row("in all", total)
    return int(total[-1] > 0)


def _table_row(kind, outcomes):
    outcomes = [each for each in outcomes if each != "not tried"]
    counts = [outcomes.count(each) for each in ("equal", "loud", "wrong")]
    row = [len(outcomes), *counts]
    _print_row(kind.__doc__.rstrip("."), row)
    return row


def _print_row(name, counts):
    print("|", " | ".join([name, *map(str, counts)]), "|", flush=True)


if __name__ == "__main__":
    # Processes find their functions in the module `faults`, not in the main one.
    import faults

    sys.exit(faults.main())
