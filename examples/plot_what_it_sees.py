"""
What does the network see?
==========================

An accuracy is one number. It does not say what is wrong, or why. Pictures say more: the
images that are wrong, what is taken for what, where the network looks, its filters, and
what they make of an image.
"""

# %%
# A network to look at
# --------------------
from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits
from skcnn.plotting import (
    ArchitectureDisplay,
    ConfusionExamplesDisplay,
    FeatureMapsDisplay,
    FilterDisplay,
    GradCAMDisplay,
    PredictionsDisplay,
)

n_samples = None  # all training images
epochs = 15

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
X_test, y_test = load_digits(subset="test", return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    epochs=epochs,
    batch_size=30,
    random_state=0,
)
network.fit(X, y)
n_wrong = (network.predict(X_test) != y_test).sum()
print(f"accuracy {network.score(X_test, y_test):.3f}: {n_wrong} of {len(y_test)} wrong")

# %%
# This is the network. Maps are drawn to scale: they lose pixels and gain in number.
ArchitectureDisplay.from_estimator(network)

# %%
# The least sure
# --------------
# Begin with the images that the network is least sure of. A red frame is an error.
PredictionsDisplay.from_estimator(network, X_test, y_test, which="least_sure")

# %%
# Cover the titles and name the digits yourself. Several are hard at 8x8 pixels, and a
# few could be two digits. The network gives its own answers less than one half here,
# and most of them are right all the same. Where doubt is dear, such images could go to
# a person.
#
# The errors
# ----------
# ``which="wrong"`` has only errors, in the order of the test images.
PredictionsDisplay.from_estimator(network, X_test, y_test, which="wrong")

# %%
# What is taken for what?
# -----------------------
# Some errors have a pattern: the fives above were mostly taken for nines. A confusion
# matrix counts all of them. Rows are what a digit is, and columns what it was taken
# for. Beside it are images of the cells with a red frame.
ConfusionExamplesDisplay.from_estimator(network, X_test, y_test, n_confusions=2)

# %%
# Two cells stand out beside the diagonal: four fives were taken for nines, and three
# eights for ones. Each row has some 45 images, so these are few. But they say where
# more images would help most.
#
# Where does it look?
# -------------------
# A heat map in the manner of Grad-CAM lights up the places that speak for a class. Here
# are two fives that were taken for nines. First the places that spoke for nine, then
# those that spoke for five.
fives = X_test[y_test == 5]
not_nine = network.predict(fives) != 9
mistaken = fives[
    not_nine.argsort(kind="stable")[:2]
]  # those taken for nines come first
GradCAMDisplay.from_estimator(network, mistaken)
GradCAMDisplay.from_estimator(network, mistaken, target=5)

# %%
# The maps of the last convolution have 4x4 pixels, so the places are coarse. Light lies
# on the strokes, as it should. Those at the upper left and at the right speak for both
# classes, and the foot speaks for nine most of all. So the network looks at the right
# places, and weighs them wrongly. More fives with such a foot might help.
#
# The filters
# -----------
# The first convolution has eight filters of 3x3 weights. Yellow weights are positive:
# ink there raises the output. Dark blue ones are negative.
FilterDisplay.from_estimator(network)

# %%
# What the filters make of a digit
# --------------------------------
# Here are an image and the eight maps that the first convolution makes of it. Bright is
# a large value.
FeatureMapsDisplay.from_estimator(network, X_test[:1])

# %%
# The digit is a 1, so it is mostly one thick vertical stroke. Compare the maps with the
# filters, which are counted from 0 along the rows. Filter 1 has its positive weights on
# the left, and dark ones on the right. So its map is bright along the *right* edge of
# the stroke. Filter 4 is the other way around, and finds the left edge. Filters 3 and 6
# answer to the stroke as a whole. Nobody told the network to look for edges. It learned
# that from labels alone.
#
# What we learned
# ---------------
# - Look at errors before you tune. Some images cannot be read by anybody.
# - The errors had low probabilities in their titles, so a threshold would catch many.
# - A confusion matrix shows which classes to collect more images of.
# - Small networks on small images can be read: their first filters find edges. With
#   another seed you get other filters, in another order.
