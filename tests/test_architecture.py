"""Hyper-parameters -> plan: what is filled in, what is refused and how."""

import ast
import copy
import hashlib
import inspect
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import architectures

from skcnn import (
    ConvBlock,
    ConvPoolClassifier,
    _architecture,
    _blocks,
    _checks,
    _options,
    _plan,
    _warnings,
    _windows,
    _words,
    presets,
)
from skcnn._architecture import ARCHITECTURE_PARAMETERS, Architecture
from skcnn._checks import check_image_shape

IMAGE_SHAPE = (32, 32, 3)


def design(image_shape=IMAGE_SHAPE, n_classes=10, **parameters):
    return Architecture.from_parameters(image_shape, n_classes, **parameters)


def block_of(block, **parameters):
    """The block, with everything inherited filled in."""
    return design(conv_layers=[block], **parameters).blocks[0]


def shapes(architecture):
    return {layer.name: layer.output_shape for layer in architecture.layers}


def layer_of(architecture, name):
    return next(layer for layer in architecture.layers if layer.name == name)


# --------------------------------------------------------------------------------------
# Forms of a block


@pytest.mark.parametrize(
    "block",
    [
        (8, 5, 3, 2),
        [8, 5, 3, 2],
        np.array([8, 5, 3, 2]),
        {"filters": 8, "kernel_size": 5, "pool_size": 3, "pool_stride": 2},
        {
            "pool_stride": 2,
            "pool_size": 3,
            "kernel_size": 5,
            "filters": 8,
            "n_convs": None,
        },
        (8, 5, 3, 2, 2, "same", "max", "relu", False, 0.25, 0),
        (
            np.int64(8),
            np.int32(5),
            np.uint8(3),
            2,
            None,
            np.str_("same"),
            None,
            None,
            np.bool_(False),
            np.float64(0.25),
        ),
    ],
    ids=[
        "tuple",
        "list",
        "array",
        "dict",
        "dict in another order",
        "all fields",
        "numpy scalars",
    ],
)
def test_all_forms_of_a_block_are_the_same_design(block):
    expected = design(
        conv_layers=[ConvBlock(8, kernel_size=5, pool_size=3, pool_stride=2)]
    )
    found = design(conv_layers=[block])
    assert found == expected
    assert found.to_json() == expected.to_json()


def test_conv_layers_and_dense_layers_may_be_any_sequence():
    expected = design(conv_layers=[(4, 3), (8, 3)], dense_layers=[5, 6])
    assert design(conv_layers=((4, 3), (8, 3)), dense_layers=(5, 6)) == expected
    arrays = {
        "conv_layers": np.array([(4, 3), (8, 3)]),
        "dense_layers": np.array([5, 6]),
    }
    assert design(**arrays) == expected
    with pytest.raises(TypeError, match="got <list_iterator"):
        design(conv_layers=iter([(4, 3)]))  # the first fit would use it up


def test_short_tuples_take_the_defaults_of_convblock():
    assert block_of((8,)) == block_of((8, 3, 2, 2))
    assert block_of((8, 5, 3)) == block_of((8, 5, 3, 3)), (
        "the stride is that of the window"
    )
    assert block_of((8, 5)) != block_of((8, 3))


def test_the_defaults_are_those_of_the_study():
    assert design() == design(
        conv_layers=[(32, 5, 2, 2), (64, 3, 2, 2)],
        dense_layers=[50],
        dropout=0.25,
        dense_dropout=0,
        convs_per_block=2,
        n_branches=1,
        pooling="max",
        padding="same",
        activation="relu",
        batch_norm=False,
        max_norm=None,
        dense_max_norm=None,
        head="flatten",
    )


def test_the_defaults_of_the_classifier_are_those_of_the_table():
    # The classifier repeats them, because scikit-learn reads its signature.
    signature = inspect.signature(ConvPoolClassifier).parameters
    found = {name: signature[name].default for name in ARCHITECTURE_PARAMETERS}
    assert found == _options.DEFAULTS
    types = {name: type(default) for name, default in found.items()}
    assert types == {name: type(each) for name, each in _options.DEFAULTS.items()}


def test_an_unknown_parameter_is_refused():
    with pytest.raises(TypeError, match=r"must be among .*'head'.*; got \['heads'\]"):
        design(heads="flatten")


def test_the_default_of_an_option_that_came_later_is_not_stored():
    later = _options.Option(
        "norm_order", "after", _checks.OneOf(("after", "before")), "order", later=True
    )
    table = (*_options.BLOCK_OPTIONS, later)
    as_before = {"filters": 4, "padding": "same"}
    for name in ("norm_order", "order"):
        stored = [
            _options.without_later_defaults(as_before | {name: value}, table)
            for value in ("after", "before")
        ]
        assert stored == [as_before, as_before | {name: "before"}]


# --------------------------------------------------------------------------------------
# Inheritance

INHERITED = [
    # estimator's parameter, block's field, value of the estimator, value of the block
    ("convs_per_block", "n_convs", 3, 1),
    ("padding", "padding", "valid", "same"),
    ("pooling", "pooling", "avg", "max"),
    ("activation", "activation", "tanh", "gelu"),
    ("batch_norm", "batch_norm", True, False),
    ("dropout", "dropout", 0.5, 0.1),
    ("dropout", "dropout", 0.5, 0),
    ("max_norm", "max_norm", 3.0, 1.5),
    ("max_norm", "max_norm", 3.0, 0),
]


