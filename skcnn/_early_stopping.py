"""Early stopping: the inner split, when to stop, and which epoch was the best."""

from math import ceil

import numpy as np
from sklearn.model_selection import train_test_split

from skcnn._hooks import EpochHook
from skcnn._seeds import derive
from skcnn._warnings import warn_once

# An accuracy on fewer samples than this moves by more than three points with one of
# them, and its standard error is about nine points. So chance decides which epoch looks
# best.
_FEW = 30


def split_off_validation(data, fraction, seed, classes):
    """Set a part of the training data aside, the same share of each class if possible.

    Every class keeps at least one sample to train on. So a class of one sample is not
    in the part set aside, and neither are some classes if that part is smaller than
    their number.

    Parameters
    ----------
    data : skcnn._samples.Samples
    fraction : float
        The share that is set aside.
    seed : int
        Seed of the run.
    classes : ndarray of shape (n_classes,)
        The labels, for messages.

    Returns
    -------
    training, validation : skcnn._samples.Samples
        They share the images of `data`: nothing is copied.

    Raises
    ------
    ValueError
        If no class has a sample to spare.

    Warns
    -----
    UserWarning
        If the part set aside lacks classes, is smaller than asked, or is very small.
    """
    split_seed = derive(seed, "validation")
    try:
        kept, aside = train_test_split(
            np.arange(len(data)),
            test_size=float(fraction),
            stratify=data.labels,
            random_state=split_seed,
        )
    except ValueError:  # a part would lack a class, which scikit-learn refuses
        kept, aside = _split_unevenly(data.labels, fraction, split_seed)
    # In their order in X, so that images on disk are read from front to back.
    training, validation = data.part(np.sort(kept)), data.part(np.sort(aside))
    _warn_of_thin_validation(training.labels, validation.labels, fraction, classes)
    return training, validation


def _split_unevenly(labels, fraction, seed):
    """Places of both parts, where the part set aside cannot have all classes."""
    present, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    n_spare = len(labels) - len(present)
    if n_spare == 0:
        raise ValueError(
            "early_stopping=True sets samples aside, but y has only 1 sample of each "
            "class, which is needed to train on. Give fit validation_data, or more "
            "samples, or take early_stopping=False."
        )
    rng = np.random.RandomState(seed)
    n_aside = min(ceil(fraction * len(labels)), n_spare)
    sizes = _shares(counts, n_aside, rng)
    aside = []
    for k, size in enumerate(sizes):
        places = rng.permutation(np.flatnonzero(codes == k))
        aside.extend(places[:size])
    return np.setdiff1d(np.arange(len(labels)), aside), np.array(aside)


def _shares(counts, total, rng):
    """How many samples of each class make `total`: in proportion, and never all."""
    wanted = total * counts / counts.sum()
    sizes = np.minimum(wanted.astype(int), counts - 1)
    lot = rng.permutation(len(counts))  # decides between classes of equal claim
    while sizes.sum() < total:
        claim = np.where(sizes < counts - 1, wanted - sizes, -np.inf)
        sizes[np.lexsort((lot, claim))[-1]] += 1
    return sizes


def _warn_of_thin_validation(training, validation, fraction, classes):
    """Say once what the part set aside cannot tell, and what to do about it."""
    counts = np.bincount(training, minlength=len(classes))
    missing = np.setdiff1d(training, validation)
    n_asked = ceil(fraction * (len(training) + len(validation)))
    is_few = len(validation) < _FEW
    reasons = []
    if len(missing):
        reasons += [f"it has no sample of {_listed(classes[missing].tolist())}"]
    if len(validation) < n_asked:
        reasons += [
            f"it is smaller than validation_fraction={fraction!r} asks, because every "
            "class needs a sample to train on"
        ]
    if is_few:
        reasons += [f"it has fewer than {_FEW} samples, so chance decides a lot"]
    if not reasons:
        return
    helps = counts.max() > 1 and (is_few or counts[missing].max(initial=0) > 1)
    larger = "a larger validation_fraction, " if helps else ""
    warn_once(
        "early_stopping=True measures accuracy on a part of the samples that is set "
        f"aside: {'; '.join(reasons)}. Give fit validation_data, more samples, {larger}"
        "or take early_stopping=False.",
        kind="thin validation",  # which classes a fold lacks is told of the first one
    )


def _listed(labels):
    shown = ", ".join(map(repr, labels[:10]))
    more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    return f"{'class' if len(labels) == 1 else 'classes'} {shown}{more}"


class EarlyStopping(EpochHook):
    """Stops when the accuracy on validation data has not risen for a while.

    It remembers the best epoch. Of epochs with equal accuracy, which are many where
    validation data are few, the one with the lowest loss is best. One whose loss is NaN
    is better than none, and worse than any other.

    Parameters
    ----------
    n_iter_no_change : int
        Number of epochs without a rise after which to stop.
    tol : float
        What counts as a rise: more than this above the best so far.
    """

    def __init__(self, n_iter_no_change, tol):
        self.n_iter_no_change = n_iter_no_change
        self.tol = float(tol)
        self.best_epoch = 0  # 1 for the first
        self.has_stopped = False
        # Whether the loss is a number, accuracy, negative loss.
        self._best_score = (False, -np.inf, -np.inf)
        self._highest = -np.inf  # accuracy so far
        self._last_rise = 0  # the epoch of it
        self._get_best_state = None
        self._get_last_state = None  # of this fit, not of one that it continues

    def recall(self, history, best_state):
        """Take up the count where an earlier fit, which is now continued, left it.

        Parameters
        ----------
        history : dict of str to list of float
        best_state : TrainingState
        """
        measured = zip(history["val_accuracy"], history["val_loss"], strict=True)
        for n_finished, (accuracy, loss) in enumerate(measured, 1):
            logs = {"val_accuracy": accuracy, "val_loss": loss}
            self.end_epoch(n_finished, logs, lambda: best_state)
        self._get_last_state = None

    def end_epoch(self, n_finished, logs, get_state):
        accuracy, loss = logs["val_accuracy"], logs["val_loss"]
        is_number = not np.isnan([accuracy, loss]).any()
        has_risen = is_number and accuracy > self._highest + self.tol
        if has_risen or np.isnan(accuracy):  # NaN: an epoch without validation data
            self._last_rise = n_finished
        if is_number:
            self._highest = max(self._highest, accuracy)
        score = (is_number, accuracy, -loss)
        if score > self._best_score:
            self.best_epoch = n_finished
            self._best_score = score
            self._get_best_state = get_state
        self._get_last_state = get_state
        self.has_stopped = n_finished - self._last_rise >= self.n_iter_no_change
        return self.has_stopped

    def last_state(self):
        """The state after the last epoch of this fit; None if it has finished none."""
        return self._get_last_state and self._get_last_state()

    def best_state(self):
        """The state after the best epoch."""
        return self._get_best_state()
