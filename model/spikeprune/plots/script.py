"""What the scripts in ``figures/`` share: where numbers come from, and files with captions."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from spikeprune.equations import names_only
from spikeprune.errors import DataError, RunFolderError, SpikepruneError, reason_of
from spikeprune.parameters import NetworkParameters
from spikeprune.plots.figure import saved
from spikeprune.plots.looks import rule_text
from spikeprune.plots.record import Record
from spikeprune.plots.reference import Claims, Group, of_runs, read_reference
from spikeprune.quiet import quiet_brian2
from spikeprune.summary import read_all
from spikeprune.training import load

__all__ = ["Drawing", "Source", "about_groups", "about_records", "draw_all", "publish", "run"]


@dataclass(frozen=True)
class Drawing:
    """A figure with its name, caption and further facts; `film` is a GIF of the same."""

    name: str
    figure: Figure
    caption: str
    facts: Mapping[str, str] = field(default_factory=dict)
    film: bytes | None = None


@dataclass(frozen=True)
class Source:
    """Where the numbers of figures come from: what is named, else what the repository holds.

    Attributes
    ----------
    root : Path
        The repository.
    paths : tuple of Path
        Run folders, records (``.npz``), results of experiments or benchmarks (``.json``).
    """

    root: Path
    paths: tuple[Path, ...] = ()

    @cached_property
    def records(self) -> list[Record]:
        """Trained networks; DataError where there are none."""
        files = [path for path in self.paths if path.suffix == ".npz"]
        folders = [path for path in self.paths if path.suffix not in (".npz", ".json")]
        if not self.paths:
            files = sorted((self.root / "results" / "figures").glob("*.npz"))
        found = [Record.read(path) for path in files] + [Record.of(load(path), path.name) for path in folders]
        if not found:
            raise DataError("There is no record of a network: make them with 'python figures/record.py'.")
        return found

    @cached_property
    def groups(self) -> list[Group]:
        """Results of experiments; DataError where there are none."""
        files = [path for path in self.paths if path.suffix == ".json"]
        folders = [path for path in self.paths if path.suffix not in (".npz", ".json")]
        found = of_runs(read_all(folders)) if folders else []
        if files or not self.paths:
            found += read_reference(files or self.root / "results" / "reference")
        if not found:
            raise DataError("Here are no results of experiments: name run folders, or a file of results/reference.")
        return found

    @cached_property
    def claims(self) -> Claims:
        """Published figures."""
        return Claims.read(self.root / "figures" / "published.toml")

    def documents(self, pattern: str, remedy: str) -> list[dict[str, Any]]:
        """Read benchmarks' JSON files; DataError where there are none or one is damaged."""
        files = [path for path in self.paths if path.suffix == ".json"]
        files = files or sorted((self.root / "results" / "figures").glob(pattern))
        if not files:
            raise DataError(f"There is no {self.root / 'results' / 'figures' / pattern}: make it with '{remedy}'.")
        found = []
        for path in files:
            try:
                found.append(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                raise DataError(f"{path} is damaged ({error}): make it with '{remedy}'.") from error
        return found


Draw = Callable[[Source], list[Drawing]]


def about_records(records: Sequence[Record]) -> dict[str, str]:
    """State data, parameters, seeds and origin of trained networks, for a caption."""
    first = records[0].settings
    commits = sorted({str(record.provenance["commit"])[:10] for record in records if record.provenance.get("commit")})
    return {
        "Networks": f"{records[0].data}, {records[0].neurons} neurons, {_epochs(first.get('epochs', 1))}; "
        + "; ".join(f"{record.label}: {rule_text(record.rule)}{_other_network(record)}" for record in records),
        "Seeds": "; ".join(f"{record.label}: {_list(record.seeds)}" for record in records),
        "Recorded by": ", ".join(f"`{c}`" for c in dict.fromkeys(record.command for record in records) if c)
        + (f" (commit {', '.join(commits)})" if commits else ""),
    }


def about_groups(groups: Sequence[Group]) -> dict[str, str]:
    """State parameters, seeds and origin of results, for a caption."""
    settings = dict.fromkeys(
        f"{group.label}: {rule_text(group.rule)}, N = {group.neurons}, {group.data}, {_epochs(group.epochs)}, "
        f"seeds {_list(group.seeds)} ({group.experiment})"
        for group in groups
    )
    return {
        "Settings": "; ".join(settings),
        "Experiments": ", ".join(f"`{command}`" for command in dict.fromkeys(group.command for group in groups)),
    }


def _other_network(record: Record) -> str:
    """Name the constants of the network that are not the usual ones."""
    usual = {entry.name: entry.default for entry in fields(NetworkParameters)}
    other = {
        name: value for name, value in names_only(record.settings["parameters"]).items()
        if name in usual and name not in ("neurons", "inputs") and value != usual[name]
    }  # fmt: skip
    return " in a network with " + ", ".join(f"{name} = {value}" for name, value in other.items()) if other else ""


def _epochs(number: int) -> str:
    return f"{number} epoch{'s' if number > 1 else ''}"


def _list(seeds: Sequence[int]) -> str:
    consecutive = list(seeds) == list(range(seeds[0], seeds[0] + len(seeds)))
    return f"{seeds[0]} to {seeds[-1]}" if consecutive and len(seeds) > 2 else ", ".join(map(str, seeds))


def publish(drawings: Sequence[Drawing], folder: Path, command: str) -> list[Path]:
    """Write each figure as PDF and PNG, its caption as Markdown, and its film as GIF.

    Raises
    ------
    RunFolderError
        If a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be made ({reason_of(error)}): choose another place.") from error
    files = []
    for drawing in drawings:
        for kind in (".pdf", ".png"):
            files.append(folder / f"{drawing.name}{kind}")
            saved(drawing.figure, files[-1])
        facts = {**drawing.facts, "Drawn by": f"`{command}`"}
        lines = [
            f"# {drawing.name}",
            "",
            drawing.caption,
            "",
            *(f"- **{name}:** {text}" for name, text in facts.items()),
        ]
        texts: dict[str, bytes] = {".md": ("\n".join(lines) + "\n").encode()}
        if drawing.film is not None:
            texts[".gif"] = drawing.film
        for kind, content in texts.items():
            files.append(folder / f"{drawing.name}{kind}")
            try:
                files[-1].write_bytes(content)
            except OSError as error:
                raise RunFolderError(
                    f"{files[-1]} cannot be written ({reason_of(error)}): choose another place."
                ) from error
    return files


def run(draw: Draw, script: str | Path, arguments: Sequence[str] | None = None) -> None:
    """Draw what a script draws, as its command line says; errors are one sentence.

    Parameters
    ----------
    draw : callable
        Takes a :class:`Source` and returns the drawings.
    script : path-like
        The script's file.
    arguments : sequence of str, optional
        The command line's unless given.
    """
    source, folder, command = _command_line(Path(script), arguments)
    try:
        for path in publish(draw(source), folder, command):
            print(path)
    except SpikepruneError as error:
        sys.exit(str(error))


def draw_all(draws: Mapping[str, Draw], script: str | Path, arguments: Sequence[str] | None = None) -> None:
    """Draw the figures of several scripts, by their names; what cannot be drawn is said at the end."""
    source, folder, _ = _command_line(Path(script), arguments)
    failures = []
    for name, draw in draws.items():
        try:
            files = publish(draw(source), folder, " ".join(["python", f"figures/{name}.py", *map(str, source.paths)]))
            print(f"{name}: {', '.join(path.name for path in files if path.suffix != '.md')}", flush=True)
        except SpikepruneError as error:
            failures.append(f"{name}: {error}")
    if failures:
        sys.exit("\n".join(failures))


def _command_line(script: Path, arguments: Sequence[str] | None) -> tuple[Source, Path, str]:
    parser = argparse.ArgumentParser(description="Draw figures from stored results; nothing is simulated.")
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUN", help="run folders, records (.npz), results (.json)"
    )
    parser.add_argument("--out", type=Path, default=script.parent / "out", help="folder of the pictures")
    parsed = parser.parse_args(arguments)
    quiet_brian2()
    command = " ".join(["python", f"figures/{script.name}", *map(str, parsed.runs)])
    return Source(script.resolve().parents[1], tuple(parsed.runs)), parsed.out, command
