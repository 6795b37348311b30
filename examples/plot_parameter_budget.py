"""
The best network of at most 5,000 parameters
============================================

A network for a small board or a phone has a budget. Which design makes the most of it?
This example leaves out all networks that are too large, before any is built, and
searches among the rest.
"""

# %%
# Many designs
# ------------
# ``head`` says how the last maps reach the output: ``"flatten"`` hands on every value,
# ``"global_max"`` only the largest of each map. ``dense_layers`` may add a layer in
# between.
import warnings

from sklearn.model_selection import GridSearchCV, ParameterGrid

from skcnn import ConvPoolClassifier, feasible_grid, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import WidthDepthDisplay

n_samples = 450
epochs = 16
max_params = 5000

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    convs_per_block=1,
    dropout=0,
    epochs=epochs,
    batch_size=25,
    optimizer__learning_rate=0.003,
    random_state=0,
)
grid = {
    "conv_layers": [
        [(8, 3)],
        [(16, 3)],
        [(8, 3), (16, 3)],
        [(16, 3), (32, 3)],
        [(8, 3), (16, 3), (32, 3), (64, 3)],
    ],
    "head": ["flatten", "global_max"],
    "dense_layers": [[], [50]],
}

# %%
# Leave out what is too large
# ---------------------------
# ``feasible_grid`` counts parameters by arithmetic, so it takes no time. It warns of
# what it leaves out, and gives a reason for each. Here the warning is printed.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    affordable = feasible_grid(grid, X.shape[1:], max_params, estimator=network)
print(*(warning.message for warning in caught), sep="\n")
print(f"{len(affordable)} of {len(ParameterGrid(grid))} are left")

# %%
# Four blocks cannot be built at all: after three pools an image of 8x8 pixels is a
# single pixel, and no pool halves that.
#
# Search among the rest
# ---------------------
# The result of ``feasible_grid`` is a grid again.
search = GridSearchCV(network, affordable, cv=3).fit(X, y)
table = search_results(search)
columns = ["rank", "score", "std", "n_params", "conv_layers", "head", "dense_layers"]
print(table[columns].to_string(index=False))

# %%
# Accuracy and size
# -----------------
WidthDepthDisplay.from_search(search, by="head")

# %%
# Look for the upper left: high accuracy with few parameters. The best network has 2,730
# parameters, a little more than half of the budget. But two smaller ones are within its
# error bar. One of them, a single block of 8 filters, has half the size.
#
# The four points at the bottom have one block and ``"global_max"``. This head forgets
# where in the image something was found. After one convolution a map says no more than
# "there is an edge", and all digits have edges. Two blocks see larger parts, and there
# the same head is nearly as good as ``"flatten"``. The dense layer of 50 units cost
# some 1,000 parameters, and helped only those networks that stayed poor with it.
#
# What we learned
# ---------------
# - Ask ``feasible_grid`` before a search. It takes no time, and impossible networks do
#   not end as failures in your table.
# - More parameters are not more accuracy. Where they are spent matters more.
# - ``"flatten"`` keeps places, and is cheap as long as the last maps are small. On
#   large images it is the other way around: there ``"global_avg"`` and ``"global_max"``
#   save most parameters.
# - If several networks are within the error bars, take the smallest.
