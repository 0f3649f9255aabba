"""An ordinary Brian2 model on the fast C++ standalone device: one line more than in any other script.

    python examples/fast_device.py                   # compiles (half a minute) and runs
    python examples/fast_device.py cpp_standalone    # the same spikes with Brian2's own code; also: runtime

800 excitatory and 200 inhibitory neurons with a threshold that adapts, and plastic excitatory synapses.
"""

import sys

from brian2 import NeuronGroup, SpikeMonitor, Synapses, ms, run, second, set_device

import spikeprune.standalone  # noqa: F401  (makes the device known to Brian2)

set_device(sys.argv[1] if len(sys.argv) > 1 else "cpp_standalone_fast")

NEURONS = """
dv/dt = (drive + g - v)/(20*ms) : 1 (unless refractory)
dg/dt = -g/(5*ms)               : 1
dtheta/dt = (1 - theta)/second  : 1  # threshold, which rises with every spike
drive                           : 1
"""
STDP = """
w                               : 1
dx/dt = -x/(20*ms)              : 1 (event-driven)  # trace of presynaptic spikes
dy/dt = -y/(20*ms)              : 1 (event-driven)  # trace of postsynaptic spikes
"""

neurons = NeuronGroup(
    1000, NEURONS, threshold="v > theta", reset="v = 0; theta += 0.02", refractory=2 * ms, method="exact"
)
neurons.v, neurons.theta, neurons.drive = "i/(1.0*N)", 1, "1.1 + 0.4*sin(i)**2"

depress, potentiate = "w = clip(w - 0.002*y, 0, 0.02)", "w = clip(w + 0.002*x, 0, 0.02)"
on_pre, on_post = f"g_post += w; x += 1; {depress}", f"y += 1; {potentiate}"
excitation = Synapses(neurons[:800], neurons, STDP, on_pre=on_pre, on_post=on_post)
excitation.connect(condition="i != j and (7*i + 13*j) % 20 == 0")
excitation.w = 0.01
inhibition = Synapses(neurons[800:], neurons, on_pre="g_post -= 0.05")
inhibition.connect(condition="(3*i + 11*j) % 20 == 0")

spikes = SpikeMonitor(neurons)
run(0.3 * second)
print(f"{spikes.num_spikes} spikes, mean weight {excitation.w[:].mean():.6f}")
