"""The history of a run: what is kept of each chunk of images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import ChunkResult
from spikeprune.pruning import PruningRule
from spikeprune.readout import UNLABELLED, vote

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History", "history_entry"]

#: What the five numbers of a quantile are called in a table.
QUANTILES = ("min", "q1", "median", "q3", "max")


class History(list[dict[str, Any]]):
    """One entry a chunk, a dictionary each; :meth:`to_pandas` makes a table of them."""

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row for each chunk, by the images seen at its end.

        Operations have columns of their own (``counts.input_to_excitatory``, …), as have the quantiles over neurons
        (``threshold.median``, ``theta_mV.max``, …).
        """
        import pandas as pd

        rows = []
        for entry in self:
            row: dict[str, Any] = {}
            for name, value in entry.items():
                if isinstance(value, dict):
                    row |= {f"{name}.{key}": each for key, each in value.items()}
                elif isinstance(value, list):
                    row |= {f"{name}.{key}": each for key, each in zip(QUANTILES, value, strict=True)}
                else:
                    row[name] = value
            rows.append(row)
        return pd.DataFrame(rows, columns=None if rows else ["images"]).set_index("images")

    def _repr_html_(self) -> str:
        return str(self.to_pandas().to_html())


def history_entry(
    rule: PruningRule, result: ChunkResult, labels: NDArray[np.int64], assignment: NDArray[np.int64] | None,
    n_classes: int, position: int, total: int, seconds: float,
) -> dict[str, Any]:  # fmt: skip
    """Describe a chunk for the history.

    Parameters
    ----------
    rule : PruningRule
    result : ChunkResult
    labels : ndarray [images]
        Of the chunk.
    assignment : ndarray [neurons] or None
        From the images before the chunk, with which its accuracy is read; None before any image.
    n_classes : int
    position, total : int
        Images of the training at the end of the chunk, and in all.
    seconds : float
    """
    state, known = result.state, labels != UNLABELLED
    accuracy = None
    if assignment is not None and known.any():
        right = vote(result.responses, assignment, n_classes)[known] == labels[known]
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
