"""The values of a parameter: which are equal, in what order, and how written.

A table of candidates, an axis, a legend and a name beside a point all use the same
words: what tells the values apart, as short as that is possible.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Integral, Real
from types import FunctionType

import joblib
import numpy as np

from skcnn._blocks import ConvBlock

_LONGEST = 40  # characters of a label


# --------------------------------------------------------------------------------------
# As Python has it


def as_text(value):
    """A value as one writes it in Python."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, ConvBlock):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return _sequence_as_text(value)
    if isinstance(value, (type, FunctionType)):
        return value.__name__
    config = _config(value)
    if config is not None:  # Keras' own repr is an address
        return f"{type(value).__name__}({arguments(config)})"
    return " ".join(repr(value).split())


def _sequence_as_text(values):
    texts = ", ".join(map(as_text, values))
    if isinstance(values, list):
        return f"[{texts}]"
    if len(values) == 1:
        return f"({texts},)"
    return f"({texts})"


def arguments(values):
    """A dict as the arguments of a call."""
    return ", ".join(f"{name}={as_text(value)}" for name, value in values.items())


def _config(value):
    """What a Keras object says of itself; None for anything else."""
    if isinstance(value, type) or not hasattr(value, "get_config"):
        return None
    try:
        return value.get_config()
    except Exception:  # the object's own code, or Keras' refusal to guess
        return {}


# --------------------------------------------------------------------------------------
# As short as it is told apart


def short_labels(values):
    """A label for each of some values, all different.

    Blocks of convolutions are their filters, ``4-8``, and other sequences their
    entries. Those that look the same so far get the entries that differ: ``4-8,
    kernel_size=5-3``. What would be too long for a picture is numbered.

    Parameters
    ----------
    values : iterable

    Returns
    -------
    list of str
    """
    values = list(values)
    heads = [brief(value) for value in values]
    labels = list(heads)
    for head in dict.fromkeys(heads):
        alike = [place for place, each in enumerate(heads) if each == head]
        told_apart = _tell_apart([values[place] for place in alike], head)
        for place, label in zip(alike, told_apart, strict=True):
            labels[place] = label
    if len(set(labels)) < len(labels):
        return _numbered(labels)
    return labels


def _tell_apart(values, head):
    """Labels for values that are alike in brief."""
    for labels in ([head], _by_differences(values, head), _fully(values)):
        different = len(set(labels)) == len(values)
        if different and max(map(len, labels)) <= _LONGEST:
            return labels
    return _numbered([head] * len(values))


def _numbered(labels):
    numbered = []
    for number, text in enumerate(labels, start=1):
        if len(text) > 30:
            text = f"{text[:29]}…"
        numbered.append(f"{text} ({number})")
    return numbered


def brief(value):
    """A value in few characters, which other values may share."""
    value = _plain(value)
    blocks = _blocks(value)
    if blocks:
        return _joined([block.filters for block in blocks])
    if isinstance(value, (list, tuple)):
        return _joined(value) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    if value is None or isinstance(value, (str, Real)):
        return str(value)
    return getattr(value, "__name__", type(value).__name__)


def _fully(values):
    # An address tells objects apart, but says nothing to a reader.
    texts = map(as_text, values)
    return ["" if " at 0x" in text else text for text in texts]


def _by_differences(values, head):
    """Labels that name the entries in which the values differ."""
    entries = [_entries(value) for value in values]
    names = dict.fromkeys(name for each in entries for name in each)
    differing = [name for name in names if _differ(name, entries)]
    # Filters are good to know. The class of a Keras object says nothing if all have it.
    start = [head] if any(map(_blocks, values)) else []
    labels = []
    for each in entries:
        told = [f"{name}={each[name]}" for name in differing if name in each]
        labels.append(", ".join(start + told))
    return labels


def _differ(name, entries):
    return len({each.get(name) for each in entries}) > 1


def _entries(value):
    """What a value consists of, besides what :func:`brief` says, as texts by name."""
    blocks = _blocks(value)
    if blocks:
        columns = zip(*blocks, strict=True)
        named = dict(zip(ConvBlock._fields, columns, strict=True))
        del named["filters"]
        return {name: _alike_once(column) for name, column in named.items()}
    parts = value if isinstance(value, dict) else _config(value) or {}
    return {name: as_text(part) for name, part in parts.items() if name != "name"}


def _alike_once(column):
    texts = [as_text(value).replace(", ", ",") for value in column]
    if len(set(texts)) == 1:
        return texts[0]
    return "-".join(texts)


def _joined(values):
    """``8-16`` for whole numbers; with commas where a dash would be misread."""
    values = [_plain(value) for value in values]
    whole = all(isinstance(each, Integral) and each >= 0 for each in values)
    separator = "-" if whole else ", "
    return separator.join(map(brief, values))


