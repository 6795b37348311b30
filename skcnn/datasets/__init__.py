"""Real images to study networks on, loaded in the way of scikit-learn's data sets.

Images are uint8 of shape (n, height, width, channels), as
:class:`~skcnn.ConvPoolClassifier` takes them. Each data set is divided into training
images and test images. By default a loader returns the training images only, so that
nobody trains on test images by mistake.

Examples
--------
>>> from skcnn.datasets import load_digits
>>> X_train, y_train = load_digits(subset="train", return_X_y=True)
>>> X_test, y_test = load_digits(subset="test", return_X_y=True)
>>> X_train.shape, X_test.shape
((1347, 8, 8, 1), (450, 8, 8, 1))
"""

from skcnn.datasets._digits import load_digits
from skcnn.datasets._fetch import (
    fetch_cifar10,
    fetch_cifar100,
    fetch_fashion_mnist,
    fetch_mnist,
)
from skcnn.datasets._image_files import load_image_files
from skcnn.datasets._image_folder import load_image_folder

__all__ = [
    "fetch_cifar10",
    "fetch_cifar100",
    "fetch_fashion_mnist",
    "fetch_mnist",
    "load_digits",
    "load_image_files",
    "load_image_folder",
]
