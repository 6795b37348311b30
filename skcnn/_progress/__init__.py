"""One line that shows how far a search is: :class:`skcnn.SearchProgress`.

callback.py  what scikit-learn calls; workers send what happens to the main process
tasks.py     which of scikit-learn's tasks is a fit, and which fits a search will do
jobs.py      what a fit asks for: how many epochs, shared with which fits, at what cost
tally.py     counts what has happened; knows no scikit-learn
forecast.py  the time left
line.py      the texts
screen.py    where they go: a terminal, a notebook, a log
show.py      a fit that is shown, from its begin to its end
"""

from skcnn._progress.callback import SearchProgress

__all__ = ["SearchProgress"]
