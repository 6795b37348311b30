"""Units of pixels: decided in fit, compared at every later door."""

import copy
import pickle
import re
import warnings
from functools import partial

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from joblib import parallel_backend
from networks import TINY
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from skcnn import ConvPoolClassifier
from skcnn._images import GivenData, check_training_data
from skcnn._units import pixel_scale, settle_units

DIGITS, LABELS = load_digits(return_X_y=True)
BYTES = np.rint(DIGITS[:120].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
LABELS = LABELS[:120]
small = partial(ConvPoolClassifier, **TINY, epochs=1)

UNITS = {
    "bytes": lambda X: X,
    "floats to 255": lambda X: X.astype(np.float32),
    "unit": lambda X: X / 255,
    "signed": lambda X: X / 127.5 - 1,
    "standardized": lambda X: (X - 77.0) / 95,
    "12 bits": lambda X: X.astype(np.uint16) * 16,
}


def table(X):
    return X.reshape(len(X), -1)


def object_series(X):
    return pd.Series(list(X))


@pytest.fixture(scope="module")
def fitted():
    """From the name of units to what was fitted in them, without training."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return {
            name: small().initialize(change(BYTES), LABELS)
            for name, change in UNITS.items()
        }


@pytest.fixture(scope="module")
def fitted_to_bytes():
    return small().fit(BYTES, LABELS)


def test_the_type_that_the_network_gets_decides_on_scaling():
    assert pixel_scale(np.dtype("uint8")) == 1 / 255
    for name in ("float32", "float64", "int64", "bool"):
        assert pixel_scale(np.dtype(name)) == 1


# --------------------------------------------------------------------------------------
# In fit

FORMS_OF_BYTES = [
    *(
        pytest.param(
            lambda X, dtype=dtype: X.astype(dtype), {}, id=str(np.dtype(dtype))
        )
        for dtype in ("i2", "i4", "i8", "u2", "u4", "u8", ">i4", object)
    ),
    pytest.param(lambda X: X.tolist(), {}, id="lists"),
    pytest.param(lambda X: list(X.astype(int)), {}, id="list of arrays"),
    pytest.param(lambda X: object_series(X.astype(int)), {}, id="Series of arrays"),
    pytest.param(lambda X: table(X).astype(int), {"image_shape": (8, 8)}, id="table"),
    *(
        pytest.param(
            lambda X, dtype=dtype: pd.DataFrame(table(X)).astype(dtype),
            {"image_shape": (8, 8)},
            id=f"DataFrame of {dtype}",
        )
        for dtype in ("int64", "Int64", "UInt8")
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "params"), FORMS_OF_BYTES)
def test_integers_from_0_to_255_are_bytes(form, params, fitted_to_bytes, silence):
    X = form(BYTES)
    classifier = small(**params).fit(X, LABELS, validation_data=(X, LABELS))
    expected = fitted_to_bytes.predict_proba(BYTES)
    assert classifier.pixel_range_ == (0, 255)
    for images in (X, BYTES, BYTES.astype(np.float32)):
        assert classifier.predict_proba(images).tobytes() == expected.tobytes()


def test_predicting_bytes_in_any_type_gives_the_same_bits(fitted_to_bytes, silence):
    expected = fitted_to_bytes.predict_proba(BYTES)
    for dtype in ("i2", "i8", "u2", "f2", "f4", "f8", object):
        proba = fitted_to_bytes.predict_proba(BYTES.astype(dtype))
        assert proba.tobytes() == expected.tobytes()
    score = fitted_to_bytes.score(BYTES, LABELS)
    assert fitted_to_bytes.score(BYTES.astype(float), LABELS) == score


def test_training_goes_on_with_bytes_of_any_type(silence):
    plain = small(epochs=2).fit(BYTES, LABELS)
    expected = plain.predict_proba(BYTES).tobytes()
    mixed = small(warm_start=True).fit(BYTES.astype("u2"), LABELS)
    mixed.fit(BYTES.astype(float), LABELS)
    assert mixed.predict_proba(BYTES).tobytes() == expected
    mixed = small().partial_fit(BYTES, LABELS)
    mixed.partial_fit(BYTES.astype(int), LABELS)
    assert mixed.predict_proba(BYTES).tobytes() == expected


@pytest.mark.parametrize(
    "X",
    [
        pytest.param(DIGITS[:120], id="digits, a table"),
        pytest.param(DIGITS[:120].reshape(-1, 8, 8), id="digits from 0 to 16"),
        pytest.param(DIGITS[:120].reshape(-1, 8, 8).astype(int), id="integers to 16"),
        pytest.param(BYTES, id="bytes"),
        pytest.param(BYTES / 255, id="from 0 to 1"),
        pytest.param(UNITS["signed"](BYTES), id="from -1 to 1"),
        pytest.param(UNITS["standardized"](BYTES), id="standardized"),
        pytest.param(BYTES > 100, id="masks"),
        pytest.param(BYTES * np.uint8(0), id="black"),
    ],
)
def test_ordinary_units_are_taken_in_silence(X, silence):
    classifier = small().initialize(X, LABELS)
    assert classifier.pixel_range_ == (X.min(), X.max())
    assert classifier.architecture_.scale == (1 / 255 if X.dtype == np.uint8 else 1)
    assert classifier.predict(X).shape == (120,)


@pytest.mark.parametrize(
    ("X", "remedy"),
    [
        pytest.param(
            BYTES.astype(np.float32), "X.astype(np.uint8)", id="floats to 255"
        ),
        pytest.param(BYTES * 1.003, "X / 255", id="resized"),
        pytest.param(UNITS["12 bits"](BYTES), "X / 4095", id="12 bits"),
        pytest.param(BYTES.astype(int) * 257, "X / 65535", id="16 bits"),
        pytest.param(BYTES.astype(float) * 10 - 1000, "(X - m) / s", id="CT values"),
        pytest.param(BYTES.astype(np.int8), "(X - m) / s", id="signed bytes"),
        pytest.param(BYTES / 255 * 80 + 250.5, "(X - m) / s", id="temperatures"),
        pytest.param(table(BYTES).astype(int), "image_shape=(8, 8)", id="Kaggle's CSV"),
        pytest.param(
            pd.DataFrame(table(BYTES)).astype("Int64"), "image_shape=(8, 8)", id="Int64"
        ),
        pytest.param(table(BYTES) * 3.0, "StandardScaler()", id="measurements"),
        pytest.param(BYTES // 200, "X / 1", id="masks of 0 and 1 as bytes"),
        pytest.param(DIGITS[:120].astype(np.uint8), "X / 16", id="digits as bytes"),
        pytest.param(BYTES / 255 / 255, "twice", id="scaled twice"),
    ],
)
def test_unusual_units_are_warned_of_once_with_the_remedy(X, remedy):
    with pytest.warns(UserWarning) as caught:
        small().initialize(X, LABELS)
    assert len(caught) == 1
    assert remedy in str(caught[0].message)
    assert caught[0].filename == __file__


def dark(highest, dtype=np.int64):
    """Integers from 0 to 30, with one pixel that is another."""
    X = np.random.RandomState(0).randint(0, 31, (120, 8, 8)).astype(dtype)
    X[7, 3, 3] = highest
    return X


@pytest.mark.parametrize(
    ("X", "taken", "remedies"),
    [
        pytest.param(
            dark(40), "as bytes and divided", ("uint8", "X / 40"), id="a pixel"
        ),
        pytest.param(dark(30), "as they are", ("uint8", "X / 30"), id="below bytes"),
        pytest.param(dark(255, "u2"), "as bytes", ("uint8", "X / 255"), id="a white"),
        pytest.param(
            dark(40).tolist(), "as bytes", ("uint8", "np.asarray(X) / 40"), id="lists"
        ),
        pytest.param(dark(0) * 0, "as they are", ("uint8", "X / 1"), id="black"),
    ],
)
def test_integers_that_few_pixels_make_bytes_are_warned_of(X, taken, remedies):
    with pytest.warns(UserWarning, match=f"X holds integers .* {taken}") as caught:
        small().initialize(X, LABELS)
    message = str(caught[0].message)
    assert len(caught) == 1
    assert all(remedy in message for remedy in remedies)
    X = np.asarray(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        small().initialize(eval(remedies[1]), LABELS)
        if X.max() >= 32:  # darker bytes are warned of
            small().initialize(X.astype(np.uint8), LABELS)


@pytest.mark.parametrize("seed", range(20))
def test_folds_decide_alike_or_one_of_them_warns(seed):
    """Whether integers are bytes: each image has its brightest pixel, at random."""
    rng = np.random.RandomState(seed)
    n, share = rng.randint(4, 40), rng.uniform()
    brightest = np.where(rng.uniform(size=n) < share, rng.randint(32, 256, n), 20)
    X = np.zeros((n, 2, 2, 1), int)
    X[:, 0, 0, 0] = brightest
    n_folds = rng.randint(2, min(n, 6))
    parts = [X[train] for train, _ in KFold(n_folds).split(X)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        taken = {
            str(settle_units(part, (0, part.max()), are_images=True).dtype)
            for part in parts
        }
    assert caught or len(taken) == 1


def test_a_search_says_once_that_its_folds_may_differ():
    search = GridSearchCV(small(), {"dropout": [0, 0.5]}, cv=3)
    for n_jobs in (1, 2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            with parallel_backend("threading", n_jobs=n_jobs):
                search.fit(dark(40), LABELS)
        said = [w for w in caught if "X holds integers" in str(w.message)]
        assert len(said) == 1


def test_a_table_of_measurements_is_never_scaled():
    with pytest.warns(UserWarning, match="taken as they are"):
        classifier = small().initialize(table(BYTES).astype(int), LABELS)
    assert classifier.architecture_.scale == 1


def test_images_without_weight_do_not_decide(silence):
    X = BYTES.astype(int)
    X[:20] = 70_000
    weights = np.r_[np.zeros(20), np.ones(100)]
    classifier = small().fit(X, LABELS, sample_weight=weights)
    assert classifier.pixel_range_ == (0, 255)
    assert classifier.architecture_.scale == 1 / 255


def test_bytes_of_a_memory_map_stay_there(tmp_path):
    np.save(tmp_path / "x.npy", BYTES)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    checked = check_training_data(GivenData(mapped, LABELS), owner="Test")
    assert np.shares_memory(checked.images, mapped)


# --------------------------------------------------------------------------------------
# After fit

DOORS = {
    "predict": lambda classifier, X: classifier.predict(X),
    "predict_proba": lambda classifier, X: classifier.predict_proba(X),
    "predict_log_proba": lambda classifier, X: classifier.predict_log_proba(X),
    "score": lambda classifier, X: classifier.score(X, LABELS[: len(X)]),
    "partial_fit": lambda classifier, X: classifier.partial_fit(X, LABELS[: len(X)]),
    "warm_start": lambda classifier, X: classifier.set_params(warm_start=True).fit(
        X, LABELS[: len(X)]
    ),
}
CLEARLY_OTHERS = [
    ("bytes", "unit", "X * 255"),
    ("bytes", "signed", "integers"),
    ("bytes", "standardized", "integers"),
    ("bytes", "12 bits", "0 to 255"),
    ("floats to 255", "unit", "X * 255"),
    ("floats to 255", "standardized", "integers"),
    ("12 bits", "unit", "X * 4095"),
    ("12 bits", "standardized", "integers"),
    ("unit", "bytes", "X / 255"),
    ("unit", "floats to 255", "X / 255"),
    ("unit", "12 bits", "X / 4095"),
    ("signed", "bytes", "X / 127.5 - 1"),
    ("signed", "floats to 255", "X / 127.5 - 1"),
    ("standardized", "bytes", "images of fit"),
    ("standardized", "12 bits", "images of fit"),
]


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("before", "now", "remedy"), CLEARLY_OTHERS)
def test_other_units_are_refused_with_the_remedy(fitted, before, now, remedy, door):
    classifier = copy.deepcopy(fitted[before])
    for X in (UNITS[now](BYTES), UNITS[now](BYTES[:1])):
        with pytest.raises(ValueError, match="units of fit") as error:
            DOORS[door](classifier, X)
        message = str(error.value)
        low, high = classifier.pixel_range_
        assert remedy in message
        assert f"{X.min():.3g} to {X.max():.3g}" in message
        assert f"{low:.3g} to {high:.3g}" in message
    # It is as it was.
    assert classifier.pixel_range_ == fitted[before].pixel_range_
    assert classifier.n_iter_ == 0


@pytest.mark.parametrize(("before", "now", "remedy"), CLEARLY_OTHERS[:4])
def test_other_units_of_validation_data_are_refused(before, now, remedy):
    validation_data = (UNITS[now](BYTES), LABELS)
    with pytest.raises(ValueError, match="validation_data") as error:
        small().fit(UNITS[before](BYTES), LABELS, validation_data=validation_data)
    assert remedy in str(error.value)


@pytest.mark.parametrize(
    ("before", "X"),
    [
        pytest.param("bytes", np.where(BYTES > 100, 300, 0), id="integers above 255"),
        pytest.param("bytes", BYTES.astype(int) - 1, id="integers below 0"),
        pytest.param("bytes", BYTES > 100, id="yes and no after bytes"),
        pytest.param("unit", BYTES // 20, id="dark bytes after fractions"),
        pytest.param("unit", DIGITS[:120].reshape(-1, 8, 8), id="digits to 16"),
        pytest.param("standardized", BYTES // 20, id="dark bytes after standardized"),
    ],
)
def test_more_that_is_refused(fitted, before, X):
    with pytest.raises(ValueError, match="units of fit"):
        fitted[before].predict(X)


@pytest.mark.parametrize(
    ("before", "X"),
    [
        pytest.param("bytes", BYTES // 60, id="all dark"),
        pytest.param("bytes", BYTES - 60.0, id="negative after bytes"),
        pytest.param("unit", UNITS["signed"](BYTES), id="negative after fractions"),
        pytest.param("signed", UNITS["unit"](BYTES), id="never negative"),
        pytest.param("unit", BYTES / 40.5, id="larger"),
        pytest.param("12 bits", BYTES, id="smaller"),
    ],
)
def test_unusual_ranges_are_warned_of(fitted, before, X):
    with pytest.warns(UserWarning, match="units of fit") as caught:
        fitted[before].predict(X)
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("before", "X"),
    [
        pytest.param("bytes", BYTES[:1] * np.uint8(0), id="a black image"),
        pytest.param("bytes", BYTES[:1] // 100, id="a dark image"),
        pytest.param("bytes", BYTES[:1].astype(float) // 100, id="dark, as floats"),
        pytest.param("bytes", BYTES * 0.0, id="black images"),
        pytest.param("bytes", np.clip(BYTES * 1.1 - 10.0, -10, 262), id="resized"),
        pytest.param("floats to 255", BYTES, id="bytes after floats to 255"),
        pytest.param("unit", BYTES[:1] / 2550, id="a dark image of fractions"),
        pytest.param("unit", BYTES > 100, id="masks after fractions"),
        pytest.param("signed", BYTES[:1] * 0.0 - 1, id="a black image from -1 to 1"),
        pytest.param("signed", np.ones((1, 8, 8)), id="a white image from -1 to 1"),
        pytest.param("standardized", np.ones((1, 8, 8)), id="a bright image"),
    ],
)
def test_images_that_may_well_be_are_taken_in_silence(fitted, before, X, silence):
    fitted[before].predict(X)


@pytest.mark.slow
def test_standardized_pixels_may_have_outliers(silence):
    # Of pixels that are hardly ever lit, StandardScaler makes large numbers.
    scaler = StandardScaler()
    X = scaler.fit_transform(DIGITS[:120])
    X_new = scaler.transform(load_digits().data[120:])
    X[0, 0] = 77.7
    assert np.abs(X_new).max() > 2 * np.abs(X).max()
    classifier = small(image_shape=(8, 8)).initialize(X, LABELS)
    for images in (X_new, *X_new[:, np.newaxis]):
        classifier.predict(images)


@pytest.mark.parametrize("before", ["bytes", "unit", "signed", "standardized"])
def test_each_image_alone_is_in_the_units_of_all(fitted, before, silence):
    for image in UNITS[before](BYTES[:30]):
        fitted[before].predict(image[np.newaxis])


def test_the_range_grows_with_the_images_that_are_trained_on(silence):
    classifier = small().partial_fit(BYTES[:50] // 2, LABELS[:50], classes=range(10))
    assert classifier.pixel_range_ == (0, 127)
    classifier.partial_fit(BYTES, LABELS)
    assert classifier.pixel_range_ == (0, 255)
    classifier.predict(BYTES)
    assert classifier.fit(BYTES // 3, LABELS).pixel_range_ == (0, 85)


@pytest.mark.parametrize("dtype", [np.uint8, float])
def test_training_may_begin_with_a_black_image(dtype, silence):
    black, X = np.zeros((2, 8, 8), dtype), BYTES if dtype == np.uint8 else BYTES / 255
    classifier = small().partial_fit(black, [0, 1], classes=range(10))
    classifier.predict(X)
    classifier.partial_fit(X, LABELS)
    assert classifier.pixel_range_ == (0, X.max())


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(BYTES.astype(int) // 20, id="up to 12"),
        pytest.param(BYTES.astype(int) // 9, id="up to 28"),
        pytest.param(BYTES.astype(float) // 20, id="floats"),
    ],
)
def test_training_that_began_with_dark_integers_is_told_to_begin_anew(first):
    bright = BYTES.astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        classifier = small().partial_fit(first, LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        message = r"X\.astype\(np\.uint8\), from the first call of partial_fit"
        for use in (classifier.predict, lambda X: classifier.partial_fit(X, LABELS)):
            with pytest.raises((ValueError, UserWarning), match=message):
                use(bright)
    with pytest.warns(UserWarning, match="divided by 255"):
        classifier = small().partial_fit(first.astype(np.uint8), LABELS)
    classifier.partial_fit(bright, LABELS)
    assert classifier.architecture_.scale == 1 / 255


def test_bright_images_after_black_integers_are_warned_of():
    black = np.zeros((2, 8, 8), int)
    with pytest.warns(UserWarning, match="X holds integers up to 0"):
        classifier = small().partial_fit(black, [0, 1], classes=range(10))
    with pytest.warns(UserWarning, match="fit takes them as they are"):
        classifier.predict(BYTES.astype(int))


def test_the_range_survives_pickles_and_older_ones_need_none(fitted, silence):
    again = pickle.loads(pickle.dumps(fitted["bytes"]))
    assert again.pixel_range_ == (0, 255)
    del again.pixel_range_
    assert again.predict(BYTES / 255).shape == (120,)
    again.partial_fit(BYTES / 255, LABELS)
    assert not hasattr(again, "pixel_range_")


def test_measurements_may_have_outliers(silence):
    X = StandardScaler().fit_transform(DIGITS[:120])
    classifier = small().initialize(X, LABELS)
    X[5, 7] = 70
    classifier.predict(X)
    with pytest.raises(UserWarning, match="units of fit"):
        classifier.predict(DIGITS[:120] * 100)
    with pytest.raises(ValueError, match="units of fit"):
        classifier.predict(table(BYTES))


def test_a_pipeline_gives_the_units(silence):
    pipeline = make_pipeline(FunctionTransformer(UNITS["unit"]), small())
    pipeline.fit(BYTES, LABELS)
    assert pipeline[-1].pixel_range_ == (0, 1)
    assert pipeline.predict(BYTES.astype(int)).shape == (120,)
    with pytest.raises(ValueError, match="units of fit"):
        pipeline.predict(UNITS["12 bits"](BYTES))
    with pytest.raises(ValueError, match="X / 255"):
        pipeline[-1].predict(BYTES)


@pytest.mark.slow
def test_searches_and_folds_are_silent_or_warn_once(silence):
    assert len(cross_val_score(small(), BYTES.astype(int), LABELS, cv=2)) == 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        search = GridSearchCV(small(), {"dropout": [0, 0.5]}, cv=2)
        search.fit(BYTES.astype(float), LABELS)
    assert len(caught) == 1  # of five fits
    assert {(w.filename, str(w.message)[:20]) for w in caught} == {
        (__file__, "X has values from 0 ")
    }


# --------------------------------------------------------------------------------------
# Ordinary use is quiet


SCALERS = [
    MinMaxScaler(),
    MinMaxScaler((-1, 1)),
    MaxAbsScaler(),
    StandardScaler(),
    RobustScaler(),
]


@pytest.mark.slow
@pytest.mark.parametrize("scaler", SCALERS, ids=repr)
def test_scalers_in_a_pipeline_are_neither_refused_nor_warned_of(scaler, digits):
    """A pixel that is rarely lit in training has outliers after scaling."""
    images, labels = digits
    table = images.reshape(len(images), -1)
    pipeline = make_pipeline(clone(scaler), small(image_shape=(8, 8)))
    pipeline.fit(table[:200], labels[:200])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline.predict(table[200:])
        for row in table[200:400]:
            pipeline.predict(row[np.newaxis])


def test_the_same_numbers_as_floats_are_quiet_though_they_are_dark(digits):
    images, labels = digits
    dark = images[:100] // 16
    with pytest.warns(UserWarning, match="divided by 255"):
        fitted = small().fit(dark, labels[:100])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_floats = fitted.predict_proba(dark.astype(float))
    assert np.array_equal(as_floats, fitted.predict_proba(dark))


def test_a_table_of_bytes_without_image_shape_is_warned_of(digits):
    images, labels = digits
    table = images[:100].reshape(100, -1)
    with pytest.warns(UserWarning, match=r"set image_shape=\(8, 8\)"):
        small().fit(table, labels[:100])
    for shape in ((8, 8), (1, 64)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            small(image_shape=shape).fit(table, labels[:100])


CONTAINERS = {
    "list": list,
    "lists": lambda X: X.tolist(),
    "Series": object_series,
    "array of arrays": lambda X: object_series(X).to_numpy(),
    "PIL": lambda X: [PIL.Image.fromarray(image) for image in X],
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("door", ["predict", "partial_fit", "fit"])
def test_remedies_run_on_what_was_given(container, door):
    if door == "fit":
        X = CONTAINERS[container](BYTES // 9)
        with pytest.warns(UserWarning, match="X") as caught:
            small().initialize(X, LABELS)
        message = str(caught[0].message)
    else:
        X = CONTAINERS[container](BYTES)
        net = small().initialize(BYTES / 255, LABELS)
        labels = [LABELS] if door == "partial_fit" else []
        with pytest.raises(ValueError, match="units of fit") as error:
            getattr(net, door)(X, *labels)
        message = str(error.value)
    remedy = re.split("[Pp]ass ", message)[1].partition(";")[0].removesuffix(".")
    images = eval(remedy, {"X": X, "np": np})
    assert images.shape == BYTES.shape and images.dtype.kind in "fu"
