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


def grad_cam(model, images, layer, classes):
    """Where the evidence for a class is, by Grad-CAM.

    The class has a score before the softmax. The weight of each map is the mean of the
    score's gradient over the map. The result is the weighted sum of maps, without what
    speaks against the class.

    Parameters
    ----------
    model : keras.Model
        Of :func:`skcnn._network.build_model`.
    images : ndarray of shape (n, height, width, channels)
    layer : str
        Name of a layer whose output is maps.
    classes : ndarray of shape (n,)
        Codes of the classes, one for each image.

    Returns
    -------
    ndarray of shape (n, height, width), float32
        Of the size of the layer's maps; 0 or more.

    References
    ----------
    R. R. Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via
    gradient-based localization", ICCV 2017.
    """
    output = model.get_layer("output")
    inner = _model_to(model, [model.get_layer(layer).output, output.input])
    with tf.GradientTape() as tape:
        maps, vector = inner(tf.cast(images, "float32"), training=False)
        scores = vector @ output.kernel + output.bias
        score = tf.gather(scores, classes, axis=1, batch_dims=1)
    gradients = tape.gradient(score, maps)
    weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
    return np.asarray(tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)))


def _model_to(model, outputs):
    """A model of the same layers that gives other outputs."""
    # Isolated, because Keras numbers the models of a process.
    return isolated(keras.Model, model.inputs[0], outputs)
