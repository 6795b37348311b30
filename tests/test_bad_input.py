"""Bad input is refused before anything is built or trained, with a message that names
what was wrong.
"""

import copy
import re

import keras
import numpy as np
import pandas as pd
import pytest
from networks import assert_not_fitted
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._program import Program, ProgramPool

N_SAMPLES = 12
SHAPE = (6, 8, 1)  # not square, so that a transposed image has another shape
IMAGES = np.random.RandomState(0).uniform(size=(N_SAMPLES, *SHAPE))
TABLE = IMAGES.reshape(N_SAMPLES, -1)
LABELS = np.arange(N_SAMPLES) % 3
HUGE = 10**400
SMALL = {
    "conv_layers": [(2, 3)],
    "convs_per_block": 1,
    "dense_layers": (4,),
    "epochs": 1,
    "random_state": 0,
}


def with_value(array, value):
    """A copy of the array with its first entry replaced."""
    array = array.astype(float)
    array.flat[0] = value
    return array


def falling_rate():
    return 0.1


class PerBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        """Would never be called: batches run inside the graph."""


# --------------------------------------------------------------------------------------
# The table. A case is the name that the message must have as a word of its own, what
# else it must have, the parameters, and what fit gets. For a parameter, what else it
# must have is the value seen.


def parameter(name, value, *says, id=None, others=None, **data):
    says = says or (f"got {value!r}",)
    return pytest.param(
        name, says, {**(others or {}), name: value}, data, id=id or f"{name}={value!r}"
    )


def data(name, id, *says, others=None, **data):
    return pytest.param(name, says, others or {}, data, id=f"{name}: {id}")


def block(id, block, *says, **others):
    return parameter(
        "conv_layers", [block], "block 1", *says, id=f"block: {id}", others=others
    )


def schedule_setting(schedule, setting, value, *says):
    name = f"learning_rate_schedule__{setting}"
    return parameter(name, value, *says, others={"learning_rate_schedule": schedule})


SGD = keras.optimizers.SGD
EarlyStopping = keras.callbacks.EarlyStopping

