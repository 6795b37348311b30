"""What people write in `conv_layers` -> blocks that leave nothing open.

A block may be short, inherit from the classifier, and write its kernels and pooling
windows in several ways. Equal meanings become equal blocks here: the rest of the
package knows one notation only.

Nothing but the standard library is imported, so that designs are checked without Keras.
"""

import functools
from collections import namedtuple
from numbers import Integral

from skcnn._checks import OneOf, check_integer, check_sequence, is_sequence, shown
from skcnn._options import BLOCK_OPTIONS
from skcnn._warnings import warn_once
from skcnn._windows import WINDOW, check_kernels, check_window
from skcnn._words import BLOCK_WORDS, hint

# The fields that are a block's own, but `filters`, with their defaults. The others
# inherit: None, their default, takes the value that the classifier was given.
_OWN_FIELDS = {"kernel_size": 3, "pool_size": 2, "pool_stride": None}
_INHERITING = [option.field for option in BLOCK_OPTIONS]

# Made at once and not as a subclass, which skops would take for a plain tuple.
ConvBlock = namedtuple(
    "ConvBlock",
    ["filters", *_OWN_FIELDS, *_INHERITING],
    defaults=[*_OWN_FIELDS.values(), *[None] * len(_INHERITING)],
    module=__name__,
)
ConvBlock.__doc__ = """A convolution-pooling block: convolutions, pooling, then dropout.

A plain tuple in this order, or a dict of these fields, means the same wherever a
block is expected, so ``(32, 5, 2, 2)`` is 32 filters of 5x5, pooled by 2x2 windows
with stride 2. ``None`` takes the value that :class:`~skcnn.ConvPoolClassifier` was
given.

Parameters
----------
filters : int
    Number of filters of each convolution.
kernel_size : int, tuple of two int, or sequence of such tuples, default=3
    Size of the kernels in pixels: 3 is a square of 3x3, ``(3, 5)`` is 3 high and
    5 wide, as in Keras. A sequence of pairs, such as ``((1, 1), (3, 3), (5, 5))``,
    puts convolutions of these sizes side by side, each with `filters` filters, and
    concatenates them [1]_.
pool_size : int, tuple of two int or None, default=2
    Size of the pooling window in pixels, a square or (height, width); None for no
    pooling.
pool_stride : int or tuple of two int, default=None
    Stride of the pooling window in pixels; None for `pool_size`.
n_convs : int, default=None
    Number of convolutions before the pooling; None for the estimator's
    `convs_per_block`.
padding : {"same", "valid"}, default=None
    Padding of the convolutions. Pooling is never padded.
pooling : {"max", "avg"}, default=None
    What pooling takes of its window.
activation : str, default=None
    Activation after each convolution.
batch_norm : bool, default=None
    Whether to normalize after each activation.
dropout : float in [0, 1), default=None
    Rate of the dropout that ends the block. None takes the estimator's value where
    the block pools, and no dropout where it does not; 0 means none.
max_norm : float, default=None
    Largest norm of the weights of a filter; 0 means no limit.

Notes
-----
Along an axis on which the images themselves have size 1, squares are 1 as well: on
images of height 1, a kernel of 3 is a kernel of 1x3. A pair of two different sizes
is taken as it is.

References
----------
.. [1] Szegedy et al., "Going deeper with convolutions", CVPR 2015.

Examples
--------
>>> from skcnn import ConvBlock
>>> ConvBlock(32, 5, 2, 2)
ConvBlock(filters=32, kernel_size=5, pool_stride=2)
>>> ConvBlock(16, 5, batch_norm=True)
ConvBlock(filters=16, kernel_size=5, batch_norm=True)

Kernels of three sizes side by side, 16 filters each:

>>> ConvBlock(16, kernel_size=((1, 1), (3, 3), (5, 5))).pool_size
2

A block for signals, which are images of height 1: kernels of 1x9, pooled by 1x4.

>>> ConvBlock(16, kernel_size=(1, 9), pool_size=(1, 4)).pool_stride is None
True
"""


def _naming_what_is_meant(new):
    """Say what to write for `strides` and the like, which Python's error does not."""

    @functools.wraps(new)  # has the signature that help() shows
    def named(cls, *values, **fields):
        unknown = [name for name in fields if name not in cls._fields]
        if unknown:
            raise TypeError(f"{_hints(unknown)} The fields are {list(cls._fields)}.")
        return new(cls, *values, **fields)

    return named


def _short_repr(block):
    """What differs from the defaults; grids of many blocks stay readable."""
    given = []
    for name, value in block._asdict().items():
        default = block._field_defaults.get(name, "always shown")
        if repr(value) != repr(default):
            given.append(f"{name}={value!r}")
    return f"ConvBlock({', '.join(given)})"


ConvBlock.__new__ = _naming_what_is_meant(ConvBlock.__new__)
ConvBlock.__repr__ = _short_repr


