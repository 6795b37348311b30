"""What scikit-learn calls, in the main process and in workers."""

import contextlib
import functools
import os
import threading
import time
import warnings
from multiprocessing import parent_process
from numbers import Real

import numpy as np

from skcnn._compat import Interval, open_listener, send, validate_parameter_constraints
from skcnn._first_score import wait_for_first_score
from skcnn._parameters import all_parameters
from skcnn._progress.jobs import job_of
from skcnn._progress.rounds import round_of, tried_parameters
from skcnn._progress.screen import screen_here
from skcnn._progress.show import Show
from skcnn._progress.tasks import is_refit, is_round, is_whole_fit, place
from skcnn._progress.words import in_short
from skcnn._search import every_parameter

_shows = {}  # identifier of a running fit -> its Show; of this process alone
_epoch = threading.local()  # when the epoch of this thread began


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

    Give it to the outermost estimator, with `set_callbacks`. In a terminal and in a
    notebook the line is replaced as it changes. In a log, a pipe or a file there is a
    line at the start, one every `interval` seconds, and one at the end. All is written to
    standard error.

    Parameters
    ----------
    interval : float, default=30
        Seconds between two lines in a log.

    Attributes
    ----------
    max_propagation_depth : None
        Tells scikit-learn to hand the callback on at all depths, so that a network inside
        a Pipeline is heard.

    See Also
    --------
    sklearn.callback.ProgressBar : Bars for each fit; ``max_propagation_depth=0`` leaves one.

    Notes
    -----
    The line of a search, for example ``18/97 fits | 1:12, 3:40 left | 43 epochs + 41
    saved | best 0.9713: 32-64, 0.25``, says: 18 of 97 fits are over, the last of which
    will train the best candidate again. 1:12 minutes have passed, and about 3:40 are left. 43
    epochs were trained; 41 more were asked for, and known from other fits or `memory`.
    The best mean score over all folds is 0.9713, of the candidate with these values.

    The time left counts epochs still to be trained, at what an epoch of their network
    takes. It is not shown while all epochs are known, since nobody knows how long that
    goes on.

    The best score is heard where the classifier itself computes it, which is so unless
    the search has another `scoring`: then it is shown at the end, if the search has a
    `best_score_`. `cross_val_score` and its like tell callbacks nothing, so each fit in
    them has a line of its own.

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
        validate_parameter_constraints(
            {"interval": [Interval(Real, 0, None, closed="neither")]},
            {"interval": interval},
            caller_name=type(self).__name__,
        )
        self.interval = interval
        # Identifier of each running fit -> where to send what happens in it, and the
        # names of the parameters that its search tries. Never changed in place: a copy
        # for a worker may be made at any time.
        self._known = {}
        self._is_copy = False

    def __repr__(self):
        return f"{type(self).__name__}(interval={self.interval!r})"

    def __setstate__(self, state):
        self.__dict__.update(state, _is_copy=True)

    # What scikit-learn calls ------------------------------------------------------

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
        _shows[context.root_uuid] = Show(estimator, screen_here(self.interval))
        self._know(context, (_mailbox(), ()))

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
        if context.root_uuid not in self._known:
            return
        where = place(estimator, context)
        if where.fit is None:
            self._begin_above_fits(estimator, context, where)
        if where.is_fit:
            self._begin_fit(estimator, context, where)
        if where.is_network:
            shape, n_images = np.shape(X)[1:], len(X)
            epochs = {"epochs": context.max_subtasks}  # one for partial_fit
            job = job_of(all_parameters(estimator) | epochs, shape, n_images)
            self._send(context, "network", where.fit, job, shape, n_images)
        if where.is_epoch:
            _epoch.began = time.perf_counter()

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
        if context.root_uuid not in self._known:
            return
        where = place(estimator, context)
        if where.is_epoch:
            seconds = time.perf_counter() - _epoch.began
            self._send(context, "epoch", where.fit, context.is_trained, seconds)
        if where.is_network:
            self._wait_for_score(estimator, context, where)
        if where.is_fit:
            self._send(context, "fit_over", where.fit)
        if where.fit is None and is_round(estimator, context):
            self._send(context, "round_over", where.path)
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
        show = _shows.pop(context.root_uuid, None)
        self._forget(context)
        if show is not None:
            show.end()

    # What it tells ----------------------------------------------------------------

    def _begin_above_fits(self, estimator, context, where):
        """In the main process, before there are workers."""
        show = _shows[context.root_uuid]
        if is_round(estimator, context):
            show.search, show.tried = estimator, tried_parameters(estimator)
            self._know(context, (_mailbox(), show.tried))
            self._send(context, "round", where.path, round_of(estimator, context))
        elif is_whole_fit(context) and getattr(estimator, "refit", False):
            self._send(context, "refit_planned")

    def _begin_fit(self, estimator, context, where):
        lane, last = (os.getpid(), threading.get_ident()), is_refit(context)
        if last:
            _shows[context.root_uuid].tell_best()
        _, names = self._known[context.root_uuid]
        candidate = in_short(every_parameter(estimator), names) if names else {}
        self._send(context, "fit", where.fit, lane, candidate, last)

    def _wait_for_score(self, estimator, context, where):
        if not is_refit(context):
            mailbox, _ = self._known[context.root_uuid]
            event = context.root_uuid, "score", where.fit
            tell = functools.partial(_send_score, mailbox, event)
            wait_for_first_score(estimator, tell)

    def _send(self, context, *event):
        mailbox, _ = self._known[context.root_uuid]
        send(mailbox, (context.root_uuid, *event))

    def _know(self, context, details):
        self._known = {**self._known, context.root_uuid: details}

    def _forget(self, context):
        forgotten = context.root_uuid
        self._known = {key: self._known[key] for key in self._known if key != forgotten}

    def _give_up(self, context, error):
        self._forget(context)
        if parent_process() is None:
            message = f"SearchProgress shows no more ({error!r}); the fit goes on."
            with contextlib.suppress(Warning):  # not even where warnings are errors
                warnings.warn(message, stacklevel=2)


def _send_score(mailbox, event, score):
    with contextlib.suppress(Exception):  # a score must be had without progress, too
        send(mailbox, (*event, score))
