"""Where TensorFlow cannot work, an error says so at once; what others have set
otherwise changes no bit.

Each case runs in a fork of one process that has imported skcnn but not started
TensorFlow, so it may spoil what it likes.
"""

import json
import os

import pytest
from fresh_python import run_in_fork, run_python

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system does not fork"
)

COMMON = """
import json, os, pickle, sys
import numpy as np

X = np.random.RandomState(0).randint(0, 256, (40, 8, 8, 1)).astype(np.uint8)
y = np.arange(40) % 4

def in_fork(function):
    "What a function returns in a fork of this process; False if that does not end."
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            result = function()
        except BaseException as error:
            result = f"{type(error).__name__}: {error}"
        os.write(writable, json.dumps(result).encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as file:
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text)

def classifier(**params):
    from skcnn import ConvPoolClassifier
    return ConvPoolClassifier([(4, 3)], convs_per_block=1, dense_layers=(), random_state=0, epochs=1, **params)

def fit():
    return bits(classifier().fit(X, y))

def bits(clf):
    import hashlib
    return hashlib.sha1(b"".join(a.tobytes() for a in clf._state.arrays) + clf.predict_proba(X).tobytes()).hexdigest()
"""

FORKS = (
    COMMON
    + """
import skcnn, skcnn._process
from skcnn._compat import keras, tf

skcnn._process.PATIENCE = 2

def refused_doors(clf, kept):
    "The message at each door that has something to do with TensorFlow."
    from skcnn.plotting import AugmentationDisplay
    doors = {
        "fit": lambda: classifier().fit(X, y),
        "fit again": lambda: clf.fit(X, y),
        "partial_fit": lambda: classifier().partial_fit(X, y),
        "partial_fit again": lambda: clf.partial_fit(X, y),
        "initialize": lambda: classifier().initialize(X, y),
        "predict": lambda: clf.predict(X),
        "predict_proba": lambda: clf.predict_proba(X),
        "score": lambda: clf.score(X, y),
        "model_": lambda: clf.model_,
        "unpickled": lambda: pickle.loads(kept).predict(X),
        "augmentation": lambda: AugmentationDisplay.from_estimator(classifier(augmentation="flip"), X),
    }
    messages = {}
    for name, door in doors.items():
        try:
            door()
            messages[name] = "did not raise"
        except RuntimeError as error:
            messages[name] = str(error)
    return messages

def after_fit():
    clf = classifier().fit(X, y)
    kept = pickle.dumps(clf)
    return in_fork(lambda: refused_doors(clf, kept))

def after_an_operation():
    tf.ones(3) + 1
    return in_fork(fit)

def after_keras():
    model = keras.Sequential([keras.layers.Dense(2)])
    model.compile(loss="mse")
    model.fit(np.zeros((3, 2)), np.zeros((3, 2)), verbose=0)
    return in_fork(fit)

def after_a_session():
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        session.run(tf.random.normal((600, 600)) @ tf.ones((600, 600)))
    return in_fork(fit)

def where_operations_fail():
    "As those of a GPU do, if the parent has found it."
    def fail(*arrays):
        raise tf.errors.InternalError(None, None, "no GPU in a fork")
    tf.linalg.matmul = fail
    return in_fork(fit)

def where_operations_fail_otherwise():
    skcnn._process.PATIENCE = 3600  # an error must not be waited for
    def fail(*arrays):
        raise RuntimeError("no device")
    tf.linalg.matmul = fail
    return in_fork(fit)

def grandchild_of_a_process_that_may():
    return [in_fork(lambda: [fit(), in_fork(fit)]), fit()]

def multiprocessing_pool():
    import multiprocessing
    tf.ones(3)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(fit)

def process_pool_executor():
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    tf.ones(3)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        return pool.submit(fit).result()

def joblib_multiprocessing():
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV
    tf.ones(3)
    with parallel_config("multiprocessing", n_jobs=2):
        GridSearchCV(classifier(), {"dropout": [0.1, 0.2]}, cv=2, error_score="raise").fit(X, y)

cases = [after_fit, after_an_operation, after_keras, after_a_session,
         where_operations_fail, where_operations_fail_otherwise,
         grandchild_of_a_process_that_may,
         multiprocessing_pool, process_pool_executor, joblib_multiprocessing]
print(json.dumps({case.__name__: in_fork(case) for case in cases}))
"""
)

IMPORTED_LATE = (
    COMMON
    + """
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

def after_an_operation():
    tf.ones(3) + 1
    return [in_fork(fit), fit()]

print(json.dumps([in_fork(fit), in_fork(after_an_operation)]))
"""
)

