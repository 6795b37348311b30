"""What this process keeps to save work: training states and compiled networks."""

from numbers import Integral

from skcnn._compat import forget_kernels
from skcnn._program import POOL
from skcnn._states import STATES


def clear_cache(max_bytes=None):
    """Empty what this process keeps to save work.

    That is training states and compiled networks. Fitted estimators are not
    affected, nor is what `memory` holds on disk.

    Parameters
    ----------
    max_bytes : int, default=None
        A new bound for the training states, in bytes; 0 keeps none from now on. None
        leaves the bound, at first 256 MiB, as it is.

    Raises
    ------
    ValueError
        If `max_bytes` is anything else.

    Examples
    --------
    >>> import skcnn
    >>> skcnn.clear_cache()
    """
    if max_bytes is not None and (not isinstance(max_bytes, Integral) or max_bytes < 0):
        raise ValueError(
            f"max_bytes must be None or an integer of at least 0; got {max_bytes!r}."
        )
    # Both are for the whole process; what is on disk outlives it, and stays.
    STATES.clear()
    POOL.clear()
    forget_kernels()
    if max_bytes is not None:
        STATES.resize(max_bytes)
