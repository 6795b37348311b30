"""The network of the other contenders in PyTorch, for skorch.

PyTorch is imported here, at the top: whoever runs without skorch does not import this.
"""

import torch
from torch import nn


class TorchNetwork(nn.Sequential):
    """Study S0's network, with scores rather than probabilities at its end.

    Its initial weights are those that PyTorch gives its layers.

    Parameters
    ----------
    image_shape : tuple of int
        (height, width, channels).
    n_classes : int
    conv_layers : list of (filters, kernel_size, pool_size, pool_stride)
    dense_layers : list of int
    dropout : float
    seed : int
        skorch has no parameter for it.
    """

    def __init__(
        self, image_shape, n_classes, conv_layers, dense_layers, dropout, seed=0
    ):
        torch.manual_seed(seed)
        height, width, channels = image_shape
        layers = []
        for filters, kernel_size, pool_size, pool_stride in conv_layers:
            for n_inputs in (channels, filters):
                layers.append(nn.Conv2d(n_inputs, filters, kernel_size, padding="same"))
                layers.append(nn.ReLU())
            layers.append(nn.MaxPool2d(pool_size, pool_stride))
            layers.append(nn.Dropout(dropout))
            height = (height - pool_size) // pool_stride + 1
            width = (width - pool_size) // pool_stride + 1
            channels = filters
        layers.append(nn.Flatten())
        n_inputs = height * width * channels
        for units in dense_layers:
            layers += [nn.Linear(n_inputs, units), nn.ReLU()]
            n_inputs = units
        super().__init__(*layers, nn.Linear(n_inputs, n_classes))


def network_parameters():
    """Parameters of skorch that make its training that of the other contenders."""
    return {
        "module": TorchNetwork,
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "lr": 0.001,  # as Keras' Adam has it
        "train_split": None,
        "verbose": 0,
    }
