"""A training chunk by chunk: which images come next, what becomes of the run once they have been shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import ChunkResult
from spikeprune.history import history_entry
from spikeprune.loading import arrays
from spikeprune.run import Run
from spikeprune.state import finish_state

__all__ = ["Chunk", "Progress", "finish", "next_chunk", "take_in"]

#: Called after every chunk with the new entry of the history.
Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Chunk:
    """Images that are shown next.

    Attributes
    ----------
    first, total : int
        Number of the first of them in the whole training, and of all images of that.
    images : ndarray [images, pixels], uint8
    labels : ndarray [images]
    """

    first: int
    total: int
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def next_chunk(run: Run) -> Chunk | None:
    """Return what a run is shown next; nothing if it has seen everything."""
    settings, data = run.settings, run.dataset
    count = len(data.train_images)
    first, total = (run.history[-1]["images"] if run.history else 0), settings.epochs * count
    if first >= total:
        return None
    # A chunk ends where a snapshot is wanted; how images are cut into chunks changes nothing.
    wanted = next((at for at in run.snapshot_at if at > first), total)
    numbers = np.arange(first, min(first + settings.chunk, wanted, total))
    orders = {epoch: settings.order(count, epoch) for epoch in set((numbers // count).tolist())}
    shown = np.array([orders[number // count][number % count] for number in numbers.tolist()])
    return Chunk(first, total, data.train_images.reshape(count, -1)[shown], data.train_labels[shown])


def take_in(run: Run, chunk: Chunk, result: ChunkResult, seconds: float, progress: Progress | None = None) -> None:
    """Go on to the state after a chunk: state, history, and checkpoint where there is a run folder."""
    position, assignment = chunk.first + len(chunk.labels), run.assignment if len(run.recent) else None
    entry = history_entry(
        run.settings.rule, result, chunk.labels, assignment, run.data.n_classes, position, chunk.total, seconds
    )
    run.state = result.state
    run.recent.extend(result.responses, chunk.labels)
    run.history.append(entry)
    if position in run.snapshot_at:
        run.keep_snapshot()
    if run.folder is not None:
        run.folder.write_checkpoint(arrays(run) | {"history": np.array(json.dumps(run.history))})
    if progress is not None:
        progress(entry)


def finish(run: Run) -> None:
    """Apply what a rule does to the finished network, and complete the run folder."""
    run.state = finish_state(run.settings.parameters, run.settings.rule, run.state)
    if run.folder is None:
        return
    run.folder.write_arrays(
        "network.npz",
        arrays(run) | {
            "weights": run.weights, "alive": run.alive, "theta": run.theta, "assignment": run.assignment,
            "plastic": run.state["plastic.plastic"].reshape(run.weights.shape).astype(bool),
        },
    )  # fmt: skip
    run.folder.write_json("history.json", run.history)
    run.folder.mark_complete()
