"""The options of the loaders, and the images that these options ask for."""

import os
from numbers import Integral

import numpy as np

from skcnn._compat import Interval, StrOptions, validate_parameter_constraints
from skcnn._seeds import run_seed

# Every option of a loader, and the values it may have.
_CONSTRAINTS = {
    "subset": [StrOptions({"train", "test", "all"})],
    "n_samples": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
    "return_X_y": ["boolean"],
    "data_home": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
}


def check_options(caller_name, **options):
    """Raise a ValueError, in scikit-learn's words, if a value is not allowed."""
    validate_parameter_constraints(_CONSTRAINTS, options, caller_name=caller_name)


def split_names(subset):
    """The official splits that make up a subset, in the order of their images."""
    if subset == "all":
        return ["train", "test"]
    return [subset]


def check_n_samples(n_samples, n_available):
    """Raise a ValueError if a sample is larger than the subset."""
    if n_samples is not None and n_samples > n_available:
        raise ValueError(
            f"n_samples must be from 1 to {n_available}, all of the subset, or None; "
            f"got {n_samples}."
        )


def as_requested(data, n_samples, random_state, return_X_y):
    """What a loader returns, given all images of the subset.

    Parameters
    ----------
    data : Bunch
        With `images`, `target` and `split`, all of one length. A sample replaces them.
    n_samples, random_state, return_X_y
        As the user gave them.

    Returns
    -------
    Bunch, or tuple (images, target)
    """
    if n_samples is not None:
        check_n_samples(n_samples, len(data.target))
        chosen = stratified_sample(data.target, n_samples, random_state)
        for name in ("images", "target", "split"):
            data[name] = data[name][chosen]
    if return_X_y:
        return data.images, data.target
    return data


def stratified_sample(target, n_samples, random_state):
    """Draw a random sample that has the same share of each class.

    scikit-learn's `train_test_split` can draw neither all samples nor fewer than one of
    each class. Here any number will do. And the sample of one seed only grows: a study
    of how accuracy depends on `n_samples` adds images and exchanges none.

    Parameters
    ----------
    target : ndarray of shape (n,)
        Class codes.
    n_samples : int
        From 1 to n.
    random_state : int, RandomState instance or None

    Returns
    -------
    ndarray of shape (n_samples,)
        Places in `target`, ascending.
    """
    order = np.random.RandomState(run_seed(random_state)).permutation(len(target))
    # For each sample, in this random order: the share of its class that precedes it.
    share_before = np.empty(len(target))
    for code in np.unique(target):
        members = target[order] == code
        n_members = np.count_nonzero(members)
        share_before[members] = np.arange(n_members) / n_members
    # Samples are taken by this share, so that all classes fill up at the same pace.
    # The sort is stable because others order equal shares differently on different
    # processors, and then a seed would not give the same sample everywhere.
    by_share = np.argsort(share_before, kind="stable")
    return np.sort(order[by_share[:n_samples]])
