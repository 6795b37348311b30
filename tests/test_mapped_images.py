"""Images from memory maps are read as they are, and nothing around them is fetched."""

import mmap
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from comparisons import same_bits

from skcnn._mapped_images import rows_of

RANDOM = np.random.RandomState(0)
VIEWS = {
    "whole": lambda a: a,
    "part": lambda a: a[7:90],
    "every third": lambda a: a[::3],
    "from the last to the first": lambda a: a[::-1],
    "channels first": lambda a: a.transpose(0, 3, 1, 2),
    "cropped": lambda a: a[:, 1:],
    "one channel more": lambda a: a[..., None],
    "bytes": lambda a: np.asarray(a).view(np.uint8),
}
ROWS = {
    "shuffled": lambda n: RANDOM.permutation(n),
    "in order": lambda n: np.arange(n),
    "some twice": lambda n: RANDOM.randint(0, n, 50),
    "none": lambda n: np.arange(0),
    "the last": lambda n: np.array([n - 1]),
}


@pytest.fixture(scope="module", params=[np.uint8, np.float32])
def mapped(request, tmp_path_factory):
    """Images that do not begin where a page does, and end anywhere."""
    path = tmp_path_factory.mktemp("mapped") / "images.bin"
    shape = (101, 9, 11, 3)
    images = np.memmap(path, request.param, "w+", offset=4321, shape=shape)
    images[:] = RANDOM.randint(0, 256, shape)
    return images


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("view", VIEWS)
def test_the_same_images_come_as_from_memory(mapped, view, rows):
    images = VIEWS[view](mapped)
    which = ROWS[rows](len(images))
    read = rows_of(images, which)
    assert same_bits([read], [np.array(images)[which]])
    assert not np.shares_memory(read, images)


def test_maps_of_other_kinds_are_read_too(tmp_path):
    shape = (50, 8, 8, 1)
    anonymous = mmap.mmap(-1, 50 * 64)
    images = np.frombuffer(anonymous, np.uint8).reshape(shape)
    images[:] = RANDOM.randint(0, 256, shape)
    np.save(tmp_path / "images.npy", images)
    which = RANDOM.permutation(50)
    for mode in ("r", "r+", "c"):
        copy = np.load(tmp_path / "images.npy", mmap_mode=mode)
        assert same_bits([rows_of(copy, which)], [images[which]])
    copy[3] = 7  # of a copy on write: the file does not have it
    assert (rows_of(copy, np.array([3])) == 7).all()
    assert same_bits([rows_of(images, which)], [images[which]])


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what is read is counted in /proc"
)
def test_little_more_is_fetched_than_is_asked_for(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, RANDOM.randint(0, 256, (8192, 64, 64, 1)).astype(np.uint8))
    with open(path) as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    images = np.load(path, mmap_mode="r")
    before = bytes_fetched()
    rows_of(images, np.arange(0, 8192, 128))
    # 64 images of one page, of which each may touch two.
    assert bytes_fetched() - before < 2 * 64 * 2 * mmap.PAGESIZE


def bytes_fetched():
    """How much this process has had read from a disk."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["read_bytes"])
