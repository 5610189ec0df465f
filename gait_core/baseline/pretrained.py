"""The autoencoder that every baseline starts from, as shipped.

::

    gait_core/baseline/pretrained/
      autoencoder_<cell>.keras   the model
      autoencoder_<cell>.npz     its weights for NumPy, the standardisation, the usual residual of a person
      autoencoder_<cell>.json    manifest: settings, versions, losses, digests; its details: cohort, reference scores
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.reconstruction import Metrics
from gait_core.baseline.thresholds import Reference
from gait_core.config import FeatureSettings
from gait_core.errors import ModelError
from gait_core.learn.artefact import load_artefact
from gait_core.learn.autoencoder.inference import Weights
from gait_core.learn.manifest import ModelManifest

__all__ = ["PRETRAINED_FOLDER", "Pretrained", "load_pretrained", "misfit", "pretrained_path"]

PRETRAINED_FOLDER: Final = Path(__file__).parent / "pretrained"


@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained:
    """A trained autoencoder and what was learned about people with it.

    Attributes
    ----------
    weights : mapping
        See `gait_core.learn.autoencoder.inference`.
    mean, sd : ndarray, shape (n_features,)
        Standardisation of the features.
    prior_scale : ndarray, shape (n_features,)
        Residual of people against their own baselines, standardised units.
    metrics : Metrics
        What whitens residuals.
    model_path : Path or None
        The ``.keras`` file; None as long as it was not written.
    manifest : ModelManifest or None
        Settings and provenance; None as long as the model was not written.
    references : mapping of int to Reference
        Number of walks in the baseline → how later normal walks scored.
    """

    weights: Weights
    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    prior_scale: NDArray[np.float32]
    metrics: Metrics
    model_path: Path | None
    manifest: ModelManifest | None
    references: dict[int, Reference]

    @property
    def sha256(self) -> str:
        """Digest of the model file, from the manifest; empty as long as there is none."""
        return "" if self.manifest is None else self.manifest.files["model"].sha256

    def reference_for(self, n_walks: int) -> Reference | None:
        """Return the reference of the largest baseline not larger than `n_walks`.

        Its usual spread is never smaller than that of a larger baseline: fewer walks do not make a person vary less.
        """
        smaller = [n for n in self.references if n <= n_walks]
        if not smaller:
            return None
        chosen = max(smaller)
        usual_sd = max(reference.prior_sd for n, reference in self.references.items() if n >= chosen)
        return replace(self.references[chosen], prior_sd=usual_sd)


def pretrained_path(cell: str, folder: Path | None = None) -> Path:
    """Return where the model with a cell lies, if it is shipped.

    Returns
    -------
    Path
    """
    return (folder or PRETRAINED_FOLDER) / f"autoencoder_{cell}.keras"


def load_pretrained(cell: str = "gru", folder: Path | None = None) -> Pretrained:
    """Load the shipped model without a training library.

    Returns
    -------
    Pretrained

    Raises
    ------
    ModelError, StorageError
        When it is missing or damaged.
    """
    model_path = pretrained_path(cell, folder)
    arrays_path, manifest_path = model_path.with_suffix(".npz"), model_path.with_suffix(".json")
    if not (model_path.is_file() and arrays_path.is_file() and manifest_path.is_file()):
        raise ModelError(
            f"Expected a pre-trained model at {model_path}, but there is none.",
            f"Make it with `python -m gait_core pretrain --cell {cell}`, or train from scratch.",
        )
    artefact = load_artefact(model_path.with_suffix(""))
    arrays = artefact.arrays()
    prefix = "weights/"
    return Pretrained(
        weights={name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)},
        mean=arrays["mean"],
        sd=arrays["sd"],
        prior_scale=arrays["prior_scale"],
        metrics=Metrics.from_arrays(arrays),
        model_path=model_path,
        manifest=artefact.manifest,
        references={
            int(n): Reference.from_dict(values) for n, values in artefact.manifest.details["references"].items()
        },
    )


def misfit(pretrained: Pretrained, settings: FeatureSettings, feature_names: Sequence[str]) -> str:
    """Return why a pre-trained model does not fit the features, or an empty string.

    Parameters
    ----------
    pretrained : Pretrained
        The model.
    settings : FeatureSettings
        Rate and windows that are wanted.
    feature_names : sequence of str
        Channels that are wanted, in order.

    Returns
    -------
    str
    """
    if pretrained.manifest is None:
        return "it is not known what it was trained on"
    made_with = FeatureSettings.from_dict(pretrained.manifest.details["feature_settings"])
    if tuple(feature_names) != pretrained.manifest.feature_names:
        return "it was trained on different features"
    for name in ("rate_hz", "window_s", "cutoff_hz"):
        if getattr(made_with, name) != getattr(settings, name):
            return f"it was trained with {name} {getattr(made_with, name):g}, not {getattr(settings, name):g}"
    return ""
