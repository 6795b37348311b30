"""The published networks, grids and figures."""

import dataclasses
import pickle

import keras
import pytest
from comparisons import same_state
from sklearn.model_selection import ParameterGrid

from skcnn import ConvPoolClassifier
from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._routing import routed
from skcnn._schedules import make_schedule
from skcnn.presets import GRIDS, NETWORKS, PUBLISHED

TRAINING = {"epochs", "batch_size", "optimizer"}
MODERN = {"learning_rate_schedule", "loss", "loss__label_smoothing", "augmentation"}
DECAY = {"learning_rate_schedule", "learning_rate_schedule__decay"}


def design(name, **changes):
    architecture = {
        key: value
        for key, value in NETWORKS[name].items()
        if key in ARCHITECTURE_PARAMETERS
    }
    return Architecture.from_parameters(
        PUBLISHED[name].image_shape, 10, **architecture | changes
    )


def optimizer(parameters):
    """The Keras optimizer that the parameters ask for."""
    cls = type(keras.optimizers.get(parameters["optimizer"]))
    return cls(**routed(parameters, "optimizer").arguments)


def schedule(parameters):
    """The schedule that the parameters ask for; for so many steps that none is left
    out.
    """
    asked = routed(parameters, "learning_rate_schedule")
    return make_schedule(asked, parameters["optimizer__learning_rate"], 10**9)


def rate(schedule, step):
    return pytest.approx(float(schedule(step)), rel=1e-6)


def test_every_network_has_its_figures():
    assert list(NETWORKS) == list(PUBLISHED)
    assert len(NETWORKS) == 25


@pytest.mark.parametrize("name", NETWORKS)
def test_counts(name):
    assert design(name).n_params == PUBLISHED[name].n_params
    assert design(name).n_non_trainable == PUBLISHED[name].n_non_trainable


@pytest.mark.parametrize("name", NETWORKS)
def test_only_known_parameters(name):
    own, routed = set(), set()
    for key in NETWORKS[name]:
        (routed if key.startswith("optimizer__") else own).add(key)
    further = {
        "modern": MODERN,
        "alexnet": {"batch_norm_statistics"},
        "cascade": DECAY,
        "max": DECAY,
    }
    known = TRAINING | further.get(name.partition("-")[0], set())
    assert own <= known.union(ARCHITECTURE_PARAMETERS)
    assert own >= TRAINING | {"conv_layers", "dense_layers"}
    assert optimizer(NETWORKS[name]).learning_rate is not None, (
        "Keras refuses an argument that it does not know"
    )


@pytest.mark.parametrize(
    ("study", "epochs", "batch_size", "optimizer"),
    [
        ("S0", {10, 20}, 128, "adam"),
        ("S1", {10}, 32, "sgd"),
        ("S2", {20}, 128, "adam"),
        ("S3", {25}, 32, "sgd"),
        ("S4", {25}, 32, "sgd"),
    ],
)
def test_training_of_the_studies(study, epochs, batch_size, optimizer):
    networks = [
        NETWORKS[name]
        for name, published in PUBLISHED.items()
        if published.study == study
    ]
    assert {network["epochs"] for network in networks} == epochs
    assert {network["batch_size"] for network in networks} == {batch_size}
    assert {network["optimizer"] for network in networks} == {optimizer}


@pytest.mark.parametrize("name", ["grid-best", "grid-wider"])
def test_the_best_network_again(name):
    found = optimizer(NETWORKS[name])
    assert found.amsgrad
    assert float(found.learning_rate) == pytest.approx(1e-3)
    assert NETWORKS[name]["epochs"] == 20


@pytest.mark.parametrize(
    ("name", "decay", "nesterov"),
    [
        ("cascade-two", 1e-6, True),
        ("cascade-one", 1e-6, True),
        ("max-norm", 0.01 / 25, False),
    ],
)
def test_decaying_learning_rates(name, decay, nesterov):
    found = optimizer(NETWORKS[name])
    assert (found.momentum, found.nesterov) == (0.9, nesterov)
    for step in (0, 1, 1563, 25 * 1563):
        assert 0.01 / (1 + decay * step) == rate(schedule(NETWORKS[name]), step)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "decay"), [("cascade-two", 1e-6), ("max-norm", 0.01 / 25)]
)
def test_a_decay_is_the_same_run_as_the_schedule_of_keras(
    name, decay, digits, nothing_shared
):
    X, y = digits[0][:64], digits[1][:64]
    blocks = {"conv_layers": [(4, 3)], "dense_layers": [8], "epochs": 2}
    by_name = NETWORKS[name] | blocks | {"batch_size": 16}
    by_object = {key: by_name[key] for key in by_name if key not in DECAY} | {
        "optimizer__learning_rate": keras.optimizers.schedules.InverseTimeDecay(
            0.01, decay_steps=1, decay_rate=decay
        )
    }
    own, other = (
        ConvPoolClassifier(**each, random_state=0) for each in (by_name, by_object)
    )
    assert same_state(own.fit(X, y)._state, other.fit(X, y)._state)


