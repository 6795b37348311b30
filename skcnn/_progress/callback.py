"""What scikit-learn calls, in the main process and in its workers.

A worker has a copy of the callback, which sends what happens to the main process.
There, the Show of the outermost fit counts it and draws the line.
"""

import contextlib
import functools
import warnings
from multiprocessing import parent_process
from numbers import Real
from typing import NamedTuple

import numpy as np

from skcnn._callback_support import raise_that_callbacks_are_missing
from skcnn._candidates import every_parameter
from skcnn._compat import Interval, open_listener, send, validate_parameter_constraints
from skcnn._first_score import wait_for_first_score
from skcnn._parameters import all_parameters
from skcnn._progress import tasks
from skcnn._progress.jobs import is_network, job_of
from skcnn._progress.line import in_short
from skcnn._progress.screen import screen_here
from skcnn._progress.show import Show

_shows = {}  # identifier of a running fit -> its Show, in the process that shows it


class Route(NamedTuple):
    """The way from a task, in whatever process it runs, to the Show of its fit."""

    mailbox: tuple
    identifier: object
    tried: tuple = ()  # names of the parameters that the search tries

    def send(self, *event):
        """Tell the Show of an event, as :meth:`Tally.tell` takes it."""
        send(self.mailbox, (self.identifier, *event))

    def send_score(self, number, score):
        """Tell it of a score, which must be had without progress, too."""
        with contextlib.suppress(Exception):
            self.send("score", number, score)


@functools.cache
def _mailbox():
    """Where workers send what happens in any fit that this process shows."""
    return open_listener(_deliver)


def _deliver(message):
    identifier, *event = message
    show = _shows.get(identifier)
    if show is not None:  # it may have been stopped, while workers go on
        show.tell(*event)


def _harmless(hook):
    """A fault in showing progress must not stop what it shows."""

    @functools.wraps(hook)
    def guarded(self, estimator, context, **kwargs):
        try:
            hook(self, estimator, context, **kwargs)
        except Exception as error:
            self._give_up(context, error)

    return guarded


