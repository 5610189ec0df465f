"""A named pipe in place of a file is refused, by every reader of what users name: opened, it would wait for ever."""

import os
import signal

import pytest

from gait_core.api.inputs import edits_of
from gait_core.errors import GaitError
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.recognition.inputs.array_file import read_silhouette_array
from gait_core.recognition.weights import read_state_dict
from gait_core.validation.reference import load_reference
from gait_core.workflows.train_request import read_config

READERS = {
    "edits.json": edits_of,
    "table.csv": open_dataset,
    "outlines.npz": read_silhouette_array,
    "outlines.npy": read_silhouette_array,
    "weights.safetensors": read_state_dict,
    "weights.pt": read_state_dict,
    "reference.csv": load_reference,
    "settings.json": read_config,
}


@pytest.fixture(autouse=True)
def impatient():
    """End the test that waits for the other end of a pipe."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("the pipe was opened"))
    signal.alarm(20)
    yield
    signal.alarm(0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_refused_and_never_opened(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(GaitError, match="ordinary file"):
        READERS[name](tmp_path / name)


def test_settings_that_nest_without_end_are_refused(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(GaitError, match="nested deeper"):
        read_config(tmp_path / "deep.json")
