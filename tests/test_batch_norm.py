"""What batch normalization predicts with: statistics of the weights as they are, or
Keras' moving averages.
"""

from functools import partial

import keras
import numpy as np
import pytest
from comparisons import curves, same_bits, same_fit
from networks import TINY
from sklearn.model_selection import GridSearchCV

import skcnn._device as device
import skcnn._training as training
from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._backend import tf
from skcnn._network import dropout_states
from skcnn._program import POOL
from skcnn._runtime import unrewritten_graphs
from skcnn._seeds import epoch_order, fixed_order, generator_state
from skcnn._trajectory import STATES

small = partial(
    ConvPoolClassifier,
    **TINY | {"conv_layers": [(4, 3), (4, 3)]},
    batch_norm=True,
    batch_size=16,
    optimizer__learning_rate=0.01,
)


pytestmark = pytest.mark.usefixtures("nothing_shared")


@pytest.fixture
def states_kept():
    STATES.resize(2**20)
    yield
    STATES.resize(0)


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return X[:300], y[:300]


def statistics(model):
    """Moving mean and variance of each layer that has them."""
    layers = [layer for layer in model.layers if hasattr(layer, "moving_mean")]
    return [
        value.numpy()
        for layer in layers
        for value in (layer.moving_mean, layer.moving_variance)
    ]


def kernels(model):
    return [weight.numpy() for weight in model.trainable_weights]


# --------------------------------------------------------------------------------------
# What they are


@pytest.mark.slow
def test_statistics_are_the_means_over_batches(data):
    """By hand: of what the convolution makes of each batch, its share being its number
    of images.
    """
    X, y = data[0][:70], data[1][:70]  # the last batch has 6
    model = small(conv_layers=[(4, 3)], epochs=2).fit(X, y).model_
    norm = model.get_layer("block1_conv1_norm")
    seen = np.float64(keras.Model(model.inputs[0], norm.input)(X))
    batches = np.split(seen[fixed_order(0, "statistics", 70)], range(16, 70, 16))
    shares = [len(batch) / 70 for batch in batches]
    means = [batch.mean(axis=(0, 1, 2)) for batch in batches]
    variances = [batch.var(axis=(0, 1, 2)) for batch in batches]
    expected = [np.average(each, 0, shares) for each in (means, variances)]
    np.testing.assert_allclose(statistics(model), expected, rtol=1e-5)


