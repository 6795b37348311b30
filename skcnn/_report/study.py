"""What was given, asked and found: data, candidates, effects, sharing."""

import joblib
import numpy as np
from sklearn.utils.validation import column_or_1d

from skcnn._progress.jobs import networks_in, planned_jobs
from skcnn._repetitions import is_seed
from skcnn._report.pictures import draw
from skcnn._report.rerun import code_of, seeds, versions
from skcnn._report.subject import Missing
from skcnn._report.tables import Table, table_of
from skcnn._search import search_results
from skcnn._search_comparison import compare_candidates
from skcnn._value_labels import as_text
from skcnn.plotting import ComparisonDisplay, GridSearchDisplay, WidthDepthDisplay
from skcnn.plotting._drawing import displayable, fit_texts, lay_out, mosaic

_EXAMPLES = 8  # images of each class
_MOST_CLASSES = 20  # of which images are shown
_MOST_EFFECTS = 8
_MOST_CELLS = 12  # along each side of a heat map
_MOST_COMPARED = 15

# --------------------------------------------------------------------------------------
# Data


def data(subject):
    """The images: how many, of what kind, of which classes."""
    X, y = subject.given
    images = subject.pictures_of(X)
    facts = {
        "images": f"{len(images):,}",
        "size": " x ".join(map(str, images.shape[1:])),
        "type": str(images.dtype),
        "range": f"{images.min():g} to {images.max():g}",
        "fingerprint": joblib.hash([np.asarray(X), y])[:12],
    }
    picture = draw(
        "Some images of each class",
        lambda ax: _draw_examples(ax, subject, images, y),
        height=min(0.5 * min(len(np.unique(y)), _MOST_CLASSES) + 0.1, 8),
    )
    return {"facts": facts, "classes": _classes(subject, y), "picture": picture}


def _classes(subject, y):
    """How many images each class has."""
    columns, rows = ["class", "images"], []
    labels = np.unique(y).tolist()
    tested = None if subject.y_test is None else column_or_1d(subject.y_test)
    if tested is not None:
        columns.append("test images")
        also = np.unique(tested).tolist()
        labels += [label for label in also if label not in labels]
    for label in labels:
        counts = [int((y == label).sum())]
        if tested is not None:
            counts.append(int((tested == label).sum()))
        rows.append([subject.name(label), *[f"{count:,}" for count in counts]])
    return Table(columns, rows)


def _draw_examples(ax, subject, images, y):
    """A row of images for each class."""
    labels = np.unique(y).tolist()[:_MOST_CLASSES]
    chosen = [np.flatnonzero(y == label)[:_EXAMPLES] for label in labels]
    shown = displayable(images[np.concatenate(chosen)])
    tiles = np.full((len(labels), _EXAMPLES, *shown.shape[1:]), np.nan)
    start = 0
    for row, places in zip(tiles, chosen, strict=True):
        row[: len(places)] = shown[start : start + len(places)]
        start += len(places)
    ax.imshow(np.nan_to_num(mosaic(tiles), nan=1.0), cmap="gray", vmin=0, vmax=1)
    height = shown.shape[1]
    middles = (height - 1) / 2 + (height + 1) * np.arange(len(labels))
    ax.set_yticks(middles, [subject.name(label) for label in labels])
    ax.set(xticks=[], frame_on=False)
    ax.tick_params(length=0)
    lay_out(ax)
    room = ax.get_window_extent().height / len(labels)
    fit_texts(ax.get_yticklabels(), ax.figure.bbox.width / 3, room)


# --------------------------------------------------------------------------------------
# Candidates


def asked(subject):
    """What was searched over, and how."""
    results = subject.search.cv_results_
    rows = []
    for name, levels in subject.study.levels.items():
        rows.append([name, ", ".join(map(as_text, levels.values))])
    n_folds = subject.study.scores.shape[1]
    seconds = results["mean_fit_time"] * n_folds
    return {
        "kind": type(subject.search).__name__,
        "n_candidates": len(subject.study.kept),
        "n_folds": n_folds,
        "score": subject.study.score_name,
        "seconds": float(np.nansum(seconds)),
        "grid": Table(["parameter", "values"], rows),
    }


def candidates(subject):
    """The table of candidates, best first, without parameters that all share."""
    shape, n_classes = _shape_and_classes(subject)
    table = search_results(subject.search, shape, n_classes)
    shared = [
        name for name, levels in subject.study.levels.items() if len(levels.values) == 1
    ]
    return {"table": table_of(table.drop(columns=shared, errors="ignore"))}


def _shape_and_classes(subject):
    """For a search without best estimator; otherwise it knows them."""
    if hasattr(subject.search, "best_estimator_") or subject.X is None:
        return None, None
    images = subject.pictures_of(subject.X)
    return images.shape[1:], len(np.unique(subject.y))


