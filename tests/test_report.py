"""A report is one file that needs nothing else, and says what the search says."""

import base64
import io
import os
import pickle
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the next import possible
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import (
    ConvBlock,
    ConvPoolClassifier,
    compare_candidates,
    report,
    search_histories,
    search_results,
)
from skcnn._report.rerun import code_of, seeds

ROOT = Path(__file__).parents[1]
NAMES = ["<b>zero</b>", "one & all", '"two"', "$three$", "fo'ur", *"56789"]
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """What a browser makes of a page: texts by element, and whether all are closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.rows, self.images, self.texts = [], [], []
        self.missing = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.attributes.append((tag, attributes))
        if tag not in VOID:
            self.open.append((tag, attributes))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "img":
            self.images.append(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        self.texts.append(data)
        tags = [tag for tag, _ in self.open]
        if tags and tags[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        if ("p", {"class": "missing"}) in self.open:
            section = next(each for tag, each in self.open if tag == "section")
            self.missing[section["id"]] = data

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def page_of(path):
    return Page(path.read_text(encoding="utf8"))


def classifier(**params):
    small = {
        "conv_layers": [(4, 3)],
        "convs_per_block": 1,
        "dense_layers": (),
        "batch_size": 16,
        "optimizer__learning_rate": 0.01,
        "random_state": 0,
    }
    return ConvPoolClassifier(**small | params)


GRID = {"conv_layers": [[(4, 3)], [ConvBlock(6)]], "epochs": [1, 3]}


@pytest.fixture(scope="module")
def search(data):
    return GridSearchCV(classifier(), GRID, cv=2).fit(*data)


@pytest.fixture(scope="module")
def unseen(digits):
    return digits[0][200:260], digits[1][200:260]


@pytest.fixture(scope="module")
def whole(search, data, unseen, tmp_path_factory):
    """A report with everything, and with names that HTML must not take for its own."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    X_test, y_test = unseen
    figures = plt.get_fignums()
    before = pickle.dumps(search), dict(matplotlib.rcParams)
    written = report(
        search,
        str(path),
        *data,
        X_test=X_test,
        y_test=y_test,
        target_names=NAMES,
        title="Width & <depth>",
        conclusions="Wide <i>wins</i>.\n\nAlways.",
    )
    assert written == path
    assert before == (pickle.dumps(search), dict(matplotlib.rcParams))
    assert plt.get_fignums() == figures, "no figure is left open"
    return page_of(path)


# --------------------------------------------------------------------------------------
# One file


@pytest.mark.slow
def test_the_page_needs_nothing_besides_itself(whole):
    for tag, attributes in whole.attributes:
        for name in ("src", "href"):
            link = attributes.get(name)
            if link is not None:
                assert link.startswith(("#", "data:image/png;base64,")), (tag, link)
    assert "link" not in whole.tags
    assert "@import" not in whole.text and "url(" not in whole.text


def test_contents_lead_to_the_sections(whole):
    links = [each["href"] for tag, each in whole.attributes if tag == "a"]
    ids = [each["id"] for tag, each in whole.attributes if "id" in each]
    assert [link.removeprefix("#") for link in links] == ids
    assert len(set(ids)) == len(ids) >= 9
    assert whole.missing == {}


def test_pictures_are_images_of_the_size_that_is_said_and_are_described(whole):
    assert len(whole.images) >= 9
    for image in whole.images:
        encoded = image["src"].partition(",")[2]
        picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
        assert picture.format == "PNG" and image["alt"]
        shape = int(image["width"]) / int(image["height"])
        assert picture.width / picture.height == pytest.approx(shape, rel=0.02)


def test_names_are_written_and_never_taken_for_html(whole):
    classes = [row[0] for row in whole.rows if row and row[0] in NAMES]
    assert set(NAMES) == set(classes)
    assert not {"b", "i", "depth"} & set(whole.tags)
    assert "Width & <depth>" in whole.text and "Wide <i>wins</i>." in whole.text


def test_it_can_be_read_on_a_phone_and_printed(whole):
    assert "width=device-width" in str(whole.attributes)
    assert "@media print" in whole.text and "max-width: 46rem" in whole.text
    cells = [each for tag, each in whole.attributes if tag == "td"]
    assert all(each["data-column"] for each in cells), "a phone shows these names"


# --------------------------------------------------------------------------------------
# What it says


