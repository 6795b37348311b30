"""Parameters by scikit-learn's rules, routed names by scikeras', also in subclasses.

People write presets as subclasses with a shorter `__init__`. What such a class names in
its signature are its parameters. Every other parameter is still an attribute, which its
`__init__` set through `super().__init__()`. So whoever needs them all, as `fit` does,
asks :func:`all_parameters` rather than `get_params`.
"""

import copy
import inspect
from contextvars import ContextVar

from sklearn.base import BaseEstimator, clone

from skcnn._compat import signature_parameters
from skcnn._words import PARAMETER_WORDS, hint

# Set while a constructor runs only to see what it makes, and its set_params only sets.
_MAKING_TWIN = ContextVar("whether a twin is being made", default=False)

ROUTING_PREFIXES = ("optimizer", "loss", "learning_rate_schedule", "callbacks")


def is_routed(name):
    """Whether a name is handed on, as ``optimizer__momentum`` is."""
    prefix, separator, rest = name.partition("__")
    return bool(separator and rest) and prefix in ROUTING_PREFIXES


def all_parameters(classifier):
    """Every parameter that a network and its training depend on.

    Parameters
    ----------
    classifier : ConvPoolClassifier
        Or an instance of a subclass, whatever its signature.

    Returns
    -------
    dict
        All parameters of ConvPoolClassifier, and the routed ones, by name.

    Raises
    ------
    AttributeError
        If an attribute is missing, because a subclass did not call
        ``super().__init__()``.
    """
    _check_attributes(classifier, classifier._all_parameters)
    names = [*classifier._all_parameters, *_routed(classifier)]
    return {name: getattr(classifier, name) for name in names}


def _routed(classifier):
    return sorted(name for name in vars(classifier) if is_routed(name))


def _check_attributes(classifier, names):
    missing = [name for name in names if not hasattr(classifier, name)]
    if missing:
        name, init = missing[0], f"{type(classifier).__name__}.__init__"
        remedy = (
            "call super().__init__() with the parameters that it sets"
            if name in classifier._all_parameters
            else f"keep its parameter, self.{name} = {name}"
        )
        raise AttributeError(f"{init} must {remedy}: there is no attribute {name!r}.")


