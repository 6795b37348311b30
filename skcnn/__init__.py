"""Studies of convolutional network design on scikit-learn's interface."""

from skcnn._blocks import ConvBlock
from skcnn._classifier import ConvPoolClassifier
from skcnn._progress import SearchProgress
from skcnn._search import feasible_grid, search_results
from skcnn._trajectory import clear_cache

__version__ = "0.1.0.dev0"
__all__ = [
    "ConvBlock",
    "ConvPoolClassifier",
    "SearchProgress",
    "__version__",
    "clear_cache",
    "feasible_grid",
    "search_results",
]
