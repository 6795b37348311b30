"""Optimizer, loss and augmentation: from parameters to what the engine compiles.

Each becomes a recipe, so that every network makes its own. Equal settings of Keras' own
share a compiled network; a user's code is compiled anew for each fit.
"""

import contextlib
import functools
import inspect
import json
from dataclasses import dataclass, replace
from math import isfinite
from numbers import Real

import numpy as np

from skcnn._augmentation import augmentation_config, check_pixel_range
from skcnn._backend import keras
from skcnn._checks import as_float, is_number, shown
from skcnn._compat import learning_rate_of
from skcnn._keras_arguments import check_arguments
from skcnn._losses import wants_one_hot
from skcnn._numbers import split
from skcnn._recipes import AsGiven, Recipe, from_class, from_instance, kept
from skcnn._routing import Routed, named_arguments
from skcnn._runtime import isolated
from skcnn._schedules import make_schedule
from skcnn._words import ROUTED_WORDS, hint, nearest_name

Schedule = keras.optimizers.schedules.LearningRateSchedule


@dataclass(frozen=True)
class CompileSettings:
    """What is compiled together with a network.

    Attributes
    ----------
    optimizer : Recipe
        Without the learning rate, if that is a number and all else is Keras' own.
    learning_rate : float or None
        The learning rate, kept apart because it is a variable of the optimizer: a
        program serves any value. None for a schedule, which is part of `optimizer`.
    loss : Recipe
    augmentation : tuple of Recipe
        Of each layer that changes training images.
    one_hot : bool
        Whether the loss wants labels one-hot rather than as class codes.
    """

    optimizer: Recipe
    learning_rate: float | None
    loss: Recipe
    augmentation: tuple = ()
    one_hot: bool = False

    @property
    def program_key(self):
        """The settings without the learning rate, where that is a number."""
        if self.learning_rate is None:
            return self
        # A user's optimizer keeps its rate among its arguments; it is no difference.
        optimizer = self.optimizer.without("learning_rate")
        return replace(self, optimizer=optimizer, learning_rate=None)

    @property
    def structure(self):
        """What decides which graphs a network has, of settings that are stable.

        That is all but the learning rate and :attr:`numbers`.
        """
        recipes = [self.program_key.optimizer, self.loss]
        parts = [(each.cls, split(each.cls, each.config)[0]) for each in recipes]
        return (*parts, self.learning_rate is None, self.augmentation, self.one_hot)

    @property
    def numbers(self):
        """The numbers of optimizer and loss that are no part of the structure.

        A dict from a class and the name of its argument; empty with a user's code.
        """
        if not self.is_stable:
            return {}
        recipes = [self.program_key.optimizer, self.loss]
        parts = [split(each.cls, each.config)[1] for each in recipes]
        return parts[0] | parts[1]

    @property
    def not_shared_because(self):
        """Why neither states nor compiled networks are shared, as a clause; or None.

        Only Keras' own classes are fixed by a description. A user's code may be edited
        and keep its name.
        """
        parts = [("optimizer", self.optimizer), ("loss", self.loss)]
        parts += [("augmentation", layer) for layer in self.augmentation]
        for parameter, recipe in parts:
            code = recipe.users_code
            if code:
                return f"{parameter} has code of your own ({code}), which may change"
        return None

    @property
    def is_stable(self):
        """Whether the description fixes the arithmetic, in every process."""
        return self.not_shared_because is None

    @property
    def for_predicting(self):
        """Settings that are enough to predict, of which a compiled network is kept."""
        return self if self.is_stable else _for_predicting()

    def to_json(self):
        """Everything as a JSON string, for settings that are stable."""
        optimizer = [self.optimizer.name, self.optimizer.config]
        loss = [self.loss.name, self.loss.config]
        augmentation = [[layer.name, layer.config] for layer in self.augmentation]
        return json.dumps([*optimizer, self.learning_rate, *loss, augmentation])

    def make_optimizer(self):
        """A new optimizer.

        Its learning rate is to be set by the state that is loaded, unless it is a
        schedule.
        """
        return self.optimizer.make(learning_rate=0.0)

    def make_loss(self):
        """A new loss, or the function itself."""
        return self.loss.make()

    def make_accuracy(self):
        """A new accuracy metric for labels as the loss wants them."""
        metric = keras.metrics.SparseCategoricalAccuracy
        if self.one_hot:
            metric = keras.metrics.CategoricalAccuracy
        return metric(name="accuracy", dtype="float32")


