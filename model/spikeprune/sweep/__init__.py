"""Experiments as data: a TOML file, its runs in parallel processes on Dask, and tables of what came of them."""

from spikeprune.sweep.runner import SweepResult, Watcher, sweep

__all__ = ["SweepResult", "Watcher", "sweep"]
