"""Hyper-parameters -> a validated, immutable plan of a network's layers.

Everything here is arithmetic on shapes. Keras is not imported, so an impossible network is refused in
microseconds, and a grid of networks can be counted and compared without building any of them.
"""

import inspect
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import prod

from skcnn._blocks import (
    ACTIVATIONS,
    PADDINGS,
    POOLINGS,
    ConvBlock,
    check_kernels,
    check_window,
    parallel_windows,
    resolve_blocks,
    window_sides,
)
from skcnn._checks import (
    A_NUMBER,
    check_boolean,
    check_choice,
    check_integer,
    check_norm,
    check_rate,
    check_sequence,
    is_ordinary,
)

HEADS = ("flatten", "global_avg", "global_max")


class InfeasibleArchitecture(ValueError):
    """Every value is allowed by itself, but there is no network of all of them."""


@dataclass(frozen=True)
class Layer:
    """One layer of the plan.

    Attributes
    ----------
    name : str
        Unique name, for example ``"block1_conv2"``.
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


@dataclass(frozen=True)
class Architecture:
    """A network design with every default filled in: comparable, hashable, and as JSON.

    Use :meth:`from_parameters` to make one from the parameters of :class:`~skcnn.ConvPoolClassifier`.

    Attributes
    ----------
    image_shape : tuple of int
        (height, width, channels) of an image.
    n_classes : int
        Number of outputs.
    blocks : tuple of ConvBlock
        The convolution-pooling blocks, no field inherited any more.
    dense_layers : tuple of int
        Units of the dense layers before the output.
    activation : str
        Activation of the dense layers.
    dense_dropout : float
        Dropout rate after each dense layer; 0 for none.
    dense_max_norm : float
        Largest norm of the weights of a dense unit; 0 for no limit.
    n_branches : int
        Parallel copies of the stack of blocks.
    head : {"flatten", "global_avg", "global_max"}
        How maps become a vector.
    kernel_regularizer : float
        Factor of the L2 penalty on the kernels of all layers; 0 for none.
    scale : float
        What pixels are multiplied by before anything else.

    Examples
    --------
    >>> from skcnn._architecture import Architecture
    >>> design = Architecture.from_parameters((32, 32, 3), 10, conv_layers=[(4, 5, 2, 2), (8, 3, 2, 2)])
    >>> design.n_params
    27748
    >>> Architecture.from_json(design.to_json()) == design
    True
    """

    image_shape: tuple
    n_classes: int
    blocks: tuple
    dense_layers: tuple
    activation: str
    dense_dropout: float
    dense_max_norm: float
    n_branches: int
    head: str
    kernel_regularizer: float = 0.0
    scale: float = 1.0

    @classmethod
    def from_parameters(
        cls,
        image_shape,
        n_classes,
        *,
        conv_layers=((32, 5, 2, 2), (64, 3, 2, 2)),
        dense_layers=(50,),
        dropout=0.25,
        dense_dropout=0.0,
        convs_per_block=2,
        n_branches=1,
        pooling="max",
        padding="same",
        activation="relu",
        batch_norm=False,
        max_norm=None,
        dense_max_norm=None,
        kernel_regularizer=None,
        head="flatten",
        scale=1.0,
    ):
        """Fill in the defaults and check every value.

        Parameters
        ----------
        image_shape : tuple of int
            (height, width, channels), or (height, width) for one channel.
        n_classes : int
            Number of outputs.
        **parameters
            As in :class:`~skcnn.ConvPoolClassifier`.

        Returns
        -------
        Architecture

        Raises
        ------
        TypeError, ValueError
            If a value is not allowed; the message names the parameter or the block (counted from 1).
        InfeasibleArchitecture
            A ValueError, if there is no such network: for one, if a window does not fit the map it meets.
        """
        defaults = ConvBlock(
            filters=1,  # always given by the block
            n_convs=check_integer("convs_per_block", convs_per_block, 1),
            padding=check_choice("padding", padding, PADDINGS),
            pooling=check_choice("pooling", pooling, POOLINGS),
            activation=check_choice("activation", activation, ACTIVATIONS),
            batch_norm=check_boolean("batch_norm", batch_norm),
            dropout=check_rate("dropout", dropout),
            max_norm=check_norm("max_norm", max_norm),
        )
        return cls(
            image_shape=check_image_shape(image_shape),
            n_classes=check_integer("n_classes", n_classes, 2),
            blocks=resolve_blocks(conv_layers, defaults),
            dense_layers=tuple(
                check_integer(f"dense_layers, layer {number}", units, 1)
                for number, units in enumerate(
                    check_sequence("dense_layers", dense_layers), start=1
                )
            ),
            activation=defaults.activation,
            dense_dropout=check_rate("dense_dropout", dense_dropout),
            dense_max_norm=check_norm("dense_max_norm", dense_max_norm),
            n_branches=check_integer("n_branches", n_branches, 1),
            head=check_choice("head", head, HEADS),
            kernel_regularizer=check_norm(
                "kernel_regularizer", kernel_regularizer, "penalty"
            ),
            scale=float(scale),
        )

    def __post_init__(self):
        self.layers  # noqa: B018 - planning is the check: a design that exists can be built

    @cached_property
    def layers(self):
        """The layers in the order data flows, as a tuple of :class:`Layer`."""
        return _plan_layers(self)

    @cached_property
    def structure(self):
        """What decides which graphs a network has: all but :attr:`numbers`.

        Equal for designs with equal layers that differ only in dropout rates, limits of
        norms and penalties.
        """
        blocks = []
        for block in self.blocks:
            dropout, max_norm = _structure(block.dropout), _structure(block.max_norm)
            blocks.append(block._replace(dropout=dropout, max_norm=max_norm))
        fields = self.__getstate__() | {"blocks": tuple(blocks)}
        for name in ("dense_dropout", "dense_max_norm", "kernel_regularizer"):
            fields[name] = _structure(fields[name])
        return tuple(fields.values())

    @cached_property
    def numbers(self):
        """The numbers of each layer that are no part of the structure.

        A dict from the layer's name and the name of its setting, which is "rate",
        "max_norm" or "l2".
        """
        numbers = {}
        for layer in self.layers:
            for name in ("rate", "max_norm", "l2"):
                value = layer.settings.get(name)
                if is_ordinary(value):
                    numbers[layer.name, name] = value
        return numbers

    def __getstate__(self):
        # Fields only: the plan is made anew, so a pickle stays small and outlives a change of Layer.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def n_trainable(self):
        """Number of trainable parameters."""
        return sum(layer.n_trainable for layer in self.layers)

    @property
    def n_non_trainable(self):
        """Number of parameters that training does not change by gradient (batch normalization's statistics)."""
        return sum(layer.n_non_trainable for layer in self.layers)

    @property
    def n_params(self):
        """Total number of parameters."""
        return self.n_trainable + self.n_non_trainable

    def to_json(self):
        """The design as a JSON string with sorted keys: equal designs give equal strings."""
        fields = asdict(self) | {"blocks": [block._asdict() for block in self.blocks]}
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, text):
        """The design that :meth:`to_json` wrote.

        Parameters
        ----------
        text : str

        Returns
        -------
        Architecture
        """
        fields = json.loads(text)
        fields["blocks"] = tuple(map(_block_from_json, fields["blocks"]))
        return cls(**{name: _tuple_if_list(value) for name, value in fields.items()})

    def __str__(self):
        rows = [("layer", "output shape", "parameters")]
        rows += [
            (
                layer.name,
                " x ".join(map(str, layer.output_shape)),
                f"{layer.n_params:,}",
            )
            for layer in self.layers
        ]
        rows.append(("total", "", f"{self.n_params:,}"))
        width = max(26, *(len(name) for name, _, _ in rows))
        return "\n".join(
            f"{name:<{width}}  {shape:<18}{count:>12}" for name, shape, count in rows
        )


