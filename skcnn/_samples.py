"""Images with their labels and weights, which stay together."""

import numpy as np

from skcnn._chunks import chunks, device_array
from skcnn._mapped_images import rows_of
from skcnn._watched_images import WatchedImages


class Samples:
    """Images with labels and weights, taken out only together.

    A part of the samples shares the images of the whole: they may be larger than
    memory. So the images cannot be had alone, or the fifth image could be taken for
    that of the fifth label.

    Parameters
    ----------
    images : ndarray of shape (n_stored, height, width, channels), any real dtype
        May be memory-mapped.
    labels : ndarray of shape (n,), int32
        Class codes.
    weights : ndarray of shape (n,), float32, default=None
        Sample weights; None for equal ones.
    places : ndarray of shape (n,), int64, default=None
        Where the image of each sample is in `images`. None if all are meant.
    """

    def __init__(self, images, labels, weights=None, places=None):
        self.labels = labels
        self.weights = weights
        self.places = places
        self._images = images

    def __len__(self):
        return len(self.labels)

    @property
    def image_bytes(self):
        """Bytes of all images in the store, in the type that graphs take."""
        bytes_per_value = 1 if self._images.dtype == np.uint8 else 4
        return int(np.prod(self._images.shape)) * bytes_per_value

    def take(self, which):
        """Some samples, ready for a graph.

        Parameters
        ----------
        which : ndarray of shape (m,), int64

        Returns
        -------
        images : ndarray of shape (m, height, width, channels), uint8 or float32
        labels : ndarray of shape (m,), int32
        weights : ndarray of shape (m,), float32, or None
        """
        images = rows_of(self._images, self._places_of(which))
        return device_array(images), self.labels[which], self._weights_of(which)

    def in_chunks(self, order, batch_size, pace=None):
        """Samples in an order, as many at a time as one call into a graph takes.

        Parameters
        ----------
        order : ndarray of shape (m,), int64
        batch_size : int
        pace : skcnn._chunks.Pace, default=None
            How fast the network works on them.

        Yields
        ------
        images, labels, weights
            As of :meth:`take`.
        """
        for which in chunks(order, self._images, batch_size, pace):
            yield self.take(which)  # only now is anything read or copied

    def part(self, which):
        """Some of the samples, without a copy of their images.

        Parameters
        ----------
        which : ndarray of shape (m,), int64

        Returns
        -------
        Samples
        """
        return Samples(
            self._images,
            self.labels[which],
            self._weights_of(which),
            self._places_of(which),
        )

    def shares_images_with(self, other):
        """Whether both take their images from one store."""
        return self._images is other._images

    def watched(self, name):
        """The same samples, which notice if somebody changes their images meanwhile.

        Parameters
        ----------
        name : str
            What the user knows the images by.

        Returns
        -------
        Samples
            With weights of their own.
        """
        return self._with_images(WatchedImages(self._images, name))

    def watched_with(self, whole):
        """The same, for a part whose images were watched together with another's.

        Parameters
        ----------
        whole : Samples
            From :meth:`watched`.

        Returns
        -------
        Samples
        """
        return self._with_images(whole._images)

    def changed_name(self):
        """What the user knows the images by, if they were changed; else None."""
        return self._images.name if self._images.changed else None

    def description(self):
        """Everything that tells watched samples apart, for a hash."""
        return (self._images.digest, self.labels, self.weights, self.places)

    def _with_images(self, images):
        # Weights are the user's array, which could change like the images. Labels are
        # codes, made anew.
        weights = None if self.weights is None else self.weights.copy()
        return Samples(images, self.labels, weights, self.places)

    def _places_of(self, which):
        return which if self.places is None else self.places[which]

    def _weights_of(self, which):
        return None if self.weights is None else self.weights[which]


def all_of(samples):
    """The order in which samples are.

    Parameters
    ----------
    samples : Samples

    Returns
    -------
    ndarray of shape (n,), int64
    """
    return np.arange(len(samples))
