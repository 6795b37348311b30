"""Which networks to try for images of your own: `search_space`.

It is arithmetic on the shape and number of the images. What it chooses from was found
on photographs and drawings, and `benchmarks/search_space.py` measures what comes of it.
"""

from itertools import product
from math import inf, sqrt

from scipy.stats import loguniform

from skcnn._architecture import Architecture
from skcnn._candidates import check_max_params
from skcnn._checks import check_image_shape, check_integer
from skcnn._shapes import check_order

# Filters of the first block. Each further block has twice as many, up to a limit.
_WIDTHS = (4, 6, 8, 12, 16, 24, 32, 48)
_N_WIDTHS, _MOST_FILTERS = 3, 128

# What holds up to a number of images: the most filters of a first block, the passes
# over the images, the rates of dropout. Wide networks take long, which pays with many
# images. With few images a pass is only a few steps, and networks without dropout look
# better in the few epochs that halving begins with, but are not in the end.
_WIDEST = {5_000: 24, 20_000: 32, inf: 48}
_EPOCHS = {1_000: 72, 2_000: 36, 5_000: 18, inf: 9}
_DROPOUT = {1_000: (0.25,), inf: (0.0, 0.25)}

# Blocks pool until no side of a map has more pixels than the first number. A side of
# more than the second is pooled by 4, for time and memory.
_LAST_SIDE, _LARGE_SIDE, _SMALLEST_SIDE = 4, 64, 8

# A network of more parameters is never proposed unasked.
_MOST_PARAMS = 1_000_000


def search_space(image_shape, n_samples, max_params=None, *, n_classes=10):
    """Choose the parameters to search for images of your own.

    It suits photographs, drawings and gray images, from 8x8 to 224x224 pixels, and from
    some 200 to 50,000 of them. Every draw is a network that can be built and keeps to
    `max_params`.

    Parameters
    ----------
    image_shape : tuple of int
        (height, width) or (height, width, channels) of the images, such as
        ``X.shape[1:]``.
    n_samples : int
        Number of images to search with, such as ``len(X)``. With few, batches are small
        and epochs many.
    max_params : int, default=None
        Largest number of parameters that a network may have, those that are not trained
        included. None for 1,000,000.
    n_classes : int, default=10
        Number of classes.

    Returns
    -------
    dict of str to list or distribution
        A `param_distributions` for :class:`~sklearn.model_selection.RandomizedSearchCV`
        and for :func:`skcnn.feasible_sample`. It is yours to change.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed, or if `max_params` is too small for any network.

    Warns
    -----
    UserWarning
        If `image_shape` seems to have its channels first.

    See Also
    --------
    skcnn.feasible_sample : Draws candidates from a space.
    skcnn.plan_search : What a search will do and cost.

    Notes
    -----
    The first block is one convolution, each other one or two. Blocks pool until maps
    have at most 4 pixels a side, and the last one may do without. Sides of more than 64
    pixels are pooled by 4. There is batch normalization, and no dense layer but the
    output. Adam trains all networks, with a rate that rises and falls once.

    ``epochs`` has one value. Successive halving takes epochs as its resource, so it
    must have them alone: see the example.

    Examples
    --------
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.presets import search_space
    >>> space = search_space(image_shape=(32, 32, 3), n_samples=300)
    >>> space["batch_size"], space["epochs"]
    ([16, 32], [72])
    >>> classifier = ConvPoolClassifier(random_state=0)
    >>> search = RandomizedSearchCV(classifier, space, n_iter=30, random_state=0)

    Successive halving takes a third of the time:

    >>> from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    >>> from sklearn.model_selection import HalvingRandomSearchCV
    >>> [epochs] = space.pop("epochs")
    >>> search = HalvingRandomSearchCV(
    ...     classifier,
    ...     space,
    ...     n_candidates=30,
    ...     resource="epochs",
    ...     min_resources=epochs // 9,
    ...     max_resources=epochs,
    ...     random_state=0,
    ... )
    """
    image_shape = _checked_shape(image_shape)
    n_samples = check_integer("n_samples", n_samples, 2)
    n_classes = check_integer("n_classes", n_classes, 2)
    check_max_params(max_params)
    return {
        **_designs(image_shape, n_samples, max_params, n_classes),
        "dense_layers": [()],
        "batch_norm": [True],
        "dropout": list(_by_number(_DROPOUT, n_samples)),
        "augmentation": [None, "shift", "flip+shift"],
        "batch_size": _batch_sizes(n_samples),
        "epochs": [_by_number(_EPOCHS, n_samples)],
        "optimizer": ["adam"],
        "optimizer__learning_rate": loguniform(1e-3, 1e-2),
        "learning_rate_schedule": ["one_cycle"],
    }


