"""X, y as scikit-learn users have them -> images (n, height, width, channels) and class codes."""

import re
from contextlib import contextmanager
from math import prod

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from skcnn._architecture import check_image_shape
from skcnn._compat import check_sample_weight, check_y


def check_training_data(
    estimator, X, y, sample_weight, *, known_classes=None, classes=None
):
    """Check what is given to fit; sets `n_features_in_` and `feature_names_in_`.

    Parameters
    ----------
    estimator : ConvPoolClassifier
        Its `image_shape` and `class_weight` are heeded.
    X, y, sample_weight : array-like
        As given.
    known_classes : ndarray of shape (n_classes,), default=None
        The labels of the fit that is continued; None for a new one.
    classes : array-like of shape (n_classes,), default=None
        All labels that will ever occur. None for those in `y`.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The labels, sorted.
    images : ndarray of shape (n, height, width, channels)
        A view of X where that is possible.
    labels : ndarray of shape (n,), int32
        Places in `classes`.
    weights : ndarray of shape (n,), float32, or None
        None where all are equal to 1.

    Raises
    ------
    TypeError, ValueError
        Naming what is wrong.
    """
    resume = known_classes is not None
    check_labels_1d(y)
    X, image_shape = flatten_images(
        X, estimator.image_shape_ if resume else estimator.image_shape
    )
    with _named("y"):
        y = check_y(y, estimator=estimator)
        check_classification_targets(y)
    with _named("X"):
        X = validate_data(estimator, X, reset=not resume)
        check_range(X)
    with _named("X and y"):
        check_consistent_length(X, y)
    images, weights = as_images(X, image_shape), None
    if sample_weight is not None:
        with _named("sample_weight"):
            weights = check_sample_weight(
                sample_weight, X, dtype=np.float32, ensure_non_negative=True
            )
        used = weights != 0
        if not used.any():
            raise ValueError(
                "sample_weight must be above 0 for at least one sample; got only zeros."
            )
        if not used.all():
            images, y, weights = images[used], y[used], weights[used]
    classes = _all_classes(y, known_classes, classes)
    labels = label_codes(y, classes, "y")
    if estimator.class_weight is not None:
        class_weights = _class_weights(estimator.class_weight, y, classes)[labels]
        weights = class_weights if weights is None else weights * class_weights
    if weights is not None and np.all(weights == 1):
        weights = None  # the same numbers by a shorter way
    return classes, images, labels, weights


def check_validation_data(estimator, validation_data, classes, image_shape):
    """Check what is given to fit as `validation_data`.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    validation_data : tuple (X, y)
    classes : ndarray of shape (n_classes,)
    image_shape : tuple of three int

    Returns
    -------
    images, labels : ndarray
        As of :func:`check_training_data`.

    Raises
    ------
    ValueError
        Naming what is wrong.
    """
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
        raise ValueError(
            f"validation_data must be a tuple (X, y); got {type(validation_data).__name__}."
        )
    X, y = validation_data
    with _named("validation_data"):
        check_labels_1d(y)
        images, y = check_images(estimator, X, image_shape), column_or_1d(y)
    if len(y) != len(images):
        raise ValueError(
            f"validation_data must have as many labels as images; got {len(y)} and {len(images)}."
        )
    return images, label_codes(y, classes, "validation_data")


def check_images(estimator, X, image_shape):
    """Check images against those of fit.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    X : array-like
    image_shape : tuple of three int

    Returns
    -------
    ndarray of shape (n, height, width, channels)

    Raises
    ------
    ValueError
        If they are of another shape, or hold what is not a number.
    """
    X, _ = flatten_images(X, image_shape)
    with _named("X"):
        X = validate_data(estimator, X, reset=False)
    check_range(X)
    return as_images(X, image_shape)


def label_codes(y, classes, name):
    """The place of each label in `classes`, as int32; ValueError for labels that are not among them."""
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"{name} has labels that are not among the classes {classes.tolist()}: {unknown.tolist()}."
        )
    return np.searchsorted(classes, y).astype(np.int32)


def _class_weights(class_weight, y, classes):
    try:
        weights = compute_class_weight(class_weight, classes=classes, y=y).astype(
            np.float32
        )
    except ValueError as error:
        raise ValueError(f"class_weight={class_weight!r}: {error}") from error
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ValueError(
            f"class_weight must be finite, at least 0, and not always 0; got {class_weight!r}."
        )
    return weights


@contextmanager
def _named(name):
    """Put the name of what is checked before those messages of scikit-learn's that do not say it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if re.search(rf"\b{name}\b", str(error)):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from error


def _all_classes(y, known_classes, classes):
    given = np.unique(y if classes is None else column_or_1d(classes))
    if known_classes is None:
        if len(given) < 2:
            raise ValueError(
                f"y must hold samples of at least 2 classes; got 1 class: {given.tolist()[0]!r}."
            )
        return given
    if classes is not None and not np.array_equal(given, known_classes):
        raise ValueError(
            f"classes must be those of the first call, {known_classes.tolist()}; got {given.tolist()}."
        )
    return known_classes


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
        raise ValueError(
            f"image_shape={shape} holds {prod(shape)} values, but X has {n_features} features."
        )
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
            raise ValueError(
                f"X contains values too large for float32; the largest allowed is {largest:.4g}."
            )


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
    shape = getattr(y, "shape", None) or np.shape(
        _as_array(y) if isinstance(y, (list, tuple)) else ()
    )
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError(
            f"y should be a 1d array of labels, got an array of shape {tuple(shape)} instead. "
            "For one-hot labels, pass y.argmax(axis=1); several labels for one image are not supported."
        )


def _as_array(values):
    try:
        return np.asarray(values)
    except ValueError:  # ragged, which scikit-learn's checks explain better
        return values
