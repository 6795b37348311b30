"""y, classes: what is taken, and advice that runs on what was given."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy import sparse

from skcnn import ConvPoolClassifier
from skcnn._labels import all_classes, check_labels, label_codes

IMAGES = np.random.RandomState(0).uniform(size=(12, 6, 8))
LABELS = np.arange(12) % 3
ONE_HOT = np.eye(3)[LABELS]
SMALL = {"conv_layers": [(2, 3)], "convs_per_block": 1, "dense_layers": ()}

FORMS = {
    "array": ONE_HOT,
    "integers": ONE_HOT.astype(int),
    "yes and no": ONE_HOT == 1,
    "objects": ONE_HOT.astype(object),
    "of Keras": keras.utils.to_categorical(LABELS),
    "lists": ONE_HOT.tolist(),
    "tuples": [tuple(row) for row in ONE_HOT.tolist()],
    "list of arrays": list(ONE_HOT),
    "array of arrays": pd.Series(list(ONE_HOT)).to_numpy(),
    "Series of arrays": pd.Series(list(ONE_HOT)),
    "Series of lists": pd.Series(ONE_HOT.tolist()),
    "DataFrame": pd.DataFrame(ONE_HOT),
    "dummies": pd.get_dummies(pd.Series(LABELS).map({0: "cat", 1: "dog", 2: "owl"})),
    "sparse": sparse.csr_array(ONE_HOT),
    "tensor": tf.constant(ONE_HOT),
    "(n, 1, k)": ONE_HOT[:, np.newaxis],
    "(n, k, 1)": ONE_HOT[..., np.newaxis],
    "lists of (n, 1, k)": ONE_HOT[:, np.newaxis].tolist(),
    "tensor of (n, 1, k)": tf.constant(ONE_HOT[:, np.newaxis]),
    "column of arrays": pd.DataFrame({"y": list(ONE_HOT)}).to_numpy(),
    "DataFrame of arrays": pd.DataFrame({"y": list(ONE_HOT)}),
    "DataFrame of lists": pd.DataFrame({"y": ONE_HOT.tolist()}),
    "DataFrame of tuples": pd.DataFrame({"y": list(map(tuple, ONE_HOT.tolist()))}),
}


@pytest.fixture(scope="module")
def ready():
    return ConvPoolClassifier(**SMALL, random_state=0).initialize(IMAGES, LABELS)


def doors(ready, y):
    """All that takes labels, called with `y`."""
    new = ConvPoolClassifier(**SMALL)
    return (
        lambda: new.fit(IMAGES, y),
        lambda: new.partial_fit(IMAGES, y),
        lambda: new.initialize(IMAGES, y),
        lambda: new.fit(IMAGES, LABELS, validation_data=(IMAGES, y)),
        lambda: ready.partial_fit(IMAGES, y),
        lambda: ready.score(IMAGES, y),
    )


@pytest.mark.parametrize("form", FORMS)
def test_one_hot_labels_get_advice_that_runs_on_them(ready, form):
    y = FORMS[form]
    messages = set()
    for door in doors(ready, y):
        with pytest.raises(ValueError, match="1d array of labels") as error:
            door()
        messages.add(str(error.value).removeprefix("validation_data: "))
    assert len(messages) == 1
    advice = messages.pop().partition("pass ")[2].partition(";")[0]
    expressions = advice.partition(" for the names")[0].split(", or ")
    expected = [LABELS.tolist(), np.array(["cat", "dog", "owl"])[LABELS].tolist()]
    if form == "DataFrame":
        expected[1] = LABELS.tolist()
    for expression, labels in zip(expressions, expected, strict=False):
        assert list(eval(expression, {"y": y, "np": np})) == labels
    has_names = isinstance(y, pd.DataFrame) and y.shape[1] > 1
    assert len(expressions) == (2 if has_names else 1)


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        lambda y: [[label] for label in y],
        lambda y: np.array(y, dtype=object),
        lambda y: pd.Series(y, dtype=object),
        lambda y: pd.DataFrame({"y": y}, dtype=object),
    ],
    ids=["list", "tuple", "column", "objects", "Series", "DataFrame"],
)
def test_missing_labels_are_no_class(ready, container, missing):
    y = container([missing, *"abcabcabcab"])
    for door in doors(ready, y):
        with pytest.raises(ValueError, match="y must have a label for each image; got"):
            door()


@pytest.mark.parametrize("number", [1, 1.0, True, np.int64(1)])
@pytest.mark.parametrize(
    "container",
    [list, lambda y: [[label] for label in y], lambda y: np.array(y, dtype=object)],
    ids=["list", "column", "objects"],
)
def test_text_and_numbers_are_not_mixed(ready, container, number):
    y = container([number, "1", "b"] * 4)
    for door in doors(ready, y):
        with pytest.raises(ValueError, match="y must have labels of one type") as error:
            door()
        remedy = str(error.value).partition("pass ")[2].removesuffix(".")
        labels = eval(remedy, {"np": np, "y": y})
        check_labels(labels)
        assert labels.shape == (12,)


@pytest.mark.parametrize(
    ("labels", "kind"), [(LABELS, int), (LABELS == 1, bool), (LABELS * 1.0, float)]
)
@pytest.mark.parametrize(
    "container", [np.asarray, pd.Series, lambda y: pd.DataFrame({"y": y})]
)
def test_numbers_as_objects_are_refused_with_the_remedy(ready, labels, kind, container):
    """A search would take them for a regression, and not stratify its folds."""
    y = container(labels.astype(object))
    for door in doors(ready, y):
        with pytest.raises(ValueError, match="y holds numbers as objects") as error:
            door()
        remedy = str(error.value).partition("Pass ")[2].removesuffix(".")
        plain = eval(remedy, {"np": np, "y": y})
        assert plain.dtype == kind and plain.tolist() == labels.tolist()


@pytest.mark.parametrize("y", [IMAGES, IMAGES.tolist(), IMAGES[..., np.newaxis]])
def test_images_as_labels_are_told_the_order_of_a_division(ready, y):
    for door in doors(ready, y):
        with pytest.raises(ValueError, match="X_train, X_test, y_train, y_test = "):
            door()


@pytest.mark.parametrize("shape", [(12, 1, 1), (12, 1, 1, 1)])
def test_a_column_with_axes_to_spare_is_told_to_be_raveled(ready, shape):
    y = LABELS.reshape(shape)
    for door in (lambda: ready.partial_fit(IMAGES, y), lambda: ready.score(IMAGES, y)):
        with pytest.raises(ValueError, match=r"Pass np\.ravel\(y\)"):
            door()


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(LABELS, id="array"),
        pytest.param(LABELS.tolist(), id="list"),
        pytest.param(range(12), id="range"),
        pytest.param(LABELS[:, np.newaxis], id="column"),
        pytest.param(pd.DataFrame({"y": LABELS}), id="DataFrame of one column"),
        pytest.param(pd.Series(list("abc") * 4), id="Series of text"),
        pytest.param(pd.Categorical(list("abc") * 4), id="Categorical"),
        pytest.param(pd.Series(LABELS, dtype="Int64"), id="nullable integers"),
        pytest.param(list("abc") * 4, id="list of text"),
        pytest.param([True, False] * 6, id="list of flags"),
        pytest.param(tf.constant(LABELS), id="tensor"),
        pytest.param(None, id="None, which scikit-learn's checks know"),
    ],
)
def test_labels_of_any_kind_pass(y):
    check_labels(y)


@pytest.mark.parametrize(
    "classes",
    [
        pytest.param({2, 0, 1}, id="set"),
        pytest.param(frozenset([2, 0, 1]), id="frozenset"),
        pytest.param({2: "c", 0: "a", 1: "b"}.keys(), id="keys"),
        pytest.param(range(3), id="range"),
        pytest.param([2, 1, 0, 2], id="list"),
        pytest.param(pd.Index([2, 1, 0]), id="Index"),
        pytest.param(np.array([[2], [1], [0]]), id="column"),
    ],
)
def test_classes_are_sorted_whatever_holds_them(classes):
    assert all_classes(LABELS[:1], None, classes).tolist() == [0, 1, 2]
    assert all_classes(LABELS[:1], np.arange(3), classes).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("classes", "seen"),
    [
        pytest.param({0: "a", 1: "b", 2: "c"}, "{0: 'a'", id="dict"),
        pytest.param(iter([0, 1, 2]), "got <list_iter", id="iterator"),
        pytest.param({0: 1}.values(), "dict_values", id="dict_values"),
        pytest.param(3, "got 3.", id="number of classes"),
        pytest.param("abc", "got 'abc'", id="text"),
        pytest.param(ONE_HOT, "got array(", id="one-hot"),
        pytest.param([None, "a", 0], "got [None, 'a', 0]", id="do not sort"),
        pytest.param([0, 1, 2, "2"], "got [0, 1, 2, '2']", id="text among numbers"),
    ],
)
def test_classes_of_another_kind_are_refused_with_the_remedy(ready, classes, seen):
    for classifier in (ConvPoolClassifier(**SMALL), ready):
        with pytest.raises((TypeError, ValueError)) as error:
            classifier.partial_fit(IMAGES, LABELS, classes=classes)
        message = str(error.value)
        assert message.startswith("classes must be one list of all labels")
        assert "np.unique(y)" in message and seen in message


def test_codes_are_places_among_the_classes():
    classes = np.array(["cat", "dog", "owl"])
    codes = label_codes(np.array(["owl", "cat"]), classes, "y")
    assert codes.tolist() == [2, 0] and codes.dtype == np.int32
    with pytest.raises(ValueError, match=r"y has labels.*\['bee'\]"):
        label_codes(np.array(["bee", "cat"]), classes, "y")


def test_no_classes_at_all_are_refused(digits):
    images, labels = digits
    clf = ConvPoolClassifier(conv_layers=[(4, 3)], dense_layers=())
    with pytest.raises(
        ValueError, match="classes must be at least 2 classes; got none"
    ):
        clf.partial_fit(images[:20], labels[:20], classes=[])
