"""From the facts of a search's fits to epochs, seconds and bytes."""

import time
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from skcnn._device import predict_batch_size
from skcnn._measuring import Speeds, gain_of_lanes, measure, spread
from skcnn._sizes import map_bytes
from skcnn._states import STATES
from skcnn._training import STATISTICS_SAMPLES

FORWARD = 1 / 3  # of what training on an image takes, to predict or to measure it
COMPILING = 2.0  # seconds for a network, if none was measured
PREDICTING = 0.4  # seconds to trace what predicts, and to run it first
WORKER = 6.0  # seconds until a new process has imported TensorFlow
PROCESS_BYTES = 750 * 2**20  # of TensorFlow and scikit-learn, in each process
NETWORK_BYTES = 50 * 2**20  # of a compiled network, with what TensorFlow keeps for it
WRITING = 150 * 2**20  # bytes of states that are written in a second, with checksum
MOST_BATCH_SIZES = 3  # that are measured of one network
PATIENCE = 8.0  # seconds after which no more are measured


@dataclass(frozen=True)
class Timing:
    """What was measured of a search's networks.

    Attributes
    ----------
    speeds : Speeds
    compiled : set
        Networks that are compiled now.
    compiling : float
        Seconds that a network takes to compile.
    gain : float
        How many times as many images all lanes train as one.
    """

    speeds: Speeds
    compiled: set
    compiling: float
    gain: float


def measure_some(networks, n_lanes, most):
    """Measure the smallest network, the largest, and some between.

    Parameters
    ----------
    networks : dict of hashable to skcnn._search_facts.NetworkFacts
    n_lanes : int
        How many fits run at a time.
    most : int
        How many networks to measure.

    Returns
    -------
    Timing
    """
    by_work = sorted(networks, key=lambda key: networks[key].work)
    started = time.monotonic()
    measured, compiling = [], {}
    # The largest first, because it decides the most.
    for key in spread(by_work, most)[::-1]:
        facts = networks[key]
        for batch_size in spread(sorted(facts.runs), MOST_BATCH_SIZES):
            if measured and time.monotonic() - started > PATIENCE:
                break
            measured.append(measure(facts.runs[batch_size], facts.work))
            if not facts.is_compiled:
                compiling.setdefault(key, measured[-1].compiling)
    usual = sum(compiling.values()) / len(compiling) if compiling else COMPILING
    compiled = {key for key in networks if networks[key].is_compiled}
    largest = next(iter(networks[by_work[-1]].runs.values()))
    gain = gain_of_lanes(largest, n_lanes)
    return Timing(Speeds(measured), compiled | set(compiling), usual, gain)


