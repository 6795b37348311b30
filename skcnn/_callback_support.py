"""scikit-learn's callbacks, which came with its version 1.9.

With an older one, fits work alike, and nobody hears of them.
"""

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    CALLBACKS_EXIST = True
except ImportError:
    CALLBACKS_EXIST = False

    def with_callbacks(method):
        """Nothing to do: there are no callbacks."""
        return method

    class CallbackSupportMixin:
        """Says what `set_callbacks` needs."""

        def set_callbacks(self, *callbacks):
            """Refuse callbacks.

            Parameters
            ----------
            *callbacks : callbacks of scikit-learn
                What it has since version 1.9.
            """
            raise_that_callbacks_are_missing("set_callbacks")

        def _init_callback_context(self, max_subtasks):
            return _Unheard()


__all__ = [
    "CALLBACKS_EXIST",
    "CallbackSupportMixin",
    "raise_that_callbacks_are_missing",
    "with_callbacks",
]


class _Unheard:
    """A task that nobody hears of."""

    def subcontext(self, task_name):
        return self

    def call_on_fit_task_begin(self, **told):
        pass

    def call_on_fit_task_end(self, **told):
        return False  # nobody asks to stop


def raise_that_callbacks_are_missing(name):
    """Say what a name needs that works with callbacks.

    Parameters
    ----------
    name : str

    Raises
    ------
    ImportError
    """
    raise ImportError(
        f"{name} needs scikit-learn 1.9 or later, which has callbacks. "
        "Run: pip install -U scikit-learn. All else works without."
    )
