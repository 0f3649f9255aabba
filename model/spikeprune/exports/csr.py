"""Weights as a sparse matrix in SciPy's file format, with what else a neuron is; docs/export.md describes the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune.files import replacing
from spikeprune.frozen import frozen_thresholds
from spikeprune.run import Run

__all__ = ["VERSION", "about", "write_csr"]

#: Of the format.  It is raised when something changes its meaning; what is only added leaves it.
VERSION = 1


def about(run: Run) -> dict[str, Any]:
    """Say what an exported network is, for JSON."""
    settings = run.settings
    return {
        "format": "spikeprune-csr", "version": VERSION, "data": run.data.name, "image_shape": run.data.image_shape,
        "white": run.data.white, "classes": run.data.classes, "class_names": run.data.class_names,
        "parameters": settings.parameters.as_dict(), "rule": settings.rule.as_dict(), "seed": settings.seed,
        "images": run.history[-1]["images"] if run.history else 0, "pruning_events": run.pruning_events,
        "run": run.identity()["id"],
    }  # fmt: skip


def write_csr(run: Run, path: Path) -> None:
    """Write the existing synapses, row by row of inputs; a synapse of weight 0 that exists is an entry."""
    p, (inputs, neurons) = run.settings.parameters, run.weights.shape
    source, target = np.nonzero(run.alive)
    plastic = run.state["plastic.plastic"].reshape(inputs, neurons).astype(bool)
    arrays: dict[str, Any] = {
        # These five are SciPy's.
        "format": np.array(b"csr"), "shape": np.array([inputs, neurons]), "data": run.weights[source, target],
        "indices": target.astype(np.int32),
        "indptr": np.concatenate([[0], np.cumsum(np.bincount(source, minlength=inputs))]).astype(np.int32),
        "plastic": plastic[source, target],
        "theta": frozen_thresholds(run.theta, run.state["incoming.fan_in"] > 0, p), "assignment": run.assignment,
        "about": np.array(json.dumps(about(run))),
    }  # fmt: skip
    if run.thresholds is not None:
        arrays["thresholds"] = run.thresholds
    with replacing(path) as file:
        np.savez_compressed(file, **arrays)
