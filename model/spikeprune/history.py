"""What the history of a run says of each chunk of images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import ChunkResult
from spikeprune.readout import UNLABELLED, vote
from spikeprune.run import Run

__all__ = ["history_entry"]


def history_entry(
    run: Run, result: ChunkResult, labels: NDArray[np.int64], position: int, total: int, seconds: float
) -> dict[str, Any]:
    """Describe a chunk for the history; its accuracy is read with the assignment from the images before it."""
    rule, classes, state = run.settings.rule, run.data.n_classes, result.state
    accuracy, known = None, labels != UNLABELLED
    if len(run.recent) and known.any():
        right = vote(result.responses, run.assignment, classes)[known] == labels[known]
        accuracy = 100 * int(right.sum()) / int(known.sum())
    alive = state["plastic.alive"].astype(bool)
    frozen = alive & ~state["plastic.plastic"].astype(bool)
    threshold = None
    if rule.acts_in_training and rule.threshold:
        # The same for all neurons, where it is a parameter.
        threshold = state.get(f"incoming.{rule.threshold}", [getattr(rule, rule.threshold, 0.0)])
    return {
        "images": position,
        "total": total,
        "seconds": seconds,
        "accuracy": accuracy,
        "counts": result.counts.as_dict(),
        "pruning_events": rule.events_in(position),
        "removed_share": float(1 - alive.mean()),
        "frozen_share": float(frozen.mean()),
        "threshold": None if threshold is None else quantiles(threshold),
        "theta_mV": quantiles(state["excitatory.theta"] * 1e3),
        "spikes_per_image": float(result.responses.sum() / len(labels)),
        "silent_neurons": int((result.responses.sum(axis=0) == 0).sum()),
    }


def quantiles(values: Iterable[Any]) -> list[float]:
    """Minimum, quartiles and maximum."""
    return [float(q) for q in np.quantile(np.asarray(values, dtype=np.float64), [0, 0.25, 0.5, 0.75, 1])]
