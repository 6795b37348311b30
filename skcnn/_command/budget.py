"""How many candidates the time is enough for."""

from math import ceil

from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import HalvingGridSearchCV, StratifiedKFold

from skcnn._classifier import ConvPoolClassifier
from skcnn._search import feasible_sample
from skcnn._search_plan import plan_search
from skcnn.presets import search_space

# Numbers of candidates.
_FEWEST, _MEASURED, _MOST = 3, 9, 81

# A third of the candidates goes on to three times the epochs, up to those of the space.
_FACTOR, _MOST_ITERATIONS = 3, 3


def make_search(n_candidates, X, y, max_params, memory):
    """A search by successive halving on epochs.

    Parameters
    ----------
    n_candidates : int
    X, y : ndarray
        Images and labels to train on.
    max_params : int or None
    memory : path

    Returns
    -------
    HalvingGridSearchCV
        Equal for equal arguments, so that an interrupted one goes on. With more
        candidates it has the same first ones.
    """
    n_classes = len(set(y))
    space = search_space(X.shape[1:], len(X), max_params, n_classes=n_classes)
    [epochs] = space.pop("epochs")
    estimator = ConvPoolClassifier(memory=str(memory), random_state=0)
    candidates = feasible_sample(
        space,
        _MOST,
        X.shape[1:],
        max_params,
        n_classes=n_classes,
        estimator=estimator,
        random_state=0,
    )
    candidates = candidates[:n_candidates]
    return HalvingGridSearchCV(
        estimator,
        candidates,
        resource="epochs",
        min_resources=_iterations(len(candidates), epochs)[0],
        max_resources=epochs,
        factor=_FACTOR,
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
        random_state=0,
    )


def affordable(seconds, X, y, max_params, memory):
    """How many candidates to try in so many seconds.

    Parameters
    ----------
    seconds : float
    X, y, max_params, memory
        As for :func:`make_search`.

    Returns
    -------
    n_candidates : int
        From 3 to 81.
    expected : float
        About how many seconds they take.
    """
    search = make_search(_MEASURED, X, y, max_params, memory)
    plan = plan_search(search, X, y, max_measured=2)
    epochs = search.max_resources
    for_an_epoch = plan.seconds / work_of(len(search.param_grid), epochs)
    number = _FEWEST
    for more in range(_FEWEST, _MOST + 1):
        # Not every larger number is more work: it may begin with fewer epochs.
        if work_of(more, epochs) * for_an_epoch <= seconds:
            number = more
    chosen = make_search(number, X, y, max_params, memory)
    # Its own networks may be smaller or larger than those of the first plan.
    return number, plan_search(chosen, X, y, max_measured=2).seconds


def _iterations(n_candidates, most_epochs):
    """The epochs of each iteration, so that the last one has the most."""
    n_iterations = 1
    while n_iterations < _MOST_ITERATIONS and _FACTOR**n_iterations <= n_candidates:
        n_iterations += 1
    return [most_epochs // _FACTOR**left for left in reversed(range(n_iterations))]


def work_of(n_candidates, most_epochs):
    """How many epochs a search trains.

    Parameters
    ----------
    n_candidates : int
    most_epochs : int
        Of the last iteration.

    Returns
    -------
    int
        In each fold, without the refit. Each iteration trains anew, since the learning
        rate depends on the number of epochs.
    """
    n_left, work = n_candidates, 0
    for epochs in _iterations(n_candidates, most_epochs):
        work += n_left * epochs
        n_left = ceil(n_left / _FACTOR)
    return work
