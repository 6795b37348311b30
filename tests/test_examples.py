"""The scripts of the studies run from beginning to end, on few images and for few
epochs.
"""

import ast
import os
import re
import runpy
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from fresh_python import run_in_fork
from matplotlib import pyplot as plt
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ParameterGrid, train_test_split

from skcnn import ConvPoolClassifier
from skcnn._states import STATES
from skcnn.datasets import fetch_cifar10, fetch_fashion_mnist
from skcnn.presets import GRIDS, NETWORKS, PUBLISHED

EXAMPLES = Path(__file__).parents[1] / "examples"
SHAPES = {"cifar10": (32, 32, 3), "fashion_mnist": (28, 28)}
STUDIES = {
    "reproduce_s0_grid_search": ["grid-best", "grid-wider"],
    "reproduce_s1_width_depth": [
        "alexnet-base",
        "alexnet-wide",
        "alexnet-deep",
        "alexnet-dense",
    ],
    "reproduce_s2_fashion_mnist": [
        name for name in PUBLISHED if name.startswith("sigmoid")
    ],
    "reproduce_s3_one_at_a_time": ["cascade-two", "cascade-one"],
    "reproduce_s4_regularized": ["max-norm"],
    "reproduce_s5_budget": ["modern", "grid-32-64"],
}


def write_images(folder, **sizes):
    """Random images in the files that `skcnn.datasets` reads, so coarse that a network
    tells one from another.
    """
    random = np.random.RandomState(0)
    for name, shape in SHAPES.items():
        parts = {}
        for split, n in sizes.items():
            coarse = random.randint(0, 256, (n, 4, 4, *shape[2:])).astype(np.uint8)
            parts[f"x_{split}"] = coarse.repeat(shape[0] // 4, axis=1).repeat(
                shape[1] // 4, axis=2
            )
            parts[f"y_{split}"] = np.arange(n) % 10
        np.savez(folder / f"{name}.npz", **parts)
    return folder


@pytest.fixture(scope="session")
def data_home(tmp_path_factory):
    """Images of which the scripts take a part."""
    return write_images(tmp_path_factory.mktemp("data"), train=1000, test=200)


@pytest.fixture(scope="session")
def few_images(tmp_path_factory):
    """So few images that the scripts take them all: most of the time is compiling."""
    return write_images(tmp_path_factory.mktemp("few"), train=40, test=20)


@pytest.fixture
def run_script(monkeypatch, capsys):
    """Runs a script in this process, where nothing is trained of it; gives what it
    prints.
    """
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")  # so that none of them sets it

    def run(name, *arguments):
        STATES.clear()
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        capsys.readouterr()
        try:
            runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        finally:
            plt.close("all")
        return capsys.readouterr().out

    yield run
    STATES.clear()


def start_script(name, *arguments, **options):
    """The same in a process of its own, as users run it."""
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.Popen(command, env=environment, text=True, **options)


AS_MAIN = """
import runpy, sys
from pathlib import Path
del sys.argv[0]  # what is left begins with the script, as Python sets it
sys.path.insert(0, str(Path(sys.argv[0]).parent))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_elsewhere(name, *arguments):
    """What a script prints in another process, whose memory is free again after it."""
    script, options = EXAMPLES / f"{name}.py", {"timeout": 600, "MPLBACKEND": "agg"}
    return run_in_fork(AS_MAIN, script, *arguments, **options).stdout


def run_alone(name, *arguments):
    """What a script prints in a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = start_script(name, *arguments, **pipes)
    printed, told = process.communicate(timeout=600)
    assert process.returncode == 0, printed[-2000:] + told[-4000:]
    assert "oneDNN" not in told, "TensorFlow talks if it is imported before skcnn"
    return printed


def images_of(fetch, data_home):
    """What the scripts train and test on, where images are few."""
    X_train, y_train = fetch(data_home=data_home, return_X_y=True)
    X_test, y_test = fetch(data_home=data_home, return_X_y=True, subset="test")
    return X_train, X_test, y_train, y_test


def trained(name, X, y, **changes):
    return ConvPoolClassifier(
        **NETWORKS[name] | changes | {"epochs": 1}, random_state=0
    ).fit(X, y)


