"""Spike-timing-dependent plasticity, weight normalisation and the counts of synaptic operations, as Brian2 strings.

Traces are kept on the neurons, which is exact because all synapses of a neuron share them.

References
----------
.. [1] P. U. Diehl and M. Cook, Frontiers in Computational Neuroscience 9:99 (2015), section 2.3, and the program that
   its authors published (the triplet-like rule with two postsynaptic traces).
"""

__all__ = [
    "EXCITATORY_SPIKE_SYNAPSE",
    "INPUT_SPIKE_SYNAPSE",
    "NORMALISE_NEURON",
    "NORMALISE_SYNAPSE",
    "POSTSYNAPTIC",
    "POSTSYNAPTIC_REST",
    "POSTSYNAPTIC_SPIKE",
    "PRESYNAPTIC",
    "PRESYNAPTIC_REST",
    "PRESYNAPTIC_SPIKE",
    "SUM_SYNAPSE",
    "SYNAPSE",
]

SYNAPSE = """
w                            : 1        # weight, 0 to w_max
alive                        : boolean  # false once removed, for ever
plastic                      : boolean  # false once removed or frozen
"""

# An input spike is transmitted, then depresses; an excitatory spike potentiates.  An input spike and an excitatory
# spike in the same time step count as input first.  A removed synapse has w = 0 and is not plastic: it does neither.
INPUT_SPIKE_SYNAPSE = """
g_e_post += w
w = clip(w - learning_post*rate_pre*post1_post*int(plastic), 0, w_max)
"""
EXCITATORY_SPIKE_SYNAPSE = "w = clip(w + learning_post*rate_post*pre_pre*post2_post*int(plastic), 0, w_max)"

PRESYNAPTIC = """
dpre/dt = -pre/tau_pre       : 1        # presynaptic trace
fan_out                      : integer  # existing synapses of this input neuron
plastic_out                  : integer  # those that still learn
transmissions                : integer  # synaptic operations of this chunk, by class
depressions                  : integer
spikes                       : integer
"""
PRESYNAPTIC_SPIKE = """
pre = 1
spikes += 1
transmissions += fan_out
depressions += int(learning)*plastic_out
"""
PRESYNAPTIC_REST = "pre = pre*rest_pre"

# The traces are set after the synapses have read them ("values before the update").
POSTSYNAPTIC = """
dpost1/dt = -post1/tau_post1 : 1        # fast postsynaptic trace
dpost2/dt = -post2/tau_post2 : 1        # slow postsynaptic trace
fan_in                       : integer  # existing synapses of this neuron
plastic_in                   : integer  # those that still learn
potentiations                : integer  # synaptic operations of this chunk
total                        : 1        # sum over synapses, 0 outside normalisation and pruning
fixed                        : 1        # the part of it that does not learn
scale                        : 1        # factor of the last normalisation
learning                     : 1 (shared)  # 1 in training, 0 in evaluation
"""
POSTSYNAPTIC_SPIKE = """
post1 = 1
post2 = 1
potentiations += int(learning)*plastic_in
"""
POSTSYNAPTIC_REST = """
post1 = post1*rest_post1
post2 = post2*rest_post2
"""

# Normalisation: what learns is scaled so that the neuron's weights sum to weight_sum; what is frozen keeps its value.
SUM_SYNAPSE = """
total_post += w
fixed_post += w*int(not plastic)
"""
NORMALISE_NEURON = """
scale = (weight_sum - fixed)/clip(total - fixed, 1e-6, 1e6)
total = 0
fixed = 0
"""
NORMALISE_SYNAPSE = "w = clip(w*(1 + int(plastic)*(scale_post - 1)), 0, w_max)"
