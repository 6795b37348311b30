"""X, y as users have them -> images (n, height, width, channels) and class codes."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from skcnn._compat import check_sample_weight, check_y
from skcnn._containers import advice, check_container, describe, is_array
from skcnn._labels import all_classes, check_labels, class_weights, label_codes
from skcnn._later_units import check_units
from skcnn._shapes import array_code, as_images, flatten_images
from skcnn._units import integer_type, pixel_scale, settle_units, value_range

# --------------------------------------------------------------------------------------
# Records


@dataclass(frozen=True)
class GivenData:
    """What a user gave to fit, unchecked.

    Attributes
    ----------
    X, y, sample_weight : array-like or None
    validation_data : tuple (X, y) or None
    classes : array-like of shape (n_classes,), or None
        All labels that will ever occur. None for those in `y`.
    """

    X: object
    y: object = None
    sample_weight: object = None
    validation_data: object = None
    classes: object = None


@dataclass(frozen=True)
class Features:
    """What scikit-learn's checks remember of the columns of X.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,), or None
        Only of a table with string column names.
    """

    n_features_in_: int
    feature_names_in_: np.ndarray | None = None


@dataclass(frozen=True)
class KnownImages:
    """What a fit knows of its images, with which later ones are compared.

    Attributes
    ----------
    owner : str
        Name of the estimator's class, for messages.
    image_shape : tuple of three int
    features : Features
    pixel_range : tuple of two float, or None
        The smallest and the largest value; None if an older skcnn fitted the estimator.
    scale : float
        What the network multiplies pixels by.
    """

    owner: str
    image_shape: tuple
    features: Features
    pixel_range: tuple | None
    scale: float

    def with_more(self, images):
        """The same after a fit that goes on with more images."""
        if self.pixel_range is None:
            return self
        low, high = value_range(images)
        known_low, known_high = self.pixel_range
        return replace(self, pixel_range=(min(known_low, low), max(known_high, high)))


@dataclass(frozen=True)
class CheckedData:
    """What fit may train on.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The labels, sorted.
    images : ndarray of shape (n, height, width, channels)
        A view of X where that is possible; uint8 if they are bytes of another type.
    labels : ndarray of shape (n,), int32
        Places in `classes`.
    weights : ndarray of shape (n,), float32, or None
        None where all are equal to 1.
    known : KnownImages
        What is known from now on.
    """

    classes: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    known: KnownImages


# --------------------------------------------------------------------------------------
# What is given to fit


def check_training_data(
    given,
    *,
    owner,
    image_shape=None,
    class_weight=None,
    known=None,
    known_classes=None,
):
    """Check what is given to fit.

    Parameters
    ----------
    given : GivenData
    owner : str
        Name of the estimator's class, for messages.
    image_shape : tuple of int, default=None
        The classifier's parameter, for a new fit.
    class_weight : dict, "balanced" or None, default=None
        The classifier's parameter.
    known : KnownImages, default=None
        Of the fit that is continued; None for a new one.
    known_classes : ndarray of shape (n_classes,), default=None
        The labels of the fit that is continued.

    Returns
    -------
    CheckedData

    Raises
    ------
    TypeError, ValueError
        Naming what is wrong.
    """
    # In an order in which each check can rely on those before, and in which the first
    # thing that is wrong is what the user is told.
    check_container(given.X, "X")
    is_new = known is None
    shape = image_shape if is_new else known.image_shape
    flat, shape = flatten_images(given.X, shape, fitted=not is_new)
    y = _checked_labels(given.y, owner)
    flat, features = _checked_table(flat, owner, None if is_new else known.features)
    _check_lengths(given.X, flat, y)
    images, weights, all_labels = as_images(flat, shape), None, y
    if given.sample_weight is not None:
        images, y, weights = _weighted(images, y, given.sample_weight)
    classes = trained = all_classes(y, known_classes, given.classes)
    if is_new and given.classes is None:
        # A class whose samples all have weight 0 is one of them, as it is for
        # scikit-learn: who combines classifiers relies on equal classes.
        classes = np.unique(all_labels)
    labels = label_codes(y, classes, "y")
    weights = _times_class_weight(weights, class_weight, y, trained)
    code = array_code(given.X)
    if is_new:
        images, known = _new_images(images, owner, features, shape is not None, code)
    else:
        images = check_units(images, known.pixel_range, known.scale, code=code)
        known = known.with_more(images)
    return CheckedData(classes, images, labels, weights, known)


def _times_class_weight(weights, class_weight, y, classes):
    """Weights of samples times those of their classes; None if all are 1."""
    if class_weight is not None:
        of_classes = class_weights(class_weight, y, classes)
        of_samples = of_classes[label_codes(y, classes, "y")]
        weights = of_samples if weights is None else weights * of_samples
    if weights is not None and np.all(weights == 1):
        return None  # the same numbers by a shorter way
    return weights


def _new_images(images, owner, features, are_images, code):
    """Images of a new fit, in the units that it settles on, and what is known."""
    pixel_range = value_range(images)
    images = settle_units(images, pixel_range, are_images=are_images, code=code)
    known = KnownImages(
        owner=owner,
        image_shape=images.shape[1:],
        features=features,
        pixel_range=pixel_range,
        scale=pixel_scale(images.dtype),
    )
    return images, known


def check_validation_data(validation_data, classes, known):
    """Check what is given to fit as `validation_data`.

    Parameters
    ----------
    validation_data : tuple (X, y)
    classes : ndarray of shape (n_classes,)
    known : KnownImages
        Of the training data.

    Returns
    -------
    images : ndarray of shape (n, height, width, channels)
    labels : ndarray of shape (n,), int32

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
        images = check_images(X, known, "validation_data")
        y = column_or_1d(y)
        if len(y) != len(images):
            raise ValueError(
                "validation_data must have as many labels as images; got "
                f"{len(y)} and {len(images)}."
            )
        return images, label_codes(y, classes, "validation_data")