SETTINGS = (
    COMMON
    + """
from contextlib import ExitStack
from skcnn._compat import keras, tf

def everything():
    params = dict(batch_norm=True, max_norm=1.0, kernel_regularizer=1e-3, augmentation="flip+shift")
    return bits(classifier(**params).fit(X, y, validation_data=(X[:9], y[:9])))

def doors():
    clf, messages = pickle.loads(kept), {}
    for name, door in {"fit": lambda: classifier().fit(X, y), "partial_fit": lambda: clf.partial_fit(X, y),
                       "initialize": lambda: clf.initialize(X, y), "predict": lambda: clf.predict(X),
                       "score": lambda: clf.score(X, y), "model_": lambda: clf.model_}.items():
        try:
            door()
            messages[name] = "did not raise"
        except RuntimeError as error:
            messages[name] = str(error)
    return messages

kept = bytes.fromhex(in_fork(lambda: pickle.dumps(classifier().fit(X, y)).hex()))

def without_eager_execution():
    tf.compat.v1.disable_eager_execution()
    return doors()

def in_a_graph():
    with tf.Graph().as_default():
        return doors()

def in_a_function():
    found = []
    tf.function(lambda: found.append(doors()), autograph=False)()
    return found[0]

def in_a_map():
    found = []
    tf.data.Dataset.range(1).map(lambda i: tf.autograph.experimental.do_not_convert(doors_into)(found, i))
    return found[0]

def doors_into(found, i):
    found.append(doors())
    return i

def plain():
    return everything()

def functions_run_eagerly():
    tf.data.experimental.enable_debug_mode()
    tf.config.run_functions_eagerly(True)
    return everything()

def mixed_float16():
    keras.config.set_dtype_policy("mixed_float16")
    return everything()

def tracebacks_in_full():
    keras.config.disable_traceback_filtering()
    return everything()

def blocks():
    with ExitStack() as stack:
        for block in (tf.device("/CPU:0"), tf.GradientTape(), tf.init_scope(), tf.name_scope("a"),
                      keras.StatelessScope(), tf.distribute.MirroredStrategy().scope()):
            stack.enter_context(block)
        return everything()

def floatx():
    keras.config.set_floatx("float64")
    return doors()

cases = [without_eager_execution, in_a_graph, in_a_function, in_a_map, floatx,
         plain, functions_run_eagerly, mixed_float16, tracebacks_in_full, blocks]
print(json.dumps({case.__name__: in_fork(case) for case in cases}))
"""
)


def outcome(code, run):
    """What a script prints, as JSON; a script that hangs is stopped."""
    return json.loads(run(code).stdout.splitlines()[-1])


# --------------------------------------------------------------------------------------
# Forks


@pytest.fixture(scope="module")
def forks():
    return outcome(FORKS, run_python)


@pytest.mark.slow
def test_a_fork_of_a_process_that_has_fitted_is_refused_at_every_door(forks):
    messages = forks["after_fit"]
    assert len(messages) == 11
    for door, message in messages.items():
        assert "forked" in message and "'loky'" in message and "'spawn'" in message, (
            door
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        "after_an_operation",
        "after_keras",
        "after_a_session",
        "where_operations_fail",
        "where_operations_fail_otherwise",
        "multiprocessing_pool",
        "process_pool_executor",
        "joblib_multiprocessing",
    ],
)
def test_a_fork_is_refused_whatever_started_tensorflow_and_whoever_forks(forks, how):
    assert forks[how].startswith("RuntimeError: This process was forked"), forks[how]


@pytest.mark.slow
def test_a_fork_before_tensorflow_starts_may_fit_and_its_own_forks_may_not(forks):
    (child, grandchild), parent = forks["grandchild_of_a_process_that_may"]
    assert child == parent and len(parent) == 40
    assert grandchild.startswith("RuntimeError: This process was forked")


@pytest.mark.slow
def test_a_fork_that_imports_skcnn_itself_is_refused_only_if_tensorflow_had_started():
    unstarted, (forked, parent) = outcome(IMPORTED_LATE, run_python)
    assert forked.startswith("RuntimeError: This process was forked")
    assert unstarted == parent and len(parent) == 40


# --------------------------------------------------------------------------------------
# What is set for the whole process, or for a block of code


@pytest.fixture(scope="module")
def settings():
    return outcome(SETTINGS, run_in_fork)


@pytest.mark.slow
@pytest.mark.parametrize(
    "where, says",
    [
        (
            "without_eager_execution",
            "disable_eager_execution() or disable_v2_behavior()",
        ),
        ("in_a_graph", "tf.Graph().as_default()"),
        ("in_a_function", "tf.function"),
        ("in_a_map", "map of tf.data"),
    ],
)
def test_without_eager_execution_every_door_says_so(settings, where, says):
    assert len(settings[where]) == 6
    for door, message in settings[where].items():
        assert "eager execution" in message and says in message, door


@pytest.mark.slow
def test_another_floatx_is_refused_where_it_would_reach_the_training(settings):
    messages = settings["floatx"]
    for door in ("fit", "partial_fit", "initialize"):
        assert "set_floatx('float32')" in messages[door]
    for door in ("predict", "score", "model_"):
        assert messages[door] == "did not raise"


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    ["functions_run_eagerly", "mixed_float16", "tracebacks_in_full", "blocks"],
)
def test_settings_of_keras_and_tensorflow_change_no_bit(settings, setting):
    assert settings[setting] == settings["plain"] and len(settings["plain"]) == 40
