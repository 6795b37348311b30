"""How long a fresh Python takes: to import each library, and to fit a first network.

The network is tiny: two blocks of 4 and 8 filters, 64 images of 8x8, one epoch, then
predict. Times are those of the whole process, from its start to its end, imports
included. "python" is a process that does nothing. In every round each contender runs
once. Run it twice if files may not be in the system's memory yet.

    python benchmarks/start.py --rounds 1 --contenders skcnn
    python benchmarks/start.py
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from _common import (
    machine,
    names_among,
    option_parser,
    print_machine,
    print_table,
    write_json,
)

IMPORTS = {
    "python": "pass",
    "keras": "import tensorflow, keras",
    "scikeras": "import scikeras.wrappers",
    "skorch": "import torch, skorch",
    "skcnn": "import skcnn",
}
CONTENDERS = ("keras", "scikeras", "skorch", "skcnn")


def main():
    parser = option_parser(__doc__, rounds=5)
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
    programs = programs_of(options.contenders)
    seconds = {name: [] for name in programs}
    for _ in range(options.rounds):
        for name, code in programs.items():
            seconds[name].append(seconds_of(code))
    results = []
    for name, values in seconds.items():
        row = {"program": name, "seconds": values, "median_seconds": median(values)}
        results.append(row)
    report(results)
    write_json(options.json, "start", facts, {"rounds": options.rounds}, results)


def programs_of(contenders):
    """Names and code of what is run."""
    programs = {}
    for name in ("python", *contenders):
        programs[f"import {name}" if name != "python" else name] = IMPORTS[name]
    for name in contenders:
        programs[f"first fit, {name}"] = f"import tiny_fit; tiny_fit.fit_once({name!r})"
    return programs


def seconds_of(code):
    """Run code in a fresh Python, and time its whole life."""
    # TensorFlow's chatter is not to be seen, nor paid for at a terminal.
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=Path(__file__).parent,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def report(results):
    """One table; ratios are to skcnn's, or to the last contender's if it is not there."""
    base = {}
    for result in results:
        kind = kind_of(result)
        if kind not in base or result["program"].endswith("skcnn"):
            base[kind] = result["median_seconds"]
    rows = []
    for result in results:
        seconds = result["median_seconds"]
        row = [
            result["program"],
            f"{seconds:.2f}",
            f"{min(result['seconds']):.2f}",
            f"{max(result['seconds']):.2f}",
            f"{seconds / base[kind_of(result)]:.2f}",
        ]
        rows.append(row)
    print_table(["program", "median s", "least", "most", "x skcnn"], rows)


def kind_of(result):
    """What is compared: imports, or first fits."""
    return "fit" if "fit" in result["program"] else "import"


if __name__ == "__main__":
    main()