@dataclass(frozen=True)
class TrainingFacts:
    """What compile settings depend on besides the parameters.

    Attributes
    ----------
    images : ndarray of shape (n, height, width, channels), or None
        What will be trained on. None for a single pixel.
    n_classes : int
    has_weights : bool
        Whether samples have weights.
    n_steps : int or None
        Number of gradient steps of the whole fit, for `learning_rate_schedule`. None if
        nobody can know it.
    """

    images: np.ndarray | None = None
    n_classes: int = 3
    has_weights: bool = False
    n_steps: int | None = None


def compile_settings(optimizer, loss, schedule, augmentation, training=None):
    """The settings that a classifier's parameters ask for.

    Parameters
    ----------
    optimizer, loss, schedule : skcnn._routing.Routed
        The parameters `optimizer`, `loss` and `learning_rate_schedule`, each with its
        arguments.
    augmentation : object
        The parameter.
    training : TrainingFacts, default=None

    Returns
    -------
    CompileSettings

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, what it is and what it may be.
    """
    training = training or TrainingFacts()
    recipe, learning_rate = _optimizer(optimizer, schedule, training.n_steps)
    loss = _recipe(loss, keras.losses, keras.losses.Loss)
    wants = _labels_of_users_loss if loss.users_code else _labels_of_keras_loss
    one_hot = wants(loss, training.n_classes, training.has_weights)
    images = training.images
    image_shape = (1, 1, 1) if images is None else images.shape[1:]
    layers = augmentation_config(augmentation, image_shape)
    if images is not None:
        check_pixel_range(layers, images)
    return CompileSettings(recipe, learning_rate, loss, layers, one_hot)


def _labels_of_users_loss(loss, n_classes, weighted):
    return wants_one_hot(loss.make(), loss.name, n_classes, weighted)


# A search asks the same at each fit, and the code of Keras' own losses does not change.
_labels_of_keras_loss = functools.lru_cache(_labels_of_users_loss)


def _optimizer(optimizer, schedule, n_steps):
    """The recipe of the optimizer, and the learning rate, or None for a schedule."""
    recipe = _recipe(optimizer, keras.optimizers, keras.optimizers.Optimizer)
    made = recipe.make()  # only to look at: only Keras knows its defaults
    _check_averages(made)
    rate = learning_rate_of(made)
    if rate is None or isinstance(made, keras.optimizers.LossScaleOptimizer):
        raise TypeError(
            "optimizer must have a learning rate of its own; got "
            f"{shown(optimizer.value)}."
        )
    if not isinstance(rate, (Real, Schedule)):
        raise TypeError(
            "optimizer must have a number or a "
            "keras.optimizers.schedules.LearningRateSchedule as learning_rate; "
            f"got the function {getattr(rate, '__name__', rate)!r}."
        )
    start = None if isinstance(rate, Schedule) else _check_learning_rate(rate)
    made_schedule = make_schedule(schedule, start, n_steps)
    if made_schedule is not None:
        return recipe.with_argument("learning_rate", made_schedule), None
    # Keras' own are equal with any rate, and share a compiled network. A user's class
    # may insist on being given one.
    if start is not None and recipe.users_code is None:
        recipe = recipe.without("learning_rate")
    return recipe, start


def _check_averages(optimizer):
    # Such a run would end with weights that a longer one does not pass through.
    if optimizer.use_ema and not optimizer.ema_overwrite_frequency:
        raise ValueError(
            "optimizer__use_ema=True needs optimizer__ema_overwrite_frequency: without "
            "it Keras puts the averages in place only when training ends, and a run of "
            "more epochs does not pass through that; got None."
        )


def _recipe(asked, module, base):
    """How to make what a parameter asks for.

    Parameters
    ----------
    asked : Routed
        The parameter `optimizer` or `loss`, with its arguments.
    module : module
        Where Keras has its own of that kind.
    base : type
        What all of them are.

    Returns
    -------
    Recipe
    """
    given = _class_meant(asked, module, base)
    # A loss may be a function, or a class whose instances are called like one.
    may_call = asked.name == "loss" and callable(given)
    if inspect.isclass(given) and (issubclass(given, base) or may_call):
        return _recipe_of_class(asked, given)
    if not isinstance(given, base) and not may_call:
        kinds = " or a function of y_true and y_pred" if asked.name == "loss" else ""
        raise TypeError(
            f"{asked.name} must be a name, a class or an instance of "
            f"{base.__name__}{kinds}; got {shown(given)}."
        )
    if asked.arguments:
        raise ValueError(
            f"{asked.first_argument()} needs {asked.name} to be a name or a class, "
            f"which it is passed to; got {shown(given)}."
        )
    if isinstance(given, base):
        return _recipe_of_instance(asked, given)
    return AsGiven(kept(asked.name, given))


