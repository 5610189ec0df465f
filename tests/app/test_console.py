"""The real `streamlit` console script: it starts from any folder and answers on the loopback address alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.ports import own_port

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(sys.executable).with_name("streamlit")
HEAVY = ("tensorflow", "mediapipe", "openvino", "keras", "/cv2", "/av/")


def answer(url: str, method: str = "GET", data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, data=data, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    if not SCRIPT.is_file():
        pytest.skip("the streamlit console script is not beside this Python")
    port = own_port()
    workspace = tmp_path_factory.mktemp("console")
    command = [str(SCRIPT), "run", "app/main.py", "--server.headless", "true", "--server.port", str(port)]
    environment = dict(os.environ, GAIT_WORKSPACE=str(workspace))
    environment.pop("PYTHONPATH", None)
    log = workspace / "streamlit.log"
    with log.open("wb") as handle:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=handle, stderr=handle)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline_s = time.monotonic() + 40
        while time.monotonic() < deadline_s:
            assert process.poll() is None, log.read_text()
            try:
                if answer(f"{address}/_stcore/health")[0] == 200:
                    break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail(log.read_text())
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(15)


def test_answers_on_loopback_alone(server: tuple[str, psutil.Process]) -> None:
    address, process = server
    assert answer(address)[0] == 200
    listening = {c.laddr.ip for c in process.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_routes_refuse_strangers(server: tuple[str, psutil.Process]) -> None:
    address, _ = server
    upload = f"{address}/api/gait/upload?name=walk.mp4"
    assert answer(upload, "PUT", b"film")[0] == 403, "no token"
    assert answer(upload, "PUT", b"film", Origin="http://example.org")[0] == 403
    assert answer(f"{address}/api/gait/overlay/walk-1", Host="example.org")[0] == 403
    code, body = answer(upload, "PUT", b"film", X_Gait_Token="wrong")
    assert code == 403
    assert "Reload" in json.loads(body)["message"]


def test_stays_small_and_loads_no_heavy_library(server: tuple[str, psutil.Process]) -> None:
    _, process = server
    assert process.memory_info().rss < 400e6
    loaded = " ".join(part.path for part in process.memory_maps())
    assert not [name for name in HEAVY if name in loaded]
