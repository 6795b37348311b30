"""How long a search will still take.

What costs time is to train an epoch. Fits of one run on one fold share epochs, so what is
left of them is the longest one, less what is known. The seconds that an epoch takes are
learned for each network; one that has not been trained yet is judged by its number of
operations beside the nearest one that has. What a fit takes besides, such as scoring, is
learned as a mean, and so is what the first fit of a network takes more, to compile it.
"""

import os
from math import log

COMPILING = 2.0  # seconds that the first epoch of a network takes longer, about


class Mean:
    """A mean to which values are added."""

    def __init__(self):
        self.n, self._sum = 0, 0.0

    def add(self, value):
        """Add a value."""
        self.n += 1
        self._sum += value

    def value(self, default=0.0):
        """The mean; `default` if there is nothing yet."""
        return self._sum / self.n if self.n else default


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
        self._compiled = set()  # (lane, network)
        self._reached = {}  # group of fits that share epochs -> epochs known
        self._n_new = self._n_repeated = 0  # epochs trained, first or again
        self._besides, self._compiling = Mean(), Mean()  # seconds of a fit

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
        program = fit.lane, fit.job.network
        if program not in self._compiled:
            self._compiled.add(program)
            fit.compiles = True
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

    def learn_fit(self, fit, seconds):
        """Take notice of what a fit took in all, until its lane was free again.

        Parameters
        ----------
        fit : skcnn._progress.tally.Fit
        seconds : float
        """
        mean = self._compiling if fit.compiles else self._besides
        mean.add(seconds - fit.seconds)

    # Telling ----------------------------------------------------------------------

    def seconds_left(self, now):
        """Seconds until all fits are over.

        Parameters
        ----------
        now : float

        Returns
        -------
        float or None
            None as long as nothing is known: at the beginning, and while all epochs come
            from memory, for nobody knows how long that goes on.
        """
        fits = self._tally.fits.values()
        learned = self._spent if any(fit.job for fit in fits) else self._besides.n
        if not learned:
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
        seconds = side_by_side / self._n_lanes() + alone + self._seconds_of_refits()
        return max(0.0, seconds - self._seconds_of_unfinished_epochs(now))

    def _seconds_of_unfinished_epochs(self, now):
        """How far the running fits are in their epochs, at most to the end of them."""
        running = [fit for fit in self._tally.fits.values() if not fit.is_over]
        seconds = [
            min(now - fit.heard, self._seconds_of_epoch(fit.job))
            for fit in running
            if fit.job is not None
        ]
        return sum(seconds) / len(seconds) if seconds else 0.0

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

    def _seconds_besides(self, jobs):
        """What fits still to begin will take besides their epochs.

        Parameters
        ----------
        jobs : list of (Job or None)
        """
        networks = {job.network for job in jobs if job is not None} - set(self._spent)
        seconds = len(jobs) * self._besides.value(self._compiling.value() / 10)
        return seconds + len(networks) * self._compiling.value()

    def _seconds_of_round(self, round_):
        if round_.is_over:
            return 0.0
        longest = {}  # group of fits that share -> the job with most epochs
        ahead = []  # jobs of fits still to begin
        for number in round_.open_fits():
            job = round_.job(number)
            if number not in round_.begun:
                ahead.append(job)
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
            + ahead.count(None) * _mean_training(begun)
            + self._seconds_besides(ahead)
        )

    def _repetition(self):
        """How often an epoch is trained: twice, say, where two processes do not share."""
        return 1 + self._n_repeated / max(1, self._n_new)

    def _seconds_of_rounds_after(self, latest):
        mean = _mean_training(latest.begun.values())
        training = sum(
            n_fits * mean * latest.growth**ahead
            for ahead, n_fits in enumerate(latest.later, start=1)
        )
        return training + self._seconds_besides([None] * sum(latest.later))

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
        return n_left * mean * more + self._seconds_besides([None] * n_left)

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
