"""Warnings that are said once, also in a search of hundreds of fits."""

import inspect
import os
import warnings
from weakref import WeakKeyDictionary

import joblib
import sklearn

# Whose frames lie between a user's line and ours.
_LIBRARIES = tuple(
    os.path.dirname(path) + os.sep
    for path in (__file__, sklearn.__file__, joblib.__file__)
)

# Code of the user -> (line, message) that were warned of. A cell of a notebook is new code
# each time it runs, so what is still wrong there is said again.
_said = WeakKeyDictionary()


def warn_once(message, category=UserWarning):
    """Warn, unless the same line of the user has led to the same warning before.

    Python's own rule is the same. But Python forgets what it has shown whenever filters
    change, and scikit-learn sets them anew around each task of a search. Whoever asks for
    every warning, as tests do, still gets it.

    Parameters
    ----------
    message : str
    category : type, default=UserWarning
    """
    frame, level = inspect.currentframe().f_back, 2
    while frame.f_back and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame, level = frame.f_back, level + 1
    said, what = _said.setdefault(frame.f_code, set()), (frame.f_lineno, message)
    if what in said and not _is_to_be_repeated(message, category):
        return
    said.add(what)
    warnings.warn(message, category, stacklevel=level)


def _is_to_be_repeated(message, category):
    """Whether the filters want each occurrence, shown or raised."""
    for action, pattern, filtered, module, line in warnings.filters:
        anywhere = module is None and not line
        matches = pattern is None or pattern.match(message)
        if anywhere and matches and issubclass(category, filtered):
            return action in ("always", "all", "error")
    return False
