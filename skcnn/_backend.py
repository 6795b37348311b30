"""TensorFlow and Keras, loaded in the order and with the settings that they need.

Every module takes `tf` and `keras` from here. Three things must happen before the first
operation of TensorFlow, and two of them before it is imported: it must be told to be
quiet, Keras must come after it, and it must get the number of threads it may use.
What is done about TensorFlow later is in :mod:`skcnn._runtime`.
"""

import contextlib
import os
import sys
import tempfile

# TensorFlow's level for no messages at all. What goes wrong is raised as well.
_QUIET = "3"


@contextlib.contextmanager
def _quiet_tensorflow():
    """Hold standard error while TensorFlow loads.

    TensorFlow prints several lines before its own log level takes effect. Who sets
    another TF_CPP_MIN_LOG_LEVEL, or has imported TensorFlow before, sees what they
    asked for. What was held is shown if the import fails. Worker processes inherit the
    level, and so are as quiet.
    """
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", _QUIET)
    if level != _QUIET or "tensorflow" in sys.modules:
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # there is no standard error, as under pythonw
        yield
        return
    # The lines come from C++, which writes to the file descriptor: to replace
    # `sys.stderr` would not hold them.
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


def _check_version(package, found, oldest):
    """Refuse a version that pip would not have installed beside skcnn."""
    numbers = [int(number) for number in found.split(".")[:2]]
    if numbers < oldest:
        wanted = ".".join(map(str, oldest))
        raise ImportError(
            f"skcnn needs {package} {wanted} or newer, and {found} is installed. "
            f'Run: pip install -U "{package}>={wanted}"'
        )


try:
    with _quiet_tensorflow():
        import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name != "tensorflow":
        raise
    raise ImportError(
        "skcnn needs TensorFlow. Run: pip install tensorflow, or the smaller "
        "pip install tensorflow-cpu."
    ) from error
_check_version("tensorflow", tf.__version__, [2, 18])

import keras  # noqa: E402 - it imports TensorFlow, which must be quiet by then

_check_version("keras", keras.__version__, [3, 10])
if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "skcnn trains with TensorFlow, but Keras is set to "
        f"{keras.backend.backend()!r} (KERAS_BACKEND or keras.json)."
    )

__all__ = ["keras", "tf"]


def _heed_omp_num_threads():
    """Have TensorFlow keep to OMP_NUM_THREADS, which it does not read by itself.

    There joblib, Dask, Ray and Spark announce what a worker may use. It holds in each
    process, because nothing tells for sure which one is a worker. So the same variable
    gives the same bits everywhere. A number that TensorFlow was given itself wins.
    After TensorFlow's first operation this does nothing.
    """
    threading = tf.config.threading
    budget = os.environ.get("OMP_NUM_THREADS", "").strip()
    is_told = "TF_NUM_INTRAOP_THREADS" in os.environ
    is_told = is_told or threading.get_intra_op_parallelism_threads()
    if is_told or not budget.isdecimal() or not int(budget):
        return
    with contextlib.suppress(RuntimeError):  # TensorFlow has started
        threading.set_intra_op_parallelism_threads(int(budget))
        threading.set_inter_op_parallelism_threads(int(budget))


_heed_omp_num_threads()
