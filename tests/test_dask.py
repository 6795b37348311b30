"""A search on a Dask cluster: a scheduler and two workers on this machine, each a
process of its own, started as one does on several machines.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import epoch_log
import numpy as np
import pytest
from joblib import parallel_config
from networks import TINY, split_scores
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits

distributed = pytest.importorskip("distributed", reason="dask is not installed")

pytestmark = pytest.mark.slow

# 2 networks, 3 folds and 16 epochs: 96 epochs, where 168 are asked for.
GRID = {"dropout": [0.0, 0.5], "epochs": [4, 8, 16]}
N_EPOCHS = 96


def search(memory, seed):
    network = ConvPoolClassifier(**TINY | {"memory": memory, "random_state": seed})
    return GridSearchCV(network, GRID, cv=3, refit=False, error_score="raise")


def alone(seed, X, y):
    """Scores of the plain computation, in the process that calls this."""
    skcnn.clear_cache(max_bytes=0)
    scores = split_scores(search(None, seed).fit(X, y))
    skcnn.clear_cache(max_bytes=2**28)
    return scores


def compile_networks():
    X, y = load_digits(n_samples=120, random_state=0, return_X_y=True)
    for dropout in GRID["dropout"]:
        ConvPoolClassifier(**TINY, dropout=dropout, epochs=1).fit(X, y).predict(X)


@pytest.fixture(scope="module")
def start_part(tmp_path_factory):
    """Starts a scheduler or a worker, as one does in a terminal."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    tests = Path(__file__).parent
    paths = [str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",  # a nanny sets it
    }
    environment.pop("TF_NUM_INTRAOP_THREADS", None)
    processes = []

    def start(name, *options):
        command = [sys.executable, "-m", "dask", name, "--scheduler-file", file]
        command += ["--no-dashboard", "--host", "127.0.0.1", *options]
        process = subprocess.Popen(
            command, env=environment, cwd=file.parent, stderr=subprocess.DEVNULL
        )
        processes.append(process)
        return file

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def client(start_part):
    file = start_part("scheduler", "--port", "0")
    for _ in range(2):
        start_part("worker", "--no-nanny", "--nthreads", "1")
    while not file.exists():
        time.sleep(0.05)
    futures = []
    with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
        # What follows is of the moment when both train: none is compiling meanwhile.
        for worker in list(client.nthreads()):
            futures.append(
                client.submit(compile_networks, workers=[worker], pure=False)
            )
        client.gather(futures)
        yield client


def on_cluster(client, search, X, y):
    with parallel_config(backend="dask", client=client, scatter=[X, y]):
        return split_scores(search.fit(X, y))


def test_a_search_scores_the_same_and_trains_each_epoch_once(client, data, tmp_path):
    X, y = (array.copy() for array in data)
    log = tmp_path / "epochs"
    told = client.run(epoch_log.start, str(log)).values()
    assert [threads for threads, _ in told] == [1, 1]
    scores = on_cluster(client, search(tmp_path / "runs", 0), X, y)
    pids = epoch_log.pids(log)
    assert len(pids) == N_EPOCHS
    assert set(pids) == {pid for _, pid in told}  # both have worked
    plain = client.submit(alone, 0, X, y, pure=False).result()
    assert np.array_equal(scores, plain)


def kill_after(n_epochs, log, pid):
    while epoch_log.pids(log).count(pid) < n_epochs:
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)


def test_a_worker_that_is_killed_costs_its_running_epoch(client, data, tmp_path):
    X, y = (array.copy() for array in data)
    log = tmp_path / "epochs"
    (_, victim), _ = client.run(epoch_log.start, str(log)).values()
    arguments = 6, log, victim
    threading.Thread(target=kill_after, args=arguments, daemon=True).start()
    scores = on_cluster(client, search(tmp_path / "runs", 1), X, y)
    pids = epoch_log.pids(log)
    assert 6 <= pids.count(victim) < N_EPOCHS / 2, "it must be killed while it works"
    # An epoch counts when it is trained; its state may not have been written.
    assert len(pids) - N_EPOCHS in (0, 1)
    plain = client.submit(alone, 1, X, y, pure=False).result()
    assert np.array_equal(scores, plain)
