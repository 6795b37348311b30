"""Images <-> the tables that scikit-learn checks; wrong shapes are explained."""

from itertools import permutations
from math import prod

import numpy as np

from skcnn._checks import check_image_shape
from skcnn._columns import check_columns
from skcnn._containers import holds_objects
from skcnn._stacking import gather
from skcnn._warnings import warn_once

_CHANNELS = (1, 3, 4)  # gray, color, color with transparency


def flatten_images(X, image_shape=None, *, fitted=False):
    """Flatten images to the two-dimensional X that scikit-learn's own checks know.

    Parameters
    ----------
    X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
    image_shape : tuple of int, default=None
        Shape that the images must have, as the user gave it or as it was when fitted.
        None for any.
    fitted : bool, default=False
        Whether `image_shape` is that of a fit, rather than what the user gave to one.

    Returns
    -------
    X : array-like of shape (n, n_features)
        A view where that is possible; unchanged if it was not images.
    image_shape : tuple of three int, or None
        None if X does not tell and `image_shape` is None.

    Raises
    ------
    TypeError, ValueError
        If X has another number of dimensions, or images of another shape.
    """
    expected = None if image_shape is None else check_image_shape(image_shape)
    code = array_code(X)
    X = gather(X)
    check_columns(X)
    _refuse_row(tuple(X.shape), expected, code)
    if expected is not None:
        _refuse_one_image(tuple(X.shape), expected, code)
    if len(X.shape) < 3:
        if expected is not None and not fitted:
            _check_order_of_shape(expected, code)
        return X, expected
    if len(X.shape) > 4:
        raise ValueError(
            "X must be images (n, height, width, channels) or (n, height, width), or a "
            f"table (n, n_features); got {len(X.shape)} dimensions, shape "
            f"{tuple(X.shape)}. If X is a list of batches, pass np.concatenate(X)."
        )
    X = np.asarray(X)
    shape = _checked_shape(X.shape, expected, fitted, code)
    return X.reshape(len(X), prod(shape)), shape


def _checked_shape(given, expected, fitted, code):
    """(height, width, channels) of images, from the shape of all, if it can be."""
    shape = (*given[1:], 1)[:3]
    if expected is None:
        _check_order_of_axes(given, code)
    elif expected != shape:
        _refuse_shape(given, expected, fitted, code)
    if 0 in shape:
        raise ValueError(
            f"X has images without pixels: 0 feature(s) (shape={given}) while a "
            "minimum of 1 is required."
        )
    return shape


def check_order(image_shape):
    """Warn of an `image_shape` that seems to have another order, before any images.

    Parameters
    ----------
    image_shape : tuple of int, or None
        As the user gave it. None is left to others.

    Raises
    ------
    TypeError, ValueError
        If it is no shape of an image.
    """
    if image_shape is None:
        return
    height, width, channels = shape = check_image_shape(image_shape)
    if _seems_channels_first(shape):
        remedy = f"Channels come last: image_shape={(width, channels, height)}."
    elif height > width == channels > 4:
        remedy = f"If {shape} is X.shape, of gray images, pass X.shape[1:]."
    else:
        return
    meaning = _meaning(shape)
    warn_once(f"{meaning} {remedy}")


def _seems_channels_first(image_shape):
    height, width, channels = image_shape
    if channels <= 4 or height >= width:
        return False
    return height in _CHANNELS or width == channels


def _meaning(image_shape):
    height, width, channels = image_shape
    return (
        f"image_shape={image_shape} means height {height}, width {width} and "
        f"{channels} channels."
    )


def array_code(X):
    """The expression that gives X as an array of numbers, for remedies in messages."""
    shape = getattr(X, "shape", ())
    is_column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    if is_column and holds_objects(X):
        return "np.stack(np.ravel(X))"  # images or rows, one by one
    return "X" if isinstance(X, np.ndarray) else "np.asarray(X)"


