"""Augmentation changes training images alone, by nothing but the run's seed and the
epoch.
"""

import copy
import hashlib
import pickle
import random
import subprocess
import sys
import warnings

import cloudpickle
import keras
import numpy as np
import pytest
import tensorflow as tf
from comparisons import same_state
from networks import TINY
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier
from skcnn._augmentation import (
    augmentation_config,
    augmented_images,
    check_pixel_range,
)
from skcnn._seeds import epoch_order
from skcnn._states import STATES

SHAPE = (16, 16, 1)
SMALL = TINY | {"batch_size": 32}


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


@pytest.mark.slow
def test_a_batch_by_itself_is_changed_as_in_training(images):
    """What the display shows: the loss of an epoch is that of its images, if nothing is
    learned meanwhile.
    """
    images, labels = images[:8], np.arange(8) % 2
    frozen = {
        **SMALL,
        "dropout": 0.0,
        "optimizer": "sgd",
        "optimizer__learning_rate": 1e-12,
        "epochs": 2,
    }
    STATES.clear()
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


# --------------------------------------------------------------------------------------
# In a fit


def fit(augmentation, data, epochs=2, **params):
    STATES.clear()
    return ConvPoolClassifier(
        **{**SMALL, **params}, augmentation=augmentation, epochs=epochs
    ).fit(*data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "augmentation", ["flip", "shift", "flip+shift", [keras.layers.RandomRotation(0.1)]]
)
def test_it_changes_training_and_is_fixed_by_the_seed(augmentation, data):
    one, again = fit(augmentation, data), fit(augmentation, data)
    assert same_state(one._state, again._state)
    assert not same_state(one._state, fit(None, data)._state)


@pytest.mark.slow
def test_a_layer_that_does_nothing_changes_nothing(data):
    idle = keras.layers.RandomBrightness(0.0)
    assert same_state(fit(idle, data)._state, fit(None, data)._state)


@pytest.mark.slow
def test_a_layer_without_chance_equals_the_images_it_makes(data):
    X, y = data
    ours = fit(Darken(), data)
    by_hand = fit(None, ((X * np.float32(0.5)), y), image_shape=(8, 8))
    ours_scaled = fit(Darken(), (X.astype("float32"), y))
    assert same_state(ours_scaled._state, by_hand._state)
    assert not same_state(
        ours._state, by_hand._state
    )  # uint8 is scaled besides, inside the network


@pytest.mark.slow
def test_each_epoch_draws_anew(data):
    """One batch and a learning rate of next to nothing: the loss is that of the images
    as they were changed.
    """
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


@pytest.mark.slow
def test_predictions_and_validation_leave_images_alone(data):
    X, y = data
    STATES.clear()
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


@pytest.mark.slow
def test_callers_layers_are_left_alone(data):
    layer = keras.layers.RandomFlip("horizontal", seed=3)
    before = [variable.numpy().tolist() for variable in layer.variables]
    fit([layer], data)
    assert [variable.numpy().tolist() for variable in layer.variables] == before
    assert layer.get_config()["seed"] == 3


@pytest.mark.slow
def test_global_generators_are_left_alone(data):
    fit("flip+shift", data)  # whatever is made once
    states = random.getstate(), np.random.get_state()[1].tolist()
    fit("flip+shift", data)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


# --------------------------------------------------------------------------------------
# The bits of a release stay those of the next

DIGESTS = {
    "flip": "b6265ded197efc95",
    "shift": "9a23e2c7c97fb93d",
    "flip+shift": "3db390c8086a1825",
}


@pytest.fixture
def colors():
    return np.random.RandomState(0).randint(0, 256, (64, 16, 16, 3)).astype(np.uint8)


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


def digest(augmentation, images):
    changed = augmented_images(augmentation, images, seed=5, n_epochs=2)
    return hashlib.sha1(b"".join(map(np.ndarray.tobytes, changed))).hexdigest()[:16]


@pytest.mark.parametrize("name", DIGESTS)
def test_bits_are_those_that_were_published(name, colors):
    assert digest(name, colors) == DIGESTS[name]


# --------------------------------------------------------------------------------------
# Channels come last, whatever Keras is set to


@pytest.mark.parametrize("name", DIGESTS)
def test_the_data_format_of_keras_has_no_say(name, colors, channels_first):
    assert digest(name, colors) == DIGESTS[name]