def test_the_table_has_the_candidates_of_the_search(whole, search):
    table = search_results(search)
    header = list(table.columns)
    start = whole.rows.index(header)
    for number, (_, row) in enumerate(table.iterrows()):
        written = dict(zip(header, whole.rows[start + 1 + number], strict=True))
        assert written["conv_layers"] == row["conv_layers"]
        assert float(written["score"]) == pytest.approx(row["score"], abs=1e-4)
        assert written["n_params"] == f"{row['n_params']:,}"
        assert written["epochs"] == str(row["epochs"])


def test_data_and_errors_are_counted(whole, search, data, unseen):
    X_test, y_test = unseen
    wrong = search.predict(X_test) != y_test
    share = (wrong.sum() + 2) / (len(wrong) + 4)
    margin = 2 * np.sqrt(share * (1 - share) / (len(wrong) + 4))
    assert f"± {margin:.3f} (95 %" in whole.text
    assert f"{1 - wrong.mean():.4f}" in whole.text
    assert f"{wrong.sum()} are wrong" in whole.text
    counted = {}
    for row in whole.rows:
        if len(row) == 3:
            counted.setdefault(row[0], row[1:])  # the first table has the classes
    for label, name in enumerate(NAMES):
        images, tested = (data[1] == label).sum(), (y_test == label).sum()
        assert counted[name] == [str(images), str(tested)]
    scores = {row[0]: row[1:] for row in whole.rows if len(row) == 4}
    for label, name in enumerate(NAMES):
        recall = (search.predict(X_test) == label)[y_test == label].mean()
        assert scores[name][0] == f"{recall:.3f}"


def test_effects_are_differences_of_means(whole, search):
    scores, params = search.cv_results_["mean_test_score"], search.cv_results_["params"]
    by_epochs = [
        np.mean([s for s, p in zip(scores, params, strict=True) if p["epochs"] == n])
        for n in (1, 3)
    ]
    assert by_epochs[1] > by_epochs[0], "or the test shows nothing"
    [row] = [row for row in whole.rows if row[0] == "epochs" and len(row) == 4]
    assert row == ["epochs", "3", "1", f"{by_epochs[1] - by_epochs[0]:.4f}"]


def test_candidates_are_compared_with_the_best(whole, search):
    table = compare_candidates(search)
    start = whole.rows.index(list(table.columns))
    for number, (_, row) in enumerate(table.iterrows()):
        written = dict(zip(table.columns, whole.rows[start + 1 + number], strict=True))
        assert written["differs"] == str(row["differs"])
        assert float(written["difference"]) == pytest.approx(
            row["difference"], abs=1e-4
        )
    n_alike = (~table["differs"]).sum() - 1
    assert f"{n_alike} other candidates cannot be told from the best" in whole.text


def test_curves_and_their_cost_are_those_of_the_longest_runs(whole, search, data):
    histories = search_histories(search, *data)
    for blocks in ("4", "6"):
        head = whole.rows.index(
            ["conv_layers", "epochs", "time of all splits by itself"]
        )
        [row] = [row for row in whole.rows[head : head + 3] if row[0] == blocks]
        times = histories[histories["conv_layers"] == blocks]
        cost = times[times["epochs"] == 3]["time"].sum()
        assert row[1:] == ["3", f"{cost:.1f} s"]


@pytest.mark.slow
def test_what_else_fit_was_given_belongs_to_the_curves_and_the_code(data, tmp_path):
    weights = {"sample_weight": np.linspace(1, 2, len(data[1]))}
    # A seed of its own: what another test trained without weights would be found.
    estimator = classifier().set_params(random_state=7)
    search = GridSearchCV(estimator, GRID, cv=2).fit(*data, **weights)
    told = Page(
        report(search, tmp_path / "with.html", *data, fit_params=weights).read_text()
    )
    assert "search.fit(X, y, sample_weight=sample_weight)" in told.text
    assert "are not known any more" not in told.text
    untold = Page(report(search, tmp_path / "without.html", *data).read_text())
    assert "whatever else fit was given" in untold.text


def test_saved_epochs_are_counted(whole):
    # Two networks, two folds: 1 and 3 epochs asked for, 3 trained.
    assert "asked for 16 epochs" in whole.text
    assert "12 were enough: 4 epochs, or 25 %, were saved" in whole.text


