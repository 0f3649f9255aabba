"""Pruning in a Brian2 script of one's own: `Synapses` becomes `sp.PrunedSynapses`, with a rule and its period.

    python examples/prune_your_own_stdp.py    # 20 s

Half of 200 Poisson inputs follow one signal and so fire together now and then, the others fire alone.  STDP
strengthens the former at the expense of the latter (Song and Abbott 2001), whose synapses the rule then removes.
"""

import numpy as np
from brian2 import NeuronGroup, PoissonGroup, SpikeMonitor, TimedArray, defaultclock, ms, prefs, run, second, seed

import spikeprune as sp

prefs.codegen.target = "numpy"  # so small a network runs sooner than it compiles
defaultclock.dt = 1 * ms
seed(0)

NEURON = """
dv/dt = -v/(10*ms)                 : 1
"""
STDP = """
w                                  : 1
dApre/dt = -Apre/(20*ms)           : 1 (event-driven)  # trace of presynaptic spikes
dApost/dt = -Apost/(20*ms)         : 1 (event-driven)  # trace of postsynaptic spikes
"""
ON_PRE = """
v_post += 0.03*w
Apre += 0.05
w = clip(w + Apost, 0, 1)
"""
ON_POST = """
Apost -= 0.055
w = clip(w + Apre, 0, 1)
"""

signal = TimedArray(np.random.default_rng(0).exponential(size=1000), dt=20 * ms)
inputs = PoissonGroup(200, "20*Hz*(1 + int(i < 100)*(signal(t) - 1))")
neurons = NeuronGroup(10, NEURON, threshold="v > 1", reset="v = 0", method="exact")
spikes = SpikeMonitor(neurons)

# Before: S = Synapses(inputs, neurons, STDP, on_pre=ON_PRE, on_post=ON_POST)
S = sp.PrunedSynapses(inputs, neurons, STDP, on_pre=ON_PRE, on_post=ON_POST, rule="adaptive", every=1 * second)
S.connect()
S.w = "rand()"
run(12 * second)

together = S.i[:] < 100
rates = np.histogram(spikes.t / second, bins=[0, 4, 8, 12])[0] / (4 * len(neurons))  # in Hz
print(f"removed: {100 * S.removed_share:.1f} % of {len(S)} synapses")
print(f"left of the inputs that fire together: {100 * S.alive[:][together].mean():.1f} %")
print(f"left of the inputs that fire alone: {100 * S.alive[:][~together].mean():.1f} %")
print(f"thresholds: {S.thresholds.min():.3f} to {S.thresholds.max():.3f}, mean weight {S.w[:][S.alive[:]].mean():.3f}")
print(f"firing rate in Hz: {rates[0]:.1f} in the first 4 s, {rates[-1]:.1f} in the last")
print(f"operations: {S.operations().as_dict()}")
