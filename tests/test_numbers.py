"""Numbers that are no part of a network's structure: shared graphs, bits of constants."""

import math
import operator
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from comparisons import same_state
from fresh_python import TESTS, run_in_fork
from hypothesis import given, settings, strategies
from sklearn.model_selection import ParameterGrid

from skcnn import ConvPoolClassifier, _numbers, presets
from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._compiled_network import CompiledNetwork
from skcnn._numbers import Number, NumberError, Place, decided_later
from skcnn._program import POOL, Program, ProgramPool
from skcnn._routing import routed
from skcnn._samples import Samples
from skcnn._settings import TrainingFacts, compile_settings
from skcnn._states import TrainingState
from skcnn._training import TrainingPlan, train

# The design whose every number is used, and the least one, which has none.
CONV = {"conv_layers": [(3, 3)], "convs_per_block": 1, "dense_layers": (4,)}
DENSE = {"conv_layers": (), "dense_layers": ()}
RATES = ("dropout", "dense_dropout")
LIMITS = ("max_norm", "dense_max_norm", "kernel_regularizer")


def design(**params):
    return Architecture.from_parameters((8, 8, 1), 10, scale=1 / 255, **params)


def settings_of(n_steps=None, **params):
    params = ConvPoolClassifier(**params).get_params()
    names = ("optimizer", "loss", "learning_rate_schedule")
    asked = [routed(params, name) for name in names]
    return compile_settings(*asked, None, TrainingFacts(n_steps=n_steps))


def network_of(params, n_steps=None):
    """Architecture and settings from parameters of the classifier."""
    ours = {name: params[name] for name in params if name in ARCHITECTURE_PARAMETERS}
    rest = {name: params[name] for name in params if name not in ours}
    return design(**ours), settings_of(n_steps, **rest)


@pytest.fixture(scope="module")
def samples(digits):
    X, y = digits
    return Samples(X[:60], y[:60].astype(np.int32))


def run(program, samples, architecture, compiled):
    """What two epochs give with these numbers."""
    program.set_numbers(architecture, compiled)
    return two_epochs(program, samples, compiled.learning_rate)


def two_epochs(program, samples, learning_rate):
    """Six steps in all, with validation, from the same start."""
    start = TrainingState(0, program.initial_arrays(0, learning_rate))
    plan = TrainingPlan(seed=0, batch_size=25)
    return train(program, samples, plan, start, 2, validation=samples)


def with_constants(samples, architecture, compiled):
    """The same in a network of its own, in which each number is a constant."""
    program = Program(CompiledNetwork(architecture, compiled), exposes_model=True)
    return run(program, samples, architecture, compiled)


def check_shared(samples, one, other):
    """Two designs share a network, and each has the bits of constants there."""
    assert one[0].structure == other[0].structure
    assert one[1].structure == other[1].structure
    program = Program(CompiledNetwork(*one))
    first = run(program, samples, *one)
    second = run(program, samples, *other)
    assert same_state(second, with_constants(samples, *other))
    assert same_state(first, run(program, samples, *one))
    return program, first


def check_each_matters(samples, program, first, one, other):
    """Each number changes the bits: none of them is a constant of the graph."""
    numbers = {**one[0].numbers, **one[1].numbers}
    others = {**other[0].numbers, **other[1].numbers}
    assert list(numbers) == list(others)
    for place in numbers:
        if numbers[place] == others[place]:
            continue
        program._numbers = list((numbers | {place: others[place]}).values())
        changed = two_epochs(program, samples, one[1].learning_rate)
        assert not same_state(changed, first), place


# --------------------------------------------------------------------------------------
# The bits are those of constants

ONE = dict.fromkeys(RATES, 0.25) | dict.fromkeys(LIMITS, 0.3)
OTHER = dict.fromkeys(RATES, 0.6) | dict.fromkeys(LIMITS, 0.1)


