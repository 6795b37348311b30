"""
Which network design? A grid search
===================================

How do width, depth of the dense part, dropout and the number of epochs change the accuracy of a small convolutional
network? This is the question of a published course study, here on scikit-learn's bundled digits: 1,797 images of 8x8
pixels. Everything below is plain scikit-learn; only the estimator and the line of progress come from skcnn.

Run as a script, it also takes images of your own, as an ``.npz`` file with ``x_train``, ``y_train``, ``x_test`` and
``y_test`` (uint8 images)::

    python plot_grid_search.py --data cifar10.npz --n-samples 600 --n-jobs 2
"""

# %%
# Images and options
# ------------------
# The digits are gray values from 0 to 16; as uint8 from 0 to 255 they are what cameras and most data sets give, and
# the network scales them itself.
import argparse
import os
import sys
import time
from pathlib import Path

# Networks as small as these train fastest with one thread for each fit, and several fits side by side. TensorFlow
# reads this when it starts, so it is set before the imports.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from joblib import parallel_config
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.utils import resample

from skcnn import ConvPoolClassifier, SearchProgress


def parse_options():
    parser = argparse.ArgumentParser(description="Grid search over network designs.")
    parser.add_argument(
        "--data",
        default="digits",
        metavar="NAME_OR_PATH",
        help="'digits' (default) or an .npz file",
    )
    parser.add_argument(
        "--n-samples",
        type=int,
        help="train on so many images only, of all classes alike",
    )
    parser.add_argument(
        "--n-jobs",
        type=int,
        default=2,
        help="fits side by side, in threads (default 2)",
    )
    parser.add_argument(
        "--out",
        default="grid_search.png",
        help="where to save the picture (default %(default)s)",
    )
    options = parser.parse_args()
    if not Path(options.out).resolve().parent.is_dir():
        parser.error(
            f"--out {options.out}: there is no such folder"
        )  # not only after the search
    return options


def load_images(name):
    """Training and test images as uint8, with their labels."""
    if name == "digits":
        digits = load_digits()
        images = (digits.images * (255 / 16)).astype(np.uint8)
        return train_test_split(
            images,
            digits.target,
            test_size=0.25,
            stratify=digits.target,
            random_state=0,
        )
    if not Path(name).is_file():
        sys.exit(
            f"--data {name}: no such file; give 'digits' or an .npz with x_train, y_train, x_test, y_test."
        )
    with np.load(name) as data:
        missing = {"x_train", "x_test", "y_train", "y_test"} - set(data.files)
        if missing:
            sys.exit(
                f"--data {name}: the file lacks {', '.join(sorted(missing))}; it holds {', '.join(data.files)}."
            )
        return (
            data["x_train"],
            data["x_test"],
            data["y_train"].ravel(),
            data["y_test"].ravel(),
        )


options = parse_options()
X_train, X_test, y_train, y_test = load_images(options.data)
if options.n_samples is not None:
    if not 0 < options.n_samples <= len(y_train):
        sys.exit(
            f"--n-samples must be from 1 to {len(y_train)}, the number of training images; got {options.n_samples}."
        )
    X_train, y_train = resample(
        X_train,
        y_train,
        replace=False,
        n_samples=options.n_samples,
        stratify=y_train,
        random_state=0,
    )

# %%
# The grid
# --------
# Two widths, each block written (filters, kernel, pool, stride): two convolutions, then a pooling window.
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
n_candidates = int(np.prod([len(values) for values in grid.values()]))
print(
    f"{n_candidates} candidates x 3 folds on {len(y_train)} images of shape {X_train.shape[1:]}"
)

# %%
# The search, with a line that says how far it is. Fits that differ only in `epochs` are prefixes of one run, which is
# trained once: the line counts the epochs that this saves.
start = time.perf_counter()
search.set_callbacks(SearchProgress())
with parallel_config(backend="threading", n_jobs=options.n_jobs):
    search.fit(X_train, y_train)
print(f"searched in {time.perf_counter() - start:.0f} s\n")

# %%
# The candidates, best first
# --------------------------
results = search.cv_results_
order = np.argsort(results["rank_test_score"], kind="stable")


def filters(conv_layers):
    return "-".join(str(block[0]) for block in conv_layers)


print(
    f"{'rank':>4}  {'accuracy':>8}  {'+/-':>6}  {'filters':<8}{'dense':<9}{'dropout':>7}{'epochs':>8}"
)
for i in order:
    rank, mean, spread = (
        results[f"{name}_test_score"][i] for name in ("rank", "mean", "std")
    )
    p = results["params"][i]
    dense = "-".join(map(str, p["dense_layers"]))
    print(
        f"{rank:>4}  {mean:>8.4f}  {spread:>6.4f}  {filters(p['conv_layers']):<8}{dense:<9}"
        f"{p['dropout']:>7}{p['epochs']:>8}"
    )
print(f"\nBest: {search.best_score_:.6f} using {search.best_params_}")
print(f"Accuracy on {len(y_test)} held-out images: {search.score(X_test, y_test):.4f}")

# %%
# The picture
# -----------
# Rows are widths and dense layers, columns the rest; darker is better.
rows = [(conv, dense) for conv in grid["conv_layers"] for dense in grid["dense_layers"]]
columns = [(d, e) for d in grid["dropout"] for e in grid["epochs"]]
accuracy = np.full((len(rows), len(columns)), np.nan)
for p, score in zip(results["params"], results["mean_test_score"], strict=True):
    row = rows.index((p["conv_layers"], p["dense_layers"]))
    accuracy[row, columns.index((p["dropout"], p["epochs"]))] = score

figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
image = ax.imshow(accuracy, cmap="YlGnBu", aspect="auto")
middle = (np.nanmin(accuracy) + np.nanmax(accuracy)) / 2
for row, column in np.ndindex(accuracy.shape):
    value = accuracy[row, column]
    ax.text(
        column,
        row,
        f"{value:.3f}",
        ha="center",
        va="center",
        color="white" if value > middle else "black",
    )
best = np.unravel_index(np.nanargmax(accuracy), accuracy.shape)
ax.add_patch(
    plt.Rectangle(
        (best[1] - 0.5, best[0] - 0.5),
        1,
        1,
        fill=False,
        edgecolor="crimson",
        linewidth=3,
    )
)
ax.set_xticks(
    range(len(columns)),
    [f"dropout {d}\n{e} epochs" for d, e in columns],
    fontsize=9,
)
ax.set_yticks(
    range(len(rows)),
    [f"filters {filters(c)}\ndense {'-'.join(map(str, d))}" for c, d in rows],
    fontsize=9,
)
ax.set_title(f"Mean accuracy over 3 folds; best {search.best_score_:.4f} (red)")
figure.colorbar(image, label="accuracy")
figure.savefig(options.out, dpi=120)
print(f"Picture: {Path(options.out).resolve()}")
