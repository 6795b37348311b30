"""Before a search: what it will do and cost."""

import warnings
from collections import Counter

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import (
    ConvPoolClassifier,
    SearchProgress,
    count_parameters,
    feasible_grid,
    feasible_sample,
    memory_info,
    plan_search,
    search_histories,
)
from skcnn._measuring import Measured, Speeds, spread
from skcnn._planned_fits import planned_rungs
from skcnn._quantities import in_bytes, in_seconds
from skcnn._sizes import state_bytes
from skcnn._states import STATES
from skcnn._training import epochs_trained
from skcnn.presets import search_space

X, y = load_digits().images[:100] / 16, load_digits().target[:100]
TINY = {
    "conv_layers": [(2, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "epochs": 2,
    "random_state": 0,
}


def tiny(**params):
    """A classifier that is trained in a moment."""
    return ConvPoolClassifier(**{**TINY, **params})


def trained_by(search):
    """How many epochs a search without refit really trains."""
    with epochs_trained() as epochs:
        search.fit(X, y)
    return len(epochs)


# --------------------------------------------------------------------------------------
# Which fits


def fits_really_done(search, X, y):
    """Parameters and places of all fits of a search, as a step of a pipeline sees
    them.
    """
    seen = []

    class Spy(ClassifierMixin, BaseEstimator):
        def __init__(self, C=1.0):
            self.C = C

        def fit(self, X, y):
            seen.append((self.C, X.ravel().tolist()))
            return self

        def score(self, X, y):
            return self.C

    search.set_params(estimator=Spy()).fit(np.arange(len(y))[:, np.newaxis], y)
    return seen


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(None, {"C": [1, 2, 3]}, cv=3, refit=False),
        GridSearchCV(None, {"C": [1, 2]}, cv=KFold(2, shuffle=True, random_state=1)),
        RandomizedSearchCV(
            None, {"C": loguniform(0.1, 1)}, n_iter=3, random_state=0, cv=2
        ),
        RandomizedSearchCV(
            None,
            {"C": [1, 2, 3]},
            n_iter=2,
            random_state=3,
            cv=ShuffleSplit(2, random_state=0),
        ),
        HalvingGridSearchCV(None, {"C": [1, 2, 3, 4]}, factor=2, cv=2, random_state=0),
    ],
)
def test_the_fits_are_those_that_the_search_does(search):
    search.set_params(estimator=LogisticRegression())
    rungs = planned_rungs(search, X, y)
    done = fits_really_done(search, X, y)
    # A halving search keeps some candidates, and nobody knows which.
    planned = Counter()
    for rung in rungs:
        for candidate in rung.candidates:
            for fold in rung.folds:
                planned[candidate["C"], tuple(fold.train)] += 1
    n_planned = sum(rung.n_kept * len(rung.folds) for rung in rungs)
    assert n_planned == len(done) - bool(search.refit)
    for c, train in done[:n_planned]:
        assert planned[c, tuple(train)] == 1


def test_the_resource_of_a_halving_search_is_planned_rung_by_rung(nothing_known):
    search = HalvingGridSearchCV(
        tiny(),
        {"dropout": [0, 0.1, 0.2, 0.3]},
        resource="epochs",
        min_resources=1,
        max_resources=9,
        factor=3,
        cv=2,
    )
    rungs = planned_rungs(search, X, y)
    assert [[c["epochs"] for c in rung.candidates] for rung in rungs] == [
        [1] * 4,
        [3] * 4,
    ]
    assert [rung.n_kept for rung in rungs] == [4, 2]
    plan = plan_search(search, X, y)
    assert (plan.n_iterations, plan.n_fits) == (2, 12)
    # Four candidates train an epoch, and half of them two more, in two folds.
    assert (plan.epochs_asked, plan.epochs_to_train) == (8 + 12, 8 + 8)
    assert "decided as the search goes" in str(plan)


