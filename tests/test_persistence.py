"""Fitted classifiers on their way elsewhere: another process, another library, a later
version of skcnn.
"""

import copy
import pickle
import warnings

import numpy as np
import pytest
import skops.io
from comparisons import same_bits, same_fit, same_state
from fresh_python import run_in_fork, run_python
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn import ConvBlock, ConvPoolClassifier
from skcnn.datasets import load_digits

PIXELS, TARGETS = load_digits(subset="all", return_X_y=True)
X, y, X_NEW = PIXELS[:200], TARGETS[:200], PIXELS[200:300]
SMALL = {
    "conv_layers": [ConvBlock(4, ((1, 1), (3, 3)), batch_norm=True), (4, 3)],
    "dense_layers": (8,),
    "augmentation": "shift",
    "epochs": 2,
    "batch_size": 32,
    "random_state": 0,
}


def small(**params):
    """A classifier with all that has a state, trained in a moment."""
    return ConvPoolClassifier(**{**SMALL, **params})


@pytest.fixture(scope="module")
def fitted():
    return small().fit(X, y)


# --------------------------------------------------------------------------------------
# Pickles in another process

IN_ANOTHER_PROCESS = """
import pickle, sys
folder = sys.argv[1]
with open(f"{folder}/there.pickle", "rb") as file:
    estimators, X, y, X_NEW = pickle.load(file)
back = {name: estimator.predict_proba(X_NEW) for name, estimator in estimators.items() if name.startswith("fitted")}
back["new"] = estimators["new"].fit(X, y)
back["one epoch"] = estimators["new again"].partial_fit(X, y)
back["two epochs"] = estimators["one epoch"].partial_fit(X, y)
with open(f"{folder}/back.pickle", "wb") as file:
    pickle.dump(back, file)
"""


@pytest.fixture(scope="module")
def there(fitted, tmp_path_factory):
    """Estimators that are sent to another process."""
    search = GridSearchCV(small(epochs=1), {"dense_layers": [(), (8,)]}, cv=2)
    return {
        "fitted": fitted,
        "fitted with memory": small(
            memory=tmp_path_factory.mktemp("memory"), epochs=1
        ).fit(X, y),
        "fitted with early stopping": small(early_stopping=True, epochs=3).fit(X, y),
        "fitted search": search.fit(X, y),
        "new": small(),
        "new again": small(),
        "one epoch": small().partial_fit(X, y),
    }


@pytest.fixture(scope="module")
def back(there, tmp_path_factory):
    """What comes back from there: predictions, and estimators that were trained
    further.
    """
    folder = tmp_path_factory.mktemp("pickles")
    (folder / "there.pickle").write_bytes(pickle.dumps((there, X, y, X_NEW)))
    run_in_fork(IN_ANOTHER_PROCESS, folder)
    return pickle.loads((folder / "back.pickle").read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["fitted", "fitted with memory", "fitted with early stopping", "fitted search"],
)
def test_predictions_in_another_process_are_the_same_bits(there, back, name):
    assert same_bits([back[name]], [there[name].predict_proba(X_NEW)])


@pytest.mark.slow
def test_a_pickle_from_before_fit_is_fitted_there_as_here(fitted, back):
    assert same_fit(back["new"], fitted, X_NEW)


@pytest.mark.slow
def test_partial_fit_goes_on_after_a_pickle_from_another_process(fitted, back):
    assert same_state(back["two epochs"]._state, fitted._state), (
        "begun here, ended there"
    )
    assert same_fit(back["one epoch"].partial_fit(X, y), fitted, X_NEW), (
        "begun there, ended here"
    )


# --------------------------------------------------------------------------------------
# Pickles of another version


@pytest.mark.slow
def test_a_pickle_of_another_version_warns_of_both(fitted):
    data, version = pickle.dumps(fitted), skcnn.__version__
    other = f"9{version[1:]}"  # as long, so that the pickle stays one
    assert version.encode() in data
    with pytest.warns(UserWarning, match="skcnn") as caught:
        loaded = pickle.loads(data.replace(version.encode(), other.encode()))
    assert len(caught) == 1
    assert version in str(caught[0].message) and other in str(caught[0].message)
    assert same_fit(loaded, fitted, X_NEW)


@pytest.mark.parametrize(
    "make", [small, lambda: small().fit(X, y)], ids=["new", "fitted"]
)
def test_a_pickle_of_this_version_is_loaded_without_a_word_or_a_trace(make):
    classifier = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for copied in (
            pickle.loads(pickle.dumps(classifier)),
            copy.copy(classifier),
            copy.deepcopy(classifier),
        ):
            assert vars(copied).keys() == vars(classifier).keys()
            assert copied.get_params() == classifier.get_params()


# --------------------------------------------------------------------------------------
# skops, which loads only types that one trusts


@pytest.fixture(scope="module")
def skops_file(fitted):
    return skops.io.dumps(fitted)


def test_skops_asks_to_trust_nothing_but_skcnn(skops_file):
    types = skops.io.get_untrusted_types(data=skops_file)
    assert "skcnn._classifier.ConvPoolClassifier" in types
    assert [name for name in types if name.partition(".")[0] != "skcnn"] == []


def test_skops_brings_every_bit_back(fitted, skops_file):
    loaded = skops.io.loads(
        skops_file, trusted=skops.io.get_untrusted_types(data=skops_file)
    )
    assert same_fit(loaded, fitted, X_NEW)
    assert loaded.get_params() == fitted.get_params()
    assert loaded.classes_.tolist() == fitted.classes_.tolist()
    assert same_state(loaded.partial_fit(X, y)._state, small(epochs=3).fit(X, y)._state)


def test_skops_takes_a_classifier_before_fit(fitted):
    data = skops.io.dumps(small())
    loaded = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    assert same_fit(loaded.fit(X, y), fitted, X_NEW)


# --------------------------------------------------------------------------------------
# Keras' own file

WITHOUT_SKCNN = """
import sys
sys.modules["skcnn"] = sys.modules["scikeras"] = None  # from now on, importing them fails
import keras
import numpy as np
folder = sys.argv[1]
model = keras.models.load_model(f"{folder}/digits.keras")
with np.load(f"{folder}/digits.npz") as data:
    X, y = data["X"], data["y"]
measured = model.evaluate(X, y, verbose=0, return_dict=True)
np.savez(f"{folder}/back.npz", predicted=model.predict(X, verbose=0), **measured)
history = model.fit(X, y, verbose=0).history
assert np.isfinite(history["loss"]).all()
"""


@pytest.mark.slow
def test_a_keras_file_needs_no_skcnn(fitted, tmp_path):
    images, model = X_NEW[..., np.newaxis], fitted.model_
    model.save(tmp_path / "digits.keras")
    np.savez(tmp_path / "digits.npz", X=images, y=TARGETS[200:300])
    run_python(WITHOUT_SKCNN, tmp_path)
    with np.load(tmp_path / "back.npz") as back:
        assert same_bits([back["predicted"]], [model.predict(images, verbose=0)])
        np.testing.assert_allclose(
            back["predicted"], fitted.predict_proba(X_NEW), rtol=1e-4, atol=1e-6
        )
        assert back["accuracy"] == pytest.approx(fitted.score(X_NEW, TARGETS[200:300]))
