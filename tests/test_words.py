"""Names that people bring from other packages: what each is answered, runs."""

import ast
import inspect

import keras
import numpy as np
import pytest
from scikeras.wrappers import KerasClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._parameters import is_routed
from skcnn._program import Program, ProgramPool
from skcnn._words import BLOCK_WORDS, PARAMETER_WORDS, ROUTED_WORDS

X, y = np.zeros((60, 28, 28, 1), np.uint8), np.arange(60) % 3
# What answers take for given: a classifier, a grid, and data.
GIVEN = {
    "clf": ConvPoolClassifier(conv_layers=[(2, 3)], epochs=1),
    "grid": {"dropout": [0.0]},
    "X": X,
    "y": y,
    "X_val": X,
    "y_val": y,
    "weights": np.ones(60),
    "GridSearchCV": GridSearchCV,
    "ConvPoolClassifier": ConvPoolClassifier,
}


@pytest.fixture
def nothing_trains(monkeypatch):
    """What is accepted gets as far as the engine, and no further."""

    def stop(*args, **kwargs):
        raise AssertionError("accepted")

    monkeypatch.setattr(Program, "train", stop)
    monkeypatch.setattr(ProgramPool, "borrow", stop)


def arguments_of(code):
    """Keyword arguments that the code writes; None if it is a whole call."""
    call = ast.parse(f"f({code})", mode="eval").body
    if call.args:
        return None
    return {each.arg: eval(ast.unparse(each.value)) for each in call.keywords}


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            word.write
            for words in (PARAMETER_WORDS, *ROUTED_WORDS.values())
            for word in words.values()
            if word.write
        }
    ),
)
def test_what_an_answer_says_is_accepted(code, nothing_trains):
    arguments = arguments_of(code)
    if arguments is None and not code.startswith("clf.fit"):
        made = eval(code, GIVEN)
        assert isinstance(made, GridSearchCV)
        return
    with pytest.raises(AssertionError, match="accepted"):
        if arguments is None:
            eval(code, GIVEN)
        else:
            ConvPoolClassifier(**arguments).fit(X, y)


@pytest.mark.parametrize("code", sorted({word.write for word in BLOCK_WORDS.values()}))
def test_what_an_answer_says_of_blocks_is_accepted(code, nothing_trains):
    if code.startswith("ConvPoolClassifier"):
        eval(code, GIVEN)
        return
    block = ConvBlock(**{"filters": 4, **arguments_of(code)})
    with pytest.raises(AssertionError, match="accepted"):
        ConvPoolClassifier(conv_layers=[block]).fit(X, y)


@pytest.mark.parametrize("words", [PARAMETER_WORDS, BLOCK_WORDS], ids=["ours", "block"])
def test_no_word_hides_a_name_that_there_is(words):
    ours = inspect.signature(ConvPoolClassifier).parameters
    names = ours if words is PARAMETER_WORDS else ConvBlock._fields
    assert not set(words) & set(names)
    assert not [name for name in words if is_routed(name)]


