"""How to go on with a search that was stopped."""

from numbers import Integral

from skcnn._progress.jobs import networks_in


def how_to_go_on(estimator):
    """What to do after a stop, in a sentence or two.

    Parameters
    ----------
    estimator : estimator
        What was fitted: a search, or a network or pipeline by itself.

    Returns
    -------
    str
        Nothing if there is no network in it.
    """
    networks = networks_in(estimator)
    if not networks:
        return ""
    prefix, network = networks[0]
    seeded = isinstance(network.random_state, Integral) or _is_searched(
        estimator, f"{prefix.removeprefix('estimator__')}random_state"
    )
    if network.memory is not None and seeded and network.callbacks is None:
        return f"Run the same again to go on: finished epochs are kept in {_folder(network.memory)}."
    if network.callbacks is not None:
        return "Nothing is kept of fits with Keras callbacks: they start again."
    wanted = [] if network.memory is not None else ['memory="runs"']
    wanted += [] if seeded else ["random_state=0"]
    return (
        f"Finished epochs are lost when this process ends. With {' and '.join(wanted)} in "
        f"{type(network).__name__}, a search that was stopped goes on when it is run again."
    )


def _folder(memory):
    return repr(str(getattr(memory, "location", memory)))


def _is_searched(search, name):
    """Whether a search itself sets a parameter."""
    space = getattr(search, "param_grid", getattr(search, "param_distributions", {}))
    spaces = [space] if isinstance(space, dict) else space
    return any(name in each for each in spaces)
