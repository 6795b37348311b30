"""Optimizer, loss, augmentation and callbacks: from parameters, in scikeras' routed form, to what an engine can use.

All but callbacks become plain data, `CompileSettings`, so that each program makes its own and equal settings share a
compiled program.
"""

import copy
import inspect
import json
from dataclasses import dataclass, replace
from math import isfinite
from numbers import Real

from skcnn._augmentation import augmentation_config, is_keras_own
from skcnn._compat import keras, route_params, unflatten_params
from skcnn._schedules import make_schedule
from skcnn._words import ROUTED_WORDS, hint

Schedule = keras.optimizers.schedules.LearningRateSchedule


@dataclass(frozen=True)
class CompileSettings:
    """What is compiled together with a network, as plain data.

    Attributes
    ----------
    optimizer : type
        A subclass of ``keras.optimizers.Optimizer``.
    optimizer_config : str
        Its configuration as JSON, without the learning rate if that is a number.
    learning_rate : float or None
        The learning rate, kept apart because it is a variable of the optimizer: a program serves any value. None for
        a schedule, which is part of `optimizer_config`.
    loss : type or callable
        A subclass of ``keras.losses.Loss``, or a function.
    loss_config : str
        Its configuration as JSON; empty for a function.
    augmentation : tuple of (type, str)
        Class and configuration, as JSON, of each layer that changes training images.
    """

    optimizer: type
    optimizer_config: str
    learning_rate: float | None
    loss: object
    loss_config: str
    augmentation: tuple = ()

    def __getstate__(self):
        # Keras' own classes by their public names: a pickle then outlives a move of Keras' private modules, and skops
        # has no other type to trust than ours.
        return vars(self) | {
            "optimizer": _public_name(self.optimizer, keras.optimizers),
            "loss": _public_name(self.loss, keras.losses),
            "augmentation": tuple(
                (_public_name(cls, keras.layers), config)
                for cls, config in self.augmentation
            ),
        }

    def __setstate__(self, state):
        vars(self).update(state)
        vars(self).update(
            optimizer=_public_class(self.optimizer, keras.optimizers),
            loss=_public_class(self.loss, keras.losses),
            augmentation=tuple(
                (_public_class(name, keras.layers), config)
                for name, config in self.augmentation
            ),
        )

    @property
    def program_key(self):
        """The settings that are compiled in."""
        return replace(self, learning_rate=None)

    @property
    def one_hot(self):
        """Whether the loss wants labels one-hot rather than as class codes."""
        return "sparse" not in getattr(self.loss, "__name__", "").lower()

    @property
    def is_stable(self):
        """Whether the description fixes the arithmetic: so it does for Keras' own classes, not for a user's code."""
        schedule = json.loads(self.optimizer_config).get(
            "learning_rate", {"module": "keras"}
        )
        modules = [
            self.optimizer.__module__,
            self.loss.__module__,
            schedule["module"] or "",
        ]
        own = all(module.partition(".")[0] == "keras" for module in modules)
        return bool(self.loss_config) and own and is_keras_own(self.augmentation)

    def to_json(self):
        """Everything as a JSON string, for settings that are stable."""
        fields = [self.optimizer.__name__, self.optimizer_config, self.learning_rate]
        augmentation = [[layer.__name__, config] for layer, config in self.augmentation]
        return json.dumps([*fields, self.loss.__name__, self.loss_config, augmentation])

    def make_optimizer(self):
        """A new optimizer, its learning rate to be set by the state that is loaded unless it is a schedule."""
        config = json.loads(self.optimizer_config)
        config.setdefault("learning_rate", 0.0)
        return self.optimizer.from_config(config)

    def make_loss(self):
        """A new loss, or the function itself."""
        return (
            self.loss.from_config(json.loads(self.loss_config))
            if self.loss_config
            else self.loss
        )

    def make_accuracy(self):
        """A new accuracy metric for labels as the loss wants them."""
        metric = (
            keras.metrics.CategoricalAccuracy
            if self.one_hot
            else keras.metrics.SparseCategoricalAccuracy
        )
        return metric(name="accuracy", dtype="float32")


def _public_name(cls, module):
    return cls.__name__ if getattr(module, cls.__name__, None) is cls else cls


def _public_class(name, module):
    return getattr(module, name) if isinstance(name, str) else name


def compile_settings(params, image_shape=(1, 1, 1), n_steps=None):
    """The settings that a classifier's parameters ask for.

    Parameters
    ----------
    params : dict
        Parameters of the classifier: `optimizer`, `loss`, `learning_rate_schedule`, what is routed to them, and
        `augmentation`.
    image_shape : tuple of three int, default=(1, 1, 1)
        For `augmentation`.
    n_steps : int, default=None
        Number of gradient steps of the whole fit, for `learning_rate_schedule`. None if there is no telling.

    Returns
    -------
    CompileSettings

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, what it is and what it may be.
    """
    optimizer = _make("optimizer", params, keras.optimizers, keras.optimizers.Optimizer)
    config = optimizer.get_config()
    if "learning_rate" not in config:
        raise TypeError(
            f"optimizer must have a learning rate of its own; got {optimizer!r}."
        )
    if config.get("use_ema") and not config.get("ema_overwrite_frequency"):
        raise ValueError(
            "optimizer__use_ema=True needs optimizer__ema_overwrite_frequency: without it Keras puts the averages in "
            "place only when training ends, and a run of more epochs does not pass through that; got None."
        )
    config |= _scheduled(params, config["learning_rate"], n_steps)
    is_schedule = isinstance(config["learning_rate"], dict)
    if is_schedule and config["learning_rate"]["class_name"] in (
        "function",
        "__lambda__",
    ):
        raise TypeError(
            "optimizer must have a number or a keras.optimizers.schedules.LearningRateSchedule as learning_rate; "
            f"got the function {config['learning_rate']['config']!r}."
        )
    learning_rate = (
        None if is_schedule else _check_learning_rate(config.pop("learning_rate"))
    )
    loss = _make("loss", params, keras.losses, keras.losses.Loss)
    has_config = isinstance(loss, keras.losses.Loss)
    return CompileSettings(
        optimizer=type(optimizer),
        optimizer_config=_canonical(config, type(optimizer)),
        learning_rate=learning_rate,
        loss=type(loss) if has_config else loss,
        loss_config=_canonical(loss.get_config(), type(loss)) if has_config else "",
        augmentation=augmentation_config(params["augmentation"], image_shape),
    )