def _checked_shape(image_shape):
    check_order(image_shape)
    shape = check_image_shape(image_shape)
    if max(shape[:2]) < _SMALLEST_SIDE:
        raise ValueError(
            f"image_shape must have a side of at least {_SMALLEST_SIDE} pixels; got "
            f"{image_shape!r}. For smaller images take a dense network: "
            "ConvPoolClassifier(conv_layers=())."
        )
    return shape


def _by_number(table, n_samples):
    """The value of a table by the number of images up to which it holds."""
    return next(value for most, value in table.items() if n_samples <= most)


def _batch_sizes(n_samples):
    """Two sizes, about the root of the number of images: 16 and 32 for 300."""
    size = 8
    while size < 64 and size < 0.6 * sqrt(n_samples):
        size *= 2
    return [size, 2 * size]


# --------------------------------------------------------------------------------------
# Designs


def _designs(image_shape, n_samples, max_params, n_classes):
    """Stacks of blocks, and heads, of which every pair keeps to the limit."""
    limit = _MOST_PARAMS if max_params is None else max_params
    pools = _pools(image_shape[:2])
    widest = _by_number(_WIDEST, n_samples)
    # The head that needs more parameters comes first.
    for heads in (["flatten", "global_avg"], ["global_avg"]):
        stacks, sizes = [], []
        for n_convs, pools_last in product((1, 2), (True, False)):
            fitting = []
            for width in _WIDTHS:
                stack = _stack(width, pools, n_convs, pools_last)
                sizes.append(_size(stack, heads[0], image_shape, n_classes))
                if width <= widest and sizes[-1] <= limit:
                    fitting.append(stack)
            stacks += fitting[-_N_WIDTHS:]
        if stacks:
            return {"conv_layers": stacks, "head": heads}
    raise ValueError(
        f"max_params={max_params} is too few: the smallest network for images of shape "
        f"{image_shape} and {n_classes} classes has {min(sizes):,} parameters. Give "
        f"max_params={min(sizes)} or more, or smaller images."
    )


def _size(stack, head, image_shape, n_classes):
    """The number of parameters of a network."""
    architecture = Architecture.from_parameters(
        image_shape,
        n_classes,
        conv_layers=stack,
        dense_layers=(),
        batch_norm=True,
        head=head,
    )
    return architecture.n_params


def _stack(width, pools, n_convs, pools_last):
    """Blocks that pool by `pools`; the last one perhaps does not."""
    stack = []
    for place, pool in enumerate(pools):
        is_first, is_last = place == 0, place == len(pools) - 1
        if is_last and not pools_last:
            pool = None
        # On maps as large as the images, a second convolution would cost too much.
        n = 1 if is_first else n_convs
        stack.append((min(width * 2**place, _MOST_FILTERS), 3, pool, None, n))
    return stack


def _pools(sides):
    """The pooling window of each block, until the maps are small; at least two."""
    pools = []
    while max(sides) > _LAST_SIDE or len(pools) < 2:
        window = tuple(_window(side) for side in sides)
        sides = [side // by for side, by in zip(sides, window, strict=True)]
        pools.append(window[0] if window[0] == window[1] else window)
    return pools


def _window(side):
    """How many pixels of a side are pooled into one."""
    if side > _LARGE_SIDE:
        return 4
    return 2 if side >= _LAST_SIDE else 1
