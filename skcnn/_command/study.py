"""The folder of a study: its settings, states, model and report."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

import joblib

# What makes it another study, if it differs. More minutes only extend one.
_FIXED = ("folder", "size", "max_params", "resize")
_SETTINGS = (*_FIXED, "minutes", "n_candidates")


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

    def check_outside(self, images):
        """Refuse a folder among the images, where it would be taken for a class.

        Parameters
        ----------
        images : Path
            The folder of images.

        Raises
        ------
        ValueError
        """
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(
                f"--out must be a folder; got the file {self.path}. Name another, such "
                f"as --out {self._beside('-study')}"
            )
        images_folder = images.resolve()
        if self.path.resolve().is_relative_to(images_folder):
            beside = images_folder.with_name(f"{images_folder.name}-study")
            command = ["search", str(images), "--out", str(beside)]
            raise ValueError(
                f"--out must be outside of the folder of images; got {self.path}, "
                "which is in it, and would be taken for a class. Name a folder beside "
                f"it: python -m skcnn {shlex.join(command)}"
            )

    def _beside(self, ending):
        """A folder of another name, as a shell reads it."""
        return shlex.quote(f"{self.path}{ending}")

    def settings(self):
        """What the study was begun with; empty for a new one.

        Raises
        ------
        ValueError
            If the file is damaged.
        """
        if not self._settings_file.exists():
            return {}
        try:
            settings = json.loads(self._settings_file.read_text(encoding="utf-8"))
            return {name: settings[name] for name in _SETTINGS}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{self._settings_file} is damaged. Delete it, and search again: what "
                f"{self.memory} has is not trained a second time."
            ) from error

    def known(self, settings):
        """What an earlier call has kept, if it had the same settings.

        Parameters
        ----------
        settings : dict
            What is asked for, as JSON has it.

        Returns
        -------
        dict
            Empty for a new study.

        Raises
        ------
        ValueError
            If the folder holds another study.
        """
        known = self.settings()
        for name in _FIXED:
            if known and known[name] != settings[name]:
                option = "the folder" if name == "folder" else f"--{name}"
                raise ValueError(
                    f"{self.path} has a study of {option.replace('_', '-')} "
                    f"{known[name]}; got {settings[name]}. Name another folder, such "
                    f"as --out {self._beside('-2')}"
                )
        return known

    def keep(self, settings):
        """Write the settings of the study. Its folder is made."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._settings_file.write_text(json.dumps(settings, indent=2), encoding="utf-8")

    def save_model(self, classifier):
        """Keep a fitted classifier."""
        joblib.dump(classifier, self.model_file)

    def load_model(self):
        """The classifier that a search has left, and how it had images resized.

        Returns
        -------
        classifier : ConvPoolClassifier
        resize : str

        Raises
        ------
        FileNotFoundError
            If there is none, or no settings.
        ValueError
            If a file is damaged.
        """
        again = f"python -m skcnn search IMAGES --out {shlex.quote(str(self.path))}"
        if not self.model_file.exists():
            raise FileNotFoundError(
                f"{self.path} has no model.joblib. Search first: {again}"
            )
        settings = self.settings()
        if not settings:
            raise FileNotFoundError(
                f"{self.path} has no study.json, which says how the images were "
                f"resized. Search again: {again}"
            )
        try:
            return joblib.load(self.model_file), settings["resize"]
        # Damage shows as many kinds of errors.
        except Exception as error:
            raise ValueError(
                f"{self.model_file} cannot be read ({type(error).__name__}: {error}). "
                f"Delete it, and search again: {again}"
            ) from error
