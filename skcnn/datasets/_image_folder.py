"""A folder of images, one folder for each class, loaded as the other data sets are."""

import os
from numbers import Integral

import numpy as np
from sklearn.utils import Bunch

from skcnn._compat import Interval, StrOptions, validate_parameter_constraints
from skcnn._paths import as_path
from skcnn._warnings import warn_once
from skcnn.datasets._class_folders import list_images
from skcnn.datasets._decoding import image_suffixes, is_color
from skcnn.datasets._image_cache import (
    MAP_BYTES,
    cached_images,
    check_cache,
    short_hash,
)
from skcnn.datasets._image_files import (
    RESIZE,
    check_image_size,
    read_into,
    tell_failures,
)
from skcnn.datasets._subset import check_n_samples, stratified_sample
from skcnn.datasets._walk import has_suffix, listed, walk

_CONSTRAINTS = {
    "path": [str, os.PathLike],
    "subset": [StrOptions({"train", "validation", "test", "all"})],
    "resize": [RESIZE],
    "on_error": [StrOptions({"warn", "raise"})],
    "n_samples": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
    "return_X_y": ["boolean"],
    "cache": [str, os.PathLike, None],
    "verbose": ["verbose"],
}
_RESIZED = {
    "crop": "What was too long on two sides was cut off.",
    "pad": "What was too short on two sides was filled up with black.",
    "stretch": "Proportions were not kept.",
}


def load_image_folder(
    path,
    image_size,
    *,
    subset="train",
    resize="crop",
    on_error="warn",
    n_samples=None,
    random_state=None,
    return_X_y=False,
    cache=None,
    verbose=0,
):
    """Load your own images from a folder that has one folder for each class.

    Files may be JPEG, PNG, GIF, TIFF, WebP, BMP and whatever else Pillow reads, of any
    size. All become uint8 images of one size. Images are in the order of file names.

    Parameters
    ----------
    path : str or path-like
        The folder. It has ``CLASS/IMAGE``, or a division as in ``train/CLASS/IMAGE``
        and ``test/CLASS/IMAGE``. A class may have further folders in it.
    image_size : int or tuple of int
        Size of all images in pixels: one number for squares, or ``(height, width)``.
        Gray files only give 1 channel, others 3. A third number chooses: 1 for gray, 3
        for RGB, 4 for RGBA. Start small, such as 32 or 64: time grows with the area.
    subset : {"train", "validation", "test", "all"}, default="train"
        Which images to return. Folders of a division may be called ``train`` or
        ``training``; ``validation``, ``valid`` or ``val``; ``test`` or ``testing``. If
        there are none, ``"train"`` is all images. ``"all"`` leaves out images to test
        on that have no labels.
    resize : {"crop", "pad", "stretch"}, default="crop"
        What to do with images of other proportions. ``"crop"`` cuts off from both ends
        of the longer side. ``"pad"`` adds black beside the image. ``"stretch"`` does
        not keep proportions.
    on_error : {"warn", "raise"}, default="warn"
        Files that cannot be read are left out, with one warning that lists them. Or
        they raise an OSError.
    n_samples : int, default=None
        Number of images to draw at random, with the same share of each class. Others
        are not read. They stay in order. None returns all images of the subset.
    random_state : int, RandomState instance or None, default=None
        Decides which images `n_samples` draws. Pass an int to get the same images in
        each call. With the same int, a smaller sample is part of a larger one.
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.
    cache : str or path-like, default=None
        A folder in which to keep the decoded images. The next call takes them from
        there, unless names, sizes or times of image files have changed. Images of more
        than 1 GB stay there, and only what is used of them is read into memory.
    verbose : int, default=0
        Whether progress is shown.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        images : ndarray of shape (n, height, width, channels), uint8
            Pixels from 0 to 255. Transparent ones are white, unless there are 4
            channels.
        target : ndarray of shape (n,), int64
            Class codes from 0, in the order of the names of classes.
        target_names : ndarray of shape (n_classes,), str
            The name of each class code: that of the folder.
        split : ndarray of shape (n,), str
            The subset that each image belongs to.
        filenames : ndarray of shape (n,), str
            The path of each image.
        unreadable : ndarray of str
            Paths of the files that could not be read.
        DESCR : str
            Description of the images, with the number of each class.

    (images, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError
        If the folder does not exist, or if files cannot be read and `on_error` is
        ``"raise"``.
    ValueError
        If an option has a value that is not allowed, or if the folder is not arranged
        as it should be: no folders of classes, only one class, a class without images,
        parts of a division in place of classes.

    See Also
    --------
    load_image_files : Load files without labels in the same way, to predict.

    Notes
    -----
    Photographs are turned upright, as their camera noted it. Of 16 bits the upper 8 are
    kept. Animations give their first image. Palettes count as color. RGB files that
    only show gray do so, too: pass 1 as the third number of `image_size`.

    Hidden files and what systems leave behind, such as ``Thumbs.db``, are passed over.
    One warning lists all others that are no images.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skcnn.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("apples", "limes"):
    ...         Path(folder, name).mkdir()
    ...         for i in range(3):
    ...             color = {"apples": "red", "limes": "green"}[name]
    ...             image = Image.new("RGB", (40 + i, 50), color)
    ...             image.save(f"{folder}/{name}/{i}.png")
    ...     data = load_image_folder(folder, image_size=32)
    >>> data.images.shape, data.images.dtype
    ((6, 32, 32, 3), dtype('uint8'))
    >>> data.target, data.target_names
    (array([0, 0, 0, 1, 1, 1]), array(['apples', 'limes'], dtype='<U6'))
    """
    _check_options(
        path=path,
        subset=subset,
        resize=resize,
        on_error=on_error,
        n_samples=n_samples,
        random_state=random_state,
        return_X_y=return_X_y,
        cache=cache,
        verbose=verbose,
    )
    path = as_path(path, "path")
    *size, channels = check_image_size(image_size)
    files = _files(path, subset, n_samples, random_state)
    image_shape = (*size, channels or _deduced_channels(path))
    images, failures = _read(path, subset, files, image_shape, resize, cache, verbose)
    if failures:
        _leave_out(failures, files, on_error)
    if return_X_y:
        return images, files.target
    unreadable = np.array(list(failures), dtype=str)
    descr = _describe(path, files, image_shape, resize)
    return Bunch(images=images, **files, unreadable=unreadable, DESCR=descr)


