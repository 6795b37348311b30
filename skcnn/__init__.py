"""Studies of convolutional network design on scikit-learn's interface."""

from skcnn._blocks import ConvBlock
from skcnn._caches import clear_cache
from skcnn._classifier import ConvPoolClassifier
from skcnn._export import export
from skcnn._histories import search_histories
from skcnn._memory_info import clean_memory, memory_info
from skcnn._progress import SearchProgress
from skcnn._report import report
from skcnn._search import (
    count_parameters,
    feasible_grid,
    feasible_sample,
    search_results,
)
from skcnn._search_comparison import compare_candidates
from skcnn._search_plan import plan_search
from skcnn._state_memory import StateMemory
from skcnn._version import __version__

__all__ = [
    "ConvBlock",
    "ConvPoolClassifier",
    "SearchProgress",
    "StateMemory",
    "__version__",
    "clean_memory",
    "clear_cache",
    "compare_candidates",
    "count_parameters",
    "export",
    "feasible_grid",
    "feasible_sample",
    "memory_info",
    "plan_search",
    "report",
    "search_histories",
    "search_results",
]
