"""Data that every test may use; nothing is downloaded."""

import signal
import warnings
from doctest import UnexpectedException
from importlib.util import find_spec

import pytest

import skcnn
from skcnn._trajectory import STATES
from skcnn.datasets import load_digits

# A shell that starts pytest in the background has it ignore Ctrl-C, and Python keeps to
# that, here and in every child. Some tests press Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip what needs callbacks, where scikit-learn has none."""
    try:
        return (yield)
    except Exception as error:
        if isinstance(error, UnexpectedException):  # of an example in a docstring
            error = error.exc_info[1]
        said = any(words in str(error) for words in _NO_CALLBACKS)
        if find_spec("sklearn.callback") or not said:
            raise
        pytest.skip("scikit-learn has no callbacks before 1.9")


# What skcnn says, and what Python says of scikit-learn's own estimators.
_NO_CALLBACKS = ("which has callbacks", "no attribute 'set_callbacks'")


@pytest.fixture(scope="session")
def digits():
    """Bytes of images (1797, 8, 8, 1) with their labels; read-only, as all tests share
    them.
    """
    X, y = load_digits(subset="all", return_X_y=True)
    X.flags.writeable = False
    y.flags.writeable = False
    return X, y


@pytest.fixture(scope="session")
def data(digits):
    """The first 120 digits: enough for most tests, and a moment to train on."""
    X, y = digits
    return X[:120], y[:120]


@pytest.fixture(scope="module")
def nothing_shared():
    """Each fit computes its own epochs, so that two which give equal bits have both
    been trained.
    """
    max_bytes = STATES.max_bytes
    skcnn.clear_cache(max_bytes=0)
    yield
    skcnn.clear_cache(max_bytes=max_bytes)


@pytest.fixture
def nothing_known():
    """Each test starts and ends without states, as in a process that has just started."""
    max_bytes = STATES.max_bytes
    skcnn.clear_cache()
    yield
    skcnn.clear_cache(max_bytes=max_bytes)


@pytest.fixture
def silence():
    """Nothing is warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield
