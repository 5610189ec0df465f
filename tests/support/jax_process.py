"""The environment of a process that runs Keras on JAX: a backend cannot change once Keras is loaded."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["jax_environment"]

ROOT = Path(__file__).resolve().parents[2]


def jax_environment(*xla_flags: str) -> dict[str, str]:
    """Return the variables; small networks take less time to run than XLA takes to optimise their code, so it does not.

    Parameters
    ----------
    *xla_flags : str
        Further flags of XLA.
    """
    return {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": " ".join(("--xla_backend_optimization_level=0", *xla_flags)),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }
