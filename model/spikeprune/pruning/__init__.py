"""Pruning rules: presets, the parts that they are made of, and the registry in which a rule is found again."""

from __future__ import annotations

from spikeprune.pruning.ablations import (
    AdaptiveGlobalThreshold,
    AdaptiveWithoutActivity,
    AdaptiveWithoutRenormalisation,
)
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.contribution import ContributionPruning, UseItOrLoseIt
from spikeprune.pruning.controls import NoPruning, PostTrainingPruning, RandomRemoval
from spikeprune.pruning.events import FREEZE, REMOVE, PruningState
from spikeprune.pruning.ranks import SmallestOfLayer, SmallestOfNeuron
from spikeprune.pruning.registry import RULES, as_rule, find_rule, known_rules, make_rule, rule_class, specification
from spikeprune.pruning.soft import SoftPruning
from spikeprune.pruning.thresholds import (
    AdaptivePruning,
    ConstantPruning,
    CriticalPeriodPruning,
    FocusedPruning,
    FocusedSettlingPruning,
    SettlingPruning,
)
from spikeprune.pruning.whole_neurons import (
    AdaptiveNeuronPruning,
    AdaptiveNeuronsAndWeights,
    LeastActiveNeurons,
    QuietNeurons,
)

__all__ = [
    "FREEZE",
    "REMOVE",
    "RULES",
    "AdaptiveGlobalThreshold",
    "AdaptiveNeuronPruning",
    "AdaptiveNeuronsAndWeights",
    "AdaptivePruning",
    "AdaptiveWithoutActivity",
    "AdaptiveWithoutRenormalisation",
    "ConstantPruning",
    "ContributionPruning",
    "CriticalPeriodPruning",
    "FocusedPruning",
    "FocusedSettlingPruning",
    "LeastActiveNeurons",
    "NoPruning",
    "PostTrainingPruning",
    "PruningRule",
    "PruningState",
    "QuietNeurons",
    "RandomRemoval",
    "SettlingPruning",
    "SmallestOfLayer",
    "SmallestOfNeuron",
    "SoftPruning",
    "UseItOrLoseIt",
    "as_rule",
    "find_rule",
    "known_rules",
    "make_rule",
    "rule_class",
    "specification",
]