def comparison(subject):
    """Which candidates differ from the best by more than chance."""
    table = compare_candidates(subject.search, metric=subject.metric)
    told = table.attrs
    n_shown = min(len(table), _MOST_COMPARED)

    def plot(ax):
        ComparisonDisplay.from_search(
            subject.search, metric=subject.metric, max_shown=_MOST_COMPARED, ax=ax
        )

    alt = "Difference of each candidate to the best, with its interval"
    return {
        "n_alike": int((~table["differs"]).sum()) - 1,
        "n_pairs": told["n_pairs"],
        "alpha": told["alpha"],
        "table": table_of(table, n_open=5),
        "pictures": [draw(alt, plot, height=1.5 + 0.25 * n_shown)],
    }


# --------------------------------------------------------------------------------------
# Effects


def effects(subject):
    """What each parameter does to the score, with the others averaged."""
    names = [
        name
        for name, levels in subject.study.levels.items()
        if len(levels.values) > 1 and not is_seed(name)
    ]
    # Only the better candidates get more of what a halving search gives.
    names = [name for name in names if name != subject.study.resource]
    if not names:
        raise Missing("All candidates have the same parameters.")
    rows, pictures, spreads = [], [], {}
    for name in names[:_MOST_EFFECTS]:
        display, picture = _effect(subject, name)
        means = np.nanmean(display.scores[0], axis=1)
        best, worst = np.nanargmax(means), np.nanargmin(means)
        spreads[name] = means[best] - means[worst]
        labels = display.x_labels
        rows.append([name, labels[best], labels[worst], f"{spreads[name]:.4f}"])
        pictures.append(picture)
    rows.sort(key=lambda row: -spreads[row[0]])
    table = Table(["parameter", "best value", "worst value", "difference"], rows)
    pictures += _two_together(subject, spreads) + _sizes(subject)
    return {"table": table, "pictures": pictures}


def _effect(subject, name):
    drawn = []

    def plot(ax):
        drawn.append(
            GridSearchDisplay.from_search(
                subject.search, name, metric=subject.metric, ax=ax
            )
        )

    picture = draw(f"Score by {name}", plot, height=3.2)
    return drawn[0], picture


def _two_together(subject, spreads):
    """A heat map of the two parameters that matter most."""
    small = [
        name
        for name in sorted(spreads, key=spreads.get, reverse=True)
        if len(subject.study.levels[name].values) <= _MOST_CELLS
    ]
    if len(small) < 2:
        return []
    x, y = small[:2]

    def plot(ax):
        GridSearchDisplay.from_search(
            subject.search, x, y, metric=subject.metric, ax=ax
        )

    return [draw(f"Score by {x} and {y}", plot, height=3.6)]


def _sizes(subject):
    """Score by number of parameters, if sizes differ and are known."""
    if subject.X is None and not hasattr(subject.search, "best_estimator_"):
        return []
    drawn = []

    def plot(ax):
        known = _shape_and_classes(subject)
        display = WidthDepthDisplay.from_search(
            subject.search, *known, metric=subject.metric, ax=ax
        )
        drawn.append(len(set(display.n_params)))

    picture = draw("Score by number of parameters", plot, height=3.4)
    return [picture] if drawn[0] > 1 else []


# --------------------------------------------------------------------------------------
# Sharing, and doing it again


def sharing(subject):
    """What was saved because fits that differ only in epochs are one training."""
    search = subject.search
    if not networks_in(search.estimator):
        raise Missing("The search has no ConvPoolClassifier.")
    # The size of images decides nothing here.
    jobs = planned_jobs(search.estimator, search.cv_results_["params"], (8, 8, 1), 1)
    longest, asked_for = {}, 0
    for number, (job, n_images) in enumerate(
        zip(jobs, _images_of(search), strict=True)
    ):
        if job is not None:
            run = (job.run, n_images) if job.run else number
            longest[run] = max(longest.get(run, 0), job.epochs)
            asked_for += job.epochs
    n_folds, trained = subject.study.scores.shape[1], sum(longest.values())
    return {
        "asked": n_folds * asked_for,
        "trained": n_folds * trained,
        "saved": n_folds * (asked_for - trained),
        "share": 1 - trained / asked_for,
        "unshared": any(job is not None and not job.run for job in jobs),
    }


def _images_of(search):
    """On how many images each candidate was tried, where a halving search varies it."""
    results = search.cv_results_
    if getattr(search, "resource", None) == "n_samples":
        return results["n_resources"]
    return [None] * len(results["params"])


def again(subject):
    """Code, seeds and versions."""
    found = seeds(subject.search)
    return {
        "code": code_of(subject.search, subject.fit_params),
        "seeds": Table(["seed", "value"], _pairs(found), n_open=100),
        "unseeded": [name for name, value in found.items() if value == "None"],
        "versions": Table(["what", "version"], _pairs(versions()), n_open=100),
    }


def _pairs(found):
    return [list(pair) for pair in found.items()]
