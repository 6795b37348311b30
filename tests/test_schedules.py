"""Schedules have the course that their documentation says, and share with other fits
only what they may.
"""

import numpy as np
import pytest
from comparisons import same_state
from networks import TINY

from skcnn import ConvPoolClassifier
from skcnn._routing import Routed, routed
from skcnn._schedules import make_schedule
from skcnn._trajectory import STATES

SMALL = TINY | {"batch_size": 32, "optimizer": "sgd", "optimizer__learning_rate": 0.1}


def course(name, n_steps=100, **settings):
    """The learning rate at each step, and one after the last."""
    arguments = {
        f"learning_rate_schedule__{setting}": value
        for setting, value in settings.items()
    }
    params = {"learning_rate_schedule": name, **arguments}
    schedule = make_schedule(routed(params, "learning_rate_schedule"), 0.5, n_steps)
    return np.array([float(schedule(step)) for step in range(n_steps + 1)])


def test_cosine_falls_along_half_a_wave():
    t = np.arange(101) / 100
    np.testing.assert_allclose(
        course("cosine"), 0.5 * (1 + np.cos(np.pi * t)) / 2, atol=1e-6
    )
    np.testing.assert_allclose(
        course("cosine", end=0.1)[[0, -1]], [0.5, 0.05], rtol=1e-5
    )


def test_one_cycle_rises_then_falls():
    rates = course("one_cycle")
    assert rates.argmax() == 30 and rates[30] == pytest.approx(0.5)
    assert rates[0] == pytest.approx(0.02) and rates[-1] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(
        np.diff(rates[:31]), 0.48 / 30, rtol=1e-3
    )  # in equal steps
    np.testing.assert_allclose(rates[30:], course("cosine", n_steps=70), atol=1e-6)


def test_settings_of_one_cycle():
    rates = course("one_cycle", warmup=0.5, start=0.1, end=0.2)
    assert rates.argmax() == 50
    assert rates[[0, 50, -1]] == pytest.approx([0.05, 0.5, 0.1])
    np.testing.assert_allclose(
        course("one_cycle", warmup=0.0), course("cosine"), atol=1e-6
    )


@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_one_cycle_of_few_steps(n_steps):
    rates = course("one_cycle", n_steps=n_steps, warmup=1.0)
    assert np.isfinite(rates).all() and rates[-1] == pytest.approx(0, abs=1e-6)


def test_inverse_time_is_that_of_the_studies():
    np.testing.assert_allclose(
        course("inverse_time", decay=0.02), 0.5 / (1 + 0.02 * np.arange(101)), rtol=1e-5
    )


def scheduled(name, epochs, **params):
    return ConvPoolClassifier(
        **{**SMALL, "learning_rate_schedule": name, "epochs": epochs, **params}
    )


@pytest.mark.slow
def test_a_name_is_the_keras_schedule_of_as_many_steps(data):
    n_steps = 2 * 4  # 120 samples in batches of 32: 4 steps an epoch
    one_cycle = Routed("learning_rate_schedule", "one_cycle")
    schedule = make_schedule(one_cycle, 0.1, n_steps)
    by_hand = ConvPoolClassifier(
        **{**SMALL, "optimizer__learning_rate": schedule}, epochs=2
    ).fit(*data)
    assert same_state(scheduled("one_cycle", 2).fit(*data)._state, by_hand._state)


@pytest.mark.slow
def test_the_samples_set_aside_do_not_count_as_steps(data):
    clf = scheduled("cosine", 2, early_stopping=True, validation_fraction=0.3).fit(
        *data
    )
    assert (
        clf._settings
        == scheduled("cosine", 2).fit(data[0][:84], data[1][:84])._settings
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_what_depends_on_the_total_is_another_run(name, data):
    STATES.clear()
    plain = scheduled(name, 3).fit(*data)
    STATES.clear()
    shorter = scheduled(name, 2).fit(*data)
    after = scheduled(name, 3).fit(*data)
    assert same_state(after._state, plain._state)
    assert shorter.history_["loss"] != after.history_["loss"][:2]


@pytest.mark.slow
def test_what_does_not_depend_on_it_is_shared(data):
    STATES.clear()
    shorter = scheduled("inverse_time", 2).fit(*data)
    after = scheduled("inverse_time", 3).fit(*data)
    assert after.history_["time"][:2] == shorter.history_["time"]
    assert len({run for run, _ in STATES._states}) == 1


@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_partial_fit_does_not_know_the_total(name, data):
    with pytest.raises(ValueError, match="number of epochs in all"):
        scheduled(name, 2).partial_fit(*data)


def test_inverse_time_goes_on_where_it_was(data):
    clf = scheduled("inverse_time", 1, learning_rate_schedule__decay=0.1)
    parts = clf.partial_fit(*data).partial_fit(*data)
    whole = scheduled("inverse_time", 2, learning_rate_schedule__decay=0.1).fit(*data)
    assert same_state(parts._state, whole._state)
