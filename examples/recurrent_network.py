"""Pruning with delays in a recurrent network of excitatory and inhibitory neurons, like Brian2's CUBA.

    python examples/recurrent_network.py    # half a minute

A wave of input passes over the excitatory neurons five times a second, each being driven a little later than the one
before.  STDP strengthens the synapses that lead forward along the wave and weakens those that lead backward, which the
rule then removes.  What it cannot tell apart are neurons that are never driven within 100 ms of each other.
"""

import numpy as np
from brian2 import NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, mV, prefs, run, second, seed

import spikeprune as sp

prefs.codegen.target = "numpy"  # so small a network runs sooner than it compiles
defaultclock.dt = 0.5 * ms
seed(1)

EXCITATORY, INHIBITORY = 240, 60

NEURON = """
dv/dt = (background + wave + g_e + g_i - (v + 60*mV))/(20*ms) : volt (unless refractory)
dg_e/dt = -g_e/(5*ms)             : volt
dg_i/dt = -g_i/(10*ms)            : volt
wave = 12*mV*int(i < excitatory)*int(cos(2*pi*(t/(200*ms) - i/(1.0*excitatory))) > 0.9) : volt
background                        : volt
"""
STDP = """
w                                 : volt
dApre/dt = -Apre/(20*ms)          : volt (event-driven)  # trace of presynaptic spikes
dApost/dt = -Apost/(20*ms)        : volt (event-driven)  # trace of postsynaptic spikes
"""
ON_PRE = """
g_e_post += w
Apre += 0.1*mV
w = clip(w + Apost, 0*mV, 3*mV)
"""
ON_POST = """
Apost -= 0.105*mV
w = clip(w + Apre, 0*mV, 3*mV)
"""

neurons = NeuronGroup(
    EXCITATORY + INHIBITORY,
    NEURON,
    threshold="v > -50*mV",
    reset="v = -60*mV",
    refractory=5 * ms,
    method="euler",
    namespace={"excitatory": EXCITATORY},
)
neurons.v = "-60*mV + 10*mV*rand()"
neurons.background = "8*mV + 4*mV*rand()"
excitatory, inhibitory = neurons[:EXCITATORY], neurons[EXCITATORY:]

recurrent = sp.PrunedSynapses(
    excitatory,
    excitatory,
    STDP,
    on_pre=ON_PRE,
    on_post=ON_POST,
    rule=sp.AdaptivePruning(beta=0.7, eta=0.5),
    every=500 * ms,
    weight_unit=mV,
)
recurrent.connect(condition="i != j", p=0.2)
recurrent.w = "2*mV*rand()"
recurrent.pre.delay = "1*ms + 4*ms*rand()"
to_inhibitory = Synapses(excitatory, inhibitory, on_pre="g_e_post += 1*mV", delay=1 * ms)
to_inhibitory.connect(p=0.2)
inhibition = Synapses(inhibitory, neurons, on_pre="g_i_post -= 5*mV", delay=1 * ms)
inhibition.connect(p=0.2)

fixed = {"excitatory to inhibitory": sp.count_operations(to_inhibitory), "inhibition": sp.count_operations(inhibition)}
spikes = SpikeMonitor(excitatory)
run(4 * second)

# How much later in the wave the postsynaptic neuron is driven, from -100 to 100 ms.
lag = ((recurrent.j[:] - recurrent.i[:]) * 200 / EXCITATORY + 100) % 200 - 100
rates = np.histogram(spikes.t / second, bins=[0, 1, 2, 3, 4])[0] / EXCITATORY  # in Hz
left = {
    "forward, 5 to 20 ms": (lag > 5) & (lag < 20),
    "backward, 5 to 20 ms": (lag < -5) & (lag > -20),
    "unrelated, above 60 ms": np.abs(lag) > 60,
}
print(f"removed: {100 * recurrent.removed_share:.1f} % of {len(recurrent)} synapses")
for label, chosen in left.items():
    print(f"left of {label}: {100 * recurrent.alive[:][chosen].mean():.1f} %")
print(f"firing rate in Hz: {rates[0]:.1f} in the first second, {rates[-1]:.1f} in the last")
print(f"operations, recurrent: {recurrent.operations().as_dict()}")
for label, operations in fixed.items():
    print(f"operations, {label}: {operations.as_dict()}")
