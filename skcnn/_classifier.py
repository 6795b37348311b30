"""ConvPoolClassifier: its parameters and methods, and their documentation.

What they do is elsewhere: :mod:`skcnn._fitting` fits, :mod:`skcnn._predictor` predicts.
"""

import inspect
import os
from numbers import Integral, Real

import numpy as np
from joblib import Memory
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skcnn._callback_support import CallbackSupportMixin, with_callbacks
from skcnn._compat import BaseWrapper, Interval, StrOptions, signature_parameters
from skcnn._copies import CopiesMixin
from skcnn._first_score import TellsFirstScore
from skcnn._fitted import Fitted, images_for
from skcnn._fitting import fit_classifier
from skcnn._habits import ExplainsMethods, explain_arguments
from skcnn._images import GivenData, check_scoring_data
from skcnn._parameters import ParametersMixin, all_parameters
from skcnn._process import check_process
from skcnn._routing import is_routed


def _does_not_stop_early(classifier):
    """Whether there is `partial_fit`; scikit-learn's tools ask before they call it."""
    if getattr(classifier, "early_stopping", False):
        raise AttributeError(
            "partial_fit sets nothing aside to stop early by; got early_stopping=True."
        )
    return True


# About the base classes. That the estimator is built on scikeras is wanted: who knows
# scikeras finds its interface here. `BaseWrapper` serves with two things: the rules of
# routed parameters (`optimizer__learning_rate`), and the pickling of Keras objects that
# are parameters. KerasClassifier itself is unusable with today's scikit-learn, which
# does not take it for a classifier. None of BaseWrapper's hooks (`_keras_build_fn`,
# `_fit_keras_model`, `_predict_raw` and the like) is called, because the methods that
# call them are overridden: they would build a model for each fit. What is left of it
# does nothing here: `target_encoder`, `feature_encoder`, `scorer`, `current_epoch`. It
# is kept out of the documentation: docs/conf.py leaves out what BaseWrapper alone has.
class ConvPoolClassifier(
    CopiesMixin,
    ParametersMixin,
    ExplainsMethods,
    CallbackSupportMixin,
    TellsFirstScore,
    BaseWrapper,
):
    """Image classifier: a convolutional network made of hyper-parameters.

    The network is a stack of blocks (convolutions, pooling, dropout), then dense
    layers, then one softmax output for each class. Each of its properties is a
    parameter. So ``GridSearchCV(ConvPoolClassifier(), grid)`` is a study of network
    design.

    Parameters
    ----------
    conv_layers : sequence of blocks, default=((32, 5, 2, 2), (64, 3, 2, 2))
        A block is a :class:`~skcnn.ConvBlock`, a tuple or a dict. A tuple is (filters,
        kernel_size, pool_size, pool_stride) and on, in the order of ConvBlock; a dict
        has its fields. Sizes are an integer for a square, or (height, width). An empty
        sequence gives a dense network.
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
        What batch normalization predicts with. ``"fresh"`` takes means and variances
        after each epoch, from up to 1024 training images, with the weights as they then
        are. ``"moving"`` is what Keras does: averages over the steps of training. They
        lag behind the weights, and know little after fewer than some 500 steps, but
        suit `partial_fit` on small parts of a stream. Training itself is the same with
        both.
    max_norm : float, default=None
        Largest norm of the weights of a filter. None or 0 for no limit.
    dense_max_norm : float, default=None
        Largest norm of the weights of a unit in a dense layer. None or 0 for no limit.
    kernel_regularizer : float, default=None
        Factor of an L2 penalty on the kernels of all layers, which is added to the
        loss. None or 0 for none.
    head : {"flatten", "global_avg", "global_max"}, default="flatten"
        How the last maps become a vector.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) in pixels, for `X` given as a
        table. None makes each row of a table a strip: an image of height 1. The network
        is then one-dimensional, because along an input axis of size 1 every square
        kernel and pooling window is 1.
    epochs : int, default=10
        Number of passes over the training data.
    batch_size : int, default=128
        Number of samples in each gradient step.
    optimizer : str, class or instance of keras.optimizers.Optimizer, default="adam"
        With ``optimizer__learning_rate=0.01`` and the like, its arguments are
        parameters too.
    loss : str, class, Loss or callable, default="sparse_categorical_crossentropy"
        A class or instance of keras.losses.Loss, its name, or a function. A function
        takes (y_true, y_pred) and gives one number for each sample. A loss whose name
        has "sparse" gets class codes. Any other gets labels one-hot, or class codes if
        it works on those alone. Takes ``loss__*``. Give a class of your own rather than
        an instance, ``loss=Focal, loss__gamma=1.0``: `clone` makes instances again from
        what their `get_config` tells.
    learning_rate_schedule : {"one_cycle", "cosine", "inverse_time"}, default=None
        How the learning rate changes from step to step; r is the optimizer's own.

        - ``"one_cycle"`` rises to r for the first 0.3 of all steps
          (``learning_rate_schedule__warmup``), from 0.04 r (``__start``). Then it falls
          to 0 (``__end``, as a share of r) along half a wave of the cosine.
        - ``"cosine"`` only falls (``__end``).
        - ``"inverse_time"`` is r / (1 + d t) at step t, with d = 1e-4 (``__decay``).
        - None is r all the time, unless ``optimizer__learning_rate`` is a Keras
          schedule.

        The first two depend on the number of steps in all. So fits with other `epochs`
        share nothing with them.
    augmentation : {"flip", "shift", "flip+shift"}, keras.Layer or list, default=None
        How training images are changed, anew each time. ``"flip"`` mirrors each left to
        right with probability 1/2. ``"shift"`` moves each by up to 1/16 of its sides,
        at least a pixel, and mirrors it at the border. A layer, a keras.Sequential or a
        list of layers sees pixels as they were given to fit, and must keep the images'
        shape. Layers are tried on a few images before training: one that mixes images,
        has weights or draws from a global generator is refused. Predicting and
        validating leave images alone.
    class_weight : dict or "balanced", default=None
        Weights of the classes, by label; multiplied by `sample_weight`.
    early_stopping : bool, default=False
        Whether to stop once the accuracy on validation data no longer rises. The
        weights that predict are then those of the epoch with the best accuracy (of
        equals, the lowest loss). The validation data are those given to fit. Without
        them a part of the training data is set aside and not trained on, the same share
        of each class.
    validation_fraction : float in (0, 1), default=0.1
        The share of the training data set aside for early stopping.
    n_iter_no_change : int, default=5
        Number of epochs in a row without a rise after which to stop.
    tol : float, default=1e-4
        What counts as a rise: an accuracy of more than this above the best so far.
    callbacks : keras.callbacks.Callback, class or list or dict of them, default=None
        Called around epochs. The objects given are those used, as in Keras; of a class
        each fit makes its own. Takes ``callbacks__*``. When fit is over, their `model`
        is None. The callbacks of scikit-learn (progress bars among them) are set with
        `set_callbacks` instead.
    warm_start : bool, default=False
        Whether a further call of fit trains the same network for `epochs` more epochs,
        rather than a new one. ``fit`` with 5 epochs, then again, equals 10 epochs bit
        for bit. Architecture and optimizer must stay as they were; the learning rate
        may change.
    memory : str, path or joblib.Memory, default=None
        Folder in which the state after each epoch is kept. An equal fit, in any
        process, continues from there, also after a crash or Ctrl-C. It needs an integer
        `random_state`, and no Keras callbacks and no loss or optimizer of your own;
        otherwise a warning says why nothing is kept. A relative path starts from the
        working directory at the time of fit; ``~`` is your home folder. Reading
        a state runs no code, whatever its file holds. A :class:`~skcnn.StateMemory`
        keeps fewer states. None keeps states in this process alone.
    random_state : int, RandomState instance or None, default=None
        An integer fixes initial weights, order of samples and dropout, and so every bit
        of the result on one machine. None takes fresh randomness from the operating
        system at each fit, whatever NumPy's global seed. Only fits with an integer
        share work and use `memory`: those that differ in nothing but `epochs` are parts
        of one run, which is computed once.
    verbose : int, default=0
        0 prints nothing; 1 prints a line for each epoch.
    **routed : object
        ``optimizer__*``, ``loss__*``, ``learning_rate_schedule__*`` and
        ``callbacks__*``, handed on as in scikeras.

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
        Only with early stopping: the epoch whose weights predict, 1 for the first.
    history_ : dict of str to list of float
        A value for each epoch. ``"loss"`` and ``"accuracy"`` are averaged over the
        epoch's batches while it trains, with the weights of samples and classes. With
        validation data there are also ``"val_loss"`` and ``"val_accuracy"``, measured
        after the epoch. ``"time"`` is the seconds that the epoch took when it was
        computed, which may have been in an earlier fit of the same run. What Keras
        callbacks add to their logs is there too, if it is a number. NaN stands for what
        an epoch does not have.
    callbacks_ : list of keras.callbacks.Callback
        The Keras callbacks that were used. In a search they are copies: see
        ``best_estimator_.callbacks_``.
    pixel_range_ : tuple of two float
        The smallest and the largest value of the images that were trained on, as they
        were given. What comes later is compared with it.
    architecture_ : Architecture
        The network's plan; printing it shows every layer with its shape and number of
        parameters.
    n_params_ : int
        Number of parameters of the network, also of those that are not trained.
    model_ : keras.Model
        The trained network, compiled, built anew each time that it is asked for.

    See Also
    --------
    skcnn.ConvBlock : One block of the network.
    skcnn.presets : Published networks and grids.

    Notes
    -----
    Images of type uint8 are multiplied by 1/255 inside the network. So are images of
    another integer type whose values are from 0 to 255, the largest at least 32: they
    are bytes too. All else is taken as it is, also such a table without `image_shape`.
    Give predict images in the units that fit saw. It refuses what is clearly in other
    units, and warns of what is unusual.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
       recognition", Proceedings of the IEEE 86, 1998.
    .. [2] Smith, Topin, "Super-convergence: very fast training of neural networks using
       large learning rates", 2017, arXiv:1708.07120 (one cycle).
    .. [3] Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts",
       ICLR 2017 (cosine).
    .. [4] Prechelt, "Early stopping, but when?", Neural Networks: Tricks of the Trade,
       1998.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skcnn import ConvPoolClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X.reshape(-1, 8, 8) / 16
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> blocks = [(16, 3), (32, 3)]
    >>> clf = ConvPoolClassifier(blocks, batch_size=32, random_state=0)
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

    # ----------------------------------------------------------------------------------
    # Fitting

    @explain_arguments
    @with_callbacks
    def fit(self, X, y=None, sample_weight=None, validation_data=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
            Images; uint8, or any real type. May be memory-mapped and larger than
            memory. A list or a Series of images of one size, also of PIL images, will
            do.
        y : array-like of shape (n,), default=None
            Labels of any type that sorts. None is refused, with advice for data sets
            that hold images and labels.
        sample_weight : array-like of shape (n,), default=None
            Samples of weight 0 are left out; a class that has no others stays one.
            None for equal weights.
        validation_data : tuple (X, y), default=None
            Images and labels that are measured after each epoch and never trained on.
            With early stopping, they take the place of a part of X. They must be as X
            is here: a Pipeline does not transform them.

        Returns
        -------
        ConvPoolClassifier
            This estimator.

        Raises
        ------
        TypeError, ValueError
            Before any training, if a parameter or the data is not usable; the message
            names which.
        RuntimeError
            If TensorFlow cannot work here: in a process forked after it had started,
            say.
        """
        params = all_parameters(self)
        given = GivenData(X, y, sample_weight, validation_data)
        fit_classifier(self, given, params["epochs"], goes_on=params["warm_start"])
        return self

    @available_if(_does_not_stop_early)
    @explain_arguments
    @with_callbacks
    def partial_fit(self, X, y=None, classes=None, sample_weight=None):
        """Train the network for exactly one more epoch; the first call makes it.

        Calling this k times with the same data equals :meth:`fit` with ``epochs=k``,
        bit for bit, also through a pickle in between. Batch normalization takes its
        statistics from the images of the last call; for a stream of small parts
        ``batch_norm_statistics="moving"``, which remembers earlier ones, suits better.

        Parameters
        ----------
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
            Images.
        y : array-like of shape (n,), default=None
            Labels; None is refused.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur, for the first call; later calls may leave
            it out. None for those in `y`.
        sample_weight : array-like of shape (n,), default=None
            Samples of weight 0 are left out; a class that has no others stays one.
            None for equal weights.

        Returns
        -------
        ConvPoolClassifier
            This estimator.

        Raises
        ------
        TypeError, ValueError
            Before any training, if a parameter or the data is not usable; the message
            names which.
        RuntimeError
            If TensorFlow cannot work here: in a process forked after it had started,
            say.
        """
        if isinstance(all_parameters(self)["class_weight"], str):
            raise ValueError(
                f"class_weight={self.class_weight!r} cannot be known from a part of "
                "the data; give partial_fit a dict, or sample_weight."
            )
        given = GivenData(X, y, sample_weight, classes=classes)
        fit_classifier(self, given, epochs=1, goes_on=True)
        return self

    @with_callbacks
    def initialize(self, X, y=None):
        """Make the network as :meth:`fit` would, but do not train it.

        It has initial weights, and `n_iter_` is 0.

        Parameters
        ----------
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
            Images.
        y : array-like of shape (n,), default=None
            Labels; None is refused.

        Returns
        -------
        ConvPoolClassifier
            This estimator.
        """
        fit_classifier(self, GivenData(X, y), epochs=0)
        return self

    def __sklearn_is_fitted__(self):
        return Fitted.is_on(self)

    @property
    def initialized_(self):
        """Whether there is a network, trained or not."""
        # scikeras' own would look at `model_`, and so build it.
        return Fitted.is_on(self)

    # ----------------------------------------------------------------------------------
    # Predicting

    @explain_arguments
    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
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
            If the images are of another shape than those of fit, or if the network
            makes no finite numbers of them.
        RuntimeError
            If TensorFlow cannot work here: in a process forked after it had started,
            say.
        """
        check_is_fitted(self)
        check_process()
        return Fitted.of(self).predictor().predict(images_for(self, X))

    def predict_log_proba(self, X):
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
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
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
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
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
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
        check_scoring_data(X, y, sample_weight)
        return super().score(X, y, sample_weight)

    @property
    def model_(self):
        """The trained network as a compiled keras.Model, built anew at each access."""
        check_is_fitted(self)
        return Fitted.of(self).predictor().model()


def _signature_without_routed(function):
    signature = inspect.signature(function)
    parameters = signature.parameters.values()
    named = [each for each in parameters if each.kind is not each.VAR_KEYWORD]
    return signature.replace(parameters=named)


# scikit-learn's tools take every name in a class's signature for a parameter, also the
# `routed` of `**routed`. The signature is that of the constructor, so that a subclass
# with a constructor of its own has its own, too.
_init = ConvPoolClassifier.__init__
_init.__signature__ = _signature_without_routed(_init)
ConvPoolClassifier._all_parameters = tuple(signature_parameters(ConvPoolClassifier))
