"""Which candidates of a search differ by more than chance."""

import warnings
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.validation import check_is_fitted

from skcnn._candidates import (
    import_pandas,
    names_in,
    parameter_columns,
    with_params,
)
from skcnn._comparison import differences_to
from skcnn._repetitions import is_seed, repetitions
from skcnn._scores import metric_of, name_of_score, split_scores


def compare_candidates(search, first=None, second=None, *, metric=None, alpha=0.05):
    """Tell which candidates of a search differ from the best by more than chance.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        After fit, with at least two folds. Of a halving search, the candidates of the
        last iteration that has at least two are compared.
    first, second : int, default=None
        Two candidates, by their places in ``cv_results_``, to compare with each other
        alone. Only for two that were chosen before the search. None for all with the
        best.
    metric : str, default=None
        Which score, for a search that has several. None takes the only one, or that of
        `refit`.
    alpha : float, default=0.05
        How likely a false alarm may be: that any of candidates which are equally good
        is said to differ.

    Returns
    -------
    pandas.DataFrame
        A row for each candidate, best first. Its index is the place in ``cv_results_``.
        Candidates that differ only in a `random_state` are repetitions of one. The
        columns, in this order:

        - `rank`, 1 for the best, and `score`, the mean over folds and seeds;
        - `difference`, the score less that of the best, and `low` and `high`, between
          which it lies with probability ``1 - alpha``, all candidates together;
        - `p`, how likely chance alone puts any two candidates so far apart;
        - `differs`, whether `p` is below `alpha`;
        - the parameters that vary, written as in :func:`search_results`.

        Its ``attrs`` have the `reference`, which is the place of the best, `alpha`,
        `n_folds`, `n_pairs` (folds times seeds), `n_comparisons`, `score_name` and
        `method`. Candidates that failed come last, and have no difference.

    Raises
    ------
    ImportError
        Without pandas.
    NotFittedError
        Before fit.
    ValueError
        With one fold or one candidate, or if an argument is not allowed.

    Warns
    -----
    UserWarning
        If the share of test images in a fold is not known.

    See Also
    --------
    plotting.ComparisonDisplay : The same as a picture.
    search_results : The candidates of a search as a table, best first.

    Notes
    -----
    **What it does.** All candidates are scored on the same folds, so the scores are
    compared fold by fold. Seeds are averaged within each fold, because they share its
    images. The folds share training images, so the variance of the mean difference is
    corrected [1]_ [2]_. The best was found among all candidates, so all pairs are
    allowed for. To allow only for the pairs with the best would give up to 15 false
    alarms in 100 searches of 12 equal candidates.

    Each difference is tested in two ways, and one is enough. The first is the t-test by
    the pair's own variance, by Bonferroni's rule for all pairs. The second is Tukey's
    range test. Its variance is the mean of the larger half of those of all pairs, or
    the pair's own if that is more. So a network that never learned makes nobody look
    certain. With `first` and `second`, it is the corrected t-test of the two.

    **What it cannot tell.**

    - That two candidates are equal. "Does not differ" means that these folds and seeds
      cannot tell. With three folds only large differences are seen. More folds see
      more, and so does :class:`~sklearn.model_selection.RepeatedStratifiedKFold`.
    - Whether the difference matters. With many images a tiny one is beyond chance.
    - Anything about other data, or other images than a random sample of the same kind.
    - With one seed: whether it is the network or the luck of this seed. Put several
      into the grid, as ``"random_state": [0, 1, 2]``.
    - How good the best is. It was also lucky, so its score is too high: measure it on
      test images.

    The correction is an approximation: no exact variance can be had from one
    cross-validation [3]_.

    References
    ----------
    .. [1] Nadeau, Bengio: Inference for the generalization error. Machine Learning 52,
       2003.
    .. [2] Bouckaert, Frank: Evaluating the replicability of significance tests for
       comparing learning algorithms. PAKDD 2004.
    .. [3] Bengio, Grandvalet: No unbiased estimator of the variance of k-fold
       cross-validation. JMLR 5, 2004.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, compare_candidates
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=300, random_state=0, return_X_y=True)
    >>> classifier = ConvPoolClassifier(dense_layers=(), epochs=6, batch_size=16)
    >>> grid = {"conv_layers": [[(1, 3)], [(16, 3)]], "random_state": [0, 1]}
    >>> search = GridSearchCV(classifier, grid, cv=5, refit=False).fit(X, y)
    >>> table = compare_candidates(search)
    >>> table[["rank", "differs", "conv_layers"]]
      rank  differs conv_layers
    2    1    False          16
    0    2     True           1
    """
    pd, CandidateTable = import_pandas("compare_candidates")
    check_is_fitted(search, "cv_results_")
    _check_alpha(alpha)
    metric = metric_of(search, metric)
    compared = _compared(search, metric)
    if first is not None or second is not None:
        compared = _two_of(compared, first, second)
    if sum(each.has_score for each in compared) < 2:
        raise ValueError(
            "search must have two candidates to compare that did not fail, seeds apart;"
            f" got {sum(each.has_score for each in compared)}."
        )
    compared.sort(key=lambda each: -each.mean)
    table = CandidateTable(_columns(search, compared, alpha))
    table.index = pd.Index([each.place for each in compared])
    table.attrs = _attributes(search, compared, alpha, metric)
    return table


def _check_alpha(alpha):
    is_number = isinstance(alpha, Real) and not isinstance(alpha, bool)
    if not is_number or not 0 < alpha < 1:
        raise ValueError(f"alpha must be a number between 0 and 1; got {alpha!r}.")


