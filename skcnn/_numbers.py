"""Numbers that a graph is given when it runs, where Keras would write constants.

A dropout rate or a momentum is no part of a network's structure: networks that differ
in nothing else may share their graphs. Keras' layers, optimizers and losses know such a
number as an attribute. While a graph is traced, the attribute is a :class:`Number`,
and the graph gets its value at each call:

.. code-block:: text

    attribute of Keras' object   while traced    in the graph

    rate = 0.25                  Number          numbers[3], a float64
    1 - rate                     Number          numbers[3] and a subtraction in float64
    tensor >= rate               a tensor        the same, rounded to float32

Python would compute in float64, too, and TensorFlow would round the constant in the
same way. So the bits are those of constants.
"""

import functools
import json
import operator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from numbers import Real

from skcnn._backend import keras, tf
from skcnn._checks import A_NUMBER, is_ordinary
from skcnn._compat import learning_rate_of, loss_arguments


class NumberError(TypeError):
    """Something is done with a number that needs its value while a graph is traced."""


class Number:
    """A number that is computed with like a float of Python, in a graph.

    Its value is not known. All that may be asked is how it compares with its bounds.

    Parameters
    ----------
    tensor : scalar tensor, float64
    low, high : float
        It is above `low` and below `high`.
    """

    __array_ufunc__ = None  # NumPy's scalars leave arithmetic to this class

    def __init__(self, tensor, low=-inf, high=inf):
        self._tensor = tensor
        self._low = low
        self._high = high
        self._computed = {}  # what was made of it before

    def __tf_tensor__(self, dtype=None, name=None):
        """As TensorFlow converts a float: to float32, unless it wants another type."""
        dtype = tf.as_dtype(dtype or tf.float32)
        if not dtype.is_floating:
            raise NumberError(f"a number is wanted as {dtype.name}, but it is a float")
        return self._once(dtype, lambda: tf.cast(self._tensor, dtype))

    def _once(self, key, compute):
        # Outside the loop over batches, where it would be computed for each batch.
        if key not in self._computed:
            with self._tensor.graph.as_default():
                self._computed[key] = compute()
        return self._computed[key]

    # ----------------------------------------------------------------------------------
    # Arithmetic

    def __add__(self, other):
        return self._with(other, operator.add)

    def __radd__(self, other):
        return self._with(other, operator.add, is_right=True)

    def __sub__(self, other):
        return self._with(other, operator.sub)

    def __rsub__(self, other):
        return self._with(other, operator.sub, is_right=True)

    def __mul__(self, other):
        return self._with(other, operator.mul)

    def __rmul__(self, other):
        return self._with(other, operator.mul, is_right=True)

    def __truediv__(self, other):
        return self._with(other, operator.truediv)

    def __rtruediv__(self, other):
        return self._with(other, operator.truediv, is_right=True)

    def __neg__(self):
        return self._once("negative", lambda: Number(-self._tensor))

    def _with(self, other, compute, is_right=False):
        # With a tensor, the tensor computes, and has the number converted.
        if not isinstance(other, (int, float)):
            return NotImplemented

        def result():
            operands = [self._tensor, tf.constant(other, tf.float64)]
            return Number(compute(*(reversed(operands) if is_right else operands)))

        return self._once((compute, other, is_right), result)

    # ----------------------------------------------------------------------------------
    # Comparisons

    def __lt__(self, other):
        return self._compare(other, operator.lt)

    def __le__(self, other):
        return self._compare(other, operator.le)

    def __gt__(self, other):
        return self._compare(other, operator.gt)

    def __ge__(self, other):
        return self._compare(other, operator.ge)

    def __eq__(self, other):
        return self._compare(other, operator.eq)

    def __ne__(self, other):
        return self._compare(other, operator.ne)

    __hash__ = None

    def __bool__(self):
        return self != 0

    def _compare(self, other, compare):
        if isinstance(other, (int, float)):
            if other <= self._low:
                return compare(1, 0)
            if other >= self._high:
                return compare(0, 1)
        elif tf.is_tensor(other):
            return NotImplemented
        raise NumberError(f"a number is compared with {other!r}, which needs its value")

    # ----------------------------------------------------------------------------------
    # Nothing may write its value into a graph.

    def _refuse(self, *args, **kwargs):
        raise NumberError("a number is wanted as a constant, which needs its value")

    __float__ = __int__ = __index__ = __complex__ = __array__ = _refuse
    __pow__ = __rpow__ = __abs__ = __round__ = _refuse


# TensorFlow computes with a dropout rate in Python if it is such a number. With a
# tensor it would round otherwise.
Real.register(Number)


# --------------------------------------------------------------------------------------
# Which numbers

