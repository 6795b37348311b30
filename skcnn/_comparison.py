"""Whether scores of cross-validation differ by more than chance. Only arithmetic.

The folds of a cross-validation share training images, so their scores are not
independent, and a t-test of them finds differences where there are none. Nadeau and
Bengio (2003) correct the variance of the mean difference: ``1 / n_folds`` becomes ``1 /
n_folds + n_test / n_train``.

Whoever looks for the best of many candidates compares all with all, whether he looks at
all pairs or not: the one that is ahead has been found among them. So a comparison with
the best must allow for as many pairs. Tukey's range test does, of which this is a
cautious form. Candidates need not scatter equally: one that never learned does not
scatter at all. So the variance of a pair is its own, or the mean of the larger half of
all pairs' if that is more.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import studentized_range
from scipy.stats import t as student


@dataclass(frozen=True)
class Differences:
    """Differences between candidates and one of them.

    Attributes
    ----------
    mean, low, high, p : ndarray of shape (n_candidates,)
        The last three are NaN for the reference itself.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray


def differences_to(scores, reference, ratio, alpha):
    """Compare candidates with one that was found among them.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates, n_folds)
        In each fold, all on the same images. At least two of both.
    reference : int
        Place of the candidate to compare with.
    ratio : float
        Number of test images for each training image.
    alpha : float
        How likely any false alarm may be, in all pairs together.

    Returns
    -------
    Differences
    """
    mean, error, freedom = errors_to(scores, reference, ratio)
    p = _chance(mean, error, len(scores), freedom)
    reach = error * reach_of(alpha, len(scores), freedom)
    low, high = mean - reach, mean + reach
    for values in (low, high, p):
        values[reference] = np.nan
    return Differences(mean, low, high, p)


def errors_to(scores, reference, ratio):
    """Mean differences with their standard errors.

    Parameters
    ----------
    scores, reference, ratio
        As of :func:`differences_to`.

    Returns
    -------
    mean, error : ndarray of shape (n_candidates,)
    freedom : float
        Degrees of freedom of the variance.
    """
    n_candidates, n_folds = scores.shape
    scores = scores.round(12)  # means of equal scores may differ in the last bit
    differences = scores - scores[reference]
    own = differences.var(axis=1, ddof=1)
    variance = np.maximum(own, _common_variance(scores))
    # Half of the pairs take part in the common variance.
    freedom = max(n_folds - 1, (n_candidates - 1) * (n_folds - 1) / 2)
    error = np.sqrt((1 / n_folds + ratio) * variance)
    return differences.mean(axis=1), error, freedom


@lru_cache(maxsize=64)  # the range of many is slow to work out
def reach_of(alpha, n_candidates, freedom):
    """How many standard errors an interval reaches to each side.

    Parameters
    ----------
    alpha : float
    n_candidates : int
    freedom : float

    Returns
    -------
    float
    """
    if n_candidates == 2:
        return float(student.isf(alpha / 2, freedom))
    reach = studentized_range.isf(alpha, n_candidates, freedom)
    return float(reach / np.sqrt(2))


def _common_variance(scores):
    """The mean of the larger half of the variances of all pairs' differences."""
    covariance = np.cov(scores)
    own = np.diag(covariance)
    of_pairs = own[:, np.newaxis] + own - 2 * covariance
    of_pairs = np.sort(of_pairs[np.triu_indices(len(scores), 1)].clip(min=0))
    return of_pairs[len(of_pairs) // 2 :].mean()


def _chance(mean, error, n_candidates, freedom):
    """How likely chance alone is to put any two of the candidates so far apart."""
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.abs(mean) / error
    # Equal in every fold: nothing tells them apart.
    statistic = np.where(mean == 0, 0.0, statistic)
    if n_candidates == 2:
        return 2 * student.sf(statistic, freedom)
    p = np.ones(len(statistic))
    finite = np.isfinite(statistic)
    p[~finite] = 0.0
    p[finite] = studentized_range.sf(
        np.sqrt(2) * statistic[finite], n_candidates, freedom
    )
    return p