def as_images(flat, image_shape):
    """Give a checked table of features its image shape.

    Parameters
    ----------
    flat : ndarray of shape (n, n_features)
    image_shape : tuple of three int, or None
        None makes a strip of it: images of height 1, width `n_features` and one
        channel.

    Returns
    -------
    ndarray of shape (n, height, width, channels)

    Raises
    ------
    ValueError
        If the number of features is not that of `image_shape`.
    """
    n_features = flat.shape[1]
    shape = (1, n_features, 1) if image_shape is None else image_shape
    if prod(shape) != n_features:
        raise ValueError(
            f"image_shape={shape} holds {prod(shape)} values, but X has {n_features} "
            "features."
        )
    return flat.reshape(-1, *shape)


def _check_order_of_shape(image_shape, code):
    """Warn of an `image_shape` for a table that seems to have its channels first."""
    channels, height, width = image_shape
    if channels not in _CHANNELS or height != width or width <= 4:
        return
    if channels == 1:
        remedy = f"Set image_shape=({height}, {width}). "
    else:
        remedy = (
            f"For rows that have their channels first, as those of CIFAR-10, pass "
            f"{code}.reshape(-1, {channels}, {height}, {width}).transpose(0, 2, 3, 1) "
            "without image_shape. "
        )
    meaning = _meaning(image_shape)
    warn_once(
        f"{meaning} {remedy}If that is what you mean, pass X as images: "
        f"{code}.reshape(-1, {channels}, {height}, {width}), with this image_shape."
    )


def _check_order_of_axes(shape, code):
    """Refuse, or warn of, images that seem to have their channels first."""
    if len(shape) < 4 or not _seems_channels_first(shape[1:]):
        return
    is_square = shape[2] == shape[3]
    message = (
        f"X has shape {tuple(shape)}, and seems to have its channels first; they "
        f"must come last, (n, height, width, channels). Pass "
        f"{code}.transpose(0, 2, 3, 1). If it has height {shape[1]} and {shape[3]} "
        f"channels, set image_shape={tuple(shape[1:])}."
    )
    if is_square and shape[1] in _CHANNELS:
        raise ValueError(message)
    warn_once(message)


def _refuse_row(shape, expected, code):
    """Refuse a single row of numbers, without writing them all into the message."""
    if len(shape) != 1:
        return
    is_image = expected is not None and prod(expected) == shape[0]
    batch = (1, *expected) if is_image else (1, -1)
    raise ValueError(
        f"X: Expected 2D array, got 1D array instead, of shape {shape}. Reshape your "
        f"data: if X is one image, pass {code}.reshape{batch}."
    )


def _refuse_one_image(shape, expected, code):
    """Refuse an image that is not in a batch, if it cannot be taken for one."""
    height, width, channels = expected
    as_table = len(shape) == 2 and shape[1] == prod(expected)
    as_images = (*shape[1:], 1)[:3] == expected and len(shape) > 2
    if as_table or as_images:
        return
    if shape == expected or (channels == 1 and shape == (height, width)):
        batch = f"{code}[np.newaxis]"
    elif shape == (channels, height, width):
        batch = f"{code}.transpose(1, 2, 0)[np.newaxis]"
    else:
        return
    raise ValueError(
        f"X must be a batch of images; got one image of shape {shape}. Pass {batch}."
    )


def _refuse_shape(shape, expected, fitted, code):
    """Refuse images of another shape than is expected, with the remedy if any."""
    image = (*shape[1:], 1)[:3]
    has_channels_first = expected == (image[2], *image[:2]) and image[2] in _CHANNELS
    remedy = _transposing(shape, expected, code)
    if has_channels_first and not fitted:
        remedy = f" Set image_shape={image}."
    raise ValueError(
        f"X has images of shape {image}, but image_shape={expected} is expected "
        f"(height, width, channels).{remedy}"
    )


def _transposing(shape, expected, code):
    """The transposition that makes images of another shape what is expected, if any."""
    orders = [(2, 3, 1), (3, 1, 2), (2, 1, 3)]  # channels first, last; sides swapped
    orders += permutations((1, 2, 3))
    if len(shape) == 3:
        orders, shape = [(2, 1)], (*shape, 1)
    for order in orders:
        if (*(shape[axis] for axis in order), 1)[:3] == expected:
            return f" Pass {code}.transpose{(0, *order)}."
    return ""
