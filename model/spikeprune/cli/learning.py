"""The commands ``spikeprune train`` and ``spikeprune resume``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeprune.cli.console import Output
from spikeprune.cli.options import (
    DataDir,
    Grey,
    Json,
    NetworkValues,
    Plots,
    Price,
    Quiet,
    RuleName,
    RuleValues,
    RunArgument,
    Shape,
    TestImages,
    White,
    Workers,
    image_shape,
    named_values,
    network_parameters,
    pruning_rule,
)
from spikeprune.cli.signals import ended_at_once
from spikeprune.errors import ParameterError
from spikeprune.quiet import quiet_brian2

__all__ = ["resume", "train", "with_brian2"]


def with_brian2() -> Any:
    """Import Brian2, silenced, and what trains and evaluates."""
    with ended_at_once():
        from spikeprune.cli import running

        quiet_brian2()
    return running


def train(
    data: Annotated[
        str,
        typer.Option(help="Data set: mnist, fashion-mnist, kmnist, emnist-…, digits, or a path to your own images."),
    ] = "digits",
    data_dir: DataDir = None,
    white: White = None,
    grey: Grey = False,
    shape: Shape = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch the data set if it is not there.")] = False,
    neurons: Annotated[
        int | None, typer.Option("--neurons", "-n", help="Excitatory neurons; 100, or those of --from, unless given.")
    ] = None,
    rule: RuleName = "adaptive",
    values: RuleValues = None,
    network: NetworkValues = None,
    scaled: Annotated[
        bool,
        typer.Option(
            "--scaled", help="What --network does not give follows the data, the number of neurons and of images."
        ),
    ] = False,
    epochs: Annotated[int, typer.Option(help="How often every training image is shown.")] = 1,
    seed: Annotated[
        int | None, typer.Option(help="Key of all random numbers; 0, or one more than that of --from, unless given.")
    ] = None,
    initial: Annotated[
        Path | None, typer.Option("--from", metavar="RUN", help="Go on with the network of this finished run.")
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(min=1, help="Train on the first so many images only; sorted ones: so many, class by class."),
    ] = None,
    test_images: TestImages = None,
    validation: Annotated[
        int | None, typer.Option(min=1, help="Evaluate on this many held-out training images, not on the test images.")
    ] = None,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Show the images in another order each epoch.")] = False,
    backend: Annotated[str, typer.Option(help="cpp_standalone, cuda_standalone, cython or numpy.")] = "cpp_standalone",
    precision: Annotated[str, typer.Option(help="single or double.")] = "single",
    chunk: Annotated[
        int | None, typer.Option(help="Images between two checkpoints; a fortieth of all, 100 to 1000, unless given.")
    ] = None,
    assignment_images: Annotated[
        int, typer.Option(help="Last training images that assign neurons to classes; 0: 10,000, or one epoch if less.")
    ] = 0,
    allow_inert: Annotated[
        bool, typer.Option("--allow-inert", help="Train even if the rule never acts in so many images.")
    ] = False,
    workers: Workers = None,
    price: Price = "loihi",
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/DATA-RULE-nNEURONS-sSEED unless given.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    plots: Plots = True,
) -> None:
    """Train a network that prunes itself, evaluate it, and print what that saved."""
    output = Output(quiet, json)
    pruning = pruning_rule(rule, values or [])
    constants = network_parameters(network or []) if network or initial is None else None
    parameters = named_values("--network", network or []) if scaled else constants
    from spikeprune.datasets import fetch
    from spikeprune.datasets.user import as_path
    from spikeprune.records import RunFolder, run_path

    path = as_path(data)
    if download and path is None:
        fetch(data, data_dir)
    if out is not None:
        RunFolder.check(_place(out))
    running = with_brian2()
    before = None if initial is None else running.load(output, initial)
    dataset = running.load_origin(
        {
            "name": data if path is None else os.path.realpath(path),
            "data_dir": data_dir and os.path.realpath(data_dir.expanduser()),
            "validation": validation, "images": images, "test_images": test_images, "white": white, "grey": grey,
            "shape": image_shape(shape),
        }
    )  # fmt: skip
    output.notes(dataset)
    size = neurons if neurons is not None else before.settings.parameters.neurons if before else 100
    key = seed if seed is not None else before.settings.seed + 1 if before else 0
    run = running.train(
        output, dataset, pruning, out or run_path(dataset.name, rule, size, key), neurons=neurons, epochs=epochs,
        seed=seed, parameters=parameters, shuffle=shuffle, backend=backend, precision=precision,
        chunk=chunk, assignment_images=assignment_images, initial=before, allow_inert=allow_inert,
    )  # fmt: skip
    running.finish(output, run, price, plots, workers)


def _place(out: Path) -> Path:
    if str(out) in ("", "."):
        raise ParameterError("--out is empty: name the folder to make, or leave --out away.")
    return out


def resume(
    run: RunArgument,
    data: Annotated[str | None, typer.Option(help="Where the run's own data are now, if they were moved.")] = None,
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
    running = with_brian2()
    resumed = running.resume(output, run, data_dir, data)
    if complete:
        output.say(f"The training in {run} was complete.")
    running.finish(output, resumed, price, plots, workers)
