"""What is in a folder of states, and how it gets smaller."""

import datetime
import itertools
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path

from joblib import cpu_count

from skcnn._candidates import import_pandas
from skcnn._planned_fits import planned_rungs
from skcnn._quantities import in_bytes
from skcnn._search_fits import check_search, described_fits
from skcnn._state_folder import with_absolute_path

DAY = 86400  # seconds
# A write takes seconds. The process of a younger file may be on another machine.
YOUNG = 600
_STATE = re.compile("[0-9a-f]{32}")
_UNFINISHED = re.compile(
    r"output\.pkl\.thread-\d+-pid-(\d+)|try-to-write-.*|[0-9a-f]{40}"
)


@dataclass(frozen=True)
class _Entry:
    """A state on disk."""

    run: str
    epoch: int
    path: Path
    n_bytes: int
    last_used: float


@dataclass(frozen=True, repr=False)
class MemoryInfo:
    """What is in a folder of states; it prints as text.

    Made by :func:`memory_info`.

    Attributes
    ----------
    path : str
        The folder, as given for `memory`.
    n_runs : int
        Number of runs that have a state there.
    n_states : int
        Number of states.
    n_bytes : int
        Bytes of all states.
    n_unfinished : int
        Number of files that killed processes have left half written.
    runs : pandas.DataFrame
        A row for each run, the one used last first. Its columns are `run`, the key,
        `n_states`, `last_epoch`, `n_bytes` and `last_used`.
    of_search : dict or None
        Of a search: `n_trainings`, how many different trainings it has, `n_known`, how
        many of them have a state there, and `n_bytes` of their states. None if no
        search was given.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from skcnn import memory_info
    >>> info = memory_info(mkdtemp())
    >>> info.n_runs, info.n_states, info.n_bytes
    (0, 0, 0)
    """

    path: str
    n_runs: int
    n_states: int
    n_bytes: int
    n_unfinished: int
    runs: object = field(repr=False)
    of_search: dict | None = None

    def __str__(self):
        lines = [
            f"{self.path}: {self.n_states:,} states of {self.n_runs:,} runs, "
            f"{in_bytes(self.n_bytes)}"
        ]
        if self.n_states:
            used = self.runs["last_used"]
            lines += [f"last used: {used.min():%Y-%m-%d} to {used.max():%Y-%m-%d}"]
        if self.of_search:
            lines += [
                f"of this search: {self.of_search['n_known']} of "
                f"{self.of_search['n_trainings']} trainings, "
                f"{in_bytes(self.of_search['n_bytes'])}"
            ]
        if self.n_unfinished:
            lines += [
                f"{self.n_unfinished} files were left half written. clean_memory "
                "removes them."
            ]
        return "\n".join(lines)

    __repr__ = __str__  # a notebook shows the text


def memory_info(path, search=None, X=None, y=None, **fit_params):
    """Tell what a folder of states holds: runs, sizes, and when they were used.

    Nothing is written.

    Parameters
    ----------
    path : str, path or joblib.Memory
        What was given for `memory`.
    search : GridSearchCV or the like, default=None
        A search over a ConvPoolClassifier, or a Pipeline that ends in one, fitted or
        not. Then the share of its trainings is told, too.
    X, y : array-like, default=None
        What the search is fitted on.
    **fit_params
        What else its `fit` is given, such as `sample_weight`, `validation_data` or
        `groups`.

    Returns
    -------
    MemoryInfo
        Print it to read it. A folder that does not exist holds nothing.

    Raises
    ------
    ImportError
        Without pandas.
    TypeError
        If a search is given without X and y, or has no network.
    ValueError
        If `path` cannot be the name of a folder.

    See Also
    --------
    clean_memory : Removes what is old or too much.
    StateMemory : Keeps fewer states from the start.

    Notes
    -----
    When a state was read last is known as well as the file system notes it. Many do so
    once a day.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from skcnn import ConvPoolClassifier, memory_info
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=100, random_state=0, return_X_y=True)
    >>> clf = ConvPoolClassifier([(4, 3)], dense_layers=(), epochs=2, random_state=2)
    >>> folder = mkdtemp()
    >>> clf = clf.set_params(memory=folder).fit(X, y)
    >>> info = memory_info(folder)
    >>> info.n_runs, info.n_states
    (1, 2)
    """
    pd, _ = import_pandas("memory_info")
    root = _root(path)
    entries = list(_entries(root))
    of_search = None
    if search is not None:
        of_search = _of_search(entries, search, X, y, fit_params)
    return MemoryInfo(
        path=str(getattr(path, "location", path)),
        n_runs=len({entry.run for entry in entries}),
        n_states=len(entries),
        n_bytes=sum(entry.n_bytes for entry in entries),
        n_unfinished=len(list(_unfinished(root))),
        runs=_runs(pd, entries),
        of_search=of_search,
    )


