"""The files of a folder, in an order that is the same on every computer."""

import os
import unicodedata
from pathlib import Path

# What systems leave in folders. Nobody means it, so nothing is said about it.
_LEFT_BY_SYSTEMS = {"thumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"}
_MOST_NAMES = 10  # that a message lists


def walk(folder, parents=()):
    """Yield the files in a folder and in its folders, in order.

    Hidden ones are left out. Links are followed, except where they lead in a circle.
    """
    real = os.path.realpath(folder)
    if real in parents:
        return
    for entry in _visible(folder):
        if entry.is_dir():
            yield from walk(entry.path, (*parents, real))
        else:
            yield entry.path


def folders_in(folder):
    """The folders directly in a folder, in order."""
    return [Path(entry.path) for entry in _visible(folder) if entry.is_dir()]


def files_in(folder):
    """The files directly in a folder, in order."""
    return [entry.path for entry in _visible(folder) if not entry.is_dir()]


def has_images(folder, suffixes):
    """Whether images lie directly in a folder."""
    return any(has_suffix(file, suffixes) for file in files_in(folder))


def name_of(path):
    """The name of a folder, in one way of writing.

    macOS may write an accent apart from its letter. One class must have one name.
    """
    return unicodedata.normalize("NFC", os.path.basename(path))


def has_suffix(path, suffixes):
    """Whether the name of a file ends in one of these, which are in lower case."""
    return os.path.splitext(path)[1].lower() in suffixes


def listed(names):
    """Some names, and how many more there are."""
    names = list(names)
    text = ", ".join(names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        text += f" and {len(names) - _MOST_NAMES:,} more"
    return text


def _visible(folder):
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if not _is_hidden(entry.name)]
    return sorted(found, key=lambda entry: name_of(entry.name))


def _is_hidden(name):
    return name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS
