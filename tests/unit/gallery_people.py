"""Made-up people for the tests of the gallery: each a centre in the space of embeddings, each walk a little off it."""

from __future__ import annotations

import numpy as np

from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.entries import Enrolment, GalleryEntry, ModelIdentity

MODEL = ModelIdentity(name="made-up", digest="0123456789abcdef")
OTHER_MODEL = ModelIdentity(name="another", digest="fedcba9876543210")
FEATURES, PARTS = 24, 4


def embedding_of(parts: np.ndarray) -> Embedding:
    lengths = np.linalg.norm(parts, axis=0, keepdims=True)
    vector = (parts / lengths).ravel() / np.sqrt(parts.shape[1])
    values = parts.astype(np.float32)
    return Embedding(index=0, n_frames=30, parts=values, vector=vector.astype(np.float32), logits=None)


class People:
    """Draws walks of people.

    Parameters
    ----------
    seed : int
    spread : float
        How much walks of one person differ; people differ by 1.
    """

    def __init__(self, seed: int = 0, spread: float = 0.3) -> None:
        self._rng = np.random.default_rng(seed)
        self._spread = spread
        self._centres: dict[str, np.ndarray] = {}

    def walk(self, person: str) -> Embedding:
        if person not in self._centres:
            self._centres[person] = self._rng.normal(size=(FEATURES, PARTS))
        noise = self._rng.normal(size=(FEATURES, PARTS))
        return embedding_of(self._centres[person] + self._spread * noise)

    def enrolment(self, person: str, *, view: str = "side", model: ModelIdentity = MODEL) -> Enrolment:
        return Enrolment(
            subject=person,
            source=f"{person}.mp4",
            view=view,
            model=model,
            embedding=self.walk(person),
            consent="agreed in writing",
            quality=0.9,
        )

    def entries(
        self, people: int, walks: int, *, view: str = "side", model: ModelIdentity = MODEL
    ) -> tuple[GalleryEntry, ...]:
        return tuple(
            self.enrolment(f"P{person}", view=view, model=model).entry(f"{view}-p{person}-w{walk}", 1.0)
            for person in range(people)
            for walk in range(walks)
        )
