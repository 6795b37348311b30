"""Losses, optimizers and schedules of one's own: kept as given, and shared with nobody."""

import copy
import functools
import pickle
from functools import partial

import cloudpickle
import keras
import numpy as np
import pytest
import tensorflow as tf
from comparisons import same_bits
from networks import TINY
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skcnn
from skcnn import ConvPoolClassifier
from skcnn._program import POOL
from skcnn._training import epochs_trained

small = partial(ConvPoolClassifier, **TINY, epochs=1, batch_size=32)
ops = keras.ops


def probability_of_the_class(y_true, y_pred):
    return ops.clip(ops.sum(y_true * y_pred, axis=-1), 1e-7, 1)


class Focal(keras.losses.Loss):
    """With gamma=0 it is the cross-entropy. `get_config` does not tell gamma."""

    def __init__(self, gamma=2.0, **kwargs):
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        p = probability_of_the_class(y_true, y_pred)
        return -ops.power(1 - p, self.gamma) * ops.log(p)


class Terse(keras.losses.Loss):
    """Takes neither a name nor a reduction."""

    def __init__(self, gamma):
        super().__init__()
        self.gamma = gamma

    call = Focal.call


@keras.saving.register_keras_serializable("test_settings")
class Told(Focal):
    def get_config(self):
        return super().get_config() | {"gamma": self.gamma}


class Called:
    """No loss of Keras, but it may be called."""

    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def __call__(self, y_true, y_pred):
        return Focal.call(self, y_true, y_pred)

    def loss(self, y_true, y_pred):
        return self(y_true, y_pred)


def focal(y_true, y_pred, gamma=2.0):
    return Called(gamma)(y_true, y_pred)


class Distance:
    """Of what a network, which is not trained, makes of labels and probabilities."""

    def __init__(self, network):
        self.network = network

    def __call__(self, y_true, y_pred):
        difference = self.network(y_true) - self.network(y_pred)
        return ops.mean(ops.square(difference), axis=-1)


LOSSES = {
    "class": {"loss": Focal, "loss__gamma": 0.0},
    "class without **kwargs": {"loss": Terse, "loss__gamma": 0.0},
    "class and argument of its base": {
        "loss": Focal,
        "loss__gamma": 0.0,
        "loss__reduction": "sum_over_batch_size",
    },
    "class of no loss": {"loss": Called, "loss__gamma": 0.0},
    "instance": {"loss": Told(0.0)},
    "callable object": {"loss": Called(0.0)},
    "bound method": {"loss": Called(0.0).loss},
    "partial": {"loss": functools.partial(focal, gamma=0.0)},
    "lambda": {"loss": lambda y_true, y_pred: focal(y_true, y_pred, 0.0)},
}


@pytest.fixture(scope="module")
def cross_entropy(data):
    return small(loss="categorical_crossentropy").fit(*data)


@pytest.mark.slow
@pytest.mark.parametrize("params", LOSSES.values(), ids=LOSSES)
def test_a_loss_is_what_was_given(params, data, cross_entropy):
    X, y = data
    classifier = clone(small(**params)).fit(X, y)
    assert classifier.history_["loss"] == pytest.approx(
        cross_entropy.history_["loss"], rel=1e-3
    )
    probabilities = classifier.predict_proba(X)
    np.testing.assert_allclose(probabilities, cross_entropy.predict_proba(X), atol=1e-3)
    for copied in (
        copy.deepcopy(classifier),
        cloudpickle.loads(cloudpickle.dumps(classifier)),
    ):
        assert same_bits([copied.predict_proba(X)], [probabilities])
    assert copied.model_.loss is not None


