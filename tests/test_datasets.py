"""Data sets: what the loaders return, and that no damaged file is trusted.

Nothing is downloaded here. Files hold a few random images. Processes that go through
the download have a prepared cache of Keras, or an empty one, and a proxy instead of
the network.
"""

import gzip
import io
import os
import pickle
import socket
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits as load_digits_of_sklearn

from skcnn import ConvPoolClassifier
from skcnn.datasets import (
    fetch_cifar10,
    fetch_cifar100,
    fetch_fashion_mnist,
    fetch_mnist,
    load_digits,
)
from skcnn.datasets._download import download
from skcnn.datasets._sources import FASHION_MNIST
from skcnn.datasets._subset import stratified_sample

FETCH = {"cifar10": fetch_cifar10, "fashion_mnist": fetch_fashion_mnist}
# These have nothing of their own but a record, so a few tests are enough.
ALSO = {"cifar100": fetch_cifar100, "mnist": fetch_mnist}
SHAPES = {
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
    "fashion_mnist": (28, 28, 1),
    "mnist": (28, 28, 1),
}
N_IMAGES = {"train": 40, "test": 20}


def make_arrays(name):
    """The content of a file: a few dark images with some random pixels, and labels."""
    rng = np.random.RandomState(0)
    arrays = {}
    for split, n in N_IMAGES.items():
        images = rng.randint(0, 256, (n, *SHAPES[name])) * (
            rng.random_sample((n, *SHAPES[name])) < 0.01
        )
        arrays[f"x_{split}"] = images.astype(np.uint8)
        arrays[f"y_{split}"] = rng.permutation(np.arange(n) % 10).astype(np.uint8)
    return arrays


@pytest.fixture(params=FETCH)
def name(request):
    return request.param


@pytest.fixture
def arrays(name):
    return make_arrays(name)


@pytest.fixture
def path(name, arrays, tmp_path):
    np.savez(tmp_path / f"{name}.npz", **arrays)
    return tmp_path / f"{name}.npz"


@pytest.fixture
def fetch(name, tmp_path):
    """The loader, told to read from `tmp_path` and nowhere else."""

    def fetch(**options):
        return FETCH[name](
            **{"data_home": tmp_path, "download_if_missing": False} | options
        )

    return fetch


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


# --------------------------------------------------------------------------------------
# Digits


def test_digits_are_those_of_scikit_learn():
    ours, theirs = load_digits(subset="all"), load_digits_of_sklearn()
    assert ours.images.dtype == np.uint8 and ours.images.shape == (1797, 8, 8, 1)
    assert (ours.images.min(), ours.images.max()) == (0, 255)
    assert np.abs(ours.images[..., 0] * (16 / 255) - theirs.images).max() < 0.04, (
        "less than half a step of 1 / 16"
    )
    np.testing.assert_array_equal(ours.target, theirs.target)
    assert ours.target.dtype == np.int64
    assert list(ours.target_names) == list("0123456789")
    assert "UCI" in ours.DESCR


def test_digits_are_divided_by_class_and_always_alike():
    every, train, test = (
        load_digits(subset=subset) for subset in ("all", "train", "test")
    )
    for part, name in ((train, "train"), (test, "test")):
        assert_same(
            [part.images, part.target],
            [every[key][every.split == name] for key in ("images", "target")],
        )
        assert set(part.split) == {name}
    assert (len(train.target), len(test.target)) == (1347, 450)
    share = np.bincount(test.target) / np.bincount(every.target)
    assert np.abs(share - 0.25).max() < 0.005
    # Accuracies on the test images can be compared only as long as these are the same.
    places = np.flatnonzero(every.split == "test")
    assert (
        places[:10].tolist() == [1, 2, 4, 5, 6, 9, 14, 17, 18, 19]
        and places.sum() == 384_803
    )


def test_the_default_subset_is_the_one_to_train_on(fetch, path, arrays):
    assert_same(
        load_digits(return_X_y=True), load_digits(subset="train", return_X_y=True)
    )
    assert_same(fetch(return_X_y=True), (arrays["x_train"], arrays["y_train"]))


# --------------------------------------------------------------------------------------
# Reading files


