"""Training states, and those that this process keeps for other fits."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrainingState:
    """A run after some epochs: enough to predict, or to go on as if without a stop.

    Attributes
    ----------
    epoch : int
        Number of epochs finished.
    arrays : tuple of ndarray
        Values of the variables of the model, then of the optimizer.
    history : dict of str to list of float
        A value for each epoch; ``"time"`` is what it took, in seconds, when it was
        computed.
    """

    epoch: int
    arrays: tuple
    history: dict = field(default_factory=dict)

    @property
    def nbytes(self):
        """Size of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)


class StateCache:
    """States in this process, bounded in bytes, the least recently used dropped first.

    Parameters
    ----------
    max_bytes : int
    """

    def __init__(self, max_bytes):
        self.max_bytes = max_bytes
        # (key of a run, epochs finished) -> state; the last is the most recently used.
        self._states = OrderedDict()
        self._checked = set()  # of the same keys: states that predict finite numbers
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, run_key, epoch):
        """The state, or None."""
        entry = (run_key, epoch)
        with self._lock:
            state = self._states.get(entry)
            if state is not None:
                self._states.move_to_end(entry)
            return state

    def put(self, run_key, state):
        """Keep a state, unless it alone is over the bound."""
        entry = (run_key, state.epoch)
        with self._lock:
            self._drop(entry)  # or its bytes would count twice
            if state.nbytes > self.max_bytes:
                return
            self._states[entry] = state
            self._bytes += state.nbytes
            self._shrink()

    def epochs(self, run_key):
        """After how many epochs of a run a state is kept.

        Parameters
        ----------
        run_key : str

        Returns
        -------
        list of int
        """
        with self._lock:
            return [epoch for key, epoch in self._states if key == run_key]

    def mark_checked(self, run_key, state):
        """Note that a state predicts finite numbers, if it is the one that is kept."""
        entry = (run_key, state.epoch)
        with self._lock:
            if self._states.get(entry) is state:
                self._checked.add(entry)

    def is_checked(self, run_key, state):
        """Whether that was noted of this very state."""
        entry = (run_key, state.epoch)
        with self._lock:
            return self._states.get(entry) is state and entry in self._checked

    def resize(self, max_bytes):
        """Set the bound, in bytes."""
        with self._lock:
            self.max_bytes = max_bytes
            self._shrink()

    def clear(self):
        """Forget everything."""
        with self._lock:
            self._states.clear()
            self._checked.clear()
            self._bytes = 0

    def _shrink(self):
        while self._bytes > self.max_bytes:
            least_recent = next(iter(self._states))
            self._drop(least_recent)

    def _drop(self, entry):
        self._checked.discard(entry)
        state = self._states.pop(entry, None)
        if state is not None:
            self._bytes -= state.nbytes


# What all fits in this process share. 256 MiB hold a thousand states of small networks.
STATES = StateCache(max_bytes=256 * 2**20)
