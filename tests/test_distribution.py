"""What is uploaded has all that it needs, and works without the repository."""

import re
import shutil
import subprocess
import sys
import tarfile
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest
from fresh_python import run_python

import skcnn

ROOT = Path(__file__).parents[1]
UNTRACKED = (
    "__pycache__",
    "_build",
    "auto_examples",
    "generated",
    "*.npz",
    "*.egg-info",
)
FILES = ("CITATION.cff", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "Makefile")
FILES += ("README.md", "pyproject.toml", "setup.cfg")
FOLDERS = ("benchmarks", "docs", "examples", "skcnn", "tests")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "setup.cfg").exists(), reason="no repository"),
]

# As pip does it, but with the setuptools of this environment: nothing is downloaded.
BUILD = """
from setuptools import build_meta
build_meta.build_sdist("built")
build_meta.build_wheel("built")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with both distributions, built from a copy of the repository."""
    folder = tmp_path_factory.mktemp("distribution")
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns(*UNTRACKED)
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    run_python(BUILD, cwd=folder)
    return folder / "built"


@pytest.fixture(scope="module")
def wheel(built):
    [path] = built.glob("*.whl")
    return path


def files_of(folder):
    """The files of a folder of the repository, by their paths there."""
    ignored = shutil.ignore_patterns(*UNTRACKED)
    for path in (ROOT / folder).rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not ignored("", parts):
            yield "/".join(parts)


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel):
    packed = {name for name in ZipFile(wheel).namelist() if "dist-info" not in name}
    assert packed == set(files_of("skcnn"))
    assert any(name.endswith("LICENSE") for name in ZipFile(wheel).namelist())


def test_the_source_has_every_file_that_tests_and_pages_need(built):
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {*FILES, *(file for folder in FOLDERS for file in files_of(folder))}
    assert wanted <= names


def test_the_metadata_say_what_a_reader_of_the_index_needs(wheel):
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    assert metadata["Version"] == skcnn.__version__
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text().strip()
    required = " ".join(metadata.get_all("Requires-Dist"))
    for package in (
        "scikit-learn",
        "scikeras",
        "keras",
        "tensorflow",
        "numpy",
        "joblib",
    ):
        assert f"{package}" in required


def test_the_readme_links_to_nothing_that_the_index_lacks():
    text = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)|(?:src|href)=\"([^\"]+)\"", text)
    assert all(re.match("https://|#", "".join(link)) for link in links), links


def test_the_version_is_the_same_everywhere_and_has_a_changelog():
    version = skcnn.__version__
    for page in ("CITATION.cff", "docs/cite.md", "docs/features.md"):
        assert version in (ROOT / page).read_text(), page
    assert f"\n## {version}" in (ROOT / "docs" / "changelog.md").read_text()


def test_the_wheel_works_without_the_repository(wheel, tmp_path):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--no-index", "--target", tmp_path / "site", wheel]
    subprocess.run(command, check=True)
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import skcnn
from sklearn.model_selection import GridSearchCV
from skcnn.datasets import load_digits
assert skcnn.__file__.startswith(sys.argv[1]), skcnn.__file__
X, y = load_digits(n_samples=40, random_state=0, return_X_y=True)
classifier = skcnn.ConvPoolClassifier([(2, 3)], epochs=1, random_state=0)
search = GridSearchCV(classifier, {"epochs": [1, 2]}, cv=2).fit(X, y)
skcnn.report(search, "report.html")
print(search.predict(X).shape)
"""
    printed = run_python(code, tmp_path / "site", cwd=tmp_path).stdout
    assert printed.endswith("(40,)\n")
    assert "</style>" in (tmp_path / "report.html").read_text()
