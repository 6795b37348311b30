"""The only source of randomness: a seed is a pure function of what it is for.

Nothing here, and so nothing in the package, reads or moves the global generators of
Python, NumPy, TensorFlow or Keras. And the seed of an epoch does not depend on how the
run came to that epoch. So a run of 10 epochs passes through exactly the states of a run
of 5.
"""

import secrets
from hashlib import blake2b
from numbers import Integral

import numpy as np

# Keras takes seeds modulo 2**31 - 2 (keras/src/backend/tensorflow/random.py), so larger
# ones would collide.
N_SEEDS = 2**31 - 2


def run_seed(random_state):
    """The seed of one run, from scikit-learn's `random_state`.

    Parameters
    ----------
    random_state : int, numpy.random.RandomState or None
        An integer is itself the seed, a generator is drawn from, and None gives a fresh
        seed from the operating system rather than from NumPy's global generator.

    Returns
    -------
    int
    """
    if random_state is None:
        return secrets.randbelow(N_SEEDS)
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(random_state.randint(N_SEEDS))


def derive(seed, purpose, n_finished=0, name=""):
    """A seed for one use in a run.

    Parameters
    ----------
    seed : int
        Seed of the run.
    purpose : str
        What it is for, e.g. ``"weights"``.
    n_finished : int, default=0
        Number of epochs finished before.
    name : str, default=""
        Which of several, e.g. the layer's name.

    Returns
    -------
    int
        From 0 to 2**31 - 3.
    """
    # A hash rather than a sum: neighboring seeds and epochs have nothing in common.
    use = f"{seed}/{purpose}/{n_finished}/{name}"
    digest = blake2b(use.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % N_SEEDS


def epoch_order(seed, n_finished, n_samples):
    """The order of the samples in an epoch.

    Parameters
    ----------
    seed : int
        Seed of the run.
    n_finished : int
        Number of epochs finished before.
    n_samples : int

    Returns
    -------
    ndarray of shape (n_samples,), dtype int64
        A permutation. NumPy guarantees the stream of ``RandomState`` for good, which it
        does not for ``Generator``.
    """
    rng = np.random.RandomState(derive(seed, "order", n_finished))
    return rng.permutation(n_samples)


def fixed_order(seed, purpose, n_samples):
    """An order of the samples that is the same in every epoch.

    Parameters
    ----------
    seed : int
        Seed of the run.
    purpose : str
        What it is for, e.g. ``"statistics"``.
    n_samples : int

    Returns
    -------
    ndarray of shape (n_samples,), dtype int64
        A permutation.
    """
    return np.random.RandomState(derive(seed, purpose)).permutation(n_samples)


def generator_state(seed, purpose, n_finished, name):
    """The state of a Keras seed generator at the beginning of an epoch.

    Parameters
    ----------
    seed, purpose, n_finished, name
        As of :func:`derive`.

    Returns
    -------
    ndarray of shape (2,), dtype uint32
        The derived seed, and no draws so far.
    """
    derived = derive(seed, purpose, n_finished, name)
    return np.array([derived, 0], dtype=np.uint32)
