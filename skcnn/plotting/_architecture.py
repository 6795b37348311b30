"""The network of a design, layer by layer."""

import textwrap

import numpy as np
from sklearn.exceptions import NotFittedError

from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._fitted import Fitted
from skcnn._given_classifiers import check_classifier
from skcnn._parameters import all_parameters
from skcnn.plotting._drawing import fit_texts, lay_out, make_axes
from skcnn.plotting._rows import find_rows

_COLORS = {
    "input": "0.75",
    "conv": "C0",
    "max_pool": "C1",
    "avg_pool": "C1",
    "concat": "C2",
    "dense": "C3",
}
# Shares of a row's height that the largest maps take: what they are deep, and thick.
_DEEP, _THICK = 0.34, 0.36


class ArchitectureDisplay:
    """A network drawn layer by layer, its maps to scale.

    Use :meth:`from_estimator` to make one from a classifier, fitted or not.

    Parameters
    ----------
    architecture : Architecture
        What a fitted classifier has as `architecture_`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    patches_ : dict of str to list of matplotlib Polygon
        By the name of a layer: front, top and side of its maps, or the bar of a vector.
    texts_ : list of matplotlib Text
        What each row does, and its shape.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import ArchitectureDisplay
    >>> classifier = ConvPoolClassifier([(8, 5), (16, 3)])
    >>> display = ArchitectureDisplay.from_estimator(classifier, image_shape=(28, 28))
    >>> print(display.texts_[1].get_text())
    conv 5x5, 8 filters, relu
    28 x 28 x 8, 208 parameters
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, architecture):
        self.architecture = architecture

    def plot(self, ax=None):
        """Draw the layers from the images, at the top, to the output.

        Maps are plates, all on one scale: as wide and deep as the maps have pixels, and
        as thick as there are maps. Dense layers are bars on a scale of their own. The
        dashed bar, where maps become a vector, has no scale. Dropout and batch
        normalization are named beside the layer that they follow.

        The first line of a text says what a row does. The second has the shape of its
        output, and the number of its parameters; it is left out where it would be too
        small to read.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ArchitectureDisplay
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
        design = self.architecture
        rows, links = find_rows(design.layers, design.n_branches)
        size = 6.4, np.clip(0.5 + 0.48 * len(rows), 2.4, 16)
        [self.ax_] = make_axes(self, ax, figsize=size)
        self.figure_ = self.ax_.figure
        scale = _Scale.of(rows)
        self.ax_.set(xlim=(0, 1), ylim=(len(rows), 0), xticks=[], yticks=[])
        self.ax_.spines[:].set_visible(False)
        self.ax_.set_xlabel(f"{design.n_params:,} parameters")
        self.patches_ = {}
        for number, row in enumerate(rows):
            for place, layer in enumerate(row.layers):
                middle = scale.width * (place + 0.5) / len(row.layers)
                self.patches_[layer.name] = self._draw(layer, middle, number, scale)
        self._link(links)
        self._write(rows, scale.width)
        return self

    def _draw(self, layer, middle, row, scale):
        """The front, top and side of a plate, or the bar of a vector."""
        from matplotlib.colors import to_rgb
        from matplotlib.patches import Polygon

        foot = row + 0.9
        if len(layer.output_shape) == 1:
            width = scale.bar(layer)
            faces = [_rectangle(middle - width / 2, foot - 0.3, width, 0.2)]
        else:
            faces = _plate(middle, foot, *scale.plate(layer))
        is_head = layer.kind not in _COLORS
        style = {"edgecolor": "0.3", "linewidth": 0.8, "closed": True}
        style |= {"linestyle": "--"} if is_head else {}
        color = np.array(to_rgb(_COLORS.get(layer.kind, "white")))
        patches = []
        for corners, light in zip(faces, (0.35, 0.65, 0.15), strict=False):
            shade = color + light * (1 - color)
            patch = Polygon(corners, facecolor=shade, **style)
            patches.append(self.ax_.add_patch(patch))
        return patches

    def _link(self, links):
        """Lines from each layer to those that read it, behind all else."""
        for source, target in links:
            ends = [_middle(self.patches_[name]) for name in (source, target)]
            self.ax_.plot(*zip(*ends, strict=True), color="0.6", lw=1, zorder=0)

    def _write(self, rows, width):
        left = width + 0.03
        self.texts_ = []
        for number in range(len(rows)):
            text = self.ax_.text(left, number + 0.6, "", va="center")
            text.set_in_layout(False)  # it is made to fit: the axes need no other size
            self.texts_.append(text)
        lay_out(self.ax_)
        box = self.ax_.get_window_extent()
        for version in (_two_lines, _one_line, _wrapped):
            for text, row in zip(self.texts_, rows, strict=True):
                size = self.ax_.xaxis.label.get_fontsize()
                text.set(text=version(row), fontsize=size, visible=True)
            fit_texts(self.texts_, (1 - left) * box.width, box.height / len(rows))
            if all(text.get_visible() for text in self.texts_):
                break

    @classmethod
    def from_estimator(cls, estimator, image_shape=None, n_classes=None, *, ax=None):
        """Draw the network of a classifier.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted or not.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels) of the images, such as
            ``X.shape[1:]``. None for those that the classifier was fitted on, or for
            its parameter `image_shape`.
        n_classes : int, default=None
            Number of classes. None for that of a fitted classifier, and for 10 of
            another.
        ax : matplotlib Axes, default=None
            As for :meth:`plot`.

        Returns
        -------
        ArchitectureDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            If `image_shape` is not known.
        ValueError
            If there is no such network, or if a fitted classifier has other images or
            classes than are given.
        """
        check_classifier(estimator, fitted=False)
        if Fitted.is_on(estimator):
            design = estimator.architecture_
            _check_agreement(design, image_shape, n_classes)
        else:
            design = _planned(estimator, image_shape, n_classes)
        return cls(architecture=design).plot(ax)


