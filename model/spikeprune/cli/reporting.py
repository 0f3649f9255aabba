"""The command ``spikeprune report``.  What it needs is imported when it runs, so that the help answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeprune.cli.console import Output
from spikeprune.cli.options import Json, Price, Quiet
from spikeprune.quiet import quiet_brian2

__all__ = ["report"]


def report(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of runs, the baseline first, or a folder of them.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="HTML file to write.")] = Path("report.html"),
    price: Price = "loihi",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write one self-contained page about finished runs: verdict, tables, figures, parameters, provenance."""
    from spikeprune.report import write_report

    quiet_brian2()
    output = Output(quiet, json)
    with output.waiting("Drawing …"):
        write_report(runs, out, price)
    output.result({"report": str(out)}, f"Report: {out}")
