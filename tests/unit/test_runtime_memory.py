"""The memory monitor: measures honestly, gives back, and refuses before the system kills."""

from __future__ import annotations

import mmap
import sys
import threading

import pytest

from gait_core.errors import MachineError, MemoryLimitError
from gait_core.progress import Reporter
from gait_core.runtime.memory import MemoryMonitor, batch_size_for
from gait_core.runtime.memory_readings import MachineMemory, machine_memory, own_memory_bytes

GIB = 1024**3
MIB = 1024**2
ROOMY = MachineMemory(total_bytes=16 * GIB, available_bytes=8 * GIB)


class Bench:
    """A process and a clock that the test moves."""

    def __init__(self, used=100 * MIB, machine=ROOMY):
        self.used, self.machine, self.now_s, self.reads = used, machine, 0.0, 0
        self.events = []
        self.reporter = Reporter(sink=self.events.append)

    def own(self):
        self.reads += 1
        return self.used

    def monitor(self, limit=1 * GIB):
        return MemoryMonitor(
            limit, reporter=self.reporter, own=self.own, machine=lambda: self.machine, clock=lambda: self.now_s
        )


def test_the_peak_of_each_stage_is_kept():
    bench = Bench()
    monitor = bench.monitor()
    for stage, used in (("extract", 300), ("extract", 500), ("extract", 400), ("train", 250)):
        bench.used, bench.now_s = used * MIB, bench.now_s + 1
        monitor.check(stage)
    assert monitor.peaks_bytes == {"extract": 500 * MIB, "train": 250 * MIB}
    assert monitor.pressure == pytest.approx(250 / 1024)


def test_it_reads_at_most_four_times_a_second_however_often_it_is_asked():
    bench = Bench()
    monitor = bench.monitor()
    begun = bench.reads
    for frame in range(1000):
        bench.now_s = frame / 1000
        monitor.check("extract")
    assert 2 <= bench.reads - begun <= 5


def test_from_85_percent_unused_memory_is_given_back(monkeypatch):
    bench = Bench()
    monitor = bench.monitor()

    def give_back():
        bench.used = 300 * MIB

    monkeypatch.setattr("gait_core.runtime.memory.release_native_memory", give_back)
    bench.now_s, bench.used = 1.0, 860 * MIB
    monitor.check("extract")
    assert bench.used == 860 * MIB, "84 % is not yet short"
    bench.now_s, bench.used = 2.0, 900 * MIB
    monitor.check("extract")
    assert bench.used == 300 * MIB
    assert monitor.pressure < 0.3
    assert monitor.peaks_bytes["extract"] == 900 * MIB
    assert [event.kind for event in bench.events] == ["note"]


def test_collecting_in_vain_is_tried_less_and_less_often(monkeypatch):
    bench = Bench()
    monitor = bench.monitor()
    tried = []
    monkeypatch.setattr("gait_core.runtime.memory.release_native_memory", lambda: tried.append(bench.now_s))
    bench.used = 900 * MIB
    for step in range(240):
        bench.now_s = step / 2
        monitor.check("extract")
    assert 4 <= len(tried) <= 8


def test_over_the_limit_there_is_time_to_shrink_and_then_a_refusal():
    bench = Bench()
    monitor = bench.monitor()
    bench.used = 1100 * MIB
    bench.now_s = 1.0
    monitor.check("extract")
    assert monitor.pressure > 1
    bench.now_s = 2.5
    monitor.check("extract")
    bench.now_s = 3.1
    with pytest.raises(MemoryLimitError, match=r"stay under 1\.0 GB.*needs 1\.1 GB") as caught:
        monitor.check("extract")
    assert caught.value.remedy
    assert isinstance(caught.value, MachineError)
    assert caught.value.exit_code == 3


def test_work_that_shrinks_in_time_goes_on():
    bench = Bench()
    monitor = bench.monitor()
    for at_s, used in ((1.0, 1100), (2.0, 1100), (2.5, 700), (3.5, 1100), (5.0, 1100)):
        bench.now_s, bench.used = at_s, used * MIB
        monitor.check("extract")
    bench.now_s = 5.6
    with pytest.raises(MemoryLimitError):
        monitor.check("extract")


def test_a_machine_that_runs_out_is_refused_at_once():
    bench = Bench()
    monitor = bench.monitor()
    bench.machine = MachineMemory(total_bytes=2 * GIB, available_bytes=150 * MIB)
    bench.now_s = 1.0
    with pytest.raises(MemoryLimitError, match=r"200 MB of memory free.*150 MB of 2\.0 GB left"):
        monitor.check("train")


def test_reserve_is_five_percent_within_bounds():
    reserves = [MachineMemory(total_bytes=total * GIB, available_bytes=0).reserve_bytes for total in (2, 10, 200)]
    assert reserves == [200 * MIB, 512 * MIB, 1 * GIB]


