"""A compiled network, programs that run it, and the bounded pool of them.

A network is a program and its weights are data: `Network` holds one Keras model with its optimizer, compiled once, and
`Program` runs it on variables of its own, taking and giving *arrays*, the values of every variable of both. Programs
of the same architecture and settings are interchangeable, so a search over hundreds of fits compiles only a handful of
networks, however many threads train at once.
"""

import threading
from collections import OrderedDict
from contextlib import contextmanager
from weakref import WeakValueDictionary

import numpy as np

from skcnn import _seeds
from skcnn._augmentation import make_augmentation, seed_states, set_seeds
from skcnn._compat import (
    call_on_variables,
    is_op_determinism_enabled,
    isolated,
    keras,
    tf,
    unrewritten_graphs,
)
from skcnn._divergence import TrainingDiverged
from skcnn._network import (
    averaging,
    build_network,
    dropout_states,
    initial_kernels,
)
from skcnn._process import check_process

# One prediction batch holds about this many bytes of the largest map, but at most 256 images. The batch is fixed for a
# network, and padded, because a convolution's rounding may depend on the size of the batch, and a prediction must not.
# So few bytes that one image costs no more than a call of the Keras model; two megabytes also stay in the cache.
PREDICT_BYTES = 2 * 2**20
PREDICT_PARALLEL = 4  # batches at a time, or small ones would leave cores idle


def compiled_network(architecture, settings):
    """A network with optimizer, loss and accuracy, ready to train.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    settings : skcnn._settings.CompileSettings

    Returns
    -------
    keras.Model
        Its weights and learning rate are placeholders, to be assigned; its optimizer is built.
    """
    model = build_network(architecture, seed=0)
    model.compile(
        optimizer=settings.make_optimizer(),
        loss=settings.make_loss(),
        weighted_metrics=[
            settings.make_accuracy()
        ],  # as scikit-learn's score is, and as the loss
        jit_compile=False,  # on a CPU, XLA is several times slower for these networks
    )
    model.optimizer.build(model.trainable_variables)
    return model


def state_variables(model):
    """The variables whose values are a training state: the model's, then its optimizer's."""
    return [*model.variables, *model.optimizer.variables]


class Network:
    """One Keras model with its optimizer, and the graphs traced from it: what programs of one kind have in common.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    settings : skcnn._settings.CompileSettings
    """

    def __init__(self, architecture, settings):
        self.architecture = architecture
        self.model = compiled_network(architecture, settings)
        self.variables = state_variables(self.model)
        self.untrained = tuple(
            np.array(variable.numpy()) for variable in self.variables
        )
        largest = max(int(np.prod(layer.output_shape)) for layer in architecture.layers)
        self.predict_batch = int(
            np.clip(2 ** int(np.log2(PREDICT_BYTES / (4 * largest) + 1)), 1, 256)
        )
        self.augmentation = make_augmentation(settings.augmentation)
        self._one_hot = settings.one_hot
        self._build_metrics()
        self._graphs = {}  # traced when first used
        self._tracing = threading.Lock()

    def _build_metrics(self):
        """Have Keras make the variables of its accuracy metric, which it otherwise puts off until it sees labels."""
        n_classes = self.architecture.n_classes
        labels = tf.zeros((1, n_classes) if self._one_hot else 1)
        self.model.compute_metrics(None, labels, tf.fill((1, n_classes), 1 / n_classes))
        self.model.reset_metrics()

    def position(self, variable):
        """Where a variable of the model or its optimizer is in a state."""
        return next(
            place for place, other in enumerate(self.variables) if other is variable
        )

    def graph(self, name, *arrays):
        """The graph of a step for arrays of these types, traced once, whoever asks first.

        Parameters
        ----------
        name : {"train_step", "test_step", "statistics", "predict"}
        *arrays : ndarray

        Returns
        -------
        tf.types.experimental.ConcreteFunction
        """
        key = (name, *(array.dtype.str for array in arrays))
        with self._tracing:
            if key not in self._graphs:
                # Keras and TensorFlow record what a thread is in the midst of: a block
                # of tf.distribute, say, in which the optimizer would look for replicas.
                self._graphs[key] = isolated(self._trace, name, arrays)
            return self._graphs[key]

    def _trace(self, name, arrays):
        specs = [
            tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays
        ]
        if name == "predict":
            return tf.function(
                self._predict_graph, autograph=False
            ).get_concrete_function(*specs)
        if name == "statistics":
            return tf.function(
                self._statistics_graph, autograph=False
            ).get_concrete_function(*2 * [tf.TensorSpec((), tf.int32)], *specs)
        changes = self.augmentation if name == "train_step" else []
        graph = self._batches_graph(getattr(self.model, name), changes)
        return tf.function(graph, autograph=False).get_concrete_function(
            tf.TensorSpec((), tf.int32), *specs
        )

    def _batches_graph(self, step, changes):
        """Training or measuring, batch by batch."""

        def run(batch_size, images, labels, *weights):
            def one_batch(start, stop):
                targets = labels[start:stop]
                if self._one_hot:
                    targets = tf.one_hot(targets, self.architecture.n_classes)
                batch = tf.cast(images[start:stop], tf.float32)
                for layer in changes:
                    batch = layer(batch, training=True)
                step((batch, targets, *(w[start:stop] for w in weights)))

            _for_each_batch(tf.shape(images)[0], batch_size, one_batch)
            return self.model.get_metrics_result()

        return run

    def _statistics_graph(self, batch_size, n_before, images):
        """Batch normalization's averages become those of all images so far, each with the same share."""

        def one_batch(start, stop):
            before, after = n_before + start, n_before + stop
            old_share = tf.cast(before / after, tf.float32)
            with averaging(self.architecture, self.model, old_share):
                self.model(tf.cast(images[start:stop], tf.float32), training=True)

        _for_each_batch(tf.shape(images)[0], batch_size, one_batch)

    def _predict_graph(self, images):
        size, shape = self.predict_batch, self.architecture.image_shape
        batches = tf.reshape(images, (-1, size, *shape))
        probabilities = tf.map_fn(
            lambda batch: self.model(
                tf.cast(tf.ensure_shape(batch, (size, *shape)), tf.float32),
                training=False,
            ),
            batches,
            fn_output_signature=tf.TensorSpec(
                (size, self.architecture.n_classes), tf.float32
            ),
            parallel_iterations=PREDICT_PARALLEL,
        )
        return tf.reshape(probabilities, (-1, self.architecture.n_classes))