@pytest.mark.slow
def test_numbers_of_layers(samples):
    one, other = network_of(CONV | ONE), network_of(CONV | OTHER)
    program, first = check_shared(samples, one, other)
    check_each_matters(samples, program, first, one, other)


@pytest.mark.slow
def test_numbers_of_layers_beside_batch_norm_and_branches(samples):
    wide = CONV | {"n_branches": 2, "batch_norm": True}
    one, other = network_of(wide | ONE), network_of(wide | OTHER)
    program, first = check_shared(samples, one, other)
    images = np.array(samples.take(np.arange(60))[0])
    statistics = []
    for architecture, compiled in (one, other):
        program.set_numbers(architecture, compiled)
        program.load(first.arrays)
        program.average_statistics(images, 0, 25)
        statistics.append(TrainingState(0, program.read()))
    assert same_state(*statistics)  # nothing is dropped out in them


# For each argument, two values that make a difference in six steps.
VALUES = {
    "momentum": (0.9, 0.3),
    "rho": (0.9, 0.6),
    "beta_1": (0.9, 0.7),
    "beta_2": (0.999, 0.9),
    "epsilon": (1e-7, 0.01),
    "weight_decay": (0.004, 0.1),
    "clipnorm": (0.1, 0.01),
    "clipvalue": (0.01, 0.003),
    "global_clipnorm": (0.1, 0.01),
    "ema_momentum": (0.9, 0.5),
    "label_smoothing": (0.1, 0.2),
}
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")  # Keras takes one of them
OPTIMIZERS = [
    cls for cls in _numbers._ARGUMENTS if issubclass(cls, keras.optimizers.Optimizer)
]
LOSSES = [cls for cls in _numbers._ARGUMENTS if issubclass(cls, keras.losses.Loss)]


def arguments_of(cls, which):
    names = _numbers._ARGUMENTS[cls]
    clip = CLIPS[OPTIMIZERS.index(cls) % 3] if cls in OPTIMIZERS else None
    return {
        name: VALUES[name][which] for name in names if name not in CLIPS or name == clip
    }


def asked(parameter, cls, which):
    arguments = arguments_of(cls, which)
    routed_names = {f"{parameter}__{name}": arguments[name] for name in arguments}
    return {parameter: cls.__name__, **routed_names}


@pytest.mark.slow
@pytest.mark.parametrize("cls", OPTIMIZERS, ids=operator.attrgetter("__name__"))
def test_numbers_of_optimizers(samples, cls):
    averages = {"use_ema": True, "ema_overwrite_frequency": 2}
    fixed = {f"optimizer__{name}": value for name, value in averages.items()}
    one, other = (
        network_of(DENSE | asked("optimizer", cls, which) | fixed) for which in (0, 1)
    )
    assert {name for _, name in one[1].numbers} == set(arguments_of(cls, 0))
    program, first = check_shared(samples, one, other)
    check_each_matters(samples, program, first, one, other)


