"""Folders that are arranged otherwise than they would be read: parts taken for classes.

Many archives have ``training_set/CLASS`` and ``test_set/CLASS``, a folder inside one of
the same name, or ``CLASS/train`` and ``CLASS/test``.
"""

import re

from skcnn._warnings import warn_once
from skcnn.datasets._walk import folders_in, has_images, listed, name_of

# How people call the folders of a division, in lower case, in the order of the splits.
SPLIT_FOLDERS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test", "testing"),
}
_DEEPEST = 10  # of folders in folders, for links may lead in a circle
ARRANGE = "Arrange images as {}/CLASS/IMAGE, with one folder for each class."


def check_parts(path, suffixes):
    """Refuse, or warn of, folders of classes that are named like parts of a division.

    Parameters
    ----------
    path : Path
        A folder that is not divided by the names of `SPLIT_FOLDERS`.
    suffixes : set of str

    Raises
    ------
    ValueError
        If they are parts for certain. The message names the folders to give instead.
    """
    folders = folders_in(path)
    parts = {each: split_named(each.name) for each in folders}
    parts = {each: split for each, split in parts.items() if split}
    # "train" beside "bus" is a vehicle.
    if len(set(parts.values())) < 2:
        return
    names = listed(each.name for each in parts)
    remedy = _instead(parts, suffixes)
    if remedy or list(parts) == folders:
        remedy = remedy or _about_labels(path, parts)
        raise ValueError(
            f"{path} has parts of a division in place of classes: {names}. {remedy}"
        )
    warn_once(
        f"Folders of {path} are named like parts of a division, but taken as classes: "
        f"{names}. If they are parts, a network only learns to tell those apart. "
        f"{_about_labels(path, parts)}"
    )


def _instead(parts, suffixes):
    """What to load in place of parts that have classes in them; empty if none has."""
    paths = []
    for part in parts:
        inner = inner_folder(part, suffixes)
        if len(_classes_in(inner, suffixes)) > 1:
            paths.append(f"path={str(inner)!r} for {part.name}")
    if not paths:
        return ""
    return (
        f"Load one at a time: pass {' or '.join(paths)}. Or rename, to train/CLASS "
        "and test/CLASS."
    )


def _about_labels(path, parts):
    first = next((each for each, split in parts.items() if split == "train"), path)
    return f"{ARRANGE.format(first)} For images without labels, use load_image_files."


def check_nested_parts(path, divided, suffixes):
    """Refuse ``train/train/CLASS``, whose only class would be "train".

    Parameters
    ----------
    path : Path
    divided : dict of str to Path
        The folder of each split.
    suffixes : set of str

    Raises
    ------
    ValueError
        The message names the folders to give instead.
    """
    by_split = [set(map(name_of, folders_in(each))) for each in divided.values()]
    classes = set().union(*(names for names in by_split if len(names) > 1))
    paths = []
    for (split, folder), names in zip(divided.items(), by_split, strict=True):
        inner = inner_folder(folder, suffixes)
        is_nested = inner != folder and len(_classes_in(inner, suffixes)) > 1
        if is_nested and not names & classes:
            paths.append(f"path={str(inner)!r} for {split}")
    if paths:
        raise ValueError(
            f"{path} has folders with one folder in them, which is no class. Load one "
            f"at a time: pass {' or '.join(paths)}. Or move the folders of classes "
            f"up, as in {next(iter(divided.values()))}/CLASS."
        )


def tell_merged(folder, suffixes):
    """Warn if all classes have the same folders in them, whose images are merged.

    Parameters
    ----------
    folder : Path
        The folder that holds those of the classes.
    suffixes : set of str
    """
    classes = folders_in(folder)
    if len(classes) < 2:
        return
    inner = [{name_of(each) for each in _classes_in(one, suffixes)} for one in classes]
    common = sorted(set.intersection(*inner))
    parts = [name for name in common if split_named(name)]
    if len(set(map(split_named, parts))) > 1:
        arranged = " and ".join(f"{folder / each}/CLASS/IMAGE" for each in parts)
        remedy = f"To keep them apart, arrange images as {arranged}."
    elif len(common) > 1 and set.union(*inner) == set(common):
        remedy = (
            f"If {listed(common)} are the classes, pass path={str(classes[0])!r}, or "
            "put the images of each into one folder."
        )
    else:
        return
    warn_once(
        f"All classes of {folder} have the same folders in them, {listed(common)}, "
        f"whose images are put together. {remedy}"
    )


def is_unlabeled(folder, suffixes):
    """Whether a part has images and no folders of classes, as in test/test/IMAGE."""
    inner = folders_in(folder)
    if len(inner) == 1 and split_named(inner[0].name):
        folder, inner = inner[0], folders_in(inner[0])
    return not inner and has_images(folder, suffixes)


def inner_folder(folder, suffixes):
    """The folder that is reached by going into folders that hold one folder only."""
    for _ in range(_DEEPEST):
        inner = _classes_in(folder, suffixes)
        if len(inner) != 1:
            break
        folder = inner[0]
    return folder


def split_named(name):
    """The split that a word of a name stands for; None if there is no such word.

    Examples
    --------
    >>> [split_named(name) for name in ("seg_train", "TestSet", "trains", "latest")]
    ['train', 'test', None, None]
    """
    apart = re.sub("(?<=[a-z])(?=[A-Z])", " ", name)  # of camel case
    for word in re.findall(r"[^\W\d_]+", apart):
        for split, names in SPLIT_FOLDERS.items():
            if word.lower().removesuffix("set") in names:
                return split
    return None


def _classes_in(folder, suffixes):
    """The folders in a folder; none if it holds images itself."""
    return [] if has_images(folder, suffixes) else folders_in(folder)
