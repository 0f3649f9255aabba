"""Spike-timing-dependent plasticity and weight normalisation, as Brian2 strings.

A trace that every spike sets to 1 is exp(-(time since the last spike)/tau).  All synapses of a neuron share its traces.
The presynaptic and the slow postsynaptic one are read at excitatory spikes only, and computed there from the time step
of the last spike; the fast postsynaptic one, which every input spike reads, decays step by step while it is *live*.

References
----------
.. [1] P. U. Diehl and M. Cook, Frontiers in Computational Neuroscience 9:99 (2015), section 2.3, and the program that
   its authors published (the triplet-like rule with two postsynaptic traces).
"""

__all__ = [
    "DEPRESS",
    "LEARNING",
    "LIVE",
    "NORMALISE",
    "NORMALISE_NEURON",
    "NORMALISE_SYNAPSE",
    "POSTSYNAPTIC",
    "POSTSYNAPTIC_LIVE",
    "POSTSYNAPTIC_REST",
    "POSTSYNAPTIC_SPIKE",
    "POTENTIATE",
    "POTENTIATED",
    "PRESYNAPTIC",
    "PRESYNAPTIC_REST",
    "PRESYNAPTIC_SPIKE",
    "SUM",
    "SUM_PLASTIC",
    "SYNAPSE",
    "TRANSMIT",
]

SYNAPSE = """
w                            : 1        # weight, 0 to w_max
"""

# An input spike is transmitted, then depresses; an excitatory spike potentiates.  An input spike and an excitatory
# spike in the same time step count as input first.  A removed synapse has w = 0, so nothing but potentiation needs to
# ask whether it is plastic, unless the pruning rule freezes synapses at another weight.
TRANSMIT = "g_e_post += w"
DEPRESS = "w = clip(w - learning_post*rate_pre*post1_post, 0, w_max)"
# Exponents end at -80 because the exponential of less, no number in single precision, takes many times longer.
# After 368 ms, a trace of 1e-8 changes a weight by 1e-10: the input spike is forgotten.
REMEMBERED = "now_post - last_spike_pre < remembered_steps"
POTENTIATED = f"learning_post > 0 and {REMEMBERED}"
POTENTIATE = f"""
pre = exp(clip((last_spike_pre - now_post)*dt/tau_pre, -80, 0))*int({REMEMBERED})
w = clip(w + learning_post*rate_post*pre*post2_post, 0, w_max)
"""

PRESYNAPTIC = """
last_spike                   : 1        # time step of the last spike, from the start of this presentation
spikes                       : integer  # of this chunk
"""
PRESYNAPTIC_SPIKE = """
last_spike = step
spikes += 1
"""
PRESYNAPTIC_REST = "last_spike -= steps_between_presentations"

POSTSYNAPTIC = """
last_spike                   : 1        # time step of the last spike, from the start of this presentation
post1                        : 1        # fast postsynaptic trace, while it is live, else 0
post2                        : 1        # slow postsynaptic trace that the last spike found, before it set it to 1
now                          : 1        # time step of that spike
spikes                       : integer  # of this chunk
total                        : 1        # sum over synapses, 0 outside normalisation
fixed                        : 1        # the part of it that does not learn
normalised_sum               : 1        # what the weights of this neuron are normalised to
scale                        : 1        # factor of the last normalisation
changed                      : 1        # not 0 where weights may sum to something else: at first, and after a change
depressible                  : 1        # 0 once input spikes do not depress its synapses any more
"""
LEARNING = "learning         : 1 (shared)  # 1 in training, 0 in evaluation\n"
# Depression reads the fast trace, 184 ms after a spike for the last time: then it changes a weight by 1e-8.
LIVE = "learning > 0 and post1 > 0"
POSTSYNAPTIC_LIVE = """
post1 = post1*decay_post1*int(post1 > 1e-4)
changed = 1
"""
# Potentiation reads the slow trace as a spike finds it, so it comes after this.
POSTSYNAPTIC_SPIKE = """
post1 = learning*depressible
post2 = exp(clip((last_spike - step)*dt/tau_post2, -80, 0))
now = step
last_spike = step
spikes += 1
changed += learning
"""
POSTSYNAPTIC_REST = """
last_spike -= steps_between_presentations
post1 = post1*depressible*rest_post1
"""

# Normalisation: what learns is scaled so that the neuron's weights sum to `normalised_sum`; what is frozen keeps its
# value.
NORMALISE = "step < 1 and learning > 0 and changed > 0"
SUM = "total_post += w"
SUM_PLASTIC = """
total_post += w
fixed_post += w*int(not plastic)
"""
NORMALISE_NEURON = """
scale = (normalised_sum - fixed)/clip(total - fixed, 1e-6, 1e6)
total = 0
fixed = 0
changed = 0
"""
NORMALISE_SYNAPSE = "w = clip(w*scale_post, 0, w_max)"
