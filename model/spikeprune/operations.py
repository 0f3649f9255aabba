"""Count synaptic operations, class by class, as exact integers.

A synaptic operation (SOP) is one spike transmitted by one existing synapse, or one update of the weight of one existing
plastic synapse.  A removed synapse does neither.  The layers, for N excitatory neurons, are input → excitatory
(all-to-all, plastic, pruned), excitatory → inhibitory (one-to-one) and inhibitory → excitatory (all but itself; where a
rule removes neurons, all that exist but itself).
NeuroBench's metrics [1]_, [2]_ are given under NeuroBench's names.

References
----------
.. [1] J. Yik et al., The neurobench framework for benchmarking neuromorphic computing algorithms and systems,
   Nature Communications 16:1545 (2025), doi:10.1038/s41467-025-56739-4.
.. [2] NeuroBench documentation, https://neurobench.readthedocs.io, pages "Connection Sparsity", "Synaptic Operations".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeprune.errors import DataError, ParameterError

__all__ = ["ConnectionSparsity", "Epoch", "OperationCounts", "connection_sparsity", "recount", "synaptic_operations"]


@dataclass(frozen=True, kw_only=True)
class OperationCounts:
    """Operations and spikes of some presentations, as Python integers of any size.

    Attributes
    ----------
    input_to_excitatory, excitatory_to_inhibitory, inhibitory_to_excitatory : int
        Transmissions: one for each spike and existing synapse.
    updates_on_input_spikes, updates_on_excitatory_spikes : int
        Weight updates: one for each spike and existing plastic synapse.
    images : int
        Images presented and accepted, whatever number of presentations each of them took.
    presentations : int
        Presentations, retries included; their operations are counted too.
    input_spikes, excitatory_spikes, inhibitory_spikes : int
        Spikes of each population.

    Raises
    ------
    ParameterError
        If a count is negative or not an integer, or there are more images than presentations.
    """

    input_to_excitatory: int
    excitatory_to_inhibitory: int
    inhibitory_to_excitatory: int
    updates_on_input_spikes: int
    updates_on_excitatory_spikes: int
    images: int
    presentations: int
    input_spikes: int
    excitatory_spikes: int
    inhibitory_spikes: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            try:
                count = operator.index(value)
            except TypeError:
                raise ParameterError(f"{name} is {value!r}, but counts are exact: pass an integer.") from None
            if count < 0:
                raise ParameterError(f"{name} is {count}, but a count is at least 0: check the counter.")
            object.__setattr__(self, name, count)  # NumPy integers would overflow in sums
        if self.images > self.presentations:
            raise ParameterError(
                f"images is {self.images}, but at most the {self.presentations} presentations are allowed: "
                "count every presentation."
            )

    @classmethod
    def zero(cls) -> OperationCounts:
        """Nothing counted: the start of ``sum(counts, OperationCounts.zero())``."""
        return cls(**{field.name: 0 for field in fields(cls)})

    @classmethod
    def from_dict(cls, values: Mapping[str, int]) -> OperationCounts:
        """Read what `as_dict` wrote; a missing or unknown name raises DataError."""
        wrong = sorted(set(values) ^ {field.name for field in fields(cls)})
        if wrong:
            raise DataError(f"The counts {', '.join(wrong)} are missing or unknown: pass what as_dict() returned.")
        return cls(**values)

    def as_dict(self) -> dict[str, int]:
        """The counts by name, ready for JSON."""
        return asdict(self)

    @property
    def transmissions(self) -> int:
        """Spikes transmitted by existing synapses of the three layers."""
        return self.input_to_excitatory + self.excitatory_to_inhibitory + self.inhibitory_to_excitatory

    @property
    def updates(self) -> int:
        """Updates of the weights of existing plastic synapses."""
        return self.updates_on_input_spikes + self.updates_on_excitatory_spikes

    @property
    def training_sops(self) -> int:
        """Synaptic operations in training: transmissions and updates."""
        return self.transmissions + self.updates

    @property
    def inference_sops(self) -> int:
        """Synaptic operations in inference: transmissions."""
        return self.transmissions

    def __add__(self, other: object) -> OperationCounts:
        if not isinstance(other, OperationCounts):
            return NotImplemented
        mine, yours = asdict(self), asdict(other)
        return OperationCounts(**{name: mine[name] + yours[name] for name in mine})

    def per_image(self) -> dict[str, float]:
        """Divide every count and sum by `images`, retries' cost included; without images this raises DataError."""
        if not self.images:
            raise DataError("The counts have 0 images, but a mean needs at least one: count more presentations.")
        sums = {name: getattr(self, name) for name in ("transmissions", "updates", "training_sops", "inference_sops")}
        return {name: n / self.images for name, n in (asdict(self) | sums).items() if name != "images"}

    def change_against(self, baseline: OperationCounts) -> dict[str, float]:
        """Change of each `per_image` value in percent of the baseline's; negative is a saving.

        A value that is 0 in both is unchanged (0 %); one that is 0 in the baseline alone has no percentage (NaN).
        """
        before, after = baseline.per_image(), self.per_image()

        def percent(was: float, now: float) -> float:
            return 100 * (now - was) / was if was else math.nan if now else 0.0

        return {name: percent(before[name], after[name]) for name in after}


