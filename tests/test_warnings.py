"""Warnings are said once: in a search, in its threads, and in each worker process."""

import warnings

import numpy as np
import pytest
from fresh_python import run_in_fork
from joblib import Parallel, delayed
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from skcnn import ConvPoolClassifier
from skcnn._warnings import warn_once

DIGITS = load_digits()
IMAGES = DIGITS.images[:90] * (255 / 16)
LABELS = DIGITS.target[:90]
# Each fold has another range of pixels, and so other numbers in its warning.
IMAGES += np.arange(90)[:, np.newaxis, np.newaxis] / 100


@pytest.fixture
def heard():
    """What is shown by Python's usual filters."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        yield caught


def warn(message, kind=None):
    warn_once(message, kind=kind)


def in_threads(function, values):
    tasks = (delayed(function)(value) for value in values)
    Parallel(n_jobs=2, backend="threading")(tasks)


def test_a_message_is_said_once_at_a_line(heard):
    for _ in range(3):
        with warnings.catch_warnings():  # after which Python forgets what it has shown
            warn("It is late.")
    assert [str(w.message) for w in heard] == ["It is late."]


def test_other_numbers_are_of_the_same_kind(heard):
    for number in range(3):
        warn(f"It is {number}.")
    for number in range(3):
        warn(f"It was {number}.", kind="time")
    said = [str(w.message) for w in heard]
    assert said == ["It is 0.", "It is 1.", "It is 2.", "It was 0."]


def test_each_pool_of_threads_says_it_once(heard):
    def task(number):
        warn_once(f"Task {number}.", kind="task")

    for n_said in (1, 2):
        in_threads(task, range(10 * n_said, 10 * n_said + 6))
        assert len(heard) == n_said


def test_filters_that_want_each_warning_get_it():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            warn("It is always late.", kind="always")
    assert len(caught) == 3


PARAMS = {
    "conv_layers": [(4, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "epochs": 1,
    "early_stopping": True,
    "random_state": 0,
}
KINDS = ("X has values from", "early_stopping=True measures")


def test_units_and_early_stopping_are_said_once_in_all_folds(heard):
    net = ConvPoolClassifier(**PARAMS)
    assert len(cross_val_score(net, IMAGES, LABELS, cv=3)) == 3
    for kind in KINDS:
        assert len([w for w in heard if str(w.message).startswith(kind)]) == 1


SCRIPT = f"""
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from skcnn import ConvPoolClassifier

digits = load_digits()
X = digits.images[:90] * (255 / 16) + np.arange(90)[:, None, None] / 100
net = ConvPoolClassifier(**{PARAMS!r})
search = GridSearchCV(net, {{"dropout": [0, 0.5]}}, cv=3, n_jobs=2)
search.fit(X, digits.target[:90])
"""


@pytest.mark.slow
def test_each_worker_process_says_it_at_most_once(tmp_path):
    told = run_in_fork(SCRIPT, cwd=tmp_path, timeout=600).stderr
    for kind in KINDS:
        assert 1 <= told.count(f"UserWarning: {kind}") <= 3  # and the last fit
