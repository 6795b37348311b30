"""What can be typed after ``python -m skcnn``, and how it is explained."""

import argparse
import re

from skcnn._version import __version__

_ABOUT = "Search for a network that classifies your images, and use it."
_SEARCH = """\
Search for a network that classifies the images of a folder, and report on it.

The folder has one folder for each class:

    photos/cats/1.jpg  photos/cats/2.png  photos/dogs/a.jpg ...

or a division, as in photos/train/cats/1.jpg and photos/test/cats/9.jpg. Without one, a
fifth of the images is set aside to test on.
"""
_SEARCH_EXAMPLES = """\
examples:
  python -m skcnn search photos/
  python -m skcnn search photos/ --minutes 30 --size 64 --out study/
  python -m skcnn search photos/ --max-params 100k

Interrupted and called again, a search goes on where it was. More --minutes try more
networks, and train nothing a second time.
"""
_PREDICT = """\
Tell the classes of image files with the network that a search has left.

It prints a line for each file: its path, its class, and the probability of that.
"""
_PREDICT_EXAMPLES = """\
examples:
  python -m skcnn predict study/ new.jpg
  python -m skcnn predict study/ inbox/*.jpg > classes.tsv
"""


def make_parser(search, predict):
    """The parser of the command line.

    Parameters
    ----------
    search, predict : callable
        What to call with the arguments of each.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = argparse.ArgumentParser(prog="python -m skcnn", description=_ABOUT)
    parser.add_argument("--version", action="version", version=f"skcnn {__version__}")
    commands = parser.add_subparsers(required=True, metavar="{search,predict}")
    _add_search(commands, search)
    _add_predict(commands, predict)
    return parser


def _add_search(commands, run):
    parser = _add(commands, "search", "find a network", _SEARCH, _SEARCH_EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument("folder", help="the folder of images")
    for name, options in _SEARCH_OPTIONS.items():
        parser.add_argument(name, **options)


def _add_predict(commands, run):
    parser = _add(commands, "predict", "use it", _PREDICT, _PREDICT_EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument("study", help="the folder that a search has left")
    parser.add_argument("files", nargs="+", metavar="FILE", help="an image file")


def _add(commands, name, short, description, examples):
    return commands.add_parser(
        name,
        help=short,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


# --------------------------------------------------------------------------------------
# Values. argparse adds the name of the argument to what goes wrong here.


def _count(text):
    found = re.fullmatch(r"([\d_,]*\.?\d+)([kKmM]?)", text)
    factor = {"": 1, "k": 1_000, "m": 1_000_000}
    number = 0
    if found:
        digits = re.sub("[_,]", "", found[1])
        number = round(float(digits) * factor[found[2].lower()])
    if number < 1:
        raise argparse.ArgumentTypeError(
            f"must be a number such as 50000, 100k or 2M; got {text!r}"
        )
    return number


def _minutes(text):
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0; got {text!r}")
    return minutes


def _size(text):
    if not text.isdigit() or int(text) < 8:
        raise argparse.ArgumentTypeError(
            f"must be an integer of at least 8; got {text!r}"
        )
    return int(text)


_SEARCH_OPTIONS = {
    "--out": {
        "metavar": "FOLDER",
        "default": "study",
        "help": "where model, report and states go (default: %(default)s)",
    },
    "--minutes": {
        "type": _minutes,
        "default": 10,
        "help": "about how long to search (default: %(default)s)",
    },
    "--size": {
        "metavar": "PIXELS",
        "type": _size,
        "default": 32,
        "help": "width and height to which images are brought (default: %(default)s)",
    },
    "--max-params": {
        "metavar": "NUMBER",
        "type": _count,
        "help": "largest number of parameters, such as 100k or 2M (default: no limit)",
    },
    "--resize": {
        "choices": ("crop", "pad", "stretch"),
        "default": "crop",
        "help": "what to do with images of other proportions (default: %(default)s)",
    },
}
