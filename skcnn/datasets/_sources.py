"""What is known of each data set that is downloaded: one record for each.

To add a data set, write its `Source` here and a short public function in `_fetch.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from skcnn._compat import keras


@dataclass(frozen=True)
class Source:
    """A data set that is downloaded. Its file must agree with this record.

    Attributes
    ----------
    name : str
        Short name. The public function is ``fetch_<name>``, the file ``<name>.npz``.
    load : callable
        Loads the data set from the network and takes no arguments. It returns a pair
        of images and labels for each split, in the order of `n_samples`.
    n_samples : dict of str to int
        Official number of images in each split.
    image_shape : tuple of int
        Height, width and channels.
    target_names : tuple of str
        Name of each class, in the order of its code.
    descr : str
        The text that users find in `DESCR`.
    """

    name: str
    load: Callable
    n_samples: dict[str, int]
    image_shape: tuple[int, int, int]
    target_names: tuple[str, ...]
    descr: str

    def how_to_supply(self):
        """Advice for error messages: how to get the file without a download here."""
        arrays = []
        for split, n in self.n_samples.items():
            arrays.append(f"x_{split}, uint8 of shape {(n, *self.image_shape)}")
            arrays.append(f"y_{split}, integers of shape ({n},)")
        return (
            f"To supply that file, write an .npz with {'; '.join(arrays)}. "
            f"Or call fetch_{self.name} on a computer with a network, and copy the "
            "file that it writes."
        )


_YOUR_OWN_FILE = """
The images are returned as the file holds them. A file that was downloaded has the
official images. A file that you supply may hold fewer images, or other pixels, for
example from copies that were saved as JPEG. If so, say this beside your results.
"""

CIFAR10 = Source(
    name="cifar10",
    load=keras.datasets.cifar10.load_data,
    n_samples={"train": 50_000, "test": 10_000},
    image_shape=(32, 32, 3),
    target_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    descr=f"""CIFAR-10
========

60,000 color photographs of 32x32 pixels, labeled by hand. There are ten classes of
animals and vehicles, with 6,000 images each. The official split has 50,000 training
images and 10,000 test images, 1,000 of each class.
{_YOUR_OWN_FILE}
A. Krizhevsky, "Learning multiple layers of features from tiny images",
technical report, University of Toronto, 2009.
https://www.cs.toronto.edu/~kriz/cifar.html
""",
)

FASHION_MNIST = Source(
    name="fashion_mnist",
    load=keras.datasets.fashion_mnist.load_data,
    n_samples={"train": 60_000, "test": 10_000},
    image_shape=(28, 28, 1),
    target_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    descr=f"""Fashion-MNIST
=============

70,000 gray photographs of products, 28x28 pixels each. There are ten classes of
clothes, shoes and bags, with 7,000 images each. The official split has 60,000 training
images and 10,000 test images, 1,000 of each class. The data set was made to replace the
MNIST digits, which have become too easy. Its format and size are those of MNIST.
{_YOUR_OWN_FILE}
H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms", arXiv:1708.07747, 2017.
Copyright Zalando SE, MIT license. https://github.com/zalandoresearch/fashion-mnist
""",
)

# The fine classes, in the order of their codes.
_CIFAR100_NAMES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy
    bridge bus butterfly camel can castle caterpillar cattle chair chimpanzee clock
    cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
    forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
    lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange
    orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
    snail snake spider squirrel streetcar sunflower sweet_pepper table tank
    telephone television tiger tractor train trout tulip turtle wardrobe whale
    willow_tree wolf woman worm
"""

CIFAR100 = Source(
    name="cifar100",
    # Its default labels are the fine ones.
    load=keras.datasets.cifar100.load_data,
    n_samples={"train": 50_000, "test": 10_000},
    image_shape=(32, 32, 3),
    target_names=tuple(_CIFAR100_NAMES.split()),
    descr=f"""CIFAR-100
=========

60,000 color photographs of 32x32 pixels, labeled by hand. There are 100 classes with
600 images each, from apples to worms. The official split has 50,000 training images
and 10,000 test images, 100 of each class. The labels here are the 100 fine classes, and
not the 20 coarse ones.
{_YOUR_OWN_FILE}
A. Krizhevsky, "Learning multiple layers of features from tiny images",
technical report, University of Toronto, 2009.
https://www.cs.toronto.edu/~kriz/cifar.html
""",
)

MNIST = Source(
    name="mnist",
    load=keras.datasets.mnist.load_data,
    n_samples={"train": 60_000, "test": 10_000},
    image_shape=(28, 28, 1),
    target_names=tuple("0123456789"),
    descr=f"""MNIST
=====

70,000 handwritten digits, gray images of 28x28 pixels. There are ten classes with about
7,000 images each. The official split has 60,000 training images and 10,000 test images,
written by other people. Pixels go from 0 for paper to 255 for ink. Simple methods reach
98 %, so differences between networks are small here: see Fashion-MNIST.
{_YOUR_OWN_FILE}
Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998.
""",
)