@pytest.mark.parametrize(("parameter", "field", "outer", "inner"), INHERITED)
def test_a_block_inherits_what_it_does_not_say(parameter, field, outer, inner):
    inheriting, saying = design(
        conv_layers=[{"filters": 4}, {"filters": 4, field: inner}], **{parameter: outer}
    ).blocks
    assert getattr(inheriting, field) == outer
    assert getattr(saying, field) == inner
    assert inheriting._replace(**{field: inner}) == saying, "nothing else differs"


def test_nothing_is_left_to_inherit():
    pooling, plain = design(
        conv_layers=[(4,), {"filters": 4, "pool_size": None}]
    ).blocks
    assert None not in pooling
    assert [name for name, value in plain._asdict().items() if value is None] == [
        "pool_size",
        "pool_stride",
    ]


@pytest.mark.parametrize(
    ("block", "outer", "rate"),
    [
        (ConvBlock(4), 0.5, 0.5),
        (ConvBlock(4), 0, 0),
        (ConvBlock(4, dropout=0.1), 0.5, 0.1),
        (ConvBlock(4, dropout=0), 0.5, 0),
        (
            ConvBlock(4, pool_size=None),
            0.5,
            0,
        ),  # without pooling only what the block itself says
        (ConvBlock(4, pool_size=None, dropout=0.2), 0.5, 0.2),
        (ConvBlock(4, pool_size=None, dropout=0), 0.5, 0),
    ],
)
def test_dropout_of_a_block(block, outer, rate):
    found = design(conv_layers=[block], dropout=outer)
    assert found.blocks[0].dropout == rate
    assert [
        layer.settings["rate"] for layer in found.layers if layer.kind == "dropout"
    ] == ([rate] if rate else [])


def test_dropout_ends_the_block():
    names = [
        layer.name
        for layer in design(conv_layers=[(4, 3, 2, 2)], dense_dropout=0.5).layers
    ]
    assert names == [
        "images",
        "block1_conv1",
        "block1_conv2",
        "block1_pool",
        "block1_dropout",
        "flatten",
        "dense1",
        "dense1_dropout",
        "output",
    ]


def test_normalization_follows_each_convolution():
    found = design(conv_layers=[(4, 3, 2, 2)], batch_norm=True)
    names = [layer.name for layer in found.layers]
    assert names[1:6] == [
        "block1_conv1",
        "block1_conv1_norm",
        "block1_conv2",
        "block1_conv2_norm",
        "block1_pool",
    ]
    assert layer_of(found, "block1_conv1").settings["activation"] == "relu", (
        "that is, before the normalization"
    )
    assert found.n_non_trainable == 2 * 2 * 4


def test_activation_of_the_dense_layers_is_the_estimators():
    found = design(
        conv_layers=[ConvBlock(4, activation="tanh")],
        dense_layers=[5],
        activation="gelu",
    )
    assert layer_of(found, "block1_conv1").settings["activation"] == "tanh"
    assert layer_of(found, "dense1").settings["activation"] == "gelu"
    assert layer_of(found, "output").settings["activation"] == "softmax"


def test_norm_limits_of_convolutions_and_of_dense_layers_are_apart():
    found = design(
        conv_layers=[ConvBlock(4), ConvBlock(4, max_norm=0)],
        max_norm=2,
        dense_max_norm=3,
    )
    limits = {
        layer.name: layer.settings["max_norm"]
        for layer in found.layers
        if "max_norm" in layer.settings
    }
    assert limits == {
        "block1_conv1": 2,
        "block1_conv2": 2,
        "block2_conv1": 0,
        "block2_conv2": 0,
        "dense1": 3,
        "output": 0,
    }


# --------------------------------------------------------------------------------------
# Shapes and counts


def test_output_shapes_and_counts_of_the_best_network():
    found = design()
    assert shapes(found) == {
        "images": (32, 32, 3),
        "block1_conv1": (32, 32, 32),
        "block1_conv2": (32, 32, 32),
        "block1_pool": (16, 16, 32),
        "block1_dropout": (16, 16, 32),
        "block2_conv1": (16, 16, 64),
        "block2_conv2": (16, 16, 64),
        "block2_pool": (8, 8, 64),
        "block2_dropout": (8, 8, 64),
        "flatten": (4096,),
        "dense1": (50,),
        "output": (10,),
    }
    assert layer_of(found, "block1_conv2").n_params == (5 * 5 * 32 + 1) * 32
    assert found.n_params == found.n_trainable == 288_848
    assert str(found).splitlines()[-1].split() == ["total", "288,848"]


def test_valid_padding_and_overlapping_pools():
    found = shapes(
        design(
            conv_layers=[
                ConvBlock(4, 11, 3, 2, padding="valid", n_convs=1),
                ConvBlock(4, 3, None),
            ]
        )
    )
    assert found["block1_conv1"] == (22, 22, 4)
    assert found["block1_pool"] == (10, 10, 4)
    assert found["block2_conv2"] == (10, 10, 4)
    assert "block2_pool" not in found