PARAMETERS = [
    # Architecture
    block("negative filters", (-1, 3), "filters", "got -1"),
    block("no filters", (0, 3), "filters", "got 0"),
    block("float filters", (2.0, 3), "filters", "got 2.0"),
    block("bool filters", (True, 3), "filters", "got True"),
    block("filters as text", ("2", 3), "filters", "got '2'"),
    block("kernel of 0", (2, 0), "kernel_size", "got 0"),
    block("no kernel", (2, ()), "kernel_size", "got ()"),
    block("stride of 0", (2, 3, 2, 0), "pool_stride", "got 0"),
    block("pool larger than the map", (2, 3, 7), "7x7", "6x8"),
    block("kernel larger than the map", (2, 7), "7x7", "6x8", padding="valid"),
    block(
        "parallel kernels, not padded",
        (2, ((1, 1), (3, 3))),
        "1x1 and 3x3",
        "padding='same'",
        padding="valid",
    ),
    block("tuple too long", (2,) * 12, repr((2,) * 12)),
    block("empty tuple", (), "got ()"),
    block(
        "unknown field",
        {"filters": 2, "kernel": 3},
        "kernel_size",
        repr({"filters": 2, "kernel": 3}),
    ),
    block(
        "no field for filters",
        {"kernel_size": 3},
        "'filters'",
        repr({"kernel_size": 3}),
    ),
    block("text", "32", "got '32'"),
    block("dropout of 1", ConvBlock(2, dropout=1.0), "dropout", "got 1.0"),
    block("unknown pooling", ConvBlock(2, pooling="sum"), "pooling", "got 'sum'"),
    parameter(
        "conv_layers",
        (32, 5, 2, 2),
        "block 1",
        "got 32",
        "[(32, 5, 2, 2)]",
        id="flat tuple",
    ),
    parameter(
        "conv_layers",
        [(2, 3), (2, 3), (2, 3)],
        "block 3",
        "2x2",
        "1x2",
        id="pooled away",
    ),
    parameter("conv_layers", "32"),
    parameter("conv_layers", 32),
    parameter("conv_layers", None),
    parameter("conv_layers", iter([(4, 3)]), "list_iterator", id="used up by a fit"),
    parameter("dense_layers", iter([7]), "list_iterator", id="units used up by a fit"),
    parameter("dense_layers", 0),
    parameter("dense_layers", 50),
    parameter("dense_layers", [4, 0], "layer 2", "got 0"),
    parameter("dense_layers", [1.5], "layer 1", "got 1.5"),
    parameter("dense_layers", "50"),
    parameter("dropout", 1.0),
    parameter("dropout", -0.1),
    parameter("dropout", "a"),
    parameter("dropout", None),
    parameter("dropout", np.nan),
    parameter("dense_dropout", 1),
    parameter("dropout", HUGE, "got 1000", id="dropout: more than a float holds"),
    parameter("max_norm", HUGE, "got 1000", id="max_norm: more than a float holds"),
    parameter("kernel_regularizer", -HUGE, "got -1000", id="penalty: a huge one"),
    parameter("convs_per_block", 0),
    parameter("convs_per_block", True),
    parameter("convs_per_block", 1001),
    parameter("convs_per_block", HUGE, "from 1 to 1000", id="convs_per_block: huge"),
    parameter("n_branches", HUGE, "from 1 to 1000", id="n_branches: huge"),
    parameter("n_branches", 1000, "5000 layers", others={"convs_per_block": 1000}),
    parameter("dense_layers", [10**9], "GiB of memory"),
    parameter("dense_layers", [10**12], "2147483647"),
    parameter("epochs", np.timedelta64(3, "s"), "timedelta64(3", id="epochs: a time"),
    parameter("tol", np.timedelta64(3, "s"), "timedelta64(3", id="tol: a time"),
    parameter("optimizer__epsilon", None),
    parameter("optimizer__name", "a/b"),
    parameter("optimizer__gradient_accumulation_steps", True),
    parameter("optimizer__loss_scale_factor", 0),
    parameter("optimizer__learning_rate", [0.1] * 100_000, "got [0.1, 0.1", id="rates"),
    parameter("loss__from_logits", 1),
    parameter("loss__ignore_class", 2**64, "2147483647"),
    parameter("loss__delta", "1", others={"loss": "huber"}),
    parameter("dense_layers", [2**31], "layer 1", id="dense_layers: 2**31"),
    parameter("epochs", True),
    parameter("epochs", HUGE, "2147483647", id="epochs: huge"),
    parameter("batch_size", True),
    parameter("batch_size", 2**31),
    parameter("n_iter_no_change", True, others={"early_stopping": True}),
    parameter("optimizer__learning_rate", HUGE, "got 1000", id="rate: huge"),
    parameter("optimizer__learning_rate", True),
    parameter("optimizer__clipnorm", -1),
    parameter("optimizer__clipvalue", -0.5),
    parameter("optimizer__global_clipnorm", "a"),
    parameter("optimizer__weight_decay", -1e-4, others={"optimizer": "adamw"}),
    parameter("optimizer__epsilon", None),
    parameter("optimizer__beta_1", 1.5),
    parameter("optimizer__momentum", 2, others={"optimizer": "sgd"}),
    parameter("optimizer__momentum", np.nan, others={"optimizer": "sgd"}),
    parameter("optimizer__amsgrad", "yes"),
    parameter("optimizer", SGD(clipnorm=-1), "clipnorm", "got -1", id="SGD(clipnorm)"),
    parameter("tol", HUGE, "got 1000", id="tol: huge"),
    parameter("loss__label_smoothing", 5, others={"loss": "categorical_crossentropy"}),
    parameter("n_branches", 0),
    parameter(
        "n_branches",
        2,
        "n_branches=2",
        "conv_layers",
        id="branches of nothing",
        others={"conv_layers": ()},
    ),
    parameter("padding", "full"),
    parameter("pooling", "min"),
    parameter("activation", "rely"),
    parameter("activation", np.tanh),
    parameter("batch_norm", 1),
    parameter("batch_norm_statistics", "batch"),
    parameter("batch_norm_statistics", None),
    parameter("head", "gap"),
    parameter("max_norm", -1),
    parameter("dense_max_norm", np.inf),
    parameter(
        "image_shape",
        (5, 8),
        "(5, 8, 1)",
        "(6, 8, 1)",
        id="image_shape: X has other images",
    ),
    parameter(
        "image_shape",
        (5, 8),
        "(5, 8, 1)",
        "48",
        id="image_shape: X has another number of features",
        X=TABLE,
    ),
    parameter("image_shape", (48,)),
    parameter("image_shape", (6, 8, 1, 1)),
    parameter("image_shape", 48),
    parameter("image_shape", (0, 48), "got 0"),
    parameter("image_shape", (6.0, 8), "got 6.0"),
    # Training
    parameter("epochs", 0),
    parameter("epochs", 1.5),
    parameter("epochs", "3"),
    parameter("batch_size", 0),
    parameter("batch_size", None),
    parameter("optimizer", "adan"),
    parameter("optimizer", None),
    parameter(
        "optimizer",
        SGD(falling_rate),
        "falling_rate",
        id="optimizer: instance with a callable learning rate",
    ),
    parameter(
        "optimizer",
        keras.optimizers.LossScaleOptimizer(SGD()),
        "LossScaleOptimizer",
        id="optimizer: no learning rate",
    ),
    parameter("optimizer__learning_rate", -0.1),
    parameter("optimizer__learning_rate", 0),
    parameter("optimizer__learning_rate", np.nan),
    parameter("optimizer__learning_rate", np.inf),
    parameter(
        "optimizer__learning_rate",
        falling_rate,
        "falling_rate",
        id="optimizer__learning_rate: callable",
    ),
    parameter("optimizer__learning_rat", 0.1, "Did you mean 'learning_rate'?"),
    parameter("optimizer__momentum", 0.9, "Adam takes no 'momentum'"),
    parameter(
        "optimizer__learning_rate",
        0.1,
        "SGD",
        id="optimizer__*: to an instance",
        others={"optimizer": SGD()},
    ),
    parameter("loss", "sparse_crossentropy"),
    parameter("loss", 3),
    parameter(
        "loss__label_smooth",
        0.1,
        "Did you mean 'label_smoothing'?",
        others={"loss": "categorical_crossentropy"},
    ),
    parameter(
        "loss__label_smoothing",
        0.1,
        "categorical_crossentropy",
        id="loss__*: to an instance",
        others={"loss": keras.losses.CategoricalCrossentropy()},
    ),
    parameter("kernel_regularizer", -1e-4),
    parameter("kernel_regularizer", "l2"),
    parameter("learning_rate_schedule", "step"),
    parameter(
        "learning_rate_schedule",
        keras.optimizers.schedules.CosineDecay,
        "optimizer__learning_rate",
    ),
    parameter(
        "learning_rate_schedule__decay",
        0.1,
        "got None",
        id="learning_rate_schedule__*: to no schedule",
    ),
    schedule_setting("cosine", "warmup", 0.2, "takes no 'warmup'"),
    schedule_setting("one_cycle", "warmup", 1.5, "got 1.5"),
    schedule_setting("one_cycle", "start", "low", "got 'low'"),
    schedule_setting("inverse_time", "decay", -1, "got -1"),
    parameter(
        "learning_rate_schedule",
        "cosine",
        "got a schedule",
        id="learning_rate_schedule: two schedules",
        others={
            "optimizer__learning_rate": keras.optimizers.schedules.InverseTimeDecay(
                0.1, 1, 0.1
            )
        },
    ),
    parameter(
        "learning_rate_schedule",
        "one_cycle",
        "warm_start",
        id="no total",
        others={"warm_start": True},
    ),
    parameter("augmentation", "mirror"),
    parameter("augmentation", 3),
    parameter("augmentation", ["flip"], "got 'flip'"),
    parameter(
        "augmentation",
        keras.layers.RandomCrop(3, 3),
        "(3, 3, 1)",
        id="augmentation: other shape",
    ),
    parameter(
        "augmentation",
        [keras.layers.BatchNormalization()],
        "weights",
        id="augmentation: weights",
    ),
    parameter(
        "augmentation", keras.layers.MixUp(), "labels", id="augmentation: labels"
    ),
    parameter(
        "augmentation",
        keras.layers.AugMix(),
        "global generator",
        id="augmentation: another generator",
    ),
    parameter("early_stopping", "yes"),
    parameter("validation_fraction", 0),
    parameter("validation_fraction", 1.0),
    parameter(
        "early_stopping",
        True,
        "1 sample of each class",
        "validation_data",
        id="one sample of each class",
        y=list(range(12)),
    ),
    parameter("n_iter_no_change", 0),
    parameter("tol", -0.1),
    parameter("class_weight", "auto"),
    parameter("class_weight", [1, 2, 3]),
    parameter("class_weight", {7: 1.0}, "{7: 1.0}"),
    parameter("class_weight", {0: "a"}, "'a'"),
    parameter("class_weight", {0: -1.0}, "-1.0"),
    parameter("class_weight", {0: np.nan}, "nan"),
    parameter("class_weight", {0: 0, 1: 0, 2: 0}, "{0: 0, 1: 0, 2: 0}"),
    parameter("callbacks", "early"),
    parameter("callbacks", [3], "got 3"),
    parameter(
        "callbacks",
        PerBatch(),
        "PerBatch",
        "on_train_batch_end",
        id="callbacks: batch hook",
    ),
    parameter(
        "callbacks",
        [PerBatch],
        "PerBatch",
        "on_train_batch_end",
        id="callbacks: class with a batch hook",
    ),
    parameter(
        "callbacks",
        EarlyStopping,
        "patienc",
        id="callbacks__patienc",
        others={"callbacks__patienc": 3},
    ),
    parameter("callbacks__patience", 3, "got None", id="callbacks__*: to no callback"),
    parameter("warm_start", "yes"),
    parameter("memory", 3),
    parameter("random_state", "a"),
    parameter("random_state", -1),
    parameter("verbose", "loud"),
]

