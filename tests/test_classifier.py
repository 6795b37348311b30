"""ConvPoolClassifier as its users meet it, on scikit-learn's digits."""

import io
import pickle
import re
import warnings
from inspect import signature

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from comparisons import curves
from networks import assert_not_fitted
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags
from sklearn_callbacks import ProgressBar, ScoringMonitor

from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._program import POOL

pytestmark = pytest.mark.usefixtures("nothing_shared")

IMAGES, TARGETS = load_digits().images / 16, load_digits().target
X, y = IMAGES[:300], TARGETS[:300]
X_NEW, Y_NEW = IMAGES[300:600], TARGETS[300:600]
BINARY = y < 2
X_BINARY, CODES = X[BINARY], y[BINARY]
SMALL = {
    "conv_layers": [(8, 3)],
    "convs_per_block": 1,
    "dense_layers": (16,),
    "epochs": 3,
    "batch_size": 16,
    "optimizer__learning_rate": 0.01,
    "random_state": 0,
}


def small(**params):
    """A classifier that learns digits in a tenth of a second, once its network is
    compiled.
    """
    return ConvPoolClassifier(**{**SMALL, **params})


def small_with(optimizer):
    """The same with an optimizer that has its own learning rate."""
    params = {
        name: value
        for name, value in SMALL.items()
        if name != "optimizer__learning_rate"
    }
    return ConvPoolClassifier(**params, optimizer=optimizer)


def bits(classifier):
    """All that training made, but for the time it took: weights and what the optimizer
    keeps as bytes, the history.
    """
    return [array.tobytes() for array in classifier._state.arrays], curves(
        classifier.history_
    )


def loss_of(classifier, images, labels):
    probabilities = classifier.predict_proba(images)
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


@pytest.fixture(scope="module")
def fitted():
    return small().fit(X, y)


@pytest.fixture(scope="module")
def proba(fitted):
    return fitted.predict_proba(X_NEW)


@pytest.fixture
def empty_pool():
    """The pool of programs, without any."""
    POOL.clear()
    return POOL


# --------------------------------------------------------------------------------------
# Labels


@pytest.mark.slow
@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.array([10, 20]), id="int"),
        pytest.param(np.array([-7, -1]), id="negative int"),
        pytest.param(np.array([3, 200], dtype=np.uint8), id="uint8"),
        pytest.param(np.array([0.0, 2.0]), id="whole float"),
        pytest.param(np.array([False, True]), id="bool"),
        pytest.param(np.array(["no", "yes"]), id="str"),
        pytest.param(np.array(["no", "yes"], dtype=object), id="object"),
    ],
)
def test_labels_of_any_type_are_decoded(labels):
    reference = small().fit(X_BINARY, CODES)
    classifier = small().fit(X_BINARY, labels[CODES])
    assert bits(classifier) == bits(reference), (
        "the names of the labels change nothing but names"
    )
    assert classifier.classes_.dtype == labels.dtype
    assert classifier.classes_.tolist() == labels.tolist()
    predicted = classifier.predict(X_NEW)
    assert predicted.dtype == labels.dtype
    np.testing.assert_array_equal(predicted, labels[reference.predict(X_NEW)])
    assert len(set(predicted.tolist())) == 2
    assert classifier.score(X_BINARY, labels[CODES]) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(list, id="list"),
        pytest.param(pd.Series, id="Series"),
        pytest.param(pd.Categorical, id="Categorical"),
    ],
)
def test_labels_in_any_container(make):
    names = np.array(["no", "yes"])[CODES]
    classifier = small().fit(X_BINARY, make(names.tolist()))
    assert bits(classifier) == bits(small().fit(X_BINARY, CODES))
    assert classifier.classes_.tolist() == ["no", "yes"]
    assert (classifier.predict(X_BINARY) == names).mean() > 0.9


# --------------------------------------------------------------------------------------
# Images


def table(images):
    return images.reshape(len(images), -1)


def frame(images):
    return pd.DataFrame(
        table(images), columns=[f"pixel{number}" for number in range(64)]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "image_shape"),
    [
        pytest.param(lambda images: images[..., None], None, id="n, h, w, c"),
        pytest.param(
            lambda images: images[..., None], (8, 8), id="n, h, w, c and image_shape"
        ),
        pytest.param(table, (8, 8), id="table and two of image_shape"),
        pytest.param(table, [8, 8, 1], id="table and three of image_shape"),
        pytest.param(frame, (8, 8), id="DataFrame"),
        pytest.param(lambda images: images.tolist(), None, id="lists"),
        pytest.param(np.asfortranarray, None, id="Fortran order"),
        pytest.param(
            lambda images: images.astype(np.float32), None, id="float32"
        ),  # sixteenths are exact
        pytest.param(lambda images: images.astype(np.float16), None, id="float16"),
    ],
)
def test_every_form_of_images_gives_the_same_bits(fitted, proba, form, image_shape):
    classifier = small(image_shape=image_shape).fit(form(X), y)
    assert classifier.image_shape_ == (8, 8, 1)
    assert classifier.n_features_in_ == 64
    assert bits(classifier) == bits(fitted)
    assert classifier.predict_proba(form(X_NEW)).tobytes() == proba.tobytes()


