"""Successive halving over the number of epochs against the full grid: epochs trained,
and what they find.

HalvingGridSearchCV(resource="epochs") fits the candidates that survive a round from
scratch with more epochs; since states are shared, ConvPoolClassifier trains only the
further ones. Both searches see the same folds.

    python benchmarks/halving.py --data cifar10.npz
"""

import time
from pathlib import Path

from _common import (
    load_images,
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
    parser = option_parser(__doc__)
    parser.add_argument(
        "--data",
        metavar="NPZ",
        help="uint8 images as x_train, y_train; default: scikit-learn's digits",
    )
    parser.add_argument(
        "--n-samples",
        type=int,
        default=600,
        help="images to take, stratified (default: 600)",
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
    images, labels = load_images(options.data, options.n_samples)
    grid = {name: values for name, values in GRIDS["324"].items() if name != "epochs"}
    searches = {
        "full grid": GridSearchCV(classifier(), grid | {"epochs": [3, 5, 10]}, cv=N_FOLDS, refit=False),
        "halving": HalvingGridSearchCV(
            classifier(), grid, resource="epochs", min_resources=1, max_resources=10, factor=options.factor,
            cv=N_FOLDS, refit=False, random_state=0,
        ),
    }  # fmt: skip
    results = [
        measure(name, search, images, labels) for name, search in searches.items()
    ]
    print_table(
        ["search", "seconds", "epochs trained", "epochs asked for", "best score"],
        [
            [
                r["search"],
                f"{r['seconds']:.1f}",
                str(r["trained"]),
                str(r["asked"]),
                f"{r['best_score']:.4f}",
            ]
            for r in results
        ],
    )
    for result in results:
        print(f"{result['search']}: {result['best_params']}")
    data = Path(options.data).name if options.data else "digits"
    shown = {"data": data, "n_samples": len(labels), "factor": options.factor}
    write_json(options.json, "halving", facts, shown, results)


def classifier():
    return skcnn.ConvPoolClassifier(random_state=0)


def measure(name, search, images, labels):
    """Search with nothing known before, and count."""
    skcnn.clear_cache(max_bytes=2**30)
    started = time.perf_counter()
    with epochs_trained() as trained:
        search.fit(images, labels)
    return {
        "search": name,
        "seconds": time.perf_counter() - started,
        "trained": len(trained),
        "asked": N_FOLDS
        * sum(params["epochs"] for params in search.cv_results_["params"]),
        "best_score": float(search.best_score_),
        "best_params": search.best_params_,
    }


if __name__ == "__main__":
    main()
