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
    known = list(inspect.signature(method).parameters)

    @functools.wraps(method)
    def explained(self, *args, **kwargs):
        unknown = [name for name in kwargs if name not in known]
        if unknown:
            value = kwargs[unknown[0]]
            raise TypeError(_message(self, method.__name__, unknown[0], value, known))
        return method(self, *args, **kwargs)

    return explained


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
