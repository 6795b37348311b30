"""Learning curves of the fits of a search, found where sharing has left them.

A search of scikit-learn keeps scores and drops its estimators. But the states of its
fits are kept under the keys of their runs, in this process or in `memory`, and each has
the history of its run. So the keys are worked out again, and nothing is trained.
"""

from collections import Counter

import numpy as np
from joblib import cpu_count
from sklearn.utils.validation import check_is_fitted

from skcnn._candidates import (
    import_pandas,
    names_in,
    parameter_columns,
    with_params,
)
from skcnn._device import intra_op_threads
from skcnn._lanes import lanes_of
from skcnn._planned_fits import planned_rungs
from skcnn._search_fits import check_search, described_fits
from skcnn._state_folder import existing_folder
from skcnn._trajectory import Trajectory
from skcnn._warnings import warn_once


def search_histories(search, X, y, **fit_params):
    """Learning curves of every candidate and fold of a search.

    Nothing is trained. The histories are those of the states that this process or the
    folder `memory` keeps.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        After fit. Its estimator is a ConvPoolClassifier, or a Pipeline that ends in
        one.
    X, y : array-like
        What its `fit` was given.
    **fit_params
        What else its `fit` was given, such as `sample_weight`, `validation_data` or
        `groups`.

    Returns
    -------
    pandas.DataFrame
        A row for each candidate, fold and epoch. The columns, in this order:

        - `candidate`, its place in ``cv_results_``, `fold`, from 0, and `epoch`, from
          1;
        - the parameters that vary, written as in :func:`search_results`; the seed, too;
        - what `history_` has: `loss` and `accuracy` while training, `val_loss` and
          `val_accuracy` with early stopping, and `time`, the seconds that the epoch
          took when it was trained.

        Fits that failed have no rows.

    Raises
    ------
    ImportError
        Without pandas.
    NotFittedError
        Before fit.
    TypeError
        If the search has no network of skcnn.
    ValueError
        If the folds are drawn anew each time, or if none of the fits is known any more.

    Warns
    -----
    UserWarning
        If some fits are not known any more: how many, and what to do.

    See Also
    --------
    search_results : The candidates of a search as a table, best first.
    plotting.LearningCurvesDisplay : Draws histories.

    Notes
    -----
    Without `memory`, a process keeps states up to a bound, and forgets those not used
    for the longest time. Worker processes forget all when they end. With
    ``memory="runs"`` the states of all of them are kept.

    An epoch that several candidates share has its row with each of them, with the time
    that it took once. So ``table.groupby("candidate")["time"].sum()`` is what each
    candidate costs by itself.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, search_histories
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=200, random_state=0, return_X_y=True)
    >>> classifier = ConvPoolClassifier([(4, 3)], dense_layers=(), random_state=0)
    >>> search = GridSearchCV(classifier, {"epochs": [2, 3]}, cv=2).fit(X, y)
    >>> table = search_histories(search, X, y)
    >>> table.columns.tolist()
    ['candidate', 'fold', 'epoch', 'epochs', 'loss', 'accuracy', 'time']
    >>> table.groupby(["candidate", "fold"])["epoch"].max().tolist()
    [2, 2, 3, 3]
    """
    pd, CandidateTable = import_pandas("search_histories")
    check_is_fitted(search, "cv_results_")
    check_search(search)
    fits = _Fits(search)
    for places, folds in _rungs(search, X, y, fit_params):
        fits.look_up(places, folds, X, y)
    fits.tell_unknown()
    parameters = _varying(search)
    rows = []
    for candidate, fold, history in sorted(fits.known, key=lambda each: each[:2]):
        own = {name: values[candidate] for name, values in parameters.items()}
        for number, epoch in enumerate(_epochs(history), start=1):
            place = {"candidate": candidate, "fold": fold, "epoch": number}
            rows.append(place | own | epoch)
    return CandidateTable(pd.DataFrame(rows))


def _epochs(history):
    """A history, epoch by epoch; first loss and accuracy, last the time."""
    order = {"loss": 0, "accuracy": 1, "time": 3}
    names = sorted(history, key=lambda name: order.get(name, 2))
    history = {name: history[name] for name in names}
    for values in zip(*history.values(), strict=True):
        yield dict(zip(history, values, strict=True))


