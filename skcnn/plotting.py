"""Pictures of studies, in the style of scikit-learn's displays.

- :class:`LearningCurvesDisplay`: loss and accuracy by epoch.
- :class:`GridSearchDisplay`: scores of a search by one or two of its parameters.
- :class:`WidthDepthDisplay`: accuracy by number of parameters.
- :class:`FilterDisplay`: the kernels of a convolution.
- :class:`PredictionsDisplay`: images with what they are and what they were taken for.

Each has a constructor that stores data, class methods ``from_...`` that take the data from what was fitted and draw it,
and `plot`, which draws on new or given axes. Series differ in marker and line style besides color, so that the pictures
can be printed in gray. Matplotlib is imported when something is drawn and no sooner; ``pip install "skcnn[plot]"``
brings it.
"""

import inspect
import re
import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skcnn._architecture import Architecture
from skcnn._images import check_images
from skcnn._settings import nearest_name

__all__ = ["FilterDisplay", "GridSearchDisplay", "LearningCurvesDisplay", "PredictionsDisplay", "WidthDepthDisplay"]


# ---------------------------------------------------------------------------------------------------------------
# Learning curves


class LearningCurvesDisplay:
    """Loss and accuracy by epoch, of one run or several.

    Use :meth:`from_estimator` or :meth:`from_estimators` to make one from fitted classifiers.

    Parameters
    ----------
    histories : list of dict of str to list of float
        The `history_` of each run. Curves of validation are those whose name begins with ``val_``.
    names : list of str, default=None
        A name for each run; None for a single run that needs none.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each metric.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : dict of str to list of matplotlib Line2D
        The curves by their name in `history_`, in the order of the runs; None for a run that has no such curve.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skcnn.plotting import LearningCurvesDisplay
    >>> narrow = {"loss": [2.1, 1.2, 0.8], "accuracy": [0.3, 0.6, 0.7], "val_accuracy": [0.4, 0.6, 0.6]}
    >>> wide = {"loss": [1.7, 0.7, 0.4], "accuracy": [0.4, 0.8, 0.9], "val_accuracy": [0.6, 0.8, 0.8]}
    >>> display = LearningCurvesDisplay(histories=[narrow, wide], names=["narrow", "wide"]).plot()
    >>> display.lines_["accuracy"][1].get_ydata().tolist()
    [0.4, 0.8, 0.9]
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, histories, names=None):
        self.histories = histories
        self.names = names

    def plot(self, ax=None, *, metrics=("loss", "accuracy")):
        """Draw the curves: training solid, validation dashed in the same color.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One for each metric; None for a new figure.
        metrics : sequence of str, default=("loss", "accuracy")
            What to draw, by its name in `history_`: ``"time"`` is there too.

        Returns
        -------
        LearningCurvesDisplay
            This display.

        Raises
        ------
        ValueError
            For a metric that a run has not, or a wrong number of axes.
        """
        self._check(metrics)
        size = (3.4 * len(metrics), 3.0)
        self.axes_ = _axes(self, ax, len(metrics), n_columns=len(metrics), figsize=size)
        self.figure_ = self.axes_[0].figure
        self.lines_ = {}
        for axes, metric in zip(self.axes_, metrics, strict=True):
            self.lines_[metric] = self._draw(axes, metric, "-")
            self.lines_[f"val_{metric}"] = self._draw(axes, f"val_{metric}", "--")
            axes.set(xlabel="epoch", ylabel=metric)
            axes.xaxis.get_major_locator().set_params(integer=True)
        self._draw_legend(self.axes_[0])
        return self

    def _check(self, metrics):
        if self.names is not None and len(self.names) != len(self.histories):
            raise ValueError(f"names must be {len(self.histories)}, one for each run; got {self.names!r}.")
        for metric in metrics:
            for history in self.histories:
                if metric not in history:
                    raise ValueError(f"metrics must be among {list(history)}, which each history_ has; got {metric!r}.")

    def _draw(self, ax, column, linestyle):
        names = self.names or [None] * len(self.histories)
        lines = []
        for number, (history, name) in enumerate(zip(self.histories, names, strict=True)):
            values = history.get(column)
            if values is None:
                lines.append(None)
                continue
            style = _series_style(number) | {"linestyle": linestyle, "markevery": max(1, len(values) // 10)}
            if linestyle == "--":
                style["markerfacecolor"] = "none"
            label = name if linestyle == "-" else None
            lines += ax.plot(range(1, len(values) + 1), values, label=label, **style)
        return lines

    def _draw_legend(self, ax):
        if any(line for column in self.lines_ if column.startswith("val_") for line in self.lines_[column]):
            ax.plot([], [], "-", color="0.3", label="training")
            ax.plot([], [], "--", color="0.3", label="validation")
        _legend(ax)

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, **kwargs):
        """Draw the learning curves of one classifier.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        ax : matplotlib Axes or sequence of them, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        LearningCurvesDisplay
            What was drawn.

        Examples
        --------
        >>> import matplotlib.pyplot as plt
        >>> from sklearn.datasets import load_digits
        >>> from skcnn import ConvPoolClassifier
        >>> from skcnn.plotting import LearningCurvesDisplay
        >>> X, y = load_digits().images[:100] / 16, load_digits().target[:100]
        >>> clf = ConvPoolClassifier([(4, 3)], epochs=3, random_state=0).fit(X, y)
        >>> display = LearningCurvesDisplay.from_estimator(clf)
        >>> display.lines_["loss"][0].get_xdata().tolist()
        [1, 2, 3]
        >>> plt.close(display.figure_)
        """
        check_is_fitted(estimator)
        return cls(histories=[_copied(estimator.history_)]).plot(ax, **kwargs)

    @classmethod
    def from_estimators(cls, estimators, names=None, *, ax=None, **kwargs):
        """Draw the learning curves of several classifiers together.

        Parameters
        ----------
        estimators : sequence of ConvPoolClassifier
            Fitted.
        names : sequence of str, default=None
            A name for each. None takes the parameters in which they differ.
        ax : matplotlib Axes or sequence of them, default=None
            As for :meth:`plot`.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        LearningCurvesDisplay
            What was drawn.
        """
        for estimator in estimators:
            check_is_fitted(estimator)
        names = _differences(estimators) if names is None else list(names)
        histories = [_copied(estimator.history_) for estimator in estimators]
        return cls(histories=histories, names=names).plot(ax, **kwargs)


def _copied(history):
    return {name: list(values) for name, values in history.items()}


def _differences(estimators):
    """A name for each estimator: the parameters in which they differ, or its number where there are none."""
    params = [estimator.get_params() for estimator in estimators]
    names = [[] for _ in params]
    for parameter in params[0]:
        values = [given.get(parameter) for given in params]
        levels = _levels(values)
        if len(levels.values) > 1:
            for name, code in zip(names, levels.codes, strict=True):
                name.append(f"{parameter}={levels.labels[code]}")
    return [", ".join(name) or str(number) for number, name in enumerate(names, start=1)]


# ---------------------------------------------------------------------------------------------------------------
# Searches


class GridSearchDisplay:
    """Scores of a search by one or two of its parameters, as a heat map or as lines.

    Use :meth:`from_search` to make one from a fitted search.

    Parameters
    ----------
    scores : ndarray of shape (n_y, n_x, n_splits)
        The score in each fold. NaN where a fit failed or nothing was tried.
    x_name : str
        Name of the parameter along the x axis.
    x_values : list of length n_x
        Its values.
    x_labels : list of str of length n_x
        How its values are written.
    y_name : str, default=None
        Name of the other parameter: rows of a heat map, or one line for each value. None for a single line.
    y_values : list of length n_y, default=None
        Its values.
    y_labels : list of str of length n_y, default=None
        How its values are written.
    n_failed : ndarray of int of shape (n_y, n_x), default=None
        Number of candidates at each point that failed; they are not part of `scores`. None for no failure.
    score_name : str, default="score"
        What the scores are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    im_ : matplotlib AxesImage or None
        The heat map of the means over folds.
    texts_ : ndarray of matplotlib Text of shape (n_y, n_x) or None
        What is written in its cells.
    lines_ : list of matplotlib ErrorbarContainer or None
        The lines, each the mean and the standard deviation over folds.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import GridSearchDisplay
    >>> X, y = load_digits().images[:150] / 16, load_digits().target[:150]
    >>> clf = ConvPoolClassifier(dense_layers=[], random_state=0)
    >>> grid = {"conv_layers": [[(4, 3)], [(8, 3)]], "dropout": [0, 0.25], "epochs": [1, 2]}
    >>> search = GridSearchCV(clf, grid, cv=2).fit(X, y)
    >>> display = GridSearchDisplay.from_search(search, x="conv_layers", y="dropout", fixed={"epochs": 2})
    >>> display.im_.get_array().shape
    (2, 2)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        scores,
        x_name,
        x_values,
        x_labels,
        y_name=None,
        y_values=None,
        y_labels=None,
        n_failed=None,
        score_name="score",
    ):
        self.scores = scores
        self.x_name = x_name
        self.x_values = x_values
        self.x_labels = x_labels
        self.y_name = y_name
        self.y_values = y_values
        self.y_labels = y_labels
        self.n_failed = n_failed
        self.score_name = score_name

    def plot(self, ax=None, *, kind=None, cmap="cividis", colorbar=True):
        """Draw the scores.

        A heat map has the mean over folds in each cell, with the standard deviation below it as far as there is room.
        Lines have it as error bars. Where every candidate failed, a cell is hatched and says so; lines have a cross at
        the foot of the axes wherever one failed.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        kind : {"heatmap", "lines"}, default=None
            None is a heat map if there are two parameters, and lines if there is one.
        cmap : str or matplotlib Colormap, default="cividis"
            Colors of the heat map.
        colorbar : bool, default=True
            Whether a heat map gets a color bar.

        Returns
        -------
        GridSearchDisplay
            This display.

        Raises
        ------
        ValueError
            For another `kind`, or a wrong number of axes.
        """
        if kind not in (None, "heatmap", "lines"):
            raise ValueError(f"kind must be 'heatmap', 'lines' or None; got {kind!r}.")
        as_map = kind == "heatmap" or (kind is None and self.y_name is not None)
        [self.ax_] = _axes(self, ax, figsize=self._map_size() if as_map else None)
        self.figure_ = self.ax_.figure
        self.im_ = self.texts_ = self.lines_ = None
        if as_map:
            self._draw_map(cmap, colorbar)
        else:
            self._draw_lines()
        self.ax_.set_xlabel(self.x_name)
        _slant_if_crowded(self.ax_)
        if as_map:
            self._write_cells()
        return self

    def _map_size(self):
        """Inches that give each cell room for its numbers."""
        n_rows, n_columns = self.scores.shape[:2]
        return max(4.8, 2.2 + 0.75 * n_columns), max(3.0, 1.2 + 0.5 * n_rows)

    def _failed(self):
        return np.zeros(self.scores.shape[:2], int) if self.n_failed is None else self.n_failed

    def _draw_lines(self):
        positions = _x_positions(self.ax_, self.x_values, self.x_labels)
        labels = [None] if self.y_name is None else self.y_labels
        self.lines_ = [
            _draw_series(self.ax_, number, positions, scores.mean(axis=1), scores.std(axis=1), failed > 0, label)
            for number, (scores, failed, label) in enumerate(zip(self.scores, self._failed(), labels, strict=True))
        ]
        self.ax_.set_ylabel(self.score_name)
        _legend(self.ax_, title=self.y_name)

    def _draw_map(self, cmap, colorbar):
        self.im_ = self.ax_.imshow(self.scores.mean(axis=2), cmap=cmap, aspect="auto")
        self.ax_.set_xticks(range(len(self.x_labels)), self.x_labels)
        self.ax_.set_yticks(range(len(self.scores)), self.y_labels or [""])
        self.ax_.set_ylabel(self.y_name)
        if colorbar:
            self.figure_.colorbar(self.im_, ax=self.ax_, label=self.score_name)

    def _write_cells(self):
        mean, std, n_failed = self.scores.mean(axis=2), self.scores.std(axis=2), self._failed()
        self.texts_ = np.empty(mean.shape, dtype=object)
        for cell in np.ndindex(mean.shape):
            row, column = cell
            tried, failed = not np.isnan(mean[cell]), n_failed[cell]
            if failed and not tried:
                corners = np.array([-0.5, 0.5, 0.5, -0.5]) + column, np.array([-0.5, -0.5, 0.5, 0.5]) + row
                self.ax_.fill(*corners, facecolor="0.9", edgecolor="0.7", hatch="///", linewidth=0)
            text = "failed" if failed else ""
            if tried:
                text = f"{mean[cell]:.3f}\n±{std[cell]:.3f}" + (f"\n{failed} failed" if failed else "")
            color = _readable_on(self.im_.cmap(self.im_.norm(mean[cell]))) if tried else "black"
            self.texts_[cell] = self.ax_.text(column, row, text, color=color, ha="center", va="center")
        box = self.ax_.get_window_extent()
        _fit_texts(self.texts_.flat, box.width / mean.shape[1], box.height / mean.shape[0])

    @classmethod
    def from_search(
        cls, search, x, y=None, *, metric=None, fixed=None, reduce="mean", labels=None, ax=None, **kwargs
    ):
        """Draw the scores of a fitted search by one or two of its parameters.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
            Fitted: what has `cv_results_`. Of a candidate that a halving search tried again, the last trial counts.
        x : str
            Name of the parameter along the x axis.
        y : str, default=None
            Name of another parameter.
        metric : str, default=None
            Which score, for a search that has several. None takes the only one, or that of `refit`.
        fixed : dict of str to object, default=None
            Values of other parameters: only candidates that have them are drawn.
        reduce : {"mean", "max"}, default="mean"
            What to take of the candidates that differ in yet other parameters: their mean in each fold, or the scores
            of the best of them.
        labels : dict of str to list of str, default=None
            How values are written, by parameter, in the order in which the search has them first: the order of the
            grid. None writes ``[(4, 5, 2, 2), (8, 3, 2, 2)]`` as "4·8", for the filters, as long as that is unique.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        GridSearchDisplay
            What was drawn. Values are sorted: numbers, then sequences from short to long, then the rest, then None.

        Raises
        ------
        NotFittedError
            If the search has no results.
        ValueError
            For a parameter, a value or a metric that the search does not have.
        """
        study = _Study(search, metric, fixed, labels, reduce)
        columns, rows = study.axis("x", x), study.axis("y", y)
        n_failed = np.zeros((len(rows.values), len(columns.values)), int)
        scores = np.zeros((*n_failed.shape, study.scores.shape[1]))
        for row, column in np.ndindex(n_failed.shape):
            chosen = (rows.codes == row) & (columns.codes == column)
            scores[row, column], n_failed[row, column] = study.summary(chosen)
        display = cls(
            scores=scores,
            x_name=x,
            x_values=columns.values,
            x_labels=columns.labels,
            y_name=y,
            y_values=None if y is None else rows.values,
            y_labels=None if y is None else rows.labels,
            n_failed=n_failed,
            score_name=study.describe_score(x, y),
        )
        return display.plot(ax, **kwargs)


