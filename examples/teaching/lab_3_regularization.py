"""
Lab 3: regularization and dropout
=================================

A large network learns few images by heart. Regularization holds it back. You look at
what dropout and max-norm really do, and then measure what they bring. Study S4 used
both, on CIFAR-10.

======  =======================================  =======
step    what you do                              minutes
======  =======================================  =======
1       make a network overfit                   15
2       look at dropout                          20
3       look at max-norm                         15
4       measure both                             20
5       compare with the study, and write up     20
======  =======================================  =======
"""

# %%
# Step 1: a network that overfits (15 minutes)
# --------------------------------------------
# The study used CIFAR-10. If its file is in ``data_home``, this lab takes it. Or else it
# takes the digits. ``fetch_cifar10(data_home="data")`` downloads the file.
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from skcnn import ConvPoolClassifier, presets
from skcnn.datasets import fetch_cifar10, load_digits
from skcnn.plotting import LearningCurvesDisplay

data_home = "data"
n_samples = 100
n_test = 400
epochs = 80
seeds = [0, 1, 2]

load = load_digits
if Path(data_home, "cifar10.npz").exists():
    load = partial(fetch_cifar10, data_home=data_home)
X, y = load(n_samples=n_samples, random_state=0, return_X_y=True)
validation = load(subset="test", n_samples=n_test, random_state=0, return_X_y=True)
plain = ConvPoolClassifier(
    [(16, 3), (32, 3)],
    convs_per_block=1,
    dense_layers=[100],
    dropout=0,
    epochs=epochs,
    batch_size=20,
    optimizer__learning_rate=0.003,
    random_state=0,
)
plain.fit(X, y, validation_data=validation)
LearningCurvesDisplay.from_estimator(plain)

# %%
# **Question 1. What is overfitting, and where does it begin?** Training accuracy goes to
# 1, and validation accuracy stops below. The two losses part.
#
# **Question 2. What is regularization?** All that holds a network back from learning its
# images by heart. Name three kinds. (Limits on weights, chance in training, more or
# altered images.)
#
# Step 2: dropout (20 minutes)
# ----------------------------
# **Question 3. What does dropout do, and when?** Here is one image after the first
# block, without dropout and three times with it. Each column is
# one of eight maps.
import keras

dropped = clone(plain).set_params(dropout=0.25, dense_dropout=0.5)
dropped.fit(X, y, validation_data=validation)
model = dropped.model_
layer = model.get_layer("block1_dropout")
maps = keras.Model(model.inputs[0], layer.input)(X[:1])
figure, axes = plt.subplots(4, 8, figsize=(7, 4), layout="constrained")
for row, name in zip(axes, ("predicting", "step 1", "step 2", "step 3"), strict=True):
    seen = np.asarray(layer(maps, training=name != "predicting"))[0]
    for ax, picture in zip(row, np.moveaxis(seen, -1, 0)[:8], strict=True):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=float(np.max(maps)) / 0.75)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name)

# %%
# In each step of training other values are set to 0, a quarter of them. The others are
# divided by 0.75, so that their sum stays. In predicting nothing is dropped. So no value
# can rely on one neighbor.
#
# **Question 4. How was dropout used in the study?** The answer is in the network:
for number, block in enumerate(presets.NETWORKS["max-norm"]["conv_layers"], start=1):
    print(f"block {number}: {block.filters} filters, dropout {block.dropout}")
print("dense layer:", presets.NETWORKS["max-norm"]["dense_dropout"])

# %%
# So it stands at the ends of two blocks, and at a higher rate after the dense layer.
# There are most of the parameters.
#
# Step 3: max-norm (15 minutes)
# -----------------------------
# Max-norm is a limit for the weights of each unit. After each step, longer ones are
# shortened to the limit. The bars are units of the dense layer.
limited = clone(plain).set_params(dense_max_norm=1.0)
limited.fit(X, y, validation_data=validation)
figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for classifier, name in ((plain, "no limit"), (limited, "limit of 1")):
    weights = classifier.model_.get_layer("dense1").get_weights()[0]
    norms = np.linalg.norm(weights, axis=0)
    ax.hist(norms, bins=np.arange(0.65, 2, 0.1), alpha=0.6, label=name)
ax.set(xlabel="norm of the weights of a unit", ylabel="units")
ax.legend()

# %%
# **Question 5.** Max-norm is a limit, and an L2 penalty is a pull. What does each do to
# a weight that is small already?
#
# Step 4: what do they bring? (20 minutes)
# ----------------------------------------
# **Expected figure:** all learn the training images in the end. With dropout validation
# accuracy is highest. Max-norm alone changes little here.
networks = {"plain": plain, "dropout": dropped, "max-norm": limited}
_, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
LearningCurvesDisplay.from_estimators(
    list(networks.values()), names=list(networks), metrics=["accuracy"], ax=ax
)
ax.set_ylim(0.6, 1.02)
for name, network in networks.items():
    scores = [
        clone(network).set_params(random_state=seed).fit(X, y).score(*validation)
        for seed in seeds
    ]
    print(
        f"{name:9} {np.mean(scores):.3f} ± {np.std(scores):.3f} over {len(seeds)} seeds"
    )

# %%
# *Exercise A.* Find the best rate of dropout between 0 and 0.8. Draw accuracy against
# the rate. Why does it fall in the end?
#
# *Exercise B.* Use four times as many images, without dropout. Which helps more?
#
# Step 5: the study (20 minutes)
# ------------------------------
# The study trained 4,293,194 parameters for 25 epochs. It published a test accuracy of
# 0.7663, and a training loss of 0.2383. The :doc:`results </results/README>` show its
# curves: in spite of both limits its last ten epochs bring nothing.
#
# *Exercise C.* Read that curve. In which epoch would you have stopped, and by which
# rule? Try ``early_stopping=True``.
#
# *Hand in* the figure of step 4 with three rates of dropout, and your answers.
