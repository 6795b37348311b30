"""What the numbers of pixels mean: decided once in fit, and compared ever after.

A network knows only the units of its fit. Bytes, 0 to 255, are scaled to 0 to 1 inside
it; everything else is taken as it is. Whatever comes later in other units is predicted
wrongly without a sign. So its range is compared with that of fit: what is clearly in
other units is refused, what is only unusual is warned of.
"""

from functools import cached_property, partial
from math import isqrt
from numbers import Integral

import numpy as np

from skcnn._warnings import warn_once

BYTE = 255
# Real images have something brighter than an eighth of white among thousands of pixels;
# class codes, masks and 4-bit images (scikit-learn's digits reach 16) do not.
LEAST_BYTE_MAX = 32
LARGEST_UNSCALED = 50  # standardized data, and digits from 0 to 16, stay below
SMALLEST_UNSCALED = 0.01
TEN_TIMES = 10  # another order of magnitude
NOISE = 0.05  # what resizing may make of black, as a share of white
OVERSHOOT = 1 + NOISE  # and what it may make of white
FEW_IMAGES = 10  # one image may be black, or all bright; of ten, that is unusual
# Rarely lit pixels have outliers once a scaler has seen them. So large a share, of all
# images of fit and of the pixels that are not black afterwards, says nothing of units.
FEW_PIXELS_OF_ALL = 0.01
MANY = 0.3


def pixel_scale(dtype):
    """What pixels are multiplied by: uint8 is 0 to 255, all else is taken as it is."""
    return 1 / BYTE if dtype == np.uint8 else 1.0


def value_range(images):
    """The smallest and the largest value, as floats."""
    return float(images.min()), float(images.max())


def _share_beyond(images, limit):
    """Which share of pixels has a magnitude beyond a limit."""
    counts = (np.count_nonzero(np.abs(image) > limit) for image in images)
    return sum(counts) / images.size


# --------------------------------------------------------------------------------------
# In fit


def settle_units(images, pixel_range, *, are_images):
    """Integers that are bytes become uint8; warns of units that are probably not meant.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
    pixel_range : tuple of two float
    are_images : bool
        Whether the user said so, by the shape of X or by `image_shape`. Tables of
        measurements are never scaled.

    Returns
    -------
    ndarray of shape (n, height, width, channels)
        Of type uint8 if they are bytes; else `images`.
    """
    low, high = pixel_range
    if images.dtype == np.uint8:
        advice = _advice_on_dark_bytes(high)
        if not (advice or are_images):
            advice = _advice_on_strip_of_bytes(high, images.shape[2])
    elif not _are_bytes_of_another_type(images.dtype, low, high):
        advice = _advice_on_magnitude(images, low, high, are_images)
    elif are_images:
        return images.astype(np.uint8)
    else:
        advice = _advice_on_strip(high, images.shape[2])
    if advice:
        warn_once(advice)
    return images


def integer_type(table):
    """The type of integers that scikit-learn makes floats of, as pandas' Int64.

    Parameters
    ----------
    table : array-like

    Returns
    -------
    dtype or None
        None if the table does not say, or holds others than integers.
    """
    if isinstance(table, np.ndarray) and table.dtype.kind == "O":
        kinds = set(map(type, table.flat)) - {bool}
        are_integers = kinds and all(issubclass(kind, Integral) for kind in kinds)
        return np.dtype(np.int64) if are_integers else None
    if not hasattr(table, "dtypes") or len(table.shape) != 2 or not table.shape[1]:
        return None
    types = [getattr(dtype, "numpy_dtype", dtype) for dtype in set(table.dtypes)]
    if all(isinstance(dtype, np.dtype) and dtype.kind in "iu" for dtype in types):
        return np.result_type(*types)
    return None


def _are_bytes_of_another_type(dtype, low, high):
    is_integer = dtype.kind in "iu" and dtype != np.uint8
    return is_integer and low >= 0 and LEAST_BYTE_MAX <= high <= BYTE


def _advice_on_dark_bytes(high):
    if not 0 < high < LEAST_BYTE_MAX:
        return None
    return (
        f"X is uint8, which is divided by 255, but its largest value is only {high:g}: "
        f"the network sees at most {high / BYTE:.2g}. If white is not 255, pass "
        f"X / {high:g}."
    )


def _advice_on_strip_of_bytes(high, n_features):
    shape = _square_shape(n_features)
    if shape is None or high <= LARGEST_UNSCALED:
        return None
    return (
        "X is a table of bytes, so each row is taken as a strip one pixel high. If its "
        f"rows are images, set image_shape={shape}; if not, image_shape="
        f"{(1, n_features)} says so."
    )


