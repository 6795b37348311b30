"""One at a time trains a run: a thread of this process, and one process of a folder.

Who comes second waits, and goes on from what the first has reached. That saves work and
decides nothing: where there is no lock, both train, and get the same bits.
"""

import os
import threading
import time
from contextlib import contextmanager, suppress

try:
    import fcntl
except ImportError:  # Windows, where processes do not wait for each other
    fcntl = None

# Seconds without a new state after which nobody is waited for any longer: a process may
# be stopped, and some file systems keep the lock of a machine that is gone.
PATIENCE = 600

# Seconds between two looks: the first, and the longest.
SHORT_PAUSE, LONG_PAUSE = 0.01, 0.5

# --------------------------------------------------------------------------------------
# Threads

# The key of a run -> [lock, number of threads that hold it or wait for it].
_locks = {}
_locks_guard = threading.Lock()


@contextmanager
def one_thread(run_key):
    """Let one thread at a time train a run. The lock is dropped with its last user.

    Parameters
    ----------
    run_key : str
    """
    with _locks_guard:
        # Reentrant, because a callback may fit the same run in the midst of it.
        entry = _locks.setdefault(run_key, [threading.RLock(), 0])
        entry[1] += 1
    try:
        with entry[0]:
            yield
    finally:
        with _locks_guard:
            entry[1] -= 1
            if not entry[1]:
                del _locks[run_key]


# --------------------------------------------------------------------------------------
# Processes


@contextmanager
def one_process(path, n_reached, until):
    """Let one process at a time train a run, among those that know a path.

    The lock is the operating system's, which drops it when a process ends, however it
    ends. In one process it can be had again, as a callback may fit the same run.

    Parameters
    ----------
    path : str
        Of the file that is locked. It is there only while a run is in work.
    n_reached : callable
        Gives the largest number of epochs of which there is a state.
    until : int
        Number of epochs that are asked for. Once others are that far, nobody waits.
    """
    file = None if fcntl is None else _wait(path, n_reached, until)
    try:
        yield
    finally:
        if file is not None:
            with suppress(OSError):  # somebody has cleaned up
                os.unlink(path)
            os.close(file)  # only now, or another's file would be removed


def _wait(path, n_reached, until):
    """The locked file, or None if this process goes on without."""
    before, since, pause = 0, time.monotonic(), SHORT_PAUSE
    while True:
        try:
            file = _try_to_lock(path)
        except OSError:  # no permission, no space, or no locks on this file system
            return None
        if file is not None:
            return file
        reached = n_reached()
        if reached != before:
            before, since, pause = reached, time.monotonic(), SHORT_PAUSE
        if reached >= until or time.monotonic() - since > PATIENCE:
            return None
        time.sleep(pause)
        pause = min(2 * pause, LONG_PAUSE)


def _try_to_lock(path):
    """The locked file, or None if another process has it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        is_mine = _locks_now(file) and _is_at(file, path)
    except BaseException:
        os.close(file)
        raise
    if not is_mine:
        os.close(file)
    return file if is_mine else None


def _locks_now(file):
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # which of them, depends on the system
        return False
    return True


def _is_at(file, path):
    """Whether an open file is still the one of that path, and not one removed since."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
