"""What a trained network makes of images at one layer, and what counts there."""

import numpy as np

from skcnn._backend import keras, tf
from skcnn._runtime import isolated


def feature_maps(model, images, layer):
    """The output of a layer for some images.

    Parameters
    ----------
    model : keras.Model
        Of :func:`skcnn._network.build_model`.
    images : ndarray of shape (n, height, width, channels)
    layer : str
        Name of a layer.

    Returns
    -------
    ndarray of shape (n, ...), float32
    """
    inner = _model_to(model, model.get_layer(layer).output)
    return np.asarray(inner(tf.cast(images, "float32"), training=False))


def evidence(model, images, layer, classes, *, averaged):
    """Where the evidence for a class is, by the gradients of its score.

    Parameters
    ----------
    model : keras.Model
        Of :func:`skcnn._network.build_model`.
    images : ndarray of shape (n, height, width, channels)
    layer : str
        Name of a layer whose output is maps.
    classes : ndarray of shape (n,)
        Codes of the classes, one for each image.
    averaged : bool
        Whether the gradients are averaged over each map (Grad-CAM), so that a map has
        one weight, or each pixel of a map has its own (HiResCAM).

    Returns
    -------
    ndarray of shape (n, height, width), float32
        The weighted sum of the maps, without what speaks against the class.
    """
    output = model.get_layer("output")
    inner = _model_to(model, [model.get_layer(layer).output, output.input])
    with tf.GradientTape() as tape:
        maps, vector = inner(tf.cast(images, "float32"), training=False)
        # The score before the softmax, which would mix in the other classes.
        scores = vector @ output.kernel + output.bias
        score = tf.gather(scores, classes, axis=1, batch_dims=1)
    weights = tape.gradient(score, maps)
    if averaged:
        weights = tf.reduce_mean(weights, axis=(1, 2), keepdims=True)
    return np.asarray(tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)))


def _model_to(model, outputs):
    """A model of the same layers that gives other outputs."""
    # Isolated, because Keras numbers the models of a process.
    return isolated(keras.Model, model.inputs[0], outputs)
