"""Hyper-parameters -> a validated, immutable description of a network.

Keras is not imported, here and in what this rests on, so designs are compared, counted
and refused without building any network.
"""

import json
from dataclasses import dataclass, fields
from functools import cached_property

from skcnn._blocks import resolve_blocks
from skcnn._checks import A_NUMBER, check_image_shape, check_integer, is_ordinary
from skcnn._options import (
    BLOCK_OPTIONS,
    DEFAULTS,
    NETWORK_OPTIONS,
    check_options,
    without_later_defaults,
)
from skcnn._plan import plan_layers

# The parameters of ConvPoolClassifier that describe the network.
ARCHITECTURE_PARAMETERS = tuple(DEFAULTS)


@dataclass(frozen=True)
class Architecture:
    """A network design with every default filled in: comparable and hashable.

    Use :meth:`from_parameters` to make one from the parameters of
    :class:`~skcnn.ConvPoolClassifier`.

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
    >>> blocks = [(4, 5, 2, 2), (8, 3, 2, 2)]
    >>> design = Architecture.from_parameters((32, 32, 3), 10, conv_layers=blocks)
    >>> design.n_params
    27748
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
    def from_parameters(cls, image_shape, n_classes, *, scale=1.0, **parameters):
        """Fill in the defaults and check every value.

        Parameters
        ----------
        image_shape : tuple of int
            (height, width, channels), or (height, width) for one channel.
        n_classes : int
            Number of outputs.
        scale : float, default=1.0
            What pixels are multiplied by before anything else.
        **parameters : dict
            Any of `ARCHITECTURE_PARAMETERS`, as in
            :class:`~skcnn.ConvPoolClassifier`.

        Returns
        -------
        Architecture

        Raises
        ------
        TypeError, ValueError
            If a value is not allowed; the message names the parameter or the block
            (counted from 1).
        InfeasibleArchitecture
            A ValueError, if there is no such network: for one, if a window does not
            fit the map it meets.
        """
        unknown = sorted(parameters.keys() - DEFAULTS.keys())
        if unknown:
            raise TypeError(
                f"parameters must be among {list(DEFAULTS)}; got {unknown}."
            )
        parameters = DEFAULTS | parameters
        of_blocks = check_options(BLOCK_OPTIONS, parameters)
        return cls(
            image_shape=check_image_shape(image_shape),
            n_classes=check_integer("n_classes", n_classes, 2),
            blocks=resolve_blocks(parameters["conv_layers"], of_blocks),
            activation=of_blocks["activation"],
            **check_options(NETWORK_OPTIONS, parameters),
            scale=float(scale),
        )

    def __post_init__(self):
        self.layers  # noqa: B018 - planning is the check: what exists can be built

    @cached_property
    def layers(self):
        """The layers in the order data flows, as a tuple of Layer."""
        return plan_layers(self)

    def __getstate__(self):
        # The plan is made anew, so a pickle stays small and outlives a change of Layer.
        return self._fields()

    def _fields(self):
        return {field.name: getattr(self, field.name) for field in fields(self)}

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

    @property
    def n_trainable(self):
        """Number of trainable parameters."""
        return sum(layer.n_trainable for layer in self.layers)

    @property
    def n_non_trainable(self):
        """Number of parameters without gradient: statistics of batch normalization."""
        return sum(layer.n_non_trainable for layer in self.layers)

    @property
    def n_params(self):
        """Total number of parameters."""
        return self.n_trainable + self.n_non_trainable

    def to_json(self):
        """The design as a JSON string with sorted keys: equal designs, equal strings.

        Stored training is found by this string, so a design must keep its own from
        version to version.

        Returns
        -------
        str
        """
        stored = without_later_defaults(self._fields())
        stored["blocks"] = [
            without_later_defaults(block._asdict()) for block in self.blocks
        ]
        return json.dumps(stored, sort_keys=True)

    def __str__(self):
        rows = [("layer", "output shape", "parameters")]
        for layer in self.layers:
            shape = " x ".join(map(str, layer.output_shape))
            rows.append((layer.name, shape, f"{layer.n_params:,}"))
        rows.append(("total", "", f"{self.n_params:,}"))
        width = max(26, *(len(name) for name, _, _ in rows))
        lines = []
        for name, shape, count in rows:
            lines.append(f"{name:<{width}}  {shape:<18}{count:>12}")
        return "\n".join(lines)


def _structure(value):
    return A_NUMBER if is_ordinary(value) else value