class ParametersMixin:
    """`get_params`, `set_params`, `clone` and `repr`, for subclasses as well.

    The class that defines the parameters has their names in `_all_parameters`.
    """

    # scikeras' own lists every parameter, changed or not.
    __repr__ = BaseEstimator.__repr__

    def _get_param_names(self):
        arguments = self._constructor_arguments()
        takes_more = len(_names_in_reach(type(self))) > len(arguments)
        handed_on = self._besides() if takes_more and not _MAKING_TWIN.get() else ()
        return sorted({*arguments, *handed_on, *_routed(self)})

    def set_params(self, **params):
        """Set parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Any parameter of the constructor, and ``optimizer__*``, ``loss__*``,
            ``learning_rate_schedule__*`` and ``callbacks__*``.

        Returns
        -------
        ConvPoolClassifier
            This estimator.

        Raises
        ------
        ValueError
            For an unknown name; nothing is set then.

        Examples
        --------
        >>> from skcnn import ConvPoolClassifier
        >>> ConvPoolClassifier().set_params(epochs=3, optimizer__learning_rate=0.01)
        ConvPoolClassifier(epochs=3, optimizer__learning_rate=0.01)
        """
        known = _names_in_reach(type(self))
        for name in params:
            if name not in known and not is_routed(name):
                raise ValueError(self._unknown_parameter(name))
        if _has_own_constructor(type(self)) and not _MAKING_TWIN.get():
            self._make_anew(params)
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_clone__(self):
        if not _has_own_constructor(type(self)):
            return super().__sklearn_clone__()
        # scikit-learn hands the constructor every parameter, but this one takes only
        # some: what else was set is set again afterwards.
        arguments, besides = self._constructor_arguments(), self._besides()
        named = copy.copy(self)
        for name in {*besides, *_routed(self)}.difference(arguments):
            vars(named).pop(name, None)
        twin = BaseEstimator.__sklearn_clone__(named)
        vars(twin).update(clone(besides, safe=False))
        return twin

    def _constructor_arguments(self):
        """What makes an estimator like this one, but for what was set besides.

        The signature names it; ``**kwargs`` may have brought more of what only
        subclasses know.
        """
        cls, names = type(self), signature_parameters(type(self))
        _check_attributes(self, names)
        named = {name: getattr(self, name) for name in names}
        others = _names_in_reach(cls).difference(named, self._all_parameters)
        return named | _differing(self, others, self._twin(named)) if others else named

    def _besides(self):
        """What was set besides the arguments of the constructor of a subclass."""
        arguments = self._constructor_arguments()
        names = {*self._all_parameters, *_routed(self)}.difference(arguments)
        return _differing(self, names, self._twin(arguments))

    def _twin(self, arguments):
        """What the constructor makes of arguments; it may itself call set_params."""
        token = _MAKING_TWIN.set(True)
        try:
            return type(self)(**arguments)
        finally:
            _MAKING_TWIN.reset(token)

    def _make_anew(self, params):
        """Let the constructor of a subclass follow a parameter that changes.

        `Wide(width=8)` may make its `conv_layers` of the width: so must
        `set_params(width=16)`, or a search over `width` would try the same network
        again and again.
        """
        arguments = self._constructor_arguments()
        own = _names_in_reach(type(self)).difference(self._all_parameters)
        changed = {name: params[name] for name in params if name in {*own, *arguments}}
        if not changed:
            return
        besides, made = self._besides(), self._twin(arguments | changed)
        for name in _routed(self):
            delattr(self, name)
        vars(self).update(vars(made) | besides)

    def _unknown_parameter(self, name):
        known = _names_in_reach(type(self))
        words = {
            each: word
            for each, word in PARAMETER_WORDS.items()
            if known.issuperset(self._all_parameters)
            or all(key in known or is_routed(key) for key in word.keywords)
        }
        told = hint(name, sorted(known), words)
        cls = type(self).__name__
        if name in self._all_parameters:
            told = f" {cls}.__init__ must take it and hand it on to super().__init__()."
        return (
            f"Invalid parameter {name!r} for estimator {cls}.{told} "
            f"Valid parameters are: {sorted(known)!r}, and routed ones that begin with "
            f"{', '.join(f'{prefix}__' for prefix in ROUTING_PREFIXES)}."
        )


def _has_own_constructor(cls):
    """Whether `__init__` is that of a subclass, rather than ConvPoolClassifier's."""
    definer = next(base for base in cls.__mro__ if "__init__" in vars(base))
    return "_all_parameters" not in vars(definer)


def _names_in_reach(cls):
    """Names that the constructor takes, also by ``**kwargs`` that it hands on."""
    names = set()
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        _, *parameters = inspect.signature(base.__init__).parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
        if (
            "_all_parameters" in vars(base)
            or inspect.Parameter.VAR_KEYWORD not in kinds
        ):
            return names
    return names


def _differing(one, names, other):
    """Attributes of one classifier that another lacks or has with another value."""
    return {
        name: value
        for name, value in vars(one).items()
        if name in names
        and not (name in vars(other) and _is_same(value, vars(other)[name]))
    }


def _is_same(one, other):
    """Whether two values mean the same, as far as it can be seen."""
    if one is other or type(one) is not type(other):
        return one is other
    return _description(one) == _description(other)


def _description(value):
    """A value in words; of Keras' objects, whose `repr` is an address, the settings."""
    if isinstance(value, type) or not hasattr(value, "get_config"):
        return repr(value)
    try:
        settings = value.get_config()
    except NotImplementedError:  # an object of the user's own, without settings to show
        return repr(value)
    return repr(settings | {"name": ""})  # Keras numbers the names as it goes
