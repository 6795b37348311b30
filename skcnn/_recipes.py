"""How to make an optimizer, a loss or a layer again, for each network that is compiled.

What is Keras' own through and through is kept as plain data: equal data make equal
objects, in every process. Code of a user's own is kept as it was given, because neither
its name nor its configuration says what it does.
"""

import copy
import functools
import inspect
import json
import random
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Number

import numpy as np

from skcnn._backend import keras, tf
from skcnn._checks import shown
from skcnn._compat import unflatten_params

_PUBLIC = {
    "optimizers": keras.optimizers,
    "losses": keras.losses,
    "layers": keras.layers,
}
_SAVED_BY_CONFIG = (
    keras.Layer,
    keras.losses.Loss,
    keras.optimizers.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
)


class Recipe:
    """How to make one object. Recipes are equal if they make the same.

    The subclasses have a method `make` and a property `users_code`: the name of the
    first thing that is not Keras' own, or None.
    """

    def __eq__(self, other):
        return type(self) is type(other) and difference(vars(self), vars(other)) is None

    def __hash__(self):
        return hash(self.name)


@dataclass(frozen=True, eq=False)
class FromConfig(Recipe):
    """An object by its class and configuration.

    Attributes
    ----------
    cls : type
    config : str or dict
        As JSON for Keras' own classes, as it is for others.
    """

    cls: type
    config: object

    @property
    def name(self):
        """Name of the class."""
        return self.cls.__name__

    @property
    def users_code(self):
        """Name of the first thing that is not Keras' own, or None."""
        return users_code(self.cls, self._config())

    def make(self, **defaults):
        """A new object; `defaults` are arguments that the configuration lacks."""
        with _python_generator_kept():
            return self.cls.from_config(defaults | self._config())

    def with_argument(self, name, value):
        """The same with another value of Keras' own in its configuration."""
        saved = keras.saving.serialize_keras_object(value)
        return from_config(self.cls, self._config() | {name: saved})

    def without(self, name):
        """The same without one entry."""
        config = self._config()
        config.pop(name, None)
        return from_config(self.cls, config)

    def _config(self):
        as_json = isinstance(self.config, str)
        return json.loads(self.config) if as_json else copy.deepcopy(self.config)

    def __getstate__(self):
        # Keras' own classes by their public names: a pickle then outlives a move of
        # Keras' private modules, and skops has no other type to trust than ours.
        return vars(self) | {"cls": _public_name(self.cls)}

    def __setstate__(self, state):
        vars(self).update(state)
        if isinstance(self.cls, str):
            group, name = self.cls.split(".")
            vars(self)["cls"] = getattr(_PUBLIC[group], name)


@dataclass(frozen=True, eq=False)
class FromClass(Recipe):
    """An object by its class and the arguments that the user gave.

    For classes that `get_config` does not describe in full.

    Attributes
    ----------
    cls : type
    arguments : dict
        In scikeras' routed form.
    """

    cls: type
    arguments: dict

    @property
    def name(self):
        """Name of the class."""
        return self.cls.__name__

    @property
    def users_code(self):
        """Name of the first thing that is not Keras' own."""
        if not _is_keras_class(self.cls):
            return self.name
        given = [value for value in self.arguments.values() if not _is_plain(value)]
        return _name_of(given[0]) if given else self.name

    def make(self, **defaults):
        """A new object; `defaults` is for the configurations of Keras."""
        arguments = copy.deepcopy(self.arguments)
        return unflatten_params(items=self.cls, params=arguments)

    def with_argument(self, name, value):
        """The same with another argument."""
        return replace(self, arguments=self.arguments | {name: value})

    def without(self, name):
        """The same without one argument, to compare: it may not be possible to make."""
        kept = {key: value for key, value in self.arguments.items() if key != name}
        return replace(self, arguments=kept)


@dataclass(frozen=True, eq=False)
class AsGiven(Recipe):
    """A function, or another callable object, itself.

    Attributes
    ----------
    given : callable
    """

    given: object

    @property
    def name(self):
        """Name of the function, or of the object's class."""
        return _name_of(self.given)

    @property
    def users_code(self):
        """Its name: what it does cannot be known."""
        return self.name

    def make(self):
        """The object."""
        return self.given


@contextmanager
def _python_generator_kept():
    """Leave Python's global generator as it was.

    Keras draws a seed from it where a user's layer gives none.
    """
    before = random.getstate()
    try:
        yield
    finally:
        if random.getstate() != before:
            random.setstate(before)


def from_config(cls, config):
    """A recipe of a class and a configuration; as JSON if all of it is Keras' own.

    Keras numbers the names of objects as it goes, so a name is replaced.

    Parameters
    ----------
    cls : type
    config : dict

    Returns
    -------
    FromConfig
    """
    # Without this, equal objects would differ, and compile a network each.
    if "name" in config:
        config = config | {"name": cls.__name__.lower()}
    if users_code(cls, config) is None:
        config = json.dumps(config, sort_keys=True, default=lambda value: value.item())
    return FromConfig(cls, config)


