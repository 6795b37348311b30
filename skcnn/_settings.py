"""Optimizer, loss and augmentation: from parameters, in scikeras' routed form, to what an
engine can use.

All becomes recipes, `CompileSettings`, so that each network makes its own. Equal
settings of Keras' own share a compiled network; a user's code is compiled anew for each
fit.
"""

import functools
import inspect
import json
from dataclasses import dataclass, replace
from math import isfinite
from numbers import Real

from skcnn._augmentation import (
    augmentation_config,
    check_layer_copies,
    check_pixel_range,
)
from skcnn._compat import isolated, keras, learning_rate_of, route_params
from skcnn._losses import wants_one_hot
from skcnn._recipes import AsGiven, Recipe, from_class, from_instance, kept
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
        optimizer = self.optimizer.without("learning_rate")
        return replace(self, optimizer=optimizer, learning_rate=None)

    @property
    def not_shared_because(self):
        """Why neither states nor compiled networks are shared, as a clause; or None.

        Only Keras' own classes are fixed by a description. A user's code may be edited
        and keep its name.
        """
        parts = {"optimizer": (self.optimizer,), "loss": (self.loss,)}
        parts["augmentation"] = self.augmentation
        for parameter, recipes in parts.items():
            codes = [recipe.users_code for recipe in recipes if recipe.users_code]
            if codes:
                return (
                    f"{parameter} has code of your own ({codes[0]}), which may change"
                )
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
        fields = [self.optimizer.name, self.optimizer.config, self.learning_rate]
        augmentation = [[layer.name, layer.config] for layer in self.augmentation]
        return json.dumps([*fields, self.loss.name, self.loss.config, augmentation])

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
        metric = (
            keras.metrics.CategoricalAccuracy
            if self.one_hot
            else keras.metrics.SparseCategoricalAccuracy
        )
        return metric(name="accuracy", dtype="float32")


def compile_settings(params, data=None, n_classes=3, n_steps=None):
    """The settings that a classifier's parameters ask for.

    Parameters
    ----------
    params : dict
        Parameters of the classifier: `optimizer`, `loss`, `learning_rate_schedule`,
        what is routed to them, and `augmentation`.
    data : TrainingData, default=None
        What will be trained on. None for a single pixel.
    n_classes : int, default=3
    n_steps : int, default=None
        Number of gradient steps of the whole fit, for `learning_rate_schedule`. None if
        there is no telling.

    Returns
    -------
    CompileSettings

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, what it is and what it may be.
    """
    optimizer, learning_rate = _optimizer(params, n_steps)
    loss = _recipe("loss", params, keras.losses, keras.losses.Loss)
    weighted = data is not None and data.weights is not None
    tried = _labels_of_users_loss if loss.users_code else _labels_of_keras_loss
    one_hot = tried(loss, n_classes, weighted)
    image_shape = (1, 1, 1) if data is None else data.images.shape[1:]
    augmentation = augmentation_config(params["augmentation"], image_shape)
    if data is not None:
        check_pixel_range(augmentation, data.images)
    return CompileSettings(optimizer, learning_rate, loss, augmentation, one_hot)


def _labels_of_users_loss(loss, n_classes, weighted):
    return wants_one_hot(loss.make(), loss.name, n_classes, weighted)


# A search asks the same at each fit, and the code of Keras' own losses does not change.
_labels_of_keras_loss = functools.lru_cache(_labels_of_users_loss)


def check_copies(params):
    """Refuse objects that clone or pickle would change without a word.

    Parameters
    ----------
    params : dict
        Parameters of the classifier.

    Raises
    ------
    ValueError
        Naming what would be lost, and the remedy.
    """
    for name in ("optimizer", "loss"):
        if isinstance(
            params.get(name), (keras.losses.Loss, keras.optimizers.Optimizer)
        ):
            from_instance(name, params[name])
    check_layer_copies(params.get("augmentation"))


def _optimizer(params, n_steps):
    """The recipe of the optimizer, and the learning rate, or None for a schedule."""
    recipe = _recipe("optimizer", params, keras.optimizers, keras.optimizers.Optimizer)
    made = recipe.make()
    _check_averages(made)
    rate = learning_rate_of(made)
    if rate is None or isinstance(made, keras.optimizers.LossScaleOptimizer):
        raise TypeError(
            "optimizer must have a learning rate of its own; got "
            f"{params['optimizer']!r}."
        )
    if not isinstance(rate, (Real, Schedule)):
        raise TypeError(
            "optimizer must have a number or a "
            "keras.optimizers.schedules.LearningRateSchedule as learning_rate; "
            f"got the function {getattr(rate, '__name__', rate)!r}."
        )
    start = None if isinstance(rate, Schedule) else _check_learning_rate(rate)
    schedule = make_schedule(params, start, n_steps)
    if schedule is not None:
        return recipe.with_argument("learning_rate", schedule), None
    if start is not None and recipe.users_code is None:
        recipe = recipe.without("learning_rate")
    return recipe, start


