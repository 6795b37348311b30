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