def clean_memory(path, *, max_age=None, max_bytes=None, keep="every"):
    """Remove states from a folder, and files that killed processes have left.

    A search that needs what was removed trains it again, with the same results.

    Parameters
    ----------
    path : str, path or joblib.Memory
        What was given for `memory`.
    max_age : float, default=None
        Days since the last use, after which a state is removed. None for no limit.
    max_bytes : int, default=None
        Bytes that all states may take. Those not used for the longest time are removed.
        None for no limit.
    keep : {"every", "last"}, default="every"
        ``"last"`` leaves of each run only the state with the most epochs.

    Returns
    -------
    MemoryInfo
        What is left.

    Raises
    ------
    ImportError
        Without pandas.
    ValueError
        If an argument is not allowed.

    See Also
    --------
    memory_info : What is in the folder.
    StateMemory : Keeps fewer states from the start.

    Notes
    -----
    Files that were left half written are removed in any case: those older than a day,
    and those whose process is gone.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from skcnn import clean_memory
    >>> clean_memory(mkdtemp(), max_age=30, max_bytes=2 * 10**9).n_states
    0
    """
    _check_limit("max_age", max_age)
    _check_limit("max_bytes", max_bytes)
    if keep not in ("every", "last"):
        raise ValueError(f"keep must be 'every' or 'last'; got {keep!r}.")
    root = _root(path)
    for file in _unfinished(root):
        file.unlink(missing_ok=True)
    entries = list(_entries(root))
    for entry in _unwanted(entries, max_age, max_bytes, keep):
        shutil.rmtree(entry.path, ignore_errors=True)  # perhaps somebody else has
        _remove_if_empty(entry.path.parent)
    return memory_info(path)


def _check_limit(name, value):
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if value is not None and (not is_number or not value >= 0):
        raise ValueError(
            f"{name} must be None or a number of at least 0; got {value!r}."
        )


def _unwanted(entries, max_age, max_bytes, keep):
    """Entries to remove."""
    longest = {}
    for entry in entries:
        longest[entry.run] = max(longest.get(entry.run, 0), entry.epoch)
    oldest = 0 if max_age is None else time.time() - max_age * DAY
    n_left = sum(entry.n_bytes for entry in entries)
    # Oldest first, and of one age those with the fewest epochs.
    for entry in sorted(entries, key=lambda each: (each.last_used, each.epoch)):
        is_passed = keep == "last" and entry.epoch < longest[entry.run]
        is_too_much = max_bytes is not None and n_left > max_bytes
        if is_passed or entry.last_used < oldest or is_too_much:
            n_left -= entry.n_bytes
            yield entry


def _remove_if_empty(folder):
    with suppress(OSError):  # there are other states
        folder.rmdir()


# --------------------------------------------------------------------------------------
# What is there


def _root(path):
    """Where the states are below a folder."""
    absolute = with_absolute_path(path)
    location = getattr(absolute, "location", absolute)
    return Path(location) / "joblib" / "skcnn"


def _entries(root):
    for file in root.glob("run-*/*/output.pkl"):
        if not _STATE.fullmatch(file.parent.name):
            continue
        try:
            facts = file.stat()
        except FileNotFoundError:  # removed meanwhile
            continue
        yield _Entry(
            run=file.parents[1].name.removeprefix("run-"),
            epoch=int(file.parent.name, 16),
            path=file.parent,
            n_bytes=facts.st_size,
            last_used=max(facts.st_atime, facts.st_mtime),
        )


def _unfinished(root):
    """Files that nobody will finish."""
    patterns = ("try-to-write-*", "in-work/*", "run-*/*/output.pkl.*")
    for file in itertools.chain(*map(root.glob, patterns)):
        match = _UNFINISHED.fullmatch(file.name)
        if match is None:
            continue
        try:
            age = time.time() - file.stat().st_mtime
        except FileNotFoundError:
            continue
        is_left = match[1] is not None and age > YOUNG and not _is_alive(int(match[1]))
        if age > DAY or is_left:
            yield file


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _runs(pd, entries):
    rows = {}
    for entry in entries:
        row = rows.setdefault(entry.run, [0, 0, 0, 0.0])
        row[0] += 1
        row[1] = max(row[1], entry.epoch)
        row[2] += entry.n_bytes
        row[3] = max(row[3], entry.last_used)
    names = ["n_states", "last_epoch", "n_bytes", "last_used"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    table = table.rename_axis("run").reset_index()
    table = table.sort_values("last_used", ascending=False, ignore_index=True)
    table["last_used"] = [
        datetime.datetime.fromtimestamp(seconds) for seconds in table["last_used"]
    ]
    return table


def _of_search(entries, search, X, y, fit_params):
    """How much of a folder belongs to a search."""
    check_search(search)
    if X is None or y is None:
        raise TypeError("memory_info needs X and y, on which the search is fitted.")
    sizes = {}
    for entry in entries:
        sizes[entry.run] = sizes.get(entry.run, 0) + entry.n_bytes
    trainings, known = set(), set()
    for rung in planned_rungs(search, X, y, fit_params):
        for fit in described_fits(search.estimator, rung.candidates, rung.folds, X, y):
            if fit.asked is None or fit.asked.why_not_shared:
                continue
            keys = [fit.asked.key(threads) for threads in range(1, cpu_count() + 1)]
            trainings.add(keys[0])
            known.update(keys)
    known &= set(sizes)
    return {
        "n_trainings": len(trainings),
        "n_known": len(known),
        "n_bytes": sum(sizes[key] for key in known),
    }