def _recipe_of_instance(asked, instance):
    if type(instance).__module__.startswith("keras."):
        check_arguments(f"{asked.name}: ", type(instance), instance.get_config())
    return from_instance(asked.name, instance)


def _recipe_of_class(asked, cls):
    arguments = _checked_arguments(asked, cls)
    try:
        return from_class(cls, arguments)
    except Exception as error:  # a user's constructor may raise anything
        given = named_arguments(asked.name, _guilty(cls, arguments))
        raise ValueError(
            f"{asked.name}={shown(asked.value)}{given}: {error}"
        ) from error


def _guilty(cls, arguments):
    """The one without which a class can be made; all of them if there is none."""
    for name, value in arguments.items():
        others = {key: arguments[key] for key in arguments if key != name}
        with contextlib.suppress(Exception):
            from_class(cls, others)
            return {name: value}
    return arguments


def _class_meant(asked, module, base):
    """The class that a name or a function of Keras stands for; else what is given."""
    given = asked.value
    if isinstance(given, str):
        return _class_named(asked.name, given, module, base)
    function = getattr(given, "__name__", None)
    if isinstance(function, str) and getattr(module, function, None) is given:
        return _class_named(asked.name, function, module, base)
    return given


# Keras' own, for losses.
_SHORT_NAMES = {
    "mse": "meansquarederror",
    "mae": "meanabsoluteerror",
    "mape": "meanabsolutepercentageerror",
    "msle": "meansquaredlogarithmicerror",
    "kld": "kldivergence",
    "bce": "binarycrossentropy",
}


def _class_named(parameter, name, module, base):
    """Keras' class of that name: 'mean_squared_error' or 'MeanSquaredError'."""
    classes = {}
    for cls in vars(module).values():
        if inspect.isclass(cls) and issubclass(cls, base) and cls is not base:
            classes[cls.__name__.lower()] = cls
    known = name.lower().replace("_", "")
    found = classes.get(_SHORT_NAMES.get(known, known))
    if found is None:
        names = sorted(cls.__name__ for cls in classes.values())
        raise ValueError(
            f"{parameter} must be one of {names}, in CamelCase or snake_case; got "
            f"{shown(name)}.{nearest_name(known, sorted(classes))}"
        )
    return found


def _checked_arguments(asked, cls):
    """What a class is to be made with; refused are arguments that it does not have."""
    allowed = _arguments(cls)
    for argument in asked.arguments:
        # ``learning_rate__decay_steps`` goes to the argument `learning_rate`.
        if argument.partition("__")[0] not in allowed:
            told = hint(argument, allowed, ROUTED_WORDS[asked.name])
            raise ValueError(
                f"{asked.name}__{argument}: {cls.__name__} takes no {argument!r}."
                f"{told} It takes {allowed}."
            )
    is_keras = cls.__module__.startswith("keras.")
    if is_keras:
        check_arguments(f"{asked.name}__", cls, asked.arguments)
    if "learning_rate" not in asked.arguments:
        return dict(asked.arguments)
    rate = asked.arguments["learning_rate"]
    if is_number(rate):
        # Keras insists on a float.
        return {**asked.arguments, "learning_rate": _check_learning_rate(rate)}
    may_be = isinstance(rate, Schedule) or inspect.isclass(rate)
    if not may_be and (is_keras or callable(rate)):
        raise TypeError(
            f"{asked.name}__learning_rate must be a number or a "
            f"keras.optimizers.schedules.LearningRateSchedule; got {shown(rate)}."
        )
    return dict(asked.arguments)


def _arguments(cls):
    """Names of the arguments of a class; with ``**kwargs``, also those of its bases."""
    names = {}
    for each in inspect.getmro(cls):
        if "__init__" in vars(each):
            parameters = list(inspect.signature(each.__init__).parameters.values())[1:]
            named = [p.name for p in parameters if p.kind not in _VARIABLE]
            names |= dict.fromkeys(named)
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break  # nothing is handed on to the bases
    return list(names)


_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _check_learning_rate(value):
    number = as_float(value)
    if isinstance(value, bool) or not isfinite(number) or number <= 0:
        raise ValueError(
            "optimizer__learning_rate must be a finite number above 0; got "
            f"{shown(value)}."
        )
    return number


@functools.cache
def _for_predicting():
    """The plainest settings: predicting needs no loss, optimizer or augmentation."""
    optimizer = Routed("optimizer", "sgd")
    loss = Routed("loss", "mean_squared_error")
    schedule = Routed("learning_rate_schedule", None)
    return isolated(compile_settings, optimizer, loss, schedule, None)
