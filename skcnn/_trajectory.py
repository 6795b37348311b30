"""What is known of a run: the longest prefix of it that anybody computed, in this process or in `memory`.

A run is all that determines its bits, except for the number of epochs: so the state after 5 epochs, kept by whoever
came there first, is where a fit of 10 epochs starts, and a fit of 5 epochs after one of 10 finds it waiting. Nothing
here may change a bit of a result; when in doubt, runs do not share.
"""

import functools
import json
import os
import platform
import threading
import warnings
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from numbers import Integral
from pathlib import Path

import joblib
import numpy as np

from skcnn._compat import is_op_determinism_enabled, keras, tf
from skcnn._program import POOL, keras_numbers
from skcnn._training import EpochHook, TrainingState, check_finite, train

# Part of every key: raise it when the engine's arithmetic or the form of a stored state changes.
FORMAT = 4


@dataclass(frozen=True)
class Run:
    """All that determines the bits of a training run, except for the number of epochs.

    Attributes
    ----------
    architecture : skcnn._architecture.Architecture
    settings : skcnn._settings.CompileSettings
    plan : skcnn._training.TrainingPlan
    data : skcnn._training.TrainingData
    validation : skcnn._training.TrainingData or None
        Does not touch the weights, but is measured into the history.
    """

    architecture: object
    settings: object
    plan: object
    data: object
    validation: object = None

    def key(self):
        """A hash that runs share if, and only if, they have equal bits after equal epochs.

        Returns
        -------
        str or None
            None if there is something whose bits its description does not fix: a loss, optimizer or schedule that
            is not Keras' own, or a GPU.
        """
        if not self.settings.is_stable or tf.config.list_physical_devices("GPU"):
            return None
        parts = [part for part in (self.data, self.validation) if part is not None]
        description = {
            "architecture": self.architecture.to_json(),
            "settings": self.settings.to_json(),
            "plan": asdict(self.plan),
            "data": joblib.hash(
                [tuple(vars(part).values()) for part in parts], hash_name="sha1"
            ),
            "environment": _software_and_processor(),
            "intra_op_threads": _intra_op_threads(),
            "deterministic": is_op_determinism_enabled(),
            "keras": keras_numbers(),
        }
        return joblib.hash(json.dumps(description, sort_keys=True), hash_name="sha1")

    def initial_state(self):
        """The state before the first epoch."""
        with POOL.borrow(self.architecture, self.settings) as program:
            return TrainingState(
                0, program.initial_arrays(self.plan.seed, self.settings.learning_rate)
            )

    def adopt(self, state):
        """A state of another run, to go on from at the learning rate of this one."""
        with POOL.borrow(self.architecture, self.settings) as program:
            return replace(
                state,
                arrays=program.with_learning_rate(
                    state.arrays, self.settings.learning_rate
                ),
            )

    def train(self, state, until, hooks=()):
        """Compute the state after `until` epochs from an earlier one."""
        exposed = any(hook.exposes_program for hook in hooks)
        with POOL.borrow(self.architecture, self.settings, exposed) as program:
            return train(
                program,
                self.data,
                self.plan,
                state,
                until,
                validation=self.validation,
                hooks=hooks,
            )

    def check_finite(self, state):
        """Refuse a state that cannot predict; see :func:`skcnn._training.check_finite`."""
        with POOL.borrow(self.architecture, self.settings) as program:
            program.load_model(state.arrays)
            check_finite(program, self.data, state.epoch)


# Variables by which users choose other arithmetic, of oneDNN and of XLA.
_SWITCHES = ("TF_ENABLE_ONEDNN", "TF_XLA_", "ONEDNN_", "DNNL_")


@functools.cache
def _software_and_processor():
    """What decides how a sum is rounded: the libraries and the instructions they may use."""
    return {
        "format": FORMAT,
        "versions": [module.__version__ for module in (tf, keras, np)],
        "machine": platform.machine(),
        "processor": _processor(),
        "switches": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(_SWITCHES)
        },
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return sorted(
        {
            line
            for line in lines
            if line.startswith(("model name", "flags", "Features", "CPU part"))
        }
    )


@functools.cache  # TensorFlow, too, looks only once
def _intra_op_threads():
    """Threads that share one operation. A sum is split among them, so 1 and 2 give different bits."""
    configured = (
        tf.config.threading.get_intra_op_parallelism_threads()
        or os.environ.get("TF_NUM_INTRAOP_THREADS")
    )
    schedulable = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )
    return int(configured or schedulable)


