"""Downloads with Keras' loaders, which know the addresses and formats of data sets.

Three things of these loaders are mended here. They can wait forever for a network,
they print to standard output, and they cannot run twice at the same time: Keras takes
any file in its cache for whole, even one that somebody else is still writing.
"""

import contextlib
import os
import socket
import threading
from pathlib import Path

import numpy as np

from skcnn._compat import keras
from skcnn.datasets._npz import checked_split, delete_parts, reason, whole_file

try:
    import fcntl
except ImportError:
    # There is none on Windows.
    fcntl = None

# How long to wait for the next bytes from the network. pip waits as long.
TIMEOUT_SECONDS = 15

# All threads share Keras' cache and the default timeout of the process.
_ONE_THREAD = threading.Lock()


def download(source, path):
    """Write the file of a data set, from Keras' cache or from the network.

    Parameters
    ----------
    source : Source
    path : Path
        Its folder is made if necessary.

    Raises
    ------
    OSError
        If the file cannot be downloaded or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _ONE_THREAD, _one_process(path.parent) as alone:
            # Another thread or process may have written the file while we waited.
            if not path.exists():
                _write(source, path, alone)
    except OSError as error:
        # An error of the system has a number. One without is our own, from `_load`,
        # and already says what to do.
        if error.errno is None:
            raise
        raise type(error)(
            f"{path} cannot be written ({reason(error)}). "
            f"Pass another folder as data_home. {source.how_to_supply()}"
        ) from error


def _write(source, path, alone):
    # Without a lock, such a part may belong to a process that is still writing it.
    if alone:
        delete_parts(path)
    # The file is opened first, so that a folder that cannot be written to is noticed
    # before the download and not after it.
    with whole_file(path) as stream:
        np.savez(stream, **_load(source, path))


def _load(source, path):
    """The arrays of the file, by name."""
    try:
        with _socket_timeout(TIMEOUT_SECONDS), _quiet_keras():
            splits = source.load()
        arrays = {}
        for split, (images, labels) in zip(source.n_samples, splits, strict=True):
            images, labels = checked_split(source, split, images, labels)
            arrays |= {f"x_{split}": images, f"y_{split}": labels}
        return arrays
    # Keras raises a bare Exception if a download fails.
    except Exception as error:
        cache = Path(os.environ.get("KERAS_HOME", "~/.keras"), "datasets")
        raise OSError(
            f"{path} is missing, and {source.name} cannot be downloaded "
            f"({reason(error)}). {source.how_to_supply()} "
            f"If Keras' own copy in {cache} is damaged, delete that copy."
        ) from error


@contextlib.contextmanager
def _one_process(folder):
    """Let only one process at a time download to a folder. Yield whether that worked.

    Windows and some network drives have no such locks. There, two processes may both
    download the file, and either copy serves.
    """
    if fcntl is None:
        yield False
        return
    # The folder itself is locked, because a file made for the lock would stay there.
    # The system ends the lock when the handle is closed or the process is killed.
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def _locked(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _socket_timeout(seconds):
    """Set a timeout for connections that are opened meanwhile, also by other threads.

    Keras has no parameter for it. Its downloads use the default of the process, which
    is none: a network that swallows everything would keep them waiting forever.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _quiet_keras():
    """Keep Keras' messages and progress bar off standard output, in this thread."""
    was_on = keras.config.is_interactive_logging_enabled()
    keras.config.disable_interactive_logging()
    try:
        yield
    finally:
        if was_on:
            keras.config.enable_interactive_logging()
