"""Learning curves of the fits of a search, after it."""

import warnings

import numpy as np
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    StratifiedKFold,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcnn import ConvPoolClassifier, plan_search, search_histories, search_results
from skcnn._callback_support import CALLBACKS_EXIST
from skcnn._states import STATES
from skcnn._training import epochs_trained

X, y = load_digits().images[:100] / 16, load_digits().target[:100]
TINY = {
    "conv_layers": [(2, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "epochs": 2,
    "random_state": 0,
}
GRID = {"dropout": [0, 0.5], "epochs": [1, 3]}


def tiny(**params):
    """A classifier that is trained in a moment."""
    return ConvPoolClassifier(**{**TINY, **params})


def looked_up(search, X=X, y=y, **fit_params):
    """The table, and that nothing was trained or warned of for it."""
    with epochs_trained() as epochs, warnings.catch_warnings():
        warnings.simplefilter("error")
        table = search_histories(search, X, y, **fit_params)
    assert epochs == []
    return table


def check_against_fits(table, search, folds, X=X, y=y):
    """Each candidate and fold has the history of a fit of its own."""
    groups = dict(list(table.groupby(["candidate", "fold"])))
    assert list(groups) == [
        (candidate, fold)
        for candidate in range(len(search.cv_results_["params"]))
        for fold in range(len(folds))
    ]
    for (candidate, fold), rows in groups.items():
        params = search.cv_results_["params"][candidate]
        fitted = clone(search.estimator).set_params(**params)
        train = folds[fold][0]
        fitted.fit(X[train], y[train])
        history = getattr(fitted, "steps", [[fitted]])[-1][-1].history_
        assert rows["epoch"].tolist() == list(range(1, len(history["loss"]) + 1))
        for name in ("loss", "accuracy"):
            assert rows[name].tolist() == history[name]
        assert (rows["time"] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bare", "in a pipeline", "in threads"])
def test_each_candidate_and_fold_has_its_own_curve(kind, nothing_known):
    estimator, grid = tiny(), GRID
    if kind == "in a pipeline":
        halve = FunctionTransformer(lambda X: X / 2)
        estimator = Pipeline([("scale", halve), ("clf", estimator)])
        grid = {f"clf__{name}": values for name, values in GRID.items()}
    search = GridSearchCV(estimator, grid, cv=2)
    with parallel_config(backend="threading", n_jobs=1 + (kind == "in threads")):
        search.fit(X, y)
    table = looked_up(search)
    prefix = "clf__" if kind == "in a pipeline" else ""
    assert table.columns.tolist()[:5] == [
        *("candidate", "fold", "epoch"),
        *(f"{prefix}dropout", f"{prefix}epochs"),
    ]
    check_against_fits(table, search, list(StratifiedKFold(2).split(X, y)))


@pytest.mark.slow
@pytest.mark.workers
def test_curves_of_worker_processes_are_found_in_memory(nothing_known, tmp_path):
    estimator = tiny(memory=str(tmp_path / "runs"))
    search = GridSearchCV(estimator, GRID, cv=2, n_jobs=2, refit=False).fit(X, y)
    table = looked_up(search)
    assert len(table) == 2 * 2 * (1 + 3)
    by_epochs = table[table["candidate"] == 1]
    assert by_epochs["epochs"].unique().tolist() == [3]
    forgotten = GridSearchCV(tiny(), GRID, cv=2, n_jobs=2, refit=False).fit(X, y)
    STATES.clear()
    with pytest.raises(
        ValueError, match=r"8 fits are not known any more.*memory='runs'"
    ):
        search_histories(forgotten, X, y)


def test_a_shorter_fit_is_the_beginning_of_a_longer_one(nothing_known, tmp_path):
    memory = tmp_path / "runs"
    search = GridSearchCV(tiny(memory=memory), {"epochs": [1, 3]}, cv=2, refit=False)
    search.fit(X, y)
    whole = looked_up(search)
    # Only the last states are left.
    for entry in memory.rglob("*/output.pkl"):
        if int(entry.parent.name, 16) < 3:
            entry.unlink()
    STATES.clear()
    assert looked_up(search).equals(whole)


def test_seeds_have_curves_of_their_own(nothing_known):
    search = GridSearchCV(tiny(), {"random_state": [0, 1]}, cv=2, refit=False).fit(X, y)
    table = looked_up(search)
    assert table["random_state"].tolist() == [0] * 4 + [1] * 4
    assert table["loss"].nunique() == 8


def test_a_fit_that_stops_early_ends_where_it_stopped(nothing_known):
    estimator = tiny(early_stopping=True, epochs=30)
    search = GridSearchCV(estimator, {"n_iter_no_change": [1, 3]}, cv=2, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few validation images
        search.fit(X, y)
        table = looked_up(search)
        folds = list(StratifiedKFold(2).split(X, y))
        check_against_fits(table, search, folds)
    assert {"val_loss", "val_accuracy"} <= set(table)


@pytest.mark.slow
def test_all_iterations_of_a_halving_search_have_curves(nothing_known):
    search = HalvingGridSearchCV(
        tiny(),
        {"dropout": [0, 0.1, 0.2, 0.3]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
    ).fit(X, y)
    table = looked_up(search)
    longest = table.groupby("candidate")["epoch"].max()
    assert longest.tolist() == search.cv_results_["n_resources"].tolist()
    by_images = HalvingGridSearchCV(
        tiny(), {"dropout": [0, 0.5]}, factor=2, cv=2, random_state=0
    ).fit(X, y)
    assert looked_up(by_images)["candidate"].nunique() == 3


def test_what_is_forgotten_is_told_with_the_remedy(nothing_known):
    search = GridSearchCV(tiny(), {"epochs": [1]}, cv=2, refit=False).fit(X, y)
    STATES.clear()
    train = next(iter(StratifiedKFold(2).split(X, y)))[0]
    tiny(epochs=1).fit(X[train], y[train])
    with pytest.warns(UserWarning, match="1 fits are not known any more") as caught:
        table = search_histories(search, X, y)
    assert [warning.filename for warning in caught] == [__file__]
    assert table["fold"].tolist() == [0]
    with pytest.raises(
        ValueError, match=r"2 fits are not known.*X, y and whatever else"
    ):
        search_histories(search, X[::-1], y)


WEIGHTS = np.linspace(0.5, 2, len(y))
GROUPS = np.arange(len(y)) % 5


def scaler(is_routed):
    """A step that asks for weights, too."""
    step = StandardScaler()
    return step.set_fit_request(sample_weight=True) if is_routed else step


@pytest.mark.parametrize(
    "case, fit_params",
    [
        ("bare", {"sample_weight": WEIGHTS, "groups": GROUPS}),
        ("bare", {"validation_data": (X[:30], y[:30])}),
        ("pipeline", {"clf__sample_weight": WEIGHTS, "scale__sample_weight": WEIGHTS}),
        ("routed", {"sample_weight": WEIGHTS, "groups": GROUPS}),
        ("routed pipeline", {"sample_weight": WEIGHTS}),
    ],
)
def test_what_else_fit_was_given(case, fit_params, nothing_known):
    """The plan counts what the search trains, and the curves are found."""
    if case == "routed pipeline" and not CALLBACKS_EXIST:
        pytest.skip("before 1.9, scikit-learn routes no weights to a pipeline's score")
    is_routed = case.startswith("routed")
    images, estimator, grid = X, tiny(), {"epochs": [1, 2]}
    cv = GroupKFold(2) if "groups" in fit_params else 2
    with config_context(enable_metadata_routing=is_routed):
        if is_routed:
            estimator.set_fit_request(sample_weight=True, validation_data=True)
            estimator.set_score_request(sample_weight=True)
        if case.endswith("pipeline"):
            steps = [("scale", scaler(is_routed)), ("clf", estimator)]
            estimator, grid = Pipeline(steps), {"clf__epochs": [1, 2]}
            images = X.reshape(len(X), -1)
        search = GridSearchCV(estimator, grid, cv=cv, refit=False)
        plan = plan_search(search, images, y, **fit_params)
        with epochs_trained() as epochs:
            search.fit(images, y, **fit_params)
        assert (plan.epochs_known, plan.epochs_to_train) == (0, len(epochs))
        again = plan_search(search, images, y, **fit_params)
        assert (again.epochs_known, again.epochs_to_train) == (6, 0)
        assert len(looked_up(search, images, **fit_params)) == 2 * (1 + 2)


def test_without_what_fit_was_given_the_fits_are_others(nothing_known):
    search = GridSearchCV(tiny(), {"epochs": [1]}, cv=2, refit=False)
    search.fit(X, y, sample_weight=WEIGHTS)
    with pytest.raises(ValueError, match="whatever else fit was given"):
        search_histories(search, X, y)


@pytest.mark.parametrize(
    "fit_params, problem",
    [
        ({"epochs": 5}, r"fit takes no 'epochs'\. It is a parameter"),
        ({"sample_weight": [1.0]}, "sample_weight"),
        ({"validation_data": 3}, "validation_data"),
    ],
)
def test_what_fit_will_refuse_is_a_problem_of_the_plan(fit_params, problem):
    plan = plan_search(GridSearchCV(tiny(), {"epochs": [1]}, cv=2), X, y, **fit_params)
    assert plan.candidates["problem"].str.contains(problem).all()


def test_a_pipeline_is_told_which_step_a_fit_parameter_goes_to():
    search = GridSearchCV(Pipeline([("clf", tiny())]), {"clf__epochs": [1]}, cv=2)
    plan = plan_search(search, X, y, sample_weight=WEIGHTS)
    assert "clf__sample_weight=" in plan.candidates["problem"][0]


def test_what_shares_nothing_has_left_nothing():
    search = GridSearchCV(tiny(random_state=None), {"epochs": [1]}, cv=2).fit(X, y)
    with pytest.raises(ValueError, match=r"2 fits left nothing.*random_state=0"):
        search_histories(search, X, y)


def test_folds_that_are_drawn_anew_are_refused():
    drawn = KFold(2, shuffle=True)
    search = GridSearchCV(tiny(), {"epochs": [1]}, cv=drawn, refit=False).fit(X, y)
    with pytest.raises(ValueError, match=r"draws other folds each time.*integer"):
        search_histories(search, X, y)
    used_up = (fold for fold in KFold(2).split(X))
    search = GridSearchCV(tiny(), {"epochs": [1]}, cv=used_up, refit=False).fit(X, y)
    with pytest.raises(ValueError, match=r"cv=list\(folds\)"):
        search_histories(search, X, y)


def test_before_fit_there_are_no_curves():
    with pytest.raises(NotFittedError):
        search_histories(GridSearchCV(tiny(), GRID), X, y)


# --------------------------------------------------------------------------------------
# Seeds are repetitions


@pytest.fixture(scope="module")
def seeds():
    """A search with two seeds of each candidate, in an order that mixes them."""
    grid = {"dropout": [0, 0.5], "random_state": [0, 1, 2]}
    return GridSearchCV(tiny(), grid, cv=2, return_train_score=True).fit(X, y)


def test_candidates_that_differ_in_their_seed_are_one_row(seeds):
    table = search_results(seeds)
    results = seeds.cv_results_
    assert table.columns.tolist() == [
        *("rank", "score", "dropout", "n_params", "n_seeds"),
        *("std", "train_score", "std_train_score", "fit_time", "score_time"),
    ]
    assert sorted(table.index) == [0, 3] and table["n_seeds"].tolist() == [3, 3]
    for place in (0, 3):
        scores = np.array(
            [results[f"split{fold}_test_score"][place : place + 3] for fold in (0, 1)]
        )
        row = table.loc[place]
        assert row["score"] == pytest.approx(scores.mean())
        assert row["std"] == pytest.approx(scores.std())
        train = results["mean_train_score"][place : place + 3]
        assert row["train_score"] == pytest.approx(train.mean())
        times = results["mean_fit_time"][place : place + 3]
        assert row["fit_time"] == pytest.approx(times.mean())
    assert table["rank"].is_monotonic_increasing
    assert table["score"].is_monotonic_decreasing


def test_a_single_seed_changes_nothing():
    search = GridSearchCV(tiny(), {"dropout": [0], "random_state": [3]}, cv=2).fit(X, y)
    table = search_results(search)
    assert "n_seeds" not in table and table["random_state"].tolist() == [3]
