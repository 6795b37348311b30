"""
Lab 2: learning rate, epochs and cascades
=========================================

Three choices, one at a time: how large a step, how long to train, and how many cascades
of convolutions. Then you take the best of each. Study S3 did so on CIFAR-10.

======  =======================================  =======
step    what you do                              minutes
======  =======================================  =======
1       divide the images into three             10
2       train one network, and read its curves   15
3       vary the learning rate                   20
4       vary the epochs and the cascades         20
5       take the best of each, and write up      25
======  =======================================  =======
"""

# %%
# Step 1: three sets of images (10 minutes)
# -----------------------------------------
# The study used CIFAR-10. If its file is in ``data_home``, this lab takes it. Or else it
# takes the digits. ``fetch_cifar10(data_home="data")`` downloads the file.
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from skcnn import ConvPoolClassifier, presets
from skcnn.datasets import fetch_cifar10, load_digits
from skcnn.plotting import LearningCurvesDisplay

data_home = "data"
n_samples = 500
n_test = 400
epochs = 20
rates = [0.002, 0.02, 0.1, 1.0]

load = load_digits
if Path(data_home, "cifar10.npz").exists():
    load = partial(fetch_cifar10, data_home=data_home)
X, y = load(n_samples=n_samples, random_state=0, return_X_y=True)
X_train, X_held_out, y_train, y_held_out = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)

# %%
# **Question 1.** Training images set the weights. Images held out choose the learning
# rate. Test images measure the result, once. Why is one set not enough for all three?
#
# Step 2: one network (15 minutes)
# --------------------------------
# A cascade is a block: two convolutions, a pool, and dropout. This network has two, and
# is trained by gradient descent with momentum.
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[32],
    dropout=0.25,
    optimizer="sgd",
    optimizer__momentum=0.9,
    optimizer__nesterov=True,
    optimizer__learning_rate=0.02,
    epochs=epochs,
    batch_size=25,
    random_state=0,
)


def train(**change):
    """A network with something changed, trained."""
    held_out = (X_held_out, y_held_out)
    return (
        clone(network)
        .set_params(**change)
        .fit(X_train, y_train, validation_data=held_out)
    )


base = train()
LearningCurvesDisplay.from_estimator(base)
n_steps = -(-len(X_train) // network.batch_size)
print(f"an epoch has {n_steps} steps; {epochs} epochs have {epochs * n_steps}")

# %%
# **Question 2.** What is a step, and what is an epoch? Solid lines are training images,
# dashed ones images held out. Why is the dashed accuracy higher here? (Dropout works in
# training alone.)
#
# Step 3: the learning rate (20 minutes)
# --------------------------------------
# **Expected figure:** the lowest rate is slow, the second one is best, the third one
# jumps, and the highest one never learns.
by_rate = [train(optimizer__learning_rate=rate) for rate in rates]
curves = [{"accuracy": each.history_["val_accuracy"]} for each in by_rate]
display = LearningCurvesDisplay(
    histories=curves, names=[f"rate {rate}" for rate in rates]
)
display.plot(metrics=["accuracy"])

# %%
# **Question 3. Why does too high a rate not just learn faster?** Look inside. These are
# the maps of the last convolution for one image, at a good rate and at the highest one.
import keras


def last_maps(classifier, images):
    model = classifier.model_
    layer = model.get_layer("block2_conv2")
    return np.asarray(keras.Model(model.inputs[0], layer.output)(images))


for classifier, title in ((base, "rate 0.02"), (by_rate[-1], f"rate {rates[-1]}")):
    maps = last_maps(classifier, X_held_out[:50])
    figure, axes = plt.subplots(2, 8, figsize=(7, 2.2), layout="constrained")
    for ax, picture in zip(axes.flat, np.moveaxis(maps[0], -1, 0), strict=True):
        ax.imshow(picture, cmap="gray", vmin=0)
        ax.set(xticks=[], yticks=[])
    dead = (maps == 0).all(axis=(0, 1, 2)).sum()
    figure.suptitle(f"{title}: {dead} of 16 filters give 0 for each of 50 images")

# %%
# A ReLU gives 0 for all negative sums. If one large step makes the sums of a filter
# negative for each image, its gradient is 0, too. It never comes back. In the study all
# filters of the last convolution died at rates of 0.05 and 0.1.
#
# *Exercise A.* Find the highest rate that still learns, in steps of a factor of two.
#
# Step 4: epochs and cascades (20 minutes)
# ----------------------------------------
# Shorter runs are the beginning of longer ones, so they cost nothing here.
changes = {"5 epochs": {"epochs": 5}, "10 epochs": {"epochs": 10}, "20 epochs": {}}
changes["one cascade"] = {"conv_layers": [(8, 3)]}
changes["two cascades"] = {}
for name, change in changes.items():
    trained = train(**change)
    accuracy, size = trained.score(X_held_out, y_held_out), trained.n_params_
    seconds = sum(trained.history_["time"])
    print(
        f"{name:12} accuracy {accuracy:.3f}  parameters {size:5,}  seconds {seconds:.1f}"
    )

# %%
# **Question 4.** In the study one cascade had 4,210,090 parameters, and two had
# 1,676,842. How can that be? Count the inputs of the dense layer, by hand.
#
# *Exercise B.* Draw accuracy by epoch for both. Where would you stop?
#
# Step 5: the best of each (25 minutes)
# -------------------------------------
# Choose the best value of each factor by the images held out. Then measure once on test
# images. Here is the example for the base network:
X_test, y_test = load(subset="test", n_samples=n_test, random_state=0, return_X_y=True)
print(f"base on test images: {base.score(X_test, y_test):.3f}")
published = presets.PUBLISHED["cascade-two"]
print(f"published, on all of CIFAR-10, 25 epochs: {published.test_accuracy}")

# %%
# *Exercise C.* "One at a time" looks at no pairs of factors. Which pair would you rather
# vary together, and why? Lab 5 does that.
#
# *Hand in* a table of all runs: factor, value, accuracy on images held out, seconds.
# Mark what you chose, and give its accuracy on test images.