def test_pooling_drops_what_is_left_over():
    assert shapes(design((7, 9), conv_layers=[(4, 3, 2, 2)]))["block1_pool"] == (
        3,
        4,
        4,
    )
    assert shapes(design((7, 9), conv_layers=[(4, 3, 2, 3)]))["block1_pool"] == (
        2,
        3,
        4,
    )


# Everything that means one square kernel of 3 pixels, and one pooling window of 2.
SQUARES = [
    3,
    np.int64(3),
    (3, 3),
    [3, 3],
    (3,),
    ((3, 3),),
    [[3, 3]],
    ((3,),),
    np.array([3, 3]),
    np.array([3]),
    np.array([[3, 3]], np.uint8),
    (np.int32(3), 3),
    range(3, 4),
]


@pytest.mark.parametrize("kernel_size", SQUARES, ids=repr)
def test_a_pair_of_equal_sides_is_one_square_kernel_as_in_keras(kernel_size):
    found = design(conv_layers=[ConvBlock(8, kernel_size)])
    expected = design(conv_layers=[ConvBlock(8, 3)])
    assert found == expected
    assert found.to_json() == expected.to_json()
    assert [layer.name for layer in found.layers] == [
        layer.name for layer in expected.layers
    ]


@pytest.mark.parametrize("size", [2, (2, 2), [2, 2], (2,), np.array([2, 2])], ids=repr)
def test_pools_and_strides_may_be_pairs(size):
    assert block_of((8, 3, size)) == block_of((8, 3, 2))
    assert block_of((8, 3, 3, size)) == block_of((8, 3, 3, 2))
    assert block_of((32, (3, 3), size, size)) == block_of((32, 3, 2, 2))


SIDE_BY_SIDE = [
    ((1, 1), (3, 5), (5, 5)),
    [[1, 1], [3, 5], [5, 5]],
    (1, (3, 5), 5),
    [(1, 1), [3, 5], 5],
    np.array([[1, 1], [3, 5], [5, 5]]),
]


@pytest.mark.parametrize("kernel_size", SIDE_BY_SIDE, ids=repr)
def test_pairs_in_a_sequence_are_kernels_side_by_side(kernel_size):
    found = design(
        (8, 8, 3),
        conv_layers=[ConvBlock(4, kernel_size=kernel_size, batch_norm=True)],
    )
    concat = layer_of(found, "block1_conv1_concat")
    assert concat.inputs == (
        "block1_conv1_1_1x1_norm",
        "block1_conv1_2_3x5_norm",
        "block1_conv1_3_5x5_norm",
    )
    assert concat.output_shape == (8, 8, 12)
    assert layer_of(found, "block1_conv1_2_3x5").settings["kernel_size"] == (3, 5)
    assert layer_of(found, "block1_conv1_2_3x5").n_params == (3 * 5 * 3 + 1) * 4
    assert layer_of(found, "block1_conv2_1_1x1").n_params == (12 + 1) * 4, (
        "the second convolution reads all 12 maps"
    )
    assert found.blocks[0].kernel_size == ((1, 1), (3, 5), (5, 5))


@pytest.mark.parametrize("form", [tuple, list, np.array])
def test_the_old_notation_of_kernels_side_by_side_warns_and_means_the_same(form):
    with pytest.warns(FutureWarning) as warned:
        found = design(conv_layers=[ConvBlock(4, kernel_size=form([1, 3, 5]))])
    [remedy] = re.findall(r"Write kernel_size=(.*)\.$", str(warned[0].message))
    assert found == design(conv_layers=[ConvBlock(4, ast.literal_eval(remedy))])
    # Names are part of the seeds: these were those of the old notation.
    assert layer_of(found, "block1_conv1_concat").inputs == (
        "block1_conv1_1_1x1",
        "block1_conv1_2_3x3",
        "block1_conv1_3_5x5",
    )


def test_the_same_kernel_twice_side_by_side():
    block = ConvBlock(4, kernel_size=((3, 3), (3, 3)), padding="valid", n_convs=1)
    assert shapes(design(conv_layers=[block]))["block1_conv1_concat"] == (30, 30, 8)


def test_kernels_side_by_side_need_padding():
    message = r"block 2: kernels of 1x1 and 3x5 side by side.*use padding='same'"
    with pytest.raises(ValueError, match=message):
        block = ConvBlock(4, kernel_size=((1, 1), (3, 5)), padding="valid")
        design(conv_layers=[(4,), block])


def test_rectangles():
    block = ConvBlock(4, (3, 5), (1, 2), (2, 1), padding="valid", n_convs=1)
    found = design((9, 12, 2), conv_layers=[block])
    assert layer_of(found, "block1_conv1").settings["kernel_size"] == (3, 5)
    assert layer_of(found, "block1_conv1").n_params == (3 * 5 * 2 + 1) * 4
    assert layer_of(found, "block1_pool").settings == {
        "pool_size": (1, 2),
        "strides": (2, 1),
    }
    assert shapes(found)["block1_conv1"] == (7, 8, 4)
    assert shapes(found)["block1_pool"] == (4, 7, 4)


def test_the_stride_of_a_rectangle_is_the_rectangle():
    assert block_of((4, 3, (1, 4))).pool_stride == (1, 4)


