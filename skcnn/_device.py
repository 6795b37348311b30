"""Everything that depends on the device: what changes rounding, and what is fast.

skcnn is made for the CPU. Whoever brings it to another device finds here all that was
decided for this one: what makes two runs round alike, whether a run can be repeated at
all, and the sizes and switches that are fast. Nothing else asks for a device.

A GPU was tried on one machine, an H200. With op determinism its bits repeat, and
without it they do not. Prediction batches have a size of their own there. Chunks have
not: larger ones were no faster. `benchmarks/gpu.py` tries a machine.
"""

import functools
import os
import platform
from pathlib import Path

import numpy as np

from skcnn._backend import keras, tf
from skcnn._compat import is_op_determinism_enabled
from skcnn._runtime import unrewritten_graphs

# --------------------------------------------------------------------------------------
# What is fast

# A chunk is what one call into the graph trains on. It is small enough that Ctrl-C is
# heard within a second, and that memory-mapped images pass through memory a piece at a
# time. It is large enough that the call, a few milliseconds, costs little beside the
# work. Measuring is up to three times as fast as training, and both go by one pace.
CHUNK_BYTES = 16 * 2**20
CHUNK_SAMPLES = 4096
CHUNK_SECONDS = 0.25

# One prediction batch holds about this many bytes of the largest map, and at most so
# many images. Two megabytes stay in the cache, and one image costs no more than a call
# of the Keras model, although it is padded to a batch.
PREDICT_BYTES = 2 * 2**20
PREDICT_SAMPLES = 256

# On a GPU an operation takes as long for one image as for hundreds. On an H200 these
# sizes were 27 times as fast as a CPU's, and one image took 9 ms instead of 5.
GPU_PREDICT_BYTES = 64 * 2**20
GPU_PREDICT_SAMPLES = 1024

# Prediction batches at a time, or small ones would leave cores idle.
PREDICT_PARALLEL = 4

# On a CPU, XLA is several times slower for these networks.
USES_XLA = False

