"""y, `classes` and `class_weight` as users have them -> class codes and weights."""

import reprlib
from collections.abc import Set
from math import prod
from numbers import Integral, Real

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import column_or_1d

from skcnn._checks import shown
from skcnn._containers import check_container, holds_objects


def check_labels(y, name="y"):
    """Refuse what is no list of labels, with advice; None is left to scikit-learn.

    Parameters
    ----------
    y : array-like
    name : str, default="y"
        What messages call it.

    Raises
    ------
    TypeError, ValueError
        If `y` is a generator or the like, one label, or a table of several columns; if
        labels are missing, or are text and numbers.
    """
    if y is None:
        return
    check_container(y, name)
    shape = _shape_of(y)
    if shape == ():
        raise ValueError(f"{name} must have one label for each image; got {shown(y)}.")
    if prod(shape[1:]) > 1:
        raise ValueError(
            f"{name} should be a 1d array of labels, got an array of shape {shape} "
            f"instead. {_labels_in_table(y, shape)}"
        )
    if len(shape) > 2:
        raise ValueError(
            f"{name} should be a 1d array of labels, got an array of shape {shape} "
            "instead. Pass np.ravel(y)."
        )
    labels = _as_objects(y)
    _refuse_missing(labels, name)
    _refuse_mixed(labels, name)
    _refuse_numbers_as_objects(y, labels, name)


def label_codes(y, classes, name):
    """The place of each label in `classes`.

    Parameters
    ----------
    y, classes : ndarray
    name : str
        What messages call `y`.

    Returns
    -------
    ndarray of shape (n,), int32

    Raises
    ------
    ValueError
        For labels that are not among `classes`.
    """
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"{name} has labels that are not among the classes {classes.tolist()}: "
            f"{unknown.tolist()}."
        )
    return np.searchsorted(classes, y).astype(np.int32)


def all_classes(y, known_classes, classes):
    """All labels that can occur, sorted.

    Parameters
    ----------
    y : ndarray of shape (n,)
    known_classes : ndarray of shape (n_classes,), or None
        Those of the fit that is continued.
    classes : array-like or set, or None
        As given to partial_fit.

    Returns
    -------
    ndarray of shape (n_classes,)

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two, or others than before.
    """
    given = np.unique(y) if classes is None else _given_classes(classes)
    if known_classes is None:
        if len(given) < 2:
            wanted = "y must hold samples of" if classes is None else "classes must be"
            seen = f"1 class: {given.tolist()[0]!r}" if len(given) else "none"
            raise ValueError(f"{wanted} at least 2 classes; got {seen}.")
        return given
    if classes is not None and not np.array_equal(given, known_classes):
        raise ValueError(
            f"classes must be those of the first call, {known_classes.tolist()}; got "
            f"{given.tolist()}."
        )
    return known_classes


def class_weights(class_weight, y, classes):
    """The weight of each class, as float32.

    Parameters
    ----------
    class_weight : dict or "balanced"
    y : ndarray of shape (n,)
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of shape (n_classes,), float32

    Raises
    ------
    ValueError
    """
    try:
        weights = compute_class_weight(class_weight, classes=classes, y=y)
        weights = weights.astype(np.float32)
    except ValueError as error:
        raise ValueError(f"class_weight={class_weight!r}: {error}") from error
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ValueError(
            "class_weight must be finite, at least 0, and not always 0; got "
            f"{shown(class_weight)}."
        )
    return weights


def _given_classes(classes):
    if isinstance(classes, Set):  # or the keys of a dict: the order has no meaning here
        classes = list(classes)
    try:
        check_container(classes, "classes")
        _refuse_mixed(_as_objects(classes), "classes")
        return np.unique(column_or_1d(classes))
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            "classes must be one list of all labels, such as np.unique(y); got "
            f"{reprlib.repr(classes)}."
        ) from error


def _shape_of(y):
    if hasattr(y, "shape"):
        shape = tuple(y.shape)
    else:
        try:
            shape = np.asarray(y).shape
        except ValueError:  # ragged, which scikit-learn's checks explain better
            return (len(y),)
    is_column = shape and prod(shape) == shape[0] > 0
    if not is_column or hasattr(y, "toarray"):
        return shape
    first = np.asarray(y).ravel()[
        0
    ]  # an array, a list or a table may hold rows in a column
    return shape[:1] + np.shape(first) if _is_row(first) else shape


def _is_row(value):
    return isinstance(value, (np.ndarray, list, tuple))


# --------------------------------------------------------------------------------------
# Labels one by one, where their type does not tell that all are alike


def _as_objects(y):
    """Labels as they were given; empty if an array or a table says what type all have.

    NumPy makes text of a number that stands in a list beside text.
    """
    array = np.asarray(y)
    is_list = not hasattr(y, "shape")
    may_differ = array.dtype == object or (is_list and array.dtype.kind in "US")
    return np.asarray(y, dtype=object).ravel() if may_differ else np.array([])


def _refuse_missing(labels, name):
    missing = list(filter(_is_missing, labels))
    if missing:
        raise ValueError(
            f"{name} must have a label for each image; got {missing[0]} among them. "
            "Leave those images out."
        )


def _is_missing(label):
    if label is None or type(label).__name__ in ("NAType", "NaTType"):  # of pandas
        return True
    return isinstance(label, Real) and label != label


def _refuse_mixed(labels, name):
    one_of_each_type = {type(label): label for label in labels}.values()
    texts = [label for label in one_of_each_type if isinstance(label, (str, bytes))]
    numbers = [label for label in one_of_each_type if isinstance(label, Real)]
    if texts and numbers:
        raise ValueError(
            f"{name} must have labels of one type; got text, such as "
            f"{shown(texts[0])}, and numbers, such as {numbers[0]}. To make all text, "
            f"pass np.ravel({name}).astype(str)."
        )


def _refuse_numbers_as_objects(y, labels, name):
    """scikit-learn takes them for targets of a regression, and says so."""
    if not holds_objects(y) or not len(labels):
        return
    kinds = set(map(type, labels))
    for kind in (bool, Integral, Real):
        if all(issubclass(each, kind) for each in kinds):
            of_numpy = {Integral: int, Real: float}.get(kind, kind)
            raise ValueError(
                f"Unknown label type: {name} holds numbers as objects, which "
                "scikit-learn does not take for labels. Pass "
                f"np.ravel({name}).astype({of_numpy.__name__})."
            )


# --------------------------------------------------------------------------------------
# Tables, which are one-hot labels or no labels at all


def _labels_in_table(y, shape):
    """What to pass instead of a table, or of images."""
    n_axes = sum(size > 1 for size in shape[1:])
    if n_axes > 1:
        return (
            "These seem to be images. The order of a division is X_train, X_test, "
            "y_train, y_test = train_test_split(X, y)."
        )
    return (
        f"For one-hot labels, pass {_undo_one_hot(y)}; several labels for one image "
        "are not supported."
    )


def _undo_one_hot(y):
    """The expression that gives the labels of a one-hot `y`, by its type."""
    if hasattr(y, "toarray"):
        return "y.toarray().argmax(axis=1)"
    shape = np.asarray(y).shape
    if len(shape) == 1 or shape[1:] == (1,):
        return "np.stack(np.ravel(y)).argmax(axis=1)"
    if hasattr(y, "idxmax"):
        return (
            "y.to_numpy().argmax(axis=1), or y.idxmax(axis=1) for the names of columns"
        )
    code = "y" if isinstance(y, np.ndarray) else "np.asarray(y)"
    flat = "" if len(shape) == 2 else ".reshape(len(y), -1)"
    return f"{code}{flat}.argmax(axis=1)"