DESIGNS = {
    "two blocks, with dropout": {},
    "branches of parallel kernels": {
        "conv_layers": [ConvBlock(2, (1, 3))],
        "n_branches": 2,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_statistics_are_those_of_keras_layers_told_to_average(name, data, monkeypatch):
    """The live layers of a plain Keras model, without dropout; with several chunks, and
    images to spare.
    """
    monkeypatch.setattr(training, "STATISTICS_SAMPLES", 70)
    monkeypatch.setattr(device, "CHUNK_SAMPLES", 32)
    X, y = data
    weights = np.linspace(0.5, 1.5, len(X))  # they have no say in statistics
    model = small(**DESIGNS[name], epochs=1).fit(X, y, sample_weight=weights).model_
    found = statistics(model)
    norms = [layer for layer in model.layers if hasattr(layer, "moving_mean")]
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    order = fixed_order(0, "statistics", len(X))[:70]
    for start in range(0, 70, 16):
        stop = min(start + 16, 70)
        for norm in norms:
            norm.momentum = start / stop
        model(X[order[start:stop]].astype("float32"), training=True)
    expected = statistics(model)
    assert len(found) == 2 * len(norms) > 2
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


# --------------------------------------------------------------------------------------
# What they are for


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("n", "batch_size"), [(300, 16), (300, 8), (300, 300), (60, 128)]
)
def test_what_is_learned_is_there_in_predict(n, batch_size, seed, data):
    X, y = data[0][:n], data[1][:n]
    params = {"batch_size": batch_size, "random_state": seed, "epochs": 8}
    fitted = small(**params).fit(X, y)
    assert fitted.score(X, y) > fitted.history_["accuracy"][-1] - 0.03


@pytest.mark.slow
def test_moving_averages_know_little_after_few_steps(data):
    moving = small(epochs=8, batch_norm_statistics="moving").fit(*data)
    assert moving.score(*data) < small(epochs=8).fit(*data).score(*data) - 0.2


@pytest.mark.slow
def test_what_is_measured_while_training_is_what_predicts(digits, data):
    X, y = digits
    X_new, y_new = X[300:400], y[300:400]
    fitted = small(epochs=2).fit(*data, validation_data=(X_new, y_new))
    score = fitted.score(X_new, y_new)
    assert fitted.history_["val_accuracy"][-1] == pytest.approx(score)
    stopped = small(epochs=3, early_stopping=True).fit(
        *data, validation_data=(X_new, y_new)
    )
    best = stopped.history_["val_accuracy"][stopped.best_iter_ - 1]
    assert stopped.score(X_new, y_new) == pytest.approx(best)
    by_keras = fitted.model_.predict(X_new.astype("float32"), verbose=0)
    np.testing.assert_allclose(fitted.predict_proba(X_new), by_keras, atol=1e-5)


# --------------------------------------------------------------------------------------
# What they leave alone


@pytest.mark.slow
def test_training_never_reads_them(data):
    params = {"epochs": 3, "augmentation": "shift"}
    fresh = small(**params).fit(*data)
    moving = small(**params, batch_norm_statistics="moving").fit(*data)
    assert same_bits(kernels(fresh.model_), kernels(moving.model_))
    assert curves(fresh.history_) == curves(moving.history_)
    assert not same_bits(statistics(fresh.model_), statistics(moving.model_))


@pytest.mark.slow
def test_moving_averages_are_those_of_keras_own_steps(data):
    X, y = data[0][:64], data[1][:64]
    fitted = small(epochs=1, batch_norm_statistics="moving").fit(X, y)
    plain = small().initialize(X, y).model_
    for name, state in dropout_states(fitted.architecture_, plain):
        state.assign(generator_state(0, "dropout", 0, name))
    step, order = tf.function(plain.train_step), epoch_order(0, 0, 64)
    for start in range(0, 64, 16):
        batch = order[start : start + 16]
        with unrewritten_graphs():
            step((tf.constant(X[batch], tf.float32), tf.constant(y[batch])))
    assert same_bits(statistics(fitted.model_), statistics(plain))
    assert same_bits(kernels(fitted.model_), kernels(plain))


def test_without_batch_norm_there_is_nothing_to_take(data, states_kept):
    params = {"batch_norm": False, "epochs": 1}
    fitted = small(**params).fit(*data)
    with POOL.borrow(fitted.architecture_, fitted._settings) as program:
        assert "statistics" not in {name for name, *_ in program.network._graphs}
    shared = small(**params, batch_norm_statistics="moving").fit(*data)
    assert shared.history_ == fitted.history_, "one run, with the same times"


@pytest.mark.slow
def test_fresh_and_moving_statistics_are_two_runs(data, states_kept):
    fresh = small(epochs=2).fit(*data)
    moving = small(epochs=2, batch_norm_statistics="moving").fit(*data)
    STATES.clear()
    alone = small(epochs=2, batch_norm_statistics="moving").fit(*data)
    assert same_fit(moving, alone, data[0])
    assert not same_fit(moving, fresh, data[0])


# --------------------------------------------------------------------------------------
# Together with what goes on, and with callbacks


@pytest.mark.slow
@pytest.mark.parametrize("before", ["fresh", "moving"])
def test_going_on_equals_one_fit(before, data):
    warm = small(epochs=1, warm_start=True, batch_norm_statistics=before).fit(*data)
    warm.set_params(batch_norm_statistics="fresh").fit(*data)
    whole = small(epochs=2).fit(*data)
    assert same_fit(warm, whole, data[0])
    parts = small().partial_fit(*data).partial_fit(*data)
    assert same_fit(parts, whole, data[0])


def test_going_on_with_moving_averages_starts_from_those_there_are(data):
    warm = small(epochs=1, warm_start=True).fit(*data)
    before = statistics(warm.model_)
    warm.set_params(batch_norm_statistics="moving").fit(data[0][:16], data[1][:16])
    mean, old = statistics(warm.model_)[0], before[0]  # after one step
    assert not np.array_equal(mean, old)
    np.testing.assert_allclose(mean, old, rtol=0.05)


class Halves(keras.callbacks.Callback):
    """Sets other weights when training ends, as averaging ones do."""

    def on_train_end(self, logs=None):
        self.model.set_weights([weight / 2 for weight in self.model.get_weights()])


@pytest.mark.slow
def test_weights_that_a_callback_sets_get_statistics_of_their_own(data):
    usual = small(epochs=1).fit(*data)
    halved = small(epochs=1, callbacks=Halves).fit(*data)
    # What the first convolution makes is halved: its variance is a quarter.
    for one, other in zip(
        statistics(halved.model_), statistics(usual.model_), strict=True
    ):
        assert not np.array_equal(one, other)
    np.testing.assert_allclose(
        statistics(halved.model_)[1], statistics(usual.model_)[1] / 4, rtol=1e-4
    )


@pytest.mark.slow
def test_a_search_over_both(data):
    grid = {"batch_norm_statistics": ["fresh", "moving"]}
    search = GridSearchCV(small(epochs=8), grid, cv=3).fit(*data)
    assert search.best_params_ == {"batch_norm_statistics": "fresh"}
