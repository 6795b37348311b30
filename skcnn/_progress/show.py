"""A fit that is shown: its tally, its screen, and a thread that looks from one to the other."""

import contextlib
import sys
import threading
import time
import warnings

from skcnn._progress import words
from skcnn._progress.resume import how_to_go_on
from skcnn._progress.tally import Tally


class Show:
    """From the begin of a fit to its end.

    Parameters
    ----------
    estimator : estimator
        The outermost one.
    screen : Terminal, Notebook or Log

    Attributes
    ----------
    tally : Tally
    search : estimator or None
        The search in it, once its fits have begun.
    tried : tuple of str
        Names of the parameters that it tries.
    has_succeeded : bool
    """

    def __init__(self, estimator, screen):
        self.estimator, self.screen = estimator, screen
        self.tally = Tally()
        self.search, self.tried = None, ()
        self.has_succeeded = False
        self._has_started = False
        self._is_over = threading.Event()
        self._filter = _hush()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    @property
    def _name(self):
        return type(self.search or self.estimator).__name__

    def tell(self, *event):
        """Take notice of something.

        Parameters
        ----------
        *event
            As for :meth:`Tally.tell`.
        """
        self.tally.tell(*event)
        if not self._has_started and event[0] in ("round", "network"):
            self._has_started = True
            self.screen.start(words.start_line(self._name, self.tally.facts()))

    def tell_best(self):
        """Take over what the search itself says of its best candidate."""
        score = getattr(self.search, "best_score_", None)
        if score is not None:
            params = getattr(self.search, "best_params_", {})
            self.tally.tell("best", score, words.in_short(params, self.tried))

    def end(self):
        """Show no more, and leave a line that stays."""
        self._is_over.set()
        self._looking.join(timeout=5)
        with contextlib.suppress(ValueError):  # somebody else has changed the filters
            warnings.filters.remove(self._filter)
        if self.has_succeeded:
            self.tell_best()
        self.tally.end(self.has_succeeded)
        facts = self.tally.facts()
        if self.has_succeeded:
            self.screen.end(words.end_line(self._name, facts))
        else:
            self._end_early(facts, sys.exception())

    def _end_early(self, facts, error):
        line = words.stop_line(self._name, facts, type(error).__name__)
        # Whoever gave a wrong value knows better what to do than to run the same again.
        is_mistake = isinstance(error, (TypeError, ValueError))
        advice = "" if is_mistake else how_to_go_on(self.estimator)
        self.screen.end(f"{line}. {advice.removeprefix('skcnn: ')}".rstrip())
        told = any("skcnn:" in note for note in getattr(error, "__notes__", ()))
        if advice and error is not None and not told:
            error.add_note(advice)  # a traceback ends with it

    def _look(self):
        with contextlib.suppress(Exception):  # a closed terminal, say
            pause = self.screen.pace
            while not self._is_over.wait(pause):
                began = time.thread_time()
                facts = self.tally.facts()
                self.screen.show(words.live_line(facts, self.screen.width))
                # Of many fits a look takes longer: at most a fiftieth of the time.
                pause = max(self.screen.pace, 50 * (time.thread_time() - began))


def _hush():
    """Leave out scikit-learn's warning of each step that tells nothing of its progress."""
    warnings.filterwarnings("ignore", message="The estimator .* does not support callb")
    return warnings.filters[0]
