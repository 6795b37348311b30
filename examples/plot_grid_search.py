"""
Which network design? A grid search
===================================

How do width, dense layers, dropout and the number of epochs change the accuracy of a
small convolutional network? A published course study asked this. Here it is asked again
on scikit-learn's digits: 1,797 images of 8x8 pixels. The search is plain scikit-learn;
the network, the line of progress, the table and the pictures come from skcnn.
"""

# %%
# Networks as small as these train fastest with one thread for each fit, and several
# fits side by side. TensorFlow reads the variable when it starts.
import os

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.utils import resample

from skcnn import ConvPoolClassifier, SearchProgress, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import GridSearchDisplay

# %%
# Options
# -------
# Change them here. Images of your own come as an ``.npz`` file with ``x_train``,
# ``y_train``, ``x_test`` and ``y_test``, such as ``images = "cifar10.npz"``.
images = "digits"
n_samples = None  # train on so many images, of all classes alike; None for all
n_jobs = 2  # fits side by side, in threads
picture = "grid_search.png"

# %%
open(picture, "ab").close()  # a missing folder shows now, not after the search
sample = {"n_samples": n_samples, "random_state": 0}
if images == "digits":
    X_train, y_train = load_digits(**sample, return_X_y=True)
    X_test, y_test = load_digits(subset="test", return_X_y=True)
else:
    with np.load(images) as data:
        X_train, y_train = data["x_train"], data["y_train"].ravel()
        X_test, y_test = data["x_test"], data["y_test"].ravel()
    sample |= {"replace": False, "stratify": y_train}
    X_train, y_train = resample(X_train, y_train, **sample)

# %%
# The grid
# --------
# There are two widths. Each block is written (filters, kernel, pool, stride): two
# convolutions, then a pooling window.
grid = {
    "conv_layers": [
        [(16, 3, 2, 2), (32, 3, 2, 2)],
        [(32, 3, 2, 2), (64, 3, 2, 2)],
    ],
    "dense_layers": [[50], [50, 20]],
    "dropout": [0.25, 0.5],
    "epochs": [2, 5, 10],
}
search = GridSearchCV(ConvPoolClassifier(batch_size=32, random_state=0), grid, cv=3)
n_candidates = len(ParameterGrid(grid))
print(f"{n_candidates} candidates x 3 folds on {len(X_train)} images")

# %%
# The search, with a line that says how far it is. Fits that differ only in `epochs` are
# trained once: the shorter ones are prefixes of the longest. The line counts the epochs
# that this saves.
search.set_callbacks(SearchProgress())
with parallel_config(backend="threading", n_jobs=n_jobs):
    search.fit(X_train, y_train)

# %%
# The candidates, best first
# --------------------------
table = search_results(search)
print(table.drop(columns=["fit_time", "score_time"]).to_string(index=False))
print(f"\nBest: {search.best_score_:.6f} using {search.best_params_}")
print(f"Accuracy on {len(y_test)} held-out images: {search.score(X_test, y_test):.4f}")

# %%
# The pictures
# ------------
# Each cell has the best that its two values reach, whatever the other parameters are.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
GridSearchDisplay.from_search(search, "epochs", "conv_layers", reduce="max", ax=axes[0])
GridSearchDisplay.from_search(
    search, "dropout", "dense_layers", reduce="max", ax=axes[1]
)
figure.savefig(picture, dpi=120)
print(f"Pictures: {picture}")

# %%
# What we learned
# ---------------
# On the left, read a row: each network gained with every step of ``epochs``, and two
# epochs were too few for all. Then read a column: with 10 epochs the wider network is
# about four points ahead. On the right, the second dense layer brought nothing, and the
# larger dropout did not help either. Both make learning slower, so a longer search
# might judge them otherwise.
#
# - A grid is an experiment. Each parameter in it is a question, so ask few at a time.
# - The best network lies at the edge of the grid: the widest, with the most epochs. Go
#   on there.
# - Look at ``std`` before you believe in a rank. The first two candidates differ by a
#   fraction of it, so no one can tell which is better.
# - The held-out images had no part in the search. Their accuracy is the one to report.
#   It is higher than the score here, because the final network was trained on all
#   training images, and not on two thirds of them.
