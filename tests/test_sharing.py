"""Why nothing is shared, and how to go on after Ctrl-C: said, once, with the remedy."""

import signal
import subprocess
import sys
import time
import traceback
import warnings

import joblib
import keras
import numpy as np
import pytest
from at_epoch import AtEpoch, ctrl_c
from fresh_python import TESTS, run_in_fork
from networks import TINY
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import ConvPoolClassifier
from skcnn._trajectory import STATES


def classifier(**params):
    return ConvPoolClassifier(**TINY | {"epochs": 1} | params)


def own_loss(y_true, y_pred):
    return keras.losses.categorical_crossentropy(y_true, y_pred)


# --------------------------------------------------------------------------------------
# memory that is of no use

REASONS = {
    "no seed": ({"random_state": None}, "random_state=None.*random_state=0"),
    "generator": (
        {"random_state": np.random.RandomState(0)},
        "random_state is a generator.*random_state=0",
    ),
    "callbacks": (
        {"callbacks": keras.callbacks.LambdaCallback()},
        "Keras callbacks.*Leave callbacks out",
    ),
    "own loss": (
        {"loss": own_loss},
        "loss has code of your own.*Take one of Keras' own",
    ),
    "two": (
        {"random_state": None, "loss": own_loss},
        "random_state=None.*loss has code of your own",
    ),
}
DOORS = {
    "fit": lambda clf, X, y: clf.fit(X, y),
    "partial_fit": lambda clf, X, y: clf.partial_fit(X, y),
    "pipeline": lambda clf, X, y: make_pipeline(FunctionTransformer(), clf).fit(X, y),
    "search": lambda clf, X, y: cross_val_score(clf, X, y, cv=2),
}


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("reason", REASONS)
def test_memory_of_no_use_is_told_with_reason_and_remedy(data, tmp_path, reason, door):
    params, says = REASONS[reason]
    with pytest.warns(UserWarning, match=f"memory=.*nothing of this fit.*{says}"):
        DOORS[door](classifier(memory=tmp_path, **params), *data)
    assert not list(tmp_path.rglob("*.pkl"))


def test_a_fit_that_goes_on_from_the_estimator_is_told(data, tmp_path):
    X, y = data
    clf = classifier(memory=tmp_path, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.fit(X, y)  # the first one does share
    for go_on in (clf.fit, clf.partial_fit):
        with pytest.warns(UserWarning, match="go on from the estimator's own state"):
            go_on(X, y)


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"memory": None, "random_state": None},
        {"memory": joblib.Memory(None), "random_state": None},
        {"memory": joblib.Memory(None), "loss": own_loss},
        {"random_state": np.int64(3)},
        {},
    ],
    ids=["no memory", "memory of nowhere", "own loss", "seed of NumPy", "defaults"],
)
def test_ordinary_use_is_quiet(data, tmp_path, params):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(**{"memory": tmp_path, **params}).fit(*data)
        classifier(**{"memory": tmp_path, "random_state": None}).initialize(*data)


@pytest.mark.slow
@pytest.mark.parametrize("backend, once", [("sequential", 1), ("threading", 2)])
def test_a_search_says_it_once(data, tmp_path, backend, once):
    """By Python's default: whoever asks for every warning gets one for each fit.

    With threads, once there and once in the refit.
    """
    X, y = data
    clf = classifier(memory=tmp_path, random_state=None)
    search = GridSearchCV(clf, {"dropout": [0.1, 0.2]}, cv=2)
    for action, n_expected in (("default", once), ("always", 5)):
        with (
            joblib.parallel_config(backend, n_jobs=2),
            warnings.catch_warnings(record=True) as caught,
        ):
            warnings.simplefilter(action)
            search.fit(X, y)
        assert len([w for w in caught if "memory=" in str(w.message)]) == n_expected


def test_a_notebook_cell_that_is_run_again_says_it_again(data, tmp_path):
    names = {"clf": classifier(memory=tmp_path, random_state=None), "data": data}
    cell = "for _ in range(3): clf.fit(*data)"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            exec(compile(cell, "cell", "exec"), dict(names))
    assert [str(w.filename) for w in caught] == ["cell"] * 2


