"""The kernels of a convolution."""

import numpy as np

from skcnn._given_classifiers import check_classifier
from skcnn.plotting._drawing import (
    check_count,
    fit_titles,
    largest,
    make_axes,
    mosaic,
    rows_for,
    slant_if_crowded,
)
from skcnn.plotting._layers import find_convolution


class FilterDisplay:
    """The kernels of a convolution as images.

    Use :meth:`from_estimator` to make one from a fitted classifier.

    Parameters
    ----------
    kernels : ndarray of shape (height, width, n_channels, n_filters)
        The kernels, as Keras has them.
    rgb : bool, default=False
        Whether the three channels are red, green and blue.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    im_ : matplotlib AxesImage
        All kernels that are drawn in one image, with gaps of one pixel that are NaN, or
        white between colors.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skcnn.plotting import FilterDisplay
    >>> kernels = np.random.default_rng(0).normal(size=(3, 3, 1, 6))
    >>> display = FilterDisplay(kernels=kernels).plot()
    >>> display.im_.get_array().shape
    (7, 11)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, kernels, rgb=False):
        self.kernels = kernels
        self.rgb = rgb

    def plot(
        self, ax=None, *, cmap="cividis", colorbar=True, n_filters=None, n_channels=None
    ):
        """Draw kernels on one scale that is symmetric about zero.

        Kernels of one channel, or of red, green and blue together, fill a grid row by
        row. With more channels there is a column for each filter and a row for each
        channel that it reads.

        Many kernels would be too small to see. Unless all are asked for, only those
        with the largest weights are drawn, and the title says how many are left out.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        cmap : str or matplotlib Colormap, default="cividis"
            Colors of kernels that are not colored themselves.
        colorbar : bool, default=True
            Whether such kernels get a color bar.
        n_filters : int, default=None
            Largest number of filters to draw. None for 12 if they read many channels,
            and for 100 if they fill a grid.
        n_channels : int, default=None
            Largest number of channels to draw for each filter. None for 8.

        Returns
        -------
        FilterDisplay
            This display.

        Raises
        ------
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            For a wrong number of axes, or numbers below 1.
        """
        channels, filters = self._chosen(n_filters, n_channels)
        [self.ax_] = make_axes(self, ax)
        self.figure_ = self.ax_.figure
        limit = float(np.abs(self.kernels).max()) or 1.0
        kernels = self.kernels[:, :, channels][..., filters]
        image = mosaic(self._tiles(kernels))
        self.ax_.set(xticks=[], yticks=[])
        if self.rgb:
            self._draw_colors(image, limit)
        else:
            self.im_ = self.ax_.imshow(
                image,
                cmap=cmap,
                vmin=-limit,
                vmax=limit,
            )
            if not self._in_grid():
                self._number(channels, filters)
            if colorbar:
                self.figure_.colorbar(self.im_, ax=self.ax_, label="weight")
            slant_if_crowded(self.ax_)
        self.ax_.spines[:].set_visible(False)
        self._tell_what_is_left_out(len(channels), len(filters))
        return self

    def _draw_colors(self, image, limit):
        colors = 0.5 + image / (2 * limit)
        white_gaps = np.nan_to_num(colors, nan=1.0)
        self.im_ = self.ax_.imshow(np.clip(white_gaps, 0, 1))
        self.ax_.set_xlabel(f"gray is 0, full color ±{limit:.2g}")

    def _in_grid(self):
        """Whether a kernel is one image, so that all fill a grid."""
        return self.rgb or self.kernels.shape[2] == 1

    def _chosen(self, n_filters, n_channels):
        """Places of the channels and filters to draw: those of the largest norm."""
        check_count("n_filters", n_filters)
        check_count("n_channels", n_channels)
        if self._in_grid():
            n_filters = n_filters or 100
            n_channels = self.kernels.shape[2]
        else:
            n_filters = n_filters or 12
            n_channels = n_channels or 8
        squares = np.asarray(self.kernels, float) ** 2
        filters = largest(squares.sum(axis=(0, 1, 2)), n_filters)
        channels = largest(squares[..., filters].sum(axis=(0, 1, 3)), n_channels)
        return channels, filters

    def _number(self, channels, filters):
        """Say which filters and channels these are, counted from 0."""
        height, width = self.kernels.shape[:2]
        self.ax_.set(xlabel="filter", ylabel="input channel")
        _number_tiles(self.ax_.xaxis, width, filters)
        _number_tiles(self.ax_.yaxis, height, channels)
        self.ax_.tick_params(length=0)

    def _tell_what_is_left_out(self, n_channels, n_filters):
        of_channels, of_filters = self.kernels.shape[2:]
        shown, for_all = [], []
        if n_filters < of_filters:
            shown.append(f"{n_filters} of {of_filters} filters")
            for_all.append(f"n_filters={of_filters}")
        if n_channels < of_channels:
            shown.append(f"{n_channels} of {of_channels} channels")
            for_all.append(f"n_channels={of_channels}")
        if shown:
            title = f"{', '.join(shown)}\nthe largest; all: {', '.join(for_all)}"
            self.ax_.set_title(title, fontsize="small")
            fit_titles([self.ax_])

    def _tiles(self, kernels):
        """Kernels as (rows, columns, height, width), and their three colors."""
        height, width, n_channels, n_filters = kernels.shape
        if not self._in_grid():
            return kernels.transpose(2, 3, 0, 1)
        # About as wide as high, also for flat kernels, with a gap of 1 after each.
        shape = (height + 1) / (width + 1)
        n_columns = min(n_filters, int(np.ceil(np.sqrt(n_filters * shape))))
        n_rows = rows_for(n_filters, n_columns)
        tiles = np.full((n_rows * n_columns, height, width, n_channels), np.nan)
        tiles[:n_filters] = np.moveaxis(kernels, -1, 0)
        tiles = tiles.reshape(n_rows, n_columns, height, width, n_channels)
        return tiles if self.rgb else tiles[..., 0]

    @classmethod
    def from_estimator(cls, estimator, layer=0, *, ax=None, **kwargs):
        """Draw the kernels of one convolution of a fitted classifier.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        layer : int or str, default=0
            Which convolution: its place among them, or its name as
            ``print(estimator.architecture_)`` shows it.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        FilterDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            For a layer that is not a convolution of this network.
        """
        check_classifier(estimator)
        convolution = find_convolution(estimator, layer)
        kernels, _ = estimator.model_.get_layer(convolution.name).get_weights()
        reads_images = convolution.inputs[0] in ("images", "rescaling")
        rgb = reads_images and kernels.shape[2] == 3
        return cls(kernels=kernels, rgb=rgb).plot(ax, **kwargs)


def _number_tiles(axis, size, numbers):
    """Write the number of each tile at its middle, if there is room."""
    if len(numbers) <= 16:
        middles = (size - 1) / 2 + (size + 1) * np.arange(len(numbers))
        axis.set_ticks(middles, numbers, fontsize="small")
