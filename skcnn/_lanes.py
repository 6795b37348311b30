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
    """

    n: int
    kind: str

    @property
    def are_processes(self):
        """Whether each fit is in a process of its own, which starts with no states."""
        return self.kind == "processes"

    @property
    def intra_op_threads(self):
        """Threads that TensorFlow shares an operation among, in these lanes."""
        if not self.are_processes:
            return intra_op_threads()
        told = os.environ.get("TF_NUM_INTRAOP_THREADS")
        return int(told) if told else max(1, cpu_count() // self.n)


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
        return Lanes(1, "one after the other")
    backend, _ = get_active_backend()
    # Threads share memory; every other backend has processes, here or elsewhere.
    is_threading = getattr(backend, "supports_sharedmem", False)
    return Lanes(n_lanes, "threads" if is_threading else "processes")
