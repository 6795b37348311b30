"""
Study S5: how accurate with 300,000 parameters and 10 epochs?
=============================================================

The budget of study S0's best network, spent with what has become common since: batch normalization, global average
pooling, one cycle of the learning rate, augmentation, label smoothing and an L2 penalty. An ablation takes out one at
a time.

    python examples/reproduce_s5_budget.py --memory runs
"""

import study

from skcnn import presets
from skcnn.datasets import fetch_cifar10
from skcnn.plotting import LearningCurvesDisplay

options = study.parse_options(__doc__, "s5")
data = study.load(fetch_cifar10, options)

modern = presets.NETWORKS["modern"]
ablation = {
    "without batch normalization": {
        "batch_norm": False,
        "optimizer__learning_rate": 0.05,
    },  # a lower rate, too
    "max instead of average at the end": {"head": "global_max"},
    "without one cycle": {"learning_rate_schedule": None, "optimizer__learning_rate": 0.02},
    "relu instead of silu": {"activation": "relu"},
    "without augmentation": {"augmentation": None},
    "flips and shifts": {"augmentation": "flip+shift"},
    "without label smoothing": {"loss__label_smoothing": 0.0},
    "without the L2 penalty": {"kernel_regularizer": None},
}
networks = {"modern": modern} | {name: modern | change for name, change in ablation.items()}
networks["grid-32-64"] = presets.NETWORKS["grid-32-64"]  # study S0's best, for 10 epochs
runs = study.run(networks, data, options)

first = runs[runs["seed"] == 0]
display = LearningCurvesDisplay(histories=list(first["history"]), names=list(first["network"]))
study.save(display.plot(metrics=["accuracy"]), options, "curves")
study.write(runs, study.compare(runs), options)
