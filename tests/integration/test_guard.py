"""The guard in Analyse a walk: a warning beside the level where the subject is enrolled, without a second decode."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gait_core.cache import ArrayCache
from gait_core.config import PoseSettings
from gait_core.errors import InputError, NotFoundError
from gait_core.pose.extract import extract_many
from gait_core.pose.masks import MASKS_KIND
from gait_core.progress import silent
from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.entries import Enrolment
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.model_store import RecognitionModel, add_model, delete_model
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import GaitBaseSettings
from gait_core.workflows.guard import find_guard, guard_walks, warning_of
from gait_core.workspace import Workspace


@pytest.fixture
def model(workspace: Workspace) -> RecognitionModel:
    return add_model(workspace, build_network(GaitBaseSettings(width=0.0625), seed=1), "Tiny")


def enrolled(workspace: Workspace, model: RecognitionModel, subject: str, walks: int = 3) -> Gallery:
    """Enrol embeddings so close to each other that every real walk lies far from them."""
    gallery = Gallery.create(workspace, f"Of {subject}")
    generator = np.random.default_rng(0)
    for walk in range(walks):
        parts = generator.normal(100.0, 1.0, size=(256, 16)).astype(np.float32)
        vector = parts.ravel() / np.linalg.norm(parts)
        embedding = Embedding(index=0, n_frames=30, parts=parts, vector=vector, logits=None)
        gallery.enrol(
            Enrolment(
                subject=subject,
                source=f"{walk}.mp4",
                view="side",
                model=model.identity,
                embedding=embedding,
                consent="agreed",
            )
        )
    return gallery


def test_the_guard_is_on_where_one_gallery_can_tell(workspace, model):
    assert find_guard(workspace, "P014") is None
    gallery = enrolled(workspace, model, "P014", walks=2)
    assert find_guard(workspace, "P014") is None, "two walks say nothing"
    gallery.delete()
    gallery = enrolled(workspace, model, "P014")
    found = find_guard(workspace, " P014 ")
    assert found is not None
    assert (found.gallery.id, found.model, found.asked) == (gallery.id, model, False)
    assert find_guard(workspace, "P014", "off") is None
    assert find_guard(workspace, "P015") is None
    assert find_guard(workspace, "") is None
    named = find_guard(workspace, "P014", "Of P014")
    assert named is not None
    assert named.asked
    with pytest.raises(InputError, match="walks of P015"):
        find_guard(workspace, "P015", "Of P014")
    with pytest.raises(NotFoundError, match="'nowhere'"):
        find_guard(workspace, "P014", "nowhere")
    other = enrolled(workspace, model, "P014")
    assert find_guard(workspace, "P014") is None, "two galleries hold the subject"
    other.delete()
    delete_model(workspace, model.name)
    assert find_guard(workspace, "P014") is None
    with pytest.raises(NotFoundError, match="the people of this gallery were enrolled with"):
        find_guard(workspace, "P014", gallery.id)


@pytest.mark.slow
def test_another_person_is_a_warning_and_no_video_is_decoded_twice(workspace, model, made):
    pose = PoseSettings(engine="openvino", variant="lite", precision="f32")
    enrolled(workspace, model, "Demo Person")
    guard = find_guard(workspace, "Demo Person")
    assert guard is not None
    new, known = made.videos[0], made.videos[1]
    extract_many([known], pose, workspace=workspace)
    found = guard_walks(guard, [new, known, Path("missing.mp4")], pose, workspace, silent())
    assert found.decoded == {str(new)}
    told, skipped = found.findings[str(new)], found.findings[str(known)]
    assert (told["outcome"], told["reason"], told["walks"]) == ("other", "too_far", 3)
    warning = warning_of(told)
    assert warning is not None
    assert (warning.code, warning.blocking) == ("seems_another_person", False)
    assert "another person than Demo Person" in warning.message
    assert (skipped["outcome"], skipped["reason"], warning_of(skipped)) == ("cannot_tell", "not_checked", None)
    assert "missing.mp4" not in found.findings
    again = guard_walks(guard, [new], pose, workspace, silent())
    assert again.decoded == frozenset()
    assert again.findings[str(new)]["distance"] == pytest.approx(told["distance"], rel=1e-5)

    asked = guard_walks(replace(guard, asked=True), [known], pose, workspace, silent())
    assert asked.findings[str(known)]["outcome"] == "other"
    assert len(list(ArrayCache.of(workspace).root.glob(f"{MASKS_KIND}/*/*"))) == 2


@pytest.mark.slow
def test_the_warning_stands_beside_the_level_and_stays_with_the_analysis(made):
    from gait_core.baseline.analyses import load_analysis
    from gait_core.workflows.analyse import analyse_walks

    model = add_model(made.workspace, build_network(GaitBaseSettings(width=0.0625), seed=1), "Tiny")
    gallery = enrolled(made.workspace, model, "Demo Person")
    video = [str(made.later["normal"])]
    try:
        result = analyse_walks(video, made.baseline_id, made.workspace, silent(), overlay=False, guard=gallery.id)
        (walk,) = result["walks"]
        assert walk["level"] is not None
        assert walk["guard"]["outcome"] == "other"
        assert "seems_another_person" in [warning["code"] for warning in walk["warnings"]]
        stored = load_analysis(made.workspace, walk["analysis_id"]).summary
        assert stored.facts["guard"] == walk["guard"]
        assert stored.warnings == walk["warnings"]
        assert stored.request["guard"] == gallery.id
        off = analyse_walks(video, made.baseline_id, made.workspace, silent(), overlay=False, guard="off")
        assert off["walks"][0]["guard"] is None
        assert off["walks"][0]["score"] == walk["score"], "the guard changes no score"
        with pytest.raises(InputError, match="--guard or --cluster"):
            analyse_walks(
                video, made.baseline_id, made.workspace, silent(), guard=gallery.id, cluster="tcp://127.0.0.1:1"
            )
    finally:
        gallery.delete()
        delete_model(made.workspace, model.name)
