"""
A folder of images
==================

Your images are files, one folder for each class. Five steps lead from there to a
prediction for a new file: look, load, divide, search, predict. Put the path of your own
folder in place of the one that this example makes.
"""

# %%
# One folder for each class
# -------------------------
# This example writes 400 digits as PNG files into a temporary folder, such as
# ``seven/12.png``. The name of a folder is the name of a class. You have such a folder
# already, so set ``folder`` to its path, and leave the rest of this cell out.
import tempfile
from pathlib import Path

from PIL import Image
from sklearn.model_selection import RandomizedSearchCV, train_test_split

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits, load_image_files, load_image_folder
from skcnn.plotting import PredictionsDisplay
from skcnn.presets import search_space

n_samples = 400
epochs = 24

names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name, "digits")
pictures, digits = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
for number, (picture, digit) in enumerate(zip(pictures, digits, strict=True)):
    path = folder / names[digit] / f"{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture[..., 0]).resize((40, 40)).save(path)
for path in sorted(folder.rglob("*.png"))[:3]:
    print(path.relative_to(folder))

# %%
# Load them
# ---------
# The files have 40x40 pixels. ``image_size=12`` makes all of them 12x12. Begin small,
# since training time grows with the area. If the files are gray, there is one channel.
data = load_image_folder(folder, image_size=12)
print(data.images.shape, data.images.dtype)
print(data.target_names.tolist())

# %%
# ``data.filenames`` has the path of each image. Files that cannot be read are left out,
# and a warning lists them. ``resize`` says what happens to images of other proportions.
#
# Divide and search
# -----------------
# A third of the images is set aside, with the same share of each class. Labels may be
# words: the classifier predicts what it was given.
y = data.target_names[data.target]
X_train, X_test, y_train, y_test = train_test_split(
    data.images, y, test_size=1 / 3, stratify=y, random_state=0
)
print(X_train.shape, X_test.shape)

# %%
# Which networks should be tried? ``search_space`` knows what suits the size and the
# number of your images. Its value for ``epochs`` is larger than the one here, and 30
# networks are a good number. This example tries four small ones, to be quick. Digits
# must not be mirrored, so that is taken out.
space = search_space(X_train.shape[1:], len(X_train), max_params=10_000)
space["epochs"] = [epochs]
space["augmentation"] = [None, "shift"]
network = ConvPoolClassifier(random_state=0)
search = RandomizedSearchCV(network, space, n_iter=4, cv=3, random_state=0)
search.fit(X_train, y_train)
columns = ["rank", "score", "std", "conv_layers", "head", "batch_size", "n_params"]
print(search_results(search)[columns].to_string(index=False))
print(f"accuracy on images set aside: {search.score(X_test, y_test):.2f}")

# %%
# Look at the images that the best network is least sure of. A red frame is an error.
PredictionsDisplay.from_estimator(
    search.best_estimator_, X_test, y_test, which="least_sure"
)

# %%
# Predict new files
# -----------------
# New files must be decoded and resized like the others. ``load_image_files`` does so.
# The fitted network knows the shape that it needs.
new_files = [folder / "three" / "new.png", folder / "seven" / "new.png"]
for path in new_files:  # here a turned copy of a file stands for a new one
    old = sorted(path.parent.glob("*.png"))[0]
    Image.open(old).rotate(8).save(path)
X_new = load_image_files(new_files, search.best_estimator_.image_shape_)
for path, answer in zip(new_files, search.predict(X_new), strict=True):
    print(f"{path.parent.name}: predicted {answer}")
temporary.cleanup()

# %%
# What we learned
# ---------------
# - One folder for each class is all that is needed. JPEG, PNG and others may be mixed.
# - ``search_space`` has networks to begin with. Give it ``len(X)`` and the shape.
# - A small ``image_size`` makes a search quick. Try a larger one with the best network,
#   and see whether it gains anything.
# - Photos of one thing must not be in both sets. If there are ten of each, divide by
#   thing: ``GroupShuffleSplit`` of scikit-learn does that.
# - ``load_image_files`` makes of a new file what ``load_image_folder`` made of the old
#   ones. Give both the same ``resize``.
# - For many or large files, ``cache="image_cache"`` keeps the decoded images.
#   :doc:`Images in </guide/images>` has the rest.
