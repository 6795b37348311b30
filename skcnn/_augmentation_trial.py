"""What a layer does to images, found out by trying it before any training.

A layer of augmentation changes each image by itself, in training only, and by nothing
but the seeds that we set. The name of its class does not tell whether it does so; a few
images do.
"""

import random

import numpy as np

from skcnn._compat import keras, tf

_SEEDS = range(5)  # with one seed alone, a layer may do nothing
_N_IMAGES = 4
_HIGHEST = 255.0
_ROUNDING = 1e-4  # of the highest pixel

_OWN_SEED = (
    "Let it draw with keras.random, and a keras.random.SeedGenerator made in its "
    "__init__."
)


def find_layers(layer):
    """A layer and all layers inside it.

    Parameters
    ----------
    layer : keras.Layer

    Returns
    -------
    list of keras.Layer
    """
    found, waiting = [], [layer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, keras.Layer) and not any(value is old for old in found):
            found.append(value)
            waiting.extend(vars(value).values())
    return found


def try_layer(layer, image_shape, set_seeds):
    """Refuse a layer that does what augmentation must not do.

    Parameters
    ----------
    layer : keras.Layer
        New, and made for this alone.
    image_shape : tuple of three int
    set_seeds : callable
        Of (variables of seed generators, seed, epoch).

    Raises
    ------
    ValueError
        Saying what it does, and what would do instead.
    """
    trial = _Trial(layer, image_shape, set_seeds)
    try:
        trial.check()
    except _Refused as refused:
        raise ValueError(f"augmentation: {type(layer).__name__} {refused}") from None
    except Exception as error:
        raise ValueError(
            f"augmentation: {type(layer).__name__} fails on images of shape "
            f"{image_shape}: {type(error).__name__}: {error}"
        ) from error


class _Refused(Exception):
    """What the layer does, as a clause, and the remedy."""


class _Trial:
    def __init__(self, layer, image_shape, set_seeds):
        self.layer = layer
        self.shape = image_shape
        self.set_seeds = set_seeds
        ranges = [getattr(each, "value_range", None) for each in find_layers(layer)]
        self.highest = next((float(each[1]) for each in ranges if each), _HIGHEST)
        size = (_N_IMAGES, *image_shape)
        self.images = np.random.RandomState(0).uniform(0, self.highest, size)
        self.images = self.images.astype("float32")

    def check(self):
        self.graph = self._traced()
        self._check_variables()
        self._check_output()
        self._check_draws()
        for seed in _SEEDS:
            self._check_repeats(seed)
            self._check_rows(seed)
        self._check_predicting()

    def _traced(self):
        """The graph of the layer, as the engine traces it. Tracing must not draw."""
        spec = tf.TensorSpec((None, *self.shape), tf.float32)
        for _ in range(3):  # another thread may draw meanwhile
            before = random.getstate(), np.random.get_state()
            step = tf.function(lambda x: self.layer(x, training=True), autograph=False)
            graph = step.get_concrete_function(spec)
            if _same_generators(before):
                return graph
            random.setstate(before[0])
            np.random.set_state(before[1])
        raise _Refused(
            "draws from the global generator of Python or NumPy, once when it is "
            f"compiled. {_OWN_SEED}"
        )

    def _run(self, images, seed):
        self.set_seeds(self.layer.variables, seed, 0)
        return self.graph(tf.constant(images)).numpy()

    def _check_variables(self):
        paths = [variable.path for variable in self.layer.variables]
        if not all(path.endswith("seed_generator_state") for path in paths):
            raise _Refused("has weights; augmentation must be layers without weights.")

    def _check_output(self):
        for images in (self.images, self.images[:1]):
            changed = self._run(images, 0)
            if changed.shape != images.shape:
                raise _Refused(
                    f"must leave the shape of images, {self.shape}, as it is; it makes "
                    f"{len(changed)} of shape {changed.shape[1:]} of {len(images)}."
                )
        if changed.dtype != np.float32:
            raise _Refused(
                f"makes {changed.dtype} of float32 images. Give it dtype='float32'."
            )

    def _check_draws(self):
        operations = _operations(self.graph.graph.as_graph_def())
        draws_globally = any(map(_draws_globally, operations))
        own = {id(variable.value.handle) for variable in self.layer.variables}
        states = [x for x in self.graph.captured_inputs if x.dtype == tf.resource]
        if draws_globally or not all(id(state) in own for state in states):
            raise _Refused(
                "draws from a generator of TensorFlow, which no seed of ours reaches. "
                f"{_OWN_SEED}"
            )

    def _check_repeats(self, seed):
        one, other = self._run(self.images, seed), self._run(self.images, seed)
        if not np.array_equal(one, other, equal_nan=True):
            raise _Refused(f"gives another result for the same seed. {_OWN_SEED}")

    def _check_rows(self, seed):
        # Other images with the same pixels in other places: the statistics of a batch,
        # which Keras' Equalization takes, are no mixing.
        pixels = self.images.reshape(_N_IMAGES, -1, self.shape[-1])
        others = pixels[:, ::-1].reshape(self.images.shape).copy()
        others[0] = self.images[0]
        one, other = self._run(self.images, seed)[0], self._run(others, seed)[0]
        if not self._close(one, other):
            raise _Refused(
                "makes an image depend on the others of its batch, but their labels do "
                "not follow. Give layers that change each image by itself."
            )

    def _check_predicting(self):
        """What changes all images alike in predicting, too, belongs to the data."""
        results = []
        for seed in _SEEDS[:2]:
            self.set_seeds(self.layer.variables, seed, 0)
            tensor = tf.constant(self.images)
            results.append(np.asarray(self.layer(tensor, training=False)))
        fixed = self._close(*results)
        if fixed and not self._close(results[0], self.images):
            raise _Refused(
                "changes images in the same way in training and in predicting, but "
                "augmentation is for training alone. Change X before fit and predict, "
                "as by a FunctionTransformer in a Pipeline. (Scaling is not needed for "
                "uint8, which the network scales by itself.)"
            )

    def _close(self, one, other):
        return np.allclose(one, other, 0, _ROUNDING * self.highest, equal_nan=True)


def _same_generators(before):
    python, (_, keys, position, *_) = before
    _, keys_now, position_now, *_ = np.random.get_state()
    moved = position != position_now or not np.array_equal(keys, keys_now)
    return python == random.getstate() and not moved


def _operations(graph):
    """The names of all operations in a graph, also of those in its functions."""
    parts = [graph.node, *(inner.node_def for inner in graph.library.function)]
    return [node.op for part in parts for node in part]


def _draws_globally(operation):
    names = ("Random", "Multinomial", "TruncatedNormal", "SampleDistorted")
    return any(name in operation for name in names) and "Stateless" not in operation
