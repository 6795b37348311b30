"""``python -m skcnn search``: from a folder of images to a model and a report."""

import os
from contextlib import suppress

from joblib import parallel_config

from skcnn._backend import tf
from skcnn._callback_support import CALLBACKS_EXIST
from skcnn._command.budget import affordable, make_search
from skcnn._command.images import divide, load_images
from skcnn._command.study import StudyFolder
from skcnn._paths import as_path
from skcnn._progress import SearchProgress
from skcnn._report.writing import check_packages, report
from skcnn._value_labels import arguments as as_arguments


def run_search(arguments):
    """Search, keep the best network, and report.

    Parameters
    ----------
    arguments : argparse.Namespace
        folder, out, minutes, size, max_params, resize.
    """
    check_packages()
    folder = as_path(arguments.folder, "the folder")
    study = StudyFolder(as_path(arguments.out, "--out"))
    study.check_outside(folder)
    settings = _settings(arguments, folder)
    known = study.known(settings)
    data = load_images(arguments, study.images)
    X, X_test, y, y_test = divide(data)
    print(f"{len(X)} images to search with, {len(X_test)} to test on")
    _one_core_each()
    with parallel_config(backend="threading", n_jobs=os.cpu_count()):
        limits = arguments.max_params, study.memory
        number = _how_many(known, arguments, X, y, limits)
        study.keep(settings | {"n_candidates": number})
        search = make_search(number, X, y, *limits)
        if CALLBACKS_EXIST:
            search.set_callbacks(SearchProgress())
        else:
            print("scikit-learn is older than 1.9, so no progress is shown")
        search.fit(X, y)
    study.save_model(search.best_estimator_)
    _finish(folder, study, search, (X, y), (X_test, y_test))


def _how_many(known, arguments, X, y, limits):
    """The number of candidates: that of an earlier call, or what there is time for."""
    if known.get("minutes") == arguments.minutes:
        print(f"Going on with {known['n_candidates']} networks")
        return known["n_candidates"]
    number, seconds = affordable(60 * arguments.minutes, X, y, *limits)
    print(f"Trying {number} networks, in about {_in_words(seconds)}")
    return number


def _settings(arguments, folder):
    return {
        "folder": str(folder.absolute()),
        "size": arguments.size,
        "max_params": arguments.max_params,
        "resize": arguments.resize,
        "minutes": arguments.minutes,
    }


def _one_core_each():
    """Fits side by side, each on one core: small images are fastest so."""
    if "TF_NUM_INTRAOP_THREADS" not in os.environ:
        with suppress(RuntimeError):  # TensorFlow has started, and stays as it is
            tf.config.threading.set_intra_op_parallelism_threads(1)


def _in_words(seconds):
    if seconds < 90:
        return f"{max(round(seconds), 1)} seconds"
    return f"{round(seconds / 60)} minutes"


def _finish(folder, study, search, given, unseen):
    accuracy = search.best_estimator_.score(*unseen)
    report(
        search,
        study.report_file,
        *given,
        X_test=unseen[0],
        y_test=unseen[1],
        title=f"Images of {folder.absolute().name}",
    )
    n_params = search.best_estimator_.n_params_
    best = as_arguments(search.best_params_)
    print(f"Best network: {n_params:,} parameters, {best}")
    print(f"Accuracy on the test images: {accuracy:.3f}")
    print(f"Report: {study.report_file}")
    print(f"Model:  {study.model_file}")
    print(f"Use it: python -m skcnn predict {study.path} FILES...")
