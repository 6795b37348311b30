"""
Study S2: width and depth on Fashion-MNIST
==========================================

Sigmoid networks by width and by depth. In the study, wide ones trained only after
several restarts, or never: so each is trained with several seeds, and the share of
those that fail is part of the result.

To run it::

    python examples/reproduce_s2_fashion_mnist.py --memory runs
"""

import numpy as np
import study
from keras import Model
from sklearn.base import clone

from skcnn import presets
from skcnn.datasets import fetch_fashion_mnist
from skcnn.plotting import WidthDepthDisplay

options = study.parse_options(__doc__, "s2", seeds=3)
X_train, X_test, y_train, y_test = study.load(fetch_fashion_mnist, options)
data = (
    X_train / np.float32(127.5) - 1,
    X_test / np.float32(127.5) - 1,
    y_train,
    y_test,
)  # from -1 to 1

# %%
# Why wide ones fail: Adam moves each weight by about the learning rate, so one step
# moves the sum over n inputs by up to n times that, and a sigmoid far from 0 hardly
# learns any more. Here is how many units of the dense layer are there after one step,
# and what becomes of the widest network with a tenth of the rate.
networks = {
    name: presets.NETWORKS[name]
    for name in presets.NETWORKS
    if name.startswith("sigmoid-")
}
networks["sigmoid-width-15-30, rate 0.0001"] = networks["sigmoid-width-15-30"] | {
    "optimizer__learning_rate": 1e-4
}


def saturated_after_one_step(classifier, data):
    X_train, X_test, y_train, _ = data
    first = slice(classifier.batch_size)
    model = (
        clone(classifier)
        .set_params(epochs=1, memory=None)
        .fit(X_train[first], y_train[first])
        .model_
    )
    # The output of the dense layer; its sigmoids are saturated where they are within
    # 0.01 of 0 or 1.
    hidden = np.array(Model(model.inputs[0], model.layers[-2].output)(X_test[:500]))
    return {"saturated": (np.minimum(hidden, 1 - hidden) < 0.01).mean()}


study.announce([(networks, options.seeds, data)], options)
runs = study.run(networks, data, options, measure=saturated_after_one_step)

# %%
# A run that always answers with the same class has an accuracy of 0.1: it failed to
# train. The study published what it got in the end, so the others are what to compare,
# if there are any.
runs["failed"] = runs["test_accuracy"] < 0.15
runs["trained_accuracy"] = runs["test_accuracy"].where(~runs["failed"])
table = study.compare(runs)
by_network = runs.groupby("network", sort=False)
table["measured where trained"] = [
    study.in_figures(fits["trained_accuracy"].dropna()) for _, fits in by_network
]
in_the_end = (
    by_network["trained_accuracy"].mean().fillna(by_network["test_accuracy"].mean())
)
table["difference"] = [
    study.difference(name, accuracy) for name, accuracy in in_the_end.items()
]
table["failed"] = [f"{fits['failed'].sum()} of {len(fits)}" for _, fits in by_network]
table["saturated after one step"] = [
    f"{fits['saturated'].mean():.2f}" for _, fits in by_network
]

parts = runs["network"].str.extract(
    r"sigmoid-(?P<varied>width|depth)-(?P<size>[\d-]+)(?P<rate>.*)"
)
display = WidthDepthDisplay(
    n_params=runs["n_params"],
    scores=runs["trained_accuracy"],
    groups=list(parts["varied"] + parts["rate"]),
    group_name="varied",
    names=list(parts["size"]),
)
study.save(display.plot().figure_, options, "width_depth")
study.write(runs, table, data, options)
# sphinx_gallery_thumbnail_path = "results/s2/width_depth.png"
