"""Weights and validation data reach the network where they were asked for, with
metadata routing and without it.
"""

import numpy as np
import pytest
from comparisons import curves, same_bits, same_fit
from networks import split_scores
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn_callbacks import ScoringMonitor

from skcnn import ConvPoolClassifier
from skcnn._callback_support import CALLBACKS_EXIST

pytestmark = pytest.mark.usefixtures("nothing_shared")

GRID = {"optimizer__learning_rate": [0.005, 0.02]}


def small(**params):
    """A network on tables of images of 8 x 8."""
    defaults = {
        "convs_per_block": 1,
        "dense_layers": (),
        "epochs": 2,
        "batch_size": 32,
        "image_shape": (8, 8),
    }
    return ConvPoolClassifier(
        [(4, 3, 2, 2)],
        **{**defaults, "optimizer__learning_rate": 0.02, **params},
        random_state=0,
    )


@pytest.fixture(scope="module")
def tables(digits):
    X, y = digits
    return X.reshape(len(X), -1), y


@pytest.fixture(scope="module")
def data(tables):
    X, y = tables
    return X[:150], y[:150]


@pytest.fixture(scope="module")
def held_out(tables):
    X, y = tables
    return X[150:200], y[150:200]


@pytest.fixture
def weights():
    """Weights of the samples, which must come out of each test as they went in."""
    values = np.random.RandomState(0).uniform(0.1, 3, 150)
    yield (given := values.copy())
    assert same_bits([given], [values])


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def no_routing():
    with config_context(enable_metadata_routing=False):
        yield


def folds(X, y):
    return list(StratifiedKFold(2).split(X, y))


def accuracies_by_hand(X, y, *, to_fit=None, to_score=None, **params):
    """Of a network on each fold, with the weights that are given to its fit and to its
    score.
    """
    accuracies = []
    for train, test in folds(X, y):
        fitted = small(**params).fit(
            X[train], y[train], sample_weight=None if to_fit is None else to_fit[train]
        )
        weights = None if to_score is None else to_score[test]
        accuracies.append(
            accuracy_score(y[test], fitted.predict(X[test]), sample_weight=weights)
        )
    return accuracies


def assert_searched_with(search, X, y, *, to_fit=None, to_score=None):
    """Each fit of a search over GRID, the refit too, and each score used its part of
    the weights given here.
    """
    candidates = search.cv_results_["params"]
    by_hand = [
        accuracies_by_hand(X, y, to_fit=to_fit, to_score=to_score, **params)
        for params in candidates
    ]
    assert split_scores(search).tolist() == by_hand
    unweighted = small(**search.best_params_).fit(X, y)
    assert same_fit(
        search.best_estimator_, clone(unweighted).fit(X, y, sample_weight=to_fit), X
    )
    assert same_fit(search.best_estimator_, unweighted, X) == (to_fit is None), (
        "weights make a difference"
    )


def assert_weighted_fit(fitted, X, y, weights, **params):
    assert same_fit(fitted, small(**params).fit(X, y, sample_weight=weights), X)
    assert not same_bits(fitted._state.arrays, small(**params).fit(X, y)._state.arrays)


def scaled_pipeline(net, scaler=None):
    return Pipeline([("scale", scaler or StandardScaler()), ("net", net)])