@pytest.mark.parametrize("subset", ["train", "test", "all"])
def test_a_file_is_read_as_it_is(fetch, path, arrays, subset, name):
    splits = ["train", "test"] if subset == "all" else [subset]
    data = fetch(subset=subset)
    assert set(data) == {"images", "target", "target_names", "split", "DESCR"}
    assert data.images.dtype == np.uint8 and data.images.shape[1:] == SHAPES[name]
    assert data.target.dtype == np.int64
    assert_same(
        [data.images], [np.concatenate([arrays[f"x_{split}"] for split in splits])]
    )
    assert_same(
        [data.target], [np.concatenate([arrays[f"y_{split}"] for split in splits])]
    )
    assert data.split.tolist() == [
        split for split in splits for _ in range(N_IMAGES[split])
    ]
    assert data.target_names.shape == (10,) and len(set(data.target_names)) == 10
    assert_same(fetch(subset=subset, return_X_y=True), (data.images, data.target))


def test_descriptions_name_the_source_and_warn_of_other_pixels(fetch, path, name):
    description = fetch().DESCR
    assert {"cifar10": "Krizhevsky", "fashion_mnist": "Xiao"}[name] in description
    assert (
        "A file that you supply may hold fewer images, or other pixels" in description
    )


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_may_be_laid_out_as_keras_loads_it(fetch, path, arrays, save):
    """Keras has CIFAR-10's labels as a column, and no channel in Fashion-MNIST."""
    column = {
        key: array[:, np.newaxis] if key[0] == "y" else array.squeeze()
        for key, array in arrays.items()
    }
    save(path, **column)
    assert_same(fetch(return_X_y=True), (arrays["x_train"], arrays["y_train"]))


def test_only_the_subset_asked_for_is_read(fetch, path, arrays):
    content = bytearray(path.read_bytes())
    content[content.index(arrays["x_train"].tobytes()) + 1000] ^= 1
    path.write_bytes(content)
    assert_same(
        fetch(subset="test", return_X_y=True), (arrays["x_test"], arrays["y_test"])
    )
    for subset in ("train", "all"):
        with pytest.raises(ValueError, match="Bad CRC-32"):
            fetch(subset=subset)


def test_the_folder_is_scikit_learns_unless_one_is_given(
    fetch, path, name, monkeypatch
):
    home = path.parent / "home"
    (home / "skcnn").mkdir(parents=True)
    path.rename(home / "skcnn" / path.name)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(home))
    assert len(fetch(data_home=None).target) == 40
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))  # its name on Windows
    assert len(fetch(data_home="~/skcnn").target) == 40


@pytest.mark.slow
def test_what_is_returned_can_be_trained_on(fetch, path):
    X, y = fetch(n_samples=20, random_state=0, return_X_y=True)
    clf = ConvPoolClassifier([(2, 3)], epochs=1, random_state=0).fit(X, y)
    assert clf.predict(fetch(subset="test", return_X_y=True)[0]).shape == (20,)


@pytest.mark.parametrize("also", ALSO)
def test_further_data_sets_are_read_like_the_first(also, tmp_path):
    arrays = make_arrays(also)
    np.savez(tmp_path / f"{also}.npz", **arrays)
    fetch = ALSO[also]
    for subset in ("train", "test"):
        data = fetch(subset=subset, data_home=tmp_path, download_if_missing=False)
        assert data.images.shape == (N_IMAGES[subset], *SHAPES[also])
        assert_same(
            [data.images, data.target], [arrays[f"x_{subset}"], arrays[f"y_{subset}"]]
        )
    n_classes = {"cifar100": 100, "mnist": 10}[also]
    assert len(set(data.target_names)) == n_classes == len(data.target_names)
    assert {"cifar100": "Krizhevsky", "mnist": "LeCun"}[also] in data.DESCR
    arrays["y_train"][0] = n_classes
    np.savez(tmp_path / f"{also}.npz", **arrays)
    with pytest.raises(ValueError, match=f"must be from 0 to {n_classes - 1}; got"):
        fetch(data_home=tmp_path)


@pytest.mark.parametrize("also", ALSO)
def test_further_data_sets_name_what_their_file_must_hold(also, tmp_path):
    with pytest.raises(OSError, match=f"call fetch_{also} on a computer") as caught:
        ALSO[also](data_home=tmp_path, download_if_missing=False)
    assert str(tmp_path / f"{also}.npz") in str(caught.value)
    with pytest.raises(ValueError, match=f"'subset' parameter of fetch_{also} must"):
        ALSO[also](subset="valid", data_home=tmp_path)


