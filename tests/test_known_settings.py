"""Settings that were asked for before are known, and are those that would be made."""

import gc
import weakref

import keras
import numpy as np
import pytest

from skcnn import ConvPoolClassifier, _known_settings
from skcnn._known_settings import known_settings
from skcnn._routing import routed
from skcnn._settings import TrainingFacts, compile_settings

NAMES = ("optimizer", "loss", "learning_rate_schedule")


def asked_by(facts=None, **params):
    params = ConvPoolClassifier(**params).get_params()
    asked = [routed(params, name) for name in NAMES]
    return [*asked, params["augmentation"], facts or TrainingFacts()]


# Each differs from another one in a single respect.
DESIGNS = [
    {},
    {"optimizer__learning_rate": 0.01},
    {"optimizer__amsgrad": True},
    {"optimizer__clipnorm": 1},
    {"optimizer__clipnorm": 1.0},
    {"optimizer": "sgd"},
    {"optimizer": "sgd", "optimizer__momentum": 0.9},
    {"optimizer": "sgd", "optimizer__momentum": 0.1},
    {"loss": "categorical_crossentropy"},
    {"loss": "categorical_crossentropy", "loss__label_smoothing": 0.1},
    {"facts": TrainingFacts(n_steps=10), "learning_rate_schedule": "cosine"},
    {"facts": TrainingFacts(n_steps=20), "learning_rate_schedule": "cosine"},
    {"facts": TrainingFacts(n_classes=4), "loss": "mean_squared_error"},
]


def test_known_settings_are_those_that_would_be_made():
    for _ in range(2):  # in the second round all are known
        for design in DESIGNS:
            asked = asked_by(**design)
            assert (
                known_settings(*asked).to_json() == compile_settings(*asked).to_json()
            )


def test_a_known_flag_does_not_let_a_number_pass():
    known_settings(*asked_by(optimizer__amsgrad=True))
    with pytest.raises(TypeError, match="optimizer__amsgrad must be True or False"):
        known_settings(*asked_by(optimizer__amsgrad=1))


def test_the_same_question_is_answered_with_the_same_settings():
    first, second = (known_settings(*asked_by(**DESIGNS[1])) for _ in range(2))
    assert first is second


def test_an_object_that_may_change_is_looked_at_each_time():
    optimizer = keras.optimizers.SGD(learning_rate=0.1)
    before = known_settings(*asked_by(optimizer=optimizer))
    optimizer.learning_rate = 0.2
    after = known_settings(*asked_by(optimizer=optimizer))
    assert (before.learning_rate, after.learning_rate) == pytest.approx((0.1, 0.2))


def test_an_augmentation_is_compared_with_the_images_each_time():
    asked = asked_by(augmentation="flip", facts=TrainingFacts(np.zeros((2, 8, 8, 1))))
    assert _known_settings._in_words(*asked) is None


def test_images_are_let_go():
    images = np.zeros((2, 8, 8, 1), np.uint8)
    gone = weakref.ref(images)
    known_settings(*asked_by(TrainingFacts(images, n_classes=7)))
    del images
    gc.collect()
    assert gone() is None


def test_what_is_refused_once_is_refused_again():
    for _ in range(2):
        with pytest.raises(ValueError, match="optimizer__learning_rate"):
            known_settings(*asked_by(optimizer__learning_rate=-1.0))


def test_epsilon_of_the_process_is_part_of_the_question():
    words = _known_settings._in_words(*asked_by())
    before = keras.config.epsilon()
    keras.config.set_epsilon(1e-3)
    try:
        assert _known_settings._in_words(*asked_by()) != words
    finally:
        keras.config.set_epsilon(before)
