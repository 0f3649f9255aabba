"""Neurons of the Diehl & Cook (2015) network as Brian2 strings.

Conductances are in units of the leak conductance.  Names are those of
:class:`spikeprune.parameters.NetworkParameters`; a variable marked *linked* belongs to the presenter, the one-neuron
group that shows the images (:mod:`spikeprune.presenter`), or to the inhibition pool.

References
----------
.. [1] P. U. Diehl and M. Cook, Frontiers in Computational Neuroscience 9:99 (2015), equations 1 and 2.
"""

__all__ = [
    "EVENT_BEGIN",
    "EVENT_RENEW",
    "EXCITATORY",
    "EXCITATORY_REST",
    "EXCITATORY_SPIKE",
    "EXCITATORY_THRESHOLD",
    "INHIBITION_POOL",
    "INHIBITION_POOL_REST",
    "INHIBITORY",
    "INHIBITORY_AWAKE",
    "INHIBITORY_REST",
    "INHIBITORY_SPIKE",
    "INHIBITORY_THRESHOLD",
    "INPUT",
    "INPUT_BEGIN",
    "INPUT_RENEW",
]

# The excitatory neurons.  Every inhibitory neuron inhibits all of them but its partner with the same weight and time
# course, so the inhibitory conductance is one pooled conductance less the partner's share: N variables, not N^2
# synapses.
EXCITATORY = """
dv/dt = ((v_rest_e - v) + g_e*(E_exc_e - v) + g_i*(E_inh_e - v))/tau_e : volt
dg_e/dt = -g_e/tau_g_exc     : 1        # excitation from the input
dg_own/dt = -g_own/tau_g_inh : 1        # inhibition that the partner caused
g_i = g_total - g_own        : 1        # inhibition from all other inhibitory neurons
theta                        : volt     # adaptive part of the threshold (homeostasis)
ready                        : 1        # time step from which the neuron may fire again
"""
EXCITATORY_THRESHOLD = "v > v_threshold_e - theta_offset + theta and step >= ready"
EXCITATORY_SPIKE = """
v = v_reset_e
theta += learning*theta_plus
ready = step + refractory_steps_e
"""
# What the rest between two presentations does, in closed form: nothing fires, everything decays.  theta decays here
# only: it loses 5e-5 of itself in a slot, which single precision could not add up step by step.
EXCITATORY_REST = """
v = v_rest_e + (v - v_rest_e)*rest_v_e
g_e = g_e*rest_g_exc
g_own = g_own*rest_g_inh
theta = theta*(1 - learning*slot_theta)
ready = 0
"""

# While refractory, an inhibitory neuron is clamped to its reset potential, as in the program that Diehl & Cook
# published: Brian 1, for which it was written, resets a neuron with a fixed reset potential again in every step of that
# time, but not the excitatory neurons, whose reset is code.  Were it not clamped, it would charge meanwhile and fire
# twice for every spike of its partner.
INHIBITORY = """
dv/dt = active*((v_rest_i - v) + g_e*(E_exc_i - v))/tau_i : volt
dg_e/dt = -g_e/tau_g_exc     : 1        # excitation from the partner
ready                        : 1        # time step from which the neuron may fire again
active = int(step >= ready)  : 1        # 0 while refractory: the potential stays where the reset has put it
"""
# Most inhibitory neurons are at rest most of the time.  In single precision, a conductance is zero 90 ms after its
# spike, when the potential is within some microvolts of rest, where it stays.
INHIBITORY_AWAKE = "g_e > 0"
INHIBITORY_THRESHOLD = "v > v_threshold_i and step >= ready"
INHIBITORY_SPIKE = """
v = v_reset_i
ready = step + refractory_steps_i
"""
INHIBITORY_REST = """
v = v_rest_i + (v - v_rest_i)*rest_v_i
g_e = g_e*rest_g_exc
ready = 0
"""

INHIBITION_POOL = """
dg_total/dt = -g_total/tau_g_inh : 1    # inhibition from all inhibitory neurons
"""
INHIBITION_POOL_REST = "g_total = g_total*rest_g_inh"

# Poisson spikes by the time of the next one (in time steps since the presentation began): one random number a spike.
# The counter of each number is (neuron, draw, image), so a spike train depends on nothing else.
INPUT = """
expected                     : 1        # spikes in a time step
next_spike                   : 1        # time of the next spike, in time steps of this presentation
draw                         : integer  # random numbers used in this presentation
"""
_WAIT = "-log(uniform(seed, stream, first_image + image, i, draw + attempt*draws_per_attempt))/expected"
# After a spike; an input fires in the first time step that ends after its next spike.
INPUT_RENEW = f"""
draw += 1
next_spike += {_WAIT}
"""
# A black pixel never fires: its next spike lies 1e12 steps ahead (infinity would not survive -ffast-math).
INPUT_BEGIN = f"""
expected = clip(pixels(image*second, i)/pixel_per_hertz*intensity*Hz*dt, 1e-12, 1)
draw = 0
next_spike = {_WAIT}
"""

# Recorded events in the place of pixel values: each input has `event_slots` times in every image, in rising order and
# in units of `event_unit`, two bytes each (`spikeprune.datasets.events`).  The last one is 65535, which never comes.
_SLOT = "2*(image*event_slots + draw)"
_EVENT = f"""
when = 256*pixels(({_SLOT})*second, i) + pixels(({_SLOT} + 1)*second, i)
next_spike = when*event_unit/dt + 1e12*int(when > 65534)
"""
EVENT_RENEW = f"draw += 1{_EVENT}"
EVENT_BEGIN = f"draw = 0{_EVENT}"
