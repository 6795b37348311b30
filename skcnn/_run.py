"""A run: all that determines the bits of a training, and its key."""

import functools
import json
from dataclasses import asdict, dataclass, replace

import joblib

from skcnn._architecture import Architecture
from skcnn._device import rounding
from skcnn._program import POOL, ProgramPool
from skcnn._samples import Samples
from skcnn._settings import CompileSettings
from skcnn._states import TrainingState
from skcnn._training import TrainingPlan, check_finite, train

# Part of every key. Raise it when the engine's arithmetic or the form of a stored state
# changes.
FORMAT = 5


@dataclass(frozen=True)
class Run:
    """All that determines the bits of a training run, except for the number of epochs.

    Attributes
    ----------
    architecture : Architecture
    settings : CompileSettings
    plan : TrainingPlan
    data : Samples
    validation : Samples or None
        Does not touch the weights, but is measured into the history.
    """

    architecture: Architecture
    settings: CompileSettings
    plan: TrainingPlan
    data: Samples
    validation: Samples | None = None

    # ----------------------------------------------------------------------------------
    # What it is

    def watched(self):
        """The same run on data of which it notices if somebody changes them meanwhile.

        Returns
        -------
        Run
        """
        data = self.data.watched("X")
        if self.validation is None:
            return replace(self, data=data)
        if self.validation.shares_images_with(self.data):
            # A part of X was set aside: its images are watched already.
            validation = self.validation.watched_with(data)
        else:
            validation = self.validation.watched("validation_data")
        return replace(self, data=data, validation=validation)

    def watched_with(self, whole):
        """The same as :meth:`watched`, for images that are watched already.

        Parameters
        ----------
        whole : skcnn._samples.Samples
            Watched samples, from whose images those of this run were taken.

        Returns
        -------
        Run
        """
        data, validation = self.data.watched_with(whole), self.validation
        if validation is None:
            return replace(self, data=data)
        if validation.shares_images_with(self.data):
            validation = validation.watched_with(whole)
        else:
            validation = validation.watched("validation_data")
        return replace(self, data=data, validation=validation)

    def changed_data(self):
        """What of the data of a watched run was not, when read, what the key describes.

        Returns
        -------
        str or None
            Its name; None if all was.
        """
        names = [part.changed_name() for part in self._parts()]
        return next(filter(None, names), None)

    def key(self, intra_op_threads=None):
        """A hash that watched runs share if, and only if, equal epochs give equal bits.

        Ask :func:`skcnn._sharing.why_not_shared` first whether the description fixes
        the bits.

        Parameters
        ----------
        intra_op_threads : int, default=None
            Threads that share one operation where the run is trained; None for here.

        Returns
        -------
        str
        """
        samples = [part.description() for part in self._parts()]
        description = {
            "architecture": self.architecture.to_json(),
            "settings": self.settings.to_json(),
            "plan": asdict(self.plan),
            # Content, not names or addresses: the same data may come from anywhere.
            "data": joblib.hash(samples, hash_name="sha1"),
            **rounding(intra_op_threads),
        }
        description["environment"] = {**description["environment"], "format": FORMAT}
        return joblib.hash(json.dumps(description, sort_keys=True), hash_name="sha1")

    def _parts(self):
        return [self.data] if self.validation is None else [self.data, self.validation]

    # ----------------------------------------------------------------------------------
    # What it does

    def initial_state(self):
        """The state before the first epoch."""
        with self._borrow() as program:
            rate = self.settings.learning_rate
            return TrainingState(0, program.initial_arrays(self.plan.seed, rate))

    def adopt(self, state):
        """A state of another run, to go on from at the learning rate of this one."""
        with self._borrow() as program:
            rate = self.settings.learning_rate
            return replace(state, arrays=program.with_learning_rate(state.arrays, rate))

    def train(self, state, until, hooks=()):
        """Compute the state after `until` epochs from an earlier one."""
        try:
            with self._borrow(hooks) as program:
                return train(
                    program,
                    self.data,
                    self.plan,
                    state,
                    until,
                    validation=self.validation,
                    hooks=hooks,
                )
        finally:
            for hook in hooks:
                hook.release()

    def check_finite(self, state):
        """Refuse a state that cannot predict.

        See :func:`skcnn._training.check_finite`.
        """
        with self._borrow() as program:
            program.load_model(state.arrays)
            check_finite(program, self.data, state.epoch)

    def _borrow(self, hooks=()):
        """A program of the pool, or of this run alone if a user's code may be in it.

        A name does not tell what code does. So nothing that was compiled from a user's
        code, or was in its hands, may serve another run.
        """
        # Exposed, too, where it is alone: own variables would share with nobody.
        is_own = not self.settings.is_stable
        is_own = is_own or any(hook.may_alter_model for hook in hooks)
        exposes_model = is_own or any(hook.exposes_model for hook in hooks)
        pool = self._own_pool if is_own else POOL
        return pool.borrow(self.architecture, self.settings, exposes_model)

    @functools.cached_property  # one, so that the run compiles once
    def _own_pool(self):
        return ProgramPool(max_idle=1)
