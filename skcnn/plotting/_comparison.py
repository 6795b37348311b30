"""Which candidates of a search are indistinguishable from the best."""

import numpy as np

from skcnn._search_comparison import compare_candidates
from skcnn.plotting._drawing import check_count, draw_legend, fit_ylabel, make_axes

# What the table of a comparison has before the parameters.
_FIGURES = ("rank", "score", "difference", "low", "high", "p", "differs")


class ComparisonDisplay:
    """Differences between the candidates of a search and the best, with intervals.

    Use :meth:`from_search` to make one from a fitted search.

    Parameters
    ----------
    differences : ndarray of shape (n_candidates,)
        Score of each candidate less that of the best; best first.
    lows, highs : ndarray of shape (n_candidates,)
        Ends of the intervals; NaN for the best itself.
    differs : ndarray of bool of shape (n_candidates,)
        Whether a candidate differs from the best by more than chance.
    names : list of str of length n_candidates
        A name for each.
    names_title : str, default=None
        Of which parameters the names are.
    score_name : str, default="score"
        What the scores are.
    alpha : float, default=0.05
        How likely an interval may miss, all together.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    intervals_ : list of matplotlib ErrorbarContainer
        Those of candidates that are indistinguishable from the best, then those of the
        others, if there are any.

    See Also
    --------
    skcnn.compare_candidates : The same as a table, and what it cannot tell.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier
    >>> from skcnn.plotting import ComparisonDisplay
    >>> X, y = load_digits().images[:150] / 16, load_digits().target[:150]
    >>> clf = ConvPoolClassifier(dense_layers=[], random_state=0, epochs=1)
    >>> grid = {"conv_layers": [[(2, 3)], [(4, 3)], [(8, 3)]]}
    >>> search = GridSearchCV(clf, grid, cv=3, refit=False).fit(X, y)
    >>> display = ComparisonDisplay.from_search(search)
    >>> sorted(display.names), display.names_title
    (['2', '4', '8'], 'conv_layers')
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        differences,
        lows,
        highs,
        differs,
        names,
        names_title=None,
        score_name="score",
        alpha=0.05,
    ):
        self.differences = differences
        self.lows = lows
        self.highs = highs
        self.differs = differs
        self.names = names
        self.names_title = names_title
        self.score_name = score_name
        self.alpha = alpha

    def plot(self, ax=None, *, max_shown=25):
        """Draw a line for each candidate, best first.

        Candidates that are indistinguishable from the best are filled points, and the
        others are hollow. An interval that reaches over the dotted line at 0 belongs to
        a candidate that may be as good as the best.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        max_shown : int or None, default=25
            How many candidates to draw, from the best; None for all. The label along
            the axis says how many are left out.

        Returns
        -------
        ComparisonDisplay
            This display.

        Raises
        ------
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            If `max_shown` is not an integer of at least 1.
        """
        check_count("max_shown", max_shown)
        n_shown = min(max_shown or len(self.names), len(self.names))
        size = (6.4, float(np.clip(1.3 + 0.28 * n_shown, 2.2, 9)))
        [self.ax_] = make_axes(self, ax, figsize=size)
        self.figure_ = self.ax_.figure
        self.ax_.axvline(0, linestyle=":", color="0.4", linewidth=1)
        differs = np.asarray(self.differs, bool)[:n_shown]
        self.intervals_ = []
        styles = {
            "indistinguishable from the best": (~differs, "C0", "C0"),
            "worse by more than chance": (differs, "0.45", "white"),
        }
        for label, (which, color, face) in styles.items():
            if which.any():
                self.intervals_.append(self._draw(which, label, color, face))
        self._label(n_shown)
        return self

    def _draw(self, which, label, color, face):
        rows = np.flatnonzero(which)
        differences = np.asarray(self.differences, float)[rows]
        below = differences - np.asarray(self.lows, float)[rows]
        above = np.asarray(self.highs, float)[rows] - differences
        return self.ax_.errorbar(
            differences,
            rows,
            xerr=np.nan_to_num([below, above]),  # the best has no interval
            fmt="o",
            color=color,
            markerfacecolor=face,
            markersize=6,
            capsize=3,
            linewidth=1.3,
            label=label,
        )

    def _label(self, n_shown):
        self.ax_.set_yticks(range(n_shown), self.names[:n_shown])
        self.ax_.set_ylim(n_shown - 0.5, -0.5)  # the best on top
        self.ax_.set_ylabel(self.names_title)
        inside = f"{100 * (1 - self.alpha):g} % of all intervals together"
        text = f"difference in {self.score_name} to the best\n({inside}"
        n_left_out = len(self.names) - n_shown
        if n_left_out:
            text += f"; {n_left_out} more are left out"
        self.ax_.set_xlabel(f"{text})")
        draw_legend(self.ax_)
        fit_ylabel(self.ax_)

    @classmethod
    def from_search(
        cls, search, *, metric=None, alpha=0.05, names=None, ax=None, **kwargs
    ):
        """Compare the candidates of a fitted search, and draw what differs.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
            Fitted, with at least two folds.
        metric : str, default=None
            Which score, for a search that has several. None takes the only one, or that
            of `refit`.
        alpha : float, default=0.05
            How likely a false alarm may be, as for
            :func:`~skcnn.compare_candidates`.
        names : sequence of str, default=None
            A name for each candidate, by its place in ``cv_results_``. None takes the
            parameters in which they differ.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Handed on to :meth:`plot`.

        Returns
        -------
        ComparisonDisplay
            What was drawn. Candidates that failed are left out.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            With one fold or one candidate, or if an argument is not allowed.
        """
        table = compare_candidates(search, metric=metric, alpha=alpha)
        table = table[table["difference"].notna()]
        told = [name for name in table if name not in _FIGURES]
        n_candidates = len(search.cv_results_["params"])
        if names is not None and len(names) != n_candidates:
            raise ValueError(
                f"names must be {n_candidates}, one for each candidate of cv_results_; "
                f"got {len(names)}."
            )
        if names is None:
            shown = [_name(row) for row in table[told].to_numpy(object)]
        else:
            shown, told = [list(names)[place] for place in table.index], []
        display = cls(
            differences=table["difference"].to_numpy(),
            lows=table["low"].to_numpy(),
            highs=table["high"].to_numpy(),
            differs=table["differs"].to_numpy(),
            names=shown,
            names_title=", ".join(told) or None,
            score_name=table.attrs["score_name"],
            alpha=alpha,
        )
        return display.plot(ax, **kwargs)


def _name(values):
    """The values of a candidate in a few words."""
    texts = []
    for value in values:
        texts.append(f"{value:g}" if isinstance(value, float) else str(value))
    return ", ".join(texts)
