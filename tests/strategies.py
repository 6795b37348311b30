"""Hypothesis strategies for network designs, all of them feasible and small enough to build in milliseconds."""

from hypothesis import strategies as st

from skcnn._architecture import HEADS, PADDINGS, POOLINGS, Architecture, ConvBlock

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
    """Keyword arguments of ``Architecture.from_parameters`` that make a feasible design.

    Strips, single pixels, dense networks, inherited and given fields, and all forms of a block are among them.

    Returns
    -------
    strategy of dict
    """
    height, width = draw(_MAP_SIZES)
    shared = {
        "convs_per_block": draw(st.integers(1, 2)),
        "padding": draw(st.sampled_from(PADDINGS)),
    }
    conv_layers = []
    # Windows are 1 along an axis of length 1, so only the other axes limit them.
    room = min([side for side in (height, width) if side > 1], default=0)
    for _ in range(draw(st.sampled_from([1, 2, 3, 0])) if room else 0):
        fields, room = draw(_block_fields(room, **shared))
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
def _block_fields(draw, room, convs_per_block, padding):
    """Fields of a block that fits a map whose shorter side is `room`, and what it leaves of that."""
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
        fields["kernel_size"] = draw(st.integers(1, min(5, (room - 1) // n_convs + 1)))
        room -= n_convs * (fields["kernel_size"] - 1)
    else:  # padded, so even a kernel larger than the map fits, and several go side by side
        fields["kernel_size"] = draw(
            st.integers(1, 5)
            | st.lists(st.integers(1, 5), min_size=2, max_size=3).map(tuple)
        )
    fields["pool_size"] = draw(st.none() | st.integers(1, min(4, room)))
    if fields["pool_size"] is not None:
        fields["pool_stride"] = draw(st.none() | st.integers(1, 3))
        room = (room - fields["pool_size"]) // (
            fields["pool_stride"] or fields["pool_size"]
        ) + 1
    return fields, room


def _in_any_form(draw, fields):
    form = draw(st.sampled_from([dict, tuple, list, ConvBlock]))
    if form is dict:
        return fields
    block = ConvBlock(**fields)
    return block if form is ConvBlock else form(block)