LAST = {"data_format": "channels_last", "seed": 0}

is_old_keras = tuple(map(int, keras.__version__.split(".")[:2])) < (3, 14)
loses_its_format = pytest.mark.skipif(
    is_old_keras, reason="Keras 3.10 leaves data_format out of the layer's config"
)
draws_from_numpy = pytest.mark.skipif(
    is_old_keras, reason="RandAugment of Keras 3.10 draws from a global generator"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.RandomRotation(0.1, **LAST),
        lambda: keras.layers.RandomZoom(0.2, **LAST),
        pytest.param(
            lambda: keras.layers.RandomContrast(0.3, **LAST), marks=loses_its_format
        ),
        pytest.param(
            lambda: keras.layers.RandomErasing(0.5, **LAST), marks=loses_its_format
        ),
        pytest.param(lambda: keras.layers.RandAugment(**LAST), marks=draws_from_numpy),
    ],
)
def test_nor_has_it_in_layers_that_say_it_themselves(make, colors, request):
    expected = augmented(make(), colors)
    request.getfixturevalue("channels_first")
    assert np.array_equal(augmented(make(), colors), expected)


class Inside(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flip = keras.layers.RandomFlip("horizontal", seed=0)

    def call(self, images, training=False):
        return self.flip(images, training=training)


FIRST = {"data_format": "channels_first"}
CHANNELS_FIRST = {
    "layer": lambda: keras.layers.RandomFlip(**FIRST),
    "list": lambda: [
        keras.layers.GaussianNoise(0.1),
        keras.layers.RandomZoom(0.1, **FIRST),
    ],
    "Pipeline": lambda: keras.layers.Pipeline([keras.layers.RandomFlip(**FIRST)]),
    "Sequential": lambda: keras.Sequential([keras.layers.RandomRotation(0.1, **FIRST)]),
    "inside another": lambda: keras.layers.RandAugment(**FIRST),
}


@pytest.mark.parametrize("make", CHANNELS_FIRST.values(), ids=CHANNELS_FIRST)
def test_layers_for_channels_first_are_refused(make):
    with pytest.raises(ValueError, match=r"augmentation.*data_format='channels_last'"):
        augmentation_config(make(), (8, 8, 3))


@pytest.mark.parametrize("make", [keras.layers.RandomFlip, Inside])
def test_also_where_it_is_the_setting_of_keras(make, channels_first):
    with pytest.raises(ValueError, match=r"augmentation.*data_format='channels_last'"):
        augmentation_config(make(), (8, 8, 3))


# --------------------------------------------------------------------------------------
# Chains of layers in any form


def functional(layers):
    inputs = outputs = keras.Input(SHAPE)
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


FORMS = {
    "Sequential": keras.Sequential,
    "Sequential with an Input": lambda layers: keras.Sequential(
        [keras.Input(SHAPE), *layers]
    ),
    "Sequential inside": lambda layers: keras.Sequential([keras.Sequential(layers)]),
    "Sequential in a list": lambda layers: [keras.Sequential(layers[:1]), layers[1:]],
    "functional": functional,
}


def two_layers():
    return [keras.layers.RandomFlip("vertical"), keras.layers.RandomRotation(0.1)]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_chain_is_the_list_of_its_layers(form, images):
    expected = augmentation_config(two_layers(), SHAPE)
    assert augmentation_config(form(two_layers()), SHAPE) == expected
    assert len(expected) == 2


def test_a_pipeline_is_its_layers_in_a_row(images):
    pipeline = keras.layers.Pipeline(two_layers())
    assert np.array_equal(augmented(pipeline, images), augmented(two_layers(), images))


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_sequential_in_a_search(data):
    sequential = keras.Sequential(two_layers())
    net = ConvPoolClassifier(**SMALL, epochs=1, augmentation=sequential)
    search = GridSearchCV(net, {"batch_size": [32]}, cv=2, error_score="raise")
    fitted = search.fit(*data).best_estimator_
    assert same_state(fitted._state, fit(two_layers(), data, epochs=1)._state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytest takes away the filter of the package
        copied = pickle.loads(pickle.dumps(fitted))
    assert copied.score(*data) == fitted.score(*data)


def test_branches_are_refused():
    inputs = keras.Input(SHAPE)
    outputs = keras.layers.Average()(
        [keras.layers.RandomFlip()(inputs), keras.layers.GaussianNoise(0.1)(inputs)]
    )
    with pytest.raises(ValueError, match=r"augmentation.*keras\.Sequential"):
        augmentation_config(keras.Model(inputs, outputs), SHAPE)


# --------------------------------------------------------------------------------------
# Taken or refused by what a layer does


def own(function, name="Own"):
    """A layer of one's own from a function of the layer, images and training."""

    def call(self, images, training=False):
        return function(self, images, training)

    return type(name, (keras.layers.Layer,), {"call": call, "__module__": __name__})()


def in_training(function):
    return own(lambda self, x, training: function(x) if training else x)


class Half(keras.layers.MixUp):
    pass


def numpy_noise(images):
    return np.random.normal(images).astype("float32")


GENERATOR = tf.random.Generator.from_seed(0)
REFUSED = {
    "mixes": (in_training(lambda x: 0.5 * (x + x[::-1])), "others of its batch"),
    "mixes, Lambda": (
        keras.layers.Lambda(lambda x: 0.9 * x + 0.1 * tf.roll(x, 1, 0)),
        "others of its batch",
    ),
    "subclass": (Half(), "Half, which mixes labels"),
    "in Sequential": (keras.Sequential([keras.layers.CutMix()]), "CutMix, which mixes"),
    "Python": (in_training(lambda x: x * random.random()), "generator of Python"),
    "NumPy": (
        in_training(lambda x: x * np.random.rand()),
        "generator of Python or NumPy",
    ),
    "NumPy at each call": (
        in_training(
            lambda x: tf.ensure_shape(
                tf.numpy_function(numpy_noise, [x], tf.float32), (None, *SHAPE)
            )
        ),
        "another result",
    ),
    "TensorFlow": (
        in_training(lambda x: x + tf.random.normal(tf.shape(x))),
        "generator of TensorFlow",
    ),
    "TensorFlow, in a loop": (
        in_training(lambda x: tf.map_fn(tf.image.random_flip_left_right, x)),
        "generator of TensorFlow",
    ),
    "TensorFlow, own seed": (
        in_training(lambda x: tf.image.random_brightness(x, 0.1, seed=3)),
        "generator of TensorFlow",
    ),
    "TensorFlow's Generator": (
        in_training(lambda x: x + GENERATOR.normal(tf.shape(x))),
        "generator of TensorFlow",
    ),
    "Keras without a seed": (
        in_training(lambda x: x + keras.random.normal(keras.ops.shape(x))),
        "SeedGenerator",
    ),
    "type": (in_training(lambda x: tf.cast(x, tf.float16)), "dtype='float32'"),
    "type of the layer": (keras.layers.RandomFlip(dtype="float16"), "dtype='float32'"),
    "number of images": (in_training(lambda x: x[:1]), "shape"),
    "weights": (keras.layers.Dense(1), "weights"),
    "scales": (keras.layers.Rescaling(1 / 255), "uint8"),
    "scales, in Sequential": (
        keras.Sequential([keras.layers.RandomFlip(), keras.layers.Rescaling(1 / 255)]),
        "predicting",
    ),
    "fails": (keras.layers.RandomHue(0.1), r"RandomHue fails on .*\(16, 16, 1\)"),
    "function": (np.fliplr, r"class Augment\(keras\.layers\.Layer\)"),
    "class": (keras.layers.RandomFlip, r"not its class: RandomFlip\(\)"),
    "one's own inside": (
        keras.layers.Pipeline([in_training(lambda x: x)]),
        "Pipeline holds Own.*in a list",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "says"), REFUSED.values(), ids=REFUSED)
def test_what_augmentation_must_not_do_is_refused(layer, says):
    states = random.getstate(), np.random.get_state()[1].tolist()
    with pytest.raises((TypeError, ValueError), match=f"(?s)augmentation.*{says}"):
        augmentation_config(layer, SHAPE)
    if says != "another result":  # that one draws whenever it is called
        assert (random.getstate(), np.random.get_state()[1].tolist()) == states


class Noise(keras.layers.Layer):
    """Random in predicting, too, if Keras called it there."""

    def __init__(self, level, **kwargs):
        super().__init__(**kwargs)
        self.level = level
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images):
        noise = keras.random.normal(keras.ops.shape(images), seed=self.seed_generator)
        return images + self.level * noise


TAKEN = {
    "noise of one's own": lambda: Noise(3.0),
    "Lambda": lambda: keras.layers.Lambda(
        lambda x, training: x[:, ::-1] if training else x
    ),
    "statistics of the batch": keras.layers.Equalization,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        *(pytest.param(make, id=name) for name, make in TAKEN.items()),
        pytest.param(keras.layers.RandAugment, id="many", marks=draws_from_numpy),
    ],
)
def test_what_augmentation_may_do_is_taken(make, images):
    layer = make()
    states = random.getstate(), np.random.get_state()[1].tolist()
    one = augmented(layer, images)
    assert np.array_equal(augmented(layer, images), one)
    assert not np.array_equal(one, images)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


