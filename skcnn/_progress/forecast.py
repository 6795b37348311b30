"""How long a search will still take.

What costs time is to train an epoch. Fits of one run on one fold share epochs, so what is
left of them is the longest one, less what is known. The seconds that an epoch takes are
learned for each network; one that has not been trained yet is judged by its number of
operations beside the nearest one that has. What fits take besides (compiling, scoring) is
learned as a mean.
"""

import os
from math import log

COMPILING = 2.0  # seconds that the first epoch of a network takes longer, about


class Forecast:
    """The time left.

    Parameters
    ----------
    tally : skcnn._progress.tally.Tally
        Holds the fits; its lock is held whenever a method here is called.
    """

    def __init__(self, tally):
        self._tally = tally
        self._spent = {}  # network -> [seconds, epochs, operations]
        self._compiled = set()  # (process, network)
        self._reached = {}  # group of fits that share epochs -> epochs known
        self._n_new = self._n_repeated = 0  # epochs trained, first or again
        self._overhead, self._n_overheads = 0.0, 0

    # Learning ---------------------------------------------------------------------

    def learn_epoch(self, fit, seconds):
        """Take notice of what an epoch took.

        Parameters
        ----------
        fit : skcnn._progress.tally.Fit
        seconds : float

        Returns
        -------
        float
            The seconds without compiling.
        """
        program = fit.lane[0], fit.job.network
        if program not in self._compiled:
            self._compiled.add(program)
            seconds = max(seconds - COMPILING, seconds / 10)
        spent = self._spent.setdefault(fit.job.network, [0.0, 0, 0.0])
        spent[0] += seconds
        spent[1] += 1
        spent[2] += fit.job.work or 0.0
        return seconds

    def reach(self, fit, is_trained):
        """Take notice of a further epoch of a fit, trained or known.

        Parameters
        ----------
        fit : skcnn._progress.tally.Fit
        is_trained : bool
        """
        before = self._reached.get(fit.group, 0)
        self._reached[fit.group] = max(before, fit.epochs)
        if is_trained:
            self._n_new += fit.epochs > before
            self._n_repeated += fit.epochs <= before

    def learn_overhead(self, seconds):
        """Take notice of what a fit took besides its epochs.

        Parameters
        ----------
        seconds : float
        """
        self._overhead += seconds
        self._n_overheads += 1

    # Telling ----------------------------------------------------------------------

    def seconds_left(self):
        """Seconds until all fits are over.

        Returns
        -------
        float or None
            None as long as nothing is known: at the beginning, and while all epochs come
            from memory, for nobody knows how long that goes on.
        """
        fits = self._tally.fits.values()
        if any(fit.job for fit in fits):
            if not self._spent:
                return None
        elif not self._n_overheads:
            return None
        rounds = list(self._tally.rounds.values())
        side_by_side = sum(map(self._seconds_of_round, rounds))
        if rounds:
            side_by_side += self._seconds_of_rounds_after(rounds[-1])
        alone = sum(
            self._seconds_of(fit.job, fit.epochs)
            for path, fit in self._tally.fits.items()
            if not fit.is_over and path[:-1] not in self._tally.rounds
        )
        return side_by_side / self._n_lanes() + alone + self._seconds_of_refits()

    def _seconds_of(self, job, known=0):
        """What a job takes to train, less the epochs that are known."""
        if job is None:
            return 0.0
        return max(0, job.epochs - known) * self._seconds_of_epoch(job)

    def _seconds_of_epoch(self, job):
        if job.network in self._spent:
            seconds, epochs, operations = self._spent[job.network]
        else:
            nearest = min(self._spent.values(), key=lambda spent: _gap(spent, job))
            seconds, epochs, operations = nearest
        if job.work and operations:  # a fold or a subset may have other images
            return seconds * job.work / operations
        return seconds / epochs

    def _mean_overhead(self):
        return self._overhead / max(1, self._n_overheads)

    def _seconds_of_round(self, round_):
        if round_.is_over:
            return 0.0
        longest = {}  # group of fits that share -> the job with most epochs
        n_unknown = n_ahead = 0
        for number in round_.open_fits():
            job = round_.job(number)
            n_ahead += number not in round_.begun
            n_unknown += job is None and number not in round_.begun
            if job is not None:
                group = round_.group(number, job)
                longest[group] = max(job, longest.get(group, job), key=_epochs)
        epochs = sum(
            self._seconds_of(job, self._reached.get(group, 0))
            for group, job in longest.items()
        )
        begun = round_.begun.values()
        return (
            epochs * _share_of_epochs(begun) * self._repetition()
            + n_unknown * _mean_training(begun)
            + n_ahead * self._mean_overhead()
        )

    def _repetition(self):
        """How often an epoch is trained: twice, say, where two processes do not share."""
        return 1 + self._n_repeated / max(1, self._n_new)

    def _seconds_of_rounds_after(self, latest):
        mean = _mean_training(latest.begun.values())
        return sum(
            n_fits * (mean * latest.growth**ahead + self._mean_overhead())
            for ahead, n_fits in enumerate(latest.later, start=1)
        )

    def _seconds_of_refits(self):
        """All images instead of those of a fold; of which candidate, only the end tells."""
        n_left = self._tally.n_refits - sum(
            fit.is_refit for fit in self._tally.fits.values()
        )
        rounds = list(self._tally.rounds.values())
        if n_left <= 0 or not rounds:
            return 0.0
        jobs = [fit.job for fit in self._tally.fits.values() if fit.job]
        mean = sum(map(self._seconds_of, jobs)) / max(1, len(jobs))
        n_splits = rounds[-1].n_splits
        more = n_splits / (n_splits - 1) if n_splits > 1 else 1.0
        return n_left * (mean * more + self._mean_overhead())

    def _n_lanes(self):
        """Number of fits that run side by side."""
        lately = 2 * (os.cpu_count() or 1)
        fits = list(self._tally.fits.values())[-lately:]
        return max(1, len({fit.lane for fit in fits if not fit.is_refit}))


def _epochs(job):
    return job.epochs


def _share_of_epochs(fits):
    """How many of the epochs asked for there are: fewer than all if fits stop early."""
    ended = [fit for fit in fits if fit.is_over and fit.job and not fit.has_failed]
    asked = sum(fit.job.epochs for fit in ended)
    return sum(fit.epochs for fit in ended) / asked if asked else 1.0


def _mean_training(fits):
    """What a fit that is over took to train, on average."""
    over = [fit.seconds for fit in fits if fit.is_over]
    return sum(over) / len(over) if over else 0.0


def _gap(spent, job):
    """How many times more, or fewer, operations a network has than a job, as a logarithm."""
    operations = spent[2] / spent[1]
    return abs(log(operations / job.work)) if operations and job.work else 0.0
