"""`learning_rate_schedule`: how the learning rate changes from step to step.

Each is one of Keras' own schedules, fitted to the number of steps that a fit will take.
Some depend on that number, which is part of the schedule's configuration, and so of the
run's key. With them, runs of different `epochs` are different runs, which share no
states, but a compiled network.
"""

import inspect
from math import isfinite

from skcnn._backend import keras
from skcnn._checks import as_float, is_number, shown

# Settings that are shares of something; the others may be any number of at least 0.
_FRACTIONS = ("warmup", "start", "end")


def _cosine(learning_rate, n_steps, *, end=0.0):
    return keras.optimizers.schedules.CosineDecay(learning_rate, n_steps, alpha=end)


def _one_cycle(learning_rate, n_steps, *, warmup=0.3, start=0.04, end=0.0):
    # At least one step is left to fall in. Keras' schedule takes no warm-up of 0 steps.
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
    # `decay` for each single step, as `decay` was in Keras' older optimizers.
    return keras.optimizers.schedules.InverseTimeDecay(learning_rate, 1, decay)


SCHEDULES = {"cosine": _cosine, "inverse_time": _inverse_time, "one_cycle": _one_cycle}
_DEPEND_ON_TOTAL = (_cosine, _one_cycle)


def make_schedule(schedule, learning_rate, n_steps):
    """The schedule that is asked for.

    Parameters
    ----------
    schedule : skcnn._routing.Routed
        The parameter `learning_rate_schedule`, with its arguments.
    learning_rate : float or None
        The optimizer's; None if it has a schedule of its own.
    n_steps : int or None
        Number of gradient steps in the whole fit; None if nobody can know it.

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule or None
        None to stay with what the optimizer has.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, what it is and what it may be.
    """
    if schedule.value is None:
        if schedule.arguments:
            raise ValueError(
                f"{schedule.first_argument()} needs a learning_rate_schedule; got None."
            )
        return None
    make = _maker(schedule.value)
    arguments = _checked_arguments(schedule, make)
    if learning_rate is None:
        raise ValueError(
            f"learning_rate_schedule={schedule.value!r} needs a number as the "
            "optimizer's learning rate, to start from; got a schedule. Give one or the "
            "other."
        )
    if n_steps is None and make in _DEPEND_ON_TOTAL:
        raise ValueError(
            f"learning_rate_schedule={schedule.value!r} depends on the number of "
            "epochs in all, which partial_fit and warm_start do not know; use fit with "
            "warm_start=False, or learning_rate_schedule='inverse_time'."
        )
    return make(learning_rate, n_steps, **arguments)


def _maker(name):
    if not isinstance(name, str) or name not in SCHEDULES:
        raise ValueError(
            f"learning_rate_schedule must be None or one of {sorted(SCHEDULES)}; got "
            f"{shown(name)}. Any schedule of Keras may be given as "
            "optimizer__learning_rate."
        )
    return SCHEDULES[name]


def _checked_arguments(schedule, make):
    # The first two arguments of a maker are the learning rate and the number of steps.
    allowed = list(inspect.signature(make).parameters)[2:]
    checked = {}
    for argument, value in schedule.arguments.items():
        parameter = f"learning_rate_schedule__{argument}"
        if argument not in allowed:
            raise ValueError(
                f"{parameter}: {schedule.value!r} takes no {argument!r}. It takes "
                f"{allowed}."
            )
        checked[argument] = _check_number(parameter, value, argument in _FRACTIONS)
    return checked


def _check_number(parameter, value, is_fraction):
    allowed = "from 0 to 1" if is_fraction else "of at least 0"
    largest = 1 if is_fraction else float("inf")
    if (
        not is_number(value)
        or not isfinite(as_float(value))
        or not 0 <= value <= largest
    ):
        raise ValueError(f"{parameter} must be a number {allowed}; got {shown(value)}.")
    return float(value)