class SearchCost:
    """What a search will cost, if it begins now.

    Parameters
    ----------
    rungs : list of skcnn._planned_fits.Rung
    found : skcnn._search_facts.Collected
        At least one fit.
    lanes : skcnn._lanes.Lanes
    max_measured : int
        How many networks to measure.
    """

    def __init__(self, rungs, found, lanes, max_measured):
        self._rungs = rungs
        self._fits = found.fits
        self._networks = found.networks
        self._fold_bytes = found.image_bytes
        self.has_memory = bool(found.memories)
        self._lanes = lanes
        n_lanes = min(lanes.n, len(found.fits))
        self._timing = measure_some(found.networks, n_lanes, max_measured)

    @property
    def n_measured(self):
        """How many networks were measured."""
        return self._timing.speeds.n_networks

    def expected(self, numbers):
        """The sum over all fits of a number for each, as often as they take part."""
        pairs = zip(self._fits, numbers, strict=True)
        return sum(self._share(fit) * number for fit, number in pairs)

    def _share(self, fit):
        return self._rungs[fit.rung].share

    # ----------------------------------------------------------------------------------
    # Epochs

    @cached_property
    def new_epochs(self):
        """How many epochs each fit adds to what others have trained."""
        is_apart = self._lanes.are_processes and not self.has_memory
        # A process knows its own fits alone. They are dealt out about in turn.
        return self._new_epochs(n_apart=self._lanes.n if is_apart else 1)

    @cached_property
    def epochs_if_shared(self):
        """The same if all fits knew of each other."""
        return self._new_epochs(n_apart=1)

    def _new_epochs(self, n_apart):
        reached, new = {}, []
        for number, fit in enumerate(self._fits):
            key = (fit.run, number % n_apart)
            known = max(fit.n_known, reached.get(key, 0))
            reached[key] = max(known, fit.epochs)
            new.append(max(0, fit.epochs - known))
        return new

    # ----------------------------------------------------------------------------------
    # Seconds

    def seconds(self):
        """Seconds until the search is over, but for its refit."""
        training, besides = [], []
        for fit, n_epochs in zip(self._fits, self.new_epochs, strict=True):
            training.append(n_epochs * self.seconds_of_epoch(fit))
            besides.append(self._seconds_besides(fit, n_epochs))
        compiling = sum(map(self._seconds_to_compile, self._networks))
        starting = WORKER if self._lanes.are_processes else 0.0
        return self.expected(training) + self.expected(besides) + compiling + starting

    def seconds_of_epoch(self, fit, alone=False):
        """Seconds for an epoch of a fit, on the clock.

        Parameters
        ----------
        fit : skcnn._search_facts.FitFacts
        alone : bool, default=False
            Whether one lane is at work rather than all.

        Returns
        -------
        float
        """
        n_forward = fit.n_validation
        if self._networks[fit.network].has_statistics:
            n_forward += min(fit.n_images, STATISTICS_SAMPLES)
        n_images = fit.n_images + FORWARD * n_forward
        return n_images * self._per_image(fit, alone)

    def _per_image(self, fit, alone=False):
        work = self._networks[fit.network].work
        seconds = self._timing.speeds.seconds(work, fit.batch_size)
        return seconds if alone else seconds / self._timing.gain

    def _seconds_besides(self, fit, n_epochs):
        """What a fit takes besides training: checks, predictions, writing states."""
        facts = self._networks[fit.network]
        n_predicted = _padded(fit.n_test, facts) + _padded(1, facts)
        seconds = n_predicted * FORWARD * self._per_image(fit)
        seconds += fit.seconds_before / self._lanes.n
        if self.has_memory:
            seconds += n_epochs * facts.n_bytes / WRITING / self._lanes.n
        return seconds

    def _seconds_to_compile(self, key):
        facts = self._networks[key]
        whole = self._timing.compiling + PREDICTING
        if not facts.is_shared:  # each fit compiles its own
            return whole * sum(fit.network == key for fit in self._fits)
        # Each process compiles all that it meets, beside the others.
        if self._lanes.are_processes or key not in self._timing.compiled:
            return whole
        return 0.0 if facts.is_compiled else PREDICTING

    def seconds_of_refit(self, n_images):
        """Seconds for one fit more, of the best candidate on all images.

        Nobody knows which that will be. So this is the mean over those of the last
        rung.

        Parameters
        ----------
        n_images : int

        Returns
        -------
        float
        """
        last = [fit for fit in self._fits if fit.rung == self._fits[-1].rung]
        seconds = 0.0
        for fit in last:
            growth = n_images / fit.n_given
            seconds += fit.epochs * self.seconds_of_epoch(fit, alone=True) * growth
        return seconds / len(last)

    def seconds_of_candidates(self):
        """Seconds of each candidate by itself: all folds, one by one, nothing shared.

        Returns
        -------
        dict of int to float
        """
        seconds = {}
        for fit in self._fits:
            own = fit.epochs * self.seconds_of_epoch(fit, alone=True)
            if fit.rung == 0:
                seconds[fit.candidate] = seconds.get(fit.candidate, 0.0) + own
        return seconds

    # ----------------------------------------------------------------------------------
    # Bytes

    def batch_bytes(self, fit):
        """Bytes of the maps of a batch while it is trained."""
        batch = min(fit.batch_size, fit.n_images)
        return batch * map_bytes(self._networks[fit.network].architecture)

    def bytes_in_memory(self):
        """Bytes of RAM at the peak, with TensorFlow, without what X takes itself."""
        most = max(
            self.batch_bytes(fit) + 4 * self._networks[fit.network].n_bytes
            for fit in self._fits
        )
        n_processes = self._lanes.n if self._lanes.are_processes else 1
        own = PROCESS_BYTES + len(self._networks) * NETWORK_BYTES
        own += min(STATES.max_bytes, self.bytes_of_states())
        in_lanes = self._lanes.n * (most + self._fold_bytes)
        return int(in_lanes + n_processes * own)

    def bytes_of_states(self):
        """Bytes of all states of the search: one for each epoch of each run."""
        longest, n_bytes = {}, {}
        for fit in self._fits:
            longest[fit.run] = max(longest.get(fit.run, 0), fit.epochs)
            n_bytes[fit.run] = self._networks[fit.network].n_bytes
        return int(sum(longest[run] * n_bytes[run] for run in longest))


def _padded(n_images, facts):
    """Number of images that are really predicted: whole batches."""
    shapes = [layer.output_shape for layer in facts.architecture.layers]
    batch = predict_batch_size(shapes)
    return ceil(n_images / batch) * batch
