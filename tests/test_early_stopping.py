"""Early stopping sets aside a part of the training data alone, stops in time, and predicts with the best weights."""

import pickle

import numpy as np
import pytest
from comparisons import same_state

from skcnn import ConvPoolClassifier, clear_cache
from skcnn._early_stopping import EarlyStopping, split_off_validation
from skcnn._training import TrainingData

SMALL = {
    "conv_layers": [(4, 3, 2, 2)],
    "convs_per_block": 1,
    "dense_layers": (16,),
    "batch_size": 32,
    "optimizer__learning_rate": 0.03,
    "random_state": 0,
}


@pytest.fixture(autouse=True)
def nothing_shared():
    clear_cache()


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return X[:400], y[:400]


def stopping(**params):
    return ConvPoolClassifier(
        **{
            **SMALL,
            "early_stopping": True,
            "n_iter_no_change": 2,
            "epochs": 25,
            **params,
        }
    )


@pytest.fixture(scope="module")
def stopped(data):
    return stopping().fit(*data)


@pytest.fixture
def many():
    labels = np.repeat([0, 1, 2], [60, 30, 10]).astype(np.int32)
    images = np.arange(100, dtype=np.float32).reshape(100, 1, 1, 1)
    return TrainingData(images, labels, weights=np.arange(100, dtype=np.float32))


# ---------------------------------------------------------------------------------------------------------------
# The split


def test_each_class_gives_its_share_and_no_sample_is_in_both_parts(many):
    training, validation = split_off_validation(many, 0.2, seed=0, classes=np.arange(3))
    assert np.bincount(validation.labels).tolist() == [12, 6, 2]
    assert sorted([*training.rows, *validation.rows]) == list(range(100))
    for part in (training, validation):
        assert np.array_equal(part.labels, many.labels[part.rows])
        assert np.array_equal(part.weights, part.rows)
        assert part.images is many.images  # not a copy: X may be larger than memory


def test_the_split_is_fixed_by_the_seed_of_the_run(many):
    splits = [
        split_off_validation(many, 0.2, seed, np.arange(3))[1].rows.tolist()
        for seed in (0, 0, 1)
    ]
    assert splits[0] == splits[1] != splits[2]


def test_the_part_set_aside_is_measured_and_never_trained_on(data):
    """The same fit by hand: train on one part, and give fit the other one as validation data."""
    X, y = data
    training, validation = split_off_validation(
        TrainingData(X, y), 0.1, seed=0, classes=np.unique(y)
    )
    ours = stopping(epochs=3, n_iter_no_change=3).fit(X, y)
    by_hand = ConvPoolClassifier(**SMALL, epochs=3).fit(
        X[training.rows],
        y[training.rows],
        validation_data=(X[validation.rows], y[validation.rows]),
    )
    assert same_state(ours._state, by_hand._state)


def test_validation_data_take_the_place_of_the_split(data):
    X, y = data
    given = stopping(epochs=3, n_iter_no_change=3).fit(
        X[:300], y[:300], validation_data=(X[300:], y[300:])
    )
    plain = ConvPoolClassifier(**SMALL, epochs=3).fit(
        X[:300], y[:300], validation_data=(X[300:], y[300:])
    )
    assert same_state(given._state, plain._state)
    assert (
        given.best_iter_
        == stopped_after(plain.history_["val_accuracy"], plain.history_["val_loss"], 3)[
            1
        ]
    )


# ---------------------------------------------------------------------------------------------------------------
# When to stop


def stopped_after(scores, losses=None, n_iter_no_change=2, tol=0.01):
    """The epoch after which scores make it stop, None if they do not, and the best epoch."""
    hook = EarlyStopping(n_iter_no_change, tol)
    for epoch, (score, loss) in enumerate(
        zip(scores, losses or [1.0] * len(scores), strict=True)
    ):
        if hook.end_epoch(
            epoch, {"val_accuracy": score, "val_loss": loss}, lambda: None
        ):
            return epoch + 1, hook.best_epoch
    return None, hook.best_epoch


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.1, 0.2, 0.3, 0.4], (None, 4)),
        ([0.5, 0.4, 0.3, 0.9], (3, 1)),
        ([0.5, 0.4, 0.6, 0.5, 0.5], (5, 3)),
        (
            [0.5, 0.505, 0.509, 0.9],
            (3, 3),
        ),  # rises of less than tol do not count, but the best is the best
        ([0.5, 0.5, 0.5], (3, 1)),  # the first of equals
        ([np.nan, np.nan, np.nan, 0.5, 0.4, 0.4], (6, 4)),
    ],
)
def test_it_stops_after_epochs_without_a_rise(scores, expected):
    assert stopped_after(scores) == expected