# --------------------------------------------------------------------------------------
# Samples


@pytest.mark.parametrize("n_samples", [1, 9, 10, 11, 500, 1340, 1347])
def test_a_sample_has_the_same_share_of_each_class(n_samples):
    every, some = load_digits(), load_digits(n_samples=n_samples, random_state=0)
    assert some.images.shape == (n_samples, 8, 8, 1)
    expected = n_samples * np.bincount(every.target) / len(every.target)
    assert np.abs(np.bincount(some.target, minlength=10) - expected).max() < 1


def test_a_sample_of_as_many_as_there_are_classes_has_every_rare_one():
    labels = np.repeat(np.arange(10), [100, 1, 1, 1, 2, 2, 2, 3, 3, 3]).astype(np.uint8)
    assert sorted(labels[stratified_sample(labels, 10, random_state=0)]) == list(
        range(10)
    )


def test_a_sample_is_in_order_determined_by_its_seed_and_grows(fetch, path, arrays):
    def places(**options):
        images = fetch(**options).images
        return [
            int(np.flatnonzero((arrays["x_train"] == image).all(axis=(1, 2, 3)))[0])
            for image in images
        ]

    some = places(n_samples=15, random_state=0)
    assert some == sorted(set(some)) and len(some) == 15
    assert places(n_samples=15, random_state=0) == some
    assert places(n_samples=15, random_state=1) != some
    assert set(some) < set(places(n_samples=25, random_state=0))
    assert places(n_samples=40) == list(range(40))
    generator = np.random.RandomState(0)
    assert places(n_samples=15, random_state=generator) != places(
        n_samples=15, random_state=generator
    )


def test_a_sample_leaves_the_global_generator_alone():
    before = np.random.get_state()[1].tolist()
    load_digits(n_samples=100)
    assert np.random.get_state()[1].tolist() == before


# --------------------------------------------------------------------------------------
# Options

BAD_OPTIONS = [
    ("subset", "valid"),
    ("subset", None),
    ("n_samples", 0),
    ("n_samples", 1.5),
    ("random_state", -1),
    ("random_state", "seed"),
    ("return_X_y", "yes"),
]


@pytest.mark.parametrize(
    ("option", "value"), [*BAD_OPTIONS, ("data_home", 3), ("download_if_missing", None)]
)
def test_bad_options_are_refused_before_anything_is_read(fetch, name, option, value):
    """There is no file, which would be an OSError."""
    with pytest.raises(
        ValueError,
        match=rf"'{option}' parameter of fetch_{name} must be .* Got {value!r} instead",
    ):
        fetch(**{option: value})


@pytest.mark.parametrize(("option", "value"), BAD_OPTIONS)
def test_bad_options_of_digits(option, value):
    with pytest.raises(
        ValueError,
        match=rf"'{option}' parameter of load_digits must be .* Got {value!r} instead",
    ):
        load_digits(**{option: value})


def test_too_many_samples(fetch, path, name, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"n_samples must be from 1 to 40, all of the subset, or None; got 41",
    ):
        fetch(n_samples=41)
    with pytest.raises(ValueError, match=r"from 1 to 450, .* got 451"):
        load_digits(subset="test", n_samples=451)
    with pytest.raises(
        ValueError, match=r"from 1 to 10000, .* got 10001"
    ):  # and not the error of a download
        fetch(
            subset="test",
            n_samples=10_001,
            data_home=tmp_path / "empty",
            download_if_missing=True,
        )
    assert not (tmp_path / "empty").exists()


def test_a_file_is_not_a_folder(fetch, path):
    with pytest.raises(
        NotADirectoryError, match="data_home must be a folder; got the file"
    ) as caught:
        fetch(data_home=path)
    assert str(caught.value).endswith(f"pass its folder, {path.parent}.")


# --------------------------------------------------------------------------------------
# Files that are missing, damaged or something else


def test_a_missing_file_is_named_with_what_it_must_hold(fetch, name, tmp_path):
    with pytest.raises(
        OSError, match=r"download_if_missing is False\. Pass True"
    ) as caught:
        fetch()
    assert str(tmp_path / f"{name}.npz") in str(caught.value)
    for key in ("x_train", "y_train", "x_test", "y_test", str((10_000, *SHAPES[name]))):
        assert key in str(caught.value)


