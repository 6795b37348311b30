"""Warnings that point at the line of the user who called."""

import sys
import warnings

_OWN = {"skcnn", "sklearn", "joblib"}


def warn_caller(message, category=UserWarning):
    """Warn, naming the first line outside skcnn, scikit-learn and joblib.

    Parameters
    ----------
    message : str
    category : type of Warning, default=UserWarning
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back and _package(frame) in _OWN:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
