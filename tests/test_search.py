"""Around a search: what is left out of a grid before it, and the table after it."""

import re
import sys
import warnings

import keras
import numpy as np
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

from skcnn import ConvBlock, ConvPoolClassifier
from skcnn._search import feasible_grid, search_results
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


# ---------------------------------------------------------------------------------------------------------------
# feasible_grid


@st.composite
def grids(draw):
    """A grid, and a shape of small images, for which many of its networks were not made."""
    designs = draw(st.lists(architecture_parameters(), min_size=1, max_size=2))
    grid = {
        "conv_layers": [(), *(design["conv_layers"] for design in designs)],
        "n_branches": [1, 2],
    }
    return grid, draw(st.tuples(*3 * [st.integers(1, 8)]))


def size_when_built(candidate, image_shape):
    """Number of parameters of the Keras model that a candidate makes; infinitely many if it makes none."""
    images = np.zeros((2, *image_shape), np.float32)
    try:
        return (
            ConvPoolClassifier(**candidate, random_state=0)
            .initialize(images, [0, 1])
            .model_.count_params()
        )
    except ValueError:
        return np.inf


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


# ---------------------------------------------------------------------------------------------------------------
# search_results


@pytest.fixture(scope="module")
def search():
    """A search over what feasible_grid left: candidates that differ in size, and in how well they do."""
    grid = {
        "conv_layers": [[(2, 3, 4)], [(2, 3, 9)], [ConvBlock(16, 3)]],
        "epochs": [1, 8],
    }
    with pytest.warns(UserWarning, match="left out 2 of 6"):
        left = feasible_grid(grid, X.shape[1:])
    return GridSearchCV(tiny(batch_size=8), left, cv=2, error_score="raise").fit(X, y)


def test_a_search_over_what_is_left_has_fits_that_differ_in_epochs_side_by_side(search):
    assert [params["epochs"] for params in search.cv_results_["params"]] == [1, 8, 1, 8]


def test_the_table_has_the_best_candidate_first(search):
    table = search_results(search)
    assert table.columns.tolist() == [
        *(
            "rank_test_score",
            "mean_test_score",
            "std_test_score",
            "param_conv_layers",
            "param_epochs",
        ),
        *("n_params", "mean_fit_time", "mean_score_time"),
    ]
    assert table.index[0] == search.best_index_
    assert table["mean_test_score"].is_monotonic_decreasing
    for name in table.columns.drop(["param_conv_layers", "n_params"]):
        assert table[name].sort_index().tolist() == search.cv_results_[name].tolist()


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
    assert table["mean_test_loss"].is_monotonic_decreasing
    assert {
        "rank_test_accuracy",
        "std_test_accuracy",
        "mean_train_loss",
        "std_train_loss",
    } <= set(table)
    assert not [name for name in table if name.startswith("split")]
    search.set_params(refit=False).fit(X, y)
    assert search_results(search)["mean_test_accuracy"].is_monotonic_decreasing, (
        "the first score decides"
    )


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
        == table["param_epochs"].tolist()
        == [4, 2, 2, 1, 1, 1, 1]
    )
    assert table.index[0] == search.best_index_
    for _, iteration in table.groupby("iter"):
        assert iteration["mean_test_score"].is_monotonic_decreasing
    assert table["n_params"].iloc[0] == search.best_estimator_.n_params_


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_candidate_that_failed_is_last_and_has_no_parameters():
    search = GridSearchCV(tiny(), {"conv_layers": [[(4, 3, 9)], [(4, 3)]]}, cv=2)
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    table = search_results(search)
    assert table.index.tolist() == [1, 0]
    assert (
        table["mean_test_score"].isna().tolist()
        == table["n_params"].isna().tolist()
        == [False, True]
    )


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
    assert table["param_clf__dense_layers"][:2].tolist() == ["()", "(5,)"]
    assert table.loc[2, ["n_params", "param_clf__dense_layers"]].isna().all()


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
    blocks = [
        "[ConvBlock(filters=2, max_norm=2.0), (2, 3)]",
        *2 * ["({'filters': 2},)"],
        *2 * ["[(2, 3)]"],
    ]
    assert table["param_conv_layers"].tolist() == blocks
    assert table["param_max_norm"].tolist() == [1.5, "None", 2, 1.5, 1.5]
    assert table["param_optimizer"].tolist() == [*3 * ["adam"], *2 * ["SGD"]]
    rates = table["param_optimizer__learning_rate"].tolist()
    assert np.isnan(rates[:3]).all()
    assert re.match(
        "ExponentialDecay.initial_learning_rate=0.5, decay_steps=10, decay_rate=0.25",
        rates[3],
    )
    assert rates[4] == 0.5
    assert len(table.groupby("param_conv_layers")) == 3


def test_without_pandas_the_error_says_what_to_install(search, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        search_results(search)


def test_a_table_before_the_search_is_refused():
    with pytest.raises(NotFittedError, match="GridSearchCV"):
        search_results(GridSearchCV(tiny(), GRID))