@pytest.mark.parametrize("name", NETWORKS)
def test_values_are_plain(name):
    """Numbers, strings and sequences: legible in tables, legends and on axes."""
    flat = list(NETWORKS[name].values())
    for value in flat:
        if isinstance(value, (list, tuple)):
            flat += value
        else:
            assert value is None or isinstance(value, (int, float, str)), value


def test_norms_of_the_max_norm_network():
    limits = {
        layer.name: layer.settings.get("max_norm")
        for layer in design("max-norm").layers
    }
    assert {name: limit for name, limit in limits.items() if limit} == {
        "block2_conv1": 3,
        "dense1": 3,
    }


def test_the_modern_network_keeps_to_the_budget():
    assert design("modern").n_params <= 300_000
    assert NETWORKS["modern"]["epochs"] == NETWORKS["grid-32-64"]["epochs"] == 10


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("grid-best", {"block1_dropout": 0.25, "block2_dropout": 0.25}),
        (
            "alexnet-base",
            {f"block{n}_dropout": 0.25 for n in (1, 2, 3)} | {"dense1_dropout": 0.5},
        ),
        (
            "alexnet-wide",
            {f"block{n}_dropout": 0.25 for n in (1, 2, 3)} | {"dense1_dropout": 0.5},
        ),
        (
            "alexnet-deep",
            {f"block{n}_dropout": 0.25 for n in (1, 2, 5)} | {"dense1_dropout": 0.5},
        ),
        ("alexnet-dense", {"dense1_dropout": 0.5}),
        (
            "cascade-two",
            {"block1_dropout": 0.25, "block3_dropout": 0.25, "dense1_dropout": 0.5},
        ),
        ("cascade-one", {"block1_dropout": 0.25, "dense1_dropout": 0.5}),
        (
            "max-norm",
            {"block1_dropout": 0.2, "block3_dropout": 0.2, "dense1_dropout": 0.5},
        ),
        ("modern", {}),
    ],
)
def test_rates_of_dropout(name, rates):
    dropout = {
        layer.name: layer.settings["rate"]
        for layer in design(name).layers
        if layer.kind == "dropout"
    }
    assert dropout == rates


def test_pooling_of_the_deep_network():
    names = {layer.name for layer in design("alexnet-deep").layers}
    assert {name for name in names if "pool" in name} == {
        "block1_pool",
        "block2_pool",
        "block5_pool",
    }


def test_sigmoid_networks_have_no_dropout_and_their_own_pooling():
    for name in NETWORKS:
        if name.startswith("sigmoid"):
            kinds = {layer.kind for layer in design(name).layers}
            assert "dropout" not in kinds
            assert ("avg_pool" if "depth" in name else "max_pool") in kinds
            activations = {
                layer.settings.get("activation") for layer in design(name).layers
            }
            assert activations == {None, "sigmoid", "softmax"}


# --------------------------------------------------------------------------------------
# Grids


def test_grid_of_s0():
    candidates = list(ParameterGrid(GRIDS["s0"]))
    assert len(candidates) == 108
    counts = {
        design(
            "grid-best",
            conv_layers=one["conv_layers"],
            dense_layers=one["dense_layers"],
        ).n_params
        for one in candidates
    }
    assert counts == {27_748, 57_464, 288_848, 28_468, 58_184, 289_568}
    assert {
        (one["epochs"], one["batch_size"], one["dropout"]) for one in candidates
    } == {
        (epochs, batch_size, dropout)
        for epochs in (3, 5, 10)
        for batch_size in (64, 128, 256)
        for dropout in (0.25, 0.5)
    }


def test_the_best_candidate_of_s0_is_a_network():
    best = NETWORKS["grid-32-64"]
    assert PUBLISHED["grid-32-64"].cv_accuracy == 0.721860
    assert {key: best[key] for key in GRIDS["s0"]} in list(ParameterGrid(GRIDS["s0"]))
    assert {key: best[key] for key in GRIDS["s0"]} == {
        "batch_size": 128,
        "conv_layers": [(32, 5, 2, 2), (64, 3, 2, 2)],
        "dense_layers": [50],
        "dropout": 0.25,
        "epochs": 10,
    }


def test_grid_of_s3_varies_one_factor_at_a_time():
    candidates = list(ParameterGrid(GRIDS["s3"]))
    assert [list(one) for one in candidates] == (
        4 * [["optimizer__learning_rate"]] + 3 * [["epochs"]] + [["conv_layers"]]
    )
    for one, expected in zip(candidates[:4], [0.01, 0.02, 0.05, 0.1], strict=True):
        decay = schedule(NETWORKS["cascade-two"] | one)
        assert expected == rate(decay, 0)
        assert expected / 2 == rate(decay, 1_000_000)
    assert [one["epochs"] for one in candidates[4:7]] == [15, 20, 30]
    assert design("cascade-two", **candidates[7]) == design("cascade-one")


# --------------------------------------------------------------------------------------
# Figures


