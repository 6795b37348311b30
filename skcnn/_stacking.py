"""Images that come one by one -> one array, or an error that says what differs."""

import os
from collections import Counter

import numpy as np

from skcnn._checks import shown
from skcnn._containers import LOAD, is_array, text_advice

_MOST_SIZES = 4  # that a message counts
_CONVERTED = "image.convert('RGB')"
_KINDS = {"b": "bool", "f": "float", "i": "int", "u": "int"}
_BYTES = "uint8"  # white is 255 there, and may be anything in wider integers


def gather(X):
    """One array of what came as separate images; anything else as it is.

    Parameters
    ----------
    X : array-like
        What :func:`skcnn._containers.check_container` lets pass. Images may be in a
        list, an array of objects or a Series of arrays; a PIL image is an array too.

    Returns
    -------
    array-like
        An array or a table. Arrays of numbers are not copied.

    Raises
    ------
    TypeError, ValueError
        If images differ in size or kind, are paths, or have palettes.
    """
    if isinstance(X, (list, tuple)):
        return _gather_list(X)
    _refuse_palettes([X])
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    is_column = len(X.shape) == 1 or (len(X.shape) == 2 and X.shape[1] == 1)
    return _gather_column(X) if is_column else X


def _gather_list(X):
    if _has_arrays(X):
        return _stack(X)
    try:
        array = np.asarray(X)
    except ValueError:  # rows or images of several lengths
        return _stack(X)
    _refuse_text(array, "X")
    return array


def _gather_column(X):
    """Of an array of one column, which may hold images or paths."""
    values = np.asarray(X)
    _refuse_text(values, "np.ravel(X)")
    if values.dtype != object or not values.shape:
        return X
    parts = list(values.flat)
    has_parts = _has_arrays(parts) or any(isinstance(part, list) for part in parts)
    return _stack(parts) if has_parts else X


def _has_arrays(values):
    """Whether some values are arrays of their own, rather than numbers or lists."""
    # Only one of each type is asked, because there may be millions.
    one_of_each_type = {type(value): value for value in values}
    return any(map(_is_no_number, one_of_each_type.values()))


def _is_no_number(value):
    return is_array(value) and not isinstance(value, np.generic)


def _refuse_text(array, code):
    """Refuse one column of text; scikit-learn explains a table of it.

    `code` is the expression that gives each text.
    """
    if not array.ndim or not array.size or array.size != len(array):
        return
    [first] = array.ravel()[:1].tolist()
    if isinstance(first, (str, bytes, os.PathLike)):
        remedy = text_advice(first, code) or LOAD
        raise TypeError(
            f"X must hold images; got text, such as {shown(first)}. {remedy}"
        )


def _refuse_palettes(images):
    for image in images:
        if getattr(image, "mode", None) in ("P", "PA") and hasattr(image, "convert"):
            raise ValueError(
                f"X has PIL images of mode {image.mode!r}, whose pixels are places "
                f"in a palette and not colors. Pass {_CONVERTED} for each."
            )


def _refuse_modes(images):
    """Refuse images of PIL whose numbers mean different things, such as RGB and HSV."""
    if not _have(images, "convert", "mode"):
        return
    modes = Counter(image.mode for image in images)
    if len(modes) > 1:
        raise ValueError(
            f"X must have PIL images of one mode; got {_counts(modes)}. Pass "
            f"{_CONVERTED} for each."
        )


def _stack(parts):
    _refuse_palettes(parts)
    arrays = [_part_array(number, part) for number, part in enumerate(parts)]
    sizes = Counter(array.shape for array in arrays)
    if len(sizes) > 1:
        _refuse_sizes(parts, arrays, sizes)
    _refuse_modes(parts)
    kinds = Counter(map(_kind, arrays))
    if len(kinds) > 1 and arrays[0].ndim > 1:
        raise ValueError(
            f"X must have images of one type; got {_counts(kinds)}. Their units may "
            "differ: give all the same, such as uint8 from 0 to 255."
        )
    return np.stack(arrays)


