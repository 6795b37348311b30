"""Every public name has a docstring in numpydoc's form, which says of parameters what
the signature says.
"""

import ast
import inspect
import pkgutil
import re
from dataclasses import is_dataclass
from importlib import import_module

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import skcnn

# What numpydoc finds wanting, and we do not.
NOT_WANTED = {
    "ES01",  # an extended summary: one sentence is enough where it says all
    "SA01",  # "See Also": only where there is something to see
}
NOT_WANTED_OF_PARTS = {
    "EX01"
}  # examples of a method or property: they are part of the example of its class
EXCEPTIONS = {
    "skcnn.ConvPoolClassifier": {
        "PR02"
    },  # `**routed` is left out of the signature, which scikit-learn's tools read
}
RECORD = {
    "PR01",
    "EX01",
    # a dataclass is made by us, and read by users: its fields are documented as attributes
}


def public_objects():
    """Functions and classes by their full names, and the methods and properties that
    are defined in those classes.
    """
    submodules = [
        name
        for _, name, _ in pkgutil.iter_modules(skcnn.__path__)
        if not name.startswith("_")
    ]
    for module in (skcnn, *(import_module(f"skcnn.{name}") for name in submodules)):
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isfunction(found) or inspect.isclass(found):
                yield f"{module.__name__}.{name}", found
            if inspect.isclass(found):
                yield from public_parts(f"{module.__name__}.{name}", found)


def public_parts(name, cls):
    """What a class has of us: bases elsewhere have documents of their own, and fields
    are described by the class.
    """
    ours = [
        base for base in cls.__mro__ if base.__module__.partition(".")[0] == "skcnn"
    ]
    parts = {
        part: value
        for base in reversed(ours)
        for part, value in vars(base).items()
        if not part.startswith("_")
    }
    for part, value in parts.items():
        if inspect.isfunction(value) or isinstance(
            value, (property, classmethod, staticmethod)
        ):
            yield f"{name}.{part}", value


OBJECTS = dict(public_objects())


def test_there_are_public_names_of_every_sort():
    assert {
        "skcnn.ConvPoolClassifier",
        "skcnn.ConvPoolClassifier.fit",
        "skcnn.clear_cache",
    } <= set(OBJECTS)
    assert {"skcnn.ConvPoolClassifier.model_", "skcnn.presets.Published"} <= set(
        OBJECTS
    )
    assert "skcnn.ConvPoolClassifier.get_metadata_routing" not in OBJECTS, (
        "scikit-learn's"
    )


@pytest.mark.parametrize("name", OBJECTS)
def test_numpydoc_finds_nothing_wrong(name):
    found = OBJECTS[name]
    accepted = NOT_WANTED | EXCEPTIONS.get(name, set())
    if is_dataclass(found):
        accepted |= RECORD
    if not inspect.isclass(found) and inspect.isclass(
        OBJECTS.get(name.rpartition(".")[0])
    ):
        accepted |= NOT_WANTED_OF_PARTS
    assert [
        error for error in validate(name)["errors"] if error[0] not in accepted
    ] == []


@pytest.mark.parametrize(
    "name", [name for name, found in OBJECTS.items() if callable(found)]
)
def test_documented_defaults_are_those_of_the_signature(name):
    documented = {}
    for names, kind, _ in NumpyDocString(inspect.getdoc(OBJECTS[name]))["Parameters"]:
        default = re.search(r"default=(.+)$", kind)
        for parameter in names.split(", "):
            documented[parameter] = (
                ast.literal_eval(default[1]) if default else inspect.Parameter.empty
            )
    parameters = inspect.signature(OBJECTS[name]).parameters.values()
    actual = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.name in documented
    }
    assert {parameter: documented[parameter] for parameter in actual} == actual
