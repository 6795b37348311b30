"""Tables that hold what is no number: the message names the column and the remedy."""

import datetime

import numpy as np
import pandas as pd
import pytest

from skcnn import ConvPoolClassifier

IMAGES = np.random.RandomState(0).uniform(size=(12, 6, 8))
LABELS = np.arange(12) % 3
SMALL = {"conv_layers": [(2, 3)], "convs_per_block": 1, "dense_layers": ()}
DAYS = pd.date_range("2020-01-01", periods=12)


@pytest.fixture(scope="module")
def ready():
    return ConvPoolClassifier(**SMALL, random_state=0).initialize(IMAGES, LABELS)


DOORS = {
    "fit": lambda ready, X: ConvPoolClassifier(**SMALL).fit(X, LABELS),
    "partial_fit": lambda ready, X: ConvPoolClassifier(**SMALL).partial_fit(X, LABELS),
    "predict": lambda ready, X: ready.predict(X),
    "score": lambda ready, X: ready.score(X, LABELS),
    "validation_data": lambda ready, X: ConvPoolClassifier(**SMALL).fit(
        IMAGES, LABELS, validation_data=(X, LABELS)
    ),
}


def told(door, ready, X):
    """The remedy: what stands behind the last colon or `Pass` of the message."""
    with pytest.raises((TypeError, ValueError)) as error:
        DOORS[door](ready, X)
    message = str(error.value)
    assert message.count("X") and len(message) < 400
    return message


def value_of(remedy, X):
    return eval(remedy, {"X": X, "np": np})


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("others", "place"),
    [
        pytest.param({"id": range(12)}, 0, id="numbers"),
        pytest.param({"id": list("abcdefghijkl")}, 0, id="text"),
        pytest.param({"taken": DAYS, "id": range(12)}, 0, id="dates"),
        pytest.param({"again": list(IMAGES)}, 0, id="images"),
    ],
)
@pytest.mark.parametrize("as_array", [False, True], ids=["DataFrame", "array"])
def test_images_beside_other_columns_are_stacked_by_the_remedy(
    ready, door, others, place, as_array
):
    X = pd.DataFrame({"image": list(IMAGES), **others})
    X = X.to_numpy() if as_array else X
    remedy = told(door, ready, X).partition("Pass ")[2].removesuffix(".")
    np.testing.assert_array_equal(value_of(remedy, X), IMAGES)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "X",
    [
        pytest.param(pd.DataFrame({"t": DAYS, "a": 1.0, "b": 2}), id="dates"),
        pytest.param(
            pd.DataFrame({"a": 1.0, "t": DAYS.tz_localize("UTC"), "b": 2}), id="zones"
        ),
        pytest.param(
            pd.DataFrame({"a": 1.0, "b": 2, "t": DAYS - DAYS[0]}), id="deltas"
        ),
        pytest.param(
            pd.DataFrame({"a": 1.0, "b": 2, "t": [datetime.date.today()] * 12}),
            id="objects",
        ),
        pytest.param(
            pd.DataFrame({"t": DAYS, "a": 1, "b": 2}).to_numpy(), id="array of objects"
        ),
        pytest.param(
            pd.DataFrame({"a": 1, "id": list("abcdefghijkl"), "b": 2}), id="text"
        ),
        pytest.param(
            pd.DataFrame({"a": 1, "n": [*range(11), "?"], "b": 2}), id="text further on"
        ),
    ],
)
def test_columns_of_dates_and_text_are_left_out_by_the_remedy(ready, door, X):
    remedy = told(door, ready, X).rpartition("Leave that out: ")[2].removesuffix(".")
    left = np.asarray(value_of(remedy, X), float)
    np.testing.assert_array_equal(left, [[1, 2]] * 12)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "X",
    [
        pytest.param(np.tile(DAYS.to_numpy()[:, np.newaxis], 3), id="table"),
        pytest.param(
            np.broadcast_to(DAYS.to_numpy()[:, np.newaxis, np.newaxis], (12, 6, 8)),
            id="images",
        ),
        pytest.param(pd.DataFrame({"a": DAYS, "b": DAYS}), id="DataFrame"),
    ],
)
def test_nothing_but_dates_becomes_days_by_the_remedy(ready, door, X):
    message = told(door, ready, X)
    assert "dates or times" in message
    days = value_of(message.rpartition("days: ")[2].removesuffix("."), X)
    assert np.ravel(days).max() == 11


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("shape", [(12, 6, 8), (12, 6, 8, 1), (12, 48)])
def test_complex_numbers_are_told_how_to_be_real(ready, door, shape):
    X = IMAGES.reshape(shape) + 1j
    message = told(door, ready, X)
    assert "Complex data not supported; got complex128. Pass np.abs(X)" in message
    channels = value_of(message.rpartition("channels: ")[2].removesuffix("."), X)
    assert channels.size == 2 * IMAGES.size
    assert channels.shape[:3] == (12, 6, 8) or channels.ndim == 2


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "form", [np.ravel, lambda X: X.ravel().tolist(), lambda X: pd.Series(X.ravel())]
)
def test_a_row_of_numbers_is_not_written_out(ready, door, form):
    X = form(IMAGES[0])
    remedy = told(door, ready, X).rpartition("pass ")[2].removesuffix(".")
    batch = value_of(remedy, X)
    assert batch.size == 48 and len(batch) == 1
    assert ready.predict(batch).shape == (1,)


def test_numbers_in_any_column_pass(ready):
    X = pd.DataFrame(IMAGES.reshape(12, -1)).astype({0: object})
    X[1] = X[1].astype(str)  # which scikit-learn reads as numbers
    assert ready.predict(X).shape == (12,)


@pytest.mark.parametrize("door", DOORS)
def test_rows_with_named_fields_are_made_a_table_by_the_remedy(ready, door):
    table = IMAGES.reshape(12, -1)[:, :2]
    X = np.array(list(map(tuple, table)), dtype=[("a", float), ("b", float)])
    remedy = told(door, ready, X).partition("Pass ")[2].removesuffix(".")
    scope = {"numpy": np, "X": X}
    exec("import numpy.lib.recfunctions", scope)
    np.testing.assert_array_equal(eval(remedy, scope), table)
