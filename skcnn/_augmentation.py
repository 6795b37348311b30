"""`augmentation`: layers that change training images at random.

They come from plain data or from the user, and become recipes and layers again.

They see pixels as the network does before its own scaling: 0 to 255 for uint8.
"""

import functools
import inspect

import numpy as np

from skcnn._augmentation_trial import find_layers, try_layer
from skcnn._checks import shown
from skcnn._compat import keras, tf
from skcnn._layer_copies import is_unknown
from skcnn._process import check_process
from skcnn._recipes import FromClass, FromConfig, from_instance, kept
from skcnn._seeds import generator_state

# How far "shift" moves an image at most, as a share of its side: 2 pixels of 32. It is
# one pixel at least.
_SHIFT = 1 / 16


# Whatever Keras is set to.
_EXPLICIT = {"data_format": "channels_last", "dtype": "float32"}


# Any seed will do, since the engine sets another for each epoch. Without one, Keras
# draws it from Python's global generator.
def _flip(image_shape):
    return keras.layers.RandomFlip("horizontal", seed=0, **_EXPLICIT)


def _shift(image_shape):
    height, width = (
        0.0 if side == 1 else max(_SHIFT, 1 / side) for side in image_shape[:2]
    )
    # What comes in at a border is the image mirrored there: images to be predicted have
    # no black bars.
    return keras.layers.RandomTranslation(
        height,
        width,
        fill_mode="reflect",
        interpolation="nearest",
        seed=0,
        **_EXPLICIT,
    )


AUGMENTATIONS = {"flip": (_flip,), "shift": (_shift,), "flip+shift": (_flip, _shift)}

_REFUSED = {
    keras.layers.AugMix: "chooses by Python's global generator, which no seed of ours "
    "reaches; keras.layers.RandAugment is near to it",
    keras.layers.CutMix: "mixes labels too, but is given images alone; "
    "keras.layers.RandomErasing leaves labels alone",
    keras.layers.MixUp: "mixes labels too, but is given images alone; "
    "loss__label_smoothing softens labels",
}


def augmentation_config(augmentation, image_shape):
    """How to make the layers of augmentation; equal for equal layers.

    Parameters
    ----------
    augmentation : None, str, keras.Layer or sequence of keras.Layer
        The classifier's parameter.
    image_shape : tuple of three int

    Returns
    -------
    tuple of Recipe
        One for each layer. Seeds are left out: the engine sets them for each epoch.

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
                f"augmentation must be one of {list(AUGMENTATIONS)}, or Keras layers; "
                f"got {shown(augmentation)}."
            )
        layers = [make(image_shape) for make in AUGMENTATIONS[augmentation]]
        return tuple(_recipe(layer) for layer in layers)
    recipes = tuple(_recipes_of(augmentation))
    for recipe in recipes:
        # Keras' own layers do the same at each fit of a search; a user's may change.
        check = _check_layer if recipe.users_code else _check_layer_once
        check(recipe, tuple(image_shape))
    return recipes


def _recipes_of(augmentation):
    """How to make each of the layers again that a user gave, one after the other.

    Parameters
    ----------
    augmentation : keras.Layer or sequence of keras.Layer
        Whatever is a chain of layers is taken apart: lists, keras.Sequential, and
        functional models without branches.

    Returns
    -------
    list of Recipe

    Raises
    ------
    TypeError, ValueError
        If something is no layer, or one that cannot be made again or is refused.
    """
    layers = list(_chain(augmentation))
    for layer in layers:
        _refuse_by_name(layer)
        _refuse_channels_first(layer)
        _refuse_unknown_inside(layer)
    return [_recipe(layer) for layer in layers]


def check_layer_copies(augmentation):
    """Refuse layers that clone or pickle would change without a word.

    Parameters
    ----------
    augmentation : object
        The classifier's parameter; what is no layer at all is left to fit.

    Raises
    ------
    ValueError
        Naming what would be lost, and the remedy.
    """
    try:
        layers = list(_chain(augmentation))
    except (TypeError, ValueError):
        return
    for layer in layers:
        _refuse_unknown_inside(layer)
        if type(layer) is keras.layers.Lambda:
            kept("augmentation", layer, _INSTEAD_OF_LAMBDA)
        elif _recipe(layer).users_code:
            kept("augmentation", layer, _COPYABLE)
    for model in _models(augmentation):
        _refuse_unknown_inside(model)


_COPYABLE = (
    "Augmentation must be layers without weights, whose get_config returns what "
    "__init__ takes."
)
_INSTEAD_OF_LAMBDA = (
    "Write a class of layers with call(images, training), or decorate the function "
    "with keras.saving.register_keras_serializable()."
)


def _models(given):
    """The Keras models among what was given, which Keras copies as a whole."""
    if isinstance(given, (list, tuple)):
        for part in given:
            yield from _models(part)
    elif isinstance(given, keras.Model):
        yield given


def _chain(given):
    if isinstance(given, (list, tuple)):
        parts = given
    elif isinstance(given, keras.Model):
        parts = _layers_in_a_row(given)
    elif isinstance(given, keras.Layer):
        yield given
        return
    else:
        raise TypeError(
            f"augmentation must be None, one of {list(AUGMENTATIONS)}, a Keras layer "
            f"or a list of them; got {shown(given)}.{_layer_instead_of(given)}"
        )
    for part in parts:
        yield from _chain(part)


def _layer_instead_of(given):
    """How to make a layer of a class or a function; nothing for what is neither."""
    if inspect.isclass(given) and issubclass(given, keras.Layer):
        return f" Pass a layer, not its class: {given.__name__}()."
    if not callable(given):
        return ""
    name = getattr(given, "__name__", "")
    code = _LAYER.format(function=name if name.isidentifier() else "function")
    return (
        " Write a layer that calls the function, in training alone:\n\n"
        f"{code}\n"
        "and give augmentation=Augment(). What is random must come from keras.random, "
        "with seed=self.seeds, a keras.random.SeedGenerator(0) that __init__ makes."
    )


_LAYER = """\
class Augment(keras.layers.Layer):
    def call(self, images, training=False):
        return {function}(images) if training else images
