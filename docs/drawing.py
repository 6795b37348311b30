"""Write the drawing of the home page again: python docs/drawing.py

Four small SVGs that a page lays out side by side, or below each other on a phone. Their
colors are variables of the theme, so the drawing is light or dark with the page.
"""

from pathlib import Path

TARGET = Path(__file__).parent / "_static" / "home.html"
DIGITS = {  # four rows of four pixels
    "0": "0110 1001 1001 0110",
    "1": "0100 1100 0100 1110",
    "2": "1110 0001 0110 1111",
    "3": "1110 0110 0001 1110",
    "4": "1001 1001 1111 0001",
    "5": "1111 1110 0001 1110",
    "7": "1111 0001 0010 0100",
    "8": "0110 0110 1001 0110",
    "9": "0111 1001 0111 0001",
}
DROPPED = (2, 5)  # of the eight units in the drawing
SCORES = {"4-8": (54, 70, 78), "8-16": (68, 83, 88), "16-32": (81, 90, 93)}
EPOCHS = (4, 8, 15)


def text(x, y, words, kind="", anchor="middle", style=""):
    style = style and f' style="{style}"'
    kind = kind and f' class="{kind}"'
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{kind}{style}>{words}</text>'


def square(x, y, width, kind, height=None, more=""):
    height = height or width
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    return f'<rect {place} class="{kind}"{more}/>'


def line(path, more=""):
    return f'<path class="line" d="{path}"{more}/>'


def panel(name, width, height, title, parts):
    # Panels in a row get the same scale: their share of the row is their width.
    size = f"flex: {width} 1 {width * 4 // 5}px; max-width: {width * 5 // 4}px"
    box = f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}"'
    head = f'<svg {box} style="{size}"><title id="{name}">{title}</title>'
    return "\n".join([head, *parts, "</svg>"])


def images():
    yield text(125, 18, "your images")
    for i, rows in enumerate(DIGITS.values()):
        x, y = 53 + i % 3 * 50, 32 + i // 3 * 50
        yield square(x, y, 44, "map")
        for row, pixels in enumerate(rows.split()):
            for column, pixel in enumerate(pixels):
                if pixel == "1":
                    yield square(x + 6 + 8 * column, y + 6 + 8 * row, 8, "kept")
    yield text(125, 204, "X", "name")
    yield text(125, 222, "n x height x width x channels")


def network():
    yield text(165, 18, "a network made of parameters")
    for x, y, size, n_maps in ((12, 62, 50, 5), (110, 62, 34, 8)):
        for i in range(n_maps):
            yield square(x + 6 * i, y + 6 * i, size, "map")
    for x in (90, 192):
        yield line(f"M {x} 110 h 14 m -5 -4 l 5 4 l -5 4")
    for i in range(8):
        kind = "saved" if i in DROPPED else "kept"
        yield f'<circle cx="222" cy="{62 + 14 * i}" r="5" class="{kind}"/>'
        for j in range(0 if i in DROPPED else 4):
            path = f"M 228 {62 + 14 * i} L 283 {84 + 18 * j}"
            yield line(path, ' stroke-opacity="0.25"')
    for j in range(4):
        yield f'<circle cx="290" cy="{84 + 18 * j}" r="6" class="map"/>'
    yield text(98, 44, "conv_layers", "name")
    yield line("M 14 52 h 170")
    yield text(50, 192, "width")
    yield text(150, 192, "depth")
    yield text(222, 44, "dropout", "name")
    yield text(268, 192, "dense_layers", "name")
    yield text(165, 222, "each of them can be searched")


def heat_map():
    yield text(150, 18, "a search, and its answer")
    for row, (filters, scores) in enumerate(SCORES.items()):
        yield text(68, 59 + 44 * row, filters, anchor="end")
        for column, score in enumerate(scores):
            x, y, share = 76 + 60 * column, 34 + 44 * row, (score - 50) / 45
            yield square(x, y, 56, "kept", 40, f' fill-opacity="{share:.2f}"')
            style = "fill: var(--pst-color-background)" if share > 0.55 else ""
            yield text(x + 28, y + 25, f"0.{score}", style=style)
    yield square(195, 121, 58, "best", 42)
    for column, epochs in enumerate(EPOCHS):
        yield text(104 + 60 * column, 182, epochs)
    yield text(164, 200, "epochs", "name")
    yield text(40, 182, "filters", "name")
    yield text(150, 222, "accuracy in cross-validation")


def strip():
    for row, epochs in enumerate((3, 5, 10)):
        yield text(86, 16 + 22 * row, f"epochs={epochs}", "name", "end")
        for i in range(epochs):
            kind = "kept" if epochs == 10 else "saved"
            yield square(96 + 20 * i, 3 + 22 * row, 17, kind)
    yield text(220, 27, "18 epochs asked, 10 trained", anchor="start")
    yield text(96, 86, "dashed: part of the longest run, bit for bit", anchor="start")


def main():
    panels = [
        panel("d1", 250, 230, "Nine small images of digits", images()),
        panel(
            "d2",
            330,
            230,
            "A network of two blocks and a dense layer. conv_layers has the width and "
            "the depth; dropout and dense_layers are parameters too.",
            network(),
        ),
        panel(
            "d3",
            280,
            230,
            "A heat map of accuracy by filters and epochs, with the best cell framed",
            heat_map(),
        ),
        panel(
            "d4",
            420,
            92,
            "Runs of 3, 5 and 10 epochs. 18 epochs are asked for and 10 are trained, "
            "since the shorter runs are the beginning of the longest.",
            strip(),
        ),
    ]
    rows = [panels[:3], panels[3:]]
    rows = ["\n".join(['<div class="drawing">', *row, "</div>"]) for row in rows]
    drawing = "\n".join(rows)
    TARGET.write_text(drawing + "\n")


if __name__ == "__main__":
    main()
