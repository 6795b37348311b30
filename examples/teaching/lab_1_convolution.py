"""
Lab 1: convolution, width and depth
===================================

What is a convolution, and how many of them does a network need? First you compute one by
hand. Then you repeat study S2 on a small scale: networks of sigmoids, by width and by
depth.

======  =======================================  =======
step    what you do                              minutes
======  =======================================  =======
1       load images and look at them             10
2       compute a convolution                    20
3       look at its stages in a network          15
4       search over width and depth              25
5       compare with the study, and write up     20
======  =======================================  =======
"""

# %%
# Step 1: the images (10 minutes)
# -------------------------------
# The study used Fashion-MNIST. If its file is in ``data_home``, this lab takes it. Or
# else it takes the digits. ``fetch_fashion_mnist(data_home="data")`` downloads the file.
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier, presets, search_results
from skcnn.datasets import fetch_fashion_mnist, load_digits
from skcnn.plotting import WidthDepthDisplay

data_home = "data"
n_samples = 600
epochs = 20

load = load_digits
if Path(data_home, "fashion_mnist.npz").exists():
    load = partial(fetch_fashion_mnist, data_home=data_home)
X, y = load(n_samples=n_samples, random_state=0, return_X_y=True)


def show(pictures, titles):
    """Gray pictures in a row."""
    size = (1.6 * len(pictures), 2)
    _, axes = plt.subplots(1, len(pictures), figsize=size, layout="constrained")
    for ax, picture, title in zip(axes, pictures, titles, strict=True):
        ax.imshow(picture, cmap="gray")
        ax.set(title=title, xticks=[], yticks=[])


show(X[:6, ..., 0], y[:6])

# %%
# **Question 1.** What are the shape and the type of ``X``? What is the largest pixel?
#
# Step 2: a convolution by hand (20 minutes)
# ------------------------------------------
# **Question 2. What is a convolution?** A kernel is a small square of weights. Move it
# over the image. At each place, multiply each weight by the pixel below it, and add.
# The sums are a new picture, the map.
kernel = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])


def convolve(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))


image = X[5, ..., 0].astype(float)
shifted = np.roll(image, 1, axis=1)
one_map, map_of_shifted = convolve(image, kernel), convolve(shifted, kernel)
show(
    [image, kernel, one_map, shifted, map_of_shifted],
    ["image", "kernel", "map", "shifted image", "its map"],
)
print("the map is shifted too:", np.array_equal(one_map[:, :-1], map_of_shifted[:, 1:]))
n_pixels, n_places = image.size, one_map.size
print(f"a kernel of {kernel.size} weights makes a map of {n_places} values")
print(f"a dense layer would need {n_pixels * n_places:,} weights for that")

# %%
# **Question 3. Which properties does it have?** The picture and the numbers show three:
#
# - *Local*: a value of the map depends on 3x3 pixels only.
# - *Shared weights*: the same nine weights are used at each place.
# - *Equivariance*: if the image moves, the map moves with it.
#
# *Exercise A.* Write the kernel that finds horizontal edges. Which images answer most?
#
# Step 3: the stages (15 minutes)
# -------------------------------
# **Question 4. Which stages does a convolutional layer have?** Three: the convolution
# itself, the activation, and pooling. Here they are, for one filter of a network that
# was trained.
import keras

network = ConvPoolClassifier(
    [(4, 3)],
    convs_per_block=1,
    dense_layers=[20],
    dropout=0,
    activation="sigmoid",
    epochs=epochs,
    batch_size=25,
    optimizer__learning_rate=0.01,
    random_state=0,
)
network.fit(X, y)
print(network.architecture_)
model = network.model_
layers = [model.get_layer("block1_conv1"), model.get_layer("block1_pool")]
stages = keras.Model(model.inputs[0], [layer.output for layer in layers])
activated, pooled = (np.asarray(maps)[0, ..., 0] for maps in stages(X[5:6]))
before = np.log(activated / (1 - activated))  # undoes the sigmoid
show(
    [image, before, activated, pooled],
    ["image", "1 convolution", "2 activation", "3 pooling"],
)

# %%
# The activation bends the values, or else two convolutions would be no more than one.
# Pooling keeps the largest of each 2x2 values, so the map has half the side. A small
# shift of the image then changes little.
#
# Step 4: width and depth (25 minutes)
# ------------------------------------
# Width is the number of filters. Depth is the number of blocks. **Expected figure:**
# accuracy rises with width. The deeper network is smaller, and worse.
widths = [[(2, 3)], [(5, 3)], [(10, 3)]]
depths = [[(6, 3)], [(6, 3), (6, 3)]]
grid = {"conv_layers": widths + depths}
search = GridSearchCV(network, grid, cv=3).fit(X, y)
columns = ["rank", "score", "std", "conv_layers", "n_params"]
print(search_results(search)[columns].to_string(index=False))
WidthDepthDisplay.from_search(search)

# %%
# *Exercise B.* Train each network with three seeds, as
# :doc:`the guide </guide/comparing>` shows. Is the best one still the best?
#
# Step 5: the study (20 minutes)
# ------------------------------
# This is what the study published, for 60,000 images and 20 epochs.
for name, published in presets.PUBLISHED.items():
    if published.study == "S2":
        print(f"{name:20} {published.n_params:9,} {published.test_accuracy:.4f}")

# %%
# The widest network has 0.1, so it only guesses. The reason is in the
# :doc:`results </results/README>`: a wide dense layer adds up so many inputs that one
# step drives its sigmoids to 0 or 1. There they hardly learn.
#
# *Exercise C.* Set the learning rate to 0.3, and train again. Which curve of
# ``history_["loss"]`` does a dead network have?
#
# *Hand in* the table and the figure of step 4, with your answers to the questions.
