"""Around a search: what is left out of a grid before it, and the table after it."""

import copy
import fcntl
import os
import pickle
import struct
import subprocess
import sys
import termios
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from strategies import architecture_parameters

import skcnn._table
from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._search import feasible_grid, search_results
from skcnn._value_labels import is_ordered, short_labels
from skcnn.presets import GRIDS, NETWORKS

IMAGES, TARGETS = load_digits().images / 16, load_digits().target
X, y = IMAGES[:100], TARGETS[:100]
CIFAR10 = (32, 32, 3)


TINY = {
    "conv_layers": [(2, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "epochs": 1,
    "random_state": 0,
}


def tiny(**params):
    """A classifier that is trained in a moment."""
    return ConvPoolClassifier(**{**TINY, **params})


def in_pipeline(classifier):
    return Pipeline([("scale", FunctionTransformer()), ("clf", classifier)])


# --------------------------------------------------------------------------------------
# feasible_grid


@st.composite
def grids(draw):
    """A grid, and a shape of small images, for which many of its networks were not
    made.
    """
    designs = draw(st.lists(architecture_parameters(), min_size=1, max_size=2))
    grid = {
        "conv_layers": [(), *(design["conv_layers"] for design in designs)],
        "n_branches": [1, 2],
    }
    return grid, draw(st.tuples(*3 * [st.integers(1, 8)]))


def size_when_built(candidate, image_shape):
    """Number of parameters of the Keras model that a candidate makes; infinitely many
    if it makes none.
    """
    images = np.zeros((2, *image_shape), np.float32)
    try:
        return (
            ConvPoolClassifier(**candidate, image_shape=image_shape, random_state=0)
            .initialize(images, [0, 1])
            .model_.count_params()
        )
    except ValueError:
        return np.inf


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(grids(), st.none() | st.integers(1, 2000))
def test_what_is_left_is_what_can_be_built_and_is_small_enough_in_order(
    grid_and_shape, max_params
):
    grid, image_shape = grid_and_shape
    limit = max_params or sys.maxsize
    expected = [
        candidate
        for candidate in ParameterGrid(grid)
        if size_when_built(candidate, image_shape) <= limit
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if expected:
            assert (
                list(
                    ParameterGrid(
                        feasible_grid(grid, image_shape, max_params, n_classes=2)
                    )
                )
                == expected
            )
        else:
            with pytest.raises(ValueError, match="no feasible candidate"):
                feasible_grid(grid, image_shape, max_params, n_classes=2)


def test_a_grid_of_feasible_networks_stays_whole_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        left = feasible_grid(GRIDS["s0"], CIFAR10)
    assert list(ParameterGrid(left)) == list(ParameterGrid(GRIDS["s0"]))


def test_a_network_may_have_exactly_as_many_parameters_as_the_limit():
    grid = {
        "conv_layers": GRIDS["s0"]["conv_layers"]
    }  # of 27,748, 57,464 and 288,848 parameters
    with pytest.warns(UserWarning):
        assert len(feasible_grid(grid, CIFAR10, max_params=57_464)) == 2
        assert len(feasible_grid(grid, CIFAR10, max_params=57_463)) == 1


def test_the_warning_tells_how_many_why_and_an_example():
    grid = {
        "conv_layers": [[(4, 3)], [(4, 3, 9)], [(4, 3, 10), (64, 3)], [(64, 3)]],
        "epochs": [1, 2],
    }
    with pytest.warns(UserWarning) as caught:
        feasible_grid(grid, (8, 8), max_params=20_000)
    assert [warning.filename for warning in caught] == [__file__]
    assert str(caught[0].message).splitlines() == [
        "feasible_grid left out 6 of 8 candidates.",
        "4 cannot be built, such as conv_layers=[(4, 3, 9)], epochs=1: conv_layers, block 1: the 9x9 pooling window "
        "does not fit the 8x8 map it meets (image_shape=(8, 8, 1)).",
        "2 with more than 20,000 parameters, such as conv_layers=[(64, 3)], epochs=1: 89,328",
    ]


def test_if_nothing_is_left_the_error_tells_why():
    with pytest.raises(
        ValueError,
        match=r"no feasible candidate\.\n1 cannot be built.*9x9 pooling window",
    ):
        feasible_grid({"conv_layers": [[(4, 3, 9)]]}, (8, 8))


def test_parameters_that_are_not_in_the_grid_are_those_of_the_estimator():
    grid = {"conv_layers": [[(4, 3)], [(4, 3), (4, 3)]]}
    assert len(feasible_grid(grid, (8, 8))) == 2
    with pytest.warns(UserWarning, match="left out 1 of 2"):
        left = feasible_grid(
            grid, (8, 8), estimator=ConvPoolClassifier(padding="valid")
        )
    assert left == [{"conv_layers": [[(4, 3)]]}]
    with pytest.warns(
        UserWarning,
        match=r"left out 1 of 8.*\n.*ConvBlock\(filters=32, n_convs=2\)\]: 4,210,090",
    ):
        feasible_grid(
            GRIDS["s3"],
            CIFAR10,
            2_000_000,
            estimator=ConvPoolClassifier(**NETWORKS["cascade-two"]),
        )


def test_a_candidate_leaves_nothing_to_the_next_one_or_to_the_estimator():
    estimator = ConvPoolClassifier()
    grid = [
        {"n_branches": [2]},
        {"conv_layers": [()]},
    ]  # which would be impossible together
    assert len(feasible_grid(grid, (8, 8), estimator=estimator)) == 2
    grid = {"clf": [estimator], "clf__conv_layers": [[(4, 3)]]}
    assert feasible_grid(grid, (8, 8), estimator=in_pipeline(estimator)) == [grid]
    assert estimator.get_params() == ConvPoolClassifier().get_params()


@pytest.mark.parametrize("depth", [1, 2])
def test_a_classifier_is_found_in_a_pipeline(depth):
    estimator, name = ConvPoolClassifier(), "conv_layers"
    for _ in range(depth):
        estimator, name = in_pipeline(estimator), f"clf__{name}"
    with pytest.warns(UserWarning, match="left out 1 of 2"):
        left = feasible_grid(
            {name: [[(4, 3)], [(4, 3, 9)]]}, (8, 8), estimator=estimator
        )
    assert left == [{name: [[(4, 3)]]}]


def test_a_candidate_without_a_network_is_left_in():
    grid = {"clf": [LogisticRegression(), ConvPoolClassifier()]}
    with pytest.warns(UserWarning, match="left out 1 of 2"):
        left = feasible_grid(
            grid, (8, 8), max_params=1, estimator=in_pipeline(ConvPoolClassifier())
        )
    assert left == [{"clf": [grid["clf"][0]]}]


def test_a_candidate_is_judged_by_its_own_image_shape():
    grid = {"image_shape": [(8, 8), (2, 32), None], "conv_layers": [[(4, 3, 4)]]}
    with pytest.warns(
        UserWarning,
        match=r"image_shape=\(2, 32\).*the 4x4 pooling window does not fit the 2x32 map",
    ):
        left = feasible_grid(grid, (4, 4))
    assert [candidate["image_shape"] for candidate in left] == [[(8, 8)], [None]]


GRID = {"conv_layers": [[(4, 3)]]}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"param_grid": {"conv_layer": [[(4, 3)]]}},
            ValueError,
            "conv_layer.*Did you mean 'conv_layers'",
        ),
        (
            {"param_grid": {"pooling": ["max", "mux"]}},
            ValueError,
            "pooling must be one of.*'mux'",
        ),
        (
            {"param_grid": {"conv_layers": [[("a", 3)]]}},
            TypeError,
            "block 1: filters must be an integer.*'a'",
        ),
        (
            {"param_grid": {"conv_layers": [[(0, 3)], [(4, 3)]]}},
            ValueError,
            "block 1: filters must be.*0",
        ),
        ({"param_grid": {"image_shape": [(8,)]}}, ValueError, "image_shape must be"),
        ({"param_grid": {"pooling": "max"}}, TypeError, "'pooling' needs to be a list"),
        ({"param_grid": {"epochs": []}}, ValueError, "'epochs' need to be a non-empty"),
        ({"param_grid": []}, ValueError, "param_grid has no feasible candidate"),
        ({"param_grid": 5}, TypeError, "should be a dict or a list"),
        ({"image_shape": 8}, TypeError, "image_shape must be"),
        ({"image_shape": (8, 0)}, ValueError, "image_shape must be"),
        ({"n_classes": 1}, ValueError, "n_classes must be"),
        (
            {"max_params": 0},
            ValueError,
            "max_params must be None or an integer of at least 1; got 0",
        ),
        (
            {"max_params": 1e6},
            ValueError,
            "max_params must be None or an integer of at least 1; got 1000000.0",
        ),
        ({"max_params": True}, ValueError, "max_params must be"),
        (
            {"estimator": LogisticRegression()},
            TypeError,
            r"estimator must be.*LogisticRegression\(\)",
        ),
        (
            {"estimator": "ConvPoolClassifier"},
            TypeError,
            "estimator must be.*'ConvPoolClassifier'",
        ),
    ],
)
def test_mistakes_are_raised_by_name(arguments, error, message):
    with pytest.raises(error, match=message):
        feasible_grid(**{"param_grid": GRID, "image_shape": (8, 8), **arguments})


