"""
Lab 5: a grid search
====================

Now all at once: width, dense layers, dropout, batch size and epochs. You plan a search,
estimate its time, run it, and read it with care. Study S0 did so on CIFAR-10, with 108
candidates.

======  =======================================  =======
step    what you do                              minutes
======  =======================================  =======
1       plan the grid                            15
2       estimate the time                        10
3       run the search                           15
4       read the maps                            25
5       doubt the winner, and write up           25
======  =======================================  =======
"""

# %%
# Step 1: the grid (15 minutes)
# -----------------------------
# The study used CIFAR-10. If its file is in ``data_home``, this lab takes it. Or else it
# takes the digits. ``fetch_cifar10(data_home="data")`` downloads the file.
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skcnn import ConvPoolClassifier, SearchProgress, presets, search_results
from skcnn.datasets import fetch_cifar10, load_digits
from skcnn.plotting import GridSearchDisplay

data_home = "data"
n_samples = 400
n_test = 400
all_epochs = [4, 8, 16]
batch_sizes = [16, 64]

load = load_digits
if Path(data_home, "cifar10.npz").exists():
    load = partial(fetch_cifar10, data_home=data_home)
X, y = load(n_samples=n_samples, random_state=0, return_X_y=True)
grid = {
    "conv_layers": [[(4, 3), (8, 3)], [(16, 3), (32, 3)]],
    "dropout": [0.25, 0.5],
    "batch_size": batch_sizes,
    "epochs": all_epochs,
}
n_candidates = len(ParameterGrid(grid))
print(f"{n_candidates} candidates in 3 folds: {3 * n_candidates} fits")
print(f"the study: {len(ParameterGrid(presets.GRIDS['s0']))} candidates")

# %%
# **Question 1. What is cross-validation?** The images are divided into three parts. Each
# candidate is trained three times, on two parts, and measured on the third. Why is that
# better than one part held out? What does it cost?
#
# **Question 2.** How many fits did the study need? How many *networks* are in it, that
# is, different values of ``conv_layers`` and ``dense_layers``?
#
# Step 2: the time (10 minutes)
# -----------------------------
# Train two epochs. The first one compiles the network, so the second one counts. Of
# several ``epochs`` only the longest run costs, since the others are its beginning.
network = ConvPoolClassifier(dense_layers=[50], convs_per_block=1, random_state=0)
largest = clone(network).set_params(
    conv_layers=grid["conv_layers"][-1], batch_size=min(batch_sizes), epochs=2
)
seconds = largest.fit(X, y).history_["time"][-1]
n_runs = 3 * n_candidates // len(all_epochs)
print(f"{n_runs} runs of {max(all_epochs)} epochs")
print(f"at most about {seconds * n_runs * max(all_epochs):.0f} seconds of training")

# %%
# Step 3: run it (15 minutes)
# ---------------------------
# ``SearchProgress`` tells how far it is. With ``memory="runs"`` in the classifier, a
# search that is stopped goes on where it was.
search = GridSearchCV(network, grid, cv=3)
search.set_callbacks(SearchProgress())
search.fit(X, y)
print(search_results(search).head(5).to_string(index=False))

# %%
# Step 4: read the maps (25 minutes)
# ----------------------------------
# **Expected figure:** accuracy rises from left to right, with the epochs. The wide
# network is ahead everywhere.
GridSearchDisplay.from_search(search, x="epochs", y="conv_layers", reduce="max")

# %%
# A cell of this map is the best of four candidates. The next one is of the other two
# parameters, at the most epochs.
GridSearchDisplay.from_search(
    search, x="batch_size", y="dropout", fixed={"epochs": max(all_epochs)}, reduce="max"
)

# %%
# **Question 3. Why do small batches win here?** Count steps instead of epochs. How many
# steps has each column? Would small batches still win after 100 epochs?
#
# **Question 4.** Do two parameters act together? Look for a row of the map whose best
# column is another one than that of the other rows.
#
# *Exercise A.* Add ``dense_layers`` of ``[50]`` and ``[50, 20]`` to the grid. Does the
# second dense layer help? In the study it did not.
#
# Step 5: doubt the winner (25 minutes)
# -------------------------------------
# The best of many candidates was also lucky. So train the first two again, with three
# seeds, and look at the test images once.
X_test, y_test = load(subset="test", n_samples=n_test, random_state=0, return_X_y=True)
order = search.cv_results_["rank_test_score"].argsort()
for place in order[:2]:
    params = search.cv_results_["params"][place]
    seeds = [
        clone(network).set_params(**params, random_state=seed) for seed in range(3)
    ]
    scores = [each.fit(X, y).score(X_test, y_test) for each in seeds]
    in_search = search.cv_results_["mean_test_score"][place]
    print(
        f"in the search {in_search:.3f}, test {np.mean(scores):.3f} ± {np.std(scores):.3f}"
    )

# %%
# **Question 5.** Is the winner better than the second? Test scores are higher than those
# of the search, although nothing was chosen by them. Why? (On how many images was each
# of them trained?)
#
# The study's best had 0.7219 in cross-validation, with filters of 32 and 64, one dense
# layer of 50, dropout 0.25, batches of 128 and 10 epochs. After 20 epochs it had 0.7777
# on test images.
#
# *Exercise B.* Which parameter would you leave out of the next grid? Which one would you
# search more finely?
#
# *Hand in* both maps, the table of step 5, and a paragraph: which network do you
# recommend, and how sure are you?
