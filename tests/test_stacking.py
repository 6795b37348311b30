"""Images that come one by one: stacked if they have one size, and told if not."""

import io
import pathlib

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import tensorflow as tf

from skcnn import ConvPoolClassifier
from skcnn._stacking import gather

IMAGES = np.random.RandomState(0).randint(0, 256, (12, 8, 6, 3)).astype(np.uint8)
GRAY = IMAGES[..., 0]
LABELS = np.arange(12) % 3
SMALL = {"conv_layers": [(2, 3)], "convs_per_block": 1, "dense_layers": ()}


def objects(images):
    array = np.empty(len(images), dtype=object)
    array[:] = list(images)
    return array


def pillow(images):
    return [PIL.Image.fromarray(image) for image in images]


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "list of lists": lambda images: [image.tolist() for image in images],
    "objects": objects,
    "column of objects": lambda images: objects(images)[:, np.newaxis],
    "Series": lambda images: pd.Series(list(images)),
    "DataFrame": lambda images: pd.DataFrame({"image": list(images)}),
    "tensors": lambda images: [tf.constant(image) for image in images],
    "PIL": pillow,
    "objects of PIL": lambda images: objects(pillow(images)),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("images", [IMAGES, GRAY], ids=["color", "gray"])
def test_images_of_one_size_are_stacked(images, container):
    stacked = gather(CONTAINERS[container](images))
    np.testing.assert_array_equal(stacked, images)
    assert stacked.dtype == (int if container == "list of lists" else np.uint8)


@pytest.fixture(scope="module")
def ready():
    return ConvPoolClassifier(**SMALL, random_state=0).initialize(IMAGES, LABELS)


@pytest.mark.parametrize("container", ["list", "Series", "PIL", "list of lists"])
def test_they_are_taken_at_every_door(ready, container):
    X = CONTAINERS[container](IMAGES)
    expected = ready.predict_proba(IMAGES).tobytes()
    assert ready.predict_proba(X).tobytes() == expected
    assert ready.score(X, ready.predict(X)) == 1
    classifier = ConvPoolClassifier(**SMALL, random_state=0).initialize(X, LABELS)
    assert classifier.predict_proba(X).tobytes() == expected
    validated = classifier.set_params(epochs=1).fit(
        X, LABELS, validation_data=(X, LABELS)
    )
    assert "val_accuracy" in validated.history_


@pytest.mark.parametrize(
    "X",
    [
        pytest.param(IMAGES, id="array"),
        pytest.param(IMAGES.reshape(12, -1), id="table"),
        pytest.param(pd.DataFrame(IMAGES.reshape(12, -1)), id="DataFrame"),
        pytest.param(IMAGES.astype(object), id="objects that are numbers"),
        pytest.param(np.arange(12), id="one column of numbers"),
    ],
)
def test_arrays_pass_as_they_are(X):
    assert gather(X) is X


def changed(images, change, *places):
    images = list(images)
    for place in places:
        images[place] = change(images[place])
    return images


SIZES = changed(changed(IMAGES, lambda image: image[:5], 3, 4), lambda i: i[:, :4], 7)
SEVERAL_SIZES = [
    pytest.param(SIZES, ["9 of (8, 6, 3)", "2 of (5, 6, 3)"], id="color"),
    pytest.param([i[..., 0] for i in SIZES], ["9 of (8, 6)", "1 of (8, 4)"], id="gray"),
    pytest.param([i / 255 for i in SIZES], ["2 of (5, 6, 3)"], id="fractions"),
    pytest.param([i[..., :1] for i in SIZES], ["2 of (5, 6, 1)"], id="one channel"),
    pytest.param([i.tolist() for i in SIZES], ["2 of (5, 6, 3)"], id="lists"),
    pytest.param(pillow(SIZES), ["2 of (5, 6, 3)"], id="PIL"),
    pytest.param(objects(SIZES), ["2 of (5, 6, 3)"], id="objects"),
    pytest.param(pd.Series(SIZES), ["2 of (5, 6, 3)"], id="Series"),
    pytest.param(
        [np.zeros((8 + i, 6, 3), np.uint8) for i in range(12)],
        ["1 of (8, 6, 3)", "and 8 of others"],
        id="many",
    ),
    pytest.param(
        changed(IMAGES, lambda image: image[..., 0], 2),
        ["11 of (8, 6, 3)", "1 of (8, 6)", "convert('RGB')"],
        id="gray among color",
    ),
    pytest.param(
        [*(IMAGES[:9] / 255), *(GRAY[9:] / 255)],
        ["9 of (8, 6, 3)", "3 of (8, 6)"],
        id="gray among color, fractions",
    ),
    pytest.param([i > 9 for i in SIZES], ["2 of (5, 6, 3)"], id="flags"),
    pytest.param(
        [i.astype(np.uint32) for i in SIZES], ["2 of (5, 6, 3)"], id="wide integers"
    ),
    pytest.param(
        changed(pillow(IMAGES), lambda image: image.convert("RGBA"), 2),
        ["1 of (8, 6, 4)", "convert('RGB')"],
        id="transparency",
    ),
    pytest.param(
        changed(GRAY, lambda image: image[..., np.newaxis], 2),
        ["1 of (8, 6, 1)", "np.reshape(image, (8, 6, 1))"],
        id="channel axis",
    ),
]


