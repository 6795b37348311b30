"""Scores of a search by one or two of its parameters."""

import textwrap

import numpy as np

from skcnn._value_labels import is_ordered
from skcnn.plotting._drawing import (
    draw_legend,
    draw_series,
    fit_texts,
    fit_ylabel,
    make_axes,
    mean_and_std,
    readable_on,
    slant_if_crowded,
    x_positions,
)
from skcnn.plotting._points import find_points
from skcnn.plotting._study import Study


class GridSearchDisplay:
    """Scores of a search by one or two of its parameters, as a heat map or as lines.

    Use :meth:`from_search` to make one from a fitted search.

    Parameters
    ----------
    scores : ndarray of shape (n_y, n_x, n_scores)
        Single scores: one for each fold, and for each seed that was tried. NaN for
        those that are missing: where a fit failed, or nothing was tried, or fewer seeds
        were.
    x_name : str
        Name of the parameter along the x axis.
    x_values : list of length n_x
        Its values.
    x_labels : list of str of length n_x
        How its values are written.
    y_name : str, default=None
        Name of the other parameter: rows of a heat map, or one line for each value.
        None for a single line.
    y_values : list of length n_y, default=None
        Its values.
    y_labels : list of str of length n_y, default=None
        How its values are written.
    n_failed : ndarray of int of shape (n_y, n_x), default=None
        Number of candidates at each point that failed; they are not part of `scores`.
        None for no failure.
    score_name : str, default="score"
        What the scores are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    im_ : matplotlib AxesImage or None
        The heat map of the mean scores.
    texts_ : ndarray of matplotlib Text of shape (n_y, n_x) or None
        What is written in its cells.
    lines_ : list of matplotlib ErrorbarContainer or None
        The lines, each the mean and the standard deviation of the scores.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import GridSearchDisplay
    >>> X, y = load_digits().images[:150] / 16, load_digits().target[:150]
    >>> clf = ConvPoolClassifier(dense_layers=[], random_state=0)
    >>> widths = [[(4, 3)], [(8, 3)]]
    >>> grid = {"conv_layers": widths, "dropout": [0, 0.25], "epochs": [1, 2]}
    >>> search = GridSearchCV(clf, grid, cv=2).fit(X, y)
    >>> display = GridSearchDisplay.from_search(
    ...     search, x="conv_layers", y="dropout", fixed={"epochs": 2}
    ... )
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

        A heat map has the mean score in each cell, with the standard deviation below it
        as far as there is room. Lines have it as error bars; it is that of all
        `scores`, ``numpy.std``. Where every candidate failed, a cell is hatched and
        says so; lines have a cross at the foot of the axes wherever one failed.

        A line joins points only where the values along x have an order: numbers, or
        sequences of the same length that grow.

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
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            For another `kind`, or a wrong number of axes.
        """
        if kind not in (None, "heatmap", "lines"):
            raise ValueError(f"kind must be 'heatmap', 'lines' or None; got {kind!r}.")
        if kind is None:
            kind = "lines" if self.y_name is None else "heatmap"
        self.im_ = self.texts_ = self.lines_ = None
        if kind == "lines":
            self._start(ax, figsize=None)
            self._draw_lines()
            self._finish_axes()
        else:
            self._start(ax, figsize=self._map_size())
            self._draw_map(cmap, colorbar)
            self._finish_axes()
            if self.im_.colorbar:
                fit_ylabel(self.im_.colorbar.ax)
            # The last thing, because the size of cells depends on all that is around.
            self._write_cells()
        return self

    def _start(self, ax, figsize):
        [self.ax_] = make_axes(self, ax, figsize=figsize)
        self.figure_ = self.ax_.figure

    def _finish_axes(self):
        self.ax_.set_xlabel(self.x_name)
        slant_if_crowded(self.ax_)
        fit_ylabel(self.ax_)

    def _map_size(self):
        """Inches that give each cell room for its numbers, within reason."""
        n_rows, n_columns = self.scores.shape[:2]
        width = np.clip(2.2 + 0.75 * n_columns, 4.8, 16)
        height = np.clip(1.2 + 0.5 * n_rows, 3, 12)
        return width, height

    def _failed(self):
        if self.n_failed is None:
            return np.zeros(self.scores.shape[:2], int)
        return self.n_failed

    def _draw_lines(self):
        positions = x_positions(self.ax_, self.x_values, self.x_labels)
        labels = [None] if self.y_name is None else self.y_labels
        # Without lines, error bars would hide each other.
        linestyle, apart = "none", min(0.12, 0.6 / len(labels))
        if is_ordered(self.x_values):
            linestyle, apart = "-", 0
        middle = (len(labels) - 1) / 2
        self.lines_ = []
        rows = zip(self.scores, self._failed(), labels, strict=True)
        for number, (scores, failed, label) in enumerate(rows):
            mean, std = mean_and_std(scores)
            line = draw_series(
                self.ax_,
                number,
                positions + apart * (number - middle),
                mean,
                std,
                failed > 0,
                label,
                linestyle=linestyle,
            )
            self.lines_.append(line)
        self.ax_.set_ylabel(self.score_name)
        draw_legend(self.ax_, title=self.y_name)

    def _draw_map(self, cmap, colorbar):
        mean, _ = mean_and_std(self.scores)
        self.im_ = self.ax_.imshow(mean, cmap=cmap, aspect="auto")
        self.ax_.set_xticks(range(len(self.x_labels)), self.x_labels)
        labels = [textwrap.fill(label, 24) for label in self.y_labels or [""]]
        self.ax_.set_yticks(range(len(self.scores)), labels)
        self.ax_.set_ylabel(self.y_name)
        if colorbar:
            self.figure_.colorbar(self.im_, ax=self.ax_, label=self.score_name)

    def _write_cells(self):
        mean, std = mean_and_std(self.scores)
        n_failed = self._failed()
        self.texts_ = np.empty(mean.shape, dtype=object)
        for row, column in np.ndindex(mean.shape):
            cell = row, column
            if n_failed[cell] and np.isnan(mean[cell]):
                self._hatch(row, column)
            self.texts_[cell] = self.ax_.text(
                column,
                row,
                _cell_text(mean[cell], std[cell], n_failed[cell]),
                color=self._text_color(mean[cell]),
                ha="center",
                va="center",
            )
        box = self.ax_.get_window_extent()
        width, height = box.width / mean.shape[1], box.height / mean.shape[0]
        fit_texts(self.texts_.flat, width, height)
        fit_texts(self.ax_.get_yticklabels(), np.inf, height)

    def _hatch(self, row, column):
        x = np.array([-0.5, 0.5, 0.5, -0.5]) + column
        y = np.array([-0.5, -0.5, 0.5, 0.5]) + row
        self.ax_.fill(
            x,
            y,
            facecolor="0.9",
            edgecolor="0.7",
            hatch="///",
            linewidth=0,
        )

    def _text_color(self, mean):
        if np.isnan(mean):
            return "black"
        return readable_on(self.im_.cmap(self.im_.norm(mean)))

    @classmethod
    def from_search(
        cls,
        search,
        x,
        y=None,
        *,
        metric=None,
        fixed=None,
        reduce="mean",
        labels=None,
        ax=None,
        **kwargs,
    ):
        """Draw the scores of a fitted search by one or two of its parameters.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
            Fitted: what has `cv_results_`. Of a candidate that a halving search tried
            again, the last trial counts. This holds even if its `resource` is a
            parameter, unless that is drawn or fixed.
        x : str
            Name of the parameter along the x axis.
        y : str, default=None
            Name of another parameter.
        metric : str, default=None
            Which score, for a search that has several. None takes the only one, or that
            of `refit`.
        fixed : dict of str to object, default=None
            Values of other parameters: only candidates that have them are drawn.
        reduce : {"mean", "max"}, default="mean"
            What to take of the candidates that differ in yet other parameters: their
            mean, or the scores of the best of them. Seeds are not among these:
            candidates that differ only in a `random_state` are repetitions of one
            candidate.

            The mean is taken in each repetition, that is in each fold, and with each
            seed; the error bar is the deviation between these. Where candidates were
            tried with different numbers of seeds, it is the deviation of all scores.
            The label of the axis, or of the color bar, says which.
        labels : dict of str to list of str, default=None
            How values are written, by parameter, in the order in which the search has
            them first: the order of the grid. None writes
            ``[(4, 5, 2, 2), (8, 3, 2, 2)]`` as "4-8", for the filters, and adds what
            else differs.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        GridSearchDisplay
            What was drawn. Values are sorted: numbers, then sequences from short to
            long, then the rest, then None.

        Raises
        ------
        NotFittedError
            If the search has no results.
        ValueError
            For a parameter, a value or a metric that the search does not have.
        """
        study = Study(
            search,
            metric=metric,
            fixed=fixed,
            labels=labels,
            drawn=(x, y),
        )
        columns, rows = study.axis("x", x), study.axis("y", y)
        shape = len(rows.values), len(columns.values)
        cells = []
        for row, column in np.ndindex(shape):
            cells.append((rows.codes == row) & (columns.codes == column))
        points, score_name = find_points(study, cells, reduce)
        display = cls(
            scores=_side_by_side(points).reshape(*shape, -1),
            x_name=x,
            x_values=columns.values,
            x_labels=columns.labels,
            **_of_y(y, rows),
            n_failed=np.reshape([point.n_failed for point in points], shape),
            score_name=score_name,
        )
        return display.plot(ax, **kwargs)


def _of_y(name, levels):
    """What the display knows of the other parameter, if there is one."""
    if name is None:
        return {}
    return {"y_name": name, "y_values": levels.values, "y_labels": levels.labels}


def _side_by_side(points):
    """The scores of each point in a row, which NaN fills up."""
    longest = max(len(point.scores) for point in points)
    scores = np.full((len(points), longest), np.nan)
    for row, point in zip(scores, points, strict=True):
        row[: len(point.scores)] = point.scores
    return scores


def _cell_text(mean, std, n_failed):
    """Mean and deviation, if anything succeeded, and what failed."""
    if np.isnan(mean):
        return "failed" if n_failed else ""
    text = f"{mean:.3f}\n±{std:.3f}"
    if n_failed:
        text += f"\n{n_failed} failed"
    return text
