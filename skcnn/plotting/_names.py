"""Names beside points: inside the frame, and none on another."""

from dataclasses import dataclass

import numpy as np

from skcnn.plotting._drawing import lay_out

_GAP = 4  # points of typography between a name and what it belongs to

# Where a name may stand, best first: offset as a multiple of the gap, alignment, and
# which end of the error bar it is measured from.
_PLACES = (
    ((0, 1), "center", "bottom", "top"),
    ((0, 1), "right", "bottom", "top"),
    ((0, 1), "left", "bottom", "top"),
    ((0, -1), "center", "top", "foot"),
    ((2, 0), "left", "center", "middle"),
    ((-2, 0), "right", "center", "middle"),
    ((0, -1), "right", "top", "foot"),
    ((0, -1), "left", "top", "foot"),
)


@dataclass
class Named:
    """A point with a name: its place, and how far its error bar reaches up and down."""

    text: str
    x: float
    y: float
    spread: float
    color: str

    def anchor(self, end):
        reach = {"top": self.spread, "foot": -self.spread, "middle": 0.0}[end]
        return self.x, self.y + reach


def write_names(ax, points):
    """Write each name where it fits.

    Parameters
    ----------
    ax : matplotlib Axes
        With all that is to be drawn there, for names keep clear of it.
    points : list of Named

    Returns
    -------
    list of matplotlib Annotation
        Fewer than points where some find no room.
    """
    lay_out(ax)
    frame = ax.get_window_extent()
    taken = [_box_of(ax, point) for point in points]
    if ax.get_legend():
        taken.append(ax.get_legend().get_window_extent())
    written = []
    for point in sorted(points, key=lambda point: -point.y):
        text = _find_room(ax, point, frame, taken)
        if text is not None:
            written.append(text)
            taken.append(text.get_window_extent())
    return written


def _box_of(ax, point):
    """The pixels that a point and its error bar cover."""
    from matplotlib.transforms import Bbox

    ends = ax.transData.transform([point.anchor("foot"), point.anchor("top")])
    return Bbox(ends + np.array([[-3, -3], [3, 3]]))


def _find_room(ax, point, frame, taken):
    """Write a name at the first place that is free; None if there is none."""
    from matplotlib.patheffects import withStroke

    # A line may run through a name.
    halo = [withStroke(linewidth=2, foreground=ax.get_facecolor())]
    style = {"color": point.color, "fontsize": "small", "path_effects": halo}
    for offset, ha, va, end in _PLACES:
        text = ax.annotate(
            point.text,
            point.anchor(end),
            np.multiply(offset, _GAP),
            textcoords="offset points",
            ha=ha,
            va=va,
            **style,
        )
        box = text.get_window_extent()
        inside = frame.contains(*box.min) and frame.contains(*box.max)
        if inside and not any(box.overlaps(other) for other in taken):
            return text
        text.remove()
    return None
