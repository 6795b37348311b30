"""Draw each parameter of a network again: python docs/network_drawings.py

The guide's page on networks shows them. Sizes and numbers come from the plan of each
network, so a drawing cannot say what the package does not do.
"""

from math import exp, tanh
from pathlib import Path

from drawing import line, panel, square, text

from skcnn._architecture import Architecture

FOLDER = Path(__file__).parent / "_static" / "networks"
COLUMN, LANE = 74, 104  # from layer to layer, and from branch to branch
MOST_SHOWN = 12  # maps of a layer, and units
MAPS = {"input", "conv", "max_pool", "avg_pool", "dropout", "batch_norm", "concat"}


def design(conv_layers, side=16, **parameters):
    """A network with one convolution in each block and no dropout, unless told."""
    plain = {"convs_per_block": 1, "dropout": 0, "dense_layers": []}
    return Architecture.from_parameters(
        (side, side, 1), 10, conv_layers=conv_layers, **plain | parameters
    )


# --------------------------------------------------------------------------------------
# A network, layer by layer


def network(name, code, architecture, changed=(), shown=MAPS, words=""):
    """The layers of a network in a row; those of a kind in `changed` are filled.

    Parameters
    ----------
    name : str
        Of the picture, for its title.
    code : str
        The parameter as it is written.
    architecture : Architecture
    changed, shown : set of str
        Kinds of layers; a kernel size, such as "5x5", stands for its convolutions.
    words : str
        What is said below.
    """
    layers = [layer for layer in architecture.layers if layer.kind in shown]
    columns, lanes = _places(layers)
    lowest = min(lanes.values())
    width = COLUMN * (max(columns.values()) + 1) + 14
    height = LANE * (max(lanes.values()) - lowest + 1) + (50 if words else 30)
    parts = [text(width / 2, 18, code, "name")]
    for layer in layers:
        x = COLUMN * columns[layer.name] + 14
        y = LANE * (lanes[layer.name] - lowest) + 32
        parts += _layer(layer, x, y, changed)
        for other in layer.inputs:
            if other in lanes:
                y_other = LANE * (lanes[other] - lowest) + 32
                x_other = COLUMN * columns[other] + 14
                parts.append(_arrow(x_other, y_other, x, y))
    parts.append(text(width / 2, height - 8, words))
    told = " to ".join(dict.fromkeys(map(_operation, layers)))
    return panel(name, width, height, f"A network with {code}: {told}. {words}", parts)


def _places(layers):
    """The column and the lane of each layer; branches lie in lanes of their own."""
    columns, lanes = {}, {}
    for layer in layers:
        inputs = [name for name in layer.inputs if name in columns]
        columns[layer.name] = max((columns[name] + 1 for name in inputs), default=0)
        readers = [each for each in layers if set(each.inputs) & set(inputs)]
        lane = sum(lanes[name] for name in inputs) / len(inputs) if inputs else 0
        place = [each.name for each in readers].index(layer.name) if readers else 0
        lanes[layer.name] = lane + place - max(len(readers) - 1, 0) / 2
    return columns, lanes


def _operation(layer):
    if layer.name == "output":
        return "output"
    size = layer.settings.get("kernel_size") or layer.settings.get("pool_size")
    window = f" {size[0]}x{size[1]}" if size else ""
    words = {"max_pool": "pool", "avg_pool": "pool", "batch_norm": "norm"}
    words |= {"input": "image", "concat": "join", "global_avg": "means"}
    return words.get(layer.kind, layer.kind) + window


def _layer(layer, x, y, changed):
    is_changed = {layer.kind, _operation(layer).rpartition(" ")[2]} & set(changed)
    kind = "kept" if is_changed else "map"
    yield text(x + 27, y + 8, _operation(layer))
    if len(layer.output_shape) == 1:
        yield from _units(layer.output_shape[0], x + 27, y + 16, kind)
        yield text(x + 27, y + 92, layer.output_shape[0])
        return
    side, n_maps = 6 + 2 * layer.output_shape[0], layer.output_shape[2]
    n_shown = min(n_maps, MOST_SHOWN)
    step = min(4, (54 - side) / max(n_shown - 1, 1))
    for i in range(n_shown):
        yield square(x + step * i, y + 16 + step * i, side, kind)
    if layer.kind == "dropout":
        yield from _dropped(
            x + step * (n_shown - 1), y + 16 + step * (n_shown - 1), side
        )
    shape = "x".join(map(str, layer.output_shape))
    yield text(x + 27, y + 92, shape)


