"""Which candidates differ by more than chance."""

import matplotlib

matplotlib.use("Agg")

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    LeaveOneOut,
    RepeatedStratifiedKFold,
    ShuffleSplit,
)

from skcnn import compare_candidates, search_results
from skcnn._comparison import differences_to, mean_and_reach
from skcnn.plotting import ComparisonDisplay

X, y = np.arange(60)[:, np.newaxis], np.arange(60) % 2


class Scored(ClassifierMixin, BaseEstimator):
    """A stand-in that scores as it is told, with some noise for each fold and seed."""

    def __init__(self, level=0.5, noise=0.01, random_state=None, fails=False, epochs=1):
        self.level = level
        self.noise = noise
        self.random_state = random_state
        self.fails = fails
        self.epochs = epochs

    def fit(self, X, y):
        if self.fails:
            raise ValueError("told to fail")
        self.classes_ = np.unique(y)
        self._seed = [int(X.sum()), self.random_state or 0, int(1000 * self.level)]
        return self

    def predict(self, X):
        return np.zeros(len(X), int)

    def score(self, X, y):
        return self.level + self.noise * np.random.RandomState(self._seed).randn()


def searched(grid, cv=5, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = GridSearchCV(Scored(), grid, cv=cv, refit=False, **params)
        return search.fit(X, y)


# --------------------------------------------------------------------------------------
# The arithmetic


def test_two_candidates_are_compared_by_the_corrected_resampled_t_test():
    scores = np.random.RandomState(0).uniform(size=(2, 10))
    found = differences_to(scores, 0, 1 / 9, 0.05)
    difference = scores[1] - scores[0]
    error = np.sqrt((1 / 10 + 1 / 9) * difference.var(ddof=1))
    assert found.mean[1] == pytest.approx(difference.mean())
    expected = 2 * stats.t.sf(abs(difference.mean()) / error, 9)
    assert found.p[1] == pytest.approx(expected)
    reach = stats.t.isf(0.025, 9) * error
    assert found.high[1] - found.low[1] == pytest.approx(2 * reach)
    assert np.isnan(found.p[0])


def test_an_interval_excludes_0_exactly_if_the_difference_is_beyond_chance():
    rng = np.random.RandomState(0)
    for n_candidates in (2, 3, 8):
        scores = rng.normal(size=(n_candidates, 5)) + rng.uniform(
            0, 8, (n_candidates, 1)
        )
        found = differences_to(scores, int(scores.mean(axis=1).argmax()), 0.25, 0.05)
        for low, high, p in zip(found.low, found.high, found.p, strict=True):
            if not np.isnan(p):
                assert (p < 0.05) == (not low <= 0 <= high)


def test_equal_scores_never_differ_and_constant_ones_do():
    scores = np.repeat([[0.1], [0.3], [0.1]], 4, axis=1)
    found = differences_to(scores, 1, 1 / 3, 0.05)
    assert found.p[0] == found.p[2] == 0
    same = np.tile(np.random.RandomState(0).uniform(size=4), (3, 1))
    assert differences_to(same, 0, 1 / 3, 0.05).p[1:].tolist() == [1, 1]


def false_alarms(n_candidates, n_folds, spread, n_studies=1000, seed=0):
    """The share of simulated studies in which one of the candidates that are equally good
    is said to differ from the best. The others are far behind, and no false alarms.

    The scores of folds are correlated as Nadeau and Bengio assume.
    """
    rng = np.random.default_rng(seed)
    spread = np.asarray(spread, float)
    correlation = 1 / n_folds
    n_alarms = 0
    for _ in range(n_studies):
        own = rng.normal(size=(n_candidates, n_folds)) * np.sqrt(1 - correlation)
        own += rng.normal(size=(n_candidates, 1)) * np.sqrt(correlation)
        scores = spread[:, np.newaxis] * own + rng.normal(size=n_folds)
        is_equal = np.arange(n_candidates) < np.sum(spread == spread.max())
        scores[~is_equal] -= 20
        best = int(scores.mean(axis=1).argmax())
        mean, reach = mean_and_reach(scores, best, 1 / (n_folds - 1), 0.05)
        beyond = np.abs(mean) > reach
        n_alarms += beyond[is_equal].any()
    return n_alarms / n_studies


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [3, 10])
@pytest.mark.parametrize(
    "spread",
    [[1] * 2, [1] * 4, [1] * 12, [1] * 6 + [1e-9] * 6, [3] * 6 + [1] * 6],
    ids=["two", "four", "twelve", "half never learned", "half scatter less"],
)
def test_false_alarms_are_rarer_than_promised(n_folds, spread):
    assert false_alarms(len(spread), n_folds, spread) <= 0.06


def test_large_differences_are_found_with_three_folds():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(50):
        scores = rng.normal(size=(12, 3))
        scores[0] += 12
        mean, reach = mean_and_reach(scores, 0, 1 / 2, 0.05)
        found.append((mean < -reach).sum() / 11)
    assert np.mean(found) > 0.95


