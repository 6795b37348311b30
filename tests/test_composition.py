"""The estimator inside scikit-learn's tools gives, to the bit, what the same steps give
by hand.
"""

import os
import re
from collections import Counter
from contextlib import contextmanager, nullcontext
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
from comparisons import same_bits, same_fit
from joblib import parallel_config
from matplotlib import pyplot as plt
from networks import TINY, split_scores
from optuna.distributions import FloatDistribution, IntDistribution
from optuna_integration import OptunaSearchCV
from scipy.stats import loguniform, randint
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes HalvingGridSearchCV importable
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, make_scorer, roc_auc_score, zero_one_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    ValidationCurveDisplay,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn_callbacks import ProgressBar, ScoringMonitor

import skcnn
from skcnn import ConvPoolClassifier
from skcnn._device import intra_op_threads
from skcnn._training import epochs_trained

pytestmark = pytest.mark.usefixtures("nothing_shared")

small = partial(
    ConvPoolClassifier,
    **TINY,
    epochs=2,
    batch_size=32,
    optimizer__learning_rate=0.02,
)


def table(images):
    return images.reshape(len(images), -1)


def small_on_tables(**params):
    return small(image_shape=(8, 8), **params)


@pytest.fixture(scope="module")
def data(digits):
    X, y = digits
    return X[:200], y[:200]


@pytest.fixture(scope="module")
def named(data):
    """The same with labels that are text, in the order of their digits."""
    X, y = data
    return X, np.array([f"digit {label}" for label in y])


@pytest.fixture(scope="module")
def new(digits):
    X, y = digits
    return X[200:300], y[200:300]


def folds(X, y, n_splits=3):
    return list(StratifiedKFold(n_splits).split(np.zeros(len(X)), y))


def fits_by_hand(estimator, X, y, n_splits=3):
    """The estimator fitted to each fold, and the fold's test part."""
    return [
        (clone(estimator).fit(X[train], y[train]), X[test], y[test])
        for train, test in folds(X, y, n_splits)
    ]


def accuracy(fitted, X, y):
    return np.mean(fitted.predict(X) == y)


def accuracies_by_hand(estimator, X, y, n_splits=3):
    return [accuracy(*fold) for fold in fits_by_hand(estimator, X, y, n_splits)]


# --------------------------------------------------------------------------------------
# Pipelines


@pytest.mark.slow
@pytest.mark.parametrize("container", ["default", "pandas"])
def test_a_scaler_before_the_network_equals_scaling_by_hand(data, new, container):
    (X, y), (X_new, _) = data, new
    scaler = StandardScaler().fit(table(X))
    by_hand = small_on_tables().fit(scaler.transform(table(X)), y)
    pipeline = (
        make_pipeline(StandardScaler(), small_on_tables())
        .set_output(transform=container)
        .fit(table(X), y)
    )
    assert pipeline[-1].image_shape_ == (8, 8, 1)
    assert hasattr(pipeline[-1], "feature_names_in_") == (container == "pandas")
    expected = by_hand.predict_proba(scaler.transform(table(X_new)))
    assert same_bits(pipeline[-1]._state.arrays, by_hand._state.arrays)
    assert same_bits([pipeline.predict_proba(table(X_new))], [expected])
    assert not np.array_equal(expected, small().fit(X, y).predict_proba(X_new)), (
        "scaling makes a difference"
    )


def mirror(images):
    return images[:, :, ::-1]


def crop(images):
    return images[:, 1:-1, 1:-1]


@pytest.mark.slow
@pytest.mark.parametrize("function, shape", [(mirror, (8, 8, 1)), (crop, (6, 6, 1))])
def test_a_transformer_of_images_equals_transforming_by_hand(
    data, new, function, shape
):
    (X, y), (X_new, y_new) = data, new
    pipeline = make_pipeline(FunctionTransformer(function), small()).fit(X, y)
    assert pipeline[-1].image_shape_ == shape
    by_hand = small().fit(function(X), y)
    assert same_fit(pipeline[-1], by_hand, function(X_new))
    assert same_bits(
        [pipeline.predict_proba(X_new)], [by_hand.predict_proba(function(X_new))]
    )
    assert pipeline.score(X_new, y_new) == by_hand.score(function(X_new), y_new)
    assert not np.array_equal(
        pipeline.predict_proba(X_new), small().fit(X, y).predict_proba(X_new)
    )


