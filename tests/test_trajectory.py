"""Sharing is exact: whatever was known before, a fit gives the bits of the plain
computation.
"""

import os
import pickle
import random
import shutil
import sys
import time
import warnings
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import joblib
import keras
import numpy as np
import pytest
from at_epoch import AtEpoch, ctrl_c, stop
from comparisons import curves, same_bits, same_fit, same_state
from fresh_python import ANOTHER, start_process
from networks import plain_fit
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, validation_curve
from sklearn_callbacks import ScoringMonitor

import skcnn
from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._compat import load_item
from skcnn._program import POOL
from skcnn._run import Run
from skcnn._state_folder import open_folder
from skcnn._states import STATES, StateCache, TrainingState
from skcnn._training import epochs_trained
from skcnn._trajectory import Trajectory

CONV = [(4, 3, 2, 2)]


pytestmark = pytest.mark.usefixtures("nothing_known")


@pytest.fixture
def trained():
    """A list that gets an entry for each epoch that is really trained in this process."""
    with epochs_trained() as epochs:
        yield epochs


def classifier(**params):
    small = {"conv_layers": CONV, "convs_per_block": 1, "batch_size": 32}
    return ConvPoolClassifier(**small | {"random_state": 0} | params)


# --------------------------------------------------------------------------------------
# Prefixes, in process