DATA = [
    data("X", "scalar", X=3.0),
    data("X", "one dimension", X=TABLE[:, 0]),
    data("X", "five dimensions", "(12, 6, 8, 1, 1)", X=IMAGES[..., None]),
    data("X", "no samples", "0 sample", X=IMAGES[:0], y=LABELS[:0]),
    data("X", "no features", "0 feature", X=TABLE[:, :0]),
    data("X", "no pixels", "0 feature", X=IMAGES[:, :0]),
    data("X", "NaN", "NaN", X=with_value(IMAGES, np.nan)),
    data("X", "infinity", "infinity", X=with_value(IMAGES, np.inf)),
    data("X", "too large for float32", "float32", X=with_value(IMAGES, 1e39)),
    data("X", "complex", "omplex", X=IMAGES + 1j),
    data("X", "sparse", "parse", X=sparse.csr_array(TABLE)),
    data("X", "text", X=np.full((N_SAMPLES, 48), "a")),
    data("X", "ragged images", "(2, 2)", X=[np.zeros((2, 2)), np.zeros((3, 3))] * 6),
    data("X", "None", "NoneType", X=None),
    data("X", "one image", "X[np.newaxis]", X=IMAGES[0], y=LABELS[:1]),
    data("image_shape", "one pixel", "(1, 1, 1)", "conv_layers", X=IMAGES[:, :1, :1]),
    data("y", "None", "requires y", "fit(X, y)", y=None),
    data("y", "one label", "one label for each image", y=np.int64(3)),
    data("y", "one class", "1 class", y=np.ones(N_SAMPLES)),
    data("y", "continuous", "continuous", y=np.linspace(0, 1, N_SAMPLES)),
    data("y", "one-hot", "argmax", y=np.eye(3)[LABELS]),
    data("y", "one-hot list", "argmax", y=np.eye(3, dtype=int)[LABELS].tolist()),
    data("y", "one-hot frame", "argmax", y=pd.DataFrame(np.eye(3)[LABELS])),
    data("y", "three dimensions", y=np.zeros((N_SAMPLES, 1, 1))),
    data("y", "NaN", "NaN", y=with_value(LABELS, np.nan)),
    data(
        "y",
        "None among labels",
        "None among them",
        y=np.array([None, "a", "b"] * 4, dtype=object),
    ),
    data("y", "complex", "omplex", y=LABELS + 1j),
    data("y", "too short", "11", "12", y=LABELS[:-1]),
    data(
        "sample_weight", "too short", "11", "12", sample_weight=np.ones(N_SAMPLES - 1)
    ),
    data("sample_weight", "two dimensions", sample_weight=np.ones((N_SAMPLES, 2))),
    data(
        "sample_weight",
        "negative",
        "egative",
        sample_weight=with_value(np.ones(N_SAMPLES), -1),
    ),
    data("sample_weight", "all zeros", "zero", sample_weight=np.zeros(N_SAMPLES)),
    data(
        "sample_weight",
        "NaN",
        "NaN",
        sample_weight=with_value(np.ones(N_SAMPLES), np.nan),
    ),
    data(
        "sample_weight",
        "infinity",
        "infinity",
        sample_weight=with_value(np.ones(N_SAMPLES), np.inf),
    ),
    data("sample_weight", "text", "'a'", sample_weight=["a"] * N_SAMPLES),
    data(
        "y",
        "one class with weights above 0",
        "1 class",
        sample_weight=(LABELS == 0).astype(float),
    ),
    data("validation_data", "images only", "ndarray", validation_data=IMAGES),
    data("validation_data", "share, as in Keras", "float", validation_data=0.2),
    data(
        "validation_data",
        "three parts",
        "tuple of 3",
        validation_data=(IMAGES, LABELS, LABELS),
    ),
    data("validation_data", "dict", "dict", validation_data={"X": IMAGES, "y": LABELS}),
    data(
        "validation_data",
        "labels not in y",
        "[3]",
        validation_data=(IMAGES, LABELS + 1),
    ),
    data(
        "validation_data",
        "labels of another type",
        "'a'",
        validation_data=(IMAGES, ["a"] * N_SAMPLES),
    ),
    data("validation_data", "no labels", "got None", validation_data=(IMAGES, None)),
    data(
        "validation_data",
        "None among labels",
        "None among them",
        validation_data=(IMAGES, [None, "a", "b"] * 4),
    ),
    data(
        "validation_data",
        "labels that do not sort",
        validation_data=(IMAGES, pd.Series([0, "a", 1] * 4)),
    ),
    data(
        "validation_data", "one-hot labels", validation_data=(IMAGES, np.eye(3)[LABELS])
    ),
    data(
        "validation_data",
        "too few labels",
        "11",
        "12",
        validation_data=(IMAGES, LABELS[:-1]),
    ),
    data(
        "validation_data",
        "other images",
        "(5, 8, 1)",
        "(6, 8, 1)",
        validation_data=(IMAGES[:, :5], LABELS),
    ),
    data(
        "validation_data",
        "fewer features",
        "40",
        "48",
        validation_data=(TABLE[:, :40], LABELS),
    ),
    data(
        "validation_data",
        "NaN",
        "NaN",
        validation_data=(with_value(IMAGES, np.nan), LABELS),
    ),
    data(
        "validation_data",
        "too large for float32",
        "float32",
        validation_data=(with_value(IMAGES, 1e39), LABELS),
    ),
    data(
        "validation_data",
        "no samples",
        "0 sample",
        validation_data=(IMAGES[:0], LABELS[:0]),
    ),
]


