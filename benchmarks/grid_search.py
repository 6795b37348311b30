"""A grid search over network designs: scikeras and skorch against ConvPoolClassifier.

Same images, same folds, same grid, all in one run; each contender in a fresh process of
its own. "search" is the time of GridSearchCV.fit alone, "process" that of the process
from its start to its end, imports included. Worker processes start within the search,
and count in both. "peak" is the resident memory of the process and its workers
together. A contender's "-2" means n_jobs=2.

Try it, then all of the small grid, then the large one in parts:

    python benchmarks/grid_search.py --grid 12 --n-samples 60
    python benchmarks/grid_search.py --cifar10 DATA_HOME --rounds 3
    python benchmarks/grid_search.py --data cifar10.npz --grid 324 --contenders skcnn
"""

from _common import (
    add_image_options,
    chosen_images,
    machine,
    option_parser,
    print_machine,
    write_json,
)
from _searches import add_contender_option, compare, describe, report

_SMALL, _MIDDLE, _LARGE = (
    [(first, 5, 2, 2), (second, 3, 2, 2)]
    for first, second in ((4, 8), (8, 16), (32, 64))
)
# By the number of fits, with three folds. 36 and 324 are of study S0.
GRIDS = {
    "12": {
        "conv_layers": [[(4, 3, 2, 2)]],
        "dense_layers": [[]],
        "epochs": [1, 2],
        "batch_size": [32],
        "dropout": [0.25, 0.5],
    },
    "36": {
        "conv_layers": [_SMALL, _MIDDLE],
        "dense_layers": [[50]],
        "epochs": [3, 5, 10],
        "batch_size": [128],
        "dropout": [0.25, 0.5],
    },
    "324": {
        "conv_layers": [_SMALL, _MIDDLE, _LARGE],
        "dense_layers": [[50], [50, 20]],
        "epochs": [3, 5, 10],
        "batch_size": [64, 128, 256],
        "dropout": [0.25, 0.5],
    },
}


def main():
    parser = option_parser(__doc__, rounds=1)
    add_image_options(parser, n_samples=600)
    parser.add_argument(
        "--grid", choices=GRIDS, default="36", help="by number of fits (default: 36)"
    )
    add_contender_option(parser, "scikeras,skorch,skcnn,skcnn-threads-2-single")
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    images, labels, data = chosen_images(options)
    grids = [GRIDS[options.grid]]
    describe(grids, images)
    results = compare(options.contenders, grids, images, labels, options.rounds)
    report(results, labels)
    shown = {"grid": options.grid, "data": data, "n_samples": len(labels)}
    shown["rounds"] = options.rounds
    write_json(options.json, "grid_search", facts, shown, results)


if __name__ == "__main__":
    main()
