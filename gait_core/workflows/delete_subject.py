"""Deletes everything that is stored under a pseudonym."""

from __future__ import annotations

from gait_core.baseline.store import delete_baseline, list_baselines
from gait_core.compare.profile_comparison import delete_comparisons_of
from gait_core.recognition.embedding_sets import delete_embeddings_of
from gait_core.recognition.gallery.gallery import remove_subject_from_all
from gait_core.walks.measurements import delete_measurement, list_measurements
from gait_core.workspace import Workspace, safe_name

__all__ = ["delete_subject"]


def delete_subject(workspace: Workspace, name: str) -> None:
    """Delete a person: enrolled walks, embeddings, comparisons, baselines with their analyses, measurements and walks.

    A set of embeddings goes whole when one of its videos is known to be the person's.

    The user's own video files stay where they are, and so do landmarks in the cache, which carry no name.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Pseudonym of the person.

    Raises
    ------
    StorageError
        When a gallery is damaged, so that it is unknown whether the person is in it. Enrolled walks in other
        galleries are gone by then; nothing else was deleted.
    """
    remove_subject_from_all(workspace, name)
    own = [record for record in workspace.records("walks") if record.get("subject") == name]
    measured = list_measurements(workspace, name)
    contents = {str(entry.get("content_sha256")) for entry in (*own, *measured)}
    delete_embeddings_of(workspace, contents)
    delete_comparisons_of(workspace, contents)
    for baseline in list_baselines(workspace):
        if baseline.subject == name:
            delete_baseline(workspace, baseline.id)
    for entry in measured:
        delete_measurement(workspace, str(entry["id"]))
    for record in own:
        workspace.delete_record("walks", str(record["id"]))
    workspace.delete_record("subjects", safe_name(name))
