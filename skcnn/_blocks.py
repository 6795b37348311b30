"""What people write in `conv_layers` -> blocks that leave nothing open.

A block may be short, inherit from the classifier, and write its kernels and pooling
windows in several ways. Equal meanings become equal blocks here: the rest of the
package knows one notation only.

Nothing but the standard library is imported, so that designs are checked without Keras.
"""

import functools
from numbers import Integral
from typing import NamedTuple

from skcnn._checks import (
    check_boolean,
    check_choice,
    check_integer,
    check_norm,
    check_rate,
    check_sequence,
    is_sequence,
)
from skcnn._warnings import warn_once
from skcnn._words import BLOCK_WORDS, hint

# fmt: off
ACTIVATIONS = frozenset({
    "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu", "relu6", "selu", "sigmoid",
    "silu", "softplus", "softsign", "swish", "tanh",
})
# fmt: on
PADDINGS = ("same", "valid")
POOLINGS = ("max", "avg")


class ConvBlock(NamedTuple):
    """One convolution-pooling block: convolutions, then pooling, then dropout.

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
    >>> ConvBlock(32, 5, 2, 2) == (32, 5, 2, 2) + (None,) * 7
    True
    >>> ConvBlock(16, 5, batch_norm=True)
    ConvBlock(filters=16, kernel_size=5, batch_norm=True)

    Kernels of three sizes side by side, 16 filters each:

    >>> ConvBlock(16, kernel_size=((1, 1), (3, 3), (5, 5))).pool_size
    2

    A block for signals, which are images of height 1: kernels of 1x9, pooled by 1x4.

    >>> ConvBlock(16, kernel_size=(1, 9), pool_size=(1, 4)).pool_stride is None
    True
    """

    filters: int
    kernel_size: int | tuple = 3
    pool_size: int | tuple | None = 2
    pool_stride: int | tuple | None = None
    n_convs: int | None = None
    padding: str | None = None
    pooling: str | None = None
    activation: str | None = None
    batch_norm: bool | None = None
    dropout: float | None = None
    max_norm: float | None = None

    def __repr__(self):
        """What differs from the defaults; grids of many blocks stay readable."""
        given = [
            f"{name}={value!r}"
            for name, value in self._asdict().items()
            if repr(value) != repr(self._field_defaults.get(name, "always shown"))
        ]
        return f"ConvBlock({', '.join(given)})"


def _naming_what_is_meant(new):
    """Say what to write for `strides` and the like, which Python's error does not."""

    @functools.wraps(new)
    def named(cls, *values, **fields):
        unknown = [name for name in fields if name not in cls._fields]
        if unknown:
            raise TypeError(f"{_hints(unknown)} The fields are {list(cls._fields)}.")
        return new(cls, *values, **fields)

    return named


# Put here afterwards, because the body of a NamedTuple may not have it.
ConvBlock.__new__ = _naming_what_is_meant(ConvBlock.__new__)


def _hints(unknown):
    """What to write for names that are no fields."""
    return " ".join(
        f"ConvBlock has no {name!r}.{hint(name, ConvBlock._fields, BLOCK_WORDS)}"
        for name in map(str, unknown)
    )


# --------------------------------------------------------------------------------------
# From any form of a block to the one that the plan is made from


