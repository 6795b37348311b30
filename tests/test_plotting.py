"""What the displays draw, against what can be computed by hand from histories, results,
kernels and predictions.
"""

import pickle
import re
import subprocess
import sys
from itertools import combinations, pairwise
from types import SimpleNamespace

import matplotlib
from networks import split_scores

matplotlib.use("Agg")

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
)
from sklearn.pipeline import Pipeline, make_pipeline

from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._value_labels import find_levels
from skcnn.plotting import (
    ArchitectureDisplay,
    AugmentationDisplay,
    ConfusionExamplesDisplay,
    FeatureMapsDisplay,
    FilterDisplay,
    GradCAMDisplay,
    GridSearchDisplay,
    LearningCurvesDisplay,
    PredictionsDisplay,
    WidthDepthDisplay,
)

NARROW, WIDE = [(2, 3)], [(4, 3)]
COLUMN = 3.3  # inches, of a page with two columns


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images(digits):
    X, y = digits
    return X[:120], y[:120]


def classifier(**params):
    small = {
        "conv_layers": NARROW,
        "convs_per_block": 1,
        "dense_layers": (8,),
        "batch_size": 16,
        "random_state": 0,
    }
    return ConvPoolClassifier(**small | {"epochs": 3} | params)


@pytest.fixture(scope="module")
def fitted(images):
    """Two runs with validation, which differ in dropout."""
    X, y = images
    return [
        classifier(dropout=rate).fit(X[:80], y[:80], validation_data=(X[80:], y[80:]))
        for rate in (0.0, 0.5)
    ]


@pytest.fixture(scope="module")
def search(images):
    grid = {"conv_layers": [WIDE, NARROW], "dropout": [0.0, 0.5], "epochs": [1, 2]}
    return GridSearchCV(classifier(), grid, cv=2).fit(*images)


def results_of(params, scores, **more):
    """What a search keeps, of given scores (n_candidates, n_splits)."""
    scores = np.array(scores, float)
    splits = {f"split{k}_test_score": column for k, column in enumerate(scores.T)}
    results = {"params": list(params), "mean_test_score": scores.mean(axis=1)} | splits
    return SimpleNamespace(
        cv_results_=results, estimator=classifier(), scoring=None, refit=True, **more
    )


def candidates(search, **params):
    """Places of the candidates that have these parameters."""
    tried = search.cv_results_["params"]
    return [
        i
        for i, each in enumerate(tried)
        if all(each[name] == value for name, value in params.items())
    ]


def bars_of(line):
    """x, mean and half the length of the bars, as drawn."""
    points, _, [bars] = line
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    return points.get_xdata(), points.get_ydata(), (ends[:, 1] - ends[:, 0]) / 2


# --------------------------------------------------------------------------------------
# Learning curves


@pytest.mark.slow
def test_learning_curves_are_those_of_history(fitted):
    display = LearningCurvesDisplay.from_estimators(fitted)
    for column in ("loss", "val_loss", "accuracy", "val_accuracy"):
        for line, run in zip(display.lines_[column], fitted, strict=True):
            assert line.get_xdata().tolist() == [1, 2, 3]
            assert line.get_ydata().tolist() == run.history_[column]
            assert line.get_linestyle() == ("--" if column.startswith("val_") else "-")
    for training, validation in zip(
        display.lines_["loss"], display.lines_["val_loss"], strict=True
    ):
        assert training.get_color() == validation.get_color()
    assert [axes.get_ylabel() for axes in display.axes_] == ["loss", "accuracy"]


@pytest.mark.slow
def test_runs_differ_in_color_and_marker_and_are_named_by_what_they_differ_in(fitted):
    display = LearningCurvesDisplay.from_estimators(fitted)
    first, second = display.lines_["loss"]
    assert (
        first.get_color() != second.get_color()
        and first.get_marker() != second.get_marker()
    )
    legend = display.axes_[-1].get_legend()
    assert legend.get_title().get_text() == "dropout"
    assert [text.get_text() for text in legend.get_texts()] == [
        "0",
        "0.5",
        "training",
        "validation",
    ]
    given = LearningCurvesDisplay.from_estimators(fitted, names=["none", "half"])
    assert [text.get_text() for text in given.axes_[-1].get_legend().get_texts()][
        :2
    ] == ["none", "half"]


def test_equal_schedules_of_keras_are_no_difference():
    rates = [
        keras.optimizers.schedules.InverseTimeDecay(rate, 1, 1e-6)
        for rate in (0.01, 0.01, 0.02)
    ]
    levels = find_levels(rates)
    assert levels.codes.tolist() == [0, 0, 1] and len(levels.labels) == 2


@pytest.mark.slow
def test_runs_that_differ_in_nothing_are_numbered(fitted):
    display = LearningCurvesDisplay.from_estimators([fitted[0], fitted[0]])
    assert display.names == ["1", "2"]


def test_epochs_are_integers_on_the_axis(fitted):
    for epochs in (1, 3):
        history = {name: values[:epochs] for name, values in fitted[0].history_.items()}
        display = LearningCurvesDisplay(histories=[history]).plot()
        ticks = display.axes_[0].get_xticks()
        assert len(ticks) and np.array_equal(ticks, np.round(ticks))


