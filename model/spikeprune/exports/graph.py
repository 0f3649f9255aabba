"""A trained network as a NIR graph: leaky integrators for conductances, integrate-and-fire neurons, linear maps.

::

    input ─ w ─ exc_excitation ─┐
                                excitatory ─┬─ output
        ┌──────── exc_inhibition ┘          └─ to_partner ─ inh_excitation ─ inhibitory ─ to_others ─┐
        └────────────────────────────────────────────────────────────────────────────────────────────┘

What NIR can say of this network exactly, and what not, is in the file (``EXACT``, ``LOSSES``).

References
----------
.. [1] J. E. Pedersen et al., Neuromorphic intermediate representation: A unified instruction set for interoperable
   brain-inspired computing, Nature Communications 15:8122 (2024), doi:10.1038/s41467-024-52259-9.
"""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import SpikepruneError
from spikeprune.evaluation import frozen_thresholds
from spikeprune.exports.csr import about
from spikeprune.files import replacing
from spikeprune.parameters import NetworkParameters
from spikeprune.run import Run

__all__ = ["EXACT", "LOSSES", "nir_graph", "working_point", "write_nir"]

MILLI = 1e-3

#: What is the same as in this package, in SI units (V, s).
EXACT = (
    "weights and removed synapses", "time constants of membranes and conductances", "resting and reset potentials",
    "thresholds of evaluation, theta included", "all-to-all inhibition but for the partner", "no learning",
)  # fmt: skip
#: What NIR's primitives cannot say.
LOSSES = (
    "conductances act as currents: the driving force E - v is that at the working point (see working_point), so "
    "excitation and inhibition neither saturate nor shunt",
    "no refractory periods: neurons may fire again at once, which adds spikes",
    "no clamp of refractory inhibitory neurons",
    "time is continuous: a simulator chooses the step and the delay of a connection (0.5 ms and none here)",
    "input is spikes: Poisson rates, showing an image again brighter, and the rest between two images are not in it",
)


def working_point(p: NetworkParameters, theta: NDArray[Any]) -> tuple[float, float]:
    """Return the potentials, in V, at which driving forces are taken: of excitatory and of inhibitory neurons.

    Halfway between rest and threshold, where a neuron that is about to fire spends its time; the mean threshold of the
    excitatory neurons.
    """
    threshold = (p.v_threshold_e - p.theta_offset) * MILLI + float(theta.mean())
    return (p.v_rest_e * MILLI + threshold) / 2, (p.v_rest_i + p.v_threshold_i) * MILLI / 2


def nir_graph(run: Run) -> Any:
    """Return the network as a ``nir.NIRGraph``.

    Raises
    ------
    SpikepruneError
        If the package ``nir`` is not installed.
    """
    try:
        import nir
    except ImportError as error:
        raise SpikepruneError("NIR needs the package nir: install it with pip install 'spikeprune[nir]'.") from error
    p, weights = run.settings.parameters, np.where(run.alive, run.weights, 0).T.astype(np.float64)
    neurons, theta = p.neurons, frozen_thresholds(run.theta, p).astype(np.float64)
    v_e, v_i = working_point(p, theta)

    def each(value: Any) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (neurons,)).copy()

    def conductance(tau: float, drive: float) -> Any:
        """A spike of weight w adds w times the driving force, which decays."""
        return nir.LI(tau=each(tau * MILLI), r=each(tau * MILLI * drive), v_leak=each(0.0))

    def membrane(tau: float, rest: float, reset: float, threshold: Any) -> Any:
        return nir.LIF(tau=each(tau * MILLI), r=each(1.0), v_leak=each(rest * MILLI), v_reset=each(reset * MILLI),
                       v_threshold=each(threshold))  # fmt: skip

    nodes = {
        "input": nir.Input(np.array([p.inputs])),
        "w": nir.Linear(weights),
        "exc_excitation": conductance(p.tau_g_exc, p.E_exc_e * MILLI - v_e),
        "exc_inhibition": conductance(p.tau_g_inh, p.E_inh_e * MILLI - v_e),
        "excitatory": membrane(
            p.tau_e, p.v_rest_e, p.v_reset_e, (p.v_threshold_e - p.theta_offset) * MILLI + theta
        ),
        "to_partner": nir.Linear(p.w_exc_inh * np.eye(neurons)),
        "inh_excitation": conductance(p.tau_g_exc, p.E_exc_i * MILLI - v_i),
        "inhibitory": membrane(p.tau_i, p.v_rest_i, p.v_reset_i, p.v_threshold_i * MILLI),
        "to_others": nir.Linear(p.w_inh_exc * (1 - np.eye(neurons))),
        "output": nir.Output(np.array([neurons])),
    }  # fmt: skip
    chains = (
        ("input", "w", "exc_excitation", "excitatory", "output"),
        ("excitatory", "to_partner", "inh_excitation", "inhibitory", "to_others", "exc_inhibition", "excitatory"),
    )  # fmt: skip
    edges = [pair for chain in chains for pair in pairwise(chain)]
    metadata = {
        "about": json.dumps(about(run)), "exact": json.dumps(EXACT), "lossy": json.dumps(LOSSES),
        "working_point": json.dumps({"excitatory": v_e, "inhibitory": v_i, "unit": "V"}),
        "assignment": run.assignment, "dt": p.dt * MILLI,
    }  # fmt: skip
    return nir.NIRGraph(nodes, edges, metadata=metadata)


def write_nir(run: Run, path: Path) -> None:
    """Write the network as a NIR file (HDF5); see :func:`nir_graph`."""
    graph = nir_graph(run)
    import nir

    whole = io.BytesIO()
    nir.write(whole, graph)
    with replacing(path) as file:
        file.write(whole.getvalue())
