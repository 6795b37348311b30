"""Accuracy by number of parameters."""

import textwrap
import warnings

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skcnn._search import count_if_possible, every_parameter, image_shape_and_classes
from skcnn._value_labels import find_levels
from skcnn.plotting._classifiers import check_classifiers
from skcnn.plotting._drawing import (
    characters_along,
    draw_legend,
    draw_series,
    fit_ylabel,
    log_scale_of_counts,
    make_axes,
)
from skcnn.plotting._names import Named, given_names, name_points, write_names
from skcnn.plotting._study import (
    Study,
    check_among,
    is_seed,
    repetitions,
)


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
    names_title : str, default=None
        What the names are, for the axis.

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
        names_title=None,
    ):
        self.n_params = n_params
        self.scores = scores
        self.groups = groups
        self.group_name = group_name
        self.score_name = score_name
        self.names = names
        self.names_title = names_title

    def plot(self, ax=None, *, joined=None):
        """Draw the points of each group; a cross at the foot of the axes stands for a failed fit.

        Each name stands where it is inside the frame and on no other name, as far as there
        is room. The label of the x axis tells how many are left out.

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
        self.lines_, named = [], []
        for number, group in enumerate(dict.fromkeys(groups)):
            line, names = self._draw_group(number, groups == group, group, joined)
            self.lines_.append(line)
            named += names
        self.ax_.set(xlabel="number of parameters", ylabel=self.score_name)
        log_scale_of_counts(self.ax_)
        if named:
            self.ax_.margins(x=0.1, y=0.1)  # room for names at the edges
        draw_legend(self.ax_, title=self.group_name)
        self._write_names(named)
        fit_ylabel(self.ax_)
        return self

    def _draw_group(self, number, chosen, label, joined):
        """The points of a group, and those of them that have a name."""
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
        if self.names is None:
            return series, []
        names = np.array(self.names, dtype=object)[chosen]
        return series, [
            Named(
                text=", ".join(dict.fromkeys(filter(None, names[places == place]))),
                x=counts[place],
                y=mean[place],
                spread=std[place],
                color=series[0].get_color(),
            )
            for place in np.flatnonzero(~np.isnan(mean))
        ]

    def _write_names(self, named):
        """Each name once: at the highest of the points of that name and size."""
        highest = {}
        for point in sorted(named, key=lambda point: point.y + point.spread):
            highest[point.text, point.x] = point
        points = [point for point in highest.values() if point.text]
        self._describe_names(points)
        written = write_names(self.ax_, points)
        if len(written) < len(points):  # to say so takes room again
            self._describe_names(points, len(points) - len(written))
            for text in written:
                text.remove()
            written = write_names(self.ax_, points)
            self._describe_names(points, len(points) - len(written))

    def _describe_names(self, points, n_left_out=0):
        notes = [f"names: {self.names_title}"] if points and self.names_title else []
        if n_left_out:
            notes += [f"no room for {n_left_out} of {len(points)} names"]
        if notes:
            width = max(characters_along(self.ax_), 24)
            note = textwrap.fill(f"({'; '.join(notes)})", width)
            self.ax_.set_xlabel(f"number of parameters\n{note}")

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
        names=None,
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
        names : list of str, default=None
            What to write beside the points: a name for each candidate, in the order of
            ``search.cv_results_["params"]``. None writes the values of the parameters in
            which the points differ. An empty list writes nothing.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`. Unless `joined` is among them, lines join the points
            of a group if their networks have an order: if they differ in one parameter
            alone, as 4-8, 8-16 and 32-64 do.

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
        places = sorted({*zip(groups.codes, sizes, strict=True)})
        places = [(code, size) for code, size in places if size]
        masks = [(groups.codes == code) & (sizes == size) for code, size in places]
        points, score_name = study.points(masks)
        scores = [[*point.scores, *[np.nan] * point.n_failed] for point in points]
        codes = [code for code, _ in places]
        texts, title, ordered = name_points(study.levels, masks, codes, by)
        if names is not None:
            title, texts = (
                None,
                given_names(names, study.n_candidates, study.kept, masks),
            )
        repeats = [len(each) for each in scores]
        return cls(
            n_params=_repeated([int(size) for _, size in places], repeats),
            scores=[score for each in scores for score in each],
            groups=_repeated([groups.labels[code] for code in codes], repeats)
            if by is not None
            else None,
            group_name=by,
            score_name=score_name,
            names=_repeated(texts, repeats) if any(texts) else None,
            names_title=title,
        ).plot(ax, **{"joined": by is not None and ordered} | kwargs)

    @classmethod
    def from_estimators(
        cls, estimators, X, y, *, by=None, labels=None, names=None, ax=None, **kwargs
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
            How the values of parameters are written, in the order in which the estimators
            have them first.
        names : list of str, default=None
            What to write beside the points: a name for each estimator. None writes the
            values of the parameters in which the points differ. An empty list writes
            nothing.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`. Lines are as for :meth:`from_search`.

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
        check_classifiers(estimators)
        params = [every_parameter(estimator) for estimator in estimators]
        if by is not None:
            check_among("by", by, list(params[0]))
        levels = _levels_of(params, labels or {})
        groups = np.zeros(len(params), int) if by is None else levels[by].codes
        order = np.argsort(groups, kind="stable")
        sizes = np.array([estimator.n_params_ for estimator in estimators])
        places = sorted({*zip(groups, sizes, strict=True)})
        masks = [(groups == code) & (sizes == size) for code, size in places]
        codes = [code for code, _ in places]
        texts, title, ordered = name_points(levels, masks, codes, by)
        if names is not None:
            everyone = np.arange(len(params))
            title, texts = None, given_names(names, len(params), everyone, masks)
        name_of = dict(zip(places, texts, strict=True))
        return cls(
            n_params=[int(sizes[i]) for i in order],
            scores=[estimators[i].score(X, y) for i in order],
            groups=None
            if by is None
            else [levels[by].labels[groups[i]] for i in order],
            group_name=by,
            score_name=_describe(levels, masks),
            names=[name_of[groups[i], sizes[i]] for i in order] if any(texts) else None,
            names_title=title,
        ).plot(ax, **{"joined": by is not None and ordered} | kwargs)


def _levels_of(params, labels):
    """The values of each parameter of some estimators."""
    for name in labels:
        check_among("labels", name, list(params[0]))
    return {
        name: find_levels([given.get(name) for given in params], labels.get(name))
        for name in params[0]
    }


def _repeated(values, repeats):
    return [value for value, n in zip(values, repeats, strict=True) for _ in range(n)]


def _describe(levels, places):
    """Accuracy, and what the error bars are if there are any."""
    counts = sorted({int(place.sum()) for place in places})
    if counts[-1] == 1:
        return "accuracy"
    differing = any(
        len(np.unique(each.codes[place])) > 1
        for name, each in levels.items()
        if not is_seed(name)
        for place in places
    )
    bars = "± std over all of one size" if differing else repetitions(counts, 1)
    return f"accuracy\n(mean {bars})"


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
