"""Real images to study networks on, in the manner of scikit-learn's loaders.

Images are uint8 (n, height, width, channels), as :class:`~skcnn.ConvPoolClassifier` takes them. Each data set is
divided into images to train on and images to test with; unless told otherwise a loader gives the former, so that
nothing is trained on test images by oversight.

Examples
--------
>>> from skcnn.datasets import load_digits
>>> X_train, y_train = load_digits(subset="train", return_X_y=True)
>>> X_test, y_test = load_digits(subset="test", return_X_y=True)
>>> X_train.shape, X_test.shape
((1347, 8, 8, 1), (450, 8, 8, 1))
"""

import contextlib
import os
import secrets
import socket
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.datasets import load_digits as load_digits_of_sklearn
from sklearn.utils import Bunch

from skcnn._compat import Interval, StrOptions, keras, validate_parameter_constraints
from skcnn._seeds import run_seed

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

__all__ = ["fetch_cifar10", "fetch_fashion_mnist", "load_digits"]

_CONSTRAINTS = {
    "subset": [StrOptions({"train", "test", "all"})],
    "n_samples": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
    "return_X_y": ["boolean"],
    "data_home": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
}


@dataclass(frozen=True)
class _Source:
    """A data set that is downloaded: what is official of it, and what each file must agree with."""

    name: str  # also that of the file, and of Keras' module
    load: Callable  # Keras' loader
    host: str  # where that loader downloads from
    n_samples: dict  # by split
    image_shape: tuple
    target_names: tuple
    descr: str

    def layout(self):
        """What a file holds, in words."""
        return "; ".join(
            f"x_{split}, uint8 of shape {(n, *self.image_shape)}; y_{split}, integers of shape ({n},)"
            for split, n in self.n_samples.items()
        )


_FILE_OF_YOUR_OWN = """
Each image is as the file has it. The file that the first call writes has the official pixels; one that you supply may
hold others, such as copies that went through JPEG, or fewer images. Say so beside any figure measured on them."""

_CIFAR10 = _Source(
    name="cifar10",
    load=keras.datasets.cifar10.load_data,
    host="https://www.cs.toronto.edu",
    n_samples={"train": 50_000, "test": 10_000},
    image_shape=(32, 32, 3),
    target_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    descr=f"""CIFAR-10
========

60,000 color photographs of 32x32 pixels, labeled by hand: ten classes of animals and vehicles with 6,000 images each.
The official division has 50,000 images to train on and 10,000 to test with, 1,000 of each class.
{_FILE_OF_YOUR_OWN}

A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of Toronto, 2009.
https://www.cs.toronto.edu/~kriz/cifar.html
""",
)

_FASHION_MNIST = _Source(
    name="fashion_mnist",
    load=keras.datasets.fashion_mnist.load_data,
    host="https://storage.googleapis.com",
    n_samples={"train": 60_000, "test": 10_000},
    image_shape=(28, 28, 1),
    target_names=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    descr=f"""Fashion-MNIST
=============

70,000 gray product photographs of 28x28 pixels: ten classes of clothes, shoes and bags with 7,000 images each. The
official division has 60,000 images to train on and 10,000 to test with, 1,000 of each class. Format and size are those
of the MNIST digits, which it was made to replace because they have become too easy.
{_FILE_OF_YOUR_OWN}

H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
arXiv:1708.07747, 2017. Copyright Zalando SE, MIT license. https://github.com/zalandoresearch/fashion-mnist
""",
)

_DIGITS_DESCR = """Digits
======

1,797 handwritten digits of 8x8 pixels, some 180 of each class: the test set of the UCI repository's "Optical
recognition of handwritten digits", as scikit-learn bundles it. There a pixel counts dark dots, from 0 to 16; here it is
that count times 255 / 16, rounded.

There is no official division of these images. The one here is drawn at random, in equal parts of each class and always
the same: 1,347 images to train on and 450 to test with. The same people wrote both, so figures are higher than they
would be for other people's handwriting.

E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.
https://archive.ics.uci.edu/dataset/80
"""


