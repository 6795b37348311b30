"""SearchProgress: what it says, where it says it, and that it changes nothing else."""

import fcntl
import os
import pickle
import re
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import threading
import time
import warnings
from contextlib import nullcontext

import keras
import numpy as np
import pytest
from joblib import Memory, parallel_config
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import ConvPoolClassifier, SearchProgress
from skcnn._progress.jobs import Job, job_of
from skcnn._progress.line import Facts, duration, in_short, live_line
from skcnn._progress.show import how_to_go_on
from skcnn._progress.tally import Round, Tally
from skcnn._states import STATES

TINY = {
    "conv_layers": [(4, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "batch_size": 16,
    "random_state": 0,
}
THREADS = {"backend": "threading", "n_jobs": 2}


def tiny(**changes):
    return ConvPoolClassifier(**TINY | {"epochs": 2} | changes)


pytestmark = pytest.mark.usefixtures("nothing_known")


@pytest.fixture
def told(capsys):
    """The lines that a fit wrote to standard error, which is no terminal here."""

    def lines(search, X, y, **parallel):
        with parallel_config(**parallel) if parallel else nullcontext():
            search.fit(X, y)
        printed = capsys.readouterr()
        assert not printed.out, "a table on standard output stays clean"
        return printed.err.splitlines()

    return lines


# --------------------------------------------------------------------------------------
# What it says


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [{}, THREADS], ids=["alone", "threads"])
def test_epochs_trained_and_saved(data, told, parallel):
    grid = {"optimizer__learning_rate": [0.01, 0.02], "epochs": [1, 2, 4]}
    search = GridSearchCV(tiny(), grid, cv=3).set_callbacks(SearchProgress())
    start, *_, end = told(search, *data, **parallel)
    assert start == "GridSearchCV: 19 fits to do"
    # Asked for: 2 x 3 x (1 + 2 + 4), and the best again. Trained: 2 x 3 x 4, and that.
    again = search.best_params_["epochs"]
    trained = 24 + again
    assert f"; {42 + again} epochs, {trained} trained and 18 saved; " in end
    named = ", ".join(f"{name} {search.best_params_[name]:g}" for name in grid)
    assert end.endswith(f"; best score {search.best_score_:.4f} with {named}")
    assert re.match(r"GridSearchCV: 19 fits in \d+:\d\d; ", end)


@pytest.mark.slow
def test_what_memory_knows_is_saved(data, told, tmp_path):
    grid = {"epochs": [1, 3]}
    for trained, saved in ((9, 3), (0, 12)):
        search = GridSearchCV(tiny(memory=tmp_path), grid, cv=3, refit=False)
        *_, end = told(search.set_callbacks(SearchProgress()), *data)
        assert f"12 epochs, {trained} trained and {saved} saved" in end
        STATES.clear()


RATE = "optimizer__learning_rate"  # of all parameters the one that compiles nothing
SEARCHES = {
    "random": (RandomizedSearchCV, {RATE: uniform(0.01, 0.02)}, {"n_iter": 3}),
    "halving": (HalvingGridSearchCV, {RATE: [0.01, 0.02, 0.03]}, {"factor": 2}),
    "halving epochs": (
        HalvingGridSearchCV,
        {RATE: [0.01, 0.02, 0.03]},
        {"resource": "epochs", "max_resources": 3, "min_resources": 1},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHES)
def test_fits_of_every_search(name, data, told):
    kind, space, options = SEARCHES[name]
    search = kind(tiny(epochs=1), space, cv=2, random_state=0, **options)
    start, *_, end = told(search.set_callbacks(SearchProgress()), *data)
    n_fits = 2 * sum(getattr(search, "n_candidates_", [3])) + 1
    assert start == f"{kind.__name__}: {n_fits} fits to do"
    assert end.startswith(f"{kind.__name__}: {n_fits} fits in ")
    assert f"best score {search.best_score_:.4f} with {RATE} " in end


@pytest.mark.slow
def test_a_network_in_a_pipeline_is_heard(data, told):
    pipeline = make_pipeline(FunctionTransformer(), tiny())
    grid = {"convpoolclassifier__epochs": [1, 3]}
    search = GridSearchCV(pipeline, grid, cv=2, refit=False)
    *_, end = told(search.set_callbacks(SearchProgress()), *data)
    assert "4 fits in" in end and "8 epochs, 6 trained and 2 saved" in end
    assert f"best score {search.best_score_:.4f}" in end
    filters = list(warnings.filters)
    around = make_pipeline(FunctionTransformer(), clone(search).set_callbacks())
    *_, end = told(around.set_callbacks(SearchProgress()), *data)
    assert end.startswith("GridSearchCV: 4 fits in")
    assert warnings.filters == filters


class Wide(ConvPoolClassifier):
    """A user's own, with a shorter signature."""

    def __init__(self, width=4):
        super().__init__(**TINY | {"conv_layers": [(width, 3)], "epochs": 2})
        self.width = width


@pytest.mark.slow
def test_a_subclass_with_parameters_of_its_own(data, told):
    search = GridSearchCV(Wide(), {"width": [4, 5], "epochs": [1, 3]}, cv=2)
    *lines, end = told(search.set_callbacks(SearchProgress()), *data)
    again = search.best_params_["epochs"]
    assert f"{16 + again} epochs, {12 + again} trained and 4 saved; " in end
    best = f"with width {search.best_params_['width']}, epochs {again}"
    assert end.endswith(best) and not any("Warning" in line for line in lines)


@pytest.mark.slow
def test_steps_that_tell_nothing_are_no_reason_to_warn(data, recwarn):
    pipeline = make_pipeline(FunctionTransformer(), tiny())
    pipeline.set_callbacks(SearchProgress()).fit(*data)
    assert not recwarn.list


def test_a_fit_by_itself(data, told):
    start, *_, end = told(tiny(epochs=3).set_callbacks(SearchProgress()), *data)
    assert start == "ConvPoolClassifier: 3 epochs to do"
    assert re.fullmatch(r"ConvPoolClassifier: 3 epochs in \d:\d\d", end)
    *_, end = told(tiny(epochs=5).set_callbacks(SearchProgress()), *data)
    assert end.endswith(", 2 trained and 3 saved")


def test_one_more_epoch(data, capsys):
    tiny().set_callbacks(SearchProgress()).partial_fit(*data)
    assert "ConvPoolClassifier: 1 epoch in 0:0" in capsys.readouterr().err


@pytest.mark.slow
def test_each_fit_of_a_cross_validation_has_lines_of_its_own(data, capsys):
    with parallel_config(**THREADS):
        cross_val_score(tiny().set_callbacks(SearchProgress()), *data, cv=3)
        search = GridSearchCV(tiny(), {"epochs": [1, 2]}, cv=2)
        cross_val_score(search.set_callbacks(SearchProgress()), *data, cv=2)
    told = capsys.readouterr().err
    assert told.count("ConvPoolClassifier: 2 epochs in") == 3
    assert told.count("GridSearchCV: 5 fits in") == 2


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [{}, THREADS], ids=["alone", "threads"])
def test_fits_that_fail_are_over_and_said_to_have_failed(data, told, parallel):
    too_deep = 5 * [(4, 3)]
    grid = {"conv_layers": [too_deep, [(4, 3)], too_deep]}
    search = GridSearchCV(tiny(), grid, cv=2).set_callbacks(SearchProgress())
    with pytest.warns(FitFailedWarning), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One or more of the test scores")
        *_, end = told(search, *data, **parallel)
    assert re.match(r"GridSearchCV: 7 fits in \d+:\d\d, of which 4 failed; ", end)
    assert end.endswith("with conv_layers 4")


@pytest.mark.slow
def test_another_scoring_is_told_at_the_end(data, told):
    search = GridSearchCV(tiny(), {"epochs": [1, 2]}, cv=2, scoring="f1_macro")
    *_, end = told(search.set_callbacks(SearchProgress()), *data)
    assert f"best score {search.best_score_:.4f} with epochs " in end


def test_other_estimators(data, told):
    X, y = data[0].reshape(len(data[0]), -1) / 255, data[1]
    logistic = LogisticRegression(max_iter=500, tol=0.1)
    search = GridSearchCV(logistic, {"C": [0.1, 1.0]}, cv=2)
    *_, end = told(search.set_callbacks(SearchProgress()), X, y)
    assert end.startswith("GridSearchCV: 5 fits in ") and "epochs" not in end
    [end] = told(logistic.set_callbacks(SearchProgress()), X, y)
    assert end.startswith("LogisticRegression: done in ")


@pytest.mark.slow
def test_one_object_serves_one_search_after_the_other_and_travels(data, told):
    progress = SearchProgress(interval=5)
    search = GridSearchCV(tiny(), {"epochs": [1, 2]}, cv=2, refit=False)
    search.set_callbacks(progress)
    copies = [search, clone(search), pickle.loads(pickle.dumps(search)), search]
    ends = [told(each, *data)[-1] for each in copies]
    assert [("4 fits" in end, "best score" in end) for end in ends] == 4 * [
        (True, True)
    ]
    assert pickle.loads(pickle.dumps(progress)).interval == 5


@pytest.mark.parametrize("interval", [0, -1, "30", None])
def test_an_interval_that_is_none(interval):
    with pytest.raises(
        ValueError, match="'interval' parameter of SearchProgress must be"
    ):
        SearchProgress(interval=interval)


# --------------------------------------------------------------------------------------
# It changes nothing else


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [{}, THREADS], ids=["alone", "threads"])
def test_not_a_bit_changes(data, parallel):
    grid = {RATE: [0.01, 0.02], "epochs": [1, 2]}
    searches = []
    for callbacks in ((), (SearchProgress(),)):
        STATES.clear()
        search = GridSearchCV(tiny(), grid, cv=2).set_callbacks(*callbacks)
        with parallel_config(**parallel) if parallel else nullcontext():
            searches.append(search.fit(*data))
    plain, shown = searches
    for name, values in plain.cv_results_.items():
        if "time" not in name:
            np.testing.assert_array_equal(values, shown.cv_results_[name])
    assert (
        plain.best_estimator_.history_["loss"] == shown.best_estimator_.history_["loss"]
    )
    for one, other in zip(
        plain.best_estimator_.model_.get_weights(),
        shown.best_estimator_.model_.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_nothing_is_left_behind(data):
    search = GridSearchCV(tiny(), {"epochs": [1, 2]}, cv=2)
    search.set_callbacks(SearchProgress()).fit(*data)
    before = threading.active_count()
    for _ in range(5):
        search.fit(*data)
    assert threading.active_count() <= before


class Unprintable:
    """A label that a grid may hold, and that no text can be made of."""

    def __repr__(self):
        raise RuntimeError("no text")

    __str__ = __repr__


@pytest.mark.slow
@pytest.mark.parametrize("action", ["always", "error"])
def test_a_fault_of_its_own_stops_nothing(data, action, capsys):
    weights = dict.fromkeys(range(10), 1.0) | {Unprintable(): 1.0}
    search = GridSearchCV(
        tiny(class_weight=None), {"class_weight": [None, weights]}, cv=2
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action, UserWarning)
        plain = clone(search).fit(*data).best_score_
        assert search.set_callbacks(SearchProgress()).fit(*data).best_score_ == plain
    if action == "always":
        [warning] = [each for each in caught if "SearchProgress" in str(each.message)]
        assert "the fit goes on" in str(warning.message)


@pytest.mark.filterwarnings("ignore:SearchProgress shows no more")
def test_a_closed_terminal_stops_nothing(data, monkeypatch):
    stream = open(os.devnull, "w")  # noqa: SIM115 - closed on purpose
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    tiny().set_callbacks(SearchProgress()).fit(*data)
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    tiny().set_callbacks(SearchProgress()).fit(*data)


# --------------------------------------------------------------------------------------
# Terminals


class PseudoTerminal:
    """A terminal of some width, and what a reader sees in it."""

    def __init__(self, columns):
        self.columns = columns
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        self.stream = os.fdopen(theirs, "w")
        self._received = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        try:
            while piece := os.read(self._ours, 4096):
                self._received += piece
        except OSError:  # the other end is closed
            pass

    def frames(self):
        """What stood in a row whenever the cursor left it: (row number, text)."""
        self.stream.close()
        self._reader.join(timeout=10)
        os.close(self._ours)
        frames, row, column, cells = [], 0, 0, {}
        for character in self._received.decode():
            if character in "\r\n" or column == self.columns:
                text = [cells.get((row, i), " ") for i in range(self.columns)]
                frames.append((row, "".join(text).rstrip()))
            if character == "\r":
                column = 0
            elif character == "\n":
                row += 1
            else:
                assert character.isprintable(), f"control character {character!r}"
                if column == self.columns:  # a terminal wraps
                    row, column = row + 1, 0
                cells[row, column] = character
                column += 1
        return frames


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 60])
def test_one_line_in_a_terminal(columns, data, monkeypatch):
    terminal = PseudoTerminal(columns)
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    monkeypatch.setattr("skcnn._progress.screen.Terminal.pace", 0.02)
    grid = {RATE: [0.01, 0.02, 0.03, 0.04], "epochs": [1, 40]}
    search = GridSearchCV(tiny(), grid, cv=2).set_callbacks(SearchProgress())
    with parallel_config(**THREADS):
        search.fit(*data)
    frames = terminal.frames()
    live = [text for row, text in frames if row == 0 and "GridSearchCV" not in text]
    one_line = r"(\d+/17 fits \| \d:\d\d(, \d+:\d\d left)?( \| .*)?)?"
    assert [text for text in live if not re.fullmatch(one_line, text)] == []
    assert max(map(len, live)) < columns and any(" left | " in text for text in live)
    summary = "".join(text.ljust(columns) for _, text in frames[len(live) :])
    assert re.match(r"GridSearchCV: 17 fits in \d:\d\d; ", summary)
    best = f"best score {search.best_score_:.4f} with {RATE} "
    assert summary.split("; ")[-1].startswith(best), "nothing of the line is left"