def _check_averages(optimizer):
    if optimizer.use_ema and not optimizer.ema_overwrite_frequency:
        raise ValueError(
            "optimizer__use_ema=True needs optimizer__ema_overwrite_frequency: without "
            "it Keras puts the averages in place only when training ends, and a run of "
            "more epochs does not pass through that; got None."
        )


def _recipe(name, params, module, base):
    """How to make what the parameter `name` asks for, with what is routed to it."""
    given = _class_meant(name, params[name], module, base)
    routed = route_params(params, destination=name, pass_filter=set())
    may_call = name == "loss" and callable(given)
    if inspect.isclass(given) and (issubclass(given, base) or may_call):
        _check_routed(name, given, routed)
        try:
            return from_class(given, routed)
        except Exception as error:
            raise ValueError(
                f"{name}={params[name]!r} with {routed!r}: {error}"
            ) from error
    if not isinstance(given, base) and not may_call:
        kinds = " or a function of y_true and y_pred" if name == "loss" else ""
        raise TypeError(
            f"{name} must be a name, a class or an instance of {base.__name__}{kinds}; "
            f"got {given!r}."
        )
    if routed:
        raise ValueError(
            f"{name}__{next(iter(routed))} needs {name} to be a name or a class, which "
            f"it is passed to; got {given!r}."
        )
    is_instance = isinstance(given, base)
    return from_instance(name, given) if is_instance else AsGiven(kept(name, given))


def _class_meant(parameter, given, module, base):
    """The class that a name stands for, or one of Keras' functions; else what is given."""
    function = getattr(given, "__name__", None)
    if isinstance(given, str):
        return _class_named(parameter, given, module, base)
    if isinstance(function, str) and getattr(module, function, None) is given:
        return _class_named(parameter, function, module, base)
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
    """Keras' class of that name, in either spelling: 'mean_squared_error' or 'MeanSquaredError'."""
    classes = {
        cls.__name__.lower(): cls
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, base) and cls is not base
    }
    known = name.lower().replace("_", "")
    found = classes.get(_SHORT_NAMES.get(known, known))
    if found is None:
        names = sorted(cls.__name__ for cls in classes.values())
        raise ValueError(
            f"{parameter} must be one of {names}, in CamelCase or snake_case; got "
            f"{name!r}.{nearest_name(known, sorted(classes))}"
        )
    return found


def _check_routed(name, cls, routed):
    """Reject arguments that the class does not have, and give Keras the float it insists on."""
    arguments = _arguments(cls)
    for argument in routed:
        if argument.partition("__")[0] not in arguments:
            told = hint(argument, arguments, ROUTED_WORDS[name])
            raise ValueError(
                f"{name}__{argument}: {cls.__name__} takes no {argument!r}.{told} "
                f"It takes {arguments}."
            )
    if isinstance(routed.get("learning_rate"), Real):
        routed["learning_rate"] = _check_learning_rate(routed["learning_rate"])
    if callable(routed.get("learning_rate")) and not isinstance(
        routed["learning_rate"], Schedule
    ):
        raise TypeError(
            f"{name}__learning_rate must be a number or a keras.optimizers.schedules.LearningRateSchedule; "
            f"got {routed['learning_rate']!r}."
        )


def _arguments(cls):
    """Names of the arguments of a class; with ``**kwargs``, those of its bases as well."""
    names = {}
    for each in inspect.getmro(cls):
        if "__init__" in vars(each):
            parameters = list(inspect.signature(each.__init__).parameters.values())[1:]
            names |= dict.fromkeys(
                p.name for p in parameters if p.kind not in _VARIABLE
            )
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
    return list(names)


_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _check_learning_rate(value):
    if isinstance(value, bool) or not isfinite(value) or value <= 0:
        raise ValueError(
            f"optimizer__learning_rate must be a finite number above 0; got {value!r}."
        )
    return float(value)


@functools.cache
def _for_predicting():
    """The plainest settings: predicting needs neither loss, optimizer nor augmentation."""
    names = {"optimizer": "sgd", "loss": "mean_squared_error"}
    none = {"augmentation": None, "learning_rate_schedule": None}
    return isolated(compile_settings, names | none)
