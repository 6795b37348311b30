"""An optimizer's update of a variable, traced once for variables of any size.

Keras' training step updates variable by variable, with some thirty operations each. To
trace them takes half the time of tracing a step. But an optimizer does the same with
every variable. So its update becomes a graph of its own, and the training step of every
network calls it for each of its variables:

.. code-block:: text

    as Keras traces it                  here

    m1 <- m1 + (g1 - m1) * 0.1          update(g1, [w1, m1, v1])
    v1 <- v1 + (g1 * g1 - v1) * 0.001   update(g2, [w2, m2, v2])
    w1 <- w1 - rate * m1 / ...
    m2 <- m2 + (g2 - m2) * 0.1          update, once in a process:
    v2 <- ...                           m <- m + (g - m) * 0.1 ...

The bits are the same: Keras' own method is traced, and TensorFlow runs the same
operations on the same arrays. What Keras does around it, such as clipping, weight decay
and constraints, is traced as ever. (A graph of its own for each number of axes, because
Keras looks at that.)
"""

import functools
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from skcnn._backend import keras, tf
from skcnn._compat import call_graph
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

# The variable that an update is traced with. Keras names what an optimizer keeps of a
# variable after it: "template_momentum", "conv_1_kernel_momentum".
_TEMPLATE = "template"


@contextmanager
def sharing_updates(optimizer, variables, recipe, number_places=(), numbers=None):
    """Have an optimizer call the shared graphs of its update.

    For tracing a graph: what is traced in the block calls them, for good.

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
    calls = kind and _calls(optimizer, variables, kind)
    if not calls:
        yield
        return
    values = _values_of(kind, optimizer, number_places, numbers)

    def update_step(gradient, variable, learning_rate):
        graph, captured = calls[id(variable)]
        inputs = [gradient, tf.convert_to_tensor(learning_rate), values]
        call_graph(graph, inputs, captured)

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


def _calls(optimizer, variables, kind):
    """For each variable, by its id: the graph to call, and what it is to capture.

    None if this Keras names its variables otherwise.
    """
    handles = {each.name: each.value.handle for each in optimizer.variables}
    calls = {}
    for variable in variables:
        update = _traced(kind, len(variable.shape), *process_settings())
        own_name = variable.path.replace("/", "_")
        names = [_renamed(name, own_name) for name in update.captured]
        own_handles = {**handles, own_name: variable.value.handle}
        if not own_handles.keys() >= set(names):
            return None
        captured = [own_handles[name] for name in names]
        # Keras hands the optimizer the variable of TensorFlow in its own.
        calls[id(variable.value)] = (update.graph, captured)
    return calls


def _renamed(name, own_name):
    """The name of a variable of the template, for a variable of the model."""
    is_of_template = name is not None and name.startswith(_TEMPLATE)
    return own_name + name.removeprefix(_TEMPLATE) if is_of_template else name


@functools.lru_cache(maxsize=64)
def _traced(kind, n_axes, *settings_of_process):
    # In a thread that is not in the midst of tracing another graph.
    return isolated(SharedUpdate, kind, n_axes)


class SharedUpdate:
    """The graph of an optimizer's update of a variable.

    Parameters
    ----------
    kind : _Kind
        Of the optimizer.
    n_axes : int
        Number of axes of the variable.

    Attributes
    ----------
    graph : tf.types.experimental.ConcreteFunction
        Takes a gradient, a learning rate and the numbers of the optimizer. Captures a
        variable and what the optimizer keeps of it.
    captured : list of str or None
        Names of the variables that it captures; None for anything else.
    """

    def __init__(self, kind, n_axes):
        optimizer = kind.recipe.make(learning_rate=0.0)
        value = np.zeros([1] * n_axes, np.float32)
        template = keras.Variable(value, dtype="float32", name=_TEMPLATE)
        optimizer.build([template])
        places = [Place(vars(optimizer), name) for name in kind.names]

        def update(gradient, learning_rate, numbers):
            with decided_later(places, numbers):
                optimizer.update_step(gradient, template.value, learning_rate)

        # The size of the gradient is left open, and that of a captured variable is not
        # part of a graph. So the graph serves variables of any size.
        self.graph = tf.function(update, autograph=False).get_concrete_function(
            tf.TensorSpec([None] * n_axes, tf.float32),
            tf.TensorSpec((), tf.float32),
            tf.TensorSpec(len(places), tf.float64),
        )
        # Kept, because a graph without its variables cannot be called, even on others.
        self._variables = [template, *optimizer.variables]
        names = {id(each.value.handle): each.name for each in self._variables}
        self.captured = [names.get(id(each)) for each in self.graph.captured_inputs]
