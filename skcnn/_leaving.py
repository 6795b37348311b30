"""No daemon thread is inside TensorFlow when the interpreter goes down.

Python ends the daemon threads of a process where they stand. In TensorFlow's C++ code
that may abort the process. joblib's threads are daemons, and Ctrl-C of a search does
not reach them: they go on with their fits. So a process that exits first asks them to
stop, and waits until they have.

A worker process goes with the process that started it. If that is killed, nobody would
hear of what the worker trains.
"""

import atexit
import contextlib
import os
import signal
import threading
from multiprocessing import parent_process

# Seconds for which an exit waits. A call of a graph ends within one, and tracing takes
# a few. A callback of the user's own may never end.
PATIENCE = 30

_is_leaving = False


def _reset():
    """Begin anew: a fork has no thread but the one that forked."""
    global _change, _n_blocks, _parent
    _change = threading.Condition()
    _n_blocks = 0  # that daemon threads are in
    _parent = os.getppid()


_reset()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_reset)


@contextlib.contextmanager
def stops_at_exit():
    """A block for whose end the exit of the process waits.

    Whoever is in it calls :func:`stop_if_leaving` often. Python itself waits for
    threads that are no daemons, so nothing is done about those.

    Raises
    ------
    SystemExit
        As :func:`stop_if_leaving`.
    """
    if not threading.current_thread().daemon:
        yield
        return
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def stop_if_leaving():
    """End this thread if it is a daemon and the process is about to exit.

    End the process if it is a worker whose parent has gone.

    Raises
    ------
    SystemExit
        It ends a thread without a message, and scikit-learn does not take it for the
        failure of a fit.
    """
    if os.getppid() != _parent and parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)  # nobody is there to hear of an error
    if _is_leaving and threading.current_thread().daemon:
        raise SystemExit


def _count(change):
    global _n_blocks
    with _change:
        if change > 0:
            stop_if_leaving()  # under the lock, so that none slips in
        _n_blocks += change
        _change.notify_all()


@atexit.register
def _stop_daemons():
    """Python calls this before it ends anything. A second Ctrl-C ends the wait."""
    global _is_leaving
    with _change:
        _is_leaving = True
        _change.wait_for(lambda: _n_blocks == 0, timeout=PATIENCE)
