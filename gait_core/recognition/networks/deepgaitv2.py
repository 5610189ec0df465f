"""DeepGaitV2 and SkeletonGait, which is the same network on skeleton maps; and its stages for SkeletonGait++.

References
----------
Fan et al. 2023, Exploring deep models for practical gait recognition, arXiv:2303.03301.
Fan et al. 2024, SkeletonGait: gait recognition using skeleton maps, AAAI.
"""

from __future__ import annotations

from typing import Any, Final

from gait_core.learn.registry import register_model
from gait_core.recognition.networks.blocks import Block, FrameBlock, SeparatedBlock, VolumeBlock, run, stage
from gait_core.recognition.networks.layers import Clips, ConvNorm
from gait_core.recognition.networks.model import NetworkKind
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import DeepGaitV2Settings, SkeletonGaitSettings

__all__ = ["DeepGaitV2", "Entrance", "later_stages"]

_KINDS: Final[dict[str, type[FrameBlock] | type[SeparatedBlock] | type[VolumeBlock]]] = {
    "2d": FrameBlock,
    "p3d": SeparatedBlock,
    "3d": VolumeBlock,
}


class Entrance:
    """The first convolution and the first stage, which look at each frame by itself.

    Parameters
    ----------
    parameters : Parameters
    prefix : str
        Begins the names of the layers in the source.
    settings : DeepGaitV2Settings
    inputs : int
        Channels of a frame.
    """

    def __init__(self, parameters: Parameters, prefix: str, settings: DeepGaitV2Settings, inputs: int) -> None:
        name, width = f"{prefix}layer0.forward_block", settings.widths[0]
        self._stem = ConvNorm(parameters, f"{name}.0", f"{name}.1", inputs=inputs, outputs=width)
        self._blocks = stage(
            parameters,
            f"{prefix}layer1.forward_block",
            FrameBlock,
            inputs=width,
            outputs=width,
            stride=1,
            blocks=settings.blocks[0],
        )

    def __call__(self, x: Any, clips: Clips) -> Any:
        """Return the features of frames at full resolution."""
        return run(self._blocks, self._stem(x, clips), clips)


class DeepGaitV2:
    """See the module."""

    head_suffixes = ("",)

    def __init__(self, parameters: Parameters, settings: DeepGaitV2Settings) -> None:
        self._entrance = Entrance(parameters, "", settings, len(settings.channels))
        self._blocks = later_stages(parameters, settings)

    def __call__(self, x: Any, clips: Clips) -> list[Any]:
        """Return the feature maps of the sequences, one per head."""
        entered = clips.each_frame(lambda frames: self._entrance(frames, clips), x)
        return [clips.maximum(run(self._blocks, entered, clips))]


def later_stages(parameters: Parameters, settings: DeepGaitV2Settings) -> list[Block]:
    """Return the blocks of the second to the fourth stage.

    Returns
    -------
    list of Block
        In the order in which they are applied. They quarter height and width, and take the features from
        ``settings.widths[0]`` to ``settings.widths[3]`` channels.
    """
    # A stage that looks at each frame by itself is wrapped like the first one, which shows in the names.
    wrapped = ".forward_block" if settings.mode == "2d" else ""
    blocks: list[Block] = []
    for number, stride in ((2, 2), (3, 2), (4, 1)):
        blocks += stage(
            parameters,
            f"layer{number}{wrapped}",
            _KINDS[settings.mode],
            inputs=settings.widths[number - 2],
            outputs=settings.widths[number - 1],
            stride=stride,
            blocks=settings.blocks[number - 1],
        )
    return blocks


register_model(
    NetworkKind(
        name=DeepGaitV2Settings.network,
        title="DeepGaitV2",
        describe="Residual stages that also look along time; more accurate than GaitBase on videos from outdoors.",
        inputs=DeepGaitV2Settings.channels,
        settings=DeepGaitV2Settings,
        body=DeepGaitV2,
    )
)


register_model(
    NetworkKind(
        name=SkeletonGaitSettings.network,
        title="SkeletonGait",
        describe="DeepGaitV2 on skeleton maps; does not see clothes, and needs only a pose.",
        inputs=SkeletonGaitSettings.channels,
        settings=SkeletonGaitSettings,
        body=DeepGaitV2,
    )
)
