"""The command `spikeprune build`: a CUDA program for a machine that need not be this one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from spikeprune.cli.console import Output
from spikeprune.cli.options import NetworkValues, Quiet, RuleName, RuleValues, network_parameters, pruning_rule
from spikeprune.errors import ParameterError
from spikeprune.quiet import quiet_brian2

__all__ = ["build"]


def build(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the program, which must not be there yet.")],
    backend: Annotated[str, typer.Option(help="cuda_standalone.")] = "cuda_standalone",
    neurons: Annotated[int, typer.Option("--neurons", "-n", help="Excitatory neurons.")] = 100,
    inputs: Annotated[int, typer.Option(help="Pixels of an image.")] = 784,
    rule: RuleName = "adaptive",
    values: RuleValues = None,
    network: NetworkValues = None,
    precision: Annotated[str, typer.Option(help="single or double.")] = "single",
    chunk: Annotated[int, typer.Option(min=1, help="Largest number of images of one start.")] = 1000,
    compute_capability: Annotated[
        str | None,
        typer.Option(
            help="Of the GPU, such as 8.6; SPIKEPRUNE_CUDA_CAPABILITY, this machine's GPU's, or 9.0 if not given."
        ),
    ] = None,
    generate_only: Annotated[bool, typer.Option("--generate-only", help="Write the sources, compile nothing.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write and compile the CUDA program of a network, with or without a GPU on this machine."""
    output = Output(quiet, False)
    if backend != "cuda_standalone":
        raise ParameterError(
            f"Back end '{backend}' is not built by itself: give --backend cuda_standalone; programs of others are "
            "compiled where they run, by 'spikeprune train'."
        )
    pruning, given = pruning_rule(rule, values or []), network_parameters(network or [])
    quiet_brian2()
    from spikeprune.backend.cuda import write_project

    parameters = replace(given, neurons=neurons, inputs=inputs)
    write_project(
        out, parameters, pruning, chunk, precision, capability=compute_capability, compiles=not generate_only,
        report=lambda sentence: output.say(f"{sentence} …"),
    )  # fmt: skip
    then = "compile it with 'make -j' in that folder" if generate_only else "start it with 'main IN OUT' (docs/cuda.md)"
    output.result({"folder": str(out)}, f"The program is in {out}: {then}.")
