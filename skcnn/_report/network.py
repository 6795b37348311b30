"""The best network: how it looks and errs."""

import warnings

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from skcnn._compat import take_samples
from skcnn._report.pictures import draw
from skcnn._report.tables import Table
from skcnn._value_labels import as_text
from skcnn.plotting import (
    ArchitectureDisplay,
    ConfusionExamplesDisplay,
    FeatureMapsDisplay,
    FilterDisplay,
    GradCAMDisplay,
    PredictionsDisplay,
)

_IN_A_ROW = 4  # images beside each other


def design(subject):
    """The network as a drawing, and the parameters that won."""
    network = subject.classifier
    rows = [
        [name, as_text(value)] for name, value in subject.search.best_params_.items()
    ]
    n_layers = len(network.architecture_.layers)
    pictures = [
        draw(
            "The layers of the network, from the images to the output",
            lambda ax: ArchitectureDisplay.from_estimator(network, ax=ax),
            height=min(1 + 0.36 * n_layers, 10),
        )
    ]
    if network.architecture_.blocks:
        pictures.append(
            draw(
                "The filters of the first convolution",
                lambda ax: FilterDisplay.from_estimator(network, ax=ax),
                height=3.6,
            )
        )
    return {
        "params": Table(["parameter", "value"], rows),
        "n_params": network.n_params_,
        "pictures": pictures,
    }


def errors(subject):
    """How the best network does on images that it has not seen."""
    X, y = subject.unseen
    X = subject.seen_by_network(X)
    predicted = subject.classifier.predict(X)
    n_wrong = int(np.sum(predicted != y))
    facts = {
        "n_images": len(y),
        "accuracy": float(np.mean(predicted == y)),
        "margin": _margin(n_wrong, len(y)),
        "n_wrong": n_wrong,
        "classes": _by_class(subject, y, predicted),
    }
    if subject.unknown:
        warnings.warn(subject.about_unknown(), stacklevel=2)
        known = np.flatnonzero(np.isin(y, subject.classifier.classes_))
        X, y, predicted = take_samples(X, known), y[known], predicted[known]
    return facts | {"pictures": _pictures(subject, X, y, predicted)}


def _pictures(subject, X, y, predicted):
    """What is taken for what, where it errs, and where it looks."""
    wrong = np.flatnonzero(predicted != y)
    pictures = [_confusions(subject, X, y)]
    if len(wrong):
        pictures.append(_mistakes(subject, X, y))
    if subject.classifier.architecture_.blocks:
        pictures += _looks(subject, np.asarray(X), y, wrong)
    return pictures


def _margin(n_wrong, n_images):
    """Half the width of a 95 % interval, after Agresti and Coull."""
    n = n_images + 4
    share = (n_wrong + 2) / n
    return 2 * float(np.sqrt(share * (1 - share) / n))


def _by_class(subject, y, predicted):
    labels = np.unique(y)
    scores = precision_recall_fscore_support(
        y, predicted, labels=labels, zero_division=np.nan
    )
    rows = []
    for label, precision, recall, _, count in zip(
        labels.tolist(), *scores, strict=True
    ):
        shares = [_share(recall), _share(precision)]
        rows.append([subject.name(label), *shares, f"{int(count):,}"])
    return Table(["class", "recall", "precision", "images"], rows)


def _share(value):
    return "" if np.isnan(value) else f"{value:.3f}"


def _confusions(subject, X, y):
    names = subject.target_names

    def plot(axes):
        ConfusionExamplesDisplay.from_estimator(
            subject.classifier, X, y, target_names=names, ax=axes
        )

    return draw(
        "A confusion matrix, and images of the worst confusions",
        plot,
        height=7.6,
        n_rows=2,
    )


def _mistakes(subject, X, y):
    def plot(axes):
        PredictionsDisplay.from_estimator(
            subject.classifier,
            X,
            y,
            which="wrong",
            n_images=2 * _IN_A_ROW,
            target_names=subject.target_names,
            ax=axes,
        )

    return draw("Images that are wrong", plot, 3.6, n_rows=2, n_columns=_IN_A_ROW)


def _looks(subject, X, y, wrong):
    """Where the network looked: at mistakes, if there are enough, or at the first."""
    enough = len(wrong) >= _IN_A_ROW
    chosen = wrong[:_IN_A_ROW] if enough else np.arange(len(y))[:_IN_A_ROW]
    about = "images that are wrong" if enough else "the first images"
    network, names = subject.classifier, subject.target_names

    def plot(axes):
        rows = np.reshape(axes, (2, -1))
        for row, target in zip(rows, (None, y[chosen]), strict=True):
            GradCAMDisplay.from_estimator(
                network,
                X[chosen],
                target=target,
                target_names=names,
                ax=row,
            )

    alt = f"Where the network finds evidence in {about}: above for its answer, below "
    alt += "for the true class"
    return [draw(alt, plot, 3.2, n_rows=2, n_columns=len(chosen)), _maps(network, X)]


def _maps(network, X):
    def plot(ax):
        FeatureMapsDisplay.from_estimator(network, X[:2], ax=ax, colorbar=False)

    return draw("What the first convolution makes of two images", plot, height=1.5)