# --------------------------------------------------------------------------------------
# With routing


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "by_fit, by_score", [(True, False), (False, True), (True, True)]
)
def test_weights_reach_every_fit_and_score_of_a_search_that_requests_them(
    data, weights, by_fit, by_score
):
    net = (
        small()
        .set_fit_request(sample_weight=by_fit)
        .set_score_request(sample_weight=by_score)
    )
    search = GridSearchCV(net, GRID, cv=2).fit(*data, sample_weight=weights)
    assert_searched_with(
        search,
        *data,
        to_fit=weights if by_fit else None,
        to_score=weights if by_score else None,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
def test_weights_under_another_name(data, weights):
    X, y = data
    net = small().set_fit_request(sample_weight="importance")
    scoring = make_scorer(log_loss, response_method="predict_proba").set_score_request(
        sample_weight=True
    )
    halves = np.full(len(y), 0.5)
    halves[::2] = 2
    params = {"importance": weights, "sample_weight": halves}
    results = cross_validate(
        net, X, y, cv=2, scoring=scoring, params=params, return_estimator=True
    )
    for fitted, loss, (train, test) in zip(
        results["estimator"], results["test_score"], folds(X, y), strict=True
    ):
        assert_weighted_fit(fitted, X[train], y[train], weights[train])
        assert loss == log_loss(
            y[test], fitted.predict_proba(X[test]), sample_weight=halves[test]
        )


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("by_scaler", [False, True])
@pytest.mark.parametrize("by_net", [False, True])
def test_weights_reach_those_steps_of_a_pipeline_that_request_them(
    data, weights, by_scaler, by_net
):
    X, y = data
    scaler, net = StandardScaler().set_fit_request(sample_weight=by_scaler), small()
    pipeline = scaled_pipeline(net.set_fit_request(sample_weight=by_net), scaler)
    if not by_scaler and not by_net:
        with pytest.raises(TypeError, match=r"sample_weight.* not routed"):
            pipeline.fit(X, y, sample_weight=weights)
        return
    pipeline.fit(X, y, sample_weight=weights)
    scaled = (
        StandardScaler()
        .fit(X, sample_weight=weights if by_scaler else None)
        .transform(X)
    )
    assert same_fit(
        pipeline[-1],
        small().fit(scaled, y, sample_weight=weights if by_net else None),
        scaled,
    )
    assert not same_fit(
        pipeline[-1],
        small().fit(scaled, y, sample_weight=None if by_net else weights),
        scaled,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
def test_weights_reach_a_step_of_a_pipeline_in_a_search(data, weights):
    X, y = data
    net = small().set_fit_request(sample_weight=True)
    pipeline = scaled_pipeline(
        net, StandardScaler().set_fit_request(sample_weight=False)
    )
    scoring = make_scorer(accuracy_score).set_score_request(sample_weight=False)
    search = GridSearchCV(pipeline, {"net__epochs": [1, 2]}, cv=2, scoring=scoring).fit(
        X, y, sample_weight=weights
    )
    by_hand = []
    for epochs in (1, 2):
        for train, test in folds(X, y):
            scaler = StandardScaler().fit(X[train])
            fitted = small(epochs=epochs).fit(
                scaler.transform(X[train]), y[train], sample_weight=weights[train]
            )
            by_hand.append(fitted.score(scaler.transform(X[test]), y[test]))
    assert np.ravel(split_scores(search)).tolist() == by_hand
    scaled = StandardScaler().fit_transform(X)
    assert_weighted_fit(
        search.best_estimator_[-1],
        scaled,
        y,
        weights,
        epochs=search.best_params_["net__epochs"],
    )


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(lambda net: GridSearchCV(net, GRID, cv=2), id="search"),
        pytest.param(lambda net: Pipeline([("net", net)]), id="pipeline"),
        pytest.param(lambda net: VotingClassifier([("net", net)]), id="voting"),
    ],
)
def test_weights_that_nobody_spoke_of_are_refused_before_training(data, weights, tool):
    net = small().set_score_request(sample_weight=False)
    estimator = tool(net)
    with pytest.raises(
        UnsetMetadataPassedError, match=r"sample_weight.*ConvPoolClassifier\.fit"
    ):
        estimator.fit(*data, sample_weight=weights)
    assert not net.initialized_


@pytest.mark.usefixtures("routing")
def test_a_request_outlives_cloning_and_is_of_the_instance():
    asked = small().set_fit_request(sample_weight=True, validation_data=False)
    requests = clone(asked).get_metadata_routing().fit.requests
    assert requests == {"sample_weight": True, "validation_data": False}
    assert small().get_metadata_routing().fit.requests == {
        "sample_weight": None,
        "validation_data": None,
    }
    assert small().get_metadata_routing().partial_fit.requests == {
        "classes": None,
        "sample_weight": None,
    }


