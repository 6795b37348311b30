"""Resident memory over many fits of four different small networks: bare scikeras
against ConvPoolClassifier.

Each contender runs in a fresh process. Every fit has a seed of its own, so each one
trains.

    python benchmarks/memory.py --fits 4 --peer-fits 2
    python benchmarks/memory.py
    python benchmarks/memory.py --fits 100 --peer-fits 20
"""

import _contenders
import numpy as np
from _common import (
    load_images,
    machine,
    option_parser,
    own_memory_mb,
    print_machine,
    print_table,
    run_fresh,
    write_json,
)

CONTENDERS = {
    "scikeras": (_contenders.fit_scikeras, _contenders.as_floats),
    "skcnn": (_contenders.fit_skcnn, np.asarray),
}
CONV_LAYERS = (
    [(4, 3, 2, 2)],
    [(8, 3, 2, 2)],
    [(4, 3, 2, 2), (8, 3, 2, 2)],
    [(8, 5, 2, 2), (16, 3, 2, 2)],
)
WARM_UP = 20  # fits before growth counts
SHOWN = (20, 100, 300)


def memory_of_fits(name, fits):
    """In the fresh process: resident memory after each fit, in MB."""
    fit, prepare = CONTENDERS[name]
    images, labels = load_images(n_samples=256)
    images = prepare(images)
    resident = []
    for seed in range(fits):
        network = {
            "conv_layers": CONV_LAYERS[seed % len(CONV_LAYERS)],
            "dense_layers": [20],
            "dropout": 0.25,
        }
        fit(images, labels, network | {"batch_size": 64}, seed)
        resident.append(own_memory_mb())
    return {"resident_mb": resident}


def slope_after_warm_up(resident):
    """MB per fit by least squares, over the fits after the warm-up; over all if there
    are few.
    """
    counted = resident[WARM_UP - 1 :] if len(resident) > WARM_UP + 1 else resident
    return float(np.polyfit(np.arange(len(counted)), counted, 1)[0])


def main():
    options = parse_options()
    facts = machine()
    print_machine(facts)
    fits = {
        "scikeras": 0 if options.skip_peer else options.peer_fits,
        "skcnn": options.fits,
    }
    results = [
        {"contender": name} | run_fresh(memory_of_fits, name=name, fits=count)
        for name, count in fits.items()
        if count
    ]
    for result in results:
        result["mb_per_fit"] = slope_after_warm_up(result["resident_mb"])
    report(results)
    write_json(options.json, "memory", facts, fits, results)


def parse_options():
    parser = option_parser(__doc__)
    parser.add_argument(
        "--fits",
        type=int,
        default=300,
        help="of ConvPoolClassifier, at least 2 (default: 300)",
    )
    parser.add_argument(
        "--peer-fits",
        type=int,
        default=40,
        help="of bare scikeras, at least 2 (default: 40)",
    )
    parser.add_argument(
        "--skip-peer", action="store_true", help="leave bare scikeras out"
    )
    return parser.parse_args()


def report(results):
    header = [
        "contender",
        "fits",
        *(f"MB after {shown}" for shown in SHOWN),
        "after last",
        "since 20",
        "MB per fit",
    ]
    print_table(header, [row(result) for result in results])
    print(f"\nMB per fit: slope of resident memory after the first {WARM_UP} fits.")


def row(result):
    resident = result["resident_mb"]
    return [
        result["contender"],
        str(len(resident)),
        *(memory_after(resident, shown) for shown in SHOWN),
        f"{resident[-1]:.0f}",
        f"{resident[-1] - resident[WARM_UP - 1]:+.1f}"
        if len(resident) > WARM_UP
        else "",
        f"{result['mb_per_fit']:.3f}",
    ]


def memory_after(resident, fits):
    return f"{resident[fits - 1]:.0f}" if len(resident) >= fits else ""


if __name__ == "__main__":
    main()