def from_instance(parameter, instance, config=None):
    """A recipe of an object that a user made, if it can be made again at all.

    scikit-learn's clone and pickles make Keras' objects again from `get_config`, and so
    do we. An attribute that it does not tell would be lost without a word.

    Parameters
    ----------
    parameter : str
        Its name, for messages.
    instance : keras.Layer, keras.losses.Loss or keras.optimizers.Optimizer
    config : dict, default=None
        None for its own.

    Returns
    -------
    FromConfig

    Raises
    ------
    ValueError
        Naming what would be lost, and the remedy.
    """
    cls = type(instance)
    remedies = _REMEDIES.get(parameter, _REMEDIES["loss or optimizer"])
    fields = {"parameter": parameter, "cls": cls.__name__}
    try:
        recipe = from_config(cls, instance.get_config() if config is None else config)
        made = recipe.make()
    except Exception as error:
        raise ValueError(
            f"{parameter}: {cls.__name__} cannot be made again by "
            "from_config(get_config()), as clone, pickle and fit do: "
            f"{_in_short(error)}. " + remedies[0].format(**fields)
        ) from error
    lost = difference(instance, made)
    if lost is None:
        return recipe
    name, value, other = lost
    argument = name.rpartition(".")[2]  # Keras keeps some in a dict of arguments
    raise ValueError(
        f"{parameter}: {cls.__name__} is not the same when clone, pickle or fit make "
        f"it again by from_config(get_config()): {name!r} is {value!r}, and then "
        f"{other!r}. " + remedies[1].format(**fields, name=argument, value=repr(value))
    )


def _in_short(error):
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {textwrap.shorten(text, 200, placeholder=' ...')}"


# If it cannot be made again; and if an attribute is lost.
_REMEDIES = {
    "loss or optimizer": (
        "Give the class, {parameter}={cls}, and its arguments as {parameter}__name.",
        "Give the class, {parameter}={cls}, {parameter}__{name}={value}; "
        "or return {name!r} from get_config, and take it in __init__.",
    ),
    "augmentation": (
        "Let __init__ take **kwargs and hand them to super().__init__, and return its "
        "other arguments from get_config.",
        "Return {name!r} from get_config, and take it in __init__.",
    ),
}


def from_class(cls, arguments):
    """A recipe of a class and its arguments: as plain data if all is Keras' own.

    Parameters
    ----------
    cls : type
    arguments : dict
        In scikeras' routed form.

    Returns
    -------
    Recipe
    """
    made = unflatten_params(items=cls, params=arguments)  # scikeras nests the routed
    if _is_keras_class(cls) and hasattr(made, "get_config"):
        try:
            recipe = from_config(cls, made.get_config())
        except Exception:  # from an object of the user's, inside
            return FromClass(cls, kept(cls.__name__, arguments))
        if recipe.users_code is None:
            return recipe
    return FromClass(cls, kept(cls.__name__, arguments))


def kept(
    parameter, given, remedy="Give a class, or a function at the top of a module."
):
    """A copy of what a user gave, which later changes do not reach.

    Parameters
    ----------
    parameter : str
        What it is, for messages.
    given : object
    remedy : str
        What else to give.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If it cannot be copied, or if the copy is another.
    """
    try:
        copied = copy.deepcopy(given)
    except Exception as error:
        raise ValueError(
            f"{parameter} must be something that can be copied; got {shown(given)}: "
            f"{_in_short(error)}. {remedy}"
        ) from error
    lost = difference(given, copied)
    if lost is None:
        return copied
    name, value, other = lost
    raise ValueError(
        f"{parameter} is not the same when copied; got {shown(given)}, of which "
        f"{name!r} is {value!r}, and then {other!r}. {remedy}"
    )


# --------------------------------------------------------------------------------------
# What is Keras' own

_CONTAINERS = ("__tuple__", "__numpy__", "__tensor__")  # Keras' notation, not classes


def users_code(cls, config):
    """The name of the first thing in a configuration that is not Keras' own.

    Parameters
    ----------
    cls : type
    config : object
        Of an object of that class; whatever is nested in it is looked at, too.

    Returns
    -------
    str or None
    """
    if not _is_keras_class(cls):
        return cls.__name__
    return next(filter(None, map(_foreign, _dicts(config))), None)


def _foreign(config):
    name = config.get("class_name")
    if name is None or name in _CONTAINERS:
        return None
    # A class registered by a user may pretend to be in a module of Keras.
    module = config.get("module") or ""
    if module.partition(".")[0] == "keras" and not config.get("registered_name"):
        return None
    is_function = name in ("function", "__lambda__")
    return str(config.get("config")) if is_function else str(name)


def _dicts(config):
    """A configuration and all dicts inside it."""
    if isinstance(config, dict):
        yield config
        config = list(config.values())
    if isinstance(config, (list, tuple)):
        for value in config:
            yield from _dicts(value)