def test_runs_may_differ_in_length_and_only_some_need_validation_data():
    runs = [{"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.0]}, {"loss": [2.0]}]
    display = LearningCurvesDisplay(histories=runs, names=["a", "b"]).plot(
        metrics=["loss"]
    )
    assert display.lines_["loss"][1].get_ydata().tolist() == [2.0]
    assert display.lines_["val_loss"][1] is None


@pytest.mark.slow
def test_the_best_epoch_of_early_stopping_is_marked():
    display = LearningCurvesDisplay(
        histories=2 * [{"loss": [3.0, 1.0, 2.0]}], best_iters=[2, None]
    )
    display.plot(metrics=["loss"])
    dotted = [
        line
        for line in display.axes_[0].lines
        if line.get_linestyle() == ":" and len(line.get_xdata())
    ]
    assert [list(line.get_xdata()) for line in dotted] == [[2, 2]]


def test_learning_curves_take_any_column_of_history(fitted):
    display = LearningCurvesDisplay.from_estimator(fitted[0], metrics=["time"])
    assert display.lines_["time"][0].get_ydata().tolist() == fitted[0].history_["time"]
    with pytest.raises(
        ValueError, match=r"metrics must be among \['loss', .*got 'auc'"
    ):
        LearningCurvesDisplay.from_estimator(fitted[0], metrics=["auc"])


def test_curves_of_validation_are_dashed_by_themselves_too(fitted):
    display = LearningCurvesDisplay.from_estimator(fitted[0], metrics=["val_accuracy"])
    [line] = display.lines_["val_accuracy"]
    assert line.get_linestyle() == "--"


def test_a_run_without_epochs_has_no_curves(images):
    untrained = classifier().initialize(*images)
    with pytest.raises(ValueError, match=r"at least one epoch each.*call fit"):
        LearningCurvesDisplay.from_estimator(untrained)


def test_parameters_that_only_some_runs_set_are_differences(images):
    X, y = images
    plain, routed = classifier(epochs=1), classifier(epochs=2)
    routed.set_params(optimizer__learning_rate=0.1)
    runs = [plain.fit(X, y), routed.fit(X, y)]
    for order in (runs, runs[::-1]):
        display = LearningCurvesDisplay.from_estimators(order)
        assert "optimizer__learning_rate" in display.names_title
        display = WidthDepthDisplay.from_estimators(
            order, X, y, by="optimizer__learning_rate"
        )
        assert len(display.lines_) == 2
        assert "seeds" not in display.score_name


@pytest.mark.parametrize("metrics", ["loss", [], ()])
def test_metrics_are_a_sequence_of_names(fitted, metrics):
    with pytest.raises(
        ValueError, match="metrics must be a sequence of names, at least one; got"
    ):
        LearningCurvesDisplay.from_estimator(fitted[0], metrics=metrics)


def test_there_must_be_a_classifier_to_draw(images):
    for draw in (
        LearningCurvesDisplay.from_estimators,
        lambda none: WidthDepthDisplay.from_estimators(none, *images),
    ):
        with pytest.raises(
            ValueError, match="estimators must be at least one; got none"
        ):
            draw([])


def test_names_must_be_as_many_as_runs(fitted):
    with pytest.raises(
        ValueError, match=r"names must be 2, one for each run; got \['a'\]"
    ):
        LearningCurvesDisplay.from_estimators(fitted, names=["a"])


# --------------------------------------------------------------------------------------
# Searches


@pytest.mark.slow
def test_heat_map_of_single_candidates_has_the_means_and_deviations_of_the_search(
    search,
):
    display = GridSearchDisplay.from_search(
        search, "dropout", "conv_layers", fixed={"epochs": 2}
    )
    for row, blocks in enumerate([NARROW, WIDE]):  # sorted, though the grid was not
        for column, rate in enumerate([0.0, 0.5]):
            [i] = candidates(search, conv_layers=blocks, dropout=rate, epochs=2)
            mean, std = (
                search.cv_results_[f"{name}_test_score"][i] for name in ("mean", "std")
            )
            assert display.im_.get_array()[row, column] == pytest.approx(mean)
            assert display.texts_[row, column].get_text() == f"{mean:.3f}\n±{std:.3f}"
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["2", "4"]
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["0", "0.5"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == (
        "dropout",
        "conv_layers",
    )
    assert display.score_name == "accuracy\n(mean ± std over 2 folds)"


@pytest.mark.slow
@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_other_parameters_are_averaged_in_each_fold_or_the_best_is_taken(
    search, reduce
):
    display = GridSearchDisplay.from_search(search, "epochs", reduce=reduce)
    expected = []
    for epochs in (1, 2):
        scores = split_scores(search)[candidates(search, epochs=epochs)]
        expected.append(
            scores.mean(axis=0)
            if reduce == "mean"
            else scores[scores.mean(axis=1).argmax()]
        )
    x, mean, std = bars_of(display.lines_[0])
    assert x.tolist() == [1, 2]
    assert mean == pytest.approx(np.mean(expected, axis=1))
    assert std == pytest.approx(np.std(expected, axis=1))
    assert (
        " ".join(display.ax_.get_ylabel().split())
        == f"accuracy ({reduce} over conv_layers, dropout; ± std over 2 folds)"
    )


@pytest.mark.slow
def test_lines_are_one_for_each_value(search):
    display = GridSearchDisplay.from_search(
        search, "epochs", "dropout", kind="lines", fixed={"conv_layers": (WIDE[0],)}
    )
    for line, rate in zip(display.lines_, [0.0, 0.5], strict=True):
        rows = [
            candidates(search, conv_layers=WIDE, dropout=rate, epochs=epochs)[0]
            for epochs in (1, 2)
        ]
        assert line[0].get_ydata() == pytest.approx(
            search.cv_results_["mean_test_score"][rows]
        )
        assert bars_of(line)[2] == pytest.approx(
            search.cv_results_["std_test_score"][rows]
        )
    markers = {line[0].get_marker() for line in display.lines_}
    assert len(markers) == 2
    legend = display.ax_.get_legend()
    assert (
        legend.get_title().get_text(),
        [text.get_text() for text in legend.get_texts()],
    ) == (
        "dropout",
        ["0", "0.5"],
    )


@pytest.mark.parametrize(
    ("values", "scale"),
    [([3, 5, 10], "linear"), ([1e-4, 1e-3, 1e-2], "log"), ([0, 1, 100], "linear")],
)
def test_numbers_stand_where_they_belong_and_widely_spread_ones_on_a_logarithmic_scale(
    values, scale
):
    search = results_of([{"x": value} for value in values], np.zeros((3, 2)))
    display = GridSearchDisplay.from_search(search, "x")
    assert display.ax_.get_xscale() == scale
    assert display.ax_.get_xticks().tolist() == values
    assert display.lines_[0][0].get_xdata().tolist() == values


@pytest.mark.slow
def test_any_search_of_scikit_learn_will_do(images):
    values = [0.0, 0.25, 0.5]
    randomized = RandomizedSearchCV(
        classifier(epochs=1), {"dropout": values}, n_iter=3, cv=2, random_state=0
    )
    halving = HalvingGridSearchCV(
        classifier(epochs=1),
        {"dropout": values},
        min_resources=40,
        cv=2,
        random_state=0,
    )
    for search in (randomized.fit(*images), halving.fit(*images)):
        display = GridSearchDisplay.from_search(search, "dropout")
        results = search.cv_results_
        last = {
            params["dropout"]: i for i, params in enumerate(results["params"])
        }  # later trials of a candidate win
        x, mean, _ = bars_of(display.lines_[0])
        assert x.tolist() == values
        assert mean == pytest.approx(
            [results["mean_test_score"][last[value]] for value in values]
        )
    assert len(halving.cv_results_["params"]) > len(values), (
        "or there was no later trial"
    )


@pytest.mark.slow
def test_trials_of_halving_that_differ_in_epochs_are_of_one_candidate_unless_epochs_are_asked_for(
    images,
):
    rates = [0.0, 0.25, 0.5, 0.75]
    halving = HalvingGridSearchCV(
        classifier(),
        {"dropout": rates},
        resource="epochs",
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=2,
    ).fit(*images)
    tried = [
        (params["dropout"], params["epochs"])
        for params in halving.cv_results_["params"]
    ]
    last = {rate: i for i, (rate, _) in enumerate(tried)}
    assert len(tried) > len(last) == 4, "or there was no later trial"
    display = GridSearchDisplay.from_search(halving, "dropout")
    assert display.scores[0] == pytest.approx(
        split_scores(halving)[[last[rate] for rate in rates]]
    )
    assert display.score_name == "accuracy\n(mean ± std over 2 folds)", (
        "no mean over trials"
    )
    by_epochs = GridSearchDisplay.from_search(halving, "dropout", "epochs")
    scored = {
        (by_epochs.x_values[x], by_epochs.y_values[y])
        for y, x in np.argwhere(~np.isnan(by_epochs.scores[..., 0]))
    }
    assert scored == set(tried)
    fixed = GridSearchDisplay.from_search(halving, "dropout", fixed={"epochs": 1})
    assert fixed.scores[0] == pytest.approx(
        split_scores(halving)[candidates(halving, epochs=1)]
    )
    sizes = WidthDepthDisplay.from_search(halving, by="dropout")
    assert sizes.scores == pytest.approx(
        split_scores(halving)[[last[rate] for rate in rates]].ravel()
    )


def test_a_search_over_nothing_has_one_candidate():
    search = results_of([{}], [[0.5, 0.6]])
    assert WidthDepthDisplay.from_search(search, (8, 8), 10).scores == [0.5, 0.6]
    with pytest.raises(ValueError, match=r"x must name one of \[\]; got 'epochs'"):
        GridSearchDisplay.from_search(search, "epochs")


def test_labels_of_many_numbers_are_written_too():
    search = results_of([{"epochs": n} for n in range(1, 11)], np.full((10, 2), 0.5))
    names = [f"e{n}" for n in range(1, 11)]
    display = GridSearchDisplay.from_search(search, "epochs", labels={"epochs": names})
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == names
    alike = results_of(
        [{"dropout": 0.5 + n * 1e-9} for n in range(10)], np.full((10, 2), 0.5)
    )  # in six figures
    for unnamed, parameter in ((search, "epochs"), (alike, "dropout")):
        display = GridSearchDisplay.from_search(unnamed, parameter)
        assert display.ax_.get_xticks().tolist() != display.x_values, (
            "matplotlib chooses round numbers"
        )


def test_failed_candidates_are_left_out_and_said_to_have_failed():
    grid = {"dropout": [0, 0.5], "epochs": [1, 2], "batch_size": [8, 16]}
    scores = np.linspace(0.1, 0.8, 8)[:, None] + [
        -0.05,
        0.05,
    ]  # batch_size outermost, epochs innermost
    scores[0, 1] = np.nan  # one fold is enough
    scores[[3, 7]] = np.nan
    search = results_of(ParameterGrid(grid), scores)
    display = GridSearchDisplay.from_search(search, "dropout", "epochs")
    assert display.n_failed.tolist() == [[1, 0], [0, 2]]
    mean = np.ma.getdata(display.im_.get_array())
    assert mean[0] == pytest.approx([0.5, (0.3 + 0.7) / 2])
    assert np.isnan(mean[1, 1]) and mean[1, 0] == pytest.approx((0.2 + 0.6) / 2)
    assert display.texts_[0, 0].get_text() == "0.500\n±0.050\n1 failed"
    assert display.texts_[1, 1].get_text() == "failed"
    [hatched] = display.ax_.patches
    assert hatched.get_hatch() and hatched.get_xy().min(axis=0).tolist() == [0.5, 0.5]

    display = GridSearchDisplay.from_search(search, "dropout", "epochs", kind="lines")
    crosses = [line for line in display.ax_.lines if line.get_marker() == "x"]
    assert [line.get_xdata().tolist() for line in crosses] == [[0.0], [0.5]]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "1",
        "2",
        "failed",
    ]


def test_what_was_not_tried_stays_blank_and_does_not_interrupt_lines():
    tried = [
        {"dropout": 0, "epochs": 1},
        {"dropout": 0, "epochs": 3},
        {"dropout": 0.5, "epochs": 2},
    ]
    search = results_of(tried, [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    display = GridSearchDisplay.from_search(search, "epochs", "dropout")
    assert [[text.get_text() != "" for text in row] for row in display.texts_] == [
        [True, False, True],
        [False, True, False],
    ]
    assert not display.ax_.patches
    display = GridSearchDisplay.from_search(search, "epochs", "dropout", kind="lines")
    assert display.lines_[0][0].get_xdata().tolist() == [1, 3]


def test_a_search_of_which_nothing_succeeded_can_be_drawn():
    search = results_of(
        ParameterGrid({"dropout": [0, 0.5], "epochs": [1, 2]}), np.full((4, 2), np.nan)
    )
    display = GridSearchDisplay.from_search(search, "dropout", "epochs")
    assert {text.get_text() for text in display.texts_.flat} == {"failed"}
    for kind in ("lines", "heatmap"):
        display = GridSearchDisplay.from_search(search, "dropout", kind=kind)
        assert display.n_failed.tolist() == [[2, 2]]


def test_a_parameter_that_a_grid_leaves_out_has_the_value_of_the_estimator():
    search = results_of([{"epochs": 1}, {"dropout": 0.1}], [[0.5, 0.6], [0.7, 0.8]])
    search.estimator.set_params(epochs=7, dropout=0.4)
    display = GridSearchDisplay.from_search(search, "epochs", "dropout")
    assert (display.x_values, display.y_values) == ([1, 7], [0.1, 0.4])
    assert np.ma.getdata(display.im_.get_array())[[1, 0], [0, 1]] == pytest.approx(
        [0.55, 0.75]
    )


def test_one_metric_of_several():
    search = results_of([{"epochs": 1}], [[0.1, 0.2]])
    for name, scores in (("recall", [0.3, 0.4]), ("f1", [0.5, 0.6])):
        search.cv_results_ |= {
            f"split{k}_test_{name}": np.array([score]) for k, score in enumerate(scores)
        }
        search.cv_results_[f"mean_test_{name}"] = np.array([np.mean(scores)])
    for key in [key for key in search.cv_results_ if key.endswith("_test_score")]:
        del search.cv_results_[key]
    display = GridSearchDisplay.from_search(search, "epochs", metric="f1")
    assert display.lines_[0][0].get_ydata() == pytest.approx([0.55])
    assert display.ax_.get_ylabel() == "f1\n(mean ± std over 2 folds)"
    with pytest.raises(
        ValueError, match=r"metric must be one of \['recall', 'f1'\].*got None"
    ):
        GridSearchDisplay.from_search(search, "epochs")
    search.refit = "recall"
    assert GridSearchDisplay.from_search(search, "epochs").lines_[0][
        0
    ].get_ydata() == pytest.approx([0.35])


def test_the_score_is_named_by_scoring():
    search = results_of([{"epochs": 1}], [[0.1, 0.2]])
    bars = "\n(mean ± std over 2 folds)"

    def label():
        return GridSearchDisplay.from_search(search, "epochs").ax_.get_ylabel()

    search.scoring = "neg_log_loss"
    assert label() == f"neg_log_loss{bars}"
    del search.scoring, search.estimator
    assert label() == f"score{bars}"
    single = results_of([{"epochs": 1}], [[0.1]])
    assert GridSearchDisplay.from_search(single, "epochs").score_name == "accuracy"


def test_labels_are_given_in_the_order_of_the_grid(search):
    display = GridSearchDisplay.from_search(
        search, "conv_layers", labels={"conv_layers": ["wide", "narrow"]}
    )
    assert display.x_values == [NARROW, WIDE]
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == [
        "narrow",
        "wide",
    ]
    with pytest.raises(
        ValueError, match=r"labels must be 2, one for each of .*; got \['wide'\]"
    ):
        GridSearchDisplay.from_search(
            search, "conv_layers", labels={"conv_layers": ["wide"]}
        )


@pytest.mark.parametrize(
    ("values", "ordered", "labels"),
    [
        ([10, 9, 2.5], [2.5, 9, 10], ["2.5", "9", "10"]),
        (
            ["sgd", None, "adam", 3],
            [3, "adam", "sgd", None],
            ["3", "adam", "sgd", "None"],
        ),
        ([True, False], [False, True], ["False", "True"]),
        ([0.1 + 0.2, 1e-4], [1e-4, 0.1 + 0.2], ["0.0001", "0.3"]),
        (
            [[50, 20], [100], [], (50,)],
            [[], (50,), [100], [50, 20]],
            ["none", "50", "100", "50-20"],
        ),
        (
            [[(32, 5, 2, 2), (64, 3, 2, 2)], [(128, 3)]],
            [[(128, 3)], [(32, 5, 2, 2), (64, 3, 2, 2)]],
            ["128", "32-64"],
        ),
        (
            [[(8, 5)], [(4,)], [{"filters": 6}]],
            [[(4,)], [{"filters": 6}], [(8, 5)]],
            ["4", "6", "8"],
        ),
        (
            [[(8, 5)], [(8,)]],
            [[(8,)], [(8, 5)]],
            ["8, kernel_size=3", "8, kernel_size=5"],
        ),
        (
            [[(8, ((1, 1), (3, 5)))], [(8, (3, 3))], [(8, (1, 9))], [(8, 5)], [(8, 0)]],
            [[(8, 0)], [(8, 5)], [(8, (1, 9))], [(8, (3, 3))], [(8, ((1, 1), (3, 5)))]],
            [
                "8, kernel_size=0",
                "8, kernel_size=5",
                "8, kernel_size=(1,9)",
                "8, kernel_size=(3,3)",
                "8, kernel_size=((1,1),(3,5))",
            ],
        ),
        (
            [[(128, 3)], [ConvBlock(32, n_convs=2)]],
            [[ConvBlock(32, n_convs=2)], [(128, 3)]],
            ["32", "128"],
        ),
        (
            [[(8, 3, 2)], [(8, 3, 3)]],
            [[(8, 3, 2)], [(8, 3, 3)]],
            ["8, pool_size=2", "8, pool_size=3"],
        ),
        ([1, 1.0, np.int64(1)], [1], ["1"]),
    ],
)
def test_values_are_sorted_and_written_as_short_as_they_are_unique(
    values, ordered, labels
):
    levels = find_levels(values)
    assert (levels.values, levels.labels) == (ordered, labels)
    assert [levels.values[code] for code in levels.codes] == values


class Opaque:
    """Its repr is an address, which says nothing to a reader."""

    def __init__(self, content):
        self.content = content


def test_values_that_cannot_be_told_apart_are_numbered():
    first, second = Opaque(1), Opaque(2)
    levels = find_levels([second, first, second])
    assert (levels.values, levels.labels) == (
        [second, first],
        ["Opaque (1)", "Opaque (2)"],
    )
    rates = [
        keras.optimizers.schedules.InverseTimeDecay(rate, 1, 1e-6)
        for rate in (0.1, 0.2)
    ]
    assert find_levels(rates).labels == [
        "initial_learning_rate=0.1",
        "initial_learning_rate=0.2",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"x": "dropuot"},
            r"x must name one of \['conv_layers', 'dropout', 'epochs'\]; got 'dropuot'. Did you mean",
        ),
        (
            {"x": "epochs", "y": "batch_size"},
            r"y must name one of .*; got 'batch_size'",
        ),
        (
            {"x": "epochs", "fixed": {"pool": 2}},
            r"fixed must name one of .*; got 'pool'",
        ),
        (
            {"x": "epochs", "fixed": {"dropout": 0.3}},
            r"fixed\['dropout'\] must be one of \[0.0, 0.5\]; got 0.3",
        ),
        (
            {"x": "epochs", "labels": {"pool": ["a"]}},
            r"labels must name one of .*; got 'pool'",
        ),
        (
            {"x": "epochs", "metric": "auc"},
            r"metric must be one of \['score'\].*; got 'auc'",
        ),
        (
            {"x": "epochs", "reduce": "median"},
            r"reduce must be 'mean' or 'max'; got 'median'",
        ),
        (
            {"x": "epochs", "kind": "bars"},
            r"kind must be 'heatmap', 'lines' or None; got 'bars'",
        ),
    ],
)
def test_wrong_arguments_are_named_with_what_is_allowed(search, arguments, message):
    with pytest.raises(ValueError, match=message):
        GridSearchDisplay.from_search(search, **arguments)


def test_fixed_values_must_leave_a_candidate():
    search = results_of(
        [{"epochs": 1, "dropout": 0}, {"epochs": 2, "dropout": 0.5}],
        [[0.1, 0.2], [0.3, 0.4]],
    )
    with pytest.raises(ValueError, match="fixed must leave a candidate"):
        GridSearchDisplay.from_search(
            search, "epochs", fixed={"epochs": 1, "dropout": 0.5}
        )


# --------------------------------------------------------------------------------------
# Seeds are repetitions


def row_of(display, x=0, y=0):
    """The single scores drawn at one place, without padding."""
    scores = np.asarray(display.scores)[y, x]
    return sorted(scores[~np.isnan(scores)])


def described(display):
    return " ".join(display.score_name.split())


@pytest.fixture(scope="module")
def search_with_seeds(images):
    grid = {
        "clf__conv_layers": [NARROW, WIDE],
        "clf__dropout": [0.0, 0.5],
        "clf__random_state": [0, 1],
    }
    pipeline = Pipeline([("clf", classifier(epochs=1))])
    scoring = {"accuracy": "accuracy", "loss": "neg_log_loss"}
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    search = GridSearchCV(pipeline, grid, cv=cv, scoring=scoring, refit=False)
    return search.fit(*images)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "loss"])
