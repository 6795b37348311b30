"""What X, y and the like may be is decided before anything of it is read."""

import itertools
import pathlib

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image
from scipy import sparse

from skcnn import ConvPoolClassifier
from skcnn._containers import check_container

IMAGES = np.random.RandomState(0).randint(0, 256, (12, 8, 6, 3)).astype(np.uint8)
LABELS = np.arange(12) % 3
SMALL = {"conv_layers": [(2, 3)], "convs_per_block": 1, "dense_layers": ()}


class Endless:
    """Counts what is read of it."""

    def __init__(self):
        self.n_read = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n_read += 1
        if self.n_read > 10:
            raise AssertionError("it is read without end")
        return IMAGES[0]


class EndlessSequence(Endless):
    """As what keras.preprocessing.image.ImageDataGenerator makes: indices never end."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        return next(self)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        part = slice(4 * index, 4 * index + 4)
        return IMAGES[part], LABELS[part]


class Loader:
    """As torch.utils.data.DataLoader: a length and batches, but no indices."""

    def __len__(self):
        return 3

    def __iter__(self):
        return (Batches()[index] for index in range(3))


def dataset(batch_size=None):
    pairs = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    return pairs.batch(batch_size) if batch_size else pairs


REFUSED = {
    "generator": lambda: (image for image in IMAGES),
    "iterator": lambda: iter(IMAGES),
    "map": lambda: map(np.asarray, IMAGES),
    "zip": lambda: zip(IMAGES, LABELS, strict=True),
    "endless": itertools.count,
    "class of one's own": Endless,
    "sequence of one's own": EndlessSequence,
    "PyDataset": Batches,
    "DataLoader": Loader,
    "tf.data.Dataset": dataset,
    "tf.data.Dataset in batches": lambda: dataset(5),
    "text": lambda: "data/train",
    "path": lambda: pathlib.Path("data/train"),
    "bytes": lambda: b"\xff\xd8",
    "set": lambda: {1, 2},
    "dict": lambda: {"images": IMAGES},
    "dict_values": lambda: {"images": IMAGES}.values(),
    "ragged tensor": lambda: tf.ragged.constant([[[1, 2], [3]], [[4]]]),
    "object": object,
    "list of generators": lambda: [iter(IMAGES), iter(IMAGES), iter(IMAGES)],
    "list of lists of generators": lambda: [[iter(IMAGES)], [iter(IMAGES)]] * 2,
    "list of dicts": lambda: [{"image": image} for image in IMAGES],
    "array of generators": lambda: np.array([iter(IMAGES), iter(IMAGES)] * 6),
}
DOORS = {
    "fit": lambda new, old, value: new.fit(value, LABELS),
    "fit without y": lambda new, old, value: new.fit(value),
    "initialize": lambda new, old, value: new.initialize(value),
    "partial_fit": lambda new, old, value: new.partial_fit(value),
    "partial_fit again": lambda new, old, value: old.partial_fit(value, LABELS),
    "y": lambda new, old, value: new.fit(IMAGES, value),
    "sample_weight": lambda new, old, value: new.fit(
        IMAGES, LABELS, sample_weight=value
    ),
    "validation_data": lambda new, old, value: new.fit(
        IMAGES, LABELS, validation_data=value
    ),
    "X of validation_data": lambda new, old, value: new.fit(
        IMAGES, LABELS, validation_data=(value, LABELS)
    ),
    "y of validation_data": lambda new, old, value: new.fit(
        IMAGES, LABELS, validation_data=(IMAGES, value)
    ),
    "predict": lambda new, old, value: old.predict(value),
    "predict_proba": lambda new, old, value: old.predict_proba(value),
    "score": lambda new, old, value: old.score(value, LABELS),
    "score without y": lambda new, old, value: old.score(value),
    "y of score": lambda new, old, value: old.score(IMAGES, value),
}


@pytest.fixture(scope="module")
def ready():
    return ConvPoolClassifier(**SMALL, random_state=0).initialize(IMAGES, LABELS)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", REFUSED)
def test_what_must_be_read_to_know_its_length_is_refused(ready, kind, door):
    value = REFUSED[kind]()
    before = vars(ready).copy()
    with pytest.raises((TypeError, ValueError)) as error:
        DOORS[door](ConvPoolClassifier(**SMALL), ready, value)
    message = str(error.value)
    name = door if door in ("sample_weight", "validation_data") else "X"
    assert f"{'y' if door.startswith('y') else name} must " in message
    if not kind.startswith(("list", "array")):
        assert type(value).__name__ in message
    assert getattr(value, "n_read", 0) == 0
    if kind in ("generator", "iterator", "map", "zip", "endless"):
        next(value)  # nor has anything been taken out of it
    assert vars(ready) == before


def run_as_printed(message, value):
    """The X and y that the code in a message gives."""
    scope = {"X": value, "np": np}
    code = next(part for part in message.split(": ") if part.startswith("X, y"))
    exec(code.split(". ")[0].removesuffix("."), scope)
    return scope["X"], scope["y"]


@pytest.mark.parametrize(
    ("value", "in_batches"),
    [
        pytest.param(dataset(), False, id="dataset"),
        pytest.param(dataset(5), False, id="dataset in batches"),
        pytest.param(
            tf.data.Dataset.from_tensor_slices((IMAGES, np.eye(3)[LABELS])),
            False,
            id="dataset, one-hot",
        ),
        pytest.param(
            tf.data.Dataset.from_tensor_slices((IMAGES, LABELS, np.ones(12))).batch(5),
            False,
            id="dataset with weights",
        ),
        pytest.param(zip(IMAGES, LABELS, strict=True), False, id="zip"),
        pytest.param(Batches(), True, id="PyDataset"),
        pytest.param(Loader(), True, id="DataLoader"),
    ],
)
def test_the_advice_runs_as_printed(value, in_batches):
    with pytest.raises(TypeError) as error:
        ConvPoolClassifier(**SMALL).fit(value)
    message = str(error.value)
    if in_batches:
        assert "np.concatenate in place of np.stack" in message
        message = message.replace("np.stack", "np.concatenate")
    X, y = run_as_printed(message, value)
    np.testing.assert_array_equal(X, IMAGES)
    assert len(y) == len(LABELS)


def test_endless_datasets_are_cut_by_the_advice():
    with pytest.raises(TypeError, match=r"unbatch\(\)\.take\("):
        ConvPoolClassifier(**SMALL).fit(dataset(5).repeat())


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(IMAGES, id="array"),
        pytest.param(IMAGES.tolist(), id="lists"),
        pytest.param(tuple(IMAGES), id="tuple of arrays"),
        pytest.param([Image.fromarray(image) for image in IMAGES], id="PIL images"),
        pytest.param(Image.fromarray(IMAGES[0]), id="PIL image"),
        pytest.param(memoryview(IMAGES), id="buffer"),
        pytest.param(tf.constant(IMAGES), id="tensor"),
        pytest.param(pd.DataFrame(IMAGES[:, 0, :, 0]), id="DataFrame"),
        pytest.param(pd.Series(list(IMAGES)), id="Series"),
        pytest.param(pd.Categorical(list("abc")), id="Categorical"),
        pytest.param(sparse.csr_array(IMAGES[:, 0, :, 0]), id="sparse"),
        pytest.param(["a", "b"], id="labels of text"),
        pytest.param([pd.Timestamp("2020-01-01"), None, 3.0], id="labels of any type"),
        pytest.param(range(3), id="range"),
        pytest.param([], id="nothing"),
    ],
)
def test_arrays_and_lists_of_them_pass(value):
    check_container(value, "X")


def test_a_single_value_is_no_array():
    with pytest.raises(TypeError, match=r"X must be an array.*got float"):
        check_container(3.0, "X")


def test_a_pair_without_y_is_taken_apart():
    with pytest.raises(ValueError, match=r"X, y = X"):
        ConvPoolClassifier(**SMALL).fit((IMAGES, LABELS))


@pytest.mark.slow
def test_masked_values_are_refused_at_every_door(digits):
    images, labels = digits
    X, y = images[:60], labels[:60]
    mask = np.zeros(X.shape, bool)
    mask[3, 2, 2] = True
    masked = np.ma.array(X, mask=mask)
    clf = ConvPoolClassifier(conv_layers=[(4, 3)], dense_layers=(), epochs=1)
    with pytest.raises(ValueError, match=r"X has masked values.*X\.filled\(0\)"):
        clf.fit(masked, y)
    with pytest.raises(ValueError, match="y has masked values"):
        clf.fit(X, np.ma.array(y, mask=y == 1))
    fitted = clf.fit(masked.filled(0), y)
    for use in (fitted.predict, lambda X: fitted.score(X, y)):
        with pytest.raises(ValueError, match="X has masked values"):
            use(masked)
    assert fitted.predict(np.ma.array(X)).shape == (60,)


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("name", ["X", "y"])
def test_a_dataset_of_one_part_or_of_dicts_is_stacked_by_the_advice(name, batch_size):
    """The last batch is smaller than the others."""
    given = {"X": IMAGES[..., 0], "y": LABELS}
    for parts in (given[name], {"X": given["X"], "y": given["y"]}):
        value = tf.data.Dataset.from_tensor_slices(parts)
        value = value.batch(batch_size) if batch_size else value
        with pytest.raises(TypeError) as error:
            check_container(value, name)
        code = str(error.value).rpartition(": ")[2].removesuffix(".")
        array = eval(code, {"np": np, name: value, "key": name})
        np.testing.assert_array_equal(array, given[name])


def test_dicts_in_a_column_are_taken_apart_by_the_advice():
    X = pd.DataFrame({"image": [{"pixels": image} for image in IMAGES]})
    with pytest.raises(TypeError) as error:
        check_container(X, "X")
    scope = {"X": X, "np": np, "key": "pixels"}
    exec(str(error.value).rpartition(": ")[2].removesuffix("."), scope)
    np.testing.assert_array_equal(scope["X"], IMAGES)


def test_a_dataset_with_columns_is_taken_apart_by_them():
    class Dataset(Loader):
        """As datasets of Hugging Face: a row for an int, a column for a name."""

        column_names = ("image", "label")

        def __getitem__(self, key):
            columns = {"image": list(IMAGES), "label": list(LABELS)}
            if key in columns:
                return columns[key]
            return {name: column[key] for name, column in columns.items()}

    with pytest.raises(TypeError) as error:
        check_container(Dataset(), "X")
    code = str(error.value).rpartition(": ")[2].removesuffix(".")
    images = eval(code, {"X": Dataset(), "column": "image"})
    np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize(
    "container", [list, tuple, pd.Series, lambda X: pd.DataFrame({"image": X})]
)
def test_masked_images_in_a_list_are_refused_at_every_door(ready, container):
    images = [np.ma.array(image, mask=image > 200) for image in IMAGES]
    X = container(images)
    for name in ("fit", "partial_fit", "predict", "score", "X of validation_data"):
        with pytest.raises(ValueError, match="X has masked values") as error:
            DOORS[name](ConvPoolClassifier(**SMALL), ready, X)
    scope = {"X": X, "np": np}
    code = str(error.value).partition("Fill them, ")[2].partition(", or leave")[0]
    exec(code, scope)
    expected = np.where(IMAGES > 200, 0, IMAGES)
    np.testing.assert_array_equal(np.stack(scope["X"]), expected)
    check_container(container([np.ma.array(image) for image in IMAGES]), "X")


def test_masked_weights_are_refused_by_score_as_by_fit(ready):
    weights = np.ma.array(np.ones(12), mask=LABELS == 1)
    new = ConvPoolClassifier(**SMALL)
    for door in (
        lambda: new.fit(IMAGES, LABELS, sample_weight=weights),
        lambda: ready.score(IMAGES, LABELS, weights),
    ):
        with pytest.raises(ValueError, match="sample_weight has masked values"):
            door()
