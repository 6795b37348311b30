"""Programs are interchangeable, hold nothing of their last user, and train as Keras
does.
"""

import gc
import os
import threading
import weakref

import keras
import numpy as np
import pytest
from comparisons import same_bits, same_state
from fresh_python import run_in_fork

from skcnn import ConvPoolClassifier, _device
from skcnn._architecture import Architecture
from skcnn._compiled_network import CompiledNetwork
from skcnn._program import Program, ProgramPool
from skcnn._routing import routed
from skcnn._samples import Samples
from skcnn._seeds import epoch_order
from skcnn._settings import compile_settings
from skcnn._states import TrainingState
from skcnn._training import TrainingPlan, train

CONV = [(4, 3, 2, 2), (6, 3, 2, 2)]


def settings_of(**params):
    params = ConvPoolClassifier(**params).get_params()
    names = ("optimizer", "loss", "learning_rate_schedule")
    asked = [routed(params, name) for name in names]
    return compile_settings(*asked, params["augmentation"])


def architecture_of(**params):
    small = {"conv_layers": CONV, "convs_per_block": 1, "dense_layers": ()}
    return Architecture.from_parameters((8, 8, 1), 10, **small | params, scale=1 / 255)


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return Samples(X[:150], y[:150].astype(np.int32))


@pytest.fixture(scope="module")
def images(digits):
    return digits[0][:150]


def run(program, data, epochs, seed=0, learning_rate=0.001, batch_size=32):
    start = TrainingState(0, program.initial_arrays(seed, learning_rate))
    return train(program, data, TrainingPlan(seed, batch_size), start, epochs)


CASES = [
    {"convs_per_block": 2, "dense_layers": (50,)},
    {"batch_norm": True},
    {"dropout": 0.5, "dense_layers": (8,), "dense_dropout": 0.3, "max_norm": 1.0},
    {"n_branches": 2, "head": "global_avg"},
]


@pytest.mark.slow
@pytest.mark.parametrize("params", CASES)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_reused_program_equals_a_fresh_one(data, params, optimizer):
    architecture, settings = architecture_of(**params), settings_of(optimizer=optimizer)
    used = Program(CompiledNetwork(architecture, settings))
    run(
        used, data, epochs=2, seed=9, learning_rate=0.1
    )  # leaves weights, momenta and dropout seeds behind
    again, fresh = (
        run(used, data, epochs=2),
        run(Program(CompiledNetwork(architecture, settings)), data, epochs=2),
    )
    assert same_state(again, fresh)


@pytest.mark.slow
@pytest.mark.parametrize("params", CASES)
def test_training_is_that_of_model_fit_to_the_bit_but_for_batch_norm(
    data, images, params
):
    """Against Keras itself: the same batches, the same dropout seeds, one epoch of
    Model.fit without shuffling.
    """
    architecture = architecture_of(**params)
    program = Program(CompiledNetwork(architecture, settings_of()), exposes_model=True)
    ours = run(program, data, epochs=1)

    model = program.network.model
    program.load(program.initial_arrays(0, 0.001))
    program.begin_epoch(seed=0, n_finished=0)
    order = epoch_order(0, 0, len(data))
    history = model.fit(
        images[order].astype("float32"),
        data.labels[order],
        batch_size=32,
        epochs=1,
        shuffle=False,
        verbose=0,
    )
    theirs = program.read()
    if (
        "batch_norm" in params
        # Model.fit lets TensorFlow rewrite the graph, which rounds its arithmetic otherwise
    ):
        assert all(
            np.allclose(a, b, rtol=1e-3, atol=1e-5)
            for a, b in zip(theirs, ours.arrays, strict=True)
        )
        assert history.history["loss"] == pytest.approx(ours.history["loss"], rel=1e-5)
    else:
        assert same_bits(theirs, ours.arrays)
        assert history.history["loss"] == ours.history["loss"]
        assert history.history["accuracy"] == ours.history["accuracy"]


