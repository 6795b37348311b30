"""Programs, which run compiled networks, and the bounded pool of them.

A network is a program and its weights are data: a `Program` takes and gives *arrays*,
the values of every variable of the model and its optimizer. Numbers such as dropout
rates are data, too. Programs of the same structure are interchangeable. So a search
over hundreds of fits compiles only a handful of networks, however many threads train at
once.

.. code-block:: text

    ProgramPool
      └─ Program      own variables, one user at a time      many, cheap
           └─ CompiledNetwork   a model and its graphs       few, costly
                └─ keras.Model  placeholder variables
"""

import threading
from collections import OrderedDict
from contextlib import contextmanager
from weakref import WeakValueDictionary

import numpy as np

from skcnn._augmentation import seed_states, set_seeds
from skcnn._backend import tf
from skcnn._chunks import Pace, chunks, device_array
from skcnn._compiled_network import CompiledNetwork
from skcnn._device import graphs_as_run, process_settings
from skcnn._divergence import TrainingDiverged
from skcnn._leaving import stop_if_leaving, stops_at_exit
from skcnn._network import dropout_states, initial_kernels
from skcnn._process import check_process
from skcnn._runtime import call_on_variables, isolated
from skcnn._seeds import generator_state


class Program:
    """A network with variables to train: state in, state out.

    For one user at a time; borrow it from :data:`POOL`.

    Its graphs were traced on the variables of the network's model, and are called on
    variables of this program in their place (:func:`~skcnn._runtime.call_on_variables`
    shows how). There are three kinds of them: those of the state, the running sums of
    loss and accuracy, and the seeds of augmentation.

    Parameters
    ----------
    network : skcnn._compiled_network.CompiledNetwork
    exposes_model : bool, default=False
        Whether to train the variables of the model itself, because Keras callbacks look
        at it. False makes variables for this program alone, so that several programs
        train at once on one network.
    """

    def __init__(self, network, exposes_model=False):
        self.network = network
        self.pace = Pace()  # kept from fit to fit: the network is always of one size
        self._owns_variables = not exposes_model
        # The id of the handle of a variable of the model -> the handle that this
        # program puts in its place.
        self._handles = {}
        self._variables = self._make_variables(network.variables)
        self._metric_sums = self._make_variables(network.model.metrics_variables)
        augmentation_seeds = seed_states(network.augmentation)
        self._augmentation_seeds = self._make_variables(augmentation_seeds)
        # Dropout's seeds are part of the state, so their variables are there already.
        self._dropout_seeds = []
        for name, seed in dropout_states(network.architecture, network.model):
            variable = self._variables[network.position(seed)]
            self._dropout_seeds.append((name, variable))
        self.set_numbers(network.architecture, network.settings)

    def _make_variables(self, model_variables):
        """A variable for each one of the model, or those themselves."""
        theirs = [variable.value for variable in model_variables]
        if not self._owns_variables:
            return theirs
        ours = [tf.Variable(value) for value in theirs]
        for old, new in zip(theirs, ours, strict=True):
            self._handles[id(old.handle)] = new.handle
        return ours

    def set_numbers(self, architecture, settings):
        """Take on the numbers of a design: dropout rates, penalties, and the like.

        A program that exposes its model has them as constants of its network.

        Parameters
        ----------
        architecture : skcnn._architecture.Architecture
        settings : skcnn._settings.CompileSettings
            Of the same structure as those of the network.
        """
        self._numbers = []
        if self._owns_variables:
            parts = (architecture.numbers, settings.numbers)
            self._numbers = [value for part in parts for value in part.values()]

    @property
    def model(self):
        """The network's keras.Model; it has the weights only if it is exposed."""
        return self.network.model

    @property
    def predict_batch(self):
        """Number of images in each prediction batch."""
        return self.network.predict_batch

    # ----------------------------------------------------------------------------------
    # States

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
        """The same state with another learning rate.

        None leaves it, since a schedule is not part of the state.
        """
        arrays = list(arrays)
        if learning_rate is not None:
            place = self.network.position(self.model.optimizer.learning_rate)
            arrays[place] = np.float32(learning_rate)  # as Keras keeps it
        return tuple(arrays)

    def load(self, arrays):
        """Take on a state, as :meth:`read` gave it."""
        for variable, array in zip(self._variables, arrays, strict=True):
            variable.assign(array)

    def load_model(self, arrays):
        """Take on only the model's part of a state: enough to predict.

        It comes first in a state. The rest may be that of another optimizer.
        """
        ours = self._model_variables()
        theirs = arrays[: len(ours)]
        for variable, array in zip(ours, theirs, strict=True):
            variable.assign(array)

    def read(self):
        """The present state, as a tuple of arrays of their own."""
        return tuple(np.array(variable.numpy()) for variable in self._variables)

    def has_finite_weights(self):
        """Whether all of the model's weights are numbers, statistics included."""
        weights = [variable.numpy() for variable in self._model_variables()]
        return all(np.isfinite(weight).all() for weight in weights)

    def _model_variables(self):
        return self._variables[: len(self.model.variables)]

    # ----------------------------------------------------------------------------------
    # Work

    def begin_epoch(self, seed, n_finished):
        """Set every seed generator as the epoch wants it, and the running sums to zero.

        Parameters
        ----------
        seed : int
            Seed of the run.
        n_finished : int
            Number of epochs finished before.
        """
        for name, variable in self._dropout_seeds:
            # By the layer's name, so that layers differ and their order says nothing.
            variable.assign(generator_state(seed, "dropout", n_finished, name))
        set_seeds(self._augmentation_seeds, seed, n_finished)
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
        """Set the averages of batch normalization to those under the present weights.

        Nothing is dropped out, as in predicting, and no seed generator moves.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, channels), uint8 or float32
            A chunk of whole batches. Each batch is normalized by itself, as in
            training.
        n_before : int
            Number of images in the chunks before, which count as much as these.
        batch_size : int
            The last batch may be smaller.
        """
        small = [tf.constant(batch_size), tf.constant(n_before)]
        self._run("statistics", small, images)

    def predict(self, images):
        """Class probabilities, a chunk at a time.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, channels), any real dtype

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Each row depends on its own image alone.
        """
        parts = []
        for which in chunks(np.arange(len(images)), images, self.predict_batch):
            part = images[which[0] : which[-1] + 1]  # a slice: nothing is copied
            parts.append(self._predict_chunk(device_array(part)))
        return np.concatenate(parts)

    def _predict_chunk(self, images):
        n_samples = len(images)
        padding = -n_samples % self.predict_batch
        if padding:
            images = np.pad(images, [(0, padding), (0, 0), (0, 0), (0, 0)])
        probabilities = self._run("predict", [], images)
        return probabilities.numpy()[:n_samples]

    def _run_batches(self, step, images, labels, weights, batch_size):
        arrays = [images, labels]
        if weights is not None:
            arrays.append(weights)
        numbers = tf.constant(self._numbers, tf.float64)
        logs = self._run(step, [numbers, tf.constant(batch_size)], *arrays)
        # Loss first: Keras has had another order.
        names = sorted(logs, key=lambda name: name != "loss")
        return {name: float(logs[name]) for name in names}

    def _run(self, name, small, *arrays):
        """Run one of the network's graphs on the variables of this program."""
        stop_if_leaving()
        constants = not self._owns_variables
        graph = self.network.graph(name, *arrays, constants=constants)
        inputs = [*small, *map(tf.constant, arrays)]
        with graphs_as_run():
            return call_on_variables(graph, inputs, self._handles)


