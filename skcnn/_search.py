"""Around a search: which candidates are worth starting with, and the table at the end."""

import warnings
from numbers import Integral, Number
from types import FunctionType

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils.validation import check_is_fitted

from skcnn._architecture import (
    ARCHITECTURE_PARAMETERS,
    Architecture,
    ConvBlock,
    InfeasibleArchitecture,
)
from skcnn._classifier import ConvPoolClassifier
from skcnn._parameters import all_parameters


def feasible_grid(
    param_grid, image_shape, max_params=None, *, n_classes=10, estimator=None
):
    """Leave out of a grid the networks that cannot be built or are too large.

    No network is built for this: it is arithmetic on shapes.

    Parameters
    ----------
    param_grid : dict or list of dict
        As :class:`~sklearn.model_selection.GridSearchCV` takes it.
    image_shape : tuple of int
        (height, width) or (height, width, channels) of the images, such as ``X.shape[1:]``. A candidate with an
        `image_shape` of its own is judged by that.
    max_params : int, default=None
        Largest number of parameters that a network may have, those that are not trained included. None for no limit.
    n_classes : int, default=10
        Number of classes.
    estimator : estimator, default=None
        What will be searched: a ConvPoolClassifier, or a Pipeline or the like that contains one. It has the values of
        the parameters that are not in the grid. None for ``ConvPoolClassifier()``.

    Returns
    -------
    list of dict
        The candidates that are left, in their order, each a dict of lists of one value: again a `param_grid`.

    Raises
    ------
    TypeError, ValueError
        If no candidate is left, or if an argument, or a name or a value in the grid, is not allowed: mistakes are not
        left out, but raised.

    Warns
    -----
    UserWarning
        If candidates are left out: how many, why, and the first of them.

    See Also
    --------
    search_results : The candidates of a search as a table, best first.

    Examples
    --------
    Images of 4x4 pixels can be halved twice, not three times.

    >>> from skcnn import feasible_grid
    >>> grid = {"conv_layers": [1 * [(8, 3)], 2 * [(8, 3)], 3 * [(8, 3)]], "epochs": [5, 10]}
    >>> for candidate in feasible_grid(grid, image_shape=(4, 4)):
    ...     print(candidate)
    {'conv_layers': [[(8, 3)]], 'epochs': [5]}
    {'conv_layers': [[(8, 3)]], 'epochs': [10]}
    {'conv_layers': [[(8, 3), (8, 3)]], 'epochs': [5]}
    {'conv_layers': [[(8, 3), (8, 3)]], 'epochs': [10]}
    """
    if max_params is not None and (
        not isinstance(max_params, Integral) or max_params is True or max_params < 1
    ):
        raise ValueError(
            f"max_params must be None or an integer of at least 1; got {max_params!r}."
        )
    estimator = ConvPoolClassifier() if estimator is None else estimator
    if _classifier_in(estimator) is None:
        raise TypeError(
            f"estimator must be a ConvPoolClassifier or contain one; got {estimator!r}."
        )
    kept, left_out = [], {}
    for candidate in ParameterGrid(param_grid):
        objection = _objection(
            _with(estimator, candidate), image_shape, n_classes, max_params
        )
        if objection is None:
            kept.append({name: [value] for name, value in candidate.items()})
        else:
            reason, detail = objection
            left_out.setdefault(reason, []).append(f"{_arguments(candidate)}: {detail}")
    if not kept:
        raise ValueError(f"param_grid has no feasible candidate.{_account(left_out)}")
    if left_out:
        n_left_out = sum(map(len, left_out.values()))
        message = f"feasible_grid left out {n_left_out} of {n_left_out + len(kept)} candidates.{_account(left_out)}"
        warnings.warn(message, stacklevel=2)
    return kept


def _objection(estimator, image_shape, n_classes, max_params):
    """Why not to search a candidate, in general and in particular; None if nothing is against it."""
    try:
        n_params = _count_parameters(estimator, image_shape, n_classes)
    except InfeasibleArchitecture as error:
        return "cannot be built", error
    if max_params is not None and n_params is not None and n_params > max_params:
        return f"with more than {max_params:,} parameters", f"{n_params:,}"
    return None


def _account(left_out):
    lines = [
        f"{len(candidates)} {reason}, such as {candidates[0]}"
        for reason, candidates in left_out.items()
    ]
    return "".join(f"\n{line}" for line in lines)


