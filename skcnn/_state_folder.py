"""The folder that `memory` names, and the training states in it."""

import copy
import os
import re
import tempfile
import warnings
from contextlib import suppress

import joblib
import numpy as np

from skcnn._compat import dump_item, load_item
from skcnn._states import TrainingState
from skcnn._warnings import warn_once

_REMEDY = "Name a folder that can be written, or take memory=None."

# The key of a note, as JSON has it; the value is the checksum of the state.
_PREDICTS = "predicts finite numbers"

# The name of an entry: the number of epochs.
_ENTRY = re.compile("[0-9a-f]{32}")

# About how long the path of a state is below the folder, while it is being written.
_LENGTH_BELOW = 130


class StateFolder:
    """States on disk, in the store of a joblib.Memory.

    They have its atomic writes, its format and its `reduce_size`. The store is used
    directly rather than through ``Memory.cache``, which would tie all states to the
    source text of a function and erase them when that changes. Once a state could not
    be written, no more are tried: training is worth more than its record.

    Parameters
    ----------
    store : joblib's store backend
    keep : {"every", "asked", "last"}, default="every"
        Which states of a run stay, as of :class:`skcnn._state_memory.StateMemory`.
    """

    def __init__(self, store, keep="every"):
        self._store = store
        self.keep = keep
        self._can_write = self._can_read = True

    @property
    def location(self):
        """Where the states are."""
        return str(self._store.location)

    def get(self, run_key, epoch):
        """The state, or None; with a warning if there is one that cannot be used.

        Returns
        -------
        state : TrainingState or None
        predicts : bool
            Whether it is noted of this very state that it makes finite predictions.
        """
        item = self._item(run_key, epoch)
        if not self._store.contains_item(item):
            return None, False
        try:
            content = load_item(self._store, item)
            state = _checked_state(content, run_key, epoch)
            note = self._store.get_metadata(item)  # {} if there is none
            return state, note == {_PREDICTS: content["checksum"]}
        except (OSError, MemoryError) as error:
            # The machine's trouble, not the entry's; or somebody has removed it since.
            if self._store.contains_item(item):
                self._tell_unreadable(error)
        except Exception as error:
            # A damaged file may raise anything at all.
            self._remove_damaged(item, error)
        return None, False

    def _remove_damaged(self, item, error):
        if not self._store.contains_item(item):
            return  # another process has removed it meanwhile
        path = os.path.join(self.location, *item)
        warnings.warn(
            f"memory: the entry {path} is damaged or foreign "
            f"({type(error).__name__}: {error}); it is removed and computed again.",
            stacklevel=3,
        )
        self._store.clear_item(item)

    def put(self, run_key, state):
        """Write a state; another process sees all of it or nothing."""
        if not self._can_write:
            return
        content = {
            "run": run_key,
            "epoch": state.epoch,
            "arrays": list(state.arrays),
            "history": state.history,
            # A pickle of arrays has none: a flipped bit would load as a weight.
            "checksum": _checksum(state),
        }
        try:
            dump_item(self._store, self._item(run_key, state.epoch), content)
        except Exception as error:  # a store may raise anything: it is not ours
            self._can_write = False
            warn_once(
                f"memory: a state cannot be written to {self.location!r}: "
                f"{_reason(error)}. Training goes on, but this fit keeps no more "
                "states there. Mend that, then fit again to keep them."
            )

    def note_that_it_predicts(self, run_key, state):
        """Note of a state that it makes finite predictions, if it is there.

        The key of the run holds all that decides this: the images that are predicted,
        the versions and the kind of processor. The note names the state by its content,
        so it says nothing of another that comes to lie there.
        """
        if self._can_write and self.contains(run_key, state.epoch):
            item = self._item(run_key, state.epoch)
            # Beside the state, and removed with it. joblib does not tell of failure.
            self._store.store_metadata(item, {_PREDICTS: _checksum(state)})

    def contains(self, run_key, epoch):
        """Whether there is an entry, usable or not."""
        return self._store.contains_item(self._item(run_key, epoch))

    def remove(self, run_key, epoch):
        """Remove a state, if it is there."""
        item = self._item(run_key, epoch)
        if self._store.contains_item(item):
            with suppress(OSError):  # then it stays
                self._store.clear_item(item)

    def epochs(self, run_key):
        """After how many epochs of a run there is an entry, usable or not.

        Parameters
        ----------
        run_key : str

        Returns
        -------
        list of int
        """
        folder = os.path.join(self.location, *self._item(run_key, 0)[:-1])
        names = os.listdir(folder) if os.path.isdir(folder) else []
        epochs = [int(name, 16) for name in names if _ENTRY.fullmatch(name)]
        return [epoch for epoch in epochs if self.contains(run_key, epoch)]

    def lock_path(self, run_key):
        """The file that is locked by the process that trains a run.

        Parameters
        ----------
        run_key : str

        Returns
        -------
        str
        """
        return os.path.join(self.location, "skcnn", "in-work", run_key)

    def _tell_unreadable(self, error):
        if self._can_read:  # one warning for all epochs
            self._can_read = False
            warn_once(
                f"memory: an entry in {self.location!r} cannot be read now, and is "
                f"computed again: {_reason(error)}."
            )

    @staticmethod
    def _item(run_key, epoch):
        # For joblib's reduce_size, a folder is an item if its name begins with 32
        # hexadecimal digits.
        return ["skcnn", f"run-{run_key}", f"{epoch:032x}"]