def test_what_the_program_held_before_does_not_make_the_work_impossible():
    bench = Bench(used=3 * GIB)
    monitor = bench.monitor(limit=1 * GIB)
    assert monitor.limit_bytes == 3 * GIB + GIB // 2
    for at_s in (1.0, 4.0, 8.0):
        bench.now_s = at_s
        monitor.check("extract")


@pytest.mark.parametrize(
    ("wanted", "each", "available", "expected"),
    [(4, 100 * MIB, 8 * GIB, 4), (8, 300 * MIB, 8 * GIB, 3), (4, 300 * MIB, GIB, 1), (4, 9 * GIB, 8 * GIB, 1)],
)
def test_workers_fit_the_limit_and_the_machine(wanted, each, available, expected):
    bench = Bench(machine=MachineMemory(total_bytes=16 * GIB, available_bytes=available))
    monitor = bench.monitor()
    assert [monitor.workers_for(wanted, each) for _ in range(2)] == [expected] * 2
    warnings = [event.message for event in bench.events]
    assert len(warnings) == (expected < wanted), "said once"
    assert all(f"Only {expected} of {wanted}" in text for text in warnings)


def test_many_threads_may_ask_at_once():
    monitor = MemoryMonitor(64 * GIB)
    threads = [threading.Thread(target=lambda: [monitor.check("extract") for _ in range(2000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert monitor.peaks_bytes["extract"] > 5 * MIB


def test_mapped_files_do_not_count_but_own_memory_does(tmp_path):
    path = tmp_path / "track.npy"
    path.write_bytes(b"x" * (64 * MIB))
    before = own_memory_bytes()
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert sum(mapped[:: mmap.PAGESIZE][:10]) == 10 * ord("x")
        for start in range(0, len(mapped), mmap.PAGESIZE):
            mapped[start]
        with_mapping = own_memory_bytes()
    held = bytearray(b"y") * (64 * MIB)
    with_held = own_memory_bytes()
    assert with_mapping - before < 16 * MIB
    assert with_held - before > 48 * MIB
    assert len(held) == 64 * MIB


def cgroup(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(value)


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
class TestContainers:
    def test_without_control_groups_the_machine_counts(self, tmp_path):
        memory = machine_memory(tmp_path, tmp_path / "none")
        assert not memory.container
        assert 0 < memory.available_bytes < memory.total_bytes

    def test_version_two_with_cached_files_as_free_memory(self, tmp_path):
        (tmp_path / "own").write_text("0::/\n")
        stat = f"anon 5\ninactive_file {40 * MIB}\nactive_file {10 * MIB}\n"
        cgroup(tmp_path, memory__max=f"{256 * MIB}\n", memory__current=f"{150 * MIB}", memory__stat=stat)
        memory = machine_memory(tmp_path, tmp_path / "own")
        assert (memory.total_bytes, memory.available_bytes, memory.container) == (256 * MIB, 156 * MIB, True)

    def test_the_parent_of_a_group_limits_as_well(self, tmp_path):
        (tmp_path / "own").write_text("0::/user/work\n")
        cgroup(tmp_path / "user" / "work", memory__max="max", memory__current=f"{10 * MIB}")
        cgroup(tmp_path / "user", memory__max=f"{300 * MIB}", memory__current=f"{100 * MIB}")
        assert machine_memory(tmp_path, tmp_path / "own").available_bytes == 200 * MIB

    def test_version_one(self, tmp_path):
        (tmp_path / "own").write_text("5:cpu:/x\n4:memory:/docker/abc\n")
        cgroup(
            tmp_path / "memory",  # inside a container the path of the host does not exist
            memory__limit_in_bytes=f"{500 * MIB}",
            memory__usage_in_bytes=f"{100 * MIB}",
            memory__stat=f"inactive_file 1\ntotal_inactive_file {20 * MIB}\ntotal_active_file 0\n",
        )
        memory = machine_memory(tmp_path, tmp_path / "own")
        assert (memory.total_bytes, memory.available_bytes) == (500 * MIB, 420 * MIB)

    def test_a_limit_above_the_machine_is_none(self, tmp_path):
        (tmp_path / "own").write_text("0::/\n")
        cgroup(tmp_path, memory__max="9223372036854771712", memory__current="1")
        assert not machine_memory(tmp_path, tmp_path / "own").container


@pytest.mark.parametrize(
    ("free_gib", "expected"), [(2, (16, 16, 16)), (4, (32, 32, 32)), (8, (64, 64, 32)), (64, (128, 64, 32))]
)
def test_batch_sizes_follow_the_table(free_gib, expected):
    found = tuple(batch_size_for(profile, free_gib * GIB) for profile in ("fast", "balanced", "accurate"))
    assert found == expected
