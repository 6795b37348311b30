"""Counts what happens in a search. Knows no scikit-learn."""

import time
from dataclasses import dataclass, field
from math import isnan
from statistics import fmean
from threading import Lock

from skcnn._progress.forecast import Forecast
from skcnn._progress.line import Facts


@dataclass(eq=False)
class Fit:
    """A fit that has begun."""

    number: int  # its place in its round
    candidate: dict  # what the search tries in it, as texts
    heard: float  # when it last told of itself
    job: object = None  # a Job; None until its network begins
    group: object = None  # equal for fits that share epochs
    epochs: int = 0  # so far, trained or known
    seconds: float = 0.0  # spent in training, without compiling
    is_over: bool = False


@dataclass(eq=False)
class Round:
    """Fits that are handed out together: by a search, or by an iteration of halving.

    A refit, or a fit by itself, is a round of one.
    """

    n_fits: int = 1
    n_splits: int = 1
    n_lanes: int = 1  # how many run side by side
    # Of each round that follows: number of fits, and how many times as long one takes.
    later: list = field(default_factory=list)
    plan: object = None  # from shape and number of images to a job for each candidate
    jobs: list | None = None  # what the plan gave
    began: float | None = None  # when its first fit did
    # Number -> Fit. First come all folds of the first candidate.
    begun: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)  # candidate -> list of float
    best: float | None = None
    is_over: bool = False

    @property
    def n_over(self):
        """Number of fits that are over, also of those that failed without a word."""
        # Fits are handed out in order: where the last one has begun, all others had to.
        n_handed_out = max(self.begun, default=-1) + 1
        return self.n_fits if self.is_over else n_handed_out - len(self.running())

    def running(self):
        """The fits that have begun, and are not over."""
        fits = [fit for fit in self.begun.values() if not fit.is_over]
        # A lane does one fit at a time. Those before have failed without a word.
        return fits[-self.n_lanes :]

    def n_asked(self):
        """Number of epochs of the only fit; None as long as it is not known."""
        return next((fit.job.epochs for fit in self.begun.values() if fit.job), None)

    def open_jobs(self):
        """Jobs of the fits that are not over, by number; None for one not yet known."""
        jobs = {fit.number: fit.job for fit in self.running()}
        for number in range(self.n_fits):
            if number not in self.begun:
                candidate = number // self.n_splits
                jobs[number] = self.jobs[candidate] if self.jobs else None
        return jobs

    def group(self, number, job):
        """What fits have in common that share epochs: the run and the fold."""
        return (job.run, number % self.n_splits) if job.run else (id(self), number)


class Tally:
    """What has happened so far. Safe under threads."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = Lock()
        self._began, self._ended = clock(), None
        self.best = None, {}  # mean score, and its candidate's values as texts
        self._rounds = []  # one after the other
        self._n_ended = 0  # fits that said so
        self._trained = self._known = 0  # epochs
        self._forecast = Forecast()

    def tell(self, kind, *details):
        """Take notice of something; the methods below say what there is."""
        with self._lock:
            if self._ended is None:
                getattr(self, f"_on_{kind}")(*details)

    def _on_round(self, round_):
        for before in self._rounds:
            before.is_over = True
        self._rounds.append(round_)

    def _on_fit(self, number, candidate):
        now, round_ = self._clock(), self._rounds[-1]
        if not round_.begun:
            round_.began = now
        round_.begun[number] = Fit(number, candidate, heard=now)

    def _on_network(self, number, job, image_shape, n_images):
        round_ = self._rounds[-1]
        fit = round_.begun[number]
        fit.job, fit.group = job, round_.group(number, job)
        fit.heard = self._clock()
        if round_.plan is not None and round_.jobs is None:
            round_.jobs = round_.plan(image_shape, n_images)

    def _on_epoch(self, number, is_trained):
        fit, now = self._rounds[-1].begun[number], self._clock()
        fit.epochs += 1
        self._trained += is_trained
        self._known += not is_trained
        self._forecast.learn_epoch(fit, is_trained, now - fit.heard)
        fit.heard = now

    def _on_fit_over(self, number):
        fit = self._rounds[-1].begun[number]
        fit.is_over = True
        self._n_ended += 1
        self._forecast.learn_length(fit)

    def _on_score(self, number, score):
        round_ = self._rounds[-1]
        scores = round_.scores.setdefault(number // round_.n_splits, [])
        scores.append(score)
        if len(scores) < round_.n_splits or any(map(isnan, scores)):
            return
        mean = fmean(scores)
        if round_.best is None or mean > round_.best:
            round_.best = mean
            self.best = mean, round_.begun[number].candidate

    def end(self, has_succeeded):
        """Nothing more will happen. After a success, no fit is on its way any more."""
        with self._lock:
            self._ended = self._clock()
            for round_ in self._rounds:
                round_.is_over |= has_succeeded

    def facts(self):
        """What there is to tell now."""
        with self._lock:
            now = self._clock() if self._ended is None else self._ended
            n_fits = _n_fits(self._rounds)
            n_done = sum(round_.n_over for round_ in self._rounds)
            score, candidate = self.best
            latest = self._rounds[-1] if self._rounds else Round()
            return Facts(
                n_fits=n_fits,
                n_done=n_done,
                n_failed=n_done - self._n_ended,
                n_asked=latest.n_asked() if n_fits == 1 else None,
                trained=self._trained,
                known=self._known,
                best=score,
                candidate=candidate,
                elapsed=now - self._began,
                left=self._forecast.seconds_left(latest, now),
            )


def _n_fits(rounds):
    """Number of fits in all, as far as it is known."""
    later = rounds[-1].later if rounds else []
    n_later = sum(n_fits for n_fits, _ in later)
    return sum(round_.n_fits for round_ in rounds) + n_later