def _checked_state(content, run_key, epoch):
    found = (content["run"], content["epoch"])
    if found != (run_key, epoch):
        raise ValueError(f"it belongs to epoch {found[1]} of run {found[0]}")
    arrays = tuple(np.array(array) for array in content["arrays"])
    state = TrainingState(epoch, arrays, content["history"])
    if _checksum(state) != content["checksum"]:
        raise ValueError("its checksum does not match")
    return state


def _checksum(state):
    return joblib.hash([list(state.arrays), state.history], hash_name="sha1")


# --------------------------------------------------------------------------------------
# From the parameter to the folder


def open_folder(memory):
    """The folder of states that the parameter `memory` names.

    Parameters
    ----------
    memory : str, path, joblib.Memory or None

    Returns
    -------
    StateFolder or None
        None if there is to be none.

    Raises
    ------
    ValueError
        If nothing can be written there.
    """
    if not _names_a_folder(memory):
        return None
    try:
        absolute = with_absolute_path(memory)
        if not isinstance(absolute, joblib.Memory):
            absolute = joblib.Memory(absolute, verbose=0)
        if absolute.backend == "local":
            _try_to_write(absolute.store_backend)
            _tell_if_moved(memory, absolute)
    except (OSError, UnicodeError, RecursionError) as error:
        raise ValueError(
            f"memory={memory!r}: no state can be written there: {_reason(error)}. "
            f"{_REMEDY}"
        ) from error
    return StateFolder(absolute.store_backend, getattr(memory, "keep", "every"))


def existing_folder(memory):
    """As :func:`open_folder`, but nothing is written, and trouble is no error.

    Parameters
    ----------
    memory : object

    Returns
    -------
    StateFolder or None
        None if there is no such folder yet.
    """
    if not _names_a_folder(memory):
        return None
    try:
        absolute = with_absolute_path(memory)
    except (OSError, ValueError):
        return None
    if not isinstance(absolute, joblib.Memory):
        # joblib would make the folder.
        if not os.path.isdir(os.path.join(absolute, "joblib")):
            return None
        absolute = joblib.Memory(absolute, verbose=0)
    return StateFolder(absolute.store_backend)


def _names_a_folder(memory):
    """Whether it is no None, no joblib.Memory(None), and nothing that is refused."""
    if isinstance(memory, joblib.Memory):
        return memory.store_backend is not None
    return isinstance(memory, (str, os.PathLike))