def check_fresh_statistics(runs, table, data_home):
    X_train, X_test, y_train, y_test = images_of(fetch_cifar10, data_home)
    dense = trained("alexnet-dense", X_train, y_train)
    assert runs.loc["alexnet-dense", "fresh"] == dense.score(X_test, y_test), (
        "it has no statistics"
    )
    assert runs.loc["alexnet-dense", "train_accuracy"] == dense.score(
        X_train, y_train
    ), "of the trained network"
    assert (
        runs["fresh"].between(0, 1).all()
    )  # the rest has dropout: what it is, a test of its own tells


def check_saturated_units(runs, table, data_home):
    X_train, X_test, y_train, _ = images_of(fetch_fashion_mnist, data_home)
    X_train, X_test = (np.float32(X / 127.5 - 1) for X in (X_train, X_test))
    for name in ("sigmoid-width-8-16", "sigmoid-width-10-20", "sigmoid-width-15-30"):
        model = trained(name, X_train, y_train).model_  # all of them are one batch
        hidden = np.float64(keras.Sequential(model.layers[1:-1])(X_test))
        assert runs.loc[name, "saturated"] == pytest.approx(
            ((hidden < 0.01) | (hidden > 0.99)).mean(), abs=1e-3
        )


def check_the_choice(runs, table, data_home):
    held_out = runs["held_out_accuracy"]
    factors = [
        held_out.filter(like="learning rate"),
        held_out.filter(regex="^.. epochs"),
        held_out[["cascade-one"]],
    ]
    best = [pd.concat([held_out[["cascade-two"]], each]).idxmax() for each in factors]
    assert (
        f"Best of each factor (learning rate, epochs, cascades): {', '.join(best)}."
        in table
    )
    changes = dict(zip(runs.index[:-1], ParameterGrid(GRIDS["s3"]), strict=True))
    together = {
        key: value
        for name in best
        if name != "cascade-two"
        for key, value in changes[name].items()
    }
    X, X_test, y, y_test = images_of(fetch_cifar10, data_home)
    X, X_held_out, y, y_held_out = train_test_split(
        X, y, test_size=10, stratify=y, random_state=0
    )
    network = trained("cascade-two", X, y, **together)
    scores = [network.score(X_held_out, y_held_out), network.score(X_test, y_test)]
    assert runs.loc[
        "best of each", ["held_out_accuracy", "test_accuracy"]
    ].tolist() == pytest.approx(scores)


def check_mirror_images(runs, table, data_home):
    X_train, X_test, y_train, y_test = images_of(fetch_cifar10, data_home)
    for name in ("modern", "grid-32-64"):
        network = trained(name, X_train, y_train, batch_norm_statistics="moving")
        both = [
            network.predict_proba(images)
            for images in (X_test, np.flip(X_test, axis=2))
        ]
        mirrored = np.mean(
            network.classes_[np.mean(both, axis=0).argmax(axis=1)] == y_test
        )
        assert runs.loc[name, ["mirrored", "test_accuracy"]].tolist() == [
            mirrored,
            network.score(X_test, y_test),
        ]


CHECKS = {  # of what a study measures beside accuracy
    "reproduce_s1_width_depth": check_fresh_statistics,
    "reproduce_s2_fashion_mnist": check_saturated_units,
    "reproduce_s3_one_at_a_time": check_the_choice,
    "reproduce_s5_budget": check_mirror_images,
}


# TensorFlow keeps some memory of each, 800 MB in all, until its process ends.
MANY_NETWORKS = {"reproduce_s1_width_depth", "reproduce_s5_budget"}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_study(name, few_images, run_script, tmp_path):
    run = run_elsewhere if name in MANY_NETWORKS else run_script
    options = ["--data-home", few_images, "--scale", 0.01, "--seeds", 1]
    printed = run(name, *options, "--out", tmp_path)
    first_line = (
        r"s\d: \d+ fits, \d+ epochs of up to \d+ images: about \d+ (seconds|minutes) "
        "one after the other, less what is known in --memory\n"
    )
    assert re.match(first_line, printed), "what it costs comes first"
    runs = pd.read_csv(tmp_path / "runs.csv").set_index("network")
    for network in STUDIES[name]:
        published = PUBLISHED[network]
        fixed = f" ({published.n_non_trainable:,})" if published.n_non_trainable else ""
        assert f"| {published.n_params:,}{fixed} |" in printed
        assert runs.loc[network, "n_params"] == published.n_params
    table = (tmp_path / "table.md").read_text()
    assert (
        "measured" in table and f"examples/{name}.py" in table and "tensorflow" in table
    )
    assert str(few_images) not in table
    for network in runs.index.intersection(list(PUBLISHED)):
        published = PUBLISHED[network].test_accuracy
        if published is not None:  # one seed: the difference is that of the one run
            [line] = [
                line for line in table.splitlines() if line.startswith(f"| {network} |")
            ]
            measured = runs.loc[network, "test_accuracy"]
            assert (
                f"| {published:.4f} | {measured:.4f} | {measured - published:+.4f} |"
                in line
            )
    assert [path for path in tmp_path.glob("*.png") if path.stat().st_size > 5000]
    if name in CHECKS:
        CHECKS[name](runs, table, few_images)


