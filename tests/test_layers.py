"""The shape of the package: imports point one way, heavy libraries stay where they belong, modules stay short."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = "spikeprune"
ROOT = Path(__file__).parents[1] / "model" / PACKAGE
LONGEST = 300

# A module may import modules of a lower level only; within a sub-package there is one level.
LEVELS = {
    "errors": 0,
    "files": 0,
    "quiet": 0,
    "seals": 0,
    "cores": 0,
    "places": 1,
    "responses": 1,
    "compilation": 0,
    "fans": 0,
    "schedule": 0,
    "neurons": -1,
    "plasticity": -1,
    "variants": 0,
    "equations": 1,
    "parameters": 2,
    "scaling": 3,
    "integration": 2,
    "encoding": 2,
    "readout": 2,
    "decoders": 3,
    "recent": 3,
    "operations": 2,
    "datasets": 2,
    "bounds": 3,
    "prices": 3,
    "pruning": 3,
    "standalone": 3,
    "presenter": 3,
    "waiting": 3,
    "strings": 4,
    "philox": 3,
    "stopping": 3,
    "cuda": 4,
    "synapses": 4,
    "layout": 0,
    "arguments": 4,
    "replicas": 5,
    "network": 6,
    "overhead": 5,
    "state": 5,
    "recorders": 5,
    "backend": 7,
    "frozen": 8,
    "provenance": 8,
    "records": 9,
    "evaluation": 10,
    "settings": 10,
    "history": 10,
    "snapshots": 10,
    "presenting": 11,
    "exploring": 12,
    "progress": 0,
    "run": 13,
    "continuing": 14,
    "loading": 14,
    "chunks": 15,
    "opening": 15,
    "training": 16,
    "together": 16,
    "summary": 16,
    "classifier": 17,
    "exports": 17,
    "sweep": 17,
    "plots": 18,
    "report": 19,
    "cli": 20,
    "__main__": 21,
}

NO_BRIAN2 = ("readout", "decoders", "recent", "operations", "prices", "datasets", "overhead")
#: Nor do those with which a known program is started: Brian2 generates code, and takes a second to import.
STARTS_KNOWN_PROGRAMS = ("backend.standalone", "training", "together", "strings", "cli.running")
USERS_OF_PLOTS = {"cli", "report"}


def module_name(path: Path, root: Path = ROOT) -> str:
    """Dotted name of the module in `path`; a package is named, not its ``__init__``."""
    parts = (root.name, *path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unit(module: str) -> str:
    """Entry of the table that `module` belongs to; empty for the package itself."""
    return ".".join(module.split(".")[1:2])


SOURCES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
UNITS = sorted({unit(module) for module in SOURCES} - {""})


def imported(source: str, module: str, is_package: bool, known: set[str]) -> set[str]:
    """Dotted names that `source`, the text of `module`, imports anywhere, submodules in `known` resolved.

    The version is the one thing that may be taken from the package itself, which importing any module loads anyway.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".") if is_package else module.split(".")[:-1]
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f"{origin}.{alias.name}"
                if name in known:
                    found.add(name)
                elif not (origin == PACKAGE and alias.name == "__version__"):
                    found.add(origin)
    return found


IMPORTS = {
    module: imported(path.read_text(encoding="utf-8"), module, path.name == "__init__.py", set(SOURCES))
    for module, path in SOURCES.items()
}


def own(modules: set[str]) -> set[str]:
    """Those of `modules` that belong to this package."""
    return {name for name in modules if name.split(".")[0] == PACKAGE}


def importers_of(library: str) -> set[str]:
    """Table entries that import `library` anywhere."""
    return {unit(module) for module, names in IMPORTS.items() if library in {name.split(".")[0] for name in names}}


@pytest.mark.parametrize(
    ("source", "module", "is_package", "expected"),
    [
        ("import spikeprune.network", "spikeprune.neurons", False, {"spikeprune.network"}),
        ("from . import network, __version__", "spikeprune.neurons", False, {"spikeprune.network"}),
        ("from .network import build_network", "spikeprune.neurons", False, {"spikeprune.network"}),
        ("from ..network import build_network", "spikeprune.pruning.soft", False, {"spikeprune.network"}),
        ("from .soft import SoftPruning", "spikeprune.pruning", True, {"spikeprune.pruning.soft"}),
        ("def f():\n    from spikeprune.pruning import soft", "spikeprune.cli", False, {"spikeprune.pruning.soft"}),
        ("from spikeprune import train", "spikeprune.cli", False, {"spikeprune"}),
        ("import numpy as np\nfrom brian2.units import mV", "spikeprune.neurons", False, {"numpy", "brian2.units"}),
    ],
)
def test_imports_are_read_in_every_spelling(source: str, module: str, is_package: bool, expected: set[str]) -> None:
    known = {"spikeprune", "spikeprune.network", "spikeprune.pruning", "spikeprune.pruning.soft"}
    assert imported(source, module, is_package, known) == expected


@pytest.mark.parametrize("name", UNITS)
def test_module_is_in_the_table(name: str) -> None:
    assert name in LEVELS, f"{PACKAGE}.{name} has no level: add it to LEVELS in {Path(__file__).name}."


@pytest.mark.parametrize("module", [module for module in SOURCES if unit(module) in LEVELS])
def test_imports_point_down(module: str) -> None:
    level = LEVELS[unit(module)]
    wrong = {
        name
        for name in own(IMPORTS[module])
        if unit(name) != unit(module) and LEVELS.get(unit(name), len(SOURCES)) >= level
    }
    assert not wrong, f"{module} (level {level}) must not import {', '.join(sorted(wrong))}."


def test_no_import_cycle() -> None:
    graph = {module: own(names) - {module} for module, names in IMPORTS.items() if module != PACKAGE}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These modules import each other: {' <- '.join(error.args[1])}.")


@pytest.mark.parametrize("name", NO_BRIAN2)
def test_numpy_only_modules_do_not_name_brian2(name: str) -> None:
    assert name not in importers_of("brian2")


@pytest.mark.parametrize("name", ["", *NO_BRIAN2, *STARTS_KNOWN_PROGRAMS])
def test_numpy_only_modules_do_not_load_brian2(name: str) -> None:
    module = f"{PACKAGE}.{name}".rstrip(".")
    code = f"import sys, {module}; print(*sorted({{'brian2', 'matplotlib', 'sklearn'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_only_plots_imports_matplotlib() -> None:
    assert importers_of("matplotlib") <= {"plots"}


def test_plots_are_drawn_from_stored_arrays() -> None:
    assert "plots" not in importers_of("brian2")


def test_only_faces_import_plots() -> None:
    plots = f"{PACKAGE}.plots"
    users = {unit(module) for module, names in IMPORTS.items() if plots in names}
    assert users - {"plots"} <= USERS_OF_PLOTS


@pytest.mark.parametrize("module", SOURCES)
def test_module_is_short(module: str) -> None:
    lines = len(SOURCES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{module} has {lines} lines, more than {LONGEST}: it is two things, so split it."


def test_the_schedule_of_the_architecture_is_that_of_the_code() -> None:
    from spikeprune.schedule import SCHEDULE

    page = (ROOT.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [f"| `{slot}` {order} | {occasion} | {meaning} |" for slot, order, occasion, meaning in SCHEDULE.values()]
    assert "\n".join(rows) in page


def test_no_exported_name_is_that_of_a_module() -> None:
    """Python would put the module in its place as soon as anything imports that."""
    import spikeprune

    assert not {name for name in spikeprune.__all__ if name in UNITS}
