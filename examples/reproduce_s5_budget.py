"""
Study S5: how accurate with 300,000 parameters and 10 epochs?
=============================================================

The budget of study S0's best network, spent with what has become common since: batch normalization, global average
pooling, silu, one cycle of the learning rate, augmentation, label smoothing and an L2 penalty. An ablation takes out
one at a time.

    python examples/reproduce_s5_budget.py --memory runs
"""

import matplotlib.pyplot as plt
import study
from keras.layers import RandomFlip, RandomTranslation

from skcnn import ConvBlock, presets
from skcnn.datasets import fetch_cifar10
from skcnn.plotting import LearningCurvesDisplay

options = study.parse_options(__doc__, "s5")
data = study.load(fetch_cifar10, options)

modern = presets.NETWORKS["modern"]
black_borders = [
    RandomFlip("horizontal"),
    RandomTranslation(1 / 16, 1 / 16, fill_mode="constant", interpolation="nearest"),
]
narrow_beginning = [ConvBlock(32, 3, 2), ConvBlock(64, 3, 2), ConvBlock(128, 3, pool_size=None)]
ablation = {  # a lower rate, too, where the usual one belongs to what is taken out
    "without batch normalization": {"batch_norm": False, "optimizer__learning_rate": 0.05},
    "max instead of average at the end": {"head": "global_max"},
    "without one cycle": {"learning_rate_schedule": None, "optimizer__learning_rate": 0.02},
    "relu instead of silu": {"activation": "relu"},
    "without augmentation": {"augmentation": None},
    "flips only": {"augmentation": "flip"},
    "shifts with black borders": {"augmentation": black_borders},
    "without label smoothing": {"loss__label_smoothing": 0.0},
    "32, 64, 128 filters, not 48, 80, 104": {"conv_layers": narrow_beginning},
    "without the L2 penalty": {"kernel_regularizer": None},
}
networks = {"modern": modern} | {name: modern | change for name, change in ablation.items()}
networks["grid-32-64"] = presets.NETWORKS["grid-32-64"]  # study S0's best, for 10 epochs
runs = study.run(networks, data, options)

# %%
# What each ingredient brings: what its absence costs, in points of test accuracy.
accuracy = runs.groupby("network", sort=False)["test_accuracy"].mean()
beside_modern = accuracy - accuracy["modern"]
costs = 100 * beside_modern[list(ablation)].sort_values(ascending=False)
figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.bar_label(ax.barh(costs.index, costs), fmt="%+.1f", padding=3)
ax.axvline(0, color="black", linewidth=0.8)
ax.margins(x=0.15)
ax.set_xlabel(f"test accuracy beside that of modern ({accuracy['modern']:.4f}), in points")
study.save(figure, options, "ablation")

first = runs[(runs["seed"] == 0) & runs["network"].isin(["modern", "grid-32-64"])]
display = LearningCurvesDisplay(histories=list(first["history"]), names=list(first["network"]))
study.save(display.plot(metrics=["accuracy"]).figure_, options, "curves")
table = study.compare(runs)
table["beside modern"] = [f"{difference:+.4f}" for difference in beside_modern]
study.write(runs, table, options)
