"""
Find the learning rate first
============================

No other parameter spoils as much as the learning rate. If it is too low, training does
not get anywhere in its time. If it is too high, nothing is learned at all. A
comparison of designs at a poor rate compares nothing. So find the rate first, with one
network and few runs.
"""

# %%
# Four rates, each ten times the last
# -----------------------------------
# The optimizer is Adam, the default. ``optimizer__learning_rate`` is its rate; Keras
# takes 0.001 if nobody says.
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits
from skcnn.plotting import GridSearchDisplay, LearningCurvesDisplay

n_samples = 600
epochs = 15
rates = [0.0003, 0.003, 0.03, 0.3]

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    epochs=epochs,
    batch_size=20,
    random_state=0,
)
fitted = []
for rate in rates:
    each = clone(network).set_params(optimizer__learning_rate=rate)
    fitted.append(each.fit(X, y))
LearningCurvesDisplay.from_estimators(fitted)

# %%
# How to read the curves
# ----------------------
# The two rates in the middle learn the training images within a few epochs. The lowest
# rate is slow: its loss is still falling, almost on a straight line, when time is up.
# More epochs would help it. They would not help the highest rate. Its loss jumps up and
# then stays near 2.3, which is the logarithm of 10. That is what a network has that
# guesses among ten classes. Too low is slow, but too high is dead.
#
# So a flat loss near the logarithm of the number of classes means: try a tenth of the
# rate.
#
# Schedules
# ---------
# A schedule changes the rate from step to step. ``"cosine"`` begins with the full rate
# and lowers it to zero. ``"one_cycle"`` begins low, rises to the full rate for the
# first third, and then falls to zero. Large steps at first get far; small ones at the
# end settle. Does this help, and at which rates? Ask a grid.
grid = {
    "optimizer__learning_rate": rates,
    "learning_rate_schedule": [None, "cosine", "one_cycle"],
}
search = GridSearchCV(network, grid, cv=3, refit=False).fit(X, y)
GridSearchDisplay.from_search(
    search, x="optimizer__learning_rate", y="learning_rate_schedule"
)

# %%
# These are accuracies on images that were not trained on, so they are a little lower
# than in the curves. Compare the columns first: between two rates there may be a
# difference of 0.4 and more. Then compare the rows within a column. At the two good
# rates all three schedules are about equal. The error of three folds is as large as
# their difference.
#
# At the lowest rate both schedules do harm, because they lower a rate that is too low
# already. At the highest one, one cycle gets somewhere: its low start and end save a
# part of the run. But its three folds differ by much, and a good rate is far better.
#
# What we learned
# ---------------
# - The learning rate decides more than anything else here, so find it first.
# - Try rates in steps of ten, then in steps of three around the best.
# - Too low is slow: the loss still falls at the end. Too high is dead: the loss stays
#   at the level of guessing.
# - A schedule does not replace a good rate. At a good rate it changed little in these
#   short runs.
# - ``"cosine"`` and ``"one_cycle"`` depend on the number of epochs. So runs of 5 and of
#   15 epochs :doc:`share no epochs </guide/sharing>` with them.