def test_planning_leaves_search_callbacks_and_generators_alone(capfd):
    rng = np.random.RandomState(0)
    search = RandomizedSearchCV(
        tiny(), {"dropout": [0, 0.25]}, n_iter=1, cv=2, random_state=rng
    )
    search.set_callbacks(SearchProgress())
    before = rng.get_state()[1].tolist()
    plan_search(search, X, y)
    assert rng.get_state()[1].tolist() == before
    assert not hasattr(search, "cv_results_")
    assert "fits" not in capfd.readouterr().err


# --------------------------------------------------------------------------------------
# Which epochs


GRID = {"dropout": [0, 0.5], "epochs": [1, 2, 4]}


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "runs")


@pytest.mark.parametrize("kind", ["bare", "in a pipeline"])
def test_epochs_to_train_are_those_that_the_search_trains(kind, nothing_known):
    estimator, grid = tiny(), GRID
    if kind == "in a pipeline":
        halve = FunctionTransformer(lambda X: X / 2)
        estimator = Pipeline([("scale", halve), ("clf", estimator)])
        grid = {f"clf__{name}": values for name, values in GRID.items()}
    search = GridSearchCV(estimator, grid, cv=2, refit=False)
    plan = plan_search(search, X, y)
    assert (plan.n_candidates, plan.n_fits, plan.n_trainings) == (6, 12, 4)
    assert (plan.epochs_asked, plan.epochs_known) == (2 * 2 * 7, 0)
    assert plan.epochs_to_train == trained_by(search) == 16
    again = plan_search(search, X, y)
    assert (again.epochs_known, again.epochs_to_train) == (28, 0)


def test_what_is_in_memory_is_known(nothing_known, folder):
    some = GridSearchCV(
        tiny(memory=folder), {"dropout": [0], "epochs": [2]}, cv=2, refit=False
    )
    trained_by(some)
    STATES.clear()
    search = GridSearchCV(tiny(memory=folder), GRID, cv=2, refit=False)
    plan = plan_search(search, X, y)
    # One of two dropouts, in two folds: of 1, 2 and 4 epochs 1, 2 and 2 are known.
    assert plan.epochs_known == 2 * (1 + 2 + 2)
    assert plan.epochs_to_train == trained_by(search) == 16 - 4


def test_a_folder_is_not_made_by_planning(folder, tmp_path):
    plan = plan_search(GridSearchCV(tiny(memory=folder), GRID, cv=2), X, y)
    assert not list(tmp_path.iterdir())
    assert plan.disk_bytes > 0 and plan.memory == folder and folder in str(plan)


