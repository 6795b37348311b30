"""Subclasses with an `__init__` of their own, as people write for their presets."""

import copy
import pickle

import keras
import pytest
from comparisons import same_fit
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skcnn import ConvPoolClassifier, feasible_grid, search_results
from skcnn._states import STATES

DESIGN = {"convs_per_block": 1, "dense_layers": (), "batch_size": 32}


class Short(ConvPoolClassifier):
    """A preset with one parameter."""

    def __init__(self, epochs=2):
        super().__init__([(4, 3)], epochs=epochs, random_state=0, **DESIGN)


class Wide(ConvPoolClassifier):
    """A parameter of its own, of which it makes one of ours; the rest is handed on."""

    def __init__(self, width=4, **kwargs):
        self.width = width
        super().__init__([(width, 3)], random_state=0, **DESIGN, **kwargs)


class WideAndSlow(Wide):
    """A subclass of a subclass, which hands on twice."""

    def __init__(self, slowness=10, **kwargs):
        super().__init__(optimizer__learning_rate=0.01 / slowness, **kwargs)
        self.slowness = slowness


class Positional(ConvPoolClassifier):
    """Parameters by position, and attributes set afterwards."""

    def __init__(self, conv_layers, dense_layers, dropout=0.0, *, epochs=2):
        super().__init__(conv_layers, dense_layers, dropout, epochs=epochs)
        self.convs_per_block, self.batch_size, self.random_state = 1, 32, 0


