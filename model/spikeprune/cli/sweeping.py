"""The command ``spikeprune sweep``.  What it needs is imported when it runs, so that the help answers at once."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from spikeprune.cli.console import Output
from spikeprune.cli.options import Json, Quiet
from spikeprune.quiet import quiet_brian2

__all__ = ["sweep"]


def sweep(
    experiment: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML file of the experiment.", show_default=False)
    ],
    runs: Annotated[Path, typer.Option(help="Folder of the run folders.")] = Path("runs"),
    results: Annotated[Path, typer.Option(help="Folder of the tables and of reference/NAME.json.")] = Path("results"),
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Existing Dask scheduler, such as tcp://10.0.0.1:8786.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes on this machine, one a core unless given; 0: in this process.")
    ] = None,
    replicas: Annotated[
        int, typer.Option(min=1, help="Runs in one program that differ in seeds and parameters of the rule only.")
    ] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run what is missing of an experiment in parallel, and write its tables.  Call again to continue after a stop."""
    from spikeprune.cli.board import Board, group_table, paired_table
    from spikeprune.sweep import sweep as run_sweep

    quiet_brian2()
    output, began = Output(quiet, json), time.monotonic()
    try:
        with Board(output) as board:
            result = run_sweep(
                experiment, runs, results, scheduler=scheduler, workers=workers, replicas=replicas, watcher=board
            )  # fmt: skip
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"Stopped; continue with: spikeprune sweep {experiment}") from None
    output.say(f"The sweep took {timedelta(seconds=round(time.monotonic() - began))}.")
    document = {"groups": result.groups, "failures": result.failures, "files": [str(path) for path in result.files]}
    made = [group_table(result.groups, experiment.stem), paired_table(result.groups)] if result.groups else []
    tables = [table for table in made if table is not None]
    output.result(document, *tables, *(f"Written: {path}" for path in result.files))
    for name, sentence in result.failures.items():
        output.err.print(f"Failed: {name}: {sentence}", markup=False, style="red", soft_wrap=True)
    if result.failures:
        raise typer.Exit(1)
