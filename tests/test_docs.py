"""What the documentation refers to exists."""

import re
from pathlib import Path

import pytest

import skcnn
from skcnn import datasets, plotting

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


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
        if "://" not in target and not (page.parent / target).exists()
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
    for module in (datasets, plotting):
        public |= {
            f"{module.__name__.removeprefix('skcnn.')}.{name}"
            for name in module.__all__
        }
    assert listed == public
