"""Which files of a folder are images, of which class, and of which split.

Nothing is decoded here.
"""

import os
from dataclasses import dataclass, field

from skcnn._warnings import warn_once
from skcnn.datasets._odd_folders import (
    ARRANGE,
    SPLIT_FOLDERS,
    check_nested_parts,
    check_parts,
    inner_folder,
    is_unlabeled,
    tell_merged,
)
from skcnn.datasets._walk import (
    files_in,
    folders_in,
    has_images,
    has_suffix,
    listed,
    name_of,
    walk,
)

_HEIF = (".heic", ".heif")


@dataclass
class ImageFiles:
    """Image files with their classes, in order.

    Attributes
    ----------
    class_names : list of str
        All classes of the folder, also those that no file of these splits has.
    paths : list of str
    classes : list of str
        Name of the class of each file.
    splits : list of str
        ``"train"``, ``"validation"`` or ``"test"`` for each file.
    ignored : list of str
        Paths of the files that are no images of a class.
    """

    class_names: list
    paths: list = field(default_factory=list)
    classes: list = field(default_factory=list)
    splits: list = field(default_factory=list)
    ignored: list = field(default_factory=list)


def list_images(path, subset, suffixes):
    """List the images of some splits.

    Parameters
    ----------
    path : Path
        The folder.
    subset : {"train", "validation", "test", "all"}
    suffixes : set of str
        Ends of the names of image files, in lower case.

    Returns
    -------
    ImageFiles

    Raises
    ------
    OSError
        If the folder does not exist.
    ValueError
        If the folder is not arranged as it should be. The message says how.
    """
    _check_is_folder(path)
    divided = _split_folders(path, suffixes)
    if divided:
        check_nested_parts(path, divided, suffixes)
        chosen = _chosen(path, divided, subset, suffixes)
    else:
        check_parts(path, suffixes)
        chosen = divided = _undivided(path, subset)
    for folder in chosen.values():
        _check_has_classes(folder, suffixes)
        tell_merged(folder, suffixes)
    found = ImageFiles(_class_names(path, divided, suffixes))
    _tell_rest(path, divided, found)
    for split, folder in chosen.items():
        _list_classes(folder, split, suffixes, found)
    _tell_ignored(path, found.ignored)
    return found


def _check_is_folder(path):
    if not path.exists():
        raise FileNotFoundError(
            f"path must be a folder of images; {path} does not exist. "
            f"Its absolute path would be {path.absolute()}."
        )
    if not path.is_dir():
        raise NotADirectoryError(
            f"path must be a folder of images; got the file {path}. If it is an "
            f"archive, extract it first. {ARRANGE.format(path.parent)}"
        )


# --------------------------------------------------------------------------------------
# Splits


def _split_folders(path, suffixes):
    """The folder of each split, in order; empty if the folder is not divided."""
    divided = {}
    for split, names in SPLIT_FOLDERS.items():
        folders = [each for each in folders_in(path) if each.name.lower() in names]
        if len(folders) > 1:
            raise ValueError(
                f"{path} has several folders for subset={split!r}: "
                f"{listed(each.name for each in folders)}. Keep one of them."
            )
        if folders:
            divided[split] = folders[0]
    # "train" may also be a class, beside "bus". But then it holds images.
    if any(_holds_classes(folder, suffixes) for folder in divided.values()):
        return divided
    return {}


def _holds_classes(folder, suffixes):
    return bool(folders_in(folder)) and not has_images(folder, suffixes)


def _chosen(path, divided, subset, suffixes):
    if subset == "all":
        return _with_labels(divided, suffixes)
    if subset not in divided:
        raise ValueError(
            f"{path} has no folder for subset={subset!r}. It has "
            f"{listed(each.name for each in divided.values())}: pass "
            f"subset={next(iter(divided))!r}, or 'all'."
        )
    return {subset: divided[subset]}


