"""One check for each kind of value.

Each names the parameter, the value seen and the values allowed.
Nothing but the standard library is imported, so that designs are checked without Keras.
"""

from math import inf, isfinite
from numbers import Integral, Real
from reprlib import Repr

# What stands for a number where only the structure of a network is described.
A_NUMBER = "a number"


# Shows what was given in full, unless it is so long that nobody would read it.
_SHOWN = Repr()
_SHOWN.maxlevel = 6
_SHOWN.maxlist = _SHOWN.maxtuple = _SHOWN.maxdict = _SHOWN.maxset = 20
_SHOWN.maxstring = _SHOWN.maxother = 200


def shown(value):
    """`value` for a message: as ``repr``, but never longer than a few lines."""
    return _SHOWN.repr(value)


# The largest integer that TensorFlow counts with.
LARGEST = 2**31 - 1


def is_number(value, whole=False):
    """Whether `value` is a real number, or a whole one: no flag, and no span of time.

    Python takes True for 1, and NumPy its spans of time for integers.
    """
    is_one = isinstance(value, Integral if whole else Real)
    return is_one and type(value).__name__ not in ("bool", "timedelta64")


def is_sequence(value):
    """Whether `value` has members in an order, as lists, tuples and arrays do.

    An iterator is none: it is used up by the first fit that reads it.
    """
    unordered = isinstance(value, (str, bytes, dict, set, frozenset))
    return (
        not unordered
        and not hasattr(value, "__next__")
        and hasattr(value, "__iter__")
        and getattr(value, "ndim", None) != 0  # an array of NumPy that is one number
    )


def check_sequence(name, value):
    """`value` as a tuple."""
    if not is_sequence(value):
        raise TypeError(f"{name} must be a list or tuple; got {shown(value)}.")
    return tuple(value)


def check_integer(name, value, minimum, allowed=None, seen=None, *, maximum=LARGEST):
    """`value` as an int; `allowed` and `seen` replace their part of the message."""
    allowed = allowed or f"an integer of at least {minimum}"
    seen = value if seen is None else seen
    if not is_number(value, whole=True):
        raise TypeError(f"{name} must be {allowed}; got {shown(seen)}.")
    if value < minimum:
        raise ValueError(f"{name} must be {allowed}; got {shown(seen)}.")
    if value > maximum:
        raise ValueError(
            f"{name} must be an integer from {minimum} to {maximum}; got "
            f"{shown(value)}."
        )
    return int(value)


def check_rate(name, value):
    """A share that something may lose, as a float."""
    allowed = "a number from 0 up to, but not including, 1"
    number = _check_number(name, value, allowed)
    if not 0 <= number < 1:
        raise ValueError(f"{name} must be {allowed}; got {shown(value)}.")
    return number + 0.0  # -0.0 becomes 0.0: equal designs have equal JSON


def check_norm(name, value, what="limit"):
    """A limit or penalty as a float; 0 for None."""
    if value is None:
        return 0.0
    allowed = f"None or a finite number of at least 0 (0 for no {what})"
    number = _check_number(name, value, allowed)
    if number < 0 or not isfinite(number):
        raise ValueError(f"{name} must be {allowed}; got {shown(value)}.")
    return number + 0.0  # -0.0 becomes 0.0: equal designs have equal JSON


def _check_number(name, value, allowed):
    if not is_number(value):
        raise TypeError(f"{name} must be {allowed}; got {shown(value)}.")
    return as_float(value)


def as_float(value):
    """A number as a float; infinite if a float cannot hold it."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def is_ordinary(value):
    """Whether a value is a float above 0 that float32 holds to its full precision."""
    return isinstance(value, float) and 2**-126 <= value < 2**127


def check_boolean(name, value):
    """`value` as a bool; NumPy's, which is not imported, is known by its name."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"{name} must be True or False; got {shown(value)}.")
    return bool(value)


def check_choice(name, value, allowed):
    """`value` as a str that is one of `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(
            f"{name} must be one of {sorted(allowed)}; got {shown(value)}."
        )
    return str(value)


class OneOf:
    """The check for one of a few words, which knows them."""

    def __init__(self, choices):
        self.choices = choices

    def __call__(self, name, value):
        return check_choice(name, value, self.choices)


def check_image_shape(image_shape):
    """`image_shape` as (height, width, channels), all positive integers.

    Parameters
    ----------
    image_shape : sequence of two or three int

    Returns
    -------
    tuple of three int

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    shape = check_sequence("image_shape", image_shape)
    if len(shape) not in (2, 3):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels); got "
            f"{shown(image_shape)}."
        )
    sizes = [check_integer("image_shape", size, 1) for size in shape]
    if len(sizes) == 2:
        sizes.append(1)  # gray
    return tuple(sizes)
