"""
Is the difference real?
=======================

A search ranks its candidates. But the best score is partly luck: with another seed, or
other folds, the order changes. This example asks which of six networks really differ,
and lets folds and seeds answer.
"""

# %%
# Six networks, and three seeds of each
# -------------------------------------
# The seed is a parameter like any other, so it goes into the grid. It decides the
# first weights, the order of images, and what dropout leaves out. All networks see the
# same five folds.
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier, compare_candidates, plan_search, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import ComparisonDisplay

n_samples = 500
epochs = 12
seeds = [0, 1, 2]

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    convs_per_block=1, dense_layers=[], epochs=epochs, batch_size=20
)
grid = {
    "conv_layers": [[(4, 3)], [(8, 3)], [(16, 3)]],
    "dropout": [0.0, 0.25],
    "random_state": seeds,
}
search = GridSearchCV(network, grid, cv=5, refit=False)

# %%
# Before it runs
# --------------
# ``plan_search`` says what the search will do. Only three networks are compiled, since
# dropout is a number that a network is given, and so is the seed.
plan = plan_search(search, X, y)
print(plan.n_fits, "fits,", plan.n_networks, "networks to compile")

# %%
# The table
# ---------
# Candidates that differ only in their seed are one row here. Its score is the mean over
# folds and seeds.
search.fit(X, y)
print(search_results(search, image_shape=(8, 8)).to_string(index=False))

# %%
# Read from the top, there is a winner. But look at ``std``: the scores of one network
# vary from fold to fold. Is that much or little, beside the differences in ``score``?
#
# The answer of folds and seeds
# -----------------------------
# All networks have the same folds, so they are compared fold by fold. A hard fold is
# hard for all, and takes no part in a difference. ``compare_candidates`` does this, and
# allows for two more things. Folds share training images, so they are not independent.
# And the best was chosen because it looked best.
table = compare_candidates(search)
print(table.round(3).to_string(index=False))

# %%
# The same as a picture. Each line is a difference to the best, with all that is still
# possible around it. A line that reaches 0 belongs to a network that may be as good.
ComparisonDisplay.from_search(search)

# %%
# One seed alone
# --------------
# What would a search with one seed have said? Here is the best network of each:
for seed in seeds:
    alone = GridSearchCV(
        network.set_params(random_state=seed),
        {name: grid[name] for name in ("conv_layers", "dropout")},
        cv=5,
        refit=False,
    ).fit(X, y)
    best = search_results(alone, image_shape=(8, 8)).iloc[0]
    print(f"seed {seed}: {best['conv_layers']}, dropout {best['dropout']}")

# %%
# These searches cost no training: their fits are those of the first search, which this
# process still knows.
