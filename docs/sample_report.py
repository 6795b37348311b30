"""Write the sample of a report: python docs/sample_report.py

`make docs` calls it. The sample is a page of half a megabyte, so no copy of it is kept.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier, report
from skcnn.datasets import load_digits

TARGET = Path(__file__).parent / "generated" / "report.html"


def main():
    X, y = load_digits(n_samples=600, random_state=0, return_X_y=True)
    X_test, y_test = load_digits(subset="test", return_X_y=True)
    estimator = ConvPoolClassifier(
        dense_layers=[], convs_per_block=1, batch_size=16, random_state=0
    )
    grid = {
        "conv_layers": [[(8, 3)], [(16, 3)], [(8, 3), (16, 3)]],
        "dropout": [0.0, 0.25],
        "epochs": [3, 6, 12],
    }
    search = GridSearchCV(estimator, grid, cv=3).fit(X, y)
    TARGET.parent.mkdir(exist_ok=True)
    report(
        search,
        TARGET,
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        title="Does depth help on digits?",
        conclusions="This is a sample. Here stand your own words: what you asked, what "
        "you saw, and what you conclude.",
    )


if __name__ == "__main__":
    main()
