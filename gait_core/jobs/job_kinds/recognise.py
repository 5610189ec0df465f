"""The jobs of recognition: embed, enrol, identify, check, train, add weights and export a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("recognise_embed", title="Embeddings of walks")
def _embed(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.embed import EmbedRequest, embed_walks

    return embed_walks(EmbedRequest.from_dict(params), workspace, reporter)


@job_kind("recognise_model", title="Recognition model")
def _model(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.models import AddModelRequest, add_weights

    return add_weights(AddModelRequest.from_dict(params), workspace, reporter)


@job_kind("recognise_export", title="Export of a recognition model")
def _export(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.models import ExportModelRequest, export_model

    return export_model(ExportModelRequest.from_dict(params), workspace, reporter)


@job_kind("recognise_enrol", title="Enrolment")
def _enrol(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.enrol import EnrolRequest, enrol_walks

    return enrol_walks(EnrolRequest.from_dict(params), workspace, reporter)


@job_kind("recognise_identify", title="Identification")
def _identify(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.identify import IdentifyRequest, identify_walks

    return identify_walks(IdentifyRequest.from_dict(params), workspace, reporter)


@job_kind("recognise_check", title="Consistency of a recognition model")
def _check(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.check import CheckRequest, check_consistency

    return check_consistency(CheckRequest.from_dict(params), workspace, reporter)


@job_kind("recognise_train", title="Recognition training")
def _train(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.recognise.train import TrainRecognitionRequest, train_recognition

    return train_recognition(TrainRecognitionRequest.from_dict(params), workspace, reporter)
