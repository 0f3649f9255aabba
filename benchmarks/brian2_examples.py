"""Brian2's own examples under `cpp_standalone` and under `cpp_standalone_fast`: are the spikes the same, and the time?

    python benchmarks/brian2_examples.py FOLDER --keep programs [--only CUBA.py synapses/STDP.py] [--table table.md]

FOLDER is ``examples`` of Brian2's source distribution (``pip download --no-binary brian2 --no-deps brian2==2.9.0``).
The examples run unchanged, each in a process and a folder of its own; this driver adds the device, one seed, and
that nothing is shown.  All that the objects of a network hold at the end is compared, spikes and recordings among them.
Both devices compile with ``-ffast-math``, which lets the compiler choose the order of operations, so where results
differ, both codes are compiled once more by the rules of IEEE arithmetic.  Times are of the processor: of the compiler,
and of the program (the shortest of several).  Programs in the folder of ``--keep`` are not built again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import numpy as np

PLAIN, FAST, STRICT, STRICT_FAST = "cpp_standalone", "cpp_standalone_fast", "strict", "strict_fast"

#: Examples that run in C++ standalone mode, without arguments, in less than a minute.
EXAMPLES = (
    "CUBA.py",
    "COBAHH.py",
    "synapses/STDP.py",
    "frompapers/Diehl_Cook_2015.py",
    "adaptive_threshold.py",
    "frompapers/Brunel_Hakim_1999.py",
    "synapses/licklider.py",
    "IF_curve_LIF.py",
    "IF_curve_Hodgkin_Huxley.py",
    "frompapers/Wang_Buszaki_1996.py",
    "frompapers/Izhikevich_2003.py",
    "synapses/gapjunctions.py",
    "advanced/custom_events.py",
    "phase_locking.py",
    "reliability.py",
    "non_reliability.py",
    "synapses/jeffress.py",
    "synapses/nonlinear.py",
    "frompapers/Brette_Guigon_2003.py",
)


def diehl_cook(module: dict[str, Any]) -> None:
    """Show one picture to the network that the example builds; the script itself reads spikes between two runs."""
    brian2 = sys.modules["brian2"]
    network = module["build_network"](True)
    network["inp"].rates = (np.arange(module["N_INP"]) % 64) * brian2.Hz
    network.run(350 * brian2.ms, namespace=module)


#: Examples of which only a part can run in standalone mode.
PARTS = {"Diehl_Cook_2015.py": diehl_cook}


def seconds_of_children() -> float:
    """Processor time of all processes that this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build_example(example: Path, kind: str, folder: Path) -> None:
    """Run one example; leave its program in `folder`, what came out in ``result.npz``, and the compiler's time."""
    os.environ["MPLBACKEND"] = "Agg"
    import brian2
    import matplotlib.pyplot as plt
    from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

    from spikeprune.standalone import FLAGS

    plt.show = lambda *args, **kwds: None
    sys.modules["progressbar"] = types.ModuleType("progressbar")  # which shows nothing
    sys.modules["progressbar"].progressbar = lambda things: things  # type: ignore[attr-defined]
    choose, run, read = brian2.set_device, CPPStandaloneDevice.network_run, CPPStandaloneDevice.get_value
    compiles = CPPStandaloneDevice.compile_source
    objects: dict[str, Any] = {}
    times = []

    def set_device(name: str, **kwds: Any) -> None:
        chosen = (FAST if kind in (FAST, STRICT_FAST) else PLAIN) if name == PLAIN else name
        choose(chosen, build_on_run=False)

    def network_run(self: Any, net: Any, *args: Any, level: int = 0, **kwds: Any) -> None:
        # The network that Brian2 collects by itself forgets its objects after the run.
        objects.update({thing.name: thing for thing in (*net.sorted_objects, *net.objects)})
        run(self, net, *args, level=level + 1, **kwds)

    def compile_source(self: Any, *args: Any, **kwds: Any) -> None:
        before = seconds_of_children()
        compiles(self, *args, **kwds)
        times.append(seconds_of_children() - before)

    def build() -> None:
        active = brian2.get_device()
        if active.networks and not active.has_been_run:
            active.build(directory=str(folder / "project"), with_output=False)

    def get_value(self: Any, var: Any, access_data: bool = True) -> Any:
        # The program is built when something is to be known that only it can tell, so that there may be several runs.
        if self.array_cache.get(var) is None:
            build()
        return read(self, var, access_data)

    brian2.set_device = brian2.devices.device.set_device = set_device
    CPPStandaloneDevice.network_run, CPPStandaloneDevice.get_value = network_run, get_value
    CPPStandaloneDevice.compile_source = compile_source
    set_device(PLAIN)
    brian2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    if kind in (STRICT, STRICT_FAST):
        brian2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS["double"]
    brian2.seed(1)
    np.random.seed(1)  # noqa: NPY002  (what the examples use)
    os.chdir(folder)
    sys.argv = [str(example)]
    sys.path.insert(0, str(example.parent))
    part = PARTS.get(example.name)
    module = runpy.run_path(str(example), run_name="example" if part else "__main__")
    if part:
        part(module)
    build()
    np.savez(folder / "result.npz", **state(objects))
    (folder / "times.json").write_text(json.dumps({"compile": sum(times)}))