"""


def _layers_in_a_row(model):
    layers = [layer for layer in model.layers if not _is_input(layer)]
    if isinstance(model, keras.Sequential):
        return layers
    try:
        tensor = model.inputs[0]
        for layer in layers:
            if layer.input is not tensor:
                raise ValueError(f"{layer.name} does not follow on the layer before it")
            tensor = layer.output
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"augmentation: the layers of {type(model).__name__} are not in one row "
            f"({error}). Give them as a list, or as keras.Sequential."
        ) from error
    return layers


def _is_input(layer):
    return isinstance(layer, keras.layers.InputLayer)


def make_augmentation(config):
    """New layers from what :func:`augmentation_config` gave.

    Parameters
    ----------
    config : tuple of Recipe

    Returns
    -------
    list of keras.Layer
    """
    return [recipe.make() for recipe in config]


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


def check_pixel_range(config, images):
    """Refuse layers that are made for pixels of another range.

    Parameters
    ----------
    config : tuple of Recipe
    images : ndarray of shape (n, height, width, channels)

    Raises
    ------
    ValueError
        Naming both ranges, and the remedy.
    """
    layers = [inner for recipe in config for inner in _with_range(recipe)]
    if not layers:
        return
    low, high = _range_of(images)
    for layer in layers:
        lowest, highest = (float(value) for value in layer.value_range)
        slack = 0.01 * (highest - lowest)
        outside = low < lowest - slack or high > highest + slack
        if outside or highest - lowest > _FAR * (high - low):
            raise ValueError(
                f"augmentation: {type(layer).__name__} is made for pixels from "
                f"{lowest:g} to {highest:g}, but those of X are from {low:g} to "
                f"{high:g}. Give it value_range=({low:g}, {high:g})."
            )


_FAR = 8  # images that use less than an eighth of a layer's range are of another range


def _with_range(recipe):
    layers = find_layers(recipe.make()) if isinstance(recipe, FromConfig) else []
    return [layer for layer in layers if hasattr(layer, "value_range")]


def _range_of(images):
    """The least and the greatest pixel of some of the images."""
    if images.dtype == np.uint8:
        return 0.0, 255.0
    some = images[:: max(1, len(images) // 256)]
    return float(some.min()), float(some.max())


def _recipe(layer):
    if type(layer) is keras.layers.Lambda:  # by its configuration, it loses its globals
        names = ("function", "mask", "arguments")
        return FromClass(type(layer), {name: getattr(layer, name) for name in names})
    try:
        config = _seedless(layer.get_config())
    except Exception:
        config = None  # to be told of below
    return from_instance("augmentation", layer, config)


def _refuse_by_name(layer):
    for inner in find_layers(layer):
        for cls, reason in _REFUSED.items():
            if isinstance(inner, cls):
                kind = type(inner).__name__
                raise ValueError(f"augmentation cannot be {kind}, which {reason}.")


def _refuse_channels_first(layer):
    for inner in find_layers(layer):
        if getattr(inner, "data_format", None) == "channels_first":
            raise ValueError(
                f"augmentation: {type(inner).__name__} takes images with channels "
                "first, but they come as (n, height, width, channels). Give it "
                "data_format='channels_last'; without it, it goes by "
                "keras.config.image_data_format()."
            )


def _refuse_unknown_inside(layer):
    """Refuse a layer of Keras' own that holds one which Keras cannot copy.

    Keras copies the outer one, and finds what is inside by its registered name.
    """
    if is_unknown(layer):  # it makes what is inside by itself
        return
    for inner in find_layers(layer):
        if is_unknown(inner):
            outer, name = type(layer).__name__, type(inner).__name__
            raise ValueError(
                f"augmentation: {outer} holds {name}, a layer of your own, which Keras "
                "cannot copy inside another. Give the layers in a list, "
                f"augmentation=[...], instead of {outer}; or put "
                f"@keras.saving.register_keras_serializable() above the class {name}."
            )


def _check_layer(recipe, image_shape):
    layer = recipe.make()
    _refuse_channels_first(layer)
    try_layer(layer, image_shape, set_seeds)


_check_layer_once = functools.lru_cache(_check_layer)


def _seedless(config):
    """The configuration with seed 0 for every seed, and without what does not matter.

    Without a seed, Keras would draw one from Python's global generator. A type of data
    has a name that matters; what a layer was called on does not.
    """
    if isinstance(config, (list, tuple)):
        return type(config)(map(_seedless, config))
    if not isinstance(config, dict):
        return config
    changed = {
        key: value if key == "dtype" else _seedless(value)
        for key, value in config.items()
        if key not in ("name", "build_config")
    }
    return changed | ({"seed": 0} if "seed" in config else {})
