"""What is done about TensorFlow and Keras at run time.

Three things that neither offers: to make Keras objects without a trace in the caller's
Keras state, to run a graph as it was traced, and to run a graph on other variables.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor

from skcnn._compat import call_graph, tf_context


def isolated(function, *args):
    """Call a function that makes Keras objects, and leave the caller's Keras as it is.

    Keras counts the names it has given, and keeps its data type policy, in thread-local
    storage. A thread of its own starts with a clean one and takes it along when it
    ends. (`floatx` and `epsilon` belong to the whole process.)

    Parameters
    ----------
    function : callable
    *args
        Its arguments.

    Returns
    -------
    object
        What the function returns.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *args).result()


@contextlib.contextmanager
def unrewritten_graphs():
    """Run graphs as they were traced, in this thread.

    TensorFlow rewrites a graph before its first run. That takes a good part of the time
    that a program costs, and makes steps on small images slower, not faster. It can
    change rounding, for instance with batch normalization: always off is as
    reproducible as always on, but such a network rounds otherwise than in Model.fit.
    """
    context = tf_context.context()
    before = context.function_call_options
    config = context.config
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    context.function_call_options = tf_context.FunctionCallOptions(
        before.executor_type, config
    )
    try:
        yield
    finally:
        context.function_call_options = before


def call_on_variables(graph, inputs, handles):
    """Call a traced graph on other variables than those it was traced with.

    A graph holds no variable, only handles, which are tensors that say where a variable
    is. It gets them as hidden inputs at each call. So the same graph works on whatever
    variables those inputs name:

    .. code-block:: text

        traced once, from a Keras model         called by each of its programs

        model:   w    b    step                 own variables:  w'   b'   step'
                 |    |    |                                    |    |    |
        graph(images, [w, b, step])             graph(images, [w', b', step'])
                      hidden inputs                           the same places

    To trace a training step takes a third of a second or more, and its graphs some
    20 MB. Variables are made in a moment. That is why networks that are alike share
    graphs and not variables.

    Parameters
    ----------
    graph : tf.types.experimental.ConcreteFunction
    inputs : list of tf.Tensor
    handles : dict of int to tf.Tensor
        From the id of the handle of a captured variable to the handle to use in its
        place.

    Returns
    -------
    object
        What the graph returns.
    """
    # A handle is known by its identity: a tensor has no other name that is sure to be
    # its own. What is not in `handles` belongs to a user's loss, and stays what it is:
    # such a graph serves one run alone.
    captured = []
    for tensor in graph.captured_inputs:
        captured.append(handles.get(id(tensor), tensor))
    return call_graph(graph, inputs, captured)
