"""An optimizer's update of a variable, traced once for variables of any size.

Keras' training step updates variable by variable, with some thirty operations each. To
trace them takes half the time of tracing a step. But an optimizer does the same with
every variable. So its update becomes a graph of its own, and the training step of every
network gets a copy of it for each of its variables:

.. code-block:: text

    as Keras traces it                  here

    m1 <- m1 + (g1 - m1) * 0.1          traced, once in a process:
    v1 <- v1 + (g1 * g1 - v1) * 0.001       m <- m + (g - m) * 0.1 ...
    w1 <- w1 - rate * m1 / ...
    m2 <- m2 + (g2 - m2) * 0.1          copied, with g1, [w1, m1, v1] in their places
    v2 <- ...                           copied, with g2, [w2, m2, v2] in their places

The graph of the step is what Keras would have traced, so the bits are the same. What
Keras does around the update, such as clipping, weight decay and constraints, is traced
as ever. (A graph of its own for each number of axes, because Keras looks at that.)
"""

import functools
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from skcnn._backend import keras, tf
from skcnn._device import process_settings
from skcnn._numbers import Place, decided_later, split
from skcnn._runtime import isolated

# Keras' optimizers that treat each number of a variable alike and by itself: what they
# do to a variable does not depend on its shape. Lamb, say, takes a variable's norm.
ELEMENTWISE = (
    keras.optimizers.SGD,
    keras.optimizers.RMSprop,
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.Adagrad,
    keras.optimizers.Adadelta,
    keras.optimizers.Adamax,
    keras.optimizers.Ftrl,
    keras.optimizers.Lion,
)


@contextmanager
def sharing_updates(optimizer, variables, recipe, number_places=(), numbers=None):
    """Have an optimizer use the shared graphs of its update.

    For tracing a graph: what is traced in the block has copies of them.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Built for the variables.
    variables : list of keras.Variable
    recipe : skcnn._recipes.Recipe
        How the optimizer was made, of Keras' own classes alone.
    number_places : sequence of skcnn._numbers.Place, default=()
        Where numbers of the network are, those of the optimizer among them.
    numbers : tensor of shape (n_places,), float64, default=None
        Their values: an input of the graph that is traced.
    """
    kind = _kind(recipe, optimizer, number_places)
    inputs = None
    if kind:
        values = _values_of(kind, optimizer, number_places, numbers)
        inputs = _inputs(optimizer, variables, kind, values)
    if inputs is None:
        yield
        return

    def update_step(gradient, variable, learning_rate):
        update, captured = inputs[id(variable)]
        update.copy([gradient, tf.convert_to_tensor(learning_rate), *captured])

    # An attribute of an object comes before a method of its class. It is set past
    # Keras, which would track it.
    vars(optimizer)["update_step"] = update_step
    try:
        yield
    finally:
        del vars(optimizer)["update_step"]


@dataclass(frozen=True)
class _Kind:
    """What decides how an optimizer updates a variable, but for numbers.

    Attributes
    ----------
    cls : type
    structure : str
        Its configuration without numbers.
    names : tuple of str
        Of its numbers that are inputs of the graph.
    recipe : skcnn._recipes.Recipe
        One of that kind, with any numbers.
    """

    cls: type
    structure: str
    names: tuple
    recipe: object = field(compare=False)


def _kind(recipe, optimizer, number_places):
    """The kind of an optimizer, or None if its update is not to be shared."""
    if recipe.cls not in ELEMENTWISE:
        return None
    recipe = recipe.without("learning_rate")  # an input of the graph
    named = [place.name for place in number_places if place.holder is vars(optimizer)]
    names = tuple(named)
    # Without places for its numbers, they are constants, and part of the kind.
    structure = split(recipe.cls, recipe.config)[0] if names else recipe.config
    return _Kind(recipe.cls, structure, names, recipe)


def _values_of(kind, optimizer, number_places, numbers):
    """The values of an optimizer's numbers, in the order of their names."""
    if not kind.names:
        return tf.zeros(0, tf.float64)
    where = []
    for position, place in enumerate(number_places):
        if place.holder is vars(optimizer):
            where.append(position)
    return tf.gather(numbers, where)


def _inputs(optimizer, variables, kind, values):
    """For each variable, by its id: the update to copy, and what that captures.

    None if this Keras names its variables otherwise.
    """
    all_axes = tuple(sorted({len(variable.shape) for variable in variables}))
    updates = _traced(kind, all_axes, *process_settings())
    prepared = dict(enumerate(updates.prepare(values)))
    handles = {each.name: each.value.handle for each in optimizer.variables}
    inputs = {}
    for variable in variables:
        name = variable.path.replace("/", "_")
        known = {**handles, name: variable.value.handle, **prepared}
        update = updates.of_axes[len(variable.shape)]
        captured = [known.get(wanted) for wanted in update.captured_by(name)]
        if any(each is None for each in captured):
            return None
        # Keras hands the optimizer the variable of TensorFlow in its own.
        inputs[id(variable.value)] = (update, captured)
    return inputs


