"""About how much work a network is, by arithmetic on its plan."""

from math import ceil, prod


def operations(layers):
    """About how many multiplications an image costs, in units that compare networks.

    Parameters
    ----------
    layers : sequence of skcnn._plan.Layer

    Returns
    -------
    float
        At least 1.
    """
    channels = {layer.name: layer.output_shape[-1] for layer in layers}
    # The few channels of images have a faster way of their own.
    channels |= {"images": 16, "rescaling": 16}
    work = 1
    for layer in layers:
        *places, filters = layer.output_shape
        fills = [_fill(filters), *(_fill(channels[name]) for name in layer.inputs)]
        work += layer.n_trainable * prod(places) * prod(fills)
    return work


def _fill(n_channels):
    """TensorFlow's convolutions work on 16 channels at a time: 4 cost what 16 do."""
    return ceil(n_channels / 16) * 16 / n_channels
