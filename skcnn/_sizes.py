"""Sizes of networks and states, by arithmetic."""

import os
from functools import lru_cache
from math import inf, prod

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


def check_memory(architecture):
    """Refuse a network whose weights alone do not fit into the machine.

    Its smaller neighbors may not fit either: nobody knows before they run.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture

    Raises
    ------
    ValueError
        With what it needs at least, and what there is.
    """
    needed = 2 * BYTES * architecture.n_trainable  # there is a gradient for each weight
    there_is = _machine_bytes()
    if needed > there_is:
        raise ValueError(
            "conv_layers and dense_layers ask for "
            f"{architecture.n_params:,} parameters. With their gradients they take "
            f"{needed / 2**30:,.0f} GiB, and this machine has "
            f"{there_is / 2**30:,.0f} GiB of memory. Take fewer filters or units, "
            "or head='global_avg'."
        )


def _machine_bytes():
    """Bytes of memory of this machine; infinite where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # as on Windows
        return inf


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
