"""A small network that most tests train, and what they often do with classifiers."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skcnn._trajectory import STATES

# It is compiled in a second, and an epoch of digits takes a moment. Networks of equal
# design are compiled once in a process, so a test changes no more than it must.
TINY = {
    "conv_layers": [(4, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "random_state": 0,
}


def plain_fit(clf, X, y, **fit_params):
    """What the classifier gives where nothing is kept and so nothing can be shared."""
    bound = STATES.max_bytes
    STATES.resize(0)
    try:
        return clone(clf).set_params(memory=None).fit(X, y, **fit_params)
    finally:
        STATES.resize(bound)


def assert_not_fitted(classifier):
    """It says so, and has no attribute of a fit."""
    with pytest.raises(NotFittedError):
        check_is_fitted(classifier)
    fitted = {name for name in vars(classifier) if name.endswith("_")}
    assert fitted <= {"n_features_in_"}


def split_scores(search, metric="score"):
    """Scores of a search: a row for each candidate, a column for each fold."""
    columns = [
        search.cv_results_[f"split{split}_test_{metric}"]
        for split in range(search.n_splits_)
    ]
    return np.column_stack(columns)