@pytest.mark.slow
@pytest.mark.parametrize("cls", LOSSES, ids=operator.attrgetter("__name__"))
def test_numbers_of_losses(samples, cls):
    one, other = (network_of(DENSE | asked("loss", cls, which)) for which in (0, 1))
    program, first = check_shared(samples, one, other)
    check_each_matters(samples, program, first, one, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one_cycle", "cosine", "inverse_time"])
def test_numbers_of_schedules(samples, name):
    """Learning rate, number of epochs, and what the schedule takes."""
    fixed = DENSE | {"learning_rate_schedule": name}
    first = {"optimizer__learning_rate": 0.01}
    second = {"optimizer__learning_rate": 0.3}
    if name == "inverse_time":
        second["learning_rate_schedule__decay"] = 0.5
    else:
        first["learning_rate_schedule__end"] = 0.1
        second["learning_rate_schedule__end"] = 0.3
    one = network_of(fixed | first, n_steps=6)
    other = network_of(fixed | second, n_steps=10)
    program, trained = check_shared(samples, one, other)
    check_each_matters(samples, program, trained, one, other)


fractions = strategies.floats(1e-3, 0.99)


@pytest.mark.slow
@given(
    rates=strategies.lists(fractions, min_size=2, max_size=2),
    limits=strategies.lists(strategies.floats(1e-3, 4), min_size=3, max_size=3),
    betas=strategies.lists(fractions, min_size=2, max_size=2),
)
@settings(max_examples=4, deadline=None)
def test_any_numbers_have_the_bits_of_constants(samples, rates, limits, betas):
    params = dict(zip(RATES + LIMITS, rates + limits, strict=True))
    moments = {"optimizer__beta_1": betas[0], "optimizer__beta_2": betas[1]}
    architecture, compiled = network_of(CONV | params | moments)
    with POOL.borrow(architecture, compiled) as program:
        shared = run(program, samples, architecture, compiled)
    assert same_state(shared, with_constants(samples, architecture, compiled))


ONE_THREAD = """
import sys
sys.path.insert(0, "tests")
import test_numbers
from skcnn._device import intra_op_threads
from skcnn.datasets import load_digits
X, y = load_digits(subset="all", return_X_y=True)
samples = test_numbers.Samples(X[:60], y[:60].astype("int32"))
test_numbers.test_numbers_of_layers(samples)
print(intra_op_threads())
"""


@pytest.mark.slow
def test_the_bits_are_those_of_constants_with_one_thread():
    """Here are as many as there are cores, and two threads split sums otherwise."""
    one = {"TF_NUM_INTRAOP_THREADS": "1"}
    result = run_in_fork(ONE_THREAD, cwd=TESTS.parent, **one)
    assert result.stdout.split() == ["1"]


@pytest.mark.slow
def test_threads_train_with_numbers_of_their_own(samples):
    pool = ProgramPool()
    designs = [network_of(CONV | ONE), network_of(CONV | OTHER)]
    both_have_one = threading.Barrier(2)
    results, networks = {}, {}

    def work(which):
        with pool.borrow(*designs[which]) as program:
            both_have_one.wait(60)
            networks[which] = program.network
            rate = designs[which][1].learning_rate
            results[which] = [two_epochs(program, samples, rate) for _ in range(3)]

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert networks[0] is networks[1]
    for which, compiled in enumerate(designs):
        alone = with_constants(samples, *compiled)
        assert all(same_state(alone, result) for result in results[which])


# --------------------------------------------------------------------------------------
# What shares a network


@pytest.mark.slow
def test_study_s0_needs_six_networks():
    pool = ProgramPool(max_idle=100)
    networks = set()
    for params in ParameterGrid(presets.GRIDS["s0"]):
        with pool.borrow(*network_of(params)) as program:
            networks.add(id(program.network))
    assert len(networks) == len(pool) == 6


@pytest.mark.parametrize("name", [*RATES, *LIMITS])
def test_a_number_of_zero_is_structure(name):
    none, some, more = (design(**CONV | ONE | {name: value}) for value in (0, 0.1, 0.2))
    assert none.structure != some.structure == more.structure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"optimizer": "adam"}, {"optimizer": "adamw"}),
        ({"optimizer__amsgrad": True}, {"optimizer__amsgrad": False}),
        ({"optimizer": "sgd"}, {"optimizer": "sgd", "optimizer__momentum": 0.9}),
        ({"optimizer__clipnorm": 1.0}, {"optimizer__clipvalue": 1.0}),
        ({"optimizer__epsilon": 1e-7}, {"optimizer__epsilon": 1e-42}),  # a denormal
        ({"optimizer__clipnorm": 1}, {"optimizer__clipnorm": 2}),  # not floats
        ({}, {"learning_rate_schedule": "inverse_time"}),
        ({"loss": "mse"}, {"loss": "mae"}),
    ],
)
def test_what_is_no_number_is_structure(one, other):
    assert settings_of(**one).structure != settings_of(**other).structure


