"""Displays as images inside a page."""

import base64
import io
from dataclasses import dataclass

# Inches. On a phone a picture of this width is as wide as the page, and legible.
WIDTH = 4.6
_DPI = 170


@dataclass(frozen=True)
class Picture:
    """An image for a page.

    Attributes
    ----------
    source : str
        The image itself, as a data URI.
    alt : str
        What it shows, in words.
    width, height : int
        CSS pixels.
    """

    source: str
    alt: str
    width: int
    height: int


def draw(alt, plot, height, *, n_rows=1, n_columns=1):
    """Draw on a new figure, which no window shows.

    Parameters
    ----------
    alt : str
        What the picture shows, in words.
    plot : callable
        Gets the axes: one, or an array of them.
    height : float
        Inches.
    n_rows, n_columns : int, default=1
        Of axes.

    Returns
    -------
    Picture
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # Names of classes may have dollars, which are no formulas.
    with rc_context({"font.size": 9, "text.parse_math": False}):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        plot(figure.subplots(n_rows, n_columns))
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=_DPI)
    encoded = base64.b64encode(image.getvalue()).decode("ascii")
    source = f"data:image/png;base64,{encoded}"
    return Picture(source, alt, round(96 * WIDTH), round(96 * height))
