"""Sizes of kernels, pooling windows and strides: one notation for equal sizes.

A window is an int if it is a square, and else (height, width). Several kernels side by
side are a tuple of pairs.

Nothing but the standard library is imported, so that designs are checked without Keras.
"""

from skcnn._checks import check_integer, is_sequence, shown
from skcnn._warnings import warn_once

WINDOW = "an integer of at least 1 or a pair of them, (height, width)"
_KERNELS = (
    f"{WINDOW}, or a sequence of such pairs for kernels side by side, "
    "such as ((1, 1), (3, 3))"
)


def check_window(name, value, allowed=WINDOW, seen=None):
    """The size of one kernel, pooling window or stride.

    Parameters
    ----------
    name : str
        What it is, for messages.
    value : int or sequence of one or two int
        One integer, in a sequence or not, is a square.
    allowed : str
        What messages say is allowed.
    seen : object, default=None
        What messages say was given; None for `value`.

    Returns
    -------
    int or tuple of two int
        An int exactly if it is a square.

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    if seen is None:
        seen = value
    sides = tuple(value) if is_sequence(value) else (value,)
    if len(sides) not in (1, 2):
        raise ValueError(f"{name} must be {allowed}; got {shown(seen)}.")
    sides = [check_integer(name, side, 1, allowed, seen) for side in sides]
    height, width = sides[0], sides[-1]
    if height == width:
        return height
    return height, width


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

    Raises
    ------
    TypeError, ValueError
        If it is anything else.

    Warns
    -----
    FutureWarning
        For the old notation.
    """
    members = tuple(value) if is_sequence(value) else ()
    nested = any(is_sequence(member) for member in members)
    if not nested and len(members) < 3:
        return check_window(name, value, _KERNELS)
    kernels = []
    for member in members:
        kernel = check_window(name, member, _KERNELS, seen=value)
        kernels.append(window_sides(kernel))
    kernels = tuple(kernels)
    if not nested:
        warn_once(
            f"conv_layers: kernel_size={value!r} is the old notation of kernels side "
            "by side, which a later version will refuse. "
            f"Write kernel_size={kernels!r}.",
            FutureWarning,
        )
    if len(kernels) == 1:
        return check_window(name, kernels[0])
    return kernels


def window_sides(window):
    """(height, width) of a window as :func:`check_window` returns it."""
    if isinstance(window, tuple):
        return window
    return window, window


def parallel_windows(kernel_size):
    """Each kernel of what :func:`check_kernels` returns, as (height, width)."""
    if isinstance(kernel_size, tuple) and isinstance(kernel_size[0], tuple):
        return kernel_size
    return (window_sides(kernel_size),)
