"""What a fit leaves on an estimator: one record, whose fields are the attributes."""

from dataclasses import dataclass, fields

import numpy as np

from skcnn._architecture import Architecture
from skcnn._images import Features, KnownImages, check_images
from skcnn._predictor import Predictor
from skcnn._settings import CompileSettings
from skcnn._states import TrainingState
from skcnn._training import TrainingPlan


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """All that a fit leaves: each field is an attribute of the estimator, by its name.

    The public ones are documented in ConvPoolClassifier. An estimator lacks those that
    are None here.

    Attributes
    ----------
    _settings : CompileSettings
        What the network was compiled with.
    _plan : TrainingPlan
        How it was trained, and with which seed.
    _state : TrainingState
        After the last epoch, from which `warm_start` goes on.
    _best_state : TrainingState or None
        The one that predicts, if that is not the last: with early stopping.
    """

    classes_: np.ndarray
    n_features_in_: int
    feature_names_in_: np.ndarray | None = None
    image_shape_: tuple
    pixel_range_: tuple | None = None
    n_iter_: int
    best_iter_: int | None = None
    history_: dict
    architecture_: Architecture
    n_params_: int
    callbacks_: list | None = None
    _settings: CompileSettings
    _plan: TrainingPlan
    _state: TrainingState
    _best_state: TrainingState | None = None

    # ----------------------------------------------------------------------------------
    # On an estimator

    @classmethod
    def of(cls, estimator):
        """What an earlier fit has left on an estimator.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            A fitted one.

        Returns
        -------
        Fitted
        """
        # An older pickle may lack some.
        attributes = vars(estimator)
        return cls(**{each.name: attributes.get(each.name) for each in fields(cls)})

    @classmethod
    def is_on(cls, estimator):
        """Whether an estimator has been fitted."""
        return "_state" in vars(estimator)

    @classmethod
    def remove_from(cls, estimator):
        """Make an estimator one that is not fitted."""
        for each in fields(cls):
            vars(estimator).pop(each.name, None)

    def put_on(self, estimator):
        """Set the attributes of an estimator, and no others of an earlier fit."""
        self.remove_from(estimator)
        vars(estimator).update(self.attributes())

    def attributes(self):
        """The attributes by name.

        Returns
        -------
        dict
        """
        attributes = {}
        for each in fields(self):
            value = getattr(self, each.name)
            # A private one is set even if it is None: on a copy of a fitted estimator
            # it must not stay that of the earlier fit.
            is_private = each.name.startswith("_")
            if value is not None or is_private:
                attributes[each.name] = value
        return attributes

    # ----------------------------------------------------------------------------------
    # For whoever goes on from it, or predicts with it

    @property
    def settings(self):
        """What the network was compiled with."""
        return self._settings

    @property
    def plan(self):
        """How it was trained."""
        return self._plan

    @property
    def state(self):
        """The state after the last epoch."""
        return self._state

    @property
    def best_state(self):
        """The state that predicts, if it is not the last; else None."""
        return self._best_state

    def known_images(self, owner):
        """What later images are compared with.

        Parameters
        ----------
        owner : str
            Name of the estimator's class, for messages.

        Returns
        -------
        KnownImages
        """
        return KnownImages(
            owner=owner,
            image_shape=self.image_shape_,
            features=Features(self.n_features_in_, self.feature_names_in_),
            pixel_range=self.pixel_range_,
            scale=self.architecture_.scale,
        )

    def predictor(self):
        """What predicts, and exports.

        Returns
        -------
        Predictor
        """
        state = self._best_state or self._state
        return Predictor(self.architecture_, self._settings, state)


def images_for(estimator, X):
    """Images as a fitted estimator takes them.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    X : array-like

    Returns
    -------
    ndarray of shape (n, height, width, channels)

    Raises
    ------
    TypeError, ValueError
        As of :func:`skcnn._images.check_images`.
    """
    known = Fitted.of(estimator).known_images(type(estimator).__name__)
    return check_images(X, known)
