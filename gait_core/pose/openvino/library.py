"""The one place where OpenVINO is loaded."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import threading
from typing import Any

from gait_core.errors import LibraryError

__all__ = ["load_openvino", "openvino_installed", "openvino_release"]

_loading = threading.Lock()


def openvino_installed() -> bool:
    """Return whether OpenVINO is there, without importing it.

    Returns
    -------
    bool
        True where the package is found; it may still fail to load.
    """
    return importlib.util.find_spec("openvino") is not None


def openvino_release() -> str:
    """Return the version of OpenVINO without importing it.

    Returns
    -------
    str
        For example ``2026.4.1``.

    Raises
    ------
    LibraryError
        When it is not installed.
    """
    try:
        return importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        raise _missing() from None


def load_openvino() -> Any:
    """Import OpenVINO.

    Its package brings a module that reports use to its makers. Nothing here calls it, and it is kept from being
    imported at all: OpenVINO takes its own empty stand-in where that module is missing.

    Returns
    -------
    module
        ``openvino``, ready to be used from several threads.

    Raises
    ------
    LibraryError
        When it is not installed or does not load.
    """
    with _loading:
        if (loaded := sys.modules.get("openvino")) is not None:
            return loaded
        hidden = "openvino_telemetry"
        before = sys.modules.get(hidden)
        sys.modules[hidden] = None  # type: ignore[assignment]
        try:
            import openvino
        except ModuleNotFoundError:
            raise _missing() from None
        except ImportError as error:
            raise LibraryError(
                f"Expected OpenVINO to load, but it failed: {error}.",
                "Choose --engine mediapipe, or install it again: python -m pip install -r requirements.txt",
            ) from error
        finally:
            if sys.modules.get(hidden) is None:
                del sys.modules[hidden]
                if before is not None:
                    sys.modules[hidden] = before
        # Its table of types is filled on first use, by Python code inside a C++ lock: two threads that come first
        # together wait for each other for ever.
        openvino.Type.f32.to_dtype()
        return openvino


def _missing() -> LibraryError:
    return LibraryError(
        "Expected the Python package openvino, but it is not installed.",
        "Run: python -m pip install -r requirements.txt, or choose --engine mediapipe.",
    )
