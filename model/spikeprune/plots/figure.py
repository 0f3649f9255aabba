"""What all pictures share: the style, the widths of a page, named runs, and files that are whole or absent."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeprune.errors import DataError, ParameterError, RunFolderError, reason_of
from spikeprune.files import replacing

if TYPE_CHECKING:
    from spikeprune.evaluation import Evaluation
    from spikeprune.run import Run

__all__ = ["COLUMN", "PAGE", "STYLE", "PathLike", "evaluated", "named", "note", "saved", "signed", "some_networks"]

#: The style of all pictures.
STYLE = Path(__file__).with_name("spikeprune.mplstyle")

#: Widths on paper, in inches: one column (89 mm) and both (183 mm).
COLUMN, PAGE = 3.5, 7.2

PathLike = str | os.PathLike[str]

#: What may be written, and the metadata without which the same picture is the same file.
FORMATS: dict[str, dict[str, None]] = {".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


def named(runs: Run | Mapping[str, Run]) -> Mapping[str, Run]:
    """Give a single run the empty name; raise ParameterError where there is no run."""
    mapping = runs if isinstance(runs, Mapping) else {"": runs}
    if not mapping:
        raise ParameterError("There are 0 runs, but a picture needs at least one: name one.")
    return mapping


def evaluated(run: Run, name: str) -> Evaluation:
    """Return the evaluation of a run; raise DataError where there is none."""
    if run.evaluation is None:
        raise DataError(f"The run '{name}' has no evaluation, but this picture shows one: evaluate it first.")
    return run.evaluation


def note(ax: Axes, text: str, **options: Any) -> None:
    """Write into the middle of axes that have nothing to show."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color="0.5", **options)


def some_networks(networks: Collection[Any], subject: str) -> None:
    """Raise DataError if there is no network to draw the subject of."""
    if not networks:
        raise DataError(f"There are 0 networks, but a picture of {subject} needs at least one: name a run.")


def signed(value: float, digits: int = 1) -> str:
    """Write a number with its sign, a minus as long as the plus, and ± where it rounds to nothing."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else "±" + text[1:]


def saved(figure: Figure, path: PathLike | None) -> Figure:
    """Write the figure where there is a path, whole or not at all."""
    if path is None:
        return figure
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in FORMATS:
        raise ParameterError(f"The picture '{target}' would be a PNG, PDF or SVG file: let its name end so.")
    try:
        with replacing(target) as file, matplotlib.rc_context(fname=STYLE):
            figure.savefig(file, format=kind[1:], metadata=FORMATS[kind])
    except OSError as error:
        raise RunFolderError(
            f"The picture {target} cannot be written ({reason_of(error)}): choose another place."
        ) from error
    return figure
