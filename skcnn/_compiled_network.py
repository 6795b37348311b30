"""A compiled network: one Keras model with its optimizer, and graphs traced from it.

Three things that are not the same here:

- a *model* is a keras.Model, with variables of its own;
- a *compiled network* holds one model and the graphs that were traced from it. It costs
  half a second or more, and some 20 MB as long as it is kept. So it is made once for
  all fits that need no other;
- a *program* (:mod:`skcnn._program`) runs a compiled network on variables of its own.
"""

import threading
from contextlib import contextmanager, nullcontext

import numpy as np

from skcnn._augmentation import make_augmentation
from skcnn._backend import tf
from skcnn._compat import without_replicas
from skcnn._device import PREDICT_PARALLEL, USES_XLA, predict_batch_size
from skcnn._network import averaging, build_model, number_places
from skcnn._numbers import decided_later, places_of
from skcnn._runtime import isolated
from skcnn._shared_update import sharing_updates


def compiled_model(architecture, settings):
    """A model with optimizer, loss and accuracy, ready to train.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    settings : skcnn._settings.CompileSettings

    Returns
    -------
    keras.Model
        Its weights and learning rate are placeholders, to be assigned; its optimizer is
        built.
    """
    model = build_model(architecture, seed=0)
    model.compile(
        optimizer=settings.make_optimizer(),
        loss=settings.make_loss(),
        # Weighted as the loss is, and as scikit-learn's score.
        weighted_metrics=[settings.make_accuracy()],
        jit_compile=USES_XLA,
    )
    # Now, so that its variables are part of each state from the first on.
    model.optimizer.build(model.trainable_variables)
    return model


def state_variables(model):
    """The variables whose values are a training state.

    The model's come first, then its optimizer's.

    Parameters
    ----------
    model : keras.Model
        From :func:`compiled_model`.

    Returns
    -------
    list of keras.Variable
    """
    return [*model.variables, *model.optimizer.variables]


