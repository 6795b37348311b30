"""`memory`: refused at once if it cannot be used, and never the end of a fit if that
comes later.
"""

import os
import pickle
import shutil
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from at_epoch import AtEpoch
from comparisons import same_fit
from networks import TINY
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import ConvPoolClassifier
from skcnn._state_folder import open_folder
from skcnn._trajectory import STATES

pytestmark = pytest.mark.usefixtures("nothing_known")


def classifier(**params):
    return ConvPoolClassifier(**TINY | {"epochs": 2} | params)


# --------------------------------------------------------------------------------------
# What cannot be used


def a_file(folder):
    (folder / "file").write_text("")
    return folder / "file"


def below_a_file(folder):
    return str(a_file(folder) / "runs")


def a_broken_link(folder):
    (folder / "link").symlink_to(folder / "nowhere")
    return str(folder / "link")


def below_a_broken_link(folder):
    return a_broken_link(folder) + "/runs"


def a_link_to_itself(folder):
    (folder / "link").symlink_to(folder / "link")
    return str(folder / "link")


def a_file_where_joblib_has_its_folder(folder):
    (folder / "joblib").write_text("")
    return str(folder)


def a_memory_that_became_a_file(folder):
    memory = joblib.Memory(str(folder / "runs"), verbose=0)
    shutil.rmtree(folder / "runs")
    (folder / "runs").write_text("")
    return memory


UNUSABLE = [
    (a_file, "file' is not a folder"),
    (below_a_file, "file' is not a folder"),
    (a_broken_link, "link' is a link to what is not there"),
    (below_a_broken_link, "link' is a link to what is not there"),
    (a_link_to_itself, "symbolic links"),
    (a_file_where_joblib_has_its_folder, "joblib' is not a folder"),
    (a_memory_that_became_a_file, "runs' is not a folder"),
    (lambda folder: "", "no name of a folder"),
    (lambda folder: " \n", "no name of a folder"),
    (lambda folder: "a\0b", "no name of a folder"),
    (lambda folder: str(folder / ("x" * 300)), "too long"),
    (lambda folder: str(folder / "/".join("x" * 2000)), "too "),
    (lambda folder: str(folder / "\ud800"), "surrogates"),
    (lambda folder: "/dev/null/runs", "/dev/null' is not a folder"),
    (lambda folder: "/proc/runs", "No such file"),
    (lambda folder: "s3://bucket/runs", "this machine's file system"),
    (lambda folder: Path("file:///runs"), "this machine's file system"),
    (lambda folder: "~no-such-user/runs", "./~no-such-user/runs"),
    (lambda folder: "$HOME/runs", "os.path.expandvars"),
]
DOORS = {
    "fit": lambda clf, X, y: clf.fit(X, y),
    "partial_fit": lambda clf, X, y: clf.partial_fit(X, y),
    "initialize": lambda clf, X, y: clf.initialize(X, y),
}


