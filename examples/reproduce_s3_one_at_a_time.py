"""
Study S3: learning rate, epochs and number of cascades on CIFAR-10, one at a time
=================================================================================

A network with two cascades of convolutions, trained with momentum; a tenth of the
training images is held out to choose by. Then one factor at a time is changed, and the
best value of each is taken together. Training times stand beside.

To run it::

    python examples/reproduce_s3_one_at_a_time.py --memory runs
"""

import matplotlib.pyplot as plt
import pandas as pd
import study
from sklearn.model_selection import ParameterGrid, train_test_split

from skcnn import presets
from skcnn.datasets import fetch_cifar10
from skcnn.plotting import LearningCurvesDisplay

options = study.parse_options(__doc__, "s3")
X_train, X_test, y_train, y_test = study.load(fetch_cifar10, options)
n_held_out = max(len(y_train) // 10, 10)  # at least one of each class
X_train, X_held_out, y_train, y_held_out = train_test_split(
    X_train, y_train, test_size=n_held_out, stratify=y_train, random_state=0
)
data = X_train, X_test, y_train, y_test

base = presets.NETWORKS["cascade-two"]
changes = {"cascade-two": {}}
for change in ParameterGrid(presets.GRIDS["s3"]):
    [(parameter, value)] = change.items()
    if parameter == "optimizer__learning_rate":
        name = f"learning rate {value:g}"
    else:
        name = f"{value} epochs" if parameter == "epochs" else "cascade-one"
    if name != "learning rate 0.01":  # that of the base
        changes[name] = change
networks = {name: base | change for name, change in changes.items()}
study.announce(
    [(networks, options.seeds, data), ({"best of each": base}, options.seeds, data)],
    options,
)
runs = study.run(networks, data, options, validation_data=(X_held_out, y_held_out))

# %%
# The best value of each factor, by the images held out; the base is among the choices.
factors = {
    "learning rate": "optimizer__learning_rate",
    "epochs": "epochs",
    "cascades": "conv_layers",
}
choices = {
    factor: [
        "cascade-two",
        *(name for name, change in changes.items() if parameter in change),
    ]
    for factor, parameter in factors.items()
}


def add_held_out_accuracy(runs):
    return runs.assign(
        held_out_accuracy=[history["val_accuracy"][-1] for history in runs["history"]]
    )


runs = add_held_out_accuracy(runs)
held_out = runs.groupby("network")["held_out_accuracy"].mean()
chosen = [held_out[names].idxmax() for names in choices.values()]
together = {
    parameter: value for name in chosen for parameter, value in changes[name].items()
}
best = study.run(
    {"best of each": base | together},
    data,
    options,
    validation_data=(X_held_out, y_held_out),
)

first = runs[runs["seed"] == 0].set_index("network")
shown = choices | {"epochs": ["30 epochs"]}  # the others are its beginning
figure, axes = plt.subplots(
    1, len(choices), figsize=(10, 3.6), sharey=True, layout="constrained"
)
for ax, (factor, names) in zip(axes, shown.items(), strict=True):
    curves = [
        {"accuracy": history["val_accuracy"]} for history in first.loc[names, "history"]
    ]
    LearningCurvesDisplay(histories=curves, names=names).plot(ax, metrics=["accuracy"])
    ax.set(title=factor, ylabel="accuracy on images held out")
    ax.label_outer()
study.save(figure, options, "factors")

runs = pd.concat([runs, add_held_out_accuracy(best)], ignore_index=True)
study.save(study.plot_beside_published(runs, ["cascade-two"]), options, "published")
notes = f"\nBest of each factor ({', '.join(factors)}): {', '.join(chosen)}.\n"
table = study.compare(runs)
by_network = runs.groupby("network", sort=False)
table["on images held out"] = [
    study.in_figures(fits["held_out_accuracy"]) for _, fits in by_network
]
study.write(runs, table, data, options, notes)
# sphinx_gallery_thumbnail_path = "results/s3/factors.png"