@pytest.mark.slow
def test_a_loss_in_a_search_and_a_pipeline(data, cross_entropy):
    X, y = data
    net = small(loss=Focal)
    steps = make_pipeline(FunctionTransformer(), net)
    grid = {"convpoolclassifier__loss__gamma": [0.0]}
    search = GridSearchCV(steps, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_estimator_[-1].history_["loss"] == pytest.approx(
        cross_entropy.history_["loss"], rel=1e-3
    )


@pytest.mark.slow
@pytest.mark.parametrize("as_class", [True, False])
def test_a_loss_may_have_a_network(as_class, data):
    network = keras.Sequential(
        [keras.Input((10,)), keras.layers.Dense(10, kernel_initializer="identity")]
    )
    by_class = {"loss": Distance, "loss__network": network}
    params = by_class if as_class else {"loss": Distance(network)}
    expected = small(loss="mean_squared_error").fit(*data).history_["loss"]
    fit = clone(small(**params)).fit(*data)
    assert fit.history_["loss"] == pytest.approx(expected, rel=1e-3)


# --------------------------------------------------------------------------------------
# Labels one-hot or as class codes


def gathered(y_true, y_pred):
    """Works on class codes alone."""
    p = tf.gather(y_pred, tf.cast(y_true, tf.int32), batch_dims=1)
    return -tf.math.log(p)


def sparse_focal(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def on_codes(function, y_true, y_pred):
    return function(y_true, y_pred)


@pytest.mark.slow
@pytest.mark.parametrize(
    "loss",
    [gathered, sparse_focal, functools.partial(on_codes, gathered)],
    ids=["function", "by its name", "partial"],
)
def test_a_loss_on_class_codes_gets_them(loss, data):
    expected = small().fit(*data).history_["loss"]
    assert small(loss=loss).fit(*data).history_["loss"] == pytest.approx(expected, 1e-3)


def elementwise(y_true, y_pred):
    return ops.square(y_true - y_pred)


def whole_batch(y_true, y_pred):
    return ops.mean(elementwise(y_true, y_pred))


@pytest.mark.slow
@pytest.mark.parametrize("loss", [elementwise, whole_batch])
def test_a_loss_that_keras_averages_gets_labels_one_hot(loss, data):
    expected = small(loss="mean_squared_error").fit(*data).history_["loss"]
    assert small(loss=loss).fit(*data).history_["loss"] == pytest.approx(expected, 1e-3)


def fails(y_true, y_pred):
    raise ZeroDivisionError("my own trouble")


def with_numpy(y_true, y_pred):
    return np.mean(np.square(y_true - y_pred), axis=-1)


def without_gradient(y_true, y_pred):
    return ops.cast(ops.argmax(y_pred, axis=-1), "float32")


def by_classes(y_true, y_pred):
    return ops.sum(y_true - y_pred, axis=0)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (fails, "my own trouble"),
        (with_numpy, "one-hot"),
        (without_gradient, "gradient"),
        (by_classes, r"shape \(10,\)"),
        (lambda y_true: y_true, "TypeError"),
        (Terse, "required positional argument"),
    ],
)
def test_a_loss_that_cannot_be_trained_with_is_refused(
    loss, says, data, nothing_trained
):
    with pytest.raises(ValueError, match=f"(?s)^loss.*{says}"):
        small(loss=loss).fit(*data)
    assert nothing_trained()


def test_weights_need_a_number_for_each_sample(data, nothing_trained):
    X, y = data
    for weights in ({"sample_weight": np.arange(len(data[1])) + 1.0}, {}):
        clf = small(loss=whole_batch, class_weight=None if weights else "balanced")
        with pytest.raises(ValueError, match="whole_batch gives one number"):
            clf.fit(X, y, **weights)
    assert nothing_trained()


@pytest.fixture
def nothing_trained():
    skcnn.clear_cache()
    return lambda: len(POOL) == 0


# --------------------------------------------------------------------------------------
# What cannot be made again is refused


class OwnAdam(keras.optimizers.Adam):
    def __init__(self, *args, factor=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.factor = factor

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * self.factor)


