"""Architecture -> keras.Model. The only file that names layers."""

from contextlib import contextmanager

import keras
from keras import layers

from skcnn import _seeds


def build_network(architecture, seed):
    """Build the network that an architecture describes, uncompiled.

    Data type, data format and every seed and name are given explicitly, so neither Keras' settings nor its global
    generators have a say.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    seed : int
        Seed of the run; the initial weights are a pure function of it and of the architecture.

    Returns
    -------
    keras.Model
        From images (n, height, width, channels), float32, to probabilities (n, n_classes), float32.
    """
    outputs = {}
    for layer in architecture.layers:
        if layer.kind == "input":
            outputs[layer.name] = keras.Input(
                layer.output_shape, name=layer.name, dtype="float32"
            )
            continue
        inputs = [outputs[name] for name in layer.inputs]
        keras_layer = _KINDS[layer.kind](
            layer, _seeds.derive(seed, "weights", name=layer.name)
        )
        outputs[layer.name] = keras_layer(
            inputs if layer.kind == "concat" else inputs[0]
        )
    return keras.Model(outputs["images"], outputs["output"], name="conv_pool")


def initial_kernels(architecture, model, seed):
    """The kernels that :func:`build_network` would draw for `seed`, without building.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    model : keras.Model
        Built from `architecture` with any seed.
    seed : int

    Yields
    ------
    (keras.Variable, tensor of its shape)
        All other variables start as zeros or ones, whatever the seed.
    """
    for layer in architecture.layers:
        if layer.kind in ("conv", "dense"):
            kernel = model.get_layer(layer.name).kernel
            yield (
                kernel,
                _initializer(_seeds.derive(seed, "weights", name=layer.name))(
                    kernel.shape, dtype="float32"
                ),
            )


def dropout_states(architecture, model):
    """The state variables of the dropout layers' seed generators.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    model : keras.Model
        Built from `architecture`.

    Returns
    -------
    list of (str, keras.Variable)
        The layer's name, and a pair [seed, draws so far].
    """
    return [
        (layer.name, model.get_layer(layer.name).seed_generator.state)
        for layer in architecture.layers
        if layer.kind == "dropout"
    ]


@contextmanager
def averaging(architecture, model, momentum):
    """Have batch normalization average as it is told, and dropout drop nothing.

    For tracing a graph: what is traced in the block keeps these settings.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    model : keras.Model
        Built from `architecture`.
    momentum : scalar tensor
        The share of the old averages in the new ones.
    """
    settings = {"batch_norm": ("momentum", momentum), "dropout": ("rate", 0)}
    changed = [
        (model.get_layer(layer.name), *settings[layer.kind])
        for layer in architecture.layers
        if layer.kind in settings
    ]
    usual = [getattr(layer, name) for layer, name, _ in changed]
    for layer, name, value in changed:
        setattr(layer, name, value)
    try:
        yield
    finally:
        for (layer, name, _), value in zip(changed, usual, strict=True):
            setattr(layer, name, value)


def _initializer(seed):
    return keras.initializers.GlorotUniform(seed=seed)


def _max_norm(limit, axis):
    return keras.constraints.MaxNorm(limit, axis=axis) if limit else None


def _l2(factor):
    return keras.regularizers.L2(factor) if factor else None


def _conv(layer, seed):
    settings = dict(layer.settings)
    # The norm of a filter is over all it looks at: height, width and channels.
    constraint = _max_norm(settings.pop("max_norm"), axis=(0, 1, 2))
    regularizer = _l2(settings.pop("l2"))
    return layers.Conv2D(
        **settings,
        **_common(layer),
        data_format="channels_last",
        kernel_initializer=_initializer(seed),
        kernel_regularizer=regularizer,
        kernel_constraint=constraint,
    )


def _dense(layer, seed):
    settings = dict(layer.settings)
    constraint = _max_norm(settings.pop("max_norm"), axis=0)
    regularizer = _l2(settings.pop("l2"))
    return layers.Dense(
        **settings,
        **_common(layer),
        kernel_initializer=_initializer(seed),
        kernel_regularizer=regularizer,
        kernel_constraint=constraint,
    )


def _pool(cls):
    return lambda layer, seed: cls(
        **layer.settings, **_common(layer), padding="valid", data_format="channels_last"
    )


def _global_pool(cls):
    return lambda layer, seed: cls(**_common(layer), data_format="channels_last")


def _common(layer):
    return {"name": layer.name, "dtype": "float32"}


_KINDS = {
    "rescaling": lambda layer, seed: layers.Rescaling(
        **layer.settings, **_common(layer)
    ),
    "conv": _conv,
    "batch_norm": lambda layer, seed: layers.BatchNormalization(**_common(layer)),
    "max_pool": _pool(layers.MaxPooling2D),
    "avg_pool": _pool(layers.AveragePooling2D),
    "dropout": lambda layer, seed: layers.Dropout(
        **layer.settings, **_common(layer), seed=seed
    ),
    "concat": lambda layer, seed: layers.Concatenate(**_common(layer)),
    "flatten": lambda layer, seed: layers.Flatten(
        **_common(layer), data_format="channels_last"
    ),
    "global_avg": _global_pool(layers.GlobalAveragePooling2D),
    "global_max": _global_pool(layers.GlobalMaxPooling2D),
    "dense": _dense,
}