@pytest.mark.slow
def test_parameters_of_a_step_and_steps_themselves_are_searched(data):
    X, y = data
    pipeline = Pipeline([("image", "passthrough"), ("net", small())])
    grid = {
        "image": ["passthrough", FunctionTransformer(crop)],
        "net__conv_layers": [[(4, 3, 2, 2)], [(2, 3, 2, 2)]],
        "net__optimizer__learning_rate": [1e-6, 0.02],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    by_hand = []
    for params in search.cv_results_["params"]:
        images = X if params["image"] == "passthrough" else crop(X)
        net = {
            name.removeprefix("net__"): value
            for name, value in params.items()
            if name != "image"
        }
        by_hand.append(accuracies_by_hand(small(**net), images, y, n_splits=2))
    assert split_scores(search).tolist() == by_hand
    assert len(search.cv_results_["params"]) == 8
    assert search.best_params_["net__optimizer__learning_rate"] == 0.02
    assert search.best_index_ == np.argmax(np.mean(by_hand, axis=1))


# --------------------------------------------------------------------------------------
# Cross-validation and curves


def test_cross_val_score_is_the_accuracy_on_each_stratified_fold(data):
    X, y = data
    assert cross_val_score(small(), X, y, cv=3).tolist() == accuracies_by_hand(
        small(), X, y
    )


@pytest.mark.filterwarnings(
    "error::UserWarning"
)  # log_loss warns of probabilities that do not sum to 1
def test_several_metrics_equal_those_by_hand(named):
    X, y = named
    results = cross_validate(
        small(),
        X,
        y,
        cv=3,
        scoring=["accuracy", "neg_log_loss", "roc_auc_ovr"],
        return_train_score=True,
    )
    fits = fits_by_hand(small(), X, y)
    probabilities = [fitted.predict_proba(X_test) for fitted, X_test, _ in fits]
    tests = [y_test for _, _, y_test in fits]
    assert results["test_accuracy"].tolist() == [accuracy(*fit) for fit in fits]
    losses = [
        -log_loss(*pair, labels=np.unique(y))
        for pair in zip(tests, probabilities, strict=True)
    ]
    assert results["test_neg_log_loss"].tolist() == losses
    areas = [
        roc_auc_score(*pair, multi_class="ovr")
        for pair in zip(tests, probabilities, strict=True)
    ]
    assert results["test_roc_auc_ovr"].tolist() == areas
    on_train = [
        accuracy(fitted, X[train], y[train])
        for (fitted, *_), (train, _) in zip(fits, folds(X, y), strict=True)
    ]
    assert results["train_accuracy"].tolist() == on_train


def test_cross_val_predict_puts_the_probabilities_of_each_fold_in_its_place(named):
    X, y = named
    predicted = cross_val_predict(small(), X, y, cv=3, method="predict_proba")
    expected = np.zeros((len(y), 10), np.float32)
    for train, test in folds(X, y):
        expected[test] = small().fit(X[train], y[train]).predict_proba(X[test])
    assert same_bits([predicted], [expected])
    assert (
        cross_val_predict(small(), X, y, cv=3).tolist()
        == np.unique(y)[expected.argmax(axis=1)].tolist()
    )


@pytest.mark.slow
def test_a_validation_curve_over_epochs_equals_separate_fits(data):
    X, y = data
    on_train, on_test = validation_curve(
        small(), X, y, param_name="epochs", param_range=[1, 2, 4], cv=2
    )
    for row, epochs in enumerate([1, 2, 4]):
        fits = fits_by_hand(small(epochs=epochs), X, y, n_splits=2)
        assert on_test[row].tolist() == [accuracy(*fit) for fit in fits]
        expected = [
            accuracy(fit[0], X[train], y[train])
            for fit, (train, _) in zip(fits, folds(X, y, 2), strict=True)
        ]
        assert on_train[row].tolist() == expected
    assert on_train[2].mean() > on_train[0].mean()


def test_the_display_of_a_validation_curve_shows_its_scores(data):
    X, y = data
    epochs = np.array([1, 2])
    display = ValidationCurveDisplay.from_estimator(
        small(), X, y, param_name="epochs", param_range=epochs, cv=2, score_type="test"
    )
    by_hand = [accuracies_by_hand(small(epochs=n), X, y, n_splits=2) for n in (1, 2)]
    (line,) = display.lines_
    assert line.get_xdata().tolist() == [1, 2]
    assert line.get_ydata().tolist() == np.mean(by_hand, axis=1).tolist()
    plt.close(display.figure_)


def test_a_learning_curve_equals_fits_to_the_first_samples(data):
    X, y = data
    sizes, _, on_test = learning_curve(small(), X, y, train_sizes=[60, 100], cv=2)
    assert sizes.tolist() == [60, 100]
    for column, (train, test) in enumerate(folds(X, y, 2)):
        for row, size in enumerate(sizes):
            fitted = small().fit(X[train[:size]], y[train[:size]])
            assert on_test[row, column] == accuracy(fitted, X[test], y[test])


def test_an_incremental_learning_curve_calls_partial_fit_with_what_is_added(data):
    X, y = data
    _, _, on_test = learning_curve(
        small(),
        X,
        y,
        train_sizes=[40, 60, 100],
        cv=2,
        exploit_incremental_learning=True,
    )
    for column, (train, test) in enumerate(folds(X, y, 2)):
        fitted = small()
        for row, part in enumerate([train[:40], train[40:60], train[60:100]]):
            fitted.partial_fit(X[part], y[part], classes=np.unique(y))
            assert on_test[row, column] == accuracy(fitted, X[test], y[test])


# --------------------------------------------------------------------------------------
# Searches


@pytest.mark.slow
def test_a_grid_search_refits_by_the_metric_that_was_asked_for(data, new):
    X, y = data
    scoring = {
        "accuracy": "accuracy",
        "error": make_scorer(zero_one_loss),
    }  # the second one ranks the other way round
    grid = {"optimizer__learning_rate": [1e-6, 0.02]}
    best = {}
    for metric in scoring:
        search = GridSearchCV(small(), grid, scoring=scoring, refit=metric, cv=3).fit(
            X, y
        )
        rates = grid["optimizer__learning_rate"]
        by_hand = [
            accuracies_by_hand(small(optimizer__learning_rate=rate), X, y)
            for rate in rates
        ]
        assert split_scores(search, "accuracy").tolist() == by_hand
        np.testing.assert_allclose(split_scores(search, "error"), 1 - np.array(by_hand))
        best[metric] = search.best_params_["optimizer__learning_rate"]
        assert same_fit(
            search.best_estimator_, small(**search.best_params_).fit(X, y), new[0]
        )
    assert best == {"accuracy": 0.02, "error": 1e-6}


@pytest.mark.slow
def test_a_randomized_search_scores_what_it_draws(data, new):
    X, y = data
    distributions = {
        "batch_size": randint(16, 64),
        "optimizer__learning_rate": loguniform(1e-3, 0.1),
        "epochs": [1, 2],
    }
    search = RandomizedSearchCV(
        small(), distributions, n_iter=3, cv=3, random_state=0
    ).fit(X, y)
    drawn = search.cv_results_["params"]
    assert len({params["batch_size"] for params in drawn}) == 3
    assert split_scores(search).tolist() == [
        accuracies_by_hand(small(**params), X, y) for params in drawn
    ]
    assert same_fit(
        search.best_estimator_, small(**search.best_params_).fit(X, y), new[0]
    )


@pytest.mark.slow
def test_a_halving_search_over_the_epochs_of_a_step_trains_only_increments(data):
    X, y = data
    pipeline = Pipeline([("mirror", FunctionTransformer(mirror)), ("net", small())])
    rates = [1e-6, 0.002, 0.01, 0.05]
    halving = HalvingGridSearchCV(
        pipeline,
        {"net__optimizer__learning_rate": rates},
        resource="net__epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
    )
    with epochs_trained() as trained:
        skcnn.clear_cache(max_bytes=2**20)
        try:
            search = halving.fit(X, y)
        finally:
            skcnn.clear_cache(max_bytes=0)
    assert search.n_resources_ == [1, 2, 4]
    rungs = (
        [0] * (2 * 4) + [1] * (2 * 2) + [2, 3] * (2 * 1)
    )  # folds x candidates, from the epoch that is known
    assert trained == rungs + [0, 1, 2, 3]  # and the refit
    by_hand = [
        accuracies_by_hand(clone(pipeline).set_params(**c), X, y, 2)
        for c in search.cv_results_["params"]
    ]
    assert split_scores(search).tolist() == by_hand
    assert {c["net__epochs"] for c in search.cv_results_["params"]} == {1, 2, 4}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.filterwarnings(
    "ignore:.*optuna.terminator:FutureWarning"
)  # which OptunaSearchCV itself uses
@pytest.mark.parametrize("enable_pruning", [False, True], ids=["fit", "partial_fit"])
def test_optuna_scores_what_it_suggests(named, new, enable_pruning):
    X, y = named
    space = {
        "batch_size": IntDistribution(16, 64),
        "optimizer__learning_rate": FloatDistribution(1e-3, 0.1, log=True),
    }
    search = OptunaSearchCV(
        small(),
        space,
        cv=2,
        n_trials=3,
        random_state=0,
        enable_pruning=enable_pruning,  # trains by partial_fit, an epoch at a time
        max_iter=2,
        error_score="raise",
    ).fit(X, y)
    assert len({trial.value for trial in search.trials_}) > 1
    for trial in search.trials_:
        by_hand = accuracies_by_hand(small(**trial.params), X, y, n_splits=2)
        assert [
            trial.user_attrs[f"split{split}_test_score"] for split in range(2)
        ] == by_hand
        assert trial.value == np.mean(by_hand)
    assert same_fit(
        search.best_estimator_, small(**search.best_params_).fit(X, y), new[0]
    )
    assert set(search.predict(new[0])) <= set(y)


# --------------------------------------------------------------------------------------
# Ensembles and other estimators of estimators


def test_soft_voting_averages_the_probabilities(named, new):
    (X, y), (X_new, _) = named, new
    members = [small(random_state=seed) for seed in range(2)]
    voting = VotingClassifier(
        [("a", members[0]), ("b", members[1])], voting="soft", weights=[1, 3]
    ).fit(X, y)
    probabilities = [clone(member).fit(X, y).predict_proba(X_new) for member in members]
    assert not np.array_equal(*probabilities)
    average = np.average(probabilities, axis=0, weights=[1, 3])
    np.testing.assert_array_equal(voting.predict_proba(X_new), average)
    assert (
        voting.predict(X_new).tolist() == np.unique(y)[average.argmax(axis=1)].tolist()
    )


@pytest.mark.slow
def test_stacking_trains_its_last_model_on_probabilities_of_folds(named, new):
    (X, y), (X_new, _) = named, new
    members = [small(random_state=seed) for seed in range(2)]
    last = LogisticRegression(max_iter=50, tol=1e-2)
    stack = StackingClassifier([("a", members[0]), ("b", members[1])], last, cv=3).fit(
        X, y
    )
    of_folds = [
        cross_val_predict(member, X, y, cv=3, method="predict_proba")
        for member in members
    ]
    of_all = [clone(member).fit(X, y).predict_proba(X_new) for member in members]
    by_hand = clone(last).fit(np.hstack(of_folds), y)
    assert same_bits(
        [stack.predict_proba(X_new)], [by_hand.predict_proba(np.hstack(of_all))]
    )
    assert stack.predict(X_new).tolist() == by_hand.predict(np.hstack(of_all)).tolist()


@pytest.mark.slow
def test_bagging_weights_each_sample_by_how_often_it_was_drawn(data, new):
    X, y = table(data[0]), data[1]
    X_new = table(new[0])
    bagging = BaggingClassifier(
        small_on_tables(), n_estimators=2, max_samples=0.5, random_state=0
    ).fit(X, y)
    by_hand = []
    for member, drawn in zip(
        bagging.estimators_, bagging.estimators_samples_, strict=True
    ):
        counts = np.bincount(drawn, minlength=len(y))
        assert 0 in counts and counts.max() > 1
        by_hand.append(clone(member).fit(X, y, sample_weight=counts))
        assert same_fit(member, by_hand[-1], X_new)
        assert not same_bits(
            member._state.arrays, clone(member).fit(X, y)._state.arrays
        )
    assert by_hand[0].random_state != by_hand[1].random_state
    expected = np.mean(
        [fitted.predict_proba(X_new).astype(float) for fitted in by_hand], axis=0
    )
    np.testing.assert_array_equal(bagging.predict_proba(X_new), expected)


def test_boosting_trains_the_second_network_on_what_the_first_got_wrong(data, new):
    X, y = data
    boosting = AdaBoostClassifier(small(epochs=1), n_estimators=2, random_state=0).fit(
        X, y
    )
    first, second = boosting.estimators_
    weights = np.full(len(y), 1 / len(y))
    by_hand = clone(first).fit(X, y, sample_weight=weights)
    assert same_fit(first, by_hand, new[0])
    wrong = by_hand.predict(X) != y
    error = np.average(wrong, weights=weights)
    assert 0 < error < 0.9, "there is something to correct, and better than chance"
    weight_of_first = np.log((1 - error) / error) + np.log(9)
    assert boosting.estimator_weights_[0] == weight_of_first
    weights = np.exp(np.log(weights) + weight_of_first * wrong)
    by_hand = clone(second).fit(X, y, sample_weight=weights / weights.sum())
    assert same_fit(second, by_hand, new[0])
    assert not same_bits(second._state.arrays, clone(second).fit(X, y)._state.arrays)


@pytest.mark.slow
def test_calibration_averages_networks_calibrated_on_the_fold_that_they_did_not_see(
    named, new
):
    (X, y), (X_new, _) = named, new
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(X, y)
    expected = []
    for part, (fitted, X_test, y_test) in zip(
        calibrated.calibrated_classifiers_, fits_by_hand(small(), X, y, 2), strict=True
    ):
        assert same_fit(part.estimator, fitted, X_new)
        on_fold = CalibratedClassifierCV(FrozenEstimator(fitted), ensemble=False).fit(
            X_test, y_test
        )
        expected.append(on_fold.predict_proba(X_new))
    np.testing.assert_allclose(
        calibrated.predict_proba(X_new), np.mean(expected, axis=0), rtol=1e-6
    )


@pytest.mark.slow
def test_one_versus_rest_trains_a_network_for_each_class(named, new):
    X, y = named
    three = np.isin(y, np.unique(y)[:3])
    X, y = X[three], y[three]
    one_vs_rest = OneVsRestClassifier(small()).fit(X, y)
    by_hand = [small().fit(X, (y == label).astype(int)) for label in np.unique(y)]
    for found, expected in zip(one_vs_rest.estimators_, by_hand, strict=True):
        assert same_fit(found, expected, new[0])
    positive = np.transpose([fitted.predict_proba(new[0])[:, 1] for fitted in by_hand])
    assert same_bits(
        [one_vs_rest.predict_proba(new[0])],
        [positive / positive.sum(axis=1, keepdims=True)],
    )
    assert (
        one_vs_rest.predict(new[0]).tolist()
        == np.unique(y)[positive.argmax(axis=1)].tolist()
    )


@pytest.mark.slow
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
def test_permutation_importance_of_pixels(data, new, container):
    fitted = small_on_tables().fit(container(table(data[0])), data[1])
    X, y = table(new[0]), new[1]
    found = permutation_importance(
        fitted, container(X), y, n_repeats=1, random_state=0
    ).importances_mean
    order = np.arange(len(y))
    np.random.RandomState(np.random.RandomState(0).randint(2**31)).shuffle(order)
    whole, by_hand = accuracy(fitted, container(X), y), []
    for pixel in range(64):
        shuffled = X.copy()
        shuffled[:, pixel] = X[order, pixel]
        by_hand.append(whole - accuracy(fitted, container(shuffled), y))
    assert found.tolist() == by_hand
    assert np.ptp(X[:, 0]) == 0 and found[0] == 0, "a corner is always black"
    assert found.max() > 0


# --------------------------------------------------------------------------------------
# Workers


@contextmanager
def processes():
    """Two worker processes, each with as many threads for TensorFlow as this one has:
    the bits depend on that.
    """
    with parallel_config(
        backend="loky", n_jobs=2, inner_max_num_threads=intra_op_threads()
    ):
        yield


@contextmanager
def threads():
    with parallel_config(backend="threading", n_jobs=2):
        yield


WORKERS = [pytest.param(processes, marks=pytest.mark.workers), threads]


@pytest.mark.slow
@pytest.mark.parametrize("workers", WORKERS)
def test_a_search_by_two_workers_gives_the_bits_of_one(named, new, workers):
    X, y = named
    pipeline = Pipeline([("image", FunctionTransformer(mirror)), ("net", small())])
    grid = {"net__epochs": [1, 3], "net__batch_size": [16, 48]}
    search = GridSearchCV(
        pipeline, grid, scoring=["accuracy", "neg_log_loss"], refit="neg_log_loss", cv=2
    )
    alone = clone(search).fit(X, y)
    with workers():
        shared = clone(search).fit(X, y)
        fitted = cross_validate(small(), X, y, cv=2, return_estimator=True)["estimator"]
    for metric in ("accuracy", "neg_log_loss"):
        assert split_scores(shared, metric).tolist() == (
            split_scores(alone, metric).tolist()
        )
    assert same_fit(shared.best_estimator_[-1], alone.best_estimator_[-1], new[0])
    for found, (expected, _, _) in zip(
        fitted, fits_by_hand(small(), X, y, 2), strict=True
    ):
        assert same_fit(found, expected, new[0])


@pytest.mark.slow
@pytest.mark.parametrize("workers", WORKERS)
def test_routed_weights_reach_fits_in_workers(data, new, workers):
    X, y = data
    weights = np.random.RandomState(0).uniform(0.1, 3, len(y))
    original = weights.copy()
    with config_context(enable_metadata_routing=True), workers():
        weighted = (
            small()
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=False)
        )
        results = cross_validate(
            weighted,
            X,
            y,
            cv=2,
            params={"sample_weight": weights},
            return_estimator=True,
        )
    for found, (train, _) in zip(results["estimator"], folds(X, y, 2), strict=True):
        assert same_fit(
            found, small().fit(X[train], y[train], sample_weight=weights[train]), new[0]
        )
        assert not same_bits(
            found._state.arrays, small().fit(X[train], y[train])._state.arrays
        )
    assert same_bits([weights], [original])


