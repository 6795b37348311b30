"""`augmentation`: layers that change training images at random, from plain data to Keras and back.

They see pixels as the network does before its own scaling: 0 to 255 for uint8.
"""

import functools
import json

from skcnn._compat import keras, tf
from skcnn._process import check_process
from skcnn._seeds import generator_state

# How far "shift" moves an image at most, as a share of its side, but at least one pixel: 2 pixels of 32.
_SHIFT = 1 / 16


# Any seed, lest Keras draw one from the global generator of Python; the engine sets another for each epoch.
def _flip(image_shape):
    return keras.layers.RandomFlip("horizontal", seed=0)


def _shift(image_shape):
    height, width = (
        0.0 if side == 1 else max(_SHIFT, 1 / side) for side in image_shape[:2]
    )
    # What comes in at a border is the image mirrored there: black bars are in no image to be predicted.
    return keras.layers.RandomTranslation(
        height, width, fill_mode="reflect", interpolation="nearest", seed=0
    )


AUGMENTATIONS = {"flip": (_flip,), "shift": (_shift,), "flip+shift": (_flip, _shift)}

_REFUSED = {
    "AugMix": "chooses by Python's global generator, which no seed of ours reaches",
    "CutMix": "mixes labels too, but is given images alone",
    "MixUp": "mixes labels too, but is given images alone",
}


def augmentation_config(augmentation, image_shape):
    """Layers of augmentation as plain data, equal for equal layers.

    Parameters
    ----------
    augmentation : None, str, keras.Layer or sequence of keras.Layer
        The classifier's parameter.
    image_shape : tuple of three int

    Returns
    -------
    tuple of (type, str)
        Class and configuration, as JSON, of each layer. Seeds are left out: the engine sets them for each epoch.

    Raises
    ------
    TypeError, ValueError
        Naming what is wrong.
    """
    if augmentation is None:
        return ()
    if isinstance(augmentation, str):
        if augmentation not in AUGMENTATIONS:
            raise ValueError(
                f"augmentation must be one of {list(AUGMENTATIONS)}, or Keras layers; got {augmentation!r}."
            )
        layers = [make(image_shape) for make in AUGMENTATIONS[augmentation]]
    else:
        layers = (
            list(augmentation)
            if isinstance(augmentation, (list, tuple))
            else [augmentation]
        )
    config = tuple(_layer_config(layer) for layer in layers)
    _check_layers(config, tuple(image_shape))
    return config


def make_augmentation(config):
    """New layers from what :func:`augmentation_config` gave.

    Parameters
    ----------
    config : tuple of (type, str)

    Returns
    -------
    list of keras.Layer
    """
    return [cls.from_config(json.loads(text)) for cls, text in config]


def seed_states(layers):
    """The state variables of the layers' seed generators, in a fixed order.

    Parameters
    ----------
    layers : list of keras.Layer

    Returns
    -------
    list of keras.Variable
        Each a pair [seed, draws so far].
    """
    return [variable for layer in layers for variable in layer.variables]


def set_seeds(states, seed, epoch):
    """Set seed generators as an epoch of a run wants them.

    Parameters
    ----------
    states : list of variables
        In the order of :func:`seed_states`.
    seed : int
        Seed of the run.
    epoch : int
        Number of epochs finished before.
    """
    for place, state in enumerate(states):
        state.assign(generator_state(seed, "augmentation", epoch, str(place)))


def augmented_images(augmentation, images, seed, n_epochs):
    """Images as one batch of them is changed in each epoch of a run.

    Parameters
    ----------
    augmentation : str, keras.Layer or sequence of keras.Layer
        The classifier's parameter.
    images : ndarray of shape (n, height, width, channels)
    seed : int
        Seed of the run.
    n_epochs : int

    Returns
    -------
    list of ndarray of shape (n, height, width, channels), float32
    """
    check_process()
    layers = make_augmentation(augmentation_config(augmentation, images.shape[1:]))
    changed = []
    for epoch in range(n_epochs):
        set_seeds(seed_states(layers), seed, epoch)
        batch = tf.cast(images, tf.float32)
        for layer in layers:
            batch = layer(batch, training=True)
        changed.append(batch.numpy())
    return changed


def is_keras_own(config):
    """Whether all layers, those inside others included, are Keras' own: a user's class may change, a name stays.

    Parameters
    ----------
    config : tuple of (type, str)

    Returns
    -------
    bool
    """
    modules = [cls.__module__ for cls, _ in config]
    for _, text in config:
        modules += _nested(json.loads(text), "module")
    return all(module.partition(".")[0] == "keras" for module in modules)


def _layer_config(layer):
    if not isinstance(layer, keras.Layer):
        raise TypeError(
            f"augmentation must be None, one of {list(AUGMENTATIONS)}, a Keras layer or a list of them; got {layer!r}."
        )
    config = _seedless(layer.get_config())
    for name in (type(layer).__name__, *_nested(config, "class_name")):
        if name in _REFUSED:
            raise ValueError(f"augmentation cannot be {name}, which {_REFUSED[name]}.")
    return type(layer), json.dumps(config, sort_keys=True)


@functools.lru_cache  # a search asks the same thing at each fit
def _check_layers(config, image_shape):
    """Try each layer on an image: only then do we know its weights and what it makes of the shape."""
    for layer in make_augmentation(config):
        shape, kind = (
            tuple(layer(tf.zeros((1, *image_shape)), training=True).shape[1:]),
            type(layer).__name__,
        )
        if shape != image_shape:
            raise ValueError(
                f"augmentation must leave the shape of images, {image_shape}, as it is; {kind} makes it {shape}."
            )
        if not all(
            variable.path.endswith("seed_generator_state")
            for variable in layer.variables
        ):
            raise ValueError(
                f"augmentation must be layers without weights; got {kind}."
            )


def _seedless(config):
    """The configuration with seed 0 for every seed (None would draw from Python's global generator) and no name."""
    if isinstance(config, dict):
        return {
            key: 0 if key == "seed" else _seedless(value)
            for key, value in config.items()
            if key != "name"
        }
    return (
        [_seedless(value) for value in config]
        if isinstance(config, (list, tuple))
        else config
    )


def _nested(config, key):
    """What stands under a key, in a configuration and in those inside it."""
    if isinstance(config, dict):
        own = [config[key]] if config.get(key) else []
        return own + [
            found for value in config.values() for found in _nested(value, key)
        ]
    return (
        [found for value in config for found in _nested(value, key)]
        if isinstance(config, list)
        else []
    )
