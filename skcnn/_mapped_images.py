"""Images from files that are mapped into memory, read so that they need not fit there.

A fit reads images in a random order. The system takes each of them for the beginning of
a long reading, and fetches megabytes around it. So it is told what is going to be read,
all of a chunk at once, and that it need not guess.
"""

import mmap
from contextlib import contextmanager, suppress

import numpy as np

_CAN_ADVISE = hasattr(mmap.mmap, "madvise")  # not on Windows


def rows_of(images, rows):
    """Some images, as ``images[rows]`` gives them.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        Perhaps a view of a memory map.
    rows : ndarray of shape (m,), int64

    Returns
    -------
    ndarray of shape (m, height, width, channels)
        A copy.
    """
    mapping = _mapping_under(images) if _CAN_ADVISE else None
    if mapping is None or not len(rows) or not _in_one_piece(images[:1]):
        return images[rows]
    with _without_guesses(mapping):
        _ask_for(images, rows, mapping)
        return images[rows]


def _in_one_piece(image):
    """Whether its bytes follow each other; not with channels first, or mirrored."""
    return image.flags.c_contiguous and image.strides[0] > 0


def _mapping_under(array):
    """The map of a file whose bytes an array has, or None."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap.mmap) else None


@contextmanager
def _without_guesses(mapping):
    _advise(mapping, mmap.MADV_RANDOM)
    try:
        yield
    finally:
        # The user may go on to read from the first image to the last.
        _advise(mapping, mmap.MADV_NORMAL)


def _ask_for(images, rows, mapping):
    """Have the system fetch images, without waiting for them."""
    first = images.ctypes.data - np.frombuffer(mapping, np.uint8).ctypes.data
    begins = first + np.unique(rows) * images.strides[0]
    ends = begins + images[:1].nbytes
    begins -= begins % mmap.PAGESIZE
    # Images that touch the same page, or follow each other, are one piece.
    is_apart = begins[1:] > ends[:-1]
    begins = begins[np.r_[True, is_apart]].tolist()
    ends = ends[np.r_[is_apart, True]].tolist()
    for begin, end in zip(begins, ends, strict=True):
        _advise(mapping, mmap.MADV_WILLNEED, begin, end - begin)


def _advise(mapping, *advice):
    with suppress(OSError):  # it is only advice
        mapping.madvise(*advice)
