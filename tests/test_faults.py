"""Disturbed searches end as if nothing had happened: a tenth of `make faults`."""

import contextlib
import os
import signal
import sys
import time

import faults
import pytest
from fresh_python import ANOTHER

from skcnn import ConvPoolClassifier

pytestmark = pytest.mark.slow

# test_trajectory.py has kills and races of its own.
N_TRIALS = {
    faults.ctrl_c: 1,
    faults.terminate_parent: 1,
    faults.damage: 10,
    faults.small_files: 1,
    faults.full_disk: 2,
    faults.threads: 2,
}
# These may leave no room for what fit tries to write first.
MAY_FAIL = (faults.small_files, faults.full_disk)


@pytest.fixture(scope="module")
def expected():
    with faults.undisturbed() as expected:
        yield expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("kind", N_TRIALS, ids=lambda kind: kind.__name__)
def test_a_disturbed_search_ends_as_if_nothing_had_happened(kind, expected):
    outcomes = faults.tried(kind, N_TRIALS[kind], expected, seed=1)
    allowed = {"equal", "not tried", *(["loud"] if kind in MAY_FAIL else [])}
    assert set(outcomes) <= allowed


# --------------------------------------------------------------------------------------
# Workers whose parent is gone


def fit_for_ever(tells):
    tells.send(os.getpid())
    classifier = ConvPoolClassifier(**faults.DESIGN, epochs=10**8, random_state=None)
    classifier.fit(faults.X, faults.y)


def start_worker(tells):
    ANOTHER_SPAWN.Process(target=fit_for_ever, args=(tells,)).start()
    time.sleep(10**6)


ANOTHER_SPAWN = faults.multiprocessing.get_context("spawn")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_a_worker_ends_with_the_process_that_started_it():
    hears, tells = ANOTHER.Pipe(duplex=False)
    parent = ANOTHER.Process(target=start_worker, args=(tells,))
    parent.start()
    tells.close()
    assert hears.poll(faults.PATIENCE)
    worker = hears.recv()
    parent.kill()
    parent.join()
    try:
        # The worker, and nobody else, holds the other end of the pipe.
        assert hears.poll(60), f"worker {worker} trains on"
        with pytest.raises(EOFError):
            hears.recv()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
