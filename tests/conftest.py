"""Data that every test may use; nothing is downloaded."""

import signal

import numpy as np
import pytest
from sklearn.datasets import load_digits

import skcnn
from skcnn._trajectory import STATES

# A shell that starts pytest in the background has it ignore Ctrl-C, and Python keeps to
# that, here and in every child. Some tests press Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def digits():
    """scikit-learn's digits as uint8 images (1797, 8, 8, 1) with their labels; read-only, for all tests share them."""
    bunch = load_digits()
    X = (bunch.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    X.flags.writeable = False
    bunch.target.flags.writeable = False
    return X, bunch.target


@pytest.fixture(scope="module")
def nothing_shared():
    """Each fit computes its own epochs, so that two which give equal bits have both been trained."""
    max_bytes = STATES.max_bytes
    skcnn.clear_cache(max_bytes=0)
    yield
    skcnn.clear_cache(max_bytes=max_bytes)