@pytest.fixture
def nothing_starts(monkeypatch):
    """Fails on whatever would build, train or run a network. An AssertionError is none
    of the errors expected.
    """

    def fail(*args, **kwargs):
        raise AssertionError("bad input got as far as the engine")

    monkeypatch.setattr(Program, "train", fail)
    monkeypatch.setattr(ProgramPool, "borrow", fail)


def assert_says(error, name, says):
    message = str(error.value)
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message), (
        f"{name!r} is not named in: {message}"
    )
    for words in says:
        assert words.lower() in message.lower(), f"{words!r} is not in: {message}"


@pytest.mark.parametrize(("name", "says", "params", "data"), [*PARAMETERS, *DATA])
def test_refused_by_fit(name, says, params, data, nothing_starts):
    classifier = ConvPoolClassifier(
        **{**SMALL, **params}
    )  # scikit-learn's rule: the constructor checks no value
    with pytest.raises((TypeError, ValueError)) as error:
        classifier.fit(**{"X": IMAGES, "y": LABELS, **data})
    assert_says(error, name, says)
    assert_not_fitted(classifier)


def test_the_table_is_long_enough():
    assert len(PARAMETERS) + len(DATA) >= 50


def test_good_input_gets_to_the_engine(nothing_starts):
    # Otherwise the whole table might be refused for one and the same reason.
    classifier = ConvPoolClassifier(**SMALL)
    with pytest.raises(AssertionError, match="engine"):
        classifier.fit(
            IMAGES,
            LABELS,
            sample_weight=np.ones(N_SAMPLES),
            validation_data=(IMAGES, LABELS),
        )
    assert_not_fitted(classifier)


