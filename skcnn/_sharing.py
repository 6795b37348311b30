"""Whether a fit may share its states; if not, why, and what is lost after Ctrl-C.

This is the one place that decides. What it asks: the parameters, the compile settings
for a user's code, and the device.
"""

from numbers import Integral

from skcnn._device import why_not_repeatable


def why_not_shared(random_state, settings, callbacks, goes_on):
    """Why the states of a fit are of no use to another one.

    Parameters
    ----------
    random_state : object
        As given to the classifier.
    settings : skcnn._settings.CompileSettings
    callbacks : list
        Keras callbacks.
    goes_on : bool
        Whether the fit goes on from a fitted estimator.

    Returns
    -------
    str or None
        One or more sentences, each reason with its remedy. None if the fit shares.
    """
    device = why_not_repeatable()
    # All that hold are told at once: to mend one after the other costs a fit each.
    reasons = [
        (goes_on, _GOES_ON),
        (random_state is None, _NO_SEED),
        (not isinstance(random_state, (Integral, type(None))), _GENERATOR),
        (callbacks, _CALLBACKS),
        (settings.not_shared_because, _own_code(settings)),
        (device, device),
    ]
    return " ".join(reason for holds, reason in reasons if holds) or None


_GOES_ON = (
    "warm_start and partial_fit go on from the estimator's own state. Pickle the "
    "estimator to keep it, or fit anew with more epochs and warm_start=False."
)
_NO_SEED = (
    "random_state=None gives each fit other random numbers. Pass an integer, such as "
    "random_state=0."
)
_GENERATOR = (
    "random_state is a generator, which gives each fit other random numbers. Pass an "
    "integer, such as random_state=0."
)
_CALLBACKS = (
    "What Keras callbacks do cannot be known from their settings. Leave callbacks out; "
    "early_stopping and scikit-learn's callbacks (set_callbacks) do not matter."
)


def _own_code(settings):
    return f"{settings.not_shared_because}. Take one of Keras' own."


def not_kept(memory, reason):
    """The warning that `memory` is of no use to a fit.

    Parameters
    ----------
    memory : object
        As given to the classifier.
    reason : str
        From :func:`why_not_shared`.

    Returns
    -------
    str
    """
    return f"memory={memory!r}: nothing of this fit is kept there. {reason}"


def how_to_go_on(trajectory, until, origin, reason):
    """What is left of a fit that the user has interrupted.

    Parameters
    ----------
    trajectory : skcnn._trajectory.Trajectory or None
        What is known of the run; None if it is not shared.
    until : int
        Number of epochs finished at which the fit was to end.
    origin : skcnn._training.TrainingState or None
        What the fit went on from, if it began with a fitted estimator.
    reason : str or None
        Why the fit does not share.

    Returns
    -------
    str
        One line, to end a traceback.
    """
    # Such a fit does not share, so what it has trained is kept nowhere.
    if origin is not None:
        return "skcnn: The estimator is as it was before this call."
    if trajectory is None:
        return f"skcnn: This fit is lost. To go on, it takes memory='folder'. {reason}"
    if trajectory.folder is None:
        return (
            "skcnn: What was trained is kept in this process alone. With "
            "memory='folder', the same run goes on where it ended, also tomorrow."
        )
    return (
        f"skcnn: {trajectory.n_stored(until)} of {until} epochs of this fit are kept "
        f"in {trajectory.folder.location!r}. Run the same again to go on."
    )