# Of a GPU, the first process would take all the memory, and leave nothing to others.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def chunk_size(image_shape, dtype, batch_size):
    """Number of samples in a chunk: whole batches, and at least one.

    Parameters
    ----------
    image_shape : tuple of three int
    dtype : dtype
        Of the images; all but uint8 are converted to float32.
    batch_size : int

    Returns
    -------
    int
    """
    bytes_per_value = 1 if dtype == np.uint8 else 4
    image_bytes = int(np.prod(image_shape)) * bytes_per_value
    samples = min(CHUNK_BYTES // image_bytes, CHUNK_SAMPLES)
    return max(1, samples // batch_size) * batch_size


def predict_batch_size(map_shapes):
    """Number of images in each prediction batch of a network, a power of 2.

    The number is fixed for a network, because a convolution's rounding may depend on
    the size of the batch, and a prediction must not depend on its neighbors.

    Parameters
    ----------
    map_shapes : iterable of tuple of int
        What each layer makes of one image.

    Returns
    -------
    int
    """
    most_bytes, most_images = PREDICT_BYTES, PREDICT_SAMPLES
    if is_on_gpu():
        most_bytes, most_images = GPU_PREDICT_BYTES, GPU_PREDICT_SAMPLES
    largest = max(int(np.prod(shape)) for shape in map_shapes)
    images = most_bytes / (4 * largest)
    return int(np.clip(2 ** int(np.log2(images + 1)), 1, most_images))


def graphs_as_run():
    """The block in which graphs are called: on a CPU, as they were traced.

    Returns
    -------
    context manager
    """
    return unrewritten_graphs()


# --------------------------------------------------------------------------------------
# What changes rounding

_GPU = (
    "A GPU may round otherwise each time. Before anything else, call "
    "tf.config.experimental.enable_op_determinism(), or, to train on the CPU, "
    "tf.config.set_visible_devices([], 'GPU')."
)

# Variables by which users choose other arithmetic: how they begin. A key that has one
# too many only trains a network again; one too few would give back another's bits.
_SWITCHES = (
    *("TF_ENABLE_ONEDNN", "TF_SET_ONEDNN", "TF_ONEDNN", "ONEDNN_", "DNNL_"),
    *("TF_XLA_", "XLA_FLAGS", "TF_USE_", "TF_AUTO_MIXED_PRECISION"),
)

# The like, where a GPU trains.
_GPU_SWITCHES = (
    *("TF_CUDNN", "TF_CUBLAS", "CUDNN_", "CUBLAS_"),
    *("TF_CONV2D_", "TF_MATMUL_", "NVIDIA_TF32_OVERRIDE"),
)


def why_not_repeatable():
    """Why this device may give other bits each time.

    Returns
    -------
    str or None
        With the remedy. None if equal computations give equal bits.
    """
    return _GPU if is_on_gpu() and not is_op_determinism_enabled() else None


def is_on_gpu():
    """Whether networks are trained on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def process_settings():
    """Settings of this process that are compiled into a network.

    Returns
    -------
    tuple
    """
    return (*keras_numbers(), is_op_determinism_enabled())


def keras_numbers():
    """Keras' settings for the whole process that reach losses and constraints."""
    return [keras.config.floatx(), keras.config.epsilon()]


def rounding(threads=None):
    """What decides, beside a run itself, how its sums are rounded.

    Parameters
    ----------
    threads : int, default=None
        Threads that share one operation, in another process; None for this one.

    Returns
    -------
    dict
        Fit for JSON; equal if, and only if, equal runs give equal bits.
    """
    description = {
        "environment": _software_and_processor(),
        "intra_op_threads": threads or intra_op_threads(),
        "deterministic": is_op_determinism_enabled(),
        "keras": keras_numbers(),
    }
    gpus = tf.config.get_visible_devices("GPU")
    # Only then, so that a machine without one finds what it kept before.
    return description | {"gpus": _kinds_of(gpus)} if gpus else description


def _kinds_of(gpus):
    """The GPUs, their driver, and the libraries that TensorFlow was built with."""
    build = tf.sysconfig.get_build_info()
    names = ("cuda_version", "cudnn_version")
    try:
        driver = Path("/proc/driver/nvidia/version").read_text()
    except OSError:  # not Linux, or not of NVIDIA
        driver = ""
    return {
        "devices": [tf.config.experimental.get_device_details(gpu) for gpu in gpus],
        "libraries": {name: str(build.get(name)) for name in names},
        "driver": driver,
        # TF32, by default on where the GPU has it: products keep 10 bits of a factor.
        "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
        "switches": _switches(_GPU_SWITCHES),
    }


def _switches(prefixes):
    """The variables of the environment whose names begin so, in order."""
    names = sorted(name for name in os.environ if name.startswith(prefixes))
    return {name: os.environ[name] for name in names}


@functools.cache
def _software_and_processor():
    """The libraries, and the instructions that they may use."""
    return {
        "versions": [module.__version__ for module in (tf, keras, np)],
        "machine": platform.machine(),
        "processor": _processor(),
        "switches": _switches(_SWITCHES),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    facts = ("model name", "flags", "Features", "CPU part")
    return sorted({line for line in lines if line.startswith(facts)})


@functools.cache  # TensorFlow, too, looks only once
def intra_op_threads():
    """Threads that share one operation.

    A sum is split among them, so 1 and 2 threads give different bits.

    Returns
    -------
    int
    """
    configured = tf.config.threading.get_intra_op_parallelism_threads()
    configured = configured or os.environ.get("TF_NUM_INTRAOP_THREADS")
    if configured:
        return int(configured)
    if hasattr(os, "sched_getaffinity"):  # the cores that this process may use
        return len(os.sched_getaffinity(0))
    return int(os.cpu_count())
