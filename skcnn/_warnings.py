"""Warnings that are said once, also in a search of hundreds of fits."""

import inspect
import warnings

# Whose frames lie between a user's line and ours.
_LIBRARIES = ("skcnn", "sklearn", "joblib")

# From the id of a piece of the user's code to that code, which so keeps its id, and to the
# lines and messages that were said there. A cell of a notebook is a new piece each time it
# runs, so what is still wrong is said again.
_said = {}


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
    while frame.f_back and _package(frame) in _LIBRARIES:
        frame, level = frame.f_back, level + 1
    code, what = frame.f_code, (frame.f_lineno, message)
    _, said = _said.setdefault(id(code), (code, set()))
    if what in said and not _is_to_be_repeated(message, category):
        return
    said.add(what)
    warnings.warn(message, category, stacklevel=level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]


def _is_to_be_repeated(message, category):
    """Whether the filters want each occurrence, shown or raised."""
    for action, pattern, filtered, module, line in warnings.filters:
        anywhere = module is None and not line
        matches = pattern is None or pattern.match(message)
        if anywhere and matches and issubclass(category, filtered):
            return action in ("always", "all", "error")
    return False
