"""Axes, series and texts, as all displays draw them."""

from itertools import pairwise
from numbers import Real

import numpy as np

from skcnn._value_labels import short_labels

_MARKERS = "osD^vPX*<"


def make_axes(display, ax, n_axes=1, *, n_columns=1, figsize=None):
    """The given axes, checked, or those of a new figure, as a flat array."""
    if ax is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                f'{type(display).__name__}.plot needs matplotlib, which pip install "skcnn[plot]" brings.'
            ) from error
        n_rows = -(-n_axes // n_columns)
        _, ax = plt.subplots(
            n_rows, n_columns, figsize=figsize, layout="constrained", squeeze=False
        )
        for spare in ax.flat[n_axes:]:
            spare.remove()
        return ax.ravel()[:n_axes]
    axes = np.ravel(np.asarray(ax, dtype=object))
    for each in axes:
        if not hasattr(each, "imshow"):
            raise TypeError(
                f"ax must be matplotlib Axes or a sequence of them; got {each!r}."
            )
    if len(axes) != n_axes:
        raise ValueError(f"ax must be {n_axes} matplotlib Axes; got {len(axes)}.")
    return axes


def series_style(number):
    """Color and marker of a series: no two of the first 90 agree in both."""
    return {
        "color": f"C{number % 10}",
        "marker": _MARKERS[number % len(_MARKERS)],
        "markersize": 5,
    }


def mean_and_std(scores):
    """Over the last axis, without what is missing there; NaN where all is."""
    known = np.ma.array(scores, dtype=float, mask=np.isnan(scores))
    return tuple(
        np.ma.filled(each, np.nan) for each in (known.mean(axis=-1), known.std(axis=-1))
    )


def draw_series(ax, number, x, mean, std, failed, label, **kwargs):
    """One line with error bars, with a gap where all fits failed, and crosses at the foot of the axes where any did."""
    style = series_style(number) | kwargs
    x = np.asarray(x, float)
    tried = ~np.isnan(mean) | failed
    line = ax.errorbar(
        x[tried],
        mean[tried],
        yerr=std[tried],
        label=label,
        capsize=2,
        elinewidth=1,
        **style,
    )
    if failed.any():
        foot = np.full(failed.sum(), 0.03 + 0.025 * number)
        label = None if "failed" in ax.get_legend_handles_labels()[1] else "failed"
        ax.plot(
            x[failed],
            foot,
            "x",
            color=style["color"],
            transform=ax.get_xaxis_transform(),
            label=label,
        )
    return line


def draw_legend(ax, title=None, beside=False):
    """A legend, if there is anything to tell; a long one beside the axes, if the figure's layout makes room for it."""
    entries = sorted(
        zip(*ax.get_legend_handles_labels(), strict=True),
        key=lambda entry: entry[1] == "failed",
    )
    if not entries:
        return
    beside = (beside or len(entries) > 4) and ax.figure.get_layout_engine() is not None
    place = (
        {"loc": "upper left", "bbox_to_anchor": (1, 1)} if beside else {"loc": "best"}
    )
    ax.legend(
        *zip(*entries, strict=True),
        title=title,
        fontsize="small",
        title_fontsize="small",
        **place,
    )


def x_positions(ax, values, labels):
    """Numbers stand where they belong, on a logarithmic scale if they spread widely; other values side by side."""
    numeric = all(
        isinstance(value, Real) and not isinstance(value, bool) for value in values
    )
    positions = np.array(values, float) if numeric else np.arange(len(values))
    gaps = np.diff(positions)
    if numeric and len(gaps) > 1 and positions[0] > 0 and gaps.max() > 5 * gaps.min():
        ax.set_xscale("log")
    named = short_labels(values) != list(labels)
    if not numeric or named or len(positions) <= 8:
        ax.set_xticks(positions, labels)
        ax.minorticks_off()
    return positions


def log_scale_of_counts(ax):
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.xaxis.set_minor_formatter(NullFormatter())


def lay_out(ax):
    """Let layout happen now, so that what is on the axes can be measured."""
    ax.figure.canvas.figure.draw_without_rendering()


def slant_if_crowded(ax):
    """Slant the labels along x if they touch, and leave some out if they would even then."""
    lay_out(ax)
    labels = ax.get_xticklabels()
    boxes = [label.get_window_extent() for label in labels]
    if not any(
        right.x0 - left.x1 < 0.5 * left.height for left, right in pairwise(boxes)
    ):
        return
    gap = (
        min(right.x0 + right.x1 - left.x0 - left.x1 for left, right in pairwise(boxes))
        / 2
    )
    step = int(np.ceil(1.5 * max(box.height for box in boxes) / max(gap, 1)))
    for number, label in enumerate(labels):
        label.set(
            rotation=45, ha="right", rotation_mode="anchor", visible=number % step == 0
        )
    lay_out(ax)


def fit_texts(texts, width, height):
    """Make texts smaller, all alike, until they fit in so many pixels; leave out what would be too small to read."""
    boxes = [(text, text.get_window_extent()) for text in texts if text.get_text()]
    margin = 0.9
    scale = min(
        [1, *(margin * min(width / box.width, height / box.height) for _, box in boxes)]
    )
    for text, _ in boxes:
        text.set_fontsize(text.get_fontsize() * scale)
        text.set_visible(text.get_fontsize() >= 4.5)


def fit_titles(axes):
    """Make titles smaller, all alike, until each fits over its axes."""
    lay_out(axes[0])
    widths = [
        each.get_position(original=True).width * each.figure.bbox.width for each in axes
    ]
    fit_texts([each.title for each in axes], min(widths), np.inf)


def fit_ylabel(ax):
    """Keep the label along y inside the figure: move it, or write it smaller."""
    lay_out(ax)
    label, frame = ax.yaxis.label, ax.figure.bbox
    margin = 0.97
    height = label.get_window_extent().height
    if height > margin * frame.height:
        label.set_fontsize(label.get_fontsize() * margin * frame.height / height)
    box = label.get_window_extent()
    outside = max(frame.y0 - box.y0, 0) - max(box.y1 - frame.y1, 0)
    if outside:
        _, y = label.get_position()
        label.set_y(y + 1.1 * outside / ax.get_window_extent().height)


def characters_along(ax):
    """About how many characters of a label along x are as wide as the axes."""
    size = ax.xaxis.label.get_fontsize() * ax.figure.dpi / 72  # in pixels
    return int(ax.get_window_extent().width / (0.55 * size))


def readable_on(color):
    """Black or white, whichever stands out."""
    red, green, blue, _ = color
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.46 else "black"


def mosaic(tiles):
    """One image of tiles (rows, columns, height, width, ...), with gaps of one pixel of NaN."""
    gap_before = [(0, 0), (0, 0), (1, 0), (1, 0)] + [(0, 0)] * (tiles.ndim - 4)
    tiles = np.pad(tiles, gap_before, constant_values=np.nan)
    n_rows, n_columns, height, width, *colors = tiles.shape
    return np.moveaxis(tiles, 1, 2).reshape(
        n_rows * height, n_columns * width, *colors
    )[1:, 1:]


def displayable(images):
    """Images from 0 to 1, gray or RGB, all on the same scale."""
    pixels = np.asarray(images)
    images = pixels.astype(
        float
    )  # what booleans and small integers cannot hold are their differences
    low, high = (
        (0, 255)
        if pixels.dtype == np.uint8
        else (images.min(initial=0), images.max(initial=1))
    )
    scaled = (images - low) / (high - low)
    return scaled if images.shape[-1] == 3 else scaled.mean(axis=-1)
