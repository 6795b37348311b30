"""The wheel has all that the package needs, and works without the repository."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from fresh_python import run_python

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that nothing is left in the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "skcnn", folder / "skcnn", ignore=unwanted)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "--wheel-dir", "built", "."], cwd=folder, check=True)
    [path] = (folder / "built").iterdir()
    return path


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_package(wheel):
    paths = [path for path in (ROOT / "skcnn").rglob("*") if path.is_file()]
    ours = {str(path.relative_to(ROOT)) for path in paths if path.suffix != ".pyc"}
    packed = {name for name in ZipFile(wheel).namelist() if "dist-info" not in name}
    assert packed == ours
    assert any(name.endswith("licenses/LICENSE") for name in ZipFile(wheel).namelist())


@pytest.mark.slow
def test_the_wheel_works_without_the_repository(wheel, tmp_path):
    code = """
import sys
wheel = sys.argv[1]
sys.path.insert(0, wheel)  # a wheel is a zip file, which Python can import from
import skcnn
from skcnn.datasets import load_digits
assert skcnn.__file__.startswith(wheel), skcnn.__file__
X, y = load_digits(n_samples=40, random_state=0, return_X_y=True)
print(skcnn.ConvPoolClassifier([(2, 3)], epochs=1).fit(X, y).predict(X).shape)
"""
    assert run_python(code, wheel, cwd=tmp_path).stdout == "(40,)\n"
