"""What a fit asks for: how many epochs, shared with which fits, at what cost."""

from copy import copy
from dataclasses import dataclass
from numbers import Integral

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._classifier import ConvPoolClassifier
from skcnn._operations import operations
from skcnn._parameters import all_parameters
from skcnn._value_labels import as_text

# What changes neither the epochs of a run nor what they cost.
_BESIDE_THE_RUN = ("epochs", "memory", "verbose", "n_iter_no_change", "tol")
# What changes the run, but hardly what an epoch costs.
_BESIDE_THE_COST = ("random_state", "class_weight", "optimizer__")
# Every step depends on the number of steps in all, so these runs have no common prefix.
_OF_FIXED_LENGTH = ("one_cycle", "cosine")


@dataclass(frozen=True)
class Job:
    """What a fit asks of a network."""

    epochs: int
    run: (
        str | None
    )  # equal for fits that share epochs on equal images; None: shares none
    network: str  # equal for fits whose epochs cost the same
    work: float  # operations in an epoch, about


def job_of(params, image_shape, n_images):
    """The job of a network with these parameters, from `all_parameters`."""
    run = {
        name: as_text(params[name])
        for name in sorted(params)
        if name not in _BESIDE_THE_RUN
    }
    cost = {name: run[name] for name in run if not name.startswith(_BESIDE_THE_COST)}
    return Job(
        epochs=params["epochs"],
        run=str(run) if _shares(params) else None,
        network=str(cost),
        work=_operations(params, image_shape) * max(1, n_images),
    )


def _shares(params):
    return (
        isinstance(params["random_state"], Integral)
        and not params["callbacks"]
        and params["learning_rate_schedule"] not in _OF_FIXED_LENGTH
    )


def _operations(params, image_shape):
    """About how many multiplications an image costs; 1 if there is no such network."""
    if len(image_shape) == 1:  # a row of a table
        image_shape = params["image_shape"] or (1, *image_shape, 1)
    design = {name: params[name] for name in ARCHITECTURE_PARAMETERS}
    try:
        layers = Architecture.from_parameters(tuple(image_shape), 2, **design).layers
    except (TypeError, ValueError):
        return 1  # its fit will say what is wrong
    return operations(layers)


def planned_jobs(estimator, candidates, image_shape, n_images):
    """Jobs of candidates; None for one that replaces the network."""
    prefix, network = networks_in(estimator)[0]
    jobs = []
    for candidate in candidates:
        own = {
            name.removeprefix(prefix): value
            for name, value in candidate.items()
            if name.startswith(prefix)
        }
        # Not a clone, which would copy all values for each candidate.
        params = all_parameters(copy(network).set_params(**own))
        is_replaced = prefix.removesuffix("__") in candidate
        jobs.append(None if is_replaced else job_of(params, image_shape, n_images))
    return jobs


def is_network(estimator):
    """Whether an estimator is a network itself."""
    return isinstance(estimator, ConvPoolClassifier)


def networks_in(estimator):
    """The networks in an estimator, each after the prefix of its parameters' names."""
    if is_network(estimator):
        return [("", estimator)]
    parts = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return [(f"{name}__", part) for name, part in parts.items() if is_network(part)]