def test_a_noisy_candidate_does_not_hide_what_the_others_show():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(50):
        scores = rng.normal(size=(6, 10))
        scores[0] += 8
        scores[4:] = 30 * rng.normal(size=(2, 10)) - 200
        mean, reach = mean_and_reach(scores, 0, 1 / 9, 0.05)
        found.append((mean[1:4] < -reach[1:4]).mean())
    assert np.mean(found) > 0.95


# --------------------------------------------------------------------------------------
# The table


def test_the_table_has_the_best_first_and_what_differs():
    search = searched({"level": [0.2, 0.9, 0.895, 0.6]})
    table = compare_candidates(search)
    assert table.columns.tolist() == [
        *("rank", "score", "difference", "low", "high", "p", "differs", "level")
    ]
    assert (
        table.index.tolist()
        == np.argsort(-search.cv_results_["mean_test_score"]).tolist()
    )
    assert set(table["level"][~table["differs"]]) == {0.9, 0.895}
    assert table["difference"].iloc[0] == 0 and table["p"].isna().tolist() == [
        1,
        0,
        0,
        0,
    ]
    mean = search.cv_results_["mean_test_score"]
    best = table.attrs["reference"]
    assert best == mean.argmax()
    for place, row in table.iterrows():
        assert row["difference"] == pytest.approx(mean[place] - mean[best])
    assert table.attrs["n_pairs"] == table.attrs["n_folds"] == 5
    assert table.attrs["n_comparisons"] == 6
    assert table.attrs["score_name"] == "accuracy"


def test_seeds_are_averaged_in_each_fold():
    grid = {"level": [0.5, 0.52], "random_state": [0, 1, 2]}
    search = searched(grid, cv=4)
    table = compare_candidates(search)
    splits = [search.cv_results_[f"split{fold}_test_score"] for fold in range(4)]
    scores = np.column_stack(splits).reshape(2, 3, 4).mean(axis=1)
    best = int(scores.mean(axis=1).argmax())
    found = differences_to(scores, best, 1 / 3, 0.05)
    assert sorted(table.index) == [0, 3]
    assert table["p"].iloc[1] == pytest.approx(found.p[1 - best], abs=1e-6)
    assert table.attrs["n_pairs"] == 12 and "random_state" not in table
    assert "t-test" in table.attrs["method"]
    by_results = search_results(search)["score"].tolist()
    assert table["score"].tolist() == pytest.approx(by_results)


def test_two_that_were_chosen_are_compared_alone():
    search = searched({"level": [0.5, 0.51, 0.9], "random_state": [0, 1]})
    table = compare_candidates(search, 0, 3)
    assert sorted(table.index) == [0, 2] and table.attrs["n_comparisons"] == 1
    whole = compare_candidates(search)
    assert len(whole) == 3 and table["p"].iloc[1] < 1
    for wrong in (5.0, 99, None):
        with pytest.raises(ValueError, match=r"second must be the place.*\[0, 2, 4\]"):
            compare_candidates(search, 0, wrong)
    with pytest.raises(ValueError, match="differ in more than a seed"):
        compare_candidates(search, 0, 1)


@pytest.mark.parametrize(
    ("cv", "ratio"),
    [
        (5, 1 / 4),
        (KFold(3), 1 / 2),
        (RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0), 1 / 4),
        (ShuffleSplit(4, test_size=0.2, random_state=0), 1 / 4),
        (
            [(np.arange(40), np.arange(40, 60)), (np.arange(20, 60), np.arange(20))],
            1 / 2,
        ),
        (LeaveOneOut(), 1 / 59),
    ],
)
def test_the_correction_knows_the_folds(cv, ratio):
    search = searched({"level": [0.5, 0.501]}, cv=cv)
    table = compare_candidates(search)
    splits = [
        search.cv_results_[f"split{k}_test_score"] for k in range(search.n_splits_)
    ]
    difference = np.subtract(*np.column_stack(splits))
    error = np.sqrt((1 / len(splits) + ratio) * difference.var(ddof=1))
    expected = 2 * stats.t.sf(abs(difference.mean()) / error, len(splits) - 1)
    assert table["p"].iloc[1] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("test_size", [12, 30])
def test_a_number_of_test_images_is_taken_for_half_with_a_warning(test_size):
    cv = ShuffleSplit(4, test_size=test_size, random_state=0)
    search = searched({"level": [0.5, 0.501]}, cv=cv)
    with pytest.warns(UserWarning, match=r"Give test_size as a share, such as 0\.2"):
        table = compare_candidates(search)
    splits = np.column_stack(
        [search.cv_results_[f"split{k}_test_score"] for k in range(4)]
    )
    careful = differences_to(splits, int(splits.mean(axis=1).argmax()), 1, 0.05)
    assert table["p"].iloc[1] == pytest.approx(np.nanmin(careful.p), abs=1e-6)


def test_a_seed_that_failed_does_not_count_in_either_table():
    grid = [
        {"level": [0.5], "random_state": [0, 1]},
        {"level": [0.9], "random_state": [0]},
        {"level": [0.9], "random_state": [1], "fails": [True]},
    ]
    search = searched(grid)
    # As if the second fit of the best had failed by itself.
    params = [dict(each, fails=False) for each in search.cv_results_["params"]]
    search.cv_results_["params"] = params
    table, compared = search_results(search), compare_candidates(search)
    assert table["score"].tolist() == pytest.approx(compared["score"].tolist())
    assert table.loc[2, "rank"] == compared.loc[2, "rank"] == 1
    assert table.loc[[2, 0], "n_seeds"].tolist() == [1, 2]
    assert np.isfinite(table["std"]).all()


