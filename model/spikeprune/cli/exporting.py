"""The command ``spikeprune export``: a trained network as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeprune.cli.console import Output
from spikeprune.cli.learning import with_brian2
from spikeprune.cli.options import Json, Quiet, RunArgument

__all__ = ["export"]


def export(
    run: RunArgument,
    out: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="What to write: network.npz (CSR) or network.nir.", show_default=False),
    ],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained network into a file for other programs: .npz (sparse matrix) or .nir (docs/export.md)."""
    output = Output(quiet, json)
    loaded = with_brian2().load(output, run)
    from spikeprune.exports import export as write

    path = write(loaded, out)
    output.result({"file": str(path)}, f"The network is in {path}.")
