"""From X as users have it to images."""

import numpy as np
import pandas as pd
import pytest

from skcnn._shapes import as_images, flatten_images
from skcnn._units import pixel_scale


@pytest.mark.parametrize(
    "shape, image_shape", [((5, 4, 3, 2), (4, 3, 2)), ((5, 4, 3), (4, 3, 1))]
)
def test_images_are_flattened_without_a_copy_and_back(shape, image_shape):
    X = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    flat, found = flatten_images(X)
    assert flat.shape == (5, np.prod(image_shape)) and found == image_shape
    assert np.shares_memory(flat, X)
    images = as_images(flat, found)
    assert np.shares_memory(images, X)
    assert np.array_equal(images.reshape(shape), X)


def test_nested_lists_are_images_too():
    X = np.arange(24).reshape(2, 3, 4)
    flat, image_shape = flatten_images(X.tolist())
    assert np.array_equal(flat, X.reshape(2, 12)) and image_shape == (3, 4, 1)


def test_tables_pass_unchanged():
    table = pd.DataFrame({"a": [1.0], "b": [2.0]})
    assert flatten_images(table)[0] is table and flatten_images(table)[1] is None
    assert flatten_images(table, (1, 2))[1] == (1, 2, 1)


def test_a_table_without_image_shape_is_a_strip():
    assert as_images(np.zeros((3, 7)), None).shape == (3, 1, 7, 1)


def test_a_memory_map_stays_one(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 3, 3, 1), np.uint8))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    flat, shape = flatten_images(mapped)
    assert np.shares_memory(as_images(flat, shape), mapped)


def test_only_uint8_is_scaled():
    assert pixel_scale(np.dtype("uint8")) == 1 / 255
    assert all(
        pixel_scale(np.dtype(name)) == 1
        for name in ("float32", "float64", "int64", "bool")
    )
