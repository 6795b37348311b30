"""What the documentation says exists, and what it shows runs."""

import contextlib
import io
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from messages import messages
from PIL import Image

import skcnn
from skcnn import datasets, plotting, presets

ROOT = Path(__file__).parents[1]
BUILT = ("_build", "auto_examples", "generated")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if not set(BUILT) & set(page.parts)]
PEERS = ("skorch", "keras_tuner")  # too large to be installed for the tests

# The fence of a block, its language, its text, and its output if a block of text
# follows.
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\s*^```text\n(?P<output>.*?)^```\n)?",
    re.M | re.S,
)
NUMBER = re.compile(r"\d+\.\d+")


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page):
    """The Python blocks of a page: line, code, and the output that is printed below."""
    text = page.read_text()
    for found in BLOCK.finditer(text):
        yield text[: found.start()].count("\n") + 2, found["code"], found["output"]


def run(code, name, line, names):
    """What a block prints, which may use the names of the blocks before it."""
    if "from skorch" in code:  # PyTorch and TensorFlow crash in one process
        command = [sys.executable, "-c", code]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    printed = io.StringIO()
    lines_before = "\n" * (line - 1)  # so that a traceback names the line of the page
    with contextlib.redirect_stdout(printed):
        exec(compile(lines_before + code, name, "exec"), names)
    return printed.getvalue()


def same(printed, promised):
    """Whether words are equal, and numbers nearly: another processor rounds otherwise."""
    if NUMBER.sub("", printed).split() != NUMBER.sub("", promised).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(promised), strict=True)
    return all(abs(float(a) - float(b)) <= 0.05 for a, b in pairs)


def installed(code):
    """Whether a block can run here: not without the peer that it is about."""
    wanted = [
        peer for peer in PEERS if f"import {peer}" in code or f"from {peer}" in code
    ]
    return all(find_spec(peer) for peer in wanted)


@pytest.fixture(scope="module")
def reader_folder(tmp_path_factory):
    """Where a reader works: data sets that were fetched before, and a folder of photos."""
    folder, random = tmp_path_factory.mktemp("reader"), np.random.RandomState(0)
    for name, shape in {"cifar10": (32, 32, 3), "fashion_mnist": (28, 28)}.items():
        (folder / "data").mkdir(exist_ok=True)
        images = random.randint(0, 256, (60, *shape)).astype(np.uint8)
        parts = {"x_train": images, "x_test": images}
        labels = {part: np.arange(60) % 10 for part in ("y_train", "y_test")}
        np.savez(folder / "data" / f"{name}.npz", **parts, **labels)
    for kind, color in {"cats": 60, "dogs": 190}.items():
        (folder / "photos" / kind).mkdir(parents=True)
        for i in range(10):
            pixels = random.randint(color - 50, color + 50, (40, 50, 3))
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(folder / "photos" / kind / f"{i}.png")
    return folder


# First those that train the same networks, before another page empties the cache.
FIRST = ("README.md", "index.md", "start.md")
WITH_CODE = [page for page in PAGES if list(blocks(page))]
WITH_CODE.sort(key=lambda page: page.name not in FIRST)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_every_block_of_python_runs_as_printed(page, reader_folder, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    monkeypatch.chdir(reader_folder)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)  # and again afterwards
    names = {"__name__": "__main__"}
    for line, code, output in blocks(page):
        if not installed(code):
            continue
        printed = run(code, name_of(page), line, names)
        if output is not None:
            assert same(printed, output), f"line {line} prints\n{printed}"
    plt.close("all")


def test_the_table_of_features_names_tests_that_exist():
    page = (ROOT / "docs" / "features.md").read_text()
    named = []
    for cell in re.findall(r"\|([^|]*)", page):
        for file, tests in re.findall(r"\[(\w+)\] ((?:`test_\w+`(?:, )?)+)", cell):
            named += [(file, test) for test in re.findall(r"`(test_\w+)`", tests)]
    assert len(named) > 50
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests" / f"test_{file}.py").read_text(), (
            f"{test} is not in test_{file}.py"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    text = page.read_text()
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) + re.findall(
        r"(?m)^\[\w+\]: (\S+)", text
    )
    missing = [
        target
        for target in targets
        if "://" not in target
        and not set(BUILT) & set(Path(target).parts)
        and not (page.parent / target).exists()
    ]
    assert not missing


def test_every_script_that_is_named_exists():
    for page in PAGES:
        for script in re.findall(
            r"((?:examples|benchmarks)/\w+\.py)", page.read_text()
        ):
            assert (ROOT / script).exists(), f"{page.name} names {script}"


def test_the_reference_has_every_public_name():
    listed = set(
        re.findall(r"(?m)^   (\w[\w.]*)$", (ROOT / "docs" / "api.rst").read_text())
    )
    public = {name for name in skcnn.__all__ if not name.startswith("__")}
    public |= {"presets.search_space"}  # the tables there have a page of their own
    for module in (datasets, plotting):
        public |= {
            f"{module.__name__.removeprefix('skcnn.')}.{name}"
            for name in module.__all__
        }
    assert listed == public


def test_the_drawings_of_networks_are_those_of_their_script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    import network_drawings

    drawn = {path.stem: path.read_text() for path in network_drawings.FOLDER.iterdir()}
    panels = network_drawings.drawings()
    assert drawn == {name: network_drawings.html(each) for name, each in panels.items()}
    page = (ROOT / "docs" / "guide" / "networks.md").read_text()
    assert sorted(re.findall(r"networks/(\w+)\.html", page)) == sorted(drawn)


def rows(page):
    """The rows of all tables of a page, as lists of cells."""
    for line in (ROOT / "docs" / page).read_text().splitlines():
        if line.startswith("|") and not line.startswith("|-"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_table_of_presets_has_all_of_them_with_their_sizes():
    told = {row[0].strip("` "): row[1:5] for row in rows("presets.md")}
    del told["name"]
    assert list(told) == list(presets.NETWORKS)
    data = {"CIFAR-10": (32, 32, 3), "Fashion-MNIST": (28, 28, 1)}
    for name, (study, images, size, epochs) in told.items():
        published = presets.PUBLISHED[name]
        assert (study, data[images]) == (published.study, published.image_shape)
        assert int(size.replace(",", "")) == published.n_params
        assert int(epochs) == presets.NETWORKS[name]["epochs"]


def quoted_messages():
    """What the page of errors quotes, without the messages of other packages."""
    own, _ = (ROOT / "docs" / "errors.md").read_text().split("## Messages of other")
    return re.findall(r"(?m)^\| `([^`]+)` \|", own)


def test_every_message_of_the_code_is_on_the_page_of_errors():
    """A new message needs a row there; `GAP` stands for what is filled in."""
    internal = ("_numbers.py", "_compiled_network.py")  # no user sees these
    told = [each for each in messages() if each.file not in internal]
    # What has fewer words only passes on the text of another message.
    told = [each for each in told if len(re.findall(r"[A-Za-z]{2,}", each.text)) > 1]
    assert len(told) > 200
    quoted = quoted_messages()
    assert [each for each in told if not any(q in each.text for q in quoted)] == []


def test_the_page_of_errors_quotes_messages_of_the_code():
    texts = [each.text for each in messages()]
    assert [q for q in quoted_messages() if not any(q in text for text in texts)] == []


def test_the_version_to_cite_is_that_of_the_package():
    for page in ("CITATION.cff", "docs/cite.md"):
        assert skcnn.__version__ in (ROOT / page).read_text(), page
