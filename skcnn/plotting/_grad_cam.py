"""Where in an image a network finds evidence for a class."""

import warnings

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skcnn._activations import evidence
from skcnn._fitted import images_for
from skcnn._given_classifiers import check_classifier, names_of
from skcnn.plotting._drawing import displayable, fit_titles, make_axes, rows_for
from skcnn.plotting._layers import find_maps


class GradCAMDisplay:
    """Heat maps of where a network finds evidence for a class, as Grad-CAM [1]_ does.

    Use :meth:`from_estimator` to make one from a fitted classifier.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        The images. One or three channels are shown as they are, of others the mean.
    heat_maps : ndarray of shape (n, map_height, map_width)
        The evidence, 0 or more, of the size of the layer's maps.
    targets : sequence of length n
        The labels whose evidence this is.
    probabilities : array-like of shape (n,)
        Of these labels.
    target_names : dict of label to str, default=None
        Names of the labels. None writes the labels themselves.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each image.
    figure_ : matplotlib Figure
        The figure that holds them.
    ims_ : list of matplotlib AxesImage
        The heat maps, each divided by its largest value.

    Notes
    -----
    The evidence is what the maps of one layer add to the score of the class, before the
    softmax. It has as many cells as these maps have pixels, and is drawn smoothly
    between them. So a layer after much pooling gives a coarse picture.

    Grad-CAM gives each map one weight: the mean of the score's gradient over the map.
    That is exact for ``head="global_avg"``. With ``head="flatten"`` the same map may
    speak for a class at one place and against it at another, and the mean may cancel.
    So such a network gets HiResCAM [2]_, which weighs each pixel by its own gradient,
    unless you ask for ``method="grad-cam"``. With ``head="global_avg"`` both give the
    same picture.

    A heat map tells where the network looked, not whether it was right to look there.
    Heat on the background is a hint that the network learned the background.

    References
    ----------
    .. [1] R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh and D. Batra,
       "Grad-CAM: Visual explanations from deep networks via gradient-based
       localization", ICCV 2017.
    .. [2] R. L. Draelos and L. Carin, "Use HiResCAM instead of Grad-CAM for faithful
       explanations of convolutional neural networks", arXiv:2011.08891, 2020.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import GradCAMDisplay
    >>> X, y = load_digits().images[:100] / 16, load_digits().target[:100]
    >>> clf = ConvPoolClassifier([(4, 3)], epochs=1, random_state=0).fit(X, y)
    >>> display = GradCAMDisplay.from_estimator(clf, X[:3], target=7)
    >>> display.heat_maps.shape
    (3, 8, 8)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, heat_maps, targets, probabilities, target_names=None):
        self.images = images
        self.heat_maps = heat_maps
        self.targets = targets
        self.probabilities = probabilities
        self.target_names = target_names

    def plot(self, ax=None, *, n_columns=4, cmap="inferno", alpha=0.55):
        """Draw each image with its heat map on it, under the label.

        The brightest place of each picture is its own largest value. Where nothing
        speaks for the class there is no heat, and the title says so.

        Parameters
        ----------
        ax : sequence of matplotlib Axes, default=None
            One for each image. None for a new figure.
        n_columns : int, default=4
            Images in a row of a new figure.
        cmap : str or matplotlib Colormap, default="inferno"
            Colors of the heat.
        alpha : float, default=0.55
            From 0 for the image alone to 1 for the heat alone.

        Returns
        -------
        GradCAMDisplay
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
        n_images = len(self.images)
        n_columns = max(1, min(n_columns, n_images))
        size = (1.6 * n_columns, 1.9 * rows_for(n_images, n_columns))
        self.axes_ = make_axes(self, ax, n_images, n_columns=n_columns, figsize=size)
        self.figure_ = self.axes_[0].figure
        self.ims_ = []
        images = displayable(self.images)
        heats = zip(self.heat_maps, self.targets, self.probabilities, strict=True)
        for axes, image, heat in zip(self.axes_, images, heats, strict=True):
            im = self._draw(axes, image, *heat, {"cmap": cmap, "alpha": alpha})
            self.ims_.append(im)
        fit_titles(self.axes_)
        return self

    def _draw(self, ax, image, heat, target, probability, style):
        height, width = image.shape[:2]
        # The same place for both, whatever number of pixels they have.
        place = {"extent": (0, width, height, 0), "aspect": "equal"}
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, **place)
        hottest = float(heat.max())
        share = heat / hottest if hottest else heat
        name = (self.target_names or {}).get(target, target)
        title = f"{name}, {probability:.0%}"
        if not hottest:
            title += "\nno evidence"
        ax.set(xticks=[], yticks=[], frame_on=False)
        ax.set_title(title, fontsize="small")
        smooth = {"interpolation": "bilinear", "vmin": 0, "vmax": 1}
        return ax.imshow(share, **smooth, **place, **style)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        target=None,
        layer=None,
        method=None,
        target_names=None,
        ax=None,
        **kwargs,
    ):
        """Draw where a fitted classifier finds evidence for a class.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            A few images, in the units that fit saw.
        target : label or array-like of shape (n,), default=None
            The class whose evidence to show: one label for all images, or one for each.
            None for the label that each image is predicted to have.
        layer : int or str, default=None
            Whose maps to take: the place of a convolution among the convolutions, or
            the name of any layer with maps. None for the last convolution, or for what
            puts the last parallel ones together.
        method : {"grad-cam", "hires-cam"}, default=None
            Whether maps are weighed as wholes, or pixel by pixel: see the notes. None
            is ``"hires-cam"`` for a network that flattens its maps, and ``"grad-cam"``
            for another one.
        target_names : sequence of str of length n_classes, default=None
            Names of the classes, in the order of `classes_`. None writes the labels
            themselves.
        ax : sequence of matplotlib Axes, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        GradCAMDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            For a label or a layer that is not there, a layer whose maps have one pixel,
            another `method`, `target_names` of another number, or images of another
            shape.

        Warns
        -----
        UserWarning
            If Grad-CAM finds no evidence in some of the images.
        """
        check_classifier(estimator)
        found = find_maps(estimator, layer)
        _check_size(found)
        averaged = _is_averaged(estimator, method)
        names = names_of(estimator.classes_, target_names)
        images = images_for(estimator, X)
        proba = estimator.predict_proba(X)
        codes = _codes(estimator.classes_, proba, target)
        heat_maps = evidence(
            estimator.model_, images, found.name, codes, averaged=averaged
        )
        if averaged:
            _warn_of_none(heat_maps)
        return cls(
            images=images,
            heat_maps=heat_maps,
            targets=estimator.classes_[codes],
            probabilities=proba[np.arange(len(proba)), codes],
            target_names=names,
        ).plot(ax, **kwargs)


