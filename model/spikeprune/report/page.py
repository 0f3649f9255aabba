"""Turn runs into one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spikeprune import __version__, plots
from spikeprune.errors import ParameterError, RunFolderError, reason_of
from spikeprune.files import replacing
from spikeprune.plots.distributions import distributions
from spikeprune.plots.expenses import energies, operations
from spikeprune.plots.fields import fields_of_networks
from spikeprune.plots.front import front
from spikeprune.plots.record import Record
from spikeprune.plots.reference import Group, of_runs
from spikeprune.plots.svg import svg
from spikeprune.report import content
from spikeprune.summary import Summary, read_all
from spikeprune.training import load

__all__ = ["Picture", "render", "run_folders", "write_report"]

#: Networks that are drawn one by one; of more runs, the first seed of each setting.
MOST = 6


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    title: str
    caption: str
    svg: Markup


def run_folders(paths: Sequence[Path]) -> list[Path]:
    """Return the run folders that are named, and those in folders of runs, such as a sweep's.

    Raises
    ------
    RunFolderError
        If a path is neither.
    """
    found: list[Path] = []
    for path in paths:
        inside = [] if (path / "run.json").is_file() else sorted(p.parent for p in path.glob("*/run.json"))
        if not inside and not (path / "run.json").is_file():
            raise RunFolderError(
                f"{path} is neither a run folder (it has no run.json) nor a folder of them: give what 'spikeprune "
                "train' "
                "or 'spikeprune sweep' made."
            )
        found += inside or [path]
    return list(dict.fromkeys(found))


def write_report(paths: Sequence[Path], target: Path, price: str = "loihi") -> Path:
    """Write the report of some runs, whole or not at all.

    Parameters
    ----------
    paths : sequence of Path
        Run folders, the baseline first, or folders of them.
    target : Path
        HTML file to write.
    price : str
        Name of an energy price.

    Raises
    ------
    ParameterError, RunFolderError, DataError
        If the file's name does not end in .html; if a run is unfinished or damaged or the file cannot be written; if a
        run is not evaluated or its data are missing.
    """
    if target.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"The report '{target}' would be an HTML file: let its name end in .html.")
    if not target.absolute().parent.is_dir():
        raise RunFolderError(f"The report {target} cannot be written (there is no such folder): choose another place.")
    text = render(run_folders(paths), price)
    try:
        with replacing(target.absolute()) as file:
            file.write(text.encode())
    except OSError as error:
        raise RunFolderError(
            f"The report {target} cannot be written ({reason_of(error)}): choose another place."
        ) from error
    return target


def render(folders: Sequence[Path], price: str = "loihi") -> str:
    """Return the page about these runs; parameters and errors are those of :func:`write_report`."""
    summaries = read_all(folders)
    groups = of_runs(summaries)
    chosen = _first_of_each(summaries)
    runs = {summary.name: load(summary.folder) for summary in chosen}
    records = [Record.of(run, name) for name, run in runs.items()]
    pictures = [
        Picture(title, caption, Markup(svg(figure, f"f{number}", title)))
        for number, (title, caption, figure) in enumerate(_figures(runs, records, groups))
    ]
    environment = Environment(
        loader=PackageLoader("spikeprune.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html").render(
        title=", ".join(summary.name for summary in summaries) if len(summaries) <= 3 else f"{len(summaries)} runs",
        verdict=content.verdict(groups), runs=content.run_table(summaries, price), pictures=pictures,
        groups=content.group_table(groups) if len(summaries) > len(groups) else None,
        operations=content.operations_table(records), classes=content.class_table(records),
        parameters=content.parameter_table(summaries), provenance=content.provenance_table(summaries),
        left_out=len(summaries) - len(chosen), version=__version__,
        written=datetime.now(UTC).isoformat(timespec="minutes"),
    )  # fmt: skip


def _first_of_each(summaries: Sequence[Summary]) -> list[Summary]:
    """Choose what is drawn one by one: all of a few runs, else the first of those that differ in the seed alone."""
    if len(summaries) <= MOST:
        return list(summaries)
    first: dict[str, Summary] = {}
    for summary in summaries:
        first.setdefault(str((summary.data, {**summary.settings, "seed": None})), summary)
    return list(first.values())[:MOST]


def _figures(runs: Any, records: Sequence[Record], groups: Sequence[Group]) -> Iterator[tuple[str, str, Any]]:
    yield "Comparison", "Accuracy and synaptic operations of an image, with the change against the first run.", (
        plots.comparison(runs)
    )  # fmt: skip
    sizes = {(group.data, group.neurons) for group in groups}
    for data, neurons in sorted(sizes):
        here = [group for group in groups if (group.data, group.neurons) == (data, neurons)]
        if any(group.compared and group.rule["name"] != "none" for group in here):
            yield (
                f"Accuracy lost against operations saved: {data}, {neurons} neurons",
                "Change against unpruned networks of the same seeds; bars are 95 % confidence intervals.", front(here),
            )  # fmt: skip
    yield "Course of training", "Each value is that of a chunk of images, at its last image.", plots.history(runs)
    yield "Operations by class", "Per image; above over training, below in inference.", operations(records)
    yield "Energy", "Estimates: operations × a published price.  Compare networks, not prices.", energies(records)
    alike = [record for record in records if record.image_shape == records[0].image_shape]
    yield "Receptive fields", "Weights of single neurons as images, sorted by class; removed synapses are white.", (
        fields_of_networks(alike)
    )  # fmt: skip
    yield "Weights", "Before training (line) and after it (bars), and the neurons' thresholds.", distributions(records)
    for name, run in runs.items():
        yield f"Confusion: {name}", "Answers to the test images of each class, in percent.", plots.confusion(run)
