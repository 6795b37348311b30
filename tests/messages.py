"""Every message of an error or a warning that the package can give, read from its code.

A message is a string with the sign GAP where a value stands.
"""

import ast
import itertools
import re
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[1] / "skcnn"
GAP = "…"
_WARNS = ("warn", "warn_once", "add_note", "__init__")  # of an error that has its text
_ADVICE = "_units.py"  # its functions return the texts of warnings
_DEEPEST = 7  # of names that stand for names


class Message(NamedTuple):
    file: str
    line: int
    text: str


def messages():
    """All of them, in the order of files and lines."""
    trees = {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    modules = {file: _Module(tree) for file, tree in trees.items()}
    functions = {}
    for module in modules.values():
        for function in module.functions:
            functions.setdefault(function.name, []).append((module, function))
    found = set()
    for file, module in modules.items():
        for line, text in module.messages(functions, returned=file == _ADVICE):
            text = re.sub(f"{GAP}+", GAP, " ".join(text.split()))
            found.add(Message(file, line, text))
    return sorted(found)


class _Module:
    """The code of one file, which knows what its names stand for."""

    def __init__(self, tree):
        self.tree = tree
        nodes = ast.walk(tree)
        self.functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
        self.values = _assigned(_inside(tree))

    def messages(self, functions, returned):
        """The line and the text of each; `functions` are those of all modules."""
        for function in [self.tree, *self.functions]:
            names = self.names_in(function)
            for node in _inside(function):
                told = _told(node)
                if returned and isinstance(node, ast.Return) and node.value:
                    told = [node.value]
                for text in itertools.chain(
                    *(_texts(each, names, functions) for each in told)
                ):
                    yield node.lineno, text

    def names_in(self, function):
        return self.values | _assigned(_inside(function))


def _told(node):
    """The arguments of an error that is raised, or of a warning."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return node.exc.args
    is_call = isinstance(node, ast.Call)
    return node.args[:1] if is_call and _name_of(node) in _WARNS else []


def _texts(node, names, functions, depth=0):
    """The texts that an expression may have; [GAP] if they cannot be known."""
    if depth > _DEEPEST:
        return [GAP]
    known = {"names": names, "functions": functions, "depth": depth + 1}
    if isinstance(node, ast.Constant):
        return [node.value if isinstance(node.value, str) else GAP]
    if isinstance(node, ast.FormattedValue):  # what a call gives is a value here
        is_name = isinstance(node.value, ast.Name)
        return _texts(node.value, **known) if is_name else [GAP]
    if isinstance(node, ast.JoinedStr):
        return _joined([_texts(part, **known) for part in node.values])
    if isinstance(node, ast.BinOp):
        return _joined([_texts(part, **known) for part in (node.left, node.right)])
    if isinstance(node, (ast.IfExp, ast.BoolOp)):
        return _any_of(_branches(node), **known)
    if isinstance(node, ast.Name):
        return _any_of(names.get(node.id, []), **known)
    if isinstance(node, ast.Call):
        return _results(node, **known)
    return [GAP]


def _joined(parts):
    return ["".join(each) for each in itertools.product(*parts)]


def _branches(node):
    return node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]


def _any_of(nodes, **known):
    texts = [text for node in nodes for text in _texts(node, **known)]
    return list(dict.fromkeys(texts)) or [GAP]


def _results(call, names, functions, depth):
    """What a function of the package returns; or a string without its ends."""
    if _name_of(call) == "rstrip":
        return _texts(call.func.value, names, functions, depth)
    texts = []
    for module, function in functions.get(_name_of(call), []):
        for node in _inside(function):
            if isinstance(node, ast.Return) and node.value:
                own = module.names_in(function)
                texts += _texts(node.value, own, functions, depth)
    return list(dict.fromkeys(texts)) or [GAP]


def _name_of(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _assigned(nodes):
    """From names to all that is assigned to them."""
    values = {}
    for node in nodes:
        for target in getattr(node, "targets", []):
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                values.setdefault(target.id, []).append(node.value)
    return values


def _inside(function):
    """The nodes of a function, or of a module, but not those of functions in it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)