def _check_size(layer):
    if layer.output_shape[:2] == (1, 1):
        raise ValueError(
            f"layer must have maps of more than one pixel; got {layer.name!r}. Pass "
            "layer=0 for the first convolution."
        )


def _is_averaged(estimator, method):
    """Whether a map has one weight, as Grad-CAM has it."""
    if method not in ("grad-cam", "hires-cam", None):
        raise ValueError(
            f"method must be 'grad-cam', 'hires-cam' or None; got {method!r}."
        )
    if method is None:
        return estimator.architecture_.head != "flatten"
    return method == "grad-cam"


def _warn_of_none(heat_maps):
    n_none = int((heat_maps.max(axis=(1, 2)) == 0).sum())
    if n_none:
        warnings.warn(
            f"Grad-CAM finds no evidence in {n_none} of {len(heat_maps)} images. It "
            "averages over places; pass method='hires-cam', which does not.",
            stacklevel=3,
        )


def _codes(classes, proba, target):
    """The class of each image whose evidence is wanted."""
    if target is None:
        return proba.argmax(axis=1)
    if np.ndim(target) == 0:
        target = [target] * len(proba)
    check_consistent_length(proba, target)
    codes = []
    known = {label: code for code, label in enumerate(classes.tolist())}
    for label in np.asarray(column_or_1d(target)).tolist():
        if label not in known:
            raise ValueError(f"target must be among {list(known)}; got {label!r}.")
        codes.append(known[label])
    return np.array(codes)
