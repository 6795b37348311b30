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
# training, since their candidates are rows of the grid's table. So draw a thousand
# times:
scores = search_results(searches["grid"])["score"].to_numpy(float)
generator = np.random.default_rng(0)
draws = [generator.choice(scores, n_random, replace=False).max() for _ in range(1000)]
low, high = np.quantile(draws, [0.1, 0.9])
print(f"the best of {n_random} random candidates: {low:.4f} to {high:.4f}")
print(f"all {len(scores)} candidates: {scores.min():.4f} to {scores.max():.4f}")

# %%
# Score by cost
# -------------
# The bar holds eight draws of ten.
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for marker, (name, search) in zip("osD", searches.items(), strict=True):
    score = search_results(search)["score"].iloc[0]
    ax.plot(n_epochs(search), score, marker, label=name, markersize=9)
ax.vlines(n_epochs(searches["random"]), low, high, color="C1")
ax.set(
    xlabel="epochs to train", ylabel="best accuracy (mean of 3 folds)", xlim=(0, None)
)
ax.legend()