class StateCache:
    """States in this process, bounded in bytes, the least recently used dropped first.

    Parameters
    ----------
    max_bytes : int
    """

    def __init__(self, max_bytes):
        self.max_bytes = max_bytes
        self._states = (
            OrderedDict()
        )  # (run, epoch) -> state; last is most recently used
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, run, epoch):
        """The state, or None."""
        with self._lock:
            state = self._states.get((run, epoch))
            if state is not None:
                self._states.move_to_end((run, epoch))
            return state

    def put(self, run, state):
        """Keep a state, unless it alone is over the bound."""
        with self._lock:
            self._drop((run, state.epoch))
            if state.nbytes > self.max_bytes:
                return
            self._states[run, state.epoch] = state
            self._bytes += state.nbytes
            self._shrink()

    def resize(self, max_bytes):
        """Set the bound, in bytes."""
        with self._lock:
            self.max_bytes = max_bytes
            self._shrink()

    def clear(self):
        """Forget everything."""
        with self._lock:
            self._states.clear()
            self._bytes = 0

    def _shrink(self):
        while self._bytes > self.max_bytes:
            self._drop(next(iter(self._states)))

    def _drop(self, entry):
        state = self._states.pop(entry, None)
        self._bytes -= 0 if state is None else state.nbytes


class StateFolder:
    """States on disk, in the store of a joblib.Memory: its atomic writes, its format, its `reduce_size`.

    The store is used directly rather than through ``Memory.cache``, which would tie all states to the source text of
    a function and erase them when that changes.

    Parameters
    ----------
    memory : joblib.Memory
    """

    def __init__(self, memory):
        self._store = memory.store_backend

    def get(self, run, epoch):
        """The state; None if there is none, and with a warning if there is one that cannot be used."""
        item = self._item(run, epoch)
        if not self._store.contains_item(item):
            return None
        try:
            return _checked_state(self._store.load_item(item, verbose=0), run, epoch)
        except (
            OSError,
            MemoryError,
        ) as error:  # the machine's trouble, not the entry's
            warnings.warn(
                f"memory: an entry cannot be read now, and is computed again: {error}",
                stacklevel=2,
            )
            return None
        except (
            Exception
        ) as error:  # unpickling a damaged file may raise anything at all
            if not self._store.contains_item(item):
                return None  # another process removed it meanwhile
            warnings.warn(
                f"memory: the entry {os.path.join(str(self._store.location), *item)} is damaged or foreign "
                f"({type(error).__name__}: {error}); it is removed and computed again.",
                stacklevel=2,
            )
            self._store.clear_item(item)
            return None

    def put(self, run, state):
        """Write a state; another process sees all of it or nothing."""
        content = {
            "run": run,
            "epoch": state.epoch,
            "arrays": list(state.arrays),
            "history": state.history,
        }
        content["checksum"] = _checksum(
            state
        )  # a pickle of arrays has none: a flipped bit would load as a weight
        self._store.dump_item(self._item(run, state.epoch), content, verbose=0)

    def contains(self, run, epoch):
        """Whether there is an entry, usable or not."""
        return self._store.contains_item(self._item(run, epoch))

    @staticmethod
    def _item(run, epoch):
        # joblib takes a folder for an item, in reduce_size, if its name begins with 32 hexadecimal digits.
        return ["skcnn", f"run-{run}", f"{epoch:032x}"]


def _checked_state(content, run, epoch):
    if (content["run"], content["epoch"]) != (run, epoch):
        raise ValueError(
            f"it belongs to epoch {content['epoch']} of run {content['run']}"
        )
    arrays = tuple(
        np.array(array) for array in content["arrays"]
    )  # in memory, whatever mmap_mode says
    state = TrainingState(epoch, arrays, content["history"])
    if _checksum(state) != content["checksum"]:
        raise ValueError("its checksum does not match")
    return state


def _checksum(state):
    return joblib.hash([list(state.arrays), state.history], hash_name="sha1")


STATES = StateCache(max_bytes=256 * 2**20)


