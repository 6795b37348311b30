"""What a table may hold that is no pixel: dates, text, or images beside other columns.

NumPy and scikit-learn refuse these too, but in words about types and conversions.
"""

import datetime

import numpy as np

from skcnn._checks import shown
from skcnn._containers import is_array, text_advice

_DATES = (datetime.date, datetime.timedelta, np.datetime64, np.timedelta64)
_DATE_KINDS = ("m", "M")  # of NumPy's types
_MOST_NAMES = 5  # that a message writes out


def check_columns(X):
    """Refuse columns that are no numbers, with what to pass instead.

    Parameters
    ----------
    X : array-like
        With a shape; images that came one by one have been stacked.

    Raises
    ------
    TypeError
        For dates and times, and for rows with named fields.
    ValueError
        For images beside other columns, for text, and for complex numbers.
    """
    dtype = getattr(X, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if kind in _DATE_KINDS:
        raise TypeError(f"X must hold numbers; got dates or times, {dtype}. {_IN_DAYS}")
    if getattr(dtype, "names", None):
        raise TypeError(
            f"X must hold numbers; got rows with the named fields {dtype.names}. Pass "
            "numpy.lib.recfunctions.structured_to_unstructured(X)."
        )
    if kind == "c":
        join = "np.stack" if len(X.shape) == 3 else "np.concatenate"
        raise ValueError(
            f"X: Complex data not supported; got {dtype}. Pass np.abs(X), or the parts "
            f"as channels: {join}([X.real, X.imag], axis=-1)."
        )
    if len(X.shape) == 2 and X.shape[0]:
        _check_each_column(X)


_IN_DAYS = (
    "A network learns from measurements, such as days: "
    "(X - X.min()) / np.timedelta64(1, 'D')."
)


def _check_each_column(X):
    columns = _columns_of_objects(X)
    _refuse_images(X, list(_firsts(columns, _holds_values)))
    _refuse_dates(X, list(_firsts(columns, lambda value: isinstance(value, _DATES))))
    if hasattr(X, "columns"):  # of an array, scikit-learn says it well
        _refuse_words(X, _firsts(columns, _is_word))


def _firsts(columns, is_of_kind):
    """The first value of a kind in each column that has one, by the column's place."""
    firsts = {}
    for place, values in columns.items():
        of_kind = [value for value in values if is_of_kind(value)]
        if of_kind:
            firsts[place] = of_kind[0]
    return firsts


def _refuse_images(X, images):
    if images and X.shape[1] > 1:
        raise ValueError(
            "X must be images, or a table of numbers; got a table of "
            f"{X.shape[1]} columns with an image in each row of "
            f"{_code(X, images[0])}. Pass np.stack({_code(X, images[0])})."
        )


def _refuse_dates(X, dates):
    if dates:
        raise TypeError(
            f"X must hold numbers; got dates or times in {_code(X, dates[0])}. "
            f"{_without(X, dates) or _IN_DAYS}"
        )


def _refuse_words(X, words):
    if words:
        place, word = next(iter(words.items()))
        column = _code(X, place)
        remedy = text_advice(word, column) or _without(X, list(words))
        raise ValueError(
            f"X must hold numbers; got text in {column}, such as {shown(word)}. "
            f"{remedy}".rstrip()
        )


def _columns_of_objects(X):
    """From the places of columns that may be no numbers to arrays of their values."""
    if hasattr(X, "iloc"):
        kinds = [getattr(dtype, "kind", "") for dtype in X.dtypes]
        suspects = ("O", *_DATE_KINDS)
        places = [place for place, kind in enumerate(kinds) if kind in suspects]
        return {place: X.iloc[:, place].array for place in places}
    if isinstance(X, np.ndarray) and X.dtype == object:
        return dict(enumerate(X.T))
    return {}


def _holds_values(value):
    is_list = isinstance(value, (list, tuple))
    return is_list or (is_array(value) and not isinstance(value, np.generic))


def _is_word(value):
    """Whether a value is text that is no number."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def _code(X, place):
    """The expression that gives a column."""
    if hasattr(X, "columns"):
        return f"X[{X.columns[place]!r}]"
    return f"X[:, {place}]"


def _without(X, places):
    """The remedy to leave columns out; empty if none would be left."""
    if len(places) == X.shape[1]:
        return ""
    if not hasattr(X, "columns"):
        return f"Leave that out: np.delete(X, {places}, axis=1)."
    names = [X.columns[place] for place in places[:_MOST_NAMES]]
    more = " and so on" if len(places) > _MOST_NAMES else ""
    return f"Leave that out: X.drop(columns={names!r}){more}."