def test_a_signal_may_be_described_by_rectangles_or_by_squares():
    in_pairs = [ConvBlock(4, (1, 9), (1, 2)), ConvBlock(4, ((1, 3), (1, 9)), (1, 4))]
    in_squares = [ConvBlock(4, 9, 2), ConvBlock(4, ((3, 3), (9, 9)), 4)]
    found, expected = (
        [
            (layer.kind, layer.output_shape, layer.settings)
            for layer in design((1, 64), conv_layers=blocks).layers
        ]
        for blocks in (in_pairs, in_squares)
    )
    assert found == expected


def test_a_pair_that_is_no_square_is_taken_as_it_is_on_a_strip():
    found = design((1, 20), conv_layers=[ConvBlock(4, (3, 5), 2)])
    assert layer_of(found, "block1_conv1").settings["kernel_size"] == (3, 5)


@pytest.mark.parametrize("value", [0, -1, (0, 3), (3, -1), (3, 0, 5)])
@pytest.mark.parametrize("field", ["kernel_size", "pool_size", "pool_stride"])
def test_windows_below_1_are_refused(field, value):
    with pytest.raises(ValueError, match=rf"block 1: {field} must be .* got "):
        design(conv_layers=[{"filters": 4, field: value}])


NO_WINDOWS = [
    True,
    (True, 3),
    (3, True),
    np.bool_(True),
    ((3, 3), (True, 3)),
    (1, 3, True),
    2.0,
    (3.0, 3),
    np.array(3),
    np.array([3.0, 3.0]),
    "3x3",
    ("3", "3"),
    b"33",
    {3, 5},
    {"height": 3},
    (((3, 3),),),
    [[[3, 3]], [[5, 5]]],
    (None, 3),
]


@pytest.mark.parametrize("value", NO_WINDOWS, ids=repr)
@pytest.mark.parametrize("field", ["kernel_size", "pool_size", "pool_stride"])
def test_what_is_no_window_is_refused_by_block_and_field(field, value):
    with pytest.raises((TypeError, ValueError)) as error:
        design(conv_layers=[(4,), {"filters": 4, field: value}])
    assert str(error.value).startswith(f"conv_layers, block 2: {field} must be ")
    assert str(error.value).endswith(f"got {value!r}.")


@pytest.mark.parametrize("value", [(), ((),), ((1, 2, 3),), ((3, 3), (1, 2, 3))])
def test_kernels_of_a_wrong_number_of_sides_are_refused(value):
    with pytest.raises(ValueError, match=r"block 1: kernel_size must be .*pair"):
        design(conv_layers=[ConvBlock(4, value)])


@pytest.mark.parametrize("value", [(), (2, 2, 2), ((2, 2), (2, 2))])
@pytest.mark.parametrize("field", ["pool_size", "pool_stride"])
def test_there_is_one_pool(field, value):
    with pytest.raises(
        (TypeError, ValueError), match=f"block 1: {field} must be .*pair"
    ):
        design(conv_layers=[{"filters": 4, field: value}])


def test_a_stride_without_pooling_is_said_to_have_no_effect():
    with pytest.warns(UserWarning, match="block 2: pool_stride=3 has no effect"):
        found = design(conv_layers=[(4,), ConvBlock(4, 3, None, 3)])
    assert found == design(conv_layers=[(4,), ConvBlock(4, 3, None)])


# --------------------------------------------------------------------------------------
# What people who know Keras write


@pytest.mark.parametrize(
    ("block", "remedy"),
    [
        (
            (32, (3, 3), "same"),
            "ConvBlock(filters=32, kernel_size=(3, 3), padding='same')",
        ),
        ((32, 5, 2, "valid"), "ConvBlock(filters=32, kernel_size=5, padding='valid')"),
        ((32, "relu"), "ConvBlock(filters=32, activation='relu')"),
        ({"filters": 32, "pool_size": "max"}, "ConvBlock(filters=32, pooling='max')"),
        (
            {"filters": 32, "padding": "tanh"},
            "ConvBlock(filters=32, activation='tanh')",
        ),
    ],
    ids=repr,
)
def test_a_word_in_the_wrong_place_is_put_right(block, remedy):
    with pytest.raises(TypeError) as error:
        design(conv_layers=[block])
    assert str(error.value).endswith(f"Write {remedy}.")
    design(conv_layers=[eval(remedy)])


@pytest.mark.parametrize("conv_layers", [[32, 64], (32, 5, 2, 2), np.array([32, 3])])
def test_numbers_that_are_no_blocks_yet(conv_layers):
    with pytest.raises(TypeError) as error:
        design(conv_layers=conv_layers)
    remedies = re.findall(r"conv_layers=(\[.*?\)\])", str(error.value))
    one, several = (design(conv_layers=ast.literal_eval(text)) for text in remedies)
    assert len(one.blocks) == 1
    assert [block.filters for block in several.blocks] == list(conv_layers)


@pytest.mark.parametrize("block", [ConvBlock(32), {"filters": 32}], ids=repr)
def test_a_block_in_place_of_the_blocks(block):
    with pytest.raises(
        TypeError, match=r"conv_layers must be .* conv_layers=\["
    ) as error:
        design(conv_layers=block)
    assert f"conv_layers=[{block!r}]" in str(error.value)


KERAS_FIELDS = {
    "strides": "pool_stride=2",
    "batch_normalization": "batch_norm=True",
    "pool": "pool_size=2",
    "n_filters": "filters=32",
    "dropout_rate": "dropout=0.25",
    "kernal_size": "'kernel_size'",
}