@functools.lru_cache(maxsize=64)
def _traced(kind, all_axes, *settings_of_process):
    # In a thread that is not in the midst of tracing another graph.
    return isolated(SharedUpdates, kind, all_axes)


class SharedUpdates:
    """The updates of an optimizer, of variables with several numbers of axes.

    Parameters
    ----------
    kind : _Kind
        Of the optimizer.
    all_axes : sequence of int
        Numbers of axes.

    Attributes
    ----------
    prepare : tf.types.experimental.ConcreteFunction
        Takes the numbers of the optimizer, and returns a list of what is made of them
        alone. To be called outside the loop over batches.
    of_axes : dict of int to SharedUpdate
        The updates, which need that list.
    """

    def __init__(self, kind, all_axes):
        templates = []
        for n_axes in all_axes:
            value = np.zeros([1] * n_axes, np.float32)
            templates.append(keras.Variable(value, name=f"template_{n_axes}"))
        optimizer = kind.recipe.make(learning_rate=0.0)
        optimizer.build(templates)
        # Kept, because a graph without its variables cannot be called.
        self._variables = [*templates, *optimizer.variables]
        places = [Place(vars(optimizer), name) for name in kind.names]
        self.of_axes = {}

        def prepare(numbers):
            # The updates are traced inside of this graph. Numbers are computed in the
            # graph they come from, which is this one, and the updates capture them.
            prepared = []
            with decided_later(places, numbers):
                for n_axes, template in zip(all_axes, templates, strict=True):
                    update = SharedUpdate(optimizer, template, prepared)
                    self.of_axes[n_axes] = update
            return prepared

        self.prepare = _graph(prepare, tf.TensorSpec(len(places), tf.float64))


class SharedUpdate:
    """The graph of an optimizer's update of a variable.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Built for the template.
    template : keras.Variable
        With the number of axes of the variables that are to be updated.
    prepared : list of tf.Tensor
        Tensors of the graph that is being traced, for what the update captures of it.
        Others that it captures are appended.
    """

    def __init__(self, optimizer, template, prepared):
        def update(gradient, learning_rate):
            optimizer.update_step(gradient, template.value, learning_rate)

        # The size of the gradient is left open, and that of a captured variable is not
        # part of a graph. So the graph serves variables of any size.
        gradient = tf.TensorSpec([None] * len(template.shape), tf.float32)
        rate = tf.TensorSpec((), tf.float32)
        traced = _graph(update, gradient, rate)
        self.definition = traced.graph.as_graph_def()
        # Copies get their inputs from the graph that they are put into.
        for node in list(self.definition.node):
            if node.op == "Placeholder":
                self.definition.node.remove(node)
        self._input_names = [each.name for each in traced.inputs]
        self._captured = []
        # Keras names what an optimizer keeps of a variable after it: "conv_1_momentum".
        names = {id(template.value.handle): "{}"}
        for each in optimizer.variables:
            names[id(each.value.handle)] = each.name.replace(template.name, "{}")
        for tensor in traced.captured_inputs:
            self._captured.append(names.get(id(tensor)) or _position(tensor, prepared))

    def captured_by(self, name):
        """What the update of a variable captures.

        Parameters
        ----------
        name : str
            Of the variable, as an optimizer writes it.

        Returns
        -------
        list of str or int
            Names of variables, and positions in what is prepared.
        """
        wanted = []
        for each in self._captured:
            wanted.append(each.format(name) if isinstance(each, str) else each)
        return wanted

    def copy(self, inputs):
        """Copy the update into the graph that is being traced.

        Parameters
        ----------
        inputs : list of tf.Tensor
            A gradient, the learning rate, and what is captured.
        """
        graph = tf.compat.v1.get_default_graph()
        # Variables are outside of it, and so is what comes from before a loop.
        inputs = [graph.capture(tensor) for tensor in inputs]
        inputs = dict(zip(self._input_names, inputs, strict=True))
        tf.graph_util.import_graph_def(self.definition, inputs, name="copied_update")


def _position(tensor, prepared):
    """Where a tensor is in a list, to which it is appended if it is not there."""
    for position, other in enumerate(prepared):
        if other is tensor:
            return position
    prepared.append(tensor)
    return len(prepared) - 1


def _graph(function, *specs):
    return tf.function(function, autograph=False).get_concrete_function(*specs)