def resolve_blocks(conv_layers, defaults):
    """The blocks with everything inherited filled in.

    Parameters
    ----------
    conv_layers : sequence
        Blocks in any form.
    defaults : ConvBlock
        What a block inherits where it says None.

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
            f"conv_layers must be a list or tuple of blocks; got {conv_layers!r}. "
            f"A single block is written conv_layers=[{conv_layers!r}]."
        )
    blocks = check_sequence("conv_layers", conv_layers)
    return tuple(
        _resolve_block(f"conv_layers, block {number}", block, blocks, defaults)
        for number, block in enumerate(blocks, start=1)
    )


def _resolve_block(where, block, blocks, defaults):
    given = _as_block(where, block, blocks)
    _check_places(where, given)
    filled = ConvBlock(
        *(
            default if value is None else value
            for value, default in zip(given, defaults, strict=True)
        )
    )
    pool_size, pool_stride = _pooling(where, given)
    rate = filled.dropout if pool_size or given.dropout is not None else 0.0
    return ConvBlock(
        filters=check_integer(f"{where}: filters", given.filters, 1),
        kernel_size=check_kernels(f"{where}: kernel_size", given.kernel_size),
        pool_size=pool_size,
        pool_stride=pool_stride,
        n_convs=check_integer(f"{where}: n_convs", filled.n_convs, 1),
        padding=check_choice(f"{where}: padding", filled.padding, PADDINGS),
        pooling=check_choice(f"{where}: pooling", filled.pooling, POOLINGS),
        activation=check_choice(f"{where}: activation", filled.activation, ACTIVATIONS),
        batch_norm=check_boolean(f"{where}: batch_norm", filled.batch_norm),
        dropout=check_rate(f"{where}: dropout", rate),
        max_norm=check_norm(f"{where}: max_norm", filled.max_norm),
    )


def _as_block(where, block, blocks):
    if isinstance(block, dict):
        return _block_of_dict(where, block)
    if not is_sequence(block):
        raise TypeError(
            f"{where} must be a ConvBlock, a tuple (filters, kernel_size, pool_size, "
            f"pool_stride, ...) or a dict of ConvBlock's fields; got {block!r}."
            f"{_hint_for_flat(blocks)}"
        )
    values = tuple(block)
    if not 1 <= len(values) <= len(ConvBlock._fields):
        raise ValueError(
            f"{where} must hold 1 to {len(ConvBlock._fields)} values, in the order "
            f"{list(ConvBlock._fields)}; got {block!r}."
        )
    return ConvBlock(*values)


def _block_of_dict(where, block):
    unknown = [name for name in block if name not in ConvBlock._fields]
    if unknown or "filters" not in block:
        raise ValueError(
            f"{where} must be a dict with 'filters' and any of "
            f"{list(ConvBlock._fields[1:])}; got {block!r}. {_hints(unknown)}".rstrip()
        )
    return ConvBlock(**block)


def _hint_for_flat(blocks):
    """For [32, 64], which may be two blocks or one."""
    if not all(isinstance(value, Integral) for value in blocks):
        return ""
    each = [(int(value),) for value in blocks]
    return (
        f" A single block is written conv_layers=[{sum(each, ())!r}]; "
        f"conv_layers={each!r} are blocks with so many filters."
    )


# Which field a word belongs to.
_HOMES = (
    dict.fromkeys(PADDINGS, "padding")
    | dict.fromkeys(POOLINGS, "pooling")
    | dict.fromkeys(ACTIVATIONS, "activation")
)


def _check_places(where, block):
    """Find words in a wrong place, as 'same', which is the fourth value in Keras."""
    for field, value in block._asdict().items():
        home = _HOMES.get(value) if isinstance(value, str) else None
        if home not in (None, field):
            default = ConvBlock._field_defaults.get(field, 32)
            meant = block._replace(**{field: default, home: value})
            raise TypeError(
                f"{where}: {field} got {value!r}, which is a value of {home}. "
                f"Write {meant!r}."
            )


# --------------------------------------------------------------------------------------
# Windows: an int for a square, or (height, width)

_WINDOW = "an integer of at least 1 or a pair of them, (height, width)"
_KERNELS = (
    f"{_WINDOW}, or a sequence of such pairs for kernels side by side, "
    "such as ((1, 1), (3, 3))"
)


def check_window(name, value, allowed=_WINDOW, seen=None):
    """The size of one kernel, pooling window or stride.

    Parameters
    ----------
    name : str
        What it is, for messages.
    value : int or sequence of one or two int
        One integer, in a sequence or not, is a square.
    allowed, seen : str, object, default=None
        What messages say of what may be, and of what is.

    Returns
    -------
    int or tuple of two int
        An int exactly if it is a square.
    """
    seen = value if seen is None else seen
    sides = tuple(value) if is_sequence(value) else (value,)
    if len(sides) not in (1, 2):
        raise ValueError(f"{name} must be {allowed}; got {seen!r}.")
    sides = [check_integer(name, side, 1, allowed, seen) for side in sides]
    height, width = sides[0], sides[-1]
    return height if height == width else (height, width)


def check_kernels(name, value):
    """The size of a kernel, or the sizes of several side by side.

    Parameters
    ----------
    name : str
        What it is, for messages.
    value : int, pair of int, or sequence of pairs
        Three integers or more are the old notation of square kernels side by side.

    Returns
    -------
    int or tuple of two int or tuple of pairs
        One kernel as :func:`check_window` has it; several as pairs, squares as well.
    """
    members = tuple(value) if is_sequence(value) else ()
    nested = any(is_sequence(member) for member in members)
    if not nested and len(members) < 3:
        return check_window(name, value, _KERNELS)
    kernels = tuple(
        window_sides(check_window(name, member, _KERNELS, seen=value))
        for member in members
    )
    if not nested:
        warn_once(
            f"conv_layers: kernel_size={value!r} is the old notation of kernels side "
            "by side, which a later version will refuse. "
            f"Write kernel_size={kernels!r}.",
            FutureWarning,
        )
    return check_window(name, kernels[0]) if len(kernels) == 1 else kernels


def window_sides(window):
    """(height, width) of a window as :func:`check_window` returns it."""
    return window if isinstance(window, tuple) else (window, window)


def parallel_windows(kernel_size):
    """Each kernel of a resolved `kernel_size` as (height, width)."""
    if isinstance(kernel_size, tuple) and isinstance(kernel_size[0], tuple):
        return kernel_size
    return (window_sides(kernel_size),)


def _pooling(where, block):
    """`pool_size` and `pool_stride`; both None without pooling."""
    if block.pool_size is None:
        if block.pool_stride is not None:
            warn_once(
                f"{where}: pool_stride={block.pool_stride!r} has no effect without "
                "pooling (pool_size=None). Leave it out; convolutions have stride 1."
            )
        return None, None
    or_none = f"{_WINDOW}, or None for no pooling"
    size = check_window(f"{where}: pool_size", block.pool_size, or_none)
    if block.pool_stride is None:
        return size, size
    return size, check_window(f"{where}: pool_stride", block.pool_stride)
