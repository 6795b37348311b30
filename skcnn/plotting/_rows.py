"""The layers of a network in rows, as a drawing has them, with a text for each row.

A layer that leaves the shape as it is, such as dropout, has no row of its own: the text
of the layer before it names it.
"""

from dataclasses import dataclass

_BESIDE_ANOTHER = ("rescaling", "batch_norm", "dropout")
_HEADS = {
    "flatten": "flatten",
    "global_avg": "global average",
    "global_max": "global maximum",
}


@dataclass(frozen=True)
class Row:
    """Layers that stand side by side, and read layers of rows above.

    Attributes
    ----------
    layers : tuple of skcnn._plan.Layer
        In the order of the plan.
    text : str
        What they do.
    shape : str
        The shape of the output of each.
    n_params : int
        Number of parameters of all, with those that their text names.
    """

    layers: tuple
    text: str
    shape: str
    n_params: int


def find_rows(layers, n_branches):
    """The rows of a plan, from the images to the output.

    Parameters
    ----------
    layers : tuple of skcnn._plan.Layer
    n_branches : int
        How many copies of the stack of blocks there are.

    Returns
    -------
    rows : list of Row
    links : list of (str, str)
        Names of layers: the second reads the first.
    """
    owners = {}  # name of a layer -> the layer that is drawn for it
    groups = {}  # name of a drawn layer -> it, and those that its text names
    depths, links = {}, []
    for layer in layers:
        read = [owners[name] for name in layer.inputs]
        if layer.kind in _BESIDE_ANOTHER:
            owners[layer.name] = read[0]
            groups[read[0]].append(layer)
            continue
        owners[layer.name] = layer.name
        groups[layer.name] = [layer]
        depths[layer.name] = 1 + max((depths[name] for name in read), default=-1)
        links += [(name, layer.name) for name in read]
    rows = [[] for _ in range(1 + max(depths.values()))]
    for name, depth in depths.items():
        rows[depth].append(groups[name])
    return [_row(row, n_branches) for row in rows], links


def _row(groups, n_branches):
    layers = tuple(group[0] for group in groups)
    in_branches = len(groups) > 1 and len(groups) % n_branches == 0
    n_copies = n_branches if in_branches else 1
    text = _describe(groups[: len(groups) // n_copies])
    if n_copies > 1:
        text = f"{n_copies} x {text}"
    shape = " x ".join(map(str, layers[0].output_shape))
    n_params = sum(layer.n_params for group in groups for layer in group)
    return Row(layers, text, shape, n_params)


def _describe(groups):
    """What parallel layers do, with what belongs to the first of them."""
    layers = [group[0] for group in groups]
    parts = [_TEXTS[layers[0].kind](layers)]
    for beside in groups[0][1:]:
        if beside.kind == "batch_norm":
            parts.append("batch norm")
        if beside.kind == "dropout":
            parts.append(f"dropout {beside.settings['rate']:g}")
    return ", ".join(parts)


def _images(layers):
    return "images"


def _conv(layers):
    settings = layers[0].settings
    kernels = ", ".join(_by(layer.settings["kernel_size"]) for layer in layers)
    each = " each" if len(layers) > 1 else ""
    padding = "" if settings["padding"] == "same" else ", no padding"
    text = f"conv {kernels}, {settings['filters']} filters{each}"
    return f"{text}, {settings['activation']}{padding}"


def _pool(layers):
    [layer] = layers
    window, stride = layer.settings["pool_size"], layer.settings["strides"]
    text = f"{layer.kind.removesuffix('_pool')} pool {_by(window)}"
    return text if stride == window else f"{text}, stride {_by(stride)}"


def _concat(layers):
    return "concatenate"


def _head(layers):
    return _HEADS[layers[0].kind]


def _dense(layers):
    [layer] = layers
    name = "output" if layer.name == "output" else "dense"
    return f"{name} {layer.settings['units']}, {layer.settings['activation']}"


_TEXTS = {
    "input": _images,
    "conv": _conv,
    "max_pool": _pool,
    "avg_pool": _pool,
    "concat": _concat,
    "flatten": _head,
    "global_avg": _head,
    "global_max": _head,
    "dense": _dense,
}


def _by(sides):
    """A size in words: 3x5."""
    return "x".join(map(str, sides))