def test_of_epochs_with_equal_accuracy_the_lowest_loss_is_the_best():
    assert stopped_after([0.5, 0.5, 0.5], losses=[1.0, 0.8, 0.9]) == (3, 2)


def test_a_fit_stops_by_that_rule(stopped):
    scores = stopped.history_["val_accuracy"]
    assert stopped.n_iter_ == len(scores) < 25
    assert (stopped.n_iter_, stopped.best_iter_) == stopped_after(
        scores, stopped.history_["val_loss"], tol=1e-4
    )
    assert stopped.best_iter_ < stopped.n_iter_


def test_the_best_epoch_predicts(stopped, data):
    X, _ = data
    best = stopping(epochs=stopped.best_iter_).fit(*data)
    assert best.n_iter_ == best.best_iter_ == stopped.best_iter_
    assert np.array_equal(best.predict_proba(X), stopped.predict_proba(X))
    assert np.allclose(
        stopped.model_.predict(X.astype("float32"), verbose=0),
        best.predict_proba(X),
        atol=1e-6,
    )


def test_without_early_stopping_there_is_no_best_epoch(stopped, data):
    again = (
        pickle.loads(pickle.dumps(stopped))
        .set_params(early_stopping=False, epochs=1)
        .fit(*data)
    )
    assert not hasattr(again, "best_iter_")
    assert np.array_equal(
        again.predict_proba(data[0]),
        ConvPoolClassifier(**SMALL, epochs=1).fit(*data).predict_proba(data[0]),
    )


# ---------------------------------------------------------------------------------------------------------------
# Together with what shares, continues and persists


def same_fits(one, other, X):
    same = (one.n_iter_, one.best_iter_) == (other.n_iter_, other.best_iter_)
    return (
        same
        and same_state(one._state, other._state)
        and np.array_equal(one.predict_proba(X), other.predict_proba(X))
    )


@pytest.mark.parametrize("first", [1, 3, 25])
def test_a_shorter_fit_before_changes_nothing(first, stopped, data):
    stopping(epochs=first).fit(*data)
    assert same_fits(stopping().fit(*data), stopped, data[0])


def test_patience_is_not_part_of_the_run(stopped, data, tmp_path):
    patient = stopping(
        n_iter_no_change=25, epochs=stopped.n_iter_ + 1, memory=tmp_path
    ).fit(*data)
    clear_cache()
    impatient = stopping(memory=tmp_path).fit(*data)
    assert same_fits(impatient, stopped, data[0])
    assert (
        impatient.history_["time"] == patient.history_["time"][: stopped.n_iter_]
    )  # read, not trained


@pytest.mark.parametrize("first", [1, 2])
def test_a_warm_start_takes_the_count_up(first, stopped, data):
    warm = stopping(warm_start=True, epochs=first).fit(*data)
    warm = pickle.loads(pickle.dumps(warm)).set_params(epochs=25 - first).fit(*data)
    assert same_fits(warm, stopped, data[0])
    assert same_fits(warm.fit(*data), stopped, data[0])  # it has stopped for good


def test_partial_fit_refuses(data):
    assert not hasattr(stopping(), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit") as error:
        stopping().partial_fit(*data)
    assert "early_stopping=True" in str(error.value.__cause__)


def test_states_dropped_since_are_computed_again(stopped, data):
    clear_cache(max_bytes=0)
    try:
        stopping(epochs=2).fit(*data)
        assert same_fits(stopping().fit(*data), stopped, data[0])
    finally:
        clear_cache(max_bytes=256 * 2**20)
