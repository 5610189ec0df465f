"""The networks equal reference vectors made by an independent implementation, on TensorFlow and on JAX.

Run as a program it embeds walks in a workspace, and prints, for each configuration named, how far this backend is from
the reference.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.jax_process import jax_environment

from gait_core.learn.backend import active_backend
from gait_core.progress import silent
from gait_core.recognition.batching import BatchSettings, Embedder
from gait_core.recognition.checkpoint_kind import settings_of_state
from gait_core.recognition.embedding_sets import load_embeddings
from gait_core.recognition.model_store import add_model
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import GaitBaseSettings
from gait_core.recognition.weights import load_state
from gait_core.workflows.recognise.embed import EmbedRequest, embed_walks
from gait_core.workspace import Workspace

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
        assert embedder.traces == (1 if active_backend() == "tensorflow" else 2)
        parts, logits, alone = vectors["embeddings"], vectors["logits"], vectors["embeddings_varlen"]
        return {
            "embedding": off([one.parts for one in equal], parts) / float(np.abs(parts).max()),
            "logits": off([one.logits for one in equal], logits),
            "batched": off([one.parts for one in batched], alone) / float(np.abs(alone).max()),
        }


def off(found: list[np.ndarray | None], reference: np.ndarray) -> float:
    return float(np.abs(np.stack(found) - reference).max())


def silhouettes() -> list[np.ndarray]:
    """Return the outlines of two walkers, one of them wider."""
    rows, columns = np.mgrid[:64, :44]
    found = []
    for half, count in ((7, 20), (11, 33)):
        sway = 3 * np.sin(np.arange(count) / 3)[:, None, None]
        found.append((np.abs(columns - 21.5 - sway) < half * np.sin(np.pi * (rows + 2) / 68)).astype(np.uint8) * 255)
    return found


def embed(workspace: Path) -> dict[str, Any]:
    """Embed walks by the workflow; return which backend did it and where the set lies."""
    found = embed_walks(EmbedRequest(view="side"), Workspace(workspace), silent(), arrays=silhouettes())
    return {
        "backend": active_backend(),
        "id": found["embeddings_id"],
        "rows": [one.get("row") for one in found["walks"]],
    }


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Workspace:
    """Return a workspace with one tiny model, which both backends take."""
    workspace = Workspace(tmp_path_factory.mktemp("backends") / "workspace")
    add_model(workspace, build_network(GaitBaseSettings(width=0.0625), seed=1), "Tiny")
    return workspace


@pytest.fixture(scope="module")
def on_jax(space) -> dict[str, Any]:
    command = [sys.executable, __file__, str(space.root), *CONFIGURATIONS]
    result = subprocess.run(command, capture_output=True, text=True, env=jax_environment(), check=False)
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


def test_the_workflow_gives_the_same_embeddings_on_both_backends(space, on_jax):
    told, own = on_jax["workflow"], embed(space.root)
    assert (told["backend"], own["backend"]) == ("jax", "tensorflow")
    assert told["rows"] == own["rows"] == [0, 1]
    jax, tensorflow = (load_embeddings(space, one["id"]) for one in (told, own))
    assert off(list(jax.parts()), tensorflow.parts()) <= EMBEDDING_LIMIT * np.abs(tensorflow.parts()).max()
    assert off([tensorflow.parts()[0]], tensorflow.parts()[1]) > 0.01 * np.abs(tensorflow.parts()).max()
    assert jax.manifest["model"]["digest"] == tensorflow.manifest["model"]["digest"]


if __name__ == "__main__":
    answer = {"workflow": embed(Path(sys.argv[1])), **{name: differences(name) for name in sys.argv[2:]}}
    sys.stdout.write(json.dumps(answer))
