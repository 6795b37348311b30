"""Around a search: which candidates are worth starting, and the table at the end."""

import warnings

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skcnn._candidates import (
    check_max_params,
    classifier_in,
    count_if_possible,
    image_shape_and_classes,
    import_pandas,
    parameter_columns,
    size_of,
    with_params,
)
from skcnn._checks import check_integer
from skcnn._classifier import ConvPoolClassifier
from skcnn._plan import InfeasibleArchitecture
from skcnn._repetitions import is_seed, pool, repetitions
from skcnn._scores import metric_of, split_scores
from skcnn._shapes import check_order
from skcnn._value_labels import arguments


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
        (height, width) or (height, width, channels) of the images, such as
        ``X.shape[1:]``. A candidate with an `image_shape` of its own is judged by that.
    max_params : int, default=None
        Largest number of parameters that a network may have, those that are not trained
        included. None for no limit.
    n_classes : int, default=10
        Number of classes.
    estimator : estimator, default=None
        What will be searched: a ConvPoolClassifier, or a Pipeline or the like that
        contains one. It has the values of the parameters that are not in the grid. None
        for ``ConvPoolClassifier()``.

    Returns
    -------
    list of dict
        The candidates that are left, in their order, each a dict of lists of one value.
        This is again a `param_grid`.

    Raises
    ------
    TypeError, ValueError
        If no candidate is left, or if an argument, or a name or a value in the grid, is
        not allowed. Mistakes are not left out, but raised.

    Warns
    -----
    UserWarning
        If candidates are left out: how many, why, and the first of them. Or if
        `image_shape` seems to have its channels first.

    See Also
    --------
    feasible_sample : The same for distributions, of which some candidates are drawn.
    count_parameters : The number of parameters of one network.
    plan_search : What a search will do and cost.
    search_results : The candidates of a search as a table, best first.

    Examples
    --------
    Images of 4x4 pixels can be halved twice, not three times.

    >>> from skcnn import feasible_grid
    >>> depths = [1 * [(8, 3)], 2 * [(8, 3)], 3 * [(8, 3)]]
    >>> grid = {"conv_layers": depths, "epochs": [5, 10]}
    >>> for candidate in feasible_grid(grid, image_shape=(4, 4)):
    ...     print(candidate)
    {'conv_layers': [[(8, 3)]], 'epochs': [5]}
    {'conv_layers': [[(8, 3)]], 'epochs': [10]}
    {'conv_layers': [[(8, 3), (8, 3)]], 'epochs': [5]}
    {'conv_layers': [[(8, 3), (8, 3)]], 'epochs': [10]}
    """
    check_max_params(max_params)
    check_order(image_shape)
    estimator = _checked_estimator(estimator)
    kept = []
    left_out = {}  # by reason
    for candidate in ParameterGrid(param_grid):
        tried = with_params(estimator, candidate)
        objection = _objection(tried, image_shape, n_classes, max_params)
        if objection is None:
            kept.append({name: [value] for name, value in candidate.items()})
        else:
            reason, detail = objection
            left_out.setdefault(reason, []).append(f"{arguments(candidate)}: {detail}")
    account = _account(left_out)
    if not kept:
        raise ValueError(f"param_grid has no feasible candidate.{account}")
    if left_out:
        n_left_out = sum(map(len, left_out.values()))
        counts = f"{n_left_out} of {n_left_out + len(kept)} candidates"
        warnings.warn(f"feasible_grid left out {counts}.{account}", stacklevel=2)
    return kept


def feasible_sample(
    param_distributions,
    n_iter,
    image_shape,
    max_params=None,
    *,
    n_classes=10,
    estimator=None,
    random_state=None,
):
    """Draw candidates that can be built, and are small enough, from distributions.

    Give them to GridSearchCV as its `param_grid`. That is RandomizedSearchCV with a
    limit: every draw that is worth nothing is replaced by another one.

    Parameters
    ----------
    param_distributions : dict or list of dict
        As :class:`~sklearn.model_selection.RandomizedSearchCV` takes it: lists of
        values, and distributions of scipy.
    n_iter : int
        How many candidates to draw.
    image_shape : tuple of int
        (height, width) or (height, width, channels) of the images, such as
        ``X.shape[1:]``. A candidate with an `image_shape` of its own is judged by that.
    max_params : int, default=None
        Largest number of parameters that a network may have, those that are not trained
        included. None for no limit.
    n_classes : int, default=10
        Number of classes.
    estimator : estimator, default=None
        What will be searched, as for :func:`feasible_grid`. None for
        ``ConvPoolClassifier()``.
    random_state : int, RandomState instance or None, default=None
        An integer draws the same candidates each time.

    Returns
    -------
    list of dict
        The candidates, each a dict of lists of one value: a `param_grid`. Lists alone
        have no more candidates than they have combinations, and none comes twice.

    Raises
    ------
    TypeError, ValueError
        If none is feasible of a hundred draws for each candidate, or if an argument, or
        a name or a value, is not allowed.

    Warns
    -----
    UserWarning
        If there are fewer than `n_iter`: how many, and why the others were left out.
        Or if `image_shape` seems to have its channels first.

    See Also
    --------
    feasible_grid : Leaves networks out of a grid.
    count_parameters : For a limit in a search of another package, such as Optuna.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, feasible_sample
    >>> space = {
    ...     "conv_layers": [[(8, 3)], [(64, 3)], [(16, 3), (32, 3)]],
    ...     "optimizer__learning_rate": loguniform(1e-4, 1e-2),
    ... }
    >>> candidates = feasible_sample(space, 5, (8, 8), 30_000, random_state=0)
    >>> len(candidates)
    5
    >>> search = GridSearchCV(ConvPoolClassifier(random_state=0), candidates)
    """
    check_max_params(max_params)
    n_iter = check_integer("n_iter", n_iter, 1)
    check_order(image_shape)
    estimator = _checked_estimator(estimator)
    kept = []
    left_out = {}  # by reason
    for candidate in _draws(param_distributions, n_iter, random_state):
        tried = with_params(estimator, candidate)
        objection = _objection(tried, image_shape, n_classes, max_params)
        if objection is None:
            kept.append({name: [value] for name, value in candidate.items()})
        else:
            reason, detail = objection
            left_out.setdefault(reason, []).append(f"{arguments(candidate)}: {detail}")
        if len(kept) == n_iter:
            return kept
    account = _account(left_out)
    if not kept:
        raise ValueError(f"param_distributions gave no feasible candidate.{account}")
    warnings.warn(
        f"feasible_sample found {len(kept)} of {n_iter} candidates.{account}",
        stacklevel=2,
    )
    return kept


def _draws(param_distributions, n_iter, random_state):
    """A hundred draws for each candidate, or all that there are, in random order."""
    rng = check_random_state(random_state)
    with warnings.catch_warnings():
        # That there are fewer combinations of lists is no news here.
        warnings.filterwarnings("ignore", "The total space of parameters", UserWarning)
        sampler = ParameterSampler(param_distributions, 100 * n_iter, random_state=rng)
        draws = list(sampler)
    # All combinations of lists come in the order of a grid.
    for place in rng.permutation(len(draws)):
        yield draws[place]


def _checked_estimator(estimator):
    if estimator is None:
        return ConvPoolClassifier()
    if classifier_in(estimator) is None:
        raise TypeError(
            f"estimator must be a ConvPoolClassifier or contain one; got {estimator!r}."
        )
    return estimator


def count_parameters(estimator, image_shape, n_classes=10):
    """Number of parameters of a network, before any fit.

    No network is built for this: it is arithmetic on shapes.

    Parameters
    ----------
    estimator : estimator
        A ConvPoolClassifier, or a Pipeline or the like that contains one.
    image_shape : tuple of int
        (height, width) or (height, width, channels) of the images, such as
        ``X.shape[1:]``. An `image_shape` of the classifier's own goes first.
    n_classes : int, default=10
        Number of classes.

    Returns
    -------
    int
        As `n_params_` after fit: those that are not trained are included.

    Raises
    ------
    TypeError, ValueError
        If there is no such network, or if an argument is not allowed.

    Warns
    -----
    UserWarning
        If `image_shape` seems to have its channels first.

    See Also
    --------
    feasible_grid : Leaves large networks out of a grid.
    feasible_sample : Leaves them out of what is drawn from distributions.

    Notes
    -----
    In an objective of Optuna, ``if count_parameters(clf, X.shape[1:]) > 100_000: raise
    optuna.TrialPruned()`` is a limit.

    Examples
    --------
    >>> from skcnn import ConvPoolClassifier, count_parameters
    >>> count_parameters(ConvPoolClassifier(), (32, 32, 3))
    288848
    >>> count_parameters(ConvPoolClassifier(head="global_avg"), (32, 32, 3))
    87248
    """
    estimator = _checked_estimator(estimator)
    check_order(image_shape)
    return size_of(estimator, image_shape, n_classes)


def _objection(estimator, image_shape, n_classes, max_params):
    """Why not to search a candidate, in general and in detail; None for no reason."""
    try:
        n_params = size_of(estimator, image_shape, n_classes)
    except InfeasibleArchitecture as error:
        return "cannot be built", error
    if max_params is not None and n_params is not None and n_params > max_params:
        return f"with more than {max_params:,} parameters", f"{n_params:,}"
    return None


def _account(left_out):
    """A line for each reason to leave candidates out."""
    account = ""
    for reason, candidates in left_out.items():
        account += f"\n{len(candidates)} {reason}, such as {candidates[0]}"
    return account


def search_results(search, image_shape=None, n_classes=None):
    """Table of the candidates of a search, best first, with the sizes of networks.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        After fit.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of the images. None for that of
        ``search.best_estimator_``.
    n_classes : int, default=None
        Number of classes. None for that of ``search.best_estimator_``.

    Returns
    -------
    pandas.DataFrame
        A row for each candidate. Its index is the candidate's place in ``cv_results_``.
        Candidates that differ only in a `random_state` are repetitions of one, in the
        place of the first of them. The columns, in this order:

        - `rank`, 1 for the best, and `score`, the mean over the folds, and the seeds;
        - the parameters by the names that they have in the grid, first those that vary;
        - `n_params`, the number of parameters of the network: missing where it cannot
          be built, and altogether where the shape of images is neither given nor known;
        - `n_seeds`, the number of repetitions that did not fail, where there are any;
        - `std`, the standard deviation of the scores over the folds, and the seeds;
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
    compare_candidates : Which candidates differ from the best by more than chance.
    search_histories : Learning curves of every candidate and fold.

    Notes
    -----
    The table prints as many columns as fit beside each other, and names the rest.
    ``print(table.to_string())`` prints all.

    scikit-learn's own columns, such as the score of each split, are put beside these by
    ``table.join(pd.DataFrame(search.cv_results_))``.

    A parameter that only some candidates set has for the others the value that they
    were trained with. Numbers and strings are kept. Other values, None as well, become
    short texts that differ: ``[(32, 5), (64, 3)]`` is "32-64". So the table can be
    grouped by them, and the displays of :mod:`skcnn.plotting` write the same.

    With several scores, each has its name where `score` stood: `rank_loss`, `loss`,
    `std_loss`. The one that `refit` names decides the order, or else the first. A
    parameter of the same name is then called ``param_loss``.

    A candidate of successive halving has a row for each iteration that it took part in,
    the last iteration first; `iter` and `n_resources` tell which.

    The score of each seed is in ``cv_results_``. :func:`compare_candidates` tells which
    differences are more than chance.

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
    ...     "conv_layers": [[(16, 3)]],
    ...     "head": ["flatten", "global_max"],
    ...     "epochs": [1, 8],
    ... }
    >>> table = search_results(GridSearchCV(classifier, grid, cv=2).fit(X, y))
    >>> table.columns.tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['rank', 'score', 'epochs', 'head', 'conv_layers', 'n_params', 'std', 'fit_time',
     'score_time']
    >>> table[["rank", "epochs", "head", "conv_layers", "n_params"]].head(1)
      rank epochs     head conv_layers n_params
    2    1      8  flatten          16     2730
    """
    pd, CandidateTable = import_pandas("search_results")
    check_is_fitted(search, "cv_results_")
    results = search.cv_results_
    candidates = [with_params(search.estimator, each) for each in results["params"]]
    first, last = _renamed(results, _FIRST), _renamed(results, _LAST)
    sizes = {}
    shape = image_shape_and_classes(search, image_shape, n_classes)
    if shape is not None:
        counts = [count_if_possible(candidate, *shape) for candidate in candidates]
        sizes["n_params"] = pd.array(counts, "Int64")
    taken = first | sizes | last
    parameters = {}
    for name, values in parameter_columns(_searched(search), candidates).items():
        if name in taken:
            name = f"param_{name}"
        parameters[name] = values
    table = CandidateTable(first | parameters | sizes | last)
    table = _with_seeds_as_repetitions(search, candidates, table)
    return _sorted(table, _rank_column(search, first))


def _with_seeds_as_repetitions(search, candidates, table):
    """The same, but one row for candidates that differ only in their seed, if any."""
    names = _searched(search)
    groups = repetitions(names, candidates, search.cv_results_.get("iter"))
    if len(groups) == len(table):
        return table
    pooled = pool(table, groups)
    seeds = [name for name in names if is_seed(name)]
    pooled = pooled.drop(columns=[name for name in seeds if name in pooled])
    place = pooled.columns.get_indexer(["std", *pooled.columns[-1:]])[0]
    failed = np.isnan(split_scores(search.cv_results_, metric_of(search, None)))
    numbers = [len(places) - failed[places].any(axis=1).sum() for places in groups]
    pooled.insert(int(place), "n_seeds", numbers)
    return pooled


def _sorted(table, rank):
    """The best first; of a halving search those that got furthest."""
    if "iter" in table:
        return table.sort_values(["iter", rank], ascending=[False, True], kind="stable")
    return table.sort_values(rank, kind="stable")


def _rank_column(search, columns):
    """The rank by the score that `refit` names, or else by the first score."""
    ranks = [name for name in columns if name == "rank" or name.startswith("rank_")]
    by_refit = f"rank_{search.refit}"
    if by_refit in ranks:
        return by_refit
    return ranks[0]


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


# What a search with one score calls its columns, which need no name of the score.
_SHORTER = {"rank_score": "rank", "std_score": "std"}


def _renamed(results, names):
    """Columns of `cv_results_` by their names in the table."""
    columns = {}
    for long, short in names.items():
        for key in results:
            if key.startswith(long):
                name = short + key.removeprefix(long)
                columns[_SHORTER.get(name, name)] = results[key]
    return columns


def _searched(search):
    """Names of the parameters that a search sets."""
    columns = [name for name in search.cv_results_ if name.startswith("param_")]
    return [name.removeprefix("param_") for name in columns]
