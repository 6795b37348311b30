"""Arguments and methods that people know from Keras: what each is answered, runs."""

import copy
import inspect
import pickle
import re

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier
from skcnn._words import METHOD_WORDS

X, y = np.random.RandomState(0).uniform(size=(12, 6, 6)), np.arange(12) % 2
SMALL = {"conv_layers": [(2, 3)], "convs_per_block": 1, "dense_layers": ()}


def small(**params):
    return ConvPoolClassifier(**SMALL, random_state=0, **params)


@pytest.fixture(scope="module")
def fitted():
    validated = small(epochs=1, early_stopping=True, validation_fraction=0.5)
    return validated.fit(X, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("name", "value"), [("epochs", 2), ("batch_size", 3)])
def test_a_parameter_given_to_fit_is_told_to_be_set_before(method, name, value):
    clf = small(epochs=1)
    with pytest.raises(TypeError, match=f"takes no {name!r}") as error:
        getattr(clf, method)(X, y, **{name: value})
    assert not clf.initialized_
    code = str(error.value).rpartition("Write ")[2].removesuffix(".")
    eval(code, {"clf": clf, "X": X, "y": y})
    assert clf.initialized_ and getattr(clf, name) == value


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("validation_split", "Write early_stopping=True, validation_fraction=0.1"),
        ("shuffle", "in a new order each epoch"),
        ("x", "Write X="),
        ("sample_weights", "sample_weight"),
        ("workers", "GridSearchCV(clf, grid, n_jobs=2)"),
        ("steps_per_epoch", "It takes X, y, sample_weight, validation_data."),
    ],
)
def test_other_arguments_of_keras_are_answered_by_fit(name, says):
    with pytest.raises(TypeError, match=re.escape(says)):
        small().fit(**{name: X})


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
@pytest.mark.parametrize("name", ["batch_size", "verbose", "steps", "sample_weights"])
def test_predicting_is_told_to_leave_arguments_out(fitted, method, name):
    with pytest.raises(TypeError, match=f"takes no {name!r}. Leave it out. It takes X"):
        getattr(fitted, method)(X, **{name: 1})


@pytest.mark.slow
@pytest.mark.parametrize("name", METHOD_WORDS)
def test_what_is_said_of_a_method_runs(fitted, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    joblib.dump(fitted, "clf.joblib")
    for clf in (fitted, small()):
        assert not hasattr(clf, name)
    with pytest.raises(AttributeError, match=f"no attribute {name!r}. Write ") as error:
        getattr(fitted, name)
    assert METHOD_WORDS[name].write in str(error.value)
    scope = {"clf": copy.deepcopy(fitted), "X": X, "y": y, "joblib": joblib}
    if name == "train_on_batch":
        scope["clf"].early_stopping = False
    exec(METHOD_WORDS[name].write, scope)


def test_other_errors_of_attributes_are_those_of_python(fitted):
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fitted.nothing  # noqa: B018 - to look is enough
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as error:
        fitted.partial_fit(X, y)
    assert "partial_fit sets nothing aside" in str(error.value.__cause__)

    class Mine(ConvPoolClassifier):
        @property
        def summary(self):
            return self.absent

        def evaluate(self, X, y):
            return "mine"

    assert Mine().evaluate(X, y) == "mine"
    with pytest.raises(AttributeError, match="'absent'"):
        Mine().summary  # noqa: B018 - to look is enough


def test_scikit_learn_still_sees_the_methods_as_they_are(fitted):
    for name in ("fit", "partial_fit", "predict", "predict_proba", "score"):
        names = list(inspect.signature(getattr(ConvPoolClassifier, name)).parameters)
        assert names[:2] == ["self", "X"]
        assert "kwargs" not in names
    again = pickle.loads(pickle.dumps(clone(fitted)))
    search = GridSearchCV(again, {"dropout": [0.1]}, cv=2)
    with pytest.raises(TypeError, match="takes no 'epochs'"):
        search.set_params(error_score="raise").fit(X, y, epochs=3)
