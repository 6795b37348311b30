"""The images of the command: loaded, and divided into those to search with and to test.

What a search could not use is refused here, before anything is trained.
"""

import numpy as np
from sklearn.model_selection import train_test_split

from skcnn.datasets import load_image_folder
from skcnn.datasets._walk import listed

# Three folds need as many images of each class. Of five, one is set aside to test on.
_FEWEST, _FEWEST_UNDIVIDED = 3, 5


def load_images(arguments, cache):
    """All images of a folder that have labels.

    Parameters
    ----------
    arguments : argparse.Namespace
        folder, size, resize.
    cache : Path
        Where the decoded images are kept.

    Returns
    -------
    Bunch
    """
    return load_image_folder(
        arguments.folder,
        arguments.size,
        subset="all",
        resize=arguments.resize,
        cache=cache,
        verbose=1,
    )


def divide(data):
    """Images and class names to search with, and to test on.

    Parameters
    ----------
    data : Bunch
        As :func:`load_images` returns it.

    Returns
    -------
    X, X_test, y, y_test : ndarray

    Raises
    ------
    ValueError
        If there are too few images of a class, or test images of a class that no other
        image has.
    """
    names = data.target_names[data.target]
    is_test = data.split == "test"
    if is_test.any():
        y, y_test = names[~is_test], names[is_test]
        _check_known(y, y_test)
        _check_numbers(y, _FEWEST, "besides those to test on")
        return data.images[~is_test], data.images[is_test], y, y_test
    _check_numbers(names, _FEWEST_UNDIVIDED, "a fifth of which is set aside")
    return train_test_split(
        np.asarray(data.images), names, test_size=0.2, stratify=names, random_state=0
    )


def _check_known(y, y_test):
    unknown = np.setdiff1d(y_test, y)
    if len(unknown):
        raise ValueError(
            "The test images have classes that no other images have, so a network "
            f"cannot learn them: {listed(unknown)}. Add such images to train on, or "
            "move these folders away."
        )


def _check_numbers(names, fewest, why):
    counts = zip(*np.unique(names, return_counts=True), strict=True)
    few = [f"{count} of {name}" for name, count in counts if count < fewest]
    if few:
        raise ValueError(
            f"A search needs at least {fewest} images of each class, {why}; got "
            f"{listed(few)}. Add images, or move these folders away."
        )