# ---------------------------------------------------------------------------------------------------------------
# Loaders


def load_digits(*, subset="train", n_samples=None, random_state=None, return_X_y=False):
    """Load scikit-learn's digits as images: 8x8 gray pixels, ten classes; nothing is downloaded.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 1,347 images to train on, the 450 to test with, or all 1,797 in scikit-learn's order. There is no official
        division; this one is random, stratified, and always the same, whatever `random_state`.
    n_samples : int, default=None
        Take so many images only, the same share of each class, and leave them in order. None for all.
    random_state : int, RandomState instance or None, default=None
        Determines which images `n_samples` takes; pass an int for the same ones in each call. With the same int, a
        smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        images : ndarray of shape (n, 8, 8, 1), uint8
            From 0 for paper to 255 for ink: scikit-learn's 0 to 16, scaled and rounded.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``, where the division puts the image.
        DESCR : str
            About the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes alone.

    Raises
    ------
    ValueError
        For an option that is not among those allowed.

    References
    ----------
    .. [1] E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.

    Examples
    --------
    >>> from skcnn.datasets import load_digits
    >>> X_train, y_train = load_digits(subset="train", return_X_y=True)
    >>> X_train.shape, X_train.dtype, y_train.shape
    ((1347, 8, 8, 1), dtype('uint8'), (1347,))

    Some of them, the same share of each class:

    >>> digits = load_digits(n_samples=200, random_state=0)
    >>> digits.images.shape
    (200, 8, 8, 1)
    >>> digits.target_names[digits.target[:3]]
    array(['3', '1', '5'], dtype='<U1')
    """
    _check_options(
        "load_digits",
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
    )
    digits = load_digits_of_sklearn()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    split = np.full(len(images), "train", dtype="<U5")
    split[_stratified_sample(digits.target, 450, random_state=0)] = "test"
    wanted = np.isin(split, _splits(subset))
    data = Bunch(
        images=images[wanted],
        target=digits.target[wanted].astype(np.int64),
        target_names=digits.target_names.astype("<U1"),
        split=split[wanted],
        DESCR=_DIGITS_DESCR,
    )
    return _returned(data, n_samples, random_state, return_X_y)


