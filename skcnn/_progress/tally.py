"""Counts what happens in a search, and knows what is still to come.

No scikit-learn here: tasks are paths, tuples of numbers from the root of the tree down.
"""

import time
from dataclasses import dataclass, field
from math import isnan
from threading import Lock

from skcnn._progress.forecast import Forecast


@dataclass(eq=False)
class Fit:
    """A fit that has begun.

    Attributes
    ----------
    lane : tuple
        Process and thread that it runs in.
    began, heard : float
        When, and when there was last to tell of it.
    candidate : dict of str to str
        What the search tries in it.
    is_refit : bool
    job : skcnn._progress.jobs.Job or None
        None as long as no network has begun.
    group : object
        Equal for fits that share epochs: of one run, on one fold.
    trained, known : int
        Epochs so far: trained in this fit, and known from another one or from memory.
    seconds : float
        Spent in training, without compiling.
    compiles : bool
        Whether its network had not been trained in its lane before.
    is_over, has_failed : bool
    """

    lane: tuple
    began: float
    heard: float
    candidate: dict = field(default_factory=dict)
    is_refit: bool = False
    job: object = None
    group: object = None
    trained: int = 0
    known: int = 0
    seconds: float = 0.0
    compiles: bool = False
    is_over: bool = False
    has_failed: bool = False

    @property
    def epochs(self):
        """Number of epochs so far."""
        return self.trained + self.known