# --------------------------------------------------------------------------------------
# Callbacks inside searches, in this process and in workers


@pytest.fixture(params=[nullcontext, processes], ids=["here", "processes"])
def anywhere(request):
    """Where a search runs."""
    with request.param():
        yield request.param


class Journal:
    """A callback that writes each task that begins, with those around it, to a file,
    from whatever process.
    """

    max_propagation_depth = None

    def __init__(self, path):
        self.path = path

    def setup(self, estimator, context):
        self.note("setup")

    def teardown(self, estimator, context):
        self.note("teardown")

    def on_fit_task_begin(self, estimator, context):
        path = []
        while context is not None:
            path.insert(0, f"{context.estimator_name} {context.task_name}")
            context = context.parent
        self.note(" > ".join(path))

    def on_fit_task_end(self, estimator, context):
        pass

    def note(self, line):
        with open(self.path, "a") as file:
            file.write(f"{os.getpid()}: {line}\n")

    def read(self):
        """Processes that wrote, in order, and what they wrote."""
        lines = [line.partition(": ") for line in self.path.read_text().splitlines()]
        return [int(process) for process, _, _ in lines], [line for _, _, line in lines]


@pytest.mark.slow
def test_tasks_nest_from_a_search_through_a_pipeline_to_epochs(
    data, tmp_path, anywhere
):
    X, y = data
    journal = Journal(tmp_path / "journal")
    pipeline = Pipeline([("scale", StandardScaler()), ("net", small_on_tables())])
    search = GridSearchCV(pipeline, {"net__epochs": [1, 3]}, cv=2, refit=False)
    search.set_callbacks(journal).fit(table(X), y)
    writers, lines = journal.read()
    assert (lines[0], lines[-1]) == ("setup", "teardown")
    pipeline_fit = "GridSearchCV fit > GridSearchCV search > Pipeline fit"
    assert Counter(lines[1:-1]) == {
        "GridSearchCV fit": 1,
        "GridSearchCV fit > GridSearchCV search": 1,
        pipeline_fit: 4,
        f"{pipeline_fit} > StandardScaler fit": 4,
        f"{pipeline_fit} > ConvPoolClassifier fit": 4,
        f"{pipeline_fit} > ConvPoolClassifier fit > ConvPoolClassifier epoch": 2
        * (1 + 3),
    }
    here = {
        process == os.getpid()
        for process, line in zip(writers, lines, strict=True)
        if "epoch" in line
    }
    assert here == {anywhere is nullcontext}


