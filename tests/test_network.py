"""Plan -> Keras: the same counts and shapes, and weights that are a pure function of
the seed.
"""

import dataclasses
import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures

from skcnn import _seeds, presets
from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._blocks import ConvBlock
from skcnn._network import build_model, dropout_states, initial_kernels
from skcnn._options import ACTIVATIONS, HEADS

# One network with every kind of layer that has variables, and some that have none.
RICH = Architecture.from_parameters(
    (9, 8, 2),
    3,
    conv_layers=[
        ConvBlock(3, ((1, 1), (3, 3)), batch_norm=True, dropout=0.1),
        ConvBlock(4, 3, None),
        ConvBlock(4, 3, None),
    ],
    dense_layers=[5, 5],
    dense_dropout=0.5,
    n_branches=2,
    scale=1 / 255,
)


def design(**parameters):
    return Architecture.from_parameters((8, 8, 3), 3, **parameters)


def published_design(name):
    architecture = {
        key: value
        for key, value in presets.NETWORKS[name].items()
        if key in ARCHITECTURE_PARAMETERS
    }
    return Architecture.from_parameters(
        presets.PUBLISHED[name].image_shape, 10, **architecture
    )


def n_values(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


def assert_equal_weights(first, second):
    # The seeds of the dropout layers are no weights.
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


# --------------------------------------------------------------------------------------
# The arithmetic of the plan against Keras


@pytest.mark.parametrize("name", presets.PUBLISHED)
def test_published_networks_have_the_published_number_of_parameters(name):
    published, architecture = presets.PUBLISHED[name], published_design(name)
    model = build_model(architecture, seed=0)
    assert model.count_params() == architecture.n_params == published.n_params
    assert (
        n_values(model.non_trainable_weights)
        == architecture.n_non_trainable
        == published.n_non_trainable
    )
    assert model.output_shape == (None, 10)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(architectures())
def test_counts_and_shapes_are_those_of_keras(architecture):
    model = build_model(architecture, seed=0)
    assert model.count_params() == architecture.n_params
    assert n_values(model.trainable_weights) == architecture.n_trainable
    assert n_values(model.non_trainable_weights) == architecture.n_non_trainable
    found = {
        layer.name: (layer.output.shape, layer.count_params()) for layer in model.layers
    }
    assert found == {
        layer.name: ((None, *layer.output_shape), layer.n_params)
        for layer in architecture.layers
    }


# --------------------------------------------------------------------------------------
# The layers do what the plan says


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_keras_knows_every_activation(activation):
    model = build_model(
        design(
            conv_layers=[ConvBlock(2, activation=activation)], activation=activation
        ),
        seed=0,
    )
    expected = keras.activations.get(activation)
    assert (
        model.get_layer("block1_conv2").activation
        == model.get_layer("dense1").activation
        == expected
    )
    assert model.get_layer("output").activation == keras.activations.softmax


@pytest.mark.parametrize(
    ("parameters", "name", "cls"),
    [
        ({"pooling": "max"}, "block1_pool", keras.layers.MaxPooling2D),
        ({"pooling": "avg"}, "block1_pool", keras.layers.AveragePooling2D),
        ({"head": "flatten"}, "flatten", keras.layers.Flatten),
        ({"head": "global_avg"}, "global_avg", keras.layers.GlobalAveragePooling2D),
        ({"head": "global_max"}, "global_max", keras.layers.GlobalMaxPooling2D),
    ],
)
def test_choices_of_layer(parameters, name, cls):
    assert (
        type(
            build_model(design(conv_layers=[(2,)], **parameters), seed=0).get_layer(
                name
            )
        )
        is cls
    )


def test_rates_of_dropout():
    architecture = design(
        conv_layers=[ConvBlock(2, dropout=0.1), (2,)], dropout=0.3, dense_dropout=0.6
    )
    model = build_model(architecture, seed=0)
    rates = {
        layer.name: layer.rate
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    }
    assert rates == {
        "block1_dropout": 0.1,
        "block2_dropout": 0.3,
        "dense1_dropout": 0.6,
    }


def test_norm_limits_hold_for_each_filter_and_each_unit():
    architecture = design(
        conv_layers=[ConvBlock(4, max_norm=2)], dense_layers=[5], dense_max_norm=3
    )
    model = build_model(architecture, seed=0)
    for name, limit in [("block1_conv2", 2), ("dense1", 3)]:
        kernel = model.get_layer(name).kernel
        scaled = model.get_layer(name).kernel_constraint(kernel * 100).numpy()
        # The last axis counts the filters or units.
        norms = np.linalg.norm(scaled.reshape(-1, scaled.shape[-1]), axis=0)
        np.testing.assert_allclose(norms, limit, rtol=1e-4)


def test_without_a_norm_limit_there_is_no_constraint():
    model = build_model(
        design(conv_layers=[ConvBlock(4, max_norm=0)], max_norm=2, dense_max_norm=2),
        seed=0,
    )
    assert model.get_layer("block1_conv1").kernel_constraint is None
    assert model.get_layer("dense1").kernel_constraint is not None
    assert model.get_layer("output").kernel_constraint is None, (
        "dense_max_norm is for the hidden layers"
    )


def alexnet_by_hand():
    """S1's base network as the study's script had it, but narrower."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(4, 11, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(3, strides=2),
            layers.Dropout(0.25),
            layers.Conv2D(4, 8, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(3, strides=2),
            layers.Dropout(0.25),
            layers.Conv2D(4, 5, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(3, strides=2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def branches_by_hand():
    """Two branches of kernels side by side, with average pooling."""
    layers = keras.layers
    images = keras.Input((12, 10, 1))
    pixels = layers.Rescaling(1 / 255)(images)
    branches = []
    for _ in range(2):
        sides = [
            layers.Conv2D(2, size, padding="same", activation="tanh")(pixels)
            for size in (1, (3, 5))
        ]
        branches.append(
            layers.AveragePooling2D((2, 3), strides=1)(layers.Concatenate()(sides))
        )
    vector = layers.GlobalMaxPooling2D()(layers.Concatenate()(branches))
    return keras.Model(images, layers.Dense(4, activation="softmax")(vector))


def test_the_penalty_is_on_every_kernel_and_on_nothing_else():
    model = build_model(
        design(
            conv_layers=[(4, 3)],
            dense_layers=[5],
            batch_norm=True,
            kernel_regularizer=0.01,
        ),
        seed=0,
    )
    kernels = [
        layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")
    ]
    assert len(kernels) == 4  # two convolutions, a dense layer, the output
    expected = [0.01 * np.square(kernel).sum() for kernel in kernels]
    assert [float(loss) for loss in model.losses] == pytest.approx(expected, rel=1e-5)
    assert not build_model(
        design(conv_layers=[(4, 3)], kernel_regularizer=0), seed=0
    ).losses


@pytest.mark.slow
@pytest.mark.parametrize(
    ("by_hand", "parameters"),
    [
        (
            alexnet_by_hand,
            {
                "conv_layers": [
                    (4, 11, 3, 2),
                    ConvBlock(4, 8, 3, 2, padding="valid"),
                    (4, 5, 3, 2),
                ],
                "dense_layers": [16],
                "dense_dropout": 0.5,
                "convs_per_block": 1,
                "batch_norm": True,
            },
        ),
        (
            branches_by_hand,
            {
                "conv_layers": [ConvBlock(2, ((1, 1), (3, 5)), (2, 3), 1)],
                "dense_layers": (),
                "dropout": 0,
                "convs_per_block": 1,
                "pooling": "avg",
                "activation": "tanh",
                "n_branches": 2,
                "head": "global_max",
                "scale": 1 / 255,
            },
        ),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_outputs_are_those_of_a_network_written_by_hand(by_hand, parameters, training):
    expected = by_hand()
    _, *image_shape = expected.input_shape
    model = build_model(
        Architecture.from_parameters(
            image_shape, expected.output_shape[-1], **parameters
        ),
        seed=0,
    )
    rng = np.random.RandomState(0)
    # Not the initial ones, of which many are 0 or 1; statistics of normalization must
    # be positive.
    expected.set_weights(
        [
            rng.uniform(0.1, 0.4, weight.shape) * _sign(rng, weight)
            for weight in expected.weights
        ]
    )
    model.set_weights(expected.get_weights())
    for network in (expected, model):
        for layer in network.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0  # what it drops is random; its place is seen in the plan
    images = rng.uniform(
        0, 255 if "scale" in parameters else 1, (5, *image_shape)
    ).astype("float32")
    found, wanted = (
        model(images, training=training),
        expected(images, training=training),
    )
    assert np.ptp(wanted, axis=0).max() > 1e-3, "the outputs depend on the image"
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def _sign(rng, weight):
    return 1 if weight.name == "moving_variance" else rng.choice([-1, 1], weight.shape)


# --------------------------------------------------------------------------------------
# Seeds


def test_same_seed_same_weights():
    assert_equal_weights(build_model(RICH, seed=3), build_model(RICH, seed=3))


def test_another_seed_another_kernel_in_every_layer():
    first, second = build_model(RICH, seed=3), build_model(RICH, seed=4)
    kernels = [layer.name for layer in RICH.layers if layer.kind in ("conv", "dense")]
    assert len(kernels) == 2 * (4 + 4) + 3
    for name in kernels:
        assert not np.any(
            first.get_layer(name).kernel == second.get_layer(name).kernel
        ), name


def test_old_and_new_notation_of_kernels_side_by_side_start_alike():
    with pytest.warns(FutureWarning, match=r"Write kernel_size=\(\(1, 1\), "):
        old = design(conv_layers=[ConvBlock(2, (1, 3, 3))])
    new = design(conv_layers=[ConvBlock(2, ((1, 1), (3, 3), (3, 3)))])
    model = build_model(new, seed=3)
    assert_equal_weights(build_model(old, seed=3), model)
    # The name of a layer is part of its seed: these are those of the old notation.
    kernel = model.get_layer("block1_conv1_3_3x3").kernel
    seed = _seeds.derive(3, "weights", name="block1_conv1_3_3x3")
    expected = keras.initializers.GlorotUniform(seed=seed)(kernel.shape)
    np.testing.assert_array_equal(kernel, expected)


def test_layers_of_one_shape_start_differently():
    model = build_model(RICH, seed=3)
    for one, other in [
        ("branch1_block3_conv1", "branch1_block3_conv2"),
        ("branch1_block3_conv1", "branch2_block3_conv1"),
        ("branch1_block1_conv1_1_1x1", "branch2_block1_conv1_1_1x1"),
    ]:
        assert not np.any(
            model.get_layer(one).kernel == model.get_layer(other).kernel
        ), (one, other)


def test_kernels_are_glorot_uniform_and_biases_zero():
    layer = build_model(design(conv_layers=(), dense_layers=[300]), seed=0).get_layer(
        "dense1"
    )
    limit = np.sqrt(6 / (8 * 8 * 3 + 300))
    kernel = layer.kernel.numpy()
    assert np.abs(kernel).max() <= limit
    np.testing.assert_allclose([kernel.min(), kernel.max()], [-limit, limit], rtol=0.01)
    np.testing.assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.01)
    assert not layer.bias.numpy().any()


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(architectures(), st.integers(0, 2**32), st.integers(0, 2**32))
def test_initial_kernels_are_what_building_draws(architecture, first, second):
    model = build_model(architecture, first)
    kernels = list(initial_kernels(architecture, model, second))
    assert len(kernels) == sum(
        layer.kind in ("conv", "dense") for layer in architecture.layers
    )
    for kernel, value in kernels:
        kernel.assign(value)
    assert_equal_weights(model, build_model(architecture, second))


def test_initial_kernels_leave_the_model_alone():
    model = build_model(RICH, seed=3)
    list(initial_kernels(RICH, model, seed=4))
    assert_equal_weights(model, build_model(RICH, seed=3))


def test_states_of_dropout():
    model = build_model(RICH, seed=3)
    states = dropout_states(RICH, model)
    assert [name for name, _ in states] == [
        "branch1_block1_dropout",
        "branch2_block1_dropout",
        "dense1_dropout",
        "dense2_dropout",
    ]
    seeds = [state.numpy().tolist() for _, state in states]
    assert seeds == [[_seeds.derive(3, "weights", name=name), 0] for name, _ in states]
    assert len({seed for seed, _ in seeds}) == 4
    # They are the only variables that are no weights.
    assert {id(state) for _, state in states} == {id(v) for v in model.variables} - {
        id(w) for w in model.weights
    }


def test_what_dropout_drops_follows_from_its_state():
    model = build_model(RICH, seed=3)
    states = [state for _, state in dropout_states(RICH, model)]
    images = np.random.RandomState(0).uniform(0, 255, (4, 9, 8, 2)).astype("float32")

    def run(seed):
        for state in states:
            state.assign([seed, 0])
        # The statistics of normalization move in training, but training does not read
        # them.
        return np.asarray(model(images, training=True))

    first = run(1)
    assert not np.array_equal(first, run(2))
    np.testing.assert_array_equal(first, run(1))


# --------------------------------------------------------------------------------------
# Surroundings: neither read nor moved


@pytest.fixture
def global_generators():
    """Seeds every global generator, and gives a function that draws from each; Python's
    and NumPy's are put back.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()

    def draw():
        return [
            random.random(),
            np.random.random(),
            float(tf.random.uniform(())),
            float(keras.random.uniform(())),
        ]

    def seeded(seed):
        keras.utils.set_random_seed(seed)
        return draw

    yield seeded
    random.setstate(python_state)
    np.random.set_state(numpy_state)


def test_global_generators_are_not_moved(global_generators):
    expected = global_generators(7)()
    draw = global_generators(7)
    python_state, numpy_state = random.getstate(), np.random.get_state()
    model = build_model(RICH, seed=3)
    list(initial_kernels(RICH, model, seed=4))
    assert random.getstate() == python_state
    for before, after in zip(numpy_state, np.random.get_state(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert draw() == expected


@pytest.mark.slow
def test_global_generators_are_not_read(global_generators):
    global_generators(7)
    expected = build_model(RICH, seed=3)
    global_generators(8)
    assert_equal_weights(build_model(RICH, seed=3), expected)


@pytest.fixture
def unusual_keras_settings():
    """Keras set up for another program."""
    before = (
        keras.config.floatx(),
        keras.config.image_data_format(),
        keras.config.dtype_policy(),
    )
    keras.config.set_floatx("float64")
    keras.config.set_image_data_format("channels_first")
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_image_data_format(before[1])
    keras.config.set_dtype_policy(before[2])


@pytest.mark.slow
@pytest.mark.parametrize("head", HEADS)
def test_settings_of_keras_have_no_say(head, request):
    architecture = dataclasses.replace(RICH, head=head)
    images = np.random.RandomState(0).uniform(0, 255, (4, 9, 8, 2)).astype("float32")
    usual = build_model(architecture, seed=3)
    expected = np.asarray(usual(images))
    request.getfixturevalue("unusual_keras_settings")
    model = build_model(architecture, seed=3)
    assert model.inputs[0].dtype == "float32"
    assert model.input_shape == (None, 9, 8, 2)
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert_equal_weights(model, usual)
    found = np.asarray(model(images))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
