"""Private names of scikeras, Keras, TensorFlow, scikit-learn and joblib.

No other module touches a private name of these packages. So a release that moves one
breaks one line here. Each name says why no public one will do. What skcnn makes of
these names is written where it is used.
"""

import contextlib
import os
import pickle

import joblib
import numpy as np

# First, because what follows imports TensorFlow, too, and not quietly. Both names are
# here as well for modules that need private names beside them.
from skcnn._backend import keras, tf
from skcnn._version import release_of

# isort: split

# joblib offers no public way to say which names a file may ask for.
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler
from joblib.numpy_pickle_utils import _validate_fileobject_and_memmap

# scikeras' rules for routed parameters have no public form.
from scikeras._utils import route_params, unflatten_params

# Public, but imported after TensorFlow is quiet, and here alone.
from scikeras.wrappers import BaseWrapper
from sklearn.base import BaseEstimator

# How searches take the samples of a fold out of any container.
from sklearn.utils import _safe_indexing as take_samples

# scikit-learn's tables of constraints and their messages have no public module.
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

# There is no public equivalent.
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

# check_X_y is public, but does not say which of the two it refuses.
from sklearn.utils.validation import _check_y as check_y

# The public switch for graph rewriting is for the whole process.
from tensorflow.python.eager import context as tf_context

# Public is only the switch, not the question.
from tensorflow.python.framework.config import is_op_determinism_enabled

try:
    # How scikit-learn's progress bars send messages from workers to the main process.
    from sklearn.callback._transport import open_listener, send
except ImportError:  # scikit-learn before 1.9 has no callbacks
    open_listener = send = None

__all__ = [
    "SCIKERAS_SAVING",
    "SEARCH_FITS",
    "BaseWrapper",
    "Interval",
    "RequestsOfOriginal",
    "StrOptions",
    "call_graph",
    "callback_context",
    "check_sample_weight",
    "check_y",
    "dump_item",
    "forget_kernels",
    "has_callbacks",
    "is_op_determinism_enabled",
    "keras",
    "learning_rate_of",
    "load_item",
    "loss_arguments",
    "open_listener",
    "route_params",
    "send",
    "signature_parameters",
    "take_samples",
    "tensorflow_has_started",
    "tensorflow_names_its_threads",
    "tf",
    "tf_context",
    "unflatten_params",
    "validate_parameter_constraints",
    "without_replicas",
]

# The names of the tasks that scikit-learn's searches make of their fits, which it does
# not list anywhere: of a candidate on a fold, and of the best candidate at the end.
SEARCH_FITS = ("candidate-split-evaluation", "refit-with-best-params")

# Where scikeras copies and pickles Keras models, as warnings name it: a regular
# expression.
SCIKERAS_SAVING = r"scikeras\._saving_utils"


class RequestsOfOriginal:
    """Has scorers of scikit-learn before 1.9 ask `original` what is routed to it.

    Newer ones call `get_metadata_routing`, which is public.
    """

    @property
    def _metadata_request(self):
        return self.original._metadata_request


def has_callbacks(estimator):
    """Whether an estimator has callbacks of scikit-learn, its own or those of a search.

    Parameters
    ----------
    estimator : sklearn.callback.CallbackSupportMixin

    Returns
    -------
    bool
    """
    return hasattr(estimator, "_skl_callbacks")


def callback_context(estimator, n_tasks):
    """What tells the callbacks of scikit-learn of a fit.

    The method is documented for whoever writes estimators, but private by its name.

    Parameters
    ----------
    estimator : sklearn.callback.CallbackSupportMixin
    n_tasks : int
        How many parts the fit has.

    Returns
    -------
    sklearn.callback.CallbackContext
    """
    return estimator._init_callback_context(max_subtasks=n_tasks)


def signature_parameters(cls):
    """Names of an estimator's parameters by scikit-learn's rule.

    That is the signature of the constructor. scikeras overrides the rule.

    Parameters
    ----------
    cls : type
        A subclass of BaseEstimator.

    Returns
    -------
    list of str
        Sorted.
    """
    return BaseEstimator._get_param_names.__func__(cls)


def tensorflow_has_started():
    """Whether TensorFlow has run an operation, or has at least started its threads.

    There is no public way to ask without starting it.

    Returns
    -------
    bool
        In a forked process, whether it had started before the fork.
    """
    context = tf_context.context_safe()
    return context is not None and context._context_handle is not None


