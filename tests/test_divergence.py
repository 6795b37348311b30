"""A network that is not finite never scores: fit raises, or keeps what was finite, and
says so.
"""

import pickle
import shutil
from dataclasses import replace
from functools import partial

import joblib
import keras
import numpy as np
import pytest
from comparisons import same_state
from networks import TINY
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import ConvPoolClassifier
from skcnn._program import POOL
from skcnn._trajectory import STATES

small = partial(ConvPoolClassifier, **TINY, batch_size=16, epochs=3, optimizer="sgd")
TOO_HIGH = {"optimizer__learning_rate": 1e30}


pytestmark = pytest.mark.usefixtures("nothing_known")


@pytest.fixture(scope="module")
def data(digits):
    """Two classes, one after the other; the first is that of three in four images."""
    X, y = digits
    zeros, ones = X[y == 0][:45], X[y == 1][:15]
    return np.concatenate([zeros, ones]), np.repeat([0, 1], [45, 15])


def bursts_after(n_steps, rate=0.01):
    """A learning rate that is of use for so many steps."""
    return {
        "optimizer__learning_rate": keras.optimizers.schedules.PiecewiseConstantDecay(
            [n_steps - 1], [rate, 1e30]
        )
    }


ONE_EPOCH = 4  # steps


# --------------------------------------------------------------------------------------
# Fit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "epoch", "broken"),
    [
        pytest.param(TOO_HIGH, 1, "weights", id="soon"),
        pytest.param(bursts_after(2 * ONE_EPOCH - 1), 2, "", id="in the last step"),
        pytest.param(
            {**TOO_HIGH, "batch_size": 60, "epochs": 1}, 1, "predictions", id="large"
        ),
        pytest.param({**TOO_HIGH, "random_state": None}, 1, "weights", id="no seed"),
        pytest.param({**TOO_HIGH, "batch_norm": True}, 1, "", id="normalized"),
    ],
)
def test_fit_raises_and_names_the_epoch(params, epoch, broken, data):
    params = {"epochs": epoch, **params}
    classifier = small(**params)
    with pytest.raises(ValueError, match=f"diverged: after epoch {epoch} the {broken}"):
        classifier.fit(*data)
    assert not hasattr(classifier, "classes_")


