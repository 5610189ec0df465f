"""SkeletonGait++: skeleton maps and silhouette enter separately and are fused pixel by pixel.

References
----------
Fan et al. 2024, SkeletonGait: gait recognition using skeleton maps, AAAI.
"""

from __future__ import annotations

from typing import Any, Final

from gait_core.learn.backend import load_keras
from gait_core.learn.registry import register_model
from gait_core.recognition.networks.blocks import run
from gait_core.recognition.networks.deepgaitv2 import Entrance, later_stages
from gait_core.recognition.networks.layers import Clips, ConvNorm
from gait_core.recognition.networks.model import NetworkKind
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import SkeletonGaitPPSettings

__all__ = ["SkeletonGaitPP"]

_SQUEEZE: Final = 16
_MAPS: Final = 2


class _AttentionFusion:
    """Weighs the two sources of features for each channel and pixel; the weights of a pair add to 1."""

    def __init__(self, parameters: Parameters, channels: int) -> None:
        name, narrow = "fusion.conv.forward_block", max(1, channels // _SQUEEZE)
        self._narrow = ConvNorm(parameters, f"{name}.0", f"{name}.1", inputs=2 * channels, outputs=narrow, size=1)
        self._around = ConvNorm(parameters, f"{name}.3", f"{name}.4", inputs=narrow, outputs=narrow)
        self._score = parameters.conv2d(f"{name}.6.weight", narrow, 2 * channels, 1)

    def __call__(self, silhouette: Any, maps: Any, clips: Clips) -> Any:
        ops = load_keras().ops
        hidden = self._narrow(ops.concatenate([silhouette, maps], axis=-1), clips)
        scores = ops.conv(self._around(hidden, clips), ops.cast(self._score, hidden.dtype), padding="valid")
        for_silhouette, for_maps = ops.split(scores, 2, axis=-1)
        # A softmax over two is the logistic function of their difference.
        share = ops.sigmoid(for_silhouette - for_maps)
        return maps + share * (silhouette - maps)


class SkeletonGaitPP:
    """See the module."""

    head_suffixes = ("",)

    def __init__(self, parameters: Parameters, settings: SkeletonGaitPPSettings) -> None:
        self._silhouette = Entrance(parameters, "sil_", settings, 1)
        self._maps = Entrance(parameters, "map_", settings, _MAPS)
        parameters.copy_initial("sil_layer1.", "map_layer1.")
        self._fusion = _AttentionFusion(parameters, settings.widths[0])
        self._blocks = later_stages(parameters, settings)

    def __call__(self, x: Any, clips: Clips) -> list[Any]:
        """Return the feature maps of the sequences, one per head."""
        fused = clips.each_frame(lambda frames: self._fused(frames, clips), x)
        return [clips.maximum(run(self._blocks, fused, clips))]

    def _fused(self, x: Any, clips: Clips) -> Any:
        maps = self._maps(x[..., :_MAPS], clips)
        return self._fusion(self._silhouette(x[..., _MAPS:], clips), maps, clips)


register_model(
    NetworkKind(
        name=SkeletonGaitPPSettings.network,
        title="SkeletonGait++",
        describe="Skeleton maps and silhouette, fused by attention; for walks with good masks and a good pose.",
        inputs=SkeletonGaitPPSettings.channels,
        settings=SkeletonGaitPPSettings,
        body=SkeletonGaitPP,
    )
)