@pytest.mark.slow
def test_neither_fit_nor_predict_of_keras_is_called(digits, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("called")

    monkeypatch.setattr(keras.Model, "fit", refuse)
    monkeypatch.setattr(keras.Model, "predict", refuse)
    monkeypatch.setattr(keras.Model, "evaluate", refuse)
    X, y = digits
    clf = ConvPoolClassifier(CONV, epochs=1, random_state=0).fit(
        X[:60], y[:60], validation_data=(X[60:90], y[60:90])
    )
    assert clf.predict(X[:5]).shape == (5,)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [256, 4])  # the second goes through several at once
def test_a_prediction_does_not_depend_on_the_others_in_its_batch(
    data, images, batch, monkeypatch
):
    largest = 8 * 8 * 4 * 4  # bytes of the first convolution's map
    monkeypatch.setattr(_device, "PREDICT_BYTES", batch * largest)
    monkeypatch.setattr(_device, "PREDICT_SAMPLES", batch)
    monkeypatch.setattr(_device, "GPU_PREDICT_BYTES", batch * largest)
    monkeypatch.setattr(_device, "GPU_PREDICT_SAMPLES", batch)
    program = Program(CompiledNetwork(architecture_of(), settings_of()))
    assert program.predict_batch == batch
    run(program, data, epochs=1)
    together = program.predict(images)
    order = np.random.RandomState(0).permutation(len(data))
    assert np.array_equal(program.predict(images[order]), together[order])
    for i in (0, 7, 149):
        assert np.array_equal(program.predict(images[i : i + 1])[0], together[i])


@pytest.mark.parametrize(
    ("image_shape", "filters", "batch"),
    [((32, 32, 3), 32, 16), ((32, 32, 3), 4, 128), ((8, 8, 1), 4, 256)],
)
def test_one_image_is_padded_to_a_small_batch(image_shape, filters, batch, monkeypatch):
    monkeypatch.setattr(_device, "is_on_gpu", lambda: False)
    architecture = Architecture.from_parameters(
        image_shape, 10, conv_layers=[(filters, 3)], scale=1.0
    )
    network = CompiledNetwork(architecture, settings_of())
    assert network.predict_batch == batch
    # A GPU takes as long for some hundred images as for one.
    maps = [layer.output_shape for layer in architecture.layers]
    monkeypatch.setattr(_device, "is_on_gpu", lambda: True)
    assert _device.predict_batch_size(maps) == min(32 * batch, 1024)


@pytest.mark.slow
def test_predictions_equal_those_of_the_keras_model(data, images):
    program = Program(
        CompiledNetwork(architecture_of(), settings_of()), exposes_model=True
    )
    run(program, data, epochs=1)
    expected = program.network.model.predict(images.astype("float32"), verbose=0)
    np.testing.assert_allclose(program.predict(images), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.slow
def test_what_a_program_gives_is_a_copy(data):
    program = Program(CompiledNetwork(architecture_of(), settings_of()))
    state = run(program, data, epochs=1)
    kept = [array.copy() for array in state.arrays]
    run(program, data, epochs=1, seed=5)
    assert same_bits(state.arrays, kept)


def test_the_learning_rate_is_data_and_a_schedule_is_compiled():
    slow, fast = (
        settings_of(optimizer__learning_rate=0.001),
        settings_of(optimizer__learning_rate=0.1),
    )
    assert slow != fast and slow.program_key == fast.program_key
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 1e-3)
    decaying = settings_of(optimizer__learning_rate=schedule)
    assert decaying.learning_rate is None and decaying.program_key != slow.program_key
    assert decaying == settings_of(
        optimizer__learning_rate=keras.optimizers.schedules.InverseTimeDecay(
            0.01, 1, 1e-3
        )
    )


def test_the_pool_reuses_keeps_a_bound_and_never_shares_a_program_at_one_time():
    pool, settings = ProgramPool(max_idle=2), settings_of()
    first, second, third = (
        architecture_of(dense_layers=(units,)) for units in (2, 3, 4)
    )
    with pool.borrow(first, settings) as one, pool.borrow(first, settings) as other:
        assert one is not other
        assert one.network is other.network  # built and traced once
    assert len(pool) == 2
    with pool.borrow(first, settings) as again:
        assert again in (one, other)
    for architecture in (second, third):
        with pool.borrow(architecture, settings):
            pass
    assert len(pool) == 2  # those of `first` went, the longest unused
    with pool.borrow(first, settings) as rebuilt:
        assert rebuilt not in (one, other)
    pool.clear()
    assert len(pool) == 0


