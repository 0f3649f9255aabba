"""The `spikeprune` command.

Brian2 takes seconds to import, so each command imports what it needs when it runs: the help answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeprune import __version__
from spikeprune.cli.building import build
from spikeprune.cli.console import Commands, Output
from spikeprune.cli.options import (
    DataDir,
    Json,
    Plots,
    Price,
    Quiet,
    RuleName,
    RunArgument,
    TestImages,
    Workers,
    network_parameters,
    pruning_rule,
)
from spikeprune.cli.reporting import report
from spikeprune.cli.sweeping import sweep
from spikeprune.quiet import quiet_brian2

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
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


def _brian2() -> Any:
    from spikeprune.cli import running

    quiet_brian2()
    return running


@app.command()
def train(
    data: Annotated[
        str,
        typer.Option(help="Data set: mnist, fashion-mnist, kmnist, emnist-…, digits, or a path to your own images."),
    ] = "digits",
    data_dir: DataDir = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch the data set if it is not there.")] = False,
    neurons: Annotated[int, typer.Option("--neurons", "-n", help="Excitatory neurons.")] = 100,
    rule: RuleName = "adaptive",
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Parameter of the rule; may be repeated.")
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option("--network", metavar="NAME=VALUE", help="Parameter of the network; may be repeated."),
    ] = None,
    epochs: Annotated[int, typer.Option(help="How often every training image is shown.")] = 1,
    seed: Annotated[int, typer.Option(help="Key of all random numbers.")] = 0,
    images: Annotated[int | None, typer.Option(min=1, help="Train on the first so many images only.")] = None,
    test_images: TestImages = None,
    validation: Annotated[
        int | None, typer.Option(min=1, help="Evaluate on this many held-out training images, not on the test images.")
    ] = None,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Show the images in another order each epoch.")] = False,
    backend: Annotated[str, typer.Option(help="cpp_standalone, cuda_standalone, cython or numpy.")] = "cpp_standalone",
    precision: Annotated[str, typer.Option(help="single or double.")] = "single",
    chunk: Annotated[
        int | None, typer.Option(help="Images between two checkpoints; 1000, or 100 in a training with few images.")
    ] = None,
    assignment_images: Annotated[
        int, typer.Option(help="Last training images that assign neurons to classes; 0: 10,000, or one epoch if less.")
    ] = 0,
    workers: Workers = None,
    price: Price = "loihi",
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/DATA-RULE-nNEURONS-sSEED unless given.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    plots: Plots = True,
) -> None:
    """Train a network that prunes itself, evaluate it, and print what that saved."""
    output = Output(quiet, json)
    pruning, parameters = pruning_rule(rule, values or []), network_parameters(network or [])
    from spikeprune.datasets import fetch
    from spikeprune.datasets.user import as_path
    from spikeprune.records import run_path

    path = as_path(data)
    if download and path is None:
        fetch(data, data_dir)
    origin = {
        "name": data if path is None else str(path.resolve()),
        "data_dir": data_dir and str(data_dir.expanduser().resolve()),
        "validation": validation, "images": images, "test_images": test_images,
    }  # fmt: skip
    running = _brian2()
    dataset = running.load_origin(origin)
    run = running.train(
        output, dataset, pruning, out or run_path(dataset.name, pruning.name, neurons, seed), neurons=neurons,
        epochs=epochs,
        seed=seed, parameters=parameters, shuffle=shuffle, backend=backend, precision=precision,
        chunk=chunk if chunk is not None else 1000 if len(dataset.train_images) * epochs >= 10_000 else 100,
        assignment_images=assignment_images, origin=origin,
    )  # fmt: skip
    running.finish(output, run, price, plots, workers)


@app.command()
def resume(
    run: RunArgument,
    data_dir: DataDir = None,
    workers: Workers = None,
    price: Price = "loihi",
    json: Json = False,
    quiet: Quiet = False,
    plots: Plots = True,
) -> None:
    """Go on with an interrupted run from its last checkpoint, then evaluate it."""
    from spikeprune.records import RunFolder

    output, complete = Output(quiet, json), RunFolder.open(run).complete
    running = _brian2()
    resumed = running.resume(output, run, data_dir)
    if complete:
        output.say(f"The training in {run} was complete.")
    running.finish(output, resumed, price, plots, workers)


@app.command()
def evaluate(
    run: RunArgument,
    data: Annotated[
        str | None, typer.Option(help="Other test images of the same size (as in train); the run's own unless given.")
    ] = None,
    data_dir: DataDir = None,
    test_images: TestImages = None,
    workers: Workers = None,
    price: Price = "loihi",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Evaluate a finished run again, on its own test images or on others."""
    from spikeprune.cli.tables import results_table
    from spikeprune.summary import Summary

    output, summary = Output(quiet, json), Summary.read(run)
    running = _brian2()
    loaded, dataset = running.load(output, run, None if data else data_dir), None
    if data is not None:
        dataset = running.load_origin({"name": data, "data_dir": data_dir})
    if test_images is not None:
        dataset = (dataset or loaded.dataset).subset(test=test_images)
    evaluation = running.evaluate(output, loaded, dataset, workers)
    kept = loaded.evaluation is evaluation
    if not kept:
        output.say("These are not the test images of the run, so this result is not kept in its folder.")
    summary = summary.with_evaluation(evaluation)
    document = summary.as_dict(price) | {"evaluated": (dataset or loaded.dataset).name, "kept": kept}
    output.result(document, results_table([summary], price))


@app.command()
def show(run: RunArgument, price: Price = "loihi", json: Json = False, plots: Plots = True) -> None:
    """Show a finished run: what it was, its results, its pictures (drawn if they are not there)."""
    from spikeprune.cli.pictures import draw_run, drawn
    from spikeprune.cli.tables import breakdown_table, results_table, run_table
    from spikeprune.summary import Summary

    output, summary, pictures = Output(as_json=json), Summary.read(run), drawn(run)
    if plots and not pictures:
        loaded = _brian2().load(output, run)
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

        running = _brian2()
        plots.comparison({each.name: running.load(output, each.folder) for each in summaries}, picture)
    classes = [breakdown_table(summaries)] if breakdown else []
    document = [summary.as_dict(price, summaries[0]) for summary in summaries]
    output.result(document, results_table(summaries, price), *classes)


app.command()(report)
app.command()(sweep)
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
