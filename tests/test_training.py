"""The epoch loop: prefixes, chunks, hooks."""

import numpy as np
import pytest
from comparisons import same_bits, same_state

from skcnn import ConvPoolClassifier
from skcnn._architecture import Architecture
from skcnn._chunks import Pace, chunks
from skcnn._compiled_network import CompiledNetwork
from skcnn._hooks import EpochHook
from skcnn._program import Program
from skcnn._routing import routed
from skcnn._run import Run
from skcnn._samples import Samples
from skcnn._settings import compile_settings
from skcnn._states import STATES, TrainingState
from skcnn._training import TrainingPlan, epochs_trained, train
from skcnn._trajectory import Trajectory, follow

PLAN = TrainingPlan(seed=0, batch_size=32)


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return Samples(X[:150], y[:150].astype(np.int32))


@pytest.fixture(scope="module")
def images(digits):
    return digits[0][:150]


@pytest.fixture(scope="module")
def program():
    architecture = Architecture.from_parameters(
        (8, 8, 1),
        10,
        conv_layers=[(4, 3, 2, 2)],
        dropout=0.5,
        batch_norm=True,
        scale=1 / 255,
    )
    params = ConvPoolClassifier().get_params()
    names = ("optimizer", "loss", "learning_rate_schedule")
    settings = compile_settings(*(routed(params, name) for name in names), None)
    return Program(CompiledNetwork(architecture, settings))


def start(program):
    return TrainingState(0, program.initial_arrays(0, 0.001))


@pytest.mark.slow
@pytest.mark.parametrize("k", range(5))
def test_a_run_passes_through_the_states_of_shorter_runs(program, data, k):
    whole = train(program, data, PLAN, start(program), 5)
    part = train(program, data, PLAN, start(program), k)
    train(
        program, data, TrainingPlan(seed=3, batch_size=16), start(program), 1
    )  # somebody else's run in between
    assert same_state(train(program, data, PLAN, part, 5), whole)


