"""Calls that people know from Keras, scikeras and skorch, and what to write here.

An unknown argument or method is an error in any case. Its message names what is meant.
"""

import functools
import inspect
import reprlib

from skcnn._words import METHOD_WORDS, PARAMETER_WORDS, hint


def explain_arguments(method):
    """Let a method of a classifier refuse unknown arguments with what to write instead.

    Parameters
    ----------
    method : function
        Its signature stays what it is.

    Returns
    -------
    function
    """

    @functools.wraps(method)
    def explained(self, *args, **kwargs):
        check_arguments(self, method, kwargs)
        return method(self, *args, **kwargs)

    return explained


def check_arguments(classifier, method, given):
    """Refuse arguments that a method of a classifier does not have.

    Parameters
    ----------
    classifier : ConvPoolClassifier
    method : function
    given : dict
        By name.

    Raises
    ------
    TypeError
        With what to write instead.
    """
    known = list(inspect.signature(method).parameters)
    for name, value in given.items():
        if name not in known:
            raise TypeError(_message(classifier, method.__name__, name, value, known))


def _message(classifier, method, name, value, known):
    """What is wrong with an argument, and what to write."""
    head = f"{type(classifier).__name__}.{method} takes no {name!r}."
    arguments = known[1:]
    listed = f"It takes {', '.join(arguments)}."
    if name.upper() in arguments:
        return f"{head} Write {name.upper()}=. {listed}"
    if method not in ("fit", "partial_fit"):
        return f"{head} Leave it out. {listed}"
    if name in classifier._all_parameters:
        call = f"clf.set_params({name}={reprlib.repr(value)}).{method}(X, y)"
        return f"{head} It is a parameter of the classifier. Write {call}."
    return f"{head}{hint(name, arguments, PARAMETER_WORDS)} {listed}"


class ExplainsMethods:
    """A classifier without the methods of a Keras model, which says what to use."""

    def __getattr__(self, name):
        if name in METHOD_WORDS and not hasattr(type(self), name):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}. "
                f"{METHOD_WORDS[name]}",
                name=name,
                obj=self,
            )
        # Python's own error, or that of a property that could not be computed.
        return object.__getattribute__(self, name)