@pytest.mark.parametrize("kind", ["lines", "heatmap"])
def test_mean_and_spread_are_over_all_seeds_and_folds(search_with_seeds, metric, kind):
    """Of a pipeline, with repeated folds and several scores: numbers of cv_results_."""
    display = GridSearchDisplay.from_search(
        search_with_seeds, "clf__conv_layers", "clf__dropout", metric=metric, kind=kind
    )
    results = search_with_seeds.cv_results_
    splits = np.array([results[f"split{k}_test_{metric}"] for k in range(4)])
    for y, rate in enumerate([0.0, 0.5]):
        for x, blocks in enumerate([NARROW, WIDE]):
            rows = candidates(
                search_with_seeds, clf__conv_layers=blocks, clf__dropout=rate
            )
            single = splits[:, rows].ravel()
            assert row_of(display, x, y) == sorted(single) and len(single) == 8
            if kind == "lines":
                assert bars_of(display.lines_[y])[1][x] == pytest.approx(single.mean())
                assert bars_of(display.lines_[y])[2][x] == pytest.approx(single.std())
            else:
                text = f"{single.mean():.3f}\n±{single.std():.3f}"
                assert display.texts_[y, x].get_text() == text
    assert described(display) == f"{metric} (mean ± std over 2 seeds x 4 folds)"


@pytest.mark.slow
def test_width_and_depth_have_the_spread_over_seeds(search_with_seeds):
    display = WidthDepthDisplay.from_search(
        search_with_seeds, (8, 8, 1), 10, by="clf__dropout", metric="accuracy"
    )
    for line, rate in zip(display.lines_, [0.0, 0.5], strict=True):
        for place, blocks in enumerate([NARROW, WIDE]):
            rows = candidates(
                search_with_seeds, clf__conv_layers=blocks, clf__dropout=rate
            )
            results = search_with_seeds.cv_results_
            single = np.array([results[f"split{k}_test_accuracy"] for k in range(4)])
            single = single[:, rows]
            assert bars_of(line)[1][place] == pytest.approx(single.mean())
            assert bars_of(line)[2][place] == pytest.approx(single.std())
    assert described(display) == "accuracy (mean ± std over 2 seeds x 4 folds)"


def test_two_seeds_far_apart_have_a_wide_bar():
    search = results_of(
        ParameterGrid({"dropout": [0.5], "random_state": [0, 1]}),
        [[0.566, 0.554], [0.345, 0.357]],
    )
    display = GridSearchDisplay.from_search(search, "dropout")
    assert bars_of(display.lines_[0])[1:] == (
        pytest.approx(0.4555),
        pytest.approx(0.1047, abs=1e-4),
    )


def test_the_best_is_a_candidate_and_never_a_seed():
    params = list(ParameterGrid({"dropout": [0.0, 0.5], "random_state": [0, 1, 2]}))
    lucky, steady = [[0.9, 0.9], [0.1, 0.2], [0.1, 0.1]], [[0.5, 0.6]] * 3
    search = results_of([{"epochs": 1} | each for each in params], lucky + steady)
    display = GridSearchDisplay.from_search(search, "epochs", reduce="max")
    assert row_of(display) == sorted(np.ravel(steady))
    assert (
        described(display)
        == "accuracy (max over dropout; ± std over 3 seeds x 2 folds)"
    )
    sizes = WidthDepthDisplay.from_search(search, (8, 8), 10, reduce="max")
    assert sorted(sizes.scores) == sorted(np.ravel(steady))


@pytest.mark.parametrize("seeds", [[0, 1], [7, 3]])
def test_a_mean_over_candidates_is_one_for_each_seed_and_fold(seeds):
    grid = {"dropout": [0.0, 0.5], "random_state": [0, 1]}
    params = [{"epochs": 1} | each for each in ParameterGrid(grid)]
    params[2]["random_state"], params[3]["random_state"] = seeds  # equally many will do
    scores = np.array([[0.1, 0.2], [0.3, 0.5], [0.2, 0.7], [0.6, 0.8]])
    if seeds == [7, 3]:
        scores[2:] = scores[[3, 2]]
    display = GridSearchDisplay.from_search(results_of(params, scores), "epochs")
    expected = (np.array([[0.1, 0.2], [0.3, 0.5]]) + [[0.2, 0.7], [0.6, 0.8]]) / 2
    assert row_of(display) == pytest.approx(sorted(expected.ravel()))
    assert described(display) == (
        "accuracy (mean over dropout; ± std over 2 seeds x 2 folds)"
    )


def test_with_unequal_numbers_of_seeds_the_spread_is_of_all_scores(images):
    search = RandomizedSearchCV(
        classifier(epochs=1),
        {"dropout": [0.0, 0.5], "random_state": [0, 1]},
        n_iter=3,
        cv=2,
        random_state=0,
    ).fit(*images)
    display = GridSearchDisplay.from_search(search, "dropout")
    for x, rate in enumerate([0.0, 0.5]):
        single = split_scores(search)[candidates(search, dropout=rate)].ravel()
        assert row_of(display, x) == sorted(single)
        assert bars_of(display.lines_[0])[2][x] == pytest.approx(single.std())
    assert described(display) == "accuracy (mean ± std over 1 to 2 seeds x 2 folds)"
    together = WidthDepthDisplay.from_search(search)
    assert sorted(together.scores) == sorted(split_scores(search).ravel())
    assert described(together) == "accuracy (mean over dropout; ± std of all scores)"


def test_a_seed_that_failed_is_counted_and_the_others_stay():
    params = list(ParameterGrid({"dropout": [0.0, 0.5], "random_state": [0, 1, 2]}))
    scores = [[0.1, 0.2], [np.nan, 0.9], [0.3, 0.4], *3 * [[0.2, 0.2]]]
    search = results_of(params, scores)
    display = GridSearchDisplay.from_search(search, "dropout")
    assert row_of(display) == [0.1, 0.2, 0.3, 0.4] and display.n_failed.tolist() == [
        [1, 0]
    ]
    assert described(display) == "accuracy (mean ± std over 2 to 3 seeds x 2 folds)"
    best = WidthDepthDisplay.from_search(search, (8, 8), 10, reduce="max")
    assert [score for score in best.scores if score == score] == 6 * [0.2], (
        "a candidate without a failure goes first"
    )


def test_a_seed_that_is_drawn_or_fixed_is_a_parameter_like_others():
    search = results_of(
        ParameterGrid({"dropout": [0.5], "random_state": [0, 1]}),
        [[0.1, 0.2], [0.3, 0.4]],
    )
    drawn = GridSearchDisplay.from_search(search, "random_state")
    assert [row_of(drawn, x) for x in (0, 1)] == [[0.1, 0.2], [0.3, 0.4]]
    assert described(drawn) == "accuracy (mean ± std over 2 folds)"
    fixed = GridSearchDisplay.from_search(search, "dropout", fixed={"random_state": 1})
    assert row_of(fixed) == [0.3, 0.4]


def test_candidates_without_a_seed_may_be_repeated_too():
    search = results_of(
        2 * [{"random_state": None, "epochs": 1}], [[0.1, 0.2], [0.3, 0.4]]
    )
    display = GridSearchDisplay.from_search(search, "epochs")
    assert row_of(display) == [0.1, 0.2, 0.3, 0.4]
    same = results_of(2 * [{"random_state": 0, "epochs": 1}], 2 * [[0.1, 0.2]])
    assert row_of(GridSearchDisplay.from_search(same, "epochs")) == [0.1, 0.2]


def test_seeds_that_halving_gave_up_do_not_count_beside_those_it_kept(images):
    halving = HalvingGridSearchCV(
        classifier(),
        {"dropout": [0.0, 0.5], "random_state": [0, 1]},
        resource="epochs",
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=2,
    ).fit(*images)
    tried, iterations = halving.cv_results_["params"], halving.cv_results_["iter"]
    display = GridSearchDisplay.from_search(halving, "dropout")
    for x, rate in enumerate([0.0, 0.5]):
        rows = [i for i, each in enumerate(tried) if each["dropout"] == rate]
        rows = [i for i in rows if iterations[i] == iterations[rows].max()]
        assert row_of(display, x) == sorted(split_scores(halving)[rows].ravel())
    assert "epochs" not in display.score_name


# --------------------------------------------------------------------------------------
# Width and depth


def test_scores_stand_over_the_size_of_the_network(search, images):
    display = WidthDepthDisplay.from_search(search, by="dropout", fixed={"epochs": 2})
    sizes = [
        classifier(conv_layers=blocks).initialize(*images).n_params_
        for blocks in (NARROW, WIDE)
    ]
    for line, rate in zip(display.lines_, [0.0, 0.5], strict=True):
        rows = [
            candidates(search, conv_layers=blocks, dropout=rate, epochs=2)[0]
            for blocks in (NARROW, WIDE)
        ]
        x, mean, std = bars_of(line)
        assert x.tolist() == sizes
        assert mean == pytest.approx(search.cv_results_["mean_test_score"][rows])
        assert std == pytest.approx(search.cv_results_["std_test_score"][rows])
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_legend().get_title().get_text() == "dropout"