def _plain(value):
    """NumPy's numbers and arrays as Python's numbers and lists."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value


def _blocks(value):
    """Blocks of convolutions with all their fields; None if the value is none."""
    value = _plain(value)
    if not isinstance(value, (list, tuple)) or isinstance(value, ConvBlock):
        return None
    if not all(isinstance(each, (list, tuple, dict)) and each for each in value):
        return None
    try:
        return [_block(each) for each in value]
    except TypeError:
        # Too many fields or unknown ones: another parameter, or a mistake.
        return None


def _block(value):
    if isinstance(value, dict):
        return ConvBlock(**value)
    return ConvBlock(*value)


# --------------------------------------------------------------------------------------
# Which are equal, and in what order


@dataclass(frozen=True)
class Levels:
    """The different values of a parameter, sorted, with labels, and who has which.

    Attributes
    ----------
    values : list
    labels : list of str
    codes : ndarray of int
        For each candidate its place among the values.
    """

    values: list
    labels: list
    codes: np.ndarray

    def take(self, places):
        """The same values and labels, with some of the candidates only."""
        return Levels(self.values, self.labels, self.codes[places])

    def occurring(self):
        """Without the values that no candidate has."""
        places, codes = np.unique(self.codes, return_inverse=True)
        values = [self.values[place] for place in places]
        labels = [self.labels[place] for place in places]
        return Levels(values, labels, codes)


def single_level(n_candidates):
    """The levels of no parameter: all candidates are alike."""
    return Levels([None], [None], np.zeros(n_candidates, int))


def find_levels(values, labels=None):
    """Sort out the values of a parameter.

    Parameters
    ----------
    values : list
        One for each candidate.
    labels : list of str, default=None
        How the different values are written, in the order in which they come first.

    Returns
    -------
    Levels
    """
    keys = [key_of(value) for value in values]
    distinct = {}  # in order of appearance
    for key, value in zip(keys, values, strict=True):
        distinct.setdefault(key, value)
    if labels is None:
        labels = short_labels(distinct.values())
    labels = list(map(str, labels))
    if len(labels) != len(distinct):
        raise ValueError(
            f"labels must be {len(distinct)}, one for each of "
            f"{list(distinct.values())}; got {labels!r}."
        )
    levels = list(zip(distinct, distinct.values(), labels, strict=True))
    levels.sort(key=lambda level: _rank(level[1]))
    places = {key: place for place, (key, _, _) in enumerate(levels)}
    return Levels(
        values=[value for _, value, _ in levels],
        labels=[label for _, _, label in levels],
        codes=np.array([places[key] for key in keys], int),
    )


def key_of(value):
    """What equal values share, hashable: lists equal tuples, as for the classifier."""
    if isinstance(value, dict):
        return tuple((name, key_of(each)) for name, each in value.items())
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(key_of(each) for each in value)
    if _config(value):  # Keras' objects do not know when they are equal
        return type(value), as_text(value)
    if type(value).__eq__ is object.__eq__:  # equal to itself alone, and not to a copy
        return type(value), _content_of(value)
    return value if isinstance(value, Hashable) else id(value)


def _content_of(value):
    """What copies of an object share; the object itself, if that cannot be known."""
    try:
        return joblib.hash(value)
    except Exception:  # whatever its own code raises that makes no file of it
        return value


def _rank(value, by_length=True):
    """Numbers, then sequences by length and content, then strings, the rest, None."""
    if isinstance(value, Real):
        return 0, value
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple, np.ndarray)):
        # Blocks are compared by filters first, whether they say more or less beyond.
        length = len(value) if by_length else 0
        entries = tuple(_rank(each, by_length=False) for each in value)
        return 1, length, entries
    if isinstance(value, str):
        return 2, value
    if value is None:
        return (4,)
    return (3,)


def is_ordered(values):
    """Whether sorted values lie on one scale, so that a line may join what they give.

    Numbers do, and so do sequences of one length in which no entry falls.
    """
    values = [_measures(value) for value in values]
    if any(each is None for each in values) or len(set(map(len, values))) > 1:
        return False
    return bool((np.diff(np.array(values, float), axis=0) >= 0).all())


def _measures(value):
    """A value as a list of numbers; None if it is something else."""
    value = _plain(value)
    blocks = _blocks(value)
    if blocks:
        value = [block.filters for block in blocks]
    numbers = [value]
    if isinstance(value, (list, tuple)) and value:
        numbers = list(value)
    if all(is_number(each) for each in numbers):
        return numbers
    return None


def is_number(value):
    """Whether a value is a number, and not a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)
