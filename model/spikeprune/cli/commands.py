"""The `spikeprune` command.

Brian2 takes seconds to import, so each command imports what it needs when it runs: the help answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from spikeprune import __version__
from spikeprune.cli.building import build
from spikeprune.cli.console import Commands, Output
from spikeprune.cli.exporting import export
from spikeprune.cli.learning import resume, train, with_brian2
from spikeprune.cli.listing import cache, rules
from spikeprune.cli.options import (
    DataDir,
    Json,
    Plots,
    Price,
    Quiet,
    ReadoutName,
    RunArgument,
    TestImages,
    Workers,
)
from spikeprune.cli.predicting import predict
from spikeprune.cli.reporting import report
from spikeprune.cli.sweeping import sweep
from spikeprune.quiet import quiet_brian2

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # whose tables cut long names off
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # not every terminal can show a µ
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spikeprune {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Print the traceback of an error (as SPIKEPRUNE_DEBUG=1 does).")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Spiking networks that prune themselves while they learn.

    Start with: spikeprune demo
    """


app.command()(train)
app.command()(resume)
app.command()(predict)


@app.command()
def evaluate(
    run: RunArgument,
    data: Annotated[
        str | None, typer.Option(help="Other test images of the same size (as in train); the run's own unless given.")
    ] = None,
    data_dir: DataDir = None,
    test_images: TestImages = None,
    readout: ReadoutName = "assignment",
    workers: Workers = None,
    price: Price = "loihi",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Evaluate a finished run again, on its own test images or on others."""
    from spikeprune.cli.tables import results_table
    from spikeprune.summary import Summary

    output, summary = Output(quiet, json), Summary.read(run)
    running = with_brian2()
    loaded, dataset = running.load(output, run, None if data else data_dir), None
    if data is not None:
        dataset = running.load_origin({"name": data, "data_dir": data_dir})
        output.notes(dataset)
    if test_images is not None:
        dataset = (dataset or loaded.dataset).subset(test=test_images)
    evaluation = running.evaluate(output, loaded, dataset, workers)
    kept = loaded.evaluation is evaluation
    if not kept:
        output.say("These are not the test images of the run, so this result is not kept in its folder.")
    if readout != "assignment":
        evaluation = loaded.with_readout(evaluation, readout)
        output.say(f"Classes are read by '{readout}'; the folder keeps what 'assignment' reads.")
    summary = summary.with_evaluation(evaluation)
    document = summary.as_dict(price) | {
        "evaluated": (dataset or loaded.dataset).name, "kept": kept, "readout": readout
    }  # fmt: skip
    output.result(document, results_table([summary], price))


@app.command()
def show(run: RunArgument, price: Price = "loihi", json: Json = False, plots: Plots = True) -> None:
    """Show a finished run: what it was, its results, its pictures (drawn if they are not there)."""
    from spikeprune.cli.pictures import draw_run, drawn
    from spikeprune.cli.tables import breakdown_table, results_table, run_table
    from spikeprune.summary import Summary

    output, summary, pictures = Output(as_json=json), Summary.read(run), drawn(run)
    if plots and not pictures:
        loaded = with_brian2().load(output, run)
        pictures = draw_run(loaded, run)
    if summary.accuracy is None:
        output.say(f"The run is not evaluated yet: run 'spikeprune resume {run}'.")
    document = summary.as_dict(price) | {"provenance": summary.provenance, "pictures": [str(path) for path in pictures]}
    tables = run_table(summary), results_table([summary], price), breakdown_table([summary])
    output.result(document, *tables, *(f"Picture: {path}" for path in pictures))


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN...", help="Folders of runs, the baseline first.")],
    breakdown: Annotated[bool, typer.Option("--breakdown", help="Also show the operations by class.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw the comparison into this PNG file.")] = None,
    price: Price = "loihi",
    json: Json = False,
) -> None:
    """Compare finished runs with the first of them: accuracy, weights removed, operations, energy."""
    from spikeprune.cli.tables import breakdown_table, results_table
    from spikeprune.summary import read_all

    output, summaries = Output(as_json=json), read_all(runs)
    if picture is not None:
        from spikeprune import plots

        running = with_brian2()
        plots.comparison({each.name: running.load(output, each.folder) for each in summaries}, picture)
    classes = [breakdown_table(summaries)] if breakdown else []
    document = [summary.as_dict(price, summaries[0]) for summary in summaries]
    output.result(document, results_table(summaries, price), *classes)


app.command()(export)
app.command()(report)
app.command()(sweep)
app.command()(rules)
app.command()(cache)
app.command()(build)


@app.command()
def info(data_dir: DataDir = None, json: Json = False) -> None:
    """Say what is installed and found: versions, compiler, CUDA, back ends, data sets, cache."""
    from spikeprune.cli.system import system_information
    from spikeprune.cli.tables import system_table

    quiet_brian2()
    information = system_information(data_dir)
    Output(as_json=json).result(information, system_table(information))


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist, fashion-mnist, …", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Download a named data set (needs torchvision, the extra 'datasets' of this package)."""
    from spikeprune.datasets import fetch as fetch_data
    from spikeprune.datasets.catalogue import canonical

    output, name = Output(), canonical(name)
    with output.waiting(f"Fetching {name} …"):
        folder = fetch_data(name, data_dir)
    output.result({"folder": str(folder)}, f"{name} is in {folder}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for runs and pictures.")] = Path("demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Train again what an earlier demo has left.")] = False,
    price: Price = "loihi",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train without pruning, with adaptive and with soft pruning on real images, and compare; under three minutes."""
    from spikeprune.cli.demo import run_demo

    quiet_brian2()
    run_demo(out, Output(quiet, json), price, fresh)
