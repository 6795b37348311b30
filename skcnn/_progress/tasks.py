"""Which of the tasks that scikit-learn announces is a fit, and which holds fits.

scikit-learn's tasks are a tree. That of a search over pipelines, for example::

    GridSearchCV fit
        search                            a round: its tasks are the fits
            candidate-split-evaluation    a fit; also the task "fit" of the Pipeline
                fit-final-estimator       also the task "fit" of the network
                    epoch
        refit-with-best-params            a fit, too

A network that is fitted outside of any search is a fit by itself.
"""

from dataclasses import dataclass

from skcnn._classifier import ConvPoolClassifier
from skcnn._compat import SEARCH_FITS


@dataclass(frozen=True)
class Place:
    """Where a task is.

    Attributes
    ----------
    path : tuple of int
        Numbers of the tasks from the root down to this one.
    fit : tuple of int or None
        Path of the fit that this task is, or is a part of; None above the fits.
    is_network : bool
        Whether the task is the fit of a network.
    is_epoch : bool
        Whether it is an epoch of a network.
    """

    path: tuple
    fit: tuple | None
    is_network: bool
    is_epoch: bool

    @property
    def is_fit(self):
        """Whether the task is a fit that counts."""
        return self.path == self.fit


def place(estimator, context):
    """Where a task is.

    Parameters
    ----------
    estimator : estimator
        Which announced it.
    context : sklearn.callback.CallbackContext

    Returns
    -------
    Place
    """
    contexts = [context]
    while contexts[0].parent is not None:
        contexts.insert(0, contexts[0].parent)
    path = tuple(each.task_id for each in contexts)
    is_epoch = context.task_name == "epoch"
    of_network = isinstance(estimator, ConvPoolClassifier)
    fits = [
        path[:depth]
        for depth, each in enumerate(contexts, start=1)
        if _is_fit_of_search(each)
    ]
    if not fits and of_network:
        fits = [path[:-1] if is_epoch else path]
    return Place(
        path=path,
        fit=fits[0] if fits else None,
        is_network=of_network and not is_epoch,
        is_epoch=of_network and is_epoch,
    )


def _is_fit_of_search(context):
    # The task of a search has become one with that of the estimator it fits, if that
    # announces its tasks as well.
    return context.task_name in SEARCH_FITS or context.source_task_name in SEARCH_FITS


def is_refit(context):
    """Whether a fit is the last one of a search, with the best parameters."""
    return SEARCH_FITS[-1] in (context.task_name, context.source_task_name)


def is_whole_fit(context):
    """Whether a task is the whole fit of an estimator, and not a part of it."""
    return context.parent is None or context.source_task_name is not None


def is_round(estimator, context):
    """Whether the tasks of a task are the fits of a search."""
    in_any_order = bool(context.max_subtasks) and not context.sequential_subtasks
    return in_any_order and hasattr(estimator, "n_splits_")
