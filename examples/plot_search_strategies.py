"""
Grid, random or halving?
========================

A grid tries every combination. A random search tries some of them. Successive halving
gives each candidate a few epochs, and goes on with the better half. Which finds a good
network at the lowest cost? Here all three search the same 24 candidates.
"""

# %%
# The candidates
# --------------
# Three widths, two batch sizes and four learning rates make 24 candidates. ``epochs``
# is the same for all in the first two searches.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits

n_samples = 450
all_epochs = [2, 16]  # what halving begins with, and what the last candidates get
n_random = 6

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    epochs=max(all_epochs),
    random_state=0,
)
candidates = {
    "conv_layers": [[(4, 3)], [(8, 3)], [(16, 3)]],
    "batch_size": [25, 100],
    "optimizer__learning_rate": [0.001, 0.003, 0.01, 0.03],
}
searches = {
    "grid": GridSearchCV(network, candidates, cv=3),
    "random": RandomizedSearchCV(
        network, candidates, n_iter=n_random, cv=3, random_state=0
    ),
    "halving": HalvingGridSearchCV(
        network,
        candidates,
        resource="epochs",
        min_resources=min(all_epochs),
        max_resources=max(all_epochs),
        factor=2,
        cv=3,
        random_state=0,
    ),
}

# %%
# What a search costs
# -------------------
# The cost is the number of epochs that must be trained. skcnn never trains an epoch
# twice, so a candidate costs its longest run. When halving gives a candidate 4 epochs
# after 2, two more are trained. (The grid comes first here, so the other two searches
# find all their runs known. We count what each would train alone.)


def n_epochs(search):
    longest = {}
    for params in search.cv_results_["params"]:
        candidate = tuple(repr(params[name]) for name in candidates)
        epochs = params.get("epochs", network.epochs)
        longest[candidate] = max(epochs, longest.get(candidate, 0))
    return search.n_splits_ * sum(longest.values())


names = ["conv_layers", "batch_size", "optimizer__learning_rate"]
for name, search in searches.items():
    search.fit(X, y)
    best = search_results(search).iloc[0]
    values = ", ".join(str(best[parameter]) for parameter in names)
    print(f"{name:8} {n_epochs(search):5} epochs; {best['score']:.4f} with {values}")

# %%
# The rungs of halving
# --------------------
# How many candidates were left, and how many epochs each had:
rungs = search_results(searches["halving"])
print(rungs.groupby("iter")["n_resources"].agg(["count", "max"]))

# %%
# Random search with other seeds
# ------------------------------
# One random search is one draw. What would other draws have found? That needs no more
# training, since their candidates are rows of the grid's table. So bring the rows into
# a random order, a thousand times, and note the best so far after each row.
scores = search_results(searches["grid"])["score"].to_numpy(float)
generator = np.random.default_rng(0)
orders = generator.permuted(np.tile(scores, (1000, 1)), axis=1)
best_so_far = np.maximum.accumulate(orders, axis=1)
low, middle, high = np.quantile(best_so_far, [0.1, 0.5, 0.9], axis=0)
print(f"all candidates: {scores.min():.4f} to {scores.max():.4f}")
print(
    f"best of {n_random} at random: {low[n_random - 1]:.4f} to {high[n_random - 1]:.4f}"
)

# %%
# Score by cost
# -------------
# The line is the median of these random searches, and the band holds eight of ten.
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
costs = 3 * max(all_epochs) * np.arange(1, len(scores) + 1)
ax.fill_between(costs, low, high, color="C1", alpha=0.3, linewidth=0)
ax.plot(costs, middle, color="C1", label="random, other seeds")
for marker, (name, search) in zip("osD", searches.items(), strict=True):
    score = search_results(search)["score"].iloc[0]
    ax.plot(n_epochs(search), score, marker, label=name, markersize=9)
ax.set(xlabel="epochs to train", ylabel="best accuracy (mean of 3 folds)")
ax.legend(loc="lower right")

# %%
# All three found the same network here. The grid is sure to find the best of its
# candidates, at four times the cost of the random search. Halving trained less than a
# third of what the grid did, because 12 of the 24 candidates went no further than two
# epochs. Random search was the cheapest, and it was lucky: with other seeds it would
# often have ended a little lower.
#
# Halving has a risk of its own. It prefers what is quick in the first epochs. A low
# learning rate that would win in the end may be out by then. Here the rates differ by a
# factor of thirty, and the quick ones were also the good ones.
#
# What we learned
# ---------------
# - To *understand* a few parameters, take a grid: each cell is filled, and
#   :class:`~skcnn.plotting.GridSearchDisplay` can draw it.
# - To *find* a good network among many, take a random search or halving.
# - With skcnn halving on ``epochs`` is cheap, as survivors go on where they were.
# - The best network has the largest width and the highest rate of the grid. A best that
#   lies at the edge says: extend the grid there.
# - `Optuna <https://optuna.org>`_ chooses the next candidate by what it has seen so
#   far. :doc:`Searching </guide/searching>` has the code.

# sphinx_gallery_parallel = False
