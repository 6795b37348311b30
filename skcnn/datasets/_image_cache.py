"""Decoded images in a file, which is used again as long as no image file has changed.

One `.npy` file has the images. Its name tells what was asked for, and has a hash of the
names, sizes and times of the image files. A `.json` file beside it lists the files that
could not be read. It is written first: where there are images, it is there.
"""

import hashlib
import json
import os
import re
import time

import numpy as np

from skcnn._paths import as_path
from skcnn._warnings import warn_once
from skcnn.datasets._image_files import read_into
from skcnn.datasets._npz import reason, whole_file

# Larger arrays stay on disk, and only what is used of them is read.
MAP_BYTES = 2**30
# Part of each hash. Raise it if the same image files would give other pixels.
_FORMAT = 1
_DAY_SECONDS = 24 * 60 * 60


def short_hash(text):
    """A hash of a text that fits into the name of a file."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def check_cache(cache, path):
    """The folder of the cache, or a ValueError if it cannot serve.

    Parameters
    ----------
    cache : str or path-like
        As the user gave it.
    path : Path
        The folder of images.
    """
    folder = as_path(cache, "cache")
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"cache must be a folder; got the file {folder}. Pass another name, such "
            "as cache='image_cache'."
        )
    # It would be taken for a class.
    if folder.resolve().is_relative_to(path.resolve()):
        raise ValueError(
            f"cache must be outside of the folder of images; got {folder}, which is in "
            f"{path}. Pass a folder beside it, such as cache='image_cache'."
        )
    return folder


def cached_images(folder, name, paths, image_shape, resize, verbose):
    """Decode image files, or find what was decoded before.

    Parameters
    ----------
    folder : Path
        Where the file is kept. It is made if necessary.
    name : str
        Name of what was asked for. Other results of this name are deleted.
    paths : list of str
    image_shape : tuple of int
    resize : {"crop", "pad", "stretch"}
    verbose : int

    Returns
    -------
    images : ndarray of shape (n, height, width, channels), uint8
        Those that could be read. Mapped read-only if it is larger than `MAP_BYTES`.
    failures : dict of str to str
        The reason for each of these files.
    """
    shape = (len(paths), *image_shape)
    size = "x".join(map(str, image_shape))
    stem = f"{_plain(name)}-{size}-{resize}"
    path = folder / f"{stem}-{_fingerprint(paths, shape, resize)}.npy"
    if path.exists():
        try:
            return _read(path, shape)
        # Damage shows as many kinds of errors.
        except Exception as error:
            warn_once(f"{path} is damaged ({reason(error)}). Images are read again.")
    folder.mkdir(parents=True, exist_ok=True)
    _write(path, shape, paths, resize, verbose)
    _delete_others(path, stem)
    return _read(path, shape)


def _plain(name):
    """A name that every file system takes."""
    return re.sub(r"\W+", "_", name)


def _fingerprint(paths, shape, resize):
    """A hash that changes with any image file, short enough for a file name."""
    files = [(path, *_size_and_time(path)) for path in paths]
    return short_hash(json.dumps([_FORMAT, shape, resize, files]))


def _size_and_time(path):
    try:
        status = os.stat(path)
    # Such as a link that leads nowhere. Reading it fails later, and is told.
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _read(path, shape):
    failures = json.loads(path.with_suffix(".json").read_text(encoding="utf8"))
    n_bytes = np.prod(shape, dtype=np.int64)
    images = np.load(path, mmap_mode="r" if n_bytes > MAP_BYTES else None)
    if images.shape != shape or images.dtype != np.uint8:
        raise ValueError(f"it has {images.dtype} {images.shape}")
    return images[: len(images) - len(failures)], failures


def _write(path, shape, paths, resize, verbose):
    with whole_file(path) as stream:
        # Rows go to the disk as they are decoded, so they need not fit into memory.
        images = np.lib.format.open_memmap(stream.name, "w+", np.uint8, shape)
        failures = read_into(images, paths, resize, verbose)
        images.flush()
        # Windows does not rename a file that is mapped.
        del images
        with whole_file(path.with_suffix(".json")) as record:
            record.write(json.dumps(failures).encode())


def _delete_others(path, stem):
    """Delete results of image files that have changed since."""
    for other in path.parent.glob(f"{stem}-*"):
        is_result = other.suffix in (".npy", ".json") and other.stem != path.stem
        if is_result or _is_abandoned(other):
            other.unlink(missing_ok=True)


def _is_abandoned(file):
    """Whether a process was probably killed while it wrote this file."""
    if file.suffix != ".part":
        return False
    return time.time() - file.stat().st_mtime > _DAY_SECONDS
