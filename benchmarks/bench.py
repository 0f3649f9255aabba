"""Time our training against the hand-written floor and against peers, side by side in one run.

    python benchmarks/bench.py --neurons 400 --rounds 5 --json out.json

Every program runs in a process of its own, all of them in turn in every round (A B C … A B C …), so that a drifting
machine touches them alike; what counts is the ratio of two programs within a round, given as median and range over
rounds.  Start, code generation and compilation are not counted.  A peer that is not installed is skipped by name;
BindsNET may live in another environment, whose interpreter `--bindsnet-python` names.  Times of two threads mean
something only on a machine that is otherwise idle.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EPOCH = 60_000
OURS, FLOOR = "spikeprune", "floor"


class Skipped(Exception):
    """A program cannot be measured here; the message says why."""


def time_spikeprune(neurons: int, images: int) -> dict[str, float]:
    """Time this package's training loop, unpruned, as the difference of a short and a longer run: the start falls out.

    Parameters
    ----------
    neurons, images : int
        Excitatory neurons; images to time.

    Returns
    -------
    dict
        ``seconds``, ``cpu_seconds`` (child processes included), ``images`` and ``presentations`` with repetitions.

    Raises
    ------
    Skipped
        Where the package is not installed, or other work on the machine hides the difference.
    """
    if find_spec("spikeprune") is None:
        raise Skipped("spikeprune is not installed")
    import spikeprune as sp

    data = sp.Dataset.load("mnist")

    def measure(count: int) -> tuple[float, float, int]:
        start, cpu = time.perf_counter(), sum(os.times()[:4])
        run = sp.train(data.subset(train=count), sp.NoPruning(), neurons=neurons, chunk=1000)
        presentations = sum(entry["counts"]["presentations"] for entry in run.history)
        return time.perf_counter() - start, sum(os.times()[:4]) - cpu, presentations

    short = max(1, images // 4)
    measure(1)  # compiles where that has not been done
    seconds, cpu_seconds, presentations = (b - a for a, b in zip(measure(short), measure(short + images), strict=True))
    if min(seconds, cpu_seconds) <= 0:
        raise Skipped(f"{short + images} images took less time than {short}: run it again on a quieter machine")
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "images": images, "presentations": presentations}


def time_floor(neurons: int, images: int) -> dict[str, float]:
    """Time the hand-written kernel; parameters and result as in :func:`time_spikeprune`, and its own ``peak_bytes``."""
    from floor import run_floor

    measured = run_floor(neurons, images, test=0, seed=0)
    return {**measured["train"], "peak_bytes": measured["peak_bytes"]}


def time_plain_brian2(neurons: int, images: int) -> dict[str, float]:
    """Time the ordinary Brian2 program; parameters and result as in :func:`time_spikeprune`."""
    from plain_brian2 import time_plain_brian2

    return time_plain_brian2(neurons, images)


def time_bindsnet(neurons: int, images: int, **options: Any) -> dict[str, float]:
    """Time BindsNET; parameters and result as in :func:`time_spikeprune`, options as in :mod:`bindsnet_loop`."""
    if find_spec("bindsnet") is None:
        raise Skipped(f"BindsNET is not installed for {sys.executable} (see --bindsnet-python)")
    from bindsnet_loop import time_bindsnet

    return time_bindsnet(neurons, images, **options)


TIMERS: dict[str, Callable[..., dict[str, float]]] = {
    OURS: time_spikeprune,
    FLOOR: time_floor,
    "plain_brian2": time_plain_brian2,
    "bindsnet": time_bindsnet,
}


@dataclass(frozen=True)
class Program:
    """One row of the table.

    Attributes
    ----------
    name : str
        What the row is called; with time step, presentation time, threads and batch it is unique.
    timer : str
        Key of :data:`TIMERS`.
    images : int
        Images timed in a round.
    dt : float
        Time step, ms.
    shown : int
        Presentation time, ms.
    rest : str
        What happens between two presentations.
    threads, batch : int
        Threads, and images presented side by side.
    options : dict
        Further arguments of the timer.
    """

    name: str
    timer: str
    images: int
    dt: float = 0.5
    shown: int = 350
    rest: str = "closed form"
    threads: int = 1
    batch: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name by which its measurements are kept."""
        special = f", {self.shown} ms, dt {self.dt:g} ms, threads {self.threads}, batch {self.batch}"
        return self.name + (special if self.options else "")


def programs(share: float) -> list[Program]:
    """All rows, each with `share` times its usual number of images."""

    def count(images: int) -> int:
        return max(1, round(share * images))

    rows = [
        Program(OURS, OURS, count(2000)),
        Program(FLOOR, FLOOR, count(4000)),
        Program("plain Brian2", "plain_brian2", count(8), rest="150 ms"),
    ]
    for dt, shown in ((1.0, 250), (0.5, 350)):
        for batch in (1, 32):
            for threads in (1, 2):
                options = {"dt": dt, "shown": shown, "threads": threads, "batch": batch}
                images = count(8) if batch == 1 else batch
                rows.append(Program("BindsNET", "bindsnet", images, dt, shown, "reset", threads, batch, options))
    return rows


def run_program(program: Program, neurons: int, images: int, interpreter: str) -> dict[str, Any]:
    """Measure one program once, in a child process.

    Parameters
    ----------
    program : Program
        What to run.
    neurons, images : int
        Excitatory neurons; images to time.
    interpreter : str
        Python to run it with.

    Returns
    -------
    dict
        The timer's result with ``peak_bytes`` of the largest process, or ``skipped`` and why.
    """
    order = {"timer": program.timer, "neurons": neurons, "images": images, "options": program.options}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(program.threads))
    command = [interpreter, __file__, "--child", json.dumps(order)]
    if shutil.which(interpreter) is None:
        return {"skipped": f"{interpreter} is not a program"}
    environment = {**os.environ, **threads}
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert child.stdout is not None
        with child.stdout:
            output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        complaints = errors.read().strip().splitlines()
    if child.returncode:
        reason = (complaints or [f"exit status {child.returncode}"])[-1]
        return {"skipped": reason}
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    result.setdefault("peak_bytes", usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
    return result


def child(order: str) -> None:
    """Run the timer that a parent process asked for, and print its result as JSON."""
    wanted = json.loads(order)
    try:
        result: dict[str, Any] = TIMERS[wanted["timer"]](wanted["neurons"], wanted["images"], **wanted["options"])
    except (Skipped, ImportError) as error:
        result = {"skipped": str(error)}
    print(json.dumps(result))


def spread(values: list[float]) -> dict[str, float]:
    """Median, smallest and largest of some values."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarise(rows: list[Program], rounds: list[dict[str, dict[str, Any]]], clock: str) -> list[dict[str, Any]]:
    """One entry a program: times, ratios within the same round, throughput and memory.

    Parameters
    ----------
    rows : list of Program
        The programs that were measured.
    rounds : list of dict
        For every round, the measurement of each program by name.
    clock : {'wall', 'cpu'}
        Which time to use.
    """
    key = {"wall": "seconds", "cpu": "cpu_seconds"}[clock]
    cost = {p.key: [1e3 * r[p.key][key] / r[p.key]["presentations"] for r in rounds] for p in rows}
    summary = []
    for program in rows:
        own = cost[program.key]
        entry: dict[str, Any] = {**asdict(program), "ms_per_presentation": spread(own)}
        for base in (OURS, FLOOR):
            if base in cost:
                entry[f"ratio_to_{base}"] = spread([a / b for a, b in zip(own, cost[base], strict=True)])
        per_image = statistics.median(
            r[program.key]["presentations"] / r[program.key]["images"] * ms for r, ms in zip(rounds, own, strict=True)
        )
        entry["ms_per_image"] = per_image
        entry["images_per_second"] = 1e3 / per_image
        entry["hours_per_epoch"] = EPOCH * per_image / 3.6e6
        entry["peak_bytes"] = max(r[program.key]["peak_bytes"] for r in rounds)
        summary.append(entry)
    return summary


def show_table(summary: list[dict[str, Any]], title: str) -> None:
    """Print the summary as a table; times are per presentation, throughput includes repeated presentations."""
    from rich.console import Console
    from rich.table import Table

    def number(value: float) -> str:
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

    def ratio(values: dict[str, float] | None) -> str:
        if values is None:
            return "–"
        return f"{number(values['median'])} ({number(values['min'])} to {number(values['max'])})"

    table = Table(title=title, caption="median (range over rounds); ratios are of programs within one round")
    table.add_column("program")
    headings = ("dt, ms", "shown, ms", "rest", "threads", "batch", "ms a presentation", f"× {OURS}", f"× {FLOOR}")
    for heading in (*headings, "images/s", "h an epoch", "peak MB"):
        table.add_column(heading, justify="right")
    for entry in summary:
        table.add_row(
            entry["name"],
            f"{entry['dt']:g}",
            str(entry["shown"]),
            entry["rest"],
            str(entry["threads"]),
            str(entry["batch"]),
            ratio(entry["ms_per_presentation"]),
            ratio(entry.get(f"ratio_to_{OURS}")),
            ratio(entry.get(f"ratio_to_{FLOOR}")),
            number(entry["images_per_second"]),
            f"{entry['hours_per_epoch']:.3g}",
            f"{entry['peak_bytes'] / 1e6:.0f}",
        )
    console = Console()
    Console(width=None if console.is_terminal else 200).print(table)


def main() -> None:
    """Measure, print the table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=400, help="excitatory neurons")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each of every program")
    parser.add_argument("--share", type=float, default=1, help="factor on the images timed in a round")
    parser.add_argument("--only", nargs="+", choices=TIMERS, default=list(TIMERS), help="programs to measure")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="numbers of threads to measure")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="time to compare")
    parser.add_argument("--bindsnet-python", default=os.environ.get("SPIKEPRUNE_BINDSNET_PYTHON", sys.executable))
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child)
        return

    rows, skipped = [], {}
    for program in programs(arguments.share):
        if program.timer not in arguments.only or program.threads not in arguments.threads:
            continue
        interpreter = arguments.bindsnet_python if program.timer == "bindsnet" else sys.executable
        # One small run that is not counted: it compiles, fills caches and tells what cannot run here.
        first = run_program(program, arguments.neurons, max(1, program.images // 4), interpreter)
        if "skipped" in first:
            skipped[program.key] = first["skipped"]
            print(f"Skipped {program.key}: {first['skipped']}", file=sys.stderr)
        else:
            rows.append((program, interpreter))
    if not rows:
        raise SystemExit("Nothing could be measured here.")
    rounds: list[dict[str, dict[str, Any]]] = []
    for number in range(arguments.rounds):
        print(f"Round {number + 1} of {arguments.rounds}", file=sys.stderr)
        measured: dict[str, dict[str, Any]] = {}
        for p, python in rows:
            measured[p.key] = result = run_program(p, arguments.neurons, p.images, python)
            if "skipped" in result:
                raise SystemExit(f"{p.key} failed after a first success: {result['skipped']}")
            wall, cpu = (1e3 * result[key] / result["presentations"] for key in ("seconds", "cpu_seconds"))
            print(f"  {p.key}: {wall:.4g} ms a presentation ({cpu:.4g} ms of CPU time)", file=sys.stderr)
        rounds.append(measured)
    summary = summarise([program for program, _ in rows], rounds, arguments.clock)
    show_table(summary, f"Training, {arguments.neurons} excitatory neurons, {arguments.clock} clock")
    if arguments.json is not None:
        machine = {
            "processor": platform.processor() or platform.machine(),
            "cpus": os.cpu_count(),
            "load": os.getloadavg(),
        }
        record = {
            "neurons": arguments.neurons,
            "clock": arguments.clock,
            "machine": machine,
            "python": platform.python_version(),
            "summary": summary,
            "rounds": rounds,
            "skipped": skipped,
        }
        if find_spec("spikeprune") is not None:
            from spikeprune.provenance import provenance

            record["provenance"] = provenance()
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