def test_a_search_without_refit_needs_to_be_told_of_images(search, images):
    told = WidthDepthDisplay.from_search(search, (8, 8, 1), 10)
    bare = SimpleNamespace(
        cv_results_=search.cv_results_, estimator=search.estimator, scoring=None
    )
    assert WidthDepthDisplay.from_search(bare, (8, 8), 10).n_params == told.n_params
    with pytest.raises(ValueError, match="image_shape and n_classes must be given"):
        WidthDepthDisplay.from_search(bare)


def test_a_classifier_in_a_pipeline_is_found():
    search = results_of(
        [{"clf__conv_layers": NARROW}, {"clf__conv_layers": WIDE}],
        [[0.1, 0.2], [0.3, 0.4]],
    )
    bare = WidthDepthDisplay.from_search(
        results_of(
            [{"conv_layers": NARROW}, {"conv_layers": WIDE}], [[0.1, 0.2], [0.3, 0.4]]
        ),
        (8, 8),
        10,
    )
    search.estimator = Pipeline([("clf", search.estimator)])
    assert WidthDepthDisplay.from_search(search, (8, 8), 10).n_params == bare.n_params


def test_networks_that_cannot_be_built_are_left_out_with_a_warning():
    search = results_of(
        [{"conv_layers": n * NARROW} for n in (1, 9)], [[0.5, 0.6], [np.nan, np.nan]]
    )
    with pytest.warns(UserWarning, match="1 of 2 candidates are left out"):
        display = WidthDepthDisplay.from_search(search, (8, 8), 10)
    assert len(display.lines_[0][0].get_xdata()) == 1
    none = results_of([{"conv_layers": 9 * NARROW}], [[np.nan, np.nan]])
    with pytest.warns(UserWarning, match="1 of 1 candidates are left out"):
        assert WidthDepthDisplay.from_search(none, (8, 8), 10).scores == []


@pytest.mark.slow
def test_seeds_make_a_point_with_their_spread(fitted, images):
    X, y = images
    display = WidthDepthDisplay.from_estimators(fitted, X, y)
    scores = [run.score(X, y) for run in fitted]
    x, mean, std = bars_of(display.lines_[0])
    assert x.tolist() == [fitted[0].n_params_]
    assert (mean[0], std[0]) == pytest.approx((np.mean(scores), np.std(scores)))
    grouped = WidthDepthDisplay.from_estimators(
        fitted[::-1], X, y, by="dropout", labels={"dropout": ["half", "none"]}
    )
    assert grouped.groups == ["none", "half"]
    assert [line[0].get_ydata()[0] for line in grouped.lines_] == pytest.approx(scores)
    with pytest.raises(ValueError, match=r"by must name one of .*; got 'width'"):
        WidthDepthDisplay.from_estimators(fitted, X, y, by="width")


@pytest.mark.slow
def test_estimators_that_differ_only_in_their_seed_are_repetitions(images):
    X, y = images
    runs = [classifier(epochs=1, random_state=seed).fit(X, y) for seed in (0, 1)]
    display = WidthDepthDisplay.from_estimators(runs, X, y)
    scores = [run.score(X, y) for run in runs]
    _, mean, std = bars_of(display.lines_[0])
    assert (mean[0], std[0]) == pytest.approx((np.mean(scores), np.std(scores)))
    assert described(display) == "accuracy (mean ± std over 2 seeds)"
    one = WidthDepthDisplay.from_estimators(runs[:1], X, y)
    assert described(one) == "accuracy"


def names_of(display):
    return {text.get_text() for text in display.ax_.texts}


@pytest.mark.slow
def test_points_are_named_by_the_parameters_in_which_they_differ(
    search, fitted, images
):
    display = WidthDepthDisplay.from_search(search)
    assert names_of(display) == {"2", "4"}
    assert "(names: conv_layers)" in display.ax_.get_xlabel()
    labels = {"conv_layers": ["wide", "narrow"]}
    assert names_of(WidthDepthDisplay.from_search(search, labels=labels)) == {
        "wide",
        "narrow",
    }
    given = [f"n{i // 4}" for i in range(8)]
    assert names_of(WidthDepthDisplay.from_search(search, names=given)) == {"n0", "n1"}
    assert names_of(WidthDepthDisplay.from_search(search, names=[])) == set()
    with pytest.raises(ValueError, match="names must be 8, one for each candidate"):
        WidthDepthDisplay.from_search(search, names=["a"])
    with pytest.raises(ValueError, match="names must be 2, one for each candidate"):
        WidthDepthDisplay.from_estimators(fitted, *images, names=["a"])
    wide = classifier(conv_layers=WIDE, dropout=0.0, epochs=1).fit(*images)
    runs = [fitted[0], wide]
    assert names_of(WidthDepthDisplay.from_estimators(runs, *images)) == {"2", "4"}
    named = WidthDepthDisplay.from_estimators(runs, *images, names=["a", "b"])
    assert names_of(named) == {"a", "b"}


def design_search(conv_layers, **more):
    grid = ParameterGrid({"conv_layers": conv_layers} | more)
    scores = np.random.RandomState(0).uniform(0.3, 0.9, (len(grid), 3))
    return results_of(grid, scores)


GROWING = [[(n, 3), (2 * n, 3)] for n in (2, 4, 8)]
MIXED = [[(8, 3)], [(2, 3), (4, 3)], [(8, 3)] * 3]


@pytest.mark.slow
@pytest.mark.parametrize(("designs", "joined"), [(GROWING, True), (MIXED, False)])
def test_lines_join_only_what_has_an_order(designs, joined):
    style = "-" if joined else "None"
    search = design_search(designs, dropout=[0.0, 0.5])
    lines = GridSearchDisplay.from_search(
        search, "conv_layers", "dropout", kind="lines"
    )
    sizes = WidthDepthDisplay.from_search(search, (8, 8), 10, by="dropout")
    for display in (lines, sizes):
        assert {line[0].get_linestyle() for line in display.lines_} == {style}
    xs = np.array([line[0].get_xdata() for line in lines.lines_])
    assert (xs[0] == xs[1]).all() == joined, "bars without lines stand side by side"
    forced = WidthDepthDisplay.from_search(search, (8, 8), 10, joined=not joined)
    assert forced.lines_[0][0].get_linestyle() != style


@pytest.mark.slow
@pytest.mark.parametrize("size", [(6.4, 4.8), (COLUMN, 2.4)])
@pytest.mark.parametrize("by", [None, "n_branches", "dropout"])
def test_names_are_inside_the_frame_and_on_no_other_and_the_rest_is_counted(by, size):
    kernels = [3, (1, 3), (1, 3, 5)]
    designs = [n * [(4, kernel)] for kernel in kernels for n in (1, 2)] + MIXED
    search = design_search(designs, n_branches=[1, 2], dropout=[0.0, 0.5])
    ax = plt.figure(figsize=size, layout="constrained").subplots()
    display = WidthDepthDisplay.from_search(search, (8, 8), 10, by=by, ax=ax)
    display.figure_.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    frame = ax.get_window_extent()
    assert len(boxes) >= 2
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for box in boxes)
    assert not any(first.overlaps(second) for first, second in combinations(boxes, 2))
    if ax.get_legend():
        legend = ax.get_legend().get_window_extent()
        assert not any(box.overlaps(legend) for box in boxes)
    left_out = re.search(
        r"no room for (\d+) of (\d+)", " ".join(ax.get_xlabel().split())
    )
    counts = (
        [int(number) for number in left_out.groups()] if left_out else [0, len(boxes)]
    )
    assert counts[1] - counts[0] == len(boxes)


def test_failed_fits_are_crosses_and_points_are_joined_within_groups_only():
    data = {"n_params": [100, 100, 400, 400], "scores": [0.5, np.nan, 0.7, 0.9]}
    display = WidthDepthDisplay(**data).plot()
    assert display.lines_[0][0].get_ydata() == pytest.approx([0.5, 0.8])
    assert display.lines_[0][0].get_linestyle() == "None"
    [crosses] = [line for line in display.ax_.lines if line.get_marker() == "x"]
    assert crosses.get_xdata().tolist() == [100]
    grouped = WidthDepthDisplay(**data, groups=["a", "a", "b", "b"]).plot()
    assert [line[0].get_linestyle() for line in grouped.lines_] == ["-", "-"]
    assert [list(line[0].get_xdata()) for line in grouped.lines_] == [[100], [400]]


def test_a_name_stands_once_at_its_point_and_none_where_all_fits_failed():
    data = {
        "n_params": [400, 100, 400, 400, 900],
        "scores": [0.5, 0.6, 0.7, np.nan, np.nan],
    }
    display = WidthDepthDisplay(
        **data, names=["deep", "flat", "deep", "deep", "wide"]
    ).plot()
    written = {text.get_text(): text.xy for text in display.ax_.texts}
    assert list(written) == ["flat", "deep"]
    assert written["flat"] == (100, 0.6) and written["deep"] == pytest.approx(
        (400, 0.6 + 0.1)
    )  # above the error bar
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        WidthDepthDisplay(**data, names=["deep"]).plot()


# --------------------------------------------------------------------------------------
# Filters


@pytest.mark.slow
def test_kernels_of_one_channel_fill_a_grid_on_a_symmetric_scale(images):
    run = classifier(conv_layers=[(5, 3), (3, 3)]).fit(*images)
    display = FilterDisplay.from_estimator(run)
    kernels = run.model_.get_layer("block1_conv1").get_weights()[0]
    drawn = np.ma.filled(display.im_.get_array(), np.nan)
    assert drawn.shape == (2 * 3 + 1, 3 * 3 + 2)
    for number in range(5):
        row, column = 4 * (number // 3), 4 * (number % 3)
        assert np.array_equal(
            drawn[row : row + 3, column : column + 3], kernels[:, :, 0, number]
        )
    assert (
        np.isnan(drawn[3]).all()
        and np.isnan(drawn[:, 3]).all()
        and np.isnan(drawn[4:, 8:]).all()
    )
    low, high = display.im_.get_clim()
    assert -low == high == pytest.approx(np.abs(kernels).max())

    deeper = FilterDisplay.from_estimator(run, "block2_conv1")
    assert np.array_equal(deeper.kernels, FilterDisplay.from_estimator(run, 1).kernels)
    drawn = np.ma.filled(deeper.im_.get_array(), np.nan)
    assert drawn.shape == (5 * 4 - 1, 3 * 4 - 1)
    assert np.array_equal(drawn[8:11, 4:7], deeper.kernels[:, :, 2, 1]), (
        "a row for each channel read"
    )
    with pytest.raises(
        ValueError,
        match=r"layer must be one of \['block1_conv1', 'block2_conv1'\].*; got 2",
    ):
        FilterDisplay.from_estimator(run, 2)
    with pytest.raises(ValueError, match=r"got 'dense1'"):
        FilterDisplay.from_estimator(run, "dense1")


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        ((1, 9), (3 * 2 - 1, 2 * 10 - 1)),
        ((9, 1), (9, 6 * 2 - 1)),
        ((3, 5), (3 * 4 - 1, 11)),
    ],
)
def test_rectangular_kernels_fill_about_a_square(shape, drawn):
    kernels = np.random.default_rng(0).normal(size=(*shape, 1, 6))
    display = FilterDisplay(kernels=kernels).plot()
    found = np.ma.filled(display.im_.get_array(), np.nan)
    assert found.shape == drawn
    height, width = shape
    assert np.array_equal(found[:height, :width], kernels[:, :, 0, 0])


def kernels(height, n_channels, n_filters):
    shape = (height, height, n_channels, n_filters)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_of_many_kernels_the_largest_are_drawn_and_the_title_says_so():
    many = kernels(3, 32, 64)
    display = FilterDisplay(kernels=many).plot()
    drawn = np.ma.filled(display.im_.get_array(), np.nan)
    assert drawn.shape == (8 * 4 - 1, 12 * 4 - 1)
    title = display.ax_.get_title()
    assert "12 of 64 filters, 8 of 32 channels" in title
    filters = np.sort(np.argsort(-(many**2).sum(axis=(0, 1, 2)))[:12])
    norms = (many[..., filters] ** 2).sum(axis=(0, 1, 3))
    channels = np.sort(np.argsort(-norms)[:8])
    for row, channel in enumerate(channels):
        for column, number in enumerate(filters):
            tile = drawn[4 * row : 4 * row + 3, 4 * column : 4 * column + 3]
            assert np.array_equal(tile, many[:, :, channel, number])
    for axis, places in ((display.ax_.xaxis, filters), (display.ax_.yaxis, channels)):
        assert [label.get_text() for label in axis.get_ticklabels()] == [
            *map(str, places)
        ]
    every = dict(re.findall(r"(\w+)=(\d+)", title))  # as the title says
    whole = display.plot(**{name: int(number) for name, number in every.items()})
    assert whole.im_.get_array().shape == (32 * 4 - 1, 64 * 4 - 1)
    assert whole.ax_.get_title() == ""


