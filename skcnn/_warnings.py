"""Warnings that are said once, also in a search of hundreds of fits."""

import inspect
import os
import warnings

import sklearn.callback

_said = set()

# Frames between a user's call and ours: this package, and the decorator of fit.
_INNER = tuple(
    os.path.dirname(path) + os.sep for path in (__file__, sklearn.callback.__file__)
)


def warn_once(message, category=UserWarning):
    """Warn, unless this process has done so in the same words.

    Python, too, shows an equal warning of one line only once. But it forgets what it has
    shown whenever filters change, and scikit-learn sets them anew around each task of a
    search. Whoever asks for every warning, as tests do, still gets it.

    Parameters
    ----------
    message : str
    category : type, default=UserWarning
    """
    if message in _said and not _is_to_be_repeated(message, category):
        return
    _said.add(message)
    warnings.warn(message, category, stacklevel=_level_of_user())


def _is_to_be_repeated(message, category):
    """Whether the filters want each occurrence, shown or raised."""
    for action, pattern, filtered, module, line in warnings.filters:
        anywhere = module is None and not line
        matches = pattern is None or pattern.match(message)
        if anywhere and matches and issubclass(category, filtered):
            return action in ("always", "all", "error")
    return False


def _level_of_user():
    """How far up, from `warn_once`, the line is that called this package."""
    frame, level = inspect.currentframe().f_back, 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INNER):
        frame, level = frame.f_back, level + 1
    return level
