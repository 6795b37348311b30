"""Axes, series and texts, as all displays draw them."""

from itertools import pairwise
from numbers import Integral

import numpy as np

from skcnn._value_labels import is_number

_MARKERS = "osD^vPX*<"

# --------------------------------------------------------------------------------------
# Axes


def make_axes(display, ax, n_axes=1, *, n_columns=1, figsize=None):
    """The given axes, checked, or those of a new figure, as a flat array."""
    if ax is None:
        return _new_axes(display, n_axes, n_columns, figsize)
    axes = np.ravel(np.asarray(ax, dtype=object))
    for each in axes:
        if not hasattr(each, "imshow"):
            raise TypeError(
                f"ax must be matplotlib Axes or a sequence of them; got {each!r}."
            )
    if len(axes) != n_axes:
        raise ValueError(f"ax must be {n_axes} matplotlib Axes; got {len(axes)}.")
    return axes


def _new_axes(display, n_axes, n_columns, figsize):
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib. "
            "Run: pip install matplotlib"
        ) from error
    n_rows = rows_for(n_axes, n_columns)
    _, axes = plt.subplots(
        n_rows, n_columns, figsize=figsize, layout="constrained", squeeze=False
    )
    for spare in axes.flat[n_axes:]:
        spare.remove()
    return axes.ravel()[:n_axes]


def rows_for(n_parts, n_columns):
    """How many rows hold so many parts; the last one need not be full."""
    return int(np.ceil(n_parts / n_columns))


def x_positions(ax, values, labels):
    """Where values stand along x, with their labels on the axis.

    Numbers stand where they belong, on a logarithmic scale if they spread widely. Other
    values stand side by side.
    """
    if not all(map(is_number, values)):
        positions = np.arange(len(values))
        _label_ticks(ax, positions, labels)
        return positions
    positions = np.array(values, float)
    if _spread_widely(positions):
        ax.set_xscale("log")
    # Many numbers are left to the axis, which chooses round ones. A label that is no
    # number says more than the axis would.
    only_numbers = all(map(_is_number_of, labels, values))
    if not only_numbers or len(positions) <= 8:
        _label_ticks(ax, positions, labels)
    return positions


def _is_number_of(label, value):
    """Whether a label is the number that it stands for, to five figures."""
    try:
        return np.isclose(float(label), value, rtol=1e-5, atol=0)
    except ValueError:
        return False


def _spread_widely(positions):
    gaps = np.diff(positions)
    return len(gaps) > 1 and positions[0] > 0 and gaps.max() > 5 * gaps.min()


def _label_ticks(ax, positions, labels):
    ax.set_xticks(positions, labels)
    ax.minorticks_off()


def log_scale_of_counts(ax):
    """A logarithmic x axis that writes 20k for 20,000. Call it when all is drawn."""
    from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter

    ax.set_xscale("log")
    low, high = ax.get_xlim()
    locator = LogLocator(subs=(1, 2, 5))
    if high < 3 * low:
        # Matplotlib would fill so narrow a range with numbers, whatever the room.
        locator = MaxNLocator(4, steps=(1, 2, 5, 10))
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.xaxis.set_minor_formatter(NullFormatter())


# --------------------------------------------------------------------------------------
# Series


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
    mean, std = known.mean(axis=-1), known.std(axis=-1)
    return np.ma.filled(mean, np.nan), np.ma.filled(std, np.nan)


def draw_series(ax, number, x, mean, std, failed, label, **kwargs):
    """One line with error bars.

    It has a gap where all fits failed, and a cross at the foot of the axes wherever
    one failed.
    """
    style = series_style(number) | kwargs
    x = np.asarray(x, float)
    # NaN without a failure is a place where nothing was tried: no gap there.
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
        _draw_crosses(ax, number, x[failed], style["color"])
    return line


def _draw_crosses(ax, number, x, color):
    # Those of the next series stand higher, or they would hide each other.
    height = 0.03 + 0.025 * number
    known = ax.get_legend_handles_labels()[1]
    ax.plot(
        x,
        np.full(len(x), height),
        "x",
        color=color,
        transform=ax.get_xaxis_transform(),
        label=None if "failed" in known else "failed",
    )


def draw_legend(ax, title=None, beside=False):
    """A legend, if there is anything to tell.

    A long one stands beside the axes, if the figure's layout makes room for it.
    """
    handles, labels = ax.get_legend_handles_labels()
    entries = list(zip(handles, labels, strict=True))
    if not entries:
        return
    entries.sort(key=lambda entry: entry[1] == "failed")  # the crosses come last
    has_layout = ax.figure.get_layout_engine() is not None
    place = {"loc": "best"}
    if has_layout and (beside or len(entries) > 4):
        place = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    handles, labels = zip(*entries, strict=True)
    ax.legend(
        handles, labels, title=title, fontsize="small", title_fontsize="small", **place
    )


