"""Many image files -> one array. Threads decode them: Pillow needs no GIL for it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral

import joblib
import numpy as np

from skcnn._checks import is_sequence
from skcnn._compat import StrOptions, validate_parameter_constraints
from skcnn._progress.screen import screen_here
from skcnn.datasets._decoding import import_pillow, read_image, reason_of
from skcnn.datasets._walk import listed

RESIZE = StrOptions({"crop", "pad", "stretch"})
CHANNELS = (1, 3, 4)
_LOG_SECONDS = 30  # between two lines of progress where there is no terminal


def load_image_files(filenames, image_shape, *, resize="crop"):
    """Load image files, for example new ones to predict.

    Files are decoded, turned and resized exactly as by :func:`load_image_folder`.

    Parameters
    ----------
    filenames : iterable of str or path-like
        Paths of n image files, in the order of the result. Their labels are not
        needed, and neither are folders of classes.
    image_shape : tuple of int
        Height, width and channels: 1 for gray, 3 for RGB, 4 for RGBA. A fitted
        classifier has it as ``clf.image_shape_``. For other images `X` it is
        ``X.shape[1:]``.
    resize : {"crop", "pad", "stretch"}, default="crop"
        As in :func:`load_image_folder`. Give what you gave there.

    Returns
    -------
    ndarray of shape (n, height, width, channels), uint8
        Pixels from 0 to 255.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError
        If files cannot be read. The message lists them. None is left out, because the
        images would no longer belong to their file names.
    TypeError
        If something in `filenames` is no path.
    ValueError
        If an option has a value that is not allowed, or if there are no files.

    See Also
    --------
    load_image_folder : Load images that have a folder for each class.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skcnn.datasets import load_image_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (640, 480), "red").save(f"{folder}/new.jpg")
    ...     X = load_image_files(Path(folder).glob("*.jpg"), (32, 32, 3))
    >>> X.shape, X.dtype
    ((1, 32, 32, 3), dtype('uint8'))
    """
    options = {"resize": resize}
    validate_parameter_constraints({"resize": [RESIZE]}, options, "load_image_files")
    shape = check_image_shape(image_shape)
    paths = _check_filenames(filenames)
    images = np.empty((len(paths), *shape), np.uint8)
    failures = read_into(images, paths, resize)
    if failures:
        raise OSError(tell_failures(failures, len(paths)))
    return images


def read_into(images, paths, resize, verbose=0):
    """Decode files into the rows of an array.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels), uint8
        Its first rows get the images that could be read, in order. The last rows mean
        nothing, as many as there are failures.
    paths : list of str, of length n
    resize : {"crop", "pad", "stretch"}
    verbose : int
        Whether progress is shown.

    Returns
    -------
    dict of str to str
        The reason for each file that could not be read.
    """
    # Here, and not in each thread: the error is about the installation, not a file.
    import_pillow()
    failures = {}

    def read(row):
        try:
            images[row] = read_image(paths[row], images.shape[1:], resize)
        # This says nothing about the file.
        except MemoryError:
            raise
        # Damage shows as a dozen kinds of errors.
        except Exception as error:
            failures[paths[row]] = reason_of(error, paths[row])

    with ThreadPoolExecutor(joblib.cpu_count()) as threads:
        done = threads.map(read, range(len(paths)))
        for _ in _shown(done, len(paths)) if verbose else done:
            pass
    # Threads end in any order.
    failures = {path: failures[path] for path in paths if path in failures}
    _move_together(images, [path not in failures for path in paths])
    return failures


def _move_together(images, is_read):
    """Move rows up to where others failed. A copy might not fit into memory."""
    for place, row in enumerate(np.flatnonzero(is_read)):
        if place != row:
            images[place] = images[row]


def tell_failures(failures, n_files):
    """A sentence about files that could not be read."""
    each = [f"{path} ({reason})" for path, reason in failures.items()]
    return f"{len(each):,} of {n_files:,} image files cannot be read: {listed(each)}."


def check_image_shape(image_shape):
    """Height, width and channels as integers; a ValueError says what is wrong."""
    allowed = "(height, width, channels), such as clf.image_shape_ or X.shape[1:]"
    numbers = _integers(image_shape)
    if len(numbers) != 3:
        raise ValueError(f"image_shape must be {allowed}; got {image_shape!r}.")
    check_channels("image_shape", numbers)
    return numbers


def check_image_size(image_size):
    """Height and width as integers, and channels, or None where they are not given."""
    numbers = _integers(image_size)
    if len(numbers) == 1:
        return (*numbers, *numbers, None)
    if len(numbers) == 2:
        return (*numbers, None)
    if len(numbers) == 3:
        check_channels("image_size", numbers)
        return numbers
    raise ValueError(
        "image_size must be an integer of at least 1, a pair (height, width), or "
        f"(height, width, channels); got {image_size!r}. For example image_size=64."
    )


def check_channels(name, numbers):
    """Raise a ValueError if the last number is not one of channels."""
    if numbers[2] in CHANNELS:
        return
    remedy = ""
    if numbers[0] in CHANNELS:
        remedy = f" Channels come last: {name}={(*numbers[1:], numbers[0])}."
    raise ValueError(
        f"{name} must be (height, width, channels) with 1, 3 or 4 channels, for gray, "
        f"RGB or RGBA; got {numbers}.{remedy}"
    )


def _integers(value):
    """The integers of a number or a sequence; none if anything else is in it."""
    values = tuple(value) if is_sequence(value) else (value,)
    for each in values:
        if isinstance(each, bool) or not isinstance(each, Integral) or each < 1:
            return ()
    return tuple(map(int, values))


def _check_filenames(filenames):
    if isinstance(filenames, (str, bytes, os.PathLike)):
        raise ValueError(
            f"filenames must be a list of paths; got one path. Pass [{filenames!r}]. "
            "For all files of a folder: sorted(pathlib.Path(folder).glob('*.jpg'))."
        )
    if not hasattr(filenames, "__iter__"):
        raise TypeError(f"filenames must be a list of paths; got {filenames!r}.")
    filenames = list(filenames)
    if not filenames:
        raise ValueError("filenames must name at least one file; got none.")
    for place, name in enumerate(filenames):
        if not isinstance(name, (str, bytes, os.PathLike)):
            _refuse_filename(place, name)
    return [os.path.expanduser(os.fsdecode(name)) for name in filenames]


def _refuse_filename(place, name):
    remedy = ""
    if hasattr(name, "read"):
        code = f"pathlib.Path('{place}.jpg').write_bytes(filenames[{place}].read())"
        remedy = f" Write it to a file first: {code}."
    raise TypeError(
        f"filenames must be paths; got filenames[{place}], a {type(name).__name__}."
        f"{remedy}"
    )


def _shown(done, n_files):
    """Pass on what is done, and tell how far it is."""
    screen, start = screen_here(_LOG_SECONDS), time.monotonic()
    told = start
    for n, each in enumerate(done, 1):
        yield each
        now = time.monotonic()
        if now - told >= screen.pace:
            told, left = now, (now - start) * (n_files - n) / n
            screen.show(f"{n:,} of {n_files:,} images read, {left:.0f} s left")
    screen.end(f"{n_files:,} images read in {time.monotonic() - start:.1f} s")
