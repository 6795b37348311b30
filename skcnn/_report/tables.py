"""Tables of texts, as a page shows them."""

from dataclasses import dataclass
from numbers import Integral, Real

from skcnn._value_labels import as_text


@dataclass(frozen=True)
class Table:
    """Texts in rows.

    Attributes
    ----------
    columns : list of str
    rows : list of list of str
    n_open : int
        How many rows are seen at once; a page folds the rest.
    """

    columns: list
    rows: list
    n_open: int = 10

    @property
    def folds(self):
        """Whether it is worth a click to see the rest."""
        return len(self.rows) > self.n_open + 2

    @property
    def first_rows(self):
        """What is seen at once."""
        return self.rows[: self.n_open] if self.folds else self.rows

    @property
    def other_rows(self):
        """What a page folds."""
        return self.rows[self.n_open :] if self.folds else []


def table_of(frame, n_open=10):
    """A table of a pandas.DataFrame, without its index.

    Parameters
    ----------
    frame : pandas.DataFrame
    n_open : int, default=10

    Returns
    -------
    Table
    """
    columns = [_column(frame[name].tolist(), str(name)) for name in frame.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Table([str(name) for name in frame.columns], rows, n_open)


def _column(values, name):
    """The values of a column as texts, all written in one way."""
    if name.startswith("n_"):
        known = [isinstance(value, Integral) for value in values]
        pairs = zip(values, known, strict=True)
        return [f"{value:,}" if is_known else "" for value, is_known in pairs]
    if name.endswith("_time"):
        return [f"{value:.2f} s" for value in values]
    # Scores have four digits; what somebody chose, such as 0.25, has its own.
    digits = ".4f" if _is_measured(values) else "g"
    return [cell(value, digits) for value in values]


def _is_measured(values):
    numbers = [value for value in values if isinstance(value, float)]
    return any(value != round(value, 5) for value in numbers)


def cell(value, digits=".4f"):
    """A value as a text; nothing for what is missing.

    Parameters
    ----------
    value : object
    digits : str, default=".4f"
        How a number that is no integer is written.

    Returns
    -------
    str
    """
    if isinstance(value, Integral):
        return str(value)
    if isinstance(value, Real):
        return format(float(value), digits) if value == value else ""
    if value is None or type(value).__name__ == "NAType":
        return ""
    return value if isinstance(value, str) else as_text(value)
