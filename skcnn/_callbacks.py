"""Whoever wants to hear of epochs, as hooks of the training loop.

They are Keras' callbacks, scikit-learn's callbacks, and the terminal.
"""

import threading
from numbers import Real

import numpy as np

from skcnn._backend import keras, tf
from skcnn._checks import shown
from skcnn._compat import callback_context, has_callbacks, unflatten_params
from skcnn._hooks import EpochHook
from skcnn._routing import named_arguments
from skcnn._warnings import warn_once

# --------------------------------------------------------------------------------------
# Keras' callbacks: from the parameter to objects that are fit to be called


def keras_callbacks(asked):
    """The Keras callbacks of one fit.

    Parameters
    ----------
    asked : skcnn._routing.Routed
        The parameter `callbacks` (an instance, a class, or a list or dict of them),
        with its arguments.

    Returns
    -------
    list of keras.callbacks.Callback
        Instances are those that were given; of a class there is a new one.

    Raises
    ------
    TypeError
        For anything but callbacks.
    ValueError
        For a callback that wants to be called at each batch.
    RuntimeError
        For one that is at work in another fit.
    """
    if asked.value is None:
        if asked.arguments:
            raise ValueError(
                f"{asked.first_argument()} needs callbacks to be a class, which it is "
                "passed to; got None."
            )
        return []
    made = _made(asked)
    for callback in made:
        _check_callback(callback)
        _check_idle(callback)
    return made


def _made(asked):
    try:
        made = unflatten_params(items=asked.value, params=asked.arguments)
    except Exception as error:  # a user's constructor may raise anything
        given = named_arguments("callbacks", asked.arguments)
        raise ValueError(f"callbacks={shown(asked.value)}{given}: {error}") from error
    if isinstance(made, dict):
        return list(made.values())
    return list(made) if isinstance(made, (list, tuple)) else [made]


def check_against_run(callbacks, has_validation, has_schedule):
    """Refuse Keras' callbacks that have nothing to do in this run, or would fail in it.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    has_validation : bool
    has_schedule : bool
        Whether the learning rate follows a schedule.

    Raises
    ------
    ValueError
        Naming what there is, and the remedy.
    """
    # A user's callback may add what another one watches, so nothing is sure then.
    adds_logs = any(map(_is_users, callbacks))
    for callback in callbacks:
        name = type(callback).__name__
        if has_schedule and isinstance(callback, _SET_THE_RATE):
            raise ValueError(
                f"callbacks: {name} sets the learning rate, but that follows a "
                "schedule. Leave one of them out."
            )
        message = _misses_what_it_watches(callback, has_validation)
        if message and not adds_logs:
            raise ValueError(f"callbacks: {name} {message}")
        if message and callback.monitor in _VALIDATION_LOGS:
            warn_once(
                f"callbacks: {name} {message} Or let a callback before it add it to "
                "the logs."
            )


_SET_THE_RATE = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)
_LOGS = ["loss", "accuracy", "time", "learning_rate"]
_VALIDATION_LOGS = ["val_loss", "val_accuracy"]


def _is_users(callback):
    own = type(callback).__module__.partition(".")[0] == "keras"
    return not own or isinstance(callback, keras.callbacks.LambdaCallback)


def _misses_what_it_watches(callback, has_validation):
    """What is wrong with what one of Keras' callbacks watches; empty if nothing is."""
    watched = getattr(callback, "monitor", None)
    known = _LOGS + (_VALIDATION_LOGS if has_validation else [])
    unused = getattr(callback, "save_best_only", True) is False
    if watched is None or watched in known or unused or _is_users(callback):
        return ""
    remedy = f"It may be one of {known}."
    if watched.startswith("val_") and not has_validation:
        remedy = (
            "Give fit validation_data=(X, y); or take early_stopping=True, which sets "
            "a part of X aside; or let it watch 'loss' or 'accuracy'."
        )
    return f"watches {watched!r}, which there is not. {remedy}"


# Their code changes nothing but variables, and a program takes on the values of others.
_HARMLESS = (
    keras.callbacks.CSVLogger,
    keras.callbacks.EarlyStopping,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.TerminateOnNaN,
)


def may_alter_model(callback):
    """Whether a callback may change more of the model than its variables.

    A user's code may: it gets hold of the model.

    Parameters
    ----------
    callback : keras.callbacks.Callback

    Returns
    -------
    bool
    """
    return type(callback) not in _HARMLESS


