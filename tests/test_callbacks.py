"""Keras callbacks: those that were given are those that are used, and they let go."""

import pickle
import threading
import warnings
from functools import partial

import keras
import numpy as np
import optuna
import pytest
from at_epoch import ctrl_c
from comparisons import same_bits
from networks import TINY
from optuna_integration import KerasPruningCallback
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn_callbacks import ScoringMonitor

import skcnn
from skcnn import ConvPoolClassifier

small = partial(ConvPoolClassifier, **TINY, epochs=3, batch_size=32)


class Losses(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        assert self.model is not None
        self.losses.append(logs["loss"])


class Adds(keras.callbacks.Callback):
    """Adds to the logs, from the second epoch on."""

    def __init__(self, **values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        if epoch:
            logs.update(self.values)


# --------------------------------------------------------------------------------------
# The object that was given


@pytest.mark.slow
@pytest.mark.parametrize("form", [lambda c: c, lambda c: [c], lambda c: {"a": c}])
def test_a_callback_has_learned_what_it_heard(form, data):
    callback = Losses()
    classifier = small(callbacks=form(callback))
    for _ in range(2):
        classifier.fit(*data)
        assert callback.losses == classifier.history_["loss"]
        assert classifier.callbacks_ == [callback]
        assert callback.model is None


@pytest.mark.slow
def test_in_a_pipeline_it_is_the_given_one_and_in_a_search_that_of_the_best(data):
    callback = Losses()
    steps = make_pipeline(FunctionTransformer(), small(callbacks=callback))
    steps.fit(*data)
    assert callback.losses == steps[-1].history_["loss"]
    search = GridSearchCV(steps, {"convpoolclassifier__epochs": [2]}, cv=2)
    (used,) = search.fit(*data).best_estimator_[-1].callbacks_
    assert used is not callback
    assert used.losses == search.best_estimator_[-1].history_["loss"]


@pytest.mark.slow
def test_a_class_is_made_anew_for_each_fit(data):
    classifier = small(callbacks=Losses)
    first, second = (classifier.fit(*data).callbacks_ for _ in range(2))
    assert first[0] is not second[0]
    assert first[0].losses == second[0].losses
    assert small().fit(*data).callbacks_ == []


def test_an_optuna_study_prunes(data):
    study = optuna.create_study(
        direction="minimize", pruner=optuna.pruners.ThresholdPruner(upper=-1)
    )
    trial = study.ask()
    classifier = small(callbacks=KerasPruningCallback(trial, "loss"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        with pytest.raises(optuna.TrialPruned):
            classifier.fit(*data)
    assert list(study.trials[0].intermediate_values) == [0]
    assert trial.storage is study._storage


@pytest.mark.slow
def test_the_model_is_let_go_of_also_after_an_exception(data):
    callbacks = [Losses(), keras.callbacks.LambdaCallback(on_epoch_end=ctrl_c)]
    classifier = small(callbacks=callbacks)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*data)
    assert [callback.model for callback in callbacks] == [None, None]
    del callbacks[1]
    assert classifier.fit(*data).n_iter_ == 3


@pytest.mark.slow
def test_a_fitted_classifier_can_be_copied(data, tmp_path):
    stopping = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    classifier = small(callbacks=[stopping, logger]).fit(*data)
    copied = pickle.loads(pickle.dumps(classifier))
    assert same_bits(
        [copied.predict_proba(data[0])], [classifier.predict_proba(data[0])]
    )
    again = clone(classifier).fit(*data)
    assert same_bits(again._state.arrays, classifier._state.arrays)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert len(lines) == 1 + again.n_iter_, "a header, and the epochs of the last fit"


@pytest.mark.slow
def test_with_early_stopping_and_warm_start(data):
    callback = Losses()
    params = {"early_stopping": True, "warm_start": True, "epochs": 2}
    classifier = small(**params, callbacks=callback).fit(*data)
    plain = small(**params).fit(*data)
    for _ in range(2):
        assert same_bits(classifier._state.arrays, plain._state.arrays)
        assert callback.losses == classifier.history_["loss"][-2:]
        assert "val_loss" in classifier.history_
        classifier.fit(*data), plain.fit(*data)


@pytest.mark.slow
def test_one_object_in_two_fits_at_once_is_refused(data):
    inside, errors = threading.Event(), []
    other = threading.Event()

    class Waits(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            inside.set()
            other.wait(60)

    classifier = small(callbacks=Waits(), epochs=1)

    def fit():
        classifier.fit(*data)

    thread = threading.Thread(target=fit)
    thread.start()
    assert inside.wait(60)
    with pytest.raises(RuntimeError, match="callbacks=Waits") as error:
        small(callbacks=classifier.callbacks).fit(*data)
    errors.append(error)
    other.set()
    thread.join()
    assert classifier.n_iter_ == 1
    assert classifier.fit(*data).n_iter_ == 1


@pytest.mark.slow
def test_what_a_callback_did_to_the_model_stays_in_its_fit(data):
    class Freeze(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.layers[2].trainable = False
            self.model.optimizer.beta_1 = 0.0

    skcnn.clear_cache()
    frozen = small(callbacks=Freeze()).fit(*data)
    plain = small().fit(*data)
    watched = small(callbacks=Losses()).fit(*data)
    assert not same_bits(frozen._state.arrays, plain._state.arrays)
    assert same_bits(watched._state.arrays, plain._state.arrays)


# --------------------------------------------------------------------------------------
# What they add to the logs


@pytest.mark.slow
def test_what_a_callback_adds_is_in_the_history(data, capsys):
    values = {"f1": np.float32(0.5), "seen": np.array(3), "loss": -1.0}
    monitor = ScoringMonitor(scoring="accuracy")
    classifier = small(callbacks=Adds(**values), verbose=1)
    classifier.set_callbacks(monitor).fit(*data)
    plain = small().fit(*data)
    assert classifier.history_["f1"] == pytest.approx([np.nan, 0.5, 0.5], nan_ok=True)
    assert classifier.history_["seen"] == pytest.approx([np.nan, 3, 3], nan_ok=True)
    assert classifier.history_["loss"] == plain.history_["loss"], "as it was measured"
    assert "f1 0.5000" in capsys.readouterr().out
    classifier.set_params(warm_start=True, callbacks=None, epochs=1).fit(*data)
    assert len(classifier.history_["f1"]) == 4
    assert np.isnan(classifier.history_["f1"][-1])


def test_what_is_no_number_is_ignored_with_one_warning(data):
    callback = Adds(confusion=np.eye(3), phase="warm", ok=True)
    with pytest.warns(UserWarning, match=r"\['confusion', 'phase'\]") as caught:
        classifier = small(callbacks=callback).fit(*data)
    assert len(caught) == 1
    assert set(classifier.history_) == {"loss", "accuracy", "time", "ok"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
        keras.callbacks.ReduceLROnPlateau(
            "loss", factor=0.1, min_delta=100, patience=1, cooldown=0
        ),
    ],
)
def test_the_learning_rate_is_in_the_history(callback, data):
    rates = small(callbacks=callback).fit(*data).history_["learning_rate"]
    assert rates[2] < rates[0]


# --------------------------------------------------------------------------------------
# Each callback of Keras works or is refused with an alternative

WORK = {
    "CSVLogger": lambda path: keras.callbacks.CSVLogger(path / "a.csv"),
    "EarlyStopping": lambda path: keras.callbacks.EarlyStopping("accuracy"),
    "History": lambda path: keras.callbacks.History(),
    "LambdaCallback": lambda path: keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: None
    ),
    "LearningRateScheduler": lambda path: keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate
    ),
    "ModelCheckpoint": lambda path: keras.callbacks.ModelCheckpoint(path / "a.keras"),
    "ReduceLROnPlateau": lambda path: keras.callbacks.ReduceLROnPlateau("loss"),
    "TerminateOnNaN": lambda path: keras.callbacks.TerminateOnNaN(),
    "RemoteMonitor": lambda path: keras.callbacks.RemoteMonitor(
        root="http://127.0.0.1:9"
    ),
}


@pytest.mark.filterwarnings("ignore:Could not reach RemoteMonitor")
def test_those_that_work(data, tmp_path):
    callbacks = [make(tmp_path) for make in WORK.values()]
    classifier = small(callbacks=callbacks, epochs=1).fit(*data)
    assert classifier.callbacks_ == callbacks
    assert same_bits(classifier._state.arrays, small(epochs=1).fit(*data)._state.arrays)
    history = callbacks[2]
    assert history.history["loss"] == classifier.history_["loss"]
    assert keras.saving.load_model(tmp_path / "a.keras").count_params() > 0


INSTEAD = {
    "BackupAndRestore": "memory=",
    "OrbaxCheckpoint": "ModelCheckpoint",
    "ProgbarLogger": "verbose=1",
    "SwapEMAWeights": "optimizer__use_ema=True",
    "TensorBoard": "CSVLogger",
}


@pytest.mark.parametrize("name", INSTEAD)
def test_those_that_are_refused(name, data, tmp_path):
    if not hasattr(keras.callbacks, name):
        pytest.skip(f"this Keras has no {name}")
    cls = getattr(keras.callbacks, name)
    arguments = {
        "BackupAndRestore": [tmp_path / "b"],
        "TensorBoard": [str(tmp_path / "t")],
    }
    if name == "OrbaxCheckpoint":
        pytest.importorskip("orbax")
        arguments[name] = [tmp_path / "o"]
    with pytest.raises(ValueError, match=f"callbacks: {name}.*{INSTEAD[name]}"):
        small(callbacks=cls(*arguments.get(name, []))).fit(*data)


def test_all_of_keras_are_known():
    names = {
        name
        for name, value in vars(keras.callbacks).items()
        if isinstance(value, type) and issubclass(value, keras.callbacks.Callback)
    }
    names |= {"OrbaxCheckpoint"}  # which came with Keras 3.12
    assert names - {"Callback", "CallbackList"} == {*WORK, *INSTEAD}


@pytest.mark.parametrize(
    ("callback", "says"),
    [
        (keras.callbacks.EarlyStopping(), "early_stopping=True"),
        (keras.callbacks.EarlyStopping("val_accuracy"), "validation_data"),
        (keras.callbacks.ReduceLROnPlateau(), "validation_data"),
        (keras.callbacks.ModelCheckpoint("x.keras", save_best_only=True), "'loss'"),
        (keras.callbacks.EarlyStopping("acc"), "'accuracy'"),
    ],
)
def test_what_is_watched_must_be_there(callback, says, data):
    with pytest.raises(
        ValueError, match=f"callbacks: {type(callback).__name__}.*{says}"
    ):
        small(callbacks=callback).fit(*data)


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.ReduceLROnPlateau("loss"),
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.1),
    ],
)
def test_two_who_set_the_learning_rate_are_refused(callback, data):
    with pytest.raises(ValueError, match=r"callbacks.*follows a schedule"):
        small(callbacks=callback, learning_rate_schedule="cosine").fit(*data)


def test_what_a_users_callback_may_add_is_warned_of_alone(data):
    callbacks = [Losses(), keras.callbacks.EarlyStopping()]
    with pytest.warns(UserWarning, match="validation_data") as caught:
        assert small(callbacks=callbacks).fit(*data).n_iter_ == 3
    assert caught[0].filename == __file__


@pytest.mark.slow
def test_what_is_watched_is_there_with_validation_data_or_early_stopping(data):
    stopping = {"callbacks": keras.callbacks.EarlyStopping(min_delta=100, patience=1)}
    assert small(**stopping).fit(*data, validation_data=data).n_iter_ == 2
    assert small(**stopping, early_stopping=True).fit(*data).n_iter_ == 2
    own = [
        Adds(val_f1=1.0),
        keras.callbacks.EarlyStopping("val_f1", mode="max", patience=0),
    ]
    with pytest.warns(UserWarning, match="val_f1"):  # Keras': not in the first epoch
        assert small(callbacks=own, epochs=4).fit(*data).n_iter_ == 3
