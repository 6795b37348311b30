"""What a search will do and cost, told before it begins."""

from dataclasses import dataclass, field
from numbers import Integral

import numpy as np

from skcnn._candidates import (
    check_max_params,
    classifier_in,
    import_pandas,
    names_in,
    parameter_columns,
    with_params,
)
from skcnn._lanes import lanes_of
from skcnn._plan_words import plan_notes, plan_text
from skcnn._planned_fits import planned_rungs
from skcnn._search_cost import SearchCost
from skcnn._search_facts import collect
from skcnn._search_fits import check_search


@dataclass(frozen=True, repr=False)
class SearchPlan:
    """What a search will do and cost; it prints as text.

    Made by :func:`plan_search`.

    Attributes
    ----------
    n_candidates : int
        Number of candidates.
    n_fits : int
        Number of fits, without the refit.
    n_iterations : int
        Number of iterations of a halving search; 1 for another one.
    n_networks : int
        Number of networks to compile. Fits that differ only in numbers, such as
        epochs or rates, use one.
    n_trainings : int
        Number of different trainings. Fits that differ only in `epochs` are one, in
        each fold.
    epochs_asked : int
        Number of epochs that all fits ask for.
    epochs_known : int
        Of these, epochs that are in `memory` or in this process.
    epochs_to_train : int
        Epochs that are left to train. The rest is shared between fits.
    seconds : float or None
        About how long the search will take, with its refit, if it begins now in this
        process. None if there is no network to measure.
    n_lanes : int
        How many fits run at a time.
    lanes : {"one after the other", "threads", "processes"}
        In what they run.
    memory_bytes : int
        About how much RAM the search needs at its peak, with TensorFlow.
    disk_bytes : int
        What the states take in the folder `memory`; 0 without one.
    memory : str or None
        That folder.
    n_measured : int
        How many networks were measured. The others are judged by their operations.
    notes : list of str
        What to know besides.
    candidates : pandas.DataFrame
        A row for each candidate. The parameters come first, then `n_params`, `epochs`,
        `seconds` and `problem`. The seconds are those of all its folds, if nothing is
        shared and one fit runs at a time. A problem is why it cannot be built, or that
        it is larger than `max_params`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, plan_search
    >>> X, y = np.zeros((60, 8, 8), np.uint8), np.arange(60) % 3
    >>> classifier = ConvPoolClassifier([(4, 3)], dense_layers=(), random_state=0)
    >>> search = GridSearchCV(classifier, {"epochs": [1, 3]}, cv=3)
    >>> plan = plan_search(search, X, y)
    >>> plan.n_fits, plan.n_trainings, plan.epochs_asked, plan.epochs_to_train
    (6, 3, 12, 9)
    """

    n_candidates: int
    n_fits: int
    n_iterations: int
    n_networks: int
    n_trainings: int
    epochs_asked: int
    epochs_known: int
    epochs_to_train: int
    seconds: float | None
    n_lanes: int
    lanes: str
    memory_bytes: int
    disk_bytes: int
    memory: str | None
    n_measured: int
    notes: list = field(repr=False)
    candidates: object = field(repr=False)

    def __str__(self):
        return plan_text(self)

    __repr__ = __str__  # a notebook shows the text