decay = keras.optimizers.schedules.InverseTimeDecay(
    0.05, decay_steps=1, decay_rate=1e-2
)
RUNS = {
    "adam, dropout": {"dropout": 0.5, "dense_dropout": 0.3},
    "sgd, nesterov, batch norm": {
        "optimizer": "sgd",
        "optimizer__learning_rate": 0.05,
        "optimizer__momentum": 0.9,
        "optimizer__nesterov": True,
        "batch_norm": True,
    },
    "amsgrad, max norm": {
        "optimizer__amsgrad": True,
        "max_norm": 0.8,
        "dense_max_norm": 0.8,
    },
    "decay, branches": {
        "optimizer": "sgd",
        "optimizer__learning_rate": decay,
        "n_branches": 2,
    },
    "augmentation, L2": {"augmentation": "flip+shift", "kernel_regularizer": 1e-3},
    "schedule by name": {
        "learning_rate_schedule": "inverse_time",
        "learning_rate_schedule__decay": 0.1,
    },
    "parallel kernels, weights": {
        "conv_layers": [ConvBlock(3, ((1, 1), (3, 3)), 2)],
        "class_weight": {0: 2.0, 1: 0.5},
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_every_prefix_in_process(data, trained, name):
    X, y = data
    plain = {
        n: plain_fit(classifier(**RUNS[name], epochs=n), X, y) for n in range(1, 7)
    }
    for k, n in combinations(range(1, 7), 2):
        STATES.clear()
        trained.clear()
        first = classifier(**RUNS[name], epochs=k).fit(X, y)
        second = classifier(**RUNS[name], epochs=n).fit(X, y)
        assert trained == list(
            range(n)
        )  # each epoch once: the second fit went on where the first had ended
        assert same_fit(first, plain[k], X)
        assert same_fit(second, plain[n], X)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_every_prefix_through_memory(data, trained, name, tmp_path):
    X, y = data
    plain = {
        n: plain_fit(classifier(**RUNS[name], epochs=n), X, y) for n in range(1, 7)
    }
    for k, n in combinations(range(1, 7), 2):
        memory = tmp_path / f"{k}-{n}"
        STATES.clear()
        classifier(**RUNS[name], epochs=k, memory=memory).fit(X, y)
        STATES.clear()  # as in a process that has just started
        trained.clear()
        assert same_fit(
            classifier(**RUNS[name], epochs=n, memory=memory).fit(X, y), plain[n], X
        )
        assert trained == list(range(k, n))


def three_epochs_of_each(X, y, memory):
    for params in RUNS.values():
        classifier(**params, epochs=3, memory=memory).fit(X, y)


@pytest.mark.slow
def test_every_kind_of_run_goes_on_in_another_process(data, trained, tmp_path):
    X, y = data
    process = start_process(three_epochs_of_each, X, y, tmp_path)
    process.join(timeout=300)
    assert process.exitcode == 0
    for params in RUNS.values():
        plain = plain_fit(classifier(**params, epochs=5), X, y)
        trained.clear()
        assert same_fit(
            classifier(**params, epochs=5, memory=tmp_path).fit(X, y), plain, X
        )
        assert trained == [3, 4]


@pytest.mark.slow
def test_fewer_epochs_asked_later_need_no_training(data, trained):
    X, y = data
    classifier(epochs=5).fit(X, y)
    trained.clear()
    for n in (3, 5, 1, 4):
        assert same_fit(
            classifier(epochs=n).fit(X, y), plain_fit(classifier(epochs=n), X, y), X
        )
        classifier(epochs=5).fit(X, y)
    trained.clear()
    classifier(epochs=2).fit(X, y)
    assert trained == []


@pytest.mark.slow
def test_what_a_user_does_to_a_fitted_estimator_reaches_nobody_else(data):
    X, y = data
    expected = plain_fit(classifier(epochs=2), X, y)
    spoiled = classifier(epochs=2).fit(X, y)
    spoiled.history_["loss"].append(0.0)
    spoiled.classes_[:] = 7
    assert same_fit(classifier(epochs=2).fit(X, y), expected, X)


# --------------------------------------------------------------------------------------
# Who shares with whom


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [
        {"random_state": 1},
        {"batch_size": 31},
        {"dropout": 0.3},
        {"dense_layers": (49,)},
        {"activation": "tanh"},
        {"optimizer": "rmsprop"},
        {"optimizer__learning_rate": 0.002},
        {"optimizer__beta_1": 0.8},
        {"loss": "categorical_crossentropy"},
        {"class_weight": {0: 1.5}},
        {"max_norm": 1.0},
    ],
    ids=str,
)
def test_other_parameters_are_another_run(data, trained, changed):
    X, y = data
    classifier(epochs=2).fit(X, y)
    trained.clear()
    assert same_fit(
        classifier(epochs=2, **changed).fit(X, y),
        plain_fit(classifier(epochs=2, **changed), X, y),
        X,
    )
    assert trained == [0, 1] * 2  # ours and the plain one


@pytest.mark.slow
def test_other_data_weights_or_validation_are_another_run(data, trained):
    X, y = data
    classifier(epochs=1).fit(X, y)
    one_pixel, one_label = X.copy(), y.copy()
    one_pixel[3, 4, 4, 0] ^= 1
    one_label[3] = (y[3] + 1) % 10
    weights = np.ones(len(y))
    weights[3] = 1.5
    trained.clear()
    classifier(epochs=1).fit(one_pixel, y)
    classifier(epochs=1).fit(X, one_label)
    classifier(epochs=1).fit(X, y, sample_weight=weights)
    classifier(epochs=1).fit(X, y, validation_data=(X[:20], y[:20]))
    classifier(epochs=1).fit(X[::-1], y[::-1])
    assert len(trained) == 5
    classifier(epochs=1).fit(X.copy(), y.tolist())  # the same content elsewhere
    classifier(epochs=1).fit(X, y, sample_weight=np.ones(len(y)))
    assert len(trained) == 5


@pytest.mark.slow
def test_no_seed_or_a_generator_never_shares(data, trained):
    X, y = data
    for random_state in (None, np.random.RandomState(0)):
        trained.clear()
        one, two = (
            classifier(epochs=1, random_state=random_state).fit(X, y) for _ in range(2)
        )
        assert trained == [0, 0]
        assert not same_bits(one._state.arrays, two._state.arrays)


def own_loss(y_true, y_pred):
    return keras.losses.categorical_crossentropy(y_true, y_pred)


class OwnAdam(keras.optimizers.Adam):
    pass


@keras.saving.register_keras_serializable("test_trajectory")
class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.01

    def get_config(self):
        return {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"callbacks": keras.callbacks.LambdaCallback()},
        {"loss": own_loss},
        {"optimizer": OwnAdam},
        {"optimizer__learning_rate": OwnSchedule()},
    ],
    ids=lambda params: next(iter(params)),
)
def test_a_users_own_code_switches_sharing_off(data, trained, params, tmp_path):
    X, y = data
    for _ in range(2):
        with pytest.warns(UserWarning, match="nothing of this fit is kept"):
            classifier(epochs=1, memory=tmp_path, **params).fit(X, y)
    assert trained == [0, 0]
    assert not list(tmp_path.rglob("*.pkl"))