# --------------------------------------------------------------------------------------
# What is given to a fitted estimator


def check_images(X, known, name="X"):
    """Check images against those of fit.

    Parameters
    ----------
    X : array-like
    known : KnownImages
        Of fit.
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
    flat, _ = flatten_images(X, known.image_shape, fitted=True)
    flat, _ = _checked_table(flat, known.owner, known.features)
    images = as_images(flat, known.image_shape)
    return check_units(images, known.pixel_range, known.scale, name, code=array_code(X))


def check_scoring_data(X, y, sample_weight):
    """Refuse what score cannot use, before predicting.

    Parameters
    ----------
    X, y : array-like
    sample_weight : array-like or None

    Raises
    ------
    TypeError, ValueError
    """
    check_container(X, "X")
    check_labels(y)
    if y is None:
        raise ValueError("score requires y, the labels to compare with; got None.")
    if sample_weight is not None:
        check_container(sample_weight, "sample_weight")


# --------------------------------------------------------------------------------------
# Steps


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


def _checked_labels(y, owner):
    if y is None:
        raise ValueError(
            f"{owner} requires y to be passed, but the target y is None. Give fit the "
            "labels: fit(X, y)."
        )
    check_labels(y)
    with _named("y"):
        y = check_y(y, estimator=owner)
        check_classification_targets(y)
    return y


def _checked_table(X, owner, features):
    """X by scikit-learn's checks, and its features.

    `features` is what is known of them, with which those of X are compared; None for a
    new fit.
    """
    # scikit-learn makes floats of a table of integers, eight times as large as bytes.
    integers = integer_type(X)
    with _named("X"):
        X, features = _validated(X, owner, features)
    _check_float32(X)
    return X if integers is None else X.astype(integers, copy=False), features


def _validated(X, owner, features):
    """What scikit-learn's `validate_data` makes of X, and of its features.

    It reads and sets features on an estimator. A stand-in of the same name takes them,
    so that a refused fit leaves the user's estimator as it was.
    """
    stand_in = type(owner, (BaseEstimator,), {})()
    is_new = features is None
    if not is_new:
        stand_in.n_features_in_ = features.n_features_in_
        if features.feature_names_in_ is not None:
            stand_in.feature_names_in_ = features.feature_names_in_
    X = validate_data(stand_in, X, reset=is_new)
    if is_new:
        names = getattr(stand_in, "feature_names_in_", None)
        features = Features(stand_in.n_features_in_, names)
    return X, features


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
    hint = ""
    if len(y) == 1:
        hint = f" If X is one image, pass {array_code(X)}[np.newaxis]."
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