class Level(BaseEstimator):
    """A value that is equal to itself alone."""

    def __init__(self, level=0.5):
        self.level = level


class Plain:
    """The same, without parameters."""


class HasValue(Scored):
    def __init__(self, value=None, level=0.5, random_state=None):
        super().__init__(level, random_state=random_state)
        self.value = value


@pytest.mark.parametrize("values", [[Level(0.1), Level(0.2)], [Level(), Plain()]])
def test_objects_as_values_are_told_apart_by_what_they_hold(values):
    grid = {"value": values, "random_state": [0, 1], "level": [0.3, 0.9]}
    search = GridSearchCV(HasValue(), grid, cv=3, refit=False).fit(X, y)
    assert len(search_results(search)) == len(compare_candidates(search)) == 4
    assert search_results(search)["n_seeds"].tolist() == [2] * 4


def test_candidates_that_failed_come_last():
    grid = [{"level": [0.5, 0.9]}, {"fails": [True]}]
    table = compare_candidates(searched(grid))
    assert table.index.tolist() == [1, 0, 2]
    last = table.iloc[-1]
    assert np.isnan(last["difference"]) and not last["differs"]
    assert table.attrs["n_comparisons"] == 1


def test_of_a_halving_search_the_last_iteration_is_compared():
    search = HalvingGridSearchCV(
        Scored(),
        {"level": [0.1, 0.2, 0.8, 0.9]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=4,
        refit=False,
    ).fit(X, y)
    assert sorted(compare_candidates(search)["level"]) == [0.8, 0.9]


@pytest.mark.parametrize("alpha", [0, 1, True, "0.05", None])
def test_a_wrong_alpha_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha must be a number between 0 and 1"):
        compare_candidates(searched({"level": [0.5, 0.6]}), alpha=alpha)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match=r"two candidates.*seeds apart; got 1"):
        compare_candidates(searched({"random_state": [0, 1]}))
    one_fold = ShuffleSplit(1, random_state=0)
    with pytest.raises(ValueError, match=r"at least two folds.*cv=5"):
        compare_candidates(searched({"level": [0.5, 0.6]}, cv=one_fold))
    with pytest.raises(NotFittedError):
        compare_candidates(GridSearchCV(Scored(), {"level": [0.5]}))


# --------------------------------------------------------------------------------------
# The picture


def test_the_picture_shows_which_are_indistinguishable():
    search = searched({"level": [0.2, 0.9, 0.895, 0.6]})
    display = ComparisonDisplay.from_search(search)
    close, behind = display.intervals_
    assert close.get_label() == "indistinguishable from the best"
    assert close.lines[0].get_ydata().tolist() == [0, 1]
    assert behind.lines[0].get_ydata().tolist() == [2, 3]
    table = compare_candidates(search)
    assert behind.lines[0].get_xdata().tolist() == table["difference"][2:].tolist()
    assert [each.get_text() for each in display.ax_.get_yticklabels()] == display.names
    assert display.ax_.get_ylabel() == "level"
    assert "accuracy" in display.ax_.get_xlabel()
    plt.close(display.figure_)


def test_the_picture_shows_the_first_of_many_and_takes_names():
    search = searched({"level": np.linspace(0.1, 0.9, 30)})
    display = ComparisonDisplay.from_search(
        search, names=[f"net {k}" for k in range(30)], max_shown=10
    )
    assert display.names[0] == "net 29"
    assert "20 more are left out" in display.ax_.get_xlabel()
    assert len(display.ax_.get_yticks()) == 10
    plt.close(display.figure_)


def test_names_and_numbers_of_candidates_are_checked():
    search = searched({"level": [0.5, 0.51, 0.9]})
    for names in (["a", "b"], list("abcd")):
        with pytest.raises(ValueError, match="names must be 3, one for each candidate"):
            ComparisonDisplay.from_search(search, names=names)
    for max_shown in (-1, 0, 1.5):
        with pytest.raises(ValueError, match="max_shown must be None or an integer"):
            ComparisonDisplay.from_search(search, max_shown=max_shown)
    display = ComparisonDisplay.from_search(search, max_shown=None)
    assert len(display.ax_.get_yticks()) == 3
    plt.close("all")


def test_the_label_of_many_parameters_stays_inside_the_figure():
    title = ", ".join(f"a_long_parameter_name_{number}" for number in range(7))
    numbers = {"differences": [0, -1], "lows": [np.nan, -2], "highs": [np.nan, 0]}
    display = ComparisonDisplay(
        **numbers, differs=[False, True], names=["a", "b"], names_title=title
    ).plot()
    box = display.ax_.yaxis.label.get_window_extent()
    frame = display.figure_.bbox
    assert box.y0 >= frame.y0 - 1 and box.y1 <= frame.y1 + 1
    plt.close("all")