@pytest.mark.parametrize("rgb", [False, True])
def test_a_grid_of_very_many_kernels_is_cut_too(rgb):
    display = FilterDisplay(kernels=kernels(3, 3 if rgb else 1, 200), rgb=rgb).plot()
    assert np.shape(display.im_.get_array())[:2] == (39, 39)
    assert "100 of 200 filters" in display.ax_.get_title()
    few = display.plot(n_filters=4)
    assert np.shape(few.im_.get_array())[:2] == (7, 7)


@pytest.mark.parametrize("number", [0, -1, 2.5, "all"])
@pytest.mark.parametrize("name", ["n_filters", "n_channels"])
def test_numbers_of_kernels_are_checked(name, number):
    with pytest.raises(ValueError, match=f"{name} must be None or an integer"):
        FilterDisplay(kernels=kernels(3, 2, 2)).plot(**{name: number})


@pytest.mark.slow
def test_kernels_that_read_colors_are_colored(images):
    X = np.repeat(images[0], 3, axis=-1)
    run = classifier(conv_layers=[(3, 3), (4, 3)], epochs=1).fit(X, images[1])
    display = FilterDisplay.from_estimator(run)
    kernels = display.kernels
    drawn = np.asarray(display.im_.get_array())
    assert drawn.shape == (7, 7, 3)
    assert drawn[:3, 4:] == pytest.approx(
        0.5 + kernels[..., 1] / (2 * np.abs(kernels).max())
    )
    assert not FilterDisplay.from_estimator(run, 1).rgb, "three channels, but of maps"


# --------------------------------------------------------------------------------------
# Predictions


def titles(display):
    return [axes.get_title().split("\n") for axes in display.axes_]


@pytest.mark.slow
def test_images_are_shown_with_labels_and_probabilities(fitted, images):
    X, y = images
    proba = fitted[0].predict_proba(X)
    predicted = proba.argmax(axis=1)
    display = PredictionsDisplay.from_estimator(
        fitted[0], X, y, n_images=5, target_names=[f"digit{i}" for i in range(10)]
    )
    for i, (im, lines) in enumerate(zip(display.ims_, titles(display), strict=True)):
        assert np.allclose(im.get_array(), X[i, ..., 0] / 255)
        wrong = "wrong, " if predicted[i] != y[i] else ""
        assert lines == [
            f"true digit{y[i]}",
            f"pred. digit{predicted[i]}",
            f"{wrong}{proba[i].max():.0%}",
        ]


def test_which_images(fitted, images):
    X, y = images
    proba = fitted[0].predict_proba(X)
    wrong = np.flatnonzero(proba.argmax(axis=1) != y)
    assert 3 <= len(wrong) < len(y), "or the test shows nothing"
    display = PredictionsDisplay.from_estimator(
        fitted[0], X, y, which="wrong", n_images=3
    )
    assert np.array_equal(display.images, X[wrong[:3]])
    display = PredictionsDisplay.from_estimator(
        fitted[0], X, y, which="least_sure", n_images=3
    )
    assert display.probabilities == pytest.approx(np.sort(proba.max(axis=1))[:3])
    with pytest.raises(
        ValueError, match="which must be 'first', 'wrong' or 'least_sure'; got 'best'"
    ):
        PredictionsDisplay.from_estimator(fitted[0], X, y, which="best")


def test_wrong_ones_are_marked_by_a_word_and_a_frame_whatever_the_color():
    display = PredictionsDisplay(
        images=np.zeros((2, 4, 4, 3)),
        y_true=["cat", "dog"],
        y_pred=["cat", "cat"],
        probabilities=[0.9, 0.6],
    ).plot()
    assert titles(display) == [
        ["true cat", "pred. cat", "90%"],
        ["true dog", "pred. cat", "wrong, 60%"],
    ]
    assert [axes.get_frame_on() for axes in display.axes_] == [False, True]


def test_where_nothing_is_wrong_the_picture_says_so(images):
    X, y = images
    run = classifier(epochs=1).fit(X, y)
    display = PredictionsDisplay.from_estimator(run, X, run.predict(X), which="wrong")
    assert [text.get_text() for text in display.axes_[0].texts] == ["no such image"]
    assert display.ims_ == []


@pytest.mark.parametrize(
    ("images", "shown"),
    [
        (np.full((1, 2, 2, 1), 51, np.uint8), 0.2),
        (np.full((1, 2, 2, 3), 51, np.uint8), 0.2),
        (np.full((1, 2, 2, 1), 0.2), 0.2),
        (np.array([-1.0, 0.0, 0.0, 1.0]).reshape(1, 2, 2, 1), [[0, 0.5], [0.5, 1]]),
        (np.array([4.0, 16.0, 0.0, 8.0]).reshape(1, 2, 2, 1), [[0.25, 1], [0, 0.5]]),
        (np.array([0.0, 0.4]).reshape(1, 1, 1, 2), 0.2),
        (np.array([True, False]).reshape(1, 1, 2, 1), [[1, 0]]),
        (np.array([-128, 127], np.int8).reshape(1, 1, 2, 1), [[0, 1]]),
        (np.array([-30_000, 0, 30_000], np.int16).reshape(1, 1, 3, 1), [[0, 0.5, 1]]),
    ],
)
def test_pixels_of_any_scale_are_shown_from_black_to_white(images, shown):
    display = PredictionsDisplay(
        images=images, y_true=[0], y_pred=[0], probabilities=[1.0]
    ).plot()
    assert np.allclose(display.ims_[0].get_array(), shown)


def test_predictions_refuse_what_does_not_fit_together(fitted, images):
    X, y = images
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        PredictionsDisplay.from_estimator(fitted[0], X, y[:-1])
    for names in (["a", "b"], {label: f"digit{label}" for label in range(10)}):
        with pytest.raises(
            ValueError,
            match="target_names must be 10 in a sequence, one for each class; got",
        ):
            PredictionsDisplay.from_estimator(fitted[0], X, y, target_names=names)
    for n_images in (0, -1, 2.0):
        with pytest.raises(
            ValueError,
            match=f"n_images must be an integer of at least 1; got {n_images}",
        ):
            PredictionsDisplay.from_estimator(fitted[0], X, y, n_images=n_images)
    with pytest.raises(ValueError, match="Mix of label input types"):
        PredictionsDisplay.from_estimator(fitted[0], X, y.astype(str))


@pytest.mark.filterwarnings(
    "ignore:A column-vector y was passed"
)  # scikit-learn says so, as fit does
def test_labels_may_be_a_column_as_for_fit(fitted, images):
    X, y = images
    display = PredictionsDisplay.from_estimator(fitted[0], X, y[:, None], n_images=3)
    assert titles(display) == titles(
        PredictionsDisplay.from_estimator(fitted[0], X, y, n_images=3)
    )


# --------------------------------------------------------------------------------------
# All of them


@pytest.fixture(scope="module")
def drawings(fitted, search, images):
    """Each display as a function of the axes, with the number of axes it wants."""
    X, y = images
    run, shifted = fitted[0], classifier(augmentation="shift")
    return {
        "curves": (lambda ax: LearningCurvesDisplay.from_estimators(fitted, ax=ax), 2),
        "one curve": (
            lambda ax: LearningCurvesDisplay.from_estimator(
                run, ax=ax, metrics=["loss"]
            ),
            1,
        ),
        "map": (
            lambda ax: GridSearchDisplay.from_search(
                search, "dropout", "conv_layers", ax=ax
            ),
            1,
        ),
        "lines": (
            lambda ax: GridSearchDisplay.from_search(
                search, "dropout", "epochs", ax=ax, kind="lines"
            ),
            1,
        ),
        "sizes": (
            lambda ax: WidthDepthDisplay.from_search(search, by="epochs", ax=ax),
            1,
        ),
        "filters": (lambda ax: FilterDisplay.from_estimator(run, ax=ax), 1),
        "predictions": (
            lambda ax: PredictionsDisplay.from_estimator(run, X, y, n_images=3, ax=ax),
            3,
        ),
        "augmentation": (
            lambda ax: AugmentationDisplay.from_estimator(shifted, X[:2], ax=ax),
            1,
        ),
        "one draw": (
            lambda ax: AugmentationDisplay.from_estimator(
                shifted, X[:2], n_draws=1, ax=ax
            ),
            1,
        ),
        "many draws": (
            lambda ax: AugmentationDisplay.from_estimator(
                shifted, X[:2], n_draws=20, ax=ax
            ),
            1,
        ),
        "architecture": (
            lambda ax: ArchitectureDisplay.from_estimator(run, ax=ax),
            1,
        ),
        "feature maps": (
            lambda ax: FeatureMapsDisplay.from_estimator(run, X[:3], ax=ax),
            1,
        ),
        "grad cam": (
            lambda ax: GradCAMDisplay.from_estimator(run, X[:3], ax=ax),
            3,
        ),
        "confusions": (
            lambda ax: ConfusionExamplesDisplay.from_estimator(run, X, y, ax=ax),
            2,
        ),
    }


DISPLAYS = ["curves", "one curve", "map", "lines", "sizes", "filters", "predictions"]
DISPLAYS += ["augmentation", "one draw", "many draws"]
DISPLAYS += ["architecture", "feature maps", "grad cam", "confusions"]
IN_A_ROW = ("predictions", "grad cam")  # an image on each of their axes


def axes_of(display):
    return list(display.axes_) if hasattr(display, "axes_") else [display.ax_]


@pytest.mark.slow
@pytest.mark.parametrize("name", DISPLAYS)
def test_given_axes_are_used_and_no_figure_is_opened(drawings, name):
    draw, n_axes = drawings[name]
    figure, grid = plt.subplots(2, n_axes, layout="constrained", squeeze=False)
    display = draw(list(grid[1]))
    assert axes_of(display) == list(grid[1])
    assert display.figure_ is figure and plt.get_fignums() == [figure.number]
    assert not any(axes.has_data() for axes in grid[0])
    part = plt.figure(layout="constrained").subfigures(1, 2)[0]
    assert draw(list(np.ravel(part.subplots(1, n_axes)))).figure_ is part


@pytest.mark.slow
@pytest.mark.parametrize("name", DISPLAYS)
def test_plot_draws_again_and_returns_itself(drawings, name):
    display = drawings[name][0](None)
    first = axes_of(display)
    assert display.plot() is display
    assert not set(first) & set(axes_of(display))


@pytest.mark.slow
@pytest.mark.parametrize("name", DISPLAYS)
def test_a_wrong_number_of_axes_is_refused(drawings, name):
    draw, n_axes = drawings[name]
    for wrong in {n_axes - 1, n_axes + 1} - {0}:
        if name == "predictions" and wrong > n_axes:
            continue  # there may be fewer images than hoped for
        axes = list(np.ravel(plt.figure().subplots(1, wrong)))
        with pytest.raises(
            ValueError, match=f"ax must be {n_axes} matplotlib Axes; got {wrong}"
        ):
            draw(axes)
    with pytest.raises(
        TypeError, match="ax must be matplotlib Axes or a sequence of them; got 'left'"
    ):
        draw("left")


def test_spare_axes_stay_empty(drawings):
    axes = plt.figure().subplots(2, 2)
    assert len(drawings["predictions"][0](axes).axes_) == 3
    assert not axes[1, 1].get_frame_on() and len(axes[1, 1].get_xticks()) == 0


