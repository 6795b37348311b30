"""What a report is about: a fitted search, and the images that its reader has."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from sklearn.utils.validation import column_or_1d

from skcnn._candidates import classifier_in
from skcnn._checks import shown
from skcnn._shapes import as_images, flatten_images
from skcnn.plotting._study import Study


class Missing(Exception):
    """Why a section cannot be written, and what to do about it."""


@dataclass(frozen=True)
class Subject:
    """A fitted search, with what belongs to it.

    Attributes
    ----------
    search : GridSearchCV or the like
    X, y : array-like or None
        What it was fitted on.
    X_test, y_test : array-like or None
        What it has not seen.
    target_names : sequence of str or None
    metric : str or None
    fit_params : dict
        What `fit` of the search was given besides.
    """

    search: object
    X: object = None
    y: object = None
    X_test: object = None
    y_test: object = None
    target_names: object = None
    metric: str | None = None
    fit_params: dict = field(default_factory=dict)

    @cached_property
    def study(self):
        """The candidates of the search, with their scores."""
        return Study(self.search, metric=self.metric, fixed=None, labels=None, drawn=())

    @property
    def best(self):
        """The refitted best estimator."""
        if not hasattr(self.search, "best_estimator_"):
            raise Missing(
                "The search has no best_estimator_. Search with refit=True, which "
                "trains the best candidate on all images."
            )
        return self.search.best_estimator_

    @property
    def classifier(self):
        """The fitted network in the best estimator."""
        classifier = classifier_in(self.best)
        if classifier is None:
            raise Missing("The best estimator has no ConvPoolClassifier.")
        return classifier

    def seen_by_network(self, X):
        """Images as the network of the best estimator gets them."""
        if hasattr(self.best, "steps"):
            return self.best[:-1].transform(X)
        return X

    @property
    def given(self):
        """Images and labels of the search's fit."""
        if self.X is None:
            raise Missing(
                "Pass X and y to report: the images and labels that the search was "
                "fitted on."
            )
        return self.X, column_or_1d(self.y)

    @property
    def unseen(self):
        """Images and labels that the search has not seen."""
        if self.X_test is None:
            raise Missing(
                "Pass X_test and y_test to report: images that had no part in the "
                "search. An accuracy on images that were trained on says little."
            )
        return self.X_test, column_or_1d(self.y_test)

    @property
    def unknown(self):
        """Labels of `y_test` that the network cannot predict."""
        known = set(self.classifier.classes_.tolist())
        labels = np.unique(column_or_1d(self.y_test)).tolist()
        return [label for label in labels if label not in known]

    def about_unknown(self):
        """What becomes of these labels, in words."""
        return (
            f"y_test has labels that the network does not know: {shown(self.unknown)}. "
            "Their images count as wrong, and are left out of the pictures."
        )

    def name(self, label):
        """What a class is called."""
        classes = self.classes
        if self.target_names is None or label not in classes:
            return str(label)
        return str(self.target_names[classes.index(label)])

    @property
    def classes(self):
        """The labels of the search's fit, sorted."""
        labels = self.y if self.y is not None else self.classifier.classes_
        return np.unique(column_or_1d(labels)).tolist()

    def pictures_of(self, X):
        """Images as (n, height, width, channels); None if a table has no shape."""
        network = classifier_in(getattr(self.search, "best_estimator_", None))
        shape = getattr(network, "image_shape_", None)
        if shape is None or len(np.shape(X)) > 2:
            shape = None
        flat, shape = flatten_images(X, shape)
        return as_images(np.asarray(flat), shape)
