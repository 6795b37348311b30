"""X, y as users have them -> images (n, height, width, channels) and class codes."""

import re
from contextlib import contextmanager

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from skcnn._compat import check_sample_weight, check_y
from skcnn._containers import advice, check_container, describe, is_array
from skcnn._labels import all_classes, check_labels, class_weights, label_codes
from skcnn._later_units import check_units
from skcnn._shapes import array_code, as_images, flatten_images
from skcnn._units import integer_type, settle_units, value_range


def check_training_data(
    estimator, X, y, sample_weight, *, known_classes=None, classes=None
):
    """Check what is given to fit.

    Sets `n_features_in_`, `feature_names_in_` and `pixel_range_` of `estimator`.

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
        A view of X where that is possible; uint8 if they are bytes of another type.
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
    check_container(X, "X")
    shape = estimator.image_shape_ if resume else estimator.image_shape
    flat, image_shape = flatten_images(X, shape, fitted=resume)
    y = _checked_labels(estimator, y)
    flat = _checked_table(estimator, flat, reset=not resume)
    _check_lengths(X, flat, y)
    images, weights = as_images(flat, image_shape), None
    if sample_weight is not None:
        images, y, weights = _weighted(images, y, sample_weight)
    classes = all_classes(y, known_classes, classes)
    labels = label_codes(y, classes, "y")
    if estimator.class_weight is not None:
        class_weight = class_weights(estimator.class_weight, y, classes)[labels]
        weights = class_weight if weights is None else weights * class_weight
    if weights is not None and np.all(weights == 1):
        weights = None  # the same numbers by a shorter way
    images = _in_units(estimator, images, resume, image_shape is not None)
    return classes, images, labels, weights


def check_validation_data(estimator, validation_data, classes, architecture):
    """Check what is given to fit as `validation_data`.

    Parameters
    ----------
    estimator : ConvPoolClassifier
        What :func:`check_training_data` has seen.
    validation_data : tuple (X, y)
    classes : ndarray of shape (n_classes,)
    architecture : Architecture

    Returns
    -------
    images, labels : ndarray
        As of :func:`check_training_data`.

    Raises
    ------
    TypeError, ValueError
        Naming what is wrong.
    """
    X, y = _pair(validation_data)
    with _named("validation_data"):
        if y is None:
            raise ValueError("y must be labels; got None.")
        check_labels(y)
        shape, scale = architecture.image_shape, architecture.scale
        images = check_images(estimator, X, shape, scale, "validation_data")
        y = column_or_1d(y)
        if len(y) != len(images):
            raise ValueError(
                "validation_data must have as many labels as images; got "
                f"{len(y)} and {len(images)}."
            )
        return images, label_codes(y, classes, "validation_data")


def check_images(estimator, X, image_shape, scale=None, name="X"):
    """Check images against those of fit.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    X : array-like
    image_shape : tuple of three int
    scale : float, default=None
        What the network multiplies pixels by. None for that of the fitted one.
    name : str, default="X"
        What warnings call the images.

    Returns
    -------
    ndarray of shape (n, height, width, channels)

    Raises
    ------
    TypeError, ValueError
        If they are of another shape or in other units, or hold what is not a number.
    """
    check_container(X, "X")
    flat, _ = flatten_images(X, image_shape, fitted=True)
    flat = _checked_table(estimator, flat, reset=False)
    images = as_images(flat, image_shape)
    if scale is None:
        scale = estimator.architecture_.scale
    return check_units(images, getattr(estimator, "pixel_range_", None), scale, name)


def check_scoring_data(X, y):
    """Refuse what score cannot use, before predicting.

    Parameters
    ----------
    X, y : array-like

    Raises
    ------
    TypeError, ValueError
    """
    check_container(X, "X")
    check_labels(y)
    if y is None:
        raise ValueError("score requires y, the labels to compare with; got None.")


def _pair(validation_data):
    if isinstance(validation_data, (tuple, list)):
        if len(validation_data) == 2:
            return validation_data
        got = f"{describe(validation_data)} of {len(validation_data)}"
    else:
        got = describe(validation_data)
    known = isinstance(validation_data, (tuple, list)) or is_array(validation_data)
    remedy = "" if known else advice(validation_data, "validation_data")
    raise ValueError(
        f"validation_data must be a tuple (X, y); got {got}. {remedy}".rstrip()
    )


def _checked_labels(estimator, y):
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None. Give fit the labels: fit(X, y)."
        )
    check_labels(y)
    with _named("y"):
        y = check_y(y, estimator=estimator)
        check_classification_targets(y)
    return y


def _checked_table(estimator, X, *, reset):
    """X by scikit-learn's checks, which set or compare the names of features."""
    integers = integer_type(X)
    with _named("X"):
        X = validate_data(estimator, X, reset=reset)
    _check_float32(X)
    return X if integers is None else X.astype(integers, copy=False)


def _check_float32(flat):
    """Refuse numbers that the network's float32 cannot hold."""
    if flat.dtype.kind == "f" and flat.dtype.itemsize > 4 and flat.size:
        largest = np.finfo(np.float32).max
        if flat.max() > largest or flat.min() < -largest:
            raise ValueError(
                "X contains values too large for float32; the largest allowed is "
                f"{largest:.4g}."
            )


def _check_lengths(X, flat, y):
    if len(flat) == len(y):
        return
    hint = (
        f" If X is one image, pass {array_code(X)}[np.newaxis]." if len(y) == 1 else ""
    )
    raise ValueError(
        "X and y must have as many images as labels; got "
        f"{len(flat)} and {len(y)}.{hint}"
    )


def _weighted(images, y, sample_weight):
    """The samples whose weight is above 0, with their weights."""
    check_container(sample_weight, "sample_weight")
    with _named("sample_weight"):
        weights = check_sample_weight(
            sample_weight, images, dtype=np.float32, ensure_non_negative=True
        )
    used = weights != 0
    if not used.any():
        raise ValueError(
            "sample_weight must be above 0 for at least one sample; got only zeros."
        )
    if used.all():
        return images, y, weights
    return images[used], y[used], weights[used]


def _in_units(estimator, images, resume, are_images):
    """Images in the units of fit; sets the `pixel_range_` of `estimator`."""
    if not resume:
        estimator.pixel_range_ = value_range(images)
        return settle_units(images, estimator.pixel_range_, are_images=are_images)
    known = getattr(estimator, "pixel_range_", None)  # None if an older skcnn fitted it
    images = check_units(images, known, estimator.architecture_.scale)
    if known is not None:
        low, high = value_range(images)
        estimator.pixel_range_ = (min(known[0], low), max(known[1], high))
    return images


@contextmanager
def _named(name):
    """Put the name of what is checked before messages that lack it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if re.search(rf"\b{name}\b", str(error)):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from error
