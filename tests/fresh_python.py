"""Code in a Python process of its own."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
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


def run_in_fork(code, *arguments, cwd=None, timeout=300, **variables):
    """What code gives in another process, which has imported skcnn before.

    It is for tests that need another process, but not a fresh interpreter: starting one
    takes four seconds, this a moment. It must end well.

    Parameters
    ----------
    code : str
    *arguments : objects
        Its ``sys.argv[1:]``, as text.
    cwd : path, default=None
        The folder to work in.
    timeout : float, default=300
        In seconds.
    **variables : str
        Of the environment, beside those of this process.

    Returns
    -------
    subprocess.CompletedProcess
        With ``stdout`` and ``stderr`` as text.
    """
    with tempfile.TemporaryDirectory() as folder:
        printed, told = (Path(folder, name) for name in ("stdout", "stderr"))
        process = start_process(
            _run, code, arguments, cwd, variables, str(printed), str(told)
        )
        process.join(timeout)
        is_over = process.exitcode is not None
        process.kill()
        assert is_over, f"stopped after {timeout} seconds\n{told.read_text()}"
        assert process.exitcode == 0, told.read_text()
        output = printed.read_text(), told.read_text()
        return subprocess.CompletedProcess(code, process.exitcode, *output)


def _run(code, arguments, cwd, variables, *files):
    for descriptor, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.update(variables)
    if cwd is not None:
        os.chdir(cwd)
        sys.path.insert(0, "")
    sys.argv = ["-c", *map(str, arguments)]
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})


def _call(environment, function, arguments):
    # The server has the variables of the moment when it was started, for some test.
    os.environ.clear()
    os.environ.update(environment)
    function(*arguments)
