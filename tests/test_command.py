"""``python -m skcnn``: real processes on a real folder of images."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import StratifiedKFold

from skcnn.__main__ import main
from skcnn._callback_support import CALLBACKS_EXIST
from skcnn._command.arguments import make_parser
from skcnn._command.budget import make_search, work_of
from skcnn._command.images import divide, load_images
from skcnn._planned_fits import planned_rungs
from skcnn.datasets import load_image_files
from skcnn.presets import search_space

COMMAND = [sys.executable, "-m", "skcnn"]
# Two kinds of stripes, which a network tells apart after a few epochs.
CLASSES = ("across", "up & <down>")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder with 18 images of each of two classes."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.RandomState(0)
    for name in CLASSES:
        (folder / name).mkdir()
        for i in range(18):
            pixels = random.randint(0, 80, (12, 12))
            pixels[random.randint(2) :: 3] += 150
            if name != "across":
                pixels = pixels.T
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder


def search_command(photos, study):
    options = ["--minutes", "0.01", "--size", "8", "--max-params", "3k"]
    return [*COMMAND, "search", str(photos), "--out", str(study), *options]


def states(study):
    return list((study / "memory").rglob("*.pkl"))


@pytest.fixture(scope="module")
def study(photos, tmp_path_factory):
    """A study that was interrupted as soon as an epoch was kept, and called again."""
    study = tmp_path_factory.mktemp("out") / "study"
    command = search_command(photos, study)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not states(study) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    kept = len(states(study))
    again = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return study, (process.returncode, errors, kept), again


@pytest.mark.slow
def test_an_interrupted_search_goes_on_when_it_is_called_again(study):
    path, (code, errors, n_kept), again = study
    assert code == 130 and errors.rstrip().endswith("The same command goes on.")
    assert "Traceback" not in errors
    assert n_kept and not (path / "model.joblib.part").exists()
    assert again.returncode == 0, again.stderr
    assert "Going on with 3 networks" in again.stdout
    if not CALLBACKS_EXIST:
        assert "no progress is shown" in again.stdout
        return
    [counts] = re.findall(r"(\d+) epochs, (\d+) trained and (\d+) saved", again.stderr)
    assert int(counts[1]) + int(counts[2]) == int(counts[0])
    assert int(counts[2]) >= n_kept - 1, "what was kept is not trained again"


@pytest.mark.slow
def test_a_search_leaves_a_model_and_a_report_that_agree(study, photos):
    path, _, again = study
    classifier = joblib.load(path / "model.joblib")
    assert classifier.classes_.tolist() == list(CLASSES)
    assert classifier.n_params_ <= 3000
    [accuracy] = re.findall(r"Accuracy on the test images: (\S+)", again.stdout)
    page = (path / "report.html").read_text(encoding="utf8")
    assert f"accuracy on new images</dt><dd>{accuracy}" in page
    assert "up &amp; &lt;down&gt;" in page and "<down>" not in page
    settings = json.loads((path / "study.json").read_text())
    assert settings["folder"] == str(photos) and settings["max_params"] == 3000


@pytest.mark.slow
def test_new_files_get_a_class_and_its_probability(study, photos, capsys):
    path = study[0]
    files = [str(each) for each in sorted(photos.rglob("*.png"))[::7]]
    assert main(["predict", str(path), *files]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    classifier = joblib.load(path / "model.joblib")
    proba = classifier.predict_proba(load_image_files(files, classifier.image_shape_))
    assert [row[0] for row in rows] == files
    assert [row[1] for row in rows] == [CLASSES[code] for code in proba.argmax(axis=1)]
    assert [row[2] for row in rows] == [f"{p:.3f}" for p in proba.max(axis=1)]


@pytest.mark.slow
def test_another_study_is_not_written_over(study, photos, capsys):
    path = study[0]
    before = (path / "study.json").read_text()
    assert main(["search", str(photos), "--out", str(path), "--size", "16"]) == 1
    errors = capsys.readouterr().err
    assert "has a study of --size 8; got 16" in errors and "--out" in errors
    assert (path / "study.json").read_text() == before


@pytest.mark.slow
def test_files_that_are_no_images_are_named(study, tmp_path, capsys):
    bad = tmp_path / "notes.png"
    bad.write_text("not an image")
    assert main(["predict", str(study[0]), str(bad)]) == 1
    assert "notes.png" in capsys.readouterr().err


def test_mistakes_are_told_in_a_line_and_leave_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["predict", "nothing", "a.png"]) == 1
    assert "nothing has no model.joblib. Search first" in capsys.readouterr().err
    assert main(["search", "missing"]) == 1
    message = capsys.readouterr().err
    assert "missing" in message and len(message.splitlines()) < 4


def save_images(folder, counts):
    """A few black images in each of some folders."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new("L", (8, 8)).save(folder / name / f"{i}.png")