def test_a_folder_that_cannot_be_made_is_told_before_the_download(
    fetch, path, tmp_path
):
    with pytest.raises(OSError) as caught:
        fetch(data_home=path / "folder", download_if_missing=True)
    assert "cannot be written" in str(caught.value) and "download" not in str(
        caught.value
    )
    assert "Pass another folder as data_home" in str(caught.value)
    assert "To supply that file, write an .npz with x_train" in str(caught.value)


def assert_refused_or_unharmed(fetch, path, arrays):
    """A change is refused with a message, or harmless, as in a zip's time stamps."""
    try:
        found = fetch(subset="all")
    except ValueError as error:
        assert str(path) in str(error) and "Delete it" in str(error)
        return 1
    assert_same(
        [found.images[:40], found.target[:40]], [arrays["x_train"], arrays["y_train"]]
    )
    assert_same(
        [found.images[40:], found.target[40:]], [arrays["x_test"], arrays["y_test"]]
    )
    return 0


@pytest.mark.slow
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_no_flipped_bit_goes_unnoticed(fetch, path, arrays, save):
    save(path, **arrays)
    content = path.read_bytes()
    stop = content.index(
        b"PK\x01\x02"
    )  # the zip directory, of which no byte is left out
    places = [*range(0, stop, 1 + stop // 500), *range(stop, len(content))]
    n_refused = 0
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        n_refused += assert_refused_or_unharmed(fetch, path, arrays)
    assert n_refused > len(places) / 2


def test_headers_that_claim_fewer_images_are_refused(tmp_path):
    """They would end the reading before the checksum is compared.

    zipfile reads in blocks, so there are more labels here than one block holds.
    """
    images, labels = np.zeros((9000, 28, 28), np.uint8), np.zeros(9000, np.uint8)
    path = tmp_path / "fashion_mnist.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:1], y_test=labels[:1])
    path.write_bytes(path.read_bytes().replace(b"'shape': (9000,", b"'shape': (1000,"))
    with pytest.raises(ValueError, match="Bad CRC-32"):
        fetch_fashion_mnist(data_home=tmp_path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_truncated_files_are_refused(fetch, path, arrays, save):
    save(path, **arrays)
    content = path.read_bytes()
    for size in [
        *range(0, len(content), 1 + len(content) // 200),
        *range(len(content) - 25, len(content)),
    ]:
        path.write_bytes(content[:size])
        assert assert_refused_or_unharmed(fetch, path, arrays), (
            f"{size} of {len(content)} bytes"
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("y_test"), "it lacks y_test"),
        (
            lambda a: a.update(x_train=a["x_train"] / 255),
            "x_train must be uint8 images of shape .* got float64",
        ),
        (
            lambda a: a.update(x_train=a["x_train"].transpose(0, 3, 1, 2)),
            "x_train must be uint8 images",
        ),
        (
            lambda a: a.update(x_train=a["x_train"][:, 1:]),
            "x_train must be uint8 images",
        ),
        (lambda a: a.update(x_train=a["x_train"][:0]), "x_train must be uint8 images"),
        (
            lambda a: a.update(y_train=a["y_train"][1:]),
            r"one integer for each of the 40 images; got uint8 \(39,\)",
        ),
        (
            lambda a: a.update(y_train=np.eye(10, dtype=int)[a["y_train"]]),
            r"got int64 \(40, 10\)",
        ),
        (lambda a: a.update(y_train=a["y_train"].astype(float)), "got float64"),
        (
            lambda a: a.update(y_train=a["y_train"] + 1),
            "y_train must be from 0 to 9; got 1 to 10",
        ),
        (lambda a: a.update(y_train=a["y_train"].astype(int) - 1), "got -1 to 8"),
        (lambda a: a.update(y_train=a["y_train"].astype(object)), "allow_pickle=False"),
    ],
)
def test_files_that_hold_something_else_are_refused(
    fetch, path, arrays, change, message
):
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        fetch()
    assert str(path) in str(caught.value) and "Delete it" in str(caught.value)


class Harmful:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>not found</html>", npy(np.zeros(3)), pickle.dumps(Harmful())],
)
def test_what_is_no_npz_at_all_is_refused(fetch, path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="File is not a zip file") as caught:
        fetch()
    assert str(path) in str(caught.value)


def test_pickles_in_an_npz_are_not_loaded(fetch, path, arrays):
    np.savez(path, **arrays | {"x_train": np.array([Harmful()])}, allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        fetch()


# --------------------------------------------------------------------------------------
# Downloads, each in a process of its own: a process reads KERAS_HOME only once, and
# the proxy too


@pytest.fixture
def keras_home(tmp_path):
    (tmp_path / "keras").mkdir()
    return tmp_path / "keras"


@pytest.fixture
def start_python(keras_home):
    """Start an interpreter with its own Keras cache and a proxy that refuses."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
    environment = {
        key: value for key, value in os.environ.items() if key.lower() != "no_proxy"
    }
    environment |= {"KERAS_HOME": str(keras_home), "https_proxy": proxy}
    started = []

    def start(code, *args):
        command = [sys.executable, "-c", code, *map(str, args)]
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(
                command,
                env=environment,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        with process:  # closes its pipes
            process.kill()  # does nothing to one that has ended


@pytest.fixture
def keras_cache(keras_home):
    """Fashion-MNIST as Keras would have downloaded it: four files in MNIST's format."""
    folder = keras_home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    arrays = make_arrays("fashion_mnist")
    for split, prefix in (("train", "train"), ("test", "t10k")):
        for kind, file_name, header in (
            ("x", "images-idx3", 16),
            ("y", "labels-idx1", 8),
        ):
            with gzip.open(folder / f"{prefix}-{file_name}-ubyte.gz", "wb") as stream:
                stream.write(bytes(header) + arrays[f"{kind}_{split}"].tobytes())
    return folder


AT_ONCE = """
import os, socket, sys
from concurrent.futures import ThreadPoolExecutor
from skcnn.datasets import fetch_fashion_mnist

other = os.fork()  # two processes at once

def fetch(_):
    return fetch_fashion_mnist(data_home=sys.argv[1], return_X_y=True)

with ThreadPoolExecutor(2) as threads:
    for X, y in threads.map(fetch, range(2)):
        print(X.shape, y.shape)
assert socket.getdefaulttimeout() is None
sys.stdout.flush()
if other:
    assert os.waitpid(other, 0)[1] == 0
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_threads_and_processes_that_download_at_once_leave_one_whole_file(
    tmp_path, start_python, keras_cache
):
    folder, arrays = tmp_path / "data", make_arrays("fashion_mnist")
    process = start_python(AT_ONCE, folder)
    output = process.communicate(timeout=120)
    assert process.returncode == 0
    assert output == ("(40, 28, 28, 1) (40,)\n" * 4, ""), (
        "and nothing of Keras' own messages"
    )

    assert [path.name for path in folder.iterdir()] == ["fashion_mnist.npz"]
    data = fetch_fashion_mnist(
        subset="all", data_home=folder, download_if_missing=False
    )
    assert_same(
        [data.images[:40], data.images[40:]], [arrays["x_train"], arrays["x_test"]]
    )
    assert_same(
        [data.target[:40], data.target[40:]], [arrays["y_train"], arrays["y_test"]]
    )
    with np.load(folder / "fashion_mnist.npz") as file:
        assert {key: (array.dtype, array.shape) for key, array in file.items()} == {
            key: (array.dtype, array.shape) for key, array in arrays.items()
        }
    (folder / "plain").touch()
    assert (folder / "fashion_mnist.npz").stat().st_mode == (
        folder / "plain"
    ).stat().st_mode, "others may read it"


def test_threads_load_one_at_a_time_even_for_different_folders(tmp_path):
    """They share Keras' cache and one timeout, so folders make no difference."""
    loading, most = [], []

    def load():
        loading.append(socket.getdefaulttimeout())
        time.sleep(0.05)
        most.append(len(loading))
        loading.pop()
        image, label = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)
        return (image, label), (image, label)

    source = replace(FASHION_MNIST, load=load)
    paths = [tmp_path / str(i) / "fashion_mnist.npz" for i in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda path: download(source, path), paths))
    assert all(path.exists() for path in paths)
    assert most == [1, 1, 1]
    assert socket.getdefaulttimeout() is None