def test_a_wider_type_of_keras_keeps_constants():
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        assert settings_of().numbers == {}
    finally:
        keras.config.set_floatx(before)
    assert settings_of().numbers


class OwnAdam(keras.optimizers.Adam):
    """May do with its arguments what it likes."""


def test_code_of_a_users_own_keeps_constants():
    assert settings_of(optimizer=OwnAdam).numbers == {}


@pytest.mark.slow
def test_the_model_has_the_numbers_of_its_own_fit(data):
    X, y = data
    common = CONV | {"epochs": 1, "random_state": 0, "optimizer": "sgd"}
    common |= {"loss": "categorical_crossentropy", "max_norm": 0.3}
    fitted = {}
    for number in (0.3, 0.6):
        params = dict.fromkeys((*RATES, "kernel_regularizer"), number)
        params["optimizer__momentum"] = params["loss__label_smoothing"] = number
        fitted[number] = ConvPoolClassifier(**common | params).fit(X, y)
    for number, clf in fitted.items():
        model = clf.model_
        assert model.get_layer("block1_dropout").rate == number
        assert model.get_layer("dense1_dropout").rate == number
        assert model.get_layer("output").kernel_regularizer.l2 == number
        assert model.get_layer("block1_conv1").kernel_constraint.max_value == 0.3
        assert model.optimizer.get_config()["momentum"] == number
        assert model.loss.get_config()["label_smoothing"] == number


# --------------------------------------------------------------------------------------
# Nothing writes a value into a graph


def traced(function, high=math.inf):
    """What a function makes of the number 0.3 in a graph, as arrays."""

    @tf.function(autograph=False)
    def graph(value):
        return function(Number(value, low=0, high=high))

    return np.array(graph(tf.constant(0.3, tf.float64)))


@pytest.mark.parametrize(
    "use",
    [
        float,
        int,
        hash,
        abs,
        round,
        math.sqrt,
        np.float32,
        np.sqrt,
        np.asarray,
        tf.constant,
        lambda number: number**2,
        lambda number: number > 0.5,
        lambda number: number == number,
        lambda number: (1 - number) > 0,
        lambda number: number >= 1,  # it may be
        lambda number: tf.convert_to_tensor(number, tf.int32),
        lambda number: tf.fill((2,), number + np.ones(2)),
    ],
)
def test_what_needs_the_value_is_an_error(use):
    with pytest.raises(TypeError):
        traced(use)


@pytest.mark.parametrize(
    "use",
    [
        lambda number: 1 / (1 - number),
        lambda number: 2.5 * (7 - (number * 3 + 1) / 11),
        lambda number: -number / 3 - 0.1,
        lambda number: np.float64(0.7) - number,
        lambda number: np.float64(0.7) * number + 1,
    ],
)
def test_arithmetic_is_that_of_python(use):
    tensors = traced(lambda number: tf.convert_to_tensor(use(number), tf.float64))
    assert tensors == use(0.3)
    rounded = traced(lambda number: tf.constant([1.0, 7.0]) * use(number))
    assert np.array_equal(rounded, np.float32([1, 7]) * np.float32(use(0.3)))


def test_bounds_are_known():
    def compare(number):
        assert number > 0 and number >= 0 and number != 0 and number
        assert number < 1 and number <= 1 and number != 1 and not number >= 1
        assert not number < 0 and not number >= 2 and number > -1 and number < 2
        return number

    assert traced(compare, high=1) == np.float32(0.3)


def test_a_place_has_its_value_again_after_an_error():
    holder = {"rate": 0.3}
    values = tf.constant([0.5], tf.float64)
    with pytest.raises(NumberError), decided_later([Place(holder, "rate")], values):
        float(holder["rate"])
    assert holder == {"rate": 0.3}