@pytest.mark.parametrize("out", [None, ".", "a/b/study", "../photos/new"])
def test_out_among_the_images_is_refused_and_the_remedy_runs(
    tmp_path, capsys, monkeypatch, out
):
    photos = tmp_path / "photos"
    save_images(photos, {"a": 2, "b": 2})
    monkeypatch.chdir(photos)
    options = [] if out is None else ["--out", out]
    assert main(["search", ".", *options]) == 1
    message = capsys.readouterr().err
    assert "--out must be outside of the folder of images" in message
    assert sorted(each.name for each in photos.iterdir()) == ["a", "b"]
    command = shlex.split(message.partition("python -m skcnn ")[2])
    assert main(command) == 1
    assert "at least 5 images of each class" in capsys.readouterr().err


def test_a_study_is_made_only_after_the_images_were_found(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert main(["search", "photos"]) == 1
    assert "no images and no folders" in capsys.readouterr().err
    (tmp_path / "study").touch()
    assert main(["search", "photos"]) == 1
    assert "--out must be a folder; got the file study" in capsys.readouterr().err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["photos", "study"]


@pytest.mark.filterwarnings("ignore:train, test of .* do not have the same classes")
@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (
            {"train/a": 5, "train/b": 5, "test/a": 2, "test/new": 1, "test/odd": 1},
            "classes that no other images have, so a network cannot learn them: new, ",
        ),
        (
            {"train/a": 5, "train/b": 2, "test/a": 2, "test/b": 2},
            "at least 3 images of each class, besides those to test on; got 2 of b.",
        ),
        (
            {"a": 4, "b": 50, "c": 1},
            "at least 5 images of each class, a fifth of which is set aside; got 4 of "
            "a, 1 of c.",
        ),
    ],
)
def test_images_that_a_search_cannot_use_are_refused_before_it(
    tmp_path, capsys, counts, says
):
    save_images(tmp_path / "photos", counts)
    study = tmp_path / "study"
    assert main(["search", str(tmp_path / "photos"), "--out", str(study)]) == 1
    assert says in capsys.readouterr().err
    assert not (study / "study.json").exists() and not (study / "memory").exists()


@pytest.mark.parametrize("division", [{}, {"train": 3, "test": 2}, {"train": 5}])
def test_the_fewest_images_can_be_divided_and_searched_with(tmp_path, division):
    """In three folds, each with all classes."""
    names = [f"c{code}" for code in range(7)]
    counts = {f"{part}/{name}": n for part, n in division.items() for name in names}
    save_images(tmp_path / "photos", counts or dict.fromkeys(names, 5))
    arguments = Namespace(folder=str(tmp_path / "photos"), size=8, resize="crop")
    data = load_images(arguments, tmp_path / "images")
    X, X_test, y, y_test = divide(data)
    assert len(X) == len(y) and len(X_test) == len(y_test)
    assert sorted(set(y)) == sorted(set(y_test)) == names
    for train, test in StratifiedKFold(3).split(X, y):
        assert set(y[train]) == set(y[test]) == set(names)


def test_a_test_part_without_labels_is_passed_over(tmp_path):
    save_images(tmp_path, {"train/a": 5, "train/b": 5, "test": 4})
    arguments = Namespace(folder=str(tmp_path), size=8, resize="crop")
    with pytest.warns(UserWarning, match="test has images without labels"):
        data = load_images(arguments, None)
    X, X_test, *_ = divide(data)
    assert (len(X), len(X_test)) == (8, 2), "a fifth is set aside"


SETTINGS = {
    "folder": "photos",
    "size": 8,
    "max_params": None,
    "resize": "crop",
    "minutes": 1,
    "n_candidates": 3,
}