# Batches run inside a compiled graph, where no Python is called.
_TIMES = (
    "batch_begin",
    "batch_end",
    "train_batch_begin",
    "train_batch_end",
    "test_batch_begin",
    "test_batch_end",
)
_HOOKS_NOT_CALLED = tuple(f"on_{time}" for time in (*_TIMES, "test_begin", "test_end"))

_INSTEAD = {
    "BackupAndRestore": "memory='a folder' keeps every epoch, and a fit goes on from "
    "it.",
    "OrbaxCheckpoint": "keras.callbacks.ModelCheckpoint writes epochs to files, and "
    "memory='a folder' keeps every epoch.",
    "ProgbarLogger": "verbose=1 prints a line for each epoch.",
    "SwapEMAWeights": "optimizer__use_ema=True with "
    "optimizer__ema_overwrite_frequency=100 trains on averaged weights.",
    "TensorBoard": "keras.callbacks.CSVLogger writes the curves to a file, history_ "
    "has them, and a callback of your own with on_epoch_end may call "
    "tf.summary.scalar.",
}


# Looks at the loss after each batch. That of an epoch is not finite if one of its
# batches has such a loss, so it is shown that.
_ONCE_AN_EPOCH = keras.callbacks.TerminateOnNaN


def _check_callback(callback):
    if not isinstance(callback, keras.callbacks.Callback):
        raise TypeError(
            "callbacks must be Keras callbacks or classes of them, or a list or dict "
            f"of them; got {shown(callback)}."
        )
    if type(callback) is _ONCE_AN_EPOCH:
        return
    per_epoch = getattr(callback, "save_freq", None) == "epoch"
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and per_epoch:
        return  # its batch hook does nothing then
    for hook in _HOOKS_NOT_CALLED:
        method = getattr(callback, hook)
        function = getattr(method, "__func__", method)
        if function is not getattr(keras.callbacks.Callback, hook):
            raise ValueError(_refusal(callback, hook))


def _refusal(callback, hook):
    names = [cls.__name__ for cls in type(callback).__mro__]
    instead = next((_INSTEAD[name] for name in names if name in _INSTEAD), None)
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        instead = "Give it save_freq='epoch'."
    return (
        f"callbacks: {type(callback).__name__} overrides {hook!r}, but batches run "
        "inside a compiled graph. Only the hooks of epochs and of the whole training "
        "are called: on_train_begin, on_epoch_begin, on_epoch_end, on_train_end. "
        + (instead or "Do its work in on_epoch_end.")
    )


# id -> callback, of those in a fit that is running.
_at_work = {}
_at_work_guard = threading.Lock()


def _check_idle(callback):
    if id(callback) in _at_work:
        name = type(callback).__name__
        raise RuntimeError(
            f"callbacks: this {name} is at work in another fit. Give the class, of "
            f"which each fit makes its own (callbacks={name}), or fit a clone of the "
            "classifier."
        )


# --------------------------------------------------------------------------------------
# Hooks


