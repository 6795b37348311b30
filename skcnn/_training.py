"""The epoch loop. Knows programs and arrays; nothing of scikit-learn."""

import functools
import time
from dataclasses import dataclass, field, replace

import numpy as np

from skcnn._divergence import TrainingDiverged
from skcnn._seeds import epoch_order, fixed_order

# A chunk is what one call into the graph trains on. Small enough that Ctrl-C is heard soon and that memory-mapped
# images pass through memory a piece at a time, large enough that the call costs nothing beside the work.
CHUNK_BYTES = 16 * 2**20
CHUNK_SAMPLES = 4096

# From so many training images batch normalization takes its statistics after each epoch. On CIFAR-10, 256 did as well
# as 2048, to half a point of accuracy; 1024 cost an epoch of 2,500 images a seventh more, one of 50,000 nothing.
STATISTICS_SAMPLES = 1024


@dataclass(frozen=True)
class TrainingData:
    """Images with labels.

    Attributes
    ----------
    images : ndarray of shape (n, height, width, channels), any real dtype
        uint8 stays uint8 until it is on the device; all else becomes float32, a chunk at a time. May be memory-mapped.
    labels : ndarray of shape (n,), int32
        Class codes.
    weights : ndarray of shape (n,), float32, or None
        Sample weights.
    rows : ndarray of shape (n,), int64, or None
        Which of the images are meant, if not all: labels and weights are of these alone.
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None
    rows: np.ndarray | None = None

    def part(self, places):
        """Some of the samples, without a copy of their images.

        Parameters
        ----------
        places : ndarray of shape (m,), int64

        Returns
        -------
        TrainingData
        """
        rows = places if self.rows is None else self.rows[places]
        weights = None if self.weights is None else self.weights[places]
        return replace(self, labels=self.labels[places], weights=weights, rows=rows)

    def __len__(self):
        return len(self.labels)


@dataclass(frozen=True)
class TrainingPlan:
    """How a run trains.

    Attributes
    ----------
    seed : int
        Fixes initial weights, order of samples and dropout.
    batch_size : int
    fresh_statistics : bool, default=False
        Whether batch normalization, after each epoch, takes its statistics from training images under the weights as
        they then are. False leaves it the moving averages that Keras gathers while the weights change.
    """

    seed: int
    batch_size: int
    fresh_statistics: bool = False


@dataclass(frozen=True)
class TrainingState:
    """A run after some epochs: all that is needed to predict, or to continue as if it had never stopped.

    Attributes
    ----------
    epoch : int
        Number of epochs finished.
    arrays : tuple of ndarray
        Values of the variables of the model, then of the optimizer.
    history : dict of str to list of float
        A value for each epoch; ``"time"`` is what it took, in seconds, when it was computed.
    """

    epoch: int
    arrays: tuple
    history: dict = field(default_factory=dict)

    @property
    def nbytes(self):
        """Size of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)


class EpochHook:
    """What may happen around epochs; every method may be left as it is."""

    exposes_program = False  # whether a user's code gets hold of the model
    wants_own_program = False  # whether that may change more of it than variables
    keeps_snapshots = (
        False  # whether `snapshot` may be called after the next epoch has begun
    )

    def begin(self, program):
        """Before the first epoch, with the state loaded."""

    def begin_epoch(self, epoch):
        """Before an epoch; `epoch` counts from 0."""

    def end_epoch(self, epoch, logs, snapshot):
        """After an epoch.

        Parameters
        ----------
        epoch : int
            Counts from 0.
        logs : dict of str to float
            Loss and accuracy, with ``val_`` before them those of the validation data, and time in seconds.
            A hook may add to it.
        snapshot : callable
            Gives the :class:`TrainingState` after this epoch.

        Returns
        -------
        bool or None
            True to stop here.
        """

    def end(self):
        """After the last epoch, before the state is read for good."""

    def release(self):
        """When training is over, also by an exception."""


def train(program, data, plan, state, until, *, validation=None, hooks=()):
    """Continue a run.

    Parameters
    ----------
    program : skcnn._program.Program
    data : TrainingData
    plan : TrainingPlan
    state : TrainingState
        Where to start.
    until : int
        Number of epochs at which to stop, counted from the beginning of the run.
    validation : TrainingData, default=None
        Measured after each epoch; never trained on.
    hooks : sequence of EpochHook, default=()

    Returns
    -------
    TrainingState
        Bit for bit the same whether the run came here in one call or in several, if no hook interferes.

    Raises
    ------
    TrainingDiverged
        After an epoch whose weights are not finite. Hooks hear of the end, but not of that epoch.
    """
    program.load(state.arrays)
    history = {name: list(values) for name, values in state.history.items()}
    epoch, stop, diverged = state.epoch, False, False
    for hook in hooks:
        hook.begin(program)
    while epoch < until and not stop:
        for hook in hooks:
            hook.begin_epoch(epoch)
        logs = _measured_epoch(program, data, plan, epoch, validation)
        diverged = logs is None
        if diverged:
            break
        epoch += 1
        _record(history, logs, epoch)
        snapshot = _snapshot_of(program, epoch, history)
        for hook in hooks:
            stop |= bool(hook.end_epoch(epoch - 1, logs, snapshot))
            _record(history, logs, epoch)  # a callback may have added to the logs
        if any(hook.keeps_snapshots for hook in hooks):
            snapshot()  # reads the state now, and remembers it
    for hook in hooks:
        hook.end()
    exposed = any(hook.exposes_program for hook in hooks)
    # A callback may have set weights at the end; or no epoch left a snapshot.
    if exposed and plan.fresh_statistics and epoch > state.epoch:
        _take_statistics(program, data, plan)
    if exposed or diverged or epoch == state.epoch:
        snapshot = _snapshot_of(program, epoch, history)
    if diverged:
        mended = snapshot() if program.has_finite_weights() else None
        raise TrainingDiverged(epoch + 1, "weights", mended)
    return snapshot()


