"""
From the laptop to a cluster
============================

A study of hundreds of networks is too long for a laptop. The search stays as it is: one
line hands its fits to the workers of a Dask cluster. This example does so on two
workers that live in this very process, so it runs in seconds. Then it says what changes
on a real cluster.
"""

# %%
# The search
# ----------
# Each worker trains with one thread. TensorFlow fixes that when it starts, and skcnn
# heeds this variable. So scores are the same to the bit, wherever a fit runs.
#
# ``memory`` is a folder that all workers reach. Through it they share what they
# trained. Here it is a temporary one.
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from dask.distributed import Client, LocalCluster, get_task_stream
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

import skcnn
from skcnn import ConvPoolClassifier, memory_info
from skcnn.datasets import load_digits

n_samples = 450
all_epochs = [4, 12]

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
folder = tempfile.TemporaryDirectory()
network = ConvPoolClassifier(
    dense_layers=[], convs_per_block=1, batch_size=25, random_state=0
)
grid = {
    "conv_layers": [[(8, 3)], [(16, 3)]],
    "dropout": [0.0, 0.25],
    "epochs": all_epochs,
}

# %%
# On the laptop
# -------------
laptop = GridSearchCV(network, grid, cv=3, refit=False).fit(X, y)

# %%
# On a cluster
# ------------
# A cluster is a scheduler and workers. ``processes=False`` keeps them in this process,
# and ``clear_cache`` has it forget what it trained before.
skcnn.clear_cache()
cluster = LocalCluster(
    n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
)
client = Client(cluster)
network.set_params(memory=folder.name)
search = GridSearchCV(network, grid, cv=3, refit=False)

# %%
# This is the line. ``scatter`` gives each worker the images once, instead of a copy of
# them for each fit. It also keeps them safe if a worker is lost. Dask notes meanwhile
# what ran where.
with (
    get_task_stream(client) as tasks,
    parallel_config(backend="dask", client=client, scatter=[X, y]),
):
    search.fit(X, y)

# %%
# The scores are those of the laptop, and each epoch was trained once. The grid asks for
# 4 and for 12 epochs, and the 4 are :doc:`part of the 12
# </auto_examples/plot_epochs_for_free>`, also when two workers train them.
scores = [each.cv_results_["mean_test_score"] for each in (laptop, search)]
print("equal scores:", np.array_equal(*scores))
print("epochs asked for:", 3 * sum(search.cv_results_["param_epochs"]))
print("epochs trained:", memory_info(folder.name).n_states)

# %%
# Who did what
# ------------
# A bar is a task. Dask gets one or more fits in a task, as joblib finds useful. The
# first ones are long, because each network is compiled once.
figure, ax = plt.subplots(figsize=(6.4, 2), layout="constrained")
workers = sorted({task["worker"] for task in tasks.data})
begin = min(span["start"] for task in tasks.data for span in task["startstops"])
for task in tasks.data:
    for span in task["startstops"]:
        if span["action"] == "compute":
            bar = (span["start"] - begin, span["stop"] - span["start"])
            place = workers.index(task["worker"]) - 0.4
            ax.broken_barh([bar], (place, 0.8), edgecolor="white")
ax.set_yticks(range(len(workers)), [f"worker {n + 1}" for n in range(len(workers))])
ax.set_xlabel("seconds")

# %%
client.close()
cluster.close()
folder.cleanup()

# %%
# What changes on a real cluster
# ------------------------------
# - The lines that make the cluster. On SLURM it is ``SLURMCluster`` of dask-jobqueue.
#   :doc:`From laptop to cluster </guide/cluster>` has it, and Kubernetes, Ray and
#   Spark.
# - ``memory`` names a folder on a disk that all machines share, such as
#   ``"/shared/runs"``.
# - A worker that is killed costs the epoch that it was in. Dask gives its fits to
#   others, and they go on from the folder.
# - For processes on this machine, leave ``processes=False`` out. In a script, the code
#   must then stand below ``if __name__ == "__main__":``, since workers read the script
#   again.
