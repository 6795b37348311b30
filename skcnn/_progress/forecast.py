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

    def add(self, seconds, work):
        """Take notice of an epoch."""
        self.seconds += seconds
        self.work += work
        self.epochs += 1

    def gap(self, job):
        """How many times more operations an epoch has than that of a job, or fewer."""
        return abs(log(self.work / self.epochs / job.work))


class Forecast:
    """Learns what epochs and fits take, and tells the time left."""

    def __init__(self):
        self._costs = {}  # network -> Cost
        self._reached = {}  # group of fits that share epochs -> number of epochs known
        self._n_trained = self._n_new = 0  # epochs trained; of them for the first time
        self._n_asked = self._n_done = 0  # epochs of the fits that are over

    def learn_epoch(self, fit, is_trained, seconds):
        """Take notice of a further epoch of a fit, trained or known."""
        reached = self._reached.get(fit.group, 0)
        self._reached[fit.group] = max(reached, fit.epochs)
        if not is_trained:
            return
        self._n_trained += 1
        self._n_new += fit.epochs > reached
        cost = self._costs.get(fit.job.network)
        if cost is None:
            cost = self._costs[fit.job.network] = Cost()
            seconds = max(seconds - COMPILING, seconds / 10)
        elif seconds < cost.seconds / cost.epochs / 3:
            # Far faster: those before were compiled, one in each thread or process.
            cost = self._costs[fit.job.network] = Cost()
        cost.add(seconds, fit.job.work)
        fit.seconds += seconds

    def learn_length(self, fit):
        """Take notice of a fit that has ended, perhaps with fewer epochs than asked."""
        if fit.job is not None:
            self._n_asked += fit.job.epochs
            self._n_done += fit.epochs

    def seconds_left(self, round_, now):
        """Seconds until all fits are over; None as long as nothing is known.

        That is so at the beginning, and while all epochs come from memory. Nobody knows
        how long that goes on.
        """
        begun = round_.begun.values()
        learned = self._costs if self._reached else any(fit.is_over for fit in begun)
        if not begun or not learned:
            return None
        jobs = round_.open_jobs()
        under_way = self._seconds_under_way(round_, now)
        besides = self._seconds_besides(round_, now, under_way)
        usual = _mean([self._seconds_of(fit.job) for fit in begun if fit.job])
        n_ahead = round_.n_fits - len(begun)
        n_unknown = list(jobs.values()).count(None)
        seconds = max(0.0, self._seconds_of_known(round_, jobs) - under_way)
        seconds += n_unknown * usual + n_ahead * besides
        seconds /= max(1, min(round_.n_lanes, len(jobs)))
        for n_fits, growth in round_.later:
            n_lanes = min(n_fits, round_.n_lanes)
            seconds += n_fits * (growth * usual + besides) / n_lanes
        return seconds

    def _seconds_of_known(self, round_, jobs):
        """What the epochs take that are still to be trained, where jobs are known."""
        longest = {}  # group of fits that share epochs -> the job with most epochs
        for number, job in jobs.items():
            if job is not None:
                group = round_.group(number, job)
                if group not in longest or job.epochs > longest[group].epochs:
                    longest[group] = job
        return sum(
            self._seconds_of(job, self._reached.get(group, 0))
            for group, job in longest.items()
        )

    def _seconds_under_way(self, round_, now):
        """What running fits have spent in epochs that are not finished."""
        return sum(
            min(now - fit.heard, self._seconds_of_epoch(fit.job))
            for fit in round_.running()
            if fit.job is not None
        )

    def _seconds_besides(self, round_, now, under_way):
        """What a fit took besides its epochs, on average."""
        in_epochs = sum(fit.seconds for fit in round_.begun.values()) + under_way
        in_all = (now - round_.began) * round_.n_lanes
        return max(0.0, in_all - in_epochs) / len(round_.begun)

    def _seconds_of(self, job, n_known=0):
        """What a job takes to train, less the epochs that are known."""
        # Fewer epochs if fits stop early; more where processes train the same epochs.
        stopping = self._n_done / self._n_asked if self._n_asked else 1.0
        repeating = self._n_trained / self._n_new if self._n_new else 1.0
        n_epochs = max(0, job.epochs - n_known) * stopping * repeating
        return n_epochs * self._seconds_of_epoch(job)

    def _seconds_of_epoch(self, job):
        if not self._costs:
            return 0.0  # the fits so far failed before their first epoch ended
        cost = self._costs.get(job.network)
        if cost is None:
            cost = min(self._costs.values(), key=lambda each: each.gap(job))
        return cost.seconds / cost.work * job.work  # folds may have other images


def _mean(values):
    return fmean(values) if values else 0.0