def _record(history, logs, epoch):
    """Bring a history up to date with the logs of its last epoch.

    NaN stands for what an epoch does not have: a run that goes on may have begun without
    validation data, or with other callbacks.
    """
    for name in dict.fromkeys([*history, *logs]):
        values = history.setdefault(name, [])
        values.extend([np.nan] * (epoch - len(values)))
        values[-1] = logs.get(name, np.nan)


def check_finite(program, data, epoch):
    """Refuse a network whose weights are not finite, or what it predicts for some training images.

    Weights can be finite, but so large that no prediction is.

    Parameters
    ----------
    program : skcnn._program.Program
        With the state loaded.
    data : TrainingData
    epoch : int
        Number of epochs finished, for the message.

    Raises
    ------
    TrainingDiverged
    """
    if not program.has_finite_weights():
        raise TrainingDiverged(epoch, "weights")
    some = np.arange(min(len(data), program.predict_batch))
    images, _, _ = _gather(data, some)
    if not np.isfinite(program.predict(images)).all():
        raise TrainingDiverged(epoch, "predictions")


def _measured_epoch(program, data, plan, epoch, validation):
    """Train for an epoch and measure; None if weights are no numbers after it."""
    started = time.perf_counter()
    logs = _run_epoch(program, data, plan, epoch)
    if not program.has_finite_weights():
        return None
    if validation is not None:
        measured = _evaluate(program, validation, plan)
        logs |= {f"val_{name}": value for name, value in measured.items()}
    return logs | {"time": time.perf_counter() - started}


def _run_epoch(program, data, plan, epoch):
    program.begin_epoch(plan.seed, epoch)
    order = epoch_order(plan.seed, epoch, len(data))
    logs = {}
    for chunk in chunks(order, data.images, plan.batch_size):
        logs = program.train(*_gather(data, chunk), plan.batch_size)
    if plan.fresh_statistics:
        _take_statistics(program, data, plan)
    return logs


def _take_statistics(program, data, plan):
    """Training never reads these statistics, so the weights are those of a run without this.

    The images are the same after each epoch: what an epoch leaves is a function of its weights alone.
    """
    order = fixed_order(plan.seed, "statistics", len(data))[:STATISTICS_SAMPLES]
    n_before = 0
    for chunk in chunks(order, data.images, plan.batch_size):
        images, _, _ = _gather(data, chunk)
        program.average_statistics(images, n_before, plan.batch_size)
        n_before += len(chunk)


def _evaluate(program, data, plan):
    program.reset_metrics()
    logs = {}
    for chunk in chunks(np.arange(len(data)), data.images, plan.batch_size):
        logs = program.evaluate(*_gather(data, chunk), plan.batch_size)
    return logs


def predict(program, images):
    """Class probabilities, a chunk at a time.

    Parameters
    ----------
    program : skcnn._program.Program
        With the state loaded.
    images : ndarray of shape (n, height, width, channels), any real dtype

    Returns
    -------
    ndarray of shape (n, n_classes), float32
    """
    parts = [
        program.predict(device_array(images[chunk[0] : chunk[-1] + 1]))
        for chunk in chunks(np.arange(len(images)), images, program.predict_batch)
    ]
    return np.concatenate(parts)


def chunks(order, images, batch_size):
    """Cut an order of samples into chunks of whole batches.

    Parameters
    ----------
    order : ndarray of shape (n,), int64
    images : ndarray of shape (n, height, width, channels)
        Tells how large a sample is.
    batch_size : int

    Yields
    ------
    ndarray of shape (m,), int64
        `m` is a multiple of `batch_size`, but for the last chunk.
    """
    sample_bytes = int(np.prod(images.shape[1:])) * (
        1 if images.dtype == np.uint8 else 4
    )
    samples = min(CHUNK_BYTES // sample_bytes, CHUNK_SAMPLES)
    step = max(1, samples // batch_size) * batch_size
    for start in range(0, len(order), step):
        yield order[start : start + step]


def device_array(images):
    """Images in a type that programs take: uint8 as they are, anything else as float32."""
    return np.ascontiguousarray(
        images, dtype=np.uint8 if images.dtype == np.uint8 else np.float32
    )


def _gather(data, chunk):
    weights = None if data.weights is None else data.weights[chunk]
    rows = chunk if data.rows is None else data.rows[chunk]
    return device_array(data.images[rows]), data.labels[chunk], weights


def _snapshot_of(program, epoch, history):
    @functools.cache  # several hooks may ask
    def snapshot():
        return TrainingState(
            epoch,
            program.read(),
            {name: list(values) for name, values in history.items()},
        )

    return snapshot
