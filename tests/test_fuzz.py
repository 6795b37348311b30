"""Whatever the constructor is given: fit refuses it by name before anything is built,
or it trains the network that was planned.

`make fuzz` tries 1,000 instead of 100.
"""

import os
import re
import signal
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as limits
from networks import assert_not_fitted
from odd_values import settings

import skcnn
from skcnn import ConvPoolClassifier
from skcnn._program import ProgramPool
from skcnn.datasets import load_digits

N_EXAMPLES = int(os.environ.get("SKCNN_FUZZ", 100))
X, y = load_digits(n_samples=40, random_state=0, return_X_y=True)
SMALL = {
    "conv_layers": [(4, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "epochs": 1,
}
HANGS = 60  # seconds; a refusal takes milliseconds


@pytest.fixture(scope="module", autouse=True)
def work_folder(tmp_path_factory):
    """Where a `memory` of odd text makes its folder."""
    usual = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("fuzz"))
    yield
    os.chdir(usual)


@pytest.fixture(scope="module")
def borrowed():
    """The networks that were asked for, since the list was last emptied."""
    asked, usual = [], ProgramPool.borrow

    def borrow(self, *args, **kwargs):
        asked.append(args)
        return usual(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProgramPool, "borrow", borrow)
        yield asked


@contextmanager
def no_hang():
    """Raise in what would go on for ever, rather than stop the whole suite."""

    def stop(*_):
        raise AssertionError("no answer in a minute")

    usual = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)


@pytest.mark.slow
@seed(0)
@limits(
    max_examples=N_EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(params=settings())
def test_refused_by_name_or_trained_as_planned(params, borrowed):
    borrowed.clear()
    classifier = None
    with no_hang(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            classifier = ConvPoolClassifier(**SMALL | params)
            classifier.fit(X, y)
        except (TypeError, ValueError) as error:
            assert_refused(error, classifier, params, borrowed)
        else:
            assert_as_planned(classifier)


def assert_refused(error, classifier, params, borrowed):
    """It names a parameter that was given, and came before any work."""
    message = str(error)
    if "diverged" in message:
        return  # a learning rate that only trying tells is too high
    named = [n for n in params if re.search(rf"(?<!\w){re.escape(n)}(?!\w)", message)]
    assert named, message
    is_ours = "parameter of ConvPoolClassifier" not in message  # but scikit-learn's
    assert not is_ours or len(message) < 3000, "nobody reads that"
    assert not borrowed
    if classifier is not None:  # the constructor knows the names of all parameters
        assert_not_fitted(classifier)


def assert_as_planned(classifier):
    n_params = skcnn.count_parameters(classifier, X.shape[1:], 10)
    assert classifier.n_params_ == n_params == classifier.model_.count_params()
    assert classifier.n_iter_ <= classifier.epochs
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (40, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