def _advice_on_strip(high, n_features):
    if high <= LARGEST_UNSCALED:
        return None
    shape = _square_shape(n_features)
    remedy = f"set image_shape={shape}" if shape else "set image_shape"
    return (
        "X is a table of integers from 0 to 255, which are taken as they are. If its "
        f"rows are images, {remedy}: then they are scaled. {_STANDARDIZE}"
    )


def _advice_on_magnitude(images, low, high, are_images):
    size = max(-low, high)
    if 0 < size < SMALLEST_UNSCALED:
        return (
            f"X is at most {size:.2g}, too little to train on; was it divided by 255 "
            f"twice? {_STANDARDIZE}"
        )
    if size <= LARGEST_UNSCALED:
        return None
    is_format = low.is_integer() and high.is_integer()
    if not is_format and _share_beyond(images, LARGEST_UNSCALED) < FEW_PIXELS_OF_ALL:
        return None
    seen = f"X has values from {low:.3g} to {high:.3g}, which are taken as they are."
    if not are_images:
        return f"{seen} {_STANDARDIZE} For images, set image_shape."
    if low >= 0 and high <= BYTE * OVERSHOOT:
        return (
            f"{seen} Networks train badly on such large numbers. Pass "
            "X.astype(np.uint8), which is scaled inside the network, or X / 255; and the "
            "same to predict."
        )
    # Pixels begin at black; temperatures, decibels and Hounsfield units do not.
    is_pixels = 0 <= low < 0.1 * high
    change = f"X / {_white(size)}" if is_pixels else _CENTERED
    return (
        f"{seen} Networks train badly on such large numbers. Pass {change}, and the same "
        "to predict."
    )


_CENTERED = "(X - m) / s with m, s = X.mean(), X.std() of the training images"
_STANDARDIZE = (
    "For measurements, use make_pipeline(StandardScaler(), ConvPoolClassifier(...))."
)


