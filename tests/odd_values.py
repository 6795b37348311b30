"""Hypothesis strategies for settings of a classifier, sound and unsound ones mixed."""

import datetime
import decimal
import fractions
import os
import pathlib

import keras
import numpy as np
from hypothesis import strategies as st

from skcnn import ConvBlock

ENDLESS = []
ENDLESS.append(ENDLESS)


class Alone(keras.callbacks.Callback):
    """A callback that listens to batches, which are not told."""

    def on_train_batch_end(self, batch, logs=None):
        pass


def bad_loss(y_true):
    """Takes too few arguments."""
    return y_true


# Whatever people, programs and files may hand over by mistake. Where one of them is
# allowed, it must work.
ODD_NUMBERS = [
    *(True, False, np.True_, np.bool_(False)),
    *(0, -1, 1, 2, 2**31 - 1, 2**31, 2**63, 2**64, 10**12, 10**400, -(10**400)),
    *(0.5, 1.0, -0.0, 1e-320, 1e300, -1e300),
    *(float("nan"), float("inf"), -float("inf"), 1j),
    *(np.int64(3), np.float32("nan"), np.float64(0.25), np.uint8(200)),
    *(decimal.Decimal("0.1"), decimal.Decimal("NaN"), fractions.Fraction(1, 3)),
]
ODD_OBJECTS = [
    *(None, ..., NotImplemented, object(), int, keras.layers.Dense),
    *(len, bad_loss, Alone, Alone(), np, slice(3)),
    *("", " ", "relu", "Adam", "1", "nan", "x\0y", "\udc80", "x" * 10_000),
    *(b"adam", bytearray(3), memoryview(b"12"), pathlib.PurePath("a"), os.sep),
    *(datetime.date(2020, 1, 1), datetime.datetime.min, datetime.timedelta(1)),
    *(np.datetime64("2020"), np.timedelta64(1, "s"), np.datetime64("NaT")),
]
ODD_COLLECTIONS = [
    *([], (), {}, set(), {1, 2}, frozenset({"a"}), {"a": 1}, {1: 1}, {None: None}),
    *([None], [True], [0.5], ["a"], [[]], [[[1]]], [{1}], [{}], [{"filters": 2.0}]),
    *([(2, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)], [(2, 10**400)], [(10**9, 3)]),
    *([10**12], [2**31 - 1], [10**400], [-1], [np.nan], [2, "2"], [1] * 100_000),
    *([(1, 1, None)] * 100_000, [(2, ((1, 1),) * 100_000)], ENDLESS, range(3)),
    *(np.array([]), np.array(3), np.array([1.5, 2]), np.zeros((2, 2, 2)), iter([1])),
    *(
        np.array([None, 1], dtype=object),
        np.ma.masked,
        np.ma.array([1, 2], mask=[0, 1]),
    ),
    *([ConvBlock(2, dropout=True)], [ConvBlock("2")], ConvBlock(2), [ConvBlock]),
    *(keras.optimizers.SGD, keras.losses.Huber(), keras.layers.RandomFlip, [Alone()]),
]
# Drawn as places in the list, which shows less of them, and shrinks to the first.
ODD = [*ODD_NUMBERS, *ODD_OBJECTS, *ODD_COLLECTIONS]

# What is fine, and needs few different networks.
SOUND = {
    "conv_layers": [[(4, 3)], [ConvBlock(4, 3)], [{"filters": 4}]],
    "dense_layers": [(), [], (4,), np.array([4])],
    "dropout": [0, 0.25, np.float32(0.5)],
    "dense_dropout": [0, 0.5],
    "convs_per_block": [1, np.int64(1)],
    "n_branches": [1],
    "pooling": ["max"],
    "padding": ["same"],
    "activation": ["relu"],
    "batch_norm": [False, True, np.True_],
    "batch_norm_statistics": ["fresh", "moving"],
    "max_norm": [None, 0, 2.0],
    "dense_max_norm": [None, 0],
    "kernel_regularizer": [None, 0, 1e-3],
    "head": ["flatten"],
    "image_shape": [None, (8, 8), [8, 8, 1]],
    "epochs": [1, np.int64(1)],
    "batch_size": [20, 64],
    "optimizer": ["adam", "sgd", keras.optimizers.SGD, "RMSprop"],
    "optimizer__learning_rate": [0.01, 1, np.float32(0.1)],
    "optimizer__momentum": [0.5],
    "optimizer__beta_1": [0.5],
    "optimizer__epsilon": [1e-7],
    "optimizer__clipnorm": [None, 1.0],
    "optimizer__weight_decay": [None, 1e-3],
    "optimizer__amsgrad": [False],
    "optimizer__use_ema": [False],
    "optimizer__ema_overwrite_frequency": [None],
    "optimizer__gradient_accumulation_steps": [None],
    "optimizer__loss_scale_factor": [None],
    "optimizer__name": ["mine"],
    "optimizer__": [1],
    "loss": ["sparse_categorical_crossentropy", "mse"],
    "loss__from_logits": [False],
    "loss__label_smoothing": [0.1],
    "loss__reduction": ["sum_over_batch_size"],
    "loss__ignore_class": [None],
    "loss__axis": [-1],
    "loss__name": ["mine"],
    "learning_rate_schedule": [None, "cosine", "one_cycle"],
    "learning_rate_schedule__warmup": [0.5],
    "learning_rate_schedule__end": [0.1],
    "learning_rate_schedule__decay": [0.1],
    "augmentation": [None, "flip", "shift"],
    "class_weight": [None, "balanced", dict.fromkeys(range(10), 2.0)],
    "early_stopping": [False, True],
    "validation_fraction": [0.25],
    "n_iter_no_change": [1],
    "tol": [0, 0.1],
    "callbacks": [None, [], keras.callbacks.History, {"a": keras.callbacks.History}],
    "callbacks__x": [1],
    "callbacks__0__monitor": ["loss"],
    "warm_start": [False, True],
    "memory": [None, "states"],
    "random_state": [0, None, np.random.RandomState(0)],
    "verbose": [0, 1, True],
}
OPTIMIZER_AND_LOSS = [n for n in SOUND if n.startswith(("optimizer__", "loss__"))]


@st.composite
def settings(draw):
    """Arguments of the constructor: up to three odd ones among up to three sound ones.

    Returns
    -------
    strategy of tuple (dict, tuple)
        The arguments, and the names of the odd ones.
    """
    names = st.sampled_from(sorted(SOUND)) | st.sampled_from(OPTIMIZER_AND_LOSS)
    odd = draw(st.lists(names, max_size=3, unique=True))
    sound = draw(st.lists(names, max_size=3, unique=True))
    params = {name: draw(st.sampled_from(SOUND[name])) for name in sound}
    for name in odd:
        params[name] = ODD[draw(st.integers(0, len(ODD) - 1))]
    return params, tuple(odd)
