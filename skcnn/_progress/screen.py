"""Where lines go: to a terminal, a notebook, or a log.

All of it is written to standard error, so that what a script prints on standard output,
a table say, stays free of it: ``python script.py > table.txt``.
"""

import os
import sys
from threading import Lock

_writing = Lock()


class Terminal:
    """One line, written again in its place. One search at a time has it.

    Parameters
    ----------
    stream : text file
    """

    pace = 0.5  # seconds between two looks
    _owner = None  # the Terminal whose line is shown
    _shown = ""

    def __init__(self, stream):
        self.stream = stream

    @property
    def width(self):
        """Characters in a line; the last place is left to the cursor."""
        try:
            return os.get_terminal_size(self.stream.fileno()).columns - 1
        except (OSError, ValueError):
            return 79

    def start(self, line):
        """Nothing: the line itself comes at once."""

    def show(self, line):
        """Write the line in the place of the one before.

        Parameters
        ----------
        line : str
        """
        with _writing:
            if Terminal._owner is None:
                Terminal._owner = self
            if Terminal._owner is self:
                self._write(line)

    def end(self, line):
        """Leave a line that stays.

        Parameters
        ----------
        line : str
        """
        with _writing:
            self._write("")
            self.stream.write(f"\r{line}\n")
            self.stream.flush()
            if Terminal._owner is self:
                Terminal._owner = None

    def _write(self, line):
        # Any character in one column: a string of the user's may have others.
        line = line.encode("ascii", "replace").decode()
        self.stream.write(f"\r{line.ljust(len(Terminal._shown))}")
        self.stream.flush()
        Terminal._shown = line


class Notebook:
    """One output of a cell, which is replaced."""

    pace = 1.0
    width = None

    def __init__(self):
        self._output = None

    def start(self, line):
        """Nothing: the line itself comes at once."""

    def show(self, line):
        """Put the line in the place of the one before.

        Parameters
        ----------
        line : str
        """
        from IPython.display import display

        content = {"text/plain": line}
        with _writing:
            if self._output is None:
                self._output = display(content, raw=True, display_id=True)
            else:
                self._output.update(content, raw=True)

    end = show


class Log:
    """A line now and then, for a file, a pipe, or whoever reads of a run elsewhere.

    Parameters
    ----------
    stream : text file or None
    interval : float
        Seconds between two lines.
    """

    width = None

    def __init__(self, stream, interval):
        self.stream = stream
        self.pace = interval

    def show(self, line):
        """Write a line.

        Parameters
        ----------
        line : str
        """
        if self.stream is not None:
            with _writing:
                self.stream.write(f"{line}\n")
                self.stream.flush()

    start = end = show


def screen_here(interval):
    """The right one for where this process runs.

    Parameters
    ----------
    interval : float
        Seconds between two lines of a log.

    Returns
    -------
    Terminal, Notebook or Log
    """
    if _in_notebook():
        return Notebook()
    stream = sys.stderr
    if stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb":
        return Terminal(stream)
    return Log(stream, interval)


def _in_notebook():
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