def check_image_shape(image_shape):
    """`image_shape` as (height, width, channels), all positive integers.

    Parameters
    ----------
    image_shape : sequence of two or three int

    Returns
    -------
    tuple of three int

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    shape = check_sequence("image_shape", image_shape)
    if len(shape) not in (2, 3):
        raise ValueError(
            f"image_shape must be (height, width) or (height, width, channels); got {image_shape!r}."
        )
    return (*(check_integer("image_shape", size, 1) for size in shape), 1)[:3]


def _structure(value):
    return A_NUMBER if is_ordinary(value) else value


def _tuple_if_list(value):
    return tuple(value) if isinstance(value, list) else value


def _block_from_json(fields):
    """A resolved block again; JSON knows lists alone, where blocks have tuples."""
    windows = {"kernel_size": check_kernels("kernel_size", fields["kernel_size"])}
    if fields["pool_size"] is not None:
        for name in ("pool_size", "pool_stride"):
            windows[name] = check_window(name, fields[name])
    return ConvBlock(**fields | windows)


# ---------------------------------------------------------------------------------------------------------------
# The plan


class _Plan:
    """Collects layers; knows the image's shape, because an axis of size 1 makes every window 1 along it."""

    def __init__(self, image_shape, l2):
        self.image_shape = image_shape
        self.l2 = l2
        self.layers = [Layer("images", "input", (), image_shape)]

    def add(self, name, kind, inputs, output_shape, **details):
        """Append a layer that reads `inputs` (one Layer or several) and return it."""
        names = (
            tuple(layer.name for layer in inputs)
            if isinstance(inputs, list)
            else (inputs.name,)
        )
        layer = Layer(name, kind, names, tuple(output_shape), **details)
        self.layers.append(layer)
        return layer

    def sides(self, window):
        """(height, width) of a window, of which only a square adapts to the images."""
        height, width = window_sides(window)
        if height != width:
            return height, width
        return tuple(1 if length == 1 else height for length in self.image_shape[:2])


