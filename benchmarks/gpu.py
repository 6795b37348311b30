"""What a GPU does: whether bits repeat, what sharing gives, and how fast it trains.

One command for a machine with a GPU. On an H200 half of it took four minutes, since each
of its 18 processes takes 15 to 20 seconds to warm up. Without a GPU it stops at once,
unless --any-device tries the script itself.

1. The same fit in two fresh processes, with op determinism and without: are states and
   predictions equal to the bit? And is a run of 4 epochs that goes on from 2 equal to
   one that was not stopped? Where determinism is on, both must be.
2. Images a second with and without op determinism, and on the CPU of the same machine,
   each in a fresh process.
3. Then run `python benchmarks/throughput.py` for ratios against Model.fit, and the
   tests with TF_DETERMINISTIC_OPS=1.

    python benchmarks/gpu.py --json gpu.json
    python benchmarks/gpu.py --any-device --n-samples 200
"""

import hashlib
import sys
import tempfile
import time
from functools import partial

import numpy as np
from _common import (
    machine,
    option_parser,
    print_machine,
    print_table,
    run_fresh,
    write_json,
)

NETWORKS = {
    "8-16": [(8, 5, 2, 2), (16, 3, 2, 2)],
    "32-64": [(32, 5, 2, 2), (64, 3, 2, 2)],
}
WAYS = ("GPU, deterministic", "GPU", "CPU")
ANSWERS = ("repeats", "goes_on")

# --------------------------------------------------------------------------------------
# In the fresh process


def devices():
    """What TensorFlow finds."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details
    return {
        "gpus": [str(details(gpu)) for gpu in gpus],
        "build": {k: str(v) for k, v in tf.sysconfig.get_build_info().items()},
    }


def prepare(way):
    """Choose the device, before TensorFlow starts."""
    from skcnn._backend import tf

    if way == "CPU":
        tf.config.set_visible_devices([], "GPU")
    if way == "GPU, deterministic":
        tf.config.experimental.enable_op_determinism()


def bits(way, filters, n_samples):
    """Digests of a run of 4 epochs: at once, and by way of a folder with 2 of them."""
    prepare(way)
    import skcnn

    images, labels = random_images(n_samples)
    network = partial(skcnn.ConvPoolClassifier, NETWORKS[filters], random_state=0)
    whole = network(epochs=4).fit(images, labels)
    skcnn.clear_cache()
    with tempfile.TemporaryDirectory() as folder:
        network(epochs=2, memory=folder).fit(images, labels)
        skcnn.clear_cache()
        goes_on = network(epochs=4, memory=folder).fit(images, labels)
    return {"whole": digest(whole, images), "goes_on": digest(goes_on, images)}


def digest(classifier, images):
    found = hashlib.sha256()
    for array in classifier._state.arrays:
        found.update(np.ascontiguousarray(array))
    found.update(np.ascontiguousarray(classifier.predict_proba(images)))
    return found.hexdigest()


def speed(way, filters, n_samples):
    """Images a second, after an epoch that pays for compiling."""
    prepare(way)
    import skcnn

    images, labels = random_images(n_samples)
    network = partial(skcnn.ConvPoolClassifier, NETWORKS[filters])
    network(epochs=1).fit(images, labels)
    started = time.perf_counter()
    network(epochs=5).fit(images, labels)
    return {"images_per_second": 5 * n_samples / (time.perf_counter() - started)}


def random_images(n_samples):
    random = np.random.default_rng(0)
    shape = (n_samples, 32, 32, 3)
    images = random.integers(0, 256, shape, dtype=np.uint8)
    return images, np.arange(n_samples) % 10


# --------------------------------------------------------------------------------------
# In the process that compares


def main():
    parser = option_parser(__doc__)
    parser.add_argument("--n-samples", type=int, default=5_000)
    parser.add_argument("--any-device", action="store_true", help="go on without a GPU")
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    facts |= run_fresh(devices)
    print(*facts["gpus"], sep="\n")
    if not facts["gpus"] and not options.any_device:
        sys.exit("TensorFlow finds no GPU here.")
    results = []
    for filters in NETWORKS:
        for way in WAYS:
            results.append(measure(way, filters, options.n_samples))
            print(*row(results[-1]), sep=", ", flush=True)  # in case the rest fails
    report(results)
    write_json(options.json, "gpu", facts, {"n_samples": options.n_samples}, results)


def measure(way, filters, n_samples):
    given = {"way": way, "filters": filters, "n_samples": n_samples}
    one, other = run_fresh(bits, **given), run_fresh(bits, **given)
    return given | {
        "repeats": one["whole"] == other["whole"],
        "goes_on": one["whole"] == one["goes_on"],
        "images_per_second": run_fresh(speed, **given)["images_per_second"],
    }


def report(results):
    print()
    head = ["filters, way", "bits repeat", "goes on exactly", "images/s"]
    print_table(head, [row(result) for result in results])


def row(result):
    repeats, goes_on = ("yes" if result[name] else "NO" for name in ANSWERS)
    name = f"{result['filters']}, {result['way']}"
    return [name, repeats, goes_on, f"{result['images_per_second']:,.0f}"]


if __name__ == "__main__":
    main()