@pytest.mark.parametrize("name", KERAS_FIELDS)
def test_names_of_fields_that_people_bring(name):
    with pytest.raises(ValueError, match="block 1 must be a dict") as error:
        design(conv_layers=[{"filters": 32, name: 2}])
    assert KERAS_FIELDS[name] in str(error.value).partition("got ")[2]
    with pytest.raises(TypeError, match=f"ConvBlock has no '{name}'") as error:
        ConvBlock(filters=32, **{name: 2})
    assert KERAS_FIELDS[name] in str(error.value)


def test_branches_are_copies_of_the_whole_stack():
    one = design(conv_layers=[(4, 3, 2, 2), (6, 3, 2, 2)])
    three = design(conv_layers=[(4, 3, 2, 2), (6, 3, 2, 2)], n_branches=3)
    assert shapes(three)["branches"] == (8, 8, 18)
    assert layer_of(three, "branches").inputs == tuple(
        f"branch{branch}_block2_dropout" for branch in (1, 2, 3)
    )
    assert [layer.name for layer in three.layers if layer.inputs == ("images",)] == [
        f"branch{branch}_block1_conv1" for branch in (1, 2, 3)
    ]

    def in_blocks(architecture):
        return sum(
            layer.n_params for layer in architecture.layers if "block" in layer.name
        )

    assert in_blocks(three) == 3 * in_blocks(one)


def test_branches_read_rescaled_images():
    found = design(conv_layers=[(4,)], n_branches=2, scale=1 / 255)
    assert layer_of(found, "rescaling").settings == {"scale": 1 / 255}
    assert layer_of(found, "branch2_block1_conv1").inputs == ("rescaling",)


@pytest.mark.parametrize(
    ("head", "length"), [("flatten", 16 * 16 * 4), ("global_avg", 4), ("global_max", 4)]
)
def test_heads(head, length):
    found = design(conv_layers=[(4, 3, 2, 2)], dense_layers=[7], head=head)
    assert shapes(found)[head] == (length,)
    assert layer_of(found, "dense1").n_params == (length + 1) * 7


def test_dense_network():
    found = design((8, 8), 3, conv_layers=(), dense_layers=[5])
    assert [layer.name for layer in found.layers] == [
        "images",
        "flatten",
        "dense1",
        "output",
    ]
    assert found.n_params == 65 * 5 + 6 * 3


def test_no_hidden_layer_at_all():
    assert design((8, 8), 3, conv_layers=[], dense_layers=[]).n_params == 65 * 3


@pytest.mark.parametrize("axis", [0, 1])
def test_windows_are_1_along_an_axis_of_length_1(axis):
    def turned(height, width, *channels):
        return (height, width, *channels) if axis == 0 else (width, height, *channels)

    block = ConvBlock(4, 5, 3, 2, padding="valid", n_convs=1)
    found = design(turned(1, 20), conv_layers=[block, ConvBlock(6, 3, 2, 2)])
    assert layer_of(found, "block1_conv1").settings["kernel_size"] == turned(1, 5)
    assert layer_of(found, "block1_conv1").n_params == (5 + 1) * 4
    assert layer_of(found, "block1_pool").settings == {
        "pool_size": turned(1, 3),
        "strides": turned(1, 2),
    }
    assert shapes(found)["block1_conv1"] == turned(1, 16, 4)
    assert shapes(found)["block1_pool"] == turned(1, 7, 4)
    assert layer_of(found, "block2_conv1").settings["kernel_size"] == turned(1, 3)
    assert shapes(found)["block2_pool"] == turned(1, 3, 6)


def test_an_axis_that_shrinks_to_1_keeps_its_windows():
    found = design((2, 20), conv_layers=[ConvBlock(4, 3, 2, 2), ConvBlock(4, 3, None)])
    assert shapes(found)["block1_pool"] == (1, 10, 4)
    assert layer_of(found, "block2_conv1").settings["kernel_size"] == (3, 3)


@pytest.mark.parametrize(
    ("given_shape", "expected"),
    [
        ((8, 9), (8, 9, 1)),
        ([8, 9, 3], (8, 9, 3)),
        (np.array([8, 9]), (8, 9, 1)),
        ((1, 1, 64), (1, 1, 64)),
    ],
)
def test_image_shape(given_shape, expected):
    found = check_image_shape(given_shape)
    assert found == expected
    assert {type(size) for size in found} == {int}


# --------------------------------------------------------------------------------------
# What cannot be built


