"""Randomness is a pure function of what it is for, and nobody else's generator moves."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.python.framework.config import is_op_determinism_enabled

from skcnn import ConvPoolClassifier
from skcnn._seeds import N_SEEDS, derive, epoch_order, run_seed

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.slow
@given(seeds, st.text(max_size=8), st.integers(0, 1000), st.text(max_size=8))
def test_a_derived_seed_is_a_keras_seed_and_always_the_same(seed, purpose, epoch, name):
    assert derive(seed, purpose, epoch, name) == derive(seed, purpose, epoch, name)
    assert 0 <= derive(seed, purpose, epoch, name) < N_SEEDS


def test_seeds_for_different_uses_differ():
    uses = [
        (s, p, e, n)
        for s in range(5)
        for p in ("weights", "dropout")
        for e in range(10)
        for n in "abcdefghij"
    ]
    assert len({derive(*use) for use in uses}) == len(uses)


@given(seeds, st.integers(0, 100), st.integers(1, 50))
def test_the_order_of_an_epoch_is_a_permutation(seed, epoch, n_samples):
    assert sorted(epoch_order(seed, epoch, n_samples)) == list(range(n_samples))


def test_the_order_of_samples_differs_between_epochs_and_seeds():
    orders = {
        tuple(epoch_order(seed, epoch, 50)) for seed in range(5) for epoch in range(20)
    }
    assert len(orders) == 100


def test_the_order_is_pinned():
    """A change of these numbers changes every published result: it must be meant."""
    assert derive(0, "weights") == 419376078
    assert epoch_order(0, 0, 8).tolist() == [3, 1, 0, 4, 7, 5, 6, 2]


def test_random_state_none_is_fresh_and_a_generator_is_drawn_from():
    assert run_seed(7) == 7
    assert len({run_seed(None) for _ in range(20)}) == 20
    generator = np.random.RandomState(0)
    assert run_seed(generator) != run_seed(generator)
    assert run_seed(np.random.RandomState(0)) == run_seed(np.random.RandomState(0))


def _global_randomness():
    """What the next draws from every global generator would be, without drawing from
    them for good.
    """
    tf_seed = tf.random.get_global_generator().state.numpy().tolist()
    return random.getstate(), [str(part) for part in np.random.get_state()], tf_seed


@pytest.mark.slow
def test_fitting_leaves_every_global_generator_and_keras_name_as_it_was(digits):
    X, y = digits
    random.seed(1)
    np.random.seed(1)
    tf.random.set_seed(1)
    expected_tf = [tf.random.uniform(()).numpy() for _ in range(3)]
    tf.random.set_seed(1)
    assert tf.random.uniform(()).numpy() == expected_tf[0]
    before = _global_randomness()
    names = ("dense", "keras_tensor", "seed_generator", "adam")
    counts = [keras.backend.get_uid(name) for name in names]

    clf = ConvPoolClassifier(
        [(4, 3)], epochs=1, random_state=None, dense_layers=(9,)
    ).fit(X[:100], y[:100])
    clf.predict(X[:10])
    clf.model_  # noqa: B018 - building it must not count names either

    assert _global_randomness() == before
    assert [tf.random.uniform(()).numpy() for _ in range(2)] == expected_tf[1:]
    assert [keras.backend.get_uid(name) for name in names] == [
        count + 1 for count in counts
    ]  # asking counts one


@pytest.mark.slow
def test_fitting_leaves_op_determinism_as_it_was(digits):
    X, y = digits
    ConvPoolClassifier([(4, 3)], epochs=1, random_state=0).fit(X[:100], y[:100])
    assert not is_op_determinism_enabled()
