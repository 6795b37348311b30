"""
Batch normalization's trap
==========================

A network with batch normalization may learn well, and still predict at random. In
short trainings this happens to nearly everyone once. This example shows it, and why
skcnn avoids it.
"""

# %%
# Two ways to normalize
# ---------------------
# While it trains, batch normalization takes mean and variance of the current batch. To
# predict it needs fixed numbers. ``batch_norm_statistics`` says where they come from.
#
# - ``"moving"`` is Keras' way: an average over the steps of training, in which each
#   step counts for one in a hundred. So it takes some hundred steps until it knows
#   anything.
# - ``"fresh"`` is the default of skcnn: after each epoch, means and variances are
#   computed from training images, with the weights as they then are.
#
# 300 images in batches of 20 are 15 steps in each epoch; in three-fold cross-validation
# they are 10.
import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import GridSearchDisplay

n_samples = 300
all_epochs = [1, 3, 5, 10, 20, 40]
epochs = 10  # of the single runs

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    batch_norm=True,
    epochs=epochs,
    batch_size=20,
    random_state=0,
)

# %%
# The trap
# --------
# Train with both, and compare three accuracies. The first is that of the last epoch, as
# it was measured while it trained. The second is that of ``predict``, on the very same
# images. The third is that of ``predict`` on new images.
X_test, y_test = load_digits(subset="test", return_X_y=True)
for statistics in ("moving", "fresh"):
    each = clone(network).set_params(batch_norm_statistics=statistics).fit(X, y)
    print(
        f"{statistics:6} while training {each.history_['accuracy'][-1]:.3f}, "
        f"predict the same {each.score(X, y):.3f}, "
        f"predict new ones {each.score(X_test, y_test):.3f}"
    )

# %%
# The weights of both are the same, and so are their accuracies while training. Only the
# numbers to predict with differ. It looks like overfitting, but it is not: a network
# that overfits is right about the images that it has seen.
#
# How long does it last?
# ----------------------
grid = {"batch_norm_statistics": ["moving", "fresh"], "epochs": all_epochs}
search = GridSearchCV(network, grid, cv=3, refit=False).fit(X, y)
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
GridSearchDisplay.from_search(
    search, "epochs", "batch_norm_statistics", kind="lines", ax=ax
)

# %%
table = search_results(search, X.shape[1:], n_classes=10)
table = table.pivot(index="epochs", columns="batch_norm_statistics", values="score")
print(table.round(3))

# %%
# With fresh statistics accuracy rises steadily, as one expects. With moving ones it
# goes up and down at a low level for 20 epochs, which are 200 steps here. Even after 40
# epochs it lags behind. Who compares designs after 5 or 10 epochs would compare
# averages that are not ready, and might decide against batch normalization for no good
# reason.
#
# What we learned
# ---------------
# - If a network with batch normalization is good while it trains, and poor on the
#   *same* images afterwards, suspect its statistics.
# - Count steps, not epochs. Small data sets and large batches make few steps.
# - ``batch_norm_statistics="fresh"`` is the default here, and needs no thought. It
#   takes one pass over up to 1,024 images after each epoch.
# - Take ``"moving"`` to reproduce figures that were measured with Keras. Also take it
#   for a stream of small parts with ``partial_fit``.