FACTS = {
    "n_fits": 325,
    "n_done": 271,
    "n_failed": 0,
    "n_asked": None,
    "trained": 1204,
    "known": 903,
    "best": 0.72194,
    "candidate": {"conv_layers": "32-64", "dropout": "0.25"},
    "elapsed": 3725.0,
    "left": 13210.4,
}


def test_what_gives_way_where_there_is_no_room():
    long = live_line(Facts(**FACTS))
    assert long == (
        "271/325 fits | 1:02:05, 3:40:10 left | 1204 epochs + 903 saved | "
        "best 0.7219: 32-64, 0.25"
    )
    assert live_line(Facts(**FACTS), 84) == f"{long[:81]}..."
    assert live_line(Facts(**FACTS), 79) == long.removesuffix(": 32-64, 0.25")
    assert live_line(Facts(**FACTS), 59) == (
        "271/325 fits | 1:02:05, 3:40:10 left | best 0.7219"
    )
    for width in range(1, 120):
        assert len(live_line(Facts(**FACTS), width)) <= width


def test_what_is_not_known_is_left_out():
    early = FACTS | {"n_done": 0, "trained": 0, "known": 0, "best": None, "left": None}
    assert live_line(Facts(**early | {"candidate": {}})) == "0/325 fits | 1:02:05"
    single = FACTS | {"n_fits": 1, "n_asked": 9, "trained": 4, "known": 0, "best": None}
    assert live_line(Facts(**single | {"candidate": {}})) == (
        "4/9 epochs | 1:02:05, 3:40:10 left"
    )


