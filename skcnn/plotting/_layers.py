"""The layer that a display is asked for, by its place or its name."""

from numbers import Integral


def find_convolution(estimator, layer):
    """A convolution of a fitted classifier.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    layer : int or str
        Its place among the convolutions, or its name.

    Returns
    -------
    skcnn._plan.Layer

    Raises
    ------
    ValueError
        If there is no such convolution.
    """
    convolutions = _convolutions(estimator)
    if _is_place(layer, convolutions):
        return convolutions[layer]
    return _by_name(layer, convolutions, convolutions)


def find_maps(estimator, layer):
    """A layer of a fitted classifier whose output is maps.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    layer : int, str or None
        The place of a convolution among the convolutions, or the name of any layer with
        maps. None for the last one before pooling that reads all maps.

    Returns
    -------
    skcnn._plan.Layer

    Raises
    ------
    ValueError
        If there is no such layer.
    """
    convolutions = _convolutions(estimator)
    if layer is None:
        return _last_maps(estimator)
    if _is_place(layer, convolutions):
        return convolutions[layer]
    layers = [each for each in estimator.architecture_.layers if _has_maps(each)]
    return _by_name(layer, layers, convolutions)


def _has_maps(layer):
    of_images = layer.kind in ("input", "rescaling")
    return len(layer.output_shape) == 3 and not of_images


def _last_maps(estimator):
    """The last layer that computes maps, or that puts parallel ones together."""
    computing = ("conv", "batch_norm", "concat")
    layers = estimator.architecture_.layers
    return [each for each in layers if each.kind in computing][-1]


def _convolutions(estimator):
    layers = estimator.architecture_.layers
    convolutions = [each for each in layers if each.kind == "conv"]
    if not convolutions:
        raise ValueError(
            "estimator must have a convolution to draw; got one with "
            f"conv_layers={estimator.conv_layers!r}. The weights of its dense "
            "layers are estimator.model_.get_weights()."
        )
    return convolutions


def _is_place(layer, convolutions):
    number = len(convolutions)
    return isinstance(layer, Integral) and -number <= layer < number


def _by_name(layer, layers, convolutions):
    for each in layers:
        if each.name == layer:
            return each
    names = [each.name for each in layers]
    among = "them" if layers == convolutions else "the convolutions"
    raise ValueError(
        f"layer must be one of {names} or its place among {among}, from 0; "
        f"got {layer!r}."
    )
