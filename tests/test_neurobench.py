"""Our counts are NeuroBench's metrics: computed once more by its definitions, from rasters and weight matrices alone.

NeuroBench's harness needs PyTorch, so its definitions are written out here [1]_: for each connection layer and each
sample, ``Effective_ACs`` are the products of a non-zero input and a non-zero weight where all inputs are 0 or 1 (else
they are ``Effective_MACs``), ``Dense`` all products, zeros included; all are summed over time steps and layers and
averaged over samples.  Connection sparsity is the number of zero weights over that of all weights.

References
----------
.. [1] NeuroBench documentation, https://neurobench.readthedocs.io, pages "Synaptic Operations", "Connection Sparsity";
   J. Yik et al., Nature Communications 16:1545 (2025), doi:10.1038/s41467-025-56739-4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, PruningRule, Run
from spikeprune.backend import Program
from spikeprune.operations import connection_sparsity, synaptic_operations
from spikeprune.presenting import Presentation


def operations(samples: Iterable[list[tuple[np.ndarray, np.ndarray]]]) -> dict[str, float]:
    """NeuroBench's synaptic operations of samples, each a list of (inputs [steps, n], weights [n, m]) a layer."""
    found = {"Effective_MACs": 0.0, "Effective_ACs": 0.0, "Dense": 0.0}
    number = 0
    for layers in samples:
        number += 1
        for inputs, weights in layers:
            products = int(((inputs != 0).astype(np.int64) @ (weights != 0).astype(np.int64)).sum())
            binary = set(np.unique(inputs)) <= {0, 1}
            found["Effective_ACs" if binary else "Effective_MACs"] += products
            found["Dense"] += len(inputs) * weights.size
    return {name: value / number for name, value in found.items()}


def raster(shown: Presentation, group: str, size: int) -> np.ndarray:
    """Spikes as zeros and ones [steps, neurons]."""
    spikes = shown.spikes[group]
    dense = np.zeros((round(shown.duration / shown.dt), size), dtype=np.int8)
    dense[np.rint(spikes.t / shown.dt).astype(int), spikes.i] = 1
    return dense


@pytest.fixture(scope="module")
def run(
    compiled: Callable[[str], Program], small: NetworkParameters, small_rule: PruningRule, digits: Dataset
) -> Run:
    compiled("double")
    return sp.train(digits, small_rule, parameters=small, precision="double", chunk=20, seed=5)


def layers(run: Run) -> list[np.ndarray]:
    """Weights of the three layers that exist; lateral ones as they stand for, without the partner."""
    n = run.settings.parameters.neurons
    return [np.where(run.alive, np.maximum(run.weights, 1e-9), 0), np.eye(n), 1 - np.eye(n)]


def test_operations_are_those_of_neurobench(run: Run, small: NetworkParameters, digits: Dataset) -> None:
    """Of images that are shown once: rasters hold the last showing only."""
    shown = [run.present(image, number=k, backend="numpy") for k, image in enumerate(digits.test_images[:10])]
    once = [each for each in shown if each.attempts == 1]
    assert len(once) >= 3
    assert run.alive.mean() < 0.9
    weights = layers(run)
    groups = (("input", 64), ("excitatory", 12), ("inhibitory", 12))
    pairs = list(zip(groups, weights, strict=True))
    theirs = operations([(raster(each, *group), w) for group, w in pairs] for each in once)
    counts = sum((each.counts for each in once[1:]), once[0].counts)
    ours = synaptic_operations(counts, 64, 12, small.slot_steps)
    assert ours["Effective_ACs"] == theirs["Effective_ACs"] > 0
    assert ours["Effective_MACs"] == theirs["Effective_MACs"] == 0
    # We leave out the places of the one-to-one and lateral layers where no synapse ever was.
    never = (12 * 12 - 12 + 12) * small.slot_steps
    assert theirs["Dense"] - ours["Dense"] == never


def test_sparsity_is_that_of_neurobench(run: Run) -> None:
    weights = layers(run)[0]
    plastic, network = connection_sparsity(run.alive)
    assert plastic == (weights == 0).sum() / weights.size
    assert network == (weights == 0).sum() / (weights.size + 12 + 12 * 11)
    evaluation = run.evaluate()
    assert evaluation.neurobench["connection_sparsity_plastic"] == plastic