_ALL = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "ema_momentum")
_MOMENTS = ("beta_1", "beta_2", "epsilon", *_ALL)
_LABELS = ("label_smoothing",)

# Arguments of Keras' own classes that are used as plain numbers in each step, and in
# no other way. For each, a test compares the bits with those of a constant. What is
# not here remains a constant.
_ARGUMENTS = {
    keras.optimizers.SGD: ("momentum", *_ALL),
    keras.optimizers.RMSprop: ("rho", "momentum", "epsilon", *_ALL),
    keras.optimizers.Adam: _MOMENTS,
    keras.optimizers.AdamW: _MOMENTS,
    keras.optimizers.Nadam: _MOMENTS,
    keras.optimizers.Adamax: _MOMENTS,
    keras.optimizers.Lamb: _MOMENTS,
    keras.optimizers.Lion: ("beta_1", "beta_2", *_ALL),
    keras.optimizers.Adagrad: ("epsilon", *_ALL),
    keras.optimizers.Adadelta: ("rho", "epsilon", *_ALL),
    keras.optimizers.schedules.CosineDecay: (
        "initial_learning_rate",
        "decay_steps",
        "alpha",
        "warmup_target",
        "warmup_steps",
    ),
    keras.optimizers.schedules.InverseTimeDecay: (
        "initial_learning_rate",
        "decay_steps",
        "decay_rate",
    ),
    keras.losses.CategoricalCrossentropy: _LABELS,
    keras.losses.BinaryCrossentropy: _LABELS,
    keras.losses.CategoricalFocalCrossentropy: _LABELS,
    keras.losses.BinaryFocalCrossentropy: _LABELS,
}
_SCHEDULES = {
    cls.__name__: cls
    for cls in _ARGUMENTS
    if issubclass(cls, keras.optimizers.schedules.LearningRateSchedule)
}


def split(cls, config):
    """A configuration without its numbers, and these.

    Parameters
    ----------
    cls : type
        Of Keras' own.
    config : str
        Of an optimizer or a loss, as JSON.

    Returns
    -------
    structure : str
        Equal for configurations that differ in nothing but their numbers.
    numbers : dict of (type, str) to float
        From a class and the name of its argument to the value.
    """
    # Where Keras computes in a wider type, a constant may have more digits.
    return _split(cls, config) if keras.config.floatx() == "float32" else (config, {})


@functools.lru_cache(maxsize=1024)
def _split(cls, config):
    config = json.loads(config)
    numbers = _take_numbers(cls, config)
    schedule = config.get("learning_rate")
    if isinstance(schedule, dict):
        schedule_class = _SCHEDULES.get(schedule["class_name"])
        numbers |= _take_numbers(schedule_class, schedule["config"])
    return json.dumps(config, sort_keys=True), numbers


def _take_numbers(cls, config):
    numbers = {}
    for name in _ARGUMENTS.get(cls, ()):
        value = config.get(name)
        if name.endswith("_steps") and type(value) is int:
            value = float(value)  # steps are counted in integers, but used as floats
        if is_ordinary(value):
            numbers[cls, name] = value
            config[name] = A_NUMBER
    return numbers


# --------------------------------------------------------------------------------------
# Where they are while a graph is traced


@dataclass(frozen=True)
class Place:
    """Where a Keras object has a number.

    Attributes
    ----------
    holder : dict
        Its attributes.
    name : str
    high : float
        What the number is below, as Keras' code knows.
    """

    holder: dict
    name: str
    high: float = inf


def places_of(optimizer, loss, numbers):
    """Where an optimizer and a loss have their numbers.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
    loss : keras.losses.Loss or callable
    numbers : iterable of (type, str)
        From :func:`split`.

    Returns
    -------
    list of Place
    """
    places = []
    for cls, name in numbers:
        if issubclass(cls, keras.losses.Loss):
            holder = loss_arguments(loss)
        elif issubclass(cls, keras.optimizers.Optimizer):
            holder = vars(optimizer)
        else:
            holder = vars(learning_rate_of(optimizer))
        places.append(Place(holder, name))
    return places


@contextmanager
def decided_later(places, values):
    """Have Keras' code find a :class:`Number` at each place.

    For tracing a graph: what is traced in the block takes the values of each call.

    Parameters
    ----------
    places : list of Place
    values : tensor of shape (n_places,), float64
        An input of the graph.
    """
    usual = [place.holder[place.name] for place in places]
    try:
        for place, value in zip(places, tf.unstack(values), strict=True):
            place.holder[place.name] = Number(value, low=0, high=place.high)
        yield
    finally:
        for place, value in zip(places, usual, strict=True):
            place.holder[place.name] = value
