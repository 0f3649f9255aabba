"""Pruning in a Brian2 script of one's own: `Synapses` becomes `sp.PrunedSynapses`, with a rule and its period.

    python examples/prune_your_own_stdp.py    # about 20 s

Half of 200 Poisson inputs follow one signal and so fire together now and then, the others fire alone.  STDP
strengthens the former at the expense of the latter (Song and Abbott 2001), whose synapses the rule then removes.
"""

import numpy as np
from brian2 import Hz, NeuronGroup, PoissonGroup, SpikeMonitor, TimedArray, defaultclock, ms, prefs, run, second, seed

import spikeprune as sp

prefs.codegen.target = "numpy"  # so small a network runs sooner than it compiles
defaultclock.dt = 0.5 * ms
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
Apre += 0.01
w = clip(w + Apost, 0, 1)
"""
ON_POST = """
Apost -= 0.0105
w = clip(w + Apre, 0, 1)
"""

signal = TimedArray(np.random.default_rng(0).exponential(size=1000), dt=20 * ms)
inputs = PoissonGroup(200, "20*Hz*(1 + int(i < 100)*(signal(t) - 1))")
neurons = NeuronGroup(10, NEURON, threshold="v > 1", reset="v = 0", method="exact")
spikes = SpikeMonitor(neurons)

# Without pruning: S = Synapses(inputs, neurons, STDP, on_pre=ON_PRE, on_post=ON_POST)
S = sp.PrunedSynapses(inputs, neurons, STDP, on_pre=ON_PRE, on_post=ON_POST, rule="adaptive", every=1 * second)
S.connect()
S.w = "rand()"

for part in range(5):
    before=spikes.num_spikes
    run(4*second)
    w=S.w[:].reshape(200,10); 
    print(S.removed_share, (spikes.num_spikes-before)/40, w[:100].mean(), w[100:].mean(), S.alive[:].reshape(200,10)[:100].mean(), S.alive[:].reshape(200,10)[100:].mean(), S.thresholds.mean())
print(S.operations())
