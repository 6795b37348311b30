"""Hyper-parameters -> a validated, immutable plan of a network's layers.

Everything here is arithmetic on shapes. Keras is not imported, so an impossible network is refused in
microseconds, and a grid of networks can be counted and compared without building any of them.
"""

import inspect
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import isfinite, prod
from numbers import Integral, Real
from typing import NamedTuple

# fmt: off
ACTIVATIONS = frozenset({
    "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu", "relu6", "selu", "sigmoid",
    "silu", "softplus", "softsign", "swish", "tanh",
})
# fmt: on
PADDINGS = ("same", "valid")
POOLINGS = ("max", "avg")
HEADS = ("flatten", "global_avg", "global_max")


class InfeasibleArchitecture(ValueError):
    """Every value is allowed by itself, but there is no network of all of them."""


class ConvBlock(NamedTuple):
    """One convolution-pooling block: convolutions, then pooling, then dropout.

    A plain tuple in this order, or a dict of these fields, means the same wherever a block is expected, so
    ``(32, 5, 2, 2)`` is 32 filters of 5x5, pooled by 2x2 windows with stride 2. ``None`` takes the value that
    :class:`~skcnn.ConvPoolClassifier` was given.

    Parameters
    ----------
    filters : int
        Number of filters of each convolution.
    kernel_size : int or tuple of int, default=3
        Side of the square kernels in pixels. A tuple such as ``(1, 3, 5)`` puts convolutions of these sizes side
        by side, each with `filters` filters, and concatenates them [1]_.
    pool_size : int or None, default=2
        Side of the square pooling window in pixels; None for no pooling.
    pool_stride : int, default=None
        Stride of the pooling window in pixels; None for `pool_size`.
    n_convs : int, default=None
        Number of convolutions before the pooling; None for the estimator's `convs_per_block`.
    padding : {"same", "valid"}, default=None
        Padding of the convolutions. Pooling is never padded.
    pooling : {"max", "avg"}, default=None
        What pooling takes of its window.
    activation : str, default=None
        Activation after each convolution.
    batch_norm : bool, default=None
        Whether to normalize after each activation.
    dropout : float in [0, 1), default=None
        Rate of the dropout that ends the block. None takes the estimator's value where the block pools, and no
        dropout where it does not; 0 means none.
    max_norm : float, default=None
        Largest norm of the weights of a filter; 0 means no limit.

    References
    ----------
    .. [1] Szegedy et al., "Going deeper with convolutions", CVPR 2015.

    Examples
    --------
    >>> from skcnn import ConvBlock
    >>> ConvBlock(32, 5, 2, 2) == (32, 5, 2, 2) + (None,) * 7
    True
    >>> ConvBlock(16, kernel_size=(1, 3, 5)).pool_size
    2
    >>> ConvBlock(16, 5, batch_norm=True)
    ConvBlock(filters=16, kernel_size=5, batch_norm=True)
    """

    filters: int
    kernel_size: int | tuple = 3
    pool_size: int | None = 2
    pool_stride: int | None = None
    n_convs: int | None = None
    padding: str | None = None
    pooling: str | None = None
    activation: str | None = None
    batch_norm: bool | None = None
    dropout: float | None = None
    max_norm: float | None = None

    def __repr__(self):
        """What differs from the defaults; grids of many blocks stay readable."""
        given = [
            f"{name}={value!r}"
            for name, value in self._asdict().items()
            if repr(value) != repr(self._field_defaults.get(name, "always shown"))
        ]
        return f"ConvBlock({', '.join(given)})"


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
            n_convs=_integer("convs_per_block", convs_per_block, 1),
            padding=_choice("padding", padding, PADDINGS),
            pooling=_choice("pooling", pooling, POOLINGS),
            activation=_choice("activation", activation, ACTIVATIONS),
            batch_norm=_boolean("batch_norm", batch_norm),
            dropout=_rate("dropout", dropout),
            max_norm=_norm("max_norm", max_norm),
        )
        return cls(
            image_shape=check_image_shape(image_shape),
            n_classes=_integer("n_classes", n_classes, 2),
            blocks=tuple(
                _resolve_block(number, block, defaults)
                for number, block in enumerate(
                    _sequence("conv_layers", conv_layers), start=1
                )
            ),
            dense_layers=tuple(
                _integer(f"dense_layers, layer {number}", units, 1)
                for number, units in enumerate(
                    _sequence("dense_layers", dense_layers), start=1
                )
            ),
            activation=defaults.activation,
            dense_dropout=_rate("dense_dropout", dense_dropout),
            dense_max_norm=_norm("dense_max_norm", dense_max_norm),
            n_branches=_integer("n_branches", n_branches, 1),
            head=_choice("head", head, HEADS),
            kernel_regularizer=_norm(
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
        for block in fields["blocks"]:
            block["kernel_size"] = _tuple_if_list(block["kernel_size"])
        fields["blocks"] = tuple(ConvBlock(**block) for block in fields["blocks"])
        return cls(**{name: _tuple_if_list(value) for name, value in fields.items()})

    def __str__(self):
        lines = [f"{'layer':<28}{'output shape':<18}{'parameters':>12}"]
        lines += [
            f"{layer.name:<28}{' x '.join(map(str, layer.output_shape)):<18}{layer.n_params:>12,}"
            for layer in self.layers
        ]
        return "\n".join([*lines, f"{'total':<46}{self.n_params:>12,}"])


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
    shape = _sequence("image_shape", image_shape)
    if len(shape) not in (2, 3):
        raise ValueError(
            f"image_shape must be (height, width) or (height, width, channels); got {image_shape!r}."
        )
    return (*(_integer("image_shape", size, 1) for size in shape), 1)[:3]


# ---------------------------------------------------------------------------------------------------------------
# One check for each kind of value. Each names the parameter, the value seen and the values allowed.


def _integer(name, value, minimum):
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(
            f"{name} must be an integer of at least {minimum}; got {value!r}."
        )
    if value < minimum:
        raise ValueError(
            f"{name} must be an integer of at least {minimum}; got {value!r}."
        )
    return int(value)


def _number(name, value, allowed):
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be {allowed}; got {value!r}.")
    return float(value)


def _rate(name, value):
    allowed = "a number from 0 up to, but not including, 1"
    if not 0 <= _number(name, value, allowed) < 1:
        raise ValueError(f"{name} must be {allowed}; got {value!r}.")
    return float(value) + 0.0  # -0.0 becomes 0.0: equal designs have equal JSON


def _norm(name, value, what="limit"):
    if value is None:
        return 0.0
    allowed = f"None or a finite number of at least 0 (0 for no {what})"
    if _number(name, value, allowed) < 0 or not isfinite(value):
        raise ValueError(f"{name} must be {allowed}; got {value!r}.")
    return float(value) + 0.0  # -0.0 becomes 0.0: equal designs have equal JSON


def _boolean(name, value):
    if not isinstance(value, bool) and type(value).__name__ not in (
        "bool",
        "bool_",
    ):  # numpy's bool, unimported
        raise TypeError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def _choice(name, value, allowed):
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {sorted(allowed)}; got {value!r}.")
    return str(value)


def _sequence(name, value):
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a list or tuple; got {value!r}.")
    return tuple(value)


def _tuple_if_list(value):
    return tuple(value) if isinstance(value, list) else value


# ---------------------------------------------------------------------------------------------------------------
# Blocks


def _resolve_block(number, block, defaults):
    """Turn any form of a block into a ConvBlock without None, but for `pool_size` and `pool_stride` without pooling."""
    where = f"conv_layers, block {number}"
    given = _as_block(where, block)
    filled = ConvBlock(
        *(
            default if value is None else value
            for value, default in zip(given, defaults, strict=True)
        )
    )
    pools = given.pool_size is not None
    pool_size = _integer(f"{where}: pool_size", given.pool_size, 1) if pools else None
    pool_stride = pool_size if given.pool_stride is None else given.pool_stride
    return ConvBlock(
        filters=_integer(f"{where}: filters", given.filters, 1),
        kernel_size=_kernel_size(f"{where}: kernel_size", given.kernel_size),
        pool_size=pool_size,
        pool_stride=_integer(f"{where}: pool_stride", pool_stride, 1)
        if pools
        else None,
        n_convs=_integer(f"{where}: n_convs", filled.n_convs, 1),
        padding=_choice(f"{where}: padding", filled.padding, PADDINGS),
        pooling=_choice(f"{where}: pooling", filled.pooling, POOLINGS),
        activation=_choice(f"{where}: activation", filled.activation, ACTIVATIONS),
        batch_norm=_boolean(f"{where}: batch_norm", filled.batch_norm),
        dropout=_rate(
            f"{where}: dropout",
            filled.dropout if pools or given.dropout is not None else 0.0,
        ),
        max_norm=_norm(f"{where}: max_norm", filled.max_norm),
    )


def _as_block(where, block):
    if isinstance(block, dict):
        unknown = set(block) - set(ConvBlock._fields)
        if unknown or "filters" not in block:
            raise ValueError(
                f"{where} must be a dict with 'filters' and any of {list(ConvBlock._fields[1:])}; got {block!r}."
            )
        return ConvBlock(**block)
    if isinstance(block, (str, bytes)) or not hasattr(block, "__iter__"):
        raise TypeError(
            f"{where} must be a ConvBlock, a tuple (filters, kernel_size, pool_size, pool_stride, ...) or a dict of "
            f"ConvBlock's fields; got {block!r}. A single block is written conv_layers=[(32, 5, 2, 2)]."
        )
    values = tuple(block)
    if not 1 <= len(values) <= len(ConvBlock._fields):
        raise ValueError(
            f"{where} must hold 1 to {len(ConvBlock._fields)} values, in the order {list(ConvBlock._fields)}; "
            f"got {block!r}."
        )
    return ConvBlock(*values)


def _kernel_size(name, value):
    if isinstance(value, Real):
        return _integer(name, value, 1)
    sizes = tuple(_integer(name, size, 1) for size in _sequence(name, value))
    if not sizes:
        raise ValueError(
            f"{name} must be an integer or a tuple of at least one; got {value!r}."
        )
    return sizes[0] if len(sizes) == 1 else sizes


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

    def window(self, size):
        """A square window of side `size`, as (height, width)."""
        return tuple(1 if length == 1 else size for length in self.image_shape[:2])


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
    if not isinstance(block.kernel_size, tuple):
        return _add_convolution(plan, name, maps, number, block, block.kernel_size)
    parallel = [
        _add_convolution(
            plan, f"{name}_{index}_{size}x{size}", maps, number, block, size
        )
        for index, size in enumerate(block.kernel_size, start=1)
    ]
    if len({layer.output_shape[:2] for layer in parallel}) > 1:
        raise InfeasibleArchitecture(
            f"conv_layers, block {number}: kernels {block.kernel_size} side by side give maps of different sizes "
            f"with padding='valid'; use padding='same'."
        )
    return _add_concat(plan, f"{name}_concat", parallel)


def _add_convolution(plan, name, maps, number, block, size):
    *map_size, channels = maps.output_shape
    kernel = plan.window(size)
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
    window, stride = plan.window(block.pool_size), plan.window(block.pool_stride)
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
            f"conv_layers, block {number}: the {window[0]}x{window[1]} {what} does not fit the "
            f"{map_size[0]}x{map_size[1]} map it meets (image_shape={plan.image_shape})."
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
