"""The Diehl & Cook network as an ordinary user of Brian2 would write it: runtime back end, Python loop over images.

    python benchmarks/plain_brian2.py --neurons 400 --images 10

The model is that of `floor.cpp`, with two differences that are part of being ordinary: the rest between two images is
simulated, and traces are kept on the synapses.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, Synapses, defaultclock, ms, mV
from floor import mnist_folder, read_idx

INPUTS = 784
MIN_SPIKES = 5
START_INTENSITY, MAX_INTENSITY = 2, 32
WEIGHT_SUM = 78.4

EXCITATORY = """
dv/dt = ((v_rest_e - v) + g_e*(E_exc_e - v) + g_i*(E_inh_e - v))/tau_e : volt
dg_e/dt = -g_e/tau_g_exc          : 1
dg_i/dt = -g_i/tau_g_inh          : 1
dtheta/dt = -theta/tau_theta      : volt
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
w = clip(w - 1e-4*post1, 0, 1)
pre = 1
"""
ON_POST = """
w = clip(w + 1e-2*pre*post2, 0, 1)
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
    "tau_theta": 1e7 * ms,
    "v_rest_e": -65 * mV,
    "v_rest_i": -60 * mV,
    "E_exc_e": 0 * mV,
    "E_inh_e": -100 * mV,
    "E_exc_i": 0 * mV,
}


def build(neurons: int, seed: int) -> dict[str, Any]:
    """Network with its parts by name.

    Parameters
    ----------
    neurons : int
        Excitatory neurons, and as many inhibitory ones.
    seed : int
        Seed of the initial weights.
    """
    defaultclock.dt = 0.5 * ms
    image = PoissonGroup(INPUTS, np.zeros(INPUTS) * Hz)
    excitatory = NeuronGroup(
        neurons,
        EXCITATORY,
        threshold="v > -72*mV + theta",
        reset="v = -65*mV; theta += 0.05*mV",
        refractory=5 * ms,
        method="exponential_euler",
        namespace=NAMESPACE,
    )
    inhibitory = NeuronGroup(
        neurons,
        INHIBITORY,
        threshold="v > -40*mV",
        reset="v = -45*mV",
        refractory=2 * ms,
        method="exponential_euler",
        namespace=NAMESPACE,
    )
    excitatory.v, inhibitory.v, excitatory.theta = -105 * mV, -100 * mV, 20 * mV
    learning = Synapses(image, excitatory, STDP, on_pre=ON_PRE, on_post=ON_POST, namespace=NAMESPACE)
    learning.connect()
    learning.w = 0.3 * (np.random.default_rng(seed).random(INPUTS * neurons) + 0.01)
    to_inhibitory = Synapses(excitatory, inhibitory, on_pre="g_e_post += 10.4", namespace=NAMESPACE)
    to_inhibitory.connect(j="i")
    lateral = Synapses(inhibitory, excitatory, on_pre="g_i_post += 17", namespace=NAMESPACE)
    lateral.connect(condition="i != j")
    parts = {
        "image": image,
        "excitatory": excitatory,
        "inhibitory": inhibitory,
        "learning": learning,
        "to_inhibitory": to_inhibitory,
        "lateral": lateral,
        "spikes": SpikeMonitor(excitatory, record=False),
    }
    return {"network": Network(*parts.values()), **parts}


def show(parts: dict[str, Any], pixels: np.ndarray) -> int:
    """Train on one image and return the number of presentations that it took.

    Parameters
    ----------
    parts : dict
        What :func:`build` returned.
    pixels : array [784]
        Brightness, 0 to 255.
    """
    network, learning, spikes = parts["network"], parts["learning"], parts["spikes"]
    for intensity in range(START_INTENSITY, MAX_INTENSITY + 1):
        weights = np.reshape(learning.w, (INPUTS, -1))
        learning.w = (weights * (WEIGHT_SUM / weights.sum(axis=0))).ravel()
        before = spikes.num_spikes
        parts["image"].rates = pixels / 8 * intensity * Hz
        network.run(350 * ms, namespace={})
        parts["image"].rates = 0 * Hz
        network.run(150 * ms, namespace={})
        if spikes.num_spikes - before >= MIN_SPIKES:
            break
    return intensity - START_INTENSITY + 1


def time_plain_brian2(neurons: int, images: int) -> dict[str, float]:
    """Time the training loop after one image that is not counted (it compiles).

    Parameters
    ----------
    neurons, images : int
        Excitatory neurons; images to time.

    Returns
    -------
    dict
        ``seconds`` and ``cpu_seconds`` that the images took, ``images``, and ``presentations`` with repetitions.
    """
    data = read_idx(mnist_folder() / "train-images-idx3-ubyte.gz").reshape(-1, INPUTS)
    parts = build(neurons, seed=0)
    show(parts, data[0])
    start, cpu = time.perf_counter(), time.process_time()
    presentations = sum(show(parts, pixels) for pixels in data[1 : images + 1])
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "images": images,
        "presentations": presentations,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=100, help="excitatory neurons")
    parser.add_argument("--images", type=int, default=5, help="images to time")
    print(json.dumps(time_plain_brian2(**vars(parser.parse_args()))))
