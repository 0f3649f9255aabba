"""Train and evaluate several runs in one program: their networks lie side by side and differ in seeds and parameters.

Each run is an ordinary one: its history, checkpoints and files are what they would be if it had been alone.  In double
precision so is every number; in single precision compilers round the wider program differently, as another processor
would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from spikeprune.backend import Program
from spikeprune.chunks import finish, next_chunk, take_in
from spikeprune.errors import ParameterError
from spikeprune.evaluation import read_responses
from spikeprune.frozen import respond_all
from spikeprune.run import Run
from spikeprune.settings import Settings
from spikeprune.state import check_state

__all__ = ["evaluate_together", "program_for", "train_together"]


def program_for(
    settings: Sequence[Settings], report: Callable[[str], None] | None = None, replicas: int | None = None
) -> Program:
    """Build the program that trains networks of these settings side by side, or find it.

    Parameters
    ----------
    settings : sequence of Settings
        They differ in nothing but seeds and parameters of the rule.
    report : callable, optional
        Called with a sentence before something that takes long.
    replicas : int, optional
        Number of networks; that of the settings unless given.

    Raises
    ------
    ParameterError
        If they differ in something else.
    BackendError
        If the program cannot be built.
    """
    first, number = settings[0], replicas or len(settings)
    for other in settings:
        mine, theirs = _common(first), _common(other)
        for name, value in mine.items():
            if theirs[name] != value:
                raise ParameterError(
                    f"Networks in one program differ in nothing but seeds and parameters of the rule, but {name} is "
                    f"{value} and {theirs[name]}: train them one after the other."
                )
    # Every seed has an order of the images of its own.
    rows = first.chunk * number if first.shuffle and number > 1 else first.chunk
    return first.program(report, replicas=number, rows=rows)


def _common(settings: Settings) -> dict[str, Any]:
    """What must be the same in one program."""
    values = {name: value for name, value in vars(settings).items() if name not in ("rule", "seed", "parameters")}
    return values | vars(settings.parameters) | {"the rule": settings.rule.name}


def train_together(runs: Sequence[Run], progress: Callable[[Run, dict[str, Any]], None] | None = None) -> None:
    """Train runs to their end, of which each has the same program with at least as many replicas.

    Parameters
    ----------
    runs : sequence of Run
        Begun or reopened (:mod:`spikeprune.opening`).  Those that are behind the others go on first.
    progress : callable, optional
        Called after every chunk with each run and the new entry of its history.
    """
    with ExitStack() as stack:
        for run in runs:
            if run.folder is not None:
                stack.enter_context(run.folder.lock())
                run.folder.tidy()
        left = list(runs)
        while left:
            chunks = [next_chunk(run) for run in left]
            for run, chunk in zip(left, chunks, strict=True):
                if chunk is None:
                    finish(run)
            waiting = [(run, chunk) for run, chunk in zip(left, chunks, strict=True) if chunk is not None]
            left = [run for run, _ in waiting]
            position = min((chunk.first for _, chunk in waiting), default=0)
            now = [(run, chunk) for run, chunk in waiting if chunk.first == position]
            if not now:
                return
            began = time.perf_counter()
            results = now[0][0].program.run_all(
                [run.state for run, _ in now], [chunk.images for _, chunk in now],
                seeds=[run.settings.seed for run, _ in now], first_images=[chunk.first for _, chunk in now],
                rules=[run.settings.rule for run, _ in now],
            )  # fmt: skip
            share = (time.perf_counter() - began) / len(now)
            for (run, chunk), result in zip(now, results, strict=True):
                take_in(run, chunk, result, share, partial(progress, run) if progress is not None else None)


def evaluate_together(
    runs: Sequence[Run], *, workers: int | None = None, progress: Callable[[int], None] | None = None
) -> None:
    """Evaluate trained runs of one program on the test images of their data, which are the same for all.

    Parameters
    ----------
    runs : sequence of Run
    workers : int, optional
        Programs that run at the same time.
    progress : callable, optional
        Called with the number of images done, of all runs together.
    """
    for run in runs:
        check_state(run.state, run.program.layout)
    data, program = runs[0].dataset, runs[0].program
    images = np.reshape(data.test_images, (len(data.test_images), -1))
    shown = respond_all(
        program, [run.state for run in runs], images, seeds=[run.settings.seed for run in runs], workers=workers,
        progress=progress,
    )  # fmt: skip
    for run, (responses, counts) in zip(runs, shown, strict=True):
        run.evaluation = read_responses(
            program, run.state, data, run.responses, run.labels, responses, counts, run.pruning_events
        )  # fmt: skip
        if run.folder is not None:
            run.evaluation.save(run.folder)
