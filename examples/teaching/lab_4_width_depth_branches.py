"""
Lab 4: width, depth and parallel branches
=========================================

A network grows in three directions: wider, deeper, or with branches side by side. You
count parameters by hand, compare the three, and meet a trap of batch normalization.
Study S1 asked this on CIFAR-10, with networks in the style of AlexNet.

======  =======================================  =======
step    what you do                              minutes
======  =======================================  =======
1       count parameters by hand                 20
2       compare width and depth                  20
3       join branches                            20
4       see why curves jump                      15
5       find the error in the study              15
======  =======================================  =======
"""

# %%
# Step 1: count parameters (20 minutes)
# -------------------------------------
# The study used CIFAR-10. If its file is in ``data_home``, this lab takes it. Or else it
# takes the digits. ``fetch_cifar10(data_home="data")`` downloads the file.
from functools import partial
from pathlib import Path

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skcnn import ConvBlock, ConvPoolClassifier, presets, search_results
from skcnn.datasets import fetch_cifar10, load_digits
from skcnn.plotting import LearningCurvesDisplay, WidthDepthDisplay

data_home = "data"
n_samples = 600
n_test = 400
epochs = 15

load = load_digits
if Path(data_home, "cifar10.npz").exists():
    load = partial(fetch_cifar10, data_home=data_home)
X, y = load(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (8, 3)],
    convs_per_block=1,
    dense_layers=[32],
    dropout=0,
    epochs=epochs,
    batch_size=25,
    optimizer__learning_rate=0.003,
    random_state=0,
)
network.initialize(X, y)  # makes the network without training it
print(network.architecture_)

# %%
# **Question 1. How many parameters has a convolution?** Each filter has a weight for
# each pixel of its kernel and each map that it reads, and one bias. So ``block2_conv1``
# has 8 x (3 x 3 x 8 + 1) = 584. Check the other rows by hand. Where are most?
#
# Step 2: width and depth (20 minutes)
# ------------------------------------
# **Expected figure:** the wide network is ahead of the narrow ones. Depth makes a network
# smaller, since less reaches the dense layer. Here it makes it worse, too.
stacks = {f"width {n}": [(n, 3)] * 2 for n in (4, 8, 16)}
stacks |= {f"depth {n}": [(8, 3)] * n for n in (1, 3)}
search = GridSearchCV(network, {"conv_layers": list(stacks.values())}, cv=3).fit(X, y)
WidthDepthDisplay.from_search(search, names=list(stacks))

# %%
# **Question 2.** Each pool halves the maps. How many blocks can images of 8x8 have, and
# of 32x32? What does ``feasible_grid`` say about one more?
#
# *Exercise A.* Compare depth 1 and depth 3 at equal size. Which width do you need?
#
# Step 3: branches (20 minutes)
# -----------------------------
# The study left a question open: what do parallel convolutions bring, joined by
# *Concatenate*? One block may have kernels of several sizes side by side. Or the whole
# stack is there twice, with ``n_branches=2``.
three_sizes = ((1, 1), (3, 3), (5, 5))
grid = [
    {"conv_layers": [[(12, 3)] * 2]},
    {"conv_layers": [[ConvBlock(4, three_sizes)] * 2]},
    {"conv_layers": [[(6, 3)] * 2], "n_branches": [2]},
]
names = ["12 of 3x3", "4 of 1x1, 3x3, 5x5", "2 branches of 6"]
branches = GridSearchCV(network, grid, cv=3).fit(X, y)
table = search_results(branches)
print(table[["rank", "score", "std", "n_params"]].to_string(index=False))
WidthDepthDisplay.from_search(branches, names=names)

# %%
# **Question 3. What does Concatenate do?** It lays maps on each other: here 12 in each
# case. Which of the three has the fewest parameters, and why? Look at what the second
# convolution reads.
#
# The differences are small beside the error bars. So this lab cannot tell the three
# apart on digits. On CIFAR-10 more branches helped, and so did width.
#
# Step 4: why curves jump (15 minutes)
# ------------------------------------
# All convolutional networks of the study have batch normalization. It predicts with
# statistics of the images. Keras keeps moving averages of them, which lag behind the
# weights.
# **Expected figure:** with moving averages validation accuracy is far behind.
validation = load(subset="test", n_samples=n_test, random_state=0, return_X_y=True)
fitted = []
for statistics in ("fresh", "moving"):
    each = clone(network).set_params(batch_norm=True, batch_norm_statistics=statistics)
    fitted.append(each.fit(X, y, validation_data=validation))
LearningCurvesDisplay.from_estimators(fitted, names=["fresh", "moving"])

# %%
# **Question 4.** Both networks have the same weights after each epoch. How can their
# validation accuracies differ? Which of the two would you publish?
#
# Step 5: find the error (15 minutes)
# -----------------------------------
# Here is what the study's curves end with. For the dense network it printed another
# figure in its table: a test accuracy of 0.5459.
for name, published in presets.PUBLISHED.items():
    if published.study == "S1":
        last, size = published.validation_accuracy[-1], published.n_params
        print(f"{name:15} {size:9,} parameters, last validation accuracy {last:.4f}")

# %%
# *Exercise B.* The study validated on its test images. So which of the two figures of
# the dense network must be wrong? Which conclusion would the wrong one suggest?
#
# *Exercise C.* One run is one draw. With moving averages, three seeds of ``base`` had
# 0.47, 0.56 and 0.60 (:doc:`results </results/README>`). How would you report that?
#
# *Hand in* the figures of steps 2 and 3 with three seeds, and your answers.