@pytest.mark.slow
def test_a_study_that_is_run_again_trains_nothing(few_images, run_script, tmp_path):
    arguments = [
        "--data-home",
        few_images,
        "--scale",
        0.01,
        "--memory",
        tmp_path / "runs",
    ]
    for out in ("first", "again"):
        run_script("reproduce_s4_regularized", *arguments, "--out", tmp_path / out)
    first, again = (
        pd.read_csv(tmp_path / out / "runs.csv") for out in ("first", "again")
    )
    pd.testing.assert_frame_equal(
        first, again
    )  # the seconds too, which no two trainings share


@pytest.mark.slow
def test_a_study_that_was_killed_goes_on_to_the_same_figures(few_images, tmp_path):
    arguments = ["--data-home", few_images, "--scale", 0.2]
    run_elsewhere("reproduce_s4_regularized", *arguments, "--out", tmp_path / "plain")
    arguments += ["--memory", tmp_path / "runs", "--out", tmp_path / "killed"]
    with start_script(
        "reproduce_s4_regularized", *arguments, stdout=subprocess.DEVNULL
    ) as process:
        while (
            not (states := list((tmp_path / "runs").rglob("output.pkl")))
            and process.poll() is None
        ):
            time.sleep(0.05)
        process.kill()
    assert states and not (tmp_path / "killed" / "runs.csv").exists(), (
        "killed on its way"
    )
    run_alone("reproduce_s4_regularized", *arguments)
    plain, killed = (
        pd.read_csv(tmp_path / out / "runs.csv").drop(columns="seconds")
        for out in ("plain", "killed")
    )
    pd.testing.assert_frame_equal(plain, killed, check_exact=True)


