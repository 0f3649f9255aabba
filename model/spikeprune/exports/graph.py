"""A trained network as a NIR graph: leaky integrators for conductances, integrate-and-fire neurons, linear maps.

::

    input ─ w ─ excitation ─┐
                            excitatory ─┬─ output
        ┌──── inhibition ───┘           │
        └──── to_others ────────────────┘

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

from spikeprune import neurons as neurons_module
from spikeprune.equations import NAMES
from spikeprune.errors import SpikepruneError
from spikeprune.exports.csr import about
from spikeprune.files import replacing
from spikeprune.frozen import frozen_thresholds
from spikeprune.parameters import NetworkParameters
from spikeprune.run import Run

__all__ = ["EXACT", "LOSSES", "nir_graph", "working_point", "write_nir"]

MILLI = 1e-3

#: What is the same as in this package, in SI units (V, s).
EXACT = (
    "weights and removed synapses", "time constants of conductances", "reset potential",
    "thresholds of evaluation, theta included", "all-to-all inhibition but for the partner", "no learning",
)  # fmt: skip
#: What NIR's primitives cannot say.
LOSSES = (
    "conductances act as currents: membranes are linear around the working point (see working_point), which gives "
    "their time constant and leak potential; beyond it, excitation and inhibition neither saturate nor shunt",
    "inhibitory neurons are left out: each fires once for a spike of its partner, here at once, there within 1 ms",
    "no refractory periods: neurons may fire again within 5 ms",
    "time is continuous: a simulator chooses the step and the delay of a connection (0.5 ms and none here)",
    "input is spikes: Poisson rates, showing an image again brighter, and the rest between two images are not in it",
)


def working_point(p: NetworkParameters, theta: NDArray[Any]) -> tuple[float, float]:
    """Return the potential, in V, and the excitatory conductance around which membranes are linear.

    The potential is halfway between rest and the mean threshold, where a neuron is that is about to fire; the
    conductance that of the neuron whose field an image fills with white: the one that is to win.
    """
    threshold = (p.v_threshold_e - p.theta_offset) * MILLI + float(theta.mean())
    white = 255 / p.pixel_per_hertz * p.intensity  # Hz
    return (p.v_rest_e * MILLI + threshold) / 2, p.weight_sum * white * p.tau_g_exc * MILLI


def nir_graph(run: Run) -> Any:
    """Return the network as a ``nir.NIRGraph``.

    Raises
    ------
    SpikepruneError
        If the package ``nir`` is not installed, or the neurons have equations of their own.
    """
    own = [name for name in run.settings.parameters.equations if NAMES[name] is neurons_module]
    if own:
        raise SpikepruneError(
            f"The neurons of this network have equations of their own ({', '.join(own)}), which NIR cannot say: export "
            "the weights (.npz)."
        )
    try:
        import nir
    except ImportError as error:
        raise SpikepruneError("NIR needs the package nir: install it with pip install 'spikeprune[nir]'.") from error
    p, weights = run.settings.parameters, np.where(run.alive, run.weights, 0).T.astype(np.float64)
    neurons, theta = p.neurons, frozen_thresholds(run.theta, run.state["incoming.fan_in"] > 0, p).astype(np.float64)
    v, g = working_point(p, theta)

    def each(value: Any) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (neurons,)).copy()

    def conductance(tau: float, reversal: float) -> Any:
        """A spike of weight w adds w times the driving force at the working point, which decays."""
        return nir.LI(tau=each(tau * MILLI), r=each(tau * MILLI * (reversal * MILLI - v)), v_leak=each(0.0))

    # tau dv/dt = (v_rest - v) + g_e (E - v) + …, of first order around the working point, divided by 1 + g.
    membrane = nir.LIF(
        tau=each(p.tau_e * MILLI / (1 + g)), r=each(1 / (1 + g)), v_leak=each((p.v_rest_e * MILLI + g * v) / (1 + g)),
        v_threshold=each((p.v_threshold_e - p.theta_offset) * MILLI + theta), v_reset=each(p.v_reset_e * MILLI),
    )  # fmt: skip
    nodes = {
        "input": nir.Input(np.array([p.inputs])),
        "w": nir.Linear(weights),
        "excitation": conductance(p.tau_g_exc, p.E_exc_e),
        "inhibition": conductance(p.tau_g_inh, p.E_inh_e),
        "excitatory": membrane,
        "to_others": nir.Linear(p.w_inh_exc * (1 - np.eye(neurons))),
        "output": nir.Output(np.array([neurons])),
    }
    chains = (
        ("input", "w", "excitation", "excitatory", "output"),
        ("excitatory", "to_others", "inhibition", "excitatory"),
    )
    edges = [pair for chain in chains for pair in pairwise(chain)]
    metadata = {
        "about": json.dumps(about(run)), "exact": json.dumps(EXACT), "lossy": json.dumps(LOSSES),
        "working_point": json.dumps({"v": v, "g_e": g, "units": ["V", "1"]}),
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