def _plan_layers(design):
    plan = _Plan(design.image_shape, design.kernel_regularizer)
    maps = plan.layers[0]
    if design.scale != 1:
        maps = plan.add(
            "rescaling",
            "rescaling",
            maps,
            maps.output_shape,
            settings={"scale": design.scale},
        )
    if design.blocks:
        if prod(design.image_shape[:2]) == 1:
            channels = design.image_shape[2]
            raise InfeasibleArchitecture(
                f"conv_layers need images of at least 2 pixels; got image_shape={design.image_shape}, "
                f"that is n_features = {channels}. Use conv_layers=() for a dense network."
            )
        maps = _add_branches(plan, maps, design)
    elif design.n_branches > 1:
        raise InfeasibleArchitecture(
            f"n_branches={design.n_branches} needs at least one block in conv_layers; got none."
        )
    vector = plan.add(
        design.head, design.head, maps, _head_shape(design.head, maps.output_shape)
    )
    for number, units in enumerate(design.dense_layers, start=1):
        vector = _add_dense(
            plan,
            f"dense{number}",
            vector,
            units,
            design.activation,
            design.dense_max_norm,
        )
        vector = _add_dropout(
            plan, f"dense{number}_dropout", vector, design.dense_dropout
        )
    _add_dense(plan, "output", vector, design.n_classes, "softmax", 0.0)
    return tuple(plan.layers)


def _add_branches(plan, images, design):
    branches = []
    for branch in range(1, design.n_branches + 1):
        maps = images
        for number, block in enumerate(design.blocks, start=1):
            name = (
                f"block{number}"
                if design.n_branches == 1
                else f"branch{branch}_block{number}"
            )
            maps = _add_block(plan, name, maps, number, block)
        branches.append(maps)
    return (
        branches[0] if len(branches) == 1 else _add_concat(plan, "branches", branches)
    )


