"""Small C3D files as laboratories write them, from simulated walks whose joints are known."""

from functools import cache

import numpy as np
from gait_walks import simulated

from gait_core.gait.events.gait_events import INITIAL_CONTACT
from gait_core.pose.landmarks import INDEX

RATE_HZ = 100.0
Z_UP = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
OUTWARDS_M = {"knee": 0.057, "ankle": 0.042}


@cache
def walked(impairment=None):
    """Return room_m (forward, up, right) and events of a walk at 100 Hz."""
    truth, _ = simulated(fps=RATE_HZ, duration_s=4.0, distance_m=9.0, impairment=impairment, severity=0.5)
    return truth.room_m, truth.events, truth.time_s


def body(axes=Z_UP, treadmill=False, impairment=None, back=False):
    """Return landmark → positions in the axes of a laboratory, m; there and back when asked."""
    room_m = walked(impairment)[0].copy()
    hips = room_m[:, [INDEX["left_hip"], INDEX["right_hip"]], 0].mean(axis=1)
    if treadmill:
        room_m[..., 0] -= np.linspace(hips[0], hips[-1], len(hips))[:, None]
    if back:
        turned = room_m * [-1.0, 1.0, -1.0]
        turned[..., 0] += 2 * hips[-1]
        room_m = np.concatenate([room_m, turned])
    forward, up = np.array(axes, dtype=float)
    turn = np.stack([forward, up, np.cross(forward, up)])
    return {name: room_m[:, row] @ turn for name, row in INDEX.items()}


def outer_and_inner(points, side, joint):
    """Return markers on the outer and the inner side of a joint, at right angles to the segment above."""
    across = np.mean(points["right_hip"] - points["left_hip"], axis=0) * (1 if side == "right" else -1)
    above = points[f"{side}_{'hip' if joint == 'knee' else 'knee'}"]
    along = points[f"{side}_{joint}"] - above
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    across = across - np.sum(across * along, axis=1, keepdims=True) * along
    across = OUTWARDS_M[joint] * across / np.linalg.norm(across, axis=1, keepdims=True)
    return points[f"{side}_{joint}"] + across, points[f"{side}_{joint}"] - across


def pelvis(points, up=(0.0, 0.0, 1.0)):
    """Return the four pelvis markers from which Harrington's figures lead to the hips of a body."""
    across = points["right_hip"] - points["left_hip"]
    apart = np.linalg.norm(across, axis=1, keepdims=True)
    z = across / apart
    y = up - np.sum(up * z, axis=1, keepdims=True) * z
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    x = np.cross(y, z)
    width, depth = (apart / 2 - 0.0073) / 0.33, 0.15
    origin = (points["left_hip"] + points["right_hip"]) / 2 + (0.24 * depth + 0.0099) * x + (0.30 * width + 0.0109) * y
    return {
        ("left", "asis"): origin - width / 2 * z,
        ("right", "asis"): origin + width / 2 * z,
        ("left", "psis"): origin - depth * x - 0.04 * z,
        ("right", "psis"): origin - depth * x + 0.04 * z,
    }


def write_c3d(path, points, *, units="mm", scale=1000.0, first_frame=0, rate_hz=RATE_HZ, events=None, parameters=()):
    """Write markers, and EVENT parameters as given."""
    ezc3d = __import__("ezc3d")
    content = ezc3d.c3d()
    frames = len(next(iter(points.values()))) if points else 0
    group = content["parameters"]["POINT"]
    group["RATE"]["value"] = [rate_hz]
    group["LABELS"]["value"] = list(points)
    group["UNITS"]["value"] = [units]
    table = np.ones((4, len(points), frames))
    for number, curve in enumerate(points.values()):
        table[:3, number] = scale * np.asarray(curve).T
    content["data"]["points"] = table
    content["header"]["points"]["first_frame"] = first_frame
    for name, value in (events or {}).items():
        content.add_parameter("EVENT", name, value)
    for group_name, name, value in parameters:
        content.add_parameter(group_name, name, value)
    content.write(str(path))
    return path


def event_rows():
    """Return (time, side, kind) of the simulated walk, in order."""
    _, events, time_s = walked()
    inside = [event for event in events if time_s[0] <= event.time_s <= time_s[-1]]
    return sorted((event.time_s - time_s[0], event.side, event.kind == INITIAL_CONTACT) for event in inside)