def test_each_epoch_meets_every_sample_once_in_an_order_of_its_own(
    program, data, images, monkeypatch
):
    met, really_train = [], program.train

    def train_and_tell(chunk, labels, weights, batch_size):
        met.append(chunk)
        return really_train(chunk, labels, weights, batch_size)

    monkeypatch.setattr(program, "train", train_and_tell)
    train(program, data, PLAN, start(program), 3)
    every = [image.tobytes() for chunk in met for image in chunk]
    n = len(images)
    epochs = [every[:n], every[n : 2 * n], every[2 * n :]]
    samples = sorted(image.tobytes() for image in images)
    assert all(sorted(epoch) == samples for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_chunks_do_not_change_a_bit(program, data, images, monkeypatch, weighted):
    weights = (
        np.random.RandomState(0).rand(len(data)).astype(np.float32)
        if weighted
        else None
    )
    data = Samples(images, data.labels, weights)
    monkeypatch.setattr(program.pace, "measure", lambda n_samples, seconds: None)
    states = []
    for n_samples in (len(images), 1, 40, 64):  # all at once, one batch, one, two
        program.pace.n_samples = n_samples
        states.append(train(program, data, PLAN, start(program), 2, validation=data))
    assert all(same_state(state, states[0]) for state in states[1:])


def test_a_slow_network_gets_small_chunks_and_a_fast_one_large_ones(monkeypatch):
    images, clock, pace = np.zeros((1000, 8, 8, 1), np.uint8), [0.0], Pace()
    monkeypatch.setattr("skcnn._chunks.time.perf_counter", lambda: clock[0])

    def sizes(seconds_per_image):
        for part in chunks(np.arange(1000), images, 10, pace):
            clock[0] += seconds_per_image * len(part)
            yield len(part)

    assert list(sizes(0.01)) == [10] + 49 * [20] + [10]  # 0.25 s are 25 images
    assert list(sizes(1)) == [20] + 98 * [10]  # never less than a batch
    assert list(sizes(0)) == [10, 990]


@pytest.mark.parametrize(
    "n, batch_size",
    [(150, 32), (64, 32), (31, 32), (1, 7), (100, 1), (5000, 4096), (9000, 5000)],
)
def test_chunks_are_whole_batches_and_cover_the_order(n, batch_size):
    images = np.zeros((n, 8, 8, 1), np.uint8)
    parts = list(chunks(np.arange(n), images, batch_size))
    assert np.array_equal(np.concatenate(parts), np.arange(n))
    assert all(len(part) % batch_size == 0 for part in parts[:-1])


def test_large_images_go_in_small_chunks():
    images = np.broadcast_to(np.float32(0), (100, 512, 512, 3))  # 3 MB each
    assert max(len(part) for part in chunks(np.arange(100), images, 2)) == 4


def test_a_memory_mapped_file_trains_as_the_array_does(program, data, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    mapped = Samples(np.load(tmp_path / "images.npy", mmap_mode="r"), data.labels)
    assert same_state(
        train(program, mapped, PLAN, start(program), 1),
        train(program, data, PLAN, start(program), 1),
    )


def test_validation_is_measured_after_each_epoch_and_changes_nothing(
    program, data, digits
):
    X, y = digits
    validation = Samples(X[150:250], y[150:250].astype(np.int32))
    watched = train(program, data, PLAN, start(program), 3, validation=validation)
    alone = train(program, data, PLAN, start(program), 3)
    assert same_bits(watched.arrays, alone.arrays)
    assert watched.history["loss"] == alone.history["loss"]
    assert sorted(watched.history) == [
        "accuracy",
        "loss",
        "time",
        "val_accuracy",
        "val_loss",
    ]
    # The program still holds the last state.
    predicted = program.predict(X[150:250]).argmax(axis=1)
    assert watched.history["val_accuracy"][-1] == pytest.approx(
        np.mean(predicted == validation.labels)
    )


class Recorder(EpochHook):
    """Writes down what it hears; asks for states only when all is over."""

    def __init__(self, stop_after=None):
        self.calls = []
        self.get_states = []
        self.stop_after = stop_after

    def begin_training(self, model):
        self.calls.append("begin")

    def begin_epoch(self, n_finished):
        self.calls.append(f"begin {n_finished}")

    def end_epoch(self, n_finished, logs, get_state):
        self.calls.append(f"end {n_finished} {sorted(logs)}")
        self.get_states.append(get_state)
        return n_finished == self.stop_after

    def end_training(self):
        self.calls.append("end")

    def release(self):
        self.calls.append("release")

    def states(self):
        return [get_state() for get_state in self.get_states]


LOGS = "['accuracy', 'loss', 'time']"


def test_hooks_hear_of_every_epoch_and_may_ask_for_its_state_later(program, data):
    hook = Recorder()
    last = train(program, data, PLAN, start(program), 2, hooks=[hook])
    train(program, data, PLAN, start(program), 3)  # the program has other weights now
    assert hook.calls == [
        "begin",
        "begin 0",
        f"end 1 {LOGS}",
        "begin 1",
        f"end 2 {LOGS}",
        "end",
    ]
    first, second = hook.states()
    assert same_state(second, last)
    assert same_state(first, train(program, data, PLAN, start(program), 1))


def test_a_hook_stops_the_run_and_the_others_still_hear(program, data):
    hooks = [Recorder(stop_after=2), Recorder()]
    state = train(program, data, PLAN, start(program), 5, hooks=hooks)
    assert state.epoch == 2
    assert hooks[1].calls[-2].startswith("end 2")


@pytest.mark.parametrize("forgets", [False, True])
def test_replayed_epochs_reach_a_hook_like_trained_ones(program, data, forgets):
    """The same states, whether they are still known or have to be computed again."""
    settings = program.network.settings
    run = Run(program.network.architecture, settings, PLAN, data).watched()
    trajectory = Trajectory(f"replayed {forgets}")
    follow(run, trajectory, 2, [Recorder()])
    hook = Recorder()
    last = follow(run, trajectory, 3, [hook])
    epochs = [name for n in range(3) for name in (f"begin {n}", f"end {n + 1} {LOGS}")]
    assert hook.calls == [*epochs[:4], "begin", *epochs[4:], "end", "release"]
    if forgets:
        STATES.clear()
    states = hook.states()
    assert [state.epoch for state in states] == [1, 2, 3]
    assert same_state(states[2], last)
    for state in states:
        again = train(program, data, PLAN, start(program), state.epoch)
        assert same_state(state, again)


def test_epochs_are_counted_wherever_they_are_trained(program, data):
    with epochs_trained() as outer:
        train(program, data, PLAN, start(program), 2)
        with epochs_trained() as inner:
            state = train(program, data, PLAN, start(program), 1)
        train(program, data, PLAN, state, 3)
    assert (outer, inner) == ([0, 1, 0, 1, 2], [0])