def _varying(search):
    """What tells the candidates apart, as columns."""
    candidates = search.cv_results_["params"]
    names = names_in(candidates)
    made = [with_params(search.estimator, candidate) for candidate in candidates]
    columns = parameter_columns(names, made)
    return {name: cells for name, cells in columns.items() if len(set(cells)) > 1}


def _rungs(search, X, y, fit_params):
    """Places of candidates, with the folds on which they were fitted."""
    if hasattr(search.cv, "__next__"):
        raise ValueError(
            f"search.cv is used up: {search.cv!r}. Make the search with "
            "cv=list(folds), which can be read again."
        )
    rungs = planned_rungs(search, X, y, fit_params)
    again = planned_rungs(search, X, y, fit_params)
    if not all(map(_have_equal_folds, rungs, again)):
        raise ValueError(
            "search draws other folds each time, so the fits of the first time cannot "
            f"be found: cv={search.cv!r}. Give it an integer random_state, and search "
            "again."
        )
    n_candidates = len(search.cv_results_["params"])
    iterations = np.asarray(search.cv_results_.get("iter", np.zeros(n_candidates)))
    for number, rung in enumerate(rungs):
        yield np.flatnonzero(iterations == number), rung.folds


def _have_equal_folds(rung, other):
    pairs = zip(rung.folds, other.folds, strict=True)
    return all(np.array_equal(one.train, two.train) for one, two in pairs)


class _Fits:
    """Looks for the histories of fits.

    Attributes
    ----------
    known : list of tuple (candidate, fold, history)
    """

    def __init__(self, search):
        self.known = []
        self._search = search
        self._n_unknown = 0
        self._unshared = Counter()  # reason -> number of fits
        # Fits of one search have run with one number of threads: here, or in workers.
        likely = [intra_op_threads(), lanes_of(search).intra_op_threads]
        self._threads = list(dict.fromkeys([*likely, *range(1, cpu_count() + 1)]))

    def look_up(self, places, folds, X, y):
        """Find the fits of some candidates on some folds."""
        candidates = [self._search.cv_results_["params"][place] for place in places]
        for fit in described_fits(self._search.estimator, candidates, folds, X, y):
            if fit.asked is None:
                continue  # it failed, or has no network of skcnn
            history, is_whole = self._history_of(fit.asked)
            if history:
                place = int(places[fit.candidate])
                self.known.append((place, fit.fold_number, history))
            if fit.asked.why_not_shared:
                self._unshared[fit.asked.why_not_shared] += 1
            elif not is_whole:
                self._n_unknown += 1

    def _history_of(self, asked):
        """What is known of a fit, and whether that is all."""
        if asked.why_not_shared:
            return {}, False
        best = {}, False
        for threads in list(self._threads):
            found = _known_history(asked, asked.key(threads))
            if found[1]:
                # Where one fit is, there are the others.
                self._threads.remove(threads)
                self._threads.insert(0, threads)
                return found
            best = max(best, found, key=lambda each: len(each[0].get("loss", ())))
        return best

    def tell_unknown(self):
        """Warn of what is not known, or raise if that is all."""
        parts = []
        if self._n_unknown:
            parts.append(
                f"{self._n_unknown} fits are not known any more, in this process or in "
                "memory. Worker processes forget what they trained when they end, and "
                "this one keeps a bounded amount. Give the classifier memory='runs', "
                "and search again. X, y and whatever else fit "
                "was given must be those of the search."
            )
        for reason, n_fits in self._unshared.items():
            parts.append(f"{n_fits} fits left nothing. {reason}")
        if not parts:
            return
        message = " ".join(parts)
        if not self.known:
            raise ValueError(message)
        warn_once(message)


def _known_history(asked, key):
    """The history of a fit as far as a state tells it, and whether that is all."""
    trajectory = Trajectory(key, existing_folder(asked.memory))
    known = trajectory.known_epochs()
    # A state after more epochs has the same beginning.
    longer = [epoch for epoch in known if epoch >= asked.epochs]
    shorter = [epoch for epoch in known if epoch < asked.epochs]
    for epoch in [*longer, *reversed(shorter)]:
        state = trajectory.state(epoch)
        if state is not None:
            history = _first(state.history, asked.epochs)
            stopped = asked.stopped_at(history)
            is_whole = epoch >= asked.epochs or stopped is not None
            return _first(history, stopped or asked.epochs), is_whole
    return {}, False


def _first(history, n_epochs):
    return {name: values[:n_epochs] for name, values in history.items()}
