"""Studies of convolutional network design on scikit-learn's interface."""

from skcnn._blocks import ConvBlock
from skcnn._caches import clear_cache
from skcnn._classifier import ConvPoolClassifier
from skcnn._export import export
from skcnn._histories import search_histories
from skcnn._progress import SearchProgress
from skcnn._report import report
from skcnn._search import (
    count_parameters,
    feasible_grid,
    feasible_sample,
    search_results,
)
from skcnn._search_plan import plan_search
from skcnn._version import __version__

__all__ = [
    "ConvBlock",
    "ConvPoolClassifier",
    "SearchProgress",
    "__version__",
    "clear_cache",
    "count_parameters",
    "export",
    "feasible_grid",
    "feasible_sample",
    "plan_search",
    "report",
    "search_histories",
    "search_results",
]
