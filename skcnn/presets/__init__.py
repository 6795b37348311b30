"""Where to start: a space to search for your own images, and published networks.

:func:`search_space` has the parameters to search for images of a shape and number.

The rest are the published networks, grids and figures, by name.

Each network but the last comes from one of five course studies of small
convolution-pooling networks, 2017-2022:

- S0, ``"grid-..."``: a grid search over width, dense layers, dropout, batch size and
  epochs on CIFAR-10.
- S1, ``"alexnet-..."``: width and depth of an AlexNet-style network on CIFAR-10.
- S2, ``"sigmoid-..."``: width and depth of sigmoid networks on Fashion-MNIST.
- S3, ``"cascade-..."``: learning rate, epochs and number of cascades on CIFAR-10.
- S4, ``"max-norm"``: dropout and norm limits on CIFAR-10.
- S5, ``"modern"``: our own, with the budget of S0's best network: at most 300,000
  parameters and 10 epochs on CIFAR-10.

S2 wants pixels scaled to [-1, 1], as floating-point numbers. The others want
pixels / 255, which images of dtype uint8 get by themselves.

Attributes
----------
NETWORKS : Mapping of str to dict
    Parameters of :class:`~skcnn.ConvPoolClassifier`: the architecture, and how the
    study trained it.
GRIDS : Mapping of str to dict or list of dict
    The `param_grid` of a study's search, for
    :class:`~sklearn.model_selection.GridSearchCV`. ``"s0"`` has 108 candidates and sets
    all that the study varied. ``"s3"`` varies one factor at a time around
    ``NETWORKS["cascade-two"]``, which is its first candidate.
PUBLISHED : Mapping of str to Published
    What the study reported for the network of that name.

Notes
-----
``NETWORKS`` and ``GRIDS`` hand out copies, so you may change what you take from them.

Examples
--------
>>> from skcnn import ConvPoolClassifier, presets
>>> presets.NETWORKS["grid-32-64"]["conv_layers"]
[(32, 5, 2, 2), (64, 3, 2, 2)]
>>> presets.PUBLISHED["grid-32-64"].n_params
288848
>>> classifier = ConvPoolClassifier(**presets.NETWORKS["grid-32-64"], random_state=0)

A published network with one thing changed:

>>> classifier = ConvPoolClassifier(**presets.NETWORKS["cascade-two"] | {"epochs": 15})
"""

from skcnn.presets._networks import GRIDS, NETWORKS, PUBLISHED, Published
from skcnn.presets._space import search_space

__all__ = ["GRIDS", "NETWORKS", "PUBLISHED", "Published", "search_space"]