@pytest.mark.slow
def test_keras_numbers_are_part_of_the_key_and_of_the_pools(data, trained):
    X, y = data
    one = classifier(epochs=1, max_norm=0.5).fit(X, y)
    usual = keras.config.epsilon()
    keras.config.set_epsilon(0.5)  # max_norm divides by the norm plus epsilon
    try:
        other = classifier(epochs=1, max_norm=0.5).fit(X, y)
    finally:
        keras.config.set_epsilon(usual)
    assert trained == [0, 0]
    assert not same_bits(one._state.arrays, other._state.arrays)


def test_thread_count_and_determinism_are_part_of_the_key(monkeypatch):
    import skcnn._device as device

    run = classifier(epochs=1)
    X, y = np.zeros((8, 8, 8, 1), np.uint8), np.arange(8) % 2
    keys = set()
    # On a machine with a GPU a run without determinism has no key.
    monkeypatch.setattr(device.tf.config, "get_visible_devices", lambda _: [])
    for threads, deterministic in ((1, False), (2, False), (1, True)):
        monkeypatch.setattr(device, "intra_op_threads", lambda threads=threads: threads)
        monkeypatch.setattr(
            device,
            "is_op_determinism_enabled",
            lambda deterministic=deterministic: deterministic,
        )
        monkeypatch.setattr(
            Run,
            "train",
            lambda run, state, *args: keys.add(run.key()) or replace(state, epoch=1),
        )
        run.fit(X, y)
    assert len(keys) == 3


def test_a_gpu_is_part_of_the_key_and_shares_only_with_op_determinism(monkeypatch):
    """TensorFlow is made to say which GPU there is, whatever this machine has."""
    import skcnn._device as device

    def key():
        return joblib.hash(device.rounding())

    config, kinds = device.tf.config, set()
    monkeypatch.setattr(config, "get_visible_devices", lambda _: [])
    monkeypatch.setattr(device, "is_op_determinism_enabled", lambda: False)
    without = key()
    for name in ("one kind", "another kind"):
        details = {"device_name": name, "compute_capability": (9, 0)}
        monkeypatch.setattr(config, "get_visible_devices", lambda _: ["a GPU"])
        monkeypatch.setattr(
            config.experimental, "get_device_details", lambda _, d=details: d
        )
        kinds.add(key())
    assert len({without, *kinds}) == 3
    kinds.add(without)
    # TensorFlow's switch for products of fewer digits, and two of NVIDIA.
    with_tf32 = config.experimental.tensor_float_32_execution_enabled()
    config.experimental.enable_tensor_float_32_execution(not with_tf32)
    kinds.add(key())
    config.experimental.enable_tensor_float_32_execution(with_tf32)
    for variable in ("NVIDIA_TF32_OVERRIDE", "TF_CUDNN_USE_AUTOTUNE"):
        monkeypatch.setenv(variable, "0")
        kinds.add(key())
    assert len(kinds) == 6
    assert "enable_op_determinism()" in device.why_not_repeatable()
    monkeypatch.setattr(device, "is_op_determinism_enabled", lambda: True)
    assert device.why_not_repeatable() is None


# --------------------------------------------------------------------------------------
# Searches


def grid_scores(search):
    return np.array([search.cv_results_[f"split{i}_test_score"] for i in range(3)])


GRID = {"epochs": [3, 5, 10], "dropout": [0.25, 0.5]}


@pytest.fixture(scope="module")
def plain_scores(data):
    X, y = data
    STATES.clear()
    STATES.resize(0)
    search = GridSearchCV(
        classifier(), GRID, cv=3, refit=False, error_score="raise"
    ).fit(X, y)
    STATES.resize(256 * 2**20)
    return grid_scores(search)


@pytest.mark.slow
def test_a_grid_over_epochs_trains_each_epoch_once_and_scores_the_same(
    data, trained, plain_scores
):
    X, y = data
    for epochs in ([3, 5, 10], [10, 3, 5]):
        STATES.clear()
        trained.clear()
        search = GridSearchCV(
            classifier(), {**GRID, "epochs": epochs}, cv=3, refit=False
        ).fit(X, y)
        order = [[3, 5, 10].index(e) for e in epochs] + [
            3 + [3, 5, 10].index(e) for e in epochs
        ]
        assert np.array_equal(grid_scores(search), plain_scores[:, order])
        assert (
            len(trained) == 2 * 3 * 10
        )  # families x folds x epochs, where 18 were asked for


