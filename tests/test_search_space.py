"""`presets.search_space`: where to start with images of your own."""

import re

import pytest
from scipy.stats import loguniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, ParameterSampler

from skcnn import ConvPoolClassifier, count_parameters, feasible_sample
from skcnn.presets import search_space

SHAPES = [
    (8, 8, 1),
    (12, 12),
    (28, 28, 1),
    (32, 32, 3),
    (64, 64, 3),
    (224, 224, 3),
    (1, 100, 1),
    (8, 200, 3),
    (512, 300, 3),
]


def draws(space, n=10):
    return list(ParameterSampler(space, n, random_state=0))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("n_samples", "max_params"), [(200, None), (1_797, 30_000), (50_000, None)]
)
def test_every_draw_is_a_network_within_the_limit(shape, n_samples, max_params):
    space = search_space(shape, n_samples, max_params, n_classes=7)
    for params in draws(space):
        size = count_parameters(ConvPoolClassifier(**params), shape, n_classes=7)
        assert size <= (max_params or 1_000_000)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_design_with_every_head_is_within_the_limit(shape):
    """So no draw is too large by chance."""
    space = search_space(shape, 50_000, 40_000)
    for blocks in space["conv_layers"]:
        for head in space["head"]:
            design = ConvPoolClassifier(
                blocks, (), head=head, batch_norm=space["batch_norm"][0]
            )
            assert count_parameters(design, shape) <= 40_000


@pytest.mark.parametrize("shape", SHAPES)
def test_maps_get_small_however_large_images_are(shape):
    """So that time, memory and parameters do not grow with the area."""
    for blocks in search_space(shape, 1_000)["conv_layers"]:
        sides = list(shape[:2])
        for _, _, pool, *_ in blocks[:-1]:
            pools = pool if isinstance(pool, tuple) else (pool, pool)
            sides = [max(1, side // by) for side, by in zip(sides, pools, strict=True)]
        assert 2 <= max(sides) <= 8
        assert len(blocks) >= 2 and max(block[0] for block in blocks) <= 128


def test_few_images_get_small_batches_and_many_epochs():
    numbers = [200, 500, 2_000, 5_000, 10_000, 50_000]
    spaces = [search_space((32, 32, 3), n) for n in numbers]
    batches = [space["batch_size"][0] for space in spaces]
    epochs = [space["epochs"][0] for space in spaces]
    assert batches == sorted(batches) and epochs == sorted(epochs, reverse=True)
    for n, batch, passes in zip(numbers, batches, epochs, strict=True):
        assert n // batch >= 10, "steps in an epoch"
        assert n // batch * passes >= 800, "steps in all"
        assert passes % 9 == 0, "halving divides them by three, twice"


def test_few_images_always_get_dropout():
    assert 0 not in search_space((28, 28), 500)["dropout"]
    assert 0 in search_space((28, 28), 5_000)["dropout"]


def test_many_images_get_wider_networks():
    widest = [
        max(blocks[0][0] for blocks in search_space((32, 32, 3), n)["conv_layers"])
        for n in (300, 10_000, 50_000)
    ]
    assert widest[0] < widest[1] < widest[2]


def test_a_limit_makes_networks_narrower_and_not_fewer():
    free, limited = (
        search_space((32, 32, 3), 1_000, limit)["conv_layers"]
        for limit in (None, 60_000)
    )
    assert len(limited) == len(free) == 12
    assert max(blocks[0][0] for blocks in limited) <= max(b[0][0] for b in free)


def test_values_are_lists_and_distributions_of_scipy_that_everybody_may_change():
    space = search_space((28, 28), 500)
    frozen = type(loguniform(1, 2))
    for name, values in space.items():
        assert isinstance(values, frozen if "rate" in name[-5:] else list), name
    space["conv_layers"][0].clear()
    space.pop("head")
    assert all(search_space((28, 28), 500)["conv_layers"])


def test_the_same_seed_draws_the_same_candidates():
    first, second = (
        feasible_sample(search_space((32, 32, 3), 300), 6, (32, 32, 3), random_state=3)
        for _ in range(2)
    )
    assert first == second and len(first) == 6
    assert len({str(each) for each in first}) == 6


def test_a_space_decides_all_that_the_defaults_would():
    """Changing a default of the classifier does not change what is tried."""
    wanted = {"dense_layers", "dropout", "batch_size", "epochs", "optimizer"}
    assert wanted <= set(search_space((8, 8), 300))
    for blocks in search_space((8, 8), 300)["conv_layers"]:
        assert all(len(block) == 5 for block in blocks), "numbers of convolutions too"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            {"image_shape": (300, 32, 32, 3)},
            r"image_shape must be .*\(300, 32, 32, 3\)",
        ),
        ({"image_shape": 32}, "image_shape must be a list or tuple; got 32"),
        ({"image_shape": (4, 4, 3)}, r"at least 8 pixels; got \(4, 4, 3\)"),
        ({"n_samples": 0}, "n_samples must be an integer of at least 2; got 0"),
        ({"n_samples": 0.5}, "n_samples must be an integer of at least 2; got 0.5"),
        ({"n_classes": 1}, "n_classes must be an integer of at least 2; got 1"),
        ({"max_params": "100k"}, "max_params must be None or an integer"),
        ({"max_params": 100}, r"max_params=100 is too few: .* Give max_params=1786"),
    ],
)
def test_arguments_that_are_not_allowed_are_named(arguments, says):
    with pytest.raises((TypeError, ValueError), match=says):
        search_space(**{"image_shape": (28, 28), "n_samples": 300} | arguments)


def test_the_remedy_for_too_small_a_limit_is_the_smallest_network():
    with pytest.raises(ValueError, match="max_params=1000 is too few") as caught:
        search_space((64, 64, 3), 500, 1_000)
    [number] = re.findall(r"Give max_params=(\d+)", str(caught.value))
    space = search_space((64, 64, 3), 500, int(number))
    sizes = {
        count_parameters(ConvPoolClassifier(**each), (64, 64, 3))
        for each in draws(space, 10)
    }
    assert sizes == {int(number)}


@pytest.mark.slow
def test_successive_halving_goes_through_the_space(digits):
    X, y = digits[0][:90], digits[1][:90]
    space = search_space(X.shape[1:], len(X), 800) | {"dropout": [0.25]}
    del space["epochs"]
    search = HalvingRandomSearchCV(
        ConvPoolClassifier(random_state=0),
        space,
        n_candidates=3,
        resource="epochs",
        min_resources=1,
        max_resources=3,
        cv=2,
        error_score="raise",
        random_state=0,
    ).fit(X, y)
    assert search.best_params_["epochs"] == 3
    assert search.best_estimator_.n_params_ <= 800
    assert search.best_estimator_.predict_proba(X).shape == (90, 10)
