"""The data sets that are downloaded once, and read from a file from then on.

Each public function has the whole documentation of its data set. What it does is in
`_fetch`, and what differs is in the record of the data set in `_sources.py`.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from skcnn._paths import as_path
from skcnn.datasets._download import download
from skcnn.datasets._npz import read_splits
from skcnn.datasets._sources import CIFAR10, CIFAR100, FASHION_MNIST, MNIST
from skcnn.datasets._subset import (
    as_requested,
    check_n_samples,
    check_options,
    split_names,
)


def fetch_fashion_mnist(
    *,
    subset="train",
    n_samples=None,
    random_state=None,
    return_X_y=False,
    data_home=None,
    download_if_missing=True,
):
    """Load Fashion-MNIST: 28x28 gray images of clothes, ten classes (30 MB download).

    The first call downloads the images and writes them to a file. Later calls read it.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which images to return: the official 60,000 training images, the official
        10,000 test images, or both in this order.
    n_samples : int, default=None
        Number of images to draw at random, with the same share of each class. They
        stay in order. None returns all images of the subset.
    random_state : int, RandomState instance or None, default=None
        Decides which images `n_samples` draws. Pass an int to get the same images in
        each call. With the same int, a smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        The folder of ``fashion_mnist.npz``. None means the folder ``skcnn`` in
        :func:`~sklearn.datasets.get_data_home`, by default
        ``~/scikit_learn_data/skcnn``.
    download_if_missing : bool, default=True
        If False, raise an OSError where the file is missing, and download nothing.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        images : ndarray of shape (n, 28, 28, 1), uint8
            Pixels from 0 to 255.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each class code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``: the official split that the image belongs to.
        DESCR : str
            Description of the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    OSError
        If the file is missing and must not or cannot be downloaded. The message says
        where to put a file of your own, and what it must hold.
    ValueError
        If an option has a value that is not allowed, or if the file is damaged or
        holds something else.

    Notes
    -----
    A file of your own is an ``.npz`` with ``x_train``, ``y_train``, ``x_test`` and
    ``y_test``. Its images must be uint8 of shape (28, 28, 1) or (28, 28). There may be
    fewer images than in the official data set.

    ``keras.datasets.fashion_mnist`` does the download. It keeps a copy of its own in
    ``~/.keras/datasets``, or in the folder ``datasets`` of ``KERAS_HOME``.

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for
       benchmarking machine learning algorithms", arXiv:1708.07747, 2017.

    Examples
    --------
    >>> from skcnn.datasets import fetch_fashion_mnist
    >>> X_train, y_train = fetch_fashion_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X_train.shape, y_train.shape  # doctest: +SKIP
    ((60000, 28, 28, 1), (60000,))
    """
    return _fetch(
        FASHION_MNIST,
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def fetch_cifar10(
    *,
    subset="train",
    n_samples=None,
    random_state=None,
    return_X_y=False,
    data_home=None,
    download_if_missing=True,
):
    """Load CIFAR-10: 32x32 color photographs, ten classes (170 MB download).

    The first call downloads the images and writes them to a file. Later calls read it.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which images to return: the official 50,000 training images, the official
        10,000 test images, or both in this order.
    n_samples : int, default=None
        Number of images to draw at random, with the same share of each class. They
        stay in order. None returns all images of the subset.
    random_state : int, RandomState instance or None, default=None
        Decides which images `n_samples` draws. Pass an int to get the same images in
        each call. With the same int, a smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        The folder of ``cifar10.npz``. None means the folder ``skcnn`` in
        :func:`~sklearn.datasets.get_data_home`, by default
        ``~/scikit_learn_data/skcnn``.
    download_if_missing : bool, default=True
        If False, raise an OSError where the file is missing, and download nothing.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        images : ndarray of shape (n, 32, 32, 3), uint8
            Pixels from 0 to 255; red, green and blue.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each class code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``: the official split that the image belongs to.
        DESCR : str
            Description of the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    OSError
        If the file is missing and must not or cannot be downloaded. The message says
        where to put a file of your own, and what it must hold.
    ValueError
        If an option has a value that is not allowed, or if the file is damaged or
        holds something else.

    Notes
    -----
    A file of your own is an ``.npz`` with ``x_train``, ``y_train``, ``x_test`` and
    ``y_test``. Its images must be uint8 of shape (32, 32, 3). There may be fewer images
    than in the official data set.

    ``keras.datasets.cifar10`` does the download. It keeps a copy of its own in
    ``~/.keras/datasets``, or in the folder ``datasets`` of ``KERAS_HOME``.

    References
    ----------
    .. [1] A. Krizhevsky, "Learning multiple layers of features from tiny images",
       technical report, University of Toronto, 2009.

    Examples
    --------
    >>> from skcnn.datasets import fetch_cifar10
    >>> X_train, y_train = fetch_cifar10(return_X_y=True)  # doctest: +SKIP
    >>> X_test, y_test = fetch_cifar10(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X_train.shape, X_test.shape  # doctest: +SKIP
    ((50000, 32, 32, 3), (10000, 32, 32, 3))
    """
    return _fetch(
        CIFAR10,
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def fetch_cifar100(
    *,
    subset="train",
    n_samples=None,
    random_state=None,
    return_X_y=False,
    data_home=None,
    download_if_missing=True,
):
    """Load CIFAR-100: 32x32 color photographs, 100 classes (170 MB download).

    The first call downloads the images and writes them to a file. Later calls read it.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which images to return: the official 50,000 training images, the official
        10,000 test images, or both in this order.
    n_samples : int, default=None
        Number of images to draw at random, with the same share of each class. They
        stay in order. None returns all images of the subset.
    random_state : int, RandomState instance or None, default=None
        Decides which images `n_samples` draws. Pass an int to get the same images in
        each call. With the same int, a smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        The folder of ``cifar100.npz``. None means the folder ``skcnn`` in
        :func:`~sklearn.datasets.get_data_home`, by default
        ``~/scikit_learn_data/skcnn``.
    download_if_missing : bool, default=True
        If False, raise an OSError where the file is missing, and download nothing.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        images : ndarray of shape (n, 32, 32, 3), uint8
            Pixels from 0 to 255; red, green and blue.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 99, of the 100 fine classes.
        target_names : ndarray of shape (100,), str
            The name of each class code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``: the official split that the image belongs to.
        DESCR : str
            Description of the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    OSError
        If the file is missing and must not or cannot be downloaded. The message says
        where to put a file of your own, and what it must hold.
    ValueError
        If an option has a value that is not allowed, or if the file is damaged or
        holds something else.

    Notes
    -----
    A file of your own is an ``.npz`` with ``x_train``, ``y_train``, ``x_test`` and
    ``y_test``. Its images must be uint8 of shape (32, 32, 3). There may be fewer images
    than in the official data set.

    ``keras.datasets.cifar100`` does the download. It keeps a copy of its own in
    ``~/.keras/datasets``, or in the folder ``datasets`` of ``KERAS_HOME``.

    References
    ----------
    .. [1] A. Krizhevsky, "Learning multiple layers of features from tiny images",
       technical report, University of Toronto, 2009.

    Examples
    --------
    >>> from skcnn.datasets import fetch_cifar100
    >>> X_train, y_train = fetch_cifar100(return_X_y=True)  # doctest: +SKIP
    >>> test = fetch_cifar100(subset="test")  # doctest: +SKIP
    >>> X_train.shape, test.data.shape  # doctest: +SKIP
    ((50000, 32, 32, 3), (10000, 32, 32, 3))
    """
    return _fetch(
        CIFAR100,
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def fetch_mnist(
    *,
    subset="train",
    n_samples=None,
    random_state=None,
    return_X_y=False,
    data_home=None,
    download_if_missing=True,
):
    """Load MNIST: 28x28 gray images of handwritten digits (11 MB download).

    The first call downloads the images and writes them to a file. Later calls read it.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which images to return: the official 60,000 training images, the official
        10,000 test images, or both in this order.
    n_samples : int, default=None
        Number of images to draw at random, with the same share of each class. They
        stay in order. None returns all images of the subset.
    random_state : int, RandomState instance or None, default=None
        Decides which images `n_samples` draws. Pass an int to get the same images in
        each call. With the same int, a smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        The folder of ``mnist.npz``. None means the folder ``skcnn`` in
        :func:`~sklearn.datasets.get_data_home`, by default
        ``~/scikit_learn_data/skcnn``.
    download_if_missing : bool, default=True
        If False, raise an OSError where the file is missing, and download nothing.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        images : ndarray of shape (n, 28, 28, 1), uint8
            Pixels from 0 to 255.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each class code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``: the official split that the image belongs to.
        DESCR : str
            Description of the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    OSError
        If the file is missing and must not or cannot be downloaded. The message says
        where to put a file of your own, and what it must hold.
    ValueError
        If an option has a value that is not allowed, or if the file is damaged or
        holds something else.

    Notes
    -----
    A file of your own is an ``.npz`` with ``x_train``, ``y_train``, ``x_test`` and
    ``y_test``. Its images must be uint8 of shape (28, 28, 1) or (28, 28). There may be
    fewer images than in the official data set.

    ``keras.datasets.mnist`` does the download. It keeps a copy of its own in
    ``~/.keras/datasets``, or in the folder ``datasets`` of ``KERAS_HOME``.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
       to document recognition", Proceedings of the IEEE 86(11), 1998.

    Examples
    --------
    >>> from skcnn.datasets import fetch_mnist
    >>> X_train, y_train = fetch_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X_train.shape, y_train.shape  # doctest: +SKIP
    ((60000, 28, 28, 1), (60000,))
    """
    return _fetch(
        MNIST,
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def _fetch(
    source,
    *,
    subset,
    n_samples,
    random_state,
    return_X_y,
    data_home,
    download_if_missing,
):
    """What every fetcher does; the options are those of the user."""
    check_options(
        f"fetch_{source.name}",
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    path = _folder(data_home) / f"{source.name}.npz"
    splits = split_names(subset)
    if not path.exists():
        if not download_if_missing:
            raise OSError(
                f"{path} is missing, and download_if_missing is False. "
                f"Pass True to download it. {source.how_to_supply()}"
            )
        # Too large a number is refused here, and not after a long download.
        n_official = sum(source.n_samples[split] for split in splits)
        check_n_samples(n_samples, n_official)
        download(source, path)
    data = _read(source, path, splits)
    return as_requested(data, n_samples, random_state, return_X_y)


def _folder(data_home):
    """The folder of the files. It need not exist yet."""
    # The folder of scikit-learn belongs to other data sets too, hence a folder in it.
    if data_home is None:
        return Path(get_data_home(), "skcnn").absolute()
    # A folder that the user names is for this file: one can put it straight in there.
    folder = as_path(data_home, "data_home")
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"data_home must be a folder; got the file {folder}. "
            f"If this is the data set, pass its folder, {folder.parent}."
        )
    # An absolute path, so that an error message tells where it is.
    return folder.absolute()


def _read(source, path, splits):
    """All images of some splits, one split after the other."""
    parts = read_splits(source, path, splits)
    images = [images for images, _ in parts]
    target = [labels for _, labels in parts]
    return Bunch(
        images=_joined(images),
        target=_joined(target).astype(np.int64),
        target_names=np.array(source.target_names),
        split=np.repeat(splits, [len(labels) for labels in target]),
        DESCR=source.descr,
    )


def _joined(parts):
    # A single part is not copied: the training images of CIFAR-10 take 150 MB.
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts)
