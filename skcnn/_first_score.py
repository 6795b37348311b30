"""The first score of a fitted estimator, passed on to whoever waits for it.

scikit-learn tells callbacks of fits, but not of scores. Unless it was given another
`scoring`, a search asks each estimator that it has fitted for its score: there it can
be heard. The first one is that of the images that a fold holds out.
"""

from weakref import WeakKeyDictionary

from sklearn.base import ClassifierMixin

_waiting = WeakKeyDictionary()  # fitted estimator -> what to call with its first score


def wait_for_first_score(estimator, tell):
    """Have `tell` called with the next score of an estimator, once.

    Parameters
    ----------
    estimator : TellsFirstScore
    tell : callable
        Takes a float.
    """
    _waiting[estimator] = tell


class TellsFirstScore(ClassifierMixin):
    """A classifier whose first score after a fit can be heard."""

    def score(self, X, y, sample_weight=None):
        """Accuracy on images with known labels.

        Parameters
        ----------
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,)
            Labels.
        sample_weight : array-like of shape (n,), default=None
            None for equal weights.

        Returns
        -------
        float
            The share of the labels that :meth:`predict` finds.
        """
        score = super().score(X, y, sample_weight)
        tell = _waiting.pop(self, None)
        if tell is not None:
            tell(score)
        return score
