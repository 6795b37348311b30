"""Images per second of one long fit on the networks of study S0: ConvPoolClassifier
against Keras' own Model.fit.

Both train the very same network, `classifier.model_`, on the same array of random
images, in one process and in turns, so a slow moment of the machine meets both; a
round's ratio pairs neighbors. With --dtype uint8 (the default) both get bytes, which
the network scales; with float32 both get pixels / 255, and the network has no scaling
layer. A first epoch of each, untimed, pays for compiling and tracing. Times are those
of the whole call to fit.

The third column trains two runs, of different seeds, in two threads at once. With
--intra-op-threads 1, the setting that docs/guide/speed.md advises for searches in
threads, each operation keeps to one core, for all three columns.

Small networks train for more epochs, so that the fixed cost of a call to Model.fit does
not decide.

The second table compares the arithmetic of convolutions and dense layers, forward and
backward counted as three times forward, with the rate of a float32 matrix product on
all cores, measured between the rounds. NumPy's product is not always the fastest that a
machine can do (its OpenBLAS may lack kernels for a new processor), so a share of it may
exceed 1. TensorFlow's own product is beside it; where that is faster, its share says
how much is left.

    python benchmarks/throughput.py
    python benchmarks/throughput.py --intra-op-threads 1
    python benchmarks/throughput.py --networks 32-64 --n-samples 8192 --epochs 5
    python benchmarks/throughput.py --networks 4-8 --n-samples 256 --epochs 1 --rounds 1
"""

import os
import time
from math import prod
from statistics import median

import joblib
import numpy as np
from _common import (
    machine,
    names_among,
    option_parser,
    print_machine,
    print_table,
    write_json,
)
from _contenders import as_floats

NETWORKS = {
    "4-8": [(4, 5, 2, 2), (8, 3, 2, 2)],
    "8-16": [(8, 5, 2, 2), (16, 3, 2, 2)],
    "32-64": [(32, 5, 2, 2), (64, 3, 2, 2)],
}
BATCH_SIZE = 128
LONGER = {"4-8": 3, "8-16": 2, "32-64": 1}  # times --epochs


def main():
    options = parse_options()
    if options.intra_op_threads:
        os.environ["TF_NUM_INTRAOP_THREADS"] = str(
            options.intra_op_threads
        )  # before TensorFlow starts
    facts = machine()
    print_machine(facts)
    images, labels = random_images(options.n_samples, options.dtype)
    products = matrix_products()
    results = [
        measure(
            name,
            images,
            labels,
            LONGER[name] * options.epochs,
            options.rounds,
            products,
        )
        for name in options.networks
    ]
    gflops = {
        library: max(
            rate for result in results for rate in result["matmul_gflops"][library]
        )
        for library in products
    }
    for result in results:
        add_shares(result, gflops)
    report(results, gflops)
    shown = {name: value for name, value in vars(options).items() if name != "json"}
    write_json(
        options.json, "throughput", facts, shown | {"matmul_gflops": gflops}, results
    )


def parse_options():
    parser = option_parser(__doc__, rounds=5)
    parser.add_argument(
        "--n-samples", type=int, default=4096, help="images (default: 4096)"
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=3,
        help="epochs of each timed fit of the largest network (default: 3)",
    )
    parser.add_argument(
        "--intra-op-threads",
        type=int,
        metavar="N",
        help="threads that share one operation",
    )
    parser.add_argument(
        "--dtype",
        choices=("uint8", "float32"),
        default="uint8",
        help="of the images (default: uint8)",
    )
    parser.add_argument(
        "--networks",
        type=names_among(NETWORKS),
        default=list(NETWORKS),
        metavar="NAME,NAME",
        help=", ".join(NETWORKS),
    )
    return parser.parse_args()


def random_images(n_samples, dtype):
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (n_samples, 32, 32, 3)).astype(np.uint8)
    labels = np.arange(n_samples) % 10
    return (images if dtype == "uint8" else as_floats(images)), labels