def test_curves_are_those_of_the_studies():
    curves = {
        "alexnet-base": ".1073 .3455 .4426 .4057 .4163 .3840 .5486 .5127 .5279 .5800",
        "alexnet-wide": ".3101 .3853 .4133 .4098 .4042 .5640 .5423 .5515 .5482 .6357",
        "alexnet-deep": ".3708 .3900 .3915 .3466 .5076 .4599 .5148 .5526 .5441 .5520",
        "alexnet-dense": ".3729 .3833 .4173 .4357 .4429 .4603 .4572 .4622 .4716 .4688",
        "cascade-two": ".4936 .5492 .6304 .6718 .6790 .7106 .7248 .7272 .7442 .7234 .7346 .7488 .7618 .7588 .7574 "
        ".7770 .7694 .7576 .7730 .7648 .7636 .7684 .7674 .7748 .7750",
    }
    curves = {name: tuple(map(float, curve.split())) for name, curve in curves.items()}
    assert {
        name: one.validation_accuracy
        for name, one in PUBLISHED.items()
        if one.validation_accuracy
    } == curves
    for name, curve in curves.items():
        assert len(curve) == NETWORKS[name]["epochs"]
        if PUBLISHED[name].study == "S1":  # validated on the test set
            assert curve[-1] == PUBLISHED[name].test_accuracy


@pytest.mark.parametrize(
    ("name", "test_loss", "test_accuracy", "train_loss", "train_accuracy"),
    [
        ("grid-32-64", None, None, None, None),
        ("grid-best", 0.67298, 0.7777, None, None),
        ("grid-wider", 0.80283, 0.7731, None, None),
        ("alexnet-base", 1.16469, 0.5800, 1.1132, 0.60148),
        ("alexnet-wide", 1.01786, 0.6357, 0.93682, 0.66514),
        ("alexnet-deep", 1.28092, 0.5520, 1.22475, 0.56654),
        ("alexnet-dense", None, 0.4688, 1.46268, 0.49376),
        ("sigmoid-width-2-4", 0.3040, 0.8880, None, None),
        ("sigmoid-width-5-10", 0.2655, 0.9020, None, None),
        ("sigmoid-width-8-16", 0.2645, 0.9077, None, None),
        ("sigmoid-width-10-20", 0.2646, 0.9053, None, None),
        ("sigmoid-width-15-30", 2.3041, 0.1000, None, None),
        ("sigmoid-depth-1", None, 0.8903, None, None),
        ("sigmoid-depth-2", None, 0.8620, None, None),
        ("sigmoid-depth-3", None, 0.8424, None, None),
        ("sigmoid-depth-4", None, 0.7616, None, None),
        ("cascade-two", None, 0.7629, None, None),
        ("cascade-one", None, None, None, None),
        ("max-norm", None, 0.7663, 0.2383, None),
        ("modern", None, None, None, None),
    ],
)
def test_losses_and_accuracies_are_those_of_the_studies(
    name, test_loss, test_accuracy, train_loss, train_accuracy
):
    found = PUBLISHED[name]
    assert (found.test_loss, found.test_accuracy) == (test_loss, test_accuracy)
    assert (found.train_loss, found.train_accuracy) == (train_loss, train_accuracy)


def test_the_mistake_in_the_dense_row_is_not_repeated():
    dense = PUBLISHED["alexnet-dense"]
    assert dense.test_accuracy == 0.4688
    assert dense.test_loss is None
    assert "1.31608" in dense.note
    assert "0.5459" in dense.note
    assert "wrong" in dense.note


def test_figures_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PUBLISHED["grid-best"].test_accuracy = 1.0
    with pytest.raises(TypeError):
        PUBLISHED["grid-best"] = None
    assert all(isinstance(hash(one), int) for one in PUBLISHED.values()), (
        "nothing inside can be changed either"
    )


# --------------------------------------------------------------------------------------
# Copies


def test_what_is_handed_out_may_be_changed():
    network = NETWORKS["grid-32-64"]
    network["epochs"] = 1
    network["conv_layers"].append((128, 3, 2, 2))
    assert NETWORKS["grid-32-64"]["epochs"] == 10
    assert len(NETWORKS["grid-32-64"]["conv_layers"]) == 2

    search = GRIDS["s3"]
    search[1]["epochs"].append(100)
    search.pop()
    assert GRIDS["s3"][1]["epochs"] == [15, 20, 30]
    assert len(GRIDS["s3"]) == 3

    for by_values in (dict(NETWORKS.items())["modern"], list(NETWORKS.values())[-1]):
        by_values["conv_layers"].clear()
    assert len(NETWORKS["modern"]["conv_layers"]) == 3


def test_the_tables_themselves_are_read_only():
    for table in (NETWORKS, GRIDS):
        with pytest.raises(TypeError):
            table["mine"] = {}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_plain_dicts(name):
    assert type(NETWORKS[name]) is dict

    def keywords(**parameters):
        return parameters

    assert set(keywords(**NETWORKS[name])) == set(NETWORKS[name])
    assert set(pickle.loads(pickle.dumps(NETWORKS[name]))) == set(NETWORKS[name]), (
        "workers of a search need them"
    )


def test_an_unknown_name():
    with pytest.raises(KeyError, match="resnet"):
        NETWORKS["resnet"]
    assert "resnet" not in NETWORKS


def test_the_tables_show_their_names():
    assert repr(GRIDS) == "<s0, s3>"