def state(objects: dict[str, Any]) -> dict[str, Any]:
    """All arrays that belong to the objects of the networks, by their names."""
    from brian2.core.variables import ArrayVariable

    found = {}
    for name, thing in objects.items():
        for key, variable in dict(getattr(thing, "variables", None) or {}).items():
            own = isinstance(variable, ArrayVariable) and getattr(variable.owner, "name", None) == name
            # Behind the number of spikes, Brian2's array of them holds older ones.
            if own and not key.endswith("space"):
                found[f"{name}.{key}"] = np.array(variable.get_value())
    return found


def built(example: Path, kind: str, root: Path) -> Path:
    """Return the folder of an example's program, which is built in a process of its own if it is not there."""
    folder = root / f"{example.parent.name}-{example.stem}-{kind}"
    if not (folder / "times.json").exists():
        # What an interrupted build has compiled would be missing from the compiler's time.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        arguments = [str(example), "--kind", kind, "--keep", str(folder)]
        done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{kind}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return folder


def seconds_of(folder: Path) -> float:
    """Processor time of one start of a program."""
    with tempfile.TemporaryDirectory() as results:
        before = seconds_of_children()
        arguments = ["./main", "--results_dir", f"{results}/"]
        subprocess.run(arguments, cwd=folder / "project", check=True, stdout=subprocess.DEVNULL)
        return seconds_of_children() - before


def difference(theirs: Any, ours: Any) -> str:
    """Say in words how two results differ; empty if they do not."""
    if set(theirs) != set(ours):
        return "other variables"

    def equal(key: str) -> bool:
        return np.array_equal(theirs[key], ours[key], equal_nan=theirs[key].dtype.kind == "f")

    if not all(equal(f"{name}.{key}") for name in monitors(theirs) for key in "it"):
        return "other spikes"
    other = [key for key in theirs if not equal(key)]
    return f"same spikes, other {', '.join(other[:2])}{' and more' if len(other) > 2 else ''}" if other else ""


def monitors(result: Any) -> list[str]:
    """Names of what recorded events."""
    return [key[:-2] for key in result if key.endswith(".i") and f"{key[:-2]}.t" in result]


def compare(example: Path, root: Path, rounds: int) -> dict[str, Any]:
    """Build one example for both devices, compare what came out, and time the programs in turn."""
    folders = {kind: built(example, kind, root) for kind in (PLAIN, FAST)}
    results = {kind: np.load(folder / "result.npz") for kind, folder in folders.items()}
    row: dict[str, Any] = {"difference": difference(results[PLAIN], results[FAST]), "strict difference": ""}
    if row["difference"]:
        strict = (np.load(built(example, kind, root) / "result.npz") for kind in (STRICT, STRICT_FAST))
        row["strict difference"] = difference(*strict)
    row["events"] = int(sum(len(results[FAST][f"{name}.i"]) for name in monitors(results[FAST])))
    row["compile"] = {
        kind: json.loads((folder / "times.json").read_text())["compile"] for kind, folder in folders.items()
    }
    times: dict[str, list[float]] = {kind: [] for kind in folders}
    # The shorter a program, the more of it is the system's part of its start.
    for _ in range(max(rounds, min(60, int(1 / seconds_of(folders[PLAIN]))))):
        for kind, folder in folders.items():
            times[kind].append(seconds_of(folder))
    row["run"] = {kind: min(values) for kind, values in times.items()}
    return row


def line(name: str, row: dict[str, Any]) -> str:
    """One line of the table."""
    if "error" in row:
        return f"| {name} | {row['error']} | | | | | | |"
    same = "identical" if not row["difference"] else f"{row['difference']}; in strict arithmetic "
    same += "" if not row["difference"] else row["strict difference"] or "identical"
    numbers = [f"{row[what][kind]:.2g}" for what in ("compile", "run") for kind in (PLAIN, FAST)]
    ratios = [row[what][FAST] / row[what][PLAIN] for what in ("compile", "run")]
    cells = [name, f"{row['events']:,}", same, *numbers[:2], *numbers[2:], f"{ratios[0]:.2f}", f"{ratios[1]:.2f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("examples", type=Path, help="folder of Brian2's examples")
    parser.add_argument("--only", nargs="+", default=EXAMPLES, help="files, relative to the folder")
    parser.add_argument("--keep", type=Path, required=True, help="folder for the programs")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--table", type=Path, help="also write the table here")
    parser.add_argument("--kind", choices=(PLAIN, FAST, STRICT, STRICT_FAST), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kind:
        build_example(options.examples.resolve(), options.kind, options.keep)
        return
    table = [
        "| example | events | spikes and state | compile, s | fast | run, s | fast | compile, ratio | run, ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(table))
    for name in options.only:
        try:
            row = compare((options.examples / name).resolve(), options.keep.resolve(), options.rounds)
        except RuntimeError as error:
            row = {"error": str(error)}
        table.append(line(name, row))
        print(table[-1], flush=True)
    if options.table:
        options.table.write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