def test_a_fit_that_stopped_early_needs_no_more_epochs(nothing_known):
    estimator = tiny(early_stopping=True, n_iter_no_change=1, epochs=30)
    search = GridSearchCV(estimator, {"dropout": [0]}, cv=2, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        trained_by(search)
    plan = plan_search(search, X, y)
    assert plan.epochs_to_train == 0 and plan.epochs_asked == 60
    assert "may stop early" in str(plan)


def test_what_shares_nothing_is_trained_whole_and_the_plan_says_why(nothing_known):
    search = GridSearchCV(tiny(random_state=None), GRID, cv=2, refit=False)
    plan = plan_search(search, X, y)
    assert plan.epochs_to_train == plan.epochs_asked == trained_by(search)
    assert "12 fits share nothing" in str(plan) and "random_state=0" in str(plan)


@pytest.mark.slow
def test_processes_share_through_memory_alone(nothing_known, folder):
    alone, shared = (
        plan_search(GridSearchCV(tiny(memory=m), GRID, cv=2, n_jobs=2), X, y)
        for m in (None, folder)
    )
    assert alone.lanes == "processes" and alone.n_lanes == 2
    assert shared.epochs_to_train == 16
    with parallel_config(backend="threading", n_jobs=3):
        threads = plan_search(GridSearchCV(tiny(), GRID, cv=3), X, y)
    assert (threads.lanes, threads.n_lanes) == ("threads", 3)
    assert threads.epochs_to_train == 24
    odd = plan_search(GridSearchCV(tiny(), GRID, cv=3, n_jobs=2), X, y)
    assert 24 < odd.epochs_to_train <= odd.epochs_asked == 42
    assert "With memory='runs' about" in str(odd)
    assert "With memory='runs' about" not in str(shared)


@pytest.mark.parametrize(
    ("cores", "epochs", "n_jobs", "is_told"),
    [
        (2, 10**6, 1, True),
        (1, 10**6, 1, False),  # it is so already
        (2, 1, 1, False),  # a short search needs no advice
        (2, 10**6, 2, False),  # processes have one core each
    ],
)
def test_a_long_search_on_small_images_is_told_to_give_each_fit_a_core(
    cores, epochs, n_jobs, is_told, monkeypatch, nothing_known
):
    monkeypatch.setattr("skcnn._lanes.intra_op_threads", lambda: cores)
    monkeypatch.setattr("skcnn._plan_words.is_on_gpu", lambda: False)
    grid = {"dropout": [0.1, 0.2], "epochs": [epochs]}
    search = GridSearchCV(tiny(), grid, cv=2, n_jobs=n_jobs)
    assert ("TF_NUM_INTRAOP_THREADS=1" in str(plan_search(search, X, y))) == is_told
    monkeypatch.setattr("skcnn._plan_words.is_on_gpu", lambda: True)
    assert "TF_NUM_INTRAOP_THREADS=1" not in str(plan_search(search, X, y))


# --------------------------------------------------------------------------------------
# Problems


def test_candidates_that_fail_or_are_too_large_are_told_with_the_reason():
    layers = [[(2, 3)], [(2, 3, 9)], [(64, 3)]]
    grid = {"conv_layers": layers, "batch_size": [16, 0]}
    plan = plan_search(GridSearchCV(tiny(), grid, cv=2), X, y, max_params=5000)
    problems = plan.candidates["problem"]
    assert (
        "'batch_size' parameter" in problems[3] and "9x9 pooling window" in problems[1]
    )
    assert problems[0] == "" and problems[2] == "larger than max_params=5,000"
    assert plan.candidates["n_params"].isna().tolist() == [0, 1, 0, 1, 1, 1]
    text = " ".join(str(plan).split())
    assert "4 candidates cannot be fitted, such as number 1: " in text
    assert "1 candidate is larger than max_params=5,000" in text
    # What the search would do, so with those that are too large.
    assert plan.n_fits == 12 and plan.epochs_asked == 8


def test_if_no_candidate_can_be_built_there_is_no_time():
    plan = plan_search(GridSearchCV(tiny(), {"conv_layers": [[(2, 3, 9)]]}, cv=2), X, y)
    assert plan.seconds is None and plan.n_networks == 0
    assert "cannot be fitted" in str(plan)


def test_a_misspelled_parameter_is_an_error():
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        plan_search(GridSearchCV(tiny(), {"dropuot": [0]}, cv=2), X, y)


@pytest.mark.parametrize("estimator", [LogisticRegression(), None])
def test_a_search_without_a_network_is_refused(estimator):
    with pytest.raises(TypeError, match="search must be a search of scikit-learn"):
        plan_search(GridSearchCV(estimator, {"C": [1]}), X, y)


def test_other_arguments_are_refused():
    search = GridSearchCV(tiny(), GRID)
    with pytest.raises(ValueError, match="max_measured must be an integer"):
        plan_search(search, X, y, max_measured=0)
    with pytest.raises(ValueError, match="max_params must be"):
        plan_search(search, X, y, max_params=0)


def plan(search, X, y):
    return plan_search(search, X, y)


def share_of(search, X, y):
    return memory_info("nowhere", search, X, y)


@pytest.mark.parametrize("door", [plan, share_of])
@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ((X, y[:-1]), ValueError, "inconsistent numbers of samples: .100, 99"),
        ((X[:-1], y), ValueError, "inconsistent numbers of samples: .99, 100"),
        (("photos", y), TypeError, "X must be an array.*load_image_folder"),
        ((X, np.eye(10)[y]), ValueError, r"pass y\.argmax\(axis=1\)"),
        ((iter(X), y), TypeError, "X must be an array"),
    ],
)
def test_images_and_labels_that_do_not_belong_together_are_refused(
    door, given, error, says
):
    with pytest.raises(error, match=says):
        door(GridSearchCV(tiny(), {}, cv=2), *given)


