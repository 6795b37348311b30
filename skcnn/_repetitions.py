"""Candidates that differ only in a seed are repetitions of one candidate."""

import numpy as np
from scipy.stats import rankdata

from skcnn._candidates import every_parameter
from skcnn._value_labels import key_of


def is_seed(name):
    """Whether a parameter is a seed, of the estimator or of a part of it.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool
    """
    return name.rpartition("__")[2] == "random_state"


def repetitions(names, candidates, rungs=None):
    """The places of the repetitions of each candidate.

    Parameters
    ----------
    names : list of str
        Parameters that the search sets.
    candidates : list of estimator
    rungs : sequence of int, default=None
        The iteration of each, in which it is another candidate; None for no iterations.

    Returns
    -------
    list of ndarray of int
        In the order of their first places; by seed, as far as seeds are integers.
    """
    told = [name for name in names if not is_seed(name)]
    groups = {}
    for place, candidate in enumerate(candidates):
        params = every_parameter(candidate)
        key = tuple(key_of(params.get(name)) for name in told)
        rung = None if rungs is None else rungs[place]
        groups.setdefault((rung, key), []).append(place)
    return [np.array(places) for places in groups.values()]


def pool(table, groups):
    """A table of candidates, each with all its repetitions in one row.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`skcnn.search_results`, a row for each candidate.
    groups : list of ndarray of int

    Returns
    -------
    pandas.DataFrame
        Means and standard deviations are over folds, and over seeds that did not fail.
    """
    pooled = table.iloc[[places[0] for places in groups]].copy()
    for name in table:
        mean = _mean_of(name, table)
        if mean is not None:
            columns = table[name].to_numpy(), table[mean].to_numpy()
            pooled[name] = [_std(*columns, places) for places in groups]
        elif _is_mean(name, table):
            values = table[name].to_numpy(float)
            pooled[name] = [_mean(values[places]) for places in groups]
    for name in table:
        if _is_rank(name):
            scores = pooled["score" if name == "rank" else name.removeprefix("rank_")]
            pooled[name] = _ranks(scores.to_numpy())
    return pooled


def _is_rank(name):
    return name == "rank" or name.startswith("rank_")


def _is_mean(name, table):
    """Whether a column has a mean over the folds."""
    # With several scores, each has a column of its deviation beside it.
    return name in _MEANS or f"std_{name}" in table


_MEANS = ("score", "train_score", "fit_time", "score_time")


def _mean_of(name, table):
    """The column of means that belongs to a column of deviations; None for another."""
    if name == "std":
        return "score"
    mean = name.removeprefix("std_")
    return mean if mean != name and mean in table else None


def _mean(values):
    """The mean of what did not fail; NaN if all did."""
    known = values[~np.isnan(values)]
    return known.mean() if len(known) else np.nan


def _std(stds, means, places):
    """The deviation of all scores, from those of parts of equal size."""
    known = places[~np.isnan(means[places])]
    if not len(known):
        return np.nan
    return np.sqrt(np.mean(stds[known] ** 2) + np.var(means[known]))


def _ranks(scores):
    """1 for the best, as scikit-learn has it; what failed comes last."""
    worst = np.nanmin(scores) - 1 if np.isfinite(scores).any() else 0
    scores = np.where(np.isnan(scores), worst, scores)
    return rankdata(-scores, method="min").astype(np.int32)
