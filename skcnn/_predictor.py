"""What a fit leaves to predict with: a network's plan, its settings and its weights."""

from dataclasses import dataclass

from skcnn._architecture import Architecture
from skcnn._compiled_network import compiled_model, state_variables
from skcnn._divergence import check_probabilities
from skcnn._process import check_process
from skcnn._program import POOL
from skcnn._runtime import isolated
from skcnn._settings import CompileSettings
from skcnn._states import TrainingState


@dataclass(frozen=True)
class Predictor:
    """A trained network as data, which can predict and be made a Keras model.

    Attributes
    ----------
    architecture : Architecture
    settings : CompileSettings
    state : TrainingState
    """

    architecture: Architecture
    settings: CompileSettings
    state: TrainingState

    def predict(self, images):
        """Class probabilities.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, channels)

        Returns
        -------
        ndarray of shape (n, n_classes), float32

        Raises
        ------
        ValueError
            If the network makes no finite numbers of some images.
        """
        # A program of any optimizer predicts the same. A user's code need not run.
        settings = self.settings.for_predicting
        with POOL.borrow(self.architecture, settings) as program:
            program.load_model(self.state.arrays)
            probabilities = program.predict(images)
        check_probabilities(probabilities, images)
        return probabilities

    def model(self):
        """The network as a compiled model of its own, built anew.

        Returns
        -------
        keras.Model
            With the optimizer's state, so that Keras can go on training it.
        """
        check_process()
        # Isolated, so that names which Keras numbers do not depend on earlier ones.
        return isolated(self._build_model)

    def _build_model(self):
        model = compiled_model(self.architecture, self.settings)
        variables = state_variables(model)
        for variable, array in zip(variables, self.state.arrays, strict=True):
            variable.assign(array)
        return model
