"""Checks what was given, fills in the template and writes the file."""

import os
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length

from skcnn._checks import shown
from skcnn._given_classifiers import names_of
from skcnn._labels import check_labels
from skcnn._paths import as_path
from skcnn._report.sections import gather
from skcnn._report.subject import Missing, Subject
from skcnn._report.tables import cell
from skcnn._warnings import warn_once


def report(
    search,
    path,
    X=None,
    y=None,
    *,
    X_test=None,
    y_test=None,
    target_names=None,
    metric=None,
    title=None,
    conclusions=None,
    fit_params=None,
):
    """Write a search as one HTML file: data, results, pictures, and how to repeat it.

    The file needs nothing besides itself. It can be read on a phone, printed, and sent.
    Nothing is trained for it.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or the like
        Fitted, over the parameters of a :class:`~skcnn.ConvPoolClassifier` or of a
        Pipeline that ends in one.
    path : str or path
        The file to write, such as ``"report.html"``. One that is there is replaced.
    X, y : array-like, default=None
        The images and labels that the search was fitted on.
    X_test, y_test : array-like, default=None
        Images and labels that had no part in the search. Accuracy by class, errors and
        heat maps are of these.
    target_names : sequence of str of length n_classes, default=None
        Names of the classes, in the order of `classes_`. None writes the labels
        themselves.
    metric : str, default=None
        Which score the pictures show, for a search that has several. None takes the
        only one, or that of `refit`.
    title : str, default=None
        The heading. None for "Report of a search".
    conclusions : str, default=None
        Your own words, which stand before the results. A blank line begins a paragraph.
    fit_params : dict, default=None
        What else `fit` of the search was given, such as
        ``{"sample_weight": weights}``. Without it the curves are not found.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ImportError
        Without Jinja, matplotlib or pandas.
    NotFittedError
        If the search has no results.
    FileNotFoundError
        If the folder of `path` does not exist.
    ValueError
        If only one of `X` and `y`, or of `X_test` and `y_test`, is given, or if their
        lengths differ. If `y_test` has no label that the network knows, or if there
        are not as many `target_names` as classes.

    Warns
    -----
    UserWarning
        If the network does not know some of the labels in `y_test`. Their images count
        as wrong.

    See Also
    --------
    search_results : The table of candidates alone.

    Notes
    -----
    A section for which something is missing says what. A section without a best
    estimator, for one, says that ``refit=True`` leaves one.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skcnn import ConvPoolClassifier, report
    >>> from skcnn.datasets import load_digits
    >>> X, y = load_digits(n_samples=100, random_state=0, return_X_y=True)
    >>> clf = ConvPoolClassifier([(4, 3)], dense_layers=(), random_state=0)
    >>> search = GridSearchCV(clf, {"epochs": [1, 2]}, cv=2).fit(X, y)
    >>> folder = tempfile.mkdtemp()
    >>> path = report(search, os.path.join(folder, "report.html"), X, y)
    >>> path.name
    'report.html'
    """
    path = as_path(path, "path")
    _check(search, path, {"X": X, "y": y}, {"X_test": X_test, "y_test": y_test})
    check_packages()
    page = _template("report.html")
    subject = Subject(
        search, X, y, X_test, y_test, target_names, metric, fit_params or {}
    )
    _check_classes(subject)
    text = page.render(
        title=title or "Report of a search",
        conclusions=_paragraphs(conclusions),
        date=date.today().isoformat(),
        best=_best(search),
        **gather(subject),
    )
    _replace(path, text)
    return path


def _check(search, path, *pairs):
    if not hasattr(search, "cv_results_"):
        raise NotFittedError(
            f"search must be fitted; got a {type(search).__name__} without cv_results_."
        )
    for pair in pairs:
        first, second = pair
        missing = [name for name, value in pair.items() if value is None]
        if len(missing) == 1:
            raise ValueError(
                f"{first} and {second} must be given together; got no {missing[0]}."
            )
        if not missing:
            check_labels(pair[second], second)
            check_consistent_length(*pair.values())
    folder = path.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"path must be in a folder that exists; got {str(path)!r}. Make the folder "
            f"with os.makedirs({str(folder)!r})."
        )


def _check_classes(subject):
    """Refuse names and test labels that are of other classes, where these are known."""
    with suppress(Missing):
        names_of(np.array(subject.classes), subject.target_names)
    if subject.y_test is None:
        return
    with suppress(Missing):
        if not subject.unknown:
            return
        classes = subject.classifier.classes_.tolist()
        if subject.unknown == np.unique(subject.y_test).tolist():
            raise ValueError(
                f"y_test must be labels such as {shown(classes)}, those of y; got "
                f"{shown(subject.unknown)}."
            )
        warn_once(subject.about_unknown())


def check_packages():
    """Ask for what a report needs, before anything is worked out.

    Raises
    ------
    ImportError
        Naming what is not installed.
    """
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
        import pandas  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"report needs {error.name}. Run: pip install jinja2 matplotlib pandas"
        ) from error


def _template(name):
    """The page to fill in. Jinja escapes whatever is put in it."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = cell
    return environment.get_template(name)


def _best(search):
    """The score that won, with its deviation over the folds, if the search says so."""
    if not hasattr(search, "best_index_") or not hasattr(search, "best_score_"):
        return None
    return {"score": float(search.best_score_)}


def _paragraphs(text):
    return [part for part in (text or "").split("\n\n") if part.strip()]


def _replace(path, text):
    """Write a file that is there as a whole, or as it was before."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