def test_a_pipeline_may_take_other_things_but_needs_them_all():
    search = GridSearchCV(Pipeline([("clf", tiny())]), {}, cv=2)
    for X_given, error in (("photos", TypeError), ([{}] * 99, ValueError)):
        with pytest.raises(error, match=r"X must be an array|\[99, 100\]"):
            plan_search(search, X_given, y)


def test_labels_are_needed_to_plan():
    with pytest.raises(ValueError, match="y must be labels; got None"):
        plan_search(GridSearchCV(tiny(), {}, cv=2), X, None)


def test_curves_are_not_looked_for_with_other_data():
    search = GridSearchCV(tiny(), {}, cv=2)
    search.cv_results_ = {"params": [{}]}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        search_histories(search, X, y[:-1])


def test_a_candidate_without_a_network_is_left_out_of_the_figures():
    estimator = Pipeline([("clf", tiny())])
    grid = [{"clf__epochs": [1]}, {"clf": [LogisticRegression()]}]
    plan = plan_search(GridSearchCV(estimator, grid, cv=2), X.reshape(100, -1), y)
    assert (plan.n_candidates, plan.n_trainings) == (2, 2)
    assert "1 without a network" in str(plan)


@pytest.mark.slow
def test_large_images_are_told_with_what_to_do(nothing_known):
    images = np.zeros((4, 224, 224, 3), np.uint8)
    images[::2] = 255
    search = GridSearchCV(ConvPoolClassifier(random_state=0), {"epochs": [1]}, cv=2)
    plan = plan_search(search, np.tile(images, (50, 1, 1, 1)), np.tile([0, 1], 100))
    text = " ".join(str(plan).split())
    assert plan.memory_bytes > 2.5e9
    n_params = count_parameters(search.estimator, (224, 224, 3), 2)
    assert f"{n_params:,} parameters" in text and "head='global_avg'" in text
    assert "A batch of candidate 0 takes" in text


# --------------------------------------------------------------------------------------
# Arithmetic


def test_the_size_of_a_state_is_that_of_its_arrays():
    for params in (
        {},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "optimizer__momentum": 0.9},
        {"optimizer__amsgrad": True, "batch_norm": True},
    ):
        classifier = tiny(**params).initialize(X, y)
        fitted = vars(classifier)
        found = state_bytes(classifier.architecture_, fitted["_settings"])
        whole = fitted["_state"].nbytes
        # The rest are numbers of steps, rates and seeds.
        assert found <= whole <= found + 100


def test_speeds_are_those_measured_and_between_them_between():
    speeds = Speeds(
        [
            Measured(1e4, 16, 2e-4, 1.0),
            Measured(1e4, 64, 1e-4, 1.0),
            Measured(1e6, 16, 8e-4, 1.0),
        ]
    )
    assert speeds.seconds(1e4, 16) == pytest.approx(2e-4)
    assert 1e-4 < speeds.seconds(1e4, 32) < 2e-4
    assert speeds.seconds(1e5, 16) == pytest.approx(4e-4)  # the geometric mean
    assert speeds.seconds(1e7, 16) == pytest.approx(8e-3)  # in proportion beyond
    assert speeds.n_networks == 2


def test_what_is_measured_is_spread_from_end_to_end():
    assert spread(list(range(10)), 4) == [0, 3, 6, 9]
    assert spread([1, 2], 4) == [1, 2] and spread([1, 2, 3], 1) == [1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (42.4, "42 s"),
        (119.9, "2 min"),
        (133, "2 min 10 s"),
        (3000, "50 min"),
        (2 * 3600 + 130, "2 h 2 min"),
        (86400, "24 h"),
    ],
)
def test_times_are_said_as_people_say_them(seconds, words):
    assert in_seconds(seconds) == words


def test_sizes_are_said_as_people_say_them():
    words = [in_bytes(n) for n in (12, 999, 1000, 3.24e6, 5.13e8, 2.9e9, 4e12)]
    assert words == [
        "12 bytes",
        "999 bytes",
        "1.0 kB",
        "3.2 MB",
        "513 MB",
        "2.9 GB",
        "4,000 GB",
    ]


# --------------------------------------------------------------------------------------
# Limits for distributions


