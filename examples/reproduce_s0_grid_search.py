"""
Study S0: a grid search on CIFAR-10
===================================

Width, dense layers, dropout, batch size and epochs: 108 candidates in three folds. The
published best had an accuracy of 0.7219 in cross-validation; trained again for 20
epochs with amsgrad it had 0.7777 on the test images, and a network twice as wide
0.7731.

To run it::

    python examples/reproduce_s0_grid_search.py --grid-samples 5000 --memory runs --n-jobs 2
"""

import pandas as pd
import study
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skcnn import ConvPoolClassifier, SearchProgress, presets, search_results
from skcnn.datasets import fetch_cifar10
from skcnn.plotting import GridSearchDisplay, LearningCurvesDisplay

purpose = "training images for the grid alone (default: as for the rest)"
options = study.parse_options(__doc__, "s0", numbers={"--grid-samples": purpose})
data = study.load(fetch_cifar10, options)

# %%
# The grid. Epochs 3, 5 and 10 are prefixes of one run.
n_grid = options.grid_samples
X_grid, _, y_grid, _ = (
    study.load(fetch_cifar10, options, n_samples=n_grid) if n_grid else data
)
grid = presets.GRIDS["s0"]
candidates = {str(candidate): candidate for candidate in ParameterGrid(grid)}
third = len(y_grid) // 3
fold = X_grid[third:], X_grid[:third], y_grid[third:], y_grid[:third]
best_and_wider = {name: presets.NETWORKS[name] for name in ("grid-best", "grid-wider")}
study.announce([(candidates, 3, fold), (best_and_wider, options.seeds, data)], options)
grid["epochs"] = sorted(
    {study.scaled(candidate, options)["epochs"] for candidate in candidates.values()}
)
search = GridSearchCV(
    ConvPoolClassifier(random_state=0, memory=options.memory), grid, cv=3, refit=False
)
search.set_callbacks(SearchProgress())
with parallel_config(backend="threading", n_jobs=options.n_jobs):
    search.fit(X_grid, y_grid)
table = search_results(search, image_shape=X_grid.shape[1:], n_classes=10)
of_each_fold = pd.DataFrame(search.cv_results_).filter(regex="^split")
table = table.join(of_each_fold)
table.to_csv(f"{options.out}/grid.csv", index=False)
print(table.head(10))
display = GridSearchDisplay.from_search(
    search, "epochs", "conv_layers", kind="lines", reduce="max"
)
study.save(display.figure_, options, "grid")
display = GridSearchDisplay.from_search(search, "batch_size", "dropout", reduce="max")
study.save(display.figure_, options, "grid_batch_dropout")

# %%
# The best network again, and the wider one, for 20 epochs on all images.
runs = study.run(best_and_wider, data, options)
first = runs[runs["seed"] == 0]
display = LearningCurvesDisplay(
    histories=list(first["history"]), names=list(first["network"])
).plot()
study.save(display.figure_, options, "curves")
best = search.cv_results_["params"][search.cv_results_["rank_test_score"].argmin()]
published = presets.PUBLISHED["grid-32-64"].cv_accuracy
notes = (
    f"\nBest of the grid in cross-validation: {search.cv_results_['mean_test_score'].max():.4f} on {len(y_grid):,} "
    f"images (published {published:.4f}, on 50,000 images) with {best}.\n"
    "\nWhat each value brings: accuracy on average over all candidates that have it, and "
    "how much that is above the average of the factor's values.\n"
    f"\n{study.markdown(study.main_effects(table, list(grid)))}\n"
)
study.write(runs, study.compare(runs), data, options, notes)
# sphinx_gallery_thumbnail_path = "results/s0/grid.png"
