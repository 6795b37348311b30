"""
Study S2: width and depth on Fashion-MNIST
==========================================

Sigmoid networks by width and by depth. In the study, wide ones trained only after several restarts, or never: so each
is trained with several seeds, and the share of those that fail is part of the result.

    python examples/reproduce_s2_fashion_mnist.py --memory runs
"""

import numpy as np
import study

from skcnn import presets
from skcnn.datasets import fetch_fashion_mnist
from skcnn.plotting import WidthDepthDisplay

options = study.parse_options(__doc__, "s2", seeds=3)
X_train, X_test, y_train, y_test = study.load(fetch_fashion_mnist, options)
data = (X_train / np.float32(127.5) - 1, X_test / np.float32(127.5) - 1, y_train, y_test)  # from -1 to 1

networks = {name: presets.NETWORKS[name] for name in presets.NETWORKS if name.startswith("sigmoid-")}
runs = study.run(networks, data, options)

# %%
# A run that always answers with the same class has an accuracy of 0.1: it failed to train. The study published what it
# got in the end, so the others are what to compare.
runs["failed"] = runs["test_accuracy"] < 0.15
runs["trained_accuracy"] = runs["test_accuracy"].where(~runs["failed"])
table = study.compare(runs)
by_network = runs.groupby("network", sort=False)
table["measured where trained"] = [study.in_figures(fits["trained_accuracy"].dropna()) for _, fits in by_network]
table["failed"] = [f"{fits['failed'].sum()} of {len(fits)}" for _, fits in by_network]

_, groups, names = zip(*(name.split("-", 2) for name in runs["network"]), strict=True)  # sigmoid-width-2-4
display = WidthDepthDisplay(
    n_params=runs["n_params"], scores=runs["trained_accuracy"], groups=list(groups), group_name="varied", names=names
)
study.save(display.plot(), options, "width_depth")
study.write(runs, table, options)
