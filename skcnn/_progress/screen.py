"""Where lines go: to a terminal, a notebook, or a log.

A screen starts with a line, shows others, and ends with one that stays. All of it is
written to standard error, so that what a script prints on standard output, a table say,
stays free of it: ``python script.py > table.txt``.
"""

import os
import sys
from threading import Lock

_writing = Lock()


class Terminal:
    """One line, written again in its place. One search at a time has it."""

    pace = 0.5  # seconds between two lines
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
        """Nothing: what is shown comes at once, and says more."""

    def show(self, line):
        """Write the line in the place of the one before."""
        with _writing:
            if Terminal._owner is None:
                Terminal._owner = self
            if Terminal._owner is self:
                self._write(line)

    def end(self, line):
        """Leave a line that stays."""
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
    _output = None

    def start(self, line):
        """Nothing: what is shown comes at once, and says more."""

    def show(self, line):
        """Put the line in the place of the one before."""
        from IPython.display import display

        content = {"text/plain": line}
        with _writing:
            if self._output is None:
                self._output = display(content, raw=True, display_id=True)
            else:
                self._output.update(content, raw=True)

    end = show


class Log:
    """A line now and then, for a file, a pipe, or whoever reads of a run elsewhere."""

    width = None

    def __init__(self, stream, interval):
        self.stream, self.pace = stream, interval

    def show(self, line):
        """Write a line."""
        if self.stream is not None:
            with _writing:
                self.stream.write(f"{line}\n")
                self.stream.flush()

    start = end = show


def screen_here(interval):
    """The right one for where this process runs; a log has a line every `interval`."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is not None:
        return Notebook()
    stream = sys.stderr
    if stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb":
        return Terminal(stream)
    return Log(stream, interval)
