"""Parameters that several rules have: one declaration of unit, meaning, source and range for each."""

from __future__ import annotations

from typing import Any

from spikeprune.parameters import parameter

__all__ = ["a_max", "beta", "eta", "events", "given_back", "interval", "removed_share", "settled", "start", "stop"]


#: What a number of images may be (:mod:`spikeprune.pruning.timing`).
IMAGES = "images, or a share"


def start(default: float = 0, source: str = "design") -> Any:
    return parameter(default, "1", "images before the first pruning event", source, IMAGES)


def stop(default: float, source: str) -> Any:
    return parameter(default, "1", "images after which there is no pruning event", source, IMAGES)


def interval() -> Any:
    """1000 images of an epoch of 60,000."""
    return parameter(1 / 60, "1", "images between two pruning events", "design", IMAGES)


def beta(default: float, source: str, of: str = "the mean weight that the threshold heads for") -> Any:
    return parameter(default, "1", f"share of {of}", source, "not negative")


def eta(default: float, source: str) -> Any:
    return parameter(default, "1", "rate of adaptation", source, "share")


def a_max() -> Any:
    return parameter(2.0, "1", "upper bound of the relative activity", "design", "positive")


def removed_share() -> Any:
    return parameter(0.8, "1", "share of the synapses that is removed", "design", "share")


def events() -> Any:
    return parameter(10, "1", "pruning events over which the removal is spread", "project", "positive")


def settled() -> Any:
    return parameter(500, "1", "spikes after which synapses are not depressed", "search", "not negative")


def given_back() -> Any:
    return parameter(0.5, "1", "share of the removed strength that is given back", "search", "share")