SPACE = {
    "conv_layers": [[(4, 3)], [(64, 3)], [(2, 3, 9)]],
    "batch_size": randint(8, 65),
}


@pytest.mark.slow
def test_drawn_candidates_are_feasible_different_and_as_many_as_asked():
    drawn = feasible_sample(SPACE, 8, (8, 8), 5000, random_state=0)
    assert len(drawn) == 8 and drawn == feasible_sample(
        SPACE, 8, (8, 8), 5000, random_state=0
    )
    assert {str(each["conv_layers"]) for each in drawn} == {"[[(4, 3)]]"}
    assert len({each["batch_size"][0] for each in drawn}) > 3
    search = GridSearchCV(tiny(), drawn, cv=2)
    assert plan_search(search, X, y, max_measured=1).n_candidates == 8


def test_too_few_combinations_are_told():
    lists = {"conv_layers": SPACE["conv_layers"]}
    with pytest.warns(UserWarning, match="found 1 of 3 candidates") as caught:
        drawn = feasible_sample(lists, 3, (8, 8), 5000, random_state=0)
    assert drawn == [{"conv_layers": [[(4, 3)]]}] and len(caught) == 1
    with pytest.raises(ValueError, match="no feasible candidate"):
        feasible_sample({"conv_layers": [[(2, 3, 9)]]}, 3, (8, 8))


FIRST = r"means height 3, width 32 and 32 channels"
WRONG_ORDER = {
    (3, 32, 32): rf"{FIRST}. Channels come last: image_shape=\(32, 32, 3\)",
    (3, 32, 40): r"Channels come last: image_shape=\(32, 40, 3\)",
    (60, 32, 32): r"height 60, .*32 channels. If .*X\.shape, .*pass X\.shape\[1:\]",
}
COUNTING = {
    "count": lambda shape: count_parameters(tiny(), shape),
    "grid": lambda shape: feasible_grid({"epochs": [1]}, shape, estimator=tiny()),
    "sample": lambda shape: feasible_sample(
        {"epochs": [1]}, 1, shape, estimator=tiny(), random_state=0
    ),
    "space": lambda shape: search_space(shape, 100),
}


@pytest.mark.parametrize("door", COUNTING)
@pytest.mark.parametrize("shape", WRONG_ORDER)
def test_a_shape_in_another_order_is_told_wherever_it_is_given(door, shape):
    with pytest.warns(UserWarning, match=WRONG_ORDER[shape]) as told:
        COUNTING[door](shape)
    assert len(told) == 1 and told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ordinary in ((32, 32, 3), (32, 32), (28, 40, 1), (8, 9, 20), (32, 32, 32)):
            COUNTING[door](ordinary)


def test_the_shape_of_an_image_is_told_in_the_words_of_fit():
    with pytest.warns(UserWarning, match=FIRST):
        tiny(image_shape=(3, 32, 32)).initialize(np.zeros((4, 3072)), [0, 1, 0, 1])
    with pytest.warns(UserWarning, match=FIRST):
        count_parameters(tiny(), (3, 32, 32))


def test_parameters_are_counted_before_any_fit_as_after():
    classifier = tiny().initialize(X, y)
    assert count_parameters(tiny(), (8, 8)) == classifier.n_params_
    assert count_parameters(Pipeline([("clf", tiny())]), (8, 8)) == classifier.n_params_
    with pytest.raises(ValueError, match="9x9 pooling window"):
        count_parameters(tiny(conv_layers=[(2, 3, 9)]), (8, 8))
    with pytest.raises(TypeError, match="estimator must be"):
        count_parameters(LogisticRegression(), (8, 8))


def test_candidates_of_lists_are_drawn_at_random_and_not_in_the_order_of_a_grid():
    """Also where so many are asked for that all combinations are looked at."""
    lists = {"dropout": [n / 20 for n in range(10)], "epochs": [1, 2, 3, 4]}
    drawn = feasible_sample(lists, 6, (8, 8), random_state=0)
    assert len({tuple(each["dropout"]) for each in drawn}) > 2
    more = feasible_sample(lists, 12, (8, 8), random_state=0)
    assert more[:6] == drawn
