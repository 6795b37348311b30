"""ConvPoolClassifier: parameters, validation, fit and predict."""

import copy
import inspect
import os
import warnings
from functools import partial
from numbers import Integral, Real

import numpy as np
from joblib import Memory
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._callbacks import (
    KerasCallbacks,
    PrintEpochs,
    SklearnCallbacks,
    check_against_run,
    keras_callbacks,
)
from skcnn._compat import (
    BaseWrapper,
    Interval,
    StrOptions,
    isolated,
    signature_parameters,
    unbuilt_models_copied,
    validate_parameter_constraints,
)
from skcnn._divergence import (
    TrainingDiverged,
    check_probabilities,
    remedy,
    warn_of_divergence,
    warn_of_losses,
)
from skcnn._early_stopping import EarlyStopping, split_off_validation
from skcnn._first_score import TellsFirstScore
from skcnn._habits import ExplainsMethods, explain_arguments
from skcnn._images import (
    check_images,
    check_scoring_data,
    check_training_data,
    check_validation_data,
)
from skcnn._parameters import ParametersMixin, all_parameters, is_routed
from skcnn._process import check_floatx, check_process
from skcnn._program import POOL, compiled_network, state_variables
from skcnn._seeds import run_seed
from skcnn._settings import check_copies, compile_settings
from skcnn._sharing import how_to_go_on, not_kept, why_not_shared
from skcnn._state_folder import for_other_processes, open_folder
from skcnn._training import TrainingData, TrainingPlan, predict
from skcnn._trajectory import Run, Trajectory, follow
from skcnn._units import pixel_scale
from skcnn._warnings import warn_once

_FEATURES = (
    "n_features_in_",
    "feature_names_in_",
)  # what scikit-learn's validation sets
_FITTED = (
    "classes_",
    "image_shape_",
    "n_iter_",
    "best_iter_",
    "history_",
    "architecture_",
    "n_params_",
    "callbacks_",
)
_FITTED += ("pixel_range_", "_settings", "_plan", "_state", "_best_state")


def _does_not_stop_early(classifier):
    """Whether there is `partial_fit`: scikit-learn's tools look for it before they call it."""
    if getattr(classifier, "early_stopping", False):
        raise AttributeError(
            "partial_fit sets nothing aside to stop early by; got early_stopping=True."
        )
    return True


