"""The house is in order: small functions, no import cycles, private names stay where
they are.

Only the source text is read; nothing of the package is imported.
"""

import ast
import io
import re
import tokenize
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "skcnn"
MOST_LINES, MOST_BRANCHES = 25, 10

# Functions that are still too long or too complex. This list may only shrink: whoever
# makes one of them small deletes its line.
STILL_TOO_LARGE = {"skcnn._classifier": {"__init__"}}


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


SOURCES = {
    module_name(path): path.read_text(encoding="utf8") for path in ROOT.rglob("*.py")
}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}
PACKAGES = {module_name(path) for path in ROOT.rglob("__init__.py")}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.IfExp,
    ast.ExceptHandler,
    ast.comprehension,
    ast.Assert,
)
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}

# --------------------------------------------------------------------------------------
# Small functions


def code_lines(source):
    """Numbers of the lines that hold code: no blank lines, comments, docstrings."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - docstring_lines(source)


def docstring_lines(source):
    lines = set()
    for node in ast.walk(ast.parse(source)):
        may_have_one = isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS))
        if may_have_one and ast.get_docstring(node) is not None:
            text = node.body[0]
            lines.update(range(text.lineno, text.end_lineno + 1))
    return lines


def complexity(function):
    """Cyclomatic complexity: one, and one more for each place where the way may part."""
    n_ways = 1
    for node in ast.walk(function):
        n_ways += isinstance(node, BRANCHES)
        if isinstance(node, ast.comprehension):
            n_ways += len(node.ifs)
        elif isinstance(node, ast.BoolOp):
            n_ways += len(node.values) - 1
        elif isinstance(node, ast.Match):
            n_ways += len(node.cases)
    return n_ways


def too_large(module):
    """Names of a module's functions that are too long or too complex, with the figures."""
    lines_of_code = code_lines(SOURCES[module])
    found = {}
    for node in ast.walk(TREES[module]):
        if isinstance(node, FUNCTIONS):
            body = range(node.body[0].lineno, node.end_lineno + 1)
            n_lines, n_ways = len(lines_of_code & set(body)), complexity(node)
            if n_lines > MOST_LINES or n_ways > MOST_BRANCHES:
                found[node.name] = f"{n_lines} lines, complexity {n_ways}"
    return found


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(SOURCES))
def test_functions_are_small(module):
    found, known = too_large(module), STILL_TOO_LARGE.get(module, set())
    new = {name: figures for name, figures in found.items() if name not in known}
    assert not new, (
        f"A function has at most {MOST_LINES} lines of code and complexity {MOST_BRANCHES}"
    )
    assert known <= set(found), "Small now: delete these names from STILL_TOO_LARGE"


def test_every_exception_names_a_module():
    assert set(STILL_TOO_LARGE) <= set(SOURCES), "Delete these from STILL_TOO_LARGE"


def test_lines_and_branches_are_counted_as_promised():
    source = '''
def f(a):
    """Two lines
    of a docstring."""
    # A comment, and a blank line.

    if a and (b or c):
        return [
            x for x in a if x
        ]
'''
    function = ast.parse(source).body[0]
    assert len(code_lines(source)) == 5
    assert complexity(function) == 1 + 1 + 2 + 2


# --------------------------------------------------------------------------------------
# Imports


def imported_names(module):
    """Pairs (module, name or None) of all that a module imports, in functions too."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield from ((node.module, alias.name) for alias in node.names)


def imports_of(module):
    """Names of the package's modules that a module imports."""
    for source, name in imported_names(module):
        within = f"{source}.{name}"
        found = within if within in SOURCES else source
        if found in SOURCES:
            yield found


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def test_imports_make_no_circle():
    # A package's __init__ only hands on names, so `import skcnn` is left out here.
    graph = {
        module: set(imports_of(module)) - PACKAGES
        for module in sorted(set(SOURCES) - PACKAGES)
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_modules_import_no_private_name_of_each_other(module):
    taken = {
        f"{source}.{name}"
        for source, name in imported_names(module)
        if source in SOURCES and name and is_private(name)
    }
    assert not taken - set(SOURCES)


def is_private_path(path):
    """Whether a dotted name leads into another package's private part."""
    # Keras and TensorFlow keep theirs in `keras.src` and `tensorflow.python`.
    inside = path.startswith(("keras.src", "tensorflow.python"))
    return inside or any(is_private(part) for part in path.split("."))


OTHERS = sorted(set(SOURCES) - {"skcnn._compat"})


@pytest.mark.parametrize("module", OTHERS)
def test_private_names_of_other_packages_are_imported_in_compat_only(module):
    paths = {
        f"{source}.{name or ''}"
        for source, name in imported_names(module)
        if source.partition(".")[0] != "skcnn"
    }
    assert not {path for path in paths if is_private_path(path)}


# A named tuple's public names have an underscore, so that no field can have them.
OF_NAMED_TUPLES = {"_asdict", "_field_defaults", "_fields", "_make", "_replace"}
# What scikit-learn tells authors of estimators to call in their own fit.
OF_ESTIMATORS = {"_init_callback_context"}


def defined_names(tree):
    """All names that a module gives to something: functions, classes, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def private_names_read(tree):
    """Private attributes that a module reads of objects other than `self` and `cls`."""
    for node in ast.walk(tree):
        is_read = isinstance(node, ast.Attribute) and is_private(node.attr)
        if is_read and ast.unparse(node.value) not in {"self", "cls"}:
            yield node.attr


def test_private_names_of_other_packages_are_read_in_compat_only():
    own = {name for tree in TREES.values() for name in defined_names(tree)}
    read = {
        f"{module} reads {name}"
        for module in OTHERS
        for name in private_names_read(TREES[module])
        if name not in own | OF_NAMED_TUPLES | OF_ESTIMATORS
    }
    assert not read


# --------------------------------------------------------------------------------------
# Tools


def test_commits_are_checked_by_the_ruff_that_the_tests_use():
    """Each hook is a program of `.venv`, where the test extra has its ruff."""
    root = ROOT.parent
    assert "ruff==" in (root / "setup.cfg").read_text()
    hooks = (root / ".pre-commit-config.yaml").read_text()
    programs = re.findall(r"^ +entry: (\S+)", hooks, re.M)
    assert programs.count(".venv/bin/ruff") == 2
    assert all(program.startswith(".venv/bin/") for program in programs)
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]


# --------------------------------------------------------------------------------------
# The map of the house

DESIGN = (ROOT.parent / "docs" / "design.md").read_text(encoding="utf8")
MAPPED = [f"skcnn.{name}" for name in re.findall(r"^\| `([\w.]+)` \|", DESIGN, re.M)]


def test_the_design_page_names_every_module_once():
    assert sorted(MAPPED) == sorted(set(SOURCES) - PACKAGES)


@pytest.mark.parametrize("module", MAPPED)
def test_a_module_imports_only_what_stands_above_it(module):
    above = set(MAPPED[: MAPPED.index(module)])
    assert not set(imports_of(module)) - PACKAGES - above


def test_the_promises_of_the_design_page_have_their_tests():
    promised = set(re.findall(r"`(test_\w+)`", DESIGN))
    tests = "\n".join(
        path.read_text(encoding="utf8") for path in Path(__file__).parent.glob("*.py")
    )
    assert promised
    assert not {name for name in promised if f"def {name}(" not in tests}
