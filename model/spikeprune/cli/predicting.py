"""The command ``spikeprune predict``: classes of images that nobody has labelled."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeprune.cli.console import Output
from spikeprune.cli.learning import with_brian2
from spikeprune.cli.options import Json, Quiet, ReadoutName, RunArgument, Workers

__all__ = ["predict"]


def predict(
    run: RunArgument,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="Image files, folders of such, or .npy and .npz files of arrays."),
    ],
    probabilities: Annotated[bool, typer.Option("--proba", help="Also give each class its share.")] = False,
    readout: ReadoutName = "assignment",
    out: Annotated[Path | None, typer.Option(help="Write the CSV table into this file.")] = None,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict the classes of images: a CSV table of image, class and name, or JSON."""
    from spikeprune.datasets.pictures import read_unlabelled
    from spikeprune.decoders import decide, fit, shares
    from spikeprune.errors import SpikepruneError, reason_of
    from spikeprune.readout import NO_ANSWER

    output = Output(quiet, json)
    loaded = with_brian2().load(output, run)
    names, arrays = read_unlabelled(images, loaded.data.grey)
    scores = fit(readout, loaded.responses, loaded.labels, loaded.data.n_classes)
    shown = scores(loaded.respond(arrays, workers=workers))
    decided, share = decide(shown), shares(shown)
    classes, titles = loaded.data.classes, loaded.data.class_names
    rows: list[dict[str, Any]] = []
    for name, number, each in zip(names, decided.tolist(), share.tolist(), strict=True):
        row: dict[str, Any] = {"image": name, "class": None, "name": ""}
        if number != NO_ANSWER:
            row |= {"class": classes[number], "name": titles[number]}
        rows.append(row | ({"share": dict(zip(titles, each, strict=True))} if probabilities else {}))
    table = _csv(rows, titles if probabilities else ())
    if out is not None:
        try:
            out.write_text(table, encoding="utf-8")
        except OSError as error:
            raise SpikepruneError(f"{out} cannot be written ({reason_of(error)}): choose another place.") from error
    silent = sum(row["class"] is None for row in rows)
    if silent:
        output.say(f"At {silent} of {len(rows)} images no neuron fired: they have no class.")
    if json:
        output.result(rows)
    elif out is None:
        output.out.file.write(table)
    else:
        output.say(f"{len(rows)} predictions are in {out}.")


def _csv(rows: list[dict[str, Any]], titles: tuple[str, ...]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["image", "class", "name", *titles])
    for row in rows:
        shares = [f"{row['share'][title]:.4f}" for title in titles]
        writer.writerow([row["image"], "" if row["class"] is None else row["class"], row["name"], *shares])
    return stream.getvalue()
