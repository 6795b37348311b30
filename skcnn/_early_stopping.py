"""Early stopping: the inner split, when to stop, and which epoch was the best."""

import numpy as np
from sklearn.model_selection import train_test_split

from skcnn._seeds import derive
from skcnn._training import EpochHook


def split_off_validation(data, fraction, seed, classes):
    """Set a part of the training data aside, as large a share of each class as possible.

    Parameters
    ----------
    data : TrainingData
    fraction : float
        The share that is set aside.
    seed : int
        Seed of the run.
    classes : ndarray of shape (n_classes,)
        The labels, for messages.

    Returns
    -------
    training, validation : TrainingData
        They share the images of `data`: nothing is copied.

    Raises
    ------
    ValueError
        If there are too few samples for both parts to have all classes.
    """
    present, counts = np.unique(data.labels, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            "early_stopping=True sets a part of each class aside, so y must have at least 2 samples of each; got 1 of "
            f"class {classes[present[counts.argmin()]]!r}. Give fit validation_data, or take early_stopping=False."
        )
    try:
        kept, aside = train_test_split(
            np.arange(len(data)),
            test_size=fraction,
            stratify=data.labels,
            random_state=derive(seed, "validation"),
        )
    except ValueError as error:
        raise ValueError(
            f"validation_fraction={fraction!r} is impossible for {len(data)} samples of {len(present)} classes: "
            f"both parts must have some of each. {error}"
        ) from error
    return data.part(np.sort(kept)), data.part(np.sort(aside))


class EarlyStopping(EpochHook):
    """Stops when the accuracy on validation data has not risen for a while, and remembers the best epoch.

    Of epochs with equal accuracy, which are many where validation data are few, the one with the lowest loss is best.
    One whose loss is NaN is better than none, and worse than any other.

    Parameters
    ----------
    n_iter_no_change : int
        Number of epochs without a rise after which to stop.
    tol : float
        What counts as a rise: more than this above the best so far.
    """

    keeps_snapshots = True

    def __init__(self, n_iter_no_change, tol):
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.best_epoch = 0  # counts from 1
        self.has_stopped = False
        # Whether the loss is a number, accuracy, negative loss.
        self._best_score = (False, -np.inf, -np.inf)
        self._highest = -np.inf  # accuracy so far
        self._last_rise = 0
        self._last_snapshot = None  # of this fit, not of one that it continues

    def recall(self, history, best_state):
        """Take up the count where an earlier fit, which is now continued, left it.

        Parameters
        ----------
        history : dict of str to list of float
        best_state : TrainingState
        """
        for epoch, (accuracy, loss) in enumerate(
            zip(history["val_accuracy"], history["val_loss"], strict=True)
        ):
            self.end_epoch(
                epoch, {"val_accuracy": accuracy, "val_loss": loss}, lambda: best_state
            )
        self._last_snapshot = None

    def end_epoch(self, epoch, logs, snapshot):
        accuracy, loss = logs["val_accuracy"], logs["val_loss"]
        is_number = not np.isnan([accuracy, loss]).any()
        has_risen = is_number and accuracy > self._highest + self.tol
        if has_risen or np.isnan(accuracy):  # NaN: an epoch without validation data
            self._last_rise = epoch + 1
        if is_number:
            self._highest = max(self._highest, accuracy)
        score = (is_number, accuracy, -loss)
        self._last_snapshot = snapshot
        if score > self._best_score:
            self.best_epoch, self._best_score, self._snapshot = (
                epoch + 1,
                score,
                snapshot,
            )
        self.has_stopped = epoch + 1 - self._last_rise >= self.n_iter_no_change
        return self.has_stopped

    def last_state(self):
        """The state after the last epoch of this fit; None if it has finished none."""
        return self._last_snapshot and self._last_snapshot()

    def best_state(self):
        """The state after the best epoch."""
        return self._snapshot()
