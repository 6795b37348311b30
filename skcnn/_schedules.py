"""`learning_rate_schedule`: how the learning rate falls, or rises and falls, from step to step.

Each is one of Keras' own schedules, fitted to the number of steps that a fit will take. Those whose course depends on
that number make runs of different `epochs` different runs, which share nothing: the number is part of the schedule's
configuration, and so of the run's key.
"""

import inspect
from math import isfinite
from numbers import Real

from skcnn._compat import keras, route_params

# Settings that are shares of something; the others may be any number of at least 0.
_FRACTIONS = ("warmup", "start", "end")


def _cosine(learning_rate, n_steps, *, end=0.0):
    return keras.optimizers.schedules.CosineDecay(learning_rate, n_steps, alpha=end)


def _one_cycle(learning_rate, n_steps, *, warmup=0.3, start=0.04, end=0.0):
    n_warmup = min(round(warmup * n_steps), n_steps - 1)
    if n_warmup == 0:
        return _cosine(learning_rate, n_steps, end=end)
    return keras.optimizers.schedules.CosineDecay(
        start * learning_rate,
        n_steps - n_warmup,
        alpha=end,
        warmup_target=learning_rate,
        warmup_steps=n_warmup,
    )


def _inverse_time(learning_rate, n_steps, *, decay=1e-4):
    return keras.optimizers.schedules.InverseTimeDecay(learning_rate, 1, decay)


SCHEDULES = {"cosine": _cosine, "inverse_time": _inverse_time, "one_cycle": _one_cycle}
_DEPEND_ON_TOTAL = (_cosine, _one_cycle)


def make_schedule(params, learning_rate, n_steps):
    """The schedule that a classifier's parameters ask for.

    Parameters
    ----------
    params : dict
        Parameters of the classifier: `learning_rate_schedule` and the routed ``learning_rate_schedule__*``.
    learning_rate : float or None
        The optimizer's; None if it has a schedule of its own.
    n_steps : int or None
        Number of gradient steps in the whole fit; None if there is no telling.

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule or None
        None to stay with what the optimizer has.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, what it is and what it may be.
    """
    name = params["learning_rate_schedule"]
    settings = route_params(
        params, destination="learning_rate_schedule", pass_filter=set()
    )
    if name is None:
        if settings:
            raise ValueError(
                f"learning_rate_schedule__{next(iter(settings))} needs a learning_rate_schedule; got None."
            )
        return None
    if not isinstance(name, str) or name not in SCHEDULES:
        raise ValueError(
            f"learning_rate_schedule must be None or one of {sorted(SCHEDULES)}; got {name!r}. "
            "Any schedule of Keras may be given as optimizer__learning_rate."
        )
    make = SCHEDULES[name]
    _check_settings(name, make, settings)
    if learning_rate is None:
        raise ValueError(
            f"learning_rate_schedule={name!r} needs a number as the optimizer's learning rate, to start from; "
            "got a schedule. Give one or the other."
        )
    if n_steps is None and make in _DEPEND_ON_TOTAL:
        raise ValueError(
            f"learning_rate_schedule={name!r} depends on the number of epochs in all, which partial_fit and "
            "warm_start do not know; use fit with warm_start=False, or learning_rate_schedule='inverse_time'."
        )
    return make(learning_rate, n_steps, **settings)


def _check_settings(name, make, settings):
    allowed = list(inspect.signature(make).parameters)[2:]
    for setting, value in settings.items():
        parameter = f"learning_rate_schedule__{setting}"
        if setting not in allowed:
            raise ValueError(
                f"{parameter}: {name!r} takes no {setting!r}. It takes {allowed}."
            )
        largest, text = (
            (1, "from 0 to 1")
            if setting in _FRACTIONS
            else (float("inf"), "of at least 0")
        )
        if (
            isinstance(value, bool)
            or not isinstance(value, Real)
            or not isfinite(value)
            or not 0 <= value <= largest
        ):
            raise ValueError(f"{parameter} must be a number {text}; got {value!r}.")
        settings[setting] = float(value)
