"""How long a search will still take.

What costs time is to train an epoch. Fits of one run on one fold share epochs, so what
is left of them is the longest one, less the epochs that are known. How long an epoch
takes is learned for each network. A network that has not been trained yet is judged by
its number of operations, beside the most similar one that has. What a fit takes
besides, such as compiling and scoring, is learned as a mean.
"""

from dataclasses import dataclass
from math import log
from statistics import fmean

COMPILING = 2.0  # seconds that the first epoch of a network takes longer, about


@dataclass
class Cost:
    """What the epochs of a network have cost so far."""

    seconds: float = 0.0
    work: float = 0.0
    epochs: int = 0

    def gap(self, job):
        """How many times more operations an epoch has than that of a job, or fewer."""
        return abs(log(self.work / self.epochs / job.work))


class Forecast:
    """Learns what epochs and fits take, and tells the time left."""

    def __init__(self):
        self._costs = {}  # network -> Cost
        self._compiled = set()  # (lane, network)
        self._reached = {}  # group of fits that share epochs -> number of epochs known
        self._n_trained = self._n_new = 0  # epochs trained; of them for the first time
        self._n_asked = self._n_done = 0  # epochs of the fits that are over
        self._besides = []  # seconds that a fit took besides its epochs

    def learn_epoch(self, fit, is_trained, seconds):
        """Take notice of a further epoch of a fit, trained or known."""
        reached = self._reached.get(fit.group, 0)
        self._reached[fit.group] = max(reached, fit.epochs)
        if not is_trained:
            return
        self._n_trained += 1
        self._n_new += fit.epochs > reached
        program = fit.lane, fit.job.network
        if program not in self._compiled:
            self._compiled.add(program)
            seconds = max(seconds - COMPILING, seconds / 10)
        fit.seconds += seconds
        cost = self._costs.setdefault(fit.job.network, Cost())
        cost.seconds += seconds
        cost.work += fit.job.work
        cost.epochs += 1

    def learn_length(self, fit):
        """Take notice of a fit that has ended, perhaps with fewer epochs than asked."""
        if fit.job is not None:
            self._n_asked += fit.job.epochs
            self._n_done += fit.epochs

    def learn_besides(self, fit, seconds):
        """Take notice of what a fit took in all, until its lane was free again."""
        self._besides.append(seconds - fit.seconds)

    def seconds_left(self, round_, now):
        """Seconds until all fits are over; None as long as nothing is known.

        That is so at the beginning, and while all epochs come from memory. Nobody knows
        how long that goes on.
        """
        if not (self._costs if self._reached else self._besides):
            return None
        besides = _mean(self._besides)
        jobs = [fit.job for fit in round_.begun.values() if fit.job is not None]
        usual = self._share_trained() * _mean([self._seconds_of(job) for job in jobs])
        ahead = [round_.job(number) for number in round_.ahead()]
        side_by_side = self._seconds_of_round(round_, now)
        side_by_side += ahead.count(None) * usual + len(ahead) * besides
        n_lanes = round_.n_lanes()
        seconds = side_by_side / n_lanes
        for n_fits, growth in round_.later:
            seconds += n_fits * (growth * usual + besides) / min(n_fits, n_lanes)
        return seconds

    def _seconds_of_round(self, round_, now):
        """What the epochs take that are still to be trained, as far as they are known."""
        longest = {}  # group of fits that share epochs -> the job with most epochs
        for number, job in round_.open_jobs():
            group = round_.group(number, job)
            if group not in longest or job.epochs > longest[group].epochs:
                longest[group] = job
        seconds = sum(
            self._seconds_of(job, self._reached.get(group, 0))
            for group, job in longest.items()
        )
        under_way = sum(  # in epochs that are not finished
            min(now - fit.heard, self._seconds_of_epoch(fit.job))
            for fit in round_.begun.values()
            if fit.job is not None and not fit.is_over
        )
        return max(0.0, seconds * self._share_trained() - under_way)

    def _share_trained(self):
        """How many epochs are trained for each that seems to be needed.

        Fewer if fits stop early. More where processes train the same, without `memory`.
        """
        stopping = self._n_done / self._n_asked if self._n_asked else 1.0
        repeating = self._n_trained / self._n_new if self._n_new else 1.0
        return stopping * repeating

    def _seconds_of(self, job, n_known=0):
        """What a job takes to train, less the epochs that are known."""
        return max(0, job.epochs - n_known) * self._seconds_of_epoch(job)

    def _seconds_of_epoch(self, job):
        cost = self._costs.get(job.network)
        if cost is None:
            cost = min(self._costs.values(), key=lambda each: each.gap(job))
        return cost.seconds / cost.work * job.work  # folds may have other images


def _mean(values):
    return fmean(values) if values else 0.0
