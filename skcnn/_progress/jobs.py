"""What a fit asks for: how many epochs, of which run, at what cost beside others."""

from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, prod
from numbers import Integral

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._classifier import ConvPoolClassifier
from skcnn._parameters import all_parameters
from skcnn._value_labels import as_text

# What neither changes the epochs of a run nor what they cost.
_BESIDE_THE_RUN = {"epochs", "memory", "verbose", "n_iter_no_change", "tol"}
# What changes the run, but hardly what an epoch costs.
_BESIDE_THE_COST = {"random_state", "class_weight"}
# Every step depends on the number of steps in all, so these runs have no common prefix.
_OF_FIXED_LENGTH = ("one_cycle", "cosine")


@dataclass(frozen=True)
class Job:
    """What a fit asks of a network.

    Attributes
    ----------
    epochs : int
    run : str or None
        Equal for fits that share epochs, if they see the same images; None for no sharing.
    network : str
        Equal for fits whose epochs cost the same.
    work : float or None
        Of an epoch, in operations; None if it cannot be known.
    """

    epochs: int
    run: str | None
    network: str
    work: float | None


def job_of(params, image_shape, n_images):
    """The job of a network.

    Parameters
    ----------
    params : dict
        From :func:`skcnn._parameters.all_parameters`.
    image_shape : tuple of int
        Shape of an image, or of a row of a table.
    n_images : int

    Returns
    -------
    Job
    """
    texts = {name: as_text(value) for name, value in sorted(params.items())}
    run = {name: text for name, text in texts.items() if name not in _BESIDE_THE_RUN}
    cost = {
        name: text
        for name, text in run.items()
        if name not in _BESIDE_THE_COST and not name.startswith("optimizer__")
    }
    operations = _operations(_Design(params, image_shape))
    return Job(
        epochs=params["epochs"],
        run=str(run) if _shares(params) else None,
        network=str(cost),
        work=None if operations is None else operations * n_images,
    )


def _shares(params):
    return (
        isinstance(params["random_state"], Integral)
        and not params["callbacks"]
        and params["learning_rate_schedule"] not in _OF_FIXED_LENGTH
    )


class _Design:
    """Parameters that make an architecture, hashable for a cache."""

    def __init__(self, params, image_shape):
        self.params = {name: params[name] for name in ARCHITECTURE_PARAMETERS}
        if len(image_shape) == 1:  # a table
            image_shape = params["image_shape"] or (1, *image_shape, 1)
        self.image_shape = tuple(image_shape)
        self._text = f"{as_text(self.params)} {self.image_shape}"

    def __hash__(self):
        return hash(self._text)

    def __eq__(self, other):
        return self._text == other._text


@lru_cache(maxsize=4096)
def _operations(design):
    """About how many multiplications an image costs; None if there is no such network."""
    try:
        architecture = Architecture.from_parameters(
            design.image_shape, 2, **design.params
        )
    except (TypeError, ValueError):
        return None
    channels = {layer.name: layer.output_shape[-1] for layer in architecture.layers}
    # The few channels of images have a faster way of their own.
    channels |= {"images": 16, "rescaling": 16}
    return sum(
        layer.n_trainable
        * prod(layer.output_shape[:-1])
        * _fill(layer.output_shape[-1])
        * prod(_fill(channels[name]) for name in layer.inputs)
        for layer in architecture.layers
    )


def _fill(n_channels):
    """TensorFlow's convolutions work on 16 channels at a time: 4 cost what 16 do."""
    return ceil(n_channels / 16) * 16 / n_channels


class Plan:
    """The candidates of a grid, before their fits.

    Parameters
    ----------
    estimator : estimator
        What is searched, with a ConvPoolClassifier in it.
    candidates : list of dict
    """

    def __init__(self, estimator, candidates):
        self.prefix, self.network = networks_in(estimator)[0]
        self.candidates = candidates

    def jobs(self, image_shape, n_images):
        """Jobs of the candidates; None for those that put something else in the place of the network.

        Parameters
        ----------
        image_shape : tuple of int
        n_images : int

        Returns
        -------
        list of (Job or None)
        """
        return [
            self._job(candidate, image_shape, n_images) for candidate in self.candidates
        ]

    def _job(self, candidate, image_shape, n_images):
        own = {
            name.removeprefix(self.prefix): value
            for name, value in candidate.items()
            if name.startswith(self.prefix)
        }
        if self.prefix.removesuffix("__") in candidate:
            return None
        # A copy that shares all values: clone would copy them, for each candidate anew.
        network = copy(self.network).set_params(**own)
        return job_of(all_parameters(network), image_shape, n_images)


def networks_in(estimator):
    """The networks that an estimator is or contains.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    list of (str, ConvPoolClassifier)
        What the names of its parameters begin with, and the network.
    """
    if isinstance(estimator, ConvPoolClassifier):
        return [("", estimator)]
    parts = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return [
        (f"{name}__", part)
        for name, part in parts.items()
        if isinstance(part, ConvPoolClassifier)
    ]
