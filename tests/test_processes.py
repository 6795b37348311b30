"""What only a process of its own can show: the same bits elsewhere, silence, memory,
threads of workers.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from fresh_python import run_in_fork, run_python

from skcnn import ConvPoolClassifier
from skcnn._compat import tensorflow_names_its_threads

FIT = """
import hashlib, sys
import numpy as np
from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits

def fit_and_hash(seed):
    X, y = (array[:200] for array in load_digits(subset="all", return_X_y=True))
    clf = ConvPoolClassifier([(4, 3), (8, 3)], batch_norm=True, epochs=3, batch_size=32, random_state=seed).fit(X, y)
    state = hashlib.sha256(b"".join(array.tobytes() for array in clf._state.arrays))
    state.update(clf.predict_proba(X).tobytes())
    return state.hexdigest()
"""


@pytest.fixture(scope="module")
def fresh():
    """What a process prints that fits, which is nothing but the bits."""
    # This process has imported skcnn, so it has a log level that another would inherit.
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return run_python(FIT + "print(fit_and_hash(0))", env=environment)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_in_a_fresh_process_and_on_a_reused_program(
    fresh,
):
    namespace = {}
    exec(FIT, namespace)
    here = namespace["fit_and_hash"](0)
    assert namespace["fit_and_hash"](1) != here
    assert namespace["fit_and_hash"](0) == here
    assert fresh.stdout.strip() == here


@pytest.mark.slow
def test_importing_and_fitting_print_nothing(fresh):
    assert (fresh.stdout.count("\n"), fresh.stderr) == (1, "")


@pytest.mark.slow
def test_an_explicit_log_level_is_respected(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert "oneDNN" in run_python("import skcnn").stderr


@pytest.mark.slow
def test_a_failing_import_still_tells_why(monkeypatch, tmp_path):
    """The quiet import holds standard error back: what is on it must come out if
    TensorFlow cannot be imported.
    """
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    (tmp_path / "tensorflow.py").write_text(
        "import os; os.write(2, b'broken library'); raise ImportError('no tf')"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import skcnn"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert "broken library" in result.stderr and "no tf" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tensorflow", "says"),
    [
        ("__version__ = '2.16.2'", "needs tensorflow 2.18 or newer, and 2.16.2 is"),
        ("raise ModuleNotFoundError(name='tensorflow')", "pip install tensorflow"),
    ],
)
def test_a_tensorflow_that_will_not_do_is_named(tensorflow, says, tmp_path):
    (tmp_path / "tensorflow.py").write_text(tensorflow)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import skcnn"
    stderr = run_python(code, fails=True).stderr
    assert says in stderr.splitlines()[-1]


@pytest.mark.slow
def test_another_backend_of_keras_is_refused_in_words():
    # jax itself is not installed here
    code = "import keras; keras.backend.backend = lambda: 'jax'; import skcnn"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert "skcnn trains with TensorFlow, but Keras is set to 'jax'" in result.stderr


MEMORY = """
import os, psutil
import numpy as np
from skcnn import ConvPoolClassifier
rng = np.random.RandomState(0)
X, y = rng.randint(0, 256, (64, 12, 12, 3)).astype(np.uint8), np.arange(64) % 4
designs = [dict(conv_layers=[(4, 3)]), dict(conv_layers=[(6, 3)], batch_norm=True),
           dict(conv_layers=[(4, ((1, 1), (3, 3)))]), dict(conv_layers=())]
for i in range(100):
    ConvPoolClassifier(**designs[i % 4], epochs=1, random_state=i).fit(X, y).predict(X)
    if i in (19, 99):
        print(psutil.Process().memory_info().rss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_fits():
    after_20, after_100 = map(int, run_in_fork(MEMORY).stdout.split())
    assert after_100 - after_20 < 30 * 2**20


counts_in_proc = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="threads are counted in /proc"
)

WORKER = """
import os
from joblib import Parallel, delayed, parallel_config

def compute_threads():
    import numpy as np
    from skcnn import ConvPoolClassifier
    X, y = np.arange(640, dtype="float32").reshape(10, 8, 8) / 640, np.arange(10) % 2
    ConvPoolClassifier([(2, 3)], epochs=1, random_state=0).fit(X, y)
    names = [open(f"/proc/self/task/{task}/comm").read().strip() for task in os.listdir("/proc/self/task")]
    return names.count("tf_Compute")

if __name__ == "__main__":
    for options in ({}, {"inner_max_num_threads": 3}):
        with parallel_config(backend="loky", n_jobs=2, **options):
            print(*Parallel()([delayed(compute_threads)()]))
    print(compute_threads())
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "5"
    with parallel_config(backend="loky", n_jobs=2, inner_max_num_threads=2):
        print(*Parallel()([delayed(compute_threads)()]))
"""


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """What a script prints whose workers count their threads."""
    budgets = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    not_inherited = {*budgets, "TF_CPP_MIN_LOG_LEVEL"}
    environment = {k: v for k, v in os.environ.items() if k not in not_inherited}
    script = tmp_path_factory.mktemp("workers") / "worker.py"
    script.write_text(WORKER)
    command = [sys.executable, str(script)]
    options = {"capture_output": True, "text": True, "timeout": 300}
    return subprocess.run(command, env=environment, **options)


@pytest.mark.slow
@counts_in_proc
@pytest.mark.skipif(
    not tensorflow_names_its_threads(), reason="this TensorFlow names no threads"
)
def test_a_worker_has_as_many_threads_as_its_budget(workers):
    cores = len(os.sched_getaffinity(0))
    # The main process is free, and so is whoever sets TensorFlow's own variables.
    expected = [max(1, cores // 2), 3, cores, 5]
    assert list(map(int, workers.stdout.split())) == expected, workers.stderr


@pytest.mark.slow
@counts_in_proc
def test_workers_print_nothing(workers):
    n_counts = 4  # which the script itself prints
    told = (workers.returncode, workers.stdout.count("\n"), workers.stderr)
    assert told == (0, n_counts, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend", [pytest.param("loky", marks=pytest.mark.workers), "threading"]
)
def test_fitted_estimators_come_back_from_workers(digits, backend):
    from joblib import parallel_config
    from sklearn.model_selection import cross_validate

    X, y = digits
    clf = ConvPoolClassifier([(4, 3)], epochs=1, random_state=0)
    with parallel_config(backend=backend, n_jobs=2):
        results = cross_validate(clf, X[:200], y[:200], cv=2, return_estimator=True)
    probabilities = [fitted.predict_proba(X[:20]) for fitted in results["estimator"]]
    assert all(p.shape == (20, 10) for p in probabilities)
    assert not np.array_equal(*probabilities)