class ConvPoolClassifier(
    ParametersMixin,
    ExplainsMethods,
    CallbackSupportMixin,
    TellsFirstScore,
    BaseWrapper,
):
    """Image classifier: a convolution-pooling network whose architecture is made of hyper-parameters.

    The network is a stack of blocks (convolutions, pooling, dropout), then dense layers, then one softmax output for
    each class. Each of its properties is a parameter, so ``GridSearchCV(ConvPoolClassifier(), grid)`` is a study of
    network design.

    Parameters
    ----------
    conv_layers : sequence of ConvBlock, tuple or dict, default=((32, 5, 2, 2), (64, 3, 2, 2))
        The blocks. A tuple is (filters, kernel_size, pool_size, pool_stride) and on, in
        the order of :class:`~skcnn.ConvBlock`; a dict has its fields. Sizes are an
        integer for a square, or (height, width). An empty sequence gives a dense
        network.
    dense_layers : sequence of int, default=(50,)
        Units of each dense layer before the output.
    dropout : float in [0, 1), default=0.25
        Dropout rate at the end of each block that pools.
    dense_dropout : float in [0, 1), default=0.0
        Dropout rate after each dense layer.
    convs_per_block : int, default=2
        Number of convolutions in each block.
    n_branches : int, default=1
        Number of parallel copies of the stack of blocks, concatenated before the head.
    pooling : {"max", "avg"}, default="max"
        What pooling takes of its window.
    padding : {"same", "valid"}, default="same"
        Padding of the convolutions.
    activation : str, default="relu"
        Activation of convolutions and dense layers, by its Keras name.
    batch_norm : bool, default=False
        Whether to normalize the output of each convolution, after its activation.
    batch_norm_statistics : {"fresh", "moving"}, default="fresh"
        What batch normalization predicts with. ``"fresh"`` takes means and variances after each epoch from up to 1024
        training images, with the weights as they then are. ``"moving"`` is what Keras does: averages over the
        steps of training, which lag behind the weights and know little after fewer than some 500 steps; it suits
        `partial_fit` on small parts of a stream. Training itself is the same with both.
    max_norm : float, default=None
        Largest norm of the weights of a filter. None or 0 for no limit.
    dense_max_norm : float, default=None
        Largest norm of the weights of a unit in a dense layer. None or 0 for no limit.
    kernel_regularizer : float, default=None
        Factor of an L2 penalty on the kernels of all layers, which is added to the loss. None or 0 for none.
    head : {"flatten", "global_avg", "global_max"}, default="flatten"
        How the last maps become a vector.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) in pixels, for `X` given as a table. None makes a strip of a
        table: images of height 1, for a network that is one-dimensional, since along an input axis of size 1
        every square kernel and pooling window is 1.
    epochs : int, default=10
        Number of passes over the training data.
    batch_size : int, default=128
        Number of samples in each gradient step.
    optimizer : str, class or instance of keras.optimizers.Optimizer, default="adam"
        With ``optimizer__learning_rate=0.01`` and the like, its arguments are parameters too.
    loss : str, class or instance of keras.losses.Loss, or callable, default="sparse_categorical_crossentropy"
        A callable takes (y_true, y_pred) and gives one number for each sample. A loss
        whose name has "sparse" gets class codes; any other gets labels one-hot, or class
        codes if it works on those alone. Takes ``loss__*``. Give a class of your own
        rather than an instance, ``loss=Focal, loss__gamma=1.0``: `clone` makes
        instances again from what their `get_config` tells.
    learning_rate_schedule : {"one_cycle", "cosine", "inverse_time"}, default=None
        How the learning rate changes from step to step, r being the optimizer's own. ``"one_cycle"`` rises to r for
        the first 0.3 of all steps (``learning_rate_schedule__warmup``), from 0.04 r (``__start``), and falls to 0
        (``__end``, as a share of r) along half a wave of the cosine; ``"cosine"`` only falls (``__end``);
        ``"inverse_time"`` is r / (1 + d t) at step t, with d = 1e-4 (``__decay``). None for r all the time, unless
        ``optimizer__learning_rate`` is a Keras schedule. The first two depend on the number of steps in all, so
        fits with other `epochs` share nothing with them.
    augmentation : {"flip", "shift", "flip+shift"}, keras.Layer, keras.Sequential or list of them, default=None
        How training images are changed, anew each time. ``"flip"`` mirrors each left to right with
        probability 1/2; ``"shift"`` moves each by up to 1/16 of its sides, at least a pixel, and mirrors it at the
        border. Layers see pixels as they were given to fit, and must keep the images' shape.
        They are tried on a few images before training: one that mixes images, has
        weights or draws from a global generator is refused. Predicting and validating
        leave images alone.
    class_weight : dict or "balanced", default=None
        Weights of the classes, by label; multiplied by `sample_weight`.
    early_stopping : bool, default=False
        Whether to stop once the accuracy on validation data no longer rises, and to predict with the weights of the
        epoch that had the best one (of equals, the lowest loss). The validation data are those given to fit, or else
        a part of the training data, the same share of each class, that is then not trained on.
    validation_fraction : float in (0, 1), default=0.1
        The share of the training data set aside for early stopping.
    n_iter_no_change : int, default=5
        Number of epochs in a row without a rise after which to stop.
    tol : float, default=1e-4
        What counts as a rise: an accuracy of more than this above the best so far.
    callbacks : keras.callbacks.Callback, class or list or dict of them, default=None
        Called around epochs. The objects given are those used, as in Keras; of a class
        each fit makes its own. Takes ``callbacks__*``. When fit is over, their `model` is
        None. The callbacks of scikit-learn (progress bars among them) are set with
        `set_callbacks` instead.
    warm_start : bool, default=False
        Whether a further call of fit trains the network that there is for `epochs` more epochs, rather than a new
        one: ``fit`` with 5 epochs, then again, equals 10 epochs bit for bit. Architecture and optimizer must stay as
        they were; the learning rate may change.
    memory : str, path or joblib.Memory, default=None
        Folder in which the state after each epoch is kept: an equal fit, in any process, continues from there, also
        after a crash or Ctrl-C. It needs an integer `random_state`, and no Keras callbacks and no loss or optimizer
        of your own; otherwise a warning says why nothing is kept. A relative path is meant from the working
        directory at the time of fit; ``~`` is your home folder. Loading runs Python's unpickler, so use only a folder
        that nobody else can write to whom you would not let run programs as you. None keeps states in this process
        alone.
    random_state : int, RandomState instance or None, default=None
        An integer fixes initial weights, order of samples and dropout, and so every bit of the result on one machine.
        None takes fresh randomness from the operating system at each fit, whatever NumPy's global seed. Only fits
        with an integer share work and use `memory`: those that differ in nothing but `epochs` are prefixes of one
        run, computed once.
    verbose : int, default=0
        0 prints nothing; 1 prints a line for each epoch.
    **routed : object
        ``optimizer__*``, ``loss__*``, ``learning_rate_schedule__*`` and ``callbacks__*``, handed on as in scikeras.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of values in an image, height x width x channels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Only where `X` is a table with string column names.
    image_shape_ : tuple of three int
        (height, width, channels).
    n_iter_ : int
        Number of epochs trained.
    best_iter_ : int
        Only with early stopping: the epoch, counted from 1, whose weights predict.
    history_ : dict of str to list of float
        ``"loss"`` and ``"accuracy"`` of each epoch, averaged over its batches while it trains, with the weights of
        samples and classes; with validation data also ``"val_loss"`` and ``"val_accuracy"``, measured after it.
        ``"time"`` is the seconds that the epoch took when it was computed, which may have been in an earlier fit of
        the same run. What Keras callbacks add to their logs is there too, if it is a
        number; NaN for epochs without it.
    callbacks_ : list of keras.callbacks.Callback
        The Keras callbacks that were used. In a search they are copies: see
        ``best_estimator_.callbacks_``.
    pixel_range_ : tuple of two float
        The smallest and the largest value of the images that were trained on, as they
        were given. What comes later is compared with it.
    architecture_ : Architecture
        The network's plan; printing it shows every layer with its shape and number of parameters.
    n_params_ : int
        Number of parameters of the network, those that are not trained included.
    model_ : keras.Model
        The trained network, compiled, built anew from the weights each time it is asked for.

    See Also
    --------
    skcnn.ConvBlock : One block of the network.
    skcnn.presets : Published networks and grids.

    Notes
    -----
    Images of type uint8 are multiplied by 1/255 inside the network. So are images of
    another integer type whose values are from 0 to 255, the largest at least 32: they are
    bytes too. All else, also such a table without `image_shape`, is taken as it is. Give
    predict images in the units that fit saw; it refuses what is clearly in others, and
    warns of what is unusual.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", Proceedings of
       the IEEE 86, 1998.
    .. [2] Smith, Topin, "Super-convergence: very fast training of neural networks using large learning rates",
       2017, arXiv:1708.07120 (one cycle).
    .. [3] Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017 (cosine).
    .. [4] Prechelt, "Early stopping, but when?", Neural Networks: Tricks of the Trade, 1998.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skcnn import ConvPoolClassifier
    >>> digits = load_digits()
    >>> X_train, X_test, y_train, y_test = train_test_split(digits.images / 16, digits.target, random_state=0)
    >>> clf = ConvPoolClassifier(conv_layers=[(16, 3), (32, 3)], batch_size=32, random_state=0)
    >>> clf.fit(X_train, y_train).score(X_test, y_test) > 0.95
    True
    >>> clf.n_params_
    23328
    """

    _parameter_constraints = {
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "batch_norm_statistics": [StrOptions({"fresh", "moving"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "memory": [str, os.PathLike, Memory, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        conv_layers=((32, 5, 2, 2), (64, 3, 2, 2)),
        dense_layers=(50,),
        dropout=0.25,
        *,
        dense_dropout=0.0,
        convs_per_block=2,
        n_branches=1,
        pooling="max",
        padding="same",
        activation="relu",
        batch_norm=False,
        batch_norm_statistics="fresh",
        max_norm=None,
        dense_max_norm=None,
        kernel_regularizer=None,
        head="flatten",
        image_shape=None,
        epochs=10,
        batch_size=128,
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        learning_rate_schedule=None,
        augmentation=None,
        class_weight=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        tol=1e-4,
        callbacks=None,
        warm_start=False,
        memory=None,
        random_state=None,
        verbose=0,
        **routed,
    ):
        self.conv_layers = conv_layers
        self.dense_layers = dense_layers
        self.dropout = dropout
        self.dense_dropout = dense_dropout
        self.convs_per_block = convs_per_block
        self.n_branches = n_branches
        self.pooling = pooling
        self.padding = padding
        self.activation = activation
        self.batch_norm = batch_norm
        self.batch_norm_statistics = batch_norm_statistics
        self.max_norm = max_norm
        self.dense_max_norm = dense_max_norm
        self.kernel_regularizer = kernel_regularizer
        self.head = head
        self.image_shape = image_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.loss = loss
        self.learning_rate_schedule = learning_rate_schedule
        self.augmentation = augmentation
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose
        for name, value in routed.items():
            if not is_routed(name):
                raise TypeError(self._unknown_parameter(name))
            setattr(self, name, value)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    # -----------------------------------------------------------------------------------------------------------
    # Fitting

    @explain_arguments
    @with_callbacks
    def fit(self, X, y=None, sample_weight=None, validation_data=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images; uint8, or any real type. May be memory-mapped and larger than memory.
            A list or a Series of images of one size, also of PIL images, will do.
        y : array-like of shape (n,), default=None
            Labels of any type that sorts. None is refused, with advice for data sets that
            hold images and labels.
        sample_weight : array-like of shape (n,), default=None
            Samples of weight 0 are left out. None for equal weights.
        validation_data : tuple (X, y), default=None
            Images and labels that are measured after each epoch and never trained on. With early stopping, they
            take the place of a part of X. They must be as X is here: a Pipeline does not transform them.

        Returns
        -------
        ConvPoolClassifier
            This estimator.

        Raises
        ------
        TypeError, ValueError
            Before any training, if a parameter or the data is not usable; the message names which.
        RuntimeError
            If TensorFlow cannot work here: in a process forked after it had started, say.
        """
        params = all_parameters(self)
        self._fit(
            X,
            y,
            sample_weight,
            params["epochs"],
            resume=params["warm_start"],
            validation_data=validation_data,
        )
        return self

    @available_if(_does_not_stop_early)
    @explain_arguments
    @with_callbacks
    def partial_fit(self, X, y=None, classes=None, sample_weight=None):
        """Train the network for exactly one more epoch; the first call makes it.

        Calling this k times with the same data equals :meth:`fit` with ``epochs=k``, bit for bit, also through a
        pickle in between. Batch normalization takes its statistics from the images of the last call; for a stream of
        small parts ``batch_norm_statistics="moving"``, which remembers earlier ones, suits better.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images.
        y : array-like of shape (n,), default=None
            Labels; None is refused.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur, for the first call; later calls may leave it out. None for those in `y`.
        sample_weight : array-like of shape (n,), default=None
            Samples of weight 0 are left out. None for equal weights.

        Returns
        -------
        ConvPoolClassifier
            This estimator.

        Raises
        ------
        TypeError, ValueError
            Before any training, if a parameter or the data is not usable; the message names which.
        RuntimeError
            If TensorFlow cannot work here: in a process forked after it had started, say.
        """
        if isinstance(all_parameters(self)["class_weight"], str):
            raise ValueError(
                f"class_weight={self.class_weight!r} cannot be known from a part of the data; give partial_fit a dict, "
                "or sample_weight."
            )
        self._fit(X, y, sample_weight, 1, resume=True, classes=classes)
        return self

    @with_callbacks
    def initialize(self, X, y=None):
        """Prepare the network as :meth:`fit` would, but do not train it: initial weights, 0 epochs.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images.
        y : array-like of shape (n,), default=None
            Labels; None is refused.

        Returns
        -------
        ConvPoolClassifier
            This estimator.
        """
        self._fit(X, y, None, 0)
        return self

    def _fit(
        self,
        X,
        y,
        sample_weight,
        epochs,
        *,
        resume=False,
        classes=None,
        validation_data=None,
    ):
        """Check everything, then train `epochs` epochs from the start, or from where the estimator is."""
        check_process()
        check_floatx()
        params = all_parameters(self)
        folder = open_folder(params["memory"])  # the data may take long to check
        continues, resume = resume, resume and self.initialized_
        callbacks = keras_callbacks(params)
        run, classes, features, pixel_range = self._checked_run(
            X, y, sample_weight, continues, resume, classes, validation_data
        )
        scheduled = run.settings.learning_rate is None
        check_against_run(callbacks, run.validation is not None, scheduled)
        origin = self._continued_state(run) if resume else None
        stopper = self._stopper(origin) if self.early_stopping and epochs else None
        until = (origin.epoch if origin else 0) + (
            0 if stopper and stopper.has_stopped else epochs
        )
        reason = why_not_shared(self.random_state, run.settings, callbacks, resume)
        if reason and folder and epochs:
            warn_once(not_kept(self.memory, reason))
        run = run if reason else run.watched()
        trajectory = None if reason else Trajectory(run.key(), folder)

        if not resume:  # an interrupted new fit leaves an estimator that is not fitted, rather than one half changed
            for name in (*_FITTED, *_FEATURES):
                vars(self).pop(name, None)
        vars(self).update(features)
        context = self._init_callback_context(max_subtasks=epochs)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        task = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        context.call_on_fit_task_begin(**task)
        hooks = self._hooks(callbacks, context, task, run, classes, until) + (
            [stopper] if stopper else []
        )
        try:
            state = self._trained(run, trajectory, origin, until, hooks, stopper)
            if epochs:
                run.check_finite(stopper.best_state() if stopper else state)
        except TrainingDiverged as error:
            advice = remedy(self.optimizer, run.settings)
            raise ValueError(f"{error} {advice}") from None
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(how_to_go_on(trajectory, until, origin, reason))
            raise
        vars(self).pop("best_iter_", None)
        vars(self).update(_fitted_attributes(run, classes, state, stopper))
        vars(self).update(pixel_range)
        self.callbacks_ = callbacks
        warn_of_losses(state.history)
        context.call_on_fit_task_end(**task, reconstruction_attributes=dict)

    def _trained(self, run, trajectory, origin, until, hooks, stopper):
        """The state after `until` epochs, or after fewer if training diverges.

        Fewer are of use with early stopping, whose best epoch came before.
        """
        try:
            if trajectory is None:
                return run.train(origin or run.initial_state(), until, hooks)
            return follow(run, trajectory, until, hooks)
        except TrainingDiverged as error:
            state = stopper.last_state() if stopper else error.mended
            if state is None:
                raise
            warn_of_divergence(error, remedy(self.optimizer, run.settings))
            return state

    def _stopper(self, origin):
        """What stops early, with the count of the fit that is continued, if that had one."""
        stopper = EarlyStopping(self.n_iter_no_change, self.tol)
        if origin and self._best_state:
            stopper.recall(origin.history, self._best_state)
        return stopper

    def _checked_run(
        self, X, y, sample_weight, continues, resume, classes, validation_data
    ):
        """The run that parameters and data describe, the labels, and what is to be known of the features and pixels."""
        params = all_parameters(self)
        constrained = {
            name: getattr(self, name) for name in self._parameter_constraints
        }
        validate_parameter_constraints(
            self._parameter_constraints, constrained, caller_name=type(self).__name__
        )
        checked_as = copy.copy(
            self
        )  # takes what scikit-learn sets: a refused fit leaves this estimator as it was
        classes, *arrays = check_training_data(
            checked_as,
            X,
            y,
            sample_weight,
            known_classes=self.classes_ if resume else None,
            classes=classes,
        )
        data = TrainingData(*arrays)
        architecture = Architecture.from_parameters(
            data.images.shape[1:],
            len(classes),
            **{name: params[name] for name in ARCHITECTURE_PARAMETERS},
            scale=self.architecture_.scale
            if resume
            else pixel_scale(data.images.dtype),
        )
        validation = None
        if validation_data is not None:
            arrays = check_validation_data(
                checked_as, validation_data, classes, architecture
            )
            validation = TrainingData(*arrays)
        plan = TrainingPlan(
            self._plan.seed if resume else run_seed(self.random_state),
            int(self.batch_size),
            # Only batch normalization has what training does not change by gradient.
            architecture.n_non_trainable > 0 and self.batch_norm_statistics == "fresh",
        )
        if self.early_stopping and validation is None:
            data, validation = split_off_validation(
                data, self.validation_fraction, plan.seed, classes
            )
        n_steps = None if continues else self.epochs * -(-len(data) // plan.batch_size)
        settings = isolated(compile_settings, params, data, len(classes), n_steps)
        run = Run(architecture, settings, plan, data, validation)
        checked = vars(checked_as)
        features = {name: checked[name] for name in _FEATURES if name in checked}
        pixel_range = {
            name: checked[name] for name in ("pixel_range_",) if name in checked
        }
        return run, classes, features, pixel_range

    def _hooks(self, callbacks, context, task, run, classes, until):
        """Everybody who wants to hear of epochs."""
        hooks = []
        if callbacks:  # first, since they may add to what the others are told
            steps = -(-len(run.data) // run.plan.batch_size)
            hooks.append(
                KerasCallbacks(
                    callbacks,
                    {"epochs": until, "steps": steps, "verbose": self.verbose},
                )
            )
        if hasattr(self, "_skl_callbacks"):
            hooks.append(
                SklearnCallbacks(
                    context, task, partial(_fitted_attributes, run, classes)
                )
            )
        if self.verbose:
            hooks.append(PrintEpochs(until))
        return hooks

    def _continued_state(self, run):
        """The state to go on from, if the parameters still describe the network that it belongs to."""
        if run.architecture != self.architecture_:
            raise ValueError(
                "warm_start and partial_fit go on with the network that there is, but parameters of the architecture "
                "have changed since; restore them, or use fit with warm_start=False.\n"
                f"Fitted:\n{self.architecture_}\nNow:\n{run.architecture}"
            )
        if run.settings.program_key != self._settings.program_key:
            raise ValueError(
                "warm_start and partial_fit go on with the optimizer, loss and augmentation that there are, of which "
                f"only the learning rate may change; got optimizer={self.optimizer!r}, loss={self.loss!r}, "
                f"augmentation={self.augmentation!r} with other settings."
            )
        same_rate = (
            run.settings.learning_rate == self._settings.learning_rate
        )  # callbacks may have set another one
        return self._state if same_rate else run.adopt(self._state)

    def __sklearn_is_fitted__(self):
        return "_state" in vars(self)

    @property
    def initialized_(self):
        """Whether there is a network, trained or not."""
        return self.__sklearn_is_fitted__()

    # -----------------------------------------------------------------------------------------------------------
    # Predicting

    @explain_arguments
    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images, in the units that fit saw.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            In the order of `classes_`.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            If the images are of another shape than those of fit, or if the network makes
            no finite numbers of them.
        RuntimeError
            If TensorFlow cannot work here: in a process forked after it had started, say.
        """
        return self._predict_raw(X)

    def predict_log_proba(self, X):
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images, in the units that fit saw.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            In the order of `classes_`; minus infinity for probability 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @explain_arguments
    def predict(self, X):
        """The most probable label.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images, in the units that fit saw.

        Returns
        -------
        ndarray of shape (n,)
            Labels, of the type of `classes_`.
        """
        most_probable = self.predict_proba(X).argmax(axis=1)
        return self.classes_[most_probable]

    @explain_arguments
    def score(self, X, y=None, sample_weight=None):
        """Accuracy: the share of labels that are predicted.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,), default=None
            Labels; None is refused.
        sample_weight : array-like of shape (n,), default=None
            None for equal weights.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        NotFittedError
            Before fit.
        TypeError, ValueError
            If the data is not usable.
        """
        check_is_fitted(self)
        check_scoring_data(X, y)
        return super().score(X, y, sample_weight)

    def _predict_raw(self, X):
        check_is_fitted(self)
        check_process()
        images = check_images(self, X, self.image_shape_)
        with POOL.borrow(self.architecture_, self._settings.for_predicting) as program:
            program.load_model((self._best_state or self._state).arrays)
            probabilities = predict(program, images)
        check_probabilities(probabilities, images)
        return probabilities

    def __sklearn_clone__(self):
        isolated(check_copies, vars(self))
        with unbuilt_models_copied():
            return super().__sklearn_clone__()

    def __getstate__(self):
        isolated(check_copies, vars(self))
        state = {**super().__getstate__(), "_skcnn_version": _version()}
        if "memory" in state:
            state["memory"] = for_other_processes(state["memory"])
        return state

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_skcnn_version", "of long ago")
        if version != _version():
            warnings.warn(
                f"This {type(self).__name__} was pickled by skcnn {version}, and is read by skcnn {_version()}. "
                "It may not work, or predict otherwise; fit it anew to be sure.",
                stacklevel=2,
            )
        super().__setstate__(state)

    @property
    def model_(self):
        """The trained network as a compiled keras.Model of its own, built anew at each access."""
        check_is_fitted(self)
        check_process()
        return isolated(self._build_model)

    def _build_model(self):
        model = compiled_network(self.architecture_, self._settings)
        for variable, array in zip(
            state_variables(model),
            (self._best_state or self._state).arrays,
            strict=True,
        ):
            variable.assign(array)
        return model


def _signature_without_routed(function):
    signature = inspect.signature(function)
    return signature.replace(
        parameters=[
            p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD
        ]
    )


# scikit-learn's tools take every name in a class's signature for a parameter, the `routed` of `**routed` included.
# It is the signature of the constructor, so that a subclass with a constructor of its own has its own, too.
ConvPoolClassifier.__init__.__signature__ = _signature_without_routed(
    ConvPoolClassifier.__init__
)
ConvPoolClassifier._all_parameters = tuple(signature_parameters(ConvPoolClassifier))


def _fitted_attributes(run, classes, state, stopper=None):
    """What an estimator has that was fitted by a run up to a state."""
    attributes = {
        "classes_": classes,
        "image_shape_": run.architecture.image_shape,
        "n_iter_": state.epoch,
        "history_": {name: list(values) for name, values in state.history.items()},
        "architecture_": run.architecture,
        "n_params_": run.architecture.n_params,
        "_settings": run.settings,
        "_plan": run.plan,
        "_state": state,
        "_best_state": stopper
        and stopper.best_state(),  # the one that predicts, if that is not the last
    }
    return attributes | ({"best_iter_": stopper.best_epoch} if stopper else {})


def _version():
    from skcnn import (
        __version__,
    )  # the package imports this module, and so cannot be imported at its head

    return __version__