@pytest.mark.slow
def test_scores_of_epochs_of_a_step_inside_a_search(data, anywhere):
    X, y = mirror(data[0]), data[1]
    monitor = ScoringMonitor(scoring="accuracy")
    pipeline = Pipeline(
        [
            ("mirror", FunctionTransformer(mirror)),
            ("net", small().set_callbacks(monitor)),
        ]
    )
    GridSearchCV(pipeline, {"net__batch_size": [16, 48]}, cv=2, refit=False).fit(*data)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    by_hand = [
        small(batch_size=batch_size, epochs=epochs)
        .fit(X[train], y[train])
        .score(X[train], y[train])
        for batch_size in (16, 48)
        for train, _ in folds(X, y, 2)
        for epochs in (1, 2)
    ]
    assert [row["accuracy"] for row in rows] == by_hand


@pytest.mark.slow
def test_progress_bars_inside_a_search(data, capsys, monkeypatch, anywhere):
    monkeypatch.setenv("COLUMNS", "160")  # room enough, so that no line is cut
    search = GridSearchCV(
        make_pipeline(small()),
        {"convpoolclassifier__batch_size": [16, 48]},
        cv=2,
        refit=False,
    )
    search.set_callbacks(ProgressBar(max_propagation_depth=2)).fit(*data)
    bars = re.findall(r"(\w+) - fit[ #\d]*\S* 100%", capsys.readouterr().out)
    assert Counter(bars) == {"GridSearchCV": 1, "Pipeline": 4, "ConvPoolClassifier": 4}


