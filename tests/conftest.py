"""Data that every test may use; nothing is downloaded."""

import signal
import warnings
from importlib.util import find_spec

import pytest

# skcnn is imported where it is needed: one process of `--numprocesses 2` runs no test,
# and TensorFlow takes four seconds to start.

CALLBACKS_EXIST = find_spec("sklearn.callback") is not None
NO_CALLBACKS = "scikit-learn has no callbacks before 1.9"

# A shell that starts pytest in the background has it ignore Ctrl-C, and Python keeps to
# that, here and in every child. Some tests press Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Mark what is slow, and choose the order."""
    for item in items:
        if isinstance(item, pytest.DoctestItem):
            item.add_marker(pytest.mark.slow)  # these examples train networks
            source = "".join(example.source for example in item.dtest.examples)
            if "set_callbacks" in source and not CALLBACKS_EXIST:
                item.add_marker(pytest.mark.skip(reason=NO_CALLBACKS))
    items.sort(key=_turn)


def _turn(item):
    """When a test is run: lower numbers come first."""
    if item.get_closest_marker("workers"):
        return 0  # together, so that joblib goes on with the workers that it has
    if item.path.name in ("test_examples.py", "test_docs.py"):
        return 1  # long ones: at the end, one processor would wait for the other
    return 2


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip what needs callbacks, where scikit-learn has none."""
    try:
        return (yield)
    except Exception as error:
        said = any(words in str(error) for words in _NO_CALLBACKS)
        if CALLBACKS_EXIST or not said:
            raise
        pytest.skip(NO_CALLBACKS)


# What skcnn says, and what Python says of scikit-learn's own estimators.
_NO_CALLBACKS = ("which has callbacks", "no attribute 'set_callbacks'")


@pytest.fixture(scope="session")
def digits():
    """Bytes of images (1797, 8, 8, 1) with their labels; read-only, as all tests share
    them.
    """
    from skcnn.datasets import load_digits

    X, y = load_digits(subset="all", return_X_y=True)
    X.flags.writeable = False
    y.flags.writeable = False
    return X, y


@pytest.fixture(scope="session")
def data(digits):
    """The first 120 digits: enough for most tests, and a moment to train on."""
    X, y = digits
    return X[:120], y[:120]


@pytest.fixture(scope="session")
def states():
    """What this process knows of runs."""
    from skcnn._states import STATES

    return STATES


@pytest.fixture(scope="module")
def nothing_shared(states):
    """Each fit computes its own epochs, so that two which give equal bits have both
    been trained.
    """
    max_bytes = states.max_bytes
    states.resize(0)
    yield
    states.resize(max_bytes)


@pytest.fixture
def nothing_known(states):
    """Each test starts and ends without states, as in a process that has just started.

    Networks stay compiled, which changes no result and saves half a second each.
    """
    max_bytes = states.max_bytes
    states.clear()
    yield
    states.clear()
    states.resize(max_bytes)


@pytest.fixture
def silence():
    """Nothing is warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield
