"""The stand-in that executes CUDA programs on a CPU finds every kind of fault that is planted."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import pytest

from cuda_on_cpu.build import HERE, StandIn, rewrite

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the stand-in switches fibres on x86-64 only"),
]


@pytest.fixture(scope="module")
def faults(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of ``faults.cu``."""
    project = tmp_path_factory.mktemp("faults")
    (project / "main.cu").write_text((HERE / "faults.cu").read_text())
    return standin.build(project, project / "built")


def start(program: Path, fault: str, order: str = "forward", lazy: bool = False) -> tuple[int, str, list[str]]:
    """Status, output and report of the program."""
    report = program.with_name("report")
    report.unlink(missing_ok=True)
    environment = os.environ | {"STANDIN_ORDER": order, "STANDIN_REPORT": str(report), "STANDIN_LAZY": str(int(lazy))}
    done = subprocess.run([program, fault], env=environment, capture_output=True, text=True, check=False)
    lines = report.read_text().splitlines() if report.exists() else []
    return done.returncode, done.stdout + done.stderr, lines


def found(report: list[str]) -> set[str]:
    """What of the report is a fault, without numbers."""
    faults = (line.split("\t")[1] for line in report)
    return {fault for fault in faults if fault.startswith(("race", "outside", "barrier"))}


@pytest.mark.parametrize("order", ["forward", "reverse", "random:1"])
@pytest.mark.parametrize("lazy", [False, True])
def test_right_program_gives_the_sum_and_an_empty_report(faults: Path, order: str, lazy: bool) -> None:
    status, output, report = start(faults, "nothing", order, lazy)
    assert (status, output.split()[0]) == (0, str(sum(range(1000))))
    assert found(report) == set()
    assert "1\tlaunch sum" in report
    assert "2\tcopy device to host" in report


@pytest.mark.parametrize("order", ["forward", "reverse", "random:3"])
@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("missing barrier", "race sum: read and write in shared memory"),
        ("lost update", "race lost_update: write and write in out"),
        ("lost update", "race lost_update: write and read in out"),
        ("float sum", "race float_sum: order of float additions in floats"),
        ("last writer", "race last_writer: write and write in out"),
        ("outside", "outside outside: of every array"),
        ("not all", "barrier not reached by all in not_all"),
    ],
)
def test_faults_are_reported_in_any_order(faults: Path, fault: str, line: str, order: str) -> None:
    assert line in found(start(faults, fault, order)[2])


def test_a_value_read_before_or_after_a_neighbour_writes_it(faults: Path) -> None:
    reports = [found(start(faults, "neighbours", order)[2]) for order in ("forward", "reverse")]
    kinds = {line.split(": ")[1] for lines in reports for line in lines}
    assert kinds == {"write and read in out", "read and write in out"}


def test_order_shows(faults: Path) -> None:
    last = {order: start(faults, "last writer", order)[1].split()[0] for order in ("forward", "reverse")}
    assert last == {"forward": "7", "reverse": "0"}
    assert len({start(faults, "last writer", f"random:{seed}")[1] for seed in range(8)}) > 2


def test_unset_memory_is_not_a_number(faults: Path) -> None:
    assert start(faults, "unset")[1].split()[1] in ("nan", "-nan")


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("wrong copy", "cudaMemcpy said host to device and was device to host"),
        ("freed twice", "freed what was not allocated"),
        ("host access", ""),
        ("standard stream", "the standard stream cannot be captured"),
        ("copy in capture", "copies or allocates something while a stream is captured"),
        ("other stream", "add is launched into another stream"),
    ],
)
def test_the_program_is_stopped(faults: Path, fault: str, complaint: str) -> None:
    status, output, _ = start(faults, fault)
    assert status < 0
    assert complaint in output


@pytest.mark.parametrize("lazy", [False, True])
def test_a_graph_keeps_parameters_and_reads_memory_anew(faults: Path, lazy: bool) -> None:
    _, output, report = start(faults, "captured", lazy=lazy)
    assert output.split()[0] == str((1 + 10) + (1 + 100))
    assert {"2\tgraph", "2\tin a graph add"} <= set(report)
    assert found(report) == set()


def test_launches_are_rewritten() -> None:
    assert rewrite("f<<<g(a), b, s>>>(x, y);") == 'standin::Launch("f", g(a), b, s)(f, x, y);'
    assert rewrite("f <<< 1, 2 >>> ( );") == 'standin::Launch("f",  1, 2 )(f );'
    assert rewrite("extern __shared__ double part[];") == "double* part = (double*)standin::dynamic_shared();"