def test_predict_takes_other_forms_than_fit(fitted, proba):
    assert fitted.predict_proba(table(X_NEW)).tobytes() == proba.tobytes()
    assert fitted.predict_proba(X_NEW[..., None]).tobytes() == proba.tobytes()


@pytest.mark.slow
def test_a_table_without_image_shape_is_a_strip():
    classifier = small(epochs=1).fit(table(X), y)
    assert classifier.image_shape_ == (1, 64, 1)
    assert classifier.n_features_in_ == 64
    assert classifier.model_.get_layer("block1_conv1").kernel.shape == (1, 3, 1, 8)
    assert bits(classifier) == bits(
        small(epochs=1, image_shape=(1, 64)).fit(table(X), y)
    )
    assert classifier.predict_proba(table(X_NEW)).shape == (300, 10)


@pytest.mark.filterwarnings(
    "error:X does not have valid feature names"
)  # a new fit may have others, or none
def test_columns_of_a_frame_are_remembered():
    classifier = small(image_shape=(8, 8), epochs=1).fit(frame(X), y)
    assert classifier.feature_names_in_.tolist() == list(frame(X).columns)
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(frame(X_NEW).iloc[:, ::-1])
    assert not hasattr(classifier.fit(table(X), y), "feature_names_in_")


@pytest.fixture(scope="module")
def pixels():
    return np.rint(X * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def fitted_to_pixels(pixels):
    return small().fit(pixels, y)


@pytest.mark.slow
def test_bytes_are_divided_by_255(pixels, fitted_to_pixels):
    scaled = small().fit(pixels / 255, y)
    np.testing.assert_allclose(
        fitted_to_pixels.history_["loss"], scaled.history_["loss"], rtol=1e-3
    )
    np.testing.assert_allclose(
        fitted_to_pixels.predict_proba(pixels),
        scaled.predict_proba(pixels / 255),
        atol=1e-3,
    )
    # It is part of the network, so that whoever takes the network away has it.
    outputs = fitted_to_pixels.model_.predict(pixels[..., None], verbose=0)
    np.testing.assert_allclose(
        outputs, fitted_to_pixels.predict_proba(pixels), atol=1e-6
    )


def test_memory_maps_are_read_only_and_give_the_same_bits(
    tmp_path, pixels, fitted_to_pixels
):
    np.save(tmp_path / "pixels.npy", pixels)
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap) and not mapped.flags.writeable
    classifier = small().fit(mapped, y)
    assert bits(classifier) == bits(fitted_to_pixels)
    assert (
        classifier.predict_proba(mapped).tobytes()
        == fitted_to_pixels.predict_proba(pixels).tobytes()
    )


def test_what_fit_is_given_stays_as_it_was():
    images, labels, weights = X.copy(), y.copy(), np.linspace(0, 2, len(X))
    class_weight = {3: 4.0}
    small(class_weight=class_weight, epochs=1).fit(
        images, labels, sample_weight=weights
    )
    np.testing.assert_array_equal(images, X)
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(weights, np.linspace(0, 2, len(X)))
    assert class_weight == {3: 4.0}


# --------------------------------------------------------------------------------------
# Predictions


def test_probabilities(fitted, proba):
    assert proba.shape == (300, 10)
    assert proba.dtype == np.float32
    assert proba.min() >= 0
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(fitted.predict(X_NEW), proba.argmax(axis=1))
    np.testing.assert_array_equal(fitted.predict_log_proba(X_NEW), np.log(proba))


def test_one_sample_is_predicted_as_among_many(fitted, proba):
    alone = fitted.predict_proba(X_NEW[:1])
    assert alone.shape == (1, 10)
    assert alone.tobytes() == proba[:1].tobytes()
    assert fitted.predict(X_NEW[:1]).shape == (1,)


def test_two_classes_have_two_columns():
    assert small(epochs=1).fit(X_BINARY, CODES).predict_proba(X_NEW).shape == (300, 2)


def test_score_is_accuracy(fitted):
    weights = np.linspace(0, 1, len(X_NEW))
    predicted = fitted.predict(X_NEW)
    assert fitted.score(X_NEW, Y_NEW) == accuracy_score(Y_NEW, predicted) > 0.5
    assert fitted.score(X_NEW, Y_NEW, weights) == accuracy_score(
        Y_NEW, predicted, sample_weight=weights
    )


def test_another_fit_does_not_touch_this_one(fitted, proba):
    other = small(random_state=1).fit(X, y)  # on the same program
    assert bits(other) != bits(fitted)
    assert fitted.predict_proba(X_NEW).tobytes() == proba.tobytes()


def test_a_refit_starts_anew(fitted):
    classifier = small().fit(X_BINARY, CODES)
    assert classifier.fit(X, y) is classifier
    assert bits(classifier) == bits(fitted)
    assert classifier.classes_.tolist() == list(range(10))
    assert classifier.n_params_ == fitted.n_params_


