"""Warnings that are said once, also in a search of hundreds of fits."""

import inspect
import threading
import warnings
import weakref

# Whose frames lie between a user's line and ours.
_LIBRARIES = ("skcnn", "sklearn", "joblib")

# From the id of a piece of the user's code to that code, which so keeps its id, and to
# what was said there: lines and kinds of warnings, each with the threads of that time.
# A cell of a notebook is a new piece each time it runs. So what is still wrong is said
# again.
_said = {}
_lock = threading.Lock()


def warn_once(message, category=UserWarning, kind=None):
    """Warn, unless the same line of the user has led to the same warning before.

    Python's own rule is the same. But Python forgets what it has shown whenever filters
    change, and scikit-learn sets them anew around each task of a search. Whoever asks
    for every warning, as tests do, still gets it.

    Parameters
    ----------
    message : str
    category : type, default=UserWarning
    kind : hashable, default=None
        What makes warnings the same, for a message that holds numbers: those of each
        fold of a search are others. None for the message itself.
    """
    frame, level = inspect.currentframe().f_back, 2
    while frame.f_back and _package(frame) in _LIBRARIES:
        frame, level = frame.f_back, level + 1
    what = frame.f_lineno, message if kind is None else kind
    if _is_new(frame.f_code, what) or _is_to_be_repeated(message, category):
        warnings.warn(message, category, stacklevel=level)


def _is_new(code, what):
    """Whether something has not been said at a piece of code, until now.

    The line of a user is out of sight in the threads of a search. But a search starts
    all of them before its first fit. So a thread that did not live yet when it was said
    belongs to another search, whose user has not heard it.
    """
    with _lock:
        _, said = _said.setdefault(id(code), (code, {}))
        listeners = said.get(what, ())
        said[what] = weakref.WeakSet(threading.enumerate())
    return threading.current_thread() not in listeners


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