def test_values_in_short():
    params = {
        "conv_layers": [(32, 5, 2, 2), (64, 3)],
        "rate": 0.25,
        "own": "two\nlines",
    }
    assert in_short(params, ("rate", "own", "conv_layers", "not there")) == {
        "rate": "0.25",
        "own": "two lines",
        "conv_layers": "32-64",
    }


def test_durations():
    seconds = [0.4, 59.6, 725, 3725, 93905, float("inf")]
    told = ["0:00", "1:00", "12:05", "1:02:05", "1 d 02:05:05", "?"]
    assert [duration(each) for each in seconds] == told


# --------------------------------------------------------------------------------------
# The time left


class Simulation:
    """A search whose fits take known times, told to a Tally with a clock of its own."""

    def __init__(self, jobs, n_splits, seconds, besides=0.1):
        self.now, self.n_splits = 0.0, n_splits
        self.tally = Tally(clock=lambda: self.now)
        self.jobs, self.seconds, self.besides = jobs, seconds, besides
        n_fits, refit = len(jobs) * n_splits, (1, n_splits / (n_splits - 1))
        round_ = Round(n_fits, n_splits, later=[refit], plan=lambda shape, n: jobs)
        self.tally.tell("round", round_)

    def run(self):
        """Run all fits one after the other; what was said of the time left, and when."""
        reached, said = {}, []
        for number in range(len(self.jobs) * self.n_splits):
            job = self.jobs[number // self.n_splits]
            self.tally.tell("fit", number, {})
            self.tally.tell("network", number, job, (32, 32, 3), 1000)
            group = job.run, number % self.n_splits
            for epoch in range(job.epochs):
                is_new = epoch >= reached.get(group, 0)
                reached[group] = max(reached.get(group, 0), epoch + 1)
                self.now += self.seconds[job.network] if is_new else 0.0
                self.tally.tell("epoch", number, is_new)
            self.tally.tell("fit_over", number)
            self.now += self.besides
            said.append((self.now, self.tally.facts().left))
        return [(at / self.now, left, self.now - at) for at, left in said]


def network_job(filters, epochs):
    params = ConvPoolClassifier(
        conv_layers=[(filters, 3), (filters, 3)], random_state=0, epochs=epochs
    ).get_params()
    return job_of(params, (32, 32, 3), 1000)


def test_time_left_where_candidates_differ_by_a_hundred_times():
    """Narrow networks first, as a grid does; shorter runs are the beginning of longer
    ones.
    """
    widths, lengths = (4, 16, 64, 128), (3, 5, 10)
    jobs = [network_job(width, epochs) for width in widths for epochs in lengths]
    work = {job.network: job.work for job in jobs}
    seconds = {network: 200 * work[network] / max(work.values()) for network in work}
    assert max(seconds.values()) > 30 * min(seconds.values())
    for share, left, truly in Simulation(jobs, 3, seconds).run()[:-3]:
        # The refit is on all images, of a candidate that nobody knows yet.
        refit = 15 * max(seconds.values())
        assert truly / 1.3 < left < 1.3 * truly + refit, f"at {share:.0%} of the time"


def test_time_left_does_not_count_epochs_that_are_known():
    jobs = [network_job(8, epochs) for epochs in (10, 9, 8, 7)]
    *_, (_, left, _) = Simulation(jobs, 2, {jobs[0].network: 10.0}).run()
    assert left == pytest.approx(2 * 8.5 * 10, rel=0.2), "the refit alone is left"


def test_no_time_is_told_while_all_comes_from_memory():
    now = 0.0
    tally = Tally(clock=lambda: now)
    tally.tell("round", Round(n_fits=4, n_splits=2))
    tally.tell("fit", 0, {})
    tally.tell("network", 0, Job(3, "run", "network", 1.0), (8, 8), 100)
    for _ in range(3):
        tally.tell("epoch", 0, False)
    assert tally.facts().left is None
    tally.tell("fit", 1, {})
    tally.tell("network", 1, Job(3, "other", "network", 1.0), (8, 8), 100)
    now = 5.0
    tally.tell("epoch", 1, True)
    assert tally.facts().left > 0


def test_fits_that_failed_at_once_are_a_measure_of_those_ahead():
    now = 0.0
    tally = Tally(clock=lambda: now)
    tally.tell("round", Round(n_fits=3, n_splits=1))
    tally.tell("fit", 0, {})
    tally.tell("network", 0, Job(3, "run", "network", 1.0), (8, 8), 100)
    now = 2.0
    tally.tell("fit_over", 0)
    assert tally.facts().left == pytest.approx(2 * 2.0)
    tally.tell("fit", 1, {})
    tally.tell("network", 1, Job(3, "other", "network", 1.0), (8, 8), 100)
    assert tally.facts().left >= 0.0


def test_an_epoch_that_compiled_is_no_measure_of_others():
    now = 0.0
    tally = Tally(clock=lambda: now)
    tally.tell("round", Round(n_fits=2, n_splits=1))
    tally.tell("fit", 0, {})
    tally.tell("network", 0, Job(10, "run", "network", 1.0), (8, 8), 100)
    for seconds in (50.0, 1.0, 1.0):
        now += seconds
        tally.tell("epoch", 0, True)
    assert tally.facts().left == pytest.approx(7 + 10, abs=5), "one second for each"


# --------------------------------------------------------------------------------------
# Processes, logs, and Ctrl-C

SCRIPT = """
    import sys
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV
    from skcnn import ConvPoolClassifier, SearchProgress
    from skcnn.datasets import load_digits

    backend, memory = sys.argv[1:]
    X, y = load_digits(n_samples=120, random_state=0, return_X_y=True)
    network = ConvPoolClassifier([(4, 3)], (), convs_per_block=1, random_state=0)
    network.set_params(memory=memory)
    for longest in (4, 3000):  # the second search is to be interrupted
        grid = {"batch_size": [16, 17], "epochs": [1, 2, longest]}
        search = GridSearchCV(network, grid, cv=3).set_callbacks(SearchProgress(0.2))
        with parallel_config(backend, n_jobs=2):
            search.fit(X, y)
        print(search.best_score_)
"""


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """What a script writes that does a search, and is interrupted in a second one."""
    pytest.importorskip("sklearn.callback", reason="scikit-learn has none before 1.9")
    folder = tmp_path_factory.mktemp("interrupted")
    script, out, err = (folder / name for name in ("search.py", "out", "err"))
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(script), "loky", str(folder / "runs")]
    with out.open("w") as stdout, err.open("w") as stderr:
        process = subprocess.Popen(
            command,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,  # Ctrl-C goes to a whole group of processes
        )
        # The longest fits are on their way.
        while not re.search(r"\| [3-9]\d epochs", err.read_text().partition("; ")[2]):
            assert process.poll() is None, err.read_text()
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=120) != 0
    return out.read_text(), err.read_text().splitlines(), folder / "runs"