def _is_keras_class(cls):
    """Whether a class is the one that Keras has under its name."""
    if cls.__module__.partition(".")[0] != "keras":
        return False
    return getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls


def _public_name(cls):
    for group, module in _PUBLIC.items():
        if getattr(module, cls.__name__, None) is cls:
            return f"{group}.{cls.__name__}"
    return cls


def _name_of(given):
    if isinstance(given, functools.partial):
        return _name_of(given.func)
    return getattr(given, "__name__", type(given).__name__)


# --------------------------------------------------------------------------------------
# Whether two objects are the same to the code that uses them

# Numbered or drawn anew for each object, and so no difference; seeds are set by us.
_INCIDENTAL = {"name", "built", "seed", "_path", "_lock"}


@functools.cache  # not at import, since an optimizer starts TensorFlow
def _machinery():
    """Names of what Keras keeps in every layer and optimizer, for itself."""
    bare = [keras.Layer(name="bare"), keras.optimizers.SGD(name="bare")]
    names = {name for each in bare for name in vars(each) if name.startswith("_")}
    return names | {"call_signature_parameters", "build", "quantize", "backend"}


def difference(one, other, name="", seen=frozenset()):
    """The first attribute in which two objects differ, looked for as deep as it goes.

    Parameters
    ----------
    one, other : object
    name : str
        Of the attribute that holds them.
    seen : frozenset of tuple
        Pairs that are being compared.

    Returns
    -------
    (str, object, object) or None
        The attribute's name, and both values; None if there is no difference.
    """
    # A pair that is compared further up: objects may hold each other.
    pair = (id(one), id(other))
    if one is other or pair in seen:
        return None
    parts = [_parts(one), _parts(other)]
    if None in parts:
        return None if _equal(one, other) else (name, one, other)
    if type(one) is not type(other) and not _are_sequences(one, other):
        return name, one, other
    return _difference_of_parts(parts, name, seen | {pair})


def _difference_of_parts(parts, name, seen):
    one, other = parts
    for key in dict.fromkeys([*one, *other]):  # each once, in their order
        inner = f"{name}.{key}" if name else str(key)
        found = difference(
            one.get(key, _MISSING), other.get(key, _MISSING), inner, seen
        )
        if found:
            return found
    return None


class _Missing:
    def __repr__(self):
        return "missing"


_MISSING = _Missing()


def _is_plain(value):
    return value is None or isinstance(value, (Number, str, bytes, *_ARRAYS))


_ARRAYS = (np.ndarray, np.generic, tf.Tensor, tf.Variable, keras.Variable)


def _are_sequences(*values):
    return all(isinstance(value, (list, tuple)) for value in values)


def _equal(one, other):
    try:
        one, other = np.asarray(one), np.asarray(other)
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))
    except (TypeError, ValueError):
        return False


def _parts(value):
    """What makes an object what it is, by name; None for what has no parts."""
    if _is_plain(value) or inspect.isclass(value):
        return None
    if isinstance(value, dict):
        return value
    if isinstance(value, (list, tuple)):
        return dict(enumerate(value))
    if inspect.isfunction(value):
        return _parts_of_function(value)
    if inspect.ismethod(value):
        return {"function": value.__func__, "object": value.__self__}
    if isinstance(value, functools.partial):
        return {"func": value.func, "args": value.args, "keywords": value.keywords}
    return _attributes(value) if hasattr(value, "__dict__") else None


def _parts_of_function(value):
    cells = value.__closure__ or ()
    global_names = value.__code__.co_names
    return {
        "code": value.__code__,
        "closure": [cell.cell_contents for cell in cells if _is_filled(cell)],
        "defaults": [value.__defaults__, value.__kwdefaults__],
        # Only those that the function reads: a module has thousands.
        "globals": {n: value.__globals__.get(n, _MISSING) for n in global_names},
    }


def _is_filled(cell):
    try:
        return cell.cell_contents is not _MISSING
    except ValueError:  # of a name that has no value yet
        return False


def _attributes(value):
    if isinstance(value, keras.Model):
        return {"layers": value.layers, "weights": value.get_weights()}
    if isinstance(value, _SAVED_BY_CONFIG):
        return _attributes_of_keras_object(value)
    package = type(value).__module__.partition(".")[0]
    # Other objects of theirs are caches and the like, which say nothing of arithmetic.
    return {} if package in ("keras", "tensorflow") else vars(value)


def _attributes_of_keras_object(value):
    ignored = _machinery() | _INCIDENTAL
    attributes = {}
    for name, part in vars(value).items():
        if name not in ignored and not _is_tracked(name, part):
            attributes[name] = part
    return attributes


def _is_tracked(name, value):
    """Whether an attribute is TensorFlow's for itself, or variables: a state."""
    items = value if isinstance(value, (list, tuple)) else [value]
    variables = [isinstance(item, keras.Variable) for item in items]
    return name.startswith("_self_") or (bool(variables) and all(variables))
