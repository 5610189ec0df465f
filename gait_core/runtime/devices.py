"""The devices of the machine, what each is used for, and why."""

from __future__ import annotations

from gait_core.runtime.processor import has_fast_bf16

__all__ = ["has_fast_bf16"]
