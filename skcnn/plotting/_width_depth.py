"""Accuracy by number of parameters."""

import textwrap
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skcnn._candidates import (
    count_if_possible,
    every_parameter,
    image_shape_and_classes,
    names_in,
)
from skcnn._given_classifiers import check_classifiers
from skcnn._repetitions import is_seed
from skcnn._value_labels import find_levels, single_level
from skcnn.plotting._drawing import (
    characters_along,
    draw_legend,
    draw_series,
    fit_ylabel,
    log_scale_of_counts,
    make_axes,
)
from skcnn.plotting._names import Named, Names, given_names, name_points, write_names
from skcnn.plotting._points import find_points, repetitions
from skcnn.plotting._study import Study, check_among


class WidthDepthDisplay:
    """Score by number of parameters of the network, on a logarithmic scale.

    Use :meth:`from_search` or :meth:`from_estimators` to make one from what was fitted.
    All scores of one group and one number of parameters make a point: their mean, with
    their standard deviation as error bar.

    Parameters
    ----------
    n_params : array-like of int of shape (n_fits,)
        Number of parameters of the network of each fit.
    scores : array-like of shape (n_fits,)
        Score of each fit: one for each fold or seed. NaN for a failed one.
    groups : list of str of length n_fits, default=None
        The series that each belongs to, drawn in order of appearance. None for a
        single one.
    group_name : str, default=None
        What the groups are, for the legend.
    score_name : str, default="accuracy"
        What the scores are.
    names : list of str of length n_fits, default=None
        What the network of each fit is called, written beside its point. A larger
        network is not always a deeper one, so a line alone may not show it.
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
        """Draw the points of each group.

        A cross at the foot of the axes stands for a failed fit.

        Each name stands where it is inside the frame and on no other name, as far as
        there is room. The label of the x axis tells how many are left out.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        joined : bool, default=None
            Whether lines join the points of a group. None joins them if there are
            groups. Without groups, neighbors may have little in common but their size.

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
        if joined is None:
            joined = self.groups is not None
        groups = [None] * len(self.scores) if self.groups is None else self.groups
        groups = np.array(groups, dtype=object)
        self.lines_, named = [], []
        for number, group in enumerate(dict.fromkeys(groups)):
            chosen = groups == group
            points = self._points(chosen)
            line = self._draw_group(number, points, group, joined)
            self.lines_.append(line)
            if self.names is not None:
                named += self._named(points, chosen, line[0].get_color())
        self._finish_axes(named)
        return self

    def _finish_axes(self, named):
        self.ax_.set(xlabel="number of parameters", ylabel=self.score_name)
        log_scale_of_counts(self.ax_)
        if named:
            self.ax_.margins(x=0.1, y=0.1)  # room for names at the edges
        draw_legend(self.ax_, title=self.group_name)
        self._write_names(named)
        fit_ylabel(self.ax_)

    def _points(self, chosen):
        """The points of a group: all fits of one size make one."""
        sizes = np.asarray(self.n_params, float)[chosen]
        counts, places = np.unique(sizes, return_inverse=True)
        scores = np.asarray(self.scores, float)[chosen]
        failed = np.isnan(scores)
        mean, std = np.full((2, len(counts)), np.nan)
        for place in range(len(counts)):
            good = scores[(places == place) & ~failed]
            if len(good):
                mean[place], std[place] = good.mean(), good.std()
        any_failed = np.bincount(places, failed) > 0
        return _Points(counts, places, mean, std, any_failed)

    def _draw_group(self, number, points, label, joined):
        return draw_series(
            self.ax_,
            number,
            points.counts,
            points.mean,
            points.std,
            points.any_failed,
            label,
            linestyle="-" if joined else "none",
        )

    def _named(self, points, chosen, color):
        """The points of a group with what their networks are called."""
        names = np.array(self.names, dtype=object)[chosen]
        named = []
        for place in np.flatnonzero(~np.isnan(points.mean)):
            here = filter(None, names[points.places == place])
            point = Named(
                text=", ".join(dict.fromkeys(here)),
                x=points.counts[place],
                y=points.mean[place],
                spread=points.std[place],
                color=color,
            )
            named.append(point)
        return named

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
        notes = []
        if points and self.names_title:
            notes.append(f"names: {self.names_title}")
        if n_left_out:
            notes.append(f"no room for {n_left_out} of {len(points)} names")
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
        """Draw the scores of a fitted search by the size of the candidates' networks.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
            Fitted, over the parameters of a :class:`~skcnn.ConvPoolClassifier`. Trials
            of a halving search count as for :meth:`GridSearchDisplay.from_search`.
        image_shape : tuple of int, default=None
            (height, width, channels) of the images. None takes it from the refitted
            best estimator.
        n_classes : int, default=None
            Number of classes. None takes it from the refitted best estimator.
        by : str, default=None
            Name of the parameter whose values make the groups.
        metric : str, default=None
            As for :meth:`GridSearchDisplay.from_search`.
        fixed : dict of str to object, default=None
            As for :meth:`GridSearchDisplay.from_search`.
        reduce : {"mean", "max"}, default="mean"
            As for :meth:`GridSearchDisplay.from_search`, for candidates of the same
            size and group.
        labels : dict of str to list of str, default=None
            As for :meth:`GridSearchDisplay.from_search`.
        names : list of str, default=None
            What to write beside the points: a name for each candidate, in the order of
            ``search.cv_results_["params"]``. None writes the values of the parameters
            in which the points differ. An empty list writes nothing.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`. Unless `joined` is among them, lines join the
            points of a group if their networks have an order: if they differ in one
            parameter alone, as 4-8, 8-16 and 32-64 do.

        Returns
        -------
        WidthDepthDisplay
            What was drawn.

        Raises
        ------
        NotFittedError
            If the search has no results.
        ValueError
            For a parameter, a value or a metric that the search does not have, or where
            images and classes are not known.

        Warns
        -----
        UserWarning
            If candidates are left out because their network is impossible, and so has
            no size.
        """
        study = Study(
            search,
            metric=metric,
            fixed=fixed,
            labels=labels,
            drawn=(by,),
        )
        groups = study.axis("by", by)
        sizes = _network_sizes(
            study.estimators(), image_shape_and_classes(search, image_shape, n_classes)
        )
        places = _places(groups.codes, sizes)
        chosen = [place.chosen for place in places]
        points, score_name = find_points(study, chosen, reduce)
        found = _names(study.levels, places, by)
        if names is not None:
            texts = given_names(names, study.n_candidates, study.kept, chosen)
            found = Names(texts, None, found.ordered)
        fits = []
        for place, point, text in zip(places, points, found.texts, strict=True):
            label = groups.labels[place.group]
            for score in [*point.scores, *[np.nan] * point.n_failed]:
                fits.append(_Fit(place.size, score, label, text))
        display = cls._of_fits(fits, by, score_name, found.title)
        return display.plot(ax, **{"joined": by is not None and found.ordered} | kwargs)

    @classmethod
    def from_estimators(
        cls, estimators, X, y, *, by=None, labels=None, names=None, ax=None, **kwargs
    ):
        """Draw the accuracy of fitted classifiers on given images.

        Parameters
        ----------
        estimators : sequence of ConvPoolClassifier
            Fitted. Those that differ only in `random_state` make one point, with the
            spread over seeds.
        X : array-like of shape (n, height, width, channels), (n, height, width) or \
(n, n_features)
            Images, in the units that fit saw.
        y : array-like of shape (n,)
            Their labels.
        by : str, default=None
            Name of the parameter whose values make the groups.
        labels : dict of str to list of str, default=None
            How the values of parameters are written, in the order in which the
            estimators have them first.
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
            If there is no classifier, if classifiers have no parameter `by`, or if
            there are not as many `labels` as it has values.
        """
        check_classifiers(estimators)
        params = [every_parameter(estimator) for estimator in estimators]
        levels = _levels_of(params, labels or {})
        groups = single_level(len(params))
        if by is not None:
            check_among("by", by, list(levels))
            groups = levels[by]
        sizes = np.array([estimator.n_params_ for estimator in estimators])
        places = _places(groups.codes, sizes)
        chosen = [place.chosen for place in places]
        found = _names(levels, places, by)
        if names is not None:
            everyone = np.arange(len(params))
            texts = given_names(names, len(params), everyone, chosen)
            found = Names(texts, None, found.ordered)
        where = [(place.group, place.size) for place in places]
        name_of = dict(zip(where, found.texts, strict=True))
        fits = []
        for row in np.argsort(groups.codes, kind="stable"):  # one series after another
            group, size = groups.codes[row], int(sizes[row])
            score = estimators[row].score(X, y)
            fits.append(_Fit(size, score, groups.labels[group], name_of[group, size]))
        display = cls._of_fits(fits, by, _describe(levels, chosen), found.title)
        return display.plot(ax, **{"joined": by is not None and found.ordered} | kwargs)

    @classmethod
    def _of_fits(cls, fits, by, score_name, names_title):
        """A display of fits in the order of their series."""
        groups, names = None, None
        if by is not None:
            groups = [fit.group for fit in fits]
        if any(fit.name for fit in fits):
            names = [fit.name for fit in fits]
        return cls(
            n_params=[fit.n_params for fit in fits],
            scores=[fit.score for fit in fits],
            groups=groups,
            group_name=by,
            score_name=score_name,
            names=names,
            names_title=names_title,
        )


