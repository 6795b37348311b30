"""
Few images: does augmentation help?
===================================

Augmentation shows the network a changed version of each image in each epoch: moved a
little, or mirrored. So a few images stand for many. Does this raise accuracy? This
example trains on 50 and on 200 digits, with and without it, for a short and for a long
time.
"""

# %%
# Which changes are harmless?
# ---------------------------
# A change must leave the label true. A digit that moves by one pixel is still the same
# digit, so ``augmentation="shift"`` is right here. A mirrored 2 is no 2, so ``"flip"``
# would teach nonsense. For photographs of animals it would be the other way around.
# Look at what becomes of your images before you train on them:
import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import AugmentationDisplay, GridSearchDisplay

train_sizes = [50, 200]
n_splits = 3
all_epochs = [10, 25, 50, 100, 200]

X, y = load_digits(subset="all", return_X_y=True)
network = ConvPoolClassifier(
    [(16, 3), (32, 3)],
    dense_layers=[],
    convs_per_block=1,
    augmentation="shift",
    batch_size=25,
    optimizer__learning_rate=0.003,
    random_state=0,
)
AugmentationDisplay.from_estimator(network, X[:5])

# %%
# Each row is a digit, and each column an epoch. "Shift" moves an image by up to 1/16 of
# its sides, but at least by a pixel. These images are stored nowhere: they are made
# anew while training runs. Predicting leaves images alone.
#
# The search
# ----------
# Both networks get the same splits, the same seed and the same numbers of epochs. Three
# splits show how much is chance. All images that a split does not train on are its test
# images. Runs that differ only in ``epochs`` are trained once, so the five values cost
# no more than the last one.
grid = {"augmentation": [None, "shift"], "epochs": all_epochs}
searches = {}
for size in train_sizes:
    splits = StratifiedShuffleSplit(n_splits, train_size=size, random_state=0)
    searches[size] = GridSearchCV(network, grid, cv=splits, refit=False).fit(X, y)

figure, axes = plt.subplots(len(train_sizes), figsize=(6.4, 6.4), layout="constrained")
for ax, (size, search) in zip(axes, searches.items(), strict=True):
    GridSearchDisplay.from_search(search, "epochs", "augmentation", kind="lines", ax=ax)
    ax.set_title(f"{size} images to train on")

# %%
# In numbers
# ----------
for size, search in searches.items():
    table = search_results(search)
    table = table.pivot(index="epochs", columns="augmentation", values="score")
    print(f"{size} images\n{table.round(3)}\n")

# %%
# At first augmentation does harm. After 10 epochs the network without it is ahead, with
# 50 images by far. This is no surprise: with shifts there is more to learn, so learning
# takes longer. Then the lines cross, and at the end the augmented network leads. Look
# at the size of the lead, too. With 50 images it is about four points of a hundred.
# With 200 images it is one point, which is no more than the error of three splits.
#
# What we learned
# ---------------
# - Augmentation helps most where images are few.
# - It needs more epochs. A short comparison would have shown the opposite.
# - A change must leave the label true: shift digits, but do not mirror them.
# - Images that you collect are worth more than images that you shift. 200 digits
#   without augmentation were better than 50 with it, at every number of epochs.