def test_the_grid_alone_may_have_fewer_images(data_home, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    # The last is so small that it gives the fewest images there can be.
    sizes = ((1.0, 600, 200, 200), (0.75, 450, 150, 150), (0.01, 100, 100, 100))
    for scale, of_all, of_grid, of_test in sizes:
        options = SimpleNamespace(scale=scale, n_samples=600, data_home=data_home)
        assert len(study.load(fetch_cifar10, options)[2]) == of_all
        _, _, y_train, y_test = study.load(fetch_cifar10, options, n_samples=200)
        assert np.bincount(y_train).tolist() == [of_grid // 10] * 10
        assert len(y_test) == of_test


def test_as_many_images_as_asked_for_or_none(data_home, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    options = SimpleNamespace(scale=1.0, n_samples=50, data_home=data_home)
    assert len(study.load(fetch_cifar10, options)[2]) == 50
    options.n_samples = 1001
    with pytest.raises(
        SystemExit, match="there are 1,000 training images; got a number of 1,001"
    ):
        study.load(fetch_cifar10, options)


@pytest.mark.slow
def test_one_of_each_class_is_held_out_however_few_images_there_are(
    data_home, run_script, tmp_path
):
    few = [
        "--n-samples",
        90,
        "--scale",
        0.01,
    ]  # a tenth would be too few for ten classes
    printed = run_script(
        "reproduce_s3_one_at_a_time", "--data-home", data_home, *few, "--out", tmp_path
    )
    assert "epochs of up to 80 images" in printed


def with_options(name, options):
    """The source of an example, in which variables at its head were changed."""
    script = (EXAMPLES / f"{name}.py").read_text()
    for option, value in options.items():
        line = f"{option} = {value!r}"
        script, n_changed = re.subn(
            rf"^{option} = .*", line, script, flags=re.MULTILINE
        )
        assert n_changed == 1, f"{option} is set once"
    return script


@pytest.mark.slow
def test_the_demo_takes_nearly_all_images_of_a_file(tmp_path):
    random = np.random.RandomState(0)
    images, labels = random.randint(0, 256, (24, 8, 8), np.uint8), np.arange(24) % 3
    np.savez(
        tmp_path / "own.npz",
        x_train=images,
        y_train=labels,
        x_test=images,
        y_test=labels,
    )
    # The one that is left out cannot be of three classes.
    options = {"images": "own.npz", "n_samples": 23, "picture": "own.png"}
    (tmp_path / "demo.py").write_text(with_options("plot_grid_search", options))
    command = [sys.executable, "demo.py"]
    pipes = {"capture_output": True, "text": True, "timeout": 600}
    result = subprocess.run(command, cwd=tmp_path, **pipes)
    assert result.returncode == 0, result.stderr[-4000:]
    assert "24 candidates x 3 folds on 23 images" in result.stdout
    assert "Accuracy on 24 held-out images" in result.stdout
    ranks = re.findall(r"^ +(\d+) 0?[01]?\.\d+ +(?:16-32|32-64) ", result.stdout, re.M)
    assert len(ranks) == 24 and ranks == sorted(ranks, key=int), "best first"
    assert (tmp_path / "own.png").stat().st_size > 5000


# The gallery with sizes so small that an example takes seconds.
GALLERY = {
    "plot_image_folder": {"n_samples": 60, "epochs": 1},
    "teaching/lab_1_convolution": {"n_samples": 60, "epochs": 1},
    "teaching/lab_2_learning_rate": {
        "n_samples": 60,
        "n_test": 100,
        "epochs": 1,
        "rates": [0.01, 1.0],
    },
    "teaching/lab_3_regularization": {
        "n_samples": 60,
        "n_test": 100,
        "epochs": 1,
        "seeds": [0],
    },
    "teaching/lab_4_width_depth_branches": {
        "n_samples": 60,
        "n_test": 100,
        "epochs": 1,
    },
    "teaching/lab_5_grid_search": {
        "n_samples": 60,
        "n_test": 100,
        "all_epochs": [1, 2],
        "batch_sizes": [16],
    },
    "plot_augmentation": {"train_sizes": [20, 40], "n_splits": 2, "all_epochs": [1, 2]},
    "plot_batch_norm": {"n_samples": 60, "all_epochs": [1, 2], "epochs": 1},
    "plot_cluster": {"n_samples": 60, "all_epochs": [1, 2]},
    "plot_epochs_for_free": {"n_samples": 60, "all_epochs": [1, 2]},
    "plot_grid_search": {"n_samples": 30},
    "plot_is_it_real": {"n_samples": 60, "epochs": 1, "seeds": [0, 1]},
    "plot_kill_and_go_on": {"n_samples": 60, "all_epochs": [1, 2], "stop_after": 3},
    "plot_learning_rate": {"n_samples": 60, "epochs": 1, "rates": [0.001, 0.01]},
    "plot_overfitting": {"n_samples": 60, "epochs": 2},
    "plot_parallel_branches": {"n_samples": 60, "epochs": 1, "seeds": [0]},
    "plot_parameter_budget": {"n_samples": 60, "epochs": 1, "max_params": 3000},
    "plot_search_strategies": {"n_samples": 60, "all_epochs": [1, 2]},
    "plot_ship_it": {"n_samples": 60, "epochs": 1},
    "plot_unequal_classes": {"n_samples": 60, "n_rare": 4, "epochs": 1},
    "plot_what_it_sees": {"n_samples": 60, "epochs": 1},
    "plot_width_or_depth": {"n_samples": 60, "epochs": 1, "widths": [4]},
}


def test_every_example_of_the_gallery_has_its_small_sizes():
    scripts = [*EXAMPLES.glob("plot_*.py"), *EXAMPLES.glob("teaching/*.py")]
    names = [path.relative_to(EXAMPLES).with_suffix("") for path in scripts]
    assert sorted(GALLERY) == sorted(name.as_posix() for name in names)


def cells_of(name):
    """The cells of an example's notebook, which starts without any names."""
    script = with_options(name, GALLERY[name])
    cells = re.split(r"^# %%.*\n", script, flags=re.MULTILINE)
    return ["%reset -f", *cells]


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1])  # TensorFlow starts once for each half
def test_the_notebooks_of_the_gallery_run_and_show_a_figure(half, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = {name: cells_of(name) for name in sorted(GALLERY)[half::2]}
    code = [nbformat.v4.new_code_cell(cell) for each in cells.values() for cell in each]
    notebook = nbformat.v4.new_notebook(cells=code)
    client = nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    done = iter(notebook.cells)
    for name, each in cells.items():
        outputs = [output for _ in each for output in next(done).outputs]
        figures = [o for o in outputs if "image/png" in o.get("data", {})]
        assert figures, f"{name} shows no figure"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lab", "shape"),
    [("1_convolution", (28, 28, 1)), ("2_learning_rate", (32, 32, 3))],
)
def test_a_lab_takes_the_images_of_its_study_if_they_are_there(lab, shape, data_home):
    name = f"teaching/lab_{lab}"
    script = with_options(name, GALLERY[name] | {"data_home": str(data_home)})
    names = {"__name__": "__main__"}
    exec(compile(script, name, "exec"), names)
    plt.close("all")
    assert names["X"].shape == (60, *shape)


def test_effects_of_a_grid_are_those_that_were_put_in(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    grid = {
        "conv_layers": ["4-8", "32-64"],
        "dropout": [0.25, 0.5],
        "epochs": [3, 5, 10],
    }
    table = pd.DataFrame(list(ParameterGrid(grid)))
    brings = {3: -0.1, 5: 0.0, 10: 0.1}
    for fold, dropout in enumerate([0.01, 0.03]):  # the second fold likes 0.25 more
        of_dropout = np.where(table["dropout"] == 0.25, dropout, -dropout)
        scores = 0.5 + 0.2 * fold + of_dropout + table["epochs"].map(brings)
        table[f"split{fold}_test_score"] = scores
    effects = study.main_effects(table.sample(frac=1, random_state=0), list(grid))
    found = {(row.factor, row.value): row for row in effects.itertuples()}
    in_order = [(factor, str(value)) for factor in grid for value in grid[factor]]
    assert list(found) == in_order
    assert found["epochs", "10"].effect == "+0.1000 ± 0.0000"
    assert found["epochs", "10"].accuracy == "0.7000"
    assert found["dropout", "0.5"].effect == "-0.0200 ± 0.0141"


def test_shorter_runs_cost_nothing_beside_longer_ones(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    networks = [
        {"dropout": 0.5, "epochs": 3},
        {"dropout": 0.5, "epochs": 5},
        {"dropout": 0.2, "epochs": 3},
    ]
    assert study.longest(networks) == networks[1:]


@pytest.mark.slow
def test_the_cost_of_fits_side_by_side_is_told_too(data_home, monkeypatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    options = SimpleNamespace(
        name="s0", scale=1.0, n_samples=100, data_home=data_home, n_jobs=2
    )
    networks = {"small": {"conv_layers": [(4, 3)], "epochs": 10**6}}
    study.announce([(networks, 3, study.load(fetch_cifar10, options))], options)
    told = r"s0: 3 fits, 3000000 epochs of up to 100 images: about [\d.]+ hours "
    told += r"one after the other, [\d.]+ hours with --n-jobs 2, less what is known"
    assert re.match(told, capsys.readouterr().out)


@pytest.mark.parametrize(
    "seconds, words", [(90, "90 seconds"), (5400, "90 minutes"), (40080, "11.1 hours")]
)
def test_durations_in_words(seconds, words, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    assert study.in_words(seconds) == words


@pytest.mark.slow
def test_fresh_statistics_are_those_of_the_training_images(digits, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    X, y = digits
    X_train, X_test, y_train, y_test = X[:300], X[300:], y[:300], y[300:]
    network = {
        "conv_layers": [(8, 3), (8, 3)],
        "batch_norm": True,
        "batch_norm_statistics": "moving",
        "dropout": 0.0,
        "batch_size": 16,
        "epochs": 5,
    }
    classifier = ConvPoolClassifier(**network, random_state=0).fit(X_train, y_train)
    lagging = classifier.score(X_test, y_test)
    model = classifier.model_
    for (
        layer
    ) in model.layers:  # one after the other: statistics depend on the layers before
        if isinstance(layer, keras.layers.BatchNormalization):
            seen = np.float64(keras.Model(model.inputs[0], layer.input)(X_train))
            gamma, beta, *_ = layer.get_weights()
            layer.set_weights(
                [gamma, beta, seen.mean(axis=(0, 1, 2)), seen.var(axis=(0, 1, 2))]
            )
    expected = (np.array(model(X_test)).argmax(axis=1) == y_test).mean()
    assert expected > lagging + 0.2, "or the test shows nothing"
    assert (
        study.accuracy_with_fresh_statistics(classifier, X_train, X_test, y_test)
        == expected
    )
    assert classifier.score(X_test, y_test) == lagging, (
        "the classifier itself is left alone"
    )


@pytest.mark.slow
def test_a_fit_that_diverges_is_a_row_of_the_table(data_home, monkeypatch):
    pytest.importorskip("sklearn.callback", reason="studies show their progress")
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    options = SimpleNamespace(
        scale=0.1, n_samples=None, data_home=data_home, n_jobs=1, memory=None, seeds=1
    )
    network = {
        "conv_layers": [(4, 3)],
        "optimizer": "sgd",
        "optimizer__learning_rate": 1e30,
        "epochs": 20,
    }
    with pytest.warns(ConvergenceWarning, match="diverged"):
        [row] = study.run(
            {"diverges": network}, study.load(fetch_cifar10, options), options
        ).to_dict("records")
    assert (
        np.isnan(row["train_loss"])
        and np.isnan(row["test_loss"])
        and np.isnan(row["test_accuracy"])
    )
    assert row["n_params"] > 0 and np.isnan(row["history"]["val_accuracy"][-1])


def test_a_table_has_what_was_published_and_no_empty_columns(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    row = {
        "network": "alexnet-base",
        "n_params": 125_258,
        "n_non_trainable": 192,
        "epochs": 10,
        "seconds": 1.0,
    }
    runs = pd.DataFrame([row, row]).assign(
        **{measure: [0.5, 0.7] for measure in study.MEASURES}
    )
    [row] = study.compare(runs).to_dict("records")
    assert (row["measured"], row["difference"], row["seeds"]) == (
        "0.6000 ± 0.1000",
        "+0.0200",
        "2",
    )
    assert row["parameters"] == "125,258 (192)"
    assert (row["test loss, published"], row["train accuracy, published"]) == (
        "1.1647",
        "0.6015",
    )
    own = study.compare(runs.assign(network="our own"))
    assert not {"test loss", "published", "difference"} & set(own) and "measured" in own


def test_a_seed_without_a_value_is_no_part_of_a_mean_without_a_word(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    assert study.in_figures(pd.Series([0.5, np.nan, 0.7])) == "0.6000 ± 0.1000 (2 of 3)"
    assert study.in_figures(pd.Series([np.nan, 0.7])) == "0.7000 (1 of 2)"
    assert study.in_figures(pd.Series([np.nan])) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("n_samples", 0, "n_samples.* must be an int .*0"),
        ("n_samples", 1348, "n_samples must be from 1 to 1347, .*; got 1348"),
        ("picture", "nowhere/picture.png", "No such file .*'nowhere/picture.png'"),
        ("images", "nowhere.npz", "No such file .*'nowhere.npz'"),
    ],
)
def test_the_demo_names_a_bad_option_before_the_search(
    option, value, told, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    script = with_options("plot_grid_search", {option: value})
    with pytest.raises((Exception, SystemExit)) as caught:
        exec(compile(script, "demo.py", "exec"), {"__name__": "__main__"})
    plt.close("all")
    assert re.search(told, traceback.format_exception_only(caught.value)[-1])
    assert "candidates" not in capsys.readouterr().out


@pytest.mark.parametrize("script", sorted(EXAMPLES.rglob("*.py")), ids=lambda p: p.stem)
def test_skcnn_is_imported_before_keras_so_that_tensorflow_is_quiet(script):
    nodes = ast.walk(ast.parse(script.read_text(encoding="utf8")))
    modules = [
        alias.name if isinstance(node, ast.Import) else node.module
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
    packages = [module.partition(".")[0] for module in modules]
    quiet = min(packages.index(name) for name in ("skcnn", "study") if name in packages)
    assert not {"keras", "tensorflow"} & set(packages[:quiet])


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--scale", "2", "--scale must be above 0 and at most 1; got 2.0"),
        ("--seeds", "0", "--seeds: must be a whole number of at least 1; got 0"),
        ("--seeds", "1.5", "--seeds: must be a whole number of at least 1; got 1.5"),
        (
            "--grid-samples",
            "-5",
            "--grid-samples: must be a whole number of at least 1; got -5",
        ),
        ("--n-jobs", "-2", "--n-jobs: must be a whole number of at least 1; got -2"),
    ],
)
def test_a_bad_option_is_named(option, value, told, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES)
    import study

    monkeypatch.setattr(
        sys, "argv", ["script", option, value, "--out", str(tmp_path / "out")]
    )
    with pytest.raises(SystemExit) as caught:
        study.parse_options("", "s0", numbers={"--grid-samples": ""})
    assert caught.value.code == 2 and told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