def shown_texts(axes):
    """What is written upright on axes, without the labels of ticks that are out of
    view.
    """
    low, high = sorted(axes.get_xlim())
    ticks = [(tick.get_loc(), tick.label1) for tick in axes.xaxis.get_major_ticks()]
    labels = [
        label
        for place, label in ticks
        if low <= place <= high and not label.get_rotation()
    ]
    legend = axes.get_legend()
    texts = [
        *labels,
        *axes.texts,
        axes.title,
        axes.xaxis.label,
        *(legend.get_texts() if legend else []),
    ]
    return [text for text in texts if text.get_visible() and text.get_text()]


@pytest.mark.slow
@pytest.mark.parametrize("width", [None, COLUMN])
@pytest.mark.parametrize("name", DISPLAYS)
def test_nothing_is_clipped_and_no_text_on_another(drawings, name, width):
    draw, n_axes = drawings[name]
    rows = 1 if name in IN_A_ROW else n_axes
    ax = (
        None
        if width is None
        else plt.figure(figsize=(width, 2.4 * rows), layout="constrained").subplots(
            rows, n_axes // rows
        )
    )
    display = draw(ax)
    display.figure_.canvas.draw()
    box, size = display.figure_.get_tightbbox(), display.figure_.get_size_inches()
    assert (box.min >= -0.01).all() and (box.max <= size + 0.01).all()
    texts = [text for axes in axes_of(display) for text in shown_texts(axes)]
    assert (
        texts or name == "filters" or (width and name in ("augmentation", "many draws"))
    )  # slanted
    boxes = [text.get_window_extent() for text in texts]
    assert not any(first.overlaps(second) for first, second in combinations(boxes, 2))


@pytest.mark.slow
def test_long_labels_are_slanted_and_numbers_without_room_are_left_out():
    grid = ParameterGrid(
        {
            "conv_layers": [[(n, 3)] * 6 for n in range(10, 18)],
            "epochs": list(range(12)),
        }
    )
    search = results_of(grid, np.random.default_rng(0).uniform(size=(len(grid), 2)))
    _, ax = plt.subplots(figsize=(COLUMN, COLUMN), layout="constrained")
    display = GridSearchDisplay.from_search(search, "conv_layers", "epochs", ax=ax)
    assert all(label.get_rotation() == 45 for label in ax.get_xticklabels())
    assert not any(text.get_visible() for text in display.texts_.flat)
    roomy = GridSearchDisplay.from_search(search, "conv_layers", "epochs")
    assert all(text.get_visible() for text in roomy.texts_.flat)


def test_long_names_are_written_smaller_until_they_fit_over_their_images():
    axes = plt.figure(figsize=(COLUMN, 2), layout="constrained").subplots(1, 3)
    names = {0: "an automobile"}
    data = {
        "images": np.zeros((3, 4, 4, 1)),
        "y_true": [0] * 3,
        "y_pred": [0] * 3,
        "probabilities": [1.0] * 3,
    }
    display = PredictionsDisplay(**data, target_names=names).plot(axes)
    display.figure_.canvas.draw()
    boxes = [each.title.get_window_extent() for each in axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert len({each.title.get_fontsize() for each in axes}) == 1


LONG = "a class with a name that is very much longer than a picture is wide"


def test_names_that_are_too_long_are_cut_and_what_follows_stays():
    data = {"images": np.zeros((3, 4, 4, 1)), "target_names": {0: LONG, 1: f"{LONG}!"}}
    display = PredictionsDisplay(
        **data, y_true=[0, 1, 0], y_pred=[0, 0, 0], probabilities=[1.0, 0.4, 0.9]
    ).plot()
    heats = {"heat_maps": np.ones((3, 4, 4)), "probabilities": [0.5] * 3}
    looks = GradCAMDisplay(**data, **heats, targets=[0, 1, 0]).plot()
    for each in (display, looks):
        each.figure_.canvas.draw()
        shown = [ax.title for ax in each.axes_]
        assert all(title.get_visible() for title in shown)
        assert all("…" in title.get_text() for title in shown)
        boxes = [title.get_window_extent() for title in shown]
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert "wrong, 40%" in display.axes_[1].get_title()


def test_long_names_leave_room_for_the_confusion_matrix():
    y_true, y_pred = [0, 0, 1, 1], [0, 1, 1, 1]
    display = ConfusionExamplesDisplay.from_predictions(
        np.zeros((4, 3, 3)), y_true, y_pred, target_names=[LONG, f"{LONG}!"]
    )
    display.figure_.canvas.draw()
    matrix = display.axes_[0]
    assert matrix.get_window_extent().width > 0.2 * display.figure_.bbox.width
    rows = matrix.get_yticklabels()
    assert all(label.get_visible() for label in rows)
    assert len({label.get_text() for label in rows}) == 2


@pytest.mark.parametrize(
    ("layout", "stands_beside"), [("constrained", True), (None, False)]
)
def test_the_legend_of_curves_stands_beside_them_where_layout_makes_room(
    fitted, layout, stands_beside
):
    _, axes = plt.subplots(1, 2, layout=layout)
    display = LearningCurvesDisplay.from_estimators(fitted, ax=axes)
    display.figure_.canvas.draw()
    legend, curves = (
        axes[1].get_legend().get_window_extent(),
        axes[1].get_window_extent(),
    )
    assert (legend.x0 >= curves.x1) == stands_beside


@pytest.mark.slow
def test_drawing_changes_neither_estimator_nor_search_nor_settings_of_matplotlib(
    drawings, fitted, search, images
):
    before = [pickle.dumps(each) for each in (fitted, search, images)]
    settings = dict(matplotlib.rcParams)
    for draw, _ in drawings.values():
        draw(None)
    assert [pickle.dumps(each) for each in (fitted, search, images)] == before
    assert dict(matplotlib.rcParams) == settings


def test_histories_are_copied(fitted):
    display = LearningCurvesDisplay.from_estimator(fitted[0])
    assert display.histories[0]["loss"] is not fitted[0].history_["loss"]


def test_what_is_not_fitted_is_refused(images):
    new = classifier()
    for draw in (
        lambda: LearningCurvesDisplay.from_estimator(new),
        lambda: LearningCurvesDisplay.from_estimators([new]),
        lambda: WidthDepthDisplay.from_estimators([new], *images),
        lambda: FilterDisplay.from_estimator(new),
        lambda: PredictionsDisplay.from_estimator(new, *images),
        lambda: FeatureMapsDisplay.from_estimator(new, images[0]),
        lambda: GradCAMDisplay.from_estimator(new, images[0]),
        lambda: ConfusionExamplesDisplay.from_estimator(new, *images),
        lambda: ArchitectureDisplay.from_estimator(new),
    ):
        with pytest.raises(NotFittedError):
            draw()
    for display in (
        lambda s: GridSearchDisplay.from_search(s, "dropout"),
        WidthDepthDisplay.from_search,
    ):
        with pytest.raises(
            NotFittedError,
            match="search must be fitted; got a GridSearchCV without cv_results_",
        ):
            display(GridSearchCV(new, {"dropout": [0.0]}))


def of_one(display, *data):
    return lambda estimator: display.from_estimator(estimator, *data)


def of_several(display, *data):
    return lambda estimator: display.from_estimators([estimator], *data)


@pytest.fixture(scope="module")
def classifiers_inside(fitted, images):
    """What holds a fitted classifier, by where that is."""
    searches = [
        GridSearchCV(each, {}, cv=2).fit(*images)
        for each in (classifier(), make_pipeline("passthrough", classifier()))
    ]
    return {
        "estimator.best_estimator_": searches[0],
        "estimator[-1]": make_pipeline("passthrough", fitted[0]),
        "estimator.best_estimator_[-1]": searches[1],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    ["estimator.best_estimator_", "estimator[-1]", "estimator.best_estimator_[-1]"],
)
@pytest.mark.parametrize(
    "name",
    [
        "curves",
        "many",
        "sizes",
        "filters",
        "predictions",
        "architecture",
        "maps",
        "cam",
        "confusions",
    ],
)
def test_what_holds_a_classifier_is_told_where_it_is(
    classifiers_inside, images, place, name
):
    draw = {
        "curves": of_one(LearningCurvesDisplay),
        "many": of_several(LearningCurvesDisplay),
        "sizes": of_several(WidthDepthDisplay, *images),
        "filters": of_one(FilterDisplay),
        "predictions": of_one(PredictionsDisplay, *images),
        "architecture": of_one(ArchitectureDisplay),
        "maps": of_one(FeatureMapsDisplay, images[0][:2]),
        "cam": of_one(GradCAMDisplay, images[0][:2]),
        "confusions": of_one(ConfusionExamplesDisplay, *images),
    }[name]
    holder = classifiers_inside[place]
    with pytest.raises(TypeError, match="ConvPoolClassifier; got a") as error:
        draw(holder)
    code = str(error.value).partition(" Pass ")[2].partition(". ")[0].removesuffix(".")
    draw(eval(code, {"estimator": holder, "estimators": [holder]}))
    assert ("transform(X)" in str(error.value)) == code.endswith("[-1]")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (lambda run: [run, run], "use from_estimators"),
        (lambda run: GridSearchCV(run, {}, refit=False), "with refit=True"),
        (lambda run: run.architecture_, "got a Architecture"),
    ],
    ids=["several", "no best one", "another thing"],
)
def test_what_holds_no_single_classifier_is_refused(fitted, images, given, says):
    for display, data in (
        (LearningCurvesDisplay, ()),
        (FilterDisplay, ()),
        (PredictionsDisplay, images),
        (AugmentationDisplay, images[:1]),
        (ArchitectureDisplay, ()),
        (FeatureMapsDisplay, images[:1]),
        (GradCAMDisplay, images[:1]),
        (ConfusionExamplesDisplay, images),
    ):
        with pytest.raises(TypeError, match=says):
            display.from_estimator(given(fitted[0]), *data)


def test_one_classifier_where_several_are_wanted(fitted, images):
    with pytest.raises(TypeError, match=r"Pass \[estimators\]"):
        LearningCurvesDisplay.from_estimators(fitted[0])
    with pytest.raises(TypeError, match=r"Pass \[estimators\]"):
        WidthDepthDisplay.from_estimators(fitted[0], *images)


def test_one_image_is_told_to_be_a_batch(fitted, images):
    X, y = images
    with pytest.raises(ValueError, match=r"one image .* Pass X\[np\.newaxis\]"):
        PredictionsDisplay.from_estimator(fitted[0], X[0], y[0])
    with pytest.raises(ValueError, match="y must have one label for each image"):
        PredictionsDisplay.from_estimator(fitted[0], X[0][np.newaxis], y[0])
    display = PredictionsDisplay.from_estimator(fitted[0], X[0][np.newaxis], [y[0]])
    assert len(display.ims_) == 1


def test_a_dense_network_has_no_kernels_to_draw(images):
    dense = classifier(conv_layers=()).initialize(*images)
    for draw in (
        lambda: FilterDisplay.from_estimator(dense),
        lambda: FeatureMapsDisplay.from_estimator(dense, images[0][:1]),
        lambda: GradCAMDisplay.from_estimator(dense, images[0][:1]),
    ):
        with pytest.raises(
            ValueError, match=r"convolution to draw; got .*conv_layers=\(\)"
        ):
            draw()


@pytest.mark.parametrize("refit", [False, lambda results: 0], ids=["no", "a function"])
def test_of_several_metrics_one_must_be_named_where_refit_names_none(images, refit):
    search = GridSearchCV(
        classifier(epochs=1),
        {"dropout": [0.0]},
        scoring=["accuracy", "f1_macro"],
        refit=refit,
        cv=2,
    ).fit(*images)
    known = {"image_shape": (8, 8), "n_classes": 10}
    for draw in (
        lambda **metric: GridSearchDisplay.from_search(search, "dropout", **metric),
        lambda **metric: WidthDepthDisplay.from_search(search, **known, **metric),
    ):
        with pytest.raises(ValueError, match=r"got None\. Pass metric='accuracy'"):
            draw()
        assert draw(metric="accuracy").score_name.startswith("accuracy")