def _check_options(**options):
    validate_parameter_constraints(_CONSTRAINTS, options, "load_image_folder")


def _files(path, subset, n_samples, random_state):
    """A Bunch of what is known of the images before any is decoded."""
    found = list_images(path, subset, image_suffixes())
    target_names, classes = np.array(found.class_names), np.array(found.classes)
    files = Bunch(
        target=np.searchsorted(target_names, classes).astype(np.int64),
        target_names=target_names,
        split=np.array(found.splits),
        filenames=np.array(found.paths),
    )
    if n_samples is not None:
        check_n_samples(n_samples, len(files.target))
        _keep(files, stratified_sample(files.target, n_samples, random_state))
    return files


def _keep(files, rows):
    for name in ("target", "split", "filenames"):
        files[name] = files[name][rows]


def _deduced_channels(path):
    """1 if all image files of the folder are gray, else 3.

    All subsets are looked at, so that they get the same channels. Of a folder in color
    usually one header is enough.
    """
    suffixes = image_suffixes()
    images = (file for file in walk(path) if has_suffix(file, suffixes))
    return 3 if any(map(is_color, images)) else 1


def _read(path, subset, files, image_shape, resize, cache, verbose):
    """Images, and the reason for each file that could not be read."""
    paths = files.filenames.tolist()
    if cache is not None:
        folder, source = check_cache(cache, path), path.absolute()
        # Two folders may have one name.
        name = f"{source.name}-{short_hash(str(source))[:8]}-{subset}"
        return cached_images(folder, name, paths, image_shape, resize, verbose)
    images = np.empty((len(paths), *image_shape), np.uint8)
    if images.nbytes > MAP_BYTES:
        warn_once(
            f"The images take {images.nbytes / 1e9:.1f} GB of memory. To keep them on "
            "disk, pass a folder, such as cache='image_cache'."
        )
    failures = read_into(images, paths, resize, verbose)
    return images[: len(paths) - len(failures)], failures


def _leave_out(failures, files, on_error):
    """Tell of files that could not be read. `files` then names only the others."""
    message = tell_failures(failures, len(files.filenames))
    if on_error == "raise":
        raise OSError(f"{message} Pass on_error='warn' to leave them out.")
    is_read = ~np.isin(files.filenames, list(failures))
    lost = np.setdiff1d(files.target, files.target[is_read])
    if len(lost):
        classes = listed(files.target_names[lost])
        raise OSError(f"{message} So nothing is left of the classes {classes}.")
    warn_once(
        f"{message} They are left out. data.unreadable has all of them, and "
        "on_error='raise' makes this an error."
    )
    _keep(files, is_read)


def _describe(path, files, image_shape, resize):
    height, width, channels = image_shape
    title = f"Images of {path.absolute().name}"
    lines = [title, "=" * len(title), "", f"Folder: {path.absolute()}", ""]
    lines.append(f"Resized to {height}x{width} pixels, {channels} channels.")
    lines += [_RESIZED[resize], ""]
    for split in dict.fromkeys(files.split):
        counts = np.bincount(
            files.target[files.split == split], minlength=len(files.target_names)
        )
        lines.append(f"{split}: {counts.sum():,} images")
        for name, count in zip(files.target_names, counts, strict=True):
            lines.append(f"    {name}: {count:,}")
    return "\n".join(lines) + "\n"