@pytest.mark.usefixtures("routing")
def test_validation_data_reach_every_fit_of_a_search(data, held_out):
    X, y = data
    X_val, y_val = (part.copy() for part in held_out)
    net = small().set_fit_request(validation_data=True)
    search = GridSearchCV(net, GRID, cv=2).fit(X, y, validation_data=(X_val, y_val))
    by_hand = small(**search.best_params_).fit(X, y, validation_data=held_out)
    assert curves(search.best_estimator_.history_) == curves(by_hand.history_)
    assert len(search.best_estimator_.history_["val_loss"]) == 2
    params = {"validation_data": (X_val, y_val)}
    results = cross_validate(net, X, y, cv=2, params=params, return_estimator=True)
    for fitted, (train, _) in zip(results["estimator"], folds(X, y), strict=True):
        by_hand = small().fit(X[train], y[train], validation_data=held_out)
        assert curves(fitted.history_) == curves(by_hand.history_)
        assert same_fit(fitted, by_hand, X)
    assert same_bits([X_val, y_val], held_out)


@pytest.mark.usefixtures("routing")
def test_validation_data_reach_a_step_of_a_pipeline_as_they_are(
    data, held_out, weights
):
    """So they must be given as the step wants them: here, scaled."""
    X, y = data
    scaler = StandardScaler().fit(X)
    validation_data = (scaler.transform(held_out[0]), held_out[1])
    net = small().set_fit_request(validation_data=True, sample_weight=True)
    pipeline = scaled_pipeline(
        net, StandardScaler().set_fit_request(sample_weight=False)
    )
    pipeline.fit(X, y, validation_data=validation_data, sample_weight=weights)
    by_hand = small().fit(
        scaler.transform(X), y, sample_weight=weights, validation_data=validation_data
    )
    assert same_fit(pipeline[-1], by_hand, validation_data[0])
    assert pipeline[-1].history_["val_accuracy"][-1] == pytest.approx(
        pipeline.score(*held_out)
    )


@pytest.mark.skipif(
    not CALLBACKS_EXIST,
    reason="learning_curve before scikit-learn 1.9 gives each part the weights of all",
)
@pytest.mark.usefixtures("routing")
def test_weights_reach_partial_fit(data, weights):
    X, y = data
    net = (
        small()
        .set_partial_fit_request(sample_weight=True)
        .set_fit_request(sample_weight=False)
    )
    scoring = make_scorer(log_loss, response_method="predict_proba").set_score_request(
        sample_weight=False
    )
    options = {
        "cv": 2,
        "train_sizes": [40, 75],
        "exploit_incremental_learning": True,
        "scoring": scoring,
    }
    _, _, losses = learning_curve(
        net, X, y, **options, params={"sample_weight": weights}
    )
    _, _, unweighted = learning_curve(net, X, y, **options)
    for column, (train, test) in enumerate(folds(X, y)):
        fitted = small()
        for row, part in enumerate([train[:40], train[40:75]]):
            fitted.partial_fit(
                X[part], y[part], classes=range(10), sample_weight=weights[part]
            )
            assert losses[row, column] == log_loss(
                y[test], fitted.predict_proba(X[test])
            )
    assert np.all(losses != unweighted)


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("ensemble", [VotingClassifier, StackingClassifier])
def test_weights_reach_the_members_of_an_ensemble(data, weights, ensemble):
    members = [("weighted", small().set_fit_request(sample_weight=True))]
    members.append(("plain", small().set_fit_request(sample_weight=False)))
    options = {
        "final_estimator": LogisticRegression(max_iter=5, tol=1.0).set_fit_request(
            sample_weight=False
        )
    }
    fitted = ensemble(
        members, **(options if ensemble is StackingClassifier else {})
    ).fit(*data, sample_weight=weights)
    assert_weighted_fit(fitted.estimators_[0], *data, weights)
    assert same_fit(fitted.estimators_[1], small().fit(*data), data[0])


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
def test_weights_reach_the_folds_of_a_calibration(data, weights):
    X, y = data
    calibrated = CalibratedClassifierCV(
        small().set_fit_request(sample_weight=True), cv=2
    )
    calibrated.fit(X, y, sample_weight=weights)
    for part, (train, _) in zip(
        calibrated.calibrated_classifiers_, folds(X, y), strict=True
    ):
        assert_weighted_fit(part.estimator, X[train], y[train], weights[train])


