"""
Overfitting: see it, then treat it
==================================

A network with many parameters and few images learns its images by heart. It is then
right about them, and wrong about others. This example shows where that begins, and
tries three remedies.
"""

# %%
# A network that overfits
# -----------------------
# 100 images are few for this network, and nothing holds it back: ``dropout`` is 0.
# ``validation_data`` are measured after each epoch and never trained on.
import matplotlib.pyplot as plt
from sklearn.base import clone

from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits
from skcnn.plotting import LearningCurvesDisplay

n_samples = 100
epochs = 120

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
validation = load_digits(subset="test", return_X_y=True)
plain = ConvPoolClassifier(
    [(16, 3), (32, 3)],
    dense_layers=[100],
    convs_per_block=1,
    dropout=0,
    epochs=epochs,
    batch_size=20,
    optimizer__learning_rate=0.003,
    random_state=0,
)
plain.fit(X, y, validation_data=validation)
print(f"{plain.n_params_:,} parameters for {len(X)} images")
LearningCurvesDisplay.from_estimator(plain)

# %%
# How to read the curves
# ----------------------
# Solid lines are training images, dashed ones validation images. At first they fall and
# rise together. Then they part. The training loss goes on to zero, but the validation
# loss turns and rises again. From there on the network becomes surer of its errors. Its
# validation accuracy stays where it is, so more epochs are of no use.
#
# Three remedies
# --------------
# - **Dropout** switches off a random part of the values at the end of each block, other
#   ones in each step. So no unit can rely on a single other one.
# - **L2** adds a penalty on large weights to the loss. Its parameter is
#   ``kernel_regularizer``.
# - **More images**: four times as many, if you can have them. With the same seed
#   ``load_digits`` gives the first images again, and others.
more = load_digits(n_samples=4 * n_samples, random_state=0, return_X_y=True)
remedies = {
    "plain": ({}, (X, y)),
    "dropout": ({"dropout": 0.5}, (X, y)),
    "L2": ({"kernel_regularizer": 0.003}, (X, y)),
    "more images": ({}, more),
}
networks = {}
for name, (change, images) in remedies.items():
    network = clone(plain).set_params(**change)
    networks[name] = network.fit(*images, validation_data=validation)

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
LearningCurvesDisplay.from_estimators(
    list(networks.values()), names=list(networks), metrics=["accuracy"], ax=ax
)
ax.set_ylim(0.6, 1.02)

# %%
# In numbers
# ----------
# ``accuracy`` in ``history_`` is measured while dropout is at work, so it is too low
# for that network. ``score`` is not.
for name, (_, images) in remedies.items():
    network = networks[name]
    seen, new = network.score(*images), network.score(*validation)
    losses = network.history_["val_loss"]
    print(
        f"{name:12} training {seen:.3f}, validation {new:.3f}; "
        f"validation loss lowest {min(losses):.3f}, last {losses[-1]:.3f}"
    )

# %%
# All four know their training images by heart in the end. They differ in what they make
# of others. Dropout learns more slowly, passes the plain network, and ends more than
# four points above it. L2 of this strength kept the loss from rising, but changed no
# answer for the better. Its loss includes the penalty, so compare it with itself only.
# More images helped most by far.
#
# What we learned
# ---------------
# - Draw training and validation curves. Overfitting begins where the two losses part.
# - A training accuracy of 1 says nothing about other images.
# - More images are the best remedy. If there are none, try dropout, and
#   :doc:`augmentation </auto_examples/plot_augmentation>`.
# - A remedy is a parameter like any other: its strength belongs into a grid. What helps
#   here may not help elsewhere.
# - These validation images have now been used to choose. For a figure to report, take
#   images that had no part in it.
