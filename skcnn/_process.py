"""Whether TensorFlow can work in this process.

If not, an error says so at once, where TensorFlow would hang or do nothing.
"""

import contextlib
import os
import threading
from pathlib import Path

from skcnn._backend import keras, tf
from skcnn._compat import tensorflow_has_started, tensorflow_names_its_threads
from skcnn._runtime import isolated

_FORKED = (
    "This process was forked from one in which TensorFlow had started, and TensorFlow "
    "does not survive that: it would hang. Use joblib's backend 'loky' (the default) "
    "or 'threading', or multiprocessing's start method 'spawn'; or fork before "
    "anything of Keras or TensorFlow runs."
)


def _threads_are_gone():
    """Whether this process has none of TensorFlow's threads.

    If TensorFlow has started, that tells a forked process which imports skcnn only
    then. TensorFlow names its threads "tf_Compute" and the like.

    Returns
    -------
    bool
        False where nothing can be known: on other systems than Linux. True for a
        TensorFlow that gives its threads no names, as 2.18 does.
    """
    names = []
    for task in Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(OSError):  # the thread has ended meanwhile
            names.append(task.read_text())
    return bool(names) and not any(name.startswith("tf_") for name in names)


# What a fork has left of TensorFlow in this process. A fork copies memory but no
# threads: what TensorFlow had started waits for ever for threads that do not exist.
_WORKS, _UNTRIED, _DEAD = "works", "untried", "dead"
_may_be_dead = tensorflow_has_started() and _threads_are_gone()
if _may_be_dead:
    _tensorflow = _DEAD if tensorflow_names_its_threads() else _UNTRIED
else:
    _tensorflow = _WORKS

# Seconds for the first operation of a forked process. TensorFlow starts in under one.
PATIENCE = 30


def _after_fork():
    global _tensorflow
    started = _tensorflow == _DEAD or tensorflow_has_started()
    _tensorflow = _DEAD if started else _UNTRIED


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


def check_process():
    """Refuse to work where TensorFlow cannot.

    Raises
    ------
    RuntimeError
        In a process forked from one in which TensorFlow had started, and where eager
        execution is off.
    """
    global _tensorflow
    if _tensorflow == _DEAD:
        raise RuntimeError(_FORKED)
    _check_eager()
    if _tensorflow == _UNTRIED:
        _tensorflow = _WORKS if _answers() else _DEAD
        check_process()


def _answers():
    """Whether an operation ends that needs TensorFlow's threads, or its GPU.

    Sessions and ``tf.test.gpu_device_name`` start threads that nobody can ask about
    after a fork, so it is tried. Where the parent had found a GPU, the operation fails;
    elsewhere it would wait for ever.
    """
    ended = threading.Event()
    errors = []

    def try_operation():
        try:
            tf.linalg.matmul(tf.ones((512, 512)), tf.ones((512, 512))).numpy()
        except Exception as error:  # whatever it is, a fit would meet it, too
            errors.append(error)
        ended.set()

    threading.Thread(target=try_operation, daemon=True).start()
    return ended.wait(PATIENCE) and not errors


def _check_eager():
    if tf.executing_eagerly():
        return
    if tf.inside_function():
        why = "this is inside a tf.function, or a map of tf.data. Call skcnn outside."
    elif isolated(tf.executing_eagerly):  # another thread is outside of the block
        why = "this is inside a block of tf.Graph().as_default(). Call skcnn outside."
    else:
        why = (
            "tf.compat.v1.disable_eager_execution() or disable_v2_behavior() was "
            "called. Leave that call out and start Python anew."
        )
    raise RuntimeError(f"skcnn needs TensorFlow's eager execution, but {why}")


def check_floatx():
    """Refuse to train where Keras computes some of its sums in another type.

    Raises
    ------
    RuntimeError
        If Keras' `floatx` is not ``"float32"``.
    """
    if keras.config.floatx() != "float32":
        raise RuntimeError(
            "skcnn trains in float32, but Keras' floatx is "
            f"{keras.config.floatx()!r}. Call keras.config.set_floatx('float32')."
        )
