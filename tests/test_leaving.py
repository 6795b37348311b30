"""A process that exits waits until no daemon thread is inside TensorFlow; a real
search, a real Ctrl-C, a real exit.
"""

import os

import pytest
from fresh_python import run_python

SEARCH = """
import atexit, os, signal, sys, threading

def inside():
    "Daemon threads that are in a program: there Python could not end them."
    frames, found = sys._current_frames(), 0
    for thread in threading.enumerate():
        frame = frames.get(thread.ident) if thread.daemon else None
        while frame is not None and "skcnn/_program.py" not in frame.f_code.co_filename.replace(os.sep, "/"):
            frame = frame.f_back
        found += frame is not None
    return found

atexit.register(lambda: print("at the end:", inside()))  # first, so it is called last

import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from skcnn import ConvPoolClassifier, _leaving
from skcnn._training import epochs_trained

X = np.random.RandomState(0).randint(0, 256, (40, 8, 8, 1)).astype(np.uint8)
y = np.arange(40) % 4
clf = ConvPoolClassifier([(4, 3)], (), convs_per_block=1, epochs=10**6, random_state=0)
search = GridSearchCV(clf, {"dropout": [0.1, 0.2]}, cv=2)

def end_of_a_fork():
    "A fork has no such threads, so nothing to wait for."
    child = os.fork()
    if child == 0:
        _leaving.PATIENCE = None
        atexit._run_exitfuncs()
        os._exit(0)
    os.waitpid(child, 0)
    print("a fork has ended", flush=True)

def interrupt():
    while len(epochs) < 20 or inside() < 2:  # between two calls a thread is outside
        watch.wait(0.05)
    print("both are at work", flush=True)
    if hasattr(os, "fork"):
        end_of_a_fork()
    signal.raise_signal(signal.SIGINT)

watch = threading.Event()
with epochs_trained() as epochs, parallel_config("threading", n_jobs=2):
    threading.Thread(target=interrupt, daemon=True).start()
    search.fit(X, y)
"""


@pytest.mark.slow
def test_exit_after_ctrl_c_of_a_search_in_threads_waits_for_tensorflow():
    result = run_python(SEARCH, fails=True)
    assert "KeyboardInterrupt" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "both are at work"
    assert lines[-1] == "at the end: 0"
    if hasattr(os, "fork"):
        assert "a fork has ended" in lines
