"""Pictures of studies, in the style of scikit-learn's displays.

- :class:`LearningCurvesDisplay`: loss and accuracy by epoch.
- :class:`GridSearchDisplay`: scores of a search by one or two of its parameters.
- :class:`WidthDepthDisplay`: accuracy by number of parameters.
- :class:`ComparisonDisplay`: which candidates are indistinguishable from the best.
- :class:`FilterDisplay`: the kernels of a convolution.
- :class:`PredictionsDisplay`: images with what they are and what they were taken for.
- :class:`ConfusionExamplesDisplay`: a confusion matrix, with images of the worst.
- :class:`AugmentationDisplay`: images as augmentation changes them.
- :class:`ArchitectureDisplay`: a network, layer by layer.
- :class:`FeatureMapsDisplay`: what a layer makes of images.
- :class:`GradCAMDisplay`: where in an image a network looks.

Each has a constructor that stores data. Its class methods ``from_...`` take the data
from what was fitted, and draw it. `plot` draws on new or given axes. Series differ in
marker and line style besides color, so that the pictures can be printed in gray.

On axes of your own, ``layout="constrained"`` of their figure makes room for labels and
legends. `plot` fits them to the size that the figure has then. Matplotlib is imported
only when something is drawn; ``pip install matplotlib`` brings it.
"""

from skcnn.plotting._architecture import ArchitectureDisplay
from skcnn.plotting._augmentation import AugmentationDisplay
from skcnn.plotting._comparison import ComparisonDisplay
from skcnn.plotting._confusion import ConfusionExamplesDisplay
from skcnn.plotting._feature_maps import FeatureMapsDisplay
from skcnn.plotting._filters import FilterDisplay
from skcnn.plotting._grad_cam import GradCAMDisplay
from skcnn.plotting._grid_search import GridSearchDisplay
from skcnn.plotting._learning_curves import LearningCurvesDisplay
from skcnn.plotting._predictions import PredictionsDisplay
from skcnn.plotting._width_depth import WidthDepthDisplay

__all__ = [
    "ArchitectureDisplay",
    "AugmentationDisplay",
    "ComparisonDisplay",
    "ConfusionExamplesDisplay",
    "FeatureMapsDisplay",
    "FilterDisplay",
    "GradCAMDisplay",
    "GridSearchDisplay",
    "LearningCurvesDisplay",
    "PredictionsDisplay",
    "WidthDepthDisplay",
]
