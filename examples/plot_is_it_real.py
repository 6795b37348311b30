"""
Is the difference real?
=======================

A search ranks its candidates. But the best score is partly luck: with another seed, or
other folds, the order may change. This example asks which of six networks really differ,
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
# ``plan_search`` says what the search will do. Six networks are compiled: a rate of 0 is
# a network without dropout. The seed is only data.
plan = plan_search(search, X, y)
print(plan.n_fits, "fits,", plan.n_networks, "networks to compile")

# %%
# The table
# ---------
# Candidates that differ only in their seed are one row here. Its score is the mean over
# folds and seeds.
search.fit(X, y)
print(search_results(search, image_shape=(8, 8), n_classes=10).to_string(index=False))

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
# The wider network is better on every line of the table, and yet 8 filters may be as
# good as 16: the interval reaches 0. With 4 filters it does not. Dropout makes no
# difference that these folds can see.
#
# What we learned
# ---------------
# - The table has a winner, but four of the six networks cannot be told apart. What is
#   certain: 4 filters are too few.
# - "Cannot be told apart" is not "equal". More folds see smaller differences. Take
#   ``RepeatedStratifiedKFold`` if a small one matters to you.
# - Among networks that cannot be told apart, choose by something else. The one of 8
#   filters has half as many parameters.
# - The score of the winner is too high, because it was also lucky. Measure it on test
#   images. :doc:`Comparing honestly </guide/comparing>` has more.
