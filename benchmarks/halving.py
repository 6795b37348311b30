"""Successive halving over the number of epochs against the full grid: epochs trained,
and what they find.

HalvingGridSearchCV(resource="epochs") fits the candidates that survive a round from
scratch with more epochs; since states are shared, ConvPoolClassifier trains only the
further ones. Both searches see the same folds.

    python benchmarks/halving.py --grid 36 --n-samples 60
    python benchmarks/halving.py --data cifar10.npz
"""

import time
from statistics import median

from _common import (
    add_image_options,
    chosen_images,
    machine,
    option_parser,
    print_machine,
    print_table,
    write_json,
)
from _searches import N_FOLDS
from grid_search import GRIDS
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV

import skcnn
from skcnn._training import epochs_trained


def main():
    parser = option_parser(__doc__, rounds=1)
    add_image_options(parser, n_samples=600)
    parser.add_argument(
        "--grid",
        choices=("36", "324"),
        default="324",
        help="as in grid_search.py (default: 324)",
    )
    parser.add_argument(
        "--factor",
        type=int,
        default=3,
        help="the share kept in each round is 1/factor (default: 3)",
    )
    options = parser.parse_args()
    facts = machine()
    print_machine(facts)
    images, labels, data = chosen_images(options)
    grid = dict(GRIDS[options.grid])
    all_epochs = grid.pop("epochs")
    searches = {
        "full grid": GridSearchCV(classifier(), grid | {"epochs": all_epochs}, cv=N_FOLDS, refit=False),
        "halving": HalvingGridSearchCV(
            classifier(), grid, resource="epochs", min_resources=1, max_resources=max(all_epochs), factor=options.factor,
            cv=N_FOLDS, refit=False, random_state=0,
        ),
    }  # fmt: skip
    results = []
    for name, search in searches.items():
        results.append(measure(name, search, images, labels, options.rounds))
    print_table(
        [
            "search",
            "seconds",
            "x full grid",
            "epochs trained",
            "epochs asked for",
            "best score",
        ],
        [
            [
                r["search"],
                f"{r['seconds']:.1f}",
                f"{results[0]['seconds'] / r['seconds']:.2f}",
                str(r["trained"]),
                str(r["asked"]),
                f"{r['best_score']:.4f}",
            ]
            for r in results
        ],
    )
    for result in results:
        print(f"{result['search']}: {result['best_params']}")
    shown = {"data": data, "n_samples": len(labels), "factor": options.factor}
    shown |= {"grid": options.grid, "rounds": options.rounds}
    write_json(options.json, "halving", facts, shown, results)


def classifier():
    return skcnn.ConvPoolClassifier(random_state=0)


def measure(name, search, images, labels, n_rounds):
    """Search with nothing known before, and count."""
    seconds = []
    for _ in range(n_rounds):
        skcnn.clear_cache(max_bytes=2**30)
        started = time.perf_counter()
        with epochs_trained() as trained:
            search.fit(images, labels)
        seconds.append(time.perf_counter() - started)
    return {
        "search": name,
        "seconds": median(seconds),
        "trained": len(trained),
        "asked": N_FOLDS
        * sum(params["epochs"] for params in search.cv_results_["params"]),
        "best_score": float(search.best_score_),
        "best_params": search.best_params_,
    }


if __name__ == "__main__":
    main()
