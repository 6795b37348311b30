"""What a search tried: the candidates to draw, with their parameters and scores."""

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skcnn._candidates import every_parameter, names_in
from skcnn._scores import metric_of, name_of_score, split_scores
from skcnn._value_labels import find_levels, key_of, single_level
from skcnn._words import nearest_name


class Study:
    """The candidates of a fitted search that are drawn.

    A halving search tries a candidate several times. A trial that a later one replaces
    is not drawn, and neither is a candidate without the values in `fixed`.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        Fitted.
    metric : str or None
        Which score; None for the only one, or that of `refit`.
    fixed : dict of str to object, or None
        Values that a candidate must have, by parameter.
    labels : dict of str to list of str, or None
        How values are written, by parameter.
    drawn : sequence of str or None
        The parameters that the picture shows by themselves.

    Attributes
    ----------
    n_candidates : int
        Number of all trials of the search.
    kept : ndarray of int
        The places of those that are drawn, the rows of everything below.
    params : list of dict
        What the search set.
    levels : dict of str to Levels
        The values of each parameter that the search set.
    scores : ndarray of shape (n_kept, n_splits)
        NaN where a fit failed.
    rungs : ndarray of shape (n_kept,) or None
        The iteration of a halving search.
    resource : str or None
        What a halving search gives more of in each iteration.
    score_name : str
        What the scores are.
    """

    def __init__(self, search, *, metric, fixed, labels, drawn):
        if not hasattr(search, "cv_results_"):
            raise NotFittedError(
                f"search must be fitted; got a {type(search).__name__} without "
                "cv_results_."
            )
        results = search.cv_results_
        metric = metric_of(search, metric)
        fixed = fixed or {}
        self._estimator = getattr(search, "estimator", None)
        self.resource = getattr(search, "resource", None)
        self.score_name = name_of_score(search, metric)
        self.n_candidates = len(results["params"])
        # All trials first: which of them to keep depends on the others.
        all_levels = _find_all_levels(self._estimator, results["params"], labels or {})
        all_scores = split_scores(results, metric)
        rungs = results.get("iter")
        # A resource such as epochs tells trials apart, not candidates, unless the
        # picture asks for it.
        ignored = {self.resource} - {*fixed, *drawn}
        told = [each.codes for name, each in all_levels.items() if name not in ignored]
        if rungs is None:
            # No trial is a later one. The same parameters with other scores are a
            # repetition without a seed; with the same scores they tell nothing new.
            told += list(all_scores.T)
        last = _last_of_each(told, self.n_candidates)
        self.kept = _with_fixed(last, all_levels, fixed)
        self.params = [results["params"][i] for i in self.kept]
        self.levels = {name: each.take(self.kept) for name, each in all_levels.items()}
        self.scores = all_scores[self.kept]
        self.rungs = None if rungs is None else rungs[self.kept]

    def estimators(self):
        """The unfitted estimator of each candidate."""
        return [clone(self._estimator).set_params(**params) for params in self.params]

    def axis(self, argument, name):
        """The levels of a parameter that occur; a single one for None."""
        if name is None:
            return single_level(len(self.params))
        check_among(argument, name, list(self.levels))
        return self.levels[name].occurring()


def _find_all_levels(estimator, all_params, labels):
    """The values of each parameter that some candidate sets."""
    # Grids that are lists of dicts leave parameters out of some candidates, which then
    # have the estimator's value.
    defaults = {} if estimator is None else every_parameter(estimator)
    names = names_in(all_params)
    for name in labels:
        check_among("labels", name, names)
    levels = {}
    for name in names:
        values = [params.get(name, defaults.get(name)) for params in all_params]
        levels[name] = find_levels(values, labels.get(name))
    return levels


def _last_of_each(columns, n_trials):
    """The last of the trials that have all columns in common; their places ascend."""
    last = {}
    for place in range(n_trials):
        last[tuple(column[place] for column in columns)] = place
    return np.array(sorted(last.values()))


def _with_fixed(places, all_levels, fixed):
    """Those of some candidates that have the fixed values."""
    for name, value in fixed.items():
        check_among("fixed", name, list(all_levels))
        levels = all_levels[name]
        keys = [key_of(each) for each in levels.values]
        if key_of(value) not in keys:
            raise ValueError(
                f"fixed[{name!r}] must be one of {levels.values}; got {value!r}."
            )
        code = keys.index(key_of(value))
        places = places[levels.codes[places] == code]
    if not len(places):
        raise ValueError(
            f"fixed must leave a candidate of the search; none has {fixed!r}."
        )
    return places


def check_among(argument, name, names):
    """Raise an error that names the nearest, if `name` is not among `names`."""
    if name not in names:
        raise ValueError(
            f"{argument} must name one of {names}; got {name!r}."
            f"{nearest_name(str(name), names)}"
        )
