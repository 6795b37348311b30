"""A random search over architectures: scikeras and skorch against ConvPoolClassifier.

Every candidate is another network, so nothing but the making of networks and the
training itself can be saved: no two candidates share a compiled network or an epoch.
Images, folds and candidates are the same for all, in one run; each contender in a fresh
process of its own. The columns are those of grid_search.py.

Try it, then run it:

    python benchmarks/random_search.py --candidates 2 --n-samples 60 --epochs 1
    python benchmarks/random_search.py --cifar10 DATA_HOME --rounds 3
    python benchmarks/random_search.py --data cifar10.npz --contenders skcnn
"""

import numpy as np
from _common import (
    add_image_options,
    chosen_images,
    machine,
    option_parser,
    print_machine,
    write_json,
)
from _searches import add_contender_option, compare, describe, report


def random_architectures(n_candidates, epochs):
    """So many networks that differ from each other, always the same, as grids."""
    random = np.random.RandomState(0)
    chosen = []
    while len(chosen) < n_candidates:
        n_blocks = random.randint(1, 4)
        filters = random.choice([4, 6, 8, 12, 16, 24, 32], n_blocks)
        kernel_sizes = random.choice([3, 5], n_blocks)
        blocks = []
        for n_filters, kernel_size in zip(filters, kernel_sizes, strict=True):
            blocks.append((int(n_filters), int(kernel_size), 2, 2))
        n_dense = random.randint(3)
        dense = [int(units) for units in random.choice([20, 50, 100], n_dense)]
        candidate = {"conv_layers": [blocks], "dense_layers": [dense]}
        if candidate not in chosen:
            chosen.append(candidate)
    training = {"epochs": [epochs], "batch_size": [128], "dropout": [0.25]}
    return [candidate | training for candidate in chosen]


def main():
    parser = option_parser(__doc__, rounds=1)
    add_image_options(parser, n_samples=1000)
    parser.add_argument(
        "--candidates", type=int, default=60, help="architectures (default: 60)"
    )
    parser.add_argument(
        "--epochs", type=int, default=3, help="of each fit (default: 3)"
    )
    add_contender_option(parser, "scikeras,skorch,skcnn,skcnn-threads-2-single")
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    images, labels, data = chosen_images(options)
    grids = random_architectures(options.candidates, options.epochs)
    describe(grids, images)
    results = compare(options.contenders, grids, images, labels, options.rounds)
    report(results, labels)
    shown = {"data": data, "n_samples": len(labels), "epochs": options.epochs}
    shown |= {"candidates": options.candidates, "rounds": options.rounds}
    write_json(options.json, "random_search", facts, shown, results)


if __name__ == "__main__":
    main()
