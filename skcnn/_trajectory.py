"""What is known of a run: all that anybody computed, in this process or in `memory`.

A run is all that determines its bits, except for the number of epochs. So the state
after 5 epochs, kept by whoever came there first, is where a fit of 10 epochs starts.
And a fit of 5 epochs after one of 10 finds it waiting. Nothing here may change a bit of
a result; when in doubt, runs do not share.
"""

import functools
from contextlib import contextmanager

from skcnn._hooks import EpochHook
from skcnn._run_lock import one_process, one_thread
from skcnn._states import STATES
from skcnn._warnings import warn_once


class Trajectory:
    """The known states of one run.

    Parameters
    ----------
    run_key : str
        From :meth:`skcnn._run.Run.key`.
    folder : skcnn._state_folder.StateFolder, default=None
        Where states persist.
    """

    def __init__(self, run_key, folder=None):
        self.run_key = run_key
        self.folder = folder
        self._has_told = False
        self._passed = None  # the epoch that is in the folder until the next one is

    def n_stored(self, until):
        """How many epochs, of `until`, the folder can give back."""
        for epoch in range(until, 0, -1):
            if self.folder.contains(self.run_key, epoch):
                return epoch
        return 0

    def known_epochs(self, in_process=True):
        """After how many epochs a state is known, from few to many.

        Parameters
        ----------
        in_process : bool, default=True
            Whether what this process knows counts, or the folder alone.

        Returns
        -------
        list of int
        """
        epochs = set(STATES.epochs(self.run_key) if in_process else ())
        if self.folder is not None:
            epochs.update(self.folder.epochs(self.run_key))
        return sorted(epochs)

    def longest(self, until):
        """The state with the most epochs, at most `until`; None if there is none."""
        for epoch in range(until, 0, -1):
            state = self.state(epoch)
            if state is not None:
                return state
        return None

    def write_known(self, n_known, until):
        """Bring into the folder what this process knows from elsewhere.

        That is what fits found that had no folder, or another one.

        Parameters
        ----------
        n_known : int
            Number of epochs that are known.
        until : int
            Number of epochs at which the fit ends.
        """
        if self.folder is None:
            return
        # What would be removed again is not written.
        first = 1 if self.folder.keep == "every" else max(1, n_known)
        for epoch in range(first, n_known + 1):
            state = STATES.get(self.run_key, epoch)
            if state is not None and not self.folder.contains(self.run_key, epoch):
                self.folder.put(self.run_key, state)
                # Another process may have just removed it, as one that it passed.
                self._passed = epoch if epoch < until else None

    @contextmanager
    def one_process(self, until):
        """Have other processes with this folder wait, after waiting for them.

        Parameters
        ----------
        until : int
            Number of epochs at which the fit ends.
        """
        if self.folder is None or not until or self._is_known(until):
            yield  # nothing is going to be trained, or nobody knows of it
            return
        path = self.folder.lock_path(self.run_key)
        with one_process(path, self._n_reached, until):
            yield

    def _is_known(self, epoch):
        is_here = epoch in STATES.epochs(self.run_key)
        return is_here or self.folder.contains(self.run_key, epoch)

    def _n_reached(self):
        return max(self.folder.epochs(self.run_key), default=0)

    def state(self, epoch):
        """The state after `epoch` epochs, or None."""
        # The process first: a folder costs reading and a checksum.
        state = STATES.get(self.run_key, epoch)
        if state is None and self.folder is not None:
            state, predicts = self.folder.get(self.run_key, epoch)
            if state is not None:
                STATES.put(self.run_key, state)
            if predicts:
                STATES.mark_checked(self.run_key, state)
        return state

    def keep(self, state, until=None):
        """Let others have a state.

        Parameters
        ----------
        state : skcnn._states.TrainingState
        until : int, default=None
            Number of epochs at which the fit ends that has come so far; None if it ends
            here.
        """
        STATES.put(self.run_key, state)
        if self.folder is not None:
            self._write(state, until)

    def _write(self, state, until):
        folder, epoch = self.folder, state.epoch
        others = folder.epochs(self.run_key) if folder.keep == "last" else []
        if any(other > epoch for other in others):
            return  # a fit of fewer epochs than an earlier one
        folder.put(self.run_key, state)
        # Only now, so that a fit that is killed finds one or the other.
        if folder.keep != "every" and self._passed is not None:
            folder.remove(self.run_key, self._passed)
        for other in others:
            if other < epoch:
                folder.remove(self.run_key, other)
        is_passing = until is not None and epoch < until
        self._passed = epoch if is_passing else None

    def is_checked(self, state):
        """Whether this very state is known to make finite predictions."""
        return STATES.is_checked(self.run_key, state)

    def keep_checked(self, state):
        """Let others know that a state makes finite predictions."""
        STATES.mark_checked(self.run_key, state)
        if self.folder is not None:
            self.folder.note_that_it_predicts(self.run_key, state)

    def tell_changed(self, name):
        """Warn, once in a fit, that data were changed, and that states are not kept."""
        if not self._has_told:
            self._has_told = True
            warn_once(
                f"{name} was changed while fit read it, so what is fitted has seen "
                "more than one content. Nothing of it is kept for other fits. Fit on a "
                "copy, such as X.copy(), which nobody writes to."
            )