def _add_block(plan, name, maps, number, block):
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
    parallel = [
        # The name is part of the seed, and has the size as it was given.
        _add_convolution(
            plan, f"{name}_{index}_{_by(kernel)}", maps, number, block, kernel
        )
        for index, kernel in enumerate(kernels, start=1)
    ]
    if len({layer.output_shape[:2] for layer in parallel}) > 1:
        raise InfeasibleArchitecture(
            f"conv_layers, block {number}: kernels of {' and '.join(map(_by, kernels))} "
            "side by side give maps of different sizes with padding='valid'; "
            "use padding='same'."
        )
    return _add_concat(plan, f"{name}_concat", parallel)


def _by(sides):
    """A size in words: 3x5."""
    return "x".join(map(str, sides))


def _add_convolution(plan, name, maps, number, block, kernel):
    *map_size, channels = maps.output_shape
    kernel = plan.sides(kernel)
    if block.padding == "valid":
        _check_fit(plan, number, "kernel", kernel, map_size)
        map_size = [
            length - side + 1 for length, side in zip(map_size, kernel, strict=True)
        ]
    layer = plan.add(
        name,
        "conv",
        maps,
        (*map_size, block.filters),
        settings={
            "filters": block.filters,
            "kernel_size": kernel,
            "padding": block.padding,
            "activation": block.activation,
            "max_norm": block.max_norm,
            "l2": plan.l2,
        },
        n_trainable=(prod(kernel) * channels + 1) * block.filters,
    )
    if not block.batch_norm:
        return layer
    return plan.add(
        f"{name}_norm",
        "batch_norm",
        layer,
        layer.output_shape,
        n_trainable=2 * block.filters,  # scale and offset
        n_non_trainable=2 * block.filters,  # moving mean and variance
    )


def _add_pooling(plan, name, maps, number, block):
    *map_size, channels = maps.output_shape
    window, stride = plan.sides(block.pool_size), plan.sides(block.pool_stride)
    _check_fit(plan, number, "pooling window", window, map_size)
    pooled = [
        (length - side) // step + 1
        for length, side, step in zip(map_size, window, stride, strict=True)
    ]
    return plan.add(
        name,
        f"{block.pooling}_pool",
        maps,
        (*pooled, channels),
        settings={"pool_size": window, "strides": stride},
    )


def _check_fit(plan, number, what, window, map_size):
    if any(side > length for side, length in zip(window, map_size, strict=True)):
        raise InfeasibleArchitecture(
            f"conv_layers, block {number}: the {_by(window)} {what} does not fit the "
            f"{_by(map_size)} map it meets (image_shape={plan.image_shape})."
        )


def _add_concat(plan, name, layers):
    *map_size, _ = layers[0].output_shape
    channels = sum(layer.output_shape[-1] for layer in layers)
    return plan.add(name, "concat", layers, (*map_size, channels))


def _add_dropout(plan, name, layer, rate):
    return (
        plan.add(name, "dropout", layer, layer.output_shape, settings={"rate": rate})
        if rate
        else layer
    )


def _add_dense(plan, name, vector, units, activation, max_norm):
    return plan.add(
        name,
        "dense",
        vector,
        (units,),
        settings={
            "units": units,
            "activation": activation,
            "max_norm": max_norm,
            "l2": plan.l2,
        },
        n_trainable=(vector.output_shape[0] + 1) * units,
    )


def _head_shape(head, map_shape):
    return (prod(map_shape),) if head == "flatten" else (map_shape[-1],)


# The parameters that the architecture checks itself: the classifier's, by the name Architecture gives them.
ARCHITECTURE_PARAMETERS = tuple(
    name
    for name, parameter in inspect.signature(
        Architecture.from_parameters
    ).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY and name != "scale"
)
