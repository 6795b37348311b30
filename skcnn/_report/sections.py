"""The sections of a report, and why one is left out."""

import warnings

from skcnn._report import curves, network, study
from skcnn._report.subject import Missing

# In the order of the page. Each is a function of the subject, which gives what the
# template shows under this name.
SECTIONS = {
    "data": study.data,
    "asked": study.asked,
    "candidates": study.candidates,
    "comparison": study.comparison,
    "effects": study.effects,
    "design": network.design,
    "curves": curves.curves,
    "errors": network.errors,
    "sharing": study.sharing,
    "again": study.again,
}


def gather(subject):
    """What each section shows.

    Parameters
    ----------
    subject : Subject

    Returns
    -------
    dict of str to dict
        A section that cannot be written has the reason in ``"missing"``. What was
        warned of is in ``"notes"``.
    """
    return {name: _facts(make, subject) for name, make in SECTIONS.items()}


def _facts(make, subject):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            facts = make(subject)
        except (Missing, ValueError) as error:
            # The displays and tables say themselves what they need.
            facts = {"missing": str(error)}
    notes = dict.fromkeys(str(warning.message) for warning in caught)
    return facts | {"notes": list(notes)}
