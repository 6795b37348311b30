"""What is known of the fits of a search before they begin."""

from math import ceil

from sklearn.model_selection import ParameterGrid

from skcnn._progress.jobs import Plan, networks_in
from skcnn._progress.tally import Round

MOST_CANDIDATES = 5000  # of which a plan is made; one takes about 0.1 ms


def round_of(search, context):
    """The fits that a search is about to hand out.

    Parameters
    ----------
    search : estimator
    context : sklearn.callback.CallbackContext

    Returns
    -------
    Round
    """
    n_fits, n_splits = context.max_subtasks, search.n_splits_
    factor = getattr(search, "factor", None)  # of successive halving
    if factor is None:
        return Round(n_fits, n_splits, plan=_plan_of(search, n_fits, n_splits))
    n_candidates, later = n_fits // n_splits, []
    for _ in range(context.task_id + 1, context.parent.max_subtasks):
        n_candidates = ceil(n_candidates / factor)
        later.append(n_candidates * n_splits)
    return Round(n_fits, n_splits, later=later, growth=factor)


def _plan_of(search, n_fits, n_splits):
    """Of a grid alone: to draw random candidates beforehand might change what is drawn then."""
    grid = getattr(search, "param_grid", None)
    if grid is None or not networks_in(search.estimator):
        return None
    candidates = ParameterGrid(grid)
    if len(candidates) > MOST_CANDIDATES or len(candidates) * n_splits != n_fits:
        return None
    return Plan(search.estimator, list(candidates))


def tried_parameters(search):
    """Names of the parameters that differ from candidate to candidate.

    Parameters
    ----------
    search : estimator

    Returns
    -------
    tuple of str
    """
    space = getattr(search, "param_grid", getattr(search, "param_distributions", {}))
    spaces = [space] if isinstance(space, dict) else space
    names = dict.fromkeys(
        name
        for each in spaces
        for name, values in each.items()
        if len(spaces) > 1 or not _is_constant(values)
    )
    return (*names, search.resource) if hasattr(search, "resource") else tuple(names)


def _is_constant(values):
    return hasattr(values, "__len__") and len(values) == 1
