"""The folder of states: what is in it, how it gets smaller, and how it stays small."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skcnn import (
    ConvPoolClassifier,
    StateMemory,
    clean_memory,
    memory_info,
    search_histories,
)
from skcnn._state_folder import StateFolder
from skcnn._states import STATES
from skcnn._training import epochs_trained

X, y = load_digits().images[:100] / 16, load_digits().target[:100]


def tiny(**params):
    """A classifier that is trained in a moment."""
    return ConvPoolClassifier(
        [(2, 3)], (), convs_per_block=1, **{"epochs": 3, "random_state": 0, **params}
    )


@pytest.fixture
def folder(tmp_path, nothing_known):
    return str(tmp_path / "runs")


def stored(folder):
    """The epochs of the states in a folder, run by run."""
    runs = {}
    for file in Path(folder).rglob("output.pkl"):
        run, epoch = file.parents[1].name, int(file.parent.name, 16)
        runs.setdefault(run, []).append(epoch)
    return sorted(map(sorted, runs.values()))


def made_old(folder, days, epochs):
    """Make states look as if they had not been used for so long."""
    then = time.time() - days * 86400
    for place, _, files in os.walk(folder):
        for name in files:
            if name == "output.pkl" and int(os.path.basename(place), 16) in epochs:
                os.utime(os.path.join(place, name), (then, then))


# --------------------------------------------------------------------------------------
# What is there


def test_a_folder_tells_its_runs_states_and_bytes(folder):
    tiny(memory=folder).fit(X, y)
    tiny(memory=folder, epochs=2, random_state=1).fit(X, y)
    info = memory_info(folder)
    assert (info.n_runs, info.n_states, info.n_unfinished) == (2, 5, 0)
    on_disk = sum(file.stat().st_size for file in Path(folder).rglob("output.pkl"))
    assert info.n_bytes == info.runs["n_bytes"].sum() == on_disk
    assert sorted(info.runs["last_epoch"]) == [2, 3]
    assert "5 states of 2 runs" in str(info)
    for same in (joblib.Memory(folder, verbose=0), StateMemory(folder)):
        assert memory_info(same).n_states == 5


def test_a_folder_that_is_not_there_holds_nothing_and_is_not_made(tmp_path):
    info = memory_info(tmp_path / "none")
    assert (info.n_runs, info.n_states, len(info.runs)) == (0, 0, 0)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="no name of a folder"):
        memory_info("")


def test_the_share_of_a_search_is_told(folder):
    grid = {"dropout": [0, 0.5], "epochs": [1, 2]}
    tiny(memory=folder, random_state=5).fit(X, y)  # something else
    search = GridSearchCV(tiny(memory=folder), grid, cv=2, refit=False)
    before = memory_info(folder, search, X, y)
    assert before.of_search == {"n_trainings": 4, "n_known": 0, "n_bytes": 0}
    search.fit(X, y)
    after = memory_info(folder, search, X, y)
    assert after.of_search["n_known"] == 4
    assert after.of_search["n_bytes"] == after.n_bytes - before.n_bytes
    assert "of this search: 4 of 4 trainings" in str(after)
    with pytest.raises(TypeError, match="needs X and y"):
        memory_info(folder, search)


# --------------------------------------------------------------------------------------
# Less of it


def test_old_states_are_removed_and_trained_again_to_the_same_bits(folder):
    whole = tiny(memory=folder).fit(X, y)
    made_old(folder, days=40, epochs=[1, 3])
    assert clean_memory(folder, max_age=30).n_states == 1
    assert stored(folder) == [[2]]
    STATES.clear()
    with epochs_trained() as epochs:
        again = tiny(memory=folder).fit(X, y)
    assert epochs == [2]
    assert (again.predict_proba(X) == whole.predict_proba(X)).all()


def test_of_too_much_the_oldest_goes_first(folder):
    tiny(memory=folder).fit(X, y)
    size = memory_info(folder).n_bytes
    made_old(folder, days=3, epochs=[2])
    clean_memory(folder, max_bytes=size - 1)
    assert stored(folder) == [[1, 3]]
    assert clean_memory(folder, max_bytes=0).n_runs == 0
    assert stored(folder) == []
    assert not [each for each in os.listdir(f"{folder}/joblib/skcnn") if "run-" in each]


def test_the_last_states_alone_can_be_kept(folder):
    tiny(memory=folder).fit(X, y)
    tiny(memory=folder, epochs=2, random_state=1).fit(X, y)
    clean_memory(folder, keep="last")
    assert stored(folder) == [[2], [3]]


def test_half_written_files_of_processes_that_are_gone_are_swept(folder):
    tiny(memory=folder, epochs=1).fit(X, y)
    [state] = [
        os.path.join(place, name)
        for place, _, files in os.walk(folder)
        for name in files
        if name == "output.pkl"
    ]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    top = os.path.join(folder, "joblib", "skcnn")
    now = time.time()
    left = {
        f"{state}.thread-1-pid-{gone.pid}": 3600,
        f"{state}.thread-2-pid-{os.getpid()}": 2 * 86400,
        os.path.join(top, "try-to-write-xy"): 2 * 86400,
    }
    in_use = {
        f"{state}.thread-3-pid-{os.getpid()}": 3600,
        f"{state}.thread-4-pid-{gone.pid}": 1,  # perhaps of another machine
        os.path.join(top, "try-to-write-z"): 60,
        os.path.join(top, "notes.txt"): 9 * 86400,
    }
    for path, age in (left | in_use).items():
        with open(path, "wb") as file:
            file.write(b"half")
        os.utime(path, (now - age, now - age))
    assert memory_info(folder).n_unfinished == 3
    assert "3 files were left half written" in str(memory_info(folder))
    info = clean_memory(folder)
    assert (info.n_unfinished, info.n_states) == (0, 1)
    assert not any(map(os.path.exists, left)) and all(map(os.path.exists, in_use))


@pytest.mark.parametrize(
    "wrong",
    [{"max_age": -1}, {"max_bytes": "2G"}, {"max_age": True}, {"keep": "asked"}],
)
def test_wrong_limits_are_refused(wrong, tmp_path):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        clean_memory(tmp_path, **wrong)


# --------------------------------------------------------------------------------------
# Fewer from the start


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keep", "ascending", "descending"),
    [
        ("every", [[1, 2, 3, 4]], [[1, 2, 3, 4]]),
        ("asked", [[1, 3, 4]], [[1, 3, 4]]),
        ("last", [[4]], [[4]]),
    ],
)
def test_as_many_states_stay_as_asked_and_bits_are_the_same(
    keep, ascending, descending, folder
):
    plain = [tiny(epochs=n).fit(X, y).predict_proba(X) for n in (1, 3, 4)]
    for order, expected in (((0, 1, 2), ascending), ((2, 1, 0), descending)):
        memory = StateMemory(f"{folder}{order[0]}", keep=keep)
        for i in order:
            STATES.clear()
            fitted = tiny(epochs=(1, 3, 4)[i], memory=memory).fit(X, y)
            assert (fitted.predict_proba(X) == plain[i]).all()
        assert stored(f"{folder}{order[0]}") == expected


@pytest.mark.parametrize("keep", ["asked", "last"])
def test_a_fit_that_is_interrupted_goes_on_from_its_last_epoch(keep, folder):
    memory = StateMemory(folder, keep=keep)
    put = StateFolder.put

    def put_and_stop(self, run_key, state):
        put(self, run_key, state)
        if state.epoch == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFolder, "put", put_and_stop)
        with pytest.raises(KeyboardInterrupt):
            tiny(epochs=5, memory=memory).fit(X, y)
    assert 3 in stored(folder)[0]
    STATES.clear()
    with epochs_trained() as epochs:
        tiny(epochs=5, memory=memory).fit(X, y)
    assert epochs == [3, 4]


def test_what_this_process_knows_is_brought_to_the_folder_once(folder):
    tiny().fit(X, y)
    tiny(memory=StateMemory(folder)).fit(X, y)
    assert stored(folder) == [[3]]


def test_what_was_brought_to_the_folder_on_the_way_is_removed_again(folder):
    """As where another process removes a state from which this one has just begun."""
    tiny(epochs=1).fit(X, y)
    tiny(epochs=3, memory=StateMemory(folder)).fit(X, y)
    assert stored(folder) == [[3]]


def test_the_home_folder_is_meant_by_its_sign(nothing_known, tmp_path, monkeypatch):
    """As a string and as a StateMemory, to write and to read."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))  # on Windows
    monkeypatch.chdir(tmp_path)
    tiny(memory=StateMemory("~/runs")).fit(X, y)
    tiny(memory="~/runs", epochs=4).fit(X, y)
    for path in ("~/runs", tmp_path / "home" / "runs", StateMemory("~/runs")):
        assert memory_info(path).n_states == 4
    assert clean_memory("~/runs", keep="last").n_states == 1
    with pytest.raises(ValueError, match="there is no such home folder"):
        StateMemory("~nobody-x/runs")
    assert [each.name for each in tmp_path.iterdir()] == ["home"]


def test_it_is_cloned_pickled_and_printed(folder):
    memory = StateMemory(folder, keep="last")
    for copy in (pickle.loads(pickle.dumps(memory)), clone(tiny(memory=memory)).memory):
        assert copy.keep == "last" and copy.location == folder
    assert repr(memory) == f"StateMemory(location={folder!r}, keep='last')"
    with pytest.raises(ValueError, match=r"keep must be one of.*'some'"):
        StateMemory(folder, keep="some")


@pytest.mark.slow
@pytest.mark.workers
def test_worker_processes_keep_as_few_and_curves_are_whole(folder):
    memory = StateMemory(folder, keep="asked")
    grid = {"epochs": [2, 4], "dropout": [0, 0.5]}
    search = GridSearchCV(tiny(memory=memory), grid, cv=2, n_jobs=2, refit=False)
    search.fit(X, y)
    assert all(set(epochs) <= {2, 4} for epochs in stored(folder))
    assert len(search_histories(search, X, y)) == 2 * 2 * (2 + 4)
    plain = GridSearchCV(tiny(), grid, cv=2, refit=False).fit(X, y)
    assert np.allclose(
        plain.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
    )
