"""Data that change while fit reads them: nobody else ever gets what was trained on
them.
"""

import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from comparisons import same_bits, same_fit
from networks import TINY, plain_fit
from sklearn.base import clone

from skcnn import ConvPoolClassifier
from skcnn._trajectory import STATES
from skcnn._watched_images import WatchedImages

EPOCHS = 4


# --------------------------------------------------------------------------------------
# The images

RANDOM = np.random.RandomState(0)
IMAGES = {
    "uint8": RANDOM.randint(0, 256, (9, 4, 4, 3)).astype(np.uint8),
    "uint8, odd": RANDOM.randint(0, 256, (9, 3, 5, 1)).astype(np.uint8),
    "uint8, even": RANDOM.randint(0, 256, (9, 3, 2, 1)).astype(np.uint8),
    "float32": RANDOM.uniform(size=(9, 4, 4, 1)).astype(np.float32),
    "float64": RANDOM.uniform(size=(9, 4, 4, 1)),
    "float16": RANDOM.uniform(size=(9, 3, 3, 1)).astype(np.float16),
    "big-endian": RANDOM.uniform(size=(9, 3, 3, 1)).astype(">f4"),
    "int64": RANDOM.randint(0, 256, (9, 3, 3, 1)),
    "bool": RANDOM.randint(0, 2, (9, 3, 3, 1)).astype(bool),
    "every second": RANDOM.uniform(size=(18, 4, 4, 1))[::2],
    "channels first": RANDOM.uniform(size=(9, 2, 4, 4)).transpose(0, 2, 3, 1),
    "broadcast": np.broadcast_to(RANDOM.uniform(size=(1, 4, 4, 1)), (9, 4, 4, 1)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_each_image_is_read_as_it_is_and_each_change_is_noticed(name):
    images = IMAGES[name]
    images = images if name in ("every second", "channels first") else images.copy()
    watched = WatchedImages(images, "X")
    for rows in (slice(2, 7), np.array([8, 0, 3]), np.arange(9) % 2 == 0):
        assert same_bits([watched[rows]], [images[rows]])
        assert not np.shares_memory(watched[rows], images)
    assert not watched.changed
    kept = images[3].copy()
    images[3, -1, -1, -1] = not images[3, -1, -1, -1]
    watched[np.array([0, 1, 2, 4, 5, 6, 7, 8])]
    assert not watched.changed
    watched[np.array([5, 3])]
    assert watched.changed
    images[3] = kept
    watched[:]
    assert watched.changed  # once and for all


def test_a_digest_is_of_content_type_and_shape():
    images = IMAGES["uint8"]
    digest = WatchedImages(images, "X").digest
    assert WatchedImages(images.copy(), "validation_data").digest == digest
    others = [images + 1, images[::-1], images.astype(np.int16), images.view(np.int8)]
    others += [images.reshape(9, 4, 12, 1), images[:8], images.transpose(0, 2, 1, 3)]
    assert len({digest, *(WatchedImages(other, "X").digest for other in others)}) == 8


# --------------------------------------------------------------------------------------
# Fits


pytestmark = pytest.mark.usefixtures("nothing_known")


@pytest.fixture(scope="module")
def contents(digits):
    X, y = digits
    return X[:60], X[60:120], y[:60]


def classifier(**params):
    return ConvPoolClassifier(**TINY | {"batch_size": 16, "epochs": EPOCHS} | params)


class During:
    """A scikit-learn callback that does something at the begin or the end of given
    epochs, counted from 1.
    """

    def __init__(self, *, begin=None, end=None):
        self.begin = begin or {}
        self.end = end or {}

    def setup(self, estimator, context):
        self.begun = self.ended = 0

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch":
            self.begun += 1
            self.begin.get(self.begun, int)()

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.ended += 1
            self.end.get(self.ended, int)()


def check_nothing_wrong_is_known(clf, contents, folder):
    """Fits of either content, from what is known in this process and in the folder, are
    the plain ones.
    """
    *images, y = contents
    for X in images:
        plain = plain_fit(clf, X, y)
        for from_folder in (False, True):
            if from_folder:
                STATES.clear()
            again = clone(clf).set_params(memory=folder).fit(X, y)
            assert same_fit(again, plain, X)


def n_kept(folder):
    return len(list(folder.rglob("output.pkl")))


CHANGES = {
    "at the end of an epoch": lambda write: During(end={2: lambda: write(1)}),
    "before the first": lambda write: During(begin={1: lambda: write(1)}),
    "and back": lambda write: During(
        begin={3: lambda: write(1)}, end={3: lambda: write(0)}
    ),
}
KEPT = {"at the end of an epoch": 2, "before the first": 0, "and back": 2}


@pytest.mark.slow
@pytest.mark.parametrize("when", CHANGES)
@pytest.mark.parametrize("kind", ["uint8", "float64"])
def test_a_callback_that_changes_X(contents, tmp_path, when, kind):
    scale = 1 if kind == "uint8" else 255
    images = [(array / scale).astype(kind) for array in contents[:2]]
    contents = [*images, contents[2]]
    X, y = contents[0].copy(), contents[2]
    callback = CHANGES[when](lambda which: np.copyto(X, contents[which]))
    clf = classifier(memory=tmp_path).set_callbacks(callback)
    with pytest.warns(UserWarning, match=r"X was changed while.*X.copy\(\)") as caught:
        clf.fit(X, y)
    assert len(caught) == 1 and clf.n_iter_ == EPOCHS
    assert n_kept(tmp_path) == KEPT[when]
    check_nothing_wrong_is_known(classifier(), contents, tmp_path)


@pytest.mark.slow
def test_a_thread_that_fills_X_again_and_again(contents, tmp_path):
    *images, y = contents
    X, stop = images[0].copy(), threading.Event()

    def fill():
        while not stop.is_set():
            for content in (images[1], images[0]):
                np.copyto(X, content)

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for seed in range(3):
                classifier(memory=tmp_path, random_state=seed).fit(X, y)
    finally:
        stop.set()
        thread.join()
    for seed in range(3):
        check_nothing_wrong_is_known(classifier(random_state=seed), contents, tmp_path)


REWRITE = "import sys, numpy as np; a = np.load(sys.argv[1], mmap_mode='r+'); a[:] = np.load(sys.argv[2])"


@pytest.mark.slow
def test_a_file_that_another_process_rewrites(contents, tmp_path):
    *images, y = contents
    names = [str(tmp_path / f"{i}.npy") for i in range(2)]
    for name, content in zip(names, images, strict=True):
        np.save(name, content)
    X = np.load(names[0], mmap_mode="r")
    command = [sys.executable, "-c", REWRITE, *names]
    callback = During(end={1: lambda: subprocess.run(command, check=True)})
    clf = classifier(memory=tmp_path / "runs").set_callbacks(callback)
    with pytest.warns(UserWarning, match="X was changed"):
        clf.fit(X, y)
    assert n_kept(tmp_path / "runs") == 1
    check_nothing_wrong_is_known(classifier(), contents, tmp_path / "runs")


@pytest.mark.slow
def test_a_file_that_looks_untouched_is_read_again_at_each_fit(contents, tmp_path):
    """A file may change and keep its name, its size and its time: pages that are mapped
    to be written leave the time as it is until they are written back, or for good.
    """
    *images, y = contents
    path = tmp_path / "images.npy"
    np.save(path, images[0])
    X = np.load(path, mmap_mode="r")
    clf = classifier(memory=tmp_path / "runs")
    clf.fit(X, y)
    before = path.stat()
    np.load(path, mmap_mode="r+")[:] = images[1]
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    assert after.st_mtime_ns == before.st_mtime_ns
    expected = plain_fit(clf, images[1], y)
    assert same_fit(clone(clf).fit(X, y), expected, images[1])


@pytest.mark.slow
def test_early_stopping_on_a_changed_X_is_not_recalled(contents, tmp_path):
    X, y = contents[0].copy(), contents[2]
    params = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 9}
    clf = classifier(memory=tmp_path, **params)
    clf.set_callbacks(During(end={2: lambda: np.copyto(X, contents[1])}))
    with pytest.warns(UserWarning, match="X was changed"):
        clf.fit(X, y)
    assert n_kept(tmp_path) == 2
    check_nothing_wrong_is_known(classifier(**params), contents, tmp_path)


@pytest.mark.slow
def test_validation_data_that_change(contents, tmp_path):
    one, two, y = contents
    validation = one.copy()
    clf = classifier(memory=tmp_path)
    clf.set_callbacks(During(end={1: lambda: np.copyto(validation, two)}))
    with pytest.warns(UserWarning, match="validation_data was changed"):
        clf.fit(one, y, validation_data=(validation, y))
    assert n_kept(tmp_path) == 1
    for content in (one, two):
        fit_params = {"validation_data": (content, y)}
        plain = plain_fit(classifier(), one, y, **fit_params)
        STATES.clear()
        clf = classifier(memory=tmp_path).fit(one, y, **fit_params)
        assert same_fit(clf, plain, one)


@pytest.mark.slow
def test_labels_and_weights_are_those_of_the_call(contents, tmp_path):
    X, _, y = contents
    weights = np.linspace(0.5, 1.5, len(y)).astype(np.float32)
    labels, changed = y.copy(), weights.copy()
    expected = plain_fit(classifier(), X, y, sample_weight=weights)

    def change():
        labels[:] = 0
        changed[:] = 9.0

    clf = classifier(memory=tmp_path).set_callbacks(During(begin={1: change}))
    assert same_fit(clf.fit(X, labels, sample_weight=changed), expected, X)
    assert n_kept(tmp_path) == EPOCHS


@pytest.mark.slow
def test_a_known_run_is_known_although_X_changes_meanwhile(contents):
    X, y = contents[0].copy(), contents[2]
    expected = classifier().fit(X, y)
    clf = classifier().set_callbacks(During(end={1: lambda: np.copyto(X, contents[1])}))
    assert same_fit(clf.fit(X, y), expected, contents[0])


def test_a_fit_that_shares_nothing_does_not_mind(contents):
    X, y = contents[0].copy(), contents[2]
    change = During(end={1: lambda: np.copyto(X, contents[1])})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(random_state=None).set_callbacks(change).fit(X, y)
