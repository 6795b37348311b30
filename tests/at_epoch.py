"""Callbacks that act at the end of one epoch: stop, press Ctrl-C, or what a test likes."""


class AtEpoch:
    """A scikit-learn callback that acts at the end of one epoch, counted from 1.

    Training stops if the action returns True.
    """

    def __init__(self, epoch, action):
        self.epoch = epoch
        self.action = action

    def setup(self, estimator, context):
        self.seen = 0

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name != "epoch":
            return False
        self.seen += 1
        return self.seen == self.epoch and self.action() is True


def stop():
    return True


def ctrl_c(*_):
    """What Ctrl-C does; also a function of an epoch and its logs, as Keras calls them."""
    raise KeyboardInterrupt
