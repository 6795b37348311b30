"""One line that shows how far a search is: :class:`skcnn.SearchProgress`.

callback.py   what scikit-learn calls; in workers, it sends what happened to the main process
tasks.py      which of scikit-learn's tasks is a fit, an epoch, a round of fits
jobs.py       what a fit asks for: epochs, of which run, at what cost
tally.py      counts what has happened; knows no scikit-learn
forecast.py   the time left
words.py      lines of text
screen.py     where they go: a terminal, a notebook, a log
resume.py     how to go on after a stop
"""

from skcnn._progress.callback import SearchProgress

__all__ = ["SearchProgress"]
