"""How commands say what a comparison with a seal came to."""

from __future__ import annotations

from gait_core.cli.answers import Answer
from gait_core.storage.check import SealCheck

__all__ = ["check_answer"]

_WORDS = {"intact": "intact", "changed": "CHANGED", "unsealed": "not sealed"}


def check_answer(found: SealCheck) -> Answer:
    """Return the answer of a command that compared something with its seal.

    Returns
    -------
    result : dict
        Fields of the `SealCheck`, and ``exit_code``: 0 only where everything is as it was stored, otherwise 1.
    text : str
        The same for people.
    """
    lines = [f"{found.name}: {_WORDS[found.state]}", f"  {found.message}"]
    if found.remedy:
        lines.append(f"  What to do: {found.remedy}")
    return {**found.to_dict(), "exit_code": 0 if found.intact else 1}, "\n".join(lines)
