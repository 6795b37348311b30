"""The table of candidates: pandas' own, but printed so that it can be read."""

import shutil
import textwrap

import pandas as pd


class CandidateTable(pd.DataFrame):
    """A DataFrame that prints the columns that fit, from the left, and names the rest.

    pandas would leave out columns in the middle, and there the parameters are. Whoever
    wants all of them prints ``table.to_string()``, or sets pandas' option
    ``display.max_columns`` to None.
    """

    @property
    def _constructor(self):  # what head and selections of columns return
        return CandidateTable

    def __repr__(self):
        if self.empty or pd.get_option("display.max_columns") is None:
            return super().__repr__()
        fallback = (pd.get_option("display.width") or 80, 24)
        return _fitted_text(
            pd.DataFrame(self), shutil.get_terminal_size(fallback).columns
        )


def _fitted_text(frame, width):
    shown = len(frame.columns)
    text = _text(frame)
    while shown > 1 and max(map(len, text.splitlines())) > width:
        shown -= 1
        text = _text(frame.iloc[:, :shown])
    hidden = [str(name) for name in frame.columns[shown:]]
    notes = []
    if len(text.splitlines()) <= len(frame):
        notes += [f"{len(frame)} rows"]
    if hidden:
        notes += [f"no room for these columns: {', '.join(hidden)}"]
    if not notes:
        return text
    note = textwrap.fill(f"[{'; '.join(notes)}]", width, break_long_words=False)
    return f"{text}\n\n{note}"


def _text(frame):
    # Whole numbers as texts, which pandas sets closer together.
    whole = {name: str for name, dtype in frame.dtypes.items() if dtype.kind in "iu"}
    with pd.option_context("display.precision", 4):
        return frame.astype(whole).to_string(
            max_rows=pd.get_option("display.max_rows"),
            min_rows=pd.get_option("display.min_rows"),
        )