def _square_shape(n_features):
    """The shape of square images, gray or color, of so many values, if any."""
    for channels in (1, 3, 4):
        side = isqrt(n_features // channels)
        if side >= 8 and side * side * channels == n_features:
            return (side, side) if channels == 1 else (side, side, channels)
    return None


def _white(size):
    """The largest value of so many bits as cameras and scanners have."""
    whites = (2**bits - 1 for bits in (8, 10, 12, 14, 16))
    return next((white for white in whites if size <= white * OVERSHOOT), f"{size:.3g}")


# --------------------------------------------------------------------------------------
# After fit


def check_units(images, fitted_range, scale, name="X"):
    """Compare the units of images with those of fit.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
    fitted_range : tuple of two float, or None
        None, of an estimator pickled by an older skcnn, for no check.
    scale : float
        What the fitted network multiplies pixels by.
    name : str, default="X"
        What messages call the images.

    Returns
    -------
    ndarray of shape (n, height, width, channels)
        Of type uint8 if they are integers for a network that scales bytes.

    Raises
    ------
    ValueError
        If they are clearly in other units.
    """
    if fitted_range is None or not len(images):
        return images
    fit, seen = _Fit(fitted_range, scale), _Seen(images)
    if seen.size and fit.size:
        _compare(seen, fit, name)
    is_integer = images.dtype.kind in "iu"
    return images.astype(np.uint8, copy=False) if fit.scaled and is_integer else images


def _compare(seen, fit, name):
    """Refuse, or warn, by the first rule that finds something."""
    is_table = seen.is_strip and not (fit.scaled or seen.images.dtype == np.uint8)
    refusals = () if is_table else _REFUSALS
    warnings = _WARNINGS_FOR_TABLES if is_table else _WARNINGS
    for rule in (*refusals, *warnings):
        remedy = rule(seen, fit)
        if not remedy:
            continue
        message = (
            f"{name} does not seem to be in the units of fit: its values are from "
            f"{seen.low:.3g} to {seen.high:.3g}, those of fit were from "
            f"{fit.seen_low:.3g} to {fit.seen_high:.3g}. {remedy}"
        )
        if rule in refusals:
            raise ValueError(message)
        warn_once(message)
        return


class _Fit:
    """What is known of the pixels of fit."""

    def __init__(self, fitted_range, scale):
        self.seen_low, self.seen_high = self.low, self.high = fitted_range
        self.scaled = scale != 1
        # The first images of partial_fit may all have been dark, or even black.
        if self.scaled and self.high != 1:
            self.low, self.high = 0.0, float(BYTE)
        elif self.low >= 0 and 0 < self.high <= 1:
            self.low, self.high = 0.0, 1.0
        self.size = max(-self.low, self.high)
        self.seen_size = max(-self.seen_low, self.seen_high)
        self.is_whole = self.low.is_integer() and self.high.is_integer()

    @property
    def has_counts(self):
        """Whether its pixels were bytes, scaled by us or not, or whole up to 16 bits."""
        return self.low >= 0 and self.high > LARGEST_UNSCALED and self.is_whole

    @property
    def has_fractions(self):
        """Whether its pixels were no whole numbers, other than 0 and 1."""
        return self.size <= 1 or not self.is_whole


class _Seen:
    """What is asked of the pixels that come after fit."""

    def __init__(self, images):
        self.images = images
        self.low, self.high = value_range(images)
        self.size = max(-self.low, self.high)
        self.are_few = len(images) < FEW_IMAGES
        self.is_strip = 1 in images.shape[1:3]

    @cached_property
    def are_whole(self):
        """Whether all are whole numbers; yes and no are not."""
        kind = self.images.dtype.kind
        return kind in "iu" or (
            kind == "f"
            and all(np.all(image == np.rint(image)) for image in self.images)
        )

    def has_many_beyond(self, limit):
        """Whether pixels beyond a limit are more than outliers, black left aside."""
        n_bright = n_beyond = 0
        for image in self.images:
            magnitudes = np.abs(image)
            n_bright += np.count_nonzero(magnitudes)
            n_beyond += np.count_nonzero(magnitudes > limit)
        return n_beyond > MANY * n_bright


# A rule gives the remedy if it finds the images to be in other units; or else None.


def _no_bytes(seen, fit):
    is_integer = seen.images.dtype.kind in "iu"
    if fit.scaled and is_integer and not 0 <= seen.low <= seen.high <= BYTE:
        return "Pass bytes, from 0 to 255, as in fit."
    return None


def _much_too_large(seen, fit):
    if seen.size <= TEN_TIMES * fit.size:
        return None
    limit = fit.size if seen.are_whole else TEN_TIMES * fit.size
    return seen.has_many_beyond(limit) and _shrink(seen, fit)


def _whole_for_fractions(seen, fit):
    """Dark bytes after fractions: not ten times as large, but never fractions."""
    may_differ = fit.has_fractions and fit.size <= TEN_TIMES
    is_larger = seen.size >= max(2, 2 * fit.size)
    is_whole = may_differ and is_larger and seen.are_whole
    return is_whole and seen.has_many_beyond(fit.size) and _shrink(seen, fit)


def _fractions_for_counts(seen, fit):
    if not fit.has_counts or seen.size > TEN_TIMES:
        return None
    if seen.low >= 0 and seen.high <= 1 and not seen.are_whole:
        return _as_in_fit_or("Pass X * {white}.", fit.seen_high)
    if seen.low < -NOISE and not seen.are_whole:
        return "Pass the integers that they were made of, as in fit."
    return None


def _larger(seen, fit, times=3):
    limit = times * fit.size
    return seen.size > limit and seen.has_many_beyond(limit) and _AS_IN_FIT


def _smaller(seen, fit, times=TEN_TIMES):
    """Only where the range of fit is that of a format, rather than due to outliers."""
    may_tell = fit.is_whole and not seen.are_few
    return may_tell and seen.size * times < fit.seen_size and _AS_IN_FIT


def _negative(seen, fit):
    had_none = fit.low > -NOISE * fit.size
    has_some = seen.low < -2 * NOISE * fit.size
    return had_none and has_some and f"fit had no negative values. {_AS_IN_FIT}"


def _never_negative(seen, fit):
    had_plenty = fit.low < -0.2 * fit.size
    has_none = seen.low >= 0 and not seen.are_few
    return had_plenty and has_none and f"fit had negative values. {_AS_IN_FIT}"


_AS_IN_FIT = (
    "Change them as the images of fit were changed; a Pipeline does it by itself."
)
_REFUSALS = (_no_bytes, _much_too_large, _whole_for_fractions, _fractions_for_counts)
_WARNINGS = (_larger, _smaller, _negative, _never_negative)
_WARNINGS_FOR_TABLES = (  # outliers are usual
    partial(_larger, times=100),
    partial(_smaller, times=100),
)


def _shrink(seen, fit):
    """The remedy for values that are too large."""
    if seen.low < 0 or fit.scaled:
        return _AS_IN_FIT
    if (fit.low, fit.high) == (0, 1):
        return _as_in_fit_or("Pass X / {white}.", seen.high)
    if (fit.low, fit.high) == (-1, 1):
        return _as_in_fit_or("Pass X / {half} - 1.", seen.high)
    return _AS_IN_FIT


def _as_in_fit_or(remedy, high):
    """The remedy with the value of white, if the largest pixel tells what white is."""
    white = _white(high)
    if isinstance(white, str) or high < white / 2:
        return _AS_IN_FIT
    return remedy.format(white=white, half=white / 2)