class CompiledNetwork:
    """One model, and the graphs traced from it: what programs of one kind share.

    Parameters
    ----------
    architecture : skcnn._architecture.Architecture
    settings : skcnn._settings.CompileSettings

    Attributes
    ----------
    architecture, settings
        As given.
    model : keras.Model
    variables : list of keras.Variable
        Those whose values are a state.
    untrained : tuple of ndarray
        Their first values, but for kernels and learning rate, which are placeholders.
    augmentation : list of keras.Layer
    predict_batch : int
        Number of images in each prediction batch.
    """

    def __init__(self, architecture, settings):
        self.architecture = architecture
        self.settings = settings
        self.model = compiled_model(architecture, settings)
        self.variables = state_variables(self.model)
        values = [np.array(variable.numpy()) for variable in self.variables]
        self.untrained = tuple(values)
        map_shapes = [layer.output_shape for layer in architecture.layers]
        self.predict_batch = predict_batch_size(map_shapes)
        self.augmentation = make_augmentation(settings.augmentation)
        self._build_metrics()
        optimizer, loss = self.model.optimizer, self.model.loss
        self._number_places = [
            *number_places(architecture, self.model),
            *places_of(optimizer, loss, settings.numbers),
        ]
        self._graphs = {}  # traced when first used
        self._tracing = threading.Lock()

    def _build_metrics(self):
        """Have Keras make the variables of its accuracy metric.

        Otherwise it puts them off until it sees labels, in the midst of tracing.
        """
        n_classes = self.architecture.n_classes
        labels = tf.zeros((1, n_classes) if self.settings.one_hot else 1)
        probabilities = tf.fill((1, n_classes), 1 / n_classes)
        self.model.compute_metrics(None, labels, probabilities)
        self.model.reset_metrics()

    def position(self, variable):
        """Where a variable of the model or its optimizer is in a state."""
        for place, other in enumerate(self.variables):
            if other is variable:
                return place
        raise LookupError(f"{variable.path} is not part of a state")

    def graph(self, name, *arrays, constants=False):
        """The graph of a step for arrays of these types, traced once.

        Parameters
        ----------
        name : {"train_step", "test_step", "statistics", "predict"}
        *arrays : ndarray
        constants : bool, default=False
            Whether the numbers of the network are constants in the graph, rather than
            inputs of training and testing.

        Returns
        -------
        tf.types.experimental.ConcreteFunction
        """
        types = [array.dtype.str for array in arrays]
        key = (name, constants, *types)
        # One thread traces, and others that want the same wait for it.
        with self._tracing:
            if key not in self._graphs:
                # Keras and TensorFlow record what a thread is in the midst of: a block
                # of tf.distribute, say, in which the optimizer would look for replicas.
                self._graphs[key] = isolated(self._trace, name, arrays, constants)
            return self._graphs[key]

    def _trace(self, name, arrays, constants):
        number = tf.TensorSpec((), tf.int32)
        # The number of images is left open, so one graph serves every chunk.
        specs = []
        for array in arrays:
            specs.append(tf.TensorSpec((None, *array.shape[1:]), array.dtype))
        if name == "predict":
            graph = self._predict_graph
        elif name == "statistics":
            graph = self._statistics_graph
            specs = [number, number, *specs]
        else:
            places = [] if constants else self._number_places
            graph = self._batches_graph(name, places, is_exposed=constants)
            specs = [tf.TensorSpec(len(places), tf.float64), number, *specs]
        # Without autograph, which would rewrite Python that is meant as it stands.
        return tf.function(graph, autograph=False).get_concrete_function(*specs)

    def _batches_graph(self, name, number_places, is_exposed):
        """Training or measuring, batch by batch, by Keras' own step."""
        step = getattr(self.model, name)
        changes = self.augmentation if name == "train_step" else []
        # What users have in their hands is traced as Keras does it.
        is_plain = is_exposed or self.settings.optimizer.users_code
        cheap_updates = nullcontext if is_plain else self._cheap_updates

        def run(numbers, batch_size, images, labels, *weights):
            def one_batch(start, stop):
                targets = labels[start:stop]
                if self.settings.one_hot:
                    targets = tf.one_hot(targets, self.architecture.n_classes)
                # Bytes until here: a quarter of the memory, and of what is copied.
                batch = tf.cast(images[start:stop], tf.float32)
                for layer in changes:
                    batch = layer(batch, training=True)
                batch_weights = [values[start:stop] for values in weights]
                step((batch, targets, *batch_weights))

            with decided_later(number_places, numbers), cheap_updates(numbers):
                _for_each_batch(tf.shape(images)[0], batch_size, one_batch)
            return self.model.get_metrics_result()

        return run

    @contextmanager
    def _cheap_updates(self, numbers):
        """Have the optimizer trace no more than it must."""
        optimizer, variables = self.model.optimizer, self.model.trainable_variables
        recipe, places = self.settings.optimizer, self._number_places
        with (
            without_replicas(optimizer),
            sharing_updates(optimizer, variables, recipe, places, numbers),
        ):
            yield

    def _statistics_graph(self, batch_size, n_before, images):
        """Make the averages of batch normalization those of all images so far.

        Each image has the same share, whatever chunk and batch it is in.
        """

        def one_batch(start, stop):
            before, after = n_before + start, n_before + stop
            old_share = tf.cast(before / after, tf.float32)
            with averaging(self.architecture, self.model, old_share):
                self.model(tf.cast(images[start:stop], tf.float32), training=True)

        _for_each_batch(tf.shape(images)[0], batch_size, one_batch)

    def _predict_graph(self, images):
        """Probabilities of whole prediction batches, several at a time."""
        batch_shape = (self.predict_batch, *self.architecture.image_shape)
        n_classes = self.architecture.n_classes

        def one_batch(batch):
            # A fixed shape: for another one TensorFlow may choose another algorithm.
            batch = tf.cast(tf.ensure_shape(batch, batch_shape), tf.float32)
            return self.model(batch, training=False)

        probabilities = tf.map_fn(
            one_batch,
            tf.reshape(images, (-1, *batch_shape)),
            fn_output_signature=tf.TensorSpec(
                (self.predict_batch, n_classes), tf.float32
            ),
            parallel_iterations=PREDICT_PARALLEL,
        )
        return tf.reshape(probabilities, (-1, n_classes))


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
        parallel_iterations=1,  # each batch starts from the weights of the one before
    )
