"""What a fit costs before any work is done: 64 images of 8x8, one epoch, then predict.

Each contender runs in a fresh process, with one fit before the clock starts, so
TensorFlow is warm and ConvPoolClassifier has its program; each timed fit has a seed of
its own, so nothing can be answered from memory. Plain Keras builds, compiles, fits and
predicts, as does bare scikeras inside.

    python benchmarks/tiny_fit.py --repeats 9
"""

import time
from statistics import median

import _contenders
import numpy as np
from _common import (
    as_floats,
    load_images,
    machine,
    option_parser,
    print_machine,
    print_table,
    run_fresh,
    write_json,
)

NETWORK = {
    "conv_layers": [(4, 5, 2, 2), (8, 3, 2, 2)],
    "dense_layers": [50],
    "dropout": 0.25,
    "batch_size": 128,
}
CONTENDERS = {
    "scikeras": (_contenders.fit_scikeras, as_floats),
    "keras": (_contenders.fit_keras, as_floats),
    "skcnn": (_contenders.fit_skcnn, np.asarray),
}


def time_fits(name, repeats):
    """In the fresh process: the seconds of each fit with its predict."""
    fit, prepare = CONTENDERS[name]
    images, labels = load_images()
    images, labels = prepare(images[:64]), labels[:64]
    fit(images, labels, NETWORK, seed=0)
    return {
        "seconds": [
            timed(fit, images, labels, NETWORK, seed) for seed in range(1, repeats + 1)
        ]
    }


def timed(function, *arguments):
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


def main():
    parser = option_parser(__doc__)
    parser.add_argument(
        "--repeats",
        type=int,
        default=9,
        help="timed fits of each contender (default: 9)",
    )
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    results = [
        {"contender": name} | run_fresh(time_fits, name=name, repeats=options.repeats)
        for name in CONTENDERS
    ]
    ours = median(results[-1]["seconds"])
    for result in results:
        result["median_seconds"] = median(result["seconds"])
        result["times_ours"] = result["median_seconds"] / ours
    report(results)
    write_json(options.json, "tiny_fit", facts, {"repeats": options.repeats}, results)


def report(results):
    rows = [
        [
            result["contender"],
            f"{1000 * result['median_seconds']:.1f}",
            f"{1000 * min(result['seconds']):.1f}",
            f"{1000 * max(result['seconds']):.1f}",
            f"{result['times_ours']:.1f}",
        ]
        for result in results
    ]
    print_table(["contender", "median ms", "least", "most", "x skcnn"], rows)
    print("\nOne fit and predict: 64 images of 8x8, 1 epoch.")


if __name__ == "__main__":
    main()
