"""The networks that are tried: small ones for few images, and larger ones."""

from skcnn._classifier import ConvPoolClassifier

# Widths and depths from 1,000 to some 300,000 parameters. Each block halves the maps.
_WIDTHS = (4, 8, 16, 32)
_DESIGNS = [
    [(width * 2**block, 3) for block in range(depth)]
    for width in _WIDTHS
    for depth in (2, 3)
]


def search_space():
    """What to draw candidates from: a `param_distributions`.

    Returns
    -------
    dict of str to list
    """
    return {
        "conv_layers": _DESIGNS,
        "head": ["flatten", "global_avg"],
        "batch_norm": [False, True],
        "dropout": [0.0, 0.25],
        "optimizer__learning_rate": [0.0003, 0.001, 0.003],
        "augmentation": [None, "shift", "flip+shift"],
    }


def base_estimator(n_images, memory):
    """The classifier that candidates are made of.

    Parameters
    ----------
    n_images : int
        How many it is trained on: with few, batches are small, for enough steps.
    memory : path
        Folder of the states.

    Returns
    -------
    ConvPoolClassifier
    """
    batch_size = 128
    for size, limit in ((16, 1_000), (32, 5_000), (64, 20_000)):
        if n_images < limit:
            batch_size = size
            break
    return ConvPoolClassifier(
        dense_layers=(), batch_size=batch_size, memory=str(memory), random_state=0
    )