class _Keep(EpochHook):
    """Keeps the state of every epoch, so that a killed run loses only its last one.

    From the moment that data are not those of the key any more, nothing is kept.
    """

    def __init__(self, run, trajectory, until):
        self.run = run
        self.trajectory = trajectory
        self.until = until

    def end_epoch(self, n_finished, logs, get_state):
        state = get_state()
        # Asked only now, so that all readings of this epoch have been compared.
        name = self.run.changed_data()
        if name is None:
            self.trajectory.keep(state, self.until)
        else:
            self.trajectory.tell_changed(name)


def follow(run, trajectory, until, hooks=()):
    """Bring a run to `until` epochs, computing only what is not known.

    Parameters
    ----------
    run : skcnn._run.Run
        A watched one.
    trajectory : Trajectory
        What is known of it; what is computed is added.
    until : int
        Number of epochs.
    hooks : sequence of skcnn._hooks.EpochHook, default=()
        They hear of every epoch, of those that were known before as well.

    Returns
    -------
    TrainingState
        Bit for bit what ``run.train(run.initial_state(), until)`` gives.
    """
    # Of two fits of one run, the second goes on from where the first ends.
    with one_thread(trajectory.run_key), trajectory.one_process(until):
        state = trajectory.longest(until) or run.initial_state()
        # Before training, so that a fit that is killed leaves all that was known.
        trajectory.write_known(state.epoch, until)
        stopped_at = _replay(run, trajectory, state, hooks)
        if stopped_at is not None:
            # Early stopping ends before what another fit has reached.
            return _recall(run, trajectory, stopped_at)
        if state.epoch == until:
            return state  # no network is needed
        # Kept first: a hook that raises must not cost the epoch.
        return run.train(state, until, [_Keep(run, trajectory, until), *hooks])


def _replay(run, trajectory, state, hooks):
    """Tell hooks of the epochs that were computed before a state.

    Returns the number of epochs after which one asked to stop, or None.
    """
    if not hooks:
        return None
    for n_finished in range(1, state.epoch + 1):
        logs = {}
        for name, values in state.history.items():
            logs[name] = values[n_finished - 1]
        get_state = functools.partial(_recall, run, trajectory, n_finished)
        # All hooks hear of the end, also after one has asked to stop, as when training.
        stops = False
        for hook in hooks:
            hook.begin_epoch(n_finished - 1)
        for hook in hooks:
            stops |= bool(hook.end_epoch(n_finished, logs, get_state))
        if stops:
            return n_finished
    return None


def _recall(run, trajectory, epoch):
    """The state after `epoch` epochs, computed again if it has been dropped since."""
    state = trajectory.longest(epoch) or run.initial_state()
    if state.epoch == epoch:
        return state
    return run.train(state, epoch, [_Keep(run, trajectory, epoch)])