@pytest.mark.parametrize(
    ("image_shape", "conv_layers", "pieces"),
    [
        (
            (8, 8),
            [ConvBlock(4, 9, padding="valid")],
            ["block 1:", "9x9 kernel", "8x8 map", "image_shape=(8, 8, 1)"],
        ),
        # The second convolution of the block, which meets what the first one left.
        (
            (8, 8),
            [ConvBlock(4, 5, padding="valid")],
            ["block 1:", "5x5 kernel", "4x4 map"],
        ),
        (
            (8, 8),
            [(4, 3, 4, 4), (4, 3, 3, 1)],
            ["block 2:", "3x3 pooling window", "2x2 map"],
        ),
        (
            (8, 20),
            [(4, 3, 2, 2), (4, 3, 2, 2), (4, 3, 3, 3)],
            ["block 3:", "3x3 pooling window", "2x5 map"],
        ),
        (
            (8, 20),
            [(4, 3, 9, 1)],
            ["block 1:", "9x9 pooling window", "8x20 map", "image_shape=(8, 20, 1)"],
        ),
        (
            (20, 8),
            [(4, 3, 9, 1)],
            ["block 1:", "9x9 pooling window", "20x8 map", "image_shape=(20, 8, 1)"],
        ),
        ((1, 20), [(4, 3, 21, 1)], ["block 1:", "1x21 pooling window", "1x20 map"]),
        (
            (1, 64),
            [ConvBlock(4, (3, 5), padding="valid")],
            ["block 1:", "3x5 kernel", "1x64 map"],
        ),
        (
            (1, 64),
            [ConvBlock(4, (1, 9)), ConvBlock(4, (1, 9), (2, 4))],
            ["block 2:", "2x4 pooling window", "1x32 map"],
        ),
        (
            (20, 1),
            [ConvBlock(4, 21, padding="valid")],
            ["block 1:", "21x1 kernel", "20x1 map"],
        ),
        (
            (1, 1, 64),
            [(4, 3, 2, 2)],
            ["conv_layers", "at least 2 pixels", "n_features = 64", "conv_layers=()"],
        ),
    ],
)
@pytest.mark.parametrize("n_branches", [1, 2])
def test_impossible_networks_are_refused_by_block(
    image_shape, conv_layers, pieces, n_branches
):
    with pytest.raises(ValueError) as error:
        design(image_shape, conv_layers=conv_layers, n_branches=n_branches)
    assert [piece for piece in pieces if piece not in str(error.value)] == []


@pytest.mark.parametrize("pool_size", [1, 8])
def test_a_window_as_large_as_the_map_fits(pool_size):
    kernel_size = 9 - pool_size
    found = design(
        (8, 8),
        conv_layers=[ConvBlock(4, kernel_size, pool_size, padding="valid", n_convs=1)],
    )
    assert shapes(found)["block1_pool"] == (1, 1, 4)


def test_a_padded_kernel_may_be_larger_than_the_map():
    assert shapes(design((4, 4), conv_layers=[ConvBlock(4, 11, None)]))[
        "block1_conv2"
    ] == (4, 4, 4)


