"""XGait: silhouette and body-part labels, each with a trunk of its own, crossed as a whole and by body region.

References
----------
Zheng et al. 2024, It takes two: accurate gait recognition in the wild via cross-granularity alignment, ACM MM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gait_core.learn.backend import load_keras
from gait_core.learn.registry import register_model
from gait_core.recognition.networks.gaitbase import FrameTrunk
from gait_core.recognition.networks.layers import Clips
from gait_core.recognition.networks.model import NetworkKind
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import XGaitSettings

__all__ = ["XGait"]

_SQUEEZE: Final = 32
_REGIONS: Final[tuple[tuple[str, tuple[int, ...], int, int], ...]] = (
    ("pcm_up", (1,), 0, 1),
    ("pcm_middle", (2, 3, 4, 5, 6, 11), 1, 3),
    ("pcm_down", (7, 8, 9, 10, 11), 3, 4),
)
"""Name in the source, labels of the body parts, first and last quarter of the height."""


class _Crossing:
    """Weighs the channels of two feature maps by a summary of both."""

    def __init__(self, parameters: Parameters, name: str, channels: int) -> None:
        narrow = max(1, 2 * channels // _SQUEEZE)
        self._squeeze = parameters.linear(f"{name}.fc.0.weight", 2 * channels, narrow)
        self._excite = parameters.linear(f"{name}.fc.2.weight", narrow, 2 * channels)

    def __call__(self, summaries: Sequence[Any], silhouette: Any, parsing: Any) -> Any:
        ops = load_keras().ops
        summary = ops.cast(ops.concatenate(summaries, axis=-1), "float32")
        hidden = ops.relu(ops.matmul(summary, self._squeeze))
        weights = ops.cast(ops.sigmoid(ops.matmul(hidden, self._excite)), silhouette.dtype)[:, None, None]
        for_silhouette, for_parsing = ops.split(weights, 2, axis=-1)
        return silhouette * for_silhouette + parsing * for_parsing


class _RegionCrossing:
    """Crosses the rows of one body region, with the features of its parts raised against the rest."""

    def __init__(
        self, parameters: Parameters, settings: XGaitSettings, region: tuple[str, tuple[int, ...], int, int]
    ) -> None:
        name, self._labels, self._first, self._last = region
        self._top_for_all = settings.top_strip_for_all
        self._share = parameters.vector(f"{name}.gammas", 1, 0.75)
        self._crossing = _Crossing(parameters, name, settings.widths[3])

    def __call__(self, silhouette: Any, parsing: Any, labels: Any) -> Any:
        ops = load_keras().ops
        quarter = silhouette.shape[1] // 4
        inside = ops.zeros_like(labels)
        for label in self._labels:
            inside = inside + ops.cast(ops.equal(labels, float(label)), labels.dtype)
        share = ops.cast(self._share, parsing.dtype)
        raised = parsing * (inside * share + (1.0 - inside) * (1.0 - share))
        rows = slice(self._first * quarter, self._last * quarter)
        strip = silhouette[:, :quarter] if self._top_for_all else silhouette[:, rows]
        return self._crossing([_mean_and_max(strip), _mean_and_max(raised)], silhouette[:, rows], parsing[:, rows])


class XGait:
    """See the module."""

    head_suffixes = ("_sil", "_par", "_gcm", "_pcm")

    def __init__(self, parameters: Parameters, settings: XGaitSettings) -> None:
        self._silhouette = FrameTrunk(parameters, "Backbone_sil", settings)
        self._parsing = FrameTrunk(parameters, "Backbone_par", settings)
        self._whole = _Crossing(parameters, "gcm", settings.widths[3])
        self._regions = [_RegionCrossing(parameters, settings, region) for region in _REGIONS]

    def __call__(self, x: Any, clips: Clips) -> list[Any]:
        """Return the feature maps of the sequences, one per head."""
        ops = load_keras().ops
        labels = x[..., :1]
        parsing, silhouette = self._parsing(labels, clips), self._silhouette(x[..., 1:], clips)
        means = [ops.mean(features, axis=(1, 2)) for features in (silhouette, parsing)]
        whole = self._whole(means, silhouette, parsing)
        labels = labels[:, ::4, ::4]
        by_region = ops.concatenate([region(silhouette, parsing, labels) for region in self._regions], axis=1)
        return [clips.maximum(features) for features in (silhouette, parsing, whole, by_region)]


def _mean_and_max(x: Any) -> Any:
    """Return the mean plus the maximum over the pixels of each frame."""
    ops = load_keras().ops
    return ops.mean(x, axis=(1, 2)) + ops.max(x, axis=(1, 2))


register_model(
    NetworkKind(
        name=XGaitSettings.network,
        title="XGait",
        describe="Silhouette and body-part labels, crossed as a whole and by region; the largest.",
        inputs=XGaitSettings.channels,
        settings=XGaitSettings,
        body=XGait,
    )
)
