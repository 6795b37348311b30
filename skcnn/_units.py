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
LARGEST_SMALL_FORMAT = 16
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
    given = _Given(images, pixel_range, are_images)
    for rule in _RULES_OF_FIT:
        advice = rule(given)
        if advice:
            warn_once(advice, kind=rule.__name__)
            break
    is_to_be_scaled = are_images and given.are_other_bytes
    return images.astype(np.uint8) if is_to_be_scaled else images


class _Given:
    """What is asked of the images that fit is given."""

    def __init__(self, images, pixel_range, are_images):
        self.images = images
        self.low, self.high = pixel_range
        self.size = max(-self.low, self.high)
        self.are_images = are_images
        self.n_features = images.shape[2]  # of a table, which is a strip
        self.are_uint8 = images.dtype == np.uint8
        self.are_other_integers = images.dtype.kind in "iu" and not self.are_uint8

    @property
    def are_other_bytes(self):
        """Whether integers of another type are from 0 to 255, and bright enough."""
        in_range = self.low >= 0 and LEAST_BYTE_MAX <= self.high <= BYTE
        return self.are_other_integers and in_range

    @property
    def most_are_bright(self):
        """Whether more than half of the images have a pixel that only bytes have.

        A fold trains on at least half of the images. So each fold then decides alike.
        """
        brightest = self.images.reshape(len(self.images), -1).max(axis=1)
        return np.mean(brightest >= LEAST_BYTE_MAX) > 0.5


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


# A rule gives advice if units are probably not what they seem; or else None.


def _dark_bytes(given):
    if not given.are_uint8 or not 0 < given.high < LEAST_BYTE_MAX:
        return None
    high = given.high
    return (
        f"X is uint8, which is divided by 255, but its largest value is only {high:g}: "
        f"the network sees at most {high / BYTE:.2g}. If white is not 255, pass "
        f"X / {high:g}."
    )


def _unclear_integers(given):
    """Whether they are bytes hangs on few pixels, and so on what a fold has of them."""
    may_be_bytes = given.are_other_integers and 0 <= given.low <= given.high <= BYTE
    is_small_format = 0 < given.high <= LARGEST_SMALL_FORMAT
    if not (given.are_images and may_be_bytes) or is_small_format:
        return None
    if given.most_are_bright:
        return None
    taken = "as bytes and divided by 255" if given.are_other_bytes else "as they are"
    white = given.high or 1
    return (
        f"X holds integers up to {given.high:g}, which are taken {taken}. But at most "
        f"half of the images have a pixel of {LEAST_BYTE_MAX} or more, as bytes have, "
        "so other parts of the same data may be taken otherwise. If white is 255, pass "
        f"X.astype(np.uint8); if not, X / {white:g}; and the same to predict."
    )


def _strip_of_bytes(given):
    shape = _square_shape(given.n_features)
    is_table_of_bytes = given.are_uint8 and not given.are_images
    if not is_table_of_bytes or shape is None or given.high <= LARGEST_UNSCALED:
        return None
    return (
        "X is a table of bytes, so each row is taken as a strip one pixel high. If its "
        f"rows are images, set image_shape={shape}; if not, image_shape="
        f"{(1, given.n_features)} says so."
    )


def _strip_of_integers(given):
    is_table_of_bytes = given.are_other_bytes and not given.are_images
    if not is_table_of_bytes or given.high <= LARGEST_UNSCALED:
        return None
    shape = _square_shape(given.n_features)
    remedy = f"set image_shape={shape}" if shape else "set image_shape"
    return (
        "X is a table of integers from 0 to 255, which are taken as they are. If its "
        f"rows are images, {remedy}: then they are scaled. {_STANDARDIZE}"
    )


def _tiny(given):
    if given.are_uint8 or not 0 < given.size < SMALLEST_UNSCALED:
        return None
    return (
        f"X is at most {given.size:.2g}, too little to train on; was it divided by 255 "
        f"twice? {_STANDARDIZE}"
    )


