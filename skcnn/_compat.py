"""Private names of scikeras, Keras and scikit-learn, and what TensorFlow needs before it starts.

No other module imports a private name of these packages, so a release that moves one breaks one line here.
Each name says why no public one will do.
"""

import contextlib
import os
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import parent_process
from pathlib import Path

_QUIET = (
    "3"  # TensorFlow's level for no messages at all; what goes wrong is raised besides
)


@contextlib.contextmanager
def _quiet_tensorflow():
    """TensorFlow prints several lines while it loads, before its own log level takes effect: hold standard error.

    Whoever sets another TF_CPP_MIN_LOG_LEVEL, or has imported TensorFlow already, sees what they asked for; and what
    was held is shown if the import fails. Worker processes inherit the level, and are as quiet.
    """
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", _QUIET)
    if level != _QUIET or "tensorflow" in sys.modules:
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # no standard error at all, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


with _quiet_tensorflow():
    import tensorflow as tf

import joblib  # noqa: E402
import keras  # noqa: E402

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"skcnn trains with TensorFlow, but Keras is set to {keras.backend.backend()!r} (KERAS_BACKEND or keras.json)."
    )

from scikeras._utils import route_params, unflatten_params  # noqa: E402 - its routing rules have no public form
from scikeras.wrappers import BaseWrapper  # noqa: E402
from sklearn.base import BaseEstimator  # noqa: E402
from sklearn.callback._transport import open_listener, send  # noqa: E402 - from workers to the main process, as bars do
from sklearn.utils._param_validation import (  # noqa: E402
    Interval,  # scikit-learn's tables of constraints, and their messages, without a public module
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import _check_sample_weight as check_sample_weight  # noqa: E402 - no public equivalent
from sklearn.utils.validation import _check_y as check_y  # noqa: E402 - check_X_y, which is public, does not say which
from tensorflow.python.eager import context as tf_context  # noqa: E402 - the public switch is for the whole process
from tensorflow.python.framework.config import is_op_determinism_enabled  # noqa: E402 - public is only the switch

__all__ = [
    "SEARCH_FITS",
    "BaseWrapper",
    "Interval",
    "StrOptions",
    "call_on_variables",
    "check_sample_weight",
    "check_y",
    "dump_item",
    "is_op_determinism_enabled",
    "isolated",
    "keras",
    "learning_rate_of",
    "open_listener",
    "route_params",
    "send",
    "signature_parameters",
    "tensorflow_has_started",
    "tensorflow_threads_are_gone",
    "tf",
    "unbuilt_models_copied",
    "unrewritten_graphs",
    "unflatten_params",
    "validate_parameter_constraints",
]

# The names of the tasks that scikit-learn's searches make of their fits, which it does
# not list anywhere: of a candidate on a fold, and of the best candidate at the end.
SEARCH_FITS = ("candidate-split-evaluation", "refit-with-best-params")


def signature_parameters(cls):
    """Names of an estimator's parameters by scikit-learn's rule, the signature, which scikeras overrides.

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


def tensorflow_threads_are_gone():
    """Whether this process has none of the threads of TensorFlow, although it has started.

    That tells a forked process which imports skcnn only then. TensorFlow names its
    threads "tf_Compute" and the like.

    Returns
    -------
    bool
        False where there is no telling: on other systems than Linux.
    """
    names = []
    for task in Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(OSError):  # the thread has ended meanwhile
            names.append(task.read_text())
    return bool(names) and not any(name.startswith("tf_") for name in names)


def limit_worker_threads():
    """Give TensorFlow the thread budget that joblib or Dask set for a worker process.

    Both announce it in OMP_NUM_THREADS, which TensorFlow does not read. An explicit TF_NUM_INTRAOP_THREADS wins, and
    the main process is left alone. Must run before TensorFlow's first operation; later it does nothing.
    """
    budget = os.environ.get("OMP_NUM_THREADS", "")
    if (
        parent_process() is None
        or not budget.isdigit()
        or "TF_NUM_INTRAOP_THREADS" in os.environ
    ):
        return
    with contextlib.suppress(RuntimeError):  # TensorFlow has started
        tf.config.threading.set_intra_op_parallelism_threads(int(budget))
        tf.config.threading.set_inter_op_parallelism_threads(int(budget))


@contextlib.contextmanager
def unrewritten_graphs():
    """Run graphs as they were traced, in this thread.

    TensorFlow rewrites a graph before its first run. That takes a good part of the time that a program costs, and makes
    steps on small images slower, not faster. It can change rounding, with batch normalization for one: always off is
    as reproducible as always on, but a network with batch normalization rounds otherwise than in Model.fit.
    """
    context = tf_context.context()
    before = context.function_call_options
    config = context.config
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    context.function_call_options = tf_context.FunctionCallOptions(
        before.executor_type, config
    )
    try:
        yield
    finally:
        context.function_call_options = before


def call_on_variables(graph, inputs, handles):
    """Call a traced graph on other variables than those it was traced with.

    TensorFlow hands a graph the variables it captured as hidden inputs, but has no public way to hand it others.

    Parameters
    ----------
    graph : tf.types.experimental.ConcreteFunction
    inputs : list of tf.Tensor
    handles : dict of int to tf.Tensor
        From the id of the handle of a captured variable to the handle to use in its place.

    Returns
    -------
    object
        What the graph returns.
    """
    # Others than ours are in a user's loss, and stay what they are: such a graph serves
    # one run alone.
    captured = [handles.get(id(tensor), tensor) for tensor in graph.captured_inputs]
    return graph._call_flat(inputs, captured)


def dump_item(store, item, content):
    """Write into the store of a joblib.Memory, and raise what goes wrong.

    joblib's own `dump_item` makes a warning of every error, which cannot be told from
    success, and leaves half a file behind on a full disk.

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
        except BaseException:  # Ctrl-C included
            with contextlib.suppress(OSError):
                os.remove(path)
            raise

    store._concurrency_safe_write(content, os.path.join(folder, "output.pkl"), write)


def isolated(function, *args):
    """Call a function that makes Keras objects without touching the caller's Keras state.

    Keras counts the names it has given, and keeps its data type policy, in thread-local storage: a thread of its own
    starts with a clean one and takes it along when it ends. (`floatx` and `epsilon` belong to the whole process.)

    Parameters
    ----------
    function : callable
    *args
        Its arguments.

    Returns
    -------
    object
        What the function returns.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *args).result()


_UNBUILT = {
    "action": "ignore",
    "message": "You are saving a model that has not yet been built",
    "module": r"scikeras\._saving_utils",
}
# scikeras copies and pickles a keras.Sequential of augmentation by saving it. It has no
# weights, so that it is not built is as it should be.
warnings.filterwarnings(**_UNBUILT)


@contextlib.contextmanager
def unbuilt_models_copied():
    """Copy such a model without the warning, whatever filters there are."""
    with warnings.catch_warnings():
        warnings.filterwarnings(**_UNBUILT)
        yield


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


limit_worker_threads()