class _Points(NamedTuple):
    """The points of one series, from small to large networks."""

    counts: np.ndarray
    places: np.ndarray  # the point of each fit
    mean: np.ndarray
    std: np.ndarray
    any_failed: np.ndarray


class _Fit(NamedTuple):
    """One score, and where it is drawn."""

    n_params: int
    score: float
    group: str
    name: str


class _Place(NamedTuple):
    """One point of one series, and which candidates belong there."""

    group: int
    size: int
    chosen: np.ndarray


def _places(groups, sizes):
    """The places that occur, one series after the other; a size of 0 is none."""
    places = []
    for group, size in sorted({*zip(groups, sizes, strict=True)}):
        if size:
            chosen = (groups == group) & (sizes == size)
            places.append(_Place(group, int(size), chosen))
    return places


def _names(levels, places, by):
    """What tells the points apart."""
    chosen = [place.chosen for place in places]
    return name_points(levels, chosen, [place.group for place in places], by)


def _levels_of(params, labels):
    """The values of each parameter of some estimators."""
    names = names_in(params)
    for name in labels:
        check_among("labels", name, names)
    levels = {}
    for name in names:
        values = [given.get(name) for given in params]
        levels[name] = find_levels(values, labels.get(name))
    return levels


def _describe(levels, places):
    """Accuracy, and what the error bars are if there are any."""
    counts = sorted({int(place.sum()) for place in places})
    if counts[-1] == 1:
        return "accuracy"
    bars = repetitions(counts, 1)
    for name, each in levels.items():
        differ = any(len(np.unique(each.codes[place])) > 1 for place in places)
        if differ and not is_seed(name):
            bars = "± std over all of one size"
    return f"accuracy\n(mean {bars})"


def _network_sizes(estimators, image_shape_and_classes):
    """Number of parameters of each network; 0 for an impossible one, with a warning."""
    if image_shape_and_classes is None:
        raise ValueError(
            "image_shape and n_classes must be given where best_estimator_ does not "
            "have them; got None."
        )
    sizes = []
    for estimator in estimators:
        sizes.append(count_if_possible(estimator, *image_shape_and_classes) or 0)
    n_impossible = sizes.count(0)
    if n_impossible:
        warnings.warn(
            f"{n_impossible} of {len(sizes)} candidates are left out: their network "
            "cannot be built.",
            stacklevel=3,
        )
    return np.array(sizes)
