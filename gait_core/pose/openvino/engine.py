"""MediaPipe's pose models run by OpenVINO.

Find the person, cut out the turned square around them straight from the decoded frame, run the landmark model, read the
heat maps, follow the square from frame to frame. There are two ways to read them. ``display`` does what MediaPipe does
for live video, causal smoothing included: its landmarks agree with those of MediaPipe Tasks (`python -m gait_core bench
extraction` measures how well) in less than half of the time. ``measure`` reads each map at its own peak, smooths
nothing, and keeps every peak of the legs, because a recording is measured as a whole. In both, the square is steadied,
see `Region.steadied`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.pose.counting import (
    CLOSE_CONFIDENCE,
    COUNTING_CONFIDENCE,
    COUNTING_SIDE_PX,
    beside_legs,
    cover_box,
    covered,
    is_beside_legs,
    is_somebody_else,
)
from gait_core.pose.engine import CPU, PersonMask, PoseResult
from gait_core.pose.landmarks import INDEX, LANDMARKS
from gait_core.pose.models.assets import bundle_path, model_sha256
from gait_core.pose.openvino.compile import Recipe, load_models
from gait_core.pose.openvino.detector import detect_people
from gait_core.pose.openvino.library import openvino_release
from gait_core.pose.openvino.network import CROP_PX, DETECTOR_PX, LandmarkOutput, Networks
from gait_core.pose.openvino.peaks import leg_peaks, recentre
from gait_core.pose.openvino.refinement import refine
from gait_core.pose.openvino.region import Region
from gait_core.pose.openvino.smoothing import LowPass, OneEuro
from gait_core.runtime.cpu import available_cpus
from gait_core.runtime.native_memory import release_native_memory
from gait_core.video.pixels import Pixels, RgbPixels

__all__ = ["OpenVinoEngine", "openvino_version"]

_REVISION = "10"
"""Raised whenever this engine or the decoder changes the landmarks of an unchanged OpenVINO."""

_N: Final = len(LANDMARKS)
_HIPS, _END = 33, 34
"""Auxiliary points: middle of the hips, and the one that gives size and direction of the body."""
_SHORTEST_TRUNK: Final = 0.3
"""Length of the trunk in legs. In 800 walks, rendered and real, 0.39 is the shortest but for one with such squares."""


def openvino_version() -> str:
    """Return the version of OpenVINO and of this engine, without importing OpenVINO.

    Returns
    -------
    str
        For example ``2026.4.1+9``.
    """
    return f"{openvino_release()}+{_REVISION}"


class OpenVinoEngine:
    """MediaPipe's pose landmarker on OpenVINO, following one person through one video.

    Parameters
    ----------
    settings : PoseSettings
        Model variant, thresholds and precision.
    masks : bool
        Also give the mask of the person; costs half as much again.
    at_once : int
        Videos that share the CPUs: alone, a video has all of them for every frame.
    device : str
        Where the models run, as OpenVINO calls it.
    """

    name = "openvino"

    def __init__(self, settings: PoseSettings, *, masks: bool = False, at_once: int = 1, device: str = CPU) -> None:
        self._settings = settings
        self._masks = masks
        self._at_once = at_once
        self._device = device
        self._networks: Networks | None = None
        self._region: Region | None = None
        self._measures = settings.decoding == "measure"
        self._visibility = LowPass(0.1)
        # Two columns of pixels and three of metres go through one filter: numpy costs by the call.
        self._motion = OneEuro(np.array([0.05, 0.05, 0.1, 0.1, 0.1]), np.array([80.0, 80.0, 40.0, 40.0, 40.0]))

    @property
    def version(self) -> str:
        """Version of OpenVINO and of this engine."""
        return openvino_version()

    def __enter__(self) -> Self:
        variant = self._settings.variant
        recipe = Recipe(
            sha256=model_sha256(variant),
            precision=self._settings.precision,
            masks=self._masks,
            threads=available_cpus(),
            streams=min(self._at_once, available_cpus()),
            device=self._device,
        )
        self._networks = Networks(load_models(bundle_path(variant), recipe))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._networks = None
        release_native_memory()

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        """Return the pose in a frame, or None."""
        region, output = self._seen(pixels)
        self._region = None
        if region is None or output is None:
            self._forget_motion()
            return None
        points = _points(output, region, _HIPS if self._measures else 0)
        following = Region.around(*points[-2:])
        self._region = following.steadied(region) if following is not None else None
        if self._measures:
            return self._measured(pixels, output, region)
        sample = np.concatenate([points[:_N], region.turned(output.world[:_N])], axis=1)
        smooth = self._motion(sample, time_s, np.array([region.side, region.side, 1.0, 1.0, 1.0]))
        visibility = self._visibility(_visibility(output))
        return _result(pixels, smooth[:, :2], smooth[:, 2:], visibility, self._mask(output, region))

    def find(self, pixels: Pixels) -> PoseResult | None:
        """Return the most conspicuous person in a frame by itself, whatever came before."""
        return self._find(pixels, self._settings.detection_confidence)

    def restart(self) -> None:
        """Forget whom the engine follows: the next frame is searched afresh."""
        self._region = None
        self._forget_motion()

    def count_people(self, pixels: Pixels, known: PoseResult) -> int:
        """Return 2 when another person is in the frame beside the person already found, and 1 otherwise."""
        assert self._networks is not None, "the engine is not open"
        box = cover_box(known, pixels.width_px, pixels.height_px)
        if not detect_people(self._networks, pixels, COUNTING_CONFIDENCE, covered=box):
            return 1
        # The whole frame is searched only where there seems to be another person.
        rest = RgbPixels(covered(pixels.rgb(COUNTING_SIDE_PX), known))
        return 2 if is_somebody_else(self._find(rest, COUNTING_CONFIDENCE), known, pixels) else 1

    def sees_beside_legs(self, pixels: Pixels, known: PoseResult) -> bool:
        """Return whether there seems to be a smaller person in front of the legs of the one found."""
        assert self._networks is not None, "the engine is not open"
        legs = RgbPixels(beside_legs(pixels, known, DETECTOR_PX))
        found = detect_people(self._networks, legs, CLOSE_CONFIDENCE)
        return bool(found) and is_beside_legs(found[0].points[0] / DETECTOR_PX, found[0].points[1] / DETECTOR_PX)

    def _seen(self, pixels: Pixels) -> tuple[Region | None, LandmarkOutput | None]:
        """Return the square around the person, and what the landmark model sees in it."""
        presence = self._settings.presence_confidence
        if self._region is not None:
            output = self._look(pixels, self._region, presence)
            if output is None or not (self._measures and _has_no_trunk(output)):
                return self._region, output
        region = self._find_region(pixels)
        return region, self._look(pixels, region, presence) if region is not None else None

    def _find(self, pixels: Pixels, confidence: float) -> PoseResult | None:
        region = self._find_region(pixels, confidence)
        output = self._look(pixels, region, self._settings.presence_confidence) if region is not None else None
        if region is None or output is None:
            return None
        if self._measures:
            return self._measured(pixels, output, region)
        points = _points(output, region)[:_N]
        world = region.turned(output.world[:_N])
        return _result(pixels, points, world, _visibility(output), self._mask(output, region))

    def _measured(self, pixels: Pixels, output: LandmarkOutput, region: Region) -> PoseResult:
        """Return the landmarks at the peaks of their heat maps, and all places where the legs may be."""
        size = np.array([pixels.width_px, pixels.height_px])
        points = region.placed(recentre(output.landmarks[:_N, :2] / CROP_PX, output.heat_maps))
        legs = leg_peaks(output.heat_maps)
        legs[..., :2] = region.placed(legs[..., :2].reshape(-1, 2)).reshape(*legs.shape[:2], 2) / size
        legs[..., 4] *= region.side / pixels.height_px
        return PoseResult(
            position=(points / size).astype(np.float32),
            world=region.turned(output.world[:_N]).astype(np.float32),
            confidence=_visibility(output).astype(np.float32),
            mask=self._mask(output, region),
            candidates=legs.astype(np.float32),
        )

    def _find_region(self, pixels: Pixels, confidence: float | None = None) -> Region | None:
        assert self._networks is not None, "the engine is not open"
        people = detect_people(self._networks, pixels, confidence or self._settings.detection_confidence)
        return people[0].region if people else None

    def _look(self, pixels: Pixels, region: Region, confidence: float) -> LandmarkOutput | None:
        assert self._networks is not None, "the engine is not open"
        output = self._networks.landmarks(pixels.warp(region.matrix(CROP_PX), CROP_PX, repeat_edges=True))
        return output if output.presence > confidence else None

    def _forget_motion(self) -> None:
        self._visibility.reset()
        self._motion.reset()

    def _mask(self, output: LandmarkOutput, region: Region) -> PersonMask | None:
        if output.mask is None:
            return None
        from scipy.special import expit

        return PersonMask(values=expit(output.mask), matrix=region.matrix(CROP_PX))


def _points(output: LandmarkOutput, region: Region, first: int = 0) -> NDArray[np.float64]:
    """Return landmarks and, last, the two points that define the square, in the frame, px."""
    span = slice(first, _END + 1)
    return region.placed(refine(output.landmarks[span, :2] / CROP_PX, output.heat_maps[:, :, span]))


def _has_no_trunk(output: LandmarkOutput) -> bool:
    """Return whether the shoulders lie at the hips: a square that slid down to the legs keeps itself there."""
    points = output.landmarks[:_N, :2].astype(np.float64)
    shoulders, hips, knees, ankles = (
        points[[INDEX[f"left_{name}"], INDEX[f"right_{name}"]]] for name in ("shoulder", "hip", "knee", "ankle")
    )
    legs_px = np.linalg.norm(hips - knees, axis=1) + np.linalg.norm(knees - ankles, axis=1)
    trunk_px = np.linalg.norm(shoulders.mean(axis=0) - hips.mean(axis=0))
    return bool(trunk_px < _SHORTEST_TRUNK * legs_px.max())


def _visibility(output: LandmarkOutput) -> NDArray[np.float64]:
    from scipy.special import expit

    return np.asarray(expit(output.landmarks[:_N, 3].astype(np.float64)))


def _result(
    pixels: Pixels,
    position: NDArray[np.float64],
    world: NDArray[np.float64],
    visibility: NDArray[np.float64],
    mask: PersonMask | None,
) -> PoseResult:
    return PoseResult(
        position=(position / (pixels.width_px, pixels.height_px)).astype(np.float32),
        world=world.astype(np.float32),
        confidence=np.clip(visibility, 0.0, 1.0).astype(np.float32),
        mask=mask,
    )
