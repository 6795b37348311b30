"""
Width or depth?
===============

A network grows in two ways. It gets wider with more filters, or deeper with more
blocks. Which way brings more? This example builds nine networks, from one to three
blocks deep, and draws their accuracy against their size.
"""

# %%
# Width and depth as parameters
# -----------------------------
# ``conv_layers`` describes the whole stack of blocks in one value. Here the question is
# about two numbers, so a small subclass takes these two. Each block has ``width``
# filters of 3x3 pixels, then a pool that halves the image. There are ``depth`` blocks.
# The images have 8x8 pixels, so three blocks are the most.
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import GridSearchDisplay, WidthDepthDisplay

n_samples = 600
epochs = 20
widths = [4, 8, 16]


class Stack(ConvPoolClassifier):
    def __init__(self, width=8, depth=2, **kwargs):
        self.width = width
        self.depth = depth
        super().__init__(conv_layers=[(width, 3)] * depth, **kwargs)


# %%
# The search
# ----------
# Everything else is the same for all. Each block has one convolution. There is neither
# dropout nor a dense layer before the output. Seed and folds are the same, too.
X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = Stack(
    convs_per_block=1,
    dense_layers=[],
    dropout=0,
    epochs=epochs,
    batch_size=20,
    random_state=0,
)
search = GridSearchCV(network, {"width": widths, "depth": [1, 2, 3]}, cv=3)
search.fit(X, y)
columns = ["rank", "score", "std", "width", "depth", "n_params"]
print(search_results(search)[columns].to_string(index=False))

# %%
# Accuracy and size
# -----------------
# First look at the column ``n_params``. Twice the width is about twice the parameters
# or more. Depth is another matter. At width 4, two blocks have *fewer* parameters than
# one: the second pool makes the maps smaller, and the output layer reads fewer values.
# So compare networks of equal size, rather than of equal depth:
WidthDepthDisplay.from_search(search, by="depth")

# %%
# Each line is a depth, and the number at a point is the width. Choose a size on the
# horizontal axis and go straight up. Near 1,350 parameters there are two networks: one
# block of 8 filters has 0.85, and three blocks of 8 filters have 0.74. The size alone
# does not tell how good a network is.
#
# The same scores as a map
# ------------------------
GridSearchDisplay.from_search(search, x="width", y="depth")

# %%
# Read it row by row. In each row accuracy rises with width, most of all in the last
# one. Then read it column by column. In the first column each further block costs
# accuracy. With 4 filters only 4 maps go from block to block, and the last maps are one
# pixel each: the output layer sees 4 numbers. In the last column all three depths are
# within about one standard deviation of each other. Three folds cannot tell which of
# them is best.
#
# What we learned
# ---------------
# - Width helped at every depth.
# - Depth needs width. Three narrow blocks were by far the worst; three wide ones were
#   as good as any.
# - A deeper network may be a smaller one. Look at ``n_params`` before you compare.
# - All of this is about digits of 8x8 pixels, and 20 epochs. Larger images leave more
#   for a second and third block to do. The :doc:`reproductions </reproductions>` ask
#   the same question on CIFAR-10.