# --------------------------------------------------------------------------------------
# Texts that fit


def lay_out(ax):
    """Let layout happen now, so that what is on the axes can be measured."""
    ax.figure.canvas.figure.draw_without_rendering()


def slant_if_crowded(ax):
    """Slant the labels along x if they touch, and leave out those that still would."""
    lay_out(ax)
    labels = ax.get_xticklabels()
    boxes = [label.get_window_extent() for label in labels]
    if not any(_touch(left, right) for left, right in pairwise(boxes)):
        return
    # Slanted labels are as far apart as the middles of their boxes.
    gaps = [_between_middles(left, right) for left, right in pairwise(boxes)]
    height = max(box.height for box in boxes)
    step = int(np.ceil(1.5 * height / max(min(gaps), 1)))
    for number, label in enumerate(labels):
        visible = number % step == 0
        label.set(
            rotation=45,
            ha="right",
            rotation_mode="anchor",
            visible=visible,
        )
    lay_out(ax)


def _touch(left, right):
    return right.x0 - left.x1 < 0.5 * left.height


def _between_middles(left, right):
    return (right.x0 + right.x1 - left.x0 - left.x1) / 2


def fit_texts(texts, width, height):
    """Make texts smaller, all alike, until they fit in so many pixels.

    What would be too small to read is left out.
    """
    boxes = [(text, text.get_window_extent()) for text in texts if text.get_text()]
    margin = 0.9
    scale = 1
    for _, box in boxes:
        scale = min(scale, margin * min(width / box.width, height / box.height))
    for text, _ in boxes:
        text.set_fontsize(text.get_fontsize() * scale)
        text.set_visible(text.get_fontsize() >= 4.5)


def fit_titles(axes):
    """Make titles smaller, all alike, until each fits over its axes.

    Lines that would have to be too small are cut.
    """
    lay_out(axes[0])
    widths = []
    for each in axes:
        share = each.get_position(original=True).width
        widths.append(share * each.figure.bbox.width)
    titles = [each.title for each in axes]
    for title in titles:
        least = 5 * title.figure.dpi / 72  # pixels of the smallest font to read
        n_characters = int(min(widths) / (0.6 * least))
        lines = title.get_text().split("\n")
        title.set_text("\n".join(cut(line, n_characters) for line in lines))
    fit_texts(titles, min(widths), np.inf)


def cut(text, n_characters):
    """A text without its middle, if it is longer than so many characters."""
    if len(text) <= n_characters:
        return text
    n_first = max(n_characters // 2, 1)
    n_last = max(n_characters - n_first - 1, 1)
    return f"{text[:n_first]}…{text[-n_last:]}"


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
    # How bright the three look to the eye.
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    if brightness < 0.46:
        return "white"
    return "black"


# --------------------------------------------------------------------------------------
# A part of many


def check_count(name, number):
    """Refuse what is no number of things to draw; None leaves the choice to us."""
    if number is None:
        return
    if not isinstance(number, Integral) or number < 1:
        raise ValueError(
            f"{name} must be None or an integer of at least 1; got {number!r}."
        )


def largest(sizes, number):
    """Places of the largest of some sizes, in their order."""
    return np.sort(np.argsort(-sizes, kind="stable")[:number])


# --------------------------------------------------------------------------------------
# Images


def mosaic(tiles):
    """One image of tiles (rows, columns, height, width, ...), with gaps of NaN."""
    gap_before = [(0, 0), (0, 0), (1, 0), (1, 0)] + [(0, 0)] * (tiles.ndim - 4)
    tiles = np.pad(tiles, gap_before, constant_values=np.nan)
    n_rows, n_columns, height, width, *colors = tiles.shape
    rows = np.moveaxis(tiles, 1, 2)
    image = rows.reshape(n_rows * height, n_columns * width, *colors)
    return image[1:, 1:]  # no gap before the first


def displayable(images):
    """Images from 0 to 1, gray or RGB, all on the same scale."""
    pixels = np.asarray(images)
    # Booleans and small integers cannot hold their differences.
    images = pixels.astype(float)
    low, high = 0, 255
    if pixels.dtype != np.uint8:
        low, high = images.min(initial=0), images.max(initial=1)
    scaled = (images - low) / (high - low)
    if images.shape[-1] == 3:
        return scaled
    return scaled.mean(axis=-1)
