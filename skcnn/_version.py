"""Versions, where every module may ask for them."""

from importlib import import_module

__version__ = "0.1.0"

# Names of modules, where PyPI has another one.
_MODULES = {"scikit-learn": "sklearn"}


def version_of(package):
    """The version of what is imported, whichever package brought it along.

    There are tensorflow and tensorflow-cpu, for one.

    Parameters
    ----------
    package : str

    Returns
    -------
    str
    """
    return import_module(_MODULES.get(package, package)).__version__


def release_of(package):
    """The first two numbers of a version, which can be compared.

    Parameters
    ----------
    package : str

    Returns
    -------
    tuple of int
        ``(3, 13)`` for ``"3.13.2"``.
    """
    major, minor = version_of(package).split(".")[:2]
    return int(major), int(minor)
