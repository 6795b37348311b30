"""A network that is not finite never scores.

Fit raises, as MLPClassifier does, so that a search's error_score applies. Probabilities
that are NaN would count as the first class, and be right for as many images as that
class has.
"""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skcnn._runtime import isolated
from skcnn._warnings import warn_once

_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")  # arguments of optimizers


class TrainingDiverged(ValueError):
    """The weights or the predictions after an epoch are not finite.

    Parameters
    ----------
    epoch : int
        The one that diverged, 1 for the first.
    what : {"weights", "predictions"}
    mended : TrainingState, default=None
        What callbacks put in place of it when training ended; None if it stands.
    """

    def __init__(self, epoch, what, mended=None):
        super().__init__(
            f"Training diverged: after epoch {epoch} the {what} of the network are not "
            "finite."
        )
        self.epoch = epoch
        self.mended = mended


def remedy(optimizer, settings):
    """What to change, in terms of the classifier's parameters.

    Parameters
    ----------
    optimizer : str, class or instance of keras.optimizers.Optimizer
        The classifier's parameter.
    settings : skcnn._settings.CompileSettings

    Returns
    -------
    str
    """
    is_instance = not isinstance(optimizer, (str, type))
    prefix = "" if is_instance else "optimizer__"
    advice = f"Try a lower {prefix}learning_rate"
    if settings.learning_rate is not None:
        advice += f" than {settings.learning_rate:g}"
    made = isolated(settings.make_optimizer)
    if not any(getattr(made, name, None) for name in _CLIPPING):
        advice += f", or {prefix}clipnorm=1.0"
    return advice + (", in the optimizer." if is_instance else ".")


def warn_of_divergence(error, advice):
    """Say that a fit ended early, but with something of use."""
    warn_once(
        f"{error} The fit ends with the epochs before it. {advice}", ConvergenceWarning
    )


def warn_of_losses(history):
    """Warn if a loss is not finite, though weights and predictions are."""
    losses = history.get("loss", [])
    infinite = [epoch for epoch, loss in enumerate(losses, 1) if not np.isfinite(loss)]
    if infinite:
        warn_once(
            f"Training diverged: the loss is not finite from epoch {infinite[0]} on. "
            "A lower optimizer__learning_rate may help.",
            ConvergenceWarning,
        )


def check_probabilities(probabilities, images):
    """Refuse predictions that are no numbers.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
    images : ndarray of shape (n, height, width, channels)

    Raises
    ------
    ValueError
        It says how many there are.
    """
    broken = int(np.sum(~np.isfinite(probabilities).all(axis=1)))
    if broken:
        largest = float(np.abs(images).max())
        raise ValueError(
            f"The network has no probabilities for {broken} of {len(images)} images: "
            "some numbers on the way to them are too large. Give X in the units that "
            f"fit saw (here it reaches {largest:g}), or fit with a lower "
            "optimizer__learning_rate."
        )