class Epoch(NamedTuple):
    """Masks that hold from time step `first_step` until the next epoch begins."""

    first_step: int
    alive: NDArray[np.bool_]  # [n_inputs, N]: synapses that exist
    plastic: NDArray[np.bool_]  # [n_inputs, N]: synapses that learn if they exist; none of them in inference


SpikeTrains = NDArray[np.bool_] | tuple[ArrayLike, ArrayLike]


def recount(
    input_spikes: SpikeTrains,
    excitatory_spikes: SpikeTrains,
    inhibitory_spikes: SpikeTrains,
    epochs: Sequence[Epoch],
    *,
    images: int = 1,
    presentations: int = 1,
) -> OperationCounts:
    """Count the operations of a full spike recording, one spike after the other.

    This is the independent check of the counters that run within a simulation, so it is written to be read, not to be
    fast.  An operation counts at the step of its spike, whatever the delay of the synapse.

    Parameters
    ----------
    input_spikes, excitatory_spikes, inhibitory_spikes : ndarray of bool [neurons, steps] or pair of int [spikes]
        Where and when each population fired: a raster, or an array of neurons and one of time steps.
    epochs : sequence of Epoch
        The masks, in order of time, the first from step 0 on; one epoch where they are constant.
    images, presentations : int
        What the recording shows; it cannot be seen from the spikes.

    Raises
    ------
    DataError
        If the epochs do not ascend from step 0 or differ in shape, or a spike is of no known neuron.
    """
    starts = [epoch.first_step for epoch in epochs]
    if starts[:1] != [0] or starts != sorted(set(starts)):
        raise DataError(f"The epochs start at steps {starts}, but must ascend from 0: sort and complete them.")
    shapes = {np.shape(mask) for epoch in epochs for mask in (epoch.alive, epoch.plastic)}
    if len(shapes) > 1 or len(min(shapes)) != 2:
        raise DataError(f"The masks have shapes {sorted(shapes)}: pass all of them as inputs × excitatory neurons.")
    n_inputs, n_excitatory = shapes.pop()

    def masks_at(step: int) -> Epoch:
        return [epoch for epoch in epochs if epoch.first_step <= step][-1]

    count = dict.fromkeys(OperationCounts.zero().as_dict(), 0) | {"images": images, "presentations": presentations}
    for i, step in _events(input_spikes, n_inputs):
        _, alive, plastic = masks_at(step)
        count["input_spikes"] += 1
        for j in range(n_excitatory):
            if alive[i, j]:
                count["input_to_excitatory"] += 1
                if plastic[i, j]:
                    count["updates_on_input_spikes"] += 1
    for j, step in _events(excitatory_spikes, n_excitatory):
        _, alive, plastic = masks_at(step)
        count["excitatory_spikes"] += 1
        count["excitatory_to_inhibitory"] += 1
        for i in range(n_inputs):
            if alive[i, j] and plastic[i, j]:
                count["updates_on_excitatory_spikes"] += 1
    for _ in _events(inhibitory_spikes, n_excitatory):
        count["inhibitory_spikes"] += 1
        count["inhibitory_to_excitatory"] += n_excitatory - 1
    return OperationCounts(**count)


