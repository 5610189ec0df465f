"""The networks equal reference vectors made by an independent implementation, on TensorFlow and on JAX.

Run as a program it prints, for each configuration named, how far this backend is from the reference.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gait_core.recognition.batching import BatchSettings, Embedder
from gait_core.recognition.checkpoint_kind import settings_of_state
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.weights import load_state

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "data" / "recognition"
CONFIGURATIONS = ("gaitbase", "deepgaitv2_p3d_1111", "deepgaitv2_p3d_1441", "skeletongaitpp_1111", "xgait")
EMBEDDING_LIMIT, LOGIT_LIMIT, BATCH_LIMIT = 2e-5, 5e-6, 1e-4

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/data/recognition"),
]


def reference_state(configuration: str) -> dict[str, np.ndarray]:
    spec = importlib.util.spec_from_file_location("reference_weights", REFERENCE / "reference_weights.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reference_weights(REFERENCE / f"{configuration}.json")


def frames_of(vectors: np.lib.npyio.NpzFile, prefix: str) -> np.ndarray:
    """Return frames with the channels last, in the order of the network."""
    if f"{prefix}_mapsil" in vectors:
        return np.moveaxis(vectors[f"{prefix}_mapsil"], 2, -1)
    names = [name for name in (f"{prefix}_par", f"{prefix}_sil") if name in vectors]
    return np.stack([vectors[name] for name in names], axis=-1)


def differences(configuration: str) -> dict[str, float]:
    """Return how far parts (of the largest), logits and parts in mixed batches (of the largest) are."""
    state = reference_state(configuration)
    network = build_network(settings_of_state(state))
    load_state(network, state)
    embedder = Embedder(network, BatchSettings(frame_multiple=8))
    with np.load(REFERENCE / f"{configuration}.npz") as vectors:
        equal = list(embedder.embed(frames_of(vectors, "in")))
        lengths = vectors["lengths"]
        unequal = [rows[:length] for rows, length in zip(frames_of(vectors, "invar"), lengths, strict=True)]
        batched = list(embedder.embed(unequal))
        # Lengths 16 and 9 share a batch, 4 has its own; the first two sequences have the shape of that batch.
        assert embedder.traces == 2
        parts, logits, alone = vectors["embeddings"], vectors["logits"], vectors["embeddings_varlen"]
        return {
            "embedding": off([one.parts for one in equal], parts) / float(np.abs(parts).max()),
            "logits": off([one.logits for one in equal], logits),
            "batched": off([one.parts for one in batched], alone) / float(np.abs(alone).max()),
        }


def off(found: list[np.ndarray | None], reference: np.ndarray) -> float:
    return float(np.abs(np.stack(found) - reference).max())


@pytest.fixture(scope="module")
def on_jax() -> dict[str, dict[str, float]]:
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, *CONFIGURATIONS]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def check(found: dict[str, float]) -> None:
    assert found["embedding"] <= EMBEDDING_LIMIT
    assert found["logits"] <= LOGIT_LIMIT
    assert found["batched"] <= BATCH_LIMIT


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_tensorflow_equals_the_reference(configuration):
    check(differences(configuration))


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_jax_equals_the_reference(configuration, on_jax):
    check(on_jax[configuration])


if __name__ == "__main__":
    sys.stdout.write(json.dumps({name: differences(name) for name in sys.argv[1:]}))
