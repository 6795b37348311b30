"""Exported networks give the classifier's answers where there is no skcnn."""

import io
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from fresh_python import run_in_fork, run_python
from networks import TINY
from PIL import Image
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import ConvBlock, ConvPoolClassifier, export

SERVER = Path(__file__).parents[1] / "docs" / "serve.py"
WORDS = np.array([f"№ {number}" for number in range(10)])


@pytest.fixture(scope="module")
def classifier(digits):
    X, y = digits
    block = ConvBlock(4, ((1, 1), (3, 3)), batch_norm=True)
    params = TINY | {"conv_layers": [block], "dropout": 0.2, "epochs": 2}
    return ConvPoolClassifier(**params).fit(X[:200], WORDS[y[:200]])


@pytest.fixture(scope="module")
def exported(classifier, tmp_path_factory):
    pytest.importorskip("tf2onnx")
    folder = tmp_path_factory.mktemp("exported") / "new" / "digits"
    written = export(classifier, folder, ("keras", "tflite", "onnx"))
    names = ["model.keras", "model.tflite", "model.onnx", "model.json"]
    assert written == [folder / name for name in names]
    return folder


# A program for each format, which reads images and writes its answers.
START = """
import json, sys
for name in ("skcnn", "scikeras", "sklearn"):
    sys.modules[name] = None  # as if it were not installed
import numpy as np
folder = sys.argv[1]
about = json.load(open(f"{folder}/model.json", encoding="utf8"))
images = np.load(f"{folder}/images.npy").reshape(-1, *about["image_shape"])
images = images.astype(np.float32)
"""
PROGRAMS = {
    "keras": """
import keras
model = keras.saving.load_model(f"{folder}/model.keras")
probabilities = model.predict(images, verbose=0)
""",
    "tflite": """
sys.modules["tensorflow"] = sys.modules["keras"] = None
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(f"{folder}/model.tflite")
place = interpreter.get_input_details()[0]["index"]
interpreter.resize_tensor_input(place, images.shape)
interpreter.allocate_tensors()
interpreter.set_tensor(place, images)
interpreter.invoke()
probabilities = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
""",
    "onnx": """
sys.modules["tensorflow"] = sys.modules["keras"] = None
import onnxruntime
session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
[probabilities] = session.run(None, {session.get_inputs()[0].name: images})
""",
}
END = """
labels = [about["classes"][place] for place in probabilities.argmax(axis=1)]
json.dump(labels, open(f"{folder}/labels.json", "w"))
np.save(f"{folder}/probabilities.npy", probabilities)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_without_skcnn_gives_the_same_answers(
    name, exported, classifier, digits
):
    images = digits[0][200:300]
    np.save(exported / "images.npy", images)
    run_python(START + PROGRAMS[name] + END, exported)
    labels = json.loads((exported / "labels.json").read_text())
    assert labels == classifier.predict(images).tolist()
    probabilities = np.load(exported / "probabilities.npy")
    np.testing.assert_allclose(
        probabilities, classifier.predict_proba(images), atol=1e-6
    )


@pytest.mark.slow
def test_what_lies_beside_says_what_a_program_must_know(exported, classifier):
    about = json.loads((exported / "model.json").read_text("utf8"))
    assert about["classes"] == sorted(WORDS)
    assert about["image_shape"] == [8, 8, 1]
    assert (about["pixels"], about["pixel_range"]) == ("bytes, 0 to 255", [0, 255])
    assert about["n_params"] == classifier.n_params_
    assert set(about["versions"]) == {"skcnn", "keras", "tensorflow"}


@pytest.mark.slow
def test_the_server_of_the_guide_answers(exported, classifier, digits):
    image = digits[0][200]
    png = io.BytesIO()
    Image.fromarray(image[..., 0]).save(png, "PNG")
    command = [sys.executable, str(SERVER), str(exported), "0"]  # 0: any free port
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            request = urllib.request.Request(address, data=png.getvalue())
            # A proxy that the machine may have is not asked.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            answer = json.load(opener.open(request, timeout=60))
        finally:
            process.kill()
    [expected] = classifier.predict_proba(image[np.newaxis])
    assert list(answer) == classifier.classes_.tolist()
    np.testing.assert_allclose(list(answer.values()), expected, atol=1e-6)


def test_pixels_that_are_no_bytes_are_said_to_be_none(data, tmp_path):
    X, y = data
    clf = ConvPoolClassifier(**TINY, epochs=1).fit(np.float32(X) / 255, y)
    export(clf, tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    assert about["pixels"] == "numbers, in the units of training"
    assert about["pixel_range"] == [0, 1]
    assert about["classes"] == list(range(10))
    export(clf, tmp_path)  # again, over the files that are there


def test_the_home_folder_is_meant_by_its_sign(classifier, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))  # on Windows
    monkeypatch.chdir(tmp_path)
    written = export(classifier, "~/m")
    assert written[-1] == tmp_path / "home" / "m" / "model.json"
    assert [each.name for each in tmp_path.iterdir()] == ["home"]
    with pytest.raises(
        ValueError, match=r"there is no such home folder.*'\./~nobody-x'"
    ):
        export(classifier, "~nobody-x")
    with pytest.raises(TypeError, match="folder must be a str or a path; got None"):
        export(classifier, None)


def test_what_cannot_be_exported_is_told_before_anything_is_written(data, tmp_path):
    X, y = data
    folder = tmp_path / "none"
    clf = ConvPoolClassifier(**TINY, epochs=1)
    with pytest.raises(ValueError, match="not fitted"):
        export(clf, folder)
    clf.fit(X, y)
    for formats in ("onxx", ["keras", "h5"], []):
        with pytest.raises(ValueError, match=r"formats must be .* 'onnx'; got"):
            export(clf, folder, formats)
    pipeline = make_pipeline(FunctionTransformer(), clf)
    with pytest.raises(TypeError, match=r"Pass classifier\[-1\]"):
        export(pipeline, folder)
    assert not folder.exists()


@pytest.mark.slow
def test_without_the_package_that_writes_onnx_the_remedy_is_named(tmp_path):
    code = """
import sys
sys.modules["tf2onnx"] = None
import numpy as np
from skcnn import ConvPoolClassifier, export
clf = ConvPoolClassifier([(2, 3)], epochs=1).fit(np.zeros((4, 8, 8), np.uint8), [0, 1, 0, 1])
try:
    export(clf, sys.argv[1], ["onnx"])
except ImportError as error:
    print(error)
"""
    assert "pip install tf2onnx" in run_in_fork(code, tmp_path).stdout