OFFLINE = """
import os, socket, sys
from skcnn import datasets
from skcnn.datasets import _download

def attempt(fetch):
    try:
        fetch(data_home=sys.argv[1])
    except OSError as error:
        print(error)
    assert socket.getdefaulttimeout() is None

# The proxy refuses.
attempt(datasets.fetch_cifar10)
attempt(datasets.fetch_cifar100)
attempt(datasets.fetch_mnist)
with socket.socket() as silent:
    silent.bind(("127.0.0.1", int(os.environ["https_proxy"].rpartition(":")[2])))
    silent.listen()  # now it takes connections, and never says anything
    _download.TIMEOUT_SECONDS = 1
    attempt(datasets.fetch_fashion_mnist)
"""


@pytest.mark.slow
def test_offline_or_in_a_network_that_swallows_everything_the_error_says_what_to_do(
    tmp_path, start_python
):
    folder = tmp_path / "data"
    output, errors = start_python(OFFLINE, folder).communicate(timeout=120)
    assert errors == ""
    *refused, silent = output.splitlines()
    assert all("refused" in message for message in refused) and "timed out" in silent
    for message, name, n_train in (
        (refused[0], "cifar10", 50_000),
        (refused[1], "cifar100", 50_000),
        (refused[2], "mnist", 60_000),
        (silent, "fashion_mnist", 60_000),
    ):
        assert (
            f"{folder / name}.npz is missing, and {name} cannot be downloaded"
            in message
        )
        assert f"x_train, uint8 of shape {(n_train, *SHAPES[name])}" in message
    assert list(folder.iterdir()) == []


