"""What a search tried: candidates, their scores, and the values of a parameter as labels."""

import re
import textwrap
from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skcnn._blocks import kernel_text
from skcnn._search import as_text, every_parameter
from skcnn._words import nearest_name


@dataclass
class Levels:
    """The different values of a parameter, sorted, how they are written, and which of them each candidate has."""

    values: list
    labels: list
    codes: np.ndarray


class Study:
    """The candidates of a fitted search: parameters, and scores in each fold."""

    def __init__(self, search, metric, fixed, labels, reduce, drawn):
        if not hasattr(search, "cv_results_"):
            raise NotFittedError(
                f"search must be fitted; got a {type(search).__name__} without cv_results_."
            )
        if reduce not in ("mean", "max"):
            raise ValueError(f"reduce must be 'mean' or 'max'; got {reduce!r}.")
        self._search, self._reduce, self._reduced = search, reduce, set()
        self.params = search.cv_results_["params"]
        self._metric = _metric(search, metric)
        self._defaults = (
            every_parameter(search.estimator) if hasattr(search, "estimator") else {}
        )
        self._levels = self._all_levels(labels or {})
        kept = self._kept(fixed or {}, drawn)
        self.params = [self.params[i] for i in kept]
        self.scores = self._split_scores()[kept]
        for levels in self._levels.values():
            levels.codes = levels.codes[kept]

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
        """Candidates that have the fixed values, without earlier trials of the same parameters."""
        # A halving search gives a candidate more of a resource with each trial. Where that is a parameter, such as
        # epochs, it tells trials apart, and not candidates, unless it is asked for.
        resource = {getattr(self._search, "resource", None)} - {*fixed, *drawn}
        telling = [
            levels.codes
            for name, levels in self._levels.items()
            if name not in resource
        ]
        last = {
            tuple(codes[i] for codes in telling): i for i in range(len(self.params))
        }
        kept = np.array(sorted(last.values()))
        for name, value in fixed.items():
            check_among("fixed", name, list(self._levels))
            levels = self._levels[name]
            keys = [_key(each) for each in levels.values]
            if _key(value) not in keys:
                raise ValueError(
                    f"fixed[{name!r}] must be one of {levels.values}; got {value!r}."
                )
            kept = kept[levels.codes[kept] == keys.index(_key(value))]
        if not len(kept):
            raise ValueError(
                f"fixed must leave a candidate of the search; none has {fixed!r}."
            )
        return kept

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
        check_among(argument, name, list(self._levels))
        levels = self._levels[name]
        occurring, codes = np.unique(levels.codes, return_inverse=True)
        return Levels(
            [levels.values[i] for i in occurring],
            [levels.labels[i] for i in occurring],
            codes,
        )

    def summary(self, chosen):
        """Scores in each fold of the chosen candidates, reduced to one, and how many of them failed in any fold."""
        self._reduced |= {
            name
            for name, each in self._levels.items()
            if len(np.unique(each.codes[chosen])) > 1
        }
        scores = self.scores[chosen]
        failed = np.isnan(scores).any(axis=1)
        scores = scores[~failed]
        if not len(scores):
            return np.full(scores.shape[1], np.nan), failed.sum()
        in_folds = (
            scores.mean(axis=0)
            if self._reduce == "mean"
            else scores[scores.mean(axis=1).argmax()]
        )
        return in_folds, failed.sum()

    def describe_score(self):
        """The name of the score, and over which parameters summaries were reduced, in short lines."""
        name, scoring = self._metric, getattr(self._search, "scoring", "score")
        if name == "score" and isinstance(scoring, str):
            name = scoring
        elif (
            name == "score"
            and scoring is None
            and is_classifier(self._search.estimator)
        ):
            name = "accuracy"
        rest = [each for each in self._levels if each in self._reduced]
        return (
            f"{name}\n" + textwrap.fill(f"({self._reduce} over {', '.join(rest)})", 26)
            if rest
            else name
        )


def _metric(search, metric):
    """The name under which `cv_results_` has the score."""
    metrics = [
        key.removeprefix("mean_test_")
        for key in search.cv_results_
        if key.startswith("mean_test_")
    ]
    if metric is None:
        metric = metrics[0] if len(metrics) == 1 else getattr(search, "refit", None)
    if metric not in metrics:
        raise ValueError(
            f"metric must be one of {metrics}, which cv_results_ has; got {metric!r}."
        )
    return metric


