"""Hypothesis strategies for network designs, all of them feasible and small enough to
build in milliseconds.
"""

from hypothesis import strategies as st

from skcnn._architecture import Architecture
from skcnn._blocks import ConvBlock
from skcnn._options import HEADS, PADDINGS, POOLINGS

# A few of each sort; that Keras knows the others is a test of its own.
ACTIVATIONS = ("relu", "sigmoid", "tanh", "linear", "gelu")
RATES = st.sampled_from([0, 0.0, 0.1, 0.25, 0.5])
NORMS = st.sampled_from([None, 0, 0.5, 3.0])


def architectures():
    """Any feasible design.

    Returns
    -------
    strategy of Architecture
    """
    return architecture_parameters().map(
        lambda parameters: Architecture.from_parameters(**parameters)
    )


@st.composite
def architecture_parameters(draw):
    """Keyword arguments of ``Architecture.from_parameters`` that make a feasible
    design.

    Strips, single pixels, dense networks, inherited and given fields, and all forms of
    a block are among them.

    Returns
    -------
    strategy of dict
    """
    height, width = draw(_MAP_SIZES)
    shared = {
        "convs_per_block": draw(st.integers(1, 2)),
        "padding": draw(st.sampled_from(PADDINGS)),
    }
    conv_layers, room = [], (height, width)
    n_blocks = draw(st.sampled_from([1, 2, 3, 0])) if room != (1, 1) else 0
    for _ in range(n_blocks):
        fields, room = draw(_block_fields(room, (height, width), **shared))
        conv_layers.append(_in_any_form(draw, fields))
    return shared | {
        "image_shape": (height, width, draw(st.integers(1, 4))),
        "n_classes": draw(st.integers(2, 5)),
        "conv_layers": conv_layers,
        "dense_layers": draw(st.lists(st.integers(1, 6), max_size=2)),
        "dropout": draw(RATES),
        "dense_dropout": draw(RATES),
        "n_branches": draw(st.integers(1, 3)) if conv_layers else 1,
        "pooling": draw(st.sampled_from(POOLINGS)),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "batch_norm": draw(st.booleans()),
        "max_norm": draw(NORMS),
        "dense_max_norm": draw(NORMS),
        "kernel_regularizer": draw(st.sampled_from([None, 0, 1e-3])),
        "head": draw(st.sampled_from(HEADS)),
        "scale": draw(st.sampled_from([1.0, 1 / 255])),
    }


_SIDES = st.integers(1, 20)
_PLANES = st.tuples(st.integers(2, 20), st.integers(2, 20))
# Planes three times, so that strips and single pixels do not crowd them out.
_MAP_SIZES = st.one_of(
    _PLANES,
    _PLANES,
    _PLANES,
    st.tuples(st.just(1), _SIDES),
    st.tuples(_SIDES, st.just(1)),
)


@st.composite
def _block_fields(draw, room, image, convs_per_block, padding):
    """Fields of a block that fits maps of the size `room`, and the size it leaves."""
    fields = {
        "filters": draw(st.integers(1, 6)),
        "n_convs": draw(st.none() | st.integers(1, 3)),
        "padding": draw(st.none() | st.sampled_from(PADDINGS)),
        "pooling": draw(st.none() | st.sampled_from(POOLINGS)),
        "activation": draw(st.none() | st.sampled_from(ACTIVATIONS)),
        "batch_norm": draw(st.none() | st.booleans()),
        "dropout": draw(st.none() | RATES),
        "max_norm": draw(NORMS),
    }
    if (fields["padding"] or padding) == "valid":
        n_convs = fields["n_convs"] or convs_per_block
        largest = [min(5, (length - 1) // n_convs + 1) for length in room]
        kernel = draw(_windows(largest, image))
        # Kernels of one size leave maps of one size, so these may go side by side.
        twice = isinstance(kernel, tuple) and draw(st.booleans())
        fields["kernel_size"] = (kernel, kernel) if twice else kernel
        room = [
            length - n_convs * (side - 1)
            for length, side in zip(room, _sides(kernel, image), strict=True)
        ]
    else:  # padded, so even a kernel larger than the map fits
        fields["kernel_size"] = draw(_padded_kernels())
    fields["pool_size"] = draw(st.none() | _windows([min(4, n) for n in room], image))
    if fields["pool_size"] is not None:
        fields["pool_stride"] = draw(st.none() | _windows([3, 3], None))
        window = _sides(fields["pool_size"], image)
        step = _sides(fields["pool_stride"] or fields["pool_size"], image)
        room = [
            (length - side) // stride + 1
            for length, side, stride in zip(room, window, step, strict=True)
        ]
    return fields, room


def _windows(largest, image):
    """Squares and pairs up to a size; squares are 1 along an axis where images are."""
    limits = [
        limit for axis, limit in enumerate(largest) if image is None or image[axis] > 1
    ]
    height, width = (st.integers(1, limit) for limit in largest)
    return st.integers(1, min(limits)) | st.tuples(height, width)


def _padded_kernels():
    one = _windows([5, 5], None)
    pairs = st.tuples(st.integers(1, 5), st.integers(1, 5))
    # With one pair among them, integers are squares.
    several = st.tuples(pairs, one) | st.tuples(one, pairs, one)
    return one | several | several.map(list)


def _sides(window, image):
    """Height and width of a window, by the rule in the docstring of ConvBlock."""
    if isinstance(window, tuple) and window[0] != window[1]:
        return window
    side = window[0] if isinstance(window, tuple) else window
    return tuple(1 if length == 1 else side for length in image)


def _in_any_form(draw, fields):
    form = draw(st.sampled_from([dict, tuple, list, ConvBlock]))
    if form is dict:
        return fields
    block = ConvBlock(**fields)
    return block if form is ConvBlock else form(block)