# The name, and what the answer must have.
ANSWERS = {
    "learning_rate": "Write optimizer__learning_rate=",
    "lr": "Write optimizer__learning_rate=",
    "max_iter": "Write epochs=",
    "max_epoch": "Write epochs=",
    "nb_epoch": "Write epochs=",
    "hidden_layer_sizes": "Write dense_layers=",
    "alpha": "Write kernel_regularizer=",
    "filters": "Write conv_layers=",
    "momentum": "Write optimizer='sgd', optimizer__momentum=",
    "solver": "Write optimizer=",
    "patience": "n_iter_no_change=",
    "validation_split": "validation_fraction=",
    "input_shape": "Write image_shape=",
    "n_jobs": "Write GridSearchCV(",
    "metrics": "scoring=",
    "device": "TensorFlow chooses",
    "batch_normalization": "Write batch_norm=True",
    "module": "Write conv_layers=",
    "module__num_units": "Write dense_layers=",
    "model__dropout": "Write dropout, without model__",
    "fit__epochs": "Write epochs, without fit__",
    "fit__validation_split": "validation_fraction=",
    "clf__lr": "Write optimizer__learning_rate=",
    "optimiser": "Did you mean 'optimizer'?",
    "Dropout": "Did you mean 'dropout'?",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_name_from_elsewhere_is_answered(name):
    with pytest.raises(TypeError) as error:
        ConvPoolClassifier(**{name: 1})
    told = str(error.value).partition("Valid parameters are")[0]
    assert ANSWERS[name] in told
    with pytest.raises(ValueError) as error:
        ConvPoolClassifier().set_params(**{name: 1})
    assert ANSWERS[name] in str(error.value)


@pytest.mark.parametrize("name", ["lr", "max_iter", "n_jobs"])
@pytest.mark.parametrize("in_pipeline", [False, True], ids=["alone", "in a pipeline"])
def test_a_name_from_elsewhere_is_answered_by_a_search(name, in_pipeline):
    classifier = ConvPoolClassifier()
    estimator = make_pipeline(classifier) if in_pipeline else classifier
    prefix = "convpoolclassifier__" if in_pipeline else ""
    with pytest.raises(ValueError) as error:
        GridSearchCV(estimator, {prefix + name: [1]}).fit(X, y)
    assert ANSWERS[name] in str(error.value)


def names_of(function):
    empty = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind not in empty]


# Rare ones, that say nothing of what is wanted.
NOT_ANSWERED = {
    *("x", "y", "self", "max_fun", "steps_per_epoch", "validation_steps", "mode"),
    "run_eagerly",
    *("validation_batch_size", "validation_freq", "baseline", "start_from_epoch"),
    *("activity_regularizer", "bias_constraint", "bias_initializer", "data_format"),
    *("bias_regularizer", "dilation_rate", "groups", "kernel_initializer", "use_bias"),
}


@pytest.mark.parametrize(
    "function",
    [
        MLPClassifier,
        keras.Model.fit,
        keras.layers.Conv2D,
        keras.callbacks.EarlyStopping,
        KerasClassifier,
    ],
    ids=lambda function: function.__qualname__,
)
def test_the_names_of_other_packages_are_ours_or_answered(function):
    ours = inspect.signature(ConvPoolClassifier).parameters
    unknown = set(names_of(function)) - set(ours) - set(PARAMETER_WORDS)
    assert unknown - NOT_ANSWERED == set()


@pytest.mark.parametrize(
    "name",
    ["zzz", "max_depth", "n_estimators", "gamma", "degree", "max_features", "tree"],
)
def test_a_name_like_no_other_suggests_nothing(name):
    with pytest.raises(TypeError) as error:
        ConvPoolClassifier(**{name: 1})
    assert "ConvPoolClassifier. Valid parameters are" in str(error.value)


@pytest.mark.parametrize(
    ("name", "others", "answer"),
    [
        ("optimizer__lr", {}, "Write optimizer__learning_rate=0.01."),
        (
            "optimizer__decay",
            {"optimizer": "sgd"},
            "learning_rate_schedule='inverse_time'",
        ),
        ("optimizer__momentum", {}, "Write optimizer='sgd', optimizer__momentum=0.9."),
        ("optimizer__betas", {}, "optimizer__beta_1=0.9"),
        ("optimizer__learning_rat", {}, "Did you mean 'learning_rate'?"),
        ("optimizer__amsgrade", {}, "Did you mean 'amsgrad'?"),
        (
            "loss__label_smoothing",
            {},
            "Write loss='categorical_crossentropy', loss__label",
        ),
        ("loss__class_weights", {}, "Write class_weight='balanced'"),
    ],
)
def test_a_routed_name_from_elsewhere_is_answered(name, others, answer, nothing_trains):
    with pytest.raises(ValueError) as error:
        ConvPoolClassifier(**others, **{name: 0.1}).fit(X, y)
    assert answer in str(error.value)
