"""X, y as scikit-learn users have them -> images (n, height, width, channels) and class codes."""

from math import prod

import numpy as np

from skcnn._architecture import check_image_shape


def flatten_images(X, image_shape=None):
    """Flatten images to the two-dimensional X that scikit-learn's own checks know.

    Parameters
    ----------
    X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
    image_shape : tuple of int, default=None
        Shape that the images must have, as the user gave it or as it was when fitted. None for any.

    Returns
    -------
    X : array-like of shape (n, n_features)
        A view where that is possible; unchanged if it was not images.
    image_shape : tuple of three int, or None
        None if X does not tell and `image_shape` is None.

    Raises
    ------
    ValueError
        If X has another number of dimensions, or images of another shape.
    """
    expected = None if image_shape is None else check_image_shape(image_shape)
    if isinstance(X, (list, tuple)):
        X = _as_array(X)
    n_dims = len(getattr(X, "shape", ()))
    if n_dims < 3:
        return X, expected
    if n_dims > 4:
        raise ValueError(
            f"X must be images (n, height, width, channels) or (n, height, width), or a table (n, n_features); "
            f"got {n_dims} dimensions, shape {tuple(X.shape)}."
        )
    X = np.asarray(X)
    shape = (*X.shape[1:], 1)[:3]
    if expected not in (None, shape):
        raise ValueError(
            f"X has images of shape {shape}, but image_shape={expected} is expected (height, width, channels)."
        )
    if 0 in shape:
        raise ValueError(
            f"X has images without pixels: 0 feature(s) (shape={X.shape}) while a minimum of 1 is required."
        )
    return X.reshape(len(X), prod(shape)), shape


def as_images(flat, image_shape):
    """Give a checked table of features its image shape.

    Parameters
    ----------
    flat : ndarray of shape (n, n_features)
    image_shape : tuple of three int, or None
        None makes a strip of it: images of height 1, width `n_features` and one channel.

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
        raise ValueError(f"image_shape={shape} holds {prod(shape)} values, but X has {n_features} features.")
    return flat.reshape(-1, *shape)


def pixel_scale(dtype):
    """What pixels of a type are multiplied by: uint8 is 0 to 255, everything else is taken as it is."""
    return 1 / 255 if dtype == np.uint8 else 1.0


def check_range(flat):
    """Refuse numbers that the network's float32 cannot hold.

    Parameters
    ----------
    flat : ndarray of shape (n, n_features)

    Raises
    ------
    ValueError
    """
    if flat.dtype.kind == "f" and flat.dtype.itemsize > 4 and flat.size:
        largest = np.finfo(np.float32).max
        if flat.max() > largest or flat.min() < -largest:
            raise ValueError(f"X contains values too large for float32; the largest allowed is {largest:.4g}.")


def check_labels_1d(y):
    """Refuse one-hot labels with advice.

    Parameters
    ----------
    y : array-like

    Raises
    ------
    ValueError
        If `y` is a table of several columns.
    """
    shape = getattr(y, "shape", None) or np.shape(_as_array(y) if isinstance(y, (list, tuple)) else ())
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError(
            f"y should be a 1d array of labels, got an array of shape {tuple(shape)} instead. "
            "For one-hot labels, pass y.argmax(axis=1)."
        )


def _as_array(values):
    try:
        return np.asarray(values)
    except ValueError:  # ragged, which scikit-learn's checks explain better
        return values