def _for_each_batch(n_samples, batch_size, step):
    """A loop inside the graph: no Python, and so no GIL, between two batches."""

    def one_batch(start):
        stop = tf.minimum(start + batch_size, n_samples)
        step(start, stop)
        return (stop,)

    tf.while_loop(
        lambda start: start < n_samples,
        one_batch,
        (tf.constant(0),),
        parallel_iterations=1,
    )


class Program:
    """A network with variables to train: state in, state out. For one user at a time; borrow it from :data:`POOL`.

    Parameters
    ----------
    network : Network
    own_variables : bool, default=True
        Whether to make variables for this program alone, so that several train at once on one network. False takes
        those of the network's model, which Keras callbacks look at.
    """

    def __init__(self, network, own_variables=True):
        self.network = network
        self._handles = {}  # id of the handle of a variable of the network -> handle of that of this program
        self._variables = self._take(network.variables, own_variables)
        self._metric_sums = self._take(network.model.metrics_variables, own_variables)
        self._augmentation_states = self._take(
            seed_states(network.augmentation), own_variables
        )
        self._dropout_states = [
            (name, self._variables[network.position(state)])
            for name, state in dropout_states(network.architecture, network.model)
        ]

    def _take(self, variables, own):
        originals = [variable.value for variable in variables]
        taken = [tf.Variable(value) for value in originals] if own else originals
        self._handles |= {
            id(old.handle): new.handle
            for old, new in zip(originals, taken, strict=True)
        }
        return taken

    @property
    def predict_batch(self):
        """Number of images in each prediction batch."""
        return self.network.predict_batch

    def initial_arrays(self, seed, learning_rate):
        """The state before the first epoch.

        Parameters
        ----------
        seed : int
            Seed of the run.
        learning_rate : float or None
            None if the optimizer has a schedule.

        Returns
        -------
        tuple of ndarray
        """
        network = self.network
        arrays = list(network.untrained)
        for kernel, value in initial_kernels(network.architecture, network.model, seed):
            arrays[network.position(kernel)] = value.numpy()
        return self.with_learning_rate(arrays, learning_rate)

    def with_learning_rate(self, arrays, learning_rate):
        """The same state with another learning rate; None leaves it, since a schedule is not part of the state."""
        arrays = list(arrays)
        if learning_rate is not None:
            arrays[
                self.network.position(self.network.model.optimizer.learning_rate)
            ] = np.float32(learning_rate)
        return tuple(arrays)

    def load(self, arrays):
        """Take on a state, as :meth:`read` gave it."""
        for variable, array in zip(self._variables, arrays, strict=True):
            variable.assign(array)

    def load_model(self, arrays):
        """Take on only the model's part of a state, which comes first: enough to predict."""
        for variable, array in zip(
            self._variables[: len(self.network.model.variables)], arrays, strict=False
        ):
            variable.assign(array)

    def read(self):
        """The present state, as a tuple of arrays of their own."""
        return tuple(np.array(variable.numpy()) for variable in self._variables)

    def has_finite_weights(self):
        """Whether all of the model's weights are numbers, statistics included."""
        weights = self._variables[: len(self.network.model.variables)]
        return all(np.isfinite(weight.numpy()).all() for weight in weights)

    def begin_epoch(self, seed, epoch):
        """Set every seed generator as the epoch wants it, and the running loss and accuracy to zero."""
        for name, state in self._dropout_states:
            state.assign(_seeds.generator_state(seed, "dropout", epoch, name))
        set_seeds(self._augmentation_states, seed, epoch)
        self.reset_metrics()

    def reset_metrics(self):
        """Set the running loss and accuracy to zero."""
        for variable in self._metric_sums:
            variable.assign(tf.zeros_like(variable))

    def train(self, images, labels, weights, batch_size):
        """Train on a chunk of an epoch, in the order given.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, channels), uint8 or float32
        labels : ndarray of shape (n,), int32
            Class codes.
        weights : ndarray of shape (n,), float32, or None
        batch_size : int
            The last batch may be smaller.

        Returns
        -------
        dict of str to float
            Loss and accuracy, averaged since :meth:`begin_epoch`.
        """
        return self._run_batches("train_step", images, labels, weights, batch_size)

    def evaluate(self, images, labels, weights, batch_size):
        """As :meth:`train`, but only measure."""
        return self._run_batches("test_step", images, labels, weights, batch_size)

    def average_statistics(self, images, n_before, batch_size):
        """Set the averages of batch normalization to those of images under the present weights.

        Nothing is dropped out, as in predicting, and no seed generator moves.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, channels), uint8 or float32
            A chunk of whole batches. Each batch is normalized by itself, as in training.
        n_before : int
            Number of images in the chunks before, which count as much as these.
        batch_size : int
            The last batch may be smaller.
        """
        before = [tf.constant(batch_size), tf.constant(n_before)]
        self._run("statistics", images, before=before)

    def predict(self, images):
        """Class probabilities.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, channels), uint8 or float32

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Each row depends on its own image alone.
        """
        n_samples = len(images)
        padding = -n_samples % self.predict_batch
        if padding:
            images = np.pad(images, [(0, padding), (0, 0), (0, 0), (0, 0)])
        return self._run("predict", images).numpy()[:n_samples]

    def _run_batches(self, step, images, labels, weights, batch_size):
        arrays = [images, labels] if weights is None else [images, labels, weights]
        logs = self._run(step, *arrays, before=[tf.constant(batch_size)])
        return {name: float(value) for name, value in logs.items()}

    def _run(self, name, *arrays, before=()):
        graph = self.network.graph(name, *arrays)
        with unrewritten_graphs():
            return call_on_variables(
                graph, [*before, *map(tf.constant, arrays)], self._handles
            )


