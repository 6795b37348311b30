"""A fit that is shown: its tally, its screen, and a thread between them."""

import contextlib
import sys
import threading
import time
import warnings
from numbers import Integral

from skcnn._progress.jobs import networks_in
from skcnn._progress.line import end_line, in_short, live_line, start_line, stop_line
from skcnn._progress.tally import Round, Tally
from skcnn._progress.tasks import search_spaces, tried_parameters


class Show:
    """From the begin of the outermost fit to its end."""

    def __init__(self, estimator, screen):
        self._estimator, self._screen = estimator, screen
        self._tally = Tally()
        self._search = None  # the search in it, once its fits have begun
        self.has_succeeded = False
        self._has_started = False
        self._is_over = threading.Event()
        # scikit-learn warns of each step that tells nothing of its progress.
        message = "The estimator .* does not support callb"
        warnings.filterwarnings("ignore", message=message)
        self._filter = warnings.filters[0]
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    @property
    def _name(self):
        return type(self._search or self._estimator).__name__

    def begin_search(self, search, round_):
        """A search is about to hand out fits."""
        self._search = search
        self._tally.tell("round", round_)
        self._start()

    def begin_alone(self):
        """A refit begins, or a fit outside of any search."""
        self._tell_best()
        self._tally.tell("round", Round())

    def tell(self, kind, *details):
        """Take notice of something, as :meth:`Tally.tell` does."""
        self._tally.tell(kind, *details)
        if kind == "network":
            self._start()

    def _start(self):
        if not self._has_started:
            self._has_started = True
            self._screen.start(start_line(self._name, self._tally.facts()))

    def _tell_best(self):
        """Take over what the search itself says of its best candidate."""
        score = getattr(self._search, "best_score_", None)
        if score is not None:
            params = getattr(self._search, "best_params_", {})
            self._tally.best = score, in_short(params, tried_parameters(self._search))

    def end(self):
        """Show no more, and leave a line that stays."""
        self._is_over.set()
        self._looking.join(timeout=5)
        with contextlib.suppress(ValueError):  # somebody else has changed the filters
            warnings.filters.remove(self._filter)
        if self.has_succeeded:
            self._tell_best()
        self._tally.end(self.has_succeeded)
        facts = self._tally.facts()
        if self.has_succeeded:
            self._screen.end(end_line(self._name, facts))
        else:
            self._end_early(facts, sys.exception())

    def _end_early(self, facts, error):
        line = stop_line(self._name, facts, type(error).__name__)
        # Whoever gave a wrong value knows better what to do than to run the same again.
        is_mistake = isinstance(error, (TypeError, ValueError))
        advice = "" if is_mistake else how_to_go_on(self._estimator)
        self._screen.end(f"{line}. {advice}".rstrip())
        told = any("skcnn:" in note for note in getattr(error, "__notes__", ()))
        if advice and error is not None and not told:
            error.add_note(f"skcnn: {advice}")  # a traceback ends with it

    def _look(self):
        with contextlib.suppress(Exception):  # a closed terminal, say
            pause = self._screen.pace
            while not self._is_over.wait(pause):
                began = time.thread_time()
                facts = self._tally.facts()
                if facts.n_fits:  # or nothing is known yet but the time
                    self._screen.show(live_line(facts, self._screen.width))
                # Of many fits a look takes longer: at most a fiftieth of the time.
                pause = max(self._screen.pace, 50 * (time.thread_time() - began))


def how_to_go_on(estimator):
    """What to do after a stop; empty for an estimator without a network in it.

    A fit that is interrupted in this thread says so itself, see skcnn/_sharing.py. This
    is for searches in threads and processes, where Ctrl-C does not meet a fit.
    """
    networks = networks_in(estimator)
    if not networks:
        return ""
    prefix, network = networks[0]
    seed = f"{prefix.removeprefix('estimator__')}random_state"
    is_searched = any(seed in space for space in search_spaces(estimator))
    is_seeded = is_searched or isinstance(network.random_state, Integral)
    if network.callbacks:
        return "Fits with Keras callbacks are not kept. They start again."
    if network.memory is not None and is_seeded:
        folder = str(getattr(network.memory, "location", network.memory))
        return f"Finished epochs are kept in {folder!r}. Run the same again to go on."
    wanted = [] if network.memory is not None else ["memory='folder'"]
    wanted += [] if is_seeded else ["random_state=0"]
    remedy = " and ".join(wanted)
    return (
        f"What was trained is lost when this process ends. With {remedy}, the same "
        "search goes on where it ended, also tomorrow."
    )