@pytest.mark.slow
def test_the_code_repeats_the_search_bit_for_bit(search, data):
    names = {"X": data[0], "y": data[1]}
    exec(code_of(search), names)
    for key in ("split0_test_score", "split1_test_score"):
        assert np.array_equal(names["search"].cv_results_[key], search.cv_results_[key])


def test_code_of_pipelines_splitters_and_halving_runs():
    network = classifier(optimizer="sgd")
    pipeline = make_pipeline(FunctionTransformer(), network)
    cv = StratifiedKFold(3, shuffle=True, random_state=1)
    grid = [{"convpoolclassifier__dropout": [0.0, 0.5]}]
    for made in (
        HalvingGridSearchCV(network, GRID, cv=cv, resource="epochs", random_state=2),
        GridSearchCV(pipeline, grid, scoring="neg_log_loss", refit=False),
    ):
        code, names = code_of(made).removesuffix("search.fit(X, y)"), {}
        exec(code, names)
        assert repr(names["search"].get_params()) == repr(made.get_params())
    assert seeds(made) == {"estimator__convpoolclassifier__random_state": "0"}


# --------------------------------------------------------------------------------------
# What is missing


def test_sections_without_data_say_what_is_missing(data, tmp_path):
    search = GridSearchCV(classifier(), {"epochs": [1, 3]}, cv=2, refit=False)
    page = page_of(report(search.fit(*data), tmp_path / "report.html"))
    assert set(page.missing) == {"data", "design", "curves", "errors"}
    assert "Pass X and y to report" in page.missing["data"]
    assert "refit=True" in page.missing["design"] and page.rows
    assert "Score by epochs" in page.text


def test_a_search_over_nothing_has_no_effects(data, tmp_path):
    search = GridSearchCV(classifier(), {"epochs": [1]}, cv=2).fit(*data)
    page = page_of(report(search, tmp_path / "report.html", *data))
    assert page.missing["effects"].endswith("All candidates have the same parameters.")
    assert "two candidates to compare" in page.missing["comparison"]
    assert "X_test and y_test" in page.missing["errors"]


def test_without_a_seed_the_page_says_that_nothing_was_shared(data, tmp_path):
    search = GridSearchCV(classifier(random_state=None), {"epochs": [1, 2]}, cv=2)
    page = page_of(report(search.fit(*data), tmp_path / "report.html", *data))
    assert "0 epochs, or 0 %, were saved" in page.text
    assert "Some fits shared nothing" in page.text
    assert "Without a seed (estimator__random_state)" in page.text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipeline", "halving", "random"])
def test_any_search_of_scikit_learn_will_do(data, unseen, tmp_path, kind):
    X, y = data
    words = np.array([f"digit {label}" for label in range(10)])
    search = {
        "pipeline": GridSearchCV(
            make_pipeline(FunctionTransformer(), classifier()),
            {"convpoolclassifier__epochs": [1, 3]},
            scoring=["accuracy", "f1_macro"],
            refit="f1_macro",
            cv=2,
        ),
        "halving": HalvingGridSearchCV(
            classifier(),
            {"dropout": [0.0, 0.25, 0.5]},
            resource="epochs",
            min_resources=1,
            max_resources=3,
            cv=2,
            random_state=0,
        ),
        "random": RandomizedSearchCV(
            classifier(conv_layers=(), epochs=2),
            {"dense_dropout": [0.0, 0.5], "dense_layers": [[8], [9], [10]]},
            n_iter=2,
            cv=2,
            random_state=0,
        ),
    }[kind]
    search.fit(X, words[y])
    X_test, y_test = unseen[0], words[unseen[1]]
    page = page_of(
        report(search, tmp_path / "a.html", X, words[y], X_test=X_test, y_test=y_test)
    )
    assert page.missing == {}
    assert "digit 7" in {row[0] for row in page.rows}


def test_of_several_scores_one_must_be_named(data, tmp_path):
    search = GridSearchCV(
        classifier(),
        {"epochs": [1, 3]},
        cv=2,
        scoring=["accuracy", "f1_macro"],
        refit=False,
    ).fit(*data)
    page = page_of(report(search, tmp_path / "a.html"))
    assert "Pass metric='accuracy'" in page.missing["effects"]
    page = page_of(report(search, tmp_path / "a.html", metric="f1_macro"))
    assert "effects" not in page.missing and "The score is f1_macro" in page.text


