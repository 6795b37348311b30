"""The epoch loop. Knows programs and arrays; nothing of scikit-learn.

Epochs are counted in one way, here and everywhere: by how many are finished. The state
before the first epoch has `epoch` 0, and the state after it has 1.
"""

import functools
import time
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

import numpy as np

from skcnn._divergence import TrainingDiverged
from skcnn._samples import all_of
from skcnn._seeds import epoch_order, fixed_order
from skcnn._states import TrainingState

# From so many training images batch normalization takes its statistics after each
# epoch. On CIFAR-10, 256 did as well as 2048, to half a point of accuracy. 1024 cost an
# epoch of 2,500 images a seventh more, and one of 50,000 nothing.
STATISTICS_SAMPLES = 1024


@dataclass(frozen=True)
class TrainingPlan:
    """How a run trains.

    Attributes
    ----------
    seed : int
        Fixes initial weights, order of samples and dropout.
    batch_size : int
    fresh_statistics : bool, default=False
        Whether batch normalization, after each epoch, takes its statistics from
        training images under the weights as they then are. False leaves it the moving
        averages that Keras gathers while the weights change.
    """

    seed: int
    batch_size: int
    fresh_statistics: bool = False

    def steps_per_epoch(self, n_samples):
        """Number of gradient steps in an epoch; the last batch may be smaller."""
        return ceil(n_samples / self.batch_size)


def train(program, data, plan, state, until, *, validation=None, hooks=()):
    """Continue a run.

    Parameters
    ----------
    program : skcnn._program.Program
    data : skcnn._samples.Samples
    plan : TrainingPlan
    state : TrainingState
        Where to start.
    until : int
        Number of epochs finished at which to stop.
    validation : skcnn._samples.Samples, default=None
        Measured after each epoch; never trained on.
    hooks : sequence of skcnn._hooks.EpochHook, default=()

    Returns
    -------
    TrainingState
        Bit for bit the same whether the run came here in one call or in several, if no
        hook interferes.

    Raises
    ------
    TrainingDiverged
        After an epoch whose weights are not finite. Hooks hear of the end of training,
        but not of the end of that epoch.
    """
    live = _LiveRun(program, data, plan, validation, state)
    for hook in hooks:
        hook.begin_training(program.model if hook.exposes_model else None)
    stops = False
    while live.n_finished < until and not stops and not live.has_diverged:
        stops = _epoch_with_hooks(live, hooks)
    for hook in hooks:
        hook.end_training()
    # A callback may have restored its best weights, also over weights that diverged.
    if any(hook.exposes_model for hook in hooks):
        live.accept_changes()
    if live.has_diverged:
        raise TrainingDiverged(live.n_finished + 1, "weights", live.mended_state())
    return live.get_state()


def _epoch_with_hooks(live, hooks):
    """Train for an epoch and tell of it; whether a hook asks to stop."""
    for hook in hooks:
        hook.begin_epoch(live.n_finished)
    logs = live.train_epoch()
    if live.has_diverged:
        return True
    # Held, because it stays that of this epoch, while `live` goes on.
    get_state = live.get_state
    stops = False
    for hook in hooks:
        stops |= bool(hook.end_epoch(live.n_finished, logs, get_state))
        live.record(logs)  # a callback may have added to the logs
    if hooks:
        get_state()  # reads the state now: a hook may call it after the next epoch
    return stops


