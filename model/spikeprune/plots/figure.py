"""What all pictures share: the style, named runs, and files that are whole or absent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from spikeprune.errors import DataError, ParameterError, RunFolderError, reason_of

if TYPE_CHECKING:
    from spikeprune.evaluation import Evaluation
    from spikeprune.run import Run

__all__ = ["STYLE", "PathLike", "evaluated", "named", "saved"]

#: The style of all pictures.
STYLE = Path(__file__).with_name("spikeprune.mplstyle")

PathLike = str | os.PathLike[str]


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


def saved(figure: Figure, path: PathLike | None) -> Figure:
    """Write the figure where there is a path, whole or not at all."""
    if path is None:
        return figure
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise ParameterError(f"The picture '{target}' would be a PNG file: let its name end in .png.")
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        with os.fdopen(handle, "wb") as file:
            figure.savefig(file, format="png")
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except OSError as error:
        raise RunFolderError(
            f"The picture {target} cannot be written ({reason_of(error)}): choose another place."
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return figure
