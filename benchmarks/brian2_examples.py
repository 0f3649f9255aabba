"""Brian2's own examples under `cpp_standalone` and under `cpp_standalone_fast`: are the spikes the same, and the time?

    python benchmarks/brian2_examples.py FOLDER [--only CUBA.py synapses/STDP.py] [--table table.md]

FOLDER is ``examples`` of Brian2's source distribution (``pip download --no-binary brian2 --no-deps brian2==2.9.0``).
The examples run unchanged, in a process and a folder of their own; what this driver adds is the device, one seed, and
that nothing is shown.  Every spike and every state variable at the end, and all that was recorded, is compared.  Where
the two differ under each device's own compiler flags, both are compared again under those of the fast device.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

PLAIN, FAST = "cpp_standalone", "cpp_standalone_fast"
#: Arrays of neurons and synapses that say nothing about the simulation, or which Brian2 leaves undefined.
IGNORED = ("_spikespace", "_last", "clock")

#: Those that run in C++ standalone mode, take no argument and no minutes.
EXAMPLES = (
    "CUBA.py",
    "COBAHH.py",
    "synapses/STDP.py",
    "frompapers/Diehl_Cook_2015.py",
)


def child(example: Path, device: str, strict: bool, folder: Path) -> None:
    """Run one example under one device; leave what came out in ``folder/result.npz`` and ``times.json``."""
    os.environ["MPLBACKEND"] = "Agg"
    import brian2
    import matplotlib.pyplot as plt
    from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

    from spikeprune.standalone.flags import FLAGS

    plt.show = lambda *args, **kwds: None
    choose, run, read = brian2.set_device, CPPStandaloneDevice.network_run, CPPStandaloneDevice.get_value
    objects: dict[str, Any] = {}

    def set_device(name: str, **kwds: Any) -> None:
        kwds = {key: value for key, value in kwds.items() if key not in ("directory", "build_on_run")}
        choose(device if name == PLAIN else name, build_on_run=False, with_output=False, **kwds)

    def network_run(self: Any, net: Any, *args: Any, level: int = 0, **kwds: Any) -> None:
        # The network that Brian2 collects by itself forgets its objects after the run.
        objects.update({thing.name: thing for thing in (*net.sorted_objects, *net.objects)})
        run(self, net, *args, level=level + 1, **kwds)

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
    set_device(PLAIN)
    if strict:
        brian2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS["double"]
    brian2.seed(1)
    np.random.seed(1)  # noqa: NPY002  (what the examples use)
    os.chdir(folder)
    sys.argv = [str(example)]
    sys.path.insert(0, str(example.parent))
    runpy.run_path(str(example), run_name="__main__")
    build()
    timers = brian2.get_device().timers
    times = {"compile": timers["compile"]["make"], "run": timers["run_binary"]}
    np.savez(folder / "result.npz", **state(objects))
    (folder / "times.json").write_text(json.dumps(times))


def state(objects: dict[str, Any]) -> dict[str, Any]:
    """All arrays that belong to the objects of the networks, by their names."""
    from brian2.core.variables import ArrayVariable

    found = {}
    for name, thing in objects.items():
        variables = getattr(thing, "variables", None) or {}
        for key, variable in variables.items():
            own = isinstance(variable, ArrayVariable) and getattr(variable.owner, "name", None) == name
            if own and not any(part in key for part in IGNORED):
                found[f"{name}.{key}"] = np.array(variable.get_value())
    return found


def start(example: Path, device: str, strict: bool, root: Path) -> tuple[dict[str, Any], dict[str, float]]:
    """Run `child` in a process of its own; return its arrays and times, or raise with the last line it wrote."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        arguments = [str(example), "--child", device, "--folder", folder, *(["--strict"] if strict else [])]
        done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr.strip() or "no message").splitlines()[-1])
        with np.load(Path(folder) / "result.npz") as arrays:
            return dict(arrays), json.loads((Path(folder) / "times.json").read_text())


def difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Say in words how two results differ; empty if they do not."""
    if theirs.keys() != ours.keys():
        return "other variables"
    spikes = [key for key in theirs if key.endswith(".i") and f"{key[:-2]}.t" in theirs]
    other = [key for key in theirs if not np.array_equal(theirs[key], ours[key], equal_nan=theirs[key].dtype.kind == "f")]
    if not other:
        return ""
    if any(key in other for key in spikes):
        counts = [sum(len(result[key]) for key in spikes) for result in (theirs, ours)]
        return f"other spikes ({counts[0]:,} and {counts[1]:,})"
    return f"same spikes, other values of {', '.join(other[:3])}" + (" and others" if len(other) > 3 else "")


def compare(example: Path, root: Path, rounds: int) -> dict[str, Any]:
    """Run one example under both devices."""
    row: dict[str, Any] = {}
    results = {}
    for number in range(rounds):
        for device in (PLAIN, FAST):
            results[device], times = start(example, device, False, root)
            for key, seconds in times.items():
                row.setdefault(f"{key} {device}", []).append(seconds)
    del number
    row["spikes"] = sum(len(array) for key, array in results[PLAIN].items() if f"{key[:-2]}.t" in results[PLAIN] and key.endswith(".i"))
    row["difference"] = difference(results[PLAIN], results[FAST])
    if row["difference"]:
        results[PLAIN], _ = start(example, PLAIN, True, root)
        row["difference under the same flags"] = difference(results[PLAIN], results[FAST])
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("examples", type=Path, help="folder of Brian2's examples")
    parser.add_argument("--only", nargs="+", default=EXAMPLES, help="files, relative to the folder")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    parser.add_argument("--child", choices=(PLAIN, FAST), help=argparse.SUPPRESS)
    parser.add_argument("--strict", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.examples.resolve(), options.child, options.strict, options.folder)
        return
    rows = {}
    with tempfile.TemporaryDirectory() as root:
        for name in options.only:
            try:
                rows[name] = compare((options.examples / name).resolve(), Path(root), options.rounds)
            except RuntimeError as error:
                rows[name] = {"error": str(error)}
            print(name, rows[name], flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
