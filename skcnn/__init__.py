"""Studies of convolutional network design on scikit-learn's interface."""

from skcnn._blocks import ConvBlock
from skcnn._caches import clear_cache
from skcnn._classifier import ConvPoolClassifier
from skcnn._progress import SearchProgress
from skcnn._search import feasible_grid, search_results
from skcnn._version import __version__

__all__ = [
    "ConvBlock",
    "ConvPoolClassifier",
    "SearchProgress",
    "__version__",
    "clear_cache",
    "feasible_grid",
    "search_results",
]
