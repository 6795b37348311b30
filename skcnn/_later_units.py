"""Pixels that come after fit: are they in the units of fit?

What comes in other units is predicted wrongly without a sign. So its range is compared
with that of fit: what is clearly in other units is refused, and what is only unusual is
warned of.
"""

from functools import cached_property, partial

import numpy as np

from skcnn._units import (
    BYTE,
    LARGEST_UNSCALED,
    LEAST_BYTE_MAX,
    NOISE,
    value_range,
    white_of,
)
from skcnn._warnings import warn_once

_TEN_TIMES = 10  # another order of magnitude
_FEW_IMAGES = 10  # one image may be black, or all bright; of ten, that is unusual
# Rarely lit pixels have outliers once a scaler has seen them. So large a share of the
# pixels that are not black says something of units.
_MANY = 0.3


def check_units(images, fitted_range, scale, name="X", code="X"):
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
    code : str, default="X"
        The expression that gives the user's X as an array, for remedies.

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
    fit, seen = _Fit(fitted_range, scale), _Seen(images, code)
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
        """Whether its pixels were bytes, or other whole numbers that are large."""
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

    def __init__(self, images, code):
        self.images = images
        self.code = code
        self.low, self.high = value_range(images)
        self.size = max(-self.low, self.high)
        self.are_few = len(images) < _FEW_IMAGES
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
        return n_beyond > _MANY * n_bright


# A rule gives the remedy if it finds the images to be in other units; or else None.


def _no_bytes(seen, fit):
    is_integer = seen.images.dtype.kind in "iu"
    if fit.scaled and is_integer and not 0 <= seen.low <= seen.high <= BYTE:
        return "Pass bytes, from 0 to 255, as in fit."
    return None


def _much_too_large(seen, fit):
    if seen.size <= _TEN_TIMES * fit.size:
        return None
    limit = fit.size if seen.are_whole else _TEN_TIMES * fit.size
    return seen.has_many_beyond(limit) and _shrink(seen, fit)


def _whole_for_fractions(seen, fit):
    """Dark bytes after fractions: not ten times as large, but never fractions."""
    may_differ = fit.has_fractions and fit.size <= _TEN_TIMES
    is_larger = seen.size >= max(2, 2 * fit.size)
    is_whole = may_differ and is_larger and seen.are_whole
    return is_whole and seen.has_many_beyond(fit.size) and _shrink(seen, fit)


def _fractions_for_counts(seen, fit):
    if not fit.has_counts or seen.size > _TEN_TIMES:
        return None
    if seen.low >= 0 and seen.high <= 1 and not seen.are_whole:
        return _as_in_fit_or("Pass {code} * {white}.", seen, fit.seen_high)
    if seen.low < -NOISE and not seen.are_whole:
        return "Pass the integers that they were made of, as in fit."
    return None


def _large_after_black(seen, fit):
    """The first images of partial_fit were black, and did not tell their units."""
    if seen.size <= LARGEST_UNSCALED:
        return None
    return f"fit takes them as they are. {_BEGIN_WITH_BYTES}"


def _larger(seen, fit, times=3):
    limit = times * fit.size
    is_larger = seen.size > limit and seen.has_many_beyond(limit)
    return is_larger and _as_in_fit(seen, fit)


def _smaller(seen, fit, times=_TEN_TIMES):
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
        return _as_in_fit_or("Pass {code} / {white}.", seen, seen.high)
    if (fit.low, fit.high) == (-1, 1):
        return _as_in_fit_or("Pass {code} / {half} - 1.", seen, seen.high)
    return _as_in_fit(seen, fit)


def _as_in_fit(seen, fit):
    """The usual remedy; and another one, if fit may have seen dark bytes."""
    may_be_bytes = seen.are_whole and 0 <= seen.low <= seen.high <= BYTE
    if fit.may_be_dark_bytes and may_be_bytes:
        return f"{_AS_IN_FIT} {_BEGIN_WITH_BYTES}"
    return _AS_IN_FIT


def _as_in_fit_or(remedy, seen, high):
    """The remedy with the value of white, if the largest pixel tells what white is."""
    white = white_of(high)
    if isinstance(white, str) or high < white / 2:
        return _AS_IN_FIT
    return remedy.format(code=seen.code, white=white, half=white / 2)
