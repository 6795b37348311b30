"""The epoch loop: prefixes, chunks, hooks."""

import numpy as np
import pytest
from comparisons import same_bits, same_state

import skcnn._training as training
from skcnn import ConvPoolClassifier
from skcnn._architecture import Architecture
from skcnn._program import Network, Program
from skcnn._settings import compile_settings
from skcnn._training import (
    EpochHook,
    TrainingData,
    TrainingPlan,
    TrainingState,
    chunks,
    train,
)

PLAN = TrainingPlan(seed=0, batch_size=32)


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return TrainingData(X[:150], y[:150].astype(np.int32))


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
    return Program(
        Network(architecture, compile_settings(ConvPoolClassifier().get_params()))
    )


def start(program):
    return TrainingState(0, program.initial_arrays(0, 0.001))


@pytest.mark.parametrize("k", range(5))
def test_a_run_passes_through_the_states_of_shorter_runs(program, data, k):
    whole = train(program, data, PLAN, start(program), 5)
    part = train(program, data, PLAN, start(program), k)
    train(
        program, data, TrainingPlan(seed=3, batch_size=16), start(program), 1
    )  # somebody else's run in between
    assert same_state(train(program, data, PLAN, part, 5), whole)


def test_each_epoch_meets_every_sample_once_in_an_order_of_its_own(
    program, data, monkeypatch
):
    met, really_train = [], program.train

    def train_and_tell(images, labels, weights, batch_size):
        met.append(images)
        return really_train(images, labels, weights, batch_size)

    monkeypatch.setattr(program, "train", train_and_tell)
    train(program, data, PLAN, start(program), 3)
    epochs = [[image.tobytes() for image in images] for images in met]
    assert len(epochs) == 3  # one chunk each
    samples = sorted(image.tobytes() for image in data.images)
    assert all(sorted(epoch) == samples for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


@pytest.mark.parametrize("weighted", [False, True])
def test_chunks_do_not_change_a_bit(program, data, monkeypatch, weighted):
    weights = (
        np.random.RandomState(0).rand(len(data)).astype(np.float32)
        if weighted
        else None
    )
    data = TrainingData(data.images, data.labels, weights)
    whole = train(program, data, PLAN, start(program), 2)
    monkeypatch.setattr(training, "CHUNK_SAMPLES", 40)  # chunks of one batch each
    assert same_state(train(program, data, PLAN, start(program), 2), whole)


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


def test_a_memory_mapped_file_trains_as_the_array_does(program, data, tmp_path):
    np.save(tmp_path / "images.npy", data.images)
    mapped = TrainingData(np.load(tmp_path / "images.npy", mmap_mode="r"), data.labels)
    assert same_state(
        train(program, mapped, PLAN, start(program), 1),
        train(program, data, PLAN, start(program), 1),
    )


def test_validation_is_measured_after_each_epoch_and_changes_nothing(
    program, data, digits
):
    X, y = digits
    validation = TrainingData(X[150:250], y[150:250].astype(np.int32))
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
    predicted = training.predict(program, validation.images).argmax(
        axis=1
    )  # the program still holds the last state
    assert watched.history["val_accuracy"][-1] == pytest.approx(
        np.mean(predicted == validation.labels)
    )


class Recorder(EpochHook):
    def __init__(self, stop_after=None):
        self.calls = []
        self.states = []
        self.stop_after = stop_after

    def begin(self, program):
        self.calls.append("begin")

    def begin_epoch(self, epoch):
        self.calls.append(f"begin {epoch}")

    def end_epoch(self, epoch, logs, snapshot):
        self.calls.append(f"end {epoch} {sorted(logs)}")
        self.states.append(snapshot())
        return epoch == self.stop_after

    def end(self):
        self.calls.append("end")


def test_hooks_hear_of_every_epoch_and_snapshots_are_states(program, data):
    hook = Recorder()
    last = train(program, data, PLAN, start(program), 2, hooks=[hook])
    logs = "['accuracy', 'loss', 'time']"
    assert hook.calls == [
        "begin",
        "begin 0",
        f"end 0 {logs}",
        "begin 1",
        f"end 1 {logs}",
        "end",
    ]
    assert same_state(hook.states[1], last)
    assert same_state(hook.states[0], train(program, data, PLAN, start(program), 1))


def test_a_hook_stops_the_run_and_the_others_still_hear(program, data):
    hooks = [Recorder(stop_after=1), Recorder()]
    state = train(program, data, PLAN, start(program), 5, hooks=hooks)
    assert state.epoch == 2
    assert hooks[1].calls[-2].startswith("end 1")
