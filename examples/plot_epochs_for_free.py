"""
Train longer for free
=====================

How many epochs are enough? A grid over ``epochs`` answers this, but it seems to be
dear, as each value is a training of its own. skcnn trains only the longest one. On its
way it passes through all the shorter ones, and their scores are read there. This
example shows what that saves, and that no score changes.
"""

# %%
# The grid
# --------
# There are six values of ``epochs``, and two of ``dropout``. Dropout makes training
# slower, so the number of epochs that is enough may differ.
import time

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn import ConvPoolClassifier, SearchProgress
from skcnn.datasets import load_digits
from skcnn.plotting import GridSearchDisplay

n_samples = 450
all_epochs = [2, 4, 8, 12, 16, 24]

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    batch_size=25,
    random_state=0,
)
grid = {"epochs": all_epochs, "dropout": [0.0, 0.5]}
n_folds = 3
n_networks = len(grid["dropout"]) * n_folds
asked = n_networks * sum(all_epochs)
print(f"asked for: {asked} epochs, in {n_networks * len(all_epochs)} fits")
print(f"the longest runs alone: {n_networks * max(all_epochs)} epochs")

# %%
# The search
# ----------
# You switch nothing on. It takes an integer ``random_state``, so that all fits of a
# network start from the same weights and see the images in the same order. The last
# line of ``SearchProgress`` counts what was trained and what was saved.


def timed_search():
    search = GridSearchCV(network, grid, cv=n_folds, refit=False)
    search.set_callbacks(SearchProgress())
    start = time.perf_counter()
    search.fit(X, y)
    return search, time.perf_counter() - start


network.fit(X, y)  # so that no search below has to wait for TensorFlow's start
shared, seconds_shared = timed_search()

# %%
# The same without sharing
# ------------------------
# ``clear_cache(max_bytes=0)`` keeps no state of training, so each fit starts from the
# beginning. The second call sets the bound back to what it was.
skcnn.clear_cache(max_bytes=0)
network.fit(X, y)
alone, seconds_alone = timed_search()
skcnn.clear_cache(max_bytes=2**28)

# %%
# The scores are the same
# -----------------------
# Not nearly the same, but equal to the last bit, in each fold of each candidate.
folds = [f"split{fold}_test_score" for fold in range(n_folds)]
n_equal = sum((shared.cv_results_[f] == alone.cv_results_[f]).sum() for f in folds)
print(f"{n_equal} of {n_folds * len(shared.cv_results_['params'])} scores are equal")
print(f"{seconds_shared:.1f} s with sharing, {seconds_alone:.1f} s without")

# %%
# What it is good for
# -------------------
figure, axes = plt.subplots(
    2, 1, figsize=(6.4, 5.6), height_ratios=[1, 3], layout="constrained"
)
axes[0].barh(["asked for", "trained"], [asked, n_networks * max(all_epochs)])
axes[0].invert_yaxis()
axes[0].set_xlabel("epochs")
GridSearchDisplay.from_search(shared, "epochs", "dropout", kind="lines", ax=axes[1])

# %%
# The upper part has what was asked for and what was trained. The lower part is what the
# search was for. Both lines still rise after 24 epochs, so this network wants more of
# them. Dropout of 0.5 learns more slowly: after 24 epochs it is about where the other
# one was after 12. A comparison after 8 epochs alone would say that dropout is useless.
# The lines say that it is not done yet.
#
# What we learned
# ---------------
# - Always put several values of ``epochs`` into a grid. Only the largest costs time.
# - The scores are those of separate trainings, to the last bit.
# - The shorter runs show whether training is over: if the last two scores differ, ask
#   for more epochs. A second search goes on where the first one ended.
# - It needs an integer ``random_state``. Learning rate schedules that depend on the
#   number of epochs share none: :doc:`Sharing and resuming </guide/sharing>` says
#   what else does not.