class SearchProgress:
    """Shows in one line how far a search is: fits, epochs, best score and time left.

    Give it to the outermost estimator, with `set_callbacks`. A terminal and a notebook
    replace the line as it changes. A log, a pipe or a file gets a line at the start,
    one every `interval` seconds, and one at the end. All goes to standard error.

    Parameters
    ----------
    interval : float, default=30
        Seconds between two lines in a log.

    Attributes
    ----------
    max_propagation_depth : None
        Tells scikit-learn to hand the callback on at all depths, so that a network
        inside a Pipeline is heard.

    See Also
    --------
    sklearn.callback.ProgressBar : Bars for each fit, or one for the whole search.

    Notes
    -----
    ``18/97 fits | 1:12, 3:40 left | 43 epochs + 41 saved | best 0.9713: 32-64, 0.25``
    says: 18 of 97 fits are over; the last will train the best candidate again. 1:12
    minutes have passed, and about 3:40 are left. 43 epochs were trained. 41 more were
    asked for, and known from other fits or `memory`. The best mean score over all folds
    is 0.9713, of the candidate with these values.

    The time left counts epochs still to be trained, at what an epoch of their network
    takes. It is not shown while all epochs are known: nobody knows how long that goes
    on.

    The best score is heard where the classifier computes it. With another `scoring`,
    it is shown at the end, if the search has a `best_score_`. `cross_val_score` and its
    like tell callbacks nothing, so each fit in them has a line of its own.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, SearchProgress
    >>> grid = {"dropout": [0.25, 0.5], "epochs": [5, 10]}
    >>> search = GridSearchCV(ConvPoolClassifier(random_state=0), grid)
    >>> search = search.set_callbacks(SearchProgress())
    """

    max_propagation_depth = None

    def __init__(self, interval=30):
        if open_listener is None:
            raise_that_callbacks_are_missing(type(self).__name__)
        validate_parameter_constraints(
            {"interval": [Interval(Real, 0, None, closed="neither")]},
            {"interval": interval},
            caller_name=type(self).__name__,
        )
        self.interval = interval
        self._routes = {}  # identifier of a running fit -> its Route
        self._is_copy = False

    def __repr__(self):
        return f"{type(self).__name__}(interval={self.interval!r})"

    def __getstate__(self):
        # Another thread may begin a search while a worker gets its copy of the routes.
        return vars(self) | {"_routes": dict(self._routes), "_is_copy": True}

    @_harmless
    def setup(self, estimator, context):
        """Begin to show; called by scikit-learn when the outermost fit begins.

        Parameters
        ----------
        estimator : estimator
            The outermost one.
        context : sklearn.callback.CallbackContext
            Its task.
        """
        if self._is_copy and parent_process() is not None:
            return  # a worker process, which is not to print
        identifier = context.root_uuid
        _shows[identifier] = Show(estimator, screen_here(self.interval))
        self._routes[identifier] = Route(_mailbox(), identifier)

    @_harmless
    def on_fit_task_begin(self, estimator, context, *, X=None):
        """Take notice of a task that begins.

        Parameters
        ----------
        estimator : estimator
            Whose task it is.
        context : sklearn.callback.CallbackContext
            The task.
        X : array-like, default=None
            Its images.
        """
        route = self._routes.get(context.root_uuid)
        if route is None:
            return
        fit = tasks.fit_of(estimator, context)
        if fit is None and tasks.is_round(estimator, context):
            self._begin_search(estimator, context, route)
        if fit is context:
            _begin_fit(estimator, fit, route)
        if is_network(estimator) and context.task_name != "epoch":
            shape, n_images = np.shape(X)[1:], len(X)
            epochs = {"epochs": context.max_subtasks}  # one for partial_fit
            job = job_of(all_parameters(estimator) | epochs, shape, n_images)
            route.send("network", tasks.number_of(fit), job, shape, n_images)

    @_harmless
    def on_fit_task_end(self, estimator, context):
        """Take notice of a task that ends.

        Parameters
        ----------
        estimator : estimator
            Whose task it is.
        context : sklearn.callback.CallbackContext
            The task.
        """
        route = self._routes.get(context.root_uuid)
        if route is None:
            return
        fit = tasks.fit_of(estimator, context)
        if is_network(estimator) and context.task_name == "epoch":
            route.send("epoch", tasks.number_of(fit), context.is_trained)
        elif is_network(estimator):
            tell = functools.partial(route.send_score, tasks.number_of(fit))
            wait_for_first_score(estimator, tell)
        if fit is context:
            route.send("fit_over", tasks.number_of(fit))
        if context.parent is None:
            _shows[context.root_uuid].has_succeeded = True

    @_harmless
    def teardown(self, estimator, context):
        """Say how it ended; called by scikit-learn after an error, too.

        Parameters
        ----------
        estimator : estimator
            The outermost one.
        context : sklearn.callback.CallbackContext
            Its task.
        """
        self._routes.pop(context.root_uuid, None)
        show = _shows.pop(context.root_uuid, None)
        if show is not None:
            show.end()

    def _begin_search(self, search, context, route):
        """In the main process, before there are workers."""
        tried = tasks.tried_parameters(search)
        self._routes[context.root_uuid] = route._replace(tried=tried)
        round_ = tasks.round_of(search, context)
        _shows[context.root_uuid].begin_search(search, round_)

    def _give_up(self, context, error):
        self._routes.pop(context.root_uuid, None)
        if parent_process() is None:
            message = f"SearchProgress shows no more ({error!r}); the fit goes on."
            with contextlib.suppress(Warning):  # not even where warnings are errors
                warnings.warn(message, stacklevel=2)


def _begin_fit(estimator, fit, route):
    if tasks.is_alone(fit):
        _shows[fit.root_uuid].begin_alone()
    params = every_parameter(estimator) if route.tried else {}
    route.send("fit", tasks.number_of(fit), in_short(params, route.tried))
