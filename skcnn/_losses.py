"""Which labels a loss of the user's own works on: one-hot or class codes.

Keras' own losses say it by their names. Others are tried on a few labels before any
training, in a graph as in training, so that one that fails is refused in time.
"""

import functools
from dataclasses import dataclass

import numpy as np

from skcnn._backend import keras, tf


@dataclass(frozen=True)
class Trial:
    """What came of a loss.

    Attributes
    ----------
    n_values : int
        How many numbers it gave; 0 if it failed.
    error : str
        Why it failed, if it did.
    """

    n_values: int
    error: str = ""


def wants_one_hot(loss, name, n_classes, weighted):
    """Whether a user's loss works on labels one-hot rather than on class codes.

    A loss whose name has "sparse" in it gets class codes; any other gets labels
    one-hot, unless it works on class codes alone.

    Parameters
    ----------
    loss : callable
        A function of (y_true, y_pred), or a keras.losses.Loss.
    name : str
    n_classes : int
    weighted : bool
        Whether samples have weights, which only reach a number for each sample.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If it works on neither, or cannot be weighted.
    """
    # One more than classes, so that the two numbers cannot be mistaken for each other.
    n_samples = n_classes + 1
    # A number for each sample is what a loss should give. One for the whole batch, or
    # one for each probability, Keras averages, too.
    preferred = (n_samples, 1, n_samples * n_classes)
    forms = (False,) if is_sparse(name) else (True, False)
    trials = {}
    for one_hot in forms:
        trials[one_hot] = _try(loss, one_hot, n_samples, n_classes)
        if trials[one_hot].n_values == n_samples:
            return one_hot
    usable = [form for form in trials if trials[form].n_values in preferred]
    if not usable:
        raise ValueError(_refusal(name, trials, n_classes))
    best = min(usable, key=lambda form: preferred.index(trials[form].n_values))
    _check_weighted(name, trials[best].n_values, weighted)
    return best


def is_sparse(name):
    """Whether a loss of that name gets class codes."""
    return "sparse" in name.lower()


def _try(loss, one_hot, n_samples, n_classes):
    codes = np.arange(n_samples) % n_classes
    labels = np.eye(n_classes)[codes] if one_hot else codes
    arrays = [labels, np.full((n_samples, n_classes), 1 / n_classes)]
    tensors = [tf.constant(array, tf.float32) for array in arrays]
    specs = [tf.TensorSpec((None, *tensor.shape[1:]), tf.float32) for tensor in tensors]
    # In a graph and without autograph, as in training: some code works only eagerly.
    step = tf.function(functools.partial(_loss_and_gradient, loss), autograph=False)
    try:
        values, gradient = step.get_concrete_function(*specs)(*tensors)
    except Exception as error:  # a user's code may raise anything
        lines = str(error).strip().splitlines() or [""]
        return Trial(0, f"{type(error).__name__}: {lines[0]}")
    if gradient is None:
        return Trial(0, "TensorFlow finds no gradient from it to y_pred")
    return Trial(int(tf.size(values)), f"it gives an array of shape {values.shape}")


def _loss_and_gradient(loss, y_true, y_pred):
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        # `call` gives a number for each sample, which calling the loss would average.
        is_call = isinstance(loss, keras.losses.Loss) and _overrides_call(loss)
        values = loss.call(y_true, y_pred) if is_call else loss(y_true, y_pred)
        values = tf.cast(values, tf.float32)
        total = tf.reduce_sum(values)
    return values, tape.gradient(total, y_pred)


def _overrides_call(loss):
    return type(loss).call is not keras.losses.Loss.call


def _check_weighted(name, n_values, weighted):
    if weighted and n_values == 1:
        raise ValueError(
            f"loss: {name} gives one number for a whole batch, which the weights of "
            "samples and classes cannot reach. Let it give one for each sample "
            "(axis=-1 in its mean), or leave sample_weight and class_weight out."
        )


def _refusal(name, trials, n_classes):
    forms = {
        True: f"labels one-hot, of shape (n, {n_classes})",
        False: "class codes, of shape (n,)",
    }
    tried = "".join(
        f"\n- With y_true as {forms[form]}: {trial.error}"
        for form, trial in trials.items()
    )
    return (
        "loss must be a function of y_true and y_pred in TensorFlow or keras.ops that "
        f"gives one number for each sample; got {name}. y_pred has the probabilities, "
        f"of shape (n, {n_classes}). A loss with 'sparse' in its name gets class "
        "codes, as float32; any other gets labels one-hot, or class codes if only "
        f"those work.{tried}"
    )