class Halved(Short):
    """Overrides fit."""

    def fit(self, X, y, sample_weight=None):
        """Train on the first half."""
        return super().fit(X[: len(X) // 2], y[: len(y) // 2], sample_weight)


class WithOptimizer(ConvPoolClassifier):
    """Makes an object of Keras of its parameter."""

    def __init__(self, rate=0.1):
        self.rate = rate
        super().__init__(optimizer=keras.optimizers.SGD(rate))


SUBCLASSES = {
    "short": lambda **kwargs: Short(**kwargs),
    "handing on": lambda **kwargs: Wide(**{"epochs": 2, **kwargs}),
    "handing on twice": lambda **kwargs: WideAndSlow(**{"epochs": 2, **kwargs}),
    "positional": lambda **kwargs: Positional([(4, 3)], (), **kwargs),
    "own fit": lambda **kwargs: Halved(**kwargs),
}
BASE = ConvPoolClassifier([(4, 3)], epochs=2, random_state=0, **DESIGN)


def attributes(classifier):
    """All that is set in an estimator that is not fitted, comparable."""
    return {name: repr(value) for name, value in vars(classifier).items()}


@pytest.mark.slow
@pytest.mark.parametrize("make", SUBCLASSES.values(), ids=SUBCLASSES)
def test_it_trains_and_predicts(make, data):
    X, y = data
    fitted = make().fit(X, y)
    assert fitted.n_iter_ == len(fitted.history_["loss"]) == 2
    assert fitted.predict(X).shape == (120,)
    assert 0 <= fitted.score(X, y) <= 1
    for copied in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert same_fit(copied, fitted, X)
        assert copied.get_params() == fitted.get_params()


@pytest.mark.slow
def test_a_preset_is_the_base_class_with_these_parameters(data):
    X, y = data
    expected = clone(BASE).fit(X, y)
    STATES.clear()  # so that what is equal was trained twice
    assert same_fit(Short().fit(X, y), expected, X)
    k_times = Short().partial_fit(X, y).partial_fit(X, y)
    assert same_fit(k_times, expected, X)


@pytest.mark.slow
@pytest.mark.parametrize("make", [Short, lambda: Wide(epochs=2)], ids=["short", "wide"])
def test_a_preset_shares_with_the_base_class(make, data, tmp_path):
    X, y = data
    expected = clone(BASE).set_params(memory=tmp_path).fit(X, y)
    # The seconds are those of the fit that was computed, so they tell whose it was.
    assert make().fit(X, y).history_ == expected.history_
    STATES.clear()
    kept = set_by_hand(make(), memory=tmp_path).fit(X, y)
    assert kept.history_ == expected.history_
    assert same_fit(kept, expected, X)


def test_early_stopping_of_a_subclass(data):
    class Stopping(ConvPoolClassifier):
        def __init__(self, epochs=3):
            super().__init__([(4, 3)], epochs=epochs, early_stopping=True, **DESIGN)

    fitted = Stopping().fit(*data)
    assert 1 <= fitted.best_iter_ <= fitted.n_iter_
    assert not hasattr(Stopping(), "partial_fit")


# --------------------------------------------------------------------------------------
# Parameters


def test_parameters_are_those_of_its_own_signature():
    assert Short(5).get_params() == {"epochs": 5}
    assert repr(Short(5)) == "Short(epochs=5)"
    assert repr(Short()) == "Short()"
    assert Wide(8, epochs=5).get_params() == {"width": 8}
    assert repr(Wide(8)) == "Wide(width=8)"
    assert set(Positional([(4, 3)], ()).get_params()) == {
        *("conv_layers", "dense_layers", "dropout", "epochs")
    }
    assert WideAndSlow(5).get_params() == {
        "slowness": 5,
        "optimizer__learning_rate": 0.002,
    }
    assert "width" in Wide()._repr_html_()


CHANGED = {
    "by the constructor": lambda make: make(epochs=5),
    "by set_params": lambda make: make().set_params(epochs=5),
    "routed": lambda make: make().set_params(optimizer__beta_1=0.5),
    "by hand": lambda make: set_by_hand(make(), batch_size=7, dropout=0.5),
}


def set_by_hand(classifier, **attributes):
    vars(classifier).update(attributes)
    return classifier


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
@pytest.mark.parametrize("make", SUBCLASSES.values(), ids=SUBCLASSES)
def test_a_clone_has_every_attribute(make, change):
    classifier = change(make)
    copied = clone(classifier)
    assert attributes(copied) == attributes(classifier) != attributes(make())
    assert copied.get_params() == classifier.get_params()
    assert attributes(clone(copied)) == attributes(classifier)


def test_a_clone_keeps_what_was_requested_and_is_not_fitted(data):
    with config_context(enable_metadata_routing=True):
        fitted = Short().set_fit_request(sample_weight=True).fit(*data)
        copied = clone(fitted)
        requested = copied.get_metadata_routing().fit.requests
    assert requested["sample_weight"] is True
    assert not hasattr(copied, "classes_")


def test_what_follows_from_a_parameter_of_its_own_follows_in_set_params_too():
    wide = Wide(4, epochs=5).set_params(width=8)
    assert wide.conv_layers == [(8, 3)]
    assert wide.epochs == 5
    wide.set_params(dropout=0.5)
    assert wide.set_params(width=16, epochs=6).conv_layers == [(16, 3)]
    assert (wide.dropout, wide.epochs) == (0.5, 6)
    slow = WideAndSlow().set_params(slowness=100)
    assert slow.optimizer__learning_rate == pytest.approx(1e-4)
    own = WithOptimizer().set_params(rate=0.5)
    assert float(own.optimizer.learning_rate) == 0.5
    with pytest.raises(ValueError, match="zzz"):
        wide.set_params(width=32, zzz=1)
    assert wide.width == 16


def test_what_its_signature_does_not_name_can_be_set_and_stays():
    short = clone(Short().set_params(dropout=0.5, optimizer__beta_1=0.5))
    assert (short.dropout, short.optimizer__beta_1) == (0.5, 0.5)


def test_a_constructor_may_set_and_get_parameters():
    class Setting(ConvPoolClassifier):
        def __init__(self, epochs=2, width=4, **kwargs):
            super().__init__(**kwargs)
            self.width = width
            self.set_params(epochs=epochs, optimizer__learning_rate=0.5)
            self.conv_layers = [(width, 3)]
            self.seen = self.get_params()["epochs"]

    made = Setting(5, dropout=0.5)
    assert (made.epochs, made.seen, made.optimizer__learning_rate) == (5, 5, 0.5)
    copied = clone(made).set_params(epochs=7, width=8)
    assert (copied.epochs, copied.dropout, copied.conv_layers) == (7, 0.5, [(8, 3)])


@pytest.mark.slow
def test_a_search_over_a_parameter_of_its_own(data):
    grid = {"width": [2, 4], "epochs": [1], "optimizer__learning_rate": [0.01]}
    search = GridSearchCV(Wide(), grid, cv=2, error_score="raise").fit(*data)
    table = search_results(search).sort_values("width")
    assert table["n_params"].tolist() == [
        Wide(width).initialize(*data).n_params_ for width in (2, 4)
    ]
    assert search.best_estimator_.n_iter_ == 1
    assert search.best_estimator_.optimizer__learning_rate == 0.01
    assert clone(search.best_estimator_).width == search.best_params_["width"]


@pytest.mark.parametrize("make", [Short, Wide, Halved])
def test_cross_validation_is_that_of_the_base_class(make, data):
    X, y = data
    classifier = make().set_params(epochs=1, optimizer__learning_rate=0.01)
    scores = cross_val_score(classifier, X, y, cv=2, error_score="raise")
    in_pipeline = cross_val_score(make_pipeline(classifier), X, y, cv=2)
    assert scores.tolist() == in_pipeline.tolist()
    if make is not Halved:
        base = clone(BASE).set_params(epochs=1, optimizer__learning_rate=0.01)
        assert scores.tolist() == cross_val_score(base, X, y, cv=2).tolist()


def test_grids_of_a_subclass():
    grid = {"width": [4, 400], "epochs": [1]}
    with pytest.warns(UserWarning, match="left out 1 of 2"):
        left = feasible_grid(grid, (8, 8), max_params=1000, estimator=Wide())
    assert left == [{"width": [4], "epochs": [1]}]
    assert feasible_grid({"epochs": [1]}, (8, 8), estimator=Short()) == [
        {"epochs": [1]}
    ]


@pytest.mark.slow
def test_results_show_a_parameter_that_only_some_candidates_set(data):
    grid = [{"epochs": [1]}, {"dropout": [0.5]}]
    search = GridSearchCV(Wide(epochs=2), grid, cv=2, error_score="raise").fit(*data)
    table = search_results(search).sort_index()
    assert table["epochs"].tolist() == [1, 2]
    assert table["dropout"].tolist() == [0.25, 0.5]


# --------------------------------------------------------------------------------------
# What cannot work says why


class Forgetful(ConvPoolClassifier):
    """Does not call super().__init__()."""

    def __init__(self, epochs=2):
        self.epochs = epochs


class Careless(ConvPoolClassifier):
    """Does not keep its own parameter."""

    def __init__(self, width=4):
        super().__init__([(width, 3)])


@pytest.mark.parametrize(
    "use",
    [
        lambda forgetful, X, y: forgetful.fit(X, y),
        lambda forgetful, X, y: forgetful.partial_fit(X, y),
        lambda forgetful, X, y: forgetful.initialize(X, y),
        lambda forgetful, X, y: feasible_grid({}, (8, 8), estimator=forgetful),
        lambda forgetful, X, y: cross_val_score(
            forgetful, X, y, cv=2, error_score="raise"
        ),
    ],
    ids=["fit", "partial_fit", "initialize", "feasible_grid", "cross_val_score"],
)
def test_a_forgotten_constructor_is_named(use, data):
    with pytest.raises(AttributeError, match=r"Forgetful.*call super\(\).__init__\(\)"):
        use(Forgetful(), *data)


@pytest.mark.parametrize("use", [clone, repr, lambda careless: careless.get_params()])
def test_a_parameter_that_is_not_kept_is_named(use):
    with pytest.raises(AttributeError, match=r"Careless.*self\.width = width"):
        use(Careless())


def test_an_unknown_parameter_of_a_subclass():
    with pytest.raises(ValueError, match=r"'lr' .* Write optimizer__learning_rate="):
        Short().set_params(lr=0.5)
    with pytest.raises(ValueError, match=r"'max_iter' .* Write epochs=10"):
        Short().set_params(max_iter=5)
    with pytest.raises(TypeError, match=r"'lr' .* Write optimizer__learning_rate="):
        Wide(lr=0.5)
