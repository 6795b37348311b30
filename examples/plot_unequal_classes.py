"""
Unequal classes
===============

Often the class that matters is rare: a defect, a disease. Then a network that never
finds it may still have a fine accuracy. This example shows the trap, and two tools: a
score that notices, and weights that help.
"""

# %%
# Few eights among many digits
# ----------------------------
# The question is whether a digit is an eight. Of the training images we keep 12 eights,
# and all the others.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    balanced_accuracy_score,
)

from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits

n_samples = 600
n_rare = 12
epochs = 8


def is_eight(y):
    return np.where(y == 8, "eight", "other")


X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
eights, others = np.flatnonzero(y == 8), np.flatnonzero(y != 8)
kept = np.sort(np.concatenate([eights[:n_rare], others]))
X, y = X[kept], is_eight(y[kept])
X_test, y_test = load_digits(subset="test", return_X_y=True)
y_test = is_eight(y_test)
print("training:", *np.unique(y, return_counts=True))
print("test:", *np.unique(y_test, return_counts=True))

# %%
# Accuracy does not notice
# ------------------------
# Say "other" to everything, without looking. Accuracy counts how many answers are
# right, and most are. Balanced accuracy is the mean of the shares found of each class.
# It gives 0.5 to one who does not look.
blind = np.full(len(y_test), "other")
print(f"accuracy {accuracy_score(y_test, blind):.3f}")
print(f"balanced accuracy {balanced_accuracy_score(y_test, blind):.3f}")

# %%
# Weights
# -------
# ``class_weight="balanced"`` gives each class the same weight in all. With it, a missed
# eight costs the network as much as some forty missed others.
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    epochs=epochs,
    batch_size=25,
    random_state=0,
)
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
for ax, class_weight in zip(axes, [None, "balanced"], strict=True):
    weighted = clone(network).set_params(class_weight=class_weight).fit(X, y)
    predicted = weighted.predict(X_test)
    print(
        f"class_weight={class_weight!r}: "
        f"accuracy {accuracy_score(y_test, predicted):.3f}, "
        f"balanced {balanced_accuracy_score(y_test, predicted):.3f}"
    )
    ConfusionMatrixDisplay.from_predictions(y_test, predicted, ax=ax, colorbar=False)
    ax.set_title(f"class_weight={class_weight!r}")

# %%
# With other seeds
# ----------------
# One run is one run. So here are five seeds, each with both.
seeds = range(5)
for class_weight in (None, "balanced"):
    accuracies, balanced = [], []
    for seed in seeds:
        weighted = clone(network).set_params(
            class_weight=class_weight, random_state=seed
        )
        predicted = weighted.fit(X, y).predict(X_test)
        accuracies.append(accuracy_score(y_test, predicted))
        balanced.append(balanced_accuracy_score(y_test, predicted))
    print(f"class_weight={class_weight!r}")
    print("  accuracy", *(f"{score:.3f}" for score in accuracies))
    print("  balanced", *(f"{score:.3f}" for score in balanced))

# %%
# Without weights the answer is "other", every time and with every seed. So the accuracy
# is 0.902, always. With weights accuracy mostly *falls*, because some others are now
# taken for eights. Who looks at accuracy alone would throw these networks away.
# Balanced accuracy rises from 0.5 to more than 0.8, with all five seeds.
#
# Which is better depends on what an error costs. If somebody looks at each alarm, a few
# false ones are cheap. If each alarm stops a factory, they are not. The confusion
# matrix has both kinds of error, so look at it with those who pay for them.
#
# What we learned
# ---------------
# - Compare an accuracy with that of the blind answer. Here they were equal.
# - ``class_weight="balanced"`` makes the network look for the rare class.
# - In a search, ask for ``GridSearchCV(..., scoring="balanced_accuracy")``. Or else it
#   will choose the network that never finds an eight.
# - Twelve images of a class are few. Weights do not replace images: some eights are
#   still missed.
