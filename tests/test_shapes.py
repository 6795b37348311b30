"""From X as users have it to images."""

import warnings

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import tensorflow as tf

from skcnn import ConvPoolClassifier
from skcnn._shapes import as_images, flatten_images


@pytest.mark.parametrize(
    "shape, image_shape", [((5, 4, 3, 2), (4, 3, 2)), ((5, 4, 3), (4, 3, 1))]
)
def test_images_are_flattened_without_a_copy_and_back(shape, image_shape):
    X = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    flat, found = flatten_images(X)
    assert flat.shape == (5, np.prod(image_shape)) and found == image_shape
    assert np.shares_memory(flat, X)
    images = as_images(flat, found)
    assert np.shares_memory(images, X)
    assert np.array_equal(images.reshape(shape), X)


def test_nested_lists_are_images_too():
    X = np.arange(24).reshape(2, 3, 4)
    flat, image_shape = flatten_images(X.tolist())
    assert np.array_equal(flat, X.reshape(2, 12)) and image_shape == (3, 4, 1)


def test_tables_pass_unchanged():
    table = pd.DataFrame({"a": [1.0], "b": [2.0]})
    assert flatten_images(table)[0] is table and flatten_images(table)[1] is None
    assert flatten_images(table, (1, 2))[1] == (1, 2, 1)


def test_a_table_without_image_shape_is_a_strip():
    assert as_images(np.zeros((3, 7)), None).shape == (3, 1, 7, 1)


def test_a_memory_map_stays_one(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 3, 3, 1), np.uint8))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    flat, shape = flatten_images(mapped)
    assert np.shares_memory(as_images(flat, shape), mapped)


# --------------------------------------------------------------------------------------
# The order of axes

SMALL = {"conv_layers": [(2, 3)], "convs_per_block": 1, "dense_layers": ()}
IMAGES = np.random.RandomState(0).uniform(size=(12, 9, 9, 3))
LABELS = np.arange(12) % 3


def small(**params):
    return ConvPoolClassifier(**SMALL, random_state=0, **params)


def channels_first(X):
    return np.moveaxis(X, -1, 1)


@pytest.fixture(scope="module")
def fitted():
    """From a number of channels to what is ready for such images."""
    return {
        channels: small().initialize(IMAGES[..., :channels], LABELS)
        for channels in (1, 3)
    }


CONTAINERS = [
    pytest.param(np.asarray, id="array"),
    pytest.param(lambda X: X.tolist(), id="lists"),
    pytest.param(list, id="list of arrays"),
    pytest.param(tf.constant, id="tensor"),
]


