"""What a network makes of images at one layer."""

import numpy as np

from skcnn._activations import feature_maps
from skcnn._fitted import images_for
from skcnn._given_classifiers import check_classifier
from skcnn.plotting._drawing import (
    check_count,
    displayable,
    fit_texts,
    fit_titles,
    largest,
    lay_out,
    make_axes,
    rows_for,
)
from skcnn.plotting._layers import find_maps

_PER_ROW = 8  # maps beside an image; more of them go on below
_HEAD = 0.28  # room over each tile for its name, as a share of its height


class FeatureMapsDisplay:
    """Images, and the maps that a layer makes of each.

    Use :meth:`from_estimator` to make one from a fitted classifier.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        The images. One or three channels are shown as they are, of others the mean.
    maps : ndarray of shape (n, map_height, map_width, n_maps)
        The output of the layer for each.
    layer_name : str, default=None
        Name of the layer, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    image_ims_ : list of matplotlib AxesImage
        The images.
    map_ims_ : ndarray of matplotlib AxesImage of shape (n, n_drawn)
        The maps that are drawn.
    numbers_ : ndarray of int of shape (n_drawn,)
        Which maps these are, from 0.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import FeatureMapsDisplay
    >>> X, y = load_digits().images[:100] / 16, load_digits().target[:100]
    >>> clf = ConvPoolClassifier([(4, 3)], epochs=1, random_state=0).fit(X, y)
    >>> display = FeatureMapsDisplay.from_estimator(clf, X[:2])
    >>> display.maps.shape
    (2, 8, 8, 4)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, maps, layer_name=None):
        self.images = images
        self.maps = maps
        self.layer_name = layer_name

    def plot(self, ax=None, *, n_maps=None, cmap="cividis", colorbar=True):
        """Draw each image, and beside it its maps, all maps on one scale.

        Many maps would be too small to see. Unless all are asked for, only those with
        the largest values are drawn, and the title says how many are left out.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        n_maps : int, default=None
            Largest number of maps to draw of each image. None for 8, and for 32 if
            there is one image.
        cmap : str or matplotlib Colormap, default="cividis"
            Colors of the maps.
        colorbar : bool, default=True
            Whether the maps get a color bar.

        Returns
        -------
        FeatureMapsDisplay
            This display.

        Raises
        ------
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            For a wrong number of axes, or `n_maps` below 1.
        """
        self.numbers_ = self._chosen(n_maps)
        n_images = len(self.images)
        n_columns = min(_PER_ROW, len(self.numbers_))
        n_rows = n_images * rows_for(len(self.numbers_), n_columns)
        height, width = np.shape(self.images)[1:3]
        tile = _Tile(width / height)
        figsize = (
            1.3 + 0.75 * (n_columns + 1) * max(1, tile.width),
            0.5 + 0.75 * n_rows * (1 + _HEAD),
        )
        [self.ax_] = make_axes(self, ax, figsize=figsize)
        self.figure_ = self.ax_.figure
        self._draw(tile, n_columns, n_rows, cmap)
        self.ax_.set(
            xlim=(0, tile.left(n_columns + 1)),
            ylim=(n_rows * (1 + _HEAD), 0),
            xticks=[],
            yticks=[],
            aspect="equal",
        )
        self.ax_.spines[:].set_visible(False)
        if colorbar:
            self.figure_.colorbar(self.map_ims_[0, 0], ax=self.ax_, label="output")
        self._finish(tile)
        return self

    def _chosen(self, n_maps):
        """Places of the maps to draw: those with the largest values, in their order."""
        check_count("n_maps", n_maps)
        if n_maps is None:
            n_maps = 4 * _PER_ROW if len(self.images) == 1 else _PER_ROW
        sizes = np.abs(self.maps).mean(axis=(0, 1, 2))
        return largest(sizes, n_maps)

    def _draw(self, tile, n_columns, n_rows, cmap):
        """Each image begins a row; its maps stand beside it, in several if need be."""
        low, high = float(self.maps.min(initial=0)), float(self.maps.max(initial=0))
        style = {"cmap": cmap, "vmin": low, "vmax": high}
        self.image_ims_, maps, self._names = [], [], []
        images = displayable(self.images)
        rows_each = n_rows // len(images)
        for number, image in enumerate(images):
            row = number * rows_each
            gray = {"cmap": "gray", "vmin": 0, "vmax": 1}
            self.image_ims_.append(tile.draw(self.ax_, image, row, 0, gray))
            for place, map_number in enumerate(self.numbers_):
                below, column = divmod(place, n_columns)
                pixels = self.maps[number, :, :, map_number]
                cell = row + below, 1 + column
                maps.append(tile.draw(self.ax_, pixels, *cell, style))
                self._names.append(tile.name(self.ax_, str(map_number), *cell))
        self.map_ims_ = np.reshape(maps, (len(images), -1))

    def _finish(self, tile):
        n_maps = self.maps.shape[-1]
        title = self.layer_name or ""
        if len(self.numbers_) < n_maps:
            title += f"\n{len(self.numbers_)} of {n_maps} maps, the largest; all: "
            title += f"n_maps={n_maps}"
        self.ax_.set_title(title, fontsize="small")
        fit_titles([self.ax_])
        lay_out(self.ax_)
        per_unit = self.ax_.get_window_extent().width / self.ax_.get_xlim()[1]
        fit_texts(self._names, tile.width * per_unit, _HEAD * per_unit)

    @classmethod
    def from_estimator(cls, estimator, X, layer=0, *, ax=None, **kwargs):
        """Draw what a layer of a fitted classifier makes of images.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            A few images, in the units that fit saw.
        layer : int or str, default=0
            Which layer: the place of a convolution among the convolutions, or the name
            of any layer with maps, as ``print(estimator.architecture_)`` shows it.
        ax : matplotlib Axes, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        FeatureMapsDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            For a layer that is not there or has no maps, or for images of another
            shape.
        """
        check_classifier(estimator)
        found = find_maps(estimator, layer)
        images = images_for(estimator, X)
        maps = feature_maps(estimator.model_, images, found.name)
        return cls(images=images, maps=maps, layer_name=found.name).plot(ax, **kwargs)


class _Tile:
    """Where images and maps stand: one is 1 high, with room for a name above it."""

    def __init__(self, width):
        self.width = width

    def left(self, column):
        """Images have a wider gap before the maps than these have between them."""
        gap = 0.08
        return column * (self.width + gap) + (3 * gap if column else 0)

    def draw(self, ax, pixels, row, column, style):
        top, left = row * (1 + _HEAD) + _HEAD, self.left(column)
        extent = left, left + self.width, top + 1, top
        return ax.imshow(pixels, extent=extent, **style)

    def name(self, ax, text, row, column):
        x = self.left(column) + self.width / 2
        foot = (row + 1) * (1 + _HEAD) - 1
        return ax.text(x, foot, text, ha="center", va="bottom", fontsize="small")
