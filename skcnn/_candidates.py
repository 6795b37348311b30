"""The candidates of a search: their parameters, and the sizes of their networks."""

from numbers import Integral, Number

import numpy as np
from sklearn.base import clone

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._classifier import ConvPoolClassifier
from skcnn._parameters import all_parameters
from skcnn._value_labels import find_levels


def with_params(estimator, params):
    """An estimator as a search makes it.

    It is a copy with copies of the values, for one value may be set in another.
    """
    return clone(estimator).set_params(**clone(params, safe=False))


def classifier_in(estimator):
    """The ConvPoolClassifier that an estimator is or contains; None for none."""
    parts = [estimator]
    if hasattr(estimator, "get_params"):
        parts += estimator.get_params().values()
    for part in parts:
        if isinstance(part, ConvPoolClassifier):
            return part
    return None


def every_parameter(estimator):
    """As `get_params`, but also with what the signature of a subclass leaves out.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    dict of str to object
    """
    params = estimator.get_params()
    parts = {"": estimator}
    for name, value in params.items():
        parts[f"{name}__"] = value
    for prefix, part in parts.items():
        if isinstance(part, ConvPoolClassifier):
            of_part = all_parameters(part)
            params = {prefix + name: of_part[name] for name in of_part} | params
    return params


def names_in(params):
    """The names that any of some dicts of parameters has, in order of appearance.

    Parameters
    ----------
    params : list of dict

    Returns
    -------
    list of str
    """
    return list(dict.fromkeys(name for each in params for name in each))


def parameter_columns(names, candidates):
    """The values that candidates were trained with, as columns of a table.

    Parameters
    ----------
    names : list of str
        Parameters that a search sets.
    candidates : list of estimator

    Returns
    -------
    dict of str to list
        By parameter; first those that vary. Numbers and strings as they are, and labels
        of the rest: to print or group by.
    """
    trained_with = [every_parameter(candidate) for candidate in candidates]
    varying, constant = {}, {}
    for name in names:
        values = [params.get(name, np.nan) for params in trained_with]
        levels = find_levels(values)
        columns = constant if len(levels.values) == 1 else varying
        columns[name] = _cells(values, levels)
    return varying | constant


def _cells(values, levels):
    cells = []
    for value, code in zip(values, levels.codes, strict=True):
        if not isinstance(value, (Number, str, np.bool_)):
            value = levels.labels[code]
        cells.append(value)
    return cells


def size_of(estimator, image_shape, n_classes):
    """Number of parameters of the network of an estimator.

    Parameters
    ----------
    estimator : estimator
    image_shape : tuple of int
        That of the images, unless the classifier has one of its own.
    n_classes : int

    Returns
    -------
    int or None
        None if the estimator has no network, as a candidate may replace it.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not allowed, or if there is no such network.
    """
    classifier = classifier_in(estimator)
    if classifier is None:
        return None
    params = all_parameters(classifier)
    if params["image_shape"] is not None:
        image_shape = params["image_shape"]
    design = {name: params[name] for name in ARCHITECTURE_PARAMETERS}
    return Architecture.from_parameters(image_shape, n_classes, **design).n_params


def count_if_possible(estimator, image_shape, n_classes):
    """As :func:`size_of`, but None for a network that cannot be built."""
    try:
        return size_of(estimator, image_shape, n_classes)
    except (TypeError, ValueError):  # the candidate's own fit says what is wrong
        return None


def image_shape_and_classes(search, image_shape, n_classes):
    """What the networks of a search are made for.

    Parameters
    ----------
    search : fitted search
    image_shape : tuple of int or None
        None for that of the best estimator.
    n_classes : int or None
        None for that of the best estimator.

    Returns
    -------
    tuple (image_shape, n_classes), or None
        None if neither is known.

    Raises
    ------
    TypeError, ValueError
        If a value is not allowed, or if only one of them is known.
    """
    best = classifier_in(getattr(search, "best_estimator_", None))
    if hasattr(best, "image_shape_"):
        if image_shape is None:
            image_shape = best.image_shape_
        if n_classes is None:
            n_classes = len(best.classes_)
    if image_shape is None and n_classes is None:
        return None
    if image_shape is None or n_classes is None:
        raise ValueError(
            "image_shape and n_classes must both be given; got "
            f"{image_shape!r} and {n_classes!r}."
        )
    # A network without blocks fits any images: this checks the two alone.
    Architecture.from_parameters(image_shape, n_classes, conv_layers=())
    return image_shape, n_classes


def check_max_params(max_params):
    """Refuse what is no limit of the number of parameters.

    Parameters
    ----------
    max_params : int or None

    Raises
    ------
    ValueError
    """
    if max_params is None:
        return
    is_integer = isinstance(max_params, Integral) and max_params is not True
    if not is_integer or max_params < 1:
        raise ValueError(
            f"max_params must be None or an integer of at least 1; got {max_params!r}."
        )


def import_pandas(caller):
    """pandas and the table that is made of it; not everybody has pandas.

    Parameters
    ----------
    caller : str
        Who makes the table.

    Returns
    -------
    pandas, CandidateTable

    Raises
    ------
    ImportError
        Without pandas.
    """
    try:
        import pandas as pd

        from skcnn._table import CandidateTable
    except ImportError as error:
        raise ImportError(
            f"{caller} makes a table of pandas: pip install pandas"
        ) from error
    return pd, CandidateTable
