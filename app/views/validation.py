"""Validation: how well a measured walk agrees with a reference."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import streamlit as st

from app import reproduce, words
from app.components import error_box, note
from app.state import param, set_params, workspace
from app.views import validation_result
from gait_core.errors import GaitError, InputError
from gait_core.validation.reference import READERS
from gait_core.walks.measurements import MeasuredWalk, list_measurements, load_measurement
from gait_core.workflows.validate import validate_file
from gait_core.workspace import new_id, read_json, safe_name, storage_guard, write_json

__all__ = ["render", "validated"]

ALONE: Final = ""
LIMIT_MB: Final = 64


def render() -> None:
    """Draw the section: what is compared with what, and the result."""
    st.subheader("Validation", anchor=False)
    note(
        "Compare a measured walk with a reference of the same walk: motion capture, force plates, a walkway, another "
        "program. A walk with markers (.c3d, .npz) can also be checked alone: it is measured as seen from its side."
    )
    facts = {str(item["id"]): item for item in list_measurements(workspace())}
    chosen = st.selectbox(
        "Measured walk",
        [*facts, ALONE],
        format_func=lambda key: _walk_title(facts[key]) if key in facts else "None: motion capture alone",
        key="validation_walk",
        width=560,
    )
    path, upload = _reference()
    offset_s = _offset(bool(chosen))
    if st.button("Validate", key="validation_start", disabled=not (path or upload)):
        try:
            with st.spinner("Comparing with the reference"):
                made = validated(path, upload, str(chosen or ALONE), offset_s)
        except GaitError as error:
            error_box(error.to_dict(), "This reference cannot be used")
            return
        set_params(validation=made)
    shown = param("validation")
    if shown:
        _stored(shown)


def validated(path: str, upload: IO[bytes] | None, measurement_id: str, offset_s: float | None) -> str:
    """Validate, store the result and return its identifier.

    Raises
    ------
    GaitError
        When the reference cannot be used or the result not be stored.
    """
    walk = load_measurement(workspace(), measurement_id) if measurement_id else None
    measurement = walk.measurement if walk else None
    if upload is not None:
        with tempfile.TemporaryDirectory() as folder:
            given = Path(str(upload.name))
            copy = Path(folder) / f"{safe_name(given.stem, 'reference')}{given.suffix.lower()}"
            with storage_guard(copy):
                copy.write_bytes(upload.read())
            result = validate_file(copy, measurement, offset_s=offset_s, walk=walk.path if walk else None)
    elif path:
        given = Path(path.strip().strip("\"'").removeprefix("file://")).expanduser()
        result = validate_file(given, measurement, offset_s=offset_s, walk=walk.path if walk else None)
    else:
        raise InputError("Expected a reference file, but got none.", "Give its path or upload it.")
    made = new_id("validation")
    write_json(
        workspace().entry("validations", made).with_suffix(".json"),
        {
            "id": made,
            "created_s": time.time(),
            "walk": walk.name if walk else "",
            "measurement_id": measurement_id,
            "request": _request(given, walk, offset_s),
            "result": result.to_dict(),
        },
    )
    return made


def _request(reference: Path, walk: MeasuredWalk | None, offset_s: float | None) -> dict[str, Any]:
    """Return the parameters that give a validation again; nothing for a walk of which they are not known."""
    params: dict[str, Any] = {"reference": str(reference), "offset_s": offset_s}
    if walk is None:
        return params
    measured = walk.job_params()
    if not measured:
        return {}
    return params | {"video": walk.path} | {name: measured.get(name) for name in ("profile", "person", "scale")}


def _stored(validation_id: str) -> None:
    try:
        stored = read_json(workspace().entry("validations", validation_id).with_suffix(".json"))
    except GaitError:
        note("This result was deleted.")
        return
    subject = stored["walk"] or "Motion capture alone"
    st.html(f'<p class="gs-kicker">{words.moment(stored["created_s"])}</p>')
    note(f"{subject}, against {stored['result']['reference']}")
    validation_result.draw(stored["result"], validation_id)
    reproduce.offer("validate", stored.get("request") or {})


def _walk_title(item: Mapping[str, Any]) -> str:
    parts = [str(item["name"]), str(item["subject"]), words.moment(item["created_s"])]
    return " · ".join(part for part in parts if part)


def _reference() -> tuple[str, IO[bytes] | None]:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        path = st.text_input(
            "Reference file on this computer", key="validation_path", placeholder="/home/…/reference.csv"
        )
    with right, st.popover("Upload", icon=":material/upload:", width="stretch"):
        upload = st.file_uploader(
            "Reference file",
            type=[ending.lstrip(".") for ending in READERS],
            key="validation_upload",
            max_upload_size=LIMIT_MB,
        )
    note(f"File types: {', '.join(READERS)}. CSV as Gait Studio exports it; C3D with events or analysis values.")
    return path.strip(), upload


def _offset(possible: bool) -> float | None:
    if not possible or not st.toggle("I know the shift between the clocks", key="validation_shift"):
        return None
    return float(
        st.number_input(
            "Added to the times of the reference (s)", value=0.0, step=0.01, format="%.3f", key="validation_offset",
            width=300,
        )
    )  # fmt: skip
