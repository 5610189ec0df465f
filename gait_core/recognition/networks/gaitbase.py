"""GaitBase: a residual network on each frame, the maximum over the frames. `FrameTrunk` also serves XGait.

References
----------
Fan et al. 2023, OpenGait: revisiting gait recognition toward better practicality, CVPR.
"""

from __future__ import annotations

from typing import Any

from gait_core.learn.registry import register_model
from gait_core.recognition.networks.blocks import FrameBlock, run, stage
from gait_core.recognition.networks.layers import Clips, ConvNorm
from gait_core.recognition.networks.model import NetworkKind
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import GaitBaseSettings, NetworkSettings

__all__ = ["FrameTrunk", "GaitBase"]


class FrameTrunk:
    """The residual network of nine layers that looks at each frame by itself.

    Parameters
    ----------
    parameters : Parameters
    name : str
        In the source.
    settings : NetworkSettings
    """

    def __init__(self, parameters: Parameters, name: str, settings: NetworkSettings) -> None:
        prefix, widths = f"{name}.forward_block", settings.widths
        self._stem = ConvNorm(parameters, f"{prefix}.conv1.conv", f"{prefix}.bn1", inputs=1, outputs=widths[0])
        self._blocks = []
        inputs = widths[0]
        for number, (outputs, stride) in enumerate(zip(widths, (1, 2, 2, 1), strict=True), 1):
            self._blocks += stage(
                parameters,
                f"{prefix}.layer{number}",
                FrameBlock,
                inputs=inputs,
                outputs=outputs,
                stride=stride,
                blocks=1,
            )
            inputs = outputs

    def __call__(self, x: Any, clips: Clips) -> Any:
        """Return the features of frames of one channel, at a quarter of their height and width."""
        return clips.each_frame(lambda frames: run(self._blocks, self._stem(frames, clips), clips), x)


class GaitBase:
    """See the module."""

    head_suffixes = ("",)

    def __init__(self, parameters: Parameters, settings: GaitBaseSettings) -> None:
        self._trunk = FrameTrunk(parameters, "Backbone", settings)

    def __call__(self, x: Any, clips: Clips) -> list[Any]:
        """Return the feature maps of the sequences, one per head."""
        return [clips.maximum(self._trunk(x, clips))]


register_model(
    NetworkKind(
        name=GaitBaseSettings.network,
        title="GaitBase",
        describe="A residual network on each silhouette; the smallest, and a fair comparison for the others.",
        inputs=GaitBaseSettings.channels,
        settings=GaitBaseSettings,
        body=GaitBase,
    )
)