def _kind(array):
    if array.dtype == _BYTES:
        return _BYTES
    return _KINDS.get(array.dtype.kind, str(array.dtype))


def _part_array(number, part):
    try:
        return np.asarray(part)
    except ValueError as error:
        raise ValueError(
            f"X must be images of one size; got X[{number}], a "
            f"{type(part).__name__} that is not one array. If X holds pairs of image "
            f"and label: X, y = (np.stack(part) for part in zip(*X))."
        ) from error


def _counts(counter):
    """Such as "3 of (32, 32, 3), 1 of (28, 28, 3) and 2 of others"."""
    most = counter.most_common(_MOST_SIZES)
    text = ", ".join(f"{count} of {kind}" for kind, count in most)
    rest = counter.total() - sum(count for _, count in most)
    if rest:
        text += f" and {rest} of others"
    return text


# --------------------------------------------------------------------------------------
# The error for several sizes


def _refuse_sizes(parts, arrays, sizes):
    for number, array in enumerate(arrays):
        if array.shape == ():
            raise ValueError(
                f"X must hold images of one size; got X[{number}], which is a "
                f"{type(parts[number]).__name__}."
            )
    raise ValueError(
        f"X must have images of one size; got {_counts(sizes)}. "
        f"{_remedy(parts, arrays, sizes)}"
    )


def _remedy(parts, arrays, sizes):
    """What to do about several sizes."""
    dims = {len(size) for size in sizes}
    if len(parts) == 2 and 1 in dims and max(dims) > 1:
        return "If these are images and labels: X, y = X."
    if 1 in dims:
        return "Every image, or row, must have as many values as the others."
    if dims - {2, 3}:
        return "If these are batches: np.concatenate(X)."
    planes = {size[:2] for size in sizes}
    if len(planes) == 1:
        return _same_channels(parts, arrays, sizes)
    [(most_frequent, _)] = sizes.most_common(1)
    each = _resizing(parts, arrays, most_frequent[:2])
    remedy = f"Resize them: X = [{each} for image in X]."
    if len(dims) > 1:
        remedy += " Gray and color are mixed, too: make all the same."
    return remedy


def _resizing(parts, arrays, plane):
    """The expression that brings an image to a height and width."""
    height, width = plane
    if _have(parts, "resize", "mode"):  # images of PIL
        return f"image.resize(({width}, {height}))"
    if all(map(_pillow_takes, arrays)):
        return f"PIL.Image.fromarray(image).resize(({width}, {height}))"
    # TensorFlow resizes neither flags nor images without channels.
    return f"tf.image.resize(np.atleast_3d(np.float32(image)), {plane}).numpy()"


def _have(parts, *names):
    return all(hasattr(part, name) for part in parts for name in names)


def _pillow_takes(array):
    if array.ndim == 2:
        return array.dtype in (np.uint8, np.float32, np.float64)
    return array.dtype == np.uint8 and array.shape[2] in (3, 4)


def _same_channels(parts, arrays, sizes):
    """The line that gives images of one height and width the same channels."""
    channels = {(*size, 1)[2] for size in sizes}  # gray images may have no axis for it
    height, width = next(iter(sizes))[:2]
    if not channels <= {1, 3, 4}:
        return "Keep the same channels of each."
    if channels == {1}:
        each = f"np.reshape(image, ({height}, {width}, 1))"
        return f"Give all a channel axis: X = [{each} for image in X]."
    if _have(parts, "convert", "mode"):  # images of PIL
        each = _CONVERTED
    elif all(array.dtype == np.uint8 for array in arrays):
        each = "PIL.Image.fromarray(np.squeeze(image)).convert('RGB')"
    else:
        three = f"np.reshape(image, ({height}, {width}, -1))[..., :3]"
        each = f"np.broadcast_to({three}, ({height}, {width}, 3))"
    return (
        "Gray and color images, or images with and without transparency, are mixed. "
        f"Make all the same: X = [{each} for image in X]."
    )