class Constant(keras.optimizers.schedules.LearningRateSchedule):
    """Without get_config."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return self.rate


def changed(keras_object, **attributes):
    vars(keras_object).update(attributes)
    return keras_object


LOSSY = [
    ("loss", Focal(0.0), "gamma"),
    ("loss", Terse(0.0), "Terse"),
    ("loss", changed(keras.losses.CategoricalCrossentropy(), call=focal), "call"),
    ("optimizer", OwnAdam(factor=0.0), "factor"),
    ("optimizer", keras.optimizers.Adam(Constant(0.1)), "Adam"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "given", "says"), LOSSY)
def test_an_instance_that_clone_would_change_is_refused(name, given, says, data):
    fit = small().fit(*data)
    before = fit.predict_proba(data[0])
    classifier = small(**{name: given})
    for door in (
        lambda: classifier.fit(*data),
        lambda: classifier.partial_fit(*data),
        lambda: fit.set_params(**{name: given}).fit(*data),
        lambda: clone(classifier),
        lambda: pickle.dumps(classifier),
        lambda: GridSearchCV(classifier, {"epochs": [1]}, cv=2).fit(*data),
    ):
        with pytest.raises(ValueError, match=f"(?s)^{name}.*{says}.*{name}="):
            door()
    assert same_bits([fit.predict_proba(data[0])], [before])


@pytest.mark.slow
def test_the_remedy_for_an_instance_works(data):
    still = small(optimizer=OwnAdam, optimizer__factor=0.0).fit(*data)
    assert same_bits(
        still._state.arrays[:2], small().initialize(*data)._state.arrays[:2]
    )
    moved = small(optimizer=OwnAdam).fit(*data)
    assert same_bits(moved._state.arrays[:2], small().fit(*data)._state.arrays[:2])


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", keras.optimizers.SGD])
def test_a_schedule_without_get_config(optimizer, data):
    """Inside one of Keras' own optimizers."""
    rates = [Constant(0.0), Constant(0.1)]
    still, moved = (
        clone(small(optimizer=optimizer, optimizer__learning_rate=rate)).fit(*data)
        for rate in rates
    )
    initial = small(optimizer=optimizer).initialize(*data)._state.arrays[:2]
    assert same_bits(still._state.arrays[:2], initial)
    assert not same_bits(moved._state.arrays[:2], initial)
    assert same_bits(
        [pickle.loads(pickle.dumps(moved)).predict_proba(data[0])],
        [moved.predict_proba(data[0])],
    )


@pytest.mark.slow
def test_an_optimizer_that_has_been_used_is_a_description(data):
    used = keras.optimizers.Adam(0.001)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(used, "mse")
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)
    fit = small(optimizer=used).fit(*data)
    assert same_bits(fit._state.arrays, small().fit(*data)._state.arrays)


@pytest.mark.slow
def test_a_function_of_keras_is_its_class(data):
    by_function = small(loss=keras.losses.categorical_crossentropy).fit(*data)
    by_name = small(loss="categorical_crossentropy").fit(*data)
    assert by_function._settings == by_name._settings
    assert by_function._settings.not_shared_because is None


# --------------------------------------------------------------------------------------
# Names are no identity of code


@pytest.fixture
def trained():
    """Which epochs were computed."""
    with epochs_trained() as epochs:
        yield epochs


FACTOR = 1.0


def scaled(y_true, y_pred):
    return FACTOR * keras.losses.categorical_crossentropy(y_true, y_pred)


def scaled_otherwise(y_true, y_pred):
    return 3.0 * keras.losses.categorical_crossentropy(y_true, y_pred)


def a_constant(edited, monkeypatch):
    monkeypatch.setitem(globals(), "FACTOR", 3.0 if edited else 1.0)
    return {"loss": scaled}


def its_code(edited, monkeypatch):
    """As IPython's autoreload does."""
    if edited:
        monkeypatch.setattr(scaled, "__code__", scaled_otherwise.__code__)
    return {"loss": scaled}


