"""scikit-learn's own checks of an estimator: with pandas installed and
SCIPY_ARRAY_API=1, none is skipped.
"""

import os
from inspect import signature

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skcnn import ConvBlock, ConvPoolClassifier

EXPECTED_FAILURES = {
    "check_estimator_tags_renamed": "scikeras' BaseWrapper still defines _more_tags, which no subclass can undo",
    "check_sample_weight_equivalence_on_dense_data": (
        "repeating a sample changes the batches of stochastic gradient descent, as it does for SGDClassifier"
    ),
}

# The checks fit tables of as few as two features, so the network is one-dimensional and
# does not pool, and hold so few samples that it takes small batches and many epochs to
# learn anything. Nearly every check has a table of another shape, for which the network
# is compiled anew; each layer more would add a fifth to that.
SMALL = {"epochs": 30, "batch_size": 16, "dense_layers": (), "random_state": 0}
CONVOLUTION = [ConvBlock(8, 3, pool_size=None)]
CONFIGURATIONS = [
    ConvPoolClassifier(CONVOLUTION, **SMALL),
    ConvPoolClassifier(CONVOLUTION, **SMALL, batch_norm=True, augmentation="shift"),
    ConvPoolClassifier(
        CONVOLUTION,
        **SMALL | {"epochs": 40, "dense_layers": (16,)},  # learns from fewer samples
        early_stopping=True,
        n_iter_no_change=20,
        validation_fraction=0.2,
    ),
    ConvPoolClassifier((), **SMALL | {"dense_layers": (32,)}),
]


# What is expected to fail must fail, where scikit-learn can be told so.
IS_NEW = "xfail_strict" in signature(parametrize_with_checks).parameters
STRICT = {"xfail_strict": True} if IS_NEW else {}


@pytest.mark.slow
@parametrize_with_checks(
    CONFIGURATIONS,
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    **STRICT,
)
def test_sklearn_check(estimator, check):
    check(estimator)


def test_no_check_is_skipped_for_want_of_a_package():
    pytest.importorskip("pandas", reason="the test extra installs it")
    assert os.environ.get("SCIPY_ARRAY_API") == "1", (
        "run the tests by 'make test', or with SCIPY_ARRAY_API=1"
    )
