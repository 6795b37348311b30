"""``python -m skcnn``: one command for a folder of images."""

import sys

from skcnn._command.arguments import make_parser
from skcnn._command.predict import run_predict
from skcnn._command.search import run_search


def main(argv=None):
    """Do what the command line says.

    Parameters
    ----------
    argv : list of str, default=None
        None for that of this process.

    Returns
    -------
    int
        0 if all went well.
    """
    arguments = make_parser(run_search, run_predict).parse_args(argv)
    try:
        arguments.run(arguments)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on.", file=sys.stderr)
        return 130
    except (ImportError, OSError, ValueError) as error:
        print(f"skcnn: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