BLOCK = r"conv_layers, block 1"
BAD_VALUES = [
    # parameters, error, start of the message
    ({"conv_layers": 32}, TypeError, "conv_layers "),
    ({"conv_layers": None}, TypeError, "conv_layers "),
    ({"conv_layers": "same"}, TypeError, "conv_layers "),
    ({"conv_layers": {"filters": 32}}, TypeError, "conv_layers "),
    (
        {"conv_layers": (32, 5, 2, 2)},
        TypeError,
        rf"{BLOCK} must be .*conv_layers=\[\(32, 5, 2, 2\)\]",
    ),
    ({"conv_layers": ["32"]}, TypeError, f"{BLOCK} "),
    ({"conv_layers": [()]}, ValueError, f"{BLOCK} "),
    (
        {"conv_layers": [(4, 3, 2, 2, 1, "same", "max", "relu", False, 0, 0, 0)]},
        ValueError,
        f"{BLOCK} ",
    ),
    ({"conv_layers": [{"kernel_size": 3}]}, ValueError, f"{BLOCK} .*'filters'"),
    (
        {"conv_layers": [{"filters": 4, "kernel": 3}]},
        ValueError,
        f"{BLOCK} .*'kernel_size'",
    ),
    ({"conv_layers": [(0, 3)]}, ValueError, f"{BLOCK}: filters "),
    ({"conv_layers": [(4.0, 3)]}, TypeError, f"{BLOCK}: filters "),
    ({"conv_layers": [(True, 3)]}, TypeError, f"{BLOCK}: filters "),
    ({"conv_layers": [(None, 3)]}, TypeError, f"{BLOCK}: filters "),
    ({"conv_layers": [(4, 0)]}, ValueError, f"{BLOCK}: kernel_size "),
    ({"conv_layers": [(4, 2.5)]}, TypeError, f"{BLOCK}: kernel_size "),
    ({"conv_layers": [(4, True)]}, TypeError, f"{BLOCK}: kernel_size "),
    ({"conv_layers": [(4, None)]}, TypeError, f"{BLOCK}: kernel_size "),
    ({"conv_layers": [(4, ())]}, ValueError, f"{BLOCK}: kernel_size "),
    ({"conv_layers": [(4, (3, -1))]}, ValueError, f"{BLOCK}: kernel_size "),
    ({"conv_layers": [(4, 3, 0)]}, ValueError, f"{BLOCK}: pool_size "),
    ({"conv_layers": [(4, 3, 2.0)]}, TypeError, f"{BLOCK}: pool_size "),
    ({"conv_layers": [(4, 3, 2, 0)]}, ValueError, f"{BLOCK}: pool_stride "),
    ({"conv_layers": [(4, 3, 2, "2")]}, TypeError, f"{BLOCK}: pool_stride "),
    ({"conv_layers": [{"filters": 4, "n_convs": 0}]}, ValueError, f"{BLOCK}: n_convs "),
    (
        {"conv_layers": [{"filters": 4, "padding": "full"}]},
        ValueError,
        f"{BLOCK}: padding .*'same', 'valid'",
    ),
    (
        {"conv_layers": [{"filters": 4, "pooling": "mean"}]},
        ValueError,
        f"{BLOCK}: pooling .*'avg', 'max'",
    ),
    (
        {"conv_layers": [{"filters": 4, "activation": "relU"}]},
        ValueError,
        f"{BLOCK}: activation .*'relu'",
    ),
    (
        {"conv_layers": [{"filters": 4, "batch_norm": 1}]},
        TypeError,
        f"{BLOCK}: batch_norm ",
    ),
    ({"conv_layers": [{"filters": 4, "dropout": 1}]}, ValueError, f"{BLOCK}: dropout "),
    (
        {"conv_layers": [{"filters": 4, "dropout": False}]},
        TypeError,
        f"{BLOCK}: dropout ",
    ),
    (
        {"conv_layers": [{"filters": 4, "max_norm": -1}]},
        ValueError,
        f"{BLOCK}: max_norm ",
    ),
    (
        {"conv_layers": [(4,), (4,), (-4,)]},
        ValueError,
        "conv_layers, block 3: filters .*-4",
    ),
    ({"dense_layers": 50}, TypeError, "dense_layers "),
    ({"dense_layers": "50"}, TypeError, "dense_layers "),
    ({"dense_layers": [50, 0]}, ValueError, "dense_layers, layer 2 .*0"),
    ({"dense_layers": [50.0]}, TypeError, "dense_layers, layer 1 .*50.0"),
    ({"dropout": 1.0}, ValueError, "dropout .*1.0"),
    ({"dropout": -0.1}, ValueError, "dropout .*-0.1"),
    ({"dropout": float("nan")}, ValueError, "dropout .*nan"),
    ({"dropout": "0.5"}, TypeError, "dropout "),
    ({"dropout": None}, TypeError, "dropout "),
    ({"dense_dropout": 2}, ValueError, "dense_dropout "),
    ({"dense_dropout": True}, TypeError, "dense_dropout "),
    ({"convs_per_block": 0}, ValueError, "convs_per_block "),
    ({"convs_per_block": None}, TypeError, "convs_per_block "),
    ({"n_branches": 0}, ValueError, "n_branches "),
    ({"n_branches": 1.5}, TypeError, "n_branches "),
    ({"n_branches": 2, "conv_layers": ()}, ValueError, "n_branches=2 .*conv_layers"),
    ({"pooling": None}, ValueError, "pooling "),
    ({"padding": "SAME"}, ValueError, "padding "),
    ({"activation": "softmax"}, ValueError, "activation "),
    ({"activation": len}, ValueError, "activation "),
    ({"batch_norm": None}, TypeError, "batch_norm "),
    ({"batch_norm": "yes"}, TypeError, "batch_norm "),
    ({"max_norm": -1.0}, ValueError, "max_norm "),
    ({"max_norm": float("inf")}, ValueError, "max_norm "),
    ({"max_norm": float("nan")}, ValueError, "max_norm "),
    ({"max_norm": "3"}, TypeError, "max_norm "),
    ({"dense_max_norm": -1}, ValueError, "dense_max_norm "),
    ({"dense_max_norm": True}, TypeError, "dense_max_norm "),
    ({"head": "max"}, ValueError, "head .*'flatten', 'global_avg', 'global_max'"),
    ({"image_shape": (32,)}, ValueError, "image_shape "),
    ({"image_shape": (32, 32, 3, 1)}, ValueError, "image_shape "),
    ({"image_shape": (32, 0)}, ValueError, "image_shape "),
    ({"image_shape": (32.0, 32)}, TypeError, "image_shape "),
    ({"image_shape": 32}, TypeError, "image_shape "),
    ({"n_classes": 1}, ValueError, "n_classes "),
    ({"n_classes": "10"}, TypeError, "n_classes "),
]


@pytest.mark.parametrize(("parameters", "error", "message"), BAD_VALUES)
def test_bad_values_are_refused_by_name(parameters, error, message):
    with pytest.raises(error, match=f"^{message}"):
        design(**parameters)


def test_the_message_shows_the_value():
    with pytest.raises(ValueError, match="got 'mean'"):
        design(pooling="mean")


# --------------------------------------------------------------------------------------
# Identity: what a cache key and a pickle rest on


def from_json(text):
    """The design of a JSON string, which has lists where designs have tuples."""
    fields = in_tuples(json.loads(text))
    fields["blocks"] = tuple(ConvBlock(**block) for block in fields["blocks"])
    return Architecture(**fields)


def in_tuples(value):
    if isinstance(value, list):
        return tuple(map(in_tuples, value))
    if isinstance(value, dict):
        return {name: in_tuples(each) for name, each in value.items()}
    return value


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(architectures())
def test_a_design_survives_json_pickling_and_copying(architecture):
    for twin in (
        from_json(architecture.to_json()),
        pickle.loads(pickle.dumps(architecture)),
        copy.deepcopy(architecture),
    ):
        assert twin == architecture
        assert hash(twin) == hash(architecture)
        assert twin.to_json() == architecture.to_json()
        assert twin.layers == architecture.layers
        assert twin.n_params == architecture.n_params


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(architectures(), architectures())
def test_designs_are_equal_exactly_when_their_json_is(first, second):
    assert (first == second) == (first.to_json() == second.to_json())


