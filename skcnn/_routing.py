"""Parameters that are handed on, as ``optimizer__momentum`` is, by scikeras' rules."""

from dataclasses import dataclass, field

from skcnn._checks import shown
from skcnn._compat import route_params

ROUTING_PREFIXES = ("optimizer", "loss", "learning_rate_schedule", "callbacks")


def is_routed(name):
    """Whether a name is handed on, as ``optimizer__momentum`` is."""
    # "optimizer__" alone names nothing.
    prefix, separator, rest = name.partition("__")
    return bool(separator and rest) and prefix in ROUTING_PREFIXES


@dataclass(frozen=True)
class Routed:
    """A parameter together with the arguments that are handed on to it.

    Attributes
    ----------
    name : str
        The parameter, as in ``"optimizer"``.
    value : object
        As given to the classifier.
    arguments : dict
        From ``optimizer__momentum=0.9``: ``{"momentum": 0.9}``.
    """

    name: str
    value: object
    arguments: dict = field(default_factory=dict)

    def first_argument(self):
        """The full name of one argument, for messages."""
        return f"{self.name}__{next(iter(self.arguments))}"


def named_arguments(name, arguments):
    """Arguments by their full names, for messages: ``" with loss__delta=2.0"``.

    Parameters
    ----------
    name : str
        The parameter that they are handed on to.
    arguments : dict

    Returns
    -------
    str
        Empty without arguments.
    """
    given = [f"{name}__{key}={shown(value)}" for key, value in arguments.items()]
    return f" with {', '.join(given)}" if given else ""


def routed(params, name):
    """A parameter with what is handed on to it.

    Parameters
    ----------
    params : dict
        All parameters of a classifier.
    name : str

    Returns
    -------
    Routed

    Examples
    --------
    >>> from skcnn._routing import routed
    >>> routed({"loss": "huber", "loss__delta": 2.0, "epochs": 5}, "loss")
    Routed(name='loss', value='huber', arguments={'delta': 2.0})
    """
    arguments = route_params(params, destination=name, pass_filter=set())
    return Routed(name, params[name], arguments)