def fetch_fashion_mnist(
    *,
    subset="train",
    n_samples=None,
    random_state=None,
    return_X_y=False,
    data_home=None,
    download_if_missing=True,
):
    """Load Fashion-MNIST: 28x28 gray images of clothes, ten classes; downloaded if necessary (30 MB).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The official 60,000 images to train on, the 10,000 to test with, or both in this order.
    n_samples : int, default=None
        Take so many images only, the same share of each class, and leave them in order. None for all.
    random_state : int, RandomState instance or None, default=None
        Determines which images `n_samples` takes; pass an int for the same ones in each call. With the same int, a
        smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        The folder of ``fashion_mnist.npz``. None for ``skcnn`` in :func:`~sklearn.datasets.get_data_home`, which is
        ``~/scikit_learn_data/skcnn`` unless told otherwise.
    download_if_missing : bool, default=True
        If False, raise an OSError where there is no such file.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        images : ndarray of shape (n, 28, 28, 1), uint8
            Pixels from 0 to 255.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``, where the official division puts the image.
        DESCR : str
            About the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes alone.

    Raises
    ------
    OSError
        If there is no file, and it may not or cannot be downloaded; says where to put one, and what it must hold.
    ValueError
        For an option that is not among those allowed, or a file that is damaged or holds something else.

    Notes
    -----
    A file of your own is an ``.npz`` with ``x_train``, ``y_train``, ``x_test`` and ``y_test``. It may hold fewer images
    than the official one; they must be uint8 of shape (28, 28, 1) or (28, 28).

    The download is that of ``keras.datasets.fashion_mnist``, which keeps a copy of its own in ``~/.keras/datasets``
    (or where ``KERAS_HOME`` says).

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
       algorithms", arXiv:1708.07747, 2017.

    Examples
    --------
    >>> from skcnn.datasets import fetch_fashion_mnist
    >>> X_train, y_train = fetch_fashion_mnist(subset="train", return_X_y=True)  # doctest: +SKIP
    >>> X_train.shape, y_train.shape  # doctest: +SKIP
    ((60000, 28, 28, 1), (60000,))
    """
    return _fetch(
        _FASHION_MNIST,
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
    """Load CIFAR-10: 32x32 color photographs, ten classes; downloaded if necessary (170 MB).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The official 50,000 images to train on, the 10,000 to test with, or both in this order.
    n_samples : int, default=None
        Take so many images only, the same share of each class, and leave them in order. None for all.
    random_state : int, RandomState instance or None, default=None
        Determines which images `n_samples` takes; pass an int for the same ones in each call. With the same int, a
        smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        The folder of ``cifar10.npz``. None for ``skcnn`` in :func:`~sklearn.datasets.get_data_home`, which is
        ``~/scikit_learn_data/skcnn`` unless told otherwise.
    download_if_missing : bool, default=True
        If False, raise an OSError where there is no such file.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        images : ndarray of shape (n, 32, 32, 3), uint8
            Pixels from 0 to 255; red, green and blue.
        target : ndarray of shape (n,), int64
            Class codes from 0 to 9.
        target_names : ndarray of shape (10,), str
            The name of each code.
        split : ndarray of shape (n,), str
            ``"train"`` or ``"test"``, where the official division puts the image.
        DESCR : str
            About the data set.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes alone.

    Raises
    ------
    OSError
        If there is no file, and it may not or cannot be downloaded; says where to put one, and what it must hold.
    ValueError
        For an option that is not among those allowed, or a file that is damaged or holds something else.

    Notes
    -----
    A file of your own is an ``.npz`` with ``x_train``, ``y_train``, ``x_test`` and ``y_test``. It may hold fewer images
    than the official one; they must be uint8 of shape (32, 32, 3).

    The download is that of ``keras.datasets.cifar10``, which keeps a copy of its own in ``~/.keras/datasets``
    (or where ``KERAS_HOME`` says).

    References
    ----------
    .. [1] A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of
       Toronto, 2009.

    Examples
    --------
    >>> from skcnn.datasets import fetch_cifar10
    >>> X_train, y_train = fetch_cifar10(subset="train", return_X_y=True)  # doctest: +SKIP
    >>> X_test, y_test = fetch_cifar10(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X_train.shape, X_test.shape  # doctest: +SKIP
    ((50000, 32, 32, 3), (10000, 32, 32, 3))
    """
    return _fetch(
        _CIFAR10,
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
    _check_options(
        f"fetch_{source.name}",
        subset=subset,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    path = _folder(data_home) / f"{source.name}.npz"
    splits = _splits(subset)
    if not path.exists():
        if not download_if_missing:
            raise OSError(
                f"{path} is missing, and download_if_missing is False. {_how_to_supply(source)}"
            )
        _check_n_samples(n_samples, sum(source.n_samples[split] for split in splits))
        _download(source, path)
    images, target = zip(*_read(source, path, splits), strict=True)
    data = Bunch(
        images=_joined(images),
        target=_joined(target).astype(np.int64),
        target_names=np.array(source.target_names),
        split=np.repeat(splits, [len(part) for part in target]),
        DESCR=source.descr,
    )
    return _returned(data, n_samples, random_state, return_X_y)


def _joined(parts):
    return (
        parts[0] if len(parts) == 1 else np.concatenate(parts)
    )  # not copied without need: there may be 150 MB


# ---------------------------------------------------------------------------------------------------------------
# Options


def _check_options(caller_name, **options):
    validate_parameter_constraints(_CONSTRAINTS, options, caller_name=caller_name)


def _check_n_samples(n_samples, n_available):
    if n_samples is not None and n_samples > n_available:
        raise ValueError(
            f"n_samples must be from 1 to {n_available}, all of the subset, or None; got {n_samples}."
        )


def _splits(subset):
    return ["train", "test"] if subset == "all" else [subset]


def _folder(data_home):
    """The folder of the files, not yet made; that of the user's is taken as it is, for a file to be put straight in."""
    if data_home is None:
        return Path(get_data_home(), "skcnn").absolute()
    folder = Path(data_home).expanduser()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"data_home must be a folder, in which to look for the file; got the file {folder}."
        )
    return folder.absolute()


def _returned(data, n_samples, random_state, return_X_y):
    """What a loader returns of the images of a subset."""
    if n_samples is not None:
        _check_n_samples(n_samples, len(data.target))
        chosen = _stratified_sample(data.target, n_samples, random_state)
        for name in ("images", "target", "split"):
            data[name] = data[name][chosen]
    return (data.images, data.target) if return_X_y else data


def _stratified_sample(target, n_samples, random_state):
    """Places of a random sample with the same share of each class, ascending.

    Unlike `train_test_split`, this takes any number of samples, down to one and up to all, and the sample of one seed
    grows with their number: a study of how accuracy depends on it adds images, and exchanges none.
    """
    order = np.random.RandomState(run_seed(random_state)).permutation(len(target))
    taken_before = np.empty(len(target))  # the share of its class that comes first
    for code in np.unique(target):
        members = target[order] == code
        n_members = np.count_nonzero(members)
        taken_before[members] = np.arange(n_members) / n_members
    by_share = np.argsort(
        taken_before, kind="stable"
    )  # the default leaves the order of equals to the processor
    return np.sort(order[by_share[:n_samples]])


# ---------------------------------------------------------------------------------------------------------------
# Files


def _how_to_supply(source):
    return (
        f"To supply that file, write an .npz with {source.layout()}. "
        f"Or copy it from where there is a network: there fetch_{source.name} writes one."
    )


def _reason(error):
    return str(error).rstrip(".") or type(error).__name__


def _read(source, path, splits):
    """Checked images and labels of each split; nothing else of the file is read."""
    with (
        open(path, "rb") as stream
    ):  # apart, because a file that may not be opened is not therefore damaged
        try:
            return [_read_split(source, stream, split) for split in splits]
        except MemoryError:
            raise
        except Exception as error:  # damage shows as a dozen kinds of them, from zipfile, zlib and NumPy
            raise ValueError(
                f"{path} is damaged, or is not {source.name} ({_reason(error)}). "
                f"Delete it, and the next call downloads it. {_how_to_supply(source)}"
            ) from error


def _read_split(source, stream, split):
    with zipfile.ZipFile(stream) as archive:
        missing = {
            f"{kind}_{part}.npy" for kind in "xy" for part in source.n_samples
        } - set(archive.namelist())
        if missing:
            raise ValueError(
                f"it lacks {', '.join(sorted(name.removesuffix('.npy') for name in missing))}."
            )
        return _checked(
            source,
            split,
            *(_read_array(archive, f"{kind}_{split}.npy") for kind in "xy"),
        )


def _read_array(archive, name):
    with archive.open(name) as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        member.read()  # to the end, where zipfile compares the checksum, even if the header claims less
    return array


def _checked(source, split, images, labels):
    """Images (n, height, width, channels) and labels (n,); ValueError if they cannot be those of the data set.

    One channel may be left out, and labels may be a column: so Keras' own loaders have them.
    """
    shape = source.image_shape
    if (
        images.dtype != np.uint8
        or shape not in (images.shape[1:], (*images.shape[1:], 1))
        or not len(images)
    ):
        raise ValueError(
            f"x_{split} must be uint8 images of shape {shape}; got {images.dtype} {images.shape}."
        )
    n_images = len(images)
    if labels.dtype.kind not in "iu" or labels.shape not in (
        (n_images,),
        (n_images, 1),
    ):
        raise ValueError(
            f"y_{split} must be one integer for each of the {n_images} images; got {labels.dtype} {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= len(source.target_names):
        raise ValueError(
            f"y_{split} must be from 0 to {len(source.target_names) - 1}; got {labels.min()} to {labels.max()}."
        )
    return images.reshape(n_images, *shape), labels.ravel()


def _write(path, make_arrays):
    """Write an .npz file that is never seen in part, not even if the process is killed.

    The file beside it that is written first is made before the arrays are: a folder that cannot be written to is told
    before the download, not after. `NamedTemporaryFile` would keep others who share the folder from reading it.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            np.savez(stream, **make_arrays())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------------------------
# Download

_ANSWER_SECONDS = 10  # to wait for the host's first answer
_STALL_SECONDS = 30  # to wait for more of a download that has begun
_ONE_DOWNLOAD = threading.Lock()  # Keras' cache, and the timeout, belong to all threads


def _download(source, path):
    with _ONE_DOWNLOAD, _told_what_to_do(source, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.parent) as alone:
            if path.exists():  # another thread or process was here
                return
            for left in (
                path.parent.glob(f"{path.name}.*.part") if alone else ()
            ):  # by a process that was killed
                left.unlink(missing_ok=True)
            _write(path, lambda: _load_with_keras(source, path))


@contextlib.contextmanager
def _told_what_to_do(source, path):
    """Errors of the system, such as that of a folder that cannot be written to, with what to do about them."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # one of our own, which says so already
            raise
        raise type(error)(
            f"{path} cannot be written ({_reason(error)}). {_how_to_supply(source)}"
        ) from error


@contextlib.contextmanager
def _locked(folder):
    """Keep other processes from downloading to a folder meanwhile; whether that could be done.

    Keras takes any file in its cache for whole, and so for damaged what another process has not finished yet. The
    system gives the lock back even if the process is killed. Windows has no such locks, some network drives neither.
    """
    with contextlib.ExitStack() as stack:
        locked = False
        if fcntl is not None:
            with contextlib.suppress(OSError):
                handle = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX)
                locked = True
        yield locked


def _load_with_keras(source, path):
    """The arrays of an .npz file, from Keras' cache or the network."""
    # Keras sets no timeout, and so would wait forever for a network that swallows everything. It has no parameter
    # for one either: urllib uses the default of the process, for sockets made from now on. Where the host does not
    # answer, Keras is asked even so, because its cache may have the files, but it shall not wait again.
    seconds = _STALL_SECONDS if _answers(source.host) else 0.1
    try:
        with _default_timeout(seconds), _keras_quiet():
            splits = dict(zip(("train", "test"), source.load(), strict=True))
        splits = {
            split: _checked(source, split, *arrays) for split, arrays in splits.items()
        }
    except Exception as error:  # Keras raises bare Exception where a download fails
        raise OSError(
            f"{path} is missing, and {source.name} cannot be downloaded ({_reason(error)}). {_how_to_supply(source)} "
            f"If the cause is a damaged copy in Keras' own cache, {_keras_cache()}, delete that instead."
        ) from error
    return {
        f"{kind}_{split}": arrays[place]
        for split, arrays in splits.items()
        for place, kind in enumerate("xy")
    }


def _keras_cache():
    return Path(os.environ.get("KERAS_HOME", "~/.keras"), "datasets")


def _answers(host):
    """Whether a host answers in good time, by way of the environment's proxy if there is one.

    A thread asks, because a timeout holds for each of a host's addresses anew, and for looking them up not at all.
    """
    answered = threading.Event()

    def ask():
        try:
            urllib.request.urlopen(host, timeout=_ANSWER_SECONDS).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except Exception:
            return
        answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_ANSWER_SECONDS)
    return answered.is_set()


@contextlib.contextmanager
def _default_timeout(seconds):
    """A timeout for the sockets that this process makes meanwhile; those it has are left alone."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _keras_quiet():
    """Without the loader's messages and progress bar on standard output; in this thread, as Keras keeps the setting."""
    if not keras.config.is_interactive_logging_enabled():
        yield
        return
    keras.config.disable_interactive_logging()
    try:
        yield
    finally:
        keras.config.enable_interactive_logging()