def test_a_warning_points_at_the_line_that_called_fit(data, tmp_path):
    with pytest.warns(UserWarning, match="memory=") as caught:
        classifier(memory=tmp_path, random_state=None).fit(*data)
    search = GridSearchCV(classifier(memory=tmp_path, random_state=None), {}, cv=2)
    with pytest.warns(UserWarning, match="memory=") as caught_in_search:
        search.fit(*data)
    assert {w.filename for w in (*caught, *caught_in_search)} == {__file__}


# --------------------------------------------------------------------------------------
# Ctrl-C


def last_line(fit):
    """Of the traceback of a fit that is interrupted."""
    with pytest.raises(KeyboardInterrupt) as caught:
        fit()
    return traceback.format_exception(caught.value)[-1].splitlines()[-1]


def test_ctrl_c_ends_with_how_to_go_on(data, tmp_path):
    X, y = data
    STATES.clear()

    def interrupted(**params):
        clf = classifier(epochs=5, **params).set_callbacks(AtEpoch(3, ctrl_c))
        return last_line(lambda: clf.fit(X, y))

    assert interrupted(memory=tmp_path) == (
        f"skcnn: 3 of 5 epochs of this fit are kept in '{tmp_path}/joblib'. "
        "Run the same again to go on."
    )
    assert "in this process alone. With memory='folder'" in interrupted()
    for memory in (None, joblib.Memory(None)):
        line = interrupted(memory=memory, random_state=None)
        assert "lost" in line and "memory='folder'" in line and "random_state=0" in line
    with pytest.warns(UserWarning, match="memory="):
        line = interrupted(memory=tmp_path, random_state=None)
    assert "lost" in line and "random_state=0" in line
    clf = classifier(warm_start=True).fit(X, y).set_callbacks(AtEpoch(1, ctrl_c))
    assert "as it was" in last_line(lambda: clf.fit(X, y)) and clf.n_iter_ == 1


def test_ctrl_c_in_a_search_ends_with_it_too(data):
    X, y = data
    clf = classifier(epochs=5, random_state=3).set_callbacks(AtEpoch(2, ctrl_c))
    search = GridSearchCV(clf, {"epochs": [1, 5]}, cv=2, error_score="raise")
    assert last_line(lambda: search.fit(X, y)).startswith("skcnn: ")


SEARCH = """
import sys
from skcnn.datasets import load_digits
from test_sharing import searched
X, y = load_digits(subset="all", return_X_y=True)
print(searched(X[:200], y[:200], sys.argv[1]))
"""


def searched(X, y, memory):
    """The bits of a search: 96 epochs of 7 steps, and 24 for the refit."""
    clf = classifier(memory=memory, epochs=24, batch_size=16)
    search = GridSearchCV(clf, {"dropout": [0.1, 0.2]}, cv=2).fit(X, y)
    arrays = [
        *search.best_estimator_._state.arrays,
        search.cv_results_["mean_test_score"],
    ]
    return joblib.hash(arrays)


@pytest.mark.slow
def test_a_search_stopped_by_ctrl_c_goes_on_when_run_again(digits, tmp_path):
    X, y = digits
    command = [sys.executable, "-c", SEARCH, str(tmp_path)]
    process = subprocess.Popen(command, cwd=TESTS, stderr=subprocess.PIPE, text=True)
    while len(list(tmp_path.rglob("output.pkl"))) < 27 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)  # early in the second fit
    _, stderr = process.communicate(timeout=120)
    assert process.returncode != 0
    *_, error, line = stderr.splitlines()
    assert error == "KeyboardInterrupt"
    assert "of 24 epochs of this fit are kept in" in line and str(tmp_path) in line
    known = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("output.pkl")}
    assert 27 <= len(known) < 96, "the interrupt must come while the search runs"
    again = run_in_fork(SEARCH, tmp_path, cwd=TESTS)
    STATES.clear()
    assert again.stdout.strip() == searched(X[:200], y[:200], None)
    assert all(path.stat().st_mtime_ns == known[path] for path in known)