INTERRUPTED = """
import os, pathlib, resource, signal, sys
from skcnn.datasets import fetch_fashion_mnist

folder, cache = map(pathlib.Path, sys.argv[1:])

def attempt():
    try:
        fetch_fashion_mnist(data_home=folder)
    except OSError as error:
        print(error, os.listdir(folder), flush=True)

if os.fork() == 0:
    labels = cache / "t10k-labels-idx1-ubyte.gz"
    whole = labels.read_bytes()
    labels.write_bytes(whole[:-5])
    attempt()
    labels.write_bytes(whole)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    attempt()
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    attempt()
    print("not reached", flush=True)

_, status = os.wait()
print(os.waitstatus_to_exitcode(status), flush=True)
sys.stdin.readline()
fetch_fashion_mnist(data_home=folder)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_write_that_fails_or_is_killed_leaves_no_file(
    tmp_path, start_python, keras_cache
):
    """The system kills the process in the middle of the write, as `kill -9` would.

    It does so because the file grows too large.
    """
    import signal

    folder = tmp_path / "data"
    process = start_python(INTERRUPTED, folder, keras_cache)
    damaged_cache, disk_full, end = (process.stdout.readline() for _ in range(3))
    assert int(end) == -signal.SIGXFSZ
    assert (
        "end-of-stream marker" in damaged_cache
        and f"{keras_cache.parent} is damaged, delete that copy. []" in damaged_cache
    )
    assert "File too large" in disk_full and disk_full.endswith(" []\n")
    (part,) = folder.iterdir()
    assert part.suffix == ".part" and part.stat().st_size == 10_000
    assert not zipfile.is_zipfile(part)
    with pytest.raises(OSError, match="is missing"):
        fetch_fashion_mnist(data_home=folder, download_if_missing=False)
    out, err = process.communicate("\n", timeout=120)
    # NumPy 2.0 leaves its file open after a write that fails, and Python tells that.
    is_told_by_numpy = np.__version__.startswith("2.0.") and "ZipFile.__del__" in err
    assert out == "" and (err == "" or is_told_by_numpy)
    assert [path.name for path in folder.iterdir()] == ["fashion_mnist.npz"], (
        "what was left is gone"
    )


FETCH_ONCE = """
import sys
from skcnn.datasets import fetch_fashion_mnist

print("ready", flush=True)
sys.stdin.readline()
fetch_fashion_mnist(data_home=sys.argv[1])
"""


@pytest.mark.slow
def test_a_process_waits_for_the_download_of_another(
    tmp_path, start_python, keras_cache
):
    """The other process is this one, and has not finished a file in Keras' cache yet.

    Without waiting, that file would be taken for damaged.
    """
    fcntl = pytest.importorskip("fcntl")
    labels = keras_cache / "t10k-labels-idx1-ubyte.gz"
    whole = labels.read_bytes()
    labels.write_bytes(whole[:-5])
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    process = start_python(FETCH_ONCE, tmp_path)
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    labels.write_bytes(whole)
    os.close(handle)
    assert process.communicate(timeout=120) == ("", "") and process.returncode == 0
    assert (tmp_path / "fashion_mnist.npz").exists()