@pytest.mark.parametrize(
    "change",
    [
        {"image_shape": (32, 32, 1)},
        {"n_classes": 9},
        {"conv_layers": [(32, 5, 2, 2)]},
        {"conv_layers": [(64, 3, 2, 2), (32, 5, 2, 2)]},
        {"dense_layers": [51]},
        {"dropout": 0.5},
        {"dense_dropout": 0.5},
        {"convs_per_block": 1},
        {"n_branches": 2},
        {"pooling": "avg"},
        {"padding": "valid"},
        {"activation": "tanh"},
        {"batch_norm": True},
        {"max_norm": 3},
        {"dense_max_norm": 3},
        {"head": "global_avg"},
        {"scale": 1 / 255},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_parameter_is_part_of_the_identity(change):
    assert design(**change) != design()
    assert design(**change).to_json() != design().to_json()


RICH_BLOCKS = [
    ConvBlock(
        *(4, ((1, 1), (3, 5)), (2, 1), (1, 2), 1),
        *("same", "avg", "tanh", True, 0.1, 2),
    ),
    {"filters": 3, "pool_size": None},
    (2,),
]
RICH = {
    "conv_layers": RICH_BLOCKS,
    "dense_layers": [7, 3],
    "dropout": -0.0,
    "dense_dropout": 0.5,
    "n_branches": 2,
    "pooling": "avg",
    "padding": "valid",
    "activation": "silu",
    "batch_norm": True,
    "max_norm": 1.5,
    "dense_max_norm": 3,
    "kernel_regularizer": 1e-3,
    "head": "global_max",
}
BEST = presets.NETWORKS["grid-best"]
MODERN = presets.NETWORKS["modern"]


@pytest.mark.parametrize(
    ("image_shape", "n_classes", "parameters", "digest"),
    [
        (
            (28, 28),
            3,
            {},
            "cf91993a3019a42a71518bb680d77c25c2d9b597960ed3aea74e6ca02183a77f",
        ),
        (
            (1, 1, 5),
            2,
            {"conv_layers": ()},
            "849f05edfe61eff3b8aa40e7f41be9139712cd2fb1ec5ef4526f037dbbb8ec29",
        ),
        (
            (32, 30, 3),
            4,
            RICH,
            "e399a4dbaf1e7ba7ace2ab8c20fd73bc67efe9ebda1b6b56be3dd32796d0aa29",
        ),
        (
            (32, 32, 3),
            10,
            BEST | {"scale": 1 / 255},
            "cccf2a1f8c3d5305a93050b29163d5875092485a22b860b8c0922e0ca667b55e",
        ),
        (
            (32, 32, 3),
            10,
            MODERN | {"scale": 1 / 255},
            "de831f2aace4a439e53245f5614311754a6f56def8b5b14c56b88989eb82fb31",
        ),
    ],
    ids=["default", "dense", "rich", "best", "modern"],
)
def test_the_json_of_a_design_stays_what_it_was(
    image_shape, n_classes, parameters, digest
):
    # It is part of the keys of stored training: with another one, nothing is found.
    known = {*ARCHITECTURE_PARAMETERS, "scale"}
    parameters = {name: each for name, each in parameters.items() if name in known}
    text = design(image_shape, n_classes, **parameters).to_json()
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_json_is_plain_and_sorted():
    kernels = (3, (1, 3), ((1, 1), (3, 3)))
    text = design(conv_layers=[ConvBlock(4, kernel) for kernel in kernels]).to_json()
    fields = json.loads(text)
    assert json.dumps(fields, sort_keys=True) == text
    found = [block["kernel_size"] for block in fields["blocks"]]
    assert found == [3, [1, 3], [[1, 1], [3, 3]]]


def test_a_design_cannot_be_changed():
    with pytest.raises(AttributeError):
        design().head = "global_avg"


def test_a_pickle_holds_no_plan():
    used, fresh = design(), design()
    used.__dict__.pop("layers")
    without_plan = pickle.dumps(used)
    assert pickle.dumps(fresh) == without_plan


# --------------------------------------------------------------------------------------
# Cheapness


# The plan and what it rests on.
MODULES = (
    *(_architecture, _blocks, _checks, _options),
    *(_plan, _warnings, _windows, _words),
)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_modules_import_the_standard_library_and_each_other(module):
    imported = set()
    source = Path(module.__file__).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported, "the imports were found"
    imported -= {each.__name__ for each in MODULES}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_a_design_is_made_and_refused_without_keras():
    # Without the package's __init__, which imports the classifier and with it Keras.
    script = """
import sys, types
package = sys.modules["skcnn"] = types.ModuleType("skcnn")
package.__path__ = [sys.argv[1]]
from skcnn import _architecture as alone
assert alone.Architecture.from_parameters((32, 32, 3), 10).n_params == 288_848
try:
    alone.Architecture.from_parameters((2, 2), 10)
except ValueError as error:
    print(error)
print(sorted({"keras", "tensorflow", "numpy"} & set(sys.modules)))
"""
    folder = str(Path(_architecture.__file__).parent)
    command = [sys.executable, "-c", script, folder]
    message, modules = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "block 2: the 2x2 pooling window does not fit the 1x1 map" in message
    assert modules == "[]"
