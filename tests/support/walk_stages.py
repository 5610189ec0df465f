"""Counts how often a stage runs on the way from landmarks to a measured walk."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from gait_core.gait import cleaned_walk, cleaning

__all__ = ["STAGES", "counting"]

STAGES: Final[Mapping[str, ModuleType]] = {
    "check_orientation": cleaned_walk,
    "leg_length_px": cleaned_walk,
    "clean": cleaned_walk,
    "_legs_right": cleaning,
    "find_outliers": cleaning,
    "find_shape_breaks": cleaning,
    "find_turned_feet": cleaning,
    "smooth": cleaned_walk,
}
"""Stage → module in which its caller looks it up. One walk passes each once, however many want its motion."""
_FUNCTIONS: Final = {name: getattr(module, name) for name, module in STAGES.items()}


def counting(tell: Callable[[str], None]) -> dict[str, Callable[..., Any]]:
    """Return the stages, each of which first tells its name."""

    def counted(name: str) -> Callable[..., Any]:
        def stage(*arguments: Any, **options: Any) -> Any:
            tell(name)
            return _FUNCTIONS[name](*arguments, **options)

        return stage

    return {name: counted(name) for name in STAGES}
