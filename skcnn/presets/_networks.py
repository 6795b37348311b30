"""The published networks, grids and figures: tables, and what makes them."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType

from skcnn._blocks import ConvBlock


class _Copies(Mapping):
    """A read-only mapping that hands out deep copies.

    Mapping proxies would be read-only too, but GridSearchCV insists on a dict or a list
    of dicts.
    """

    def __init__(self, entries):
        self._entries = entries

    def __getitem__(self, name):
        return deepcopy(self._entries[name])

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)

    def __repr__(self):
        return f"<{', '.join(self._entries)}>"


@dataclass(frozen=True)
class Published:
    """What a study reported for one network.

    Attributes
    ----------
    study : str
        ``"S0"`` to ``"S5"``.
    image_shape : tuple of int
        (height, width, channels) of the images.
    n_params : int
        Number of parameters, non-trainable ones included.
    n_non_trainable : int
        Number of non-trainable parameters.
    cv_accuracy : float or None
        Mean accuracy in cross-validation.
    train_loss, train_accuracy : float or None
        After the last epoch. In S1 it is that of the trained network on the training
        images, as the figures of the dense network show; in S4 the mean over the epoch.
    test_loss, test_accuracy : float or None
        After the last epoch.
    validation_accuracy : tuple of float
        After each epoch; empty where the study gave none.
    note : str
        What the figures alone do not say.
    """

    study: str
    image_shape: tuple
    n_params: int
    n_non_trainable: int = 0
    cv_accuracy: float | None = None
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    validation_accuracy: tuple = ()
    note: str = ""


# --------------------------------------------------------------------------------------
# Families of networks


def _grid_blocks(first, second):
    return [(first, 5, 2, 2), (second, 3, 2, 2)]


def _grid(first, second, dense_layers=(50,), **training):
    """S0; the training is that of the best candidate, unless another is given."""
    network = {
        "conv_layers": _grid_blocks(first, second),
        "dense_layers": list(dense_layers),
        "dropout": 0.25,
        "convs_per_block": 2,
        "epochs": 10,
        "batch_size": 128,
        "optimizer": "adam",
    }
    return network | training


_GRID_AGAIN = {
    "epochs": 20,
    "optimizer__learning_rate": 1e-3,
    "optimizer__amsgrad": True,
}


def _alexnet(*conv_layers):
    """S1; only its second convolution is not padded.

    Its figures are of Keras' moving averages, which make them jump from epoch to epoch.
    """
    return {
        "conv_layers": list(conv_layers),
        "dense_layers": [512],
        "dropout": 0.25,
        "dense_dropout": 0.5,
        "convs_per_block": 1,
        "batch_norm": True,
        "batch_norm_statistics": "moving",
        "epochs": 10,
        "batch_size": 32,
        "optimizer": "sgd",
    }


def _alexnet_start(filters):
    return ConvBlock(filters, 11, 3, 2), ConvBlock(filters, 8, 3, 2, padding="valid")


def _sigmoid(conv_layers, units, pooling):
    """S2."""
    return {
        "conv_layers": conv_layers,
        "dense_layers": [units],
        "dropout": 0.0,
        "convs_per_block": 1,
        "pooling": pooling,
        "activation": "sigmoid",
        "epochs": 20,
        "batch_size": 128,
        "optimizer": "adam",
    }


def _sigmoid_blocks(first, second):
    return [
        ConvBlock(first, 5, 3, 1),
        ConvBlock(second, 5, pool_size=None, padding="valid"),
    ]


def _decaying(learning_rate, decay):
    """The `decay` of old Keras: learning_rate / (1 + decay * step)."""
    return {
        "optimizer__learning_rate": learning_rate,
        "learning_rate_schedule": "inverse_time",
        "learning_rate_schedule__decay": decay,
    }


_ONE_CASCADE = [ConvBlock(32, 3, 2, n_convs=2)]
_TWO_CASCADES = [
    *_ONE_CASCADE,
    # One cascade in two blocks, because its convolutions are padded differently.
    ConvBlock(64, 3, pool_size=None, n_convs=1),
    ConvBlock(64, 3, 2, n_convs=1, padding="valid"),
]


def _cascade(conv_layers):
    """S3; the study held out 10 % of the training images to validate on."""
    return {
        "conv_layers": conv_layers,
        "dense_layers": [512],
        "dropout": 0.25,
        "dense_dropout": 0.5,
        "epochs": 25,
        "batch_size": 32,
        "optimizer": "sgd",
        "optimizer__momentum": 0.9,
        "optimizer__nesterov": True,
    } | _decaying(0.01, 1e-6)


_MAX_NORM = {
    "conv_layers": [
        ConvBlock(32, 3, pool_size=None, dropout=0.2),
        ConvBlock(64, 3, 2, dropout=0.0, max_norm=3.0),
        ConvBlock(128, 3, 2, dropout=0.2),
    ],
    "dense_layers": [512],
    "dense_dropout": 0.5,
    "dense_max_norm": 3.0,
    "convs_per_block": 1,
    "epochs": 25,
    "batch_size": 32,
    "optimizer": "sgd",
    "optimizer__momentum": 0.9,
} | _decaying(0.01, 0.01 / 25)

_MODERN = {
    "conv_layers": [
        ConvBlock(48, 3, 2),
        ConvBlock(80, 3, 2),
        ConvBlock(104, 3, pool_size=None),
    ],
    "dense_layers": [],
    "dropout": 0.0,
    "convs_per_block": 2,
    "activation": "silu",
    "batch_norm": True,
    "head": "global_avg",
    "kernel_regularizer": 2.5e-4,
    "epochs": 10,
    "batch_size": 128,
    "optimizer": "sgd",
    "optimizer__learning_rate": 0.2,
    "optimizer__momentum": 0.9,
    "optimizer__nesterov": True,
    "learning_rate_schedule": "one_cycle",
    "loss": "categorical_crossentropy",
    "loss__label_smoothing": 0.1,
    "augmentation": "flip+shift",
}

# --------------------------------------------------------------------------------------
# The tables

_GRID_WIDTHS = ((4, 8), (8, 16), (32, 64))
_SIGMOID_WIDTHS = ((2, 4), (5, 10), (8, 16), (10, 20), (15, 30))


def _grid_networks():
    networks = {}
    for first, second in _GRID_WIDTHS:
        networks[f"grid-{first}-{second}"] = _grid(first, second)
    for first, second in _GRID_WIDTHS:
        networks[f"grid-{first}-{second}-dense-50-20"] = _grid(first, second, (50, 20))
    networks["grid-best"] = _grid(32, 64, **_GRID_AGAIN)
    networks["grid-wider"] = _grid(64, 128, **_GRID_AGAIN)
    return networks


_ALEXNETS = {
    "alexnet-base": _alexnet(*_alexnet_start(32), ConvBlock(32, 5, 3, 2)),
    "alexnet-wide": _alexnet(*_alexnet_start(64), ConvBlock(64, 5, 3, 2)),
    "alexnet-deep": _alexnet(
        *_alexnet_start(32),
        ConvBlock(32, 5, pool_size=None),
        ConvBlock(32, 3, pool_size=None),
        ConvBlock(64, 1, 3, 2),
    ),
    "alexnet-dense": _alexnet(),
}


def _sigmoid_networks():
    networks = {}
    for first, second in _SIGMOID_WIDTHS:
        blocks = _sigmoid_blocks(first, second)
        networks[f"sigmoid-width-{first}-{second}"] = _sigmoid(blocks, 80, "max")
    for depth in (1, 2, 3, 4):
        blocks = depth * _sigmoid_blocks(6, 6)
        networks[f"sigmoid-depth-{depth}"] = _sigmoid(blocks, 84, "avg")
    return networks


_OTHERS = {
    "cascade-two": _cascade(_TWO_CASCADES),
    "cascade-one": _cascade(_ONE_CASCADE),
    "max-norm": _MAX_NORM,
    "modern": _MODERN,
}

NETWORKS = _Copies(_grid_networks() | _ALEXNETS | _sigmoid_networks() | _OTHERS)

GRIDS = _Copies(
    {
        "s0": {
            "conv_layers": [_grid_blocks(*widths) for widths in _GRID_WIDTHS],
            "dense_layers": [[50], [50, 20]],
            "epochs": [3, 5, 10],
            "batch_size": [64, 128, 256],
            "dropout": [0.25, 0.5],
        },
        "s3": [
            {"optimizer__learning_rate": [0.01, 0.02, 0.05, 0.1]},
            {"epochs": [15, 20, 30]},
            {"conv_layers": [_ONE_CASCADE]},
        ],
    }
)

_CIFAR10, _FASHION_MNIST = (32, 32, 3), (28, 28, 1)

# fmt: off
PUBLISHED = MappingProxyType({
    "grid-4-8": Published("S0", _CIFAR10, 27_748),
    "grid-8-16": Published("S0", _CIFAR10, 57_464),
    "grid-32-64": Published(
        "S0", _CIFAR10, 288_848, cv_accuracy=0.721860,
        note="Best of the 108 candidates, mean of 3 folds; its parameters are "
        "NETWORKS['grid-32-64'].",
    ),
    "grid-4-8-dense-50-20": Published("S0", _CIFAR10, 28_468),
    "grid-8-16-dense-50-20": Published("S0", _CIFAR10, 58_184),
    "grid-32-64-dense-50-20": Published("S0", _CIFAR10, 289_568),
    "grid-best": Published(
        "S0", _CIFAR10, 288_848, test_loss=0.67298, test_accuracy=0.7777,
    ),
    "grid-wider": Published(
        "S0", _CIFAR10, 738_928, test_loss=0.80283, test_accuracy=0.7731,
    ),
    "alexnet-base": Published(
        "S1", _CIFAR10, 125_258, 192,
        train_loss=1.1132, train_accuracy=0.60148,
        test_loss=1.16469, test_accuracy=0.5800,
        validation_accuracy=(
            .1073, .3455, .4426, .4057, .4163,
            .3840, .5486, .5127, .5279, .5800,
        ),
        note="Validated on the test set.",
    ),
    "alexnet-wide": Published(
        "S1", _CIFAR10, 427_146, 384,
        train_loss=0.93682, train_accuracy=0.66514,
        test_loss=1.01786, test_accuracy=0.6357,
        validation_accuracy=(
            .3101, .3853, .4133, .4098, .4042,
            .5640, .5423, .5515, .5482, .6357,
        ),
        note="Validated on the test set.",
    ),
    "alexnet-deep": Published(
        "S1", _CIFAR10, 153_386, 384,
        train_loss=1.22475, train_accuracy=0.56654,
        test_loss=1.28092, test_accuracy=0.5520,
        validation_accuracy=(
            .3708, .3900, .3915, .3466, .5076,
            .4599, .5148, .5526, .5441, .5520,
        ),
        note="Validated on the test set.",
    ),
    "alexnet-dense": Published(
        "S1", _CIFAR10, 1_578_506,
        train_loss=1.46268, train_accuracy=0.49376, test_accuracy=0.4688,
        validation_accuracy=(
            .3729, .3833, .4173, .4357, .4429,
            .4603, .4572, .4622, .4716, .4688,
        ),
        note="Validated on the test set. The study printed test loss 1.31608 and "
        "accuracy 0.5459, which are wrong: they belong to another network. The "
        "accuracy here is the last of the network's own validation curve.",
    ),
    "sigmoid-width-2-4": Published(
        "S2", _FASHION_MNIST, 156_026, test_loss=0.3040, test_accuracy=0.8880,
    ),
    "sigmoid-width-5-10": Published(
        "S2", _FASHION_MNIST, 389_480, test_loss=0.2655, test_accuracy=0.9020,
    ),
    "sigmoid-width-8-16": Published(
        "S2", _FASHION_MNIST, 623_834, test_loss=0.2645, test_accuracy=0.9077,
    ),
    "sigmoid-width-10-20": Published(
        "S2", _FASHION_MNIST, 780_570, test_loss=0.2646, test_accuracy=0.9053,
        note="Trained only after several restarts.",
    ),
    "sigmoid-width-15-30": Published(
        "S2", _FASHION_MNIST, 1_174_160, test_loss=2.3041, test_accuracy=0.1000,
        note="Never trained, however often it was restarted.",
    ),
    "sigmoid-depth-1": Published("S2", _FASHION_MNIST, 245_932, test_accuracy=0.8903),
    "sigmoid-depth-2": Published("S2", _FASHION_MNIST, 132_832, test_accuracy=0.8620),
    "sigmoid-depth-3": Published("S2", _FASHION_MNIST, 56_020, test_accuracy=0.8424),
    "sigmoid-depth-4": Published("S2", _FASHION_MNIST, 15_496, test_accuracy=0.7616),
    "cascade-two": Published(
        "S3", _CIFAR10, 1_676_842, test_accuracy=0.7629,
        validation_accuracy=(
            .4936, .5492, .6304, .6718, .6790, .7106, .7248, .7272, .7442, .7234,
            .7346, .7488, .7618, .7588, .7574, .7770, .7694, .7576, .7730, .7648,
            .7636, .7684, .7674, .7748, .7750,
        ),
        note="Validated on 10 % of the training images; 354 to 376 s an epoch.",
    ),
    "cascade-one": Published("S3", _CIFAR10, 4_210_090),
    "max-norm": Published(
        "S4", _CIFAR10, 4_293_194, train_loss=0.2383, test_accuracy=0.7663,
        note="The training loss was 1.7011 after epoch 1; 411 to 416 s an epoch.",
    ),
    "modern": Published(
        "S5", _CIFAR10, 289_786, 928,
        note="Our own: nothing was published to compare it with.",
    ),
})
# fmt: on
