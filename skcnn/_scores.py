"""The scores of a search: which of several, and split by split."""

import re

import numpy as np
from sklearn.base import is_classifier


def metric_of(search, metric):
    """The name under which `cv_results_` has the score.

    Parameters
    ----------
    search : fitted search
    metric : str or None
        None for the only one, or that of `refit`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such score.
    """
    prefix = "mean_test_"
    columns = [key for key in search.cv_results_ if key.startswith(prefix)]
    metrics = [column.removeprefix(prefix) for column in columns]
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


def split_scores(results, metric):
    """The scores of all trials, a column for each split.

    Parameters
    ----------
    results : dict
        `cv_results_`.
    metric : str

    Returns
    -------
    ndarray of shape (n_candidates, n_splits)
        NaN where a fit failed.
    """
    column = re.compile(rf"split\d+_test_{re.escape(metric)}")
    splits = [results[key] for key in results if column.fullmatch(key)]
    return np.column_stack(splits).astype(float)


def name_of_score(search, metric):
    """What the scores are; a search with one score calls it "score", whatever it is.

    Parameters
    ----------
    search : fitted search
    metric : str

    Returns
    -------
    str
    """
    scoring = getattr(search, "scoring", "score")
    if metric != "score":
        return metric
    if isinstance(scoring, str):
        return scoring
    if scoring is None and is_classifier(search.estimator):
        return "accuracy"
    return metric
