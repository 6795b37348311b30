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
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np

from skcnn._compat import is_op_determinism_enabled, tf
from skcnn._program import POOL
from skcnn._training import EpochHook, TrainingState, train

# Part of every key: raise it when the engine's arithmetic or the form of a stored state changes.
FORMAT = 1


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
            None if there is something whose bits its description does not fix: a loss or optimizer that is not
            Keras' own, or a GPU without deterministic operations.
        """
        n_gpus = len(tf.config.list_physical_devices("GPU"))
        deterministic = is_op_determinism_enabled()
        if not self.settings.is_stable or (n_gpus and not deterministic):
            return None
        parts = [part for part in (self.data, self.validation) if part is not None]
        description = {
            "architecture": self.architecture.to_json(),
            "settings": self.settings.to_json(),
            "plan": asdict(self.plan),
            "data": joblib.hash([(part.images, part.labels, part.weights) for part in parts], hash_name="sha1"),
            "environment": _software_and_processor(),
            "devices": {"intra_op_threads": _intra_op_threads(), "gpus": n_gpus, "deterministic": deterministic},
        }
        return joblib.hash(json.dumps(description, sort_keys=True), hash_name="sha1")

    def initial_state(self):
        """The state before the first epoch."""
        with POOL.borrow(self.architecture, self.settings) as program:
            return TrainingState(0, program.initial_arrays(self.plan.seed, self.settings.learning_rate))

    def adopt(self, state):
        """A state of another run, to go on from at the learning rate of this one."""
        with POOL.borrow(self.architecture, self.settings) as program:
            return replace(state, arrays=program.with_learning_rate(state.arrays, self.settings.learning_rate))

    def train(self, state, until, hooks=()):
        """Compute the state after `until` epochs from an earlier one."""
        with POOL.borrow(self.architecture, self.settings) as program:
            return train(program, self.data, self.plan, state, until, validation=self.validation, hooks=hooks)


@functools.cache
def _software_and_processor():
    """What decides how a sum is rounded: the libraries and the instructions they may use."""
    return {
        "format": FORMAT,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "machine": platform.machine(),
        "processor": _processor(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})


def _intra_op_threads():
    """Threads that share one operation. A sum is split among them, so 1 and 2 give different bits."""
    configured = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS")
    schedulable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(configured or schedulable)


class StateCache:
    """States in this process, bounded in bytes, the least recently used dropped first.

    Parameters
    ----------
    max_bytes : int
    """

    def __init__(self, max_bytes):
        self.max_bytes = max_bytes
        self._states = OrderedDict()  # (run, epoch) -> state; last is most recently used
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
        except Exception as error:  # unpickling a damaged file may raise anything at all
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
        content = {"run": run, "epoch": state.epoch, "arrays": list(state.arrays), "history": state.history}
        self._store.dump_item(self._item(run, state.epoch), content, verbose=0)

    @staticmethod
    def _item(run, epoch):
        # joblib takes a folder for an item, in reduce_size, if its name begins with 32 hexadecimal digits.
        return ["skcnn", f"run-{run}", f"{epoch:032x}"]


def _checked_state(content, run, epoch):
    if (content["run"], content["epoch"]) != (run, epoch):
        raise ValueError(f"it belongs to epoch {content['epoch']} of run {content['run']}")
    arrays = tuple(np.array(array) for array in content["arrays"])  # in memory, whatever mmap_mode says
    history = {name: [float(value) for value in values] for name, values in content["history"].items()}
    if any(len(values) != epoch for values in history.values()) or any(array.dtype == object for array in arrays):
        raise ValueError("its content is not a training state")
    return TrainingState(epoch, arrays, history)


STATES = StateCache(max_bytes=256 * 2**20)


def clear_cache(max_bytes=None):
    """Empty what this process keeps to save work: training states and compiled networks.

    Fitted estimators are not affected, nor is what `memory` holds on disk.

    Parameters
    ----------
    max_bytes : int, default=None
        A new bound for the training states, in bytes; 0 keeps none from now on. None leaves the bound, at first
        256 MiB, as it is.

    Examples
    --------
    >>> import skcnn
    >>> skcnn.clear_cache()
    """
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
        self._stores = [STATES]
        if memory is not None and memory.store_backend is not None:
            self._stores.append(StateFolder(memory))

    def longest(self, until):
        """The state with the most epochs, at most `until`; None if there is none."""
        return next(filter(None, map(self.state, range(until, 0, -1))), None)

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
    with _run_lock(trajectory.key):  # two fits of one run: the second goes on from where the first ends
        state = trajectory.longest(until) or run.initial_state()
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
    return trajectory.state(epoch) or run.train(run.initial_state(), epoch)


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
