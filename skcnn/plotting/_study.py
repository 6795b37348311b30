"""What a search tried: candidates, their repetitions, and their scores."""

import re
import textwrap
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError

from skcnn._search import every_parameter
from skcnn._value_labels import Levels, find_levels, key_of
from skcnn._words import nearest_name


@dataclass
class Point:
    """What is drawn in one place.

    Attributes
    ----------
    scores : ndarray of shape (n_scores,)
        Each is a repetition: of one seed and one fold. NaN where all fits failed.
    n_failed : int
        Number of candidates that failed, and are not part of the scores.
    n_seeds : list of int
        With how many seeds each candidate was tried.
    reduced : set of str
        The parameters in which the candidates differ, besides seeds.
    """

    scores: np.ndarray
    n_failed: int
    n_seeds: list
    reduced: set


class Study:
    """The candidates of a fitted search: parameters, and scores in each fold.

    Candidates that differ only in their seed are repetitions of one candidate. A seed is a
    `random_state`, of the estimator or of any part of it.
    """

    def __init__(self, search, metric, fixed, labels, reduce, drawn):
        if not hasattr(search, "cv_results_"):
            raise NotFittedError(
                f"search must be fitted; got a {type(search).__name__} without cv_results_."
            )
        if reduce not in ("mean", "max"):
            raise ValueError(f"reduce must be 'mean' or 'max'; got {reduce!r}.")
        self._search, self._reduce = search, reduce
        self.params = search.cv_results_["params"]
        self.n_candidates = len(self.params)
        self._metric = _metric(search, metric)
        self._defaults = (
            every_parameter(search.estimator) if hasattr(search, "estimator") else {}
        )
        self.levels = self._all_levels(labels or {})
        self.kept = self._kept(fixed or {}, drawn)
        self.params = [self.params[i] for i in self.kept]
        self.scores = self._split_scores()[self.kept]
        for levels in self.levels.values():
            levels.codes = levels.codes[self.kept]

    def _all_levels(self, labels):
        # Grids that are lists of dicts leave parameters out of some candidates, which then have the estimator's value.
        names = list(dict.fromkeys(name for params in self.params for name in params))
        for name in labels:
            check_among("labels", name, names)
        return {
            name: find_levels(
                [params.get(name, self._defaults.get(name)) for params in self.params],
                labels.get(name),
            )
            for name in names
        }

    def _kept(self, fixed, drawn):
        """Candidates that have the fixed values, each of them once."""
        last = {key: i for i, key in enumerate(self._identities({*fixed, *drawn}))}
        kept = np.array(sorted(last.values()))
        for name, value in fixed.items():
            check_among("fixed", name, list(self.levels))
            levels = self.levels[name]
            keys = [key_of(each) for each in levels.values]
            if key_of(value) not in keys:
                raise ValueError(
                    f"fixed[{name!r}] must be one of {levels.values}; got {value!r}."
                )
            kept = kept[levels.codes[kept] == keys.index(key_of(value))]
        if not len(kept):
            raise ValueError(
                f"fixed must leave a candidate of the search; none has {fixed!r}."
            )
        return kept

    def _identities(self, asked_for):
        """What trials of one candidate have in common, hashable, for each of them."""
        # A halving search gives a candidate more of a resource with each trial. Where that is a parameter, such as
        # epochs, it tells trials apart, and not candidates, unless it is asked for.
        resource = {getattr(self._search, "resource", None)} - asked_for
        codes = [
            each.codes for name, each in self.levels.items() if name not in resource
        ]
        if self._rungs() is None:
            # No trial is a later one. The same parameters with other scores are a
            # repetition without a seed; with the same scores they tell nothing new.
            codes += list(self._split_scores().T)
        return [tuple(each[i] for each in codes) for i in range(len(self.params))]

    def _rungs(self):
        """The iteration of a halving search that each trial was part of; or None."""
        return self._search.cv_results_.get("iter")

    def _split_scores(self):
        results = self._search.cv_results_
        splits = [
            key
            for key in results
            if re.fullmatch(rf"split\d+_test_{re.escape(self._metric)}", key)
        ]
        return np.column_stack([results[key] for key in splits]).astype(float)

    def estimators(self):
        """The unfitted estimator of each candidate."""
        return [
            clone(self._search.estimator).set_params(**params) for params in self.params
        ]

    def axis(self, argument, name):
        """The levels of a parameter that occur; a single one for None."""
        if name is None:
            return Levels([None], [None], np.zeros(len(self.params), int))
        check_among(argument, name, list(self.levels))
        levels = self.levels[name]
        occurring, codes = np.unique(levels.codes, return_inverse=True)
        return Levels(
            [levels.values[i] for i in occurring],
            [levels.labels[i] for i in occurring],
            codes,
        )

    # -----------------------------------------------------------------------------------
    # Scores: seeds and folds are repetitions, other parameters are reduced

    def points(self, places):
        """The scores of the candidates at each place, and a text on what they are.

        Parameters
        ----------
        places : list of ndarray of bool
            Which candidates belong there.

        Returns
        -------
        points : list of Point
        score_name : str
            The score, what it is reduced over, and what the error bars are.
        """
        tried = [self._candidates(chosen) for chosen in places]
        failed = np.isnan(self.scores).any(axis=1)
        succeeded = [[rows[~failed[rows]] for rows in each] for each in tried]
        # A mean over candidates is one for each repetition, if they have equally many.
        uneven = any(
            len({len(rows) for rows in each if len(rows)}) > 1 for each in succeeded
        )
        points = [
            Point(
                scores=self._reduced(all_rows, good_rows, uneven),
                n_failed=int(failed[chosen].sum()),
                n_seeds=[len(rows) for rows in good_rows if len(rows)],
                reduced=self._reduced_over(all_rows),
            )
            for all_rows, good_rows, chosen in zip(
                tried, succeeded, places, strict=True
            )
        ]
        return points, self._describe(points, uneven)

    def _candidates(self, chosen):
        """The rows of each candidate: its repetitions by seed, in the order of seeds."""
        seeds = [each.codes for name, each in self.levels.items() if is_seed(name)]
        resource = getattr(self._search, "resource", None)  # more of it, same candidate
        others = [
            each.codes
            for name, each in self.levels.items()
            if not is_seed(name) and name != resource
        ]
        rungs = self._rungs()
        rungs = np.zeros(len(self.params)) if rungs is None else rungs[self.kept]
        rows = sorted(np.flatnonzero(chosen), key=lambda i: [each[i] for each in seeds])
        candidates = {}
        for i in rows:
            candidates.setdefault(tuple(each[i] for each in others), []).append(i)
        # A halving search may give up some seeds sooner: their scores are of less.
        return [
            np.array([i for i in rows if rungs[i] == max(rungs[rows])])
            for rows in candidates.values()
        ]

    def _reduced(self, tried, succeeded, uneven):
        """The scores of some candidates, in each repetition, reduced to one."""
        pairs = list(zip(tried, succeeded, strict=True))
        some = [good for _, good in pairs if len(good)]
        if not some:
            return np.full(self.scores.shape[1], np.nan)
        if self._reduce == "max":  # of those without a failure, if there are any
            whole = [good for rows, good in pairs if len(good) == len(rows)]
            return max(
                (self.scores[rows] for rows in whole or some), key=np.mean
            ).ravel()
        if uneven:
            return self.scores[np.concatenate(some)].ravel()
        return np.mean([self.scores[rows] for rows in some], axis=0).ravel()

    def _reduced_over(self, candidates):
        rows = np.concatenate([[], *candidates]).astype(int)
        return {
            name
            for name, each in self.levels.items()
            if not is_seed(name) and len(np.unique(each.codes[rows])) > 1
        }

    def _describe(self, points, uneven):
        """What the scores are, in short lines."""
        reduced = set().union(*(point.reduced for point in points))
        rest = ", ".join(name for name in self.levels if name in reduced)
        counts = sorted({n for point in points for n in point.n_seeds})
        bars = repetitions(counts, self.scores.shape[1])
        if uneven and self._reduce == "mean":
            bars = "± std of all scores"
        parts = [f"{self._reduce} over {rest}"] if rest else []
        if bars:
            parts += [bars if rest else f"mean {bars}"]
        if not parts:
            return self._score_name()
        # A part begins a line of its own.
        described = "\n".join(textwrap.fill(f"{part};", 40) for part in parts)
        return f"{self._score_name()}\n({described.removesuffix(';')})"

    def _score_name(self):
        name, scoring = self._metric, getattr(self._search, "scoring", "score")
        if name == "score" and isinstance(scoring, str):
            return scoring
        if (
            name == "score"
            and scoring is None
            and is_classifier(self._search.estimator)
        ):
            return "accuracy"
        return name


def is_seed(name):
    """Whether a parameter is a seed, of the estimator or of a part of it."""
    return name.rpartition("__")[2] == "random_state"


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
        parts += [f"{' to '.join(map(str, numbers))} seeds"]
    if n_folds > 1:
        parts += [f"{n_folds} folds"]
    return f"± std over {' x '.join(parts)}" if parts else ""


def _metric(search, metric):
    """The name under which `cv_results_` has the score."""
    metrics = [
        key.removeprefix("mean_test_")
        for key in search.cv_results_
        if key.startswith("mean_test_")
    ]
    if metric is None and len(metrics) == 1:
        return metrics[0]
    refit = getattr(search, "refit", None)
    if metric is None and refit in metrics:
        return refit
    if metric not in metrics:
        told = f" Pass metric={metrics[0]!r}, say." if metric is None else ""
        raise ValueError(
            f"metric must be one of {metrics}, which cv_results_ has; got {metric!r}."
            f"{told}"
        )
    return metric


def check_among(argument, name, names):
    if name not in names:
        raise ValueError(
            f"{argument} must name one of {names}; got {name!r}.{nearest_name(str(name), names)}"
        )