class WidthDepthDisplay:
    """Score by number of parameters of the network, on a logarithmic scale.

    Use :meth:`from_search` or :meth:`from_estimators` to make one from what was fitted. All scores of one group and one
    number of parameters make a point: their mean, with their standard deviation as error bar.

    Parameters
    ----------
    n_params : array-like of int of shape (n_fits,)
        Number of parameters of the network of each fit.
    scores : array-like of shape (n_fits,)
        Score of each fit: one for each fold or seed. NaN for a failed one.
    groups : list of str of length n_fits, default=None
        The series that each belongs to, drawn in order of appearance. None for a single one.
    group_name : str, default=None
        What the groups are, for the legend.
    score_name : str, default="accuracy"
        What the scores are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : list of matplotlib ErrorbarContainer
        One for each group.

    Examples
    --------
    The published accuracies of networks from 1 to 4 blocks deep:

    >>> import matplotlib.pyplot as plt
    >>> from skcnn.plotting import WidthDepthDisplay
    >>> from skcnn.presets import PUBLISHED
    >>> depth = [PUBLISHED[f"sigmoid-depth-{n}"] for n in (1, 2, 3, 4)]
    >>> display = WidthDepthDisplay(
    ...     n_params=[network.n_params for network in depth], scores=[network.test_accuracy for network in depth]
    ... ).plot()
    >>> display.lines_[0][0].get_xdata().tolist()
    [15496.0, 56020.0, 132832.0, 245932.0]
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, n_params, scores, groups=None, group_name=None, score_name="accuracy"):
        self.n_params = n_params
        self.scores = scores
        self.groups = groups
        self.group_name = group_name
        self.score_name = score_name

    def plot(self, ax=None):
        """Draw the points of each group, joined by a line; a cross at the foot of the axes stands for a failed fit.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        WidthDepthDisplay
            This display.

        Raises
        ------
        ValueError
            If the data differ in length, or for a wrong number of axes.
        """
        check_consistent_length(self.n_params, self.scores, self.groups)
        [self.ax_] = _axes(self, ax)
        self.figure_ = self.ax_.figure
        groups = np.array([None] * len(self.scores) if self.groups is None else self.groups, dtype=object)
        self.lines_ = [
            self._draw_group(number, groups == group, group) for number, group in enumerate(dict.fromkeys(groups))
        ]
        self.ax_.set(xlabel="number of parameters", ylabel=self.score_name)
        _log_scale_of_counts(self.ax_)
        _legend(self.ax_, title=self.group_name)
        return self

    def _draw_group(self, number, chosen, label):
        counts, places = np.unique(np.asarray(self.n_params, float)[chosen], return_inverse=True)
        scores = np.asarray(self.scores, float)[chosen]
        failed = np.isnan(scores)
        points = [scores[(places == place) & ~failed] for place in range(len(counts))]
        mean = np.array([point.mean() if len(point) else np.nan for point in points])
        std = np.array([point.std() if len(point) else np.nan for point in points])
        any_failed = np.bincount(places, failed) > 0
        return _draw_series(self.ax_, number, counts, mean, std, any_failed, label)

    @classmethod
    def from_search(
        cls,
        search,
        image_shape=None,
        n_classes=None,
        *,
        by=None,
        metric=None,
        fixed=None,
        reduce="mean",
        labels=None,
        ax=None,
    ):
        """Draw the scores of a fitted search by the size of the network that each candidate describes.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
            Fitted, over the parameters of a :class:`~skcnn.ConvPoolClassifier`.
        image_shape : tuple of int, default=None
            (height, width, channels) of the images. None takes it from the refitted best estimator.
        n_classes : int, default=None
            Number of classes. None takes it from the refitted best estimator.
        by : str, default=None
            Name of the parameter whose values make the groups.
        metric, fixed, reduce, labels
            As for :meth:`GridSearchDisplay.from_search`.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        WidthDepthDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            If the search has no results.
        ValueError
            For a parameter, a value or a metric that the search does not have, or where images and classes are not
            known.

        Warns
        -----
        UserWarning
            If candidates are left out because their network is impossible, and so has no size.
        """
        study = _Study(search, metric, fixed, labels, reduce)
        groups = study.axis("by", by)
        image_shape, n_classes = _images_of(search, image_shape, n_classes)
        sizes = _network_sizes(study.settings(), image_shape, n_classes)
        n_params, scores, names = [], [], []
        for code, size in sorted({(code, size) for code, size in zip(groups.codes, sizes, strict=True) if size}):
            in_folds, n_failed = study.summary((groups.codes == code) & (sizes == size))
            point = [*in_folds, *[np.nan] * n_failed]
            scores += point
            n_params += [size] * len(point)
            names += [groups.labels[code]] * len(point)
        return cls(
            n_params=n_params,
            scores=scores,
            groups=None if by is None else names,
            group_name=by,
            score_name=study.describe_score(by),
        ).plot(ax)

    @classmethod
    def from_estimators(cls, estimators, X, y, *, by=None, labels=None, ax=None):
        """Draw the accuracy of fitted classifiers on given images.

        Parameters
        ----------
        estimators : sequence of ConvPoolClassifier
            Fitted. Those that differ only in `random_state` make one point, with the spread over seeds.
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,)
            Their labels.
        by : str, default=None
            Name of the parameter whose values make the groups.
        labels : list of str, default=None
            Names of the groups, in the order in which the estimators have them first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        WidthDepthDisplay
            What was drawn.
        """
        for estimator in estimators:
            check_is_fitted(estimator)
        order, groups = range(len(estimators)), None
        if by is not None:
            params = [estimator.get_params() for estimator in estimators]
            _check_among("by", by, list(params[0]))
            levels = _levels([given[by] for given in params], labels)
            order = np.argsort(levels.codes, kind="stable")
            groups = [levels.labels[levels.codes[i]] for i in order]
        return cls(
            n_params=[estimators[i].n_params_ for i in order],
            scores=[estimators[i].score(X, y) for i in order],
            groups=groups,
            group_name=by,
        ).plot(ax)


def _images_of(search, image_shape, n_classes):
    """The given shape and number of classes, or those that the best estimator was fitted on."""
    best = getattr(search, "best_estimator_", None)
    image_shape = getattr(best, "image_shape_", None) if image_shape is None else image_shape
    n_classes = len(getattr(best, "classes_", ())) if n_classes is None else n_classes
    if image_shape is None or not n_classes:
        raise ValueError(
            "image_shape and n_classes must be given where the search has no refitted ConvPoolClassifier as "
            f"best_estimator_; got image_shape={image_shape!r}, n_classes={n_classes!r}."
        )
    return image_shape, n_classes


def _network_sizes(settings, image_shape, n_classes):
    """Number of parameters of each candidate's network; 0 for one that is impossible, with a warning."""
    known = inspect.signature(Architecture.from_parameters).parameters
    sizes, errors = [], []
    for params in settings:
        design = {name: value for name, value in params.items() if name in known and name != "image_shape"}
        try:
            sizes.append(Architecture.from_parameters(image_shape, n_classes, **design).n_params)
        except (TypeError, ValueError) as error:
            sizes.append(0)
            errors.append(str(error))
    if errors:
        warnings.warn(
            f"{len(errors)} of {len(sizes)} candidates are left out, since their network is impossible: {errors[0]}",
            stacklevel=3,
        )
    return np.array(sizes)


