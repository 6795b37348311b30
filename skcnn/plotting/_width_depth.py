"""Accuracy by number of parameters."""

import warnings

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skcnn._search import count_if_possible, every_parameter, image_shape_and_classes
from skcnn.plotting._drawing import (
    draw_legend,
    draw_series,
    log_scale_of_counts,
    make_axes,
)
from skcnn.plotting._study import Study, check_among, check_fitted, find_levels


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
    names : list of str of length n_fits, default=None
        What the network of each fit is called, written beside its point. A larger network is not always a deeper one,
        so a line alone may not tell.

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
    >>> depth = {f"n={n}": PUBLISHED[f"sigmoid-depth-{n}"] for n in (1, 2, 3, 4)}
    >>> display = WidthDepthDisplay(
    ...     n_params=[network.n_params for network in depth.values()],
    ...     scores=[network.test_accuracy for network in depth.values()],
    ...     names=list(depth),
    ... ).plot()
    >>> display.lines_[0][0].get_xdata().tolist()
    [15496.0, 56020.0, 132832.0, 245932.0]
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        n_params,
        scores,
        groups=None,
        group_name=None,
        score_name="accuracy",
        names=None,
    ):
        self.n_params = n_params
        self.scores = scores
        self.groups = groups
        self.group_name = group_name
        self.score_name = score_name
        self.names = names

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
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            If the data differ in length, or for a wrong number of axes.
        """
        check_consistent_length(self.n_params, self.scores, self.groups, self.names)
        [self.ax_] = make_axes(self, ax)
        self.figure_ = self.ax_.figure
        joined = self.groups is not None if joined is None else joined
        groups = np.array(
            [None] * len(self.scores) if self.groups is None else self.groups,
            dtype=object,
        )
        self.lines_ = [
            self._draw_group(number, groups == group, group, joined)
            for number, group in enumerate(dict.fromkeys(groups))
        ]
        self.ax_.set(xlabel="number of parameters", ylabel=self.score_name)
        log_scale_of_counts(self.ax_)
        if self.names is not None:
            self.ax_.margins(y=0.1)  # room for the highest name
        draw_legend(self.ax_, title=self.group_name)
        return self

    def _draw_group(self, number, chosen, label, joined):
        counts, places = np.unique(
            np.asarray(self.n_params, float)[chosen], return_inverse=True
        )
        scores = np.asarray(self.scores, float)[chosen]
        failed = np.isnan(scores)
        points = [scores[(places == place) & ~failed] for place in range(len(counts))]
        mean = np.array([point.mean() if len(point) else np.nan for point in points])
        std = np.array([point.std() if len(point) else np.nan for point in points])
        any_failed = np.bincount(places, failed) > 0
        linestyle = "-" if joined else "none"
        series = draw_series(
            self.ax_, number, counts, mean, std, any_failed, label, linestyle=linestyle
        )
        if self.names is not None:
            names = np.array(self.names, dtype=object)[chosen]
            self._write_names(counts, mean + std, places, names, series[0].get_color())
        return series

    def _write_names(self, counts, tops, places, names, color):
        """Each network's name, or names, above its error bar."""
        from matplotlib.patheffects import withStroke

        halo = [
            withStroke(linewidth=2, foreground=self.ax_.get_facecolor())
        ]  # a line may run through
        style = {
            "ha": "center",
            "va": "bottom",
            "color": color,
            "fontsize": "small",
            "path_effects": halo,
        }
        for place in np.flatnonzero(~np.isnan(tops)):
            text = ", ".join(dict.fromkeys(names[places == place]))
            self.ax_.annotate(
                text,
                (counts[place], tops[place]),
                (0, 4),
                textcoords="offset points",
                **style,
            )

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
            Fitted, over the parameters of a :class:`~skcnn.ConvPoolClassifier`. Trials of a halving search count as
            for :meth:`GridSearchDisplay.from_search`.
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
        study = Study(search, metric, fixed, labels, reduce, drawn=(by,))
        groups = study.axis("by", by)
        sizes = _network_sizes(
            study.estimators(), image_shape_and_classes(search, image_shape, n_classes)
        )
        n_params, scores, names = [], [], []
        for code, size in sorted(
            {
                (code, size)
                for code, size in zip(groups.codes, sizes, strict=True)
                if size
            }
        ):
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
    def from_estimators(
        cls, estimators, X, y, *, by=None, labels=None, ax=None, **kwargs
    ):
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

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            If there is no classifier, if classifiers have no parameter `by`, or if there are not as many `labels` as
            it has values.
        """
        check_fitted(estimators)
        order, groups = range(len(estimators)), None
        if by is not None:
            params = [every_parameter(estimator) for estimator in estimators]
            check_among("by", by, list(params[0]))
            levels = find_levels(
                [given[by] for given in params], (labels or {}).get(by)
            )
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
        raise ValueError(
            "image_shape and n_classes must be given where best_estimator_ does not tell; got None."
        )
    sizes = [
        count_if_possible(estimator, *image_shape_and_classes) or 0
        for estimator in estimators
    ]
    n_impossible = sizes.count(0)
    if n_impossible:
        warnings.warn(
            f"{n_impossible} of {len(sizes)} candidates are left out: their network cannot be built.",
            stacklevel=3,
        )
    return np.array(sizes)
