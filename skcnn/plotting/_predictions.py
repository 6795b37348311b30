"""Images with what they are and what they were taken for."""

from numbers import Integral

import numpy as np
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skcnn._fitted import images_for
from skcnn._given_classifiers import check_classifier, names_of
from skcnn._labels import check_labels
from skcnn.plotting._drawing import displayable, fit_titles, make_axes, rows_for


class PredictionsDisplay:
    """Images with what they are, what they were taken for, and with which probability.

    Use :meth:`from_estimator` to make one from a fitted classifier.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        The images. One or three channels are shown as they are, of others the mean.
    y_true : sequence of length n
        True labels.
    y_pred : sequence of length n
        Predicted labels.
    probabilities : array-like of shape (n,)
        Of the predicted labels.
    target_names : dict of label to str, default=None
        Names of the labels. None writes the labels themselves.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each image.
    figure_ : matplotlib Figure
        The figure that holds them.
    ims_ : list of matplotlib AxesImage
        The images.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skcnn.plotting import PredictionsDisplay
    >>> images = load_digits().images[:2, ..., None]
    >>> display = PredictionsDisplay(
    ...     images=images, y_true=[0, 1], y_pred=[0, 7], probabilities=[0.98, 0.4]
    ... ).plot()
    >>> display.axes_[1].get_title().splitlines()
    ['true 1', 'pred. 7', 'wrong, 40%']
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, y_true, y_pred, probabilities, target_names=None):
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.probabilities = probabilities
        self.target_names = target_names

    def plot(self, ax=None, *, n_columns=4):
        """Draw each image under its labels; a wrong one says so, and has a frame.

        Parameters
        ----------
        ax : sequence of matplotlib Axes, default=None
            One for each image; spare ones are left empty. None for a new figure.
        n_columns : int, default=4
            Images in a row of a new figure.

        Returns
        -------
        PredictionsDisplay
            This display.

        Raises
        ------
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            For too few axes.
        """
        n_images = len(self.images)
        n_axes = max(1, n_images)  # one says that there is no image
        n_columns = max(1, min(n_columns, n_images))
        size = (1.5 * n_columns, 1.8 * rows_for(n_axes, n_columns))
        given = None if ax is None else np.ravel(ax)
        self.axes_ = make_axes(
            self,
            None if given is None else given[:n_axes],
            n_axes,
            n_columns=n_columns,
            figsize=size,
        )
        self.figure_ = self.axes_[0].figure
        all_axes = self.axes_ if given is None else given
        for axes in all_axes:
            axes.set(xticks=[], yticks=[], frame_on=False)
        self.ims_ = []
        labels = zip(self.y_true, self.y_pred, self.probabilities, strict=True)
        images = displayable(self.images)
        for axes, image, label in zip(self.axes_, images, labels, strict=False):
            self.ims_.append(self._draw(axes, image, *label))
        if not n_images:
            self.axes_[0].text(0.5, 0.5, "no such image", ha="center", va="center")
        fit_titles(self.axes_)
        return self

    def _draw(self, ax, image, true, predicted, probability):
        names = self.target_names or {}
        judgment = f"{probability:.0%}"
        if true != predicted:
            judgment = f"wrong, {judgment}"
            ax.set_frame_on(True)
            ax.spines[:].set(color="C3", linewidth=3)
        lines = (
            f"true {names.get(true, true)}",
            f"pred. {names.get(predicted, predicted)}",
            judgment,
        )
        ax.set_title("\n".join(lines), fontsize="small")
        return ax.imshow(
            image,
            cmap="gray",
            vmin=0,
            vmax=1,
        )

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        which="first",
        n_images=12,
        target_names=None,
        ax=None,
        **kwargs,
    ):
        """Draw what a fitted classifier takes images for.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,)
            Their labels.
        which : {"first", "wrong", "least_sure"}, default="first"
            The first images, the first of those that are classified wrong, or those
            whose predicted label has the lowest probability, lowest first.
        n_images : int, default=12
            How many to draw, if there are so many.
        target_names : sequence of str of length n_classes, default=None
            Names of the classes, in the order of `classes_`. None writes the labels
            themselves.
        ax : sequence of matplotlib Axes, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        PredictionsDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            For another `which`, if `n_images` is not an integer of at least 1, or if
            `X`, `y`, `target_names` and the classifier do not fit together.
        """
        check_classifier(estimator)
        images = images_for(estimator, X)
        check_labels(y)
        check_consistent_length(images, y)
        classes, y = estimator.classes_, column_or_1d(y)
        # An error if one is text and the other numbers, which are never equal.
        unique_labels(classes, y)
        if not isinstance(n_images, Integral) or n_images < 1:
            raise ValueError(
                f"n_images must be an integer of at least 1; got {n_images!r}."
            )
        name_of = names_of(classes, target_names)
        proba = estimator.predict_proba(X)
        predicted, probabilities = classes[proba.argmax(axis=1)], proba.max(axis=1)
        chosen = _chosen(which, y, predicted, probabilities)[:n_images]
        return cls(
            images=images[chosen],
            y_true=y[chosen],
            y_pred=predicted[chosen],
            probabilities=probabilities[chosen],
            target_names=name_of,
        ).plot(ax, **kwargs)


def _chosen(which, true, predicted, probabilities):
    """The places of images to draw, the first to come first."""
    if which == "first":
        return np.arange(len(true))
    if which == "wrong":
        return np.flatnonzero(true != predicted)
    if which == "least_sure":
        return np.argsort(probabilities, kind="stable")
    raise ValueError(f"which must be 'first', 'wrong' or 'least_sure'; got {which!r}.")
