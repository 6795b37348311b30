"""
Stop a search and go on
=======================

A long search may end too early. The laptop runs out of power, the cluster's time is up,
or you need the machine for something else. With ``memory`` such a search goes on later,
and trains only what is missing. This example stops a search in the middle and starts it
again.
"""

# %%
# A folder and a seed
# -------------------
# ``memory`` is a folder. skcnn writes the state of training to it after each epoch:
# weights, optimizer and history. The seed is needed as well. Without an integer
# ``random_state`` each fit is meant to be different, so nothing could be kept.
#
# Here the folder is a temporary one, which is deleted at the end. You would write
# ``memory="runs"``.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits

n_samples = 450
all_epochs = [4, 12]
stop_after = 50  # epochs

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
folder = tempfile.TemporaryDirectory()
network = ConvPoolClassifier(
    dense_layers=[],
    convs_per_block=1,
    batch_size=25,
    memory=folder.name,
    random_state=0,
)
grid = {
    "conv_layers": [[(8, 3)], [(16, 3)]],
    "dropout": [0.0, 0.25],
    "epochs": all_epochs,
}

# %%
# Something that stops the search
# -------------------------------
# In real life you press Ctrl-C, or the computer stops. Here a callback does it.
# scikit-learn tells its callbacks when a task ends, and each epoch is a task. This one
# counts them, and raises what Ctrl-C raises.


class StopAfter:
    max_propagation_depth = None  # it is told of all tasks: searches, fits and epochs

    def __init__(self, n_epochs=None):
        self.n_epochs = n_epochs

    def setup(self, estimator, context):
        self.n_seen = 0

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.n_seen += 1
            if self.n_seen == self.n_epochs:
                raise KeyboardInterrupt

    def teardown(self, estimator, context):
        pass


# %%
# Each run below starts as a new process would: ``clear_cache`` empties what skcnn keeps
# in this one. The folder has a file ``output.pkl`` for each epoch that was trained.


def run(stop):
    skcnn.clear_cache()
    n_before = len(list(Path(folder.name).rglob("output.pkl")))
    search = GridSearchCV(network, grid, cv=3, refit=False).set_callbacks(stop)
    try:
        search.fit(X, y)
        best = search.cv_results_["mean_test_score"].max()
        print(f"finished; the best score is {best:.4f}")
    except KeyboardInterrupt as error:
        print("stopped", *error.__notes__, sep="\n")
    n_trained = len(list(Path(folder.name).rglob("output.pkl"))) - n_before
    print(f"{n_trained} epochs trained, {stop.n_seen - n_trained} known")
    return n_trained, stop.n_seen - n_trained


# %%
# The first run is stopped
# ------------------------
# The error itself says what is kept, and what to do next. ``__notes__`` are the lines
# that end its traceback.
first = run(StopAfter(stop_after))

# %%
# Fifty epochs were asked for until then, and 12 of them were known. That is because the
# grid asks for 4 and for 12 epochs, and the 4 are :doc:`part of the 12
# </auto_examples/plot_epochs_for_free>`.
#
# The second run goes on
# ----------------------
# It is the same search again. No option says that it goes on.
second = run(StopAfter())

# %%
# The two runs together have trained 144 epochs, which is what the whole search takes.
# Nothing was trained twice: the fit that was stopped in its second epoch went on in its
# third.
#
# The third run trains nothing
# ----------------------------
# Once everything is known, the same search only reads. So you may run your script again
# to change a picture.
third = run(StopAfter())
folder.cleanup()

# %%
# The three runs in one picture
# -----------------------------
figure, ax = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
names = ["stopped", "goes on", "once more"]
trained, known = zip(first, second, third, strict=True)
ax.barh(names, trained, label="trained")
ax.barh(
    names, known, left=trained, label="known", color="none", edgecolor="C0", hatch="//"
)
ax.invert_yaxis()
ax.set_xlabel("epochs")
ax.legend()

# %%
# What we learned
# ---------------
# - Give a long search a folder and a seed: ``memory="runs", random_state=0``.
# - After a stop, run the same script again. You lose the epoch that was running, and
#   nothing else.
# - The scores are those of a search that was never stopped, to the last bit.
# - Keep the folder until your report is done. A finished search that is run again only
#   reads.
# - A change of the network, the seed or the images makes a new run, which shares
#   nothing with the old one. :doc:`Sharing and resuming </guide/sharing>` has the whole
#   list.
