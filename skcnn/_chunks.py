"""Pieces of an epoch, and images in the types that graphs take."""

import time

import numpy as np

from skcnn._device import CHUNK_SECONDS, chunk_size


class Pace:
    """How fast a network works, so that chunks end soon whatever its size.

    Attributes
    ----------
    n_samples : int
        How many it is thought to get through in the time of a chunk. At first 1: the
        first chunk is a single batch.
    """

    def __init__(self):
        self.n_samples = 1

    def measure(self, n_samples, seconds):
        """Learn what a chunk took; only the last one counts."""
        self.n_samples = int(n_samples * CHUNK_SECONDS / max(seconds, 1e-6))


def chunks(order, images, batch_size, pace=None):
    """Cut an order of samples into chunks of whole batches.

    No bit depends on where the cuts are: a graph takes a chunk batch by batch, and sums
    of loss and accuracy go on from chunk to chunk.

    Parameters
    ----------
    order : ndarray of shape (n,), int64
    images : ndarray of shape (n, height, width, channels)
        Tells how large a sample is.
    batch_size : int
    pace : Pace, default=None
        How fast the caller works on them. It is measured here: from when a chunk is
        given until the next one is asked for. None makes all chunks of the largest
        size.

    Yields
    ------
    ndarray of shape (m,), int64
        `m` is a multiple of `batch_size`, but for the last chunk.
    """
    largest = chunk_size(images.shape[1:], images.dtype, batch_size)
    start = 0
    while start < len(order):
        size = largest if pace is None else min(pace.n_samples, largest)
        size = max(1, size // batch_size) * batch_size
        part = order[start : start + size]
        given = time.perf_counter()
        yield part
        if pace is not None:
            pace.measure(len(part), time.perf_counter() - given)
        start += size


def device_array(images):
    """Images in a type that graphs take.

    Parameters
    ----------
    images : ndarray

    Returns
    -------
    ndarray, uint8 or float32
        uint8 as they are, a quarter of the bytes to move; anything else as float32.
    """
    dtype = np.uint8 if images.dtype == np.uint8 else np.float32
    return np.ascontiguousarray(images, dtype=dtype)