@pytest.mark.slow
@pytest.mark.usefixtures("routing")
def test_weights_reach_one_versus_rest(data, weights):
    X, y = data
    three = y < 3
    one_vs_rest = OneVsRestClassifier(small().set_fit_request(sample_weight=True))
    one_vs_rest.fit(X[three], y[three], sample_weight=weights[three])
    for label, fitted in enumerate(one_vs_rest.estimators_):
        assert_weighted_fit(
            fitted, X[three], (y[three] == label).astype(int), weights[three]
        )


# --------------------------------------------------------------------------------------
# Without routing


@pytest.mark.usefixtures("no_routing")
def test_without_routing_weights_reach_every_fit_and_score_of_a_search(data, weights):
    search = GridSearchCV(small(), GRID, cv=2).fit(*data, sample_weight=weights)
    assert_searched_with(search, *data, to_fit=weights, to_score=weights)


@pytest.mark.usefixtures("no_routing")
def test_without_routing_a_pipeline_wants_the_name_of_the_step(data, weights):
    X, y = data
    pipeline = scaled_pipeline(small())
    with pytest.raises(ValueError, match=r"stepname__parameter"):
        pipeline.fit(X, y, sample_weight=weights)
    pipeline.fit(X, y, net__sample_weight=weights)
    assert_weighted_fit(pipeline[-1], StandardScaler().fit_transform(X), y, weights)
    search = GridSearchCV(scaled_pipeline(small()), {"net__epochs": [1, 2]}, cv=2)
    best = search.fit(X, y, net__sample_weight=weights).best_estimator_[-1]
    assert_weighted_fit(
        best, StandardScaler().fit_transform(X), y, weights, epochs=best.epochs
    )


@pytest.mark.usefixtures("no_routing")
def test_without_routing_a_request_cannot_be_made():
    with pytest.raises(RuntimeError, match="metadata routing is enabled"):
        small().set_fit_request(sample_weight=True)


@pytest.mark.usefixtures("no_routing")
def test_without_routing_validation_data_reach_every_fit_of_a_search(data, held_out):
    X, y = data
    search = GridSearchCV(small(), GRID, cv=2).fit(X, y, validation_data=held_out)
    by_hand = small(**search.best_params_).fit(X, y, validation_data=held_out)
    assert same_fit(search.best_estimator_, by_hand, X)
    assert "val_loss" in by_hand.history_
    params = {"validation_data": held_out}
    results = cross_validate(small(), X, y, cv=2, params=params, return_estimator=True)
    for fitted, (train, _) in zip(results["estimator"], folds(X, y), strict=True):
        assert same_fit(
            fitted, small().fit(X[train], y[train], validation_data=held_out), X
        )


@pytest.mark.parametrize("enabled", [False, True])
def test_routing_changes_nothing_for_a_direct_fit(data, weights, enabled):
    with config_context(enable_metadata_routing=enabled):
        fitted = small().fit(*data, sample_weight=weights)
    assert_weighted_fit(fitted, *data, weights)


# --------------------------------------------------------------------------------------
# Callbacks


@pytest.mark.slow
def test_callbacks_hear_of_the_weights_and_score_with_them(data, weights):
    """As they do in scikit-learn's own estimators, LogisticRegression for one."""
    X, y = data
    monitor = ScoringMonitor(scoring="accuracy")
    small().set_callbacks(monitor).fit(X, y, sample_weight=weights)
    weighted = [
        small(epochs=n)
        .fit(X, y, sample_weight=weights)
        .score(X, y, sample_weight=weights)
        for n in (1, 2)
    ]
    assert [
        row["accuracy"]
        for row in monitor.get_logs().data
        if row["task_name"] == "epoch"
    ] == weighted
