"""Pieces of an epoch, and images in the types that graphs take."""

import numpy as np

from skcnn._device import chunk_size


def chunks(order, images, batch_size):
    """Cut an order of samples into chunks of whole batches.

    Parameters
    ----------
    order : ndarray of shape (n,), int64
    images : ndarray of shape (n, height, width, channels)
        Tells how large a sample is.
    batch_size : int

    Yields
    ------
    ndarray of shape (m,), int64
        `m` is a multiple of `batch_size`, but for the last chunk.
    """
    step = chunk_size(images.shape[1:], images.dtype, batch_size)
    for start in range(0, len(order), step):
        yield order[start : start + step]


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