def _hints(unknown):
    """What to write for names that are no fields."""
    return " ".join(
        f"ConvBlock has no {name!r}.{hint(name, ConvBlock._fields, BLOCK_WORDS)}"
        for name in map(str, unknown)
    )


# --------------------------------------------------------------------------------------
# From any form of a block to the one that the plan is made from


def resolve_blocks(conv_layers, parameters):
    """The blocks with everything inherited filled in.

    Parameters
    ----------
    conv_layers : sequence
        Blocks in any form.
    parameters : dict of str to object
        What a block inherits where it says None: checked values of the block options,
        by the names of the classifier's parameters.

    Returns
    -------
    tuple of ConvBlock
        Without None, but for `pool_size` and `pool_stride` where there is no pooling.

    Raises
    ------
    TypeError, ValueError
        Naming the block, counted from 1, and its field.
    """
    if isinstance(conv_layers, (ConvBlock, dict)):
        raise TypeError(
            f"conv_layers must be a list or tuple of blocks; got {shown(conv_layers)}. "
            f"A single block is written conv_layers=[{shown(conv_layers)}]."
        )
    blocks = check_sequence("conv_layers", conv_layers)
    resolved = []
    for number, block in enumerate(blocks, start=1):
        where = f"conv_layers, block {number}"
        given = _as_block(where, block, blocks)
        resolved.append(_resolve_block(where, given, parameters))
    return tuple(resolved)


def _resolve_block(where, block, parameters):
    _check_places(where, block)
    pool_size, pool_stride = _pooling(where, block)
    if pool_size is None:  # only a block that pools inherits dropout
        parameters = parameters | {"dropout": 0.0}
    fields = {
        "filters": check_integer(f"{where}: filters", block.filters, 1),
        "kernel_size": check_kernels(f"{where}: kernel_size", block.kernel_size),
        "pool_size": pool_size,
        "pool_stride": pool_stride,
    }
    for option in BLOCK_OPTIONS:
        given = getattr(block, option.field)
        if given is None:
            fields[option.field] = parameters[option.name]
        else:
            fields[option.field] = option.check(f"{where}: {option.field}", given)
    return ConvBlock(**fields)


def _as_block(where, block, blocks):
    if isinstance(block, dict):
        return _block_of_dict(where, block)
    if not is_sequence(block):
        raise TypeError(
            f"{where} must be a ConvBlock, a tuple (filters, kernel_size, pool_size, "
            f"pool_stride, ...) or a dict of ConvBlock's fields; got {shown(block)}."
            f"{_hint_for_flat(blocks)}"
        )
    values = tuple(block)
    if not 1 <= len(values) <= len(ConvBlock._fields):
        raise ValueError(
            f"{where} must hold 1 to {len(ConvBlock._fields)} values, in the order "
            f"{list(ConvBlock._fields)}; got {shown(block)}."
        )
    return ConvBlock(*values)


def _block_of_dict(where, block):
    unknown = [name for name in block if name not in ConvBlock._fields]
    if unknown or "filters" not in block:
        raise ValueError(
            f"{where} must be a dict with 'filters' and any of "
            f"{list(ConvBlock._fields[1:])}; got {shown(block)}. "
            f"{_hints(unknown)}".rstrip()
        )
    return ConvBlock(**block)


def _hint_for_flat(blocks):
    """For [32, 64], which may be two blocks or one."""
    if not all(isinstance(value, Integral) for value in blocks):
        return ""
    each = [(int(value),) for value in blocks]
    return (
        f" A single block is written conv_layers=[{shown(sum(each, ()))}]; "
        f"conv_layers={shown(each)} are blocks with so many filters."
    )


def _fields_by_word():
    """Which field a word belongs to."""
    homes = {}
    for option in BLOCK_OPTIONS:
        if isinstance(option.check, OneOf):
            homes |= dict.fromkeys(option.check.choices, option.field)
    return homes


_HOMES = _fields_by_word()


def _check_places(where, block):
    """Find words in a wrong place, as 'same', which is the fourth value in Keras."""
    for field, value in block._asdict().items():
        home = _HOMES.get(value) if isinstance(value, str) else None
        if home in (None, field):
            continue
        default = ConvBlock._field_defaults.get(field, 32)
        meant = block._replace(**{field: default, home: value})
        raise TypeError(
            f"{where}: {field} got {shown(value)}, which is a value of {home}. "
            f"Write {meant!r}."
        )


def _pooling(where, block):
    """`pool_size` and `pool_stride`; both None without pooling."""
    if block.pool_size is None:
        if block.pool_stride is not None:
            warn_once(
                f"{where}: pool_stride={block.pool_stride!r} has no effect without "
                "pooling (pool_size=None). Leave it out; convolutions have stride 1."
            )
        return None, None
    or_none = f"{WINDOW}, or None for no pooling"
    size = check_window(f"{where}: pool_size", block.pool_size, or_none)
    if block.pool_stride is None:
        return size, size
    return size, check_window(f"{where}: pool_stride", block.pool_stride)