# ---------------------------------------------------------------------------------------------------------------
# Filters


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
        All kernels in one image, with gaps of one pixel that are NaN, or white between colors.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skcnn.plotting import FilterDisplay
    >>> display = FilterDisplay(kernels=np.random.default_rng(0).normal(size=(3, 3, 1, 6))).plot()
    >>> display.im_.get_array().shape
    (7, 11)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, kernels, rgb=False):
        self.kernels = kernels
        self.rgb = rgb

    def plot(self, ax=None, *, cmap="cividis", colorbar=True):
        """Draw the kernels on one scale that is symmetric about zero.

        Kernels of one channel, or of red, green and blue together, fill a grid row by row. With more channels there is
        a column for each filter and a row for each channel that it reads.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        cmap : str or matplotlib Colormap, default="cividis"
            Colors of kernels that are not colored themselves.
        colorbar : bool, default=True
            Whether such kernels get a color bar.

        Returns
        -------
        FilterDisplay
            This display.

        Raises
        ------
        ValueError
            For a wrong number of axes.
        """
        [self.ax_] = _axes(self, ax)
        self.figure_ = self.ax_.figure
        limit = float(np.abs(self.kernels).max()) or 1.0
        if self.rgb:
            colors = np.nan_to_num(0.5 + _mosaic(self._tiles()) / (2 * limit), nan=1.0)
            self.im_ = self.ax_.imshow(np.clip(colors, 0, 1))
            self.ax_.set_xlabel(f"gray is 0, full color ±{limit:.2g}")
        else:
            self.im_ = self.ax_.imshow(_mosaic(self._tiles()), cmap=cmap, vmin=-limit, vmax=limit)
            if self.kernels.shape[2] > 1:
                self.ax_.set(xlabel="filter", ylabel="input channel")
            if colorbar:
                self.figure_.colorbar(self.im_, ax=self.ax_, label="weight")
        self.ax_.set(xticks=[], yticks=[])
        self.ax_.spines[:].set_visible(False)
        return self

    def _tiles(self):
        """Kernels as (rows, columns, height, width), and the three colors if there are."""
        height, width, n_channels, n_filters = self.kernels.shape
        if n_channels > 1 and not self.rgb:
            return self.kernels.transpose(2, 3, 0, 1)
        n_columns = int(np.ceil(np.sqrt(n_filters)))
        n_rows = -(-n_filters // n_columns)
        tiles = np.full((n_rows * n_columns, height, width, n_channels), np.nan)
        tiles[:n_filters] = np.moveaxis(self.kernels, -1, 0)
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
            Which convolution: its place among them, or its name as ``print(estimator.architecture_)`` shows it.
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
        check_is_fitted(estimator)
        layers = estimator.architecture_.layers
        convolutions = {each.name: each for each in layers if each.kind == "conv"}
        names = list(convolutions)
        if isinstance(layer, int) and -len(names) <= layer < len(names):
            layer = names[layer]
        if layer not in names:
            raise ValueError(f"layer must be one of {names} or its place among them, from 0; got {layer!r}.")
        kernels, _ = estimator.model_.get_layer(layer).get_weights()
        reads_images = convolutions[layer].inputs[0] in ("images", "rescaling")
        return cls(kernels=kernels, rgb=reads_images and kernels.shape[2] == 3).plot(ax, **kwargs)


def _mosaic(tiles):
    """One image of tiles (rows, columns, height, width, ...), with gaps of one pixel of NaN."""
    gap_before = [(0, 0), (0, 0), (1, 0), (1, 0)] + [(0, 0)] * (tiles.ndim - 4)
    tiles = np.pad(tiles, gap_before, constant_values=np.nan)
    n_rows, n_columns, height, width, *colors = tiles.shape
    return np.moveaxis(tiles, 1, 2).reshape(n_rows * height, n_columns * width, *colors)[1:, 1:]


# ---------------------------------------------------------------------------------------------------------------
# Predictions


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
    >>> display = PredictionsDisplay(images=images, y_true=[0, 1], y_pred=[0, 7], probabilities=[0.98, 0.4]).plot()
    >>> [axes.get_title() for axes in display.axes_]
    ['true 0\npred. 0\n98%', 'true 1\npred. 7\nwrong, 40%']
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, y_true, y_pred, probabilities, target_names=None):
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.probabilities = probabilities
        self.target_names = target_names

    def plot(self, ax=None, *, n_columns=4):
        """Draw each image under its labels; those that are wrong say so, and have a broken frame.

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
        ValueError
            For too few axes.
        """
        n_images = len(self.images)
        given = None if ax is None else np.ravel(ax)
        n_columns = max(1, min(n_columns, n_images))
        size = (1.5 * n_columns, 1.9 * -(-n_images // n_columns))
        self.axes_ = _axes(self, given if ax is None else given[:n_images], n_images, n_columns=n_columns, figsize=size)
        ...