REMEDIES = [
    ({"optimizer__learning_rate": 1e30}, "lower optimizer__learning_rate than 1e+30"),
    ({"optimizer__learning_rate": 1e30}, "optimizer__clipnorm=1.0"),
    (
        {"optimizer": keras.optimizers.SGD(1e30)},
        "Try a lower learning_rate than 1e+30, or clipnorm=1.0, in the optimizer.",
    ),
    (
        {"optimizer__learning_rate": 1e30, "optimizer__clipvalue": 1e9},
        "Try a lower optimizer__learning_rate than 1e+30.",
    ),
    (bursts_after(1), "Try a lower optimizer__learning_rate, or"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("params", "advice"), REMEDIES)
def test_the_message_has_a_remedy_that_can_be_taken(params, advice, data):
    with pytest.raises(ValueError, match="diverged") as error:
        small(**params).fit(*data)
    assert advice in str(error.value)


@pytest.mark.slow
def test_the_remedy_helps(digits):
    X, y = digits[0][:200].astype(float), digits[1][:200]
    steep = {"activation": "linear", "optimizer__learning_rate": 1.0}
    with pytest.raises(ValueError, match=r"optimizer__clipnorm=1\.0"):
        small(**steep).fit(X, y)
    clipped = small(**steep, optimizer__clipnorm=1.0).fit(X, y)
    assert clipped.score(X, y) > 0.5


@pytest.mark.slow
def test_a_diverged_state_is_kept_nowhere(data, tmp_path):
    params = {**bursts_after(ONE_EPOCH), "memory": tmp_path}
    for _ in range(2):  # the second time from what the first one kept
        with pytest.raises(ValueError, match="after epoch 2"):
            small(**params).fit(*data)
        STATES.clear()
    kept = list(tmp_path.rglob("output.pkl"))
    assert len(kept) == 1
    first = small(**params, epochs=1).fit(*data)
    assert np.isfinite(first.predict_proba(data[0])).all()
    assert list(tmp_path.rglob("output.pkl")) == kept


def test_a_known_state_that_cannot_predict_is_refused_again(data):
    params = {**TOO_HIGH, "batch_size": 60, "epochs": 1}
    for _ in range(2):  # the second time, the state is known
        with pytest.raises(ValueError, match="after epoch 1 the predictions"):
            small(**params).fit(*data)


def test_a_known_state_that_predicted_needs_no_network(data):
    first = small(epochs=1).fit(*data)
    POOL.clear()
    again = small(epochs=1).fit(*data)
    assert len(POOL) == 0
    assert same_state(first._state, again._state)


def test_a_state_of_memory_that_predicted_needs_no_network(data, tmp_path):
    first = small(epochs=1, memory=tmp_path).fit(*data)
    STATES.clear()
    POOL.clear()
    again = small(epochs=1, memory=tmp_path).fit(*data)
    assert len(POOL) == 0
    assert same_state(first._state, again._state)


def test_a_note_of_another_state_is_not_believed(data, tmp_path):
    small(epochs=1, memory=tmp_path / "fine").fit(*data)
    (note,) = (tmp_path / "fine").rglob("metadata.json")
    broken = {**TOO_HIGH, "batch_size": 60, "epochs": 1, "memory": tmp_path / "broken"}
    with pytest.raises(ValueError, match="after epoch 1 the predictions"):
        small(**broken).fit(*data)
    STATES.clear()
    (state,) = (tmp_path / "broken").rglob("output.pkl")
    assert not state.with_name(note.name).exists()
    shutil.copy(note, state.parent)
    with pytest.raises(ValueError, match="after epoch 1 the predictions"):
        small(**broken).fit(*data)


def test_the_compiled_network_is_used_again(data):
    with POOL.borrow(*network_of(small(), data)) as program:
        network = program.network
    with pytest.raises(ValueError, match="diverged"):
        small(**TOO_HIGH).fit(*data)
    with POOL.borrow(*network_of(small(), data)) as program:
        assert program.network is network


def network_of(classifier, data):
    fitted = classifier.initialize(*data)
    return fitted.architecture_, fitted._settings


def infinite(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1) * 0 + np.inf


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_told_to_the_caller(data):
    with pytest.warns(ConvergenceWarning, match="epoch 1 on") as caught:
        fitted = small(loss=infinite).fit(*data)
    assert [warning.filename for warning in caught] == [__file__]
    assert np.isfinite(fitted.predict_proba(data[0])).all()


def test_terminate_on_nan_stops_after_the_epoch(data, capsys):
    stopper = keras.callbacks.TerminateOnNaN()
    with pytest.warns(ConvergenceWarning, match="epoch 1 on"):
        fitted = small(loss=infinite, callbacks=stopper).fit(*data)
    assert fitted.n_iter_ == 1
    assert "Invalid loss" in capsys.readouterr().out


# --------------------------------------------------------------------------------------
# What there was before stays


def everything(classifier):
    return {name: joblib.hash(value) for name, value in vars(classifier).items()}


@pytest.mark.slow
@pytest.mark.parametrize("door", ["warm_start", "partial_fit"])
def test_going_on_leaves_the_estimator_as_it_was(door, data):
    classifier = small(warm_start=True).fit(*data).set_params(**TOO_HIGH)
    before, proba = everything(classifier), classifier.predict_proba(data[0])
    go_on = classifier.fit if door == "warm_start" else classifier.partial_fit
    with pytest.raises(ValueError, match="after epoch 4"):
        go_on(*data)
    assert everything(classifier) == before
    assert np.array_equal(classifier.predict_proba(data[0]), proba)


# --------------------------------------------------------------------------------------
# Early stopping, callbacks


STOPPING = {"early_stopping": True, "validation_fraction": 0.25}
STEPS = 3  # in an epoch of the 45 images that are left


@pytest.mark.slow
def test_early_stopping_keeps_the_epochs_before(data):
    params = {**STOPPING, **bursts_after(2 * STEPS)}
    with pytest.warns(ConvergenceWarning, match="after epoch 3") as caught:
        stopped = small(**params, epochs=5).fit(*data)
    told = [each for each in caught if each.category is ConvergenceWarning]
    assert [warning.filename for warning in told] == [__file__]
    assert "optimizer__learning_rate" in str(told[0].message)
    whole = small(**params, epochs=2).fit(*data)
    assert (stopped.n_iter_, stopped.best_iter_) == (2, whole.best_iter_)
    assert same_state(stopped._state, whole._state)
    assert np.array_equal(stopped.predict_proba(data[0]), whole.predict_proba(data[0]))
    again = stopped.set_params(warm_start=True)
    before = everything(again)
    with pytest.raises(ValueError, match="after epoch 3"):
        again.fit(*data)
    assert everything(again) == before


def test_early_stopping_without_an_epoch_before_raises(data):
    with pytest.raises(ValueError, match="after epoch 1"):
        small(**STOPPING, **TOO_HIGH).fit(*data)


class Breaks(keras.callbacks.Callback):
    """Sets weights that are no numbers, at a time of the user's choice."""

    def __init__(self, when):
        super().__init__()
        self.when = when

    def _set(self):
        self.model.set_weights([w * np.nan for w in self.model.get_weights()])

    def on_epoch_end(self, epoch, logs=None):
        if self.when == "epoch":
            self._set()

    def on_train_end(self, logs=None):
        if self.when == "end":
            self._set()


@pytest.mark.slow
@pytest.mark.parametrize("when", ["epoch", "end"])
def test_weights_that_a_callback_breaks(when, data):
    with pytest.raises(ValueError, match="diverged"):
        small(callbacks=Breaks(when)).fit(*data)


@pytest.mark.slow
def test_weights_that_a_callback_restores(data):
    restores = keras.callbacks.EarlyStopping(
        "loss", patience=10, restore_best_weights=True
    )
    params = {**bursts_after(2 * ONE_EPOCH), "epochs": 5}
    with pytest.warns(ConvergenceWarning, match="after epoch 3"):
        restored = small(**params, callbacks=restores).fit(*data)
    assert restored.n_iter_ == len(restored.history_["loss"]) == 2
    assert np.isfinite(restored.predict_proba(data[0])).all()


# --------------------------------------------------------------------------------------
# Predicting


def broken(classifier, value):
    """A classifier with all weights alike, as no fit leaves them, but an old file may
    hold them.
    """
    state = classifier._state
    arrays = [
        np.full_like(array, value) if array.dtype == np.float32 else array
        for array in state.arrays
    ]
    copied = pickle.loads(pickle.dumps(classifier))
    copied._state = replace(state, arrays=tuple(arrays))
    return pickle.loads(pickle.dumps(copied))


@pytest.mark.slow
@pytest.mark.parametrize("door", ["predict", "predict_proba", "predict_log_proba"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_predicting_refuses_what_is_not_a_number(door, value, data):
    classifier = broken(small(epochs=1).fit(*data), value)
    with pytest.raises(ValueError, match="no probabilities for 60 of 60 images"):
        getattr(classifier, door)(data[0])
    with pytest.raises(ValueError, match="60 of 60"):
        classifier.score(*data)


def test_images_with_pixels_too_large_are_counted(data):
    X = data[0] / 255
    classifier = broken(small(epochs=1).fit(X, data[1]), 1.0)
    assert np.isfinite(classifier.predict_proba(X)).all()
    X[:2] = 3.4e38  # float32 holds no more
    with pytest.raises(ValueError, match=r"for 2 of 60 images.*units that fit saw"):
        classifier.predict(X)


# --------------------------------------------------------------------------------------
# Searches


RATES = {"optimizer__learning_rate": [1e-6, 1e30]}
SEARCHES = [
    lambda estimator, rates: GridSearchCV(estimator, rates, cv=3),
    lambda estimator, rates: RandomizedSearchCV(estimator, rates, n_iter=2, cv=3),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", SEARCHES)
@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_a_search_never_chooses_what_diverged(make, backend, data):
    with (
        joblib.parallel_config(backend=backend, n_jobs=2),
        pytest.warns(FitFailedWarning, match="3 fits failed.*"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search = make(small(epochs=1), RATES).fit(*data)
    assert search.best_params_ == {"optimizer__learning_rate": 1e-6}
    scores = dict(
        zip(
            search.cv_results_["param_optimizer__learning_rate"],
            search.cv_results_["mean_test_score"],
            strict=True,
        )
    )
    assert np.isnan(scores[1e30]) and np.isfinite(scores[1e-6])


@pytest.mark.slow
def test_in_a_pipeline_too(data):
    pipeline = make_pipeline(FunctionTransformer(), small(**TOO_HIGH))
    with pytest.raises(ValueError, match="All the 2 fits failed"):
        cross_val_score(pipeline, *data, cv=2)
    with pytest.raises(ValueError, match="Training diverged"):
        cross_val_score(pipeline, *data, cv=2, error_score="raise")
