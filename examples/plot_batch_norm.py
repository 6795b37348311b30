"""
Batch normalization's trap
==========================
"""

# %%
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier, search_results
from skcnn.datasets import load_digits
from skcnn.plotting import GridSearchDisplay

n_samples = 300
all_epochs = [1, 3, 5, 10, 20, 40]

X, y = load_digits(n_samples=n_samples, random_state=0, return_X_y=True)
network = ConvPoolClassifier(
    [(8, 3), (16, 3)],
    dense_layers=[],
    convs_per_block=1,
    dropout=0,
    batch_norm=True,
    batch_size=20,
    random_state=0,
)
grid = {"batch_norm_statistics": ["moving", "fresh"], "epochs": all_epochs}
search = GridSearchCV(network, grid, cv=3, return_train_score=True).fit(X, y)
print(search_results(search).to_string(index=False))
GridSearchDisplay.from_search(
    search, x="epochs", y="batch_norm_statistics", kind="lines"
)
