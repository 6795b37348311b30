"""Copies and pickles of layers that Keras does not know.

`copy`, `pickle` and scikit-learn's `clone` ask Keras. It saves a layer, and finds the
class again by its registered name. A class in somebody's script or notebook has none.
So Keras saves such a layer, but cannot load it.

Python itself finds the class: in its module, or in a pickle of joblib's that holds the
class as well. So a layer without weights is copied by its class and its configuration.
This holds for every layer in this process, also for one in a grid that no estimator has
seen yet.
"""

from skcnn._compat import keras

_keras_reduce = keras.Layer.__reduce__


def is_unknown(layer):
    """Whether Keras would not find the class of a layer.

    Parameters
    ----------
    layer : keras.Layer

    Returns
    -------
    bool
    """
    cls = type(layer)
    is_keras_own = cls.__module__.partition(".")[0] == "keras"
    # By the class, not by its name: an edited class may have taken the name over.
    is_registered = cls in keras.saving.get_custom_objects().values()
    return not is_keras_own and not is_registered


def _reduce(layer):
    """What Python's `copy` and `pickle` make a layer again from."""
    if layer.weights or not is_unknown(layer):
        return _keras_reduce(layer)
    return _made, (type(layer), layer.get_config())


def _made(cls, config):
    return cls.from_config(config)


# scikeras does the same for models, losses and optimizers.
keras.Layer.__reduce__ = _reduce
