"""The classifiers that displays draw; a search or pipeline is told where its own is."""

from collections.abc import Mapping

from sklearn.utils.validation import check_is_fitted

from skcnn._classifier import ConvPoolClassifier


def check_classifiers(estimators):
    """Refuse what is not a sequence of fitted classifiers.

    Parameters
    ----------
    estimators : sequence of ConvPoolClassifier

    Raises
    ------
    TypeError
        Naming what is another, and where its classifier is.
    ValueError
        If there is none.
    NotFittedError
    """
    if not hasattr(estimators, "__len__") or hasattr(estimators, "steps"):
        raise TypeError(
            "estimators must be a sequence of classifiers; got a "
            f"{type(estimators).__name__}. Pass [estimators]."
        )
    if not len(estimators):
        raise ValueError("estimators must be at least one; got none.")
    for number, estimator in enumerate(estimators):
        check_classifier(estimator, f"estimators[{number}]")


def check_classifier(estimator, name="estimator", *, fitted=True):
    """Refuse what is not a classifier.

    Parameters
    ----------
    estimator : ConvPoolClassifier
    name : str, default="estimator"
        The argument, for messages.
    fitted : bool, default=True
        Whether it must have been fitted.

    Raises
    ------
    TypeError
        Naming what it is instead, and where its classifier is.
    NotFittedError
    """
    if not isinstance(estimator, ConvPoolClassifier):
        raise TypeError(
            f"{name} must be a ConvPoolClassifier; got a {type(estimator).__name__}."
            f"{_remedy(estimator, name)}"
        )
    if fitted:
        check_is_fitted(estimator)


def names_of(classes, target_names):
    """The name of each class; None for none.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    target_names : sequence of str or None
        As the user gave them.

    Returns
    -------
    dict of label to str, or None

    Raises
    ------
    ValueError
        If there are not as many names as classes.
    """
    if target_names is None:
        return None
    is_sequence = hasattr(target_names, "__len__") and hasattr(target_names, "__iter__")
    is_mapping = isinstance(target_names, Mapping)
    if not is_sequence or is_mapping or len(target_names) != len(classes):
        raise ValueError(
            f"target_names must be {len(classes)} in a sequence, one for each class; "
            f"got {target_names!r}."
        )
    return dict(zip(classes, target_names, strict=True))


def _remedy(estimator, name):
    if isinstance(estimator, (list, tuple)):
        return " Of several, draw one after the other, or use from_estimators."
    inner, code = estimator, name
    while not isinstance(inner, ConvPoolClassifier):
        if hasattr(inner, "best_estimator_"):
            inner, code = inner.best_estimator_, f"{code}.best_estimator_"
        elif hasattr(inner, "steps"):
            inner, code = inner.steps[-1][1], f"{code}[-1]"
        else:
            return _remedy_for_search(inner, code)
    images = f" Images are those that {code[:-4]}[:-1].transform(X) gives."
    return f" Pass {code}." + (images if code.endswith("[-1]") else "")


def _remedy_for_search(estimator, code):
    """For a search that has no best estimator, because of `refit` or before its fit."""
    if not hasattr(estimator, "refit"):
        return ""
    return f" Pass {code}.best_estimator_, which its fit leaves with refit=True."
