"""Pictures of studies, in the style of scikit-learn's displays.

- :class:`LearningCurvesDisplay`: loss and accuracy by epoch.
- :class:`GridSearchDisplay`: scores of a search by one or two of its parameters.
- :class:`WidthDepthDisplay`: accuracy by number of parameters.
- :class:`FilterDisplay`: the kernels of a convolution.
- :class:`PredictionsDisplay`: images with what they are and what they were taken for.
- :class:`AugmentationDisplay`: images as augmentation changes them.

Each has a constructor that stores data, class methods ``from_...`` that take the data from what was fitted and draw it,
and `plot`, which draws on new or given axes. Series differ in marker and line style besides color, so that the pictures
can be printed in gray.

On axes of your own, ``layout="constrained"`` of their figure makes room for labels and legends. `plot` fits them to the
size that the figure has then. Matplotlib is imported when something is drawn and no sooner;
``pip install "skcnn[plot]"`` brings it.
"""

import re
import textwrap
import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skcnn._augmentation import augmented_images
from skcnn._compat import isolated
from skcnn._images import as_images, check_images, flatten_images
from skcnn._search import _count_if_possible, _image_shape_and_classes, _text
from skcnn._seeds import run_seed
from skcnn._settings import nearest_name

__all__ = [
    "AugmentationDisplay",
    "FilterDisplay",
    "GridSearchDisplay",
    "LearningCurvesDisplay",
    "PredictionsDisplay",
    "WidthDepthDisplay",
]


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
    names_title : str, default=None
        What the names are, for the legend.
    best_iters : list of int or None, default=None
        The epoch, from 1, whose network each run kept, where early stopping chose one; None for no such run.

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

    def __init__(self, *, histories, names=None, names_title=None, best_iters=None):
        self.histories = histories
        self.names = names
        self.names_title = names_title
        self.best_iters = best_iters

    def plot(self, ax=None, *, metrics=("loss", "accuracy")):
        """Draw the curves: training solid, validation dashed in the same color, a dotted line where a run was best.

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
        size = (1.4 + 3.1 * len(metrics), 3.0)
        self.axes_ = _axes(self, ax, len(metrics), n_columns=len(metrics), figsize=size)
        self.figure_ = self.axes_[0].figure
        self.lines_ = {}
        for axes, metric in zip(self.axes_, metrics, strict=True):
            self.lines_[metric] = self._draw(axes, metric, "-")
            self.lines_[f"val_{metric}"] = self._draw(axes, f"val_{metric}", "--", markerfacecolor="none")
            for number, best_iter in enumerate(self.best_iters or []):
                if best_iter is not None:
                    axes.axvline(best_iter, linestyle=":", linewidth=1, color=_series_style(number)["color"])
            axes.set(xlabel="epoch", ylabel=metric)
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        self._draw_legend(self.axes_[-1])
        return self

    def _check(self, metrics):
        if self.names is not None and len(self.names) != len(self.histories):
            raise ValueError(f"names must be {len(self.histories)}, one for each run; got {self.names!r}.")
        for metric in metrics:
            for history in self.histories:
                if metric not in history:
                    raise ValueError(f"metrics must be among {list(history)}, which each history_ has; got {metric!r}.")

    def _draw(self, ax, column, linestyle, **kwargs):
        lines = []
        for number, history in enumerate(self.histories):
            values = history.get(column)
            if values is None:
                lines.append(None)
                continue
            style = _series_style(number) | {"linestyle": linestyle, "markevery": max(1, len(values) // 10)} | kwargs
            lines += ax.plot(range(1, len(values) + 1), values, **style)
        return lines

    def _draw_legend(self, ax):
        for number, name in enumerate(self.names or []):
            ax.plot([], [], label=name, **_series_style(number))
        if any(name.startswith("val_") for history in self.histories for name in history):
            for label, linestyle in (("training", "-"), ("validation", "--")):
                ax.plot([], [], linestyle, color="0.3", label=label)
        if any(self.best_iters or []):
            ax.plot([], [], ":", color="0.3", linewidth=1, label="best epoch")
        _legend(ax, self.names_title, beside=True)

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
        return cls(**_curves([estimator])).plot(ax, **kwargs)

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
        title = None
        if names is None:
            names, title = _differences(estimators)
        return cls(**_curves(estimators), names=list(names), names_title=title).plot(ax, **kwargs)


def _curves(estimators):
    """What fitted estimators know of their training."""
    for estimator in estimators:
        check_is_fitted(estimator)
    return {
        "histories": [{name: list(values) for name, values in each.history_.items()} for each in estimators],
        "best_iters": [getattr(estimator, "best_iter_", None) for estimator in estimators],
    }


def _differences(estimators):
    """A name for each estimator, of the values of the parameters in which they differ, and the parameters' names."""
    params = [estimator.get_params() for estimator in estimators]
    levels = {name: _levels([given.get(name) for given in params]) for name in params[0]}
    levels = {name: each for name, each in levels.items() if len(each.values) > 1}
    names = [", ".join(each.labels[each.codes[i]] for each in levels.values()) for i in range(len(params))]
    if len(set(names)) < len(names):  # some differ in nothing
        return [str(number) for number in range(1, len(names) + 1)], "run"
    return names, ", ".join(levels)


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
        """Inches that give each cell room for its numbers, within reason."""
        n_rows, n_columns = self.scores.shape[:2]
        return min(max(4.8, 2.2 + 0.75 * n_columns), 16), min(max(3.0, 1.2 + 0.5 * n_rows), 12)

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
    def from_search(cls, search, x, y=None, *, metric=None, fixed=None, reduce="mean", labels=None, ax=None, **kwargs):
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
            score_name=study.describe_score(),
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

    def plot(self, ax=None, *, joined=None):
        """Draw the points of each group; a cross at the foot of the axes stands for a failed fit.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        joined : bool, default=None
            Whether lines join the points of a group. None joins them if there are groups: without, neighbors may
            have little in common but their size.

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
        joined = self.groups is not None if joined is None else joined
        groups = np.array([None] * len(self.scores) if self.groups is None else self.groups, dtype=object)
        self.lines_ = [
            self._draw_group(number, groups == group, group, joined)
            for number, group in enumerate(dict.fromkeys(groups))
        ]
        self.ax_.set(xlabel="number of parameters", ylabel=self.score_name)
        _log_scale_of_counts(self.ax_)
        _legend(self.ax_, title=self.group_name)
        return self

    def _draw_group(self, number, chosen, label, joined):
        counts, places = np.unique(np.asarray(self.n_params, float)[chosen], return_inverse=True)
        scores = np.asarray(self.scores, float)[chosen]
        failed = np.isnan(scores)
        points = [scores[(places == place) & ~failed] for place in range(len(counts))]
        mean = np.array([point.mean() if len(point) else np.nan for point in points])
        std = np.array([point.std() if len(point) else np.nan for point in points])
        any_failed = np.bincount(places, failed) > 0
        linestyle = "-" if joined else "none"
        return _draw_series(self.ax_, number, counts, mean, std, any_failed, label, linestyle=linestyle)

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
        **kwargs,
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
        metric : str, default=None
            As for :meth:`GridSearchDisplay.from_search`.
        fixed : dict of str to object, default=None
            As for :meth:`GridSearchDisplay.from_search`.
        reduce : {"mean", "max"}, default="mean"
            As for :meth:`GridSearchDisplay.from_search`, for candidates of the same size and group.
        labels : dict of str to list of str, default=None
            As for :meth:`GridSearchDisplay.from_search`.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`.

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
        sizes = _network_sizes(study.estimators(), _image_shape_and_classes(search, image_shape, n_classes))
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
            score_name=study.describe_score(),
        ).plot(ax, **kwargs)

    @classmethod
    def from_estimators(cls, estimators, X, y, *, by=None, labels=None, ax=None, **kwargs):
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
        labels : dict of str to list of str, default=None
            How the values of `by` are written, in the order in which the estimators have them first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`.

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
            levels = _levels([given[by] for given in params], (labels or {}).get(by))
            order = np.argsort(levels.codes, kind="stable")
            groups = [levels.labels[levels.codes[i]] for i in order]
        return cls(
            n_params=[estimators[i].n_params_ for i in order],
            scores=[estimators[i].score(X, y) for i in order],
            groups=groups,
            group_name=by,
        ).plot(ax, **kwargs)


def _network_sizes(estimators, image_shape_and_classes):
    """Number of parameters of each network; 0 for one that is impossible, with a warning."""
    if image_shape_and_classes is None:
        raise ValueError("image_shape and n_classes must be given where best_estimator_ does not tell; got None.")
    sizes = [_count_if_possible(estimator, *image_shape_and_classes) or 0 for estimator in estimators]
    n_impossible = sizes.count(0)
    if n_impossible:
        warnings.warn(
            f"{n_impossible} of {len(sizes)} candidates are left out: their network cannot be built.", stacklevel=3
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
        """Draw each image under its labels; those that are wrong say so, and have a frame.

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
        n_columns = max(1, min(n_columns, n_images))
        size = (1.5 * n_columns, 1.8 * max(1, -(-n_images // n_columns)))
        given = None if ax is None else np.ravel(ax)[: max(1, n_images)]
        self.axes_ = _axes(self, given, max(1, n_images), n_columns=n_columns, figsize=size)
        self.figure_ = self.axes_[0].figure
        for axes in self.axes_ if ax is None else np.ravel(ax):
            axes.set(xticks=[], yticks=[], frame_on=False)
        rows = zip(self.axes_, _displayable(self.images), self.y_true, self.y_pred, self.probabilities, strict=False)
        self.ims_ = [self._draw(*row) for row in rows]
        if not n_images:
            self.axes_[0].text(0.5, 0.5, "no such image", ha="center", va="center")
        _fit_titles(self.axes_)
        return self

    def _draw(self, ax, image, true, predicted, probability):
        wrong = true != predicted
        names = self.target_names or {}
        title = f"true {names.get(true, true)}\npred. {names.get(predicted, predicted)}\n"
        ax.set_title(f"{title}{'wrong, ' if wrong else ''}{probability:.0%}", fontsize="small")
        if wrong:
            ax.set_frame_on(True)
            ax.spines[:].set(color="C3", linewidth=3)
        return ax.imshow(image, cmap="gray", vmin=0, vmax=1)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, which="first", n_images=12, target_names=None, ax=None, **kwargs):
        """Draw what a fitted classifier takes images for.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted.
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,)
            Their labels.
        which : {"first", "wrong", "least_sure"}, default="first"
            The first images, the first of those that are classified wrong, or those whose predicted label has the
            lowest probability, lowest first.
        n_images : int, default=12
            How many to draw, if there are so many.
        target_names : sequence of str of length n_classes, default=None
            Names of the classes, in the order of `classes_`. None writes the labels themselves.
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
            For another `which`, or if `X`, `y`, `target_names` and the classifier do not fit together.
        """
        check_is_fitted(estimator)
        check_consistent_length(X, y)
        classes = estimator.classes_
        if target_names is not None and len(target_names) != len(classes):
            raise ValueError(f"target_names must be {len(classes)}, one for each class; got {len(target_names)}.")
        y = np.asarray(y)
        proba = estimator.predict_proba(X)
        predicted, probabilities = classes[proba.argmax(axis=1)], proba.max(axis=1)
        chosen = _chosen(which, y, predicted, probabilities)[:n_images]
        return cls(
            images=check_images(estimator, X, estimator.image_shape_)[chosen],
            y_true=y[chosen],
            y_pred=predicted[chosen],
            probabilities=probabilities[chosen],
            target_names=None if target_names is None else dict(zip(classes, target_names, strict=True)),
        ).plot(ax, **kwargs)


def _chosen(which, true, predicted, probabilities):
    if which == "first":
        return np.arange(len(true))
    if which == "wrong":
        return np.flatnonzero(true != predicted)
    if which == "least_sure":
        return np.argsort(probabilities, kind="stable")
    raise ValueError(f"which must be 'first', 'wrong' or 'least_sure'; got {which!r}.")


def _displayable(images):
    """Images from 0 to 1, gray or RGB, all on the same scale."""
    images = np.asarray(images)
    low, high = (0, 255) if images.dtype == np.uint8 else (images.min(initial=0), images.max(initial=1))
    scaled = (images - low) / (high - low)
    return scaled if images.shape[-1] == 3 else scaled.mean(axis=-1)


# ---------------------------------------------------------------------------------------------------------------
# Augmentation


class AugmentationDisplay:
    """Images beside what augmentation makes of them.

    Use :meth:`from_estimator` to make one from a classifier.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        The images as they are. One or three channels are shown as they are, of others the mean.
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
    >>> display = AugmentationDisplay.from_estimator(ConvPoolClassifier(augmentation="shift"), images, n_draws=5)
    >>> display.augmented.shape
    (3, 5, 8, 8, 1)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, augmented):
        self.images = images
        self.augmented = augmented

    def plot(self, ax=None):
        """Draw all images on one scale.

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
        ValueError
            For a wrong number of axes.
        """
        n_images, n_draws, height, width, _ = self.augmented.shape
        size = (0.7 + 0.7 * (n_draws + 1), 0.3 + 0.7 * n_images * height / width)
        [self.ax_] = _axes(self, ax, figsize=size)
        self.figure_ = self.ax_.figure
        tiles = np.concatenate([np.asarray(self.images)[:, None], self.augmented], axis=1)
        shown = _displayable(tiles.reshape(-1, *tiles.shape[2:]))
        mosaic = _mosaic(shown.reshape(n_images, n_draws + 1, *shown.shape[1:]))
        self.im_ = self.ax_.imshow(np.nan_to_num(mosaic, nan=1.0), cmap="gray", vmin=0, vmax=1)
        self.ax_.axvline(width, color="C3", linewidth=2)  # in the gap after the images as they are
        middle = width + (n_draws * (width + 1)) / 2
        self.ax_.set_xticks([(width - 1) / 2, middle], ["as given", "as trained on, in one epoch after another"])
        self.ax_.tick_params(length=0)
        self.ax_.set(yticks=[], frame_on=False)
        return self

    @classmethod
    def from_estimator(cls, estimator, X, *, n_draws=6, ax=None):
        """Draw what a classifier's `augmentation` makes of images.

        Parameters
        ----------
        estimator : ConvPoolClassifier
            Fitted or not; its `random_state` decides the draws.
        X : array-like of shape (n, height, width, channels), (n, height, width) or (n, n_features)
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
            If the classifier has no augmentation, or if `n_draws` is not an integer of at least 1.
        """
        if estimator.augmentation is None:
            raise ValueError("estimator must have an augmentation to show; got augmentation=None.")
        if not isinstance(n_draws, Integral) or n_draws < 1:
            raise ValueError(f"n_draws must be an integer of at least 1; got {n_draws!r}.")
        flat, image_shape = flatten_images(X, estimator.image_shape)
        images = as_images(np.asarray(flat), image_shape)
        seed = run_seed(estimator.random_state)
        drawn = isolated(augmented_images, estimator.augmentation, images, seed, n_draws)
        return cls(images=images, augmented=np.stack(drawn, axis=1).astype(images.dtype)).plot(ax)


# ---------------------------------------------------------------------------------------------------------------
# What a search tried


@dataclass
class _Levels:
    """The different values of a parameter, sorted, how they are written, and which of them each candidate has."""

    values: list
    labels: list
    codes: np.ndarray


class _Study:
    """The candidates of a fitted search: parameters, and scores in each fold."""

    def __init__(self, search, metric, fixed, labels, reduce):
        if not hasattr(search, "cv_results_"):
            raise NotFittedError(f"search must be fitted; got a {type(search).__name__} without cv_results_.")
        if reduce not in ("mean", "max"):
            raise ValueError(f"reduce must be 'mean' or 'max'; got {reduce!r}.")
        self._search, self._reduce, self._reduced = search, reduce, set()
        self.params = search.cv_results_["params"]
        self._metric = _metric(search, metric)
        self._defaults = search.estimator.get_params() if hasattr(search, "estimator") else {}
        self._levels = self._all_levels(labels or {})
        kept = self._kept(fixed or {})
        self.params = [self.params[i] for i in kept]
        self.scores = self._split_scores()[kept]
        for levels in self._levels.values():
            levels.codes = levels.codes[kept]

    def _all_levels(self, labels):
        # Grids that are lists of dicts leave parameters out of some candidates, which then have the estimator's value.
        names = list(dict.fromkeys(name for params in self.params for name in params))
        for name in labels:
            _check_among("labels", name, names)
        return {
            name: _levels([params.get(name, self._defaults.get(name)) for params in self.params], labels.get(name))
            for name in names
        }

    def _kept(self, fixed):
        """Candidates that have the fixed values, without earlier trials of the same parameters."""
        last = {key: i for i, key in enumerate(zip(*(levels.codes for levels in self._levels.values()), strict=True))}
        kept = np.array(sorted(last.values()))
        for name, value in fixed.items():
            _check_among("fixed", name, list(self._levels))
            levels = self._levels[name]
            keys = [_key(each) for each in levels.values]
            if _key(value) not in keys:
                raise ValueError(f"fixed[{name!r}] must be one of {levels.values}; got {value!r}.")
            kept = kept[levels.codes[kept] == keys.index(_key(value))]
        if not len(kept):
            raise ValueError(f"fixed must leave a candidate of the search; none has {fixed!r}.")
        return kept

    def _split_scores(self):
        results = self._search.cv_results_
        splits = [key for key in results if re.fullmatch(rf"split\d+_test_{re.escape(self._metric)}", key)]
        return np.column_stack([results[key] for key in splits]).astype(float)

    def estimators(self):
        """The unfitted estimator of each candidate."""
        return [clone(self._search.estimator).set_params(**params) for params in self.params]

    def axis(self, argument, name):
        """The levels of a parameter that occur; a single one for None."""
        if name is None:
            return _Levels([None], [None], np.zeros(len(self.params), int))
        _check_among(argument, name, list(self._levels))
        levels = self._levels[name]
        occurring, codes = np.unique(levels.codes, return_inverse=True)
        return _Levels([levels.values[i] for i in occurring], [levels.labels[i] for i in occurring], codes)

    def summary(self, chosen):
        """Scores in each fold of the chosen candidates, reduced to one, and how many of them failed in any fold."""
        self._reduced |= {name for name, each in self._levels.items() if len(np.unique(each.codes[chosen])) > 1}
        scores = self.scores[chosen]
        failed = np.isnan(scores).any(axis=1)
        scores = scores[~failed]
        if not len(scores):
            return np.full(scores.shape[1], np.nan), failed.sum()
        in_folds = scores.mean(axis=0) if self._reduce == "mean" else scores[scores.mean(axis=1).argmax()]
        return in_folds, failed.sum()

    def describe_score(self):
        """The name of the score, and over which parameters summaries were reduced, in short lines."""
        name, scoring = self._metric, getattr(self._search, "scoring", "score")
        if name == "score" and isinstance(scoring, str):
            name = scoring
        elif name == "score" and scoring is None and is_classifier(self._search.estimator):
            name = "accuracy"
        rest = [each for each in self._levels if each in self._reduced]
        return f"{name}\n" + textwrap.fill(f"({self._reduce} over {', '.join(rest)})", 26) if rest else name


def _metric(search, metric):
    """The name under which `cv_results_` has the score."""
    metrics = [key.removeprefix("mean_test_") for key in search.cv_results_ if key.startswith("mean_test_")]
    if metric is None:
        metric = metrics[0] if len(metrics) == 1 else getattr(search, "refit", None)
    if metric not in metrics:
        raise ValueError(f"metric must be one of {metrics}, which cv_results_ has; got {metric!r}.")
    return metric


def _check_among(argument, name, names):
    if name not in names:
        raise ValueError(f"{argument} must name one of {names}; got {name!r}.{nearest_name(str(name), names)}")


# ---------------------------------------------------------------------------------------------------------------
# Values of parameters: which are equal, in what order, and how written


def _levels(values, labels=None):
    keys = [_key(value) for value in values]
    distinct = {}  # in order of appearance
    for key, value in zip(keys, values, strict=True):
        distinct.setdefault(key, value)
    labels = _labels(distinct.values()) if labels is None else list(labels)
    if len(labels) != len(distinct):
        raise ValueError(f"labels must be {len(distinct)}, one for each of {list(distinct.values())}; got {labels!r}.")
    order = sorted(zip(distinct, distinct.values(), labels, strict=True), key=lambda level: _rank(level[1]))
    places = {key: place for place, (key, _, _) in enumerate(order)}
    return _Levels(
        values=[value for _, value, _ in order],
        labels=[label for _, _, label in order],
        codes=np.array([places[key] for key in keys]),
    )


def _key(value):
    """What equal values share, hashable: lists equal tuples, as they do for the classifier."""
    if isinstance(value, dict):
        return tuple((name, _key(each)) for name, each in value.items())
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(_key(each) for each in value)
    return value if isinstance(value, Hashable) else id(value)


def _rank(value, by_length=True):
    """Sorts numbers, then sequences by length and content, then strings, then other objects as they come, then None."""
    if isinstance(value, Real):
        return 0, value
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple, np.ndarray)):
        # Blocks are compared by filters first, whether they say more or less beyond.
        return 1, len(value) if by_length else 0, tuple(_rank(each, by_length=False) for each in value)
    if isinstance(value, str):
        return 2, value
    return (4,) if value is None else (3,)


def _labels(values):
    """A label for each value, as short as they are unique; numbered if that is too long for a picture."""
    for write in (_brief, _with_kernels, _full):
        labels = [write(value) for value in values]
        if len(set(labels)) == len(labels) and max(map(len, "\n".join(labels).split("\n"))) <= 40:
            return labels
    return [f"{_brief(value)} ({number})" for number, value in enumerate(values, start=1)]


def _brief(value):
    """Sequences as their numbers, blocks as their filters: [(4, 5, 2, 2), (8, 3, 2, 2)] as 4·8."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return "·".join(_brief(_block(each)[0] if _is_block(each) else each) for each in value) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    if value is None or isinstance(value, (str, Real)):
        return str(value)
    return getattr(value, "__name__", type(value).__name__)


def _with_kernels(value):
    """Blocks as filters and kernel size: [(4, 5, 2, 2), (8, 3, 2, 2)] as 4@5·8@3."""
    if isinstance(value, (list, tuple)) and value and all(_is_block(each) for each in value):
        return "·".join("{}@{}".format(*_block(each)) for each in value)
    return _full(value)


def _full(value):
    """Values as one writes them in Python, each block on a line."""
    if isinstance(value, (list, tuple)):
        return "\n".join(_text(each) for each in value)
    return _text(value) if isinstance(value, (Real, str, dict)) else _brief(value)


def _is_block(value):
    return isinstance(value, (list, tuple, dict)) and len(value) > 0


def _block(block):
    """Filters and kernel size of a block in any of its forms."""
    if isinstance(block, dict):
        return block.get("filters"), block.get("kernel_size", 3)
    return (*block, 3)[:2]


# ---------------------------------------------------------------------------------------------------------------
# Drawing

_MARKERS = "osD^vPX*<"


def _axes(display, ax, n_axes=1, *, n_columns=1, figsize=None):
    """The given axes, checked, or those of a new figure, as a flat array."""
    if ax is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                f'{type(display).__name__}.plot needs matplotlib, which pip install "skcnn[plot]" brings.'
            ) from error
        n_rows = -(-n_axes // n_columns)
        _, ax = plt.subplots(n_rows, n_columns, figsize=figsize, layout="constrained", squeeze=False)
        for spare in ax.flat[n_axes:]:
            spare.remove()
        return ax.ravel()[:n_axes]
    axes = np.ravel(np.asarray(ax, dtype=object))
    for each in axes:
        if not hasattr(each, "imshow"):
            raise TypeError(f"ax must be matplotlib Axes or a sequence of them; got {each!r}.")
    if len(axes) != n_axes:
        raise ValueError(f"ax must be {n_axes} matplotlib Axes; got {len(axes)}.")
    return axes


def _series_style(number):
    """Color and marker of a series: no two of the first 90 agree in both."""
    return {"color": f"C{number % 10}", "marker": _MARKERS[number % len(_MARKERS)], "markersize": 5}


def _draw_series(ax, number, x, mean, std, failed, label, **kwargs):
    """One line with error bars, with a gap where all fits failed, and crosses at the foot of the axes where any did."""
    style = _series_style(number) | kwargs
    x = np.asarray(x, float)
    tried = ~np.isnan(mean) | failed
    line = ax.errorbar(x[tried], mean[tried], yerr=std[tried], label=label, capsize=2, elinewidth=1, **style)
    if failed.any():
        foot = np.full(failed.sum(), 0.03 + 0.025 * number)
        label = None if "failed" in ax.get_legend_handles_labels()[1] else "failed"
        ax.plot(x[failed], foot, "x", color=style["color"], transform=ax.get_xaxis_transform(), label=label)
    return line


def _legend(ax, title=None, beside=False):
    """A legend, if there is anything to tell; a long one beside the axes, if the figure's layout makes room for it."""
    entries = sorted(zip(*ax.get_legend_handles_labels(), strict=True), key=lambda entry: entry[1] == "failed")
    if not entries:
        return
    beside = (beside or len(entries) > 4) and ax.figure.get_layout_engine() is not None
    place = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if beside else {"loc": "best"}
    ax.legend(*zip(*entries, strict=True), title=title, fontsize="small", title_fontsize="small", **place)


def _x_positions(ax, values, labels):
    """Numbers stand where they belong, on a logarithmic scale if they spread widely; other values side by side."""
    numeric = all(isinstance(value, Real) and not isinstance(value, bool) for value in values)
    positions = np.array(values, float) if numeric else np.arange(len(values))
    gaps = np.diff(positions)
    if numeric and len(gaps) > 1 and positions[0] > 0 and gaps.max() > 5 * gaps.min():
        ax.set_xscale("log")
    if not numeric or len(positions) <= 8:
        ax.set_xticks(positions, labels)
        ax.minorticks_off()
    return positions


def _log_scale_of_counts(ax):
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _lay_out(ax):
    """Let layout happen now, so that what is on the axes can be measured."""
    ax.figure.canvas.figure.draw_without_rendering()


def _slant_if_crowded(ax):
    """Slant the labels along x if they touch, and leave some out if they would even then."""
    _lay_out(ax)
    labels = ax.get_xticklabels()
    boxes = [label.get_window_extent() for label in labels]
    if not any(right.x0 - left.x1 < 0.5 * left.height for left, right in pairwise(boxes)):
        return
    gap = min(right.x0 + right.x1 - left.x0 - left.x1 for left, right in pairwise(boxes)) / 2
    step = int(np.ceil(1.5 * max(box.height for box in boxes) / max(gap, 1)))
    for number, label in enumerate(labels):
        label.set(rotation=45, ha="right", rotation_mode="anchor", visible=number % step == 0)
    _lay_out(ax)


def _fit_texts(texts, width, height):
    """Make texts smaller, all alike, until they fit in so many pixels; leave out what would be too small to read."""
    boxes = [(text, text.get_window_extent()) for text in texts if text.get_text()]
    margin = 0.9
    scale = min([1, *(margin * min(width / box.width, height / box.height) for _, box in boxes)])
    for text, _ in boxes:
        text.set_fontsize(text.get_fontsize() * scale)
        text.set_visible(text.get_fontsize() >= 4.5)


def _fit_titles(axes):
    """Make titles smaller, all alike, until each fits over its axes."""
    _lay_out(axes[0])
    widths = [each.get_position(original=True).width * each.figure.bbox.width for each in axes]
    _fit_texts([each.title for each in axes], min(widths), np.inf)


def _readable_on(color):
    """Black or white, whichever stands out."""
    red, green, blue, _ = color
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.46 else "black"