WITHOUT_MATPLOTLIB = """
import importlib, sys
import numpy as np

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)

sys.meta_path.insert(0, Absent())  # before Keras, which takes matplotlib where it finds it
import skcnn.plotting

display = skcnn.plotting.FilterDisplay(kernels=np.zeros((3, 3, 1, 1)))
try:
    display.plot()
except ImportError as error:
    print(error)

del sys.meta_path[0]
for name in [name for name in sys.modules if name.startswith("skcnn.plotting")]:
    del sys.modules[name]
plotting = importlib.import_module("skcnn.plotting")
print("matplotlib" in sys.modules)
plotting.FilterDisplay(kernels=np.zeros((3, 3, 1, 1))).plot()
print("matplotlib" in sys.modules)
"""


@pytest.mark.slow
def test_matplotlib_is_imported_by_drawing_alone_and_asked_for_where_it_is_missing():
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_MATPLOTLIB],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr
    message, after_import, after_plot = result.stdout.splitlines()
    assert message == (
        "FilterDisplay.plot needs matplotlib. Run: pip install matplotlib"
    )
    assert (after_import, after_plot) == ("False", "True")


# --------------------------------------------------------------------------------------
# Augmentation


def test_augmentation_is_shown_beside_the_images(digits):
    X, _ = digits
    classifier = ConvPoolClassifier(augmentation="shift", random_state=0)
    display = AugmentationDisplay.from_estimator(classifier, X[:3], n_draws=4)
    drawn = np.asarray(display.im_.get_array())
    assert drawn.shape == (3 * 9 - 1, 5 * 9 - 1)
    np.testing.assert_allclose(drawn[9:17, :8], X[1, :, :, 0] / 255)
    np.testing.assert_allclose(
        drawn[9:17, 18:26], display.augmented[1, 1, :, :, 0] / 255
    )
    again = AugmentationDisplay.from_estimator(classifier, X[:3], n_draws=4)
    assert np.array_equal(again.augmented, display.augmented)  # by random_state
    assert not np.array_equal(display.augmented[:, 0], display.augmented[:, 1])


@pytest.mark.parametrize(
    ("augmentation", "n_draws", "says"),
    [(None, 6, "augmentation=None"), ("flip", 0, "n_draws"), ("flip", 1.5, "1.5")],
)
def test_augmentation_that_cannot_be_shown(augmentation, n_draws, says, digits):
    with pytest.raises(ValueError, match=says):
        AugmentationDisplay.from_estimator(
            ConvPoolClassifier(augmentation=augmentation),
            digits[0][:3],
            n_draws=n_draws,
        )


def test_drawing_augmentation_does_not_change_the_next_fit(images):
    X, y = images
    runs = []
    for is_drawn in (False, True):
        clf = classifier(augmentation="shift", epochs=1)
        clf.set_params(random_state=np.random.RandomState(0))
        if is_drawn:
            AugmentationDisplay.from_estimator(clf, X[:2])
        runs.append(clf.fit(X, y).history_["loss"])
    assert runs[0] == runs[1]


def test_augmentation_that_fit_refuses_is_not_shown(images):
    brightness = keras.layers.RandomBrightness(0.3)
    clf = ConvPoolClassifier(augmentation=brightness)
    with pytest.raises(ValueError, match="is made for pixels from 0 to 255"):
        AugmentationDisplay.from_estimator(clf, images[0][:2] / 255)
    clf = ConvPoolClassifier(augmentation="flip", random_state=np.random.default_rng(0))
    with pytest.raises(ValueError, match="random_state"):
        AugmentationDisplay.from_estimator(clf, images[0][:2])


def test_augmentation_that_leaves_the_range_of_pixels_does_not_come_back_at_its_other_end():
    black = np.zeros((2, 8, 8, 1), np.uint8)
    noisy = ConvPoolClassifier(
        augmentation=keras.layers.GaussianNoise(1.0), random_state=0
    )
    display = AugmentationDisplay.from_estimator(noisy, black)
    assert 0 < display.augmented.max() < 100
    plt.close(display.figure_)


# --------------------------------------------------------------------------------------
# Architecture

INCEPTION = [(3, ((1, 1), (3, 3))), (5, ((1, 1), (3, 3)))]


@pytest.mark.parametrize(
    ("image_shape", "params"),
    [
        ((8, 8, 1), {}),
        ((12, 20, 3), {"conv_layers": [(4, 3), (8, 3)], "batch_norm": True}),
        ((16, 16, 3), {"conv_layers": INCEPTION, "n_branches": 2}),
        ((1, 60, 2), {"conv_layers": [(4, 3)], "head": "global_avg"}),
        ((8, 8, 1), {"conv_layers": [], "dense_layers": [40, 20]}),
    ],
)
def test_maps_and_dense_layers_are_drawn_to_scale(image_shape, params):
    display = ArchitectureDisplay.from_estimator(
        classifier(**params), image_shape=image_shape
    )
    plates, bars = [], []
    for layer in display.architecture.layers:
        if layer.name not in display.patches_:
            assert layer.kind in ("rescaling", "batch_norm", "dropout")
            continue
        faces = display.patches_[layer.name]
        sides = [np.ptp(face.get_xy(), axis=0) for face in faces]
        if len(layer.output_shape) == 3:
            (width, thickness), (_, depth), _ = sides
            plates.append([depth, width, thickness] / np.array(layer.output_shape))
        elif layer.kind == "dense":
            bars.append(sides[0][0] / layer.output_shape[0])
    assert np.allclose(plates, plates[0], rtol=1e-6) and len(plates) >= 1
    assert np.allclose(bars, bars[0], rtol=1e-6) and len(bars) >= 1
    corners = np.concatenate(
        [face.get_xy() for faces in display.patches_.values() for face in faces]
    )
    assert (corners >= 0).all() and corners[:, 0].max() < 0.5, "texts have the rest"


def test_every_row_says_what_it_does_and_parameters_add_up():
    design = classifier(
        conv_layers=INCEPTION,
        n_branches=2,
        batch_norm=True,
        dropout=0.25,
        dense_dropout=0.5,
        padding="same",
    )
    display = ArchitectureDisplay.from_estimator(design, (16, 16, 3), 7)
    texts = [text.get_text().split("\n") for text in display.texts_]
    assert [line for line, _ in texts] == [
        "images",
        "2 x conv 1x1, 3x3, 3 filters each, relu, batch norm",
        "2 x concatenate",
        "2 x max pool 2x2, dropout 0.25",
        "2 x conv 1x1, 3x3, 5 filters each, relu, batch norm",
        "2 x concatenate",
        "2 x max pool 2x2, dropout 0.25",
        "concatenate",
        "flatten",
        "dense 8, relu, dropout 0.5",
        "output 7, softmax",
    ]
    counts = [re.search(r"([\d,]+) parameters", line) for _, line in texts]
    total = sum(int(found[1].replace(",", "")) for found in counts if found)
    assert total == display.architecture.n_params
    assert display.ax_.get_xlabel() == f"{total:,} parameters"
    assert texts[1][1].startswith("16 x 16 x 3, ") and texts[7][1] == "4 x 4 x 20"


def test_stride_and_padding_are_said_where_they_are_not_the_usual():
    design = classifier(conv_layers=[(4, 3, 3, 2)], padding="valid", pooling="avg")
    display = ArchitectureDisplay.from_estimator(design, (16, 16))
    first_lines = [text.get_text().split("\n")[0] for text in display.texts_[1:3]]
    assert first_lines == [
        "conv 3x3, 4 filters, relu, no padding",
        "avg pool 3x3, stride 2x2, dropout 0.25",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, (COLUMN, 3.0)])
@pytest.mark.parametrize(
    "params",
    [
        {"conv_layers": INCEPTION, "n_branches": 4, "batch_norm": True},
        {"conv_layers": 4 * [(64, 3)], "convs_per_block": 4},
    ],
)
def test_texts_of_large_networks_are_legible_beside_the_drawing(params, size):
    ax = None
    if size:
        ax = plt.figure(figsize=size, layout="constrained").subplots()
    display = ArchitectureDisplay.from_estimator(
        classifier(**params), image_shape=(32, 32), ax=ax
    )
    display.figure_.canvas.draw()
    frame = display.ax_.get_window_extent()
    drawn = [
        face.get_window_extent().x1
        for each in display.patches_.values()
        for face in each
    ]
    boxes = [text.get_window_extent() for text in display.texts_]
    assert all(text.get_visible() for text in display.texts_)
    assert all(max(drawn) < box.x0 and box.x1 <= frame.x1 + 1 for box in boxes)
    assert not any(above.overlaps(below) for above, below in pairwise(boxes))


def test_an_architecture_is_drawn_fitted_or_not_and_by_itself(fitted):
    run = fitted[0]
    drawn = ArchitectureDisplay.from_estimator(run)
    assert drawn.architecture is run.architecture_
    assert ArchitectureDisplay.from_estimator(run, (8, 8), 10).architecture
    alone = ArchitectureDisplay(architecture=run.architecture_).plot()
    planned = ArchitectureDisplay.from_estimator(classifier(image_shape=(8, 8)))
    texts = [
        [text.get_text() for text in each.texts_] for each in (drawn, alone, planned)
    ]
    assert texts[0] == texts[1]
    dropout = ", dropout 0.25"
    assert [text.replace(dropout, "") for text in texts[2]] == texts[0]
    with pytest.raises(ValueError, match=r"image_shape must be None or \(8, 8, 1\)"):
        ArchitectureDisplay.from_estimator(run, (8, 9))
    with pytest.raises(ValueError, match=r"n_classes must be None or 10.*got 3"):
        ArchitectureDisplay.from_estimator(run, n_classes=3)
    with pytest.raises(NotFittedError, match=r"Pass image_shape=X\.shape\[1:\]"):
        ArchitectureDisplay.from_estimator(classifier())
    with pytest.raises(ValueError, match="block 4"):
        ArchitectureDisplay.from_estimator(
            classifier(conv_layers=9 * NARROW), image_shape=(8, 8)
        )


# --------------------------------------------------------------------------------------
# What a network sees


@pytest.fixture(scope="module")
def deep(images):
    """Kernels side by side, pooling and a second block."""
    X, y = images
    blocks = [(4, ((1, 1), (3, 3))), (5, 3)]
    return classifier(conv_layers=blocks, epochs=1).fit(X, y)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "name", "shape"),
    [
        (0, "block1_conv1_1_1x1", (8, 8, 4)),
        (-1, "block2_conv1", (4, 4, 5)),
        ("block1_conv1_concat", "block1_conv1_concat", (8, 8, 8)),
        ("block1_pool", "block1_pool", (4, 4, 8)),
    ],
)
def test_feature_maps_are_those_of_the_keras_model(deep, images, layer, name, shape):
    X = images[0][:2]
    display = FeatureMapsDisplay.from_estimator(deep, X, layer, n_maps=100)
    model = deep.model_
    inner = keras.Model(model.inputs[0], model.get_layer(name).output)
    expected = np.asarray(inner(X.astype("float32")))
    assert display.maps.shape == (2, *shape)
    np.testing.assert_array_equal(display.maps, expected)
    for number, ims in enumerate(display.map_ims_):
        np.testing.assert_allclose(
            display.image_ims_[number].get_array(), X[number, ..., 0] / 255
        )
        for map_number, im in zip(display.numbers_, ims, strict=True):
            np.testing.assert_array_equal(
                im.get_array(), expected[number, :, :, map_number]
            )
    assert len({im.get_clim() for im in display.map_ims_.flat}) == 1, "one scale"


@pytest.mark.slow
def test_of_many_maps_the_largest_are_drawn_and_the_title_says_so():
    maps = np.random.default_rng(0).uniform(size=(2, 4, 4, 40)) * np.arange(40)
    display = FeatureMapsDisplay(images=np.zeros((2, 8, 8, 1)), maps=maps).plot()
    sizes = maps.mean(axis=(0, 1, 2))
    assert display.numbers_.tolist() == sorted(np.argsort(-sizes)[:8])
    assert "8 of 40 maps, the largest; all: n_maps=40" in display.ax_.get_title()
    one = FeatureMapsDisplay(images=np.zeros((1, 8, 8, 1)), maps=maps[:1]).plot()
    assert one.map_ims_.shape == (1, 32), "in four rows"
    extents = [im.get_extent() for im in one.map_ims_.flat]
    assert len({extent[0] for extent in extents}) == 8
    assert len({extent[2] for extent in extents}) == 4
    with pytest.raises(ValueError, match="n_maps must be None or an integer"):
        display.plot(n_maps=0)


