"""How many candidates the time is enough for."""

import warnings

from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import HalvingGridSearchCV, StratifiedKFold

from skcnn._command.space import (
    FEWEST_EPOCHS,
    MOST_EPOCHS,
    base_estimator,
    search_space,
)
from skcnn._search import feasible_sample
from skcnn._search_plan import plan_search

_FEWEST, _MEASURED, _MOST = 3, 9, 81


def make_search(n_candidates, X, y, max_params, memory):
    """A search by successive halving on epochs.

    Parameters
    ----------
    n_candidates : int
        There are fewer if the limit leaves fewer.
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
    estimator = base_estimator(len(X), memory)
    with warnings.catch_warnings():
        # That there are fewer than the most that we would take is no matter.
        warnings.filterwarnings("ignore", message="feasible_sample")
        candidates = feasible_sample(
            search_space(),
            _MOST,
            X.shape[1:],
            max_params,
            n_classes=len(set(y)),
            estimator=estimator,
            random_state=0,
        )
    candidates = candidates[:n_candidates]
    return HalvingGridSearchCV(
        estimator,
        candidates,
        resource="epochs",
        min_resources=FEWEST_EPOCHS,
        max_resources=MOST_EPOCHS,
        factor=3,
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
    each = plan.seconds / plan.n_candidates
    number = min(max(int(seconds / each), _FEWEST), _MOST)
    return number, number * each