def _large(given):
    if given.are_uint8 or given.are_other_bytes or not _is_large(given):
        return None
    seen = (
        f"X has values from {given.low:.3g} to {given.high:.3g}, which are taken as they "
        "are."
    )
    if not given.are_images:
        return f"{seen} {_STANDARDIZE} For images, set image_shape."
    return f"{seen} Networks train badly on such large numbers. {_rescaling(given)}"


def _is_large(given):
    """Whether numbers are large, and not only a few outliers are."""
    if given.size <= LARGEST_UNSCALED:
        return False
    is_format = given.low.is_integer() and given.high.is_integer()
    share = _share_beyond(given.images, LARGEST_UNSCALED)
    return is_format or share >= FEW_PIXELS_OF_ALL


def _rescaling(given):
    """What to pass instead of images of large numbers."""
    if given.low >= 0 and given.high <= BYTE * OVERSHOOT:
        return (
            "Pass X.astype(np.uint8), which is scaled inside the network, or X / 255; "
            "and the same to predict."
        )
    # Pixels begin at black; temperatures, decibels and Hounsfield units do not.
    is_pixels = 0 <= given.low < 0.1 * given.high
    change = f"X / {_white(given.size)}" if is_pixels else _CENTERED
    return f"Pass {change}, and the same to predict."


_RULES_OF_FIT = (
    _dark_bytes,
    _unclear_integers,
    _strip_of_bytes,
    _strip_of_integers,
    _tiny,
    _large,
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
    if seen.size:
        _compare(seen, fit, name)
    is_integer = images.dtype.kind in "iu"
    return images.astype(np.uint8, copy=False) if fit.scaled and is_integer else images


def _compare(seen, fit, name):
    """Refuse, or warn, by the first rule that finds something."""
    refusals, warnings = _rules(seen, fit)
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
        warn_once(message, kind=(name, getattr(rule, "func", rule).__name__))
        return


def _rules(seen, fit):
    """Those that refuse, and those that warn."""
    if not fit.size:
        return (), (_large_after_black,)
    if seen.is_strip and not (fit.scaled or seen.images.dtype == np.uint8):
        return (), _WARNINGS_FOR_TABLES
    return _REFUSALS, _WARNINGS


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
    def may_be_dark_bytes(self):
        """Whether its pixels were taken as they are, and were whole numbers above 1."""
        is_small = 1 < self.high < LEAST_BYTE_MAX
        return not self.scaled and self.low >= 0 and is_small and self.is_whole

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


def _large_after_black(seen, fit):
    """The first images of partial_fit were all 0, and did not tell that they are bytes."""
    if seen.size <= LARGEST_UNSCALED:
        return None
    return f"fit takes them as they are. {_BEGIN_WITH_BYTES}"


def _larger(seen, fit, times=3):
    limit = times * fit.size
    is_larger = seen.size > limit and seen.has_many_beyond(limit)
    return is_larger and _as_in_fit(seen, fit)


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
_BEGIN_WITH_BYTES = (
    "If white is 255 in both, fit anew with X.astype(np.uint8), from the first call of "
    "partial_fit on."
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
    return _as_in_fit(seen, fit)


def _as_in_fit(seen, fit):
    """The usual remedy, and another one if the images of fit may have been dark bytes."""
    may_be_bytes = seen.are_whole and 0 <= seen.low <= seen.high <= BYTE
    if fit.may_be_dark_bytes and may_be_bytes:
        return f"{_AS_IN_FIT} {_BEGIN_WITH_BYTES}"
    return _AS_IN_FIT


def _as_in_fit_or(remedy, high):
    """The remedy with the value of white, if the largest pixel tells what white is."""
    white = _white(high)
    if isinstance(white, str) or high < white / 2:
        return _AS_IN_FIT
    return remedy.format(white=white, half=white / 2)