class Forgetful(Noise):
    def get_config(self):
        return {"level": 1.0}


class Strict(keras.layers.Layer):
    def __init__(self):
        super().__init__()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Forgetful(3.0), r"'level' is 3\.0, and then 1\.0.*get_config"),
        (Strict, r"\*\*kwargs"),
        (lambda: keras.Sequential([Forgetful(3.0)]), "'level'"),
    ],
)
def test_a_layer_that_cannot_be_made_again_is_refused(make, says):
    net = ConvPoolClassifier(augmentation=make())
    for door in (
        lambda: augmentation_config(make(), SHAPE),
        lambda: clone(net),
        lambda: pickle.dumps(net),
    ):
        with pytest.raises(ValueError, match=f"augmentation.*{says}"):
            door()


def test_a_lambda_that_clone_would_change_is_refused_by_clone(images):
    layer = keras.layers.Lambda(
        lambda x, training: tf.reverse(x, [1]) if training else x
    )
    assert np.array_equal(augmented(layer, images), images[:, ::-1])
    with pytest.raises(ValueError, match=r"(?s)augmentation.*tf.*register_keras"):
        clone(ConvPoolClassifier(augmentation=layer))


@pytest.mark.parametrize("augmentation", [3, "mirror", [3], np.fliplr])
def test_clone_leaves_what_is_no_layer_to_fit(augmentation):
    assert (
        clone(ConvPoolClassifier(augmentation=augmentation)).augmentation
        == augmentation
    )


