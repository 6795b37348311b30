"""Arguments of Keras' optimizers and losses, checked before Keras gets them.

Keras checks few of them, and its messages lack the parameter's name. Some wrong ones
would come to light only while a network is compiled.
"""

import inspect
from math import inf, isfinite

from skcnn._checks import (
    LARGEST,
    as_float,
    check_boolean,
    check_integer,
    is_number,
    shown,
)

_SIZE = "a finite number of at least 0"


def check_arguments(prefix, cls, arguments):
    """Refuse what one of Keras' own classes cannot work with.

    Parameters
    ----------
    prefix : str
        What stands before a name in messages, as in ``"optimizer__"``.
    cls : type
        One of Keras' own.
    arguments : dict

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what it is and what it may be.
    """
    for name, value in arguments.items():
        check = _CHECKS.get(name) or _check_like(cls, name)
        if check is not None:
            check(f"{prefix}{name}", value)


def _check_like(cls, name):
    """The check for values of the kind that is the default of a class; or None."""
    if name in _SEVERAL_KINDS:
        return None
    for each in inspect.getmro(cls):
        if "__init__" not in vars(each):
            continue
        parameter = inspect.signature(each.__init__).parameters.get(name)
        if parameter is not None:
            return _CHECKS_OF_KINDS.get(type(parameter.default))
    return None


def _check_number(name, value, allowed="a finite number", low=-inf, below=inf):
    told = f"{name} must be {allowed}; got {shown(value)}."
    if not is_number(value):
        raise TypeError(told)
    number = as_float(value)
    if not (isfinite(number) and low <= number < below):
        raise ValueError(told)


def _check_size(name, value):
    _check_number(name, value, _SIZE, low=0)


def _check_share(name, value):
    allowed = "a number from 0 up to, but not including, 1"
    _check_number(name, value, allowed, low=0, below=1)


def _check_factor(name, value):
    _check_number(name, value, "None or a finite number above 0", low=2**-126)


def _check_name(name, value):
    if not isinstance(value, str) or not value or "/" in value:
        raise ValueError(f"{name} must be a text without '/'; got {shown(value)}.")


def _check_whole(name, value):
    check_integer(name, value, -LARGEST, "an integer")


def _at_least(minimum):
    allowed = f"None or an integer of at least {minimum}"
    return lambda name, value: check_integer(name, value, minimum, allowed)


def _or_none(check):
    return lambda name, value: None if value is None else check(name, value)


# By the type of the default.
_CHECKS_OF_KINDS = {bool: check_boolean, int: _check_whole, float: _check_number}

# Learning rates may be schedules, and the weights of classes lists.
_SEVERAL_KINDS = ("learning_rate", "alpha")

_CHECKS = {
    **dict.fromkeys(["momentum", "rho", "beta_1", "beta_2"], _check_share),
    **dict.fromkeys(["ema_momentum", "label_smoothing"], _check_share),
    **dict.fromkeys(
        ["clipnorm", "clipvalue", "global_clipnorm"], _or_none(_check_size)
    ),
    "weight_decay": _or_none(_check_size),
    "epsilon": _check_size,
    "loss_scale_factor": _or_none(_check_factor),
    "ema_overwrite_frequency": _or_none(_at_least(1)),
    "gradient_accumulation_steps": _or_none(_at_least(2)),
    "ignore_class": _or_none(_check_whole),
    "name": _or_none(_check_name),
}
