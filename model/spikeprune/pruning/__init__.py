"""Pruning rules, one a file.  To add a rule, add a file and name its class in ``RULES``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.pruning.adaptive import AdaptivePruning
from spikeprune.pruning.base import PruningRule, PruningState
from spikeprune.pruning.constant import ConstantPruning
from spikeprune.pruning.critical_period import CriticalPeriodPruning
from spikeprune.pruning.focused import FocusedPruning
from spikeprune.pruning.focused_settling import FocusedSettlingPruning
from spikeprune.pruning.global_threshold import AdaptiveGlobalThreshold
from spikeprune.pruning.none import NoPruning
from spikeprune.pruning.post_training import PostTrainingPruning
from spikeprune.pruning.random_removal import RandomRemoval
from spikeprune.pruning.settling import SettlingPruning
from spikeprune.pruning.soft import SoftPruning
from spikeprune.pruning.without_activity import AdaptiveWithoutActivity
from spikeprune.pruning.without_renormalisation import AdaptiveWithoutRenormalisation

__all__ = [
    "RULES",
    "AdaptiveGlobalThreshold",
    "AdaptivePruning",
    "AdaptiveWithoutActivity",
    "AdaptiveWithoutRenormalisation",
    "ConstantPruning",
    "CriticalPeriodPruning",
    "FocusedPruning",
    "FocusedSettlingPruning",
    "NoPruning",
    "PostTrainingPruning",
    "PruningRule",
    "PruningState",
    "RandomRemoval",
    "SettlingPruning",
    "SoftPruning",
    "make_rule",
]

RULES: dict[str, type[PruningRule]] = {
    rule.name: rule
    for rule in (
        NoPruning, ConstantPruning, AdaptivePruning, FocusedPruning, SettlingPruning, FocusedSettlingPruning,
        CriticalPeriodPruning, SoftPruning, PostTrainingPruning, RandomRemoval, AdaptiveWithoutActivity,
        AdaptiveGlobalThreshold, AdaptiveWithoutRenormalisation,
    )
}  # fmt: skip


def make_rule(name: str, values: Mapping[str, Any] | None = None) -> PruningRule:
    """Build a rule from its name and parameters.

    Raises
    ------
    ParameterError
        If the rule or one of its parameters is unknown, or a value is not allowed.

    Examples
    --------
    >>> make_rule("adaptive", {"beta": "0.6"}).beta
    0.6
    """
    if name not in RULES:
        raise ParameterError(unknown_name("rule", name, RULES))
    return RULES[name].from_values(values or {})
