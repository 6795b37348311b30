"""
What augmentation does to images
================================

``augmentation`` is a parameter of the classifier, so a search may tell whether it helps. Here is what it does to five
of scikit-learn's digits, and to accuracy when there are only 100 images to learn from.

To run it::

    python examples/plot_augmentation.py
    python examples/plot_augmentation.py --out augmentation.png
"""

import argparse

from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import AugmentationDisplay

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--out", metavar="PNG", help="where to save the picture; without it, it is shown"
)
options = parser.parse_args()

X, y = load_digits(subset="all", return_X_y=True)

# %%
# Shifts by up to a pixel, which is what 1/16 of 8 pixels is rounded up to. Mirrored digits are no digits, so no flips.
classifier = ConvPoolClassifier(
    [(16, 3), (32, 3)], epochs=60, batch_size=25, augmentation="shift", random_state=0
)
display = AugmentationDisplay.from_estimator(classifier, X[:5])

# %%
# With 100 images to train on, and the others to test.
few = StratifiedShuffleSplit(n_splits=3, train_size=100, random_state=0)
search = GridSearchCV(
    classifier, {"augmentation": [None, "shift"]}, cv=few, refit=False
).fit(X, y)
print(search_results(search)[["augmentation", "score", "std"]].to_string(index=False))

if options.out:
    display.figure_.savefig(options.out, dpi=150)
else:
    import matplotlib.pyplot as plt

    plt.show()
