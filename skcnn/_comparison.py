"""Whether scores of cross-validation differ by more than chance. Only arithmetic.

The folds of a cross-validation share training images, so their scores are not
independent, and a t-test of them finds differences where there are none. Nadeau and
Bengio (2003) correct the variance of the mean difference: ``1 / n_folds`` becomes ``1 /
n_folds + n_test / n_train``.

To look for the best of many candidates is to compare all with all, even if only some
pairs are looked at: the one that is ahead has been found among them. So a comparison
with the best must allow for all pairs. Here that is done in two ways, and a difference
counts that either of them finds:

- the corrected t-test, by the pair's own variance, at a level that is divided by the
  number of pairs (Bonferroni). It holds whatever the others do, and sees little with
  few folds.
- Tukey's range test, by a variance of all pairs together, which is better known.
  Candidates need not scatter equally: one that never learned does not scatter at all.
  So the variance is the mean of the larger half of all pairs', or the pair's own if
  that is more.

In simulations of equal candidates the two together raise fewer false alarms than one
plain t-test would be allowed. ``tests/test_comparison.py`` has some of them.
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
    mean, reach = mean_and_reach(scores, reference, ratio, alpha)
    p = _chance(mean, scores, reference, ratio)
    low, high = mean - reach, mean + reach
    for values in (low, high, p):
        values[reference] = np.nan
    return Differences(mean, low, high, p)


def mean_and_reach(scores, reference, ratio, alpha):
    """Mean differences, and how far their intervals reach to each side.

    Parameters
    ----------
    scores, reference, ratio, alpha
        As of :func:`differences_to`.

    Returns
    -------
    mean, reach : ndarray of shape (n_candidates,)
    """
    own, common = _errors(scores, reference, ratio)
    of_t, of_range = reaches(alpha, *scores.shape)
    mean = _differences(scores, reference).mean(axis=1)
    return mean, np.minimum(of_t * own, of_range * common)


@lru_cache(maxsize=64)  # the range of many is slow to work out
def reaches(alpha, n_candidates, n_folds):
    """How many standard errors an interval reaches, by both tests.

    Parameters
    ----------
    alpha : float
    n_candidates : int
    n_folds : int

    Returns
    -------
    of_t, of_range : float
    """
    of_t = student.isf(alpha / 2 / _n_pairs(n_candidates), n_folds - 1)
    if n_candidates == 2:
        return float(of_t), float(of_t)
    freedom = _freedom(n_candidates, n_folds)
    of_range = studentized_range.isf(alpha, n_candidates, freedom) / np.sqrt(2)
    return float(of_t), float(of_range)


def _n_pairs(n_candidates):
    return n_candidates * (n_candidates - 1) // 2


def _freedom(n_candidates, n_folds):
    """Degrees of freedom of the common variance: half of the pairs take part in it."""
    return max(n_folds - 1, (n_candidates - 1) * (n_folds - 1) / 2)


def _differences(scores, reference):
    scores = scores.round(12)  # means of equal scores may differ in the last bit
    return scores - scores[reference]


def _errors(scores, reference, ratio):
    """Standard errors of the mean differences, by own and by common variance."""
    own = _differences(scores, reference).var(axis=1, ddof=1)
    common = np.maximum(own, _common_variance(scores))
    corrected = 1 / scores.shape[1] + ratio
    return np.sqrt(corrected * own), np.sqrt(corrected * common)


def _common_variance(scores):
    """The mean of the larger half of the variances of all pairs' differences."""
    covariance = np.cov(scores)
    own = np.diag(covariance)
    of_pairs = own[:, np.newaxis] + own - 2 * covariance
    of_pairs = np.sort(of_pairs[np.triu_indices(len(scores), 1)].clip(min=0))
    return of_pairs[len(of_pairs) // 2 :].mean()


def _chance(mean, scores, reference, ratio):
    """How likely chance alone is to put any two of the candidates so far apart."""
    n_candidates, n_folds = scores.shape
    by_own, by_common = (_in_errors(mean, e) for e in _errors(scores, reference, ratio))
    p = 2 * student.sf(by_own, n_folds - 1) * _n_pairs(n_candidates)
    if n_candidates > 2:
        freedom = _freedom(n_candidates, n_folds)
        finite = np.isfinite(by_common)  # infinitely many errors are no chance: 0
        of_range = np.zeros(n_candidates)
        of_range[finite] = studentized_range.sf(
            np.sqrt(2) * by_common[finite], n_candidates, freedom
        )
        p = np.minimum(p, of_range)
    return p.clip(max=1)


def _in_errors(mean, error):
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.abs(mean) / error
    # Equal in every fold: nothing tells them apart.
    return np.where(mean == 0, 0.0, statistic)
