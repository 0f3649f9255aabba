"""Which pictures a run folder gets; :mod:`spikeprune.plots` draws them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from spikeprune.records import PICTURES

if TYPE_CHECKING:
    from spikeprune.run import Run

__all__ = ["draw_comparison", "draw_run", "drawn"]

OF_RUN = ("receptive_fields", "weights", "history", "operations", "confusion")
#: Those of them that show an evaluation.
EVALUATED = ("operations", "confusion")
OF_COMPARISON = ("comparison", "history")


def draw_run(run: Run, folder: Path) -> list[Path]:
    """Draw fields and weights before and after, the course of training, and what an evaluated run has besides.

    That is the operations by class and the confusion matrix.
    """
    from spikeprune import plots

    wanted = [name for name in OF_RUN if name not in EVALUATED or run.evaluation is not None]
    for name in wanted:
        getattr(plots, name)(run, folder / PICTURES[name])
    return [folder / PICTURES[name] for name in wanted]


def draw_comparison(runs: Mapping[str, Run], folder: Path) -> list[Path]:
    """Draw results and course of training of several evaluated runs, the baseline first."""
    from spikeprune import plots

    for name in OF_COMPARISON:
        getattr(plots, name)(runs, folder / PICTURES[name])
    return [folder / PICTURES[name] for name in OF_COMPARISON]


def drawn(folder: Path) -> list[Path]:
    """Return the pictures of a run that are there."""
    return [folder / PICTURES[name] for name in OF_RUN if (folder / PICTURES[name]).is_file()]