def for_other_processes(memory):
    """`memory` as a worker process should have it, which may be in another directory.

    Parameters
    ----------
    memory : object
        The parameter; what is no relative path comes back as it is.

    Returns
    -------
    object
    """
    if not _names_a_folder(memory):
        return memory
    is_memory = isinstance(memory, joblib.Memory)
    if is_memory and memory.backend != "local":
        return memory
    path = os.fsdecode(memory.location if is_memory else memory)
    # A home folder is another one for each user, and "" is refused.
    if not path.strip() or path.startswith("~") or os.path.isabs(path):
        return memory
    with suppress(ValueError, OSError):  # fit refuses it, with a message
        return with_absolute_path(memory)
    return memory


def with_absolute_path(memory):
    """`memory` such that it means the same folder from every working directory.

    Parameters
    ----------
    memory : str, path or joblib.Memory

    Returns
    -------
    str or joblib.Memory

    Raises
    ------
    ValueError
        If it names no folder.
    """
    if not isinstance(memory, joblib.Memory):
        return _absolute_path(memory)
    if memory.backend != "local":
        return memory
    absolute = copy.copy(memory)
    absolute.location = os.path.abspath(memory.location)
    absolute.store_backend = copy.copy(memory.store_backend)
    absolute.store_backend.location = os.path.abspath(memory.store_backend.location)
    return absolute


def _absolute_path(memory):
    path = os.fsdecode(memory)
    home = os.path.expanduser(path)
    wrong = ""
    if not path.strip() or "\0" in path:
        wrong = f"that is no name of a folder. {_REMEDY}"
    elif re.match("[A-Za-z][A-Za-z0-9+.-]+:/", path):
        wrong = f"states are kept in a folder of this machine's file system. {_REMEDY}"
    elif home.startswith("~"):
        wrong = f"there is no such home folder. If one has that name, write './{path}'."
    elif os.path.expandvars(path) != path:
        wrong = f"variables are not replaced. Pass os.path.expandvars({path!r})."
    if wrong:
        raise ValueError(f"memory={memory!r}: {wrong}")
    return os.path.abspath(home)


def _try_to_write(store):
    """Write a file and remove it; OSError if that fails."""
    folder = os.path.join(store.location, "skcnn")
    store.create_location(folder)
    name = "try-to-write-".ljust(_LENGTH_BELOW, "-")
    with tempfile.NamedTemporaryFile(dir=folder, prefix=name, buffering=0) as file:
        file.write(bytes(4096))


def _reason(error):
    """What an error of the file system means, in words."""
    if isinstance(error, RecursionError):  # os.makedirs calls itself for each parent
        return "it lies too deep"
    if not isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, (FileExistsError, FileNotFoundError, NotADirectoryError)):
        in_the_way = _what_is_in_the_way(error.filename or "")
        if in_the_way:
            return in_the_way
    return error.strerror or str(error)


def _what_is_in_the_way(path):
    """Which part of a path cannot be a folder, in words; empty if all can."""
    while path != os.path.dirname(path):  # the root is its own parent
        if os.path.islink(path) and not os.path.exists(path):
            return f"{path!r} is a link to what is not there"
        if os.path.exists(path) and not os.path.isdir(path):
            return f"{path!r} is not a folder"
        path = os.path.dirname(path)
    return ""


# A path as given -> where it led.
_meant = {}


def _tell_if_moved(memory, absolute):
    """Warn if a relative path leads elsewhere after a change of directory.

    What belongs together would then be divided.
    """
    given = os.fsdecode(getattr(memory, "location", memory))
    now = os.fsdecode(absolute.location)
    before = _meant.get(given, now)
    _meant[given] = now
    if before != now:
        warn_once(
            f"memory={given!r} is now {now!r}. Before the working directory changed, "
            f"it was {before!r}. Give the absolute path to keep one folder."
        )
