"""A folder of states that keeps fewer than one for each epoch."""

import os

import joblib

from skcnn._paths import as_path

KEEP = ("every", "asked", "last")


class StateMemory(joblib.Memory):
    """A value for `memory` that says how many states of a run are kept.

    Fewer states take less of the disk. What is not there is trained again, so results
    are the same to the bit, and only time is lost.

    Parameters
    ----------
    location : str or path
        The folder, as for `memory`.
    keep : {"every", "asked", "last"}, default="asked"
        Which states of a run stay:

        - ``"every"``: one for each epoch, as with ``memory="runs"``;
        - ``"asked"``: those with which a fit ended, that is for each value of `epochs`
          in a grid, and while a fit runs its last one;
        - ``"last"``: the one with the most epochs. Later fits of fewer epochs start
          anew.
    **options : dict
        Handed on to ``joblib.Memory``.

    Attributes
    ----------
    keep : str
        As given.

    See Also
    --------
    memory_info : What is in the folder.
    clean_memory : Removes what is old or too much.

    Notes
    -----
    A fit that is killed loses its last epoch, no more, whatever `keep` is.

    Early stopping predicts with its best epoch. Unless every state is kept, that epoch
    is trained again when the same fit is done in another process.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from skcnn import ConvPoolClassifier, StateMemory, memory_info
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=100, random_state=0, return_X_y=True)
    >>> folder = mkdtemp()
    >>> clf = ConvPoolClassifier([(4, 3)], dense_layers=(), epochs=3, random_state=3)
    >>> clf = clf.set_params(memory=StateMemory(folder, keep="asked")).fit(X, y)
    >>> memory_info(folder).n_states
    1
    """

    def __init__(self, location, keep="asked", **options):
        if keep not in KEEP:
            raise ValueError(f"keep must be one of {list(KEEP)}; got {keep!r}.")
        # joblib would make a folder of the name `~`.
        if isinstance(location, (str, os.PathLike)):
            location = str(as_path(location, "location"))
        super().__init__(location, **{"verbose": 0, **options})
        self.keep = keep

    def __repr__(self):
        return f"StateMemory(location={self.location!r}, keep={self.keep!r})"