def run_as_printed(message, X):
    """What the expression after "Pass" gives."""
    expression = message.partition("Pass ")[2].partition(". ")[0].rstrip(".")
    return eval(expression, {"X": X, "np": np})


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_square_images_with_channels_first_are_refused(channels, container):
    images = np.concatenate([IMAGES, IMAGES], axis=-1)[..., :channels]
    X = container(channels_first(images))
    for door in (small().fit, small().initialize, small().partial_fit):
        with pytest.raises(ValueError, match="channels first") as error:
            door(X, LABELS)
        message = str(error.value)
        assert f"image_shape=({channels}, 9, 9)" in message
        np.testing.assert_array_equal(run_as_printed(message, X), images)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((12, 1, 8, 6), id="gray"),
        pytest.param((12, 3, 6, 8), id="color"),
        pytest.param((12, 1, 20, 5), id="signals"),
        pytest.param((12, 7, 9, 9), id="many channels"),
    ],
)
def test_what_may_have_channels_first_is_warned_of(shape):
    X = np.random.RandomState(0).uniform(size=shape)
    classifier = small().set_params(conv_layers=[(2, 1, None)])
    with pytest.warns(UserWarning, match=r"X.transpose\(0, 2, 3, 1\)") as caught:
        classifier.initialize(X, LABELS)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert f"image_shape={shape[1:]}" in str(caught[0].message)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("X", "params"),
    [
        pytest.param(IMAGES, {}, id="color"),
        pytest.param(IMAGES[..., :1], {}, id="gray"),
        pytest.param(IMAGES[:, :1], {}, id="color signals"),
        pytest.param(np.ones((12, 3, 9, 2)), {}, id="low images of two channels"),
        pytest.param(np.ones((12, 9, 9, 9)), {}, id="as many channels as rows"),
        pytest.param(
            channels_first(IMAGES), {"image_shape": (3, 9, 9)}, id="image_shape says so"
        ),
        pytest.param(
            np.ones((12, 1, 20, 5)), {"image_shape": (1, 20, 5)}, id="signals, as said"
        ),
        pytest.param(IMAGES.reshape(12, -1), {"image_shape": (9, 9, 3)}, id="table"),
        pytest.param(IMAGES.reshape(12, -1), {"image_shape": (3, 81)}, id="low table"),
    ],
)
def test_channels_last_are_taken_in_silence(X, params, silence):
    classifier = small(**params).set_params(conv_layers=[(2, 1, None)])
    classifier.initialize(X, LABELS).predict(X)


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, lambda X: X.tolist()])
def test_image_shape_of_a_table_with_channels_first_is_warned_of(container):
    X = container(channels_first(IMAGES).reshape(12, -1))
    with pytest.warns(UserWarning, match="height 3, width 9 and 9 channels") as caught:
        classifier = small(image_shape=(3, 9, 9)).initialize(X, LABELS)
    assert len(caught) == 1
    remedy = str(caught[0].message).partition("pass ")[2].partition(" without")[0]
    table = np.asarray(X)
    np.testing.assert_array_equal(eval(remedy, {"X": X, "np": np}), IMAGES)
    with pytest.warns(UserWarning, match=r"Set image_shape=\(9, 9\)"):
        small(image_shape=(1, 9, 9)).initialize(table[:, :81], LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said in fit, and not again
        classifier.predict(X)


DOORS = {
    "predict": lambda classifier, X: classifier.predict(X),
    "predict_proba": lambda classifier, X: classifier.predict_proba(X),
    "score": lambda classifier, X: classifier.score(X, LABELS[: len(np.asarray(X))]),
    "partial_fit": lambda classifier, X: classifier.partial_fit(
        X, LABELS[: len(np.asarray(X))]
    ),
    "validation_data": lambda classifier, X: small().fit(
        IMAGES[..., : classifier.image_shape_[2]],
        LABELS,
        validation_data=(X, LABELS[: len(np.asarray(X))]),
    ),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_transposed_images_after_fit(fitted, channels, container, door):
    X = container(channels_first(IMAGES[..., :channels]))
    with pytest.raises(ValueError, match=f"\\({channels}, 9, 9\\)") as error:
        DOORS[door](fitted[channels], X)
    back = run_as_printed(str(error.value), X)
    np.testing.assert_array_equal(back, IMAGES[..., :channels])


@pytest.mark.parametrize(
    ("params", "X", "remedy"),
    [
        pytest.param(
            {"image_shape": (8, 6)},
            np.ones((12, 6, 8)),
            "X.transpose(0, 2, 1)",
            id="height and width",
        ),
        pytest.param(
            {"image_shape": (8, 6, 3)},
            np.ones((12, 6, 8, 3)),
            "X.transpose(0, 2, 1, 3)",
            id="height and width of color",
        ),
        pytest.param(
            {"image_shape": (3, 9, 9)},
            IMAGES,
            "Set image_shape=(9, 9, 3)",
            id="image_shape has channels first",
        ),
        pytest.param(
            {"image_shape": (9, 9, 3)},
            channels_first(IMAGES),
            "X.transpose(0, 2, 3, 1)",
            id="X has channels first",
        ),
    ],
)
def test_shapes_that_differ_from_image_shape_by_order(params, X, remedy):
    with pytest.raises(ValueError, match="is expected") as error:
        small(**params).fit(X, LABELS)
    assert remedy in str(error.value)


# --------------------------------------------------------------------------------------
# One image that is not in a batch


def picture(image):
    return PIL.Image.fromarray((image * 255).astype(np.uint8).squeeze())


ONE_IMAGE = [
    pytest.param(3, IMAGES[0], id="color"),
    pytest.param(3, IMAGES[0].tolist(), id="lists"),
    pytest.param(3, tf.constant(IMAGES[0]), id="tensor"),
    pytest.param(3, picture(IMAGES[0]), id="PIL"),
    pytest.param(3, IMAGES[0].transpose(2, 0, 1), id="channels first"),
    pytest.param(1, IMAGES[0, ..., 0], id="gray"),
    pytest.param(1, IMAGES[0, ..., :1], id="gray with an axis"),
    pytest.param(1, picture(IMAGES[0, ..., :1]), id="gray PIL"),
    pytest.param(1, pd.DataFrame(IMAGES[0, ..., 0]), id="gray DataFrame"),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("channels", "X"), ONE_IMAGE)
def test_one_image_gets_the_remedy_that_runs(fitted, channels, X, door):
    classifier = fitted[channels]
    with pytest.raises(ValueError, match="batch of images; got one image") as error:
        DOORS[door](classifier, X)
    message = str(error.value)
    assert "[np.newaxis]" in message
    batch = run_as_printed(message, X)
    assert (*batch.shape, 1)[:4] == (1, 9, 9, channels)


def test_a_row_of_a_strip_is_no_lone_image(silence):
    table = IMAGES.reshape(12, -1)
    classifier = small().initialize(table, LABELS)
    assert classifier.predict(table[:1]).shape == (1,)


@pytest.mark.parametrize(("channels", "X"), ONE_IMAGE)
def test_one_image_is_no_training_data(channels, X):
    with pytest.raises(ValueError, match=r"as many images as labels.*\[np.newaxis\]"):
        small().fit(X, [1])
