"""The fits that a search is going to do: which candidates, on which images.

The search is asked itself. A copy of it runs with a stand-in for the estimator, which
notes what it is told to fit and trains nothing. So whatever decides on candidates,
folds and iterations is the search's own code, also of a search that we do not know.
"""

import os
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_consistent_length

from skcnn._compat import RequestsOfOriginal
from skcnn._containers import check_container
from skcnn._labels import check_labels


@dataclass(frozen=True)
class Fold:
    """Places of the samples that a fit trains on and is scored on.

    Attributes
    ----------
    train, test : ndarray of int
    fit_params : dict
        What `fit` of the estimator is given besides, such as weights: those of the
        samples in `train`.
    """

    train: np.ndarray
    test: np.ndarray
    fit_params: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Rung:
    """Fits of one iteration; a search without iterations has one.

    Attributes
    ----------
    candidates : list of dict
        What is set in each; the same candidates in each rung.
    n_kept : int
        How many of them take part. Nobody knows beforehand which.
    folds : list of Fold
        The same for all candidates.
    """

    candidates: list
    n_kept: int
    folds: list

    @property
    def share(self):
        """The share of candidates that take part."""
        return self.n_kept / len(self.candidates)


def planned_rungs(search, X, y, fit_params=None):
    """Everything that a search is going to fit, but for the refit.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        It is left as it is.
    X, y : array-like
        As for its `fit`.
    fit_params : dict, default=None
        What its `fit` is given besides: weights, groups for a splitter.

    Returns
    -------
    list of Rung

    Raises
    ------
    TypeError, ValueError
        If `X` or `y` is none, or if their lengths differ.
    """
    _check_data(search, X, y)
    notes = _Notes()
    asked = clone(search)
    if hasattr(asked, "set_callbacks"):
        asked.set_callbacks()  # they would announce a search
    stand_in = _StandIn(notes, search.estimator)
    asked.set_params(estimator=stand_in, **_quiet(asked))
    asked.fit(np.arange(len(y)), y, **(fit_params or {}))
    return _rungs(asked, notes)


def _check_data(search, X, y):
    """Refuse what the search would refuse, or would not come to an end with."""
    is_path = isinstance(X, (str, bytes, os.PathLike))
    # The steps of a pipeline may take lists of other things.
    if is_path or not hasattr(search.estimator, "steps"):
        check_container(X, "X")
    if y is None:
        raise ValueError(
            "y must be labels; got None. Pass what fit of search is given."
        )
    check_labels(y)
    check_consistent_length(X, y)


def _quiet(search):
    """Settings with which a search runs here, and needs nothing of its estimator."""
    wanted = {
        "scoring": None,
        "n_jobs": 1,
        "refit": False,
        "verbose": 0,
        "error_score": "raise",
        "return_train_score": False,
    }
    known = search.get_params(deep=False)
    return {name: wanted[name] for name in wanted if name in known}


def _rungs(search, notes):
    results, n_splits = search.cv_results_, search.n_splits_
    iterations = np.asarray(results.get("iter", np.zeros(len(results["params"]))))
    rungs = []
    first = None
    for iteration in np.unique(iterations):
        places = np.flatnonzero(iterations == iteration)
        candidates = [results["params"][place] for place in places]
        folds = notes.folds[places[0] * n_splits :][:n_splits]
        first = first or candidates
        # Scores of the stand-in choose nothing: all might come so far.
        resource = _resource(search, candidates[0])
        candidates = [candidate | resource for candidate in first]
        rungs.append(Rung(candidates, len(places), folds))
    return rungs


def _resource(search, candidate):
    """What an iteration of a halving search gives, if it is a parameter."""
    name = getattr(search, "resource", None)
    return {name: candidate[name]} if name in candidate else {}


@dataclass
class _Notes:
    """What a stand-in was told: a fold for each fit, in their order."""

    folds: list = field(default_factory=list)
    known: dict = field(default_factory=dict)  # equal folds are kept once

    def add(self, train, test, fit_params):
        key = (train.tobytes(), test.tobytes())
        fold = Fold(train, test, fit_params)
        self.folds.append(self.known.setdefault(key, fold))


class _StandIn(RequestsOfOriginal, ClassifierMixin, BaseEstimator):
    """Takes any parameter, and notes which samples it is fitted and scored on.

    Parameters
    ----------
    notes : _Notes
    original : estimator
        What it stands for.
    """

    def __init__(self, notes=None, original=None):
        self.notes = notes
        self.original = original

    def __sklearn_clone__(self):
        return _StandIn(self.notes, self.original)

    def get_params(self, deep=True):
        # Names alone: a halving search looks for that of its resource.
        return dict.fromkeys(self.original.get_params())

    def set_params(self, **params):
        return self

    def get_metadata_routing(self):
        """What the original asks for, so that a search hands on the same."""
        return self.original.get_metadata_routing()

    def fit(self, X, y=None, **fit_params):
        self._train, self._fit_params = X, fit_params
        return self

    def score(self, X, y=None, sample_weight=None, **score_params):
        self.notes.add(self._train, X, self._fit_params)
        return 0.0