@pytest.mark.slow
def test_programs_of_one_network_take_turns_without_a_trace(data):
    network = CompiledNetwork(
        architecture_of(dropout=0.5, batch_norm=True), settings_of()
    )
    one, other = Program(network), Program(network)
    plan = TrainingPlan(seed=0, batch_size=32)
    state = train(one, data, plan, TrainingState(0, one.initial_arrays(0, 0.001)), 1)
    run(other, data, epochs=1, seed=3, learning_rate=0.5)
    while_other_holds_its_own = one.read()
    assert same_bits(while_other_holds_its_own, state.arrays)
    assert same_state(
        train(one, data, plan, state, 2), run(Program(network), data, epochs=2)
    )


def test_what_callbacks_get_hold_of_is_shared_with_nobody():
    pool, architecture, settings = ProgramPool(), architecture_of(), settings_of()
    with (
        pool.borrow(architecture, settings) as program,
        pool.borrow(architecture, settings, exposes_model=True) as one,
        pool.borrow(architecture, settings, exposes_model=True) as other,
    ):
        assert len({id(each.network) for each in (program, one, other)}) == 3


def test_a_program_that_met_an_exception_is_not_kept():
    pool = ProgramPool()
    with (
        pytest.raises(KeyboardInterrupt),
        pool.borrow(architecture_of(), settings_of()),
    ):
        raise KeyboardInterrupt
    assert len(pool) == 0


def test_two_fitted_estimators_never_share_weights(digits):
    X, y = digits
    one = ConvPoolClassifier(CONV, epochs=1, random_state=0).fit(X[:60], y[:60])
    before = one.predict_proba(X[:50])
    other = ConvPoolClassifier(CONV, epochs=1, random_state=1).fit(X[:60], y[:60])
    assert not np.array_equal(other.predict_proba(X[:50]), before)
    assert np.array_equal(one.predict_proba(X[:50]), before)


@pytest.mark.slow
def test_threads_give_the_bits_of_one_thread(data):
    pool, architecture, settings = ProgramPool(), architecture_of(), settings_of()
    results = {}

    def work(seed):
        with pool.borrow(architecture, settings) as program:
            results[seed] = run(program, data, epochs=2, seed=seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    program = Program(CompiledNetwork(architecture, settings))
    for seed in range(4):
        assert same_bits(
            run(program, data, epochs=2, seed=seed).arrays, results[seed].arrays
        )


FORKED = """
import gc
import os
import numpy as np
from skcnn import ConvPoolClassifier
X, y = np.arange(640, dtype="float32").reshape(10, 8, 8) / 640, np.arange(10) % 2
clf = ConvPoolClassifier([(2, 3)], epochs=1).fit(X, y)
if os.fork() == 0:
    try:
        clf.fit(X, y)
    except RuntimeError as error:
        os._exit(7 if "forked" in str(error) else 8)
    os._exit(9)
_, status = os.wait()
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_gets_an_error_rather_than_hang():
    assert run_in_fork(FORKED, timeout=120).stdout.strip() == "7"


@pytest.mark.slow
def test_a_network_compiled_before_op_determinism_is_not_used_after_it():
    script = """
import numpy as np, tensorflow as tf
from skcnn import ConvPoolClassifier
from skcnn._program import POOL
X, y = np.arange(40 * 64, dtype=np.uint8).reshape(40, 8, 8), np.arange(40) % 2
def fit():
    ConvPoolClassifier([(4, 3)], (), epochs=1).fit(X, y)
    return len(POOL)
before, again = fit(), fit()
tf.config.experimental.enable_op_determinism()
print(before == again, fit() - again)
"""
    assert run_in_fork(script).stdout.split() == ["True", "1"]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "lamb"])
def test_nothing_keeps_the_graphs_of_a_network_that_is_gone(images, optimizer):
    network = CompiledNetwork(architecture_of(), settings_of(optimizer=optimizer))
    labels = np.zeros(len(images), np.int32)
    steps = [("train_step", images, labels), ("predict", images)]
    graphs = [weakref.ref(network.graph(*step).graph) for step in steps]
    del network
    gc.collect()
    assert [graph() for graph in graphs] == [None, None]
