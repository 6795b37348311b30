"""Code in a Python process of its own."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def run_python(code, *arguments, fails=False, **options):
    """What a fresh interpreter gives; it must end well, or badly where that is asked.

    Parameters
    ----------
    code : str
    *arguments : objects
        Its ``sys.argv[1:]``, as text.
    fails : bool
    **options
        Of ``subprocess.run``.

    Returns
    -------
    subprocess.CompletedProcess
        With ``stdout`` and ``stderr`` as text.
    """
    command = [sys.executable, "-c", code, *map(str, arguments)]
    defaults = {"capture_output": True, "text": True, "timeout": 300}
    result = subprocess.run(command, **defaults | options)
    assert (result.returncode != 0) == fails, result.stderr
    return result


# Processes that have imported skcnn and nothing else: forked from one that did so once,
# which takes a moment where a fresh interpreter takes seconds.
ANOTHER = multiprocessing.get_context("forkserver")
ANOTHER.set_forkserver_preload(["skcnn"])


def start_process(function, *arguments):
    """Call a function of a test's module in another process, and return the process."""
    told = dict(os.environ), function, arguments
    process = ANOTHER.Process(target=_call, args=told, daemon=True)
    process.start()
    return process


def _call(environment, function, arguments):
    # The server has the variables of the moment when it was started, for some test.
    os.environ.clear()
    os.environ.update(environment)
    function(*arguments)
