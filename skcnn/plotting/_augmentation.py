"""Images as augmentation changes them."""

import copy
from numbers import Integral

import numpy as np

from skcnn._augmentation import (
    augmentation_config,
    augmented_images,
    check_pixel_range,
)
from skcnn._fitting import check_constraints
from skcnn._given_classifiers import check_classifier
from skcnn._runtime import isolated
from skcnn._seeds import run_seed
from skcnn._shapes import as_images, flatten_images
from skcnn.plotting._drawing import displayable, make_axes, mosaic, slant_if_crowded


class AugmentationDisplay:
    """Images beside what augmentation makes of them.

    Use :meth:`from_estimator` to make one from a classifier.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        The images as they are. One or three channels are shown as they are, of others
        the mean.
    augmented : ndarray of shape (n, n_draws, height, width, channels)
        The same as they are trained on in several epochs.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    im_ : matplotlib AxesImage
        All in one image: a row for each image, which comes first, after it the draws.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import AugmentationDisplay
    >>> images = load_digits().images[:3]
    >>> classifier = ConvPoolClassifier(augmentation="shift")
    >>> display = AugmentationDisplay.from_estimator(classifier, images, n_draws=5)
    >>> display.augmented.shape
    (3, 5, 8, 8, 1)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, augmented):
        self.images = images
        self.augmented = augmented

    def plot(self, ax=None):
        """Draw all images on one scale, each draw under the epoch that it stands for.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        AugmentationDisplay
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
        n_images, n_draws, height, width, _ = self.augmented.shape
        size = (0.7 + 0.7 * (n_draws + 1), 0.3 + 0.7 * n_images * height / width)
        [self.ax_] = make_axes(self, ax, figsize=size)
        self.figure_ = self.ax_.figure
        white_gaps = np.nan_to_num(self._tiled(), nan=1.0)
        self.im_ = self.ax_.imshow(
            white_gaps,
            cmap="gray",
            vmin=0,
            vmax=1,
        )
        # In the gap after the images as they are.
        self.ax_.axvline(width, color="C3", linewidth=2)
        middles = (width - 1) / 2 + (width + 1) * np.arange(n_draws + 1)
        epochs = [f"epoch {epoch}" for epoch in range(1, n_draws + 1)]
        self.ax_.set_xticks(middles, ["as given", *epochs])
        self.ax_.tick_params(length=0)
        self.ax_.set(yticks=[], frame_on=False)
        slant_if_crowded(self.ax_)
        return self

    def _tiled(self):
        """A row for each image: as it is, and after that its draws."""
        as_given = np.asarray(self.images)[:, np.newaxis]
        tiles = np.concatenate([as_given, self.augmented], axis=1)
        n_rows, n_columns, *image_shape = tiles.shape
        # All at once, because they share one scale.
        shown = displayable(tiles.reshape(-1, *image_shape))
        return mosaic(shown.reshape(n_rows, n_columns, *shown.shape[1:]))

    @classmethod
    def from_estimator(cls, estimator, X, *, n_draws=6, ax=None):
        """Draw what a classifier's `augmentation` makes of images.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted or not; its `random_state` decides the draws.
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            A few images.
        n_draws : int, default=6
            How often to change each.
        ax : matplotlib Axes, default=None
            As for :meth:`plot`.

        Returns
        -------
        AugmentationDisplay
            What was drawn.

        Raises
        ------
        ValueError
            If the classifier has no augmentation, or one for pixels of another range,
            or if `n_draws` is not an integer of at least 1.
        """
        check_classifier(estimator, fitted=False)
        if estimator.augmentation is None:
            raise ValueError(
                "estimator must have an augmentation to show; got augmentation=None."
            )
        if not isinstance(n_draws, Integral) or n_draws < 1:
            raise ValueError(
                f"n_draws must be an integer of at least 1; got {n_draws!r}."
            )
        flat, image_shape = flatten_images(X, estimator.image_shape)
        images = as_images(np.asarray(flat), image_shape)
        check_constraints(estimator)
        config = augmentation_config(estimator.augmentation, images.shape[1:])
        check_pixel_range(config, images)
        # Of a copy: drawing must not change what the next fit draws.
        seed = run_seed(copy.deepcopy(estimator.random_state))
        drawn = isolated(
            augmented_images, estimator.augmentation, images, seed, n_draws
        )
        augmented = np.stack(drawn, axis=1)
        if images.dtype == np.uint8:
            # A layer may leave the range of pixels, as noise does.
            augmented = np.clip(np.rint(augmented), 0, 255)
        return cls(images=images, augmented=augmented.astype(images.dtype)).plot(ax)