@pytest.mark.slow
def test_fits_in_workers_are_counted_and_print_nothing(interrupted):
    out, err, _ = interrupted
    start, *lines, end = err[: 1 + ["; best score" in line for line in err].index(True)]
    assert start == "GridSearchCV: 19 fits to do"
    assert all(re.match(r"\d+/19 fits \| ", line) for line in lines)
    counts = re.search(r"; (\d+) epochs, (\d+) trained and (\d+) saved; ", end).groups()
    asked, trained, saved = map(int, counts)
    again = asked - 2 * 3 * (1 + 2 + 4)
    assert again in (1, 2, 4) and trained + saved == asked
    assert trained >= 2 * 3 * 4 + again and saved > 0
    assert f"best score {float(out):.4f}" in end


class CtrlC:
    """Comes at some epoch, from whatever thread trains it."""

    max_propagation_depth = None

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.n_epochs -= context.task_name == "epoch"
        if self.n_epochs == 0:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [{}, THREADS], ids=["alone", "threads"])
def test_a_search_that_is_interrupted(data, parallel, capsys):
    search = GridSearchCV(tiny(), {"epochs": [1, 50]}, cv=2)
    search.set_callbacks(SearchProgress(), CtrlC(20))  # in the third fit or fourth
    with (
        parallel_config(**parallel) if parallel else nullcontext(),
        pytest.raises(KeyboardInterrupt) as raised,
    ):
        search.fit(*data)
    told = capsys.readouterr().err.splitlines()[-1]
    [advice] = raised.value.__notes__
    assert advice.startswith("skcnn: What was trained is ")
    assert "stopped by KeyboardInterrupt after 2 of 5 fits" in told
    assert told.endswith(
        "With memory='folder', the same search goes on where it ended, also tomorrow."
    )