def n_epochs(fitted, X, y):
    """What a scorer may look at: how long training went on."""
    return fitted.n_iter_


@pytest.mark.slow
def test_keras_callbacks_by_class_are_made_anew_for_each_fit_of_a_search(
    data, anywhere
):
    stopping = {
        "callbacks": keras.callbacks.EarlyStopping,
        "callbacks__monitor": "loss",
        "callbacks__min_delta": 100,
    }
    grid = {"callbacks__patience": [1, 3, 2], "epochs": [3, 6]}
    search = GridSearchCV(small(**stopping), grid, cv=2, scoring=n_epochs).fit(*data)
    # No epoch but the first is an improvement by 100.
    assert split_scores(search).tolist() == [
        [2, 2],
        [2, 2],
        [3, 3],
        [4, 4],
        [3, 3],
        [3, 3],
    ]


class StopAfterTwo(keras.callbacks.Callback):
    """Counts epochs for as long as it lives; training does not set it back."""

    seen = 0

    def on_epoch_end(self, epoch, logs=None):
        self.seen += 1
        self.model.stop_training = self.seen == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", [StopAfterTwo, StopAfterTwo()], ids=["class", "instance"]
)
def test_keras_callbacks_keep_nothing_from_one_fit_of_a_search_to_the_next(
    data, anywhere, form
):
    search = GridSearchCV(
        small(epochs=4, callbacks=form),
        {"batch_size": [16, 48]},
        cv=2,
        scoring=n_epochs,
    )
    assert split_scores(search.fit(*data)).tolist() == [[2, 2], [2, 2]]
    assert search.best_estimator_.n_iter_ == 2
    assert form.seen == 0


@pytest.mark.slow
def test_a_class_of_weight_0_is_a_class_as_for_scikit_learn(data):
    """Who combines classifiers counts on it."""
    X, digits = data
    weights = (digits > 0) * 1.0
    for y in (digits, np.array([f"digit {label}" for label in digits])):
        alone = small(random_state=0).fit(X, y, sample_weight=weights)
        assert alone.classes_.tolist() == sorted(set(y))
        assert alone.predict_proba(X).shape == (len(X), 10)
        vote = VotingClassifier([("a", small(random_state=0))], voting="soft")
        vote.fit(X, y, sample_weight=weights)
        assert np.array_equal(vote.predict(X), alone.predict(X))
        balanced = small(random_state=0, class_weight="balanced")
        balanced.fit(X, y, sample_weight=weights)
        assert np.isfinite(balanced.history_["loss"]).all()


def test_weights_that_leave_one_class_are_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="at least 2 classes; got 1 class"):
        small().fit(X, y, sample_weight=y == 3)
