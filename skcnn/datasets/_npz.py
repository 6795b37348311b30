"""The .npz files of data sets: checked when read, and never left half written.

The arrays are ``x_<split>`` for images and ``y_<split>`` for labels.
"""

import contextlib
import os
import secrets
import zipfile

import numpy as np


def reason(error):
    """The text of an error, to be quoted in another message."""
    return str(error).rstrip(".") or type(error).__name__


# Reading


def read_splits(source, path, splits):
    """Read some splits of a data set, and nothing else of the file.

    Parameters
    ----------
    source : Source
        What the file must hold.
    path : Path
    splits : list of str

    Returns
    -------
    list of tuple (images, labels)
        One for each split, as `checked_split` returns them.

    Raises
    ------
    ValueError
        If the file is damaged, or is not a file of this data set.
    """
    # Opened outside of the try statement: a file that we may not read is not damaged.
    with open(path, "rb") as stream:
        try:
            return _read_archive(source, stream, splits)
        # This says nothing about the file, so nobody should delete it.
        except MemoryError:
            raise
        # Damage shows as a dozen kinds of errors from zipfile, zlib and NumPy.
        except Exception as error:
            raise ValueError(
                f"{path} is damaged, or is not {source.name} ({reason(error)}). "
                f"Delete it and call fetch_{source.name} again, to download it. "
                f"{source.how_to_supply()}"
            ) from error


def _read_archive(source, stream, splits):
    with zipfile.ZipFile(stream) as archive:
        _check_names(source, archive)
        parts = []
        for split in splits:
            images = _read_array(archive, f"x_{split}")
            labels = _read_array(archive, f"y_{split}")
            parts.append(checked_split(source, split, images, labels))
        return parts


def _check_names(source, archive):
    # All splits are required, also those not asked for. A study should not train for
    # hours before it learns that there are no test images.
    required = []
    for split in source.n_samples:
        required += [f"x_{split}", f"y_{split}"]
    present = archive.namelist()
    missing = [name for name in required if f"{name}.npy" not in present]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")


def _read_array(archive, name):
    with archive.open(f"{name}.npy") as member:
        # A pickle in a file of unknown origin could run any program.
        array = np.lib.format.read_array(member, allow_pickle=False)
        # zipfile compares the checksum when it comes to the end. A damaged header may
        # claim too few images, and then NumPy stops before.
        member.read()
    return array


# Checks of arrays, whether from a file or from a download


def checked_split(source, split, images, labels):
    """Images and labels of a split, if they can be those of the data set.

    Parameters
    ----------
    source : Source
    split : str
    images : ndarray of shape (n, height, width, channels) or (n, height, width)
        One channel may be left out.
    labels : ndarray of shape (n,) or (n, 1)

    Returns
    -------
    images : ndarray of shape (n, height, width, channels)
    labels : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If dtypes, shapes or class codes are others.
    """
    _check_images(f"x_{split}", images, source.image_shape)
    _check_labels(f"y_{split}", labels, len(images), len(source.target_names))
    return images.reshape(len(images), *source.image_shape), labels.ravel()


def _check_images(name, images, image_shape):
    allowed_shapes = [image_shape]
    # Keras' loaders return gray images without a channel.
    if image_shape[-1] == 1:
        allowed_shapes.append(image_shape[:-1])
    if (
        images.dtype != np.uint8
        or images.shape[1:] not in allowed_shapes
        or len(images) == 0
    ):
        raise ValueError(
            f"{name} must be uint8 images of shape {image_shape}; "
            f"got {images.dtype} {images.shape}"
        )


def _check_labels(name, labels, n_images, n_classes):
    # Keras' loader of CIFAR-10 returns labels as a column.
    allowed_shapes = [(n_images,), (n_images, 1)]
    if labels.dtype.kind not in "iu" or labels.shape not in allowed_shapes:
        raise ValueError(
            f"{name} must be one integer for each of the {n_images} images; "
            f"got {labels.dtype} {labels.shape}"
        )
    lowest, highest = labels.min(), labels.max()
    if lowest < 0 or highest >= n_classes:
        raise ValueError(
            f"{name} must be from 0 to {n_classes - 1}; got {lowest} to {highest}"
        )


# Writing


@contextlib.contextmanager
def whole_file(path):
    """Open a file for writing, which gets its name only when it is whole.

    So nobody ever reads half a file, even if this process is killed.
    """
    # The random part of the name lets several processes write at once. A temporary
    # file of Python's would not do: people who share the folder could not read it.
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            yield stream
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def delete_parts(path):
    """Delete what processes left behind that were killed while they wrote `path`."""
    for part in path.parent.glob(f"{path.name}.*.part"):
        part.unlink(missing_ok=True)