class ProgramPool:
    """Programs waiting to be used again, the least recently used dropped first.

    Parameters
    ----------
    max_idle : int, default=16
        How many to keep. A network takes some 20 MB, and half a second to compile;
        study S0 needs six.
    """

    def __init__(self, max_idle=16):
        self.max_idle = max_idle
        # (key, serial number) -> Program; the last is the most recently used.
        self._idle = OrderedDict()
        # key -> CompiledNetwork, as long as a program of it is idle or at work.
        self._networks = WeakValueDictionary()
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._serial = 0

    @contextmanager
    def borrow(self, architecture, settings, exposes_model=False):
        """A program for the block's sole use; built if none is idle.

        A program that meets an exception is not kept.

        Parameters
        ----------
        architecture : skcnn._architecture.Architecture
        settings : skcnn._settings.CompileSettings
        exposes_model : bool, default=False
            Whether callbacks get hold of the model: the program then trains the model's
            own variables.

        Yields
        ------
        Program

        Raises
        ------
        RuntimeError
            Where TensorFlow cannot work, see :func:`skcnn._process.check_process`.
        """
        check_process()
        # What is traced into a graph, or chosen when it is compiled.
        if exposes_model:  # callbacks see its numbers, and may set others
            key = (architecture, settings.program_key, True, *process_settings())
        else:
            key = (architecture.structure, settings.structure, *process_settings())
        with stops_at_exit():
            program = self._take_idle(key)
            if program is None:
                program = isolated(
                    self._new_program, key, architecture, settings, exposes_model
                )
            program.set_numbers(architecture, settings)
            try:
                yield program  # not given back after an exception: what is its state?
            except TrainingDiverged:
                # It can be used again: who borrows it next loads another state.
                self._give_back(key, program)
                raise
            self._give_back(key, program)

    def knows(self, architecture, settings):
        """Whether a network is compiled, so that a fit need not wait for it.

        Parameters
        ----------
        architecture : skcnn._architecture.Architecture
        settings : skcnn._settings.CompileSettings

        Returns
        -------
        bool
        """
        key = (architecture.structure, settings.structure, *process_settings())
        with self._lock:
            return key in self._networks

    def clear(self):
        """Drop every idle program."""
        with self._lock:
            self._idle.clear()
            self._networks.clear()

    def __len__(self):
        return len(self._idle)

    def _take_idle(self, key):
        with self._lock:
            # The one used last: its memory is the most likely to be in the cache.
            for entry in reversed(self._idle):
                if entry[0] == key:
                    return self._idle.pop(entry)
        return None

    def _new_program(self, key, architecture, settings, exposes_model):
        if exposes_model:
            # Its variables are those of the model, so the network is for it alone.
            return Program(CompiledNetwork(architecture, settings), exposes_model=True)
        # Whoever wants the same network at the same time waits for it.
        with self._building:
            network = self._networks.get(key)
            if network is None:
                network = CompiledNetwork(architecture, settings)
                self._networks[key] = network
            return Program(network)

    def _give_back(self, key, program):
        with self._lock:
            self._serial += 1
            self._idle[key, self._serial] = program
            while len(self._idle) > self.max_idle:
                self._idle.popitem(last=False)


# What all fits in this process share.
POOL = ProgramPool()
