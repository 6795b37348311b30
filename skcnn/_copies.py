"""Copies of a classifier, by clone and by pickle: what they would lose or warn of."""

import contextlib
import warnings

from skcnn._augmentation import check_layer_copies
from skcnn._backend import keras
from skcnn._compat import SCIKERAS_SAVING
from skcnn._recipes import from_instance
from skcnn._runtime import isolated
from skcnn._state_folder import for_other_processes
from skcnn._version import __version__


def check_copies(params):
    """Refuse objects that clone or pickle would change without a word.

    Parameters
    ----------
    params : dict
        Attributes of the classifier.

    Raises
    ------
    ValueError
        Naming what would be lost, and the remedy.
    """
    # Isolated, because objects are made again to be compared. Where there are none, a
    # thread would be half of what a copy takes.
    kinds = (keras.losses.Loss, keras.optimizers.Optimizer)
    for name in ("optimizer", "loss"):
        if isinstance(params.get(name), kinds):
            isolated(from_instance, name, params[name])
    if params.get("augmentation") is not None:
        isolated(check_layer_copies, params["augmentation"])


# scikeras copies and pickles a keras.Sequential of augmentation by saving it. It has no
# weights, so that it is not built is as it should be.
_UNBUILT = {
    "action": "ignore",
    "message": "You are saving a model that has not yet been built",
    "module": SCIKERAS_SAVING,
}
warnings.filterwarnings(**_UNBUILT)


@contextlib.contextmanager
def unbuilt_models_copied():
    """Copy such a model without the warning, whatever filters there are."""
    with warnings.catch_warnings():
        warnings.filterwarnings(**_UNBUILT)
        yield


class CopiesMixin:
    """Clone and pickle, which lose nothing in silence and tell of another version."""

    def __sklearn_clone__(self):
        check_copies(vars(self))
        with unbuilt_models_copied():
            return super().__sklearn_clone__()

    def __getstate__(self):
        check_copies(vars(self))
        state = {**super().__getstate__(), "_skcnn_version": __version__}
        # A worker may be in another directory, where a relative path leads elsewhere.
        if "memory" in state:
            state["memory"] = for_other_processes(state["memory"])
        return state

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_skcnn_version", "of long ago")
        if version != __version__:
            warnings.warn(
                f"This {type(self).__name__} was pickled by skcnn {version}, and is "
                f"read by skcnn {__version__}. It may not work, or predict otherwise; "
                "fit it anew to be sure.",
                stacklevel=2,
            )
        super().__setstate__(state)