def matrix_products(size=4096):
    """Two functions that give the rate of a float32 matrix product in GFLOP/s, the best
    of three.
    """
    import skcnn  # noqa: F401, I001 - first, because it keeps TensorFlow's start quiet
    import tensorflow as tf

    arrays = np.random.RandomState(0).rand(2, size, size).astype(np.float32)
    tensors = [tf.constant(array) for array in arrays]

    def best_rate(product):
        return 2 * size**3 / min(timed(product) for _ in range(3)) / 1e9

    return {
        "numpy": lambda: best_rate(lambda: np.matmul(*arrays)),
        "tensorflow": lambda: best_rate(lambda: tf.matmul(*tensors).numpy()),
    }


def timed(function, *arguments):
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


def measure(name, images, labels, epochs, rounds, products):
    """One network: the rates of each round."""
    model = fit_skcnn(name, images, labels, 1, seed=0).model_

    def one(seed):
        fit_skcnn(name, images, labels, epochs, seed)

    def two(seed):
        joblib.Parallel(n_jobs=2, backend="threading")(
            joblib.delayed(one)(2 * seed + thread) for thread in (0, 1)
        )

    def keras(epochs=epochs):
        model.fit(images, labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)

    keras(epochs=1)
    two(0)  # from here on there are two programs
    work = len(images) * epochs
    rates = {"skcnn": [], "keras": [], "two_threads": []}
    gflops = {library: [] for library in products}
    for seed in range(1, rounds + 1):
        # Seeds never met before: nothing is answered from memory.
        runs = {
            "skcnn": lambda seed=seed: work / timed(one, 1000 + seed),
            "keras": lambda: work / timed(keras),
            "two_threads": lambda seed=seed: 2 * work / timed(two, seed),
        }
        for contender in reversed(runs) if seed % 2 else runs:
            rates[contender].append(runs[contender]())
        for library, rate in products.items():
            gflops[library].append(rate())
    return {
        "network": name,
        "epochs": epochs,
        "flops_per_image": training_flops(model),
        "rates": rates,
        "matmul_gflops": gflops,
    }


def fit_skcnn(name, images, labels, epochs, seed):
    from skcnn import ConvPoolClassifier

    classifier = ConvPoolClassifier(
        NETWORKS[name], epochs=epochs, batch_size=BATCH_SIZE, random_state=seed
    )
    return classifier.fit(images, labels)


def training_flops(model):
    """Multiplications and additions of one image, forward and backward, in convolutions
    and dense layers.
    """
    forward = sum(
        2 * prod(layer.kernel.shape) * prod(layer.output.shape[1:-1])
        for layer in model.layers
        if hasattr(layer, "kernel")
    )
    return 3 * forward


def add_shares(result, gflops):
    rates = result["rates"]
    result["times_keras"] = paired_ratio(rates["skcnn"], rates["keras"])
    result["times_one_thread"] = paired_ratio(rates["two_threads"], rates["skcnn"])
    reached = {
        contender: median(values) * result["flops_per_image"] / 1e9
        for contender, values in rates.items()
    }
    result["gflops"] = reached
    result["share_of_matmul"] = {
        library: {contender: value / rate for contender, value in reached.items()}
        for library, rate in gflops.items()
    }


def paired_ratio(ours, theirs):
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def report(results, gflops):
    contenders = ("keras", "skcnn", "two_threads")
    print_table(
        ["images per second", "keras", "skcnn", "two threads", "x keras", "two x one"],
        [
            [
                result["network"],
                *(
                    f"{median(result['rates'][contender]):,.0f}"
                    for contender in contenders
                ),
                f"{result['times_keras']:.2f}",
                f"{result['times_one_thread']:.2f}",
            ]
            for result in results
        ],
    )
    print("\nMedians; ratios are medians of paired rounds.\n")
    print_table(
        ["share of the matrix product", "keras", "skcnn", "two threads"],
        [
            [
                f"{result['network']}, of {library}'s",
                *(f"{shares[contender]:.2f}" for contender in contenders),
            ]
            for result in results
            for library, shares in result["share_of_matmul"].items()
        ],
    )
    print(
        "\nBest rates: "
        + ", ".join(f"{library} {rate:.0f} GFLOP/s" for library, rate in gflops.items())
    )


if __name__ == "__main__":
    main()