def _planned(estimator, image_shape, n_classes):
    """The design of a classifier that is not fitted."""
    params = all_parameters(estimator)
    if image_shape is None:
        image_shape = params["image_shape"]
    if image_shape is None:
        raise NotFittedError(
            "image_shape must be given for an estimator that is not fitted; got None. "
            "Pass image_shape=X.shape[1:]."
        )
    design = {name: params[name] for name in ARCHITECTURE_PARAMETERS}
    n_classes = 10 if n_classes is None else n_classes
    return Architecture.from_parameters(image_shape, n_classes, **design)


def _check_agreement(design, image_shape, n_classes):
    given = {"image_shape": image_shape, "n_classes": n_classes}
    if image_shape is not None and len(image_shape) == 2:
        given["image_shape"] = (*image_shape, 1)
    for name, value in given.items():
        known = getattr(design, name)
        wanted = known if value is None else value
        wanted = tuple(wanted) if name == "image_shape" else wanted
        if wanted != known:
            raise ValueError(
                f"{name} must be None or {known}, that of the fitted estimator; "
                f"got {value!r}. Pass sklearn.base.clone(estimator) for others."
            )


# --------------------------------------------------------------------------------------
# Texts, from the longest version to the shortest


def _two_lines(row):
    counts = f", {row.n_params:,} parameters" if row.n_params else ""
    return f"{row.text}\n{row.shape}{counts}"


def _one_line(row):
    return row.text


def _wrapped(row):
    return textwrap.fill(row.text, 34)


# --------------------------------------------------------------------------------------
# Sizes


class _Scale:
    """From pixels, maps and units to shares of the axes and of a row.

    Attributes
    ----------
    width : float
        The share of the axes that the drawing takes; texts have the rest.
    """

    def __init__(self, width, x, y, maps, units):
        self.width = width
        self._x = x
        self._y = y
        self._maps = maps
        self._units = units

    @classmethod
    def of(cls, rows):
        """The scale on which all rows fit."""
        maps = [row.layers for row in rows if len(row.layers[0].output_shape) == 3]
        shapes = np.array([layers[0].output_shape for layers in maps])
        counts = np.array([len(layers) for layers in maps])
        units = [
            each.output_shape[0]
            for row in rows
            for each in row.layers
            if each.kind == "dense"
        ]
        width = 0.34 if counts.max() <= 3 else 0.46
        # A plate is as wide as its front and half its depth.
        needed = (shapes[:, 1] + 0.5 * shapes[:, 0]) * counts
        return cls(
            width=width,
            x=0.88 * width / needed.max(),
            y=_DEEP / shapes[:, 0].max(),
            maps=_THICK / shapes[:, 2].max(),
            units=0.88 * width / max(units),
        )

    def plate(self, layer):
        """Width, thickness, and the shift of the top to the right and upwards."""
        height, width, n_maps = layer.output_shape
        return (
            width * self._x,
            n_maps * self._maps,
            0.5 * height * self._x,
            height * self._y,
        )

    def bar(self, layer):
        """Width of a vector; that of a head says nothing."""
        if layer.kind != "dense":
            return 0.88 * self.width
        return layer.output_shape[0] * self._units


def _plate(middle, foot, width, thick, right, up):
    """Corners of the faces that are seen: front, top, side."""
    left = middle - (width + right) / 2
    head = foot - thick
    front = _rectangle(left, head, width, thick)
    shift = np.array([right, -up])
    top = np.array([front[0], front[1], front[1] + shift, front[0] + shift])
    side = np.array([front[1], front[2], front[2] + shift, front[1] + shift])
    return front, top, side


def _rectangle(left, head, width, height):
    """Corners from the upper left one, to the right and around; y grows downwards."""
    right, foot = left + width, head + height
    return np.array([(left, head), (right, head), (right, foot), (left, foot)])


def _middle(patches):
    """The middle of a plate or bar, where lines start and end."""
    corners = np.concatenate([patch.get_xy() for patch in patches])
    return (corners.min(axis=0) + corners.max(axis=0)) / 2