@pytest.mark.parametrize(
    "make, says", UNUSABLE, ids=[makes.__name__ + says for makes, says in UNUSABLE]
)
def test_a_memory_that_cannot_be_used_is_refused_before_the_data_are_looked_at(
    tmp_path, make, says, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    memory = make(tmp_path)
    for door in DOORS.values():
        with pytest.raises(ValueError, match=r"^memory=") as caught:
            door(classifier(memory=memory), "no data", None)
        assert says in str(caught.value) and repr(memory) in str(caught.value)


def test_a_refused_memory_leaves_a_fitted_estimator_as_it_was(data, tmp_path):
    X, y = data
    clf = classifier(epochs=1).fit(X, y)
    before = clf.predict_proba(X)
    for params in ({}, {"warm_start": True}):
        clf.set_params(memory=a_file(tmp_path), **params)
        with pytest.raises(ValueError, match="memory"):
            clf.fit(X, y)
        assert np.array_equal(clf.predict_proba(X), before)


def test_a_pipeline_and_a_search_name_memory_too(data, tmp_path):
    X, y = data
    clf = classifier(memory=a_file(tmp_path))
    pipeline = make_pipeline(FunctionTransformer(), clf)
    search = GridSearchCV(clf, {"epochs": [1]}, cv=2, error_score="raise")
    for outer in (pipeline, search):
        with pytest.raises(ValueError, match=r"memory=.*is not a folder"):
            outer.fit(X, y)


@pytest.mark.skipif(
    not hasattr(os, "fork") or os.getuid() != 0, reason="root becomes nobody here"
)
def test_a_folder_without_permission_is_refused(tmp_path):
    """Root may do anything, so another user tries, in a process of its own."""
    os.chmod(tmp_path, 0o700)
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            open_folder(str(tmp_path / "runs"))
        except ValueError as error:
            os._exit(7 if "Permission denied" in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_trying_leaves_no_file_and_takes_what_joblib_takes(tmp_path):
    for memory in (str(tmp_path), tmp_path, joblib.Memory(str(tmp_path), verbose=0)):
        assert open_folder(memory).location == str(tmp_path / "joblib")
        assert list((tmp_path / "joblib" / "skcnn").iterdir()) == []
    assert open_folder(None) is None and open_folder(joblib.Memory(None)) is None


# --------------------------------------------------------------------------------------
# What the folder is


def test_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert open_folder("~/runs").location == str(tmp_path / "runs" / "joblib")
    assert not Path("~").exists()


@pytest.mark.parametrize("as_memory", [False, True])
def test_a_relative_folder_that_moves_is_told(tmp_path, monkeypatch, as_memory):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    name = f"runs-{as_memory}"
    memory = joblib.Memory(name, verbose=0) if as_memory else name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            assert open_folder(memory).location == str(
                tmp_path / "one" / name / "joblib"
            )
    monkeypatch.chdir(tmp_path / "two")
    with pytest.warns(UserWarning, match=r"is now '.*two.*was '.*one.*absolute path"):
        assert open_folder(memory).location == str(tmp_path / "two" / name / "joblib")


def test_a_fit_stays_with_its_folder_whatever_becomes_of_the_directory(
    data, tmp_path, monkeypatch
):
    X, y = data
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    leave = AtEpoch(1, lambda: os.chdir(tmp_path / "elsewhere"))
    classifier(memory="staying", epochs=3).set_callbacks(leave).fit(X, y)
    assert len(list((tmp_path / "staying").rglob("output.pkl"))) == 3
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_another_process_gets_the_absolute_folder(tmp_path, monkeypatch):
    """A worker keeps the directory that it was started in."""
    monkeypatch.chdir(tmp_path)
    for memory in ("runs", Path("runs"), joblib.Memory("runs", verbose=0)):
        sent = pickle.loads(pickle.dumps(classifier(memory=memory))).memory
        assert getattr(sent, "location", sent) == str(tmp_path / "runs")
    for memory in (None, "~/runs", "/runs", Path("/runs"), "", 3):
        assert pickle.loads(pickle.dumps(classifier(memory=memory))).memory == memory
    assert clone(classifier(memory="runs")).memory == "runs"


# --------------------------------------------------------------------------------------
# What happens to it while a fit runs


def become_a_file(folder):
    shutil.rmtree(folder)
    folder.write_text("")


def limit_files(n_bytes):
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    return before


@pytest.mark.slow
def test_a_folder_lost_during_a_fit_costs_its_states_not_the_fit(data, tmp_path):
    X, y = data
    folder = tmp_path / "runs"
    clf = classifier(epochs=4, memory=folder)
    clf.set_callbacks(AtEpoch(2, lambda: become_a_file(folder)))
    with pytest.warns(
        UserWarning, match="cannot be written.*runs' is not a fo"
    ) as caught:
        clf.fit(X, y)
    assert len(caught) == 1  # for two epochs
    STATES.clear()
    assert same_fit(clf, classifier(epochs=4).fit(X, y), X)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_disk_that_is_full_costs_the_states_not_the_fit(data, tmp_path):
    X, y = data
    usual = limit_files(-1)
    clf = classifier(epochs=4, memory=tmp_path)
    clf.set_callbacks(AtEpoch(2, lambda: limit_files(5000)))
    try:
        with pytest.warns(UserWarning, match="cannot be written.*File too l") as caught:
            clf.fit(X, y)
    finally:
        limit_files(usual)
    assert len(caught) == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len([path for path in files if path.name == "output.pkl"]) == 2
    assert len(files) == 3  # and .gitignore: no half file is left
    STATES.clear()
    assert same_fit(clf, classifier(epochs=4).fit(X, y), X)
    classifier(epochs=4, memory=tmp_path).fit(X, y)
    assert len(list(tmp_path.rglob("output.pkl"))) == 4


@pytest.mark.slow
def test_entries_that_cannot_be_read_are_computed_again_with_one_warning(
    data, tmp_path
):
    X, y = data
    plain = classifier(epochs=3).fit(X, y)
    classifier(epochs=3, memory=tmp_path).fit(X, y)
    for path in tmp_path.rglob("output.pkl"):  # a folder: even root cannot read it
        path.unlink()
        path.mkdir()
    STATES.clear()
    with pytest.warns(UserWarning, match="memory") as caught:
        clf = classifier(epochs=3, memory=tmp_path).fit(X, y)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 2, messages  # it cannot be read; it cannot be written
    assert "cannot be read now" in messages[0] and "cannot be written" in messages[1]
    assert same_fit(clf, plain, X)