@pytest.mark.parametrize(
    ("model", "settings", "says"),
    [
        (b"", None, "study has no study.json, which says how the images were resized."),
        (b"", "{", "study.json is damaged. Delete it, and search again"),
        (b"", "[]", "study.json is damaged"),
        (b"", '{"resize": "crop"}', "study.json is damaged"),
        (b"", json.dumps(SETTINGS), "model.joblib cannot be read (EOFError"),
        (b"x", json.dumps(SETTINGS), "model.joblib cannot be read ("),
    ],
)
def test_studies_that_are_not_whole_are_told_in_a_line(
    tmp_path, capsys, monkeypatch, model, settings, says
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # on Windows
    study = tmp_path / "study"
    study.mkdir()
    (study / "model.joblib").write_bytes(model)
    if settings is not None:
        (study / "study.json").write_text(settings)
    assert main(["predict", "~/study", "a.png"]) == 1
    message = capsys.readouterr().err
    assert says in message and len(message.splitlines()) == 1


def test_the_home_folder_is_meant_by_its_sign(tmp_path, capsys, monkeypatch):
    """As in --out=~/study, of which a shell makes nothing."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # on Windows
    monkeypatch.chdir(tmp_path)
    save_images(tmp_path / "photos", {"a": 5, "b": 1})
    assert main(["search", "~/photos", "--out=~/photos/study"]) == 1
    assert "--out must be outside" in capsys.readouterr().err
    assert main(["search", "~/photos", "--out=~/study"]) == 1
    assert "got 1 of b" in capsys.readouterr().err
    assert main(["search", "~/photos", "--out=~no-such-user/study"]) == 1
    assert "there is no such home folder" in capsys.readouterr().err
    assert not [each for each in tmp_path.iterdir() if "~" in each.name]


@pytest.mark.parametrize(
    ("text", "number"),
    [("100k", 100_000), ("2M", 2_000_000), ("1.5m", 1_500_000), ("50_000", 50_000)],
)
def test_numbers_of_parameters_may_have_a_unit(text, number):
    parsed = make_parser(None, None).parse_args(["search", "a", "--max-params", text])
    assert parsed.max_params == number


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--max-params", "many"], "must be a number such as 50000, 100k or 2M"),
        (["--minutes", "0"], "must be a number above 0; got '0'"),
        (["--size", "4"], "must be an integer of at least 8; got '4'"),
        (["--resize", "zoom"], "invalid choice: 'zoom'"),
    ],
)
def test_values_that_are_not_allowed_are_named(arguments, says, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["search", "photos", *arguments])
    assert stop.value.code == 2
    errors = capsys.readouterr().err
    assert says in errors and arguments[0] in errors


@pytest.mark.parametrize("command", ["search", "predict"])
def test_help_has_examples_that_are_understood(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    printed = capsys.readouterr().out
    examples = re.findall(r"python -m skcnn (.*)", printed.partition("examples:")[2])
    assert len(examples) >= 2
    for example in examples:
        arguments = example.partition(" > ")[0].split()
        assert make_parser(None, None).parse_args(arguments)


def test_more_candidates_begin_with_the_same_ones(tmp_path):
    X, y = np.zeros((60, 32, 32, 3), np.uint8), np.arange(60) % 3
    few, many = (make_search(n, X, y, 100_000, tmp_path) for n in (5, 20))
    assert few.param_grid == many.param_grid[:5] and len(many.param_grid) == 20
    for name in ("conv_layers", "augmentation", "batch_size", "head"):
        assert len({str(each[name]) for each in many.param_grid}) > 1
    space = search_space((32, 32, 3), 60, 100_000, n_classes=3)
    for name, values in space.items():
        if isinstance(values, list) and name != "epochs":
            assert all(each[name][0] in values for each in many.param_grid)
    assert [few.max_resources] == space["epochs"]
    assert Path(few.estimator.memory) == tmp_path


@pytest.mark.parametrize("n_candidates", [3, 6, 9, 30])
def test_the_best_candidates_get_the_most_epochs_and_the_work_is_counted(
    data, n_candidates
):
    """As the search itself plans it."""
    X, y = data
    search = make_search(n_candidates, X, y, None, "nowhere")
    work = 0
    for number, rung in enumerate(planned_rungs(search, X, y)):
        epochs = search.min_resources * search.factor**number
        work += rung.n_kept * epochs
    assert epochs == search.max_resources == 72
    assert work == work_of(n_candidates, 72)