# --------------------------------------------------------------------------------------
# An estimator among scikit-learn's


def test_clone_keeps_every_parameter():
    params = {
        **SMALL,
        "activation": "tanh",
        "augmentation": "flip",
        "batch_norm": True,
        "batch_norm_statistics": "moving",
        "callbacks": [keras.callbacks.EarlyStopping],
        "callbacks__0__patience": 2,
        "class_weight": {0: 2.0},
        "dense_dropout": 0.1,
        "dense_max_norm": 3.0,
        "dropout": 0.5,
        "early_stopping": True,
        "head": "global_avg",
        "image_shape": (8, 8),
        "kernel_regularizer": 1e-4,
        "learning_rate_schedule": "one_cycle",
        "learning_rate_schedule__warmup": 0.2,
        "loss": "categorical_crossentropy",
        "loss__label_smoothing": 0.1,
        "max_norm": 2.0,
        "memory": "folder",
        "n_branches": 2,
        "n_iter_no_change": 3,
        "optimizer": "sgd",
        "padding": "valid",
        "pooling": "avg",
        "tol": 0.01,
        "validation_fraction": 0.2,
        "verbose": 1,
        "warm_start": True,
    }
    assert set(signature(ConvPoolClassifier).parameters) <= set(params), (
        "a new parameter: give it a value here"
    )
    copied = clone(ConvPoolClassifier(**params))
    assert copied.get_params() == params
    defaults = ConvPoolClassifier().get_params()
    assert not [
        name
        for name, value in params.items()
        if name in defaults and defaults[name] == value
    ]


def test_clone_is_not_fitted(fitted):
    assert_not_fitted(clone(fitted))


def test_parameters_after_fit_are_those_before(fitted):
    assert (
        fitted.get_params()
        == small().get_params()
        == {**ConvPoolClassifier().get_params(), **SMALL}
    )


def test_routed_parameters_are_parameters():
    classifier = ConvPoolClassifier(optimizer__learning_rate=0.5)
    assert classifier.get_params()["optimizer__learning_rate"] == 0.5
    classifier.set_params(
        optimizer__learning_rate=0.25, optimizer__beta_1=0.5, epochs=2
    )
    params = classifier.get_params(deep=False)
    assert (
        params["optimizer__learning_rate"],
        params["optimizer__beta_1"],
        params["epochs"],
    ) == (0.25, 0.5, 2)


def test_repr_shows_what_was_changed(fitted):
    classifier = ConvPoolClassifier(
        epochs=3, dropout=0.25, optimizer__learning_rate=0.1
    )
    assert (
        repr(classifier) == "ConvPoolClassifier(epochs=3, optimizer__learning_rate=0.1)"
    )
    assert repr(fitted) == repr(small())


def test_html(fitted):
    before, after = small()._repr_html_(), fitted._repr_html_()
    assert "<span>Not fitted</span>" in before
    assert "<span>Fitted</span>" in after
    for html in (before, after):
        assert "ConvPoolClassifier" in html
        assert "convs_per_block" in html
        assert "optimizer__learning_rate" in html


def test_tags(fitted):
    assert is_classifier(fitted)
    tags = get_tags(fitted)
    assert tags.estimator_type == "classifier"
    assert tags.target_tags.required
    assert tags.classifier_tags.multi_class
    assert not tags.classifier_tags.multi_label
    assert not tags.classifier_tags.poor_score
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert not tags.input_tags.sparse
    assert not tags.input_tags.allow_nan


