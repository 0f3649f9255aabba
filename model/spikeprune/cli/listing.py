"""The commands ``spikeprune rules`` and ``spikeprune cache``: what there is to choose, and what is kept."""

from __future__ import annotations

import inspect
import shutil
import time
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from spikeprune.cli.console import Output
from spikeprune.cli.options import Json
from spikeprune.errors import ParameterError, SpikepruneError, reason_of
from spikeprune.pruning import PruningRule
from spikeprune.pruning.timing import SCHEDULE, timing_text
from spikeprune.quiet import quiet_brian2

__all__ = ["cache", "rules"]

#: A program under way of being compiled is touched more often than every so many seconds.
ABANDONED = 3600


def rules(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="One rule only, by name, module:Class or ./file.py:Class.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the pruning rules with their parameters, defaults, meanings and references."""
    from spikeprune.pruning import known_rules, rule_class

    described = [describe_rule(rule_class(each)) for each in ([name] if name is not None else known_rules())]
    shown: list[Any] = []
    for each in described:
        shown += [Text(f"{each['name']}: {each['summary']}", style="bold"), _parameters(each)]
        shown += [Text(f"  {each['reference']}", style="dim")] if each["reference"] else []
        shown.append("")
    Output(as_json=json).result(described, *shown)


def describe_rule(rule: type[PruningRule]) -> dict[str, Any]:
    """Say what a rule is: summary, parameters with default, unit, meaning and range, reference."""
    summary = inspect.getdoc(rule) or ""
    page = inspect.getdoc(inspect.getmodule(rule)) or ""
    _, found, references = page.partition("References\n----------\n")
    parameters = [
        {
            "name": entry.name, "default": None if entry.default is MISSING else entry.default,
            "meaning": entry.metadata.get("meaning", ""), "allowed": entry.metadata.get("allowed", ""),
        }
        for entry in fields(rule)
    ]  # fmt: skip
    return {
        "name": rule.name, "class": rule.__qualname__, "module": rule.__module__, "summary": summary.splitlines()[0],
        "parameters": parameters, "reference": " ".join(references.split()) if found else "",
    }  # fmt: skip


def _parameters(described: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=bool(described["parameters"]))
    table.add_column("--set", no_wrap=True)
    table.add_column("default", justify="right", no_wrap=True)
    table.add_column("meaning", overflow="fold", min_width=20)
    for entry in described["parameters"]:
        allowed = f" ({entry['allowed']})" if entry["allowed"] not in ("", "any") else ""
        default = timing_text(entry["default"]) if entry["name"] in SCHEDULE else f"{entry['default']}"
        table.add_row(entry["name"], default, Text(entry["meaning"] + allowed))
    return table


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete the compiled programs.")] = False,
    older: Annotated[
        float | None, typer.Option("--older", min=0, help="With --clear: only those not used for so many days.")
    ] = None,
    json: Json = False,
) -> None:
    """List the compiled programs that are kept, or delete them; they are compiled again when needed."""
    quiet_brian2()
    from spikeprune.backend.standalone import cache_folder

    if older is not None and not clear:
        raise ParameterError("--older is for --clear: add --clear to delete programs.")
    folder = cache_folder()
    programs = sorted((_program(path) for path in folder.glob("*/manifest.json")), key=lambda each: each["used"])
    limit = time.time() - 86_400 * (older or 0)
    gone = [each for each in programs if clear and each["used"] <= limit]
    for each in gone:
        _delete(Path(each["folder"]))
    if clear:
        for leftover in folder.glob("building-*"):
            if time.time() - leftover.stat().st_mtime > ABANDONED:
                shutil.rmtree(leftover, ignore_errors=True)
    left = [each for each in programs if each not in gone]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Program", "MB", "Days since used"):
        table.add_column(heading, justify="left" if heading == "Program" else "right", no_wrap=True)
    for each in left:
        days = (time.time() - each["used"]) / 86_400
        table.add_row(each["name"], f"{each['bytes'] / 1e6:.1f}", f"{days:.0f}")
    size, freed = (sum(each["bytes"] for each in some) for some in (left, gone))
    document = {"folder": str(folder), "programs": left, "bytes": size, "deleted": len(gone), "freed": freed}
    lines = [f"{folder}: {len(left)} programs, {size / 1e6:.1f} MB."]
    if clear:
        lines.append(f"Deleted: {len(gone)} programs, {freed / 1e6:.1f} MB.")
    Output(as_json=json).result(document, *([table] if left else []), *lines)


def _program(manifest: Path) -> dict[str, Any]:
    files = [path for path in manifest.parent.rglob("*") if path.is_file()]
    main = manifest.parent / "main"
    used = max((path.stat().st_atime for path in (manifest, main) if path.exists()), default=0.0)
    return {
        "name": manifest.parent.name, "folder": str(manifest.parent), "used": used,
        "bytes": sum(path.stat().st_size for path in files),
    }  # fmt: skip


def _delete(folder: Path) -> None:
    try:
        (folder / "manifest.json").unlink()  # first: a program with a manifest is complete
        shutil.rmtree(folder)
    except OSError as error:
        raise SpikepruneError(f"{folder} cannot be deleted ({reason_of(error)}): check its permissions.") from error
