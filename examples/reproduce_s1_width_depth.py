"""
Study S1: width and depth of AlexNet-style networks on CIFAR-10
===============================================================

Three networks with falling kernel sizes (base, wide, deep) and a dense one beside them;
then what the study asked but left open: parallel convolutions joined by Concatenate, by
width, number of branches and depth.

To run it::

    python examples/reproduce_s1_width_depth.py --memory runs
"""

import matplotlib.pyplot as plt
import pandas as pd
import study

from skcnn import ConvBlock, presets
from skcnn.datasets import fetch_cifar10
from skcnn.plotting import WidthDepthDisplay

purpose = "how often to train each network with Concatenate (default: 1)"
options = study.parse_options(
    __doc__, "s1", seeds=3, numbers={"--concat-seeds": purpose}
)
data = study.load(fetch_cifar10, options)

# %%
# The published networks, validated on the test images, as there. Their accuracy jumps
# from epoch to epoch, because batch normalization predicts with moving averages of its
# statistics, which lag behind the weights. So it is measured with statistics of the
# weights as they are, too. Loss and accuracy on training images are those of the
# trained network, which drops nothing out: with these the published figures of the
# dense network agree.
published = {
    name: presets.NETWORKS[name]
    for name in ("alexnet-base", "alexnet-wide", "alexnet-deep", "alexnet-dense")
}


def measure(classifier, data):
    X_train, X_test, y_train, y_test = data
    train_loss, train_accuracy = study.loss_and_accuracy(classifier, X_train, y_train)
    fresh = study.accuracy_with_fresh_statistics(
        classifier, X_train[:3000], X_test, y_test
    )
    return {"train_loss": train_loss, "train_accuracy": train_accuracy, "fresh": fresh}


# %%
# The open question. Each block has kernels of 1x1, 3x3 and 5x5 side by side; a branch
# is a stack of such blocks.
def concatenated(width=8, n_branches=2, depth=2):
    blocks = [ConvBlock(width, ((1, 1), (3, 3), (5, 5)), 3, 2) for _ in range(depth)]
    return presets.NETWORKS["alexnet-base"] | {
        "conv_layers": blocks,
        "n_branches": n_branches,
    }


variants = {
    "width": {
        f"concat, width {width}": concatenated(width=width) for width in (4, 8, 16)
    },
    "branches": {
        f"concat, branches {n}": concatenated(n_branches=n) for n in (1, 2, 4)
    },
    "depth": {
        f"concat, depth {depth}": concatenated(depth=depth) for depth in (1, 2, 3)
    },
}
open_question = variants["width"] | variants["branches"] | variants["depth"]

concat_seeds = options.concat_seeds or 1
study.announce(
    [(published, options.seeds, data), (open_question, concat_seeds, data)], options
)
runs = study.run(published, data, options, measure=measure)
asked = study.run(open_question, data, options, measure=measure, n_seeds=concat_seeds)
study.save(study.plot_beside_published(runs, list(published)), options, "curves")

figure, axes = plt.subplots(
    1, len(variants), figsize=(10, 3.4), sharey=True, layout="constrained"
)
for ax, (factor, family) in zip(axes, variants.items(), strict=True):
    own = asked[asked["network"].isin(list(family))]
    names = [name.removeprefix("concat, ") for name in own["network"]]  # width 4
    WidthDepthDisplay(n_params=own["n_params"], scores=own["fresh"], names=names).plot(
        ax
    )
    ax.set(title=factor, ylabel="accuracy with fresh statistics")
    ax.margins(x=0.2)
    ax.label_outer()
study.save(figure, options, "concatenated")

runs = pd.concat([runs, asked], ignore_index=True)
notes = f"\nalexnet-dense: {presets.PUBLISHED['alexnet-dense'].note}\n"
table = study.compare(runs)
table["with fresh statistics"] = [
    study.in_figures(fits["fresh"]) for _, fits in runs.groupby("network", sort=False)
]
study.write(runs, table, data, options, notes)
# sphinx_gallery_thumbnail_path = "results/s1/concatenated.png"
