"""``python -m skcnn predict``: the classes of image files."""

from skcnn._command.study import StudyFolder
from skcnn._paths import as_path
from skcnn.datasets import load_image_files


def run_predict(arguments):
    """Print path, class and probability of each file.

    Parameters
    ----------
    arguments : argparse.Namespace
        study, files.
    """
    study = StudyFolder(as_path(arguments.study, "the study"))
    classifier, resize = study.load_model()
    images = load_image_files(arguments.files, classifier.image_shape_, resize=resize)
    for file, probabilities in zip(
        arguments.files, classifier.predict_proba(images), strict=True
    ):
        label = classifier.classes_[probabilities.argmax()]
        print(f"{file}\t{label}\t{probabilities.max():.3f}")