def test_many_rows_are_folded(data, tmp_path):
    grid = ParameterGrid({"dropout": [n / 20 for n in range(13)]})
    listed = [{name: [value] for name, value in each.items()} for each in grid]
    search = GridSearchCV(classifier(epochs=1), listed, cv=2, refit=False).fit(*data)
    page = page_of(report(search, tmp_path / "a.html"))
    assert "details" in page.tags and "3 more rows" in page.text
    ranks = [row for row in page.rows if "score_time" in row or row[-1].endswith(" s")]
    assert len(ranks) == 13 + 2, "with the header twice"


# --------------------------------------------------------------------------------------
# What is refused


def test_wrong_calls_are_refused_at_once_and_write_nothing(search, data, tmp_path):
    X, y = data
    path = tmp_path / "report.html"
    path.write_text("as it was")
    for arguments, message in (
        ({"X": X}, "X and y must be given together; got no y"),
        ({"y_test": y}, "X_test and y_test must be given together; got no X_test"),
        ({"X": X, "y": y[:-1]}, "inconsistent numbers of samples"),
    ):
        with pytest.raises(ValueError, match=message):
            report(search, path, **arguments)
    with pytest.raises(NotFittedError, match="search must be fitted; got a GridS"):
        report(GridSearchCV(classifier(), GRID), path)
    with pytest.raises(FileNotFoundError, match=r"os\.makedirs\('.*none'\)"):
        report(search, tmp_path / "none" / "report.html")
    assert path.read_text() == "as it was"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_labels_and_names_of_other_classes_are_refused_at_once(
    search, data, unseen, tmp_path
):
    X, y = data
    X_test, y_test = unseen
    path = tmp_path / "report.html"
    for arguments, message in (
        ({"X": X, "y": np.eye(10)[y]}, r"y should be a 1d array.*argmax"),
        ({"X_test": X_test, "y_test": np.eye(10)[y_test]}, "y_test should be a 1d"),
        ({"target_names": ["a", "b"]}, "target_names must be 10 in a sequence"),
        ({"target_names": iter(NAMES)}, "target_names must be 10 in a sequence"),
        ({"X": X, "y": y, "target_names": NAMES[:9]}, "target_names must be 10"),
        (
            {"X_test": X_test, "y_test": np.array(NAMES)[y_test]},
            r"y_test must be labels such as \[0, 1, .*, those of y; got \['",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            report(search, path, **arguments)
    assert not path.exists()


def test_the_home_folder_is_meant_by_its_sign(search, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # on Windows
    with pytest.raises(FileNotFoundError) as caught:
        report(search, "~/new/report.html")
    exec(str(caught.value).partition("folder with ")[2].removesuffix("."), {"os": os})
    assert (tmp_path / "new").is_dir()


def test_images_of_classes_that_are_not_known_count_as_wrong(
    search, data, unseen, tmp_path
):
    X_test, y_test = unseen
    y_test = np.where(np.arange(len(y_test)) < 5, 77, y_test)
    with pytest.warns(UserWarning, match=r"does not know: \[77\]. Their images count"):
        path = report(
            search, tmp_path / "report.html", *data, X_test=X_test, y_test=y_test
        )
    page = page_of(path)
    predicted = search.predict(X_test)
    assert "errors" not in page.missing
    assert f"{(predicted == y_test).mean():.4f}" in page.text
    assert f"{(predicted != y_test).sum()} are wrong" in page.text
    assert ["77", "0.000", "", "5"] in page.rows
    assert ["77", "0", "5"] in page.rows, "the table of all data"
    assert "left out of the pictures" in page.text


@pytest.mark.parametrize("package", ["jinja2", "matplotlib", "pandas"])
def test_what_is_not_installed_is_named(search, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ImportError, match=rf"report needs {package}\. Run: pip install .*{package}"
    ):
        report(search, tmp_path / "report.html")


@pytest.mark.slow
def test_the_template_is_part_of_the_package(tmp_path):
    """Of a wheel, and so of what pip installs."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path / "wheels")]
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    for path in (ROOT / "skcnn").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            target = source / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    subprocess.run([*command, str(source)], check=True, timeout=200)
    [wheel] = (tmp_path / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
    assert {"skcnn/_report/report.html", "skcnn/_report/report.css"} <= set(names)