@dataclass(eq=False)
class Round:
    """Fits that scikit-learn hands out together: a search, or an iteration of successive halving.

    Attributes
    ----------
    n_fits, n_splits : int
    later : list of int
        Numbers of fits in the rounds that will follow.
    growth : float
        How many times as much a fit costs in the round that follows.
    plan : skcnn._progress.jobs.Plan or None
        The candidates, if they are known.
    jobs : list of (Job or None) or None
        Theirs, once the shape of images is known.
    begun : dict of int to Fit
        The fits that have begun, by number: first all folds of the first candidate.
    scores : dict of int to list of float
        By candidate.
    is_over : bool
    """

    n_fits: int
    n_splits: int
    later: list = field(default_factory=list)
    growth: float = 1.0
    plan: object = None
    jobs: list | None = None
    begun: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    is_over: bool = False

    def job(self, number):
        """The job of a fit that has begun, or that is planned; None if it is not known."""
        fit = self.begun.get(number)
        if fit is not None and fit.job is not None:
            return fit.job
        return self.jobs[number // self.n_splits] if self.jobs else None

    def group(self, number, job):
        """What fits have in common that share epochs: the run and the fold."""
        return (job.run, number % self.n_splits) if job.run else (id(self), number)

    def open_fits(self):
        """Numbers of the fits that are not over, or have not even begun."""
        return [
            number
            for number in range(self.n_fits)
            if number not in self.begun or not self.begun[number].is_over
        ]

    def n_silent(self):
        """Number of fits that have failed before they could say anything.

        Fits are handed out in order: those before all that are running are over.
        """
        if self.is_over:
            return self.n_fits - len(self.begun)
        running = [number for number, fit in self.begun.items() if not fit.is_over]
        over = [number for number, fit in self.begun.items() if fit.is_over]
        first = min([*running, max(over, default=0)])
        return first - sum(number < first for number in self.begun)

    def best(self):
        """The best mean of scores over all folds, and the candidate.

        Returns
        -------
        (float, dict) or None
        """
        means = {
            number: sum(scores) / len(scores)
            for number, scores in self.scores.items()
            if len(scores) == self.n_splits and not any(map(isnan, scores))
        }
        if not means:
            return None
        number = max(means, key=means.get)
        return means[number], self.begun[number * self.n_splits].candidate


@dataclass(frozen=True)
class Facts:
    """What there is to tell at one moment.

    Attributes
    ----------
    n_fits, n_done, n_failed : int
    n_asked : int or None
        Epochs that all fits ask for, if there is only one fit.
    trained, known : int
        Epochs so far.
    best : float or None
        Best mean score.
    candidate : dict of str to str
        Whose.
    elapsed : float
        Seconds.
    left : float or None
        Seconds; None as long as nothing is known of it.
    """

    n_fits: int
    n_done: int
    n_failed: int
    n_asked: int | None
    trained: int
    known: int
    best: float | None
    candidate: dict
    elapsed: float
    left: float | None


class Tally:
    """What has happened so far. Safe under threads.

    Parameters
    ----------
    clock : callable, default=time.monotonic
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = Lock()
        self._began = clock()
        self._ended = None
        self.rounds = {}  # path -> Round, in their order
        self.fits = {}  # path -> Fit, in the order in which they began
        self.n_refits = 0
        self._lanes = {}  # lane -> the fit that began there last
        self._forecast = Forecast(self)
        self._final_best = None

    def tell(self, kind, *details):
        """Take notice of something; the methods below say what there is.

        Parameters
        ----------
        kind : str
        *details
        """
        with self._lock:
            if self._ended is None:
                getattr(self, f"_on_{kind}")(*details)

    # What may happen --------------------------------------------------------------

    def _on_refit_planned(self):
        self.n_refits += 1

    def _on_round(self, path, round_):
        self.rounds[path] = round_

    def _on_round_over(self, path):
        self.rounds[path].is_over = True

    def _on_fit(self, path, lane, candidate, is_refit):
        now = self._clock()
        before = self._lanes.get(lane)
        if before is not None:
            self._forecast.learn_fit(before, now - before.began)
            # A lane does one fit at a time: without a word on its end, it has failed.
            before.has_failed = not before.is_over
            before.is_over = True
        fit = Fit(lane, now, now, candidate, is_refit)
        self.fits[path] = self._lanes[lane] = fit
        if path[:-1] in self.rounds and not is_refit:
            self.rounds[path[:-1]].begun[path[-1]] = fit

    def _on_network(self, path, job, image_shape, n_images):
        fit, round_ = self.fits[path], self.rounds.get(path[:-1])
        fit.job = job
        fit.group = path if round_ is None else round_.group(path[-1], job)
        if round_ is not None and round_.plan is not None and round_.jobs is None:
            round_.jobs = round_.plan.jobs(image_shape, n_images)

    def _on_epoch(self, path, is_trained, seconds):
        fit = self.fits[path]
        fit.heard = self._clock()
        if is_trained:
            fit.trained += 1
            fit.seconds += self._forecast.learn_epoch(fit, seconds)
        else:
            fit.known += 1
        self._forecast.reach(fit, is_trained)

    def _on_fit_over(self, path):
        self.fits[path].is_over = True

    def _on_score(self, path, score):
        round_ = self.rounds.get(path[:-1])
        if round_ is not None:
            candidate = path[-1] // round_.n_splits
            round_.scores.setdefault(candidate, []).append(score)

    def _on_best(self, score, candidate):
        self._final_best = score, candidate

    # What can be told -------------------------------------------------------------

    def end(self, succeeded):
        """Nothing more will happen.

        Parameters
        ----------
        succeeded : bool
            Whether all fits were handed out; those that did not end have failed, then.
        """
        with self._lock:
            for fit in self.fits.values():
                fit.has_failed |= succeeded and not fit.is_over
            for round_ in self.rounds.values():
                round_.is_over |= succeeded
            self._ended = self._clock()

    def facts(self):
        """What there is to tell now.

        Returns
        -------
        Facts
        """
        with self._lock:
            best, candidate = self._best()
            fits, n_silent = self.fits.values(), self._n_silent()
            now = self._clock() if self._ended is None else self._ended
            return Facts(
                n_fits=self.n_fits,
                n_done=sum(fit.is_over for fit in fits) + n_silent,
                n_failed=sum(fit.has_failed for fit in fits) + n_silent,
                n_asked=self._n_asked(),
                trained=sum(fit.trained for fit in fits),
                known=sum(fit.known for fit in fits),
                best=best,
                candidate=candidate,
                elapsed=now - self._began,
                left=self._forecast.seconds_left(now),
            )

    @property
    def n_fits(self):
        """Number of fits in all, as far as it is known."""
        rounds = list(self.rounds.values())
        later = sum(rounds[-1].later) if rounds else 0
        planned = sum(round_.n_fits for round_ in rounds) + later + self.n_refits
        return max(planned, len(self.fits))

    def _n_asked(self):
        fits = list(self.fits.values())
        alone = len(fits) == self.n_fits == 1
        return fits[0].job.epochs if alone and fits[0].job else None

    def _n_silent(self):
        return sum(round_.n_silent() for round_ in self.rounds.values())

    def _best(self):
        """The best mean score and its candidate; of the latest round that has one."""
        found = [round_.best() for round_ in self.rounds.values()]
        in_rounds = next(filter(None, reversed(found)), (None, {}))
        return self._final_best or in_rounds
