"""The network of Diehl & Cook (2015) in plain Brian2, pruned while it learns scikit-learn's digits.

    python examples/diehl_cook_in_plain_brian2.py    # about 30 s

The network is that of benchmarks/plain_brian2.py, small, and with faster learning and a faster theta than the paper's,
since it sees 40 images and not 60,000.  What pruning needs is the name `sp.PrunedSynapses`, a rule and a period.
"""

import numpy as np
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, Synapses, defaultclock, ms, mV, prefs, seed
from sklearn.datasets import load_digits

import spikeprune as sp

INPUTS, NEURONS, IMAGES = 64, 20, 40
WEIGHT_SUM = 20

EXCITATORY = """
dv/dt = ((v_rest_e - v) + g_e*(E_exc_e - v) + g_i*(E_inh_e - v))/tau_e : volt
dg_e/dt = -g_e/tau_g_exc          : 1
dg_i/dt = -g_i/tau_g_inh          : 1
theta                             : volt  # decays in hours
"""
INHIBITORY = """
dv/dt = ((v_rest_i - v) + g_e*(E_exc_i - v))/tau_i : volt (unless refractory)
dg_e/dt = -g_e/tau_g_exc          : 1
"""
STDP = """
w                                 : 1
dpre/dt = -pre/tau_pre            : 1 (event-driven)
dpost1/dt = -post1/tau_post1      : 1 (event-driven)
dpost2/dt = -post2/tau_post2      : 1 (event-driven)
"""
ON_PRE = """
g_e_post += w
w = clip(w - 5e-3*post1, 0, 1)
pre = 1
"""
ON_POST = """
w = clip(w + 0.1*pre*post2, 0, 1)
post1 = 1
post2 = 1
"""
NAMESPACE = {
    "tau_e": 100 * ms,
    "tau_i": 10 * ms,
    "tau_g_exc": 1 * ms,
    "tau_g_inh": 2 * ms,
    "tau_pre": 20 * ms,
    "tau_post1": 20 * ms,
    "tau_post2": 40 * ms,
    "v_rest_e": -65 * mV,
    "v_rest_i": -60 * mV,
    "E_exc_e": 0 * mV,
    "E_inh_e": -100 * mV,
    "E_exc_i": 0 * mV,
}

prefs.codegen.target = "numpy"  # so small a network runs sooner than it compiles
defaultclock.dt = 0.5 * ms
seed(0)

image = PoissonGroup(INPUTS, np.zeros(INPUTS) * Hz)
excitatory = NeuronGroup(
    NEURONS,
    EXCITATORY,
    threshold="v > -72*mV + theta",
    reset="v = -65*mV; theta += 0.5*mV",
    refractory=5 * ms,
    method="exponential_euler",
    namespace=NAMESPACE,
)
inhibitory = NeuronGroup(
    NEURONS,
    INHIBITORY,
    threshold="v > -40*mV",
    reset="v = -45*mV",
    refractory=2 * ms,
    method="exponential_euler",
    namespace=NAMESPACE,
)
excitatory.v, inhibitory.v, excitatory.theta = -65 * mV, -60 * mV, 20 * mV

learning = sp.PrunedSynapses(
    image,
    excitatory,
    STDP,
    on_pre=ON_PRE,
    on_post=ON_POST,
    rule=sp.AdaptivePruning(beta=0.7, eta=0.5),
    every=2500 * ms,  # five images
    namespace=NAMESPACE,
)
learning.connect()
learning.w = "0.3*(rand() + 0.01)"
to_inhibitory = Synapses(excitatory, inhibitory, on_pre="g_e_post += 10.4", namespace=NAMESPACE)
to_inhibitory.connect(j="i")
lateral = Synapses(inhibitory, excitatory, on_pre="g_i_post += 17", namespace=NAMESPACE)
lateral.connect(condition="i != j")

input_spikes, spikes = SpikeMonitor(image, record=False), SpikeMonitor(excitatory, record=False)
lateral_operations = sp.count_operations(lateral)
network = Network(image, excitatory, inhibitory, learning, to_inhibitory, lateral, input_spikes, spikes)

digits = load_digits().data[:IMAGES] * (255 / 16)  # [images, 64], brightness from 0 to 255
answers, fan_out = [], []
for pixels in digits:
    weights = np.reshape(learning.w, (INPUTS, NEURONS))
    learning.w = (weights * (WEIGHT_SUM / weights.sum(axis=0))).ravel()  # a removed weight is 0 and stays so
    spikes_before, inputs_before = spikes.num_spikes, input_spikes.num_spikes
    transmissions_before = learning.operations().transmissions
    image.rates = pixels / 2 * Hz
    network.run(350 * ms, namespace={})
    image.rates = 0 * Hz
    network.run(150 * ms, namespace={})
    answers.append(spikes.num_spikes - spikes_before)
    transmissions = learning.operations().transmissions - transmissions_before
    fan_out.append(transmissions / (input_spikes.num_spikes - inputs_before))

alive = np.reshape(learning.alive, (INPUTS, NEURONS))
dark_to_bright = np.argsort(digits.mean(axis=0))
print(f"removed: {100 * learning.removed_share:.1f} % of {len(learning)} synapses")
print(f"left of the 16 darkest pixels: {100 * alive[dark_to_bright[:16]].mean():.1f} %")
print(f"left of the 16 brightest pixels: {100 * alive[dark_to_bright[-16:]].mean():.1f} %")
print(f"spikes per image: {np.mean(answers[:10]):.1f} for the first ten, {np.mean(answers[-10:]):.1f} for the last")
print(f"transmissions per input spike: {np.mean(fan_out[:5]):.1f} at first, {np.mean(fan_out[-5:]):.1f} at last")
print(f"operations: {learning.operations().as_dict()}")
print(f"operations of lateral inhibition: {lateral_operations.as_dict()}")
