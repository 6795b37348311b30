"""The options of a network, one line for each: what the rest of the package asks.

A new option is a line in one of the two tables below, its use in :mod:`skcnn._plan`, a
paragraph in the docstrings, and tests. Fields of blocks, inheritance, defaults, checks,
hints for misplaced words and the stored form of a design follow from the line. Only the
signature of ConvPoolClassifier repeats it, because scikit-learn reads parameters there;
a test compares the two.

Nothing but the standard library is imported, so that designs are checked without Keras.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from skcnn._checks import (
    OneOf,
    check_boolean,
    check_integer,
    check_norm,
    check_rate,
    check_sequence,
)

# fmt: off
ACTIVATIONS = frozenset({
    "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish",
    "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "swish", "tanh",
})
# fmt: on
PADDINGS = ("same", "valid")
POOLINGS = ("max", "avg")
HEADS = ("flatten", "global_avg", "global_max")


@dataclass(frozen=True)
class Option:
    """One option of the network.

    Attributes
    ----------
    name : str
        The parameter of ConvPoolClassifier.
    default : object
        Its default.
    check : callable
        ``check(name, value)`` returns the value in the one form that equal values
        share. It raises TypeError or ValueError if the value is not allowed.
    field : str, default=None
        The field of ConvBlock that inherits the parameter. None if blocks have no
        such field.
    later : bool, default=False
        Whether the option came after designs were first stored. Its default is then
        not written, so older designs keep their stored form, and with it their
        stored training.
    """

    name: str
    default: object
    check: Callable
    field: str | None = None
    later: bool = False


def _check_units(name, value):
    """The number of units of each dense layer, as a tuple."""
    layers = enumerate(check_sequence(name, value), start=1)
    return tuple(
        check_integer(f"{name}, layer {number}", units, 1) for number, units in layers
    )


# More layers than that are a mistake, and would take hours to compile.
_check_count = partial(check_integer, minimum=1, maximum=1000)
_check_penalty = partial(check_norm, what="penalty")

# What a block says for itself, or else inherits, in the order of ConvBlock's fields.
# People write blocks as tuples, so a new option comes last.
BLOCK_OPTIONS = (
    Option("convs_per_block", 2, _check_count, field="n_convs"),
    Option("padding", "same", OneOf(PADDINGS), field="padding"),
    Option("pooling", "max", OneOf(POOLINGS), field="pooling"),
    Option("activation", "relu", OneOf(ACTIVATIONS), field="activation"),
    Option("batch_norm", False, check_boolean, field="batch_norm"),
    Option("dropout", 0.25, check_rate, field="dropout"),
    Option("max_norm", None, check_norm, field="max_norm"),
)

# What only the whole network has. Each is a field of Architecture, too.
NETWORK_OPTIONS = (
    Option("dense_layers", (50,), _check_units),
    Option("dense_dropout", 0.0, check_rate),
    Option("dense_max_norm", None, check_norm),
    Option("n_branches", 1, _check_count),
    Option("head", "flatten", OneOf(HEADS)),
    Option("kernel_regularizer", None, _check_penalty),
)

# Of all parameters that describe a network. The blocks are no option: they have some.
DEFAULTS = {"conv_layers": ((32, 5, 2, 2), (64, 3, 2, 2))}
DEFAULTS |= {each.name: each.default for each in BLOCK_OPTIONS + NETWORK_OPTIONS}


def check_options(options, parameters):
    """The values of some options, each checked and in its one form.

    Parameters
    ----------
    options : tuple of Option
    parameters : dict of str to object
        Has a value for each of them, and may have others.

    Returns
    -------
    dict of str to object
        The checked values by the names of the options.

    Raises
    ------
    TypeError, ValueError
        If a value is not allowed; the message names the parameter.
    """
    checked = {}
    for option in options:
        checked[option.name] = option.check(option.name, parameters[option.name])
    return checked


def without_later_defaults(values, options=BLOCK_OPTIONS + NETWORK_OPTIONS):
    """What is stored of a design, or of a block of it.

    Parameters
    ----------
    values : dict of str to object
        Checked values, by the names of parameters or of fields.
    options : tuple of Option, default=all
        The table to go by.

    Returns
    -------
    dict of str to object
        Without the options that came later and have their default.
    """
    stored = dict(values)
    for option in options:
        if not option.later:
            continue
        default = option.check(option.name, option.default)
        for name in {option.name, option.field} & stored.keys():
            if stored[name] == default:
                del stored[name]
    return stored