def search_results(search, image_shape=None, n_classes=None):
    """Table of the candidates of a search, best first, each with the size of its network.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        After fit.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of the images. None for that of ``search.best_estimator_``.
    n_classes : int, default=None
        Number of classes. None for that of ``search.best_estimator_``.

    Returns
    -------
    pandas.DataFrame
        Columns of ``search.cv_results_`` by the names that they have there: rank, mean and standard deviation of the
        scores, parameters and times; before the times `n_params`, the number of parameters of the network, missing
        where it cannot be built, and altogether where the shape of images is neither given nor known. The index is the
        candidate's place in ``cv_results_``.

    Raises
    ------
    ImportError
        Without pandas.
    NotFittedError
        Before fit.
    TypeError, ValueError
        If `image_shape` or `n_classes` is not allowed, or only one of them is known.

    See Also
    --------
    feasible_grid : Leaves impossible networks out of a grid before a search.

    Notes
    -----
    A parameter that only some candidates set has for the others the value that they were trained with. Values that are
    neither numbers nor strings become short texts, None as well, so that the table can be grouped by them.

    With several scores, the one that `refit` names decides, or else the first. A candidate of successive halving has a
    row for each iteration that it took part in, the last iteration first.

    Times are those really spent: short for a candidate whose epochs were known from another.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, search_results
    >>> digits = load_digits()
    >>> classifier = ConvPoolClassifier(dense_layers=(), convs_per_block=1, batch_size=16, random_state=0)
    >>> grid = {"conv_layers": [[(16, 3)]], "head": ["flatten", "global_max"], "epochs": [1, 8]}
    >>> search = GridSearchCV(classifier, grid, cv=2).fit(digits.images[:400] / 16, digits.target[:400])
    >>> table = search_results(search)
    >>> table.columns.tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['rank_test_score', 'mean_test_score', 'std_test_score', 'param_conv_layers', 'param_epochs', 'param_head',
     'n_params', 'mean_fit_time', 'mean_score_time']
    >>> table[["param_conv_layers", "param_epochs", "param_head", "n_params"]].head(1)
      param_conv_layers  param_epochs param_head  n_params
    2         [(16, 3)]             8    flatten      2730
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "search_results makes a table of pandas: pip install pandas"
        ) from error
    check_is_fitted(search, "cv_results_")
    results = search.cv_results_
    candidates = [_with(search.estimator, params) for params in results["params"]]
    columns = dict(results)
    for name in results:
        if name.startswith("param_"):
            values = [
                every_parameter(candidate).get(name.removeprefix("param_"), np.nan)
                for candidate in candidates
            ]
            columns[name] = pd.Series([_readable(value) for value in values])
    shape = image_shape_and_classes(search, image_shape, n_classes)
    if shape is not None:
        columns["n_params"] = pd.array(
            [count_if_possible(candidate, *shape) for candidate in candidates], "Int64"
        )
    table = pd.DataFrame(
        {
            name: columns[name]
            for start in _ORDER
            for name in columns
            if name.startswith(start)
        }
    )
    ranks = [name for name in table if name.startswith("rank_test_")]
    rank = (
        f"rank_test_{search.refit}"
        if f"rank_test_{search.refit}" in ranks
        else ranks[0]
    )
    by = ["iter", rank] if "iter" in table else [rank]
    return table.sort_values(
        by, ascending=[name != "iter" for name in by], kind="stable"
    )


# The columns by how their names begin; the scores of each split are left to cv_results_.
_ORDER = (
    *(
        "iter",
        "n_resources",
        "rank_test_",
        "mean_test_",
        "std_test_",
        "mean_train_",
        "std_train_",
    ),
    *("param_", "n_params", "mean_fit_time", "mean_score_time"),
)


def image_shape_and_classes(search, image_shape, n_classes):
    """Both as given, or as the best estimator was fitted with; None if neither is known."""
    best = _classifier_in(getattr(search, "best_estimator_", None))
    if hasattr(best, "image_shape_"):
        image_shape = best.image_shape_ if image_shape is None else image_shape
        n_classes = len(best.classes_) if n_classes is None else n_classes
    if image_shape is None and n_classes is None:
        return None
    if image_shape is None or n_classes is None:
        raise ValueError(
            f"image_shape and n_classes must both be given; got {image_shape!r} and {n_classes!r}."
        )
    Architecture.from_parameters(
        image_shape, n_classes, conv_layers=()
    )  # checks them, before candidates come in
    return image_shape, n_classes


def count_if_possible(estimator, image_shape, n_classes):
    try:
        return _count_parameters(estimator, image_shape, n_classes)
    except (TypeError, ValueError):  # why is for its fit to tell
        return None


# ---------------------------------------------------------------------------------------------------------------
# What both need: the network of a candidate, and words for it


def _with(estimator, params):
    """An estimator as a search makes it: a copy with copies of the values, for one value may be set in another."""
    return clone(estimator).set_params(**clone(params, safe=False))


def _count_parameters(estimator, image_shape, n_classes):
    """Number of parameters of the network of an estimator; None if it has none, as a candidate may replace it."""
    classifier = _classifier_in(estimator)
    if classifier is None:
        return None
    params = all_parameters(classifier)
    if params["image_shape"] is not None:
        image_shape = params["image_shape"]
    design = {name: params[name] for name in ARCHITECTURE_PARAMETERS}
    return Architecture.from_parameters(image_shape, n_classes, **design).n_params


def every_parameter(estimator):
    """As `get_params`, but also with what the signature of a subclass does not name."""
    params = estimator.get_params()
    for prefix, part in [
        ("", estimator),
        *((f"{name}__", params[name]) for name in params),
    ]:
        if isinstance(part, ConvPoolClassifier):
            unnamed = {
                prefix + name: value for name, value in all_parameters(part).items()
            }
            params = unnamed | params
    return params


def _classifier_in(estimator):
    """The ConvPoolClassifier that an estimator is or contains; None if there is none."""
    parts = [estimator, *getattr(estimator, "get_params", dict)().values()]
    return next((part for part in parts if isinstance(part, ConvPoolClassifier)), None)


def _readable(value):
    """A value for a cell of a table: hashable, as groupby wants it, and short to print."""
    return value if isinstance(value, (Number, str, np.bool_)) else as_text(value)


def as_text(value):
    """A value as one writes it in Python."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, ConvBlock):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(as_text, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(as_text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, (type, FunctionType)):
        return value.__name__
    if hasattr(
        value, "get_config"
    ):  # Keras' optimizers, losses and schedules, whose repr is an address
        return f"{type(value).__name__}({_arguments(value.get_config())})"
    return " ".join(repr(value).split())


def _arguments(values):
    return ", ".join(f"{name}={as_text(value)}" for name, value in values.items())
