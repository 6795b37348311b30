"""What counts of the fits of a search, before any of them: networks, epochs, images."""

import time
from collections import Counter
from dataclasses import dataclass, field

from skcnn._operations import operations
from skcnn._program import POOL
from skcnn._search_fits import described_fits
from skcnn._sizes import state_bytes
from skcnn._state_folder import existing_folder
from skcnn._trajectory import Trajectory


@dataclass(frozen=True)
class FitFacts:
    """What counts of a fit, without its images.

    Attributes
    ----------
    rung, candidate, fold : int
        Places.
    network : hashable
        Equal for fits that need one compiled network.
    run : hashable
        Equal for fits that share epochs.
    n_given : int
        Images that `fit` is given, with those it may set aside for validation.
    batch_size, n_images, n_validation, n_test, epochs : int
    n_known : int
        Epochs that need no training, because they are in `memory` or this process.
    seconds_before : float
        What checks, hashes and steps before the network take.
    """

    rung: int
    candidate: int
    fold: int
    network: object
    run: object
    n_given: int
    batch_size: int
    n_images: int
    n_validation: int
    n_test: int
    epochs: int
    n_known: int
    seconds_before: float


@dataclass(eq=False)
class NetworkFacts:
    """A network that is compiled once, and the designs that it serves.

    Attributes
    ----------
    architecture, settings
        Of one of them.
    work : float
        Operations for an image.
    is_shared : bool
        Whether one compiled network serves all its fits; not with a user's code.
    is_compiled : bool
        Whether that is done already, in this process.
    has_statistics : bool
        Whether batch normalization averages over images after each epoch.
    runs : dict of int to Run
        One for each batch size, to measure.
    """

    architecture: object
    settings: object
    work: float
    is_shared: bool
    is_compiled: bool
    has_statistics: bool
    runs: dict = field(default_factory=dict)

    @property
    def n_bytes(self):
        """Bytes of a state."""
        return state_bytes(self.architecture, self.settings)


@dataclass
class Collected:
    """All fits of a search, as facts.

    Attributes
    ----------
    fits : list of FitFacts
    networks : dict of hashable to NetworkFacts
    n_params : dict of int to int
        By candidate.
    problems : dict of int to str
        By candidate: why its fits cannot be done.
    without_network : set of int
        Candidates that are no networks of skcnn.
    memories : set
        Values of the parameter `memory`.
    image_bytes : int
        Of the largest fold.
    unshared : Counter
        Reasons not to share, with the number of fits.
    n_early : int
        Number of fits that may stop early.
    """

    fits: list = field(default_factory=list)
    networks: dict = field(default_factory=dict)
    n_params: dict = field(default_factory=dict)
    problems: dict = field(default_factory=dict)
    without_network: set = field(default_factory=set)
    memories: set = field(default_factory=set)
    image_bytes: int = 0
    unshared: Counter = field(default_factory=Counter)
    n_early: int = 0


def collect(search, rungs, X, y, lanes):
    """Describe every fit of a search.

    Parameters
    ----------
    search : GridSearchCV or the like
    rungs : list of skcnn._planned_fits.Rung
    X, y : array-like
    lanes : skcnn._lanes.Lanes

    Returns
    -------
    Collected
    """
    found = Collected()
    for number, rung in enumerate(rungs):
        fits = described_fits(search.estimator, rung.candidates, rung.folds, X, y)
        started = time.perf_counter()
        for fit in fits:
            seconds = time.perf_counter() - started + fit.seconds_before
            _note(found, number, fit, lanes, seconds)
            started = time.perf_counter()
    # The search goes from candidate to candidate, and there from fold to fold.
    found.fits.sort(key=lambda fit: (fit.rung, fit.candidate, fit.fold))
    return found


def _note(found, rung, fit, lanes, seconds):
    if fit.problem:
        found.problems.setdefault(fit.candidate, fit.problem)
        return
    if fit.asked is None:
        found.without_network.add(fit.candidate)
        return
    asked, run = fit.asked, fit.asked.run
    found.n_early += asked.params["early_stopping"]
    found.n_params[fit.candidate] = run.architecture.n_params
    found.image_bytes = max(found.image_bytes, run.data.image_bytes)
    if asked.memory is not None:
        found.memories.add(str(getattr(asked.memory, "location", asked.memory)))
    key = asked.key(lanes.intra_op_threads)
    if key is None:
        found.unshared[asked.why_not_shared] += 1
    network = _note_network(found, run)
    found.fits.append(_facts_of(rung, fit, network, key, lanes, seconds))


def _facts_of(rung, fit, network, key, lanes, seconds):
    asked, run = fit.asked, fit.asked.run
    return FitFacts(
        rung=rung,
        candidate=fit.candidate,
        fold=fit.fold_number,
        network=network,
        run=key or object(),
        n_given=len(fit.fold.train),
        batch_size=run.plan.batch_size,
        n_images=len(run.data),
        n_validation=0 if run.validation is None else len(run.validation),
        n_test=len(fit.fold.test),
        epochs=asked.epochs,
        n_known=0 if key is None else _n_known(asked, key, lanes),
        seconds_before=seconds,
    )


def _note_network(found, run):
    architecture, settings = run.architecture, run.settings
    is_shared = settings.is_stable
    key = (architecture.structure, settings.structure)
    if not is_shared:
        key = (architecture, settings.program_key)
    if key not in found.networks:
        found.networks[key] = NetworkFacts(
            architecture=architecture,
            settings=settings,
            work=operations(architecture.layers),
            is_shared=is_shared,
            is_compiled=is_shared and POOL.knows(architecture, settings),
            has_statistics=run.plan.fresh_statistics,
        )
    found.networks[key].runs.setdefault(run.plan.batch_size, run)
    return key


def _n_known(asked, key, lanes):
    """How many epochs need no training."""
    # What this process knows is unknown in another one.
    trajectory = Trajectory(key, existing_folder(asked.memory))
    epochs = trajectory.known_epochs(in_process=not lanes.are_processes)
    known = [epoch for epoch in epochs if epoch <= asked.epochs]
    if not known:
        return 0
    if asked.params["early_stopping"]:
        history = trajectory.state(known[-1]).history
        if asked.stopped_at(history) is not None:
            return asked.epochs  # it will not go further
    return known[-1]
