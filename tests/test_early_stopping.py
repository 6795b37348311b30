"""Early stopping sets aside a part of the training data alone, stops in time, and
predicts with the best weights.
"""

import pickle
import warnings

import numpy as np
import pytest
from comparisons import same_state
from networks import TINY
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import ConvPoolClassifier
from skcnn._callback_support import CALLBACKS_EXIST
from skcnn._early_stopping import EarlyStopping, split_off_validation
from skcnn._samples import Samples
from skcnn._seeds import derive
from skcnn._states import STATES

SMALL = TINY | {
    "dense_layers": (16,),
    "batch_size": 32,
    "optimizer__learning_rate": 0.03,
}


pytestmark = pytest.mark.usefixtures("nothing_known")


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
    return Samples(images, labels, weights=np.arange(100, dtype=np.float32))


# --------------------------------------------------------------------------------------
# The split


@pytest.mark.filterwarnings("ignore:early_stopping=True measures")
def test_each_class_gives_its_share_and_no_sample_is_in_both_parts(many):
    training, validation = split_off_validation(many, 0.2, seed=0, classes=np.arange(3))
    assert np.bincount(validation.labels).tolist() == [12, 6, 2]
    assert sorted([*training.places, *validation.places]) == list(range(100))
    for part in (training, validation):
        assert np.array_equal(part.labels, many.labels[part.places])
        assert np.array_equal(part.weights, part.places)
        assert part.shares_images_with(many)  # no copy: X may be larger than memory
        images, labels, weights = part.take(
            np.arange(len(part))
        )  # and none is mistaken
        assert np.array_equal(images.ravel(), part.places)
        assert np.array_equal(labels, many.labels[images.ravel().astype(int)])
        assert np.array_equal(weights, images.ravel())


@pytest.mark.filterwarnings("ignore:early_stopping=True measures")
def test_the_split_is_fixed_by_the_seed_of_the_run(many):
    splits = [
        split_off_validation(many, 0.2, seed, np.arange(3))[1].places.tolist()
        for seed in (0, 0, 1)
    ]
    assert splits[0] == splits[1] != splits[2]


@pytest.mark.slow
def test_the_part_set_aside_is_measured_and_never_trained_on(data):
    """The same fit by hand: train on one part, and give fit the other one as validation
    data.
    """
    X, y = data
    training, validation = split_off_validation(
        Samples(X, y), 0.1, seed=0, classes=np.unique(y)
    )
    ours = stopping(epochs=3, n_iter_no_change=3).fit(X, y)
    by_hand = ConvPoolClassifier(**SMALL, epochs=3).fit(
        X[training.places],
        y[training.places],
        validation_data=(X[validation.places], y[validation.places]),
    )
    assert same_state(ours._state, by_hand._state)


@pytest.mark.slow
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


# --------------------------------------------------------------------------------------
# Too few samples of a class, or too few in all