# --------------------------------------------------------------------------------------
# After a fit


@pytest.fixture(scope="module")
def ready():
    """Ready to predict; its weights do not matter."""
    return ConvPoolClassifier(**SMALL).initialize(IMAGES, LABELS)


@pytest.mark.parametrize(
    ("X", "says"),
    [
        pytest.param(TABLE[:, :40], ["40", "48"], id="fewer features"),
        pytest.param(IMAGES[:, :5], ["(5, 8, 1)", "(6, 8, 1)"], id="lower images"),
        pytest.param(
            IMAGES.transpose(0, 2, 1, 3),
            ["(8, 6, 1)", "(6, 8, 1)"],
            id="transposed images",
        ),
        pytest.param(
            IMAGES[..., 0].transpose(0, 2, 1),
            ["(8, 6, 1)", "(6, 8, 1)"],
            id="transposed, without channels",
        ),
        pytest.param(
            np.repeat(IMAGES, 3, axis=-1), ["(6, 8, 3)", "(6, 8, 1)"], id="color"
        ),
        pytest.param(IMAGES[0], ["(6, 8, 1)", "X[np.newaxis]"], id="one image alone"),
        pytest.param(
            IMAGES[0, :, :, 0],
            ["(6, 8)", "X[np.newaxis]"],
            id="one image alone, without channels",
        ),
        pytest.param(TABLE[0], ["1D"], id="one row alone"),
        pytest.param(IMAGES[..., None], ["(12, 6, 8, 1, 1)"], id="five dimensions"),
        pytest.param(IMAGES[:0], ["0 sample"], id="no samples"),
        pytest.param(with_value(IMAGES, np.nan), ["NaN"], id="NaN"),
        pytest.param(
            with_value(IMAGES, -1e39), ["float32"], id="too large for float32"
        ),
        pytest.param(IMAGES + 1j, ["complex"], id="complex"),
        pytest.param(sparse.csr_array(TABLE), ["sparse"], id="sparse"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_refused_by_predict(ready, method, X, says, nothing_starts):
    with pytest.raises((TypeError, ValueError)) as error:
        getattr(ready, method)(X)
    assert_says(error, "X", says)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_predicting_before_fit(method):
    with pytest.raises(NotFittedError, match="ConvPoolClassifier"):
        getattr(ConvPoolClassifier(), method)(IMAGES)


def test_score_before_fit():
    with pytest.raises(NotFittedError):
        ConvPoolClassifier().score(IMAGES, LABELS)


def test_model_before_fit():
    with pytest.raises(NotFittedError):
        ConvPoolClassifier().model_  # noqa: B018 - a property


@pytest.mark.parametrize(
    ("params", "data"),
    [
        pytest.param(
            {},
            {"X": IMAGES[:, :5], "y": np.zeros(N_SAMPLES)},
            id="other images of one class",
        ),
        pytest.param(
            {"conv_layers": [(2, 3, 6)]},
            {"X": IMAGES[:, :5]},
            id="other images too small for the pool",
        ),
        pytest.param(
            {}, {"validation_data": (IMAGES, LABELS + 1)}, id="validation data"
        ),
        pytest.param({"epochs": 0}, {}, id="parameter"),
    ],
)
def test_a_refused_refit_leaves_nothing_half_changed(
    ready, params, data, nothing_starts, monkeypatch
):
    classifier = copy.deepcopy(ready).set_params(**params)
    with pytest.raises(ValueError):
        classifier.fit(**{"X": IMAGES, "y": LABELS, **data})
    # Either is sound: not fitted any more, or as it was.
    try:
        check_is_fitted(classifier)
    except NotFittedError:
        return
    monkeypatch.undo()
    np.testing.assert_array_equal(
        classifier.predict_proba(IMAGES), ready.predict_proba(IMAGES)
    )


@pytest.mark.parametrize(
    ("name", "says", "params", "data"),
    [
        pytest.param(
            "X", ["(5, 8, 1)", "(6, 8, 1)"], {}, {"X": IMAGES[:, :5]}, id="other images"
        ),
        pytest.param("X", ["NaN"], {}, {"X": with_value(IMAGES, np.nan)}, id="NaN"),
        pytest.param(
            "y", ["[3]", "[0, 1, 2]"], {}, {"y": LABELS + 1}, id="other labels"
        ),
        pytest.param(
            "classes",
            ["[0, 1]", "[0, 1, 2]"],
            {},
            {"y": LABELS % 2, "classes": [0, 1]},
            id="other classes",
        ),
        pytest.param(
            "partial_fit",
            ["architecture"],
            {"dense_layers": (5,)},
            {},
            id="other architecture",
        ),
        pytest.param(
            "partial_fit",
            ["optimizer='sgd'"],
            {"optimizer": "sgd"},
            {},
            id="other optimizer",
        ),
        pytest.param("dropout", ["got 1.0"], {"dropout": 1.0}, {}, id="bad parameter"),
    ],
)
def test_refused_by_partial_fit_which_loses_nothing(
    ready, name, says, params, data, monkeypatch, nothing_starts
):
    classifier = copy.deepcopy(ready).set_params(**params)
    with pytest.raises((TypeError, ValueError)) as error:
        classifier.partial_fit(**{"X": IMAGES, "y": LABELS, **data})
    assert_says(error, name, says)
    monkeypatch.undo()
    # Unlike a new fit, it has something to lose.
    np.testing.assert_array_equal(
        classifier.predict_proba(IMAGES), ready.predict_proba(IMAGES)
    )


# --------------------------------------------------------------------------------------
# Unknown names


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("dropot", "dropout"),
        ("conv_layer", "conv_layers"),
        ("epoch", "epochs"),
        ("optimiser", "optimizer"),
    ],
)
def test_unknown_name(name, nearest):
    with pytest.raises(TypeError) as error:
        ConvPoolClassifier(**{name: 1})
    assert_says(error, name, [f"Did you mean '{nearest}"])
    classifier = ConvPoolClassifier(epochs=7)
    before = classifier.get_params()
    # The known name comes first: it must not be set before the unknown one is met.
    with pytest.raises(ValueError) as error:
        classifier.set_params(**{"epochs": 3, "optimizer__learning_rate": 0.1, name: 1})
    assert_says(error, name, [f"Did you mean '{nearest}"])
    assert classifier.get_params() == before


@pytest.mark.parametrize(
    "name", ["zzz", "model__units", "fit__epochs", "optimizer__", "__epochs"]
)
def test_name_like_no_other(name):
    with pytest.raises(TypeError) as error:
        ConvPoolClassifier(**{name: 1})
    assert_says(error, name, ["Valid parameters are", "'conv_layers'", "optimizer__"])