def _dropped(x, y, side):
    """A map of which some values are missing."""
    cell = side / 4
    for place in (1, 6, 11, 12):
        left, top = x + cell * (place % 4), y + cell * (place // 4)
        yield square(round(left, 1), round(top, 1), round(cell, 1), "hole")


def _units(n, x, y, kind):
    """Units one below the other, not more than fit."""
    n_shown = min(n, MOST_SHOWN)
    for i in range(n_shown):
        yield f'<circle cx="{x}" cy="{y + 3 + 5.4 * i:.1f}" r="2.5" class="{kind}"/>'


def _arrow(x_from, y_from, x, y):
    start, end = f"{x_from + 57} {y_from + 42}", f"{x - 4} {y + 42}"
    return line(f"M {start} L {end}", ' stroke-opacity="0.5"')


# --------------------------------------------------------------------------------------
# Windows on an image


def windows(name, code, sides, places, words, side=8):
    """An image of pixels, and a window at some places: (row, column) of its corner."""
    height, width = sides
    parts = [text(106, 18, code, "name")]
    for i in range(side * side):
        parts.append(square(50 + 14 * (i % side), 32 + 14 * (i // side), 14, "map"))
    for i, (row, column) in enumerate(places):
        x, y = 50 + 14 * column, 32 + 14 * row
        more = f' fill-opacity="{0.75 - 0.3 * i:.2f}"'
        parts.append(square(x, y, 14 * width, "kept", 14 * height, more))
    parts.append(text(106, 164, words))
    return panel(name, 212, 172, f"{code}: {words}", parts)


def kernel(name, code, kernel_size):
    block = design([(4, kernel_size)]).blocks[0]
    sides = block.kernel_size
    sides = sides if isinstance(sides, tuple) else (sides, sides)
    n = sides[0] * sides[1]
    words = f"{sides[0]} high, {sides[1]} wide: {n} weights"
    return windows(name, code, sides, [(1, 1)], words)


def pool(name, code, **pooling):
    """The first two windows, and how large the map is behind them."""
    layer = design([{"filters": 1, **pooling}], side=8).layers[2]
    size, stride = layer.settings["pool_size"], layer.settings["strides"]
    after = layer.output_shape[0]
    words = f"8x8 becomes {after}x{after}"
    return windows(name, code, size, [(0, 0), (0, stride[1])], words)


def pooled_values(name, pooling):
    """What a pool makes of four values."""
    values = (1, 3, 5, 7)
    result = max(values) if pooling == "max" else sum(values) // len(values)
    parts = [text(90, 18, f'pooling="{pooling}"', "name")]
    for i, value in enumerate(values):
        x, y = 20 + 36 * (i % 2), 36 + 36 * (i // 2)
        parts += [square(x, y, 36, "map"), text(x + 18, y + 23, value)]
    parts.append(line("M 98 72 h 22 m -5 -4 l 5 4 l -5 4"))
    style = "fill: var(--pst-color-background)"
    parts += [square(126, 54, 36, "kept"), text(144, 77, result, style=style)]
    title = f'pooling="{pooling}" makes {result} of 1, 3, 5 and 7'
    return panel(name, 180, 120, title, parts)


# --------------------------------------------------------------------------------------
# Curves and bars

NORMS = (1.2, 2.6, 1.7, 3.1, 2.2)  # of the weights of five filters, before a step ends


def norms(name, code, words, change, limit=None):
    """The norms of some filters, and what a parameter makes of them."""
    parts = [text(100, 18, code, "name")]
    for i, norm in enumerate(NORMS):
        x = 34 + 28 * i
        parts += _bar(x, norm, "saved") + _bar(x, change(norm), "kept")
    if limit:
        parts.append(line(f"M 26 {130 - 30 * limit} h 148"))
    parts.append(text(100, 152, words))
    return panel(name, 200, 160, f"{code}: {words}", parts)


def _bar(x, norm, kind):
    height = round(30 * norm)
    return [square(x, 130 - height, 20, kind, height)]


def activation(name, function, values):
    """The curve of an activation from -3 to 3."""
    inputs = [x / 4 for x in range(-12, 13)]
    points = [f"{85 + 20 * x:.0f} {100 - 22 * values(x):.1f}" for x in inputs]
    parts = [
        text(85, 18, f'activation="{function}"', "name"),
        line("M 25 100 h 120 M 85 32 v 94", ' stroke-opacity="0.35"'),
        f'<path class="curve" d="M {" L ".join(points)}"/>',
    ]
    return panel(name, 170, 130, f"The curve of {function} from -3 to 3", parts)


# --------------------------------------------------------------------------------------
# All drawings


def drawings():
    """From the name of a drawing to its panels."""
    return {**_of_blocks(), **_of_windows(), **_of_branches(), **_of_the_rest()}


def _of_blocks():
    return {
        "width": [
            network(f"width{n}", f"conv_layers=[({n}, 3)]", design([(n, 3)]), {"conv"})
            for n in (4, 8)
        ],
        "depth": [
            network(f"depth{n}", f"conv_layers=[(4, 3)] * {n}", design([(4, 3)] * n))
            for n in (1, 2)
        ],
        "convs_per_block": [
            network(
                f"convs{n}",
                f"convs_per_block={n}",
                design([(4, 3)], convs_per_block=n),
                {"conv"},
            )
            for n in (1, 2)
        ],
        "batch_norm": [
            network(
                f"norm{answer}",
                f"batch_norm={answer}",
                design([(4, 3)], batch_norm=answer),
                {"batch_norm"},
            )
            for answer in (False, True)
        ],
    }


def _of_windows():
    return {
        "kernel_size": [
            kernel("kernel3", "kernel_size=3", 3),
            kernel("kernel5", "kernel_size=5", 5),
            kernel("kernel35", "kernel_size=(3, 5)", (3, 5)),
        ],
        "pool_size": [
            pool("pool2", "pool_size=2", pool_size=2),
            pool("pool4", "pool_size=4", pool_size=4),
            pool("pool32", "pool_size=3, pool_stride=2", pool_size=3, pool_stride=2),
        ],
        "pooling": [pooled_values(f"pooling_{each}", each) for each in ("max", "avg")],
        "padding": [
            network(
                f"padding_{each}",
                f'padding="{each}"',
                design([(4, 5)], padding=each),
                {"conv"},
            )
            for each in ("same", "valid")
        ],
    }


def _of_branches():
    three = ((1, 1), (3, 3), (5, 5))
    return {
        "parallel_kernels": [
            network(
                "kernels_side_by_side",
                "kernel_size=((1, 1), (3, 3), (5, 5))",
                design([(4, three)]),
                {"conv"},
            )
        ],
        "n_branches": [
            network("two_branches", "n_branches=2", design([(4, 3)], n_branches=2))
        ],
    }


def _of_the_rest():
    shown = MAPS | {"flatten", "global_avg", "dense"}
    ends = {"conv", "max_pool", "flatten", "global_avg", "dense", "dropout"}
    drawings = {}
    drawings["head"] = [
        _with_size(f"head_{each}", f'head="{each}"', ends, {each}, head=each)
        for each in ("flatten", "global_avg")
    ]
    drawings["dense_layers"] = [
        _with_size(
            f"dense{len(each)}",
            f"dense_layers={list(each)}",
            {"flatten", "dense"},
            {"dense"},
            dense_layers=list(each),
        )
        for each in ((), (8,), (8, 4))
    ]
    drawings["only_dense"] = [
        network("only_dense", "conv_layers=()", design([], side=8), (), shown)
    ]
    drawings["dropout"] = [
        network(
            "dropout",
            "dropout=0.25, dense_layers=[8], dense_dropout=0.5",
            design([(4, 3)], dropout=0.25, dense_layers=[8], dense_dropout=0.5),
            {"dropout"},
            ends,
        )
    ]
    drawings["max_norm"] = [
        norms("limit", "max_norm=2", "longer than 2 becomes 2", lambda n: min(n, 2), 2),
        norms("pull", "kernel_regularizer=1e-4", "all are pulled to 0", _pulled),
    ]
    drawings["activation"] = [
        activation("relu", "relu", lambda x: max(x, 0)),
        activation("tanh", "tanh", tanh),
        activation("sigmoid", "sigmoid", lambda x: 1 / (1 + exp(-x))),
        activation("silu", "silu", lambda x: x / (1 + exp(-x))),
    ]
    return drawings


def _pulled(norm):
    return 0.85 * norm  # drawn larger than it is in one step


def _with_size(name, code, shown, changed, **parameters):
    """The end of a network, with its number of parameters below."""
    architecture = design([(4, 3)], **parameters)
    words = f"{architecture.n_params:,} parameters in all"
    return network(name, code, architecture, changed, shown, words)


def html(panels):
    return "\n".join(['<div class="drawing">', *panels, "</div>"]) + "\n"


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, panels in drawings().items():
        (FOLDER / f"{name}.html").write_text(html(panels))


if __name__ == "__main__":
    main()
