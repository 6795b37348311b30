"""An optimizer's update is traced once, and does what Keras' own does, to the bit."""

import gc
import re
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from comparisons import same_bits
from networks import TINY
from sklearn.base import clone

from skcnn import ConvPoolClassifier, _shared_update
from skcnn._numbers import decided_later, places_of, split
from skcnn._routing import routed
from skcnn._settings import compile_settings
from skcnn._shared_update import ELEMENTWISE, sharing_updates

SHAPES = [(3, 3, 2, 4), (4,), (12, 5), (1, 5), (1,), (5,)]
RATE = {"learning_rate": 0.03}
EVERYWHERE = {"clipnorm": 0.5, "weight_decay": 0.01}
CASES = [
    ("adam", {}),
    ("adam", {"amsgrad": True, **EVERYWHERE}),
    ("adam", {"use_ema": True, "ema_overwrite_frequency": 2}),
    ("adam", {"gradient_accumulation_steps": 2}),
    ("adamw", {}),
    ("sgd", {}),
    ("sgd", {"momentum": 0.9, **EVERYWHERE}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("rmsprop", {}),
    ("rmsprop", {"centered": True, "momentum": 0.5}),
    ("adagrad", {}),
    ("adadelta", {}),
    ("adamax", {}),
    ("ftrl", {"l1_regularization_strength": 0.01, "beta": 0.1}),
    ("lion", {}),
]


def recipe_of(optimizer, arguments):
    arguments = {f"optimizer__{name}": value for name, value in arguments.items()}
    params = ConvPoolClassifier(optimizer=optimizer, **arguments).get_params()
    names = ("optimizer", "loss", "learning_rate_schedule")
    return compile_settings(*[routed(params, name) for name in names], None).optimizer


def make(recipe):
    """Variables of several shapes, and an optimizer that is built for them."""
    rng = np.random.default_rng(0)
    variables = []
    for number, shape in enumerate(SHAPES):
        value = rng.normal(size=shape).astype("float32")
        constraint = keras.constraints.MaxNorm(1.0, axis=0)
        variable = keras.Variable(value, name=f"layer_{number}")
        variable.constraint = constraint if len(shape) == 2 else None
        variables.append(variable)
    optimizer = recipe.make(**RATE)
    optimizer.build(variables)
    return optimizer, variables


def step_of(optimizer, variables):
    """A step of the optimizer as a graph."""

    def step(*gradients):
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    specs = [tf.TensorSpec(shape, tf.float32) for shape in SHAPES]
    return tf.function(step, autograph=False).get_concrete_function(*specs)


def copies(graph):
    """How many copies of updates are in a graph."""
    names = " ".join(each.name for each in graph.graph.get_operations())
    return len(set(re.findall(r"copied_update\w*", names)))


def after(step, optimizer, variables, n_steps=4):
    """All values after some steps along random gradients."""
    rng = np.random.default_rng(1)
    for _ in range(n_steps):
        step(*[tf.constant(rng.normal(size=shape), tf.float32) for shape in SHAPES])
    return [each.numpy() for each in (*variables, *optimizer.variables)]


@pytest.mark.parametrize(("optimizer", "arguments"), CASES)
def test_a_shared_update_gives_the_bits_of_keras(optimizer, arguments):
    recipe = recipe_of(optimizer, arguments)
    plain = make(recipe)
    shared = make(recipe)
    plain_step = step_of(*plain)
    with sharing_updates(*shared, recipe):
        shared_step = step_of(*shared)
    assert same_bits(after(plain_step, *plain), after(shared_step, *shared))
    if "gradient_accumulation_steps" not in arguments:  # there it is in a branch
        assert copies(shared_step) == len(SHAPES)
    assert "update_step" not in vars(shared[0])


def step_with_numbers(recipe):
    """A step whose numbers are inputs, with the optimizer, its variables, and values."""
    optimizer, variables = make(recipe)
    named = split(recipe.cls, recipe.without("learning_rate").config)[1]
    places = places_of(optimizer, None, named)

    def step(values, *gradients):
        with (
            decided_later(places, values),
            sharing_updates(optimizer, variables, recipe, places, values),
        ):
            optimizer.apply_gradients(zip(gradients, variables, strict=True))

    specs = [tf.TensorSpec(shape, tf.float32) for shape in SHAPES]
    specs.insert(0, tf.TensorSpec(len(places), tf.float64))
    graph = tf.function(step, autograph=False).get_concrete_function(*specs)
    values = tf.constant(list(named.values()), tf.float64)
    return partial(graph, values), optimizer, variables


@pytest.mark.parametrize(
    ("optimizer", "one", "other"),
    [
        ("adam", {}, {"beta_1": 0.7, "epsilon": 0.01}),
        ("adamw", {"weight_decay": 0.1}, {"weight_decay": 0.01, "beta_2": 0.9}),
        ("sgd", {"momentum": 0.9}, {"momentum": 0.3}),
        ("rmsprop", {"rho": 0.9}, {"rho": 0.5}),
    ],
)
def test_one_graph_serves_other_numbers(optimizer, one, other):
    _shared_update._traced.cache_clear()
    for arguments in (one, other):
        recipe = recipe_of(optimizer, arguments)
        plain = make(recipe)
        shared = step_with_numbers(recipe)
        assert same_bits(after(step_of(*plain), *plain), after(*shared))
    assert _shared_update._traced.cache_info().misses == 1


def test_every_optimizer_that_is_shared_is_compared():
    assert {recipe_of(*case).cls for case in CASES} == set(ELEMENTWISE)


def updates_of(optimizer, arguments, n_axes):
    """The update of a variable with so many axes, and the graph of its numbers."""
    recipe = recipe_of(optimizer, arguments).without("learning_rate")
    structure, named = split(recipe.cls, recipe.config)
    names = tuple(name for _, name in named)
    kind = _shared_update._Kind(recipe.cls, structure, names, recipe)
    updates = _shared_update.SharedUpdates(kind, [n_axes])
    return updates.of_axes[n_axes].definition, updates.prepare.graph.as_graph_def()


def test_an_update_knows_no_size():
    update, _ = updates_of("adam", {"amsgrad": True}, n_axes=2)
    sizes = set()
    for node in update.node:
        for shape in node.attr["_output_shapes"].list.shape:
            sizes |= {axis.size for axis in shape.dim}
    assert sizes <= {-1}


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_what_is_made_of_numbers_alone_is_no_part_of_an_update(optimizer):
    update, prepare = updates_of(optimizer, {}, n_axes=2)
    assert "DT_DOUBLE" not in str(update)  # as the numbers are
    assert "DT_DOUBLE" in str(prepare)


def test_one_graph_serves_every_network_and_rate():
    _shared_update._traced.cache_clear()
    for rate in (0.1, 0.2):
        recipe = recipe_of("sgd", {"learning_rate": rate})
        shared = make(recipe)
        with sharing_updates(*shared, recipe):
            step_of(*shared)
    assert _shared_update._traced.cache_info().misses == 1
    other = recipe_of("sgd", {"momentum": 0.9})
    with sharing_updates(*make(other), other):
        pass
    assert _shared_update._traced.cache_info().misses == 2


def test_what_may_look_at_shapes_is_traced_for_each_variable():
    recipe = recipe_of("lamb", {})
    shared = make(recipe)
    with sharing_updates(*shared, recipe):
        assert "update_step" not in vars(shared[0])


class Halved(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient / 2, variable, learning_rate)


def test_an_optimizer_of_ones_own_updates_as_it_says(digits):
    X, y = digits
    design = {**TINY, "epochs": 1, "batch_size": 32}
    own = ConvPoolClassifier(**design, optimizer=Halved, optimizer__learning_rate=0.5)
    plain = ConvPoolClassifier(**design, optimizer="sgd", optimizer__learning_rate=0.25)
    weights = [clf.fit(X[:100], y[:100]).model_.get_weights() for clf in (own, plain)]
    assert same_bits(*weights)


def test_a_step_outlives_the_update_that_is_forgotten():
    recipe = recipe_of("adam", {})
    plain, shared = make(recipe), make(recipe)
    with sharing_updates(*shared, recipe):
        step = step_of(*shared)
    _shared_update._traced.cache_clear()
    gc.collect()
    assert same_bits(after(step_of(*plain), *plain), after(step, *shared))


class SetMomentum(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.model.optimizer.momentum = 0.5


def test_a_callback_may_change_an_optimizer_before_it_is_traced(digits):
    X, y = digits
    design = {**TINY, "epochs": 1, "batch_size": 32, "optimizer": "sgd"}
    asked = ConvPoolClassifier(**design, optimizer__momentum=0.5)
    changed = clone(asked).set_params(optimizer__momentum=0.9, callbacks=SetMomentum)
    weights = [clf.fit(X[:100], y[:100])._state.arrays for clf in (changed, asked)]
    assert same_bits(*weights)
