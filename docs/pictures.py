"""Draw the pictures of the documentation again: python docs/pictures.py

They are kept in docs/pictures, since drawing them at each build would take minutes.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import matplotlib

matplotlib.use("Agg")

from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits
from skcnn.plotting import (
    ArchitectureDisplay,
    AugmentationDisplay,
    ComparisonDisplay,
    ConfusionExamplesDisplay,
    FeatureMapsDisplay,
    FilterDisplay,
    GradCAMDisplay,
    GridSearchDisplay,
    LearningCurvesDisplay,
    PredictionsDisplay,
    WidthDepthDisplay,
)

PICTURES = Path(__file__).parent / "pictures"


def save(display, name):
    figure = display.figure_
    figure.savefig(PICTURES / f"{name}.png", dpi=100, bbox_inches="tight")


def main():
    PICTURES.mkdir(exist_ok=True)
    X_train, y_train = load_digits(subset="train", return_X_y=True)
    X_test, y_test = load_digits(subset="test", return_X_y=True)
    clf = ConvPoolClassifier([(8, 3), (16, 3)], batch_size=32, random_state=0)
    clf.fit(X_train, y_train)
    save(LearningCurvesDisplay.from_estimator(clf), "history")
    clf.fit(X_train, y_train, validation_data=(X_test, y_test))
    save(LearningCurvesDisplay.from_estimator(clf), "learning_curves")
    save(
        PredictionsDisplay.from_estimator(clf, X_test, y_test, which="least_sure"),
        "predictions",
    )
    save(FilterDisplay.from_estimator(clf), "filters")
    save(FeatureMapsDisplay.from_estimator(clf, X_test[:3]), "feature_maps")
    save(GradCAMDisplay.from_estimator(clf, X_test[:8]), "grad_cam")
    save(ConfusionExamplesDisplay.from_estimator(clf, X_test, y_test), "confusions")
    save(ArchitectureDisplay.from_estimator(clf), "architecture")
    shifted = ConvPoolClassifier(augmentation="shift", random_state=0)
    save(AugmentationDisplay.from_estimator(shifted, X_train[:5]), "augmentation")

    estimator = ConvPoolClassifier(batch_size=32, random_state=0)
    widths = [[(4, 3), (8, 3)], [(8, 3), (16, 3)], [(16, 3), (32, 3)]]
    grid = {"conv_layers": widths, "epochs": [4, 8, 15]}
    search = GridSearchCV(estimator, grid, cv=3).fit(X_train, y_train)
    save(
        GridSearchDisplay.from_search(search, x="epochs", y="conv_layers"),
        "grid_search",
    )
    depths = [depth * [(8, 3)] for depth in (1, 2, 3)]
    grid = {"conv_layers": [*widths, *depths], "epochs": [10]}
    search = GridSearchCV(estimator, grid, cv=3).fit(X_train, y_train)
    save(WidthDepthDisplay.from_search(search), "width_depth")
    grid = {"conv_layers": [*widths, *depths], "random_state": [0, 1]}
    estimator.set_params(epochs=8)
    search = GridSearchCV(estimator, grid, cv=5, refit=False).fit(X_train, y_train)
    save(ComparisonDisplay.from_search(search), "comparison")


if __name__ == "__main__":
    main()
