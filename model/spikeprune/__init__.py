"""spikeprune: spiking networks that prune themselves while they learn, on Brian2.

>>> import spikeprune as sp
>>> run = sp.train(sp.Dataset.load("digits"), sp.AdaptivePruning(interval=100), neurons=100)  # doctest: +SKIP
>>> run.evaluate().accuracy  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spikeprune.classifier import SpikingClassifier
    from spikeprune.datasets import Dataset, event_data
    from spikeprune.errors import SpikepruneError
    from spikeprune.evaluation import Evaluation
    from spikeprune.exports import export
    from spikeprune.operations import OperationCounts
    from spikeprune.parameters import NetworkParameters
    from spikeprune.prices import PRICES, energy
    from spikeprune.pruning import (
        AdaptivePruning,
        ConstantPruning,
        CriticalPeriodPruning,
        FocusedPruning,
        FocusedSettlingPruning,
        NoPruning,
        PostTrainingPruning,
        PruningRule,
        RandomRemoval,
        SettlingPruning,
        SoftPruning,
    )
    from spikeprune.synapses import PrunedDenseSynapses, PrunedSynapses, SynapticOperations, count_operations
    from spikeprune.training import Run, load, resume, train

__version__ = "0.1.0"

__all__ = [
    "PRICES",
    "AdaptivePruning",
    "ConstantPruning",
    "CriticalPeriodPruning",
    "Dataset",
    "Evaluation",
    "FocusedPruning",
    "FocusedSettlingPruning",
    "NetworkParameters",
    "NoPruning",
    "OperationCounts",
    "PostTrainingPruning",
    "PrunedDenseSynapses",
    "PrunedSynapses",
    "PruningRule",
    "RandomRemoval",
    "Run",
    "SettlingPruning",
    "SoftPruning",
    "SpikepruneError",
    "SpikingClassifier",
    "SynapticOperations",
    "count_operations",
    "energy",
    "event_data",
    "export",
    "load",
    "resume",
    "train",
]

# Imported when first used: reading operation counts should not take the seconds that importing Brian2 takes.
_HOME = {
    "spikeprune.classifier": ("SpikingClassifier",),
    "spikeprune.datasets": ("Dataset", "event_data"),
    "spikeprune.prices": ("PRICES", "energy"),
    "spikeprune.errors": ("SpikepruneError",),
    "spikeprune.evaluation": ("Evaluation",),
    "spikeprune.exports": ("export",),
    "spikeprune.operations": ("OperationCounts",),
    "spikeprune.parameters": ("NetworkParameters",),
    "spikeprune.pruning": (
        "AdaptivePruning", "ConstantPruning", "CriticalPeriodPruning", "FocusedPruning", "FocusedSettlingPruning",
        "SettlingPruning", "NoPruning", "PostTrainingPruning", "PruningRule", "RandomRemoval", "SoftPruning",
    ),
    "spikeprune.synapses": ("PrunedDenseSynapses", "PrunedSynapses", "SynapticOperations", "count_operations"),
    "spikeprune.training": ("Run", "load", "resume", "train"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            value = getattr(import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'spikeprune' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