def keras_numbers():
    """Keras' settings for the whole process that find their way into losses and constraints."""
    return [keras.config.floatx(), keras.config.epsilon()]


class ProgramPool:
    """Compiled programs waiting to be used again, the least recently used dropped first.

    Parameters
    ----------
    max_idle : int, default=16
        How many to keep. A network takes some 10 MB and half a second to compile; study S0 needs twelve.
    """

    def __init__(self, max_idle=16):
        self.max_idle = max_idle
        self._idle = (
            OrderedDict()
        )  # (key, serial) -> Program; last is most recently used
        self._networks = (
            WeakValueDictionary()
        )  # key -> Network, as long as a program of it is idle or at work
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._serial = 0

    @contextmanager
    def borrow(self, architecture, settings, exposed=False):
        """A program for the block's sole use; built if none is idle. One that meets an exception is not kept.

        Parameters
        ----------
        architecture : skcnn._architecture.Architecture
        settings : skcnn._settings.CompileSettings
        exposed : bool, default=False
            Whether callbacks get hold of the model: the program then trains the model's own variables.

        Yields
        ------
        Program

        Raises
        ------
        RuntimeError
            Where TensorFlow cannot work, see :func:`skcnn._process.check_process`.
        """
        check_process()
        process = (*keras_numbers(), is_op_determinism_enabled())
        key = (architecture, settings.program_key, exposed, *process)
        program = self._take(key) or isolated(
            self._new_program, key, architecture, settings, exposed
        )
        try:
            yield program
        except TrainingDiverged:  # who borrows it next loads another state
            self._give_back(key, program)
            raise
        self._give_back(key, program)

    def clear(self):
        """Drop every idle program."""
        with self._lock:
            self._idle.clear()
            self._networks.clear()

    def __len__(self):
        return len(self._idle)

    def _take(self, key):
        with self._lock:
            for entry in reversed(self._idle):
                if entry[0] == key:
                    return self._idle.pop(entry)
        return None

    def _new_program(self, key, architecture, settings, exposed):
        if exposed:
            return Program(Network(architecture, settings), own_variables=False)
        with (
            self._building
        ):  # whoever wants the same network at the same time waits for it
            network = self._networks.get(key)
            if network is None:
                network = self._networks[key] = Network(architecture, settings)
            return Program(network)

    def _give_back(self, key, program):
        with self._lock:
            self._serial += 1
            self._idle[key, self._serial] = program
            while len(self._idle) > self.max_idle:
                self._idle.popitem(last=False)


POOL = ProgramPool()
