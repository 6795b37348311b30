"""Callbacks of scikit-learn, which came with its version 1.9."""

try:
    from sklearn.callback import ProgressBar, ScoringMonitor
except ImportError:
    ProgressBar = ScoringMonitor = lambda *args, **kwargs: None  # nobody takes them

__all__ = ["ProgressBar", "ScoringMonitor"]
