"""
Ship a network
==============

The network is trained. Now another program shall use it: tomorrow's script, or a server
that has Keras but no skcnn. Here the same network is written in three ways, read again,
and compared with the original.
"""

# %%
# The network
# -----------
# The labels are words here, as they would be in an application. Classifiers take labels
# of any type, and answer with the same. How good the network is does not matter for
# what follows, so it is small and quickly trained.
import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np

from skcnn import ConvPoolClassifier
from skcnn.datasets import load_digits

n_samples = 600
epochs = 15

words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
words = np.array(words)
X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
X_test, y_test = load_digits(subset="test", return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    epochs=epochs,
    batch_size=20,
    random_state=0,
)
network.fit(X, words[y])
probabilities = network.predict_proba(X_test)
print(f"accuracy {network.score(X_test, words[y_test]):.3f}")
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %%
# joblib: all of it
# -----------------
# A file of joblib has the whole classifier: parameters, labels, history, weights, and
# the state of the optimizer. So training could go on from it. It needs skcnn to be
# read, and it is a pickle: load it only if you trust whoever wrote it.
joblib.dump(network, folder / "digits.joblib")
again = joblib.load(folder / "digits.joblib")
same = (again.predict_proba(X_test) == probabilities).all()
print(f"equal to the last bit: {same}")
print(again.predict(X_test[:5]))

# %%
# Export: only the network
# ------------------------
# ``export`` writes the network for programs that have no skcnn: in Keras' own format,
# and for TFLite, which runs on phones. A third file, ``model.json``, lies beside them.
# It has what a program must know: the labels, the size of images, and the units of
# pixels. The network scales bytes itself, so give it the same pixels as ``fit``.
import json

import keras

from skcnn import export

export(network, folder, ["keras", "tflite"])
about = json.loads((folder / "model.json").read_text())
print(about["pixels"], about["image_shape"])

# %%
# What follows could run on the server. It uses Keras alone.
model = keras.saving.load_model(folder / "model.keras")
labels = np.array(about["classes"])
answers = model.predict(X_test, verbose=0)
print(labels[answers.argmax(axis=1)][:5])

difference = np.abs(answers - probabilities).max()
print(f"largest difference of a probability: {difference:.1e}")
n_other = (labels[answers.argmax(axis=1)] != network.predict(X_test)).sum()
print(f"other answers: {n_other} of {len(X_test)}")

# %%
# How large are the files?
# ------------------------
# A parameter is four bytes. The rest of a file is what else it knows.
sizes = {"parameters alone": 4 * network.n_params_}
for path in sorted(folder.iterdir()):
    sizes[path.name] = path.stat().st_size
temporary.cleanup()
figure, ax = plt.subplots(figsize=(6.4, 2.4), layout="constrained")
bars = ax.barh(list(sizes), [size / 1000 for size in sizes.values()])
ax.bar_label(bars, fmt="%.1f", padding=3)
ax.invert_yaxis()
ax.set_xlabel("kilobytes")
ax.margins(x=0.1)

# %%
# The joblib and the Keras file keep the optimizer's numbers too, two for each
# parameter, so that training may go on. The TFLite file has what predicting needs, and
# no more. The Keras file also has a description of each layer. For a network of this
# size that is most of the file; for a large one the parameters are.
#
# What we learned
# ---------------
# - joblib gives back the whole classifier. Its predictions are equal to the last bit.
# - An exported network gives the same answers without skcnn, and ``model.json`` has the
#   labels.
# - One thing is not in it: any step that came before the network in a ``Pipeline``. Do
#   the same to images yourself.
# - :doc:`Keeping and sharing </guide/keeping>` has more: skops, which reads no pickles,
#   ONNX, and a server of twenty lines.
