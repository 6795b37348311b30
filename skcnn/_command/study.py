"""The folder of a study: its settings, states, model and report."""

import json
from dataclasses import dataclass
from pathlib import Path

import joblib

# What makes it another study, if it differs. More minutes only extend one.
_FIXED = ("folder", "size", "max_params", "resize")


@dataclass(frozen=True)
class StudyFolder:
    """Where a command keeps what it makes.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def memory(self):
        """Folder of the training states."""
        return self.path / "memory"

    @property
    def images(self):
        """Folder of the decoded images."""
        return self.path / "images"

    @property
    def model_file(self):
        """The fitted classifier."""
        return self.path / "model.joblib"

    @property
    def report_file(self):
        """The report."""
        return self.path / "report.html"

    @property
    def _settings_file(self):
        return self.path / "study.json"

    def settings(self):
        """What the study was begun with; empty for a new one."""
        if not self._settings_file.exists():
            return {}
        return json.loads(self._settings_file.read_text(encoding="utf-8"))

    def begin(self, settings):
        """Make the folder, or go on with one that has the same settings.

        Parameters
        ----------
        settings : dict
            What was asked for, as JSON has it.

        Returns
        -------
        dict
            What was kept of an earlier call; perhaps nothing.

        Raises
        ------
        ValueError
            If it holds another study.
        """
        known = self.settings()
        for name in _FIXED:
            if known and known[name] != settings[name]:
                option = "the folder" if name == "folder" else f"--{name}"
                raise ValueError(
                    f"{self.path} has a study of {option.replace('_', '-')} "
                    f"{known[name]}; got {settings[name]}. Name another folder, such "
                    f"as --out {self.path}-2."
                )
        self.path.mkdir(parents=True, exist_ok=True)
        return known

    def keep(self, settings):
        """Write the settings of the study."""
        self._settings_file.write_text(json.dumps(settings, indent=2), encoding="utf-8")

    def save_model(self, classifier):
        """Keep a fitted classifier."""
        joblib.dump(classifier, self.model_file)

    def load_model(self):
        """The classifier that a search has left.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        if not self.model_file.exists():
            raise FileNotFoundError(
                f"{self.path} has no model.joblib. Search first: "
                f"python -m skcnn search IMAGES --out {self.path}"
            )
        return joblib.load(self.model_file)