@pytest.mark.parametrize(
    ("value_range", "scale", "dtype", "fits"),
    [
        ((0, 255), 255, "uint8", True),
        ((0, 1), 255, "uint8", False),
        ((0, 255), 255, "float32", True),
        ((0, 255), 1, "float32", False),
        ((0, 1), 1, "float64", True),
        ((0, 1), -1, "float32", False),
    ],
)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: keras.layers.Pipeline([x]),
        lambda x: keras.Sequential([x]),
    ],
)
def test_pixels_must_be_in_the_range_of_a_layer(value_range, scale, dtype, fits, wrap):
    images = (np.random.RandomState(0).uniform(size=(20, *SHAPE)) * scale).astype(dtype)
    layer = wrap(keras.layers.RandomBrightness(0.2, value_range=value_range))
    config = augmentation_config(layer, SHAPE)
    if fits:
        check_pixel_range(config, images)
    else:
        with pytest.raises(
            ValueError, match=r"RandomBrightness is made for.*value_range="
        ):
            check_pixel_range(config, images)


def test_pixels_are_looked_at_in_fit(data):
    X, y = data
    with pytest.raises(ValueError, match=r"value_range=\(0, 1\)"):
        fit(keras.layers.RandomContrast(0.2), (X / 255, y))


# --------------------------------------------------------------------------------------
# A class of one's own, in a script or notebook, is registered nowhere


class Unregistered(keras.layers.Layer):
    """It keeps an argument, and makes its seeds as late as Keras allows."""

    def __init__(self, level=1.0, **kwargs):
        super().__init__(**kwargs)
        self.level = level

    def build(self, shape):
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, images, training=False):
        noise = keras.random.normal(keras.ops.shape(images), seed=self.seeds)
        return images + self.level * noise if training else images

    def get_config(self):
        return super().get_config() | {"level": self.level}


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
}