def tensorflow_names_its_threads():
    """Whether TensorFlow's threads have names that begin with "tf_".

    Those of 2.21 have, and those of 2.18 have not. Of the two between nothing is known.

    Returns
    -------
    bool
    """
    return release_of("tensorflow") >= (2, 21)


def call_graph(graph, inputs, captured):
    """Call a traced graph with other captured tensors than its own.

    TensorFlow hands a graph what it captured as hidden inputs, but has no public way to
    hand it something else.

    Parameters
    ----------
    graph : tf.types.experimental.ConcreteFunction
    inputs : list of tf.Tensor
    captured : list of tf.Tensor
        One for each of ``graph.captured_inputs``, in their order.

    Returns
    -------
    object
        What the graph returns.
    """
    return graph._call_flat(inputs, captured)


def forget_kernels():
    """Have TensorFlow forget what it has prepared to run, such as graphs of networks.

    It keeps that for good, also of graphs that are gone, and no public name drops it.
    Whatever runs next is prepared anew.
    """
    if tensorflow_has_started():
        tf_context.context().clear_kernel_cache()


@contextlib.contextmanager
def without_replicas(optimizer):
    """Have an optimizer leave out the sum of gradients over replicas: there is one.

    For tracing a graph. TensorFlow would register a gradient of the sum, for good, and
    with it keep alive the whole graph: several MB for each network.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Of Keras' own.
    """
    # Set past Keras, which would track it.
    vars(optimizer)["_all_reduce_sum_gradients"] = lambda gradients: gradients
    try:
        yield
    finally:
        del vars(optimizer)["_all_reduce_sum_gradients"]


def learning_rate_of(optimizer):
    """What an optimizer was given as its learning rate.

    The public property gives a schedule's present value, not the schedule.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer

    Returns
    -------
    float, keras.optimizers.schedules.LearningRateSchedule, callable or None
        None if it has no learning rate of its own.
    """
    rate = getattr(optimizer, "_learning_rate", None)
    return float(rate.numpy()) if isinstance(rate, keras.Variable) else rate


def loss_arguments(loss):
    """The arguments with which one of Keras' losses calls its function.

    The public attributes of the same names are not what it uses.

    Parameters
    ----------
    loss : keras.losses.Loss

    Returns
    -------
    dict
        Not a copy.
    """
    return loss._fn_kwargs


def dump_item(store, item, content):
    """Write into the store of a joblib.Memory, and raise what goes wrong.

    joblib's own `dump_item` makes a warning of every error, which looks like success to
    the caller, and it leaves half a file behind on a full disk.

    Parameters
    ----------
    store : joblib's store backend
    item : list of str
        Its place in the store.
    content : object
    """
    folder = os.path.join(store.location, *item)
    store.create_location(folder)

    def write(content, path):
        try:
            with store._open_item(path, "wb") as file:
                joblib.dump(content, file, compress=store.compress)
        except BaseException:  # Ctrl-C, too, must leave no half file
            with contextlib.suppress(OSError):
                os.remove(path)
            raise

    store._concurrency_safe_write(content, os.path.join(folder, "output.pkl"), write)


class _Numbers(NumpyArrayWrapper):
    """An array in a file, refused if it holds objects, which may be anything."""

    def read(self, *arguments):
        if self.dtype.hasobject:
            raise pickle.UnpicklingError("it has objects, which no state needs")
        return super().read(*arguments)


# All that the file of a state asks for. It makes arrays, and does nothing else.
_NAMES_OF_ARRAYS = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _Numbers,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
}


class _ArrayUnpickler(NumpyUnpickler):
    """Reads numbers, text, lists, dicts and arrays, and runs nothing."""

    def find_class(self, module, name):
        if (module, name) not in _NAMES_OF_ARRAYS:
            asked = f"it asks for {module}.{name}, which no state needs"
            raise pickle.UnpicklingError(asked)
        return _NAMES_OF_ARRAYS[module, name]


def load_item(store, item):
    """Read arrays from the store of a joblib.Memory, and run nothing that is there.

    joblib's own `load_item` runs whatever program a file names.

    Parameters
    ----------
    store : joblib's store backend
    item : list of str
        Its place in the store.

    Returns
    -------
    object
        Of numbers, text, lists, dicts and arrays.

    Raises
    ------
    pickle.UnpicklingError
        If the file asks for anything else.
    """
    path = os.path.join(store.location, *item, "output.pkl")
    with (
        store._open_item(path, "rb") as file,
        _validate_fileobject_and_memmap(file, path) as (uncompressed, _),
    ):
        return _ArrayUnpickler(path, uncompressed, ensure_native_byte_order=True).load()
