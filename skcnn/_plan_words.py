"""A plan of a search in words."""

import textwrap

from skcnn._device import is_on_gpu
from skcnn._quantities import in_bytes, in_seconds

WIDTH = 79
LARGE_BATCH = 2**30  # bytes of one batch above which a plan says what to do
LARGE_NETWORK = 2_000_000  # parameters
LONG_SEARCH = 60  # seconds from which a plan says how to be faster
SMALL_IMAGE = 32 * 32  # pixels up to which one core for each fit was measured faster


def plan_text(plan):
    """What ``print(plan)`` shows.

    Parameters
    ----------
    plan : skcnn._search_plan.SearchPlan

    Returns
    -------
    str
    """
    lines = [_first_line(plan)]
    if plan.n_networks:
        for name, words in _rows(plan):
            lines += _wrapped(f"{name:<12}{words}", 12)
    for note in [*_problems(plan), *plan.notes]:
        lines += _wrapped(f"- {note}", 2)
    return "\n".join(lines)


def _wrapped(text, indent):
    # A path stays whole, to be copied.
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=indent * " ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _first_line(plan):
    some = f"{plan.n_candidates} candidate{'s' if plan.n_candidates > 1 else ''}"
    if plan.n_iterations > 1:
        return f"{some}, {plan.n_iterations} iterations, {plan.n_fits} fits"
    return f"{some} x {plan.n_fits // plan.n_candidates} folds = {plan.n_fits} fits"


def _rows(plan):
    sizes = plan.candidates["n_params"].dropna()
    span = f"{sizes.min():,}"
    if sizes.max() > sizes.min():
        span += f" to {sizes.max():,}"
    yield "networks", f"{plan.n_networks} to compile, of {span} parameters"
    yield "trainings", f"{plan.n_trainings} different ones"
    yield "epochs", _epochs(plan)
    yield "time", _time(plan)
    yield "memory", f"about {in_bytes(plan.memory_bytes)}"
    if plan.disk_bytes:
        yield "disk", f"{in_bytes(plan.disk_bytes)} in memory={plan.memory!r}"


def _epochs(plan):
    words = f"{plan.epochs_asked:,} asked for, {plan.epochs_to_train:,} to train"
    if plan.epochs_known:
        words += f"; {plan.epochs_known:,} are known"
    if plan.epochs_asked > plan.epochs_to_train + plan.epochs_known:
        words += "; the rest is shared"
    return words


def _time(plan):
    words = f"about {in_seconds(plan.seconds)}"
    if plan.n_lanes == 1:
        words += ", one fit after the other"
    else:
        words += f", {plan.n_lanes} fits at a time in {plan.lanes}"
    judged = plan.n_networks - plan.n_measured
    if judged > 0:
        words += (
            f" ({plan.n_measured} networks were measured, {judged} are judged by their "
            "operations)"
        )
    return words


def _problems(plan):
    """A sentence for each kind of candidate that is not worth starting."""
    problems = plan.candidates["problem"]
    too_large = problems[problems.str.startswith("larger than")]
    impossible = problems[(problems != "") & ~problems.index.isin(too_large.index)]
    if len(impossible):
        first = impossible.index[0]
        yield (
            f"{_candidates(impossible)} cannot be fitted, such as number {first}: "
            f"{impossible[first]}"
        )
    if len(too_large):
        yield (
            f"{_candidates(too_large)} {'is' if len(too_large) == 1 else 'are'} "
            f"{too_large.iloc[0]}. feasible_grid leaves them out of a grid, and "
            "feasible_sample out of distributions."
        )


def _candidates(some):
    return f"{len(some)} candidate{'s' if len(some) > 1 else ''}"


# --------------------------------------------------------------------------------------
# What to know besides


def plan_notes(search, rungs, found, lanes, cost):
    """What to know of a search besides its figures, each with its remedy.

    Parameters
    ----------
    search : GridSearchCV or the like
    rungs : list of skcnn._planned_fits.Rung
    found : skcnn._search_facts.Collected
    lanes : skcnn._lanes.Lanes
    cost : skcnn._search_cost.SearchCost or None

    Returns
    -------
    list of str
    """
    notes = []
    if found.without_network:
        n = len(found.without_network)
        notes += [f"{n} without a network of skcnn: not in the figures."]
    for reason, n_fits in found.unshared.items():
        notes += [f"{n_fits} fits share nothing. {reason}"]
    if cost is not None:
        notes += _notes_on_sharing(lanes, cost)
        notes += _notes_on_threads(found, lanes, cost)
        notes += _notes_on_size(found, cost)
    notes += _notes_on_chance(search, rungs, found)
    return notes


def _notes_on_sharing(lanes, cost):
    if not lanes.are_processes or cost.has_memory:
        return []
    saved = round(cost.expected(cost.new_epochs))
    saved -= round(cost.expected(cost.epochs_if_shared))
    if not saved:
        return []
    return [
        f"Processes share epochs through memory alone. With memory='runs' about "
        f"{saved:,} epochs fewer are trained; threads share without it."
    ]


def _notes_on_threads(found, lanes, cost):
    """How a long search on small images gets faster, see docs/guide/speed.md."""
    n_cores = lanes.intra_op_threads
    has_one_run = len({fit.run for fit in found.fits}) == 1
    if lanes.are_processes or n_cores == 1 or has_one_run or is_on_gpu():
        return []
    shapes = [network.architecture.image_shape for network in found.networks.values()]
    is_small = max(height * width for height, width, _ in shapes) <= SMALL_IMAGE
    if not is_small or cost.seconds() < LONG_SEARCH:
        return []
    return [
        f"TensorFlow shares each operation among {n_cores} cores. Small images train "
        "faster with one core for each fit: set TF_NUM_INTRAOP_THREADS=1 before Python "
        f"starts, and search in parallel_config(backend='threading', n_jobs={n_cores})."
    ]


def _notes_on_size(found, cost):
    """What to do about networks that take more than people think."""
    notes = []
    fit = max(found.fits, key=cost.batch_bytes)
    if cost.batch_bytes(fit) >= LARGE_BATCH:
        height, width, _ = found.networks[fit.network].architecture.image_shape
        notes += [
            f"A batch of candidate {fit.candidate} takes "
            f"{in_bytes(cost.batch_bytes(fit))}, on images of {height}x{width}. "
            "Resize the images, or take a smaller batch_size, fewer filters in the "
            "first block, or a larger pool_size there."
        ]
    fit = max(found.fits, key=lambda fit: found.n_params[fit.candidate])
    layers = found.networks[fit.network].architecture.layers
    largest = max(layers, key=lambda layer: layer.n_params)
    n_params = found.n_params[fit.candidate]
    is_dense = largest.kind == "dense" and largest.inputs == ("flatten",)
    if n_params >= LARGE_NETWORK and is_dense and largest.n_params > n_params / 2:
        notes += [
            f"Candidate {fit.candidate} has {n_params:,} parameters, "
            f"{largest.n_params:,} of them between its maps and its first dense layer. "
            "head='global_avg', or more pooling, leaves few of them."
        ]
    return notes


def _notes_on_chance(search, rungs, found):
    notes = []
    if len(rungs) > 1:
        notes += [
            "Which candidates go on is decided as the search goes. So epochs and time "
            "are those to be expected."
        ]
    if found.n_early:
        notes += [f"{found.n_early} fits may stop early: this is the most they take."]
    if hasattr(search, "param_distributions") and search.random_state is None:
        notes += [
            "These candidates are drawn anew in fit. With random_state=0 it will draw "
            "these."
        ]
    return notes
