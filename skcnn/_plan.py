"""A design -> the layers of its network, in the order data flows.

Everything here is arithmetic on shapes. An impossible network is refused in
microseconds, and a grid of networks can be counted without building any of them.
"""

from dataclasses import dataclass, field
from math import prod

from skcnn._windows import parallel_windows, window_sides

# To compile so many takes an hour.
MOST_LAYERS = 5000


class InfeasibleArchitecture(ValueError):
    """Every value is allowed by itself, but there is no network of all of them."""


@dataclass(frozen=True)
class Layer:
    """One layer of the plan.

    Attributes
    ----------
    name : str
        Unique name, for example ``"block1_conv2"``. It is part of the seed of the
        layer's weights.
    kind : str
        What the layer does; :mod:`skcnn._network` has one Keras layer for each kind.
    inputs : tuple of str
        Names of the layers it reads.
    output_shape : tuple of int
        Shape of its output for one image.
    settings : dict
        Arguments of the kind.
    n_trainable, n_non_trainable : int
        Numbers of parameters.
    """

    name: str
    kind: str
    inputs: tuple
    output_shape: tuple
    settings: dict = field(default_factory=dict)
    n_trainable: int = 0
    n_non_trainable: int = 0

    @property
    def n_params(self):
        return self.n_trainable + self.n_non_trainable


def plan_layers(design):
    """The layers of a network.

    Parameters
    ----------
    design : skcnn._architecture.Architecture

    Returns
    -------
    tuple of Layer

    Raises
    ------
    InfeasibleArchitecture
        If there is no such network.
    """
    plan = _Plan(design)
    images = _add_images(plan)
    maps = _add_branches(plan, images)
    vector = _add_head(plan, maps)
    for number, units in enumerate(design.dense_layers, start=1):
        vector = _add_hidden(plan, f"dense{number}", vector, units)
    _add_dense(plan, "output", vector, design.n_classes, "softmax", max_norm=0.0)
    return tuple(plan.layers)


class _Plan:
    """The layers so far of a design."""

    def __init__(self, design):
        self.design = design
        self.layers = []

    def add(self, name, kind, inputs, output_shape, **details):
        """Append a layer that reads the layers `inputs`, and return it."""
        if len(self.layers) >= MOST_LAYERS:
            raise InfeasibleArchitecture(
                "conv_layers, convs_per_block, n_branches and dense_layers ask for "
                f"more than {MOST_LAYERS} layers. Nobody could wait for such a network."
            )
        names = tuple(layer.name for layer in inputs)
        layer = Layer(name, kind, names, tuple(output_shape), **details)
        self.layers.append(layer)
        return layer

    def sides(self, window):
        """(height, width) of a window, of which only a square adapts to the images."""
        height, width = window_sides(window)
        if height != width:
            return height, width
        # Along an axis of size 1 every square is 1, or nothing would fit a signal.
        return tuple(
            1 if length == 1 else height for length in self.design.image_shape[:2]
        )


# --------------------------------------------------------------------------------------
# From images to maps


def _add_images(plan):
    """The input, and what scales it."""
    shape, scale = plan.design.image_shape, plan.design.scale
    images = plan.add("images", "input", [], shape)
    if scale == 1:
        return images
    settings = {"scale": scale}
    return plan.add("rescaling", "rescaling", [images], shape, settings=settings)


def _add_branches(plan, images):
    """Copies of the stack of blocks, each of which reads the images."""
    design = plan.design
    _check_blocks(design)
    if not design.blocks:
        return images
    if design.n_branches == 1:
        return _add_blocks(plan, "", images)
    branches = []
    for branch in range(1, design.n_branches + 1):
        branches.append(_add_blocks(plan, f"branch{branch}_", images))
    return _add_concat(plan, "branches", branches)


def _check_blocks(design):
    if not design.blocks and design.n_branches > 1:
        raise InfeasibleArchitecture(
            f"n_branches={design.n_branches} needs at least one block in conv_layers; "
            "got none."
        )
    height, width, channels = design.image_shape
    if design.blocks and height == width == 1:
        raise InfeasibleArchitecture(
            "conv_layers need images of at least 2 pixels; got "
            f"image_shape={design.image_shape}, that is n_features = {channels}. "
            "Use conv_layers=() for a dense network."
        )


def _add_blocks(plan, prefix, maps):
    for number, block in enumerate(plan.design.blocks, start=1):
        maps = _add_block(plan, f"{prefix}block{number}", maps, number, block)
    return maps


