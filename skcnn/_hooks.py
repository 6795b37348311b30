"""What may happen around epochs: the protocol between the loop and whoever listens."""


class EpochHook:
    """Hears of the epochs of a fit; every method may be left as it is.

    An epoch reaches a hook in one of two ways. It is *replayed* if another fit computed
    it before, and *trained* if it is computed now. A fit tells of its epochs in this
    order:

    .. code-block:: text

        begin_epoch(0), end_epoch(1, ...)      replayed epochs, if there are any
        begin_epoch(1), end_epoch(2, ...)
        begin_training(model)                  only if an epoch remains to be trained
        begin_epoch(2), end_epoch(3, ...)      trained epochs
        begin_epoch(3)                         no end_epoch if this one diverges
        end_training()                         not after an exception of a hook
        release()                              always, if training was tried

    Numbers of epochs are always how many epochs of the run are finished: 0 before the
    first epoch, 1 after it.

    Attributes
    ----------
    exposes_model : bool
        Whether a user's code gets hold of the live model, so that it must have the
        weights at each moment. Such a hook has no replayed epochs, because its fit does
        not share.
    may_alter_model : bool
        Whether that code may change more of the model than its variables: a network
        that it had in its hands must serve nobody else.
    """

    exposes_model = False
    may_alter_model = False

    def begin_training(self, model):
        """Before the first epoch that is trained, with the state loaded.

        Parameters
        ----------
        model : keras.Model or None
            The live model, for a hook that exposes it; None for others.
        """

    def begin_epoch(self, n_finished):
        """Before an epoch.

        Parameters
        ----------
        n_finished : int
            Number of epochs finished so far.
        """

    def end_epoch(self, n_finished, logs, get_state):
        """After an epoch.

        Parameters
        ----------
        n_finished : int
            Number of epochs finished, this one included.
        logs : dict of str to float
            Loss and accuracy, with ``val_`` before them those of the validation data,
            and time in seconds. A hook may add to it.
        get_state : callable
            Gives the TrainingState after this epoch. It may be called now or at any
            time later, also after the fit. For a trained epoch the loop has read the
            state by then. For a replayed one it is looked up, or even computed again,
            so call it only where the state is needed.

        Returns
        -------
        bool or None
            True to stop here.
        """

    def end_training(self):
        """After the last epoch, before the state is read for good."""

    def release(self):
        """When training is over, also by an exception."""