class WhatPickleHolds(pickle.Unpickler):
    """Notes the classes and functions that a pickle calls for."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.found = set()

    def find_class(self, module, name):
        self.found.add((module, name))
        return super().find_class(module, name)


def test_a_pickle_holds_arrays_and_our_own_classes(fitted, proba):
    data = pickle.dumps(fitted)
    unpickler = WhatPickleHolds(data)
    copied = unpickler.load()
    assert copied.predict_proba(X_NEW).tobytes() == proba.tobytes()
    assert bits(copied) == bits(fitted)
    assert bits(copied.fit(X, y)) == bits(fitted)
    ours = ("numpy", "skcnn")
    others = {
        (module, name)
        for module, name in unpickler.found
        if module.partition(".")[0] not in ours
    }
    assert others == set()
    # Adam keeps two numbers beside each weight.
    assert len(data) < 3 * 4 * fitted.n_params_ + 10_000


def test_joblib_round_trip(tmp_path, fitted, proba):
    joblib.dump(fitted, tmp_path / "classifier.joblib")
    copied = joblib.load(tmp_path / "classifier.joblib")
    assert copied.predict_proba(X_NEW).tobytes() == proba.tobytes()
    assert copied.get_params() == fitted.get_params()
    assert copied.history_ == fitted.history_


@pytest.fixture(scope="module")
def search():
    """A search over images that are sorted by label, three classes of 48."""
    chosen = np.concatenate(
        [np.flatnonzero(label == TARGETS)[:48] for label in range(3)]
    )
    grid = {"optimizer__learning_rate": [1e-6, 0.02]}
    return GridSearchCV(small(), grid, cv=3, error_score="raise").fit(
        IMAGES[chosen], TARGETS[chosen]
    )


@pytest.mark.slow
def test_grid_search_stratifies_sorted_labels(search):
    # Without stratification, each fold would be tested on a class that it was not
    # trained on: accuracy 0.
    scores = [search.cv_results_[f"split{split}_test_score"][1] for split in range(3)]
    assert min(scores) > 0.5


@pytest.mark.slow
def test_grid_search_over_a_routed_parameter(search):
    slow, fast = search.cv_results_["mean_test_score"]
    assert fast > slow + 0.2
    assert search.best_params_ == {"optimizer__learning_rate": 0.02}
    assert search.best_estimator_.optimizer__learning_rate == 0.02


# --------------------------------------------------------------------------------------
# Optimizers and losses


def test_learning_rate_reaches_the_optimizer(fitted):
    assert float(fitted.model_.optimizer.learning_rate) == pytest.approx(0.01)
    assert isinstance(fitted.model_.optimizer, keras.optimizers.Adam)
    default = small_with("adam").fit(X, y)
    assert float(default.model_.optimizer.learning_rate) == pytest.approx(0.001)
    assert bits(default) != bits(fitted)


@pytest.mark.slow
def test_learning_rates_share_one_program(empty_pool, fitted):
    classifiers = [
        small(optimizer__learning_rate=rate).fit(X, y) for rate in (0.5, 0.001, 0.01)
    ]
    assert len(empty_pool) == 1
    assert bits(classifiers[-1]) == bits(fitted), "the rates before it leave no trace"
    assert len({classifier.history_["loss"][-1] for classifier in classifiers}) == 3
    assert classifiers[0].predict_proba(X_NEW).shape == (300, 10)
    assert len(empty_pool) == 1


SGD = keras.optimizers.SGD


@pytest.mark.slow
def test_an_optimizer_by_name_class_and_instance(empty_pool):
    routed = {"optimizer__learning_rate": 0.05, "optimizer__momentum": 0.9}
    by_name = small(optimizer="sgd", **routed).fit(X, y)
    by_class = small(optimizer=SGD, **routed).fit(X, y)
    instance = SGD(0.05, momentum=0.9)
    by_instance = small_with(instance).fit(X, y)
    assert bits(by_name) == bits(by_class) == bits(by_instance)
    assert len(empty_pool) == 1
    assert not instance.built, (
        "the caller's instance is a description, and is never trained with"
    )
    optimizer = by_instance.model_.optimizer
    assert isinstance(optimizer, SGD) and optimizer is not instance
    assert optimizer.momentum == 0.9
    assert bits(
        small(optimizer="sgd", optimizer__learning_rate=0.05).fit(X, y)
    ) != bits(by_name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"optimizer": "rmsprop"},
        {"optimizer": "AdamW", "optimizer__weight_decay": 0.01},
        {"optimizer": "adam", "optimizer__amsgrad": True, "optimizer__clipnorm": 1.0},
    ],
)
def test_other_optimizers_learn(params):
    classifier = small(**params).fit(X, y)
    assert classifier.history_["loss"][-1] < 0.8 * classifier.history_["loss"][0]
    optimizer = classifier.model_.optimizer
    assert type(optimizer).__name__.lower() == params["optimizer"].lower()
    routed = {
        name.removeprefix("optimizer__"): value
        for name, value in params.items()
        if "__" in name
    }
    assert {name: optimizer.get_config()[name] for name in routed} == routed


@pytest.mark.slow
def test_schedule_of_learning_rates(fitted):
    def scheduled(last_rate, **params):
        # 300 samples are 19 batches, counted from 0: the last rate is that of the
        # epochs after the first.
        schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
            [18], [0.01, last_rate]
        )
        return small(optimizer__learning_rate=schedule, **params).fit(X, y)

    np.testing.assert_allclose(
        scheduled(0.01).history_["loss"], fitted.history_["loss"], rtol=1e-3
    )
    stopped = scheduled(0.0)
    assert stopped.history_["loss"][0] == pytest.approx(
        fitted.history_["loss"][0], rel=1e-3
    )
    expected = scheduled(0.0, epochs=1).predict_proba(X_NEW)
    assert stopped.predict_proba(X_NEW).tobytes() == expected.tobytes()
    assert (
        stopped.model_.optimizer.get_config()["learning_rate"]["class_name"]
        == "PiecewiseConstantDecay"
    )


def squared_error(y_true, y_pred):
    assert y_true.shape[-1] == y_pred.shape[-1] == 10, "labels must come one-hot"
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


@pytest.mark.slow
def test_a_function_as_loss():
    classifier = small(loss=squared_error).fit(X, y)
    by_name = small(loss="mean_squared_error").fit(X, y)
    np.testing.assert_allclose(
        classifier.history_["loss"], by_name.history_["loss"], rtol=1e-4
    )
    assert classifier.history_["loss"][0] < 0.1
    assert classifier.score(X, y) == pytest.approx(by_name.score(X, y), abs=0.02)
    assert classifier.history_["accuracy"][-1] > classifier.history_["accuracy"][0]
    copied = pickle.loads(pickle.dumps(classifier))
    assert (
        copied.predict_proba(X_NEW).tobytes()
        == classifier.predict_proba(X_NEW).tobytes()
    )


@pytest.mark.slow
def test_label_smoothing(fitted):
    plain = small(loss="categorical_crossentropy").fit(X, y)
    np.testing.assert_allclose(
        plain.history_["loss"], fitted.history_["loss"], rtol=1e-3
    )
    np.testing.assert_allclose(
        plain.history_["accuracy"], fitted.history_["accuracy"], atol=0.01
    )
    smooth = small(
        loss=keras.losses.CategoricalCrossentropy, loss__label_smoothing=0.5
    ).fit(X, y)
    assert smooth.model_.loss.get_config()["label_smoothing"] == 0.5
    assert (
        smooth.predict_proba(X).max(axis=1).mean()
        < plain.predict_proba(X).max(axis=1).mean() - 0.1
    )


# --------------------------------------------------------------------------------------
# Weights


@pytest.mark.slow
def test_weights_of_one_are_no_weights(fitted):
    assert bits(small().fit(X, y, sample_weight=np.ones(len(X)))) == bits(fitted)
    assert bits(small(class_weight=dict.fromkeys(range(10), 1.0)).fit(X, y)) == bits(
        fitted
    )


def test_samples_of_weight_0_are_left_out():
    weights = np.tile([0.0, 0.5, 2.0], 100)
    used = weights > 0
    all_given = small(class_weight="balanced").fit(X, y, sample_weight=weights)
    assert bits(all_given) == bits(
        small(class_weight="balanced").fit(
            X[used], y[used], sample_weight=weights[used]
        )
    )
    # And where nothing else is weighted, as if there were no weights.
    assert bits(small().fit(X, y, sample_weight=used.astype(int))) == bits(
        small().fit(X[used], y[used])
    )


def test_a_class_of_weight_0_has_an_output_that_is_not_trained_on():
    three = y < 3
    weights = (y[three] < 2).astype(float)
    classifier = small().fit(X[three], y[three], sample_weight=weights)
    assert classifier.classes_.tolist() == [0, 1, 2]
    # As if these images were not there, and the class was only announced.
    announced = small().partial_fit(X_BINARY, CODES, classes=[0, 1, 2])
    for _ in range(classifier.n_iter_ - 1):
        announced.partial_fit(X_BINARY, CODES)
    assert bits(classifier) == bits(announced)


def test_class_weight_favors_its_class(fitted, proba):
    heavy = small(class_weight={8: 20.0}).fit(X, y)
    assert heavy.predict_proba(X_NEW)[:, 8].mean() > proba[:, 8].mean() + 0.01


def test_balanced_class_weight_is_that_of_scikit_learn(fitted):
    counts = np.bincount(y)
    assert len(set(counts)) > 1, "the classes differ in size"
    balanced = small(class_weight="balanced").fit(X, y)
    assert bits(balanced) == bits(
        small(class_weight=dict(enumerate(len(y) / (10 * counts)))).fit(X, y)
    )
    assert bits(balanced) != bits(fitted)


def test_class_weight_goes_by_label():
    names = np.array(["no", "yes"])[CODES]
    by_name = small(class_weight={"yes": 4.0}).fit(X_BINARY, names)
    assert bits(by_name) == bits(small(class_weight={1: 4.0}).fit(X_BINARY, CODES))
    assert bits(by_name) != bits(small().fit(X_BINARY, CODES))


def test_class_weight_multiplies_sample_weight():
    sample_weight = np.tile(
        [0.5, 1.0, 2.0], 100
    )  # powers of two, so that the product is exact
    both = small(class_weight={8: 4.0}).fit(X, y, sample_weight=sample_weight)
    product = sample_weight * np.where(y == 8, 4.0, 1.0)
    assert bits(both) == bits(small().fit(X, y, sample_weight=product))
    assert bits(both) != bits(small().fit(X, y, sample_weight=sample_weight))


# --------------------------------------------------------------------------------------
# History and validation data


def test_history(fitted):
    assert list(fitted.history_) == ["loss", "accuracy", "time"]
    assert fitted.n_iter_ == 3
    for values in fitted.history_.values():
        assert [type(value) for value in values] == [float] * 3
    assert fitted.history_["loss"] == sorted(fitted.history_["loss"], reverse=True)
    assert fitted.history_["accuracy"] == sorted(fitted.history_["accuracy"])


@pytest.fixture(scope="module")
def validated():
    return small().fit(X, y, validation_data=(X_NEW, Y_NEW))


def test_validation_data_are_only_measured(fitted, validated):
    assert bits(validated)[0] == bits(fitted)[0]
    assert {name: validated.history_[name] for name in ("loss", "accuracy")} == curves(
        fitted.history_
    )


def test_history_of_validation_data(validated):
    assert list(validated.history_) == [
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "time",
    ]
    assert {len(values) for values in validated.history_.values()} == {3}
    assert validated.history_["val_accuracy"][-1] == pytest.approx(
        validated.score(X_NEW, Y_NEW)
    )
    assert validated.history_["val_loss"][-1] == pytest.approx(
        loss_of(validated, X_NEW, Y_NEW), rel=1e-4
    )


def test_labels_of_validation_data_are_encoded():
    names = np.array(["no", "yes"])
    # Only one of the classes, and not the first one.
    ones = CODES == 1
    classifier = small().fit(
        X_BINARY, names[CODES], validation_data=(X_BINARY[ones], names[CODES[ones]])
    )
    accuracy = classifier.score(X_BINARY[ones], names[CODES[ones]])
    assert classifier.history_["val_accuracy"][-1] == pytest.approx(accuracy)
    assert accuracy > 0.8


# --------------------------------------------------------------------------------------
# Keras callbacks

EarlyStopping = keras.callbacks.EarlyStopping
HOPELESS = {
    "monitor": "loss",
    "min_delta": 100,
    "patience": 1,
}  # no epoch but the first is an improvement


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"callbacks": EarlyStopping(**HOPELESS)}, id="instance"),
        pytest.param({"callbacks": [EarlyStopping(**HOPELESS)]}, id="list"),
        pytest.param({"callbacks": {"stop": EarlyStopping(**HOPELESS)}}, id="dict"),
        pytest.param(
            {
                "callbacks": EarlyStopping,
                **{f"callbacks__{name}": value for name, value in HOPELESS.items()},
            },
            id="class",
        ),
        pytest.param(
            {
                "callbacks": [EarlyStopping],
                **{f"callbacks__0__{name}": value for name, value in HOPELESS.items()},
            },
            id="list of classes",
        ),
        pytest.param(
            {
                "callbacks": {"stop": EarlyStopping},
                **{f"callbacks__stop__{k}": value for k, value in HOPELESS.items()},
            },
            id="dict of classes",
        ),
    ],
)
def test_a_callback_stops_training(params):
    classifier = small(**params).fit(X, y)
    assert classifier.n_iter_ == 2
    assert bits(classifier) == bits(small(epochs=2).fit(X, y))


def test_a_callback_may_give_back_earlier_weights():
    # By "max", the first epoch has the best loss; patience runs out after the third.
    best_is_first = EarlyStopping(
        "loss", mode="max", patience=2, restore_best_weights=True
    )
    classifier = small(callbacks=best_is_first).fit(X, y)
    assert classifier.n_iter_ == 3
    expected = small(epochs=1).fit(X, y).predict_proba(X_NEW)
    assert classifier.predict_proba(X_NEW).tobytes() == expected.tobytes()


def test_callbacks_keep_nothing_of_the_model(fitted):
    stopping = EarlyStopping(**HOPELESS)
    classifier = small(callbacks=stopping)
    for _ in range(2):
        assert classifier.fit(X, y).n_iter_ == 2
    assert stopping.model is None
    assert classifier.callbacks is stopping
    assert bits(small().fit(X, y)) == bits(fitted), (
        "nor does the next fit on this program stop"
    )


@pytest.mark.slow
def test_callbacks_are_called_around_epochs_in_order():
    events = []

    def note(event):
        return lambda *args: events.append((event, *args))

    hooks = ["on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"]
    callback = keras.callbacks.LambdaCallback(**{hook: note(hook) for hook in hooks})
    classifier = small(callbacks=callback).fit(X, y, validation_data=(X_NEW, Y_NEW))
    assert [event[:-1] for event in events] == [
        ("on_train_begin",),
        *[
            (hook, epoch)
            for epoch in range(3)
            for hook in ("on_epoch_begin", "on_epoch_end")
        ],
        ("on_train_end",),
    ]
    logs = [event[-1] for event in events if event[0] == "on_epoch_end"]
    assert {
        name: [log[name] for log in logs] for name in logs[0]
    } == classifier.history_
    assert events[-1][-1] == logs[-1]


def test_a_callback_may_set_the_learning_rate(fitted):
    seen = []

    def halve(epoch, rate):
        seen.append((epoch, pytest.approx(rate)))
        return rate / 2

    scheduler = keras.callbacks.LearningRateScheduler(halve)
    halved = small(callbacks=scheduler).fit(X, y)
    assert seen == [(0, 0.01), (1, 0.005), (2, 0.0025)]
    assert bits(halved)[0] != bits(fitted)[0]
    assert bits(small().fit(X, y)) == bits(fitted), "the program has its own rate back"


def test_checkpoints_of_weights(tmp_path):
    path = tmp_path / "epoch{epoch}.weights.h5"
    checkpoint = keras.callbacks.ModelCheckpoint(
        path, save_freq="epoch", save_weights_only=True
    )
    classifier = small(callbacks=checkpoint).fit(X, y)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"epoch{epoch}.weights.h5" for epoch in (1, 2, 3)
    ]
    model = classifier.model_
    model.load_weights(tmp_path / "epoch2.weights.h5")
    expected = small(epochs=2).fit(X, y).model_
    for found, wanted in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def interrupt(epoch, logs):
    if epoch == 1:
        raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("first_fit", [True, False])
def test_interrupted_is_not_fitted(fitted, first_fit):
    classifier = small()
    if not first_fit:
        classifier.fit(X, y)
    classifier.set_params(
        callbacks=keras.callbacks.LambdaCallback(on_epoch_end=interrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert_not_fitted(classifier)
    classifier.set_params(callbacks=None).fit(X, y)
    assert bits(classifier) == bits(fitted)


# --------------------------------------------------------------------------------------
# scikit-learn callbacks


class Recorder:
    """Notes what a fit announces. GridSearchCV hands it on to its fits, as it does with
    progress bars.
    """

    max_propagation_depth = 1

    def __init__(self, stop=()):
        self.stop = stop
        self.events = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(
            f"begin {context.estimator_name} {context.task_name} {context.max_subtasks}"
        )

    def on_fit_task_end(self, estimator, context):
        self.events.append(f"end {context.estimator_name} {context.task_name}")
        return context.task_name in self.stop


EPOCH = ["begin ConvPoolClassifier epoch 0", "end ConvPoolClassifier epoch"]


def test_epochs_are_tasks_of_a_fit():
    recorder = Recorder()
    small().set_callbacks(recorder).fit(X, y)
    fit = ["begin ConvPoolClassifier fit 3", *3 * EPOCH, "end ConvPoolClassifier fit"]
    assert recorder.events == ["setup", *fit, "teardown"]


def test_epochs_are_tasks_of_a_grid_search():
    recorder = Recorder()
    search = GridSearchCV(small(), {"epochs": [1, 2]}, cv=2, refit=False)
    search.set_callbacks(recorder).fit(X, y)
    assert recorder.events.count("begin ConvPoolClassifier fit 1") == 2
    assert recorder.events.count("begin ConvPoolClassifier fit 2") == 2
    assert [recorder.events.count(event) for event in EPOCH] == [6, 6]
    assert (recorder.events.count("setup"), recorder.events.count("teardown")) == (1, 1)


def test_a_task_may_ask_to_stop():
    recorder = Recorder(stop=["epoch"])
    classifier = small().set_callbacks(recorder).fit(X, y)
    assert classifier.n_iter_ == 1
    assert [recorder.events.count(event) for event in EPOCH] == [1, 1]
    assert bits(classifier) == bits(small(epochs=1).fit(X, y))


def test_callbacks_are_torn_down_after_an_interrupt():
    recorder = Recorder()
    classifier = small(
        callbacks=keras.callbacks.LambdaCallback(on_epoch_end=interrupt)
    ).set_callbacks(recorder)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert recorder.events[-1] == "teardown"


def test_progress_bars(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")  # room enough, so that no line is cut
    small().set_callbacks(ProgressBar()).fit(X, y)
    assert re.search(r"ConvPoolClassifier - fit.*100%", capsys.readouterr().out)
    search = GridSearchCV(small(epochs=1), {"batch_size": [16, 32]}, cv=2, refit=False)
    search.set_callbacks(ProgressBar()).fit(X, y)
    out = capsys.readouterr().out
    assert re.search("GridSearchCV - fit.*100%", out)
    assert len(re.findall(r"ConvPoolClassifier - fit.*100%", out)) == 4


def test_a_score_for_each_epoch(fitted):
    monitor = ScoringMonitor(scoring="accuracy")
    classifier = small().set_callbacks(monitor).fit(X, y)
    epochs = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["task_id"] for row in epochs] == [0, 1, 2]
    expected = [small(epochs=epochs).fit(X, y).score(X, y) for epochs in (1, 2, 3)]
    assert [row["accuracy"] for row in epochs] == expected
    assert expected[-1] == classifier.score(X, y)
    assert bits(classifier) == bits(fitted), "looking on changes nothing"


# --------------------------------------------------------------------------------------
# The network as a keras.Model


def test_model_predicts_the_same(fitted, proba):
    np.testing.assert_allclose(
        fitted.model_.predict(X_NEW[..., None], verbose=0), proba, rtol=1e-4, atol=1e-6
    )


def test_model_is_compiled(fitted):
    result = fitted.model_.evaluate(
        X_NEW[..., None], Y_NEW, verbose=0, return_dict=True
    )
    assert result["accuracy"] == pytest.approx(fitted.score(X_NEW, Y_NEW))


@pytest.mark.slow
def test_model_may_be_saved(tmp_path, fitted):
    model = fitted.model_
    model.save(tmp_path / "digits.keras")
    loaded = keras.models.load_model(tmp_path / "digits.keras")
    expected = model.predict(X_NEW[..., None], verbose=0)
    np.testing.assert_array_equal(loaded.predict(X_NEW[..., None], verbose=0), expected)


def test_model_is_a_copy(fitted, proba):
    model = fitted.model_
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    assert np.ptp(model.predict(X_NEW[:1, ..., None], verbose=0)) == 0
    assert fitted.predict_proba(X_NEW).tobytes() == proba.tobytes()
    assert fitted.model_.get_weights()[0].any()


def test_parameters_are_counted(fitted):
    assert (
        fitted.n_params_
        == fitted.architecture_.n_params
        == fitted.model_.count_params()
    )


# --------------------------------------------------------------------------------------
# Architectures


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        pytest.param(
            {"conv_layers": [ConvBlock(3, ((1, 1), (3, 3)))]}, id="parallel kernels"
        ),
        pytest.param({"n_branches": 2}, id="branches"),
        pytest.param({"pooling": "avg"}, id="average pooling"),
        pytest.param({"batch_norm": True}, id="batch normalization"),
        pytest.param({"head": "global_avg"}, id="global average"),
        pytest.param({"head": "global_max", "dense_layers": ()}, id="global maximum"),
        pytest.param({"conv_layers": (), "dense_dropout": 0.25}, id="dense"),
        pytest.param(
            {
                "conv_layers": [
                    {"filters": 4, "kernel_size": ((1, 1), (3, 3)), "pool_stride": 1},
                    (4, 3, None),
                ],
                "n_branches": 2,
                "pooling": "avg",
                "batch_norm": True,
                "head": "global_avg",
                "padding": "same",
                "max_norm": 2,
            },
            id="all at once",
        ),
    ],
)
def test_architectures_train(params):
    params = {"conv_layers": [(4, 3)], **params}
    classifier = small(**params, dropout=0).fit(X, y)
    losses = classifier.history_["loss"]
    assert losses[2] < losses[1] < losses[0]
    np.testing.assert_allclose(
        classifier.predict_proba(X_NEW).sum(axis=1), 1, atol=1e-6
    )


@pytest.mark.slow
def test_running_averages_of_normalization_are_learned():
    model = small(conv_layers=[(4, 3)], batch_norm=True, epochs=1).fit(X, y).model_
    norm = model.get_layer("block1_conv1_norm")
    assert np.all(norm.moving_mean.numpy() > 0), "what comes after relu is positive"
    assert np.all(norm.moving_variance.numpy() < 1)


@pytest.mark.slow
def test_limits_of_norms_are_kept():
    classifier = small(max_norm=0.5, dense_max_norm=0.75).fit(X, y)
    for layer, limit in [("block1_conv1", 0.5), ("dense1", 0.75)]:
        kernel = classifier.model_.get_layer(layer).kernel.numpy()
        norms = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0)
        assert norms.max() == pytest.approx(limit, rel=1e-4)


# --------------------------------------------------------------------------------------
# Randomness, initialization, output


def test_a_generator_is_advanced():
    generator = np.random.RandomState(5)
    classifier = small(random_state=generator, epochs=1)
    first, second = bits(classifier.fit(X, y)), bits(classifier.fit(X, y))
    assert first != second
    again = small(random_state=np.random.RandomState(5), epochs=1)
    assert [bits(again.fit(X, y)), bits(again.fit(X, y))] == [first, second]


def test_no_random_state_is_another_one_each_time():
    classifier = small(random_state=None, epochs=1)
    state = np.random.get_state()
    first = bits(classifier.fit(X, y))
    np.random.set_state(state)  # and whatever NumPy's global generator says
    assert bits(classifier.fit(X, y)) != first


def test_initialize_trains_no_epoch(fitted):
    classifier = small()
    assert classifier.initialize(X, y) is classifier
    assert classifier.n_iter_ == 0
    assert classifier.history_ == {}
    assert classifier.classes_.tolist() == list(range(10))
    assert classifier.predict_proba(X_NEW).shape == (300, 10)
    assert bits(small().initialize(X, y)) == bits(classifier) != bits(fitted)
    assert bits(classifier.fit(X, y)) == bits(fitted)


def test_initialize_tears_callbacks_down():
    recorder = Recorder()
    classifier = small().set_callbacks(recorder).initialize(X, y)
    assert (recorder.events[0], recorder.events[-1]) == ("setup", "teardown")
    assert set(vars(classifier)) - {"_skl_callbacks"} == set(vars(small().fit(X, y)))


@pytest.mark.slow
def test_quiet_unless_asked(fitted, capfd, empty_pool):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small().fit(X, y, validation_data=(X_NEW, Y_NEW)).score(X_NEW, Y_NEW)
    assert capfd.readouterr() == ("", "")


def test_a_line_for_each_epoch(capfd):
    classifier = small(verbose=1).fit(X, y, validation_data=(X_NEW, Y_NEW))
    out, err = capfd.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert len(lines) == 3
    for epoch, line in enumerate(lines):
        values = "  ".join(
            f"{name} {values[epoch]:.4f}"
            for name, values in curves(classifier.history_).items()
        )
        assert re.fullmatch(
            rf"epoch {epoch + 1}/3  {re.escape(values)}  \d+\.\d s", line
        )
