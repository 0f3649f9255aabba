"""The network: the only place that creates Brian2 objects.

Within a time step: the presenter advances its step and, at the first step of a slot, the closed form of the rest,
weight normalisation and the new image are applied; then the neurons are integrated, thresholds tested, spikes passed
on, spiking neurons reset and the synapses that made them spike potentiated; at the last step of a slot the presenter
decides whether the image is accepted and, where it is time, the pruning rule runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import brian2 as b2
import numpy as np

from spikeprune import neurons as neuron
from spikeprune import plasticity as stdp
from spikeprune import presenter as show
from spikeprune.encoding import uniform
from spikeprune.integration import rational_euler
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.standalone import DenseSynapses, LayerGroup, PairedSynapses, RenewalGroup, fast_code_object

__all__ = ["CHUNK_INPUTS", "COUNTERS", "BuiltNetwork", "StateLayout", "build_network", "model_namespace"]

#: Random numbers of an attempt start at this multiple; no neuron draws so many in one presentation.
DRAWS_PER_ATTEMPT = 65536

#: Variables that are set anew for each chunk.  `learning` is there twice: synapses cannot see linked variables.
CHUNK_INPUTS = (
    "presenter.image", "presenter.images", "presenter.first_image", "presenter.seed", "presenter.stream",
    "presenter.prune_start", "presenter.prune_stop", "presenter.prune_interval",
    "presenter.learning", "excitatory.learning",
)  # fmt: skip

#: Variables that count within a chunk and start from 0 in the next.
COUNTERS = {
    "input.spikes": "input_spikes",
    "input.transmissions": "input_to_excitatory",
    "input.depressions": "updates_on_input_spikes",
    "excitatory.potentiations": "updates_on_excitatory_spikes",
    "inhibitory.spikes": "inhibitory_spikes",
}


#: ``group.variable`` to type and size.
StateLayout = dict[str, tuple["np.dtype[Any]", int]]


@dataclass
class BuiltNetwork:
    """A Brian2 network together with the names of what goes in and comes out.

    Attributes
    ----------
    network : brian2.Network
    groups : dict of str to Brian2 group
        ``presenter``, ``input``, ``excitatory``, ``inhibitory``, ``pool``, ``plastic`` (the synapses).
    pixels : brian2.TimedArray
        Pixel values of the chunk's images [chunk, inputs].
    spike_monitor, presentation_monitor
        Excitatory spikes; image, attempt and spikes of each presentation.
    state : dict of str to (dtype, int)
        Type and size of each ``group.variable`` of the state carried from chunk to chunk.
    duration : float
        Longest possible run in seconds: every image of the chunk with every attempt.
    """

    network: Any
    groups: dict[str, Any]
    pixels: Any
    spike_monitor: Any
    presentation_monitor: Any
    state: StateLayout
    duration: float


def model_namespace(p: NetworkParameters) -> dict[str, Any]:
    """Return every constant and function of the equation strings, with units."""
    units = {"mV": b2.mV, "ms": b2.ms, "1": 1}
    namespace = {f.name: getattr(p, f.name) * units[f.metadata["unit"]] for f in fields(p) if f.name != "dt"}
    rest = 0.0 if p.simulate_rest else p.rest
    decays = {
        "rest_v_e": p.tau_e, "rest_v_i": p.tau_i, "rest_g_exc": p.tau_g_exc, "rest_g_inh": p.tau_g_inh,
        "rest_post1": p.tau_post1,
    }  # fmt: skip
    namespace |= {name: math.exp(-rest / tau) for name, tau in decays.items()}
    namespace |= {
        "decay_post1": math.exp(-p.dt / p.tau_post1),
        "slot_theta": -math.expm1(-(p.presentation + p.rest) / p.tau_theta),
        "weight_sum": p.weight_sum,
        "presentation_steps": p.presentation_steps,
        "slot_steps": p.slot_steps,
        "steps_between_presentations": p.steps_between_presentations,
        "remembered_steps": math.ceil(math.log(1e8) * p.tau_pre / p.dt),
        "refractory_steps_e": round(p.refractory_e / p.dt),
        "refractory_steps_i": round(p.refractory_i / p.dt),
        "initial_intensity": p.intensity,
        "draws_per_attempt": DRAWS_PER_ATTEMPT,
        "uniform": uniform,
        "stop_when": show.stop_when,
        "Hz": b2.Hz,
        "second": b2.second,
    }
    del namespace["intensity"]  # a variable of the presenter
    return namespace


def _linked(group: Any, presenter: Any, *names: str) -> None:
    for name in names:
        setattr(group, name, b2.linked_var(presenter, name))


def _link_equations(equations: str, *names: str) -> str:
    kinds = dict(line.split("#")[0].split(":") for line in equations.strip().splitlines())
    kinds = {name.strip(): kind.strip() for name, kind in kinds.items()}
    return "\n".join(f"{name} : {kinds[name]} (linked)" for name in names) + "\n"


def build_network(p: NetworkParameters, rule: PruningRule, chunk: int, clock: Any = None) -> BuiltNetwork:
    """Create the Diehl & Cook network with a pruning rule, ready to run one chunk of images after another.

    Parameters
    ----------
    p : NetworkParameters
        All constants.
    rule : PruningRule
        Its strings become part of the network.
    chunk : int
        Largest number of images in a chunk.
    clock : brian2.Clock, optional
        Clock with the time step of `p`; a new one if not given.

    Returns
    -------
    BuiltNetwork
    """
    n, namespace = p.neurons, model_namespace(p)
    # One clock of our own for all: the default clock belongs to the user, and `dt=` would make a clock for each group.
    clock = clock or b2.Clock(p.dt * b2.ms, name="clock")
    namespace["pixels"] = pixels = b2.TimedArray(np.zeros((chunk, p.inputs)), dt=1 * b2.second, name="pixels")

    def group(size: int, equations: str, links: tuple[str, ...] = (), kind: Any = LayerGroup, **kwargs: Any) -> Any:
        made = kind(
            size, equations + _link_equations(shown, *links) if links else equations, method=rational_euler,
            namespace=namespace, codeobj_class=fast_code_object(), clock=clock, **kwargs,
        )  # fmt: skip
        if links:
            _linked(made, presenter, *links)
        return made

    shown = show.PRESENTER + "".join(f"{name} : 1\n" for name in rule.population_sums)
    presenter = b2.NeuronGroup(
        1, shown, events={"over": "step >= slot_steps - 1 and image < images"},
        namespace=namespace, clock=clock, name="presenter",
    )  # fmt: skip
    presenter.run_regularly(show.PRESENTER_STEP, when="start", order=0, name="presenter_step")
    presenter.set_event_schedule("over", when="end", order=0)
    no_sums = "".join(f"{name} = 0\n" for name in rule.population_sums)
    presenter.run_on_event("over", show.PRESENTER_OVER + no_sums, when="end", order=2)

    begin = {"begin": "step < 1"}
    inputs = group(
        p.inputs, neuron.INPUT + stdp.PRESYNAPTIC,
        ("step", "image", "first_image", "attempt", "intensity", "learning", "seed", "stream"),
        RenewalGroup, next_spike="next_spike", step="step", steps="presentation_steps", renew=neuron.INPUT_RENEW,
        restart="begin", reset=stdp.PRESYNAPTIC_SPIKE, events=dict(begin), name="input",
    )  # fmt: skip
    # An input spike counts for an excitatory spike in the same time step, so its time is noted between the two.
    inputs.resetter["spike"].when, inputs.resetter["spike"].order = "synapses", 0
    excitatory = group(
        n, neuron.EXCITATORY + stdp.POSTSYNAPTIC + rule.neuron_equations() + "\ng_total : 1 (linked)\n",
        ("step", "prune", "interval_spikes", "seed", *rule.population_sums),
        threshold=neuron.EXCITATORY_THRESHOLD,
        reset=neuron.EXCITATORY_SPIKE + stdp.POSTSYNAPTIC_SPIKE + rule.on_spike,
        events=begin | {"normalise": stdp.NORMALISE, "live": stdp.LIVE}
        | ({"prune": "step >= slot_steps - 1 and prune > 0"} if rule.acts_in_training else {}),
        lasting={"live": "spike"}, name="excitatory",
    )  # fmt: skip
    inhibitory = group(
        n, neuron.INHIBITORY + "spikes : integer\n", ("step",), threshold=neuron.INHIBITORY_THRESHOLD,
        reset=neuron.INHIBITORY_SPIKE + "spikes += 1", events=dict(begin), name="inhibitory",
        method_options={"awake": neuron.INHIBITORY_AWAKE},
    )  # fmt: skip
    # The excitatory neurons read the pool before it decays, as they read their own conductances.
    pool = group(1, neuron.INHIBITION_POOL, ("step",), events=dict(begin), name="pool", order=1)
    excitatory.g_total = b2.linked_var(pool, "g_total")

    for made, code in (
        (inputs, neuron.INPUT_BEGIN + stdp.PRESYNAPTIC_REST),
        (excitatory, neuron.EXCITATORY_REST + stdp.POSTSYNAPTIC_REST),
        (inhibitory, neuron.INHIBITORY_REST),
        (pool, neuron.INHIBITION_POOL_REST),
    ):
        made.set_event_schedule("begin", when="start", order=1)
        made.run_on_event("begin", code, when="start", order=2)
    excitatory.set_event_schedule("normalise", when="start", order=1)
    normalise = stdp.NORMALISE_NEURON.format(normalised_sum=rule.normalised_sum)
    excitatory.run_on_event("normalise", normalise, when="start", order=4)

    # A neuron lives from the step after its spike on, so this comes before the next thresholds.
    excitatory.set_event_schedule("live", when="start", order=3)
    excitatory.run_on_event("live", stdp.POSTSYNAPTIC_LIVE, when="before_synapses")

    plastic = _plastic_synapses(inputs, excitatory, rule, namespace, clock)

    def connect(source: Any, target: Any, effect: str, name: str, event: str = "spike") -> Any:
        """Connect partners, or all neurons to the only one of the other group."""
        kind = DenseSynapses if len(target) == 1 else PairedSynapses
        made = kind(source, target, on_pre=effect, on_event=event, namespace=namespace, clock=clock, name=name)
        made.connect()
        return made

    fixed = [
        connect(excitatory, inhibitory, "g_e_post += w_exc_inh", "exc_to_inh"),
        connect(inhibitory, excitatory, "g_own_post += w_inh_exc", "inh_to_exc"),
        connect(inhibitory, pool, "g_total_post += w_inh_exc", "inh_to_pool"),
        connect(excitatory, presenter, "population_spikes_post += 1", "exc_to_presenter"),
    ]
    if rule.population_sums:
        add = "\n".join(f"{name}_post += {variable}_pre" for name, variable in rule.population_sums.items())
        fixed.append(connect(excitatory, presenter, add, "population_sums", event="prune"))
        fixed[-1].pre.when, fixed[-1].pre.order = "end", 5
    spike_monitor = b2.SpikeMonitor(excitatory, name="spike_monitor")
    presentation_monitor = b2.EventMonitor(
        presenter, "over", variables=["image", "attempt", "population_spikes"], when="end", order=1,
        name="presentation_monitor",
    )  # fmt: skip
    groups = {
        "presenter": presenter, "input": inputs, "excitatory": excitatory,
        "inhibitory": inhibitory, "pool": pool, "plastic": plastic,
    }  # fmt: skip
    return BuiltNetwork(
        network=b2.Network(*groups.values(), *fixed, spike_monitor, presentation_monitor),
        groups=groups,
        pixels=pixels,
        spike_monitor=spike_monitor,
        presentation_monitor=presentation_monitor,
        state=_state_layout(groups, p.inputs * n),
        duration=chunk * p.attempts * p.slot_steps * p.dt * 1e-3,
    )


def _plastic_synapses(inputs: Any, excitatory: Any, rule: PruningRule, namespace: dict[str, Any], clock: Any) -> Any:
    """Connect the input to the excitatory neurons: transmission, plasticity, normalisation and pruning."""
    add, depress, normalise = stdp.SUM, stdp.DEPRESS, stdp.NORMALISE_SYNAPSE
    if rule.freezes:
        add, depress, normalise = stdp.SUM_PLASTIC, stdp.DEPRESS_PLASTIC, stdp.NORMALISE_PLASTIC
    on_pre = {"transmit": stdp.TRANSMIT, "depress": depress}
    on_post = {"potentiate": stdp.POTENTIATE, "sum": add, "normalise": normalise}
    on_event = {"potentiate": "spike", "sum": "normalise", "normalise": "normalise"} | dict.fromkeys(on_pre, "spike")
    # The input's reset lies between depression and potentiation, which comes after that of the excitatory neurons.
    schedule = {"sum": ("start", 3), "normalise": ("start", 5)}
    schedule |= {"transmit": ("synapses", -2), "depress": ("synapses", -1), "potentiate": ("resets", 1)}
    if rule.acts_in_training:
        excitatory.set_event_schedule("prune", when="end", order=3)
        excitatory.run_on_event("prune", rule.update_neurons + "total = 0\nfixed = 0", when="end", order=6)
        on_post |= {"gather": f"{add}\n{rule.add_synapses}", "prune": rule.update_synapses}
        on_event |= {"gather": "prune", "prune": "prune"}
        schedule |= {"gather": ("end", 4), "prune": ("end", 7)}
    plastic = DenseSynapses(
        inputs, excitatory, stdp.SYNAPSE, on_pre=on_pre, on_post=on_post, on_event=on_event,
        only={"depress": "live"}, where={"potentiate": stdp.POTENTIATED},
        namespace=namespace, clock=clock, name="plastic",
    )  # fmt: skip
    plastic.connect()
    for pathway, (when, order) in schedule.items():
        getattr(plastic, pathway).when, getattr(plastic, pathway).order = when, order
    return plastic


def _state_layout(groups: dict[str, Any], synapses: int) -> StateLayout:
    """Describe every variable that must be carried from chunk to chunk."""
    layout = {}
    for group_name, made in groups.items():
        for name in sorted(made.equations.diff_eq_names | made.equations.parameter_names):
            if "linked" not in made.equations[name].flags:
                variable = made.variables[name]
                size = 1 if variable.scalar else synapses if group_name == "plastic" else len(made)
                layout[f"{group_name}.{name}"] = (np.dtype(variable.dtype), size)
    return layout
