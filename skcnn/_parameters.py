"""Parameters by scikit-learn's rules, routed names by scikeras', also in subclasses.

People write presets as subclasses with a shorter `__init__`. What such a class names in
its signature are its parameters. Every other parameter is still an attribute, which its
`__init__` set through `super().__init__()`. So whoever needs them all, as `fit` does,
asks :func:`all_parameters` rather than `get_params`.
"""

from sklearn.base import BaseEstimator, clone

from skcnn._compat import signature_parameters
from skcnn._routing import ROUTING_PREFIXES, is_routed
from skcnn._words import PARAMETER_WORDS, hint


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


def _attributes(classifier):
    """Names of all parameters that are set, by scikit-learn's rule for their names."""
    names = vars(classifier)
    return {n for n in names if not n.startswith("_") and not n.endswith("_")}


def _check_attributes(classifier, names):
    missing = [name for name in names if not hasattr(classifier, name)]
    if not missing:
        return
    name = missing[0]
    if name in classifier._all_parameters:
        remedy = "call super().__init__() with the parameters that it sets"
    else:
        remedy = f"keep its parameter, self.{name} = {name}"
    raise AttributeError(
        f"{type(classifier).__name__}.__init__ must {remedy}: there is no attribute "
        f"{name!r}."
    )


class ParametersMixin:
    """`get_params`, `set_params`, `clone` and `repr`, for subclasses as well.

    The class that defines the parameters has their names in `_all_parameters`.
    """

    # scikeras' own lists every parameter, changed or not.
    __repr__ = BaseEstimator.__repr__

    def _get_param_names(self):
        return [*self._signature(), *_routed(self)]

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
        known = self._known_parameters()
        for name in params:
            if name not in known and not is_routed(name):
                raise ValueError(self._unknown_parameter(name))
        self._follow(params)
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _known_parameters(self):
        """What set_params takes: of a subclass, also what only its base class names."""
        return {
            *signature_parameters(type(self)),
            *self._all_parameters,
            *_attributes(self),
        }

    def _follow(self, params):
        """Set what the constructor of a subclass makes of parameters of its own.

        `Wide(width=8)` may make its `conv_layers` of the width. So must
        `set_params(width=16)`, or a search over `width` would train the same network
        again and again.
        """
        own = set(params).difference(self._all_parameters)
        arguments = {name: getattr(self, name) for name in self._signature()}
        changed = {name: params[name] for name in own.intersection(arguments)}
        if not changed:
            return
        # Made twice: only the constructor knows what follows from its parameters.
        before = vars(type(self)(**arguments))
        after = vars(type(self)(**(arguments | changed)))
        for name, value in after.items():
            if repr(value) != repr(before.get(name)):
                setattr(self, name, value)

    def _signature(self):
        """Names of what the constructor takes, but for what `**kwargs` hands on."""
        named = signature_parameters(type(self))
        _check_attributes(self, named)
        return named

    def __sklearn_clone__(self):
        named = set(self._signature())
        besides = _attributes(self) - named
        # The constructor of a subclass may know its own parameters only. What else was
        # set, by itself or by set_params, is copied afterwards.
        # Not by copy.copy, which would go through __getstate__.
        bare = object.__new__(type(self))
        vars(bare).update(vars(self))
        for name in _routed(self):
            delattr(bare, name)
        twin = BaseEstimator.__sklearn_clone__(bare)
        for name in besides:
            setattr(twin, name, clone(getattr(self, name), safe=False))
        return twin

    def _unknown_parameter(self, name):
        known = sorted(self._known_parameters() - set(_routed(self)))
        told = hint(name, known, PARAMETER_WORDS)
        prefixes = ", ".join(f"{prefix}__" for prefix in ROUTING_PREFIXES)
        return (
            f"Invalid parameter {name!r} for estimator {type(self).__name__}.{told} "
            f"Valid parameters are: {known!r}, and routed ones that begin with "
            f"{prefixes}."
        )
