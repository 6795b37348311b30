"""A confusion matrix, with images of the worst confusions."""

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skcnn._given_classifiers import check_classifier, names_of
from skcnn._labels import check_labels
from skcnn._shapes import as_images, flatten_images
from skcnn._warnings import warn_once
from skcnn.plotting._drawing import (
    check_count,
    cut,
    displayable,
    fit_texts,
    lay_out,
    make_axes,
    mosaic,
    slant_if_crowded,
)

_LONGEST = 20  # characters of a class that are written


class ConfusionExamplesDisplay:
    """A confusion matrix, with example images of the worst confusions.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    confusion_matrix : ndarray of int of shape (n_classes, n_classes)
        Row: the true class. Column: the predicted one.
    labels : sequence of length n_classes
        How the classes are written.
    confusions : list of tuple (int, int)
        Row and column of the confusions to show, the most frequent first.
    examples : list of ndarray of shape (n, height, width, channels)
        Images of each.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        Two: of the matrix, and of the images.
    figure_ : matplotlib Figure
        The figure that holds them.
    matrix_display_ : ConfusionMatrixDisplay
        scikit-learn's display of the matrix.
    im_ : matplotlib AxesImage or None
        All images in one: a row for each confusion. None if there is no confusion.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skcnn.plotting import ConfusionExamplesDisplay
    >>> X, y = load_digits().images[:10], load_digits().target[:10]
    >>> predicted = [7 if label == 1 else label for label in y]
    >>> display = ConfusionExamplesDisplay.from_predictions(X, y, predicted)
    >>> display.confusions
    [(1, 7)]
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, confusion_matrix, labels, confusions, examples):
        self.confusion_matrix = confusion_matrix
        self.labels = labels
        self.confusions = confusions
        self.examples = examples

    def plot(self, ax=None, *, cmap="cividis"):
        """Draw the matrix, and beside it a row of images for each confusion.

        The cells whose images are shown are framed. A row says which classes these are,
        and how many of the true class were taken for the other.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            For the matrix and for the images; None for a new figure.
        cmap : str or matplotlib Colormap, default="cividis"
            Colors of the matrix.

        Returns
        -------
        ConfusionExamplesDisplay
            This display.

        Raises
        ------
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            For a wrong number of axes.
        """
        self.axes_ = make_axes(self, ax, 2, n_columns=2, figsize=(9.2, 4.4))
        self.figure_ = self.axes_[0].figure
        self._draw_matrix(self.axes_[0], cmap)
        self._draw_examples(self.axes_[1])
        slant_if_crowded(self.axes_[0])
        self._fit_texts()
        return self

    def _draw_matrix(self, ax, cmap):
        self.matrix_display_ = ConfusionMatrixDisplay(
            self.confusion_matrix,
            display_labels=[cut(label, _LONGEST) for label in self.labels],
        )
        self.matrix_display_.plot(ax=ax, cmap=cmap, colorbar=False, values_format="d")
        from matplotlib.patches import Rectangle

        for true, predicted in self.confusions:
            corner = predicted - 0.5, true - 0.5
            frame = Rectangle(corner, 1, 1, fill=False, edgecolor="C3", linewidth=2)
            ax.add_patch(frame)

    def _draw_examples(self, ax):
        ax.set(xticks=[], yticks=[], frame_on=False)
        self.im_ = None
        if not self.confusions:
            ax.text(0.5, 0.5, "no confusion", ha="center", va="center")
            return
        tiles = _side_by_side(self.examples)
        white_gaps = np.nan_to_num(mosaic(tiles), nan=1.0)
        self.im_ = ax.imshow(white_gaps, cmap="gray", vmin=0, vmax=1)
        height = tiles.shape[2]
        middles = (height - 1) / 2 + (height + 1) * np.arange(len(tiles))
        ax.set_yticks(middles, [self._describe(pair) for pair in self.confusions])
        ax.tick_params(length=0)

    def _describe(self, pair):
        true, predicted = pair
        count, of_class = self.confusion_matrix[pair], self.confusion_matrix[true].sum()
        return (
            f"true {cut(self.labels[true], _LONGEST)}\n"
            f"pred. {cut(self.labels[predicted], _LONGEST)}\n{count} of {of_class}"
        )

    def _fit_texts(self):
        lay_out(self.axes_[0])
        n_classes = len(self.labels)
        for ax, n_rows in zip(
            self.axes_, (n_classes, len(self.confusions)), strict=True
        ):
            height = ax.get_window_extent().height / max(n_rows, 1)
            fit_texts(ax.get_yticklabels(), np.inf, height)
        box = self.axes_[0].get_window_extent()
        numbers = self.matrix_display_.text_.flat
        fit_texts(numbers, box.width / n_classes, box.height / n_classes)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        n_confusions=4,
        n_images=5,
        target_names=None,
        ax=None,
        **kwargs,
    ):
        """Draw what a fitted classifier takes for what.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,)
            Their labels.
        n_confusions : int, default=4
            Number of confusions of which to show images, if there are so many.
        n_images : int, default=5
            How many images of each, if there are so many.
        target_names : sequence of str of length n_classes, default=None
            Names of the classes, in the order of `classes_`. None writes the labels
            themselves.
        ax : sequence of two matplotlib Axes, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        ConfusionExamplesDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            If `n_confusions` or `n_images` is not an integer of at least 1, or if `X`,
            `y`, `target_names` and the classifier do not fit together.
        """
        check_classifier(estimator)
        return cls.from_predictions(
            X,
            y,
            estimator.predict(X),
            image_shape=estimator.image_shape_,
            labels=estimator.classes_,
            n_confusions=n_confusions,
            n_images=n_images,
            target_names=target_names,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        X,
        y_true,
        y_pred,
        *,
        image_shape=None,
        labels=None,
        n_confusions=4,
        n_images=5,
        target_names=None,
        ax=None,
        **kwargs,
    ):
        """Draw what images were taken for, whatever predicted it.

        Predictions for all training images come from scikit-learn's
        ``cross_val_predict``.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            Images.
        y_true : array-like of shape (n,)
            True labels.
        y_pred : array-like of shape (n,)
            Predicted labels.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels), for `X` given as a table.
        labels : array-like of shape (n_classes,), default=None
            The classes, in the order of the matrix. None for those that occur, sorted.
        n_confusions : int, default=4
            As for :meth:`from_estimator`.
        n_images : int, default=5
            As for :meth:`from_estimator`.
        target_names : sequence of str of length n_classes, default=None
            Names of the classes, in the order of `labels`.
        ax : sequence of two matplotlib Axes, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        ConfusionExamplesDisplay
            What was drawn.

        Raises
        ------
        ValueError
            As for :meth:`from_estimator`.

        Warns
        -----
        UserWarning
            If images have labels that are not among `labels`.
        """
        check_count("n_confusions", n_confusions)
        check_count("n_images", n_images)
        flat, shape = flatten_images(X, image_shape)
        images = as_images(np.asarray(flat), shape)
        check_labels(y_true)
        check_consistent_length(images, y_true, y_pred)
        y_true, y_pred = column_or_1d(y_true), column_or_1d(y_pred)
        occurring = unique_labels(y_true, y_pred)
        classes = occurring if labels is None else np.asarray(labels)
        names = names_of(classes, target_names) or {}
        matrix = confusion_matrix(y_true, y_pred, labels=classes)
        _warn_of_left_out(len(images) - matrix.sum(), len(images))
        worst = _worst(matrix, n_confusions)
        examples = []
        for true, predicted in worst:
            places = (y_true == classes[true]) & (y_pred == classes[predicted])
            examples.append(images[np.flatnonzero(places)[:n_images]])
        return cls(
            confusion_matrix=matrix,
            labels=[str(names.get(label, label)) for label in classes],
            confusions=worst,
            examples=examples,
        ).plot(ax, **kwargs)


def _warn_of_left_out(n_left_out, n_images):
    if n_left_out:
        warn_once(
            f"{n_left_out} of {n_images} images are left out of the confusion matrix: "
            "their true or predicted label is not among its classes."
        )


def _worst(matrix, number):
    """Row and column of the largest counts beside the diagonal, the largest first."""
    errors = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-errors, axis=None, kind="stable")[: number or 4]
    rows, columns = np.unravel_index(order, errors.shape)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [pair for pair in pairs if errors[pair]]


def _side_by_side(examples):
    """Images (n_rows, n_columns, height, width, ...) on one scale; NaN fills up."""
    shown = displayable(np.concatenate(examples))
    n_columns = max(map(len, examples))
    tiles = np.full((len(examples), n_columns, *shown.shape[1:]), np.nan)
    start = 0
    for row, images in zip(tiles, examples, strict=True):
        row[: len(images)] = shown[start : start + len(images)]
        start += len(images)
    return tiles