def _events(spikes: SpikeTrains, n_neurons: int) -> list[tuple[int, int]]:
    if isinstance(spikes, np.ndarray) and (spikes.dtype != bool or spikes.ndim != 2 or len(spikes) != n_neurons):
        raise DataError(f"A raster is {spikes.dtype} {spikes.shape}, not bool ({n_neurons}, steps): convert it.")
    neurons, steps = np.nonzero(spikes) if isinstance(spikes, np.ndarray) else map(np.asarray, spikes)
    if neurons.shape != steps.shape or neurons.ndim != 1:
        raise DataError(f"There are neurons {neurons.shape} and steps {steps.shape}: pass one of each for each spike.")
    if neurons.size and not (0 <= neurons.min() <= neurons.max() < n_neurons and steps.min() >= 0):
        raise DataError(f"A spike is of no neuron 0 to {n_neurons - 1} or before step 0: check masks and recording.")
    return [(int(neuron), int(step)) for neuron, step in zip(neurons, steps, strict=True)]


class ConnectionSparsity(NamedTuple):
    """Share of removed synapses, 0 (none) to 1 (all), in the plastic layer and in the whole network."""

    plastic_layer: float
    network: float


def connection_sparsity(alive: ArrayLike) -> ConnectionSparsity:
    """NeuroBench's connection sparsity: zero weights / weights, summed over the layers.

    A weight is a synapse of the unpruned network: n_inputs·N in the plastic layer, joined in the whole network by N
    one-to-one and N·(N - 1) lateral ones, none of which is ever removed.  So the unpruned network has sparsity 0, while
    NeuroBench, reading dense matrices, would also count the places where no synapse ever was.  Not rounded.

    Parameters
    ----------
    alive : array_like of bool [n_inputs, N]
        Synapses that exist.  Pass ``weights != 0`` to count synapses that learning has brought to 0 as well.

    Raises
    ------
    DataError
        If the mask is empty or has not two dimensions.
    """
    mask = np.asarray(alive, dtype=bool)
    if mask.ndim != 2 or not mask.size:
        raise DataError(f"The mask has shape {mask.shape}: pass one inputs × excitatory neurons.")
    removed = mask.size - int(np.count_nonzero(mask))
    return ConnectionSparsity(plastic_layer=removed / mask.size, network=removed / (mask.size + mask.shape[1] ** 2))


def synaptic_operations(
    counts: OperationCounts, n_inputs: int, n_excitatory: int, steps_per_presentation: int
) -> dict[str, float]:
    """NeuroBench's synaptic operations per inference, an inference being one image with its retries.

    ``Effective_ACs`` are accumulates for a non-zero activation and a non-zero weight: here a spike and an existing
    synapse, that is, our transmissions.  ``Effective_MACs`` need activations other than 0 and 1, so here they are 0.
    ``Dense`` is the work of hardware blind to zeros: at every time step one operation for every synapse of the unpruned
    network, of which there are n_inputs·N + N + N·(N - 1).

    Parameters
    ----------
    counts : OperationCounts
        Counts of an inference run.
    n_inputs, n_excitatory : int
        Neurons of these populations; there are as many inhibitory as excitatory ones.
    steps_per_presentation : int
        Time steps simulated for a presentation, those of the rest included where it is simulated.

    Returns
    -------
    dict of float
        The three numbers by these names, each per image.

    Raises
    ------
    ParameterError, DataError
        If a size is less than 1; if no image was accepted.
    """
    sizes = (n_inputs, n_excitatory, steps_per_presentation)
    if min(sizes) < 1:
        raise ParameterError(f"The numbers of inputs, neurons and steps are {sizes}: give at least 1 of each.")
    effective = counts.per_image()["transmissions"]
    dense = (n_inputs * n_excitatory + n_excitatory**2) * steps_per_presentation * counts.presentations / counts.images
    return {"Effective_MACs": 0.0, "Effective_ACs": effective, "Dense": dense}