# --------------------------------------------------------------------------------------
# What is compared


@dataclass(frozen=True)
class _Compared:
    """A candidate with all its seeds.

    Attributes
    ----------
    places : ndarray of int
        Of its seeds, in ``cv_results_``.
    scores : ndarray of shape (n_folds,)
        Means over the seeds that did not fail; NaN if all did.
    n_seeds : int
        How many did not fail.
    """

    places: np.ndarray
    scores: np.ndarray
    n_seeds: int

    @property
    def place(self):
        return int(self.places[0])

    @property
    def has_score(self):
        return self.n_seeds > 0

    @property
    def mean(self):
        """The mean score; the worst of all if it failed."""
        return self.scores.mean() if self.has_score else -np.inf


def _compared(search, metric):
    """The candidates that got furthest, each with its seeds."""
    results = search.cv_results_
    scores = split_scores(results, metric)
    if scores.shape[1] < 2:
        raise ValueError(
            "search must have at least two folds, which tell how much scores vary; got "
            f"{scores.shape[1]}. Search again with cv=5."
        )
    rungs = results.get("iter")
    made = [with_params(search.estimator, params) for params in results["params"]]
    groups = repetitions(_names(search), made, rungs)
    if rungs is not None:
        groups = _last_with_two(groups, rungs)
    compared = []
    for places in groups:
        good = scores[places]
        good = good[~np.isnan(good).any(axis=1)]
        means = good.mean(axis=0) if len(good) else np.full(scores.shape[1], np.nan)
        compared.append(_Compared(places, means, len(good)))
    return compared


def _last_with_two(groups, rungs):
    """The candidates of the last iteration that is not left to a single one."""
    by_rung = {}
    for places in groups:
        by_rung.setdefault(rungs[places[0]], []).append(places)
    several = [rung for rung in sorted(by_rung) if len(by_rung[rung]) > 1]
    return by_rung[several[-1]] if several else groups[-1:]


def _names(search):
    """Names of the parameters that the search sets."""
    return names_in(search.cv_results_["params"])


def _two_of(compared, first, second):
    both = [_named(compared, *each) for each in (("first", first), ("second", second))]
    if both[0] is both[1]:
        raise ValueError(
            "first and second must be two candidates that differ in more than a seed; "
            f"got {first!r} and {second!r}."
        )
    return both


def _named(compared, argument, place):
    if isinstance(place, Integral):
        for each in compared:
            if place in each.places:
                return each
    known = [each.place for each in compared]
    raise ValueError(
        f"{argument} must be the place of a candidate in cv_results_, of {known}; got "
        f"{place!r}."
    )


# --------------------------------------------------------------------------------------
# The table


def _columns(search, compared, alpha):
    good = [each for each in compared if each.has_score]
    scores = np.array([each.scores for each in good])
    found = differences_to(scores, 0, _test_ratio(search), alpha)
    failed = np.full(len(compared) - len(good), np.nan)
    columns = {
        "rank": np.arange(1, len(compared) + 1, dtype=np.int32),
        "score": np.append(scores.mean(axis=1), failed),
        "difference": np.append(found.mean, failed),
        "low": np.append(found.low, failed),
        "high": np.append(found.high, failed),
        "p": np.append(found.p, failed).round(6),  # more is not known, nor printed
        "differs": np.append(found.p, failed) < alpha,
    }
    params = search.cv_results_["params"]
    made = [with_params(search.estimator, params[each.place]) for each in compared]
    names = [name for name in _names(search) if not is_seed(name)]
    for name, cells in parameter_columns(names, made).items():
        if len(set(cells)) > 1:
            columns[f"param_{name}" if name in columns else name] = cells
    return columns


def _attributes(search, compared, alpha, metric):
    n_folds = len(compared[0].scores)
    n_good = sum(each.has_score for each in compared)
    method = "corrected t-test and range test of all pairs (Nadeau, Bengio; Tukey)"
    if n_good == 2:
        method = "corrected resampled t-test (Nadeau and Bengio)"
    return {
        "reference": compared[0].place,
        "alpha": alpha,
        "n_folds": n_folds,
        "n_pairs": n_folds * compared[0].n_seeds,
        "n_comparisons": n_good * (n_good - 1) // 2,
        "score_name": name_of_score(search, metric),
        "method": method,
    }


def _test_ratio(search):
    """Number of test images for each training image, in a fold of the search."""
    ratios = [_ratio_of(search, n_samples) for n_samples in (1000, 2000)]
    if None in ratios:  # folds that were used up, or that depend on the data
        return 1 / (search.n_splits_ - 1)
    if not np.isclose(*ratios, rtol=0.05):
        warnings.warn(
            f"The share of test images in a fold of {search.cv!r} depends on their "
            "number, which a search does not keep. To be careful, half of the images "
            "are taken to be test images. Give test_size as a share, such as 0.2.",
            stacklevel=3,
        )
        return 1.0
    return ratios[0]


def _ratio_of(search, n_samples):
    """The same for so many made-up images; None if they have other folds."""
    y = np.arange(n_samples) % 2
    try:
        cv = check_cv(search.cv, y, classifier=is_classifier(search.estimator))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not every splitter wants groups
            folds = list(cv.split(y[:, np.newaxis], y, groups=np.arange(n_samples)))
    except (TypeError, ValueError):
        return None
    if len(folds) != search.n_splits_:
        return None
    return float(np.mean([len(test) / len(train) for train, test in folds]))
