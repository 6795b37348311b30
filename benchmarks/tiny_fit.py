"""What a fit costs before any work is done: 64 images of 8x8, one epoch, then predict.

Each contender runs in a fresh process, with one fit before the clock starts, so
TensorFlow is warm and ConvPoolClassifier has its program; each timed fit has a seed of
its own, so nothing can be answered from memory. Plain Keras builds, compiles, fits and
predicts, as does bare scikeras inside. skorch does the same with PyTorch.

    python benchmarks/tiny_fit.py --rounds 3
"""

import time
from statistics import median

import _contenders
import numpy as np
from _common import (
    load_images,
    machine,
    names_among,
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
    "scikeras": (_contenders.fit_scikeras, _contenders.as_floats),
    "keras": (_contenders.fit_keras, _contenders.as_floats),
    "skorch": (_contenders.fit_skorch, _contenders.as_torch_floats),
    "skcnn": (_contenders.fit_skcnn, np.asarray),
}
N_IMAGES = 64


def time_fits(name, n_fits):
    """In the fresh process: the seconds of each fit with its predict."""
    fit, images, labels = fit_once(name)
    seconds = []
    for seed in range(1, n_fits + 1):
        seconds.append(timed(fit, images, labels, NETWORK, seed))
    return {"seconds": seconds}


def fit_once(name):
    """The first fit of a contender, and what further ones need."""
    fit, prepare = CONTENDERS[name]
    images, labels = load_images()
    images, labels = prepare(images[:N_IMAGES]), labels[:N_IMAGES]
    fit(images, labels, NETWORK, seed=0)
    return fit, images, labels


def timed(function, *arguments):
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


def main():
    parser = option_parser(__doc__, rounds=9)
    parser.add_argument(
        "--contenders",
        type=names_among(CONTENDERS),
        default=list(CONTENDERS),
        metavar="NAME,NAME",
        help=f"of {', '.join(CONTENDERS)} (default: all)",
    )
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    results = []
    for name in options.contenders:
        figures = run_fresh(time_fits, name=name, n_fits=options.rounds)
        results.append({"contender": name} | figures)
    ours = median(results[-1]["seconds"])
    for result in results:
        result["median_seconds"] = median(result["seconds"])
        result["times_ours"] = result["median_seconds"] / ours
    report(results)
    write_json(options.json, "tiny_fit", facts, {"rounds": options.rounds}, results)


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