# --------------------------------------------------------------------------------------
# search_results


@pytest.fixture(scope="module")
def search():
    """A search over what feasible_grid left: candidates that differ in size, and in how
    well they do.
    """
    grid = {
        "conv_layers": [[(2, 3, 4)], [(2, 3, 9)], [ConvBlock(16, 3)]],
        "epochs": [1, 8],
    }
    with pytest.warns(UserWarning, match="left out 2 of 6"):
        left = feasible_grid(grid, X.shape[1:])
    return GridSearchCV(tiny(batch_size=8), left, cv=2, error_score="raise").fit(X, y)


@pytest.mark.slow
def test_a_search_over_what_is_left_has_fits_that_differ_in_epochs_side_by_side(search):
    assert [params["epochs"] for params in search.cv_results_["params"]] == [1, 8, 1, 8]


def test_the_table_has_the_best_candidate_first(search):
    table = search_results(search)
    assert table.columns.tolist() == [
        *("rank", "score", "conv_layers", "epochs", "n_params"),
        *("std", "fit_time", "score_time"),
    ]
    assert table.index[0] == search.best_index_
    assert table["score"].is_monotonic_decreasing
    for name, long in {
        "rank": "rank_test_score",
        "score": "mean_test_score",
        "std": "std_test_score",
        "epochs": "param_epochs",
        "fit_time": "mean_fit_time",
        "score_time": "mean_score_time",
    }.items():
        assert table[name].sort_index().tolist() == search.cv_results_[long].tolist()