def split(counts, fraction=0.1, seed=0):
    """Both parts of data with so many samples of each class, as counts; and what is
    said.
    """
    labels = np.random.RandomState(0).permutation(np.repeat(range(len(counts)), counts))
    data = Samples(np.zeros((len(labels), 1, 1, 1)), labels.astype(np.int32))
    classes = np.array([f"c{k}" for k in range(len(counts))])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parts = split_off_validation(data, fraction, seed, classes)
    assert sorted(np.concatenate([part.places for part in parts])) == list(
        range(len(labels))
    )
    kept, aside = (np.bincount(part.labels, minlength=len(counts)) for part in parts)
    return kept.tolist(), aside.tolist(), [str(each.message) for each in caught]


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("counts", [[200, 100, 50], [150, 150], [400, 40, 10]])
def test_a_split_that_has_all_classes_is_that_of_scikit_learn(counts, fraction):
    labels = np.repeat(range(len(counts)), counts).astype(np.int32)
    data = Samples(np.zeros((len(labels), 1, 1, 1)), labels)
    expected = train_test_split(
        np.arange(len(labels)),
        test_size=fraction,
        stratify=labels,
        random_state=derive(3, "validation"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = split_off_validation(data, fraction, 3, np.arange(len(counts)))
    for part, rows in zip(parts, expected, strict=True):
        assert part.places.tolist() == sorted(rows)


@pytest.mark.parametrize(
    ("counts", "fraction", "n_aside", "missing"),
    [
        ([300, 100, 1], 0.1, 41, "class 'c2'"),
        ([300, 1, 1, 100], 0.1, 41, "classes 'c1', 'c2'"),
        ([400, 2, 1], 0.1, 41, "class"),
        ([3, 1], 0.1, 1, "class 'c1'"),
        ([2, 1, 1, 1], 0.1, 1, "classes 'c1', 'c2', 'c3'"),
        ([10] * 10, 0.05, 5, "classes"),
        ([2] * 5, 0.1, 1, "classes"),
        ([40] * 3, 0.001, 1, "classes"),
        ([5] * 4, 0.9, 16, ""),  # one of each is left to train on
        ([300, 1, 1], 0.999, 299, "classes 'c1', 'c2'"),
        ([1, 50, 1], 0.02, 2, "classes 'c0', 'c2'"),
    ],
)
def test_every_class_keeps_a_sample_and_the_rest_gives_what_it_can(
    counts, fraction, n_aside, missing
):
    kept, aside, said = split(counts, fraction)
    assert min(kept) >= 1 and sum(aside) == n_aside
    room = [count - 1 for count in counts]
    share = [n_aside * count / sum(counts) for count in counts]
    exact = [min(pair) for pair in zip(share, room, strict=True)]
    assert all(each >= int(wanted) for each, wanted in zip(aside, exact, strict=True))
    [message] = said
    assert missing in message and ("no sample of" in message) == (0 in aside)
    assert ("smaller than validation_fraction" in message) == (
        n_aside < np.ceil(fraction * sum(counts))
    )
    assert ("fewer than 30" in message) == (n_aside < 30)
    assert "validation_data" in message and "early_stopping=False" in message
    assert split(counts, fraction)[:2] == (kept, aside), "fixed by the seed"


def test_a_remedy_that_cannot_help_is_not_named():
    assert "a larger validation_fraction" not in split([300, 100, 1])[2][0]
    assert "a larger validation_fraction" in split([10] * 10, 0.05)[2][0]
    assert "a larger validation_fraction" not in split([5] * 4, 0.9)[2][0]
    for fraction in (
        0.5,
        0.6,
    ):  # the remedy of a part that is too small for all classes
        assert "no sample of" not in "".join(split([10] * 10, fraction)[2])


def test_the_lot_decides_between_classes_of_equal_claim():
    assert len({tuple(split([10] * 10, 0.05, seed)[1]) for seed in range(5)}) > 1


def test_no_split_leaves_a_class_without_a_sample_to_train_on():
    with pytest.raises(ValueError, match=r"only 1 sample of each.*validation_data"):
        split([1, 1, 1])


def test_many_missing_classes_are_named_in_part():
    assert "'c9' and 15 more" in split([100] + [1] * 25)[2][0].replace("'c10'", "'c9'")


def test_a_few_samples_are_measured_on_with_a_warning_and_many_without():
    assert split([145, 145])[2] == [split([100, 100])[2][0]], "told once in a search"
    assert "fewer than 30 samples" in split([145, 145])[2][0]
    assert split([150, 150])[2] == []


@pytest.fixture(scope="module")
def unbalanced(digits):
    """Digits with 3 samples of one class and 2 of another: folds have 2, 1 or none."""
    X, y = digits
    rows = [np.flatnonzero(y == k)[:n] for k, n in enumerate([40, 40, 3, 40, 2])]
    rows = np.concatenate(rows)
    return X[rows], y[rows]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The least populated class in y")
@pytest.mark.parametrize("kind", [int, str, float])
def test_cross_validation_of_a_rare_class_has_no_failed_fold(unbalanced, kind):
    X, y = unbalanced
    y = y.astype(kind)
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    with pytest.warns(UserWarning, match="no sample of class"):
        scores = cross_val_score(stopping(epochs=2), X, y, cv=cv, error_score="raise")
    assert np.isfinite(scores).all()
    if kind is str and not CALLBACKS_EXIST:
        return  # before 1.9, scikit-learn's own network fails on strings
    mlp = MLPClassifier(early_stopping=True, max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isfinite(cross_val_score(mlp, X.reshape(len(X), -1), y, cv=cv)).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The least populated class in y")
def test_a_search_in_a_pipeline_over_fractions_has_no_failed_fold(unbalanced):
    pipeline = Pipeline([("same", FunctionTransformer()), ("clf", stopping(epochs=1))])
    grid = {"clf__validation_fraction": [0.01, 0.1, 0.97]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise")
    with pytest.warns(UserWarning, match="early_stopping=True measures"):
        search.fit(*unbalanced)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.slow
def test_one_fit_warns_once_and_a_continued_one_has_the_same_parts(unbalanced):
    X, y = unbalanced[0][80:84], unbalanced[1][80:84]  # 3 samples and 1
    fits = [stopping(epochs=2), stopping(epochs=1, warm_start=True)]
    for fit in [*fits, fits[1]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit.fit(X, y)
        [message] = [each for each in caught if "early_stopping" in str(each.message)]
        assert message.filename == __file__
    assert same_state(fits[0]._state, fits[1]._state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stopping(epochs=1).fit(X, y, validation_data=(X, y))  # the remedies
        stopping(epochs=1, early_stopping=False).fit(X, y)


# --------------------------------------------------------------------------------------
# When to stop


def stopped_after(scores, losses=None, n_iter_no_change=2, tol=0.01):
    """The epoch after which scores make it stop, None if they do not, and the best
    epoch.
    """
    hook = EarlyStopping(n_iter_no_change, tol)
    for epoch, (score, loss) in enumerate(
        zip(scores, losses or [1.0] * len(scores), strict=True), 1
    ):
        if hook.end_epoch(
            epoch, {"val_accuracy": score, "val_loss": loss}, lambda: None
        ):
            return epoch, hook.best_epoch
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


@pytest.mark.slow
def test_a_fit_stops_by_that_rule(stopped):
    scores = stopped.history_["val_accuracy"]
    assert stopped.n_iter_ == len(scores) < 25
    assert (stopped.n_iter_, stopped.best_iter_) == stopped_after(
        scores, stopped.history_["val_loss"], tol=1e-4
    )
    assert stopped.best_iter_ < stopped.n_iter_


@pytest.mark.slow
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


@pytest.mark.slow
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


# --------------------------------------------------------------------------------------
# Together with what shares, continues and persists


def same_fits(one, other, X):
    same = (one.n_iter_, one.best_iter_) == (other.n_iter_, other.best_iter_)
    return (
        same
        and same_state(one._state, other._state)
        and np.array_equal(one.predict_proba(X), other.predict_proba(X))
    )


@pytest.mark.slow
@pytest.mark.parametrize("first", [1, 3, 25])
def test_a_shorter_fit_before_changes_nothing(first, stopped, data):
    stopping(epochs=first).fit(*data)
    assert same_fits(stopping().fit(*data), stopped, data[0])


@pytest.mark.slow
def test_patience_is_not_part_of_the_run(stopped, data, tmp_path):
    patient = stopping(
        n_iter_no_change=25, epochs=stopped.n_iter_ + 1, memory=tmp_path
    ).fit(*data)
    STATES.clear()
    impatient = stopping(memory=tmp_path).fit(*data)
    assert same_fits(impatient, stopped, data[0])
    assert (
        impatient.history_["time"] == patient.history_["time"][: stopped.n_iter_]
    )  # read, not trained


@pytest.mark.slow
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


@pytest.mark.slow
def test_states_dropped_since_are_computed_again(stopped, data):
    STATES.resize(0)
    try:
        stopping(epochs=2).fit(*data)
        assert same_fits(stopping().fit(*data), stopped, data[0])
    finally:
        STATES.resize(256 * 2**20)
