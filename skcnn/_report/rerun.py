"""Code and versions with which to do a search again."""

import inspect
import os
import platform

from sklearn.base import BaseEstimator

from skcnn._value_labels import as_text
from skcnn._version import __version__, version_of

_PACKAGES = ("scikit-learn", "scikeras", "keras", "tensorflow", "numpy", "joblib")


def versions():
    """What ran: names of packages and of the machine, with their versions.

    Returns
    -------
    dict of str to str
    """
    found = {"skcnn": __version__, "Python": platform.python_version()}
    found |= {name: version_of(name) for name in _PACKAGES}
    found["system"] = f"{platform.system()} {platform.release()}"
    found["processor"] = f"{platform.machine()}, {os.cpu_count()} cores"
    found["threads of TensorFlow"] = os.environ.get("TF_NUM_INTRAOP_THREADS", "default")
    return found


def seeds(search):
    """Every parameter of a search that is a seed.

    Parameters
    ----------
    search : GridSearchCV or the like

    Returns
    -------
    dict of str to str
    """
    values = search.get_params()
    if hasattr(search.cv, "random_state"):
        values["cv.random_state"] = search.cv.random_state
    found = {}
    for name, value in values.items():
        if name.endswith("random_state"):
            found[name] = as_text(value)
    return found


# --------------------------------------------------------------------------------------
# Code


def code_of(search, fit_params=()):
    """Python code that makes a search again, as far as its values can be written.

    Parameters
    ----------
    search : GridSearchCV or the like
    fit_params : iterable of str
        Names of what its `fit` is given besides X and y.

    Returns
    -------
    str
    """
    call, imports = _written(search), {}
    if "ConvBlock(" in call:
        imports["skcnn"] = {"ConvBlock"}
    for made in [search, *_parts(search)]:
        cls = type(made)
        imports.setdefault(_public_module(cls), set()).add(cls.__name__)
    lines = []
    if type(search).__name__.startswith("Halving"):
        lines.append("from sklearn.experimental import enable_halving_search_cv")
    for module, names in sorted(imports.items(), reverse=True):
        lines.append(f"from {module} import {', '.join(sorted(names))}")
    given = ["X", "y", *(f"{name}={name}" for name in fit_params)]
    lines += ["", f"search = {call}", f"search.fit({', '.join(given)})"]
    return "\n".join(lines)


def _parts(estimator):
    """The estimators and splitters that are parameters of a search."""
    values = estimator.get_params().values()
    return [each for each in values if isinstance(each, BaseEstimator) or _splits(each)]


def _splits(value):
    return hasattr(value, "split") and hasattr(value, "get_n_splits")


def _public_module(cls):
    """Where users import a class from: the parts of its module that are not private."""
    parts = []
    for part in cls.__module__.split("."):
        if part.startswith("_"):
            break
        parts.append(part)
    return ".".join(parts)


def _written(value, depth=1):
    """A value as code, with an argument, a key or an estimator a line."""
    if isinstance(value, BaseEstimator):
        inner = {f"{name}=": each for name, each in _changed(value).items()}
        head, foot = f"{type(value).__name__}(", ")"
    elif isinstance(value, dict):
        inner = {f'"{name}": ': each for name, each in value.items()}
        head, foot = "{", "}"
    elif isinstance(value, (list, tuple)) and _holds_calls(value):
        return _sequence(value, depth)
    else:
        return repr(value) if _splits(value) else as_text(value)
    lines = [f"{name}{_written(each, depth + 1)}" for name, each in inner.items()]
    return _in_lines(head, lines, foot, depth)


def _sequence(values, depth):
    lines = [_written(each, depth + 1) for each in values]
    head, foot = "[]" if isinstance(values, list) else "()"
    return _in_lines(head, lines, foot, depth)


def _in_lines(head, lines, foot, depth):
    if not lines:
        return head + foot
    space = "    " * depth
    inner = "".join(f"{space}{line},\n" for line in lines)
    return f"{head}\n{inner}{space[4:]}{foot}"


def _holds_calls(value):
    if isinstance(value, (list, tuple)):
        return any(map(_holds_calls, value))
    return isinstance(value, (BaseEstimator, dict))


def _changed(estimator):
    """The parameters of an estimator that have not their defaults."""
    signature = inspect.signature(type(estimator)).parameters
    changed = {}
    for name, value in estimator.get_params(deep=False).items():
        default = signature[name].default if name in signature else inspect.Parameter
        if as_text(value) != as_text(default):
            changed[name] = value
    return changed
