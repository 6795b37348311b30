"""How fast networks train, measured on a few batches of some of them.

The others are judged by their operations, between those that were measured.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from math import log
from statistics import fmean, median

import numpy as np

from skcnn._divergence import TrainingDiverged
from skcnn._sizes import map_bytes

LONG_ENOUGH = 0.2  # seconds of a measurement
MOST_MAP_BYTES = 2**28  # of the maps of a batch that is only measured


@dataclass(frozen=True)
class Measured:
    """What a network was measured to take.

    Attributes
    ----------
    work : float
        Operations for an image.
    batch_size : int
    seconds : float
        For training on an image.
    compiling : float
        Seconds that the first epoch took longer.
    """

    work: float
    batch_size: int
    seconds: float
    compiling: float


def measure(run, work):
    """Train a run for a moment.

    Parameters
    ----------
    run : skcnn._run.Run
    work : float
        Operations for an image.

    Returns
    -------
    Measured
    """
    n_images = _images_at_first(run)
    started = time.perf_counter()
    part = _part(run, n_images)
    state = part.initial_state()
    _train(part, state)
    first = time.perf_counter() - started
    seconds = _at_best(part, state)
    compiling = max(0.0, first - seconds)
    while seconds < LONG_ENOUGH and n_images < len(run.data):
        n_images = min(4 * n_images, len(run.data))
        part = _part(run, n_images)
        seconds = _at_best(part, state)
    # The median rather than the best, because the search will meet other programs, too.
    # And not the mean, which a single halt of the machine would rule.
    n_more = int(np.clip(4 * LONG_ENOUGH / seconds, 1, 7))
    seconds = median([seconds, *(_timed(part, state) for _ in range(n_more))])
    return Measured(work, run.plan.batch_size, seconds / n_images, compiling)


def gain_of_lanes(run, n_lanes):
    """How many times as many images are trained by several fits at a time as by one.

    Parameters
    ----------
    run : skcnn._run.Run
        Of a network that is compiled.
    n_lanes : int

    Returns
    -------
    float
    """
    n_lanes = min(n_lanes, os.cpu_count() or 1)
    if n_lanes == 1:
        return 1.0
    part = _part(run, _images_at_first(run))
    state = part.initial_state()
    alone, together = [], []
    _timed(part, state, n_lanes)  # each lane makes its variables
    for _ in range(2):  # in turn, so that both meet the same other programs
        alone.append(_timed(part, state))
        together.append(_timed(part, state, n_lanes))
    return float(np.clip(n_lanes * fmean(alone) / fmean(together), 1, n_lanes))


def _images_at_first(run):
    """A batch, or fewer images if their maps would fill the memory."""
    wanted = min(run.plan.batch_size, len(run.data))
    return max(1, min(wanted, MOST_MAP_BYTES // map_bytes(run.architecture)))


def _part(run, n_images):
    # Neither validation nor statistics, whose share is another one in a whole epoch.
    plan = replace(run.plan, fresh_statistics=False)
    data = run.data.part(np.arange(n_images))
    return replace(run, data=data, plan=plan, validation=None)


def _train(run, state):
    with suppress(TrainingDiverged):  # the search will meet that, too
        run.train(state, 1)


def _at_best(run, state):
    """Seconds of an epoch, of which a halt of the machine does not make many."""
    return min(_timed(run, state) for _ in range(2))


def _timed(run, state, n_lanes=1):
    """Seconds until all lanes have trained an epoch."""
    with ThreadPoolExecutor(n_lanes) as pool:
        started = time.perf_counter()
        for done in [pool.submit(_train, run, state) for _ in range(n_lanes)]:
            done.result()
        return time.perf_counter() - started


class Speeds:
    """What any network takes, judged by those that were measured.

    Parameters
    ----------
    measured : list of Measured
        At least one.
    """

    def __init__(self, measured):
        self._by_work = {}
        for each in measured:
            self._by_work.setdefault(each.work, []).append(each)

    @property
    def n_networks(self):
        """How many networks were measured."""
        return len(self._by_work)

    def seconds(self, work, batch_size):
        """Seconds for training on an image.

        Parameters
        ----------
        work : float
            Operations for an image.
        batch_size : int

        Returns
        -------
        float
        """
        works = sorted(self._by_work)
        seconds = [self._at_batch(each, batch_size) for each in works]
        return _between(work, works, seconds)

    def _at_batch(self, work, batch_size):
        measured = sorted(self._by_work[work], key=lambda each: each.batch_size)
        sizes = np.log([each.batch_size for each in measured])
        seconds = np.log([each.seconds for each in measured])
        return float(np.exp(np.interp(log(batch_size), sizes, seconds)))


def _between(work, works, seconds):
    """Along a straight line of logarithms; in proportion beyond what was measured."""
    at = log(work)
    inside = min(max(at, log(works[0])), log(works[-1]))
    value = float(np.exp(np.interp(inside, np.log(works), np.log(seconds))))
    return value * float(np.exp(at - inside))


def spread(items, n):
    """At most `n` of some sorted items, with both ends, evenly apart.

    Parameters
    ----------
    items : list
    n : int

    Returns
    -------
    list
    """
    if len(items) <= n:
        return items
    places = np.linspace(0, len(items) - 1, n).round().astype(int)
    return [items[place] for place in dict.fromkeys(places)]
