"""Architecture -> keras.Model: the file that names the layers of a network.

(Layers that change training images are in :mod:`skcnn._augmentation`.)
"""

from contextlib import contextmanager

from skcnn._backend import keras
from skcnn._numbers import Place
from skcnn._seeds import derive

layers = keras.layers


def build_model(architecture, seed):
    """Build the network that an architecture describes, uncompiled.

    Data type, data format and every seed and name are given explicitly. So neither
    Keras' settings nor its global generators have a say.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    seed : int
        Seed of the run; the initial weights are a pure function of it and of the
        architecture.

    Returns
    -------
    keras.Model
        From images (n, height, width, channels), float32, to probabilities
        (n, n_classes), float32.
    """
    outputs = {}  # name of a layer -> its output, for those that come after it
    for layer in architecture.layers:
        if layer.kind == "input":
            outputs[layer.name] = keras.Input(
                layer.output_shape, name=layer.name, dtype="float32"
            )
            continue
        make = _KINDS[layer.kind]
        keras_layer = make(layer, derive(seed, "weights", name=layer.name))
        inputs = [outputs[name] for name in layer.inputs]
        takes_many = layer.kind == "concat"
        outputs[layer.name] = keras_layer(inputs if takes_many else inputs[0])
    return keras.Model(outputs["images"], outputs["output"], name="conv_pool")


def initial_kernels(architecture, model, seed):
    """The kernels that :func:`build_model` would draw for `seed`, without building.

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
            # To draw takes a thousandth of the time that building takes.
            kernel = model.get_layer(layer.name).kernel
            draw = _initializer(derive(seed, "weights", name=layer.name))
            yield kernel, draw(kernel.shape, dtype="float32")


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
    states = []
    for layer in architecture.layers:
        if layer.kind == "dropout":
            generator = model.get_layer(layer.name).seed_generator
            states.append((layer.name, generator.state))
    return states


def number_places(architecture, model):
    """Where the layers of a network have the numbers of its architecture.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    model : keras.Model
        Built from `architecture`.

    Returns
    -------
    list of skcnn._numbers.Place
        In the order of ``architecture.numbers``.
    """
    places = []
    for layer_name, setting in architecture.numbers:
        layer = model.get_layer(layer_name)
        if setting == "rate":
            places.append(Place(vars(layer), "rate", high=1))
        elif setting == "max_norm":
            places.append(Place(vars(layer.kernel_constraint), "max_value"))
        else:
            places.append(Place(vars(layer.kernel_regularizer), "l2"))
    return places


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
    usual = []  # what to put back
    try:
        for layer in architecture.layers:
            if layer.kind in settings:
                keras_layer = model.get_layer(layer.name)
                name, value = settings[layer.kind]
                usual.append((keras_layer, name, getattr(keras_layer, name)))
                setattr(keras_layer, name, value)
        yield
    finally:
        for keras_layer, name, value in usual:
            setattr(keras_layer, name, value)


def _initializer(seed):
    # Keras' default, named here: a default may change, and so may its seed.
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


def _dropout(layer, seed):
    return layers.Dropout(**layer.settings, **_common(layer), seed=seed)


def _plain(cls, **fixed):
    """A layer that draws nothing: its settings, and what is the same for all."""

    def make(layer, seed):
        return cls(**layer.settings, **_common(layer), **fixed)

    return make


def _common(layer):
    # The type is given, because Keras' policy for types is a setting of the user's.
    return {"name": layer.name, "dtype": "float32"}


_CHANNELS_LAST = {"data_format": "channels_last"}
_POOLING = {"padding": "valid", **_CHANNELS_LAST}

# How to make each kind of layer: from its entry in the architecture, and a seed.
_KINDS = {
    "rescaling": _plain(layers.Rescaling),
    "conv": _conv,
    "batch_norm": _plain(layers.BatchNormalization),
    "max_pool": _plain(layers.MaxPooling2D, **_POOLING),
    "avg_pool": _plain(layers.AveragePooling2D, **_POOLING),
    "dropout": _dropout,
    "concat": _plain(layers.Concatenate),
    "flatten": _plain(layers.Flatten, **_CHANNELS_LAST),
    "global_avg": _plain(layers.GlobalAveragePooling2D, **_CHANNELS_LAST),
    "global_max": _plain(layers.GlobalMaxPooling2D, **_CHANNELS_LAST),
    "dense": _dense,
}
