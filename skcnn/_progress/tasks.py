"""Which of the tasks that scikit-learn announces is a fit, and which fits will follow.

scikit-learn's tasks are a tree. That of a search over pipelines, for example::

    GridSearchCV fit
        search                            a round: its tasks are the fits
            candidate-split-evaluation    a fit; also the task "fit" of the Pipeline
                fit-final-estimator       also the task "fit" of the network
                    epoch
        refit-with-best-params            a fit, too

A network that is fitted outside of any search is a fit by itself.
"""

from functools import partial
from math import ceil

from joblib import effective_n_jobs
from sklearn.model_selection import ParameterGrid

from skcnn._compat import SEARCH_FITS
from skcnn._progress.jobs import is_network, networks_in, planned_jobs
from skcnn._progress.tally import Round

MOST_CANDIDATES = 5000  # of which jobs are planned; each takes about a millisecond


def fit_of(estimator, context):
    """The context of the fit that a task is or belongs to; None above the fits."""
    contexts = [context]
    while contexts[-1].parent is not None:
        contexts.append(contexts[-1].parent)
    fits = [each for each in contexts if set(SEARCH_FITS) & _names(each)]
    if fits:
        return fits[-1]  # the outermost: what a search fits may be a search
    if is_network(estimator):
        return context.parent if context.task_name == "epoch" else context
    return None


def is_alone(fit):
    """Whether a fit is a refit or outside of any search."""
    return SEARCH_FITS[0] not in _names(fit)


def number_of(fit):
    """The number of a fit in its round."""
    return 0 if is_alone(fit) else fit.task_id


def _names(context):
    # The task of a search becomes one with that of the estimator which it fits, if that
    # estimator announces tasks as well.
    return {context.task_name, context.source_task_name}


def is_round(estimator, context):
    """Whether the tasks of a task are the fits of a search."""
    in_any_order = bool(context.max_subtasks) and not context.sequential_subtasks
    return in_any_order and hasattr(estimator, "n_splits_")


def round_of(search, context):
    """The round of fits that a search is about to hand out."""
    n_lanes = effective_n_jobs(search.n_jobs)
    round_ = Round(context.max_subtasks, search.n_splits_, n_lanes)
    factor, growth = getattr(search, "factor", None), 1.0
    if factor is None:
        round_.plan = _plan_of(search, round_)
    else:
        # Successive halving: each iteration keeps one candidate of `factor`, for which
        # it takes `factor` times the resources.
        n_candidates = round_.n_fits // round_.n_splits
        for _ in range(context.task_id + 1, context.parent.max_subtasks):
            n_candidates, growth = ceil(n_candidates / factor), growth * factor
            round_.later.append((n_candidates * round_.n_splits, growth))
    if search.refit:  # on all images, instead of those of a fold
        folds = round_.n_splits / max(1, round_.n_splits - 1)
        round_.later.append((1, folds * growth))
    return round_


def _plan_of(search, round_):
    # Random candidates are not drawn beforehand: others might be drawn then.
    grid = getattr(search, "param_grid", None)
    if grid is None or not networks_in(search.estimator):
        return None
    candidates = ParameterGrid(grid)
    is_whole = len(candidates) * round_.n_splits == round_.n_fits
    if len(candidates) > MOST_CANDIDATES or not is_whole:
        return None
    return partial(planned_jobs, search.estimator, list(candidates))


def search_spaces(estimator):
    """The dicts of values or distributions that a search tries; none of another one."""
    space = getattr(estimator, "param_distributions", [])
    space = getattr(estimator, "param_grid", space)
    return [space] if isinstance(space, dict) else list(space)


def tried_parameters(search):
    """Names of the parameters that differ from candidate to candidate."""
    spaces = search_spaces(search)
    names = {}  # a set that keeps its order
    for space in spaces:
        for name, values in space.items():
            is_constant = hasattr(values, "__len__") and len(values) == 1
            if len(spaces) > 1 or not is_constant:
                names[name] = True
    if hasattr(search, "resource"):
        names[search.resource] = True
    return tuple(names)
