"""How many fits of a search run side by side, and where."""

import os
from dataclasses import dataclass

from joblib import cpu_count, effective_n_jobs
from joblib.parallel import get_active_backend

from skcnn._device import intra_op_threads


@dataclass(frozen=True)
class Lanes:
    """What runs fits.

    Attributes
    ----------
    n : int
        Number of fits at a time.
    kind : {"one after the other", "threads", "processes"}
    intra_op_threads : int
        Threads that TensorFlow shares an operation among, in these lanes.
    """

    n: int
    kind: str
    intra_op_threads: int

    @property
    def are_processes(self):
        """Whether each fit is in a process of its own, which starts with no states."""
        return self.kind == "processes"


def lanes_of(search):
    """The lanes in which a search would run if it began now.

    Parameters
    ----------
    search : GridSearchCV or the like

    Returns
    -------
    Lanes
    """
    n_lanes = effective_n_jobs(getattr(search, "n_jobs", None))
    if n_lanes == 1:
        return Lanes(1, "one after the other", intra_op_threads())
    backend, _ = get_active_backend()
    # Threads share memory; every other backend has processes, here or elsewhere.
    if getattr(backend, "supports_sharedmem", False):
        return Lanes(n_lanes, "threads", intra_op_threads())
    return Lanes(n_lanes, "processes", _threads_of_a_worker(backend, n_lanes))


def _threads_of_a_worker(backend, n_lanes):
    """How many threads a worker is likely to have; nobody asks it."""
    # Only loky's workers are children of this process, with its environment.
    is_here = getattr(backend, "supports_inner_max_num_threads", False)
    if not is_here:
        return 1  # as Dask, Ray and Spark announce it, unless they are told otherwise
    told = os.environ.get("TF_NUM_INTRAOP_THREADS")
    told = told or os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told):
        return int(told)
    return max(1, cpu_count() // n_lanes)
