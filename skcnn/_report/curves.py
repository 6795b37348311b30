"""How the networks of a search learned: curves by epoch, and what each cost."""

from skcnn._histories import search_histories
from skcnn._repetitions import is_seed
from skcnn._report.pictures import draw
from skcnn._report.subject import Missing
from skcnn._report.tables import Table
from skcnn.plotting import LearningCurvesDisplay

_MOST_CURVES = 6


def curves(subject):
    """Loss and accuracy by epoch, of the refitted network and of candidates."""
    network = subject.classifier
    best = draw(
        "Loss and accuracy by epoch of the best network, trained on all images",
        lambda ax: LearningCurvesDisplay.from_estimator(network, ax=ax),
        height=4.6,
        n_rows=2,
    )
    facts = {"pictures": [best], "n_epochs": network.n_iter_}
    try:
        return facts | _of_candidates(subject, best)
    except (Missing, TypeError, ValueError) as error:
        return facts | {"missing_candidates": str(error)}


def _of_candidates(subject, best):
    """Curves of candidates, and what each takes by itself."""
    X, y = subject.given
    table = search_histories(subject.search, X, y, **subject.fit_params)
    groups = _longest(subject, table)
    histories = {name: _mean_history(rows) for name, rows in groups.items()}
    title = ", ".join(_told_by(subject))

    def plot(axes):
        display = LearningCurvesDisplay(
            histories=list(histories.values()),
            names=list(histories),
            names_title=title,
        )
        display.plot(axes)
        _legend_below(axes[-1])

    alt = "Loss and accuracy by epoch of the best candidates, means over the splits"
    rows = []
    for name, each in groups.items():
        cost = f"{each['time'].sum():.1f} s"
        rows.append([name, str(len(histories[name]["loss"])), cost])
    picture = draw(alt, plot, height=5.4, n_rows=2)
    costs = Table([title, "epochs", "time of all splits by itself"], rows)
    return {"pictures": [best, picture], "costs": costs}


def _told_by(subject):
    """The parameters that tell networks apart, whatever the epochs and the seed."""
    names = [
        name for name, levels in subject.study.levels.items() if len(levels.values) > 1
    ]
    told = [name for name in names if not is_seed(name)]
    return [name for name in told if name.rpartition("__")[2] != "epochs"]


def _longest(subject, table):
    """Of each network the rows of its longest candidate, the best networks first."""
    told_by, ranks = _told_by(subject), subject.study.scores.mean(axis=1)
    if not told_by:
        raise Missing("All candidates are one network, whose curves these are.")
    place_of = {row: place for place, row in enumerate(subject.study.kept)}
    found = {}
    for candidate, rows in table.groupby("candidate"):
        name = ", ".join(str(rows[each].iloc[0]) for each in told_by)
        score = ranks[place_of[candidate]] if candidate in place_of else -1
        best, longest = found.get(name, (score, rows))
        longest = max(longest, rows, key=lambda each: each["epoch"].max())
        found[name] = max(best, score), longest
    order = sorted(found, key=lambda name: -found[name][0])[:_MOST_CURVES]
    return {name: found[name][1] for name in order}


def _mean_history(rows):
    """The mean over splits, epoch by epoch."""
    means = rows.groupby("epoch").mean(numeric_only=True)
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return {name: means[name].tolist() for name in names if name in means}


def _legend_below(ax):
    """Move the legend, which would take a third of the width beside the curves."""
    handles, labels = ax.get_legend_handles_labels()
    title = ax.get_legend().get_title().get_text()
    ax.get_legend().remove()
    ax.figure.legend(
        handles,
        labels,
        title=title,
        loc="outside lower center",
        ncols=2,
        fontsize="small",
        title_fontsize="small",
    )