def a_registered_loss(edited, monkeypatch):
    factor = 3.0 if edited else 1.0

    @keras.saving.register_keras_serializable("test_settings")
    class Edited(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return factor * keras.losses.categorical_crossentropy(y_true, y_pred)

    return {"loss": Edited()}


def a_registered_function_in_a_loss_of_keras(edited, monkeypatch):
    factor = 3.0 if edited else 1.0
    wrapper = keras.losses.MeanSquaredError.__mro__[1]  # has no public name

    @keras.saving.register_keras_serializable("test_settings")
    def scaled(y_true, y_pred):
        return factor * keras.losses.categorical_crossentropy(y_true, y_pred)

    return {"loss": wrapper(scaled)}


def a_registered_function_in_a_layer(edited, monkeypatch):
    factor = 0.5 if edited else 1.0

    @keras.saving.register_keras_serializable("test_settings")
    def darken(images, training=False):
        return factor * images if training else images

    return {"augmentation": keras.layers.Lambda(darken)}


def a_registered_layer_in_a_layer(edited, monkeypatch):
    factor = 0.5 if edited else 1.0

    @keras.saving.register_keras_serializable("test_settings")
    class Darken(keras.layers.Layer):
        def call(self, images, training=False):
            return factor * images if training else images

    return {"augmentation": keras.layers.Pipeline([Darken()])}


def a_registered_schedule(edited, monkeypatch):
    rate = 0.1 if edited else 0.001

    @keras.saving.register_keras_serializable("test_settings")
    class Schedule(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return rate

        def get_config(self):
            return {}

    return {"optimizer": keras.optimizers.SGD(Schedule())}


EDITS = [
    a_constant,
    its_code,
    a_registered_loss,
    a_registered_function_in_a_loss_of_keras,
    a_registered_function_in_a_layer,
    a_registered_layer_in_a_layer,
    a_registered_schedule,
]


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_edited_code_is_what_the_next_fit_trains_with(
    edit, data, trained, monkeypatch, tmp_path
):
    skcnn.clear_cache()
    fits = []
    for edited in (False, True):
        params = edit(edited, monkeypatch)
        fits.append(small(memory=tmp_path, **params).fit(*data))
        assert "of your own" in fits[-1]._settings.not_shared_because
    assert trained == [0, 0]
    assert not same_bits(fits[0]._state.arrays, fits[1]._state.arrays)
    assert not list(tmp_path.rglob("*.pkl"))


@pytest.mark.slow
def test_one_fit_with_code_of_ones_own_compiles_once(data, monkeypatch):
    import skcnn._compiled_network as module

    made, compiled = [], module.compiled_model
    monkeypatch.setattr(
        module, "compiled_model", lambda *args: made.append(args) or compiled(*args)
    )
    fit = small(loss=focal, epochs=2).fit(*data)
    assert len(made) == 1
    for _ in range(3):
        fit.predict(data[0])
    assert len(made) == 2  # predicting needs no loss, and shares what there is


def test_why_nothing_is_shared(data):
    settings = small(loss=Focal, optimizer=OwnAdam).fit(*data)._settings
    assert "optimizer has code of your own (OwnAdam)" in settings.not_shared_because
    assert not settings.is_stable


# --------------------------------------------------------------------------------------
# Going on


@pytest.mark.slow
@pytest.mark.parametrize(
    "params", [{"loss": focal}, {"loss": Focal, "loss__gamma": 1.0}]
)
def test_warm_start_goes_on_with_the_same_loss_alone(params, data):
    two = small(**params, epochs=2).fit(*data)
    warm = small(**params, warm_start=True).fit(*data)
    warm.set_params(optimizer__learning_rate=0.001).fit(*data)
    assert same_bits(warm._state.arrays, two._state.arrays)
    warm.set_params(loss="categorical_crossentropy", **dict.fromkeys(list(params)[1:]))
    vars(warm).pop("loss__gamma", None)
    with pytest.raises(ValueError, match="other settings"):
        warm.fit(*data)


# --------------------------------------------------------------------------------------
# Keras' own losses whose names do not tell all


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["circle", "CategoricalGeneralizedCrossEntropy"])
def test_a_loss_of_keras_that_wants_codes_gets_them(loss, data):
    fitted = small(loss=loss).fit(*data)
    assert np.isfinite(fitted.history_["loss"]).all()


def test_a_loss_of_keras_that_no_label_suits_is_refused(data):
    with pytest.raises(ValueError, match=r"loss must be a function .* got CTC"):
        small(loss="ctc").fit(*data)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["dice", "tversky"])
def test_a_loss_of_keras_that_weights_cannot_reach_is_refused_with_them(loss, data):
    X, y = data
    small(loss=loss).fit(X, y)
    with pytest.raises(ValueError, match="one number for a whole batch"):
        small(loss=loss).fit(X, y, sample_weight=1.0 + y)
    with pytest.raises(ValueError, match="one number for a whole batch"):
        small(loss=loss, class_weight={y[0]: 2}).fit(X, y)


@pytest.mark.slow
@pytest.mark.parametrize(
    "short, whole", [("mse", "mean_squared_error"), ("kld", "KLDivergence")]
)
def test_a_short_name_of_keras_is_the_whole_one(short, whole, data):
    X, y = data
    one, other = (small(loss=loss).fit(X, y) for loss in (short, whole))
    assert np.array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize(
    "params, meant",
    [({"optimizer": "adamm"}, "adam"), ({"loss": "Poison"}, "poisson")],
)
def test_a_slip_in_a_name_is_answered(params, meant, data):
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        small(**params).fit(*data)


def test_an_argument_of_keras_that_would_be_lost_is_named_as_it_is_given(data):
    with pytest.raises(ValueError, match=r"loss=Huber, loss__delta=0\.1;"):
        small(loss=keras.losses.Huber(0.1)).fit(*data)
    small(loss=keras.losses.Huber, loss__delta=0.1).fit(*data)
