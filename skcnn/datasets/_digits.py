"""scikit-learn's digits as images: the small data set that needs no download."""

import numpy as np
from sklearn.datasets import load_digits as load_digits_of_sklearn
from sklearn.utils import Bunch

from skcnn.datasets._subset import (
    as_requested,
    check_options,
    split_names,
    stratified_sample,
)

_DESCR = """Digits
======

1,797 handwritten digits of 8x8 pixels, about 180 of each class. They are the test set
of "Optical recognition of handwritten digits" in the UCI repository, as scikit-learn
includes it. In scikit-learn a pixel counts dark dots, from 0 to 16. Here it is this
count times 255 / 16, rounded.

There is no official split of these images. The split here was drawn at random, with
the same share of each class, and never changes: 1,347 training images and 450 test
images. The same people wrote both. Expect lower accuracy on the handwriting of others.

E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits",
UCI Machine Learning Repository, 1998.
https://archive.ics.uci.edu/dataset/80
"""

_N_TEST = 450


def load_digits(*, subset="train", n_samples=None, random_state=None, return_X_y=False):
    """Load scikit-learn's digits as images: 8x8 gray pixels, ten classes, no download.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which images to return: the 1,347 training images, the 450 test images, or all
        1,797 in scikit-learn's order. There is no official split. This one is random,
        has the same share of each class, and does not depend on `random_state`.
    n_samples : int, default=None
        Number of images to draw at random, with the same share of each class. They
        stay in order. None returns all images of the subset.
    random_state : int, RandomState instance or None, default=None
        Decides which images `n_samples` draws. Pass an int to get the same images in
        each call. With the same int, a smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        images : ndarray of shape (n, 8, 8, 1), uint8
            From 0 for paper to 255 for ink: scikit-learn's 0 to 16, scaled and rounded.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each class code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``: the split that the image belongs to.
        DESCR : str
            Description of the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    ValueError
        If an option has a value that is not allowed.

    References
    ----------
    .. [1] E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI
       Machine Learning Repository, 1998.

    Examples
    --------
    >>> from skcnn.datasets import load_digits
    >>> X_train, y_train = load_digits(subset="train", return_X_y=True)
    >>> X_train.shape, X_train.dtype, y_train.shape
    ((1347, 8, 8, 1), dtype('uint8'), (1347,))

    A sample with the same share of each class:

    >>> digits = load_digits(n_samples=200, random_state=0)
    >>> digits.images.shape
    (200, 8, 8, 1)
    >>> digits.target_names[digits.target[:3]]
    array(['3', '1', '5'], dtype='<U1')
    """
    check_options(
        "load_digits",
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
    )
    data = _all_digits()
    wanted = np.isin(data.split, split_names(subset))
    for name in ("images", "target", "split"):
        data[name] = data[name][wanted]
    return as_requested(data, n_samples, random_state, return_X_y)


def _all_digits():
    """All digits in scikit-learn's order, with the split of each."""
    digits = load_digits_of_sklearn()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    # This seed must never change: accuracies on the test images can be compared only
    # as long as the test images are the same.
    test = stratified_sample(digits.target, _N_TEST, random_state=0)
    split = np.full(len(images), "train", dtype="<U5")
    split[test] = "test"
    return Bunch(
        images=images[..., np.newaxis],
        # The same dtypes on every platform and for every data set, whatever
        # scikit-learn uses.
        target=digits.target.astype(np.int64),
        target_names=digits.target_names.astype("<U1"),
        split=split,
        DESCR=_DESCR,
    )
