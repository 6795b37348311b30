"""Fitting: check the request, find the start, reach the state, remember it.

Each step takes what the step before has made, and nothing is changed on the estimator
until all is checked. An estimator is asked for its parameters and its earlier fit, and
told of the new one; the engine below knows nothing of it.
"""

from dataclasses import dataclass
from functools import partial
from math import inf

import numpy as np

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._callbacks import (
    FitTask,
    KerasCallbacks,
    PrintEpochs,
    SklearnCallbacks,
    check_against_run,
    keras_callbacks,
)
from skcnn._checks import as_float, check_integer, is_number, shown
from skcnn._compat import validate_parameter_constraints
from skcnn._copies import check_copies
from skcnn._divergence import (
    TrainingDiverged,
    remedy,
    warn_of_divergence,
    warn_of_losses,
)
from skcnn._early_stopping import EarlyStopping, split_off_validation
from skcnn._fitted import Fitted
from skcnn._images import (
    KnownImages,
    check_training_data,
    check_validation_data,
)
from skcnn._known_settings import known_settings
from skcnn._parameters import all_parameters
from skcnn._process import check_floatx, check_process
from skcnn._routing import routed
from skcnn._run import Run
from skcnn._samples import Samples
from skcnn._seeds import run_seed
from skcnn._settings import TrainingFacts
from skcnn._sharing import how_to_go_on, not_kept, why_not_shared
from skcnn._sizes import check_memory
from skcnn._state_folder import StateFolder, open_folder
from skcnn._states import TrainingState
from skcnn._training import TrainingPlan
from skcnn._trajectory import Trajectory, follow
from skcnn._warnings import warn_once


def fit_classifier(estimator, given, epochs, *, goes_on=False):
    """Train a classifier, from the start or from where it is.

    Parameters
    ----------
    estimator : ConvPoolClassifier
        It is left as it was if anything is refused.
    given : skcnn._images.GivenData
    epochs : int
        How many to train; 0 only makes the network.
    goes_on : bool, default=False
        Whether a fitted estimator is trained further. One that is not fitted starts
        anew, but nobody knows how many epochs there will be in all.

    Raises
    ------
    TypeError, ValueError
        Before any training, if something is not usable.
    ValueError
        If training diverges.
    """
    request = _check_request(estimator, given, epochs, goes_on)
    start = _find_start(request)
    if request.origin is None:
        # An interrupted new fit leaves an estimator that is not fitted, rather than one
        # half changed.
        Fitted.remove_from(estimator)
    task = FitTask(estimator, given, epochs)
    task.begin()
    state = _reach(request, start, _hooks(request, start, task))
    _fitted_by(request, state, start.stopper).put_on(estimator)
    warn_of_losses(state.history)
    task.end()


# --------------------------------------------------------------------------------------
# Check the request


@dataclass(frozen=True)
class _Request:
    """A fit that may be done: everything that is known before training.

    Attributes
    ----------
    params : dict
        All parameters of the classifier.
    epochs : int
        How many to train.
    run : Run
    classes : ndarray of shape (n_classes,)
        The labels, sorted.
    known : KnownImages
    callbacks : list of keras.callbacks.Callback
    folder : StateFolder or None
        Where states persist.
    origin : Fitted or None
        The fit that goes on; None for a new one.
    """

    params: dict
    epochs: int
    run: Run
    classes: np.ndarray
    known: KnownImages
    callbacks: list
    folder: StateFolder | None
    origin: Fitted | None


def _check_request(estimator, given, epochs, goes_on):
    # Where TensorFlow would hang, nothing that asks it must come first.
    check_process()
    check_floatx()
    params = all_parameters(estimator)
    # First what is quick, because the data may take long to check.
    folder = open_folder(params["memory"])
    callbacks = keras_callbacks(routed(params, "callbacks"))
    check_constraints(estimator)
    # What clone or pickle would refuse is told now, and not after an hour of training.
    check_copies(params)
    origin = Fitted.of(estimator) if goes_on and Fitted.is_on(estimator) else None
    data = check_data(type(estimator).__name__, params, given, origin)
    run = described_run(params, given, data, origin, goes_on)
    check_memory(run.architecture)
    follows_schedule = run.settings.learning_rate is None
    check_against_run(callbacks, run.validation is not None, follows_schedule)
    if origin is not None:
        _check_same_network(run, origin, params)
    return _Request(
        params=params,
        epochs=epochs,
        run=run,
        classes=data.classes,
        known=data.known,
        callbacks=callbacks,
        folder=folder,
        origin=origin,
    )


