"""Images that notice whether somebody writes to them while a fit reads them."""

import hashlib

import numpy as np

from skcnn._training import chunks


class WatchedImages:
    """Images of a fit, with a digest of what they hold, and a check of all that is read.

    A fit reads the user's own array, not a copy, and that may change meanwhile: a buffer
    that is filled again, a file that another process rewrites. Whatever was trained on
    must be what the digest describes, so each reading is compared with it, image by image.

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
        self.shape, self.dtype = images.shape, images.dtype
        self.changed = False
        self._images = images
        image_bytes = images[:1].nbytes
        self._word = next(size for size in (4, 2, 1) if image_bytes % size == 0)
        self._factors = np.random.default_rng().integers(
            2**64, size=image_bytes // self._word, dtype=np.uint64
        )
        self.digest, self._fingerprints = self._look()

    def __getitem__(self, rows):
        """A copy of some images.

        Parameters
        ----------
        rows : slice or ndarray

        Returns
        -------
        ndarray
        """
        rows = np.arange(len(self._images))[rows]
        part = self._copy(rows)
        if not np.array_equal(self._fingerprint(part), self._fingerprints[rows]):
            self.changed = True
        return part

    def _copy(self, rows):
        return np.ascontiguousarray(self._images[rows])  # by an array of rows: a copy

    def _look(self):
        """Digest and fingerprints of one copy: no later writing can divide them."""
        digest = hashlib.sha1(
            f"{self.shape} {self.dtype.str}".encode(), usedforsecurity=False
        )
        fingerprints = []
        for rows in chunks(np.arange(len(self._images)), self._images, 1):
            part = self._copy(rows)
            digest.update(part)
            fingerprints.append(self._fingerprint(part))
        return digest.hexdigest(), np.concatenate(fingerprints)

    def _fingerprint(self, part):
        """64 bits for each image: its 32-bit words times random factors, summed modulo 2**64.

        Another image has another sum, but for one case in 2**32, whatever the two are
        (Lemire, Kaser, "Strongly universal string hashing is fast", 2014). That takes a
        third of the time of a digest.
        """
        words = part.reshape(len(part), -1).view(f"u{self._word}")
        return np.einsum(
            "ij,j->i", words, self._factors, dtype=np.uint64, casting="unsafe"
        )