def plan_search(search, X, y, *, max_params=None, max_measured=4, **fit_params):
    """Tell what a search will do and cost, before it begins.

    No candidate is trained. A few batches of some networks are, to measure their speed.
    That takes a few seconds. The networks stay compiled for the search.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        Not fitted. Its estimator is a ConvPoolClassifier, or a Pipeline that ends in
        one.
    X, y : array-like
        What its `fit` will be given.
    max_params : int, default=None
        A number of parameters above which a network is named as too large. None for no
        limit.
    max_measured : int, default=4
        How many networks to measure: the smallest, the largest, and some between. The
        others are judged by their number of operations.
    **fit_params
        What `fit` of the search will be given besides, such as `sample_weight`,
        `validation_data` or `groups`.

    Returns
    -------
    SearchPlan
        Print it to read it.

    Raises
    ------
    TypeError, ValueError
        If the search has no network, if an argument is not allowed, or if `X` and `y`
        are not as many images and labels.

    See Also
    --------
    feasible_grid : Leaves impossible and large networks out of a grid.
    feasible_sample : Draws networks that are possible and small from distributions.
    SearchProgress : Shows the time left while a search runs.

    Notes
    -----
    Call it where the search will run: in the same ``parallel_config``, and with the
    same number of threads. While other programs use the machine, both take longer.

    With early stopping the plan is for all epochs, so the search may be quicker. A
    halving search decides as it goes which candidates get more epochs. So its seconds
    are those to be expected. Candidates drawn with ``random_state=None`` will be others
    in `fit`.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, plan_search
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=200, random_state=0, return_X_y=True)
    >>> classifier = ConvPoolClassifier(dense_layers=(), random_state=42)
    >>> grid = {"conv_layers": [[(4, 3)], [(8, 3)]], "epochs": [1, 2, 4]}
    >>> plan = plan_search(GridSearchCV(classifier, grid, cv=2), X, y)
    >>> print(plan)  # doctest: +ELLIPSIS
    6 candidates x 2 folds = 12 fits
    networks    2 to compile, of 838 to 1,954 parameters
    trainings   4 different ones
    epochs      28 asked for, 16 to train; the rest is shared
    time        about ..., one fit after the other
    memory      about ...
    """
    _check(search, max_params, max_measured)
    lanes = lanes_of(search)
    rungs = planned_rungs(search, X, y, fit_params)
    found = collect(search, rungs, X, y, lanes)
    cost = SearchCost(rungs, found, lanes, max_measured) if found.fits else None
    return SearchPlan(
        n_candidates=len(rungs[0].candidates),
        n_fits=sum(rung.n_kept * len(rung.folds) for rung in rungs),
        n_iterations=len(rungs),
        n_networks=len(found.networks),
        n_trainings=len({fit.run for fit in found.fits}),
        n_lanes=lanes.n,
        lanes=lanes.kind,
        memory=next(iter(found.memories), None),
        **_costs(search, found, cost, len(y)),
        notes=plan_notes(search, rungs, found, lanes, cost),
        candidates=_table(search, rungs, found, cost, max_params),
    )


def _check(search, max_params, max_measured):
    check_max_params(max_params)
    check_search(search)
    if not isinstance(max_measured, Integral) or max_measured < 1:
        raise ValueError(
            f"max_measured must be an integer of at least 1; got {max_measured!r}."
        )


def _costs(search, found, cost, n_images):
    """The figures of a plan that must be worked out."""
    if cost is None:
        names = ("epochs_asked", "epochs_known", "epochs_to_train", "n_measured")
        none = dict.fromkeys([*names, "memory_bytes", "disk_bytes"], 0)
        return {**none, "seconds": None}
    seconds = cost.seconds()
    if getattr(search, "refit", False):
        seconds += cost.seconds_of_refit(n_images)
    return {
        "epochs_asked": round(cost.expected([fit.epochs for fit in found.fits])),
        "epochs_known": round(cost.expected([fit.n_known for fit in found.fits])),
        "epochs_to_train": round(cost.expected(cost.new_epochs)),
        "seconds": seconds,
        "memory_bytes": cost.bytes_in_memory(),
        "disk_bytes": cost.bytes_of_states() if found.memories else 0,
        "n_measured": cost.n_measured,
    }


def _table(search, rungs, found, cost, max_params):
    """A row for each candidate."""
    pd, CandidateTable = import_pandas("plan_search")
    candidates = rungs[0].candidates
    made = [with_params(search.estimator, candidate) for candidate in candidates]
    names = names_in(candidates)
    columns = parameter_columns(names, made)
    places = range(len(candidates))
    n_params = [found.n_params.get(place) for place in places]
    columns["n_params"] = pd.array(n_params, "Int64")
    columns.setdefault("epochs", [_epochs(each) for each in made])
    seconds = cost.seconds_of_candidates() if cost else {}
    columns["seconds"] = [seconds.get(place, np.nan) for place in places]
    columns["problem"] = [
        found.problems.get(place, "") or _too_large(n_params[place], max_params)
        for place in places
    ]
    return CandidateTable(columns)


def _epochs(estimator):
    return getattr(classifier_in(estimator), "epochs", None)


def _too_large(n_params, max_params):
    if max_params is None or n_params is None or n_params <= max_params:
        return ""
    return f"larger than max_params={max_params:,}"