def check_fitted(estimators):
    if not len(estimators):
        raise ValueError("estimators must be at least one; got none.")
    for estimator in estimators:
        check_is_fitted(estimator)


def check_among(argument, name, names):
    if name not in names:
        raise ValueError(
            f"{argument} must name one of {names}; got {name!r}.{nearest_name(str(name), names)}"
        )


# ---------------------------------------------------------------------------------------------------------------
# Values of parameters: which are equal, in what order, and how written


def find_levels(values, labels=None):
    keys = [_key(value) for value in values]
    distinct = {}  # in order of appearance
    for key, value in zip(keys, values, strict=True):
        distinct.setdefault(key, value)
    labels = default_labels(distinct.values()) if labels is None else list(labels)
    if len(labels) != len(distinct):
        raise ValueError(
            f"labels must be {len(distinct)}, one for each of {list(distinct.values())}; got {labels!r}."
        )
    order = sorted(
        zip(distinct, distinct.values(), labels, strict=True),
        key=lambda level: _rank(level[1]),
    )
    places = {key: place for place, (key, _, _) in enumerate(order)}
    return Levels(
        values=[value for _, value, _ in order],
        labels=[label for _, _, label in order],
        codes=np.array([places[key] for key in keys]),
    )


def _key(value):
    """What equal values share, hashable: lists equal tuples, as they do for the classifier."""
    if isinstance(value, dict):
        return tuple((name, _key(each)) for name, each in value.items())
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(_key(each) for each in value)
    if hasattr(value, "get_config") and not isinstance(value, type):
        return type(value), as_text(
            value
        )  # Keras' schedules and the like, which do not know when they are equal
    return value if isinstance(value, Hashable) else id(value)


def _rank(value, by_length=True):
    """Sorts numbers, then sequences by length and content, then strings, then other objects as they come, then None."""
    if isinstance(value, Real):
        return 0, value
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple, np.ndarray)):
        # Blocks are compared by filters first, whether they say more or less beyond.
        return (
            1,
            len(value) if by_length else 0,
            tuple(_rank(each, by_length=False) for each in value),
        )
    if isinstance(value, str):
        return 2, value
    return (4,) if value is None else (3,)


def default_labels(values):
    """A label for each value, as short as they are unique; numbered if that is too long for a picture."""
    for write in (_brief, _with_kernels, _full):
        labels = [write(value) for value in values]
        if (
            len(set(labels)) == len(labels)
            and max(map(len, "\n".join(labels).split("\n"))) <= 40
        ):
            return labels
    return [
        f"{_brief(value)} ({number})" for number, value in enumerate(values, start=1)
    ]


def _brief(value):
    """Sequences as their numbers, blocks as their filters: [(4, 5, 2, 2), (8, 3, 2, 2)] as 4·8."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return (
            "·".join(
                _brief(_block(each)[0] if _is_block(each) else each) for each in value
            )
            or "none"
        )
    if isinstance(value, float):
        return f"{value:g}"
    if value is None or isinstance(value, (str, Real)):
        return str(value)
    return getattr(value, "__name__", type(value).__name__)


def _with_kernels(value):
    """Blocks as filters and kernel size: [(4, 5, 2, 2), (8, 3, 2, 2)] as 4@5·8@3."""
    if (
        isinstance(value, (list, tuple))
        and value
        and all(_is_block(each) for each in value)
    ):
        blocks = [_block(each) for each in value]
        return "·".join(f"{filters}@{_kernel(kernel)}" for filters, kernel in blocks)
    return _full(value)


def _full(value):
    """Values as one writes them in Python, each block on a line."""
    if isinstance(value, (list, tuple)):
        return "\n".join(as_text(each) for each in value)
    return as_text(value) if isinstance(value, (Real, str, dict)) else _brief(value)


def _is_block(value):
    return isinstance(value, (list, tuple, dict)) and len(value) > 0


def _block(block):
    """Filters and kernel size of a block in any of its forms."""
    if isinstance(block, dict):
        return block.get("filters"), block.get("kernel_size", 3)
    return (*block, 3)[:2]


def _kernel(kernel_size):
    """As short as it can be; as it was written, if it is none and its fit failed."""
    try:
        return kernel_text(kernel_size)
    except (TypeError, ValueError):
        return as_text(kernel_size)
