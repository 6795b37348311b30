"""Around a search: which candidates are worth starting with, and the table at the end."""

import warnings
from numbers import Integral, Number

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils.validation import check_is_fitted

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._classifier import ConvPoolClassifier
from skcnn._parameters import all_parameters
from skcnn._plan import InfeasibleArchitecture
from skcnn._value_labels import arguments, find_levels


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
            left_out.setdefault(reason, []).append(f"{arguments(candidate)}: {detail}")
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
        A row for each candidate. Its index is the candidate's place in ``cv_results_``. The
        columns, in this order:

        - `rank`, 1 for the best, and `score`, the mean over the folds;
        - the parameters by the names that they have in the grid, first those that vary;
        - `n_params`, the number of parameters of the network: missing where it cannot be
          built, and altogether where the shape of images is neither given nor known;
        - `std`, the standard deviation of the scores over the folds;
        - `train_score` and `std_train_score`, where the search has them;
        - `fit_time` and `score_time`, means in seconds.

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
    The table prints as many columns as fit beside each other, and names the rest.
    ``print(table.to_string())`` prints all.

    scikit-learn's own columns, such as the score of each split, are put beside these by
    ``table.join(pd.DataFrame(search.cv_results_))``.

    A parameter that only some candidates set has for the others the value that they were
    trained with. Numbers and strings are kept. Other values, None as well, become texts as
    short as they are told apart: ``[(32, 5), (64, 3)]`` is "32-64". So the table can be
    grouped by them, and the displays of :mod:`skcnn.plotting` write the same.

    With several scores, each has its name where `score` stood: `rank_loss`, `loss`,
    `std_loss`. The one that `refit` names decides the order, or else the first. A parameter
    of the same name is then called ``param_loss``.

    A candidate of successive halving has a row for each iteration that it took part in, the
    last iteration first; `iter` and `n_resources` tell which.

    Candidates that differ only in `random_state` have a row each, and the rank of the first
    of them owes something to luck. ``table.groupby([...])["score"].agg(["mean", "std"])``
    over the other parameters, or a display, takes them together.

    Times are those really spent: short for a candidate whose epochs were known from
    another.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, search_results
    >>> digits = load_digits()
    >>> X, y = digits.images[:400] / 16, digits.target[:400]
    >>> classifier = ConvPoolClassifier(
    ...     dense_layers=(), convs_per_block=1, batch_size=16, random_state=0
    ... )
    >>> grid = {
    ...     "conv_layers": [[(16, 3)]], "head": ["flatten", "global_max"], "epochs": [1, 8]
    ... }
    >>> table = search_results(GridSearchCV(classifier, grid, cv=2).fit(X, y))
    >>> table.columns.tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['rank', 'score', 'epochs', 'head', 'conv_layers', 'n_params', 'std', 'fit_time',
     'score_time']
    >>> table[["rank", "epochs", "head", "conv_layers", "n_params"]].head(1)
      rank epochs     head conv_layers n_params
    2    1      8  flatten          16     2730
    """
    try:
        import pandas as pd

        from skcnn._table import CandidateTable
    except ImportError as error:
        raise ImportError(
            "search_results makes a table of pandas: pip install pandas"
        ) from error
    check_is_fitted(search, "cv_results_")
    candidates = [
        _with(search.estimator, params) for params in search.cv_results_["params"]
    ]
    first, last = (_renamed(search.cv_results_, names) for names in (_FIRST, _LAST))
    sizes = {}
    shape = image_shape_and_classes(search, image_shape, n_classes)
    if shape is not None:
        counts = [count_if_possible(candidate, *shape) for candidate in candidates]
        sizes = {"n_params": pd.array(counts, "Int64")}
    taken = first | sizes | last
    parameters = {
        f"param_{name}" if name in taken else name: values
        for name, values in _parameters(search, candidates).items()
    }
    table = CandidateTable(first | parameters | sizes | last)
    ranks = [name for name in first if name == "rank" or name.startswith("rank_")]
    rank = f"rank_{search.refit}" if f"rank_{search.refit}" in ranks else ranks[0]
    by = ["iter", rank] if "iter" in table else [rank]
    return table.sort_values(
        by, ascending=[name != "iter" for name in by], kind="stable"
    )


# How columns of cv_results_ begin, and how they begin in the table: those that stand
# before the parameters, and those behind. Scores of single splits are left out.
_FIRST = {
    "iter": "iter",
    "n_resources": "n_resources",
    "rank_test_": "rank_",
    "mean_test_": "",
}
_LAST = {
    "std_test_": "std_",
    "mean_train_": "train_",
    "std_train_": "std_train_",
    "mean_fit_time": "fit_time",
    "mean_score_time": "score_time",
}


def _renamed(results, names):
    """Columns of `cv_results_` by their names in the table."""
    columns = {
        short + key.removeprefix(long): results[key]
        for long, short in names.items()
        for key in results
        if key.startswith(long)
    }
    shorter = {"rank_score": "rank", "std_score": "std"}  # of a search with one score
    return {shorter.get(name, name): values for name, values in columns.items()}


def _parameters(search, candidates):
    """The values that candidates were trained with, by parameter; first what varies."""
    names = [name for name in search.cv_results_ if name.startswith("param_")]
    values = {}
    for name in (each.removeprefix("param_") for each in names):
        values[name] = [every_parameter(each).get(name, np.nan) for each in candidates]
    levels = {name: find_levels(each) for name, each in values.items()}
    order = sorted(levels, key=lambda name: len(levels[name].values) == 1)
    return {name: _cells(values[name], levels[name]) for name in order}


def _cells(values, levels):
    """Numbers and strings as they are, and labels of the rest, to print and group by."""
    return [
        value if isinstance(value, (Number, str, np.bool_)) else levels.labels[code]
        for value, code in zip(values, levels.codes, strict=True)
    ]


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
