"""Published variants of the equations, by the names under which ``equations`` takes them.

``power-law``, ``exponential`` and ``symmetric`` are the other three STDP rules that Diehl and Cook compare with the one
of their program [1]_, which is the package's own.  At a spike of the neuron the trace of each input is compared with a
target, so that synapses of inputs which kept silent become weaker; only ``symmetric`` depresses at input spikes too.
Their forms are the paper's; target, exponents and the strength of the exponential are free choices of this project.

``silent-50ms`` is Brian2's own example of the network [2]_ in what an excitatory neuron does after a spike: no other
spike for 50 ms, for the first 5 of which its potential stays where the reset has put it.  ``clamped`` is the second of
these without the first.

References
----------
.. [1] P. U. Diehl and M. Cook, Frontiers in Computational Neuroscience 9:99 (2015), section 2.3.
.. [2] B. A. Lindqvist, Diehl_Cook_2015.py, examples of Brian2.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from spikeprune import neurons, plasticity

__all__ = ["VARIANTS"]

# The trace of an input that fired 18 ms ago; with less, the synapse becomes weaker.
TARGET = 0.4
_TRACE = f"pre = exp(clip((last_spike_pre - now_post)*dt/tau_pre, -80, 0))*int({plasticity.REMEMBERED})"

# Without depression at input spikes, which `DEPRESS` is.
POWER_LAW = {
    "DEPRESS": "",
    "POTENTIATE": f"""
{_TRACE}
w = clip(w + learning_post*rate_post*(pre - {TARGET})*(w_max - w)**0.2, 0, w_max)
""",
}
EXPONENTIAL = {
    "DEPRESS": "",
    "POTENTIATE": f"""
{_TRACE}
w = clip(w + learning_post*rate_post*(pre*exp(-w) - {TARGET}*exp(w - w_max)), 0, w_max)
""",
}
# With the fast trace, depression ends where that of the package does.
SYMMETRIC = POWER_LAW | {
    "DEPRESS": "w = clip(w - learning_post*rate_pre*post1_post*w**0.2, 0, w_max)",
    "LIVE": plasticity.LIVE,
}

CLAMPED = {
    "EXCITATORY": neurons.EXCITATORY.replace(
        "dv/dt = ((v_rest_e - v) + g_e*(E_exc_e - v) + g_i*(E_inh_e - v))/tau_e",
        "dv/dt = active*((v_rest_e - v) + g_e*(E_exc_e - v) + g_i*(E_inh_e - v))/tau_e",
    )
    + """
clamped                      : 1        # time step from which the potential moves again
active = int(step >= clamped) : 1
""",
    "EXCITATORY_SPIKE": neurons.EXCITATORY_SPIKE + "clamped = step + 5*ms/dt\n",
    "EXCITATORY_REST": neurons.EXCITATORY_REST + "clamped = 0\n",
}
SILENT_50MS = CLAMPED | {
    "EXCITATORY_SPIKE": CLAMPED["EXCITATORY_SPIKE"].replace("refractory_steps_e", "50*ms/dt"),
}

#: Sets of strings, by name.
VARIANTS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "power-law": POWER_LAW,
    "exponential": EXPONENTIAL,
    "symmetric": SYMMETRIC,
    "clamped": CLAMPED,
    "silent-50ms": SILENT_50MS,
})  # fmt: skip
