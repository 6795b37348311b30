"""
Overfitting: see it, then treat it
==================================

A network with many parameters and few images learns its images by heart. It is then
right about them, and wrong about others. This example shows where that begins, and
tries two remedies.
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
# Solid lines are training images, dashed ones validation images.

# %%
# Two remedies
# ------------
# **Dropout** switches off a random part of the values at the end of each block, other
# ones in each step. So no unit can rely on one other. **L2** adds a penalty on large
# weights to the loss; its parameter is ``kernel_regularizer``.
changes = {
    "plain": {},
    "dropout": {"dropout": 0.5},
    "L2": {"kernel_regularizer": 0.02},
}
networks = {}
for name, change in changes.items():
    network = clone(plain).set_params(**change)
    networks[name] = network.fit(X, y, validation_data=validation)
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
LearningCurvesDisplay.from_estimators(
    list(networks.values()), names=list(networks), metrics=["accuracy"], ax=ax
)
ax.set_ylim(0.7, 1.02)

# %%
# In numbers
# ----------
for name, network in networks.items():
    seen, new = network.score(X, y), network.score(*validation)
    losses = network.history_["val_loss"]
    lowest = losses.index(min(losses)) + 1
    print(
        f"{name:8} training {seen:.3f}, validation {new:.3f}, gap {seen - new:.3f}; "
        f"lowest validation loss in epoch {lowest}"
    )