@pytest.mark.slow
@pytest.mark.parametrize("make_copy", COPIES.values(), ids=COPIES)
def test_a_class_that_keras_does_not_know_is_copied_exactly(make_copy, images):
    layer = Unregistered(3.0, name="mine")
    expected = augmented(layer, images)
    for given in (layer, [keras.layers.RandomFlip(), layer]):
        copied = make_copy(ConvPoolClassifier(augmentation=given)).augmentation
        last = copied[-1] if isinstance(copied, list) else copied
        assert last is not layer and type(last) is Unregistered
        assert (last.level, last.name) == (3.0, "mine")
        assert np.array_equal(augmented(last, images), expected)


def test_an_edited_class_of_the_same_name_is_another_one():
    def edition(level):
        body = {"call": lambda self, images, training=False: images, "level": level}
        cls = type("Edited", (keras.layers.Layer,), body)
        return keras.saving.register_keras_serializable("test_editions")(cls)

    old, new = edition(1)(), edition(2)()
    assert copy.deepcopy(old).level == 1
    assert copy.deepcopy(new).level == 2


def test_layers_with_weights_are_left_to_keras():
    class Weighted(keras.layers.Dense):
        pass

    layer = Weighted(2)
    layer.build((None, 3))
    with pytest.raises(TypeError, match="Could not locate class"):
        copy.deepcopy(layer)
    known = copy.deepcopy(keras.layers.Dense(2))
    assert known.units == 2


@pytest.mark.slow
def test_a_class_of_ones_own_in_a_grid(data):
    grid = {"augmentation": [None, Unregistered(3.0), [Unregistered(30.0)]]}
    net = ConvPoolClassifier(**SMALL, epochs=1)
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(*data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    plain = fit(Unregistered(3.0), data, epochs=1)
    refitted = search.set_params(param_grid={"augmentation": [Unregistered(3.0)]})
    assert same_state(refitted.fit(*data).best_estimator_._state, plain._state)


SCRIPT = """
import cloudpickle
import keras
import numpy as np
from sklearn.model_selection import GridSearchCV
from skcnn import ConvPoolClassifier

class Darken(keras.layers.Layer):
    def call(self, images, training=False):
        return images * 0.5 if training else images

X, y = np.ones((20, 6, 6)), np.arange(20) % 2
net = ConvPoolClassifier([(2, 3)], (), convs_per_block=1, epochs=1, random_state=0)
grid = {"augmentation": [None, Darken()]}
search = GridSearchCV(net, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
print(search.cv_results_["mean_test_score"])
"""


@pytest.mark.slow
def test_a_class_in_a_script_reaches_worker_processes(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "script.py"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count(".") == 2


@pytest.mark.parametrize(
    "given",
    [
        lambda: keras.Sequential([keras.layers.RandomFlip(), Unregistered()]),
        lambda: [keras.layers.RandomFlip(), keras.Sequential([Unregistered()])],
        lambda: keras.layers.Pipeline([Unregistered()]),
    ],
    ids=["Sequential", "in a list", "Pipeline"],
)
@pytest.mark.parametrize(
    "use",
    [clone, pickle.dumps, lambda clf: clf.fit(np.ones((8, 8, 8)), 4 * [0, 1])],
    ids=["clone", "pickle", "fit"],
)
def test_inside_another_layer_it_is_told_to_stand_in_a_list(use, given):
    clf = ConvPoolClassifier(conv_layers=[(4, 3)], augmentation=given())
    message = r"augmentation: (Sequential|Pipeline) holds Unregistered.*=\[\.\.\.\]"
    with pytest.raises(ValueError, match=message):
        use(clf)


def mirror(images):
    return images[:, :, ::-1]


@pytest.mark.parametrize(
    "function", [mirror, lambda images: images[:, :, ::-1]], ids=["named", "lambda"]
)
def test_a_function_is_told_a_layer_that_runs_as_printed(function, images):
    with pytest.raises(TypeError, match="in training alone") as error:
        augmentation_config(function, SHAPE)
    code = str(error.value).split("\n\n")[1].split("\nand give ")[0]
    scope = {"keras": keras, "mirror": function, "function": function}
    exec(code, scope)
    layer = scope["Augment"]()
    assert np.array_equal(augmented(layer, images), images[:, :, ::-1])
    copied = clone(ConvPoolClassifier(augmentation=layer)).augmentation
    assert np.array_equal(augmented(copied, images), images[:, :, ::-1])
    assert np.array_equal(layer(images, training=False), images)
