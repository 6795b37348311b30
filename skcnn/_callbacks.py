"""Whoever wants to hear of epochs, as hooks of the training loop: Keras' and scikit-learn's callbacks, the terminal."""

from skcnn._training import EpochHook


class KerasCallbacks(EpochHook):
    """Calls the epoch hooks of Keras callbacks, with the live model.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    params : dict
        What callbacks find in their `params`: epochs, steps, verbose.
    """

    exposes_program = True

    def __init__(self, callbacks, params):
        self.callbacks = callbacks
        self.params = params

    def begin(self, program):
        self.model = program.network.model
        self.model.stop_training = False
        self.logs = {}
        for callback in self.callbacks:
            callback.set_model(self.model)
            callback.set_params(self.params)
        self._call("on_train_begin", {})

    def begin_epoch(self, epoch):
        self._call("on_epoch_begin", epoch, {})

    def end_epoch(self, epoch, logs, snapshot):
        self.logs = logs
        self._call("on_epoch_end", epoch, logs)
        return self.model.stop_training

    def end(self):
        self._call("on_train_end", self.logs)

    def _call(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(*args)


class SklearnCallbacks(EpochHook):
    """Makes each epoch a task of the fit, for the callbacks of scikit-learn 1.9.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    task : dict
        What callbacks are told of each task: estimator, X, y and metadata, as given to fit.
    fitted_attributes : callable
        From a TrainingState to the attributes of an estimator fitted so far.
    """

    def __init__(self, context, task, fitted_attributes):
        self.context = context
        self.fitted_attributes = fitted_attributes
        self.task = task
        self.trains = False

    def begin(self, program):
        self.trains = True  # epochs that were known are told of before

    def begin_epoch(self, epoch):
        self.epoch_context = self.context.subcontext(task_name="epoch")
        self.epoch_context.is_trained = self.trains  # for skcnn.SearchProgress
        self.epoch_context.call_on_fit_task_begin(**self.task)

    def end_epoch(self, epoch, logs, snapshot):
        return self.epoch_context.call_on_fit_task_end(
            **self.task,
            reconstruction_attributes=lambda: self.fitted_attributes(snapshot()),
        )


class PrintEpochs(EpochHook):
    """One line for each epoch.

    Parameters
    ----------
    epochs : int
        How many there will be.
    """

    def __init__(self, epochs):
        self.epochs = epochs

    def end_epoch(self, epoch, logs, snapshot):
        values = "  ".join(
            f"{name} {value:.4f}" for name, value in logs.items() if name != "time"
        )
        print(
            f"epoch {epoch + 1}/{self.epochs}  {values}  {logs['time']:.1f} s",
            flush=True,
        )
