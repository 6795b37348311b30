"""A trained network as files for other programs, with all that they must know."""

import json
import tempfile
import warnings

import numpy as np

from skcnn._backend import tf
from skcnn._given_classifiers import check_classifier
from skcnn._paths import as_path
from skcnn._version import release_of, version_of

# The name of each format here -> its name in Keras, and the end of its file.
_FORMATS = {
    "keras": ("keras", ".keras"),
    "tflite": ("litert", ".tflite"),
    "onnx": ("onnx", ".onnx"),
}
# What Keras needs beside itself to write a format.
_NEEDED = {"tflite": "ai-edge-litert", "onnx": "tf2onnx"}
_PACKAGES = ("skcnn", "keras", "tensorflow")


def export(classifier, folder, formats=("keras",)):
    """Write a trained network for programs that have no skcnn.

    The folder gets a file of the network in each format, ``model.keras`` and so on, and
    ``model.json``, which a program reads beside it: the names of the classes, the size
    of images, and the units of pixels. The network scales bytes itself.

    Parameters
    ----------
    classifier : ConvPoolClassifier
        A fitted one. Of a search, take its ``best_estimator_``. Steps that come before
        it in a pipeline are not exported.
    folder : str or path
        Made if it is missing. Files of these names in it are replaced.
    formats : sequence of {"keras", "tflite", "onnx"}, default=("keras",)
        ``"keras"`` is read by ``keras.saving.load_model``; ``"tflite"`` by
        TensorFlow and by the small package ``ai-edge-litert``, on phones and boards,
        too; ``"onnx"`` by ``onnxruntime`` and many others. To write ONNX, run ``pip
        install tf2onnx``.

    Returns
    -------
    list of pathlib.Path
        The files that were written; ``model.json`` is the last.

    Raises
    ------
    TypeError
        If it is another estimator; the message says where its classifier is. Or if
        `folder` is no path.
    ValueError
        For an unknown format, or a home folder that there is not.
    ImportError
        If a format needs a package that is not installed.

    Notes
    -----
    ``model.json`` has these entries: ``"classes"``, in the order of the network's
    probabilities; ``"image_shape"``, height, width and channels; ``"pixels"``, in
    words, and ``"pixel_range"``, the least and the largest in training; ``"input"``
    and ``"output"``; ``"n_params"``; and ``"versions"`` of the packages that wrote it.

    The network takes a batch of images of shape (n, height, width, channels) as
    float32, and gives probabilities of shape (n, n_classes). They may differ from those
    of the classifier in the last digits, since each program computes in its own order.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from skcnn import ConvPoolClassifier, export
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=60, random_state=0, return_X_y=True)
    >>> clf = ConvPoolClassifier([(4, 3)], epochs=1, random_state=0).fit(X, y)
    >>> folder = tempfile.TemporaryDirectory()
    >>> [path.name for path in export(clf, folder.name)]
    ['model.keras', 'model.json']
    >>> about = json.loads((Path(folder.name) / "model.json").read_text())
    >>> about["image_shape"], about["pixels"]
    ([8, 8, 1], 'bytes, 0 to 255')
    >>> folder.cleanup()
    """
    check_classifier(classifier, "classifier")
    formats = _check_formats(formats)
    folder = as_path(folder, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    model = classifier.model_
    # Keras exports only what has been called.
    model(np.zeros((1, *classifier.image_shape_), np.float32))
    written = [_write_model(model, folder, name) for name in formats]
    about = folder / "model.json"
    text = json.dumps(_describe(classifier), indent=2, ensure_ascii=False)
    about.write_text(text, encoding="utf8")
    return [*written, about]


def _check_formats(formats):
    is_one_name = isinstance(formats, str)
    names = [formats] if is_one_name else list(formats)
    unknown = [name for name in names if name not in _FORMATS]
    if unknown or not names:
        raise ValueError(
            f"formats must be a sequence of {', '.join(map(repr, _FORMATS))}; got "
            f"{formats!r}."
        )
    return list(dict.fromkeys(names))


def _write_model(model, folder, name):
    keras_format, suffix = _FORMATS[name]
    path = folder / f"model{suffix}"
    if name == "keras":
        model.save(path)
        return path
    try:
        with warnings.catch_warnings():
            # What writes ONNX asks NumPy for names that it had once.
            warnings.simplefilter("ignore", FutureWarning)
            _write(model, path, keras_format)
    except ImportError as error:
        raise ImportError(
            f"To write {path.name}, install what it needs: pip install {_NEEDED[name]}"
        ) from error
    return path


def _write(model, path, keras_format):
    if keras_format == "litert" and release_of("keras") < (3, 13):
        _write_litert(model, path)
    else:
        model.export(str(path), format=keras_format, verbose=False)


def _write_litert(model, path):
    """What Keras does since 3.13, for those before it, which do not know the format."""
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        path.write_bytes(converter.convert())


def _describe(classifier):
    """What a program must know that has the network alone."""
    labels = classifier.classes_.tolist()
    takes_bytes = classifier.architecture_.scale != 1
    pixels = "bytes, 0 to 255" if takes_bytes else "numbers, in the units of training"
    shape = classifier.image_shape_
    sizes = ", ".join(map(str, shape))
    return {
        "classes": labels,
        "image_shape": list(shape),
        "pixels": pixels,
        "pixel_range": [float(bound) for bound in classifier.pixel_range_],
        "input": f"float32 of shape (n, {sizes}), which the network scales itself",
        "output": f"float32 of shape (n, {len(labels)}): probabilities of the classes",
        "n_params": classifier.n_params_,
        "versions": {package: version_of(package) for package in _PACKAGES},
    }