class _LiveRun:
    """A run while it trains: its state is in the variables of a program.

    Parameters
    ----------
    program, data, plan, validation, state
        As of :func:`train`.
    """

    def __init__(self, program, data, plan, validation, state):
        self.program = program
        self.data = data
        self.plan = plan
        self.validation = validation
        self.n_finished = self._n_before = state.epoch
        self.has_diverged = False
        self._history = _copy_of(state.history)
        program.load(state.arrays)
        self._forget_state()

    def train_epoch(self):
        """Train for an epoch, and measure; the logs, or None if training diverges."""
        started = time.perf_counter()  # a clock that nobody sets
        logs = _train_epoch(self.program, self.data, self.plan, self.n_finished)
        if not self.program.has_finite_weights():
            # The epoch does not count: neither history nor number know of it.
            self.has_diverged = True
            self._forget_state()
            return None
        if self.validation is not None:
            measured = _evaluate(self.program, self.validation, self.plan)
            for name, value in measured.items():
                logs[f"val_{name}"] = value
        logs["time"] = time.perf_counter() - started
        self.n_finished += 1
        self._forget_state()
        self.record(logs)
        return logs

    def record(self, logs):
        """Bring the history up to date with the logs of its last epoch.

        NaN stands for what an epoch does not have: a run that goes on may have begun
        without validation data, or with other callbacks.
        """
        for name in dict.fromkeys([*self._history, *logs]):
            values = self._history.setdefault(name, [])
            missing = self.n_finished - len(values)
            values.extend([np.nan] * missing)
            values[-1] = logs.get(name, np.nan)

    def accept_changes(self):
        """Take note of weights that a callback may have set when training ended."""
        has_trained = self.n_finished > self._n_before
        if self.plan.fresh_statistics and has_trained:
            _take_statistics(self.program, self.data, self.plan)
        self._forget_state()

    def mended_state(self):
        """What callbacks put in place of weights that diverged; None if nothing."""
        return self.get_state() if self.program.has_finite_weights() else None

    def _forget_state(self):
        """Have `get_state` read the variables anew when it is called next."""
        self.get_state = functools.cache(
            functools.partial(_read_state, self.program, self.n_finished, self._history)
        )


def _read_state(program, n_finished, history):
    return TrainingState(n_finished, program.read(), _copy_of(history))


def _copy_of(history):
    return {name: list(values) for name, values in history.items()}


def check_finite(program, data, n_finished):
    """Refuse a network whose weights, or some of whose predictions, are not finite.

    Weights can be finite, but so large that no prediction is.

    Parameters
    ----------
    program : skcnn._program.Program
        With the state loaded.
    data : skcnn._samples.Samples
        Some of the training images are predicted.
    n_finished : int
        Number of epochs finished, for the message.

    Raises
    ------
    TrainingDiverged
    """
    if not program.has_finite_weights():
        raise TrainingDiverged(n_finished, "weights")
    one_batch = all_of(data)[: program.predict_batch]
    images, _, _ = data.take(one_batch)
    if not np.isfinite(program.predict(images)).all():
        raise TrainingDiverged(n_finished, "predictions")


def _train_epoch(program, data, plan, n_finished):
    # All that is random in an epoch is set here, from its number alone: it does not
    # matter how the run came to it.
    program.begin_epoch(plan.seed, n_finished)
    order = epoch_order(plan.seed, n_finished, len(data))
    logs = {}  # averages since the beginning of the epoch, so the last are those of all
    chunks = data.in_chunks(order, plan.batch_size, program.pace)
    for images, labels, weights in chunks:
        logs = program.train(images, labels, weights, plan.batch_size)
    if plan.fresh_statistics:
        _take_statistics(program, data, plan)
    for epochs in _counters:
        epochs.append(n_finished)
    return logs


def _take_statistics(program, data, plan):
    """Have batch normalization average over training images.

    Training never reads these statistics, so the weights are those of a run without
    them. The images are the same after each epoch: what an epoch leaves is a function
    of its weights alone.
    """
    order = fixed_order(plan.seed, "statistics", len(data))[:STATISTICS_SAMPLES]
    n_before = 0
    for images, _, _ in data.in_chunks(order, plan.batch_size, program.pace):
        program.average_statistics(images, n_before, plan.batch_size)
        n_before += len(images)


def _evaluate(program, data, plan):
    program.reset_metrics()
    logs = {}
    chunks = data.in_chunks(all_of(data), plan.batch_size, program.pace)
    for images, labels, weights in chunks:
        logs = program.evaluate(images, labels, weights, plan.batch_size)
    return logs


# Lists of those who count the epochs that are really trained.
_counters = []


@contextmanager
def epochs_trained():
    """Count the epochs that this process trains, in whatever fit and thread.

    For tests and benchmarks: what is shared is not trained, and so not counted.

    Yields
    ------
    list of int
        Grows by an entry for each epoch: how many of its run were finished before it.

    Examples
    --------
    >>> from skcnn._training import epochs_trained
    >>> with epochs_trained() as epochs:
    ...     pass  # fit something
    >>> epochs
    []
    """
    epochs = []
    _counters.append(epochs)
    try:
        yield epochs
    finally:
        # By identity: two lists of equal content are not the same counter.
        _counters[:] = [other for other in _counters if other is not epochs]
