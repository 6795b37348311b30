"""Every fit of a search, described: its candidate, its fold, what it would train."""

import time
from dataclasses import dataclass

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skcnn._asked import AskedData, AskedFit
from skcnn._candidates import with_params
from skcnn._classifier import ConvPoolClassifier
from skcnn._compat import take_samples
from skcnn._planned_fits import Fold
from skcnn._value_labels import key_of


@dataclass(frozen=True)
class SearchFit:
    """One fit of a search.

    Attributes
    ----------
    candidate, fold_number : int
        Places in their rung.
    fold : Fold
    asked : AskedFit or None
        None if it has no network of skcnn, or cannot be done.
    problem : str
        Why it cannot be done; empty if it can.
    seconds_before : float
        What the steps before the network took to fit.
    """

    candidate: int
    fold_number: int
    fold: Fold
    asked: AskedFit | None
    problem: str = ""
    seconds_before: float = 0.0


def described_fits(estimator, candidates, folds, X, y):
    """What each fit of a rung would train.

    Parameters
    ----------
    estimator : estimator
        Of the search.
    candidates : list of dict
    folds : list of Fold
    X, y : array-like

    Yields
    ------
    SearchFit
        Fold by fold, so that the images of one are in memory at a time.
    """
    made = [with_params(estimator, candidate) for candidate in candidates]
    parts = [_parts_of(each) for each in made]
    for number, fold in enumerate(folds):
        data = _FoldData(take_samples(X, fold.train), take_samples(y, fold.train))
        for place, (before, classifier) in enumerate(parts):
            yield _described(place, number, fold, data, before, classifier)


def check_search(search):
    """Refuse what is no search over a network.

    Parameters
    ----------
    search : object

    Raises
    ------
    TypeError
    """
    estimator = getattr(search, "estimator", None)
    if _parts_of(estimator)[1] is None:
        raise TypeError(
            "search must be a search of scikit-learn, such as GridSearchCV, over a "
            f"ConvPoolClassifier or a Pipeline that ends in one; got {search!r}."
        )


def _parts_of(estimator):
    """The steps before the network, and the network; None for none of it."""
    steps = []
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1]]
        estimator = estimator.steps[-1][1]
    if isinstance(estimator, ConvPoolClassifier):
        return steps, estimator
    return steps, None


def _described(place, number, fold, data, before, classifier):
    if classifier is None:
        return SearchFit(place, number, fold, None)
    try:
        # Mistakes and impossible networks are what the search will meet, too.
        given, seconds = data.after(before)
        asked = given.fit_of(classifier)
    except (TypeError, ValueError) as error:
        return SearchFit(place, number, fold, None, str(error))
    return SearchFit(place, number, fold, asked, seconds_before=seconds)


class _FoldData:
    """The training images of a fold, as they come out of the steps before a network."""

    def __init__(self, X, y):
        self._X, self._y = X, y
        self._known = {}

    def after(self, steps):
        """AskedData behind some steps, and the seconds that the steps took."""
        key = tuple(_description(step) for step in steps)
        if key not in self._known:
            started = time.perf_counter()
            X = self._X
            for step in steps:
                if step is not None and step != "passthrough":
                    X = clone(step).fit_transform(X, self._y)
            seconds = time.perf_counter() - started
            self._known[key] = AskedData(X, self._y), seconds
        return self._known[key]


def _description(step):
    if not hasattr(step, "get_params"):
        return step
    return type(step), key_of(list(step.get_params().items()))
