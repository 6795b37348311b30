"""Loss and accuracy by epoch."""

from skcnn._candidates import every_parameter, names_in
from skcnn._given_classifiers import check_classifier, check_classifiers
from skcnn._value_labels import find_levels
from skcnn.plotting._drawing import draw_legend, make_axes, series_style


class LearningCurvesDisplay:
    """Loss and accuracy by epoch, of one run or several.

    Use :meth:`from_estimator` or :meth:`from_estimators` to make one from fitted
    classifiers.

    Parameters
    ----------
    histories : list of dict of str to list of float
        The `history_` of each run. Curves of validation are those whose name begins
        with ``val_``.
    names : list of str, default=None
        A name for each run; None for a single run that needs none.
    names_title : str, default=None
        What the names are, for the legend.
    best_iters : list of int or None, default=None
        The epoch, from 1, whose network each run kept, where early stopping chose one;
        None for no such run.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each metric.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : dict of str to list of matplotlib Line2D
        The curves by their name in `history_`, in the order of the runs; None for a run
        that has no such curve.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skcnn.plotting import LearningCurvesDisplay
    >>> narrow = {"loss": [2.1, 1.2, 0.8], "accuracy": [0.3, 0.6, 0.7]}
    >>> wide = {"loss": [1.7, 0.7, 0.4], "accuracy": [0.4, 0.8, 0.9]}
    >>> display = LearningCurvesDisplay(
    ...     histories=[narrow, wide], names=["narrow", "wide"]
    ... ).plot()
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
        """Draw the curves: training solid, validation dashed in the same color.

        A dotted line stands where early stopping found a run best.

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
        ImportError
            Without matplotlib.
        TypeError
            If `ax` is something else.
        ValueError
            For a metric that a run has not, for no metric, or a wrong number of axes.
        """
        self._check(metrics)
        size = (1.4 + 3.1 * len(metrics), 3.0)
        self.axes_ = make_axes(
            self, ax, len(metrics), n_columns=len(metrics), figsize=size
        )
        self.figure_ = self.axes_[0].figure
        self.lines_ = {}
        for axes, metric in zip(self.axes_, metrics, strict=True):
            in_validation = f"val_{metric}"
            style = {"linestyle": "-"}
            if metric.startswith("val_"):
                style = {"linestyle": "--", "markerfacecolor": "none"}
            self.lines_[metric] = self._draw(axes, metric, **style)
            self.lines_[in_validation] = self._draw(
                axes, in_validation, linestyle="--", markerfacecolor="none"
            )
            self._mark_best(axes)
            axes.set(xlabel="epoch", ylabel=metric)
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        self._draw_legend(self.axes_[-1])
        return self

    def _mark_best(self, ax):
        for number, best_iter in enumerate(self.best_iters or []):
            if best_iter is not None:
                color = series_style(number)["color"]
                ax.axvline(
                    best_iter,
                    linestyle=":",
                    linewidth=1,
                    color=color,
                )

    def _check(self, metrics):
        if isinstance(metrics, str) or not len(metrics):
            raise ValueError(
                f"metrics must be a sequence of names, at least one; got {metrics!r}."
            )
        if self.names is not None and len(self.names) != len(self.histories):
            raise ValueError(
                f"names must be {len(self.histories)}, one for each run; "
                f"got {self.names!r}."
            )
        if not all(self.histories):
            raise ValueError(
                "histories must have at least one epoch each; got one without. "
                "`initialize` trains none: call fit or partial_fit."
            )
        for metric in metrics:
            for history in self.histories:
                if metric not in history:
                    raise ValueError(
                        f"metrics must be among {list(history)}, which each history_ "
                        f"has; got {metric!r}."
                    )

    def _draw(self, ax, column, **kwargs):
        """A curve of each run that has such a column."""
        lines = []
        for number, history in enumerate(self.histories):
            values = history.get(column)
            if values is None:
                lines.append(None)
                continue
            epochs = range(1, len(values) + 1)
            about_ten = max(1, len(values) // 10)
            style = series_style(number) | kwargs
            lines += ax.plot(epochs, values, markevery=about_ten, **style)
        return lines

    def _draw_legend(self, ax):
        for number, name in enumerate(self.names or []):
            ax.plot([], [], label=name, **series_style(number))
        columns = {name for history in self.histories for name in history}
        if any(name.startswith("val_") for name in columns):
            ax.plot([], [], "-", color="0.3", label="training")
            ax.plot([], [], "--", color="0.3", label="validation")
        if any(self.best_iters or []):
            ax.plot(
                [],
                [],
                ":",
                color="0.3",
                linewidth=1,
                label="best epoch",
            )
        draw_legend(ax, self.names_title, beside=True)

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

        Raises
        ------
        NotFittedError
            Before fit.

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
        check_classifier(estimator)
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

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            If there is no classifier, or if there are not as many names as classifiers.
        """
        check_classifiers(estimators)
        curves, title = _curves(estimators), None
        if names is None:
            names, title = _differences(estimators)
        return cls(**curves, names=list(names), names_title=title).plot(ax, **kwargs)


def _curves(estimators):
    """What fitted estimators know of their training."""
    histories, best_iters = [], []
    for each in estimators:
        # A copy, for the estimator may be trained on.
        history = {name: list(values) for name, values in each.history_.items()}
        histories.append(history)
        best_iters.append(getattr(each, "best_iter_", None))
    return {"histories": histories, "best_iters": best_iters}


def _differences(estimators):
    """A name for each estimator, and of which parameters the names are.

    A name has the values of the parameters in which the estimators differ.
    """
    params = [every_parameter(estimator) for estimator in estimators]
    differing = {}
    for name in names_in(params):
        levels = find_levels([given.get(name) for given in params])
        if len(levels.values) > 1:
            differing[name] = levels
    names = []
    for row in range(len(params)):
        values = [each.labels[each.codes[row]] for each in differing.values()]
        names.append(", ".join(values))
    if len(set(names)) < len(names):  # some differ in nothing
        return [str(number) for number in range(1, len(names) + 1)], "run"
    return names, ", ".join(differing)
