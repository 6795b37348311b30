"""Names of points: what tells them apart, and where it is written."""

from dataclasses import dataclass

import numpy as np

from skcnn._architecture import ARCHITECTURE_PARAMETERS
from skcnn._repetitions import is_seed
from skcnn._value_labels import is_ordered
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


# --------------------------------------------------------------------------------------
# What they are called


@dataclass(frozen=True)
class Names:
    """What tells the points of a picture apart.

    Attributes
    ----------
    texts : list of str
        One for each point; empty for nothing.
    title : str or None
        Of which parameters they are.
    ordered : bool
        Whether the points of each series have an order, so that a line may join them.
    """

    texts: list
    title: str | None
    ordered: bool


def name_points(levels, places, groups, by):
    """Find what tells the points apart.

    Parameters
    ----------
    levels : dict of str to Levels
        Of each parameter.
    places : list of ndarray of bool
        Who belongs to each point.
    groups : list of int
        The series of each point.
    by : str or None
        The parameter that makes the series, which the legend tells.

    Returns
    -------
    Names
    """
    told = _told_apart_by(levels, places)
    told.pop(by, None)
    told = _designs_if_any(told)
    texts = []
    for point in range(len(places)):
        parts = [_as_name(levels[name], codes[point]) for name, codes in told.items()]
        texts.append(", ".join(parts))
    ordered = True
    for group in set(groups):
        points = [point for point, each in enumerate(groups) if each == group]
        if not _is_ordered_series(levels, told, points):
            ordered = False
    return Names(texts, ", ".join(told), ordered)


def _told_apart_by(levels, places):
    """The parameters, but for seeds, that tell points apart; the codes of each."""
    told = {}
    for name, each in levels.items():
        codes = [np.unique(each.codes[place]) for place in places]
        if not is_seed(name) and _tells_apart(codes):
            told[name] = codes
    return told


def _tells_apart(codes):
    """Whether points differ in a parameter; the codes are those that each point has."""
    single = sum(len(some) == 1 for some in codes)
    different = {tuple(some) for some in codes}
    # What differs within most points has been averaged there.
    return len(different) > 1 and 2 * single > len(codes)


def _designs_if_any(told):
    """Only what describes networks, if any of it does."""
    designs = {}
    for name, codes in told.items():
        if name.rpartition("__")[2] in ARCHITECTURE_PARAMETERS:
            designs[name] = codes
    return designs or told


def _as_name(levels, codes):
    return "/".join(levels.labels[code] for code in codes)


def _is_ordered_series(levels, told, points):
    """Whether points, from small to large networks, differ in one growing parameter."""
    differing = []
    for name, codes in told.items():
        if len({tuple(codes[point]) for point in points}) > 1:
            differing.append(name)
    if len(differing) != 1:
        return not differing
    [name] = differing
    values = [levels[name].values[told[name][point][0]] for point in points]
    return is_ordered(values)


def given_names(names, n_candidates, kept, places):
    """The names that were given for the candidates of each point.

    Parameters
    ----------
    names : list of str
        One for each candidate, or empty for none.
    n_candidates : int
    kept : ndarray of int
        Which of the candidates are drawn.
    places : list of ndarray of bool
        Who of these belongs to each point.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If there are not as many names as candidates.
    """
    names = list(names)
    if not names:
        return [""] * len(places)
    if len(names) != n_candidates:
        raise ValueError(
            f"names must be {n_candidates}, one for each candidate; got {names!r}."
        )
    texts = []
    for place in places:
        different = dict.fromkeys(names[candidate] for candidate in kept[place])
        texts.append(", ".join(different))
    return texts