@pytest.mark.slow
def test_threads_share_states_and_score_the_same(data, trained, plain_scores):
    X, y = data
    with joblib.parallel_config(backend="threading", n_jobs=2):
        search = GridSearchCV(classifier(), GRID, cv=3, refit=False).fit(X, y)
    assert np.array_equal(grid_scores(search), plain_scores)
    assert len(trained) == 2 * 3 * 10


class CountingClassifier(ConvPoolClassifier):
    """Writes a byte into a file for each epoch that is really trained, in whatever
    process.
    """

    def fit(self, X, y, sample_weight=None, validation_data=None):
        with epochs_trained() as epochs:
            super().fit(X, y, sample_weight, validation_data)
        with open(Path(self.memory) / "epochs", "a") as file:
            file.write("x" * len(epochs))
        return self


@pytest.mark.slow
@pytest.mark.workers
def test_processes_share_through_memory(data, tmp_path):
    """Scores are those of one thread, which is what each of two workers gets on two
    cores.
    """
    X, y = data
    clf = CountingClassifier(CONV, batch_size=32, random_state=0, memory=str(tmp_path))
    search = GridSearchCV(clf, GRID, cv=3, refit=False, n_jobs=2).fit(X, y)
    trained = (tmp_path / "epochs").stat().st_size
    assert trained == 2 * 3 * 10  # each epoch once, as in one process
    again = GridSearchCV(clf, GRID, cv=3, refit=False, n_jobs=2).fit(X, y)
    assert np.array_equal(grid_scores(again), grid_scores(search))
    assert (
        tmp_path / "epochs"
    ).stat().st_size == trained  # a warm memory trains nothing