def _scheduled(params, learning_rate, n_steps):
    """The entry of the optimizer's configuration that `learning_rate_schedule` changes."""
    start = (
        None if isinstance(learning_rate, dict) else _check_learning_rate(learning_rate)
    )
    schedule = make_schedule(params, start, n_steps)
    return (
        {}
        if schedule is None
        else {"learning_rate": keras.optimizers.schedules.serialize(schedule)}
    )


def _canonical(config, cls):
    """A configuration as JSON that equal settings share: Keras numbers its names as it goes, so they are replaced."""
    named = config | {"name": cls.__name__.lower()}
    return json.dumps(
        named, sort_keys=True, default=lambda numpy_scalar: numpy_scalar.item()
    )


def keras_callbacks(params):
    """Fresh Keras callbacks for one fit.

    Parameters
    ----------
    params : dict
        Parameters of the classifier: `callbacks` (an instance, a class, or a list or dict of them) and the routed
        ``callbacks__*``.

    Returns
    -------
    list of keras.callbacks.Callback
        Instances are copied: a callback keeps a state, and a fit starts without one.

    Raises
    ------
    TypeError
        For anything but callbacks.
    ValueError
        For a callback that wants to be called at each batch.
    """
    given = params["callbacks"]
    routed = route_params(params, destination="callbacks", pass_filter=set())
    if given is None:
        if routed:
            raise ValueError(
                f"callbacks__{next(iter(routed))} needs callbacks to be a class, which it is passed to; got None."
            )
        return []
    try:
        made = unflatten_params(items=given, params=routed)
    except Exception as error:
        raise ValueError(f"callbacks={given!r} with {routed!r}: {error}") from error
    made = list(made.values()) if isinstance(made, dict) else made
    made = list(made) if isinstance(made, (list, tuple)) else [made]
    for callback in made:
        _check_callback(callback)
    return [copy.deepcopy(callback) for callback in made]


_TIMES = (
    "batch_begin",
    "batch_end",
    "train_batch_begin",
    "train_batch_end",
    "test_batch_begin",
    "test_batch_end",
)
_HOOKS_NOT_CALLED = tuple(f"on_{time}" for time in (*_TIMES, "test_begin", "test_end"))


def _check_callback(callback):
    if not isinstance(callback, keras.callbacks.Callback):
        raise TypeError(
            f"callbacks must be Keras callbacks or classes of them, or a list or dict of them; got {callback!r}."
        )
    if (
        isinstance(callback, keras.callbacks.ModelCheckpoint)
        and callback.save_freq == "epoch"
    ):
        return  # its batch hook does nothing then
    for hook in _HOOKS_NOT_CALLED:
        method = getattr(callback, hook)
        if getattr(method, "__func__", method) is not getattr(
            keras.callbacks.Callback, hook
        ):
            raise ValueError(
                f"callbacks: {type(callback).__name__} overrides {hook!r}, but batches run inside a compiled graph. "
                "Only the hooks of epochs and of the whole training are called: on_train_begin, on_epoch_begin, "
                "on_epoch_end, on_train_end."
            )


def _make(name, params, module, base):
    """An instance of `base` (or a function, for a loss) from the parameter `name` and what is routed to it."""
    given = params[name]
    routed = route_params(params, destination=name, pass_filter=set())
    if isinstance(given, str):
        given = _class_named(name, given, module, base)
    if inspect.isclass(given) and issubclass(given, base):
        _check_routed(name, given, routed)
        try:
            return unflatten_params(items=given, params=routed)
        except Exception as error:
            raise ValueError(
                f"{name}={params[name]!r} with {routed!r}: {error}"
            ) from error
    if not isinstance(given, base) and not (
        name == "loss" and inspect.isfunction(given)
    ):
        raise TypeError(
            f"{name} must be a name, a class or an instance of {base.__name__}; got {given!r}."
        )
    if routed:
        raise ValueError(
            f"{name}__{next(iter(routed))} needs {name} to be a name or a class, which it is passed to; got {given!r}."
        )
    return given


def _class_named(parameter, name, module, base):
    """Keras' class of that name, in either spelling: 'mean_squared_error' or 'MeanSquaredError'."""
    classes = {
        cls.__name__.lower(): cls
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, base) and cls is not base
    }
    found = classes.get(name.lower().replace("_", ""))
    if found is None:
        names = sorted(cls.__name__ for cls in classes.values())
        raise ValueError(
            f"{parameter} must be one of {names}, in CamelCase or snake_case; got {name!r}."
        )
    return found


def _check_routed(name, cls, routed):
    """Reject arguments that the class does not have, and give Keras the float it insists on."""
    arguments = [
        argument
        for argument in inspect.signature(cls).parameters
        if argument != "kwargs"
    ]
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


def _check_learning_rate(value):
    if isinstance(value, bool) or not isfinite(value) or value <= 0:
        raise ValueError(
            f"optimizer__learning_rate must be a finite number above 0; got {value!r}."
        )
    return float(value)
