"""Compile settings that were asked for before.

To make settings, Keras must make an optimizer, in a thread of its own: a few
milliseconds. A search asks for the same settings at each fit, and a fit whose states
are known takes no longer than that.
"""

import functools
from dataclasses import dataclass, field, replace

import numpy as np

from skcnn._device import keras_numbers
from skcnn._runtime import isolated
from skcnn._settings import compile_settings

_PLAIN = (str, bool, int, float, type(None), np.generic)


def known_settings(optimizer, loss, schedule, augmentation, training):
    """As :func:`skcnn._settings.compile_settings`, which is asked but once if it can.

    Parameters
    ----------
    optimizer, loss, schedule : skcnn._routing.Routed
    augmentation : object
    training : skcnn._settings.TrainingFacts

    Returns
    -------
    skcnn._settings.CompileSettings
    """
    asked = (optimizer, loss, schedule, augmentation, training)
    plain = _in_words(*asked)
    if plain is None:
        return _compile(asked)
    # Without the images, which decide nothing here and would never be let go.
    kept = (*asked[:-1], replace(training, images=None))
    return _answer(_Question(plain, kept))


def _in_words(optimizer, loss, schedule, augmentation, training):
    """All that decides on the settings, as one string; None if words do not say it."""
    # Whether an augmentation suits depends on the images.
    if augmentation is not None:
        return None
    words = [*keras_numbers(), training.n_classes, training.has_weights]
    words.append(training.n_steps)
    for routed in (optimizer, loss, schedule):
        words.append(routed.value)
        for name, value in sorted(routed.arguments.items()):
            words += [name, value]
    # Names are those of Keras' own. A user's object may change and stay the same.
    if not all(isinstance(word, _PLAIN) for word in words):
        return None
    # With their types: 1, 1.0 and True are equal, but are not saved alike.
    return repr([(type(word).__name__, word) for word in words])


@dataclass(frozen=True)
class _Question:
    """What is asked; two are equal if their words are."""

    words: str
    asked: tuple = field(compare=False)


@functools.lru_cache(maxsize=1024)
def _answer(question):
    return _compile(question.asked)


def _compile(asked):
    # Isolated, because it makes an optimizer to look at, which Keras would number.
    return isolated(compile_settings, *asked)
