"""
Kernels side by side
====================

Should a convolution look at 3x3 pixels, or at 5x5? Inception networks ask for no
choice: they use kernels of several sizes side by side, and the next layer reads all
maps. This example compares such blocks with plain ones of the same number of maps.
"""

# %%
# Three notations
# ---------------
# - ``ConvBlock(12, 3)`` has 12 filters of 3x3. ``(12, 3)`` is the same.
# - ``ConvBlock(12, (3, 5))`` has 12 filters that are 3 high and 5 wide, as in Keras.
# - ``ConvBlock(4, ((1, 1), (3, 3), (5, 5)))`` has 4 filters of *each* size. Together
#   that makes 12 maps.
#
# So there are four networks with 12 maps in each block. The fifth has ``n_branches=2``:
# two copies of a whole stack of 6 maps, which meet before the output.
from sklearn.model_selection import GridSearchCV

from skcnn import ConvBlock, ConvPoolClassifier, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import WidthDepthDisplay

n_samples = 450
epochs = 16
seeds = [0, 1]

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
three_sizes = ((1, 1), (3, 3), (5, 5))
stacks = {
    "1x1": [ConvBlock(12, 1)] * 2,
    "3x3": [ConvBlock(12, 3)] * 2,
    "5x5": [ConvBlock(12, 5)] * 2,
    "side by side": [ConvBlock(4, three_sizes)] * 2,
}
halves = [ConvBlock(6, 3)] * 2

# %%
# Look at the network
# -------------------
# ``initialize`` makes a network without training it. The plan shows the three
# convolutions that read the same images, and the layer that joins them.
network = ConvPoolClassifier(
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    epochs=epochs,
    batch_size=25,
    optimizer__learning_rate=0.003,
)
network.set_params(conv_layers=stacks["side by side"]).initialize(X, y)
print(network.architecture_)

# %%
# The search
# ----------
# The seed is part of the grid: each network is trained with two, on three folds. A list
# of two grids keeps ``n_branches=2`` to the network that it is meant for.
grid = [
    {"conv_layers": list(stacks.values()), "random_state": seeds},
    {"conv_layers": [halves], "n_branches": [2], "random_state": seeds},
]
search = GridSearchCV(network, grid, cv=3).fit(X, y)
table = search_results(search)
names = [*stacks, "two branches"]
table["network"] = [names[place // len(seeds)] for place in table.index]
print(table.groupby(["n_params", "network"])[["score", "fit_time"]].mean().round(3))

# %%
# Accuracy and size
# -----------------
# The display takes the seeds of a network as repetitions of it. A point is the mean
# over seeds and folds, and the bar their standard deviation.
WidthDepthDisplay.from_search(
    search, names=[name for name in names for _ in seeds], joined=False
)

# %%
# Kernels of 1x1 see one pixel at a time. Only the pools bring neighbors together, and
# that is not enough: this network fails. All others are close together. The bars of
# 3x3, 5x5 and the mixture overlap, so this data cannot say which is best. What differs
# is the price. The mixture has more parameters than 3x3, and fewer than 5x5. Of those
# that work, two branches have the fewest: each of their filters reads the 6 maps of its
# own branch, not 12.
#
# What we learned
# ---------------
# - A kernel must reach its neighbors. Beyond that its size mattered little here.
# - Parallel kernels spare you the choice, but brought no accuracy here. On images of
#   8x8 pixels a kernel of 5x5 sees most of the image anyway.
# - ``n_branches`` divides a network, and so saves parameters.
# - Many small convolutions take longer than a few large ones. Compare ``fit_time``
#   above, which includes the time that compiling takes.
# - Before you believe in a design, compare it with a plain one, with several seeds.
