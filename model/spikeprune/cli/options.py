"""Options that several commands share, and what their text stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.parameters import NetworkParameters
from spikeprune.prices import PRICES
from spikeprune.pruning import RULES, PruningRule, rule_class

__all__ = ["image_shape", "named_values", "network_parameters", "price_name", "pruning_rule"]


#: Names of `spikeprune.decoders.READOUTS`, whose module imports NumPy: the help answers without it.
READOUT_NAMES = ("assignment", "proportion", "nearest", "linear")


def price_name(name: str) -> str:
    """Check the name of an energy price."""
    if name not in PRICES:
        raise ParameterError(unknown_name("energy price", name, PRICES))
    return name


RuleName = Annotated[
    str,
    typer.Option(
        metavar="NAME", help=f"Pruning rule: {', '.join(RULES)}; or one of your own, module:Class or ./file.py:Class."
    ),
]
RuleValues = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Parameter of the rule; may be repeated.")
]
NetworkValues = Annotated[
    list[str] | None,
    typer.Option("--network", metavar="NAME=VALUE", help="Parameter of the network; may be repeated."),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder that holds the named data sets (MNIST/raw …); SPIKEPRUNE_DATA unless given."),
]
TestImages = Annotated[int | None, typer.Option(min=1, help="Evaluate on the first so many test images only.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Programs that evaluate side by side; one a core unless given.")
]
Price = Annotated[
    str, typer.Option(callback=price_name, help=f"Energy of an operation: {', '.join(PRICES)}.", metavar="NAME")
]
White = Annotated[
    float | None,
    typer.Option(help="Value of a white pixel of your own images; told from the brightest one unless given."),
]
Grey = Annotated[bool, typer.Option("--grey", help="Turn colour images of your own grey.")]
Shape = Annotated[
    str | None, typer.Option(metavar="HxW", help="Height and width of your own images where they are rows of pixels.")
]
ReadoutName = Annotated[
    str, typer.Option("--readout", metavar="NAME", help=f"How classes are read: {', '.join(READOUT_NAMES)}.")
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as one JSON document to standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Write nothing but the result.")]
Plots = Annotated[bool, typer.Option("--plots/--no-plots", help="Draw pictures into the run folder.")]


def image_shape(text: str | None) -> tuple[int, int] | None:
    """Read what ``--shape`` was given; ParameterError if it is no height and width."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)[x×,](\d+)", text.strip())
    if not found or "0" in found.groups():
        raise ParameterError(f"'--shape {text}' is no height and width: write for example --shape 28x28.")
    return int(found[1]), int(found[2])


def named_values(option: str, entries: Sequence[str]) -> dict[str, Any]:
    """Read ``name=value`` entries.

    Raises
    ------
    ParameterError
        If an entry has another form.
    """
    values: dict[str, Any] = {}
    for entry in entries:
        name, equals, value = (part.strip() for part in entry.partition("="))
        if not (name and equals and value):
            raise ParameterError(f"'{option} {entry}' is no name with a value: write {option} name=value.")
        name = name.replace("-", "_")
        if name in values:
            raise ParameterError(
                f"'{name}' is given twice, as {values[name]} and as {value}: give {option} {name} once."
            )
        values[name] = value
    return values


def network_parameters(entries: Sequence[str]) -> NetworkParameters:
    """Read what ``--network`` was given.

    Raises
    ------
    ParameterError
        If a name is unknown or a value is not allowed.
    """
    values = named_values("--network", entries)
    for name, instead in (("neurons", "use --neurons"), ("inputs", "it is the number of pixels of an image")):
        if name in values:
            raise ParameterError(f"'{name}' cannot be set with --network: {instead}.")
    return NetworkParameters.from_dict(values)


def pruning_rule(name: str, entries: Sequence[str]) -> PruningRule:
    """Read what ``--rule`` and ``--set`` were given.

    Raises
    ------
    ParameterError
        If a name is unknown or a value is not allowed.
    """
    values, kind = named_values("--set", entries), rule_class(name)
    of_rule = {field.name for field in fields(kind)}
    for key in sorted(set(values) & {field.name for field in fields(NetworkParameters)} - of_rule):
        raise ParameterError(
            f"'{key}' is a parameter of the network, not of rule '{kind.name}': write --network {key}={values[key]}."
        )
    return kind.from_values(values)
