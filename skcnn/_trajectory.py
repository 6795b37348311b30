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
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from numbers import Integral
from pathlib import Path

import joblib
import numpy as np

from skcnn._compat import is_op_determinism_enabled, keras, tf
from skcnn._program import POOL, ProgramPool, keras_numbers
from skcnn._training import EpochHook, TrainingState, check_finite, train
from skcnn._warnings import warn_once
from skcnn._watched_images import WatchedImages

# Part of every key: raise it when the engine's arithmetic or the form of a stored state changes.
FORMAT = 5


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

    def watched(self):
        """The same run on data of which it notices if somebody changes them meanwhile.

        Returns
        -------
        Run
            With :class:`~skcnn._watched_images.WatchedImages`, and weights of its own.
        """
        data = _watch(self.data, WatchedImages(self.data.images, "X"))
        if self.validation is None:
            return replace(self, data=data)
        same = self.validation.images is self.data.images  # a part of X was set aside
        images = (
            data.images
            if same
            else WatchedImages(self.validation.images, "validation_data")
        )
        return replace(self, data=data, validation=_watch(self.validation, images))

    def changed_data(self):
        """What of the data of a watched run was not, when read, what the key describes.

        Returns
        -------
        str or None
            Its name; None if all was.
        """
        parts = [part for part in (self.data, self.validation) if part is not None]
        return next((p.images.name for p in parts if p.images.changed), None)

    def key(self):
        """A hash that watched runs share if, and only if, they have equal bits after equal epochs.

        Ask :func:`skcnn._sharing.why_not_shared` first whether the description fixes the bits.

        Returns
        -------
        str
        """
        parts = [part for part in (self.data, self.validation) if part is not None]
        description = {
            "architecture": self.architecture.to_json(),
            "settings": self.settings.to_json(),
            "plan": asdict(self.plan),
            "data": joblib.hash(
                [(p.images.digest, p.labels, p.weights, p.rows) for p in parts],
                hash_name="sha1",
            ),
            "environment": _software_and_processor(),
            "intra_op_threads": _intra_op_threads(),
            "deterministic": is_op_determinism_enabled(),
            "keras": keras_numbers(),
        }
        return joblib.hash(json.dumps(description, sort_keys=True), hash_name="sha1")

    def initial_state(self):
        """The state before the first epoch."""
        with self._borrow() as program:
            return TrainingState(
                0, program.initial_arrays(self.plan.seed, self.settings.learning_rate)
            )

    def adopt(self, state):
        """A state of another run, to go on from at the learning rate of this one."""
        with self._borrow() as program:
            return replace(
                state,
                arrays=program.with_learning_rate(
                    state.arrays, self.settings.learning_rate
                ),
            )

    def train(self, state, until, hooks=()):
        """Compute the state after `until` epochs from an earlier one."""
        try:
            with self._borrow(hooks) as program:
                return train(
                    program,
                    self.data,
                    self.plan,
                    state,
                    until,
                    validation=self.validation,
                    hooks=hooks,
                )
        finally:
            for hook in hooks:
                hook.release()

    def check_finite(self, state):
        """Refuse a state that cannot predict; see :func:`skcnn._training.check_finite`."""
        with self._borrow() as program:
            program.load_model(state.arrays)
            check_finite(program, self.data, state.epoch)

    def _borrow(self, hooks=()):
        """A program: of the pool, or of this run alone where a user's code may be in it.

        A name does not tell what code does, so nothing that was compiled from a user's
        code, or was in its hands, may serve another run.
        """
        own = not self.settings.is_stable or any(h.wants_own_program for h in hooks)
        exposed = own or any(hook.exposes_program for hook in hooks)
        pool = self._own_pool if own else POOL
        return pool.borrow(self.architecture, self.settings, exposed)

    @functools.cached_property
    def _own_pool(self):
        return ProgramPool(max_idle=1)


def _watch(data, images):
    weights = None if data.weights is None else data.weights.copy()
    return replace(data, images=images, weights=weights)


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
    folder : skcnn._state_folder.StateFolder, default=None
        Where states persist.
    """

    def __init__(self, key, folder=None):
        self.key = key
        self.folder = folder
        self._stores = [STATES] if folder is None else [STATES, folder]
        self._told = False

    def n_stored(self, until):
        """How many epochs, of `until`, the folder can give back."""
        epochs = range(until, 0, -1)
        return next((e for e in epochs if self.folder.contains(self.key, e)), 0)

    def longest(self, until):
        """The state with the most epochs, at most `until`; None if there is none."""
        return next(filter(None, map(self.state, range(until, 0, -1))), None)

    def write_known(self, until):
        """Bring into the folder what this process knows from fits that had no folder, or another one."""
        for epoch in range(1, until + 1 if self.folder else 0):
            state = STATES.get(self.key, epoch)
            if state is not None and not self.folder.contains(self.key, epoch):
                self.folder.put(self.key, state)

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

    def tell_changed(self, name):
        """Warn, once in a fit, that data were changed, and that states are not kept."""
        if not self._told:
            self._told = True
            warn_once(
                f"{name} was changed while fit read it, so what is fitted has seen more "
                "than one content. Nothing of it is kept for other fits. Fit on a copy, "
                "such as X.copy(), which nobody writes to."
            )


class _Keep(EpochHook):
    """Keeps the state of every epoch, so that a killed run loses only the epoch it was in.

    From the moment that data are not those of the key any more, nothing is kept.
    """

    def __init__(self, run, trajectory):
        self.run = run
        self.trajectory = trajectory

    def end_epoch(self, epoch, logs, snapshot):
        state = snapshot()
        name = self.run.changed_data()
        if name is None:
            self.trajectory.keep(state)
        else:
            self.trajectory.tell_changed(name)


def follow(run, trajectory, until, hooks=()):
    """Bring a run to `until` epochs, computing only what is not known.

    Parameters
    ----------
    run : Run
        A watched one.
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
        return run.train(state, until, [_Keep(run, trajectory), *hooks])


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
        state
        if state.epoch == epoch
        else run.train(state, epoch, [_Keep(run, trajectory)])
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