@pytest.mark.slow
def test_validation_curve_and_halving_search_pay_only_the_increment(data, trained):
    X, y = data
    validation_curve(
        classifier(), X, y, param_name="epochs", param_range=[1, 2, 4], cv=2
    )
    assert len(trained) == 2 * 4
    STATES.clear()
    trained.clear()
    search = HalvingGridSearchCV(
        classifier(),
        {"dropout": [0.1, 0.25, 0.4, 0.5]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
    ).fit(X, y)
    assert search.n_resources_ == [1, 2, 4]
    searched = 2 * (
        4 * 1 + 2 * 1 + 1 * 2
    )  # folds x candidates of each rung x its further epochs
    assert len(trained) == searched + search.best_params_["epochs"]  # and the refit


# --------------------------------------------------------------------------------------
# scikit-learn's callbacks hear of epochs that were computed before


@pytest.mark.slow
def test_callbacks_hear_of_known_epochs_with_their_states(data):
    X, y = data

    def scores():
        monitor = ScoringMonitor(scoring="accuracy")
        classifier(epochs=4).set_callbacks(monitor).fit(X, y)
        return [
            row["accuracy"]
            for row in monitor.get_logs().data
            if row["task_name"] == "epoch"
        ]

    plain = scores()
    assert scores() == plain
    STATES.clear()
    classifier(epochs=2).fit(X, y)
    assert scores() == plain
    classifier(epochs=4).fit(X, y)
    for entry in list(STATES._states)[:3]:
        STATES._drop(
            entry
        )  # as if pushed out: a callback that asks for the state gets it computed again
    assert scores() == plain


@pytest.mark.slow
def test_a_callback_stops_a_known_run_where_it_stops_a_new_one(data):
    X, y = data
    classifier(epochs=4).fit(X, y)
    stopped = classifier(epochs=4).set_callbacks(AtEpoch(2, stop)).fit(X, y)
    assert stopped.n_iter_ == 2
    assert same_fit(stopped, plain_fit(classifier(epochs=2), X, y), X)


# --------------------------------------------------------------------------------------
# In memory, on disk


@pytest.mark.slow
def test_memory_takes_a_path_a_string_or_a_joblib_memory(data, trained, tmp_path):
    X, y = data
    forms = [
        str(tmp_path),
        tmp_path,
        joblib.Memory(str(tmp_path), verbose=0),
        joblib.Memory(str(tmp_path), verbose=0, mmap_mode="r"),
    ]
    for memory in forms:
        STATES.clear()
        clf = classifier(epochs=2, memory=memory).fit(X, y)
        assert same_fit(clf, classifier(epochs=2).fit(X, y), X)
    assert trained == [0, 1]
    classifier(epochs=2, memory=joblib.Memory(None)).fit(X, y)


@pytest.mark.slow
def test_what_was_known_without_a_folder_is_written_when_there_is_one(
    data, trained, tmp_path
):
    X, y = data
    classifier(epochs=3).fit(X, y)
    for folder in (tmp_path / "one", tmp_path / "two"):
        classifier(epochs=5, memory=folder).fit(X, y)
        assert sorted(entries(folder)) == [1, 2, 3, 4, 5]
    assert trained == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_nothing_is_written_without_memory(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    classifier(epochs=1).fit(*data)
    assert list(tmp_path.iterdir()) == []


def entries(folder):
    """The files that hold states, by epoch."""
    return {
        int(path.parent.name, 16): path for path in Path(folder).rglob("output.pkl")
    }


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(b"\x80\x04 this is no pickle" * 10)


def another_epoch(path):
    shutil.copy(entries(path.parents[1])[1], path)


def something_else(path):
    joblib.dump({"run": "?"}, path)


def one_bit(path):
    """As a failing disk would: in the middle of the weights, where the pickle stays
    whole.
    """
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lost_array(path):
    content = joblib.load(path)
    joblib.dump({**content, "arrays": content["arrays"][:-1]}, path)


class Runs:
    """What calls a function wherever it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def a_program(path):
    joblib.dump(joblib.load(path) | {"more": Runs(os.remove, str(path))}, path)


def a_stop(path):
    joblib.dump(joblib.load(path) | {"more": Runs(sys.exit)}, path)


def a_program_in_an_array(path):
    content = joblib.load(path)
    content["arrays"][0] = np.array([Runs(os.remove, str(path))])
    joblib.dump(content, path, compress=3)


DAMAGES = [truncate, empty, garbage, another_epoch, something_else, one_bit, lost_array]
PROGRAMS = [a_program, a_stop, a_program_in_an_array]


@pytest.mark.parametrize("damage", PROGRAMS)
def test_an_entry_runs_nothing(tmp_path, damage):
    folder = open_folder(tmp_path)
    folder.put("0" * 40, TrainingState(1, (np.zeros(3),), {"loss": [1.0]}))
    [path] = entries(tmp_path).values()
    damage(path)
    with pytest.raises(pickle.UnpicklingError, match="which no state needs"):
        load_item(folder._store, folder._item("0" * 40, 1))
    assert path.exists()
    with pytest.raises((SystemExit, FileNotFoundError)):
        joblib.load(path)  # runs it, so the damage is one
        path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("damage", [*DAMAGES, *PROGRAMS])
def test_a_damaged_or_foreign_entry_is_computed_again_with_one_warning(
    data, trained, tmp_path, damage
):
    X, y = data
    plain = plain_fit(classifier(epochs=3), X, y)
    classifier(epochs=3, memory=tmp_path).fit(X, y)
    damage(entries(tmp_path)[3])
    STATES.clear()
    trained.clear()
    with pytest.warns(UserWarning, match="damaged or foreign") as caught:
        assert same_fit(classifier(epochs=3, memory=tmp_path).fit(X, y), plain, X)
    assert len(caught) == 1
    assert trained == [2]  # from the state before it
    STATES.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same_fit(
            classifier(epochs=3, memory=tmp_path).fit(X, y), plain, X
        )  # it was written anew
    assert trained == [2]


@pytest.mark.slow
def test_reduce_size_keeps_working(data, tmp_path):
    X, y = data
    memory = joblib.Memory(tmp_path, verbose=0)
    classifier(epochs=4, memory=memory).fit(X, y)
    assert len(entries(tmp_path)) == 4
    memory.reduce_size(items_limit=2)
    assert len(entries(tmp_path)) == 2
    memory.reduce_size(bytes_limit=0)
    assert len(entries(tmp_path)) == 0
    STATES.clear()
    assert same_fit(
        classifier(epochs=4, memory=memory).fit(X, y),
        plain_fit(classifier(epochs=4), X, y),
        X,
    )


def fit_when_told(epochs, folder, X, y, pipe):
    pipe.send("ready")
    pipe.recv()
    pipe.send(digest(classifier(epochs=epochs, memory=folder).fit(X, y)))


def child(epochs, folder, X, y):
    """A process that is ready, and the pipe that tells it to fit and gives the bits."""
    ours, theirs = ANOTHER.Pipe()
    process = start_process(fit_when_told, epochs, folder, X, y, theirs)
    theirs.close()
    assert ours.recv() == "ready"
    return process, ours


def digest(clf):
    import hashlib

    return hashlib.sha256(
        b"".join(array.tobytes() for array in clf._state.arrays)
    ).hexdigest()


@pytest.mark.slow
def test_another_process_goes_on_where_this_one_ended_and_back(data, trained, tmp_path):
    X, y = data
    plain = plain_fit(classifier(epochs=6), X, y)
    trained.clear()
    classifier(epochs=2, memory=tmp_path).fit(X, y)
    process, pipe = child(4, tmp_path, X, y)
    pipe.send("go")
    assert pipe.recv() == digest(plain_fit(classifier(epochs=4), X, y))
    process.join()
    STATES.clear()
    trained.clear()
    assert same_fit(classifier(epochs=6, memory=tmp_path).fit(X, y), plain, X)
    assert trained == [4, 5]


@pytest.mark.slow
def test_kill_9_at_any_instant_loses_at_most_the_running_epoch(data, trained, tmp_path):
    X, y = data
    instants, epochs = random.Random(0), 400
    for _ in range(10):
        process, pipe = child(epochs, tmp_path, X, y)
        pipe.send("go")
        enough = len(entries(tmp_path)) + instants.randrange(
            8
        )  # 0: while it still prepares
        while len(entries(tmp_path)) < enough and process.is_alive():
            time.sleep(0.001)
        time.sleep(
            instants.uniform(0.0, 0.03)
        )  # an instant within an epoch, or within the writing of its state
        known = len(entries(tmp_path))
        process.kill()
        process.join()
        assert len(entries(tmp_path)) >= known
    survived = sorted(entries(tmp_path))
    assert survived == list(range(1, len(survived) + 1))
    assert 0 < len(survived) < epochs - 2, "the test must kill before the run is done"
    until = len(survived) + 2
    finished = classifier(epochs=until, memory=tmp_path).fit(X, y)
    assert trained == [until - 2, until - 1]
    assert same_fit(finished, plain_fit(classifier(epochs=until), X, y), X)


def search(memory):
    """Two designs in two folds, 8 epochs each, asked for three times: 32 epochs to
    train.
    """
    grid = {"dense_layers": [[8], [9]], "epochs": [2, 4, 8]}
    return GridSearchCV(classifier(memory=memory), grid, cv=2, refit=False)


def run_search(memory, X, y):
    search(memory).fit(X, y)


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on(data, trained, tmp_path):
    X, y = data
    STATES.clear()
    process = start_process(run_search, tmp_path, X, y)
    while len(list(tmp_path.rglob("output.pkl"))) < 11 and process.is_alive():
        time.sleep(0.001)
    process.kill()
    process.join()
    known = len(list(tmp_path.rglob("output.pkl")))
    assert 11 <= known < 32, "the test must kill before the search is done"
    trained.clear()
    goes_on = search(tmp_path).fit(X, y)
    assert len(trained) == 32 - known
    STATES.clear()
    assert np.array_equal(
        goes_on.cv_results_["mean_test_score"],
        search(None).fit(X, y).cv_results_["mean_test_score"],
    )


@pytest.mark.slow
def test_two_processes_racing_on_one_run_both_get_it_right(data, tmp_path):
    X, y = data
    racers = [child(30, tmp_path, X, y) for _ in range(2)]
    for _, pipe in racers:
        pipe.send("go")
    outputs = [pipe.recv() for _, pipe in racers]
    assert outputs == [digest(plain_fit(classifier(epochs=30), X, y))] * 2


# --------------------------------------------------------------------------------------
# The cache of states


def state(epoch, n_bytes):
    return TrainingState(epoch, (np.zeros(n_bytes, np.uint8),))


def test_the_cache_is_bounded_in_bytes_and_drops_the_least_recently_used():
    cache = StateCache(max_bytes=300)
    for epoch in (1, 2, 3):
        cache.put("run", state(epoch, 100))
    cache.get("run", 1)
    cache.put("run", state(4, 100))
    assert [cache.get("run", epoch) is not None for epoch in (1, 2, 3, 4)] == [
        True,
        False,
        True,
        True,
    ]
    cache.put(
        "other", state(1, 301)
    )  # larger than all: it stays out, and pushes nobody
    assert cache.get("other", 1) is None and cache._bytes == 300
    cache.put("run", state(1, 50))
    cache.put("run", state(1, 60))  # replaces
    assert cache._bytes == 260
    cache.resize(0)
    assert cache.get("run", 1) is None and cache._bytes == 0


@pytest.mark.parametrize("bad", [-1, "1G", 1.5])
def test_a_bad_bound_is_refused_and_changes_nothing(bad):
    with pytest.raises(ValueError, match="max_bytes"):
        skcnn.clear_cache(max_bytes=bad)
    assert STATES.max_bytes == 256 * 2**20


@pytest.mark.slow
def test_dropped_states_are_recalled_at_the_price_of_one_run(data, trained):
    X, y = data
    classifier(epochs=5).fit(X, y)
    for epoch in range(1, 5):
        STATES._drop((next(iter(STATES._states))[0], epoch))
    trained.clear()
    classifier(epochs=5).set_callbacks(ScoringMonitor(scoring="accuracy")).fit(X, y)
    assert trained == [0, 1, 2, 3]


@pytest.mark.slow
def test_clear_cache_forgets_states_and_programs(data, trained):
    X, y = data
    before = classifier(epochs=1).fit(X, y)
    assert len(POOL) > 0
    skcnn.clear_cache()
    assert len(POOL) == 0
    classifier(epochs=1).fit(X, y)
    assert trained == [0, 0]
    before.predict(X)  # a fitted estimator does not need the cache
    skcnn.clear_cache(max_bytes=0)
    for _ in range(2):
        classifier(epochs=1).fit(X, y)
    assert trained == [0] * 4


@pytest.mark.slow
def test_a_run_that_was_stopped_by_an_exception_goes_on_from_its_last_epoch(
    data, trained
):
    X, y = data

    with pytest.raises(KeyboardInterrupt):
        classifier(epochs=4).set_callbacks(AtEpoch(2, ctrl_c)).fit(X, y)
    clf = classifier(epochs=4).fit(X, y)
    assert trained == [0, 1, 2, 3]
    assert same_fit(clf, plain_fit(classifier(epochs=4), X, y), X)


@pytest.mark.slow
def test_history_tells_what_each_epoch_took_when_it_was_computed(data):
    X, y = data
    short, long = classifier(epochs=2).fit(X, y), classifier(epochs=3).fit(X, y)
    assert long.history_["time"][:2] == short.history_["time"]
    assert all(seconds > 0 for seconds in long.history_["time"])


# --------------------------------------------------------------------------------------
# Going on with the same estimator


@pytest.mark.slow
def test_partial_fit_k_times_equals_fit_also_through_pickle(data):
    import pickle

    X, y = data
    clf = classifier()
    for k in range(1, 5):
        clf = pickle.loads(pickle.dumps(clf.partial_fit(X, y)))
        assert clf.n_iter_ == k
        assert same_fit(clf, plain_fit(classifier(epochs=k), X, y), X)


@pytest.mark.slow
def test_partial_fit_knows_classes_that_come_later(data):
    X, y = data
    clf = classifier().partial_fit(X[y < 5], y[y < 5], classes=range(10))
    clf.partial_fit(X[y >= 5], y[y >= 5])
    assert clf.classes_.tolist() == list(range(10)) and clf.n_iter_ == 2
    with pytest.raises(ValueError, match=r"not among the classes.*\[11\]"):
        clf.partial_fit(X, y * 0 + 11)
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        clf.partial_fit(X, y, classes=[0, 1])


@pytest.mark.slow
def test_warm_start_trains_epochs_more(data):
    X, y = data
    clf = classifier(epochs=2, warm_start=True).fit(X, y).fit(X, y)
    assert clf.n_iter_ == 4 and len(clf.history_["loss"]) == 4
    assert same_fit(clf, plain_fit(classifier(epochs=4), X, y), X)
    clf.set_params(warm_start=False).fit(X, y)
    assert same_fit(clf, plain_fit(classifier(epochs=2), X, y), X)


@pytest.mark.slow
def test_an_interrupted_continuation_loses_nothing_that_was_there(data):
    X, y = data

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    clf = classifier(epochs=2, warm_start=True).fit(X, y)
    before = clf.predict_proba(X)
    with pytest.raises(KeyboardInterrupt):
        clf.set_params(callbacks=Interrupt()).fit(X, y)
    assert clf.n_iter_ == 2 and np.array_equal(clf.predict_proba(X), before)
    clf.set_params(callbacks=None).fit(X, y)
    assert same_fit(clf, plain_fit(classifier(epochs=4), X, y), X)


@pytest.mark.slow
def test_a_learning_rate_that_a_callback_set_outlasts_the_fit(data):
    X, y = data
    clf = classifier(
        epochs=2,
        warm_start=True,
        callbacks=keras.callbacks.LearningRateScheduler(lambda epoch: 0.003),
    )
    clf.fit(X, y).set_params(callbacks=None).fit(X, y)
    assert clf.model_.optimizer.learning_rate.numpy() == np.float32(0.003)


@pytest.mark.slow
def test_histories_stay_aligned_when_validation_comes_and_goes(data):
    X, y = data
    clf = (
        classifier(epochs=2, warm_start=True)
        .fit(X, y)
        .fit(X, y, validation_data=(X[:20], y[:20]))
        .partial_fit(X, y)
    )
    assert {len(values) for values in clf.history_.values()} == {5}
    assert np.isnan(clf.history_["val_loss"]).tolist() == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.slow
def test_class_weight_of_classes_that_a_part_lacks(data):
    X, y = data
    clf = classifier(class_weight={0: 2.0, 9: 3.0}).partial_fit(
        X[y < 5], y[y < 5], classes=range(10)
    )
    assert clf.partial_fit(X[y >= 5], y[y >= 5]).n_iter_ == 2
    with pytest.raises(ValueError, match="class_weight='balanced'"):
        classifier(class_weight="balanced").partial_fit(X, y)


@pytest.mark.slow
def test_warm_start_takes_a_new_learning_rate_but_no_new_network(data):
    X, y = data
    clf = classifier(epochs=1, warm_start=True).fit(X, y)
    same = classifier(epochs=1, warm_start=True).fit(X, y).fit(X, y)
    clf.set_params(optimizer__learning_rate=0.1).fit(X, y)
    assert clf.model_.optimizer.learning_rate.numpy() == np.float32(0.1)
    assert not same_bits(clf._state.arrays, same._state.arrays)
    with pytest.raises(ValueError, match="parameters of the architecture"):
        clf.set_params(dense_layers=(7,)).fit(X, y)
    with pytest.raises(ValueError, match="optimizer"):
        clf.set_params(dense_layers=(50,), optimizer="rmsprop").fit(X, y)
    assert clf.n_iter_ == 2  # what was refused changed nothing


def test_a_state_that_nobody_knows_is_none():
    trajectory = Trajectory("no such run")
    assert trajectory.longest(5) is None and trajectory.state(1) is None
    kept = TrainingState(2, (np.ones(2),), {"loss": [1.0, 0.5]})
    trajectory.keep(kept)
    assert same_state(trajectory.longest(5), kept) and trajectory.longest(1) is None
    assert curves(trajectory.state(2).history) == {"loss": [1.0, 0.5]}


def test_a_check_holds_for_the_very_state_and_is_dropped_with_it():
    cache = StateCache(max_bytes=1000)
    state, equal = (TrainingState(1, (np.zeros(10),)) for _ in range(2))
    cache.mark_checked("run", state)  # nothing is kept yet
    cache.put("run", state)
    assert not cache.is_checked("run", state)
    cache.mark_checked("run", equal)
    assert not cache.is_checked("run", state)
    cache.mark_checked("run", state)
    assert cache.is_checked("run", state)
    assert not cache.is_checked("run", equal)
    assert not cache.is_checked("another run", state)
    cache.put("run", equal)
    assert not cache.is_checked("run", equal)
    cache.mark_checked("run", equal)
    cache.clear()
    cache.put("run", equal)
    assert not cache.is_checked("run", equal)
