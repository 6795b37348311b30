"""A path as a user gave it -> the path that is meant: ``~`` is the home folder."""

import os
from pathlib import Path

from skcnn._checks import shown


def as_path(value, name):
    """A path to read or write.

    Parameters
    ----------
    value : str or path-like
    name : str
        What messages call it.

    Returns
    -------
    Path
        Not made absolute.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If it begins with a home folder that there is not.
    """
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise TypeError(f"{name} must be a str or a path; got {shown(value)}.")
    given = os.fsdecode(value)
    path = os.path.expanduser(given)
    if path.startswith("~") and not os.path.exists(path):
        raise ValueError(
            f"{name}={given!r}: there is no such home folder. If a folder or file has "
            f"that name, write {os.path.join(os.curdir, given)!r}."
        )
    return Path(path)
