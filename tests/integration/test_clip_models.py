"""A network for clips from videos to probabilities: check, training, evaluation and prediction with one decode."""

from __future__ import annotations

from pathlib import Path

import pytest

from gait_core.errors import InputError
from gait_core.learn.datasets.check import check_dataset
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.pose import batch
from gait_core.pose.models.assets import list_models
from gait_core.progress import silent
from gait_core.simulate.render import render
from gait_core.simulate.walker import sample_person, walk
from gait_core.workflows.evaluate import EvaluateRequest, evaluate_model
from gait_core.workflows.predict import PredictRequest, predict_walks
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow
SMALL = {"epochs": 2, "width": 8, "heads": 1, "blocks": 1, "units": 8, "frames": 8, "batch_size": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two classes of two people each."""
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")
    place = tmp_path_factory.mktemp("clips") / "walks"
    for person, label in ((1, "normal"), (2, "normal"), (3, "crouch"), (4, "crouch")):
        (place / label).mkdir(parents=True, exist_ok=True)
        truth = walk(sample_person(person), seed=person, duration_s=2.0, fps=25.0)
        render(truth, place / label / f"s{person}_walk.mp4")
    return place


def test_videos_are_decoded_once_from_the_check_to_the_prediction(folder, tmp_path, monkeypatch):
    decoded: list[str] = []
    track_video = batch.track_video

    def counting(info, *arguments, **options):
        decoded.append(Path(info.path).name)
        return track_video(info, *arguments, **options)

    monkeypatch.setattr(batch, "track_video", counting)
    workspace = Workspace(tmp_path / "workspace")
    data = {"profile": "fast", "doubtful": True}
    report = check_dataset(open_dataset(folder, DatasetSettings(rows="clips", **data)), 2, workspace)
    assert (report.row_kind, report.rows) == ("clips", {"normal": 2, "crouch": 2})

    request = TrainRequest(
        dataset=str(folder), model="vit_gru", settings=SMALL, data=data | {"channels": "skeleton_maps"}, folds=2
    )
    answer = train_classifier(request, workspace, silent())
    assert answer["subjects"] == 4
    assert len(answer["folds"]) == 2
    judged = evaluate_model(EvaluateRequest(model=answer["run"], dataset=str(folder), data=data), workspace, silent())
    assert judged["abstained"]["of"] == 4
    videos = tuple(map(str, sorted(folder.glob("*/*.mp4"))))
    told = predict_walks(PredictRequest(model=answer["run"], videos=videos, profile="fast"), workspace, silent())
    for one in told["walks"]:
        assert sum(one["probabilities"].values()) == pytest.approx(1.0)
        assert one["rows"] == 1
    assert sorted(decoded) == [f"s{person}_walk.mp4" for person in range(1, 5)]
    with pytest.raises(InputError, match="Omit --map"):
        evaluate_model(
            EvaluateRequest(model=answer["run"], dataset=str(folder), data=data, map=("limb=joint",)),
            workspace,
            silent(),
        )


def test_a_table_gives_no_clips(tmp_path):
    table = tmp_path / "parameters.csv"
    lines = [f"s{number},{'ab'[number % 2]},{number}.5,{number % 3}" for number in range(8)]
    table.write_text("\n".join(["subject,label,speed,width", *lines]))
    with pytest.raises(InputError, match="Expected clips for variable_ar_cnn, but parameters gives parameters"):
        train_classifier(
            TrainRequest(dataset=str(table), model="variable_ar_cnn", folds=2), Workspace(tmp_path / "w"), silent()
        )