def _add_block(plan, name, maps, number, block):
    """Convolutions, pooling and dropout; `number` is the block's, for messages."""
    for conv in range(1, block.n_convs + 1):
        maps = _add_convolutions(plan, f"{name}_conv{conv}", maps, number, block)
    if block.pool_size is not None:
        maps = _add_pooling(plan, f"{name}_pool", maps, number, block)
    return _add_dropout(plan, f"{name}_dropout", maps, block.dropout)


def _add_convolutions(plan, name, maps, number, block):
    """One convolution, or several of different sizes side by side."""
    kernels = parallel_windows(block.kernel_size)
    if len(kernels) == 1:
        return _add_convolution(plan, name, maps, number, block, kernels[0])
    parallel = []
    for index, kernel in enumerate(kernels, start=1):
        # The name has the size as it was given, not as it adapts to the images.
        full_name = f"{name}_{index}_{_by(kernel)}"
        layer = _add_convolution(plan, full_name, maps, number, block, kernel)
        parallel.append(layer)
    sizes = {layer.output_shape[:2] for layer in parallel}
    if len(sizes) > 1:
        names = " and ".join(map(_by, kernels))
        raise InfeasibleArchitecture(
            f"conv_layers, block {number}: kernels of {names} side by side give maps "
            "of different sizes with padding='valid'; use padding='same'."
        )
    return _add_concat(plan, f"{name}_concat", parallel)


def _add_convolution(plan, name, maps, number, block, kernel):
    kernel = plan.sides(kernel)
    height, width, channels = maps.output_shape
    if block.padding == "valid":
        _check_fit(plan, number, "kernel", kernel, (height, width))
        height -= kernel[0] - 1
        width -= kernel[1] - 1
    settings = {
        "filters": block.filters,
        "kernel_size": kernel,
        "padding": block.padding,
        "activation": block.activation,
        "max_norm": block.max_norm,
        "l2": plan.design.kernel_regularizer,
    }
    layer = plan.add(
        name,
        "conv",
        [maps],
        (height, width, block.filters),
        settings=settings,
        n_trainable=(prod(kernel) * channels + 1) * block.filters,
    )
    if block.batch_norm:
        layer = _add_batch_norm(plan, f"{name}_norm", layer)
    return layer


def _add_batch_norm(plan, name, maps):
    filters = maps.output_shape[-1]
    return plan.add(
        name,
        "batch_norm",
        [maps],
        maps.output_shape,
        n_trainable=2 * filters,  # scale and offset
        n_non_trainable=2 * filters,  # moving mean and variance
    )


def _add_pooling(plan, name, maps, number, block):
    height, width, channels = maps.output_shape
    window = plan.sides(block.pool_size)
    stride = plan.sides(block.pool_stride)
    _check_fit(plan, number, "pooling window", window, (height, width))
    height = (height - window[0]) // stride[0] + 1
    width = (width - window[1]) // stride[1] + 1
    return plan.add(
        name,
        f"{block.pooling}_pool",
        [maps],
        (height, width, channels),
        settings={"pool_size": window, "strides": stride},
    )


def _check_fit(plan, number, what, window, map_size):
    if window[0] > map_size[0] or window[1] > map_size[1]:
        raise InfeasibleArchitecture(
            f"conv_layers, block {number}: the {_by(window)} {what} does not fit the "
            f"{_by(map_size)} map it meets (image_shape={plan.design.image_shape})."
        )


def _by(sides):
    """A size in words: 3x5."""
    return "x".join(map(str, sides))


def _add_concat(plan, name, layers):
    height, width, _ = layers[0].output_shape
    channels = sum(layer.output_shape[-1] for layer in layers)
    return plan.add(name, "concat", layers, (height, width, channels))


# --------------------------------------------------------------------------------------
# From maps to probabilities


def _add_head(plan, maps):
    head = plan.design.head
    length = maps.output_shape[-1]  # one value for each map
    if head == "flatten":
        length = prod(maps.output_shape)
    return plan.add(head, head, [maps], (length,))


def _add_hidden(plan, name, vector, units):
    design = plan.design
    vector = _add_dense(
        plan, name, vector, units, design.activation, design.dense_max_norm
    )
    return _add_dropout(plan, f"{name}_dropout", vector, design.dense_dropout)


def _add_dense(plan, name, vector, units, activation, max_norm):
    [length] = vector.output_shape
    settings = {
        "units": units,
        "activation": activation,
        "max_norm": max_norm,
        "l2": plan.design.kernel_regularizer,
    }
    n_trainable = (length + 1) * units
    return plan.add(
        name, "dense", [vector], (units,), settings=settings, n_trainable=n_trainable
    )


def _add_dropout(plan, name, layer, rate):
    if rate == 0:
        return layer
    shape, settings = layer.output_shape, {"rate": rate}
    return plan.add(name, "dropout", [layer], shape, settings=settings)
