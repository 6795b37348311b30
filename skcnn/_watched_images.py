"""Images that notice whether somebody writes to them while a fit reads them."""

import hashlib

import numpy as np

from skcnn._chunks import chunks
from skcnn._mapped_images import rows_of


class WatchedImages:
    """Images of a fit, with a digest of what they hold, which check all that is read.

    A fit reads the user's own array, not a copy, and that may change meanwhile: a
    buffer that is filled again, a file that another process rewrites. Whatever was
    trained on must be what the digest describes. So each reading is compared with it,
    image by image.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
    name : str
        What the user knows them by.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    digest : str
        Of shape, type and content.
    changed : bool
        Whether anything that was read since was not as the digest describes.
    """

    def __init__(self, images, name):
        self.name = name
        self.shape = images.shape
        self.dtype = images.dtype
        self.changed = False
        self._images = images
        # The largest words of which an image is a whole number.
        image_bytes = images[:1].nbytes
        self._word = next(size for size in (4, 2, 1) if image_bytes % size == 0)
        n_words = image_bytes // self._word
        rng = np.random.default_rng()  # fresh: no image can be made to fit the factors
        self._factors = rng.integers(2**64, size=n_words, dtype=np.uint64)
        self.digest, self._fingerprints = self._look()

    def __len__(self):
        return len(self._images)

    def __getitem__(self, rows):
        """A copy of some images.

        Parameters
        ----------
        rows : slice or ndarray

        Returns
        -------
        ndarray
        """
        rows = np.arange(len(self))[rows]
        part = self._copy(rows)
        if not np.array_equal(self._fingerprint(part), self._fingerprints[rows]):
            self.changed = True
        return part

    def _copy(self, rows):
        # Rows given as an array always make a copy, unlike a slice.
        return np.ascontiguousarray(rows_of(self._images, rows))

    def _look(self):
        """Digest and fingerprints, both of one copy, so that they always agree."""
        header = f"{self.shape} {self.dtype.str}"
        digest = hashlib.sha1(header.encode(), usedforsecurity=False)
        fingerprints = []
        for rows in chunks(np.arange(len(self)), self._images, batch_size=1):
            part = self._copy(rows)
            digest.update(part)
            fingerprints.append(self._fingerprint(part))
        return digest.hexdigest(), np.concatenate(fingerprints)

    def _fingerprint(self, part):
        """64 bits for each image: its words times random factors, summed modulo 2**64.

        Another image has another sum, but for one case in 2**32, whatever the two are
        (Lemire, Kaser, "Strongly universal string hashing is fast", 2014). That takes a
        third of the time of a digest.
        """
        words = part.reshape(len(part), -1).view(f"u{self._word}")
        return np.einsum(
            "ij,j->i", words, self._factors, dtype=np.uint64, casting="unsafe"
        )