@pytest.mark.slow
def test_processes_that_are_interrupted(interrupted):
    out, err, memory = interrupted
    [stopped] = [line for line in err if "stopped by" in line]
    how = r"GridSearchCV: stopped by KeyboardInterrupt after \d+ of 19 fits, \d:\d\d; "
    assert re.match(how, stopped)
    advice = f"Finished epochs are kept in '{memory}'. Run the same again to go on."
    assert stopped.endswith(advice), "for those who do not see the traceback"
    assert f"skcnn: {advice}" in err, "the traceback ends with it"
    assert out.count("\n") == 1, "nothing but the result of the first"


@pytest.mark.parametrize(
    "changes, advice",
    [
        ({"memory": None}, "With memory='folder', the same search goes on"),
        ({"random_state": None}, "With random_state=0, the same search goes on"),
        (
            {"memory": None, "random_state": None},
            "With memory='folder' and random_state=0, the same search goes on",
        ),
        (
            {"callbacks": keras.callbacks.Callback()},
            "Fits with Keras callbacks are not",
        ),
        ({}, "Finished epochs are kept in 'runs'. Run the same again to go on."),
        ({"memory": Memory("runs", verbose=0)}, "are kept in 'runs"),
    ],
    ids=["no memory", "no seed", "neither", "callbacks", "both", "a Memory"],
)
def test_how_to_go_on(changes, advice):
    network = tiny(**{"memory": "runs"} | changes)
    assert advice in how_to_go_on(network)
    assert advice in how_to_go_on(GridSearchCV(make_pipeline(network), {}))


def test_a_seed_in_the_grid_is_a_seed():
    search = GridSearchCV(
        tiny(memory="runs", random_state=None), {"random_state": [0, 1]}
    )
    assert "Run the same again" in how_to_go_on(search)
    assert how_to_go_on(LogisticRegression()) == ""


@pytest.mark.slow
def test_a_mistake_is_not_to_be_run_again(data, capsys):
    search = GridSearchCV(tiny(), {"epochs": [1, 0]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="'epochs' parameter") as raised:
        search.set_callbacks(SearchProgress()).fit(*data)
    told = capsys.readouterr().err
    assert "stopped by InvalidParameterError after 2 of 5 fits" in told
    assert "memory" not in told and not hasattr(raised.value, "__notes__")


# --------------------------------------------------------------------------------------
# Notebooks


@pytest.mark.slow
def test_a_notebook_shows_one_output():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    source = textwrap.dedent(SCRIPT).replace("sys.argv[1:]", "'threading', None")
    source = source.replace("(4, 3000)", "(4,)")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown, printed = notebook.cells[0].outputs
    assert printed["name"] == "stdout"
    assert shown["data"]["text/plain"].startswith("GridSearchCV: 19 fits in ")