def check_constraints(estimator):
    """Check parameters against the table of the class, by scikit-learn's rules."""
    constraints = estimator._parameter_constraints
    values = {name: getattr(estimator, name) for name in constraints}
    name = type(estimator).__name__
    _check_times(values)
    validate_parameter_constraints(constraints, values, caller_name=name)
    # To scikit-learn's table True is 1, and no number is too large.
    for fraction in ("tol", "validation_fraction"):
        if not is_number(values[fraction]):
            raise TypeError(
                f"{fraction} must be a number; got {shown(values[fraction])}."
            )
    for count in ("epochs", "batch_size", "n_iter_no_change"):
        check_integer(count, values[count], 1)
    if as_float(values["tol"]) == inf:
        raise ValueError(
            f"tol must be a finite number of at least 0; got {shown(values['tol'])}."
        )


def _check_times(values):
    # To scikit-learn's table spans of time are numbers, which it then cannot compare.
    for name, value in values.items():
        if isinstance(value, np.timedelta64):
            raise TypeError(f"{name} must be a number; got {shown(value)}.")


def check_data(owner, params, given, origin=None):
    """Check what is given to a fit, as its parameters want it."""
    return check_training_data(
        given,
        owner=owner,
        image_shape=params["image_shape"],
        class_weight=params["class_weight"],
        known=None if origin is None else origin.known_images(owner),
        known_classes=None if origin is None else origin.classes_,
    )


def described_run(params, given, data, origin=None, goes_on=False):
    """The run that parameters and data describe."""
    design = {name: params[name] for name in ARCHITECTURE_PARAMETERS}
    architecture = Architecture.from_parameters(
        data.known.image_shape, len(data.classes), **design, scale=data.known.scale
    )
    samples = Samples(data.images, data.labels, data.weights)
    validation = _described_validation(given, data)
    plan = _described_plan(params, architecture, origin)
    if params["early_stopping"] and validation is None:
        samples, validation = split_off_validation(
            samples, params["validation_fraction"], plan.seed, data.classes
        )
    # A fit that goes on cannot know how many epochs there will be in all.
    n_steps = None
    if not goes_on:
        n_steps = params["epochs"] * plan.steps_per_epoch(len(samples))
    settings = _described_settings(params, data, n_steps)
    return Run(architecture, settings, plan, samples, validation)


def _described_validation(given, data):
    if given.validation_data is None:
        return None
    images, labels = check_validation_data(
        given.validation_data, data.classes, data.known
    )
    return Samples(images, labels)


def _described_plan(params, architecture, origin):
    # The seed of the first fit: going on continues its order of samples and dropout.
    seed = run_seed(params["random_state"]) if origin is None else origin.plan.seed
    # Only batch normalization has what training does not change by gradient.
    has_statistics = architecture.n_non_trainable > 0
    is_fresh = params["batch_norm_statistics"] == "fresh"
    return TrainingPlan(
        seed=seed,
        batch_size=int(params["batch_size"]),
        fresh_statistics=has_statistics and is_fresh,
    )


def _described_settings(params, data, n_steps):
    training = TrainingFacts(
        images=data.images,
        n_classes=len(data.classes),
        has_weights=data.weights is not None,
        n_steps=n_steps,
    )
    return known_settings(
        routed(params, "optimizer"),
        routed(params, "loss"),
        routed(params, "learning_rate_schedule"),
        params["augmentation"],
        training,
    )


def _check_same_network(run, origin, params):
    """Refuse to go on with another network than the one that was fitted."""
    if run.architecture != origin.architecture_:
        raise ValueError(
            "warm_start and partial_fit go on with the network that there is, but "
            "parameters of the architecture have changed since; restore them, or use "
            f"fit with warm_start=False.\nFitted:\n{origin.architecture_}\n"
            f"Now:\n{run.architecture}"
        )
    if run.settings.program_key != origin.settings.program_key:
        raise ValueError(
            "warm_start and partial_fit go on with the optimizer, loss and "
            "augmentation that there are, of which only the learning rate may change; "
            f"got optimizer={params['optimizer']!r}, loss={params['loss']!r}, "
            f"augmentation={params['augmentation']!r} with other settings."
        )


# --------------------------------------------------------------------------------------
# Find the start


@dataclass(frozen=True)
class _Start:
    """Where a fit starts, and where it is to end.

    Attributes
    ----------
    run : Run
        Watched, if it is shared.
    state : TrainingState or None
        To go on from; None for a new fit.
    until : int
        Number of epochs finished at which to end.
    stopper : EarlyStopping or None
    trajectory : Trajectory or None
        What is known of the run; None if it is not shared.
    why_not_shared : str or None
    """

    run: Run
    state: TrainingState | None
    until: int
    stopper: EarlyStopping | None
    trajectory: Trajectory | None
    why_not_shared: str | None


