"""Sizes of networks and states, by arithmetic."""

from functools import lru_cache
from math import prod

import numpy as np

from skcnn._backend import keras
from skcnn._runtime import isolated

BYTES = 4  # of a number


def map_bytes(architecture):
    """Bytes of everything that the layers make of one image.

    Training keeps most of it until the gradients are known.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture

    Returns
    -------
    int
    """
    return BYTES * sum(prod(layer.output_shape) for layer in architecture.layers)


def state_bytes(architecture, settings):
    """Bytes of a training state: the weights, and what the optimizer keeps of each.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    settings : skcnn._settings.CompileSettings

    Returns
    -------
    int
    """
    slots = _slots(settings.program_key)
    numbers = architecture.n_params + slots * architecture.n_trainable
    return BYTES * numbers


@lru_cache(maxsize=256)
def _slots(settings):
    """How many numbers an optimizer keeps for each weight: 2 for Adam."""
    return isolated(_count_slots, settings)


def _count_slots(settings):
    optimizer = settings.make_optimizer()
    weight = keras.Variable(np.zeros((2, 3), "float32"))
    optimizer.build([weight])
    sizes = [prod(variable.shape) for variable in optimizer.variables]
    # What is no array, such as the number of steps, is of no size worth counting.
    return sum(size for size in sizes if size > 1) / 6
