"""The scores of candidates that are drawn in one place.

Candidates that differ only in a seed are repetitions of one candidate, as the folds of
a search are. Candidates that differ in another parameter are reduced to one: to their
mean, or to the best of them.
"""

import textwrap
from dataclasses import dataclass

import numpy as np

from skcnn._repetitions import is_seed


@dataclass(frozen=True)
class Point:
    """What is drawn in one place.

    Attributes
    ----------
    scores : ndarray of shape (n_scores,)
        Each is a repetition: of one seed and one fold. NaN where all fits failed.
    n_failed : int
        Number of candidates that failed, and are not part of the scores.
    """

    scores: np.ndarray
    n_failed: int


def find_points(study, places, reduce):
    """The scores of the candidates at each place, and a text on what they are.

    Parameters
    ----------
    study : Study
    places : list of ndarray of bool
        Which candidates belong there.
    reduce : {"mean", "max"}
        What to take of candidates that differ in more than a seed.

    Returns
    -------
    points : list of Point
    score_name : str
        The score, what it is reduced over, and what the error bars are.

    Raises
    ------
    ValueError
        For another `reduce`.
    """
    if reduce not in ("mean", "max"):
        raise ValueError(f"reduce must be 'mean' or 'max'; got {reduce!r}.")
    all_tried = [_tried(study, chosen) for chosen in places]
    # A mean over candidates is one for each repetition, if they have equally many.
    uneven = any(len(set(tried.n_seeds)) > 1 for tried in all_tried)
    points = []
    for tried in all_tried:
        if reduce == "max":
            scores = _best(study, tried)
        else:
            scores = _mean(study, tried, uneven)
        points.append(Point(scores, tried.n_failed))
    bars = _bars(study, all_tried)
    if uneven and reduce == "mean":
        bars = "± std of all scores"
    return points, _describe(study, _reduced_over(study, all_tried), reduce, bars)


def repetitions(n_seeds, n_folds):
    """What error bars are of, in words; nothing for single scores.

    Parameters
    ----------
    n_seeds : list of int
        The numbers of seeds that occur, sorted.
    n_folds : int
    """
    parts = []
    if n_seeds and n_seeds[-1] > 1:
        numbers = dict.fromkeys([n_seeds[0], n_seeds[-1]])
        parts.append(f"{' to '.join(map(str, numbers))} seeds")
    if n_folds > 1:
        parts.append(f"{n_folds} folds")
    if not parts:
        return ""
    return f"± std over {' x '.join(parts)}"


# --------------------------------------------------------------------------------------
# Candidates and their repetitions


@dataclass(frozen=True)
class _Tried:
    """The candidates of one place, each as the rows of its repetitions.

    Attributes
    ----------
    candidates : list of ndarray of int
        All repetitions of each candidate.
    succeeded : list of ndarray of int
        Those that did not fail; perhaps none.
    n_failed : int
        Number of rows of the place that failed.
    """

    candidates: list
    succeeded: list
    n_failed: int

    @property
    def n_seeds(self):
        """With how many seeds each candidate succeeded, if with any."""
        return [len(rows) for rows in self.succeeded if len(rows)]


def _tried(study, chosen):
    failed = np.isnan(study.scores).any(axis=1)
    candidates = _candidates(study, chosen)
    succeeded = [rows[~failed[rows]] for rows in candidates]
    return _Tried(candidates, succeeded, int(failed[chosen].sum()))


def _candidates(study, chosen):
    """The rows of each candidate: its repetitions by seed, in the order of seeds."""
    seeds, others = [], []
    for name, levels in study.levels.items():
        if is_seed(name):
            seeds.append(levels.codes)
        elif name != study.resource:  # with more of it, a candidate stays the same
            others.append(levels.codes)
    candidates = {}
    for row in sorted(np.flatnonzero(chosen), key=lambda row: _codes(seeds, row)):
        candidates.setdefault(_codes(others, row), []).append(row)
    return [_last_rung(study, np.array(rows)) for rows in candidates.values()]


def _codes(columns, row):
    return tuple(codes[row] for codes in columns)


def _last_rung(study, rows):
    """Those repetitions of a candidate that got furthest."""
    if study.rungs is None:
        return rows
    # A halving search may give up some seeds sooner: their scores are of less.
    rungs = study.rungs[rows]
    return rows[rungs == rungs.max()]


# --------------------------------------------------------------------------------------
# From several candidates to one


def _mean(study, tried, uneven):
    some = [rows for rows in tried.succeeded if len(rows)]
    if not some:
        return _nothing(study)
    if uneven:
        return study.scores[np.concatenate(some)].ravel()
    return np.mean([study.scores[rows] for rows in some], axis=0).ravel()


def _best(study, tried):
    some, whole = [], []
    for rows, good in zip(tried.candidates, tried.succeeded, strict=True):
        if len(good):
            some.append(study.scores[good])
        if len(good) == len(rows):
            whole.append(study.scores[good])
    if not some:
        return _nothing(study)
    # The best of those without a failure, if there are any.
    return max(whole or some, key=np.mean).ravel()


def _nothing(study):
    return np.full(study.scores.shape[1], np.nan)


# --------------------------------------------------------------------------------------
# What the scores are


def _reduced_over(study, all_tried):
    """The parameters, besides seeds, in which candidates of one place differ."""
    reduced = []
    for name, levels in study.levels.items():
        if not is_seed(name) and any(_differ(levels, tried) for tried in all_tried):
            reduced.append(name)
    return reduced


def _differ(levels, tried):
    rows = [row for rows in tried.candidates for row in rows]
    return len(np.unique(levels.codes[rows])) > 1


def _bars(study, all_tried):
    """What error bars are of."""
    counts = {n for tried in all_tried for n in tried.n_seeds}
    return repetitions(sorted(counts), study.scores.shape[1])


def _describe(study, reduced, reduce, bars):
    """What the scores are, in short lines."""
    parts = []
    if reduced:
        parts.append(f"{reduce} over {', '.join(reduced)}")
    if bars and not reduced:
        bars = f"mean {bars}"
    if bars:
        parts.append(bars)
    if not parts:
        return study.score_name
    # A part begins a line of its own.
    described = "\n".join(textwrap.fill(f"{part};", 40) for part in parts)
    return f"{study.score_name}\n({described.removesuffix(';')})"