@pytest.mark.parametrize(("X", "says"), SEVERAL_SIZES)
def test_several_sizes_are_told_and_the_remedy_runs_as_printed(ready, X, says):
    with pytest.raises(ValueError, match="images of one size") as error:
        ConvPoolClassifier(**SMALL).fit(X, LABELS)
    message = str(error.value)
    for words in says:
        assert words in message
    scope = {"X": X, "np": np, "tf": tf, "PIL": PIL}
    exec(message[message.index("X = [") :].partition(".]")[0].rstrip("."), scope)
    assert len(gather(scope["X"]).shape) in (3, 4)
    for door in (ready.predict, ready.predict_proba):
        with pytest.raises(ValueError, match="images of one size"):
            door(X)
    with pytest.raises(ValueError, match="validation_data: X must have images of one"):
        ConvPoolClassifier(**SMALL).fit(IMAGES, LABELS, validation_data=(X, LABELS))


@pytest.mark.parametrize(
    ("X", "says"),
    [
        pytest.param([[1, 2], [1, 2, 3]] * 6, "6 of (2,), 6 of (3,)", id="rows"),
        pytest.param([IMAGES[:7], IMAGES[7:]], "np.concatenate(X)", id="batches"),
        pytest.param([IMAGES[:6], IMAGES[6:]], "np.concatenate(X)", id="equal batches"),
        pytest.param(
            list(zip(IMAGES, LABELS, strict=True)), "X, y = (np.stack(part)", id="pairs"
        ),
        pytest.param([None, *IMAGES[1:]], "X[0], which is a NoneType", id="missing"),
        pytest.param(
            changed(IMAGES, lambda image: image / 255, 1),
            "11 of uint8, 1 of float",
            id="bytes and fractions",
        ),
        pytest.param(
            [image.convert("P") for image in pillow(IMAGES)],
            "image.convert('RGB')",
            id="palettes",
        ),
        pytest.param(
            pd.Series(changed(pillow(IMAGES), lambda image: image.convert("P"), 5)),
            "image.convert('RGB')",
            id="one palette",
        ),
        pytest.param(
            pillow(IMAGES)[0].convert("P"), "image.convert('RGB')", id="alone"
        ),
        pytest.param(
            changed(GRAY, lambda image: image.astype(np.uint16) * 257, 1),
            "11 of uint8, 1 of int",
            id="8 and 16 bits",
        ),
        pytest.param(
            changed(pillow(IMAGES), lambda image: image.convert("HSV"), 1, 2),
            "10 of RGB, 2 of HSV. Pass image.convert('RGB')",
            id="other colors",
        ),
        pytest.param(
            changed(
                [image.convert("RGBA") for image in pillow(IMAGES)],
                lambda image: image.convert("CMYK"),
                1,
            ),
            "11 of RGBA, 1 of CMYK",
            id="transparency and ink",
        ),
        pytest.param(
            changed(IMAGES, lambda image: image[..., :2], 1),
            "1 of (8, 6, 2). Keep the same channels",
            id="two channels",
        ),
    ],
)
def test_what_makes_no_images_is_explained(ready, X, says):
    for door in (ready.predict, ConvPoolClassifier(**SMALL).fit):
        with pytest.raises((TypeError, ValueError)) as error:
            door(X, *([LABELS] if door != ready.predict else []))
        assert says in str(error.value)


@pytest.mark.parametrize("as_path", [str, pathlib.Path, str.encode])
@pytest.mark.parametrize("container", [list, np.array, objects, pd.Series])
def test_paths_are_no_images(ready, container, as_path):
    X = container([as_path(f"{number}.png") for number in range(12)])
    classifier = ConvPoolClassifier(**SMALL)
    for door, *labels in ([ready.predict], [ready.score, LABELS], [classifier.fit]):
        with pytest.raises(
            TypeError, match=r"X must hold images; got text.*load_image_f.*load_image_f"
        ):
            door(X, *labels)


def encoded(image):
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("container", [list, objects, pd.Series])
@pytest.mark.parametrize("door", ["fit", "predict", "score"])
def test_bytes_of_files_are_read_by_the_remedy(ready, container, door):
    X = container([encoded(image) for image in IMAGES])
    message = message_at(door, ready, X)
    assert len(message) < 500
    assert np.array_equal(gather(run_remedy(message, X)), IMAGES)


@pytest.mark.parametrize("form", ["list", "Series", "column", "table"])
@pytest.mark.parametrize("door", ["fit", "predict", "score"])
def test_rows_of_pixels_as_text_are_read_by_the_remedy(ready, form, door):
    texts = [" ".join(map(str, image.ravel())) for image in IMAGES]
    X = {
        "list": texts,
        "Series": pd.Series(texts),
        "column": pd.DataFrame({"pixels": texts}),
        "table": pd.DataFrame({"emotion": LABELS, "pixels": texts, "usage": "train"}),
    }[form]
    message = message_at(door, ready, X)
    assert "144 pixels each" in message and len(message) < 500
    assert np.array_equal(run_remedy(message, X), IMAGES.reshape(12, -1))


def message_at(door, ready, X):
    classifier = ConvPoolClassifier(**SMALL) if door == "fit" else ready
    labels = [] if door == "predict" else [LABELS]
    with pytest.raises((TypeError, ValueError), match="X must hold") as error:
        getattr(classifier, door)(X, *labels)
    return str(error.value)


def run_remedy(message, X):
    """X as the code in a message makes it."""
    scope = {"X": X, "np": np, "PIL": PIL, "io": io}
    code = message[message.index("X = ") :].partition(". Then")[0].removesuffix(".")
    exec(code, scope)
    return scope["X"]