def clear_cache(max_bytes=None):
    """Empty what this process keeps to save work: training states and compiled networks.

    Fitted estimators are not affected, nor is what `memory` holds on disk.

    Parameters
    ----------
    max_bytes : int, default=None
        A new bound for the training states, in bytes; 0 keeps none from now on. None leaves the bound, at first
        256 MiB, as it is.

    Raises
    ------
    ValueError
        If `max_bytes` is anything else.

    Examples
    --------
    >>> import skcnn
    >>> skcnn.clear_cache()
    """
    if max_bytes is not None and (not isinstance(max_bytes, Integral) or max_bytes < 0):
        raise ValueError(
            f"max_bytes must be None or an integer of at least 0; got {max_bytes!r}."
        )
    STATES.clear()
    POOL.clear()
    if max_bytes is not None:
        STATES.resize(max_bytes)


class Trajectory:
    """The known states of one run.

    Parameters
    ----------
    key : str
        From :meth:`Run.key`.
    memory : joblib.Memory, default=None
        Where states persist.
    """

    def __init__(self, key, memory=None):
        self.key = key
        persistent = memory is not None and memory.store_backend is not None
        self._folder = StateFolder(memory) if persistent else None
        self._stores = [STATES] if self._folder is None else [STATES, self._folder]

    def longest(self, until):
        """The state with the most epochs, at most `until`; None if there is none."""
        return next(filter(None, map(self.state, range(until, 0, -1))), None)

    def write_known(self, until):
        """Bring into the folder what this process knows from fits that had no folder, or another one."""
        for epoch in range(1, until + 1 if self._folder else 0):
            state = STATES.get(self.key, epoch)
            if state is not None and not self._folder.contains(self.key, epoch):
                self._folder.put(self.key, state)

    def state(self, epoch):
        """The state after `epoch` epochs, or None."""
        for store in self._stores:
            state = store.get(self.key, epoch)
            if state is not None:
                if store is not STATES:
                    STATES.put(self.key, state)
                return state
        return None

    def keep(self, state):
        """Let others have a state."""
        for store in self._stores:
            store.put(self.key, state)


class _Keep(EpochHook):
    """Keeps the state of every epoch, so that a killed run loses only the epoch it was in."""

    def __init__(self, trajectory):
        self.trajectory = trajectory

    def end_epoch(self, epoch, logs, snapshot):
        self.trajectory.keep(snapshot())


def follow(run, trajectory, until, hooks=()):
    """Bring a run to `until` epochs, computing only what is not known.

    Parameters
    ----------
    run : Run
    trajectory : Trajectory
        What is known of it; what is computed is added.
    until : int
        Number of epochs.
    hooks : sequence of EpochHook, default=()
        They hear of every epoch, of those that were known before as well.

    Returns
    -------
    TrainingState
        Bit for bit what ``run.train(run.initial_state(), until)`` gives.
    """
    with _run_lock(
        trajectory.key
    ):  # two fits of one run: the second goes on from where the first ends
        state = trajectory.longest(until) or run.initial_state()
        trajectory.write_known(state.epoch)
        stopped_at = _replay(run, trajectory, state, hooks)
        if stopped_at is not None:
            return _recall(run, trajectory, stopped_at)
        if state.epoch == until:
            return state
        return run.train(state, until, [_Keep(trajectory), *hooks])


def _replay(run, trajectory, state, hooks):
    """Tell hooks of epochs computed before. The number of epochs after which one asked to stop, or None."""
    for epoch in range(state.epoch if hooks else 0):
        logs = {name: values[epoch] for name, values in state.history.items()}
        snapshot = functools.partial(_recall, run, trajectory, epoch + 1)
        for hook in hooks:
            hook.begin_epoch(epoch)
        stops = [hook.end_epoch(epoch, logs, snapshot) for hook in hooks]
        if any(stops):
            return epoch + 1
    return None


def _recall(run, trajectory, epoch):
    """The state after `epoch` epochs, computed again if it has been dropped since."""
    state = trajectory.longest(epoch) or run.initial_state()
    return (
        state if state.epoch == epoch else run.train(state, epoch, [_Keep(trajectory)])
    )


_locks = {}  # key of a run -> [lock, number of threads that hold it or wait for it]
_locks_guard = threading.Lock()


@contextmanager
def _run_lock(key):
    with _locks_guard:
        entry = _locks.setdefault(key, [threading.RLock(), 0])
        entry[1] += 1
    try:
        with entry[0]:
            yield
    finally:
        with _locks_guard:
            entry[1] -= 1
            if not entry[1]:
                del _locks[key]