def _find_start(request):
    run = request.run
    trajectory = None
    state = _state_to_go_on_from(request)
    stopper = _stopper(request)
    until = 0 if state is None else state.epoch
    # A fit that has stopped early stays where it is when it is told to go on.
    if stopper is None or not stopper.has_stopped:
        until += request.epochs
    reason = _reason_not_to_share(request)
    if reason is None:
        # Watched, because what the key describes must be what is trained on.
        run = run.watched()
        trajectory = Trajectory(run.key(), request.folder)
    return _Start(
        run=run,
        state=state,
        until=until,
        stopper=stopper,
        trajectory=trajectory,
        why_not_shared=reason,
    )


def _reason_not_to_share(request):
    """Why nothing is shared, or None. It is told to those who want states kept."""
    reason = why_not_shared(
        request.params["random_state"],
        request.run.settings,
        request.callbacks,
        goes_on=request.origin is not None,
    )
    if reason and request.folder is not None and request.epochs:
        warn_once(not_kept(request.params["memory"], reason))
    return reason


def _state_to_go_on_from(request):
    origin, run = request.origin, request.run
    if origin is None:
        return None
    if run.settings.learning_rate == origin.settings.learning_rate:
        return origin.state  # as it is: callbacks may have set another rate in it
    return run.adopt(origin.state)


def _stopper(request):
    """What stops early, with the count of the fit that goes on, if that had one."""
    params, origin = request.params, request.origin
    if not params["early_stopping"] or not request.epochs:
        return None
    stopper = EarlyStopping(params["n_iter_no_change"], params["tol"])
    if origin is not None and origin.best_state is not None:
        stopper.recall(origin.state.history, origin.best_state)
    return stopper


# --------------------------------------------------------------------------------------
# Reach the state


def _hooks(request, start, task):
    """Everybody who wants to hear of epochs."""
    run, verbose = start.run, request.params["verbose"]
    hooks = []
    if request.callbacks:  # first, since they may add to what the others are told
        steps = run.plan.steps_per_epoch(len(run.data))
        told = {"epochs": start.until, "steps": steps, "verbose": verbose}
        hooks.append(KerasCallbacks(request.callbacks, told))
    if task.is_heard:
        hooks.append(SklearnCallbacks(task, partial(_attributes_after, request)))
    if verbose:
        hooks.append(PrintEpochs(start.until))
    if start.stopper is not None:
        hooks.append(start.stopper)  # last, as it decides on what all have seen
    return hooks


def _attributes_after(request, state):
    """Attributes of an estimator whose fit would end with a state."""
    return _fitted_by(request, state).attributes()


def _reach(request, start, hooks):
    """The state at the end, checked; or a remedy, or how to go on."""
    try:
        state = _trained(request, start, hooks)
        if request.epochs:  # initial weights are finite
            predicting = start.stopper.best_state() if start.stopper else state
            _check_finite(start, predicting)
        return state
    except TrainingDiverged as error:
        raise ValueError(f"{error} {_remedy(request)}") from None
    except KeyboardInterrupt as interrupt:
        note = how_to_go_on(
            start.trajectory, start.until, start.state, start.why_not_shared
        )
        interrupt.add_note(note)
        raise


def _check_finite(start, state):
    """Refuse a state that cannot predict; one that is known to is not asked again."""
    trajectory = start.trajectory
    if trajectory is not None and trajectory.is_checked(state):
        return
    start.run.check_finite(state)
    if trajectory is not None:
        trajectory.keep_checked(state)


def _trained(request, start, hooks):
    """The state after all epochs, or after fewer if training diverges.

    Fewer are of use with early stopping, whose best epoch came before.
    """
    run = start.run
    try:
        if start.trajectory is not None:
            return follow(run, start.trajectory, start.until, hooks)
        return run.train(start.state or run.initial_state(), start.until, hooks)
    except TrainingDiverged as error:
        state = start.stopper.last_state() if start.stopper else error.mended
        if state is None:
            raise
        warn_of_divergence(error, _remedy(request))
        return state


def _remedy(request):
    return remedy(request.params["optimizer"], request.run.settings)


# --------------------------------------------------------------------------------------
# Remember it


def _fitted_by(request, state, stopper=None):
    """What a fit leaves that has come to a state."""
    run, features = request.run, request.known.features
    return Fitted(
        classes_=request.classes,
        n_features_in_=features.n_features_in_,
        feature_names_in_=features.feature_names_in_,
        image_shape_=run.architecture.image_shape,
        pixel_range_=request.known.pixel_range,
        n_iter_=state.epoch,
        best_iter_=None if stopper is None else stopper.best_epoch,
        history_={name: list(values) for name, values in state.history.items()},
        architecture_=run.architecture,
        n_params_=run.architecture.n_params,
        callbacks_=request.callbacks,
        _settings=run.settings,
        _plan=run.plan,
        _state=state,
        _best_state=None if stopper is None else stopper.best_state(),
    )