def test_a_layer_without_maps_is_refused(deep, images):
    for display in (FeatureMapsDisplay, GradCAMDisplay):
        for layer in ("dense1", "images", "rescaling", 3, "conv"):
            with pytest.raises(ValueError, match=r"layer must be one of \['block1_"):
                display.from_estimator(deep, images[0][:1], layer=layer)


def evidence_by_hand(run, x, layer, code, *, pixel_by_pixel=False):
    """As the papers have it, for one image: gradients by small differences."""
    model = run.model_
    upper = keras.Model(model.get_layer(layer).output, model.get_layer("output").input)
    kernel, bias = model.get_layer("output").get_weights()
    lower = keras.Model(model.inputs[0], model.get_layer(layer).output)
    maps = np.asarray(lower(x[None].astype("float32")))

    def score(maps):
        vector = np.asarray(upper(maps.astype("float32")), float)[0]
        return vector @ kernel[:, code] + bias[code]

    def slope(where, step=1e-3):
        moved = np.zeros_like(maps)
        moved[where] = step
        return (score(maps + moved) - score(maps - moved)) / (2 * step)

    weights = np.zeros_like(maps[0])
    for k in range(maps.shape[-1]):
        if pixel_by_pixel:
            for row, column in np.ndindex(maps.shape[1:3]):
                weights[row, column, k] = slope((0, row, column, k))
        else:  # all pixels at once: the sum of the map's gradients
            weights[..., k] = slope((..., k)) / (maps.shape[1] * maps.shape[2])
    return np.maximum((maps[0] * weights).sum(axis=-1), 0)


@pytest.mark.slow
def test_grad_cam_is_that_of_the_paper(images):
    X, y = images
    # Tanh and a mean have slopes that small differences measure well.
    run = classifier(
        conv_layers=[(4, 3), (3, 3)],
        activation="tanh",
        pooling="avg",
        dropout=0.0,
        epochs=4,
    ).fit(X, y)
    x = X[:3]
    predicted = run.predict_proba(x).argmax(axis=1)
    display = GradCAMDisplay.from_estimator(run, x, method="grad-cam")
    assert display.targets.tolist() == run.predict(x).tolist()
    for number in range(3):
        expected = evidence_by_hand(run, x[number], "block2_conv1", predicted[number])
        np.testing.assert_allclose(
            display.heat_maps[number], expected, rtol=0.02, atol=2e-3 * expected.max()
        )
    assert display.heat_maps.max() > 0
    first = GradCAMDisplay.from_estimator(run, x, layer=0, target=7, method="grad-cam")
    for number in range(3):
        expected = evidence_by_hand(run, x[number], "block1_conv1", 7)
        np.testing.assert_allclose(
            first.heat_maps[number],
            expected,
            rtol=0.02,
            atol=2e-3 * max(expected.max(), 1e-3),
        )
    np.testing.assert_allclose(first.probabilities, run.predict_proba(x)[:, 7])
    pixels = GradCAMDisplay.from_estimator(run, x[:1])
    expected = evidence_by_hand(
        run, x[0], "block2_conv1", predicted[0], pixel_by_pixel=True
    )
    np.testing.assert_allclose(
        pixels.heat_maps[0], expected, rtol=0.02, atol=5e-3 * expected.max()
    )
    with pytest.raises(
        ValueError, match="method must be 'grad-cam', 'hires-cam' or None"
    ):
        GradCAMDisplay.from_estimator(run, x, method="cam")


def test_with_a_global_average_both_methods_are_one(images):
    X, y = images
    run = classifier(head="global_avg", dense_layers=(), epochs=1).fit(X, y)
    layer = "block1_pool"
    both = [
        GradCAMDisplay.from_estimator(run, X[:3], layer=layer, method=method)
        for method in ("grad-cam", "hires-cam")
    ]
    assert both[0].heat_maps.max() > 0
    np.testing.assert_allclose(both[0].heat_maps, both[1].heat_maps, rtol=1e-5)


@pytest.mark.slow
def test_images_without_evidence_are_counted_with_the_remedy(fitted, images, recwarn):
    n_warned = 0
    for target in range(10):
        recwarn.clear()
        display = GradCAMDisplay.from_estimator(
            fitted[0], images[0][:3], target=target, method="grad-cam"
        )
        n_none = sum(not heat.any() for heat in display.heat_maps)
        told = [
            str(each.message) for each in recwarn if "evidence" in str(each.message)
        ]
        assert len(told) == bool(n_none)
        n_warned += bool(n_none)
        assert not told or f"in {n_none} of 3 images" in told[0]
        if n_none:
            assert "pass method='hires-cam'" in told[0]
            recwarn.clear()
            GradCAMDisplay.from_estimator(fitted[0], images[0][:3], target=target)
            assert not [each for each in recwarn if "evidence" in str(each.message)]
        plt.close("all")
    assert n_warned, "or the test shows nothing"


@pytest.mark.slow
def test_the_last_maps_are_those_of_all_parallel_kernels_and_branches(images):
    X, y = images
    kernels = ((1, 1), (3, 3))
    for params, shape in (
        ({"conv_layers": [(2, kernels)]}, (8, 8)),
        ({"n_branches": 2}, (4, 4)),
        ({"batch_norm": True}, (8, 8)),
    ):
        run = classifier(**params).initialize(X, y)
        display = GradCAMDisplay.from_estimator(run, X[:1])
        assert display.heat_maps.shape == (1, *shape)


@pytest.mark.slow
def test_each_image_may_have_a_target_of_its_own(images):
    X, y = images
    words = np.array([f"digit {label}" for label in y])
    run = classifier(epochs=1).fit(X, words)
    display = GradCAMDisplay.from_estimator(run, X[:3], target=words[:3])
    assert display.targets.tolist() == words[:3].tolist()
    for number, label in enumerate(words[:3]):
        alone = GradCAMDisplay.from_estimator(run, X[number : number + 1], target=label)
        np.testing.assert_allclose(
            alone.heat_maps[0], display.heat_maps[number], rtol=1e-4, atol=1e-6
        )
    with pytest.raises(ValueError, match=r"target must be among .*; got 'cat'"):
        GradCAMDisplay.from_estimator(run, X[:3], target="cat")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        GradCAMDisplay.from_estimator(run, X[:3], target=words[:2])
    named = GradCAMDisplay.from_estimator(
        run, X[:1], target="digit 3", target_names="abcdefghij"
    )
    assert named.axes_[0].get_title().startswith("d, ")


def test_a_picture_without_evidence_says_so():
    display = GradCAMDisplay(
        images=np.zeros((2, 4, 4, 1)),
        heat_maps=np.array([np.zeros((2, 2)), [[0, 1], [2, 0]]]),
        targets=[3, 3],
        probabilities=[0.01, 0.5],
    ).plot()
    assert [axes.get_title() for axes in display.axes_] == [
        "3, 1%\nno evidence",
        "3, 50%",
    ]
    assert display.ims_[0].get_array().max() == 0
    assert display.ims_[1].get_array().tolist() == [[0, 0.5], [1, 0]]
    assert display.ims_[0].get_extent() == [0, 4, 4, 0], "over the whole image"


def test_one_pixel_is_no_place_to_look_at(images):
    X, y = images
    tiny = classifier(conv_layers=[(2, 3, 8)]).initialize(X, y)
    with pytest.raises(ValueError, match=r"more than one pixel; got 'block1_pool'"):
        GradCAMDisplay.from_estimator(tiny, X[:1], layer="block1_pool")


# --------------------------------------------------------------------------------------
# Confusions


def test_the_most_frequent_confusions_are_framed_and_shown_with_their_images():
    y_true = np.array([0] * 6 + [1] * 5 + [2] * 3)
    y_pred = np.array([0, 1, 1, 1, 2, 0] + [1, 0, 0, 1, 1] + [2, 2, 0])
    X = np.arange(14).reshape(14, 1, 1) * np.ones((1, 2, 3)) / 20
    display = ConfusionExamplesDisplay.from_predictions(
        X, y_true, y_pred, n_confusions=2, n_images=2, target_names=["a", "b", "c"]
    )
    assert display.confusions == [(0, 1), (1, 0)]
    assert display.confusion_matrix.tolist() == [[2, 3, 1], [2, 3, 0], [1, 0, 2]]
    assert np.array_equal(display.examples[0][..., 0], X[[1, 2]])
    assert np.array_equal(display.examples[1][..., 0], X[[7, 8]])
    frames = {frame.get_xy() for frame in display.axes_[0].patches}
    assert frames == {(0.5, -0.5), (-0.5, 0.5)}
    rows = [label.get_text() for label in display.axes_[1].get_yticklabels()]
    assert rows == ["true a\npred. b\n3 of 6", "true b\npred. a\n2 of 5"]
    written = [
        [text.get_text() for text in row] for row in display.matrix_display_.text_
    ]
    assert written == [["2", "3", "1"], ["2", "3", "0"], ["1", "0", "2"]]
    drawn = np.asarray(display.im_.get_array())
    assert drawn.shape == (2 * 3 - 1, 2 * 4 - 1)
    assert drawn[3:, 4:] == pytest.approx(X[8])


def test_fewer_images_than_asked_for_leave_white_gaps():
    y_true, y_pred = [0, 0, 0, 1], [1, 1, 0, 0]
    X = np.zeros((4, 2, 2, 3), np.uint8)
    display = ConfusionExamplesDisplay.from_predictions(X, y_true, y_pred)
    assert [len(images) for images in display.examples] == [2, 1]
    drawn = np.asarray(display.im_.get_array())
    assert drawn.shape == (5, 5, 3)
    assert (drawn[3:, 3:] == 1).all() and (drawn[:2, :2] == 0).all()


def test_a_perfect_classifier_has_no_confusions():
    y = np.arange(3)
    display = ConfusionExamplesDisplay.from_predictions(np.zeros((3, 2, 2)), y, y)
    assert display.confusions == [] and display.im_ is None
    assert [text.get_text() for text in display.axes_[1].texts] == ["no confusion"]


def test_images_of_other_classes_than_the_matrix_has_are_counted():
    y_true, y_pred = [1] * 6 + [2] * 3, [0] * 5 + [2] + [2] * 3
    with pytest.warns(UserWarning, match="5 of 9 images are left out"):
        ConfusionExamplesDisplay.from_predictions(
            np.zeros((9, 3, 3)), y_true, y_pred, labels=[1, 2]
        )


@pytest.mark.slow
def test_confusions_of_a_classifier_are_those_of_its_predictions(fitted, images):
    X, y = images
    display = ConfusionExamplesDisplay.from_estimator(fitted[1], X, y)
    predicted = fitted[1].predict(X)
    same = ConfusionExamplesDisplay.from_predictions(
        X, y, predicted, labels=fitted[1].classes_
    )
    assert display.confusions == same.confusions and len(display.confusions) == 4
    for true, wrong in display.confusions:
        assert display.confusion_matrix[true, wrong] == sum(
            (y == true) & (predicted == wrong)
        )
    table = ConfusionExamplesDisplay.from_estimator(fitted[1], X.reshape(len(X), -1), y)
    assert table.examples[0].shape == display.examples[0].shape
    with pytest.raises(ValueError, match="n_confusions must be None or an integer"):
        ConfusionExamplesDisplay.from_estimator(fitted[1], X, y, n_confusions=0)
    with pytest.raises(ValueError, match="target_names must be 10 in a sequence"):
        ConfusionExamplesDisplay.from_estimator(fitted[1], X, y, target_names=["a"])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ConfusionExamplesDisplay.from_predictions(X, y[:-1], predicted)