class KerasCallbacks(EpochHook):
    """Calls the epoch hooks of Keras callbacks, with the live model.

    What they add to the logs is recorded; what was measured stays as it is. Keras
    numbers epochs from 0, so an epoch's number is how many were finished before it.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    params : dict
        What callbacks find in their `params`: epochs, steps, verbose.
    """

    exposes_model = True

    def __init__(self, callbacks, params):
        self.callbacks = callbacks
        self.params = params
        self.may_alter_model = any(map(may_alter_model, callbacks))
        self._begun = []
        self._ignored = set()

    def begin_training(self, model):
        self.model = model
        self.model.stop_training = False
        self.logs = {}
        for callback in self.callbacks:
            self._occupy(callback)
            callback.set_model(self.model)
            callback.set_params(dict(self.params))
        self._call("on_train_begin", {})

    def begin_epoch(self, n_finished):
        self._call("on_epoch_begin", n_finished, {})

    def end_epoch(self, n_finished, logs, get_state):
        self.logs = dict(logs)
        for callback in self.callbacks:
            if type(callback) is _ONCE_AN_EPOCH:
                callback.on_batch_end(self.params["steps"] - 1, self.logs)
        self._call("on_epoch_end", n_finished - 1, self.logs)
        # A copy was handed out, so that what was measured cannot be changed.
        added = {name: self.logs[name] for name in self.logs if name not in logs}
        logs.update(self._numbers(added))
        return self.model.stop_training

    def end_training(self):
        self._call("on_train_end", self.logs)

    def release(self):
        """Let go of the model, which is not the callbacks' once the fit is over."""
        self.model = None
        # Only those that have begun: an exception may have come in between.
        for callback in self._begun:
            # Not its own set_model, which may look at the model.
            keras.callbacks.Callback.set_model(callback, None)
            _close_file(callback)
            with _at_work_guard:
                _at_work.pop(id(callback), None)
        self._begun = []

    def _occupy(self, callback):
        if any(callback is begun for begun in self._begun):
            return  # given twice
        with _at_work_guard:
            _check_idle(callback)
            _at_work[id(callback)] = callback
        self._begun.append(callback)

    def _call(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def _numbers(self, added):
        numbers = {name: _as_number(value) for name, value in added.items()}
        ignored = {name for name, value in numbers.items() if value is None}
        if ignored - self._ignored:
            self._ignored |= ignored
            warn_once(
                "callbacks: history_ takes numbers alone; not recorded are the values "
                f"of {sorted(map(str, ignored))}."
            )
        return {name: numbers[name] for name in numbers if name not in ignored}


def _as_number(value):
    """A float; None for what is not a single real number."""
    if isinstance(value, (tf.Tensor, tf.Variable, keras.Variable)):
        value = np.asarray(value)
    # What Keras metrics give, and many a user's computation.
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    return float(value) if isinstance(value, (Real, np.bool_)) else None


def _close_file(callback):
    """A CSVLogger keeps its file, which can neither be copied nor pickled."""
    if isinstance(callback, keras.callbacks.CSVLogger) and callback.csv_file:
        callback.csv_file.close()
        callback.csv_file = callback.writer = None


class FitTask:
    """A fit as a task of scikit-learn 1.9, which its callbacks hear of.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    given : skcnn._images.GivenData
    epochs : int
        How many tasks the fit will have.

    Attributes
    ----------
    is_heard : bool
        Whether there are callbacks.
    """

    def __init__(self, estimator, given, epochs):
        weights = given.sample_weight
        self.is_heard = has_callbacks(estimator)
        self._context = callback_context(estimator, epochs)
        self._told = {
            "estimator": estimator,
            "X": given.X,
            "y": given.y,
            "metadata": None if weights is None else {"sample_weight": weights},
        }

    def begin(self):
        """Tell that the fit begins."""
        self._context.call_on_fit_task_begin(**self._told)

    def end(self):
        """Tell that the fit has ended; the estimator is fitted by now."""
        self._context.call_on_fit_task_end(**self._told, reconstruction_attributes=dict)

    def begin_epoch(self, is_trained):
        """Tell that an epoch begins.

        Parameters
        ----------
        is_trained : bool
            Whether it is computed now; for :class:`skcnn.SearchProgress`.

        Returns
        -------
        sklearn.callback.CallbackContext
            Of the epoch.
        """
        context = self._context.subcontext(task_name="epoch")
        context.is_trained = is_trained
        context.call_on_fit_task_begin(**self._told)
        return context

    def end_epoch(self, context, attributes):
        """Tell that an epoch has ended.

        Parameters
        ----------
        context : sklearn.callback.CallbackContext
            From :meth:`begin_epoch`.
        attributes : callable
            Gives those of an estimator fitted so far, for callbacks that want one.

        Returns
        -------
        bool
            Whether a callback asks to stop.
        """
        return context.call_on_fit_task_end(
            **self._told, reconstruction_attributes=attributes
        )


class SklearnCallbacks(EpochHook):
    """Makes each epoch a task within the task of the fit.

    Parameters
    ----------
    task : FitTask
    attributes_of : callable
        From a TrainingState to the attributes of an estimator fitted so far.
    """

    def __init__(self, task, attributes_of):
        self.task = task
        self.attributes_of = attributes_of
        self._is_training = False  # replayed epochs come first

    def begin_training(self, model):
        self._is_training = True

    def begin_epoch(self, n_finished):
        self._context = self.task.begin_epoch(is_trained=self._is_training)

    def end_epoch(self, n_finished, logs, get_state):
        def attributes():
            return self.attributes_of(get_state())

        return self.task.end_epoch(self._context, attributes)


class PrintEpochs(EpochHook):
    """One line for each epoch.

    Parameters
    ----------
    epochs : int
        How many there will be.
    """

    def __init__(self, epochs):
        self.epochs = epochs

    def end_epoch(self, n_finished, logs, get_state):
        values = []
        for name, value in logs.items():
            if name != "time":
                values.append(f"{name} {_shown(value)}")
        line = f"epoch {n_finished}/{self.epochs}  {'  '.join(values)}"
        print(f"{line}  {logs['time']:.1f} s", flush=True)


def _shown(value):
    is_small = 0 < abs(value) < 1e-3  # a learning rate, for one
    return f"{value:.1e}" if is_small else f"{value:.4f}"