def _with_labels(divided, suffixes):
    """The splits without those whose images have no labels; competitions give such."""
    chosen = {}
    for split, folder in divided.items():
        if split == "train" or not is_unlabeled(folder, suffixes):
            chosen[split] = folder
        else:
            warn_once(
                f"{folder} has images without labels, for there is no folder for each "
                "class. They are left out. To predict them, use load_image_files."
            )
    return chosen


def _undivided(path, subset):
    if subset in ("train", "all"):
        return {"train": path}
    raise ValueError(
        f"subset must be 'train' or 'all' here; got {subset!r}. {path} is not divided "
        f"into train/CLASS and {subset}/CLASS. To divide the images: "
        "X_train, X_test, y_train, y_test = "
        "train_test_split(data.images, data.target, stratify=data.target)."
    )


def _tell_rest(path, divided, found):
    """What lies beside the folders of the splits."""
    if path in divided.values():
        return
    found.ignored += files_in(path)
    rest = [each.name for each in folders_in(path) if each not in divided.values()]
    if rest:
        splits = listed(each.name for each in divided.values())
        warn_once(
            f"{path} is divided into {splits}. So other folders beside these are "
            f"ignored: {listed(rest)}."
        )


# --------------------------------------------------------------------------------------
# Classes


def _check_has_classes(folder, suffixes):
    if is_unlabeled(folder, suffixes):
        raise ValueError(
            f"{folder} has images, but no folder for each class. "
            f"{ARRANGE.format(folder)} For images without labels, such as those to "
            "predict, use load_image_files."
        )
    if not folders_in(folder):
        raise ValueError(
            f"{folder} has no images and no folders. {ARRANGE.format(folder)}"
        )


def _class_names(path, divided, suffixes):
    """Names of all classes, the same for each subset, so that codes are the same."""
    labeled = [each for each in divided.values() if not is_unlabeled(each, suffixes)]
    by_split = [set(map(name_of, folders_in(each))) for each in labeled]
    by_split = [names for names in by_split if names]
    every = sorted(set.union(*by_split))
    if max(map(len, by_split)) < 2:
        _refuse_one_class(next(filter(folders_in, labeled)), suffixes)
    differing = sorted(set(every) - set.intersection(*by_split))
    if differing:
        warn_once(
            f"{listed(each.name for each in divided.values())} of {path} do not have "
            f"the same classes. Only some of them have: {listed(differing)}."
        )
    return every


def _refuse_one_class(folder, suffixes):
    one = folders_in(folder)[0]
    name = name_of(one)
    message = f"{folder} has one class only, {name!r}. A classifier needs two or more."
    inner = inner_folder(one, suffixes)
    names = [each.name for each in folders_in(inner)]
    # An archive often has a folder in it of the same name.
    if len(names) > 1:
        raise ValueError(
            f"{message} If its folders {listed(names)} are the classes, pass "
            f"path={str(inner)!r}."
        )
    raise ValueError(f"{message} {ARRANGE.format(folder)}")


def _list_classes(folder, split, suffixes, found):
    found.ignored += files_in(folder)
    for each in folders_in(folder):
        files = list(walk(each))
        images = [file for file in files if has_suffix(file, suffixes)]
        if not images:
            _refuse_empty(each, files)
        found.ignored += [file for file in files if not has_suffix(file, suffixes)]
        found.paths += images
        found.classes += [name_of(each)] * len(images)
        found.splits += [split] * len(images)


def _refuse_empty(folder, files):
    message = f"The class folder {folder} has no images."
    if files:
        message += f" It has {listed(map(os.path.basename, files))}."
    raise ValueError(
        f"{message} Put images there, or delete the folder.{_about_heif(files)}"
    )


def _tell_ignored(path, ignored):
    if ignored:
        names = [os.path.relpath(each, path) for each in ignored]
        warn_once(
            f"Files were ignored, {len(ignored):,} in all. They lie in no folder of a "
            "class, or their names do not end like those of images: "
            f"{listed(names)}.{_about_heif(ignored)}"
        )


def _about_heif(files):
    if not any(has_suffix(file, _HEIF) for file in files):
        return ""
    return (
        " To read HEIC photos, run: pip install pillow-heif. Then call "
        "pillow_heif.register_heif_opener() first."
    )
