"""How to go on with a search that was stopped.

A fit that is interrupted in this thread says so itself, see skcnn/_sharing.py; this is for
searches in threads and worker processes, where Ctrl-C does not meet a fit.
"""

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
    if network.callbacks:
        return "skcnn: Fits with Keras callbacks are not kept. They start again."
    if network.memory is not None and seeded:
        folder = str(getattr(network.memory, "location", network.memory))
        return f"skcnn: Finished epochs are kept in {folder!r}. Run the same again to go on."
    wanted = [] if network.memory is not None else ["memory='folder'"]
    wanted += [] if seeded else ["random_state=0"]
    return (
        "skcnn: What was trained is lost when this process ends. With "
        f"{' and '.join(wanted)}, the same search goes on where it ended, also tomorrow."
    )


def _is_searched(search, name):
    """Whether a search itself sets a parameter."""
    space = getattr(search, "param_grid", getattr(search, "param_distributions", {}))
    spaces = [space] if isinstance(space, dict) else space
    return any(name in each for each in spaces)
