"""Processes that train one run: the second waits for the first, and for no dead one."""

import os
import signal
import time

import pytest
from comparisons import same_fit
from fresh_python import ANOTHER, start_process
from networks import TINY, plain_fit

from skcnn import ConvPoolClassifier, StateMemory, _run_lock, clean_memory
from skcnn._run_lock import one_process
from skcnn._training import epochs_trained

pytestmark = [
    pytest.mark.usefixtures("nothing_known"),
    pytest.mark.skipif(_run_lock.fcntl is None, reason="this system has no fcntl"),
]


def nothing():
    return 0


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "in-work" / "run")


def hold(path, pipe):
    with one_process(path, nothing, 9):
        pipe.send("has it")
        pipe.recv()


@pytest.fixture
def holder(path):
    """Another process that has the lock, and the pipe that has it let go."""
    ours, theirs = ANOTHER.Pipe()
    process = start_process(hold, path, theirs)
    assert ours.recv() == "has it"
    yield process, ours
    process.kill()


class Reaches:
    """Tells how far another process is: at each question an epoch further."""

    def __init__(self, then=None):
        self.epochs = 0
        self.then = then

    def __call__(self):
        self.epochs += 1
        if self.then is not None and self.epochs == 3:
            self.then()
        return self.epochs


def test_the_file_is_there_only_while_a_run_is_in_work(path):
    with one_process(path, nothing, 9):
        assert os.path.exists(path)
    assert not os.path.exists(path)


def test_who_waits_goes_on_when_the_other_is_done(path, holder):
    _, pipe = holder
    reaches = Reaches(then=lambda: pipe.send("let go"))
    with one_process(path, reaches, 99):
        assert os.path.exists(path)  # it is ours now
    assert reaches.epochs >= 3


def test_who_waits_goes_on_when_the_other_is_killed(path, holder):
    process, _ = holder
    reaches = Reaches(then=process.kill)
    with one_process(path, reaches, 99):
        assert os.path.exists(path)
    assert 3 <= reaches.epochs < 99 and not os.path.exists(path)


def test_nobody_waits_longer_than_for_what_is_asked(path, holder):
    reaches = Reaches()
    with one_process(path, reaches, 5):
        pass
    assert reaches.epochs == 5
    assert holder[0].is_alive() and os.path.exists(path)


def test_a_process_that_stands_still_is_left_behind(path, holder, monkeypatch):
    process, _ = holder
    monkeypatch.setattr(_run_lock, "PATIENCE", 0.2)
    os.kill(process.pid, signal.SIGSTOP)
    with one_process(path, nothing, 9):
        assert process.is_alive() and os.path.exists(path)


def test_a_callback_may_fit_the_same_run_in_the_midst_of_it(path):
    with one_process(path, nothing, 9), one_process(path, nothing, 9):
        pass


def test_a_file_that_was_removed_is_locked_by_nobody(path, holder):
    """Somebody has cleaned up, or the process before has just ended."""
    os.unlink(path)
    asked = Reaches()
    with one_process(path, asked, 9):
        assert os.path.exists(path) and not asked.epochs


@pytest.mark.parametrize("fails", ["makedirs", "open", "lockf"])
def test_where_no_lock_can_be_had_nobody_waits(path, monkeypatch, fails):
    def refuse(*_, **__):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(_run_lock.fcntl if fails == "lockf" else os, fails, refuse)
    with one_process(path, pytest.fail, 9):
        pass


# --------------------------------------------------------------------------------------
# Fits


def fit_and_count(epochs, memory, X, y, pipe):
    clf = ConvPoolClassifier(**TINY, epochs=epochs, memory=memory)
    pipe.send("ready")
    pipe.recv()
    with epochs_trained() as trained:
        clf.fit(X, y)
    pipe.send((clf, trained))


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["every", "last"])
def test_two_processes_train_each_epoch_once(data, tmp_path, keep):
    X, y = data
    asked, racers = (20, 30), []
    for epochs in asked:
        ours, theirs = ANOTHER.Pipe()
        memory = StateMemory(tmp_path, keep=keep)
        start_process(fit_and_count, epochs, memory, X, y, theirs)
        racers.append(ours)
    for pipe in racers:
        assert pipe.recv() == "ready"
    for pipe in racers:
        pipe.send("go")
    (short, in_short), (long, in_long) = [pipe.recv() for pipe in racers]
    for epochs, clf in zip(asked, (short, long), strict=True):
        plain = plain_fit(ConvPoolClassifier(**TINY, epochs=epochs), X, y)
        assert same_fit(clf, plain, X)
    if keep == "every":
        assert sorted(in_short + in_long) == list(range(30))


def test_a_file_that_a_killed_process_left_is_swept_after_a_day(tmp_path):
    left = tmp_path / "joblib" / "skcnn" / "in-work" / ("0" * 40)
    left.parent.mkdir(parents=True)
    left.touch()
    clean_memory(tmp_path)
    assert left.exists()
    day_before = time.time() - 2 * 86400
    os.utime(left, (day_before, day_before))
    clean_memory(tmp_path)
    assert not left.exists()