def test_scikit_learns_own_columns_are_joined_by_the_index(search):
    joined = search_results(search).join(pd.DataFrame(search.cv_results_))
    assert joined["score"].tolist() == joined["mean_test_score"].tolist()
    assert "split1_test_score" in joined


@pytest.fixture(scope="module")
def search_of_s0(search):
    """A search with the candidates of study S0, and scores from nowhere."""
    candidates = list(ParameterGrid(GRIDS["s0"]))
    values = np.random.RandomState(0).uniform(size=(108, 6))
    results = {"params": candidates}
    for name, column in zip(("fit_time", "score_time"), values.T, strict=False):
        results[f"mean_{name}"] = 100 * column
    for name in GRIDS["s0"]:
        results[f"param_{name}"] = [each[name] for each in candidates]
    results["mean_test_score"], results["std_test_score"] = values.T[2:4]
    results["rank_test_score"] = np.argsort(np.argsort(-values[:, 2])) + 1
    found = copy.copy(search)
    found.cv_results_ = results
    return found


def printed(table, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    return str(table)


def test_the_table_prints_its_parameters_in_80_columns(search_of_s0, monkeypatch):
    table = search_results(search_of_s0, CIFAR10, 10)
    text = printed(table, 80, monkeypatch)
    assert max(map(len, text.splitlines())) <= 80 and "..." not in text.split("\n")[0]
    head = text.splitlines()[0].split()
    assert head[:2] == ["rank", "score"] and head[-1] == "n_params"
    assert set(GRIDS["s0"]) <= set(head)
    assert any("50-20" in line for line in text.splitlines()[1:])
    assert "108 rows" in text and "no room for these columns: std, fit_time" in text
    narrow, wide = (printed(table, width, monkeypatch) for width in (50, 200))
    assert max(map(len, narrow.splitlines())) <= 50
    assert wide.splitlines()[0].split() == table.columns.tolist()


def test_what_is_made_of_the_table_prints_alike_and_pandas_options_are_heeded(
    search_of_s0, monkeypatch
):
    table = search_results(search_of_s0, CIFAR10, 10)
    for part in (
        table.head(3),
        table.sort_values("fit_time"),
        table[table.epochs == 3],
    ):
        assert "n_params" in printed(part, 80, monkeypatch).splitlines()[0]
    assert "score_time" in table.to_string()
    with pd.option_context("display.max_columns", None, "display.width", 1000):
        assert "score_time" in printed(table, 80, monkeypatch)
    assert str(table.iloc[:0]).startswith("Empty")
    assert printed(table[["score"]].head(2), 80, monkeypatch).count("\n") == 2
    assert pickle.loads(pickle.dumps(table)).equals(table)
    means = table.groupby("conv_layers")["score"].mean()
    assert set(means.index) == {"4-8", "8-16", "32-64"}


ALONE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("table", sys.argv[1])
table = importlib.util.module_from_spec(spec)
spec.loader.exec_module(table)
print(table.CandidateTable({f"column_{i}": [i] for i in range(30)}))
"""


def test_a_terminal_decides_the_width():
    """As for pandas: here a real one, in a process that imports this module alone."""
    main, second = os.openpty()
    fcntl.ioctl(second, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 60, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE, skcnn._table.__file__],
        stdout=second,
        stderr=subprocess.PIPE,
        env=environment,
        timeout=100,
    )
    os.close(second)
    lines = os.read(main, 10_000).decode().splitlines()
    os.close(main)
    assert done.returncode == 0, done.stderr
    assert 45 < len(lines[0]) <= 60 and max(map(len, lines)) <= 60


def test_the_table_counts_the_parameters_of_each_network(search):
    models = [
        clone(search.estimator).set_params(**params)
        for params in search.cv_results_["params"]
    ]
    expected = [model.initialize(X, y).model_.count_params() for model in models]
    table = search_results(search)
    assert table["n_params"].sort_index().tolist() == expected
    assert table["n_params"].iloc[0] == search.best_estimator_.n_params_
    assert len(set(expected)) == 2


@pytest.mark.slow
def test_random_candidates_and_several_scores():
    distributions = {
        "optimizer__learning_rate": [0.1, 0.001, 1e-9],
        "dropout": [0.0, 0.1],
        "batch_size": [4],
    }
    scores = {"accuracy": "accuracy", "loss": "neg_log_loss"}
    search = RandomizedSearchCV(
        tiny(),
        distributions,
        n_iter=4,
        cv=2,
        scoring=scores,
        refit="loss",
        random_state=0,
        return_train_score=True,
    ).fit(X, y)
    table = search_results(search)
    assert table.index[0] == search.best_index_
    assert table["loss"].is_monotonic_decreasing
    results = search.cv_results_
    for name, long in {
        "rank_accuracy": "rank_test_accuracy",
        "accuracy": "mean_test_accuracy",
        "std_accuracy": "std_test_accuracy",
        "loss": "mean_test_loss",
        "train_loss": "mean_train_loss",
        "std_train_loss": "std_train_loss",
    }.items():
        assert table[name].sort_index().tolist() == results[long].tolist()
    assert not [name for name in table if name.startswith("split")]
    assert {"dropout", "batch_size"} <= set(table)
    assert table.columns.tolist().index("dropout") < table.columns.tolist().index(
        "batch_size"
    ), "first what varies"
    search.set_params(refit=False).fit(X, y)
    assert search_results(search)["accuracy"].is_monotonic_decreasing, (
        "the first score decides"
    )


@pytest.mark.slow
def test_halving_has_the_last_iteration_first():
    grid = {"conv_layers": [[(2, 3)], [(4, 3)], [(8, 3)], [(16, 3)]]}
    search = HalvingGridSearchCV(
        tiny(batch_size=8),
        grid,
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
    ).fit(X, y)
    table = search_results(search)
    assert table["iter"].tolist() == [2, 1, 1, 0, 0, 0, 0]
    assert (
        table["n_resources"].tolist()
        == table["epochs"].tolist()
        == [4, 2, 2, 1, 1, 1, 1]
    )
    assert table.index[0] == search.best_index_
    for _, iteration in table.groupby("iter"):
        assert iteration["score"].is_monotonic_decreasing
    assert table["n_params"].iloc[0] == search.best_estimator_.n_params_


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_candidate_that_failed_is_last_and_has_no_parameters():
    search = GridSearchCV(tiny(), {"conv_layers": [[(4, 3, 9)], [(4, 3)]]}, cv=2)
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    table = search_results(search)
    assert table.index.tolist() == [1, 0]
    assert (
        table["score"].isna().tolist()
        == table["n_params"].isna().tolist()
        == [False, True]
    )


@pytest.mark.slow
def test_a_search_over_a_pipeline_and_another_classifier():
    grid = [{"clf__dense_layers": [(), (5,)]}, {"clf": [LogisticRegression()]}]
    search = GridSearchCV(in_pipeline(tiny()), grid, cv=2).fit(X.reshape(100, 64), y)
    assert isinstance(search.best_estimator_["clf"], LogisticRegression)
    assert "n_params" not in search_results(search), (
        "the best has no network that has seen the images"
    )
    table = search_results(search, image_shape=(1, 64), n_classes=10).sort_index()
    one, other = (
        tiny(dense_layers=units).initialize(X.reshape(100, 64), y).n_params_
        for units in ((), (5,))
    )
    assert table["n_params"][:2].tolist() == [one, other]
    assert table["clf__dense_layers"][:2].tolist() == ["none", "5"]
    assert table.loc[2, ["n_params", "clf__dense_layers"]].isna().all()


@pytest.fixture(scope="module")
def search_without_refit():
    """Candidates that each set something else, of all sorts of values."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.25)
    grid = [
        {"conv_layers": [[ConvBlock(2, 3, max_norm=2.0), (np.int64(2), 3)]]},
        {"conv_layers": [({"filters": 2},)], "max_norm": [None, 2]},
        {
            "optimizer": [keras.optimizers.SGD],
            "optimizer__learning_rate": [schedule, np.float64(0.5)],
        },
    ]
    return GridSearchCV(
        tiny(max_norm=1.5), grid, cv=2, refit=False, error_score="raise"
    ).fit(X, y)


@pytest.mark.slow
def test_without_refit_the_shape_of_images_must_be_told(search_without_refit):
    assert "n_params" not in search_results(search_without_refit)
    table = search_results(search_without_refit, (8, 8), 10)
    assert table["n_params"].notna().all()
    with pytest.raises(
        ValueError,
        match=r"image_shape and n_classes must both be given; got \(8, 8\) and None",
    ):
        search_results(search_without_refit, (8, 8))
    with pytest.raises(TypeError, match="n_classes must be"):
        search_results(search_without_refit, (8, 8), "ten")


def test_a_given_number_of_classes_goes_before_that_of_the_best_estimator(search):
    more = (
        search_results(search, n_classes=11)["n_params"]
        - search_results(search)["n_params"]
    )
    assert (
        more[search.best_index_]
        == search.best_estimator_.model_.layers[-1].input.shape[1] + 1
    )


def test_values_are_short_to_read_and_those_of_the_estimator_where_a_candidate_sets_none(
    search_without_refit,
):
    table = search_results(search_without_refit).sort_index()
    assert table["conv_layers"].tolist()[0] == "2-2"
    assert table["conv_layers"].nunique() == 3
    assert table["max_norm"].tolist() == [1.5, "None", 2, 1.5, 1.5]
    assert table["optimizer"].tolist() == [*3 * ["adam"], *2 * ["SGD"]]
    rates = table["optimizer__learning_rate"].tolist()
    assert np.isnan(rates[:3]).all()
    assert rates[3:] == ["ExponentialDecay", 0.5]


def test_a_parameter_with_the_name_of_a_column_keeps_its_prefix():
    distributions = {"loss": ["sparse_categorical_crossentropy"], "epochs": [1]}
    search = GridSearchCV(
        tiny(), distributions, cv=2, scoring={"loss": "neg_log_loss"}, refit=False
    ).fit(X, y)
    table = search_results(search)
    assert table["param_loss"].tolist() == distributions["loss"]
    assert table["loss"].tolist() == search.cv_results_["mean_test_loss"].tolist()


# --------------------------------------------------------------------------------------
# Labels


def decaying(rate, **config):
    return keras.optimizers.schedules.InverseTimeDecay(rate, 1, 0.5, **config)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([[(32, 5, 2, 2), (64, 3, 2, 2)], [(8, 3)]], ["32-64", "8"]),
        ([[(8, 5), (16, 3)], [(8, 3), (16, 3)]], ["8-16, kernel_size=5-3", None]),
        ([[ConvBlock(8, 3)], [{"filters": 8}, (4,)]], ["8", "8-4"]),
        ([[(8, 3, 2)], [(8, 3, None)]], ["8, pool_size=2", "8, pool_size=None"]),
        # kernels: a number, a pair, several numbers, several pairs
        ([[(8, 3)], [(8, (3, 5))]], ["8, kernel_size=3", "8, kernel_size=(3,5)"]),
        ([[(8, (1, 3, 5))], [(8, [1, 3])]], ["8, kernel_size=(1,3,5)", None]),
        (
            [2 * [(8, ((1, 1), (3, 3)))], 2 * [(8, ((1, 1), (3, 3), (5, 5)))]],
            ["8-8, kernel_size=((1,1),(3,3))", None],
        ),
        ([[(8, ((1, 1), (3, 3)))], [(4, (3, 5))]], ["8", "4"]),
        ([[50, 20], (50,), []], ["50-20", "50", "none"]),
        ([(0.1, 0.2), (1, -2)], ["0.1, 0.2", "1, -2"]),
        ([np.array([8, 16]), np.int64(3), np.float32(0.5)], ["8-16", "3", "0.5"]),
        (
            [0.1 + 0.2, 1e-4, True, None, "max"],
            ["0.3", "0.0001", "True", "None", "max"],
        ),
        ([0.5, 0.5 + 1e-9], ["0.5", "0.500000001"]),
        ([decaying(0.1), 0.5], ["InverseTimeDecay", "0.5"]),
        (
            [decaying(0.1), decaying(0.2), 0.5],
            ["initial_learning_rate=0.1", "initial_learning_rate=0.2", "0.5"],
        ),
        (
            [
                keras.optimizers.SGD(0.5),
                keras.optimizers.Adam(0.5),
                keras.optimizers.SGD,
            ],
            None,
        ),
        ([keras.layers.RandomFlip(), [keras.layers.RandomFlip()] * 2], None),
        (
            [{0: 1.0, 1: 2.0}, {0: 1.0, 1: 3.0}, "balanced"],
            ["1=2.0", "1=3.0", "balanced"],
        ),
        ([object(), object(), "a"], ["object (1)", "object (2)", "a"]),
        ([lambda: 0, lambda: 1], ["<lambda> (1)", "<lambda> (2)"]),
        ([20 * [(8, 3)], 20 * [(8, 5)]], None),
        (
            [
                [("a", 3)],
                [(8, 3, 2, 2, 1, "x", 1, 1, 1, 1, 1, 1, 1)],
                [()],
                [{"pool": 2}],
            ],
            None,
        ),
    ],
)
def test_labels_are_short_different_and_on_one_line(values, labels):
    found = short_labels(values)
    assert len(set(found)) == len(values)
    assert max(map(len, found)) <= 45 and "\n" not in "".join(found)
    assert " at 0x" not in "".join(found)
    for label, expected in zip(found, labels or len(found) * [None], strict=True):
        assert expected in (None, label)


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([3, 5, 10], True),
        ([0.1, 0.5], True),
        ([[(4, 3), (8, 3)], [(8, 3), (16, 3)]], True),
        ([[50], [100]], True),
        ([[(8, 3)], [(2, 3), (4, 3)], 4 * [(8, 3)]], False),
        ([[], [50], [50, 20]], False),
        ([[4, 8], [5, 7]], False),
        (["adam", "sgd"], False),
        ([False, True], False),
        ([1, None], False),
    ],
)
def test_which_values_lie_on_one_scale(values, ordered):
    assert is_ordered(values) == ordered


def test_without_pandas_the_error_says_what_to_install(search, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        search_results(search)


def test_a_table_before_the_search_is_refused():
    with pytest.raises(NotFittedError, match="GridSearchCV"):
        search_results(GridSearchCV(tiny(), GRID))
