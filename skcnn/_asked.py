"""What a fit would train, found out without training: its run, and what is known of it.

The same checks and the same description as in :mod:`skcnn._fitting`, so the keys are
those under which fits keep their states.
"""

import warnings
from dataclasses import dataclass

from skcnn._callbacks import keras_callbacks
from skcnn._copies import check_copies
from skcnn._early_stopping import EarlyStopping
from skcnn._fitting import check_constraints, check_data, described_run
from skcnn._images import GivenData
from skcnn._parameters import all_parameters
from skcnn._routing import routed
from skcnn._run import Run
from skcnn._samples import Samples
from skcnn._sharing import why_not_shared
from skcnn._value_labels import key_of


@dataclass(frozen=True)
class AskedFit:
    """A fit that would be done, and is not.

    Attributes
    ----------
    params : dict
        All parameters of the classifier.
    run : Run
        On watched images.
    why_not_shared : str or None
        Why nobody else can have its states; None if they are shared.
    """

    params: dict
    run: Run
    why_not_shared: str | None

    @property
    def epochs(self):
        """How many are asked for; with early stopping, the most."""
        return self.params["epochs"]

    @property
    def memory(self):
        """The parameter `memory`."""
        return self.params["memory"]

    def key(self, intra_op_threads=None):
        """The key of the run; None if it is not shared."""
        return None if self.why_not_shared else self.run.key(intra_op_threads)

    def stopped_at(self, history):
        """After which epoch early stopping ends the fit; None if it goes on.

        Parameters
        ----------
        history : dict of str to list of float
            As far as it is known.

        Returns
        -------
        int or None
        """
        if not self.params["early_stopping"]:
            return None
        stopper = EarlyStopping(self.params["n_iter_no_change"], self.params["tol"])
        epochs = zip(*history.values(), strict=True)
        for n_finished, values in enumerate(epochs, start=1):
            logs = dict(zip(history, values, strict=True))
            if stopper.end_epoch(n_finished, logs, None):
                return n_finished
        return None


class AskedData:
    """What several fits are given, checked and hashed once for all of them.

    Parameters
    ----------
    X, y : array-like
        As they reach the classifier.
    sample_weight : array-like, default=None
    validation_data : tuple (X, y), default=None
        As for `fit`.
    """

    def __init__(self, X, y, sample_weight=None, validation_data=None):
        self._given = GivenData(X, y, sample_weight, validation_data)
        self._known = {}

    def fit_of(self, classifier):
        """What the fit of a classifier would be.

        Parameters
        ----------
        classifier : ConvPoolClassifier

        Returns
        -------
        AskedFit

        Raises
        ------
        TypeError, ValueError
            As of `fit`.
        """
        params = all_parameters(classifier)
        callbacks = keras_callbacks(routed(params, "callbacks"))
        check_constraints(classifier)
        check_copies(params)
        # What fit warns of, it says itself when it runs.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            data, watched = self._checked(type(classifier).__name__, params)
            goes_on = params["warm_start"]
            run = described_run(params, self._given, data, goes_on=goes_on)
        reason = why_not_shared(
            params["random_state"], run.settings, callbacks, goes_on=False
        )
        return AskedFit(params, run.watched_with(watched), reason)

    def _checked(self, owner, params):
        key = key_of([owner, params["image_shape"], params["class_weight"]])
        if key not in self._known:
            data = check_data(owner, params, self._given)
            watched = Samples(data.images, data.labels, data.weights).watched("X")
            self._known[key] = data, watched
        return self._known[key]
