"""What the numbers of pixels mean: decided once, in fit.

A network knows only the units of its fit. Bytes, 0 to 255, are scaled to 0 to 1 inside
it; everything else is taken as it is. Integers of other types may be bytes too, and
floats may have been bytes once. So fit warns of what is probably not meant.
"""

from math import isqrt
from numbers import Integral

import numpy as np

from skcnn._warnings import warn_once

BYTE = 255
# Real images have something brighter than an eighth of white among thousands of pixels;
# class codes, masks and 4-bit images (scikit-learn's digits reach 16) do not.
LEAST_BYTE_MAX = 32
LARGEST_UNSCALED = 50  # standardized data, and digits from 0 to 16, stay below
NOISE = 0.05  # what resizing may make of black, as a share of white
_OVERSHOOT = 1 + NOISE  # and what it may make of white
_LARGEST_SMALL_FORMAT = 16
_SMALLEST_UNSCALED = 0.01
# Rarely lit pixels have outliers once a scaler has seen them. So small a share of all
# images says nothing of units.
_FEW_PIXELS_OF_ALL = 0.01


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


def settle_units(images, pixel_range, *, are_images, code="X"):
    """Integers that are bytes become uint8; warns of units that are probably not meant.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
    pixel_range : tuple of two float
    are_images : bool
        Whether the user said so, by the shape of X or by `image_shape`. Tables of
        measurements are never scaled.
    code : str, default="X"
        The expression that gives the user's X as an array, for remedies.

    Returns
    -------
    ndarray of shape (n, height, width, channels)
        Of type uint8 if they are bytes; else `images`.
    """
    given = _Given(images, pixel_range, are_images, code)
    for rule in _RULES_OF_FIT:
        advice = rule(given)
        if advice:
            warn_once(advice, kind=rule.__name__)
            break
    is_to_be_scaled = are_images and given.are_other_bytes
    return images.astype(np.uint8) if is_to_be_scaled else images


class _Given:
    """What is asked of the images that fit is given."""

    def __init__(self, images, pixel_range, are_images, code):
        self.images = images
        self.code = code
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
    if isinstance(table, np.ndarray):
        return _type_of_objects(table) if table.dtype.kind == "O" else None
    is_table = hasattr(table, "dtypes") and len(table.shape) == 2
    return _type_of_columns(table.dtypes) if is_table else None


def _type_of_objects(array):
    kinds = set(map(type, array.flat)) - {bool}
    are_integers = kinds and all(issubclass(kind, Integral) for kind in kinds)
    return np.dtype(np.int64) if are_integers else None


def _type_of_columns(dtypes):
    types = [getattr(dtype, "numpy_dtype", dtype) for dtype in set(dtypes)]
    are_integers = [isinstance(each, np.dtype) and each.kind in "iu" for each in types]
    return np.result_type(*types) if types and all(are_integers) else None


# A rule gives advice if units are probably not what they seem; or else None.


def _dark_bytes(given):
    if not given.are_uint8 or not 0 < given.high < LEAST_BYTE_MAX:
        return None
    high = given.high
    return (
        f"X is uint8, which is divided by 255, but its largest value is only {high:g}: "
        f"the network sees at most {high / BYTE:.2g}. If white is not 255, pass "
        f"{given.code} / {high:g}."
    )


def _unclear_integers(given):
    """Whether they are bytes hangs on few pixels, and so on what a fold has of them."""
    may_be_bytes = given.are_other_integers and 0 <= given.low <= given.high <= BYTE
    is_small_format = 0 < given.high <= _LARGEST_SMALL_FORMAT
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
        f"{given.code}.astype(np.uint8); if not, {given.code} / {white:g}; and the "
        "same to predict."
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
    if given.are_uint8 or not 0 < given.size < _SMALLEST_UNSCALED:
        return None
    return (
        f"X is at most {given.size:.2g}, too little to train on; was it divided by 255 "
        f"twice? {_STANDARDIZE}"
    )


def _large(given):
    if given.are_uint8 or given.are_other_bytes or not _is_large(given):
        return None
    values = f"values from {given.low:.3g} to {given.high:.3g}"
    seen = f"X has {values}, which are taken as they are."
    if not given.are_images:
        return f"{seen} {_STANDARDIZE} For images, set image_shape."
    return f"{seen} Networks train badly on such large numbers. {_rescaling(given)}"


def _is_large(given):
    """Whether numbers are large, and not only a few outliers are."""
    if given.size <= LARGEST_UNSCALED:
        return False
    is_format = given.low.is_integer() and given.high.is_integer()
    share = _share_beyond(given.images, LARGEST_UNSCALED)
    return is_format or share >= _FEW_PIXELS_OF_ALL


def _rescaling(given):
    """What to pass instead of images of large numbers."""
    if given.low >= 0 and given.high <= BYTE * _OVERSHOOT:
        return (
            f"Pass {given.code}.astype(np.uint8), which is scaled inside the network, "
            f"or {given.code} / 255; and the same to predict."
        )
    # Pixels begin at black; temperatures, decibels and Hounsfield units do not.
    is_pixels = 0 <= given.low < 0.1 * given.high
    change = f"{given.code} / {white_of(given.size)}" if is_pixels else _CENTERED
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


def white_of(size):
    """What white is, if the largest pixel is this.

    Parameters
    ----------
    size : float

    Returns
    -------
    int or str
        The largest value of so many bits as cameras and scanners have, or the pixel
        itself as text if it is larger.
    """
    whites = (2**bits - 1 for bits in (8, 10, 12, 14, 16))
    possible = (white for white in whites if size <= white * _OVERSHOOT)
    return next(possible, f"{size:.3g}")
