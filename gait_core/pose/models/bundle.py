"""Build and check ``.task`` bundles: an uncompressed zip of the person detector and the landmark model.

The models of MediaPipe's npm package lack the metadata by which MediaPipe Tasks learns how to scale
the pixels. It is added here; weights are left untouched. The same input gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

import numpy as np

from gait_core.errors import ModelError
from gait_core.pose.mediapipe.library import load_mediapipe

__all__ = ["DETECTOR_MEMBER", "LANDMARK_MEMBER", "build_bundle", "check_bundle"]

DETECTOR_MEMBER: Final = "pose_detector.tflite"
LANDMARK_MEMBER: Final = "pose_landmarks_detector.tflite"
_ALIGNMENT = 64
_FLATBUFFER_ALIGNMENT = 16
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def build_bundle(detector: bytes, landmarks: bytes) -> bytes:
    """Return a bundle made from the two models of the npm package.

    Parameters
    ----------
    detector : bytes
        Person detector, TensorFlow Lite; pixels are scaled to [-1, 1].
    landmarks : bytes
        Landmark model, TensorFlow Lite; pixels are scaled to [0, 1].

    Returns
    -------
    bytes
        Zip file; the same input always gives the same bytes.
    """
    members = {
        DETECTOR_MEMBER: _with_normalisation(detector, mean=127.5, std=127.5, low=-1.0),
        LANDMARK_MEMBER: _with_normalisation(landmarks, mean=0.0, std=255.0, low=0.0),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, date_time=_FIXED_DATE)
            entry.create_system = 3  # the same bytes on every platform
            # The model is mapped from the file: weights that start at a round address are not copied.
            header = 30 + len(name)
            padding = -(target.tell() + header + 4) % _ALIGNMENT
            entry.extra = b"\x35\xd9" + padding.to_bytes(2, "little") + bytes(padding)
            archive.writestr(entry, content)
    return target.getvalue()


def check_bundle(content: bytes, name: str) -> None:
    """Raise `ModelError` unless `content` is a zip of exactly the two models.

    Parameters
    ----------
    content : bytes
    name : str
        File name for the message.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in (DETECTOR_MEMBER, LANDMARK_MEMBER):
                if archive.read(member)[4:8] != b"TFL3":
                    raise ValueError(f"{member} is not a TensorFlow Lite model")
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, OSError) as error:
        raise ModelError(
            f"Expected a pose model in {name}, but it is damaged or something else ({error}).",
            "Run: python -m gait_core models fetch",
        ) from error


def _with_normalisation(model: bytes, *, mean: float, std: float, low: float) -> bytes:
    load_mediapipe()
    from mediapipe.tasks.metadata import schema_py_generated as schema

    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(_metadata(len(tree.subgraphs[0].outputs), mean, std, low), np.uint8)
    tree.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name = b"TFLITE_METADATA"
    entry.buffer = len(tree.buffers) - 1
    tree.metadata = [*(tree.metadata or []), entry]
    return _packed(tree, b"TFL3")


def _metadata(outputs: int, mean: float, std: float, low: float) -> bytes:
    load_mediapipe()
    from mediapipe.tasks.metadata import metadata_schema_py_generated as schema

    options = schema.NormalizationOptionsT()
    options.mean, options.std = [mean], [std]
    unit = schema.ProcessUnitT()
    unit.optionsType, unit.options = schema.ProcessUnitOptions.NormalizationOptions, options
    properties = schema.ImagePropertiesT()
    properties.colorSpace = schema.ColorSpaceType.RGB
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.ImageProperties
    content.contentProperties = properties
    stats = schema.StatsT()
    stats.max, stats.min = [1.0], [low]
    image = schema.TensorMetadataT()
    image.name, image.processUnits, image.content, image.stats = b"image", [unit], content, stats
    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [image]
    graph.outputTensorMetadata = [schema.TensorMetadataT() for _ in range(outputs)]
    root = schema.ModelMetadataT()
    root.name, root.subgraphMetadata = b"pose", [graph]
    return _packed(root, b"M001")


def _packed(tree: Any, identifier: bytes) -> bytes:
    import flatbuffers

    class AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc]
        """Start weights at multiples of 16 bytes, as the schema demands and the generated code forgets."""

        def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:
            return super().StartVector(elemSize, numElems, _FLATBUFFER_ALIGNMENT if elemSize == 1 else alignment)

    builder = AlignedBuilder(1024)
    builder.Finish(tree.Pack(builder), identifier)
    return bytes(builder.Output())
