"""Augmentation changes training images alone, by nothing but the run's seed and the epoch."""

import keras
import numpy as np
import pytest
from comparisons import same_state

from skcnn import ConvPoolClassifier, clear_cache
from skcnn._augmentation import augmentation_config, augmented_images
from skcnn._seeds import epoch_order

SHAPE = (16, 16, 1)
SMALL = {
    "conv_layers": [(4, 3, 2, 2)],
    "convs_per_block": 1,
    "dense_layers": (),
    "batch_size": 32,
    "random_state": 0,
}


def is_keras_own(config):
    return not any(recipe.users_code for recipe in config)


def augmented(augmentation, images):
    """Images as one pass of augmentation leaves them."""
    return augmented_images(augmentation, images, seed=0, n_epochs=1)[0]


@pytest.fixture
def images():
    return np.random.RandomState(0).randint(1, 256, (200, *SHAPE)).astype(np.uint8)


def test_flip_mirrors_about_half_of_the_images(images):
    flipped = augmented("flip", images)
    as_it_was = (flipped == images).all(axis=(1, 2, 3))
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (as_it_was ^ mirrored).all()
    assert 70 < mirrored.sum() < 130


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (32, 32), (16, 32), (1, 12)])
def test_shift_moves_by_whole_pixels_and_mirrors_at_the_border(shape):
    height, width = shape
    down, right = (
        0 if side == 1 else max(1, side // 16) for side in shape
    )  # a strip is not shifted across itself
    images = np.random.RandomState(0).randint(1, 256, (800, *shape, 1)).astype(np.uint8)
    padded = np.pad(
        images, [(0, 0), (down, down), (right, right), (0, 0)], mode="symmetric"
    )
    found = [
        [
            (row, column)
            for row in range(2 * down + 1)
            for column in range(2 * right + 1)
            if np.array_equal(shifted, whole[row:][:height, column:][:, :width])
        ]
        for shifted, whole in zip(augmented("shift", images), padded, strict=True)
    ]
    assert all(found)  # every image is the original, moved by some row and column
    assert len({places[0] for places in found}) == (2 * down + 1) * (
        2 * right + 1
    )  # and every move occurs


def test_both_is_both(images):
    names = [layer.name for layer in augmentation_config("flip+shift", SHAPE)]
    assert names == ["RandomFlip", "RandomTranslation"]


def test_equal_layers_are_equal_whatever_seed_and_name_they_drew():
    one, other = (
        augmentation_config(keras.layers.RandomRotation(0.1), SHAPE) for _ in range(2)
    )
    assert one == other
    assert one != augmentation_config(keras.layers.RandomRotation(0.2), SHAPE)


def test_layers_inside_layers():
    pipeline = keras.layers.Pipeline(
        [keras.layers.RandomFlip("vertical"), keras.layers.RandomBrightness(0.1)]
    )
    config = augmentation_config(pipeline, SHAPE)
    assert is_keras_own(config)
    assert config == augmentation_config(
        keras.layers.Pipeline(
            [keras.layers.RandomFlip("vertical"), keras.layers.RandomBrightness(0.1)]
        ),
        SHAPE,
    )


@keras.saving.register_keras_serializable("test_augmentation")
class Darken(keras.layers.Layer):
    def call(self, images, training=False):
        return images * 0.5 if training else images


def test_a_layer_of_the_users_own_is_not_shared():
    assert not is_keras_own(augmentation_config(Darken(), SHAPE))
    assert not is_keras_own(
        augmentation_config(keras.layers.Pipeline([Darken()]), SHAPE)
    )


def test_a_batch_by_itself_is_changed_as_in_training(images):
    """What the display shows: the loss of an epoch is that of its images, if nothing is learned meanwhile."""
    images, labels = images[:8], np.arange(8) % 2
    frozen = {
        **SMALL,
        "dropout": 0.0,
        "optimizer": "sgd",
        "optimizer__learning_rate": 1e-12,
        "epochs": 2,
    }
    clear_cache()
    trained = ConvPoolClassifier(**frozen, augmentation="flip+shift").fit(
        images, labels
    )
    order = [epoch_order(0, epoch, 8) for epoch in range(2)]
    for epoch in range(2):
        batch = augmented_images(
            "flip+shift", images[order[epoch]], seed=0, n_epochs=2
        )[epoch].astype(np.uint8)
        by_hand = trained.model_.evaluate(
            batch.astype("float32"), labels[order[epoch]], verbose=0
        )[0]
        assert trained.history_["loss"][epoch] == pytest.approx(by_hand, rel=1e-5)


# ---------------------------------------------------------------------------------------------------------------
# In a fit


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return X[:150], y[:150]


def fit(augmentation, data, epochs=2, **params):
    clear_cache()
    return ConvPoolClassifier(
        **{**SMALL, **params}, augmentation=augmentation, epochs=epochs
    ).fit(*data)


@pytest.mark.parametrize(
    "augmentation", ["flip", "shift", "flip+shift", [keras.layers.RandomRotation(0.1)]]
)
def test_it_changes_training_and_is_fixed_by_the_seed(augmentation, data):
    one, again = fit(augmentation, data), fit(augmentation, data)
    assert same_state(one._state, again._state)
    assert not same_state(one._state, fit(None, data)._state)


def test_a_layer_that_does_nothing_changes_nothing(data):
    idle = keras.layers.RandomBrightness(0.0)
    assert same_state(fit(idle, data)._state, fit(None, data)._state)


def test_a_layer_without_chance_equals_the_images_it_makes(data):
    X, y = data
    ours = fit(Darken(), data)
    by_hand = fit(None, ((X * np.float32(0.5)), y), image_shape=(8, 8))
    ours_scaled = fit(Darken(), (X.astype("float32"), y))
    assert same_state(ours_scaled._state, by_hand._state)
    assert not same_state(
        ours._state, by_hand._state
    )  # uint8 is scaled besides, inside the network


def test_each_epoch_draws_anew(data):
    """One batch and a learning rate of next to nothing: the loss is that of the images as they were changed."""
    X, y = data
    two = fit(
        "shift",
        (X[:2], y[:2]),
        epochs=8,
        batch_size=2,
        dropout=0.0,
        optimizer__learning_rate=1e-12,
    )
    assert len(set(two.history_["loss"])) > 4


def test_predictions_and_validation_leave_images_alone(data):
    X, y = data
    clear_cache()
    clf = ConvPoolClassifier(
        **SMALL, augmentation=Darken(), epochs=2, optimizer__learning_rate=1e-12
    )
    clf.fit(X, y, validation_data=(X, y))
    plain = ConvPoolClassifier(**SMALL, epochs=2, optimizer__learning_rate=1e-12).fit(
        X, y, validation_data=(X, y)
    )
    np.testing.assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-6)
    assert clf.history_["val_loss"] == pytest.approx(
        plain.history_["val_loss"], rel=1e-5
    )
    assert clf.history_["loss"] != pytest.approx(plain.history_["loss"], rel=1e-3)
    assert len(clf.model_.layers) == len(plain.model_.layers)


def test_callers_layers_are_left_alone(data):
    layer = keras.layers.RandomFlip("horizontal", seed=3)
    before = [variable.numpy().tolist() for variable in layer.variables]
    fit([layer], data)
    assert [variable.numpy().tolist() for variable in layer.variables] == before
    assert layer.get_config()["seed"] == 3


def test_global_generators_are_left_alone(data):
    import random

    fit("flip+shift", data)  # whatever is made once
    states = random.getstate(), np.random.get_state()[1].tolist()
    fit("flip+shift", data)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
