"""Every fit of a search, described: its candidate, its fold, what it would train."""

import time
from dataclasses import dataclass

from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import process_routing

from skcnn._asked import AskedData, AskedFit
from skcnn._candidates import with_params
from skcnn._classifier import ConvPoolClassifier
from skcnn._compat import take_samples
from skcnn._habits import check_arguments
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
    for number, fold in enumerate(folds):
        data = _FoldData(take_samples(X, fold.train), take_samples(y, fold.train))
        for place, each in enumerate(made):
            yield _described(place, number, fold, data, each)


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
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    if not isinstance(estimator, ConvPoolClassifier):
        raise TypeError(
            "search must be a search of scikit-learn, such as GridSearchCV, over a "
            f"ConvPoolClassifier or a Pipeline that ends in one; got {search!r}."
        )


def _described(place, number, fold, data, estimator):
    try:
        # Mistakes and impossible networks are what the search will meet, too.
        before, classifier, fit_params = _parts_of(estimator, fold.fit_params)
        if not isinstance(classifier, ConvPoolClassifier):
            return SearchFit(place, number, fold, None)
        check_arguments(classifier, type(classifier).fit, fit_params)
        given, seconds = data.after(before, fit_params)
        asked = given.fit_of(classifier)
    except (TypeError, ValueError) as error:
        return SearchFit(place, number, fold, None, str(error))
    return SearchFit(place, number, fold, asked, seconds_before=seconds)


def _parts_of(estimator, fit_params):
    """The steps before the last one, each with what it is given besides; that; its own.

    Returns
    -------
    steps : list of tuple (transformer, dict)
    last : estimator
    fit_params : dict
        What `fit` of the last one is given besides.
    """
    steps = []
    while isinstance(estimator, Pipeline):
        *names, last = [name for name, _ in estimator.steps]
        own = _params_of_steps(estimator, fit_params)
        steps += [(estimator.named_steps[name], own[name]) for name in names]
        estimator, fit_params = estimator.named_steps[last], own[last]
    return steps, estimator, fit_params


def _params_of_steps(pipeline, fit_params):
    """What each step of a pipeline is given besides, by its name."""
    names = [name for name, _ in pipeline.steps]
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(pipeline, "fit", **fit_params)
        # A transformer is asked to fit_transform, and the last step to fit.
        return {
            name: {
                **routed[name].get("fit_transform", {}),
                **routed[name].get("fit", {}),
            }
            for name in names
        }
    own = {name: {} for name in names}
    for name, value in fit_params.items():
        step, _, parameter = name.partition("__")
        if step not in own or not parameter:
            raise ValueError(
                f"Pipeline.fit takes no {name!r}: say to which step it goes, as in "
                f"{names[-1]}__{name}=."
            )
        own[step][parameter] = value
    return own


class _FoldData:
    """The training images of a fold, as they come out of the steps before a network."""

    def __init__(self, X, y):
        self._X, self._y = X, y
        self._known = {}

    def after(self, steps, fit_params):
        """AskedData behind some steps, and the seconds that the steps took."""
        key = tuple(_description(step) for step, _ in steps)
        if key not in self._known:
            started = time.perf_counter()
            X = self._X
            for step, own in steps:
                if step is not None and step != "passthrough":
                    X = clone(step).fit_transform(X, self._y, **own)
            seconds = time.perf_counter() - started
            self._known[key] = AskedData(X, self._y, **fit_params), seconds
        return self._known[key]


def _description(step):
    if not hasattr(step, "get_params"):
        return step
    return type(step), key_of(list(step.get_params().items()))
