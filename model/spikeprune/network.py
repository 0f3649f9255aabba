"""The network of Diehl and Cook, made of Brian2 objects; what runs when is in :mod:`spikeprune.schedule`."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import brian2 as b2
import numpy as np

from spikeprune import presenter as show
from spikeprune import waiting as side_by_side
from spikeprune.integration import rational_euler
from spikeprune.layout import CHUNK_INPUTS, COUNTERS, BuiltNetwork, StateLayout
from spikeprune.parameters import NetworkParameters
from spikeprune.philox import uniform
from spikeprune.pruning.base import PruningRule
from spikeprune.replicas import Replicas
from spikeprune.schedule import place
from spikeprune.standalone import DenseSynapses, LayerGroup, PairedSynapses, RenewalGroup
from spikeprune.stopping import stop_when
from spikeprune.synapses import PrunedDenseSynapses
from spikeprune.synapses.neurons import COPY

__all__ = [
    "CHUNK_INPUTS",
    "COUNTERS",
    "BuiltNetwork",
    "StateLayout",
    "build_network",
    "model_namespace",
]

#: Of a time of event data, in ms: two bytes reach to 655 ms.
EVENT_UNIT = 0.01
#: Random numbers of an attempt start at this multiple; no neuron draws so many in one presentation.
DRAWS_PER_ATTEMPT = 65536
#: Pathways that leave a removed synapse, whose weight is 0, as it is by themselves, as long as they are these.
UNMASKED = {
    "transmit": ("TRANSMIT",), "depress": ("DEPRESS",), "sum": ("SUM", "SUM_PLASTIC"),
    "normalise": ("NORMALISE_SYNAPSE",), "gather": (),
}  # fmt: skip


def model_namespace(p: NetworkParameters) -> dict[str, Any]:
    """Return every constant and function of the equation strings, with units."""
    units = {"mV": b2.mV, "ms": b2.ms, "1": 1}
    others = ("dt", "equations")  # Brian2's own; no number
    namespace = {f.name: getattr(p, f.name) * units[f.metadata["unit"]] for f in fields(p) if f.name not in others}
    rest = 0.0 if p.simulate_rest else p.rest
    decays = {
        "rest_v_e": p.tau_e, "rest_v_i": p.tau_i, "rest_g_exc": p.tau_g_exc, "rest_g_inh": p.tau_g_inh,
        "rest_post1": p.tau_post1,
    }  # fmt: skip
    namespace |= {name: math.exp(-rest / tau) for name, tau in decays.items()}
    namespace |= {
        "decay_post1": math.exp(-p.dt / p.tau_post1),
        "slot_theta": -math.expm1(-(p.presentation + p.rest) / p.tau_theta),
        "presentation_steps": p.presentation_steps,
        "slot_steps": p.slot_steps,
        "steps_between_presentations": p.steps_between_presentations,
        "remembered_steps": math.ceil(math.log(1e8) * p.tau_pre / p.dt),
        "refractory_steps_e": round(p.refractory_e / p.dt),
        "refractory_steps_i": round(p.refractory_i / p.dt),
        "initial_intensity": p.intensity,
        "draws_per_attempt": DRAWS_PER_ATTEMPT,
        "uniform": uniform,
        "stop_when": stop_when,
        "event_unit": EVENT_UNIT * b2.ms,
        "Hz": b2.Hz,
        "second": b2.second,
    }
    del namespace["intensity"]  # a variable of the presenter
    return namespace


def _link_equations(equations: str, *names: str) -> str:
    kinds = dict(line.split("#")[0].split(":") for line in equations.strip().splitlines())
    kinds = {name.strip(): kind.split("(")[0].strip() for name, kind in kinds.items()}
    return "\n".join(f"{name} : {kinds[name]} (linked)" for name in names) + "\n"


def build_network(
    p: NetworkParameters, rule: PruningRule, chunk: int, clock: Any = None, replicas: int = 1
) -> BuiltNetwork:
    """Create the Diehl & Cook network with a pruning rule, ready to run one chunk of images after another.

    Parameters
    ----------
    p : NetworkParameters
        All constants.
    rule : PruningRule
        Its strings become part of the network.
    chunk : int
        Largest number of images in a chunk, of all networks together where they are shown different ones.
    clock : brian2.Clock, optional
        Clock with the time step of `p`; a new one if not given.
    replicas : int, optional
        Number of networks side by side, which differ in seed, parameters of the rule and images.

    Returns
    -------
    BuiltNetwork
    """
    n, namespace, networks = p.neurons, model_namespace(p), Replicas(replicas)
    model, unchanged = p.equations.strings(), p.equations.unchanged
    # One clock of our own for all: the default clock belongs to the user, and `dt=` would make a clock for each group.
    clock = clock or b2.Clock(p.dt * b2.ms, name="clock")
    rows = chunk * p.image_bytes // p.inputs
    begins, renews = (model.EVENT_BEGIN, model.EVENT_RENEW) if p.event_slots else (model.INPUT_BEGIN, model.INPUT_RENEW)
    namespace["pixels"] = pixels = b2.TimedArray(np.zeros((rows, p.inputs)), dt=1 * b2.second, name="pixels")

    presented = show.PRESENTER + networks.only(side_by_side.PRESENTER)

    def group(
        size: int, equations: str, links: tuple[str, ...], events: dict[str, str], kind: Any = LayerGroup, **kwds: Any
    ) -> Any:
        links = links + networks.links
        made = kind(
            replicas * size, equations + _link_equations(presented, *links), events=events | networks.events,
            method=rational_euler, namespace=namespace, clock=clock, **kwds,
        )  # fmt: skip
        networks.link(made, presenter, *links)
        return made

    presenter = b2.NeuronGroup(
        replicas, presented, events={"over": "step >= slot_steps - 1 and image < images"} | networks.presenter_events,
        namespace=namespace, clock=clock, name="presenter",
    )  # fmt: skip
    place(presenter.run_regularly(show.PRESENTER_STEP, name="presenter_step"), "step")
    _on_event(presenter, "over", show.PRESENTER_OVER + ("" if networks.several else show.PRESENTER_STOP))

    begin = {"begin": "step < 1"}
    inputs = group(
        p.inputs, model.INPUT + model.PRESYNAPTIC,
        ("step", "image", "first_image", "attempt", "intensity", "learning", "seed", "stream"), begin,
        RenewalGroup, next_spike="next_spike", step="step", steps="presentation_steps",
        renew=networks.own_number(renews), restart="begin", reset=model.PRESYNAPTIC_SPIKE, name="input",
    )  # fmt: skip
    # An input spike counts for an excitatory spike in the same time step, so its time is noted between the two.
    place(inputs.resetter["spike"], "input")
    excitatory = group(
        n,
        model.EXCITATORY + model.POSTSYNAPTIC + (side_by_side.EXCITATORY if networks.several else model.LEARNING)
        + "g_total : 1 (linked)\n",
        ("step", "prune", *networks.waiting_links),
        begin | {"normalise": model.NORMALISE, "live": model.LIVE} | networks.waiting_events
        | ({"prune": "step >= slot_steps - 1 and prune > 0"} if rule.acts_in_training else {}),
        threshold=model.EXCITATORY_THRESHOLD, reset=model.EXCITATORY_SPIKE + model.POSTSYNAPTIC_SPIKE,
        # Promises that hold of the package's strings, and of others only where their author gives them too.
        lasting={"live": "spike"} if unchanged("LIVE", "POSTSYNAPTIC_LIVE", "POSTSYNAPTIC_SPIKE") else {},
        name="excitatory",
    )  # fmt: skip
    awake = {"awake": model.INHIBITORY_AWAKE} if p.equations.promised("INHIBITORY_AWAKE", "INHIBITORY") else {}
    inhibitory = group(
        n, model.INHIBITORY + "spikes : integer\n", ("step",), begin, threshold=model.INHIBITORY_THRESHOLD,
        reset=model.INHIBITORY_SPIKE + "spikes += 1", name="inhibitory",
        method_options=awake, blocks=replicas,
    )  # fmt: skip
    # The excitatory neurons read the pool before it decays, as they read their own conductances.
    pool = group(1, model.INHIBITION_POOL, ("step",), begin, name="pool", order=1)
    networks.link(excitatory, pool, "g_total")

    for made, code in (
        (inputs, networks.own_number(begins) + "\n" + model.PRESYNAPTIC_REST),
        (excitatory, model.EXCITATORY_REST + model.POSTSYNAPTIC_REST + networks.only(side_by_side.EXCITATORY_REST)),
        (inhibitory, model.INHIBITORY_REST),
        (pool, model.INHIBITION_POOL_REST),
    ):
        _on_event(made, "begin", code)
    _on_event(excitatory, "normalise", model.NORMALISE_NEURON, asked="begin?", runs="factor")
    # A neuron lives from the step after its spike on, so this comes before the next thresholds.
    _on_event(excitatory, "live", model.POSTSYNAPTIC_LIVE)
    if rule.acts_in_training:
        place(excitatory.thresholder["prune"], "prune?")

    key = excitatory if networks.several else presenter
    plastic = _plastic_synapses(p, inputs, excitatory, key, rule, namespace, clock, replicas)

    def connect(source: Any, target: Any, effect: str, name: str) -> Any:
        """Connect partners, or all neurons of a network to its only one of the other group."""
        if len(target) == replicas:
            made = DenseSynapses(
                source, target, on_pre=effect, namespace=namespace, clock=clock, name=name, blocks=replicas
            )  # fmt: skip
        else:
            made = PairedSynapses(source, target, on_pre=effect, namespace=namespace, clock=clock, name=name)
        made.connect()
        return made

    fixed = [
        connect(excitatory, inhibitory, "g_e_post += w_exc_inh", "exc_to_inh"),
        connect(inhibitory, excitatory, "g_own_post += w_inh_exc", "inh_to_exc"),
        connect(inhibitory, pool, "g_total_post += w_inh_exc", "inh_to_pool"),
        connect(excitatory, presenter, "population_spikes_post += 1", "exc_to_presenter"),
    ]
    spike_monitor = b2.SpikeMonitor(excitatory, name="spike_monitor")
    presentation_monitor = b2.EventMonitor(
        presenter, "over", variables=["image", "attempt", "population_spikes"], name="presentation_monitor"
    )  # fmt: skip
    place(presentation_monitor, "record")
    groups = {
        "presenter": presenter, "input": inputs, "excitatory": excitatory, "inhibitory": inhibitory, "pool": pool,
        "plastic": plastic, "incoming": plastic.host.incoming, "outgoing": plastic.outgoing,
    }  # fmt: skip
    rule_parameters = {} if plastic.host.parameters is None else {"rule": plastic.host.parameters}
    state = _layout(groups, p.inputs * n * replicas)
    given = {name: state.pop(name) for name in side_by_side.GIVEN if networks.several}
    names = ("presenter", "input", "excitatory", "inhibitory", "pool", "incoming")
    kept = networks.keep({name: groups[name] for name in names}, excitatory, state)
    closing = networks.close(presenter, excitatory, namespace)
    return BuiltNetwork(
        network=b2.Network(*groups.values(), *fixed, *closing, spike_monitor, presentation_monitor),
        groups=groups | rule_parameters,
        pixels=pixels,
        spike_monitor=spike_monitor,
        presentation_monitor=presentation_monitor,
        state=state,
        given=given | _layout(rule_parameters, p.inputs * n),
        duration=chunk * p.attempts * p.slot_steps * p.dt * 1e-3,
        stopped=(closing[0] if networks.several else presenter).variables["stopped"],
        kept=kept,
    )


def _on_event(group: Any, event: str, code: str, asked: str = "", runs: str = "") -> None:
    """Run code at an event, both where the schedule says."""
    place(group.thresholder[event], asked or f"{event}?")
    place(group.run_on_event(event, code), runs or event)


def _plastic_synapses(
    p: NetworkParameters, inputs: Any, excitatory: Any, key: Any, rule: PruningRule, namespace: dict[str, Any],
    clock: Any, replicas: int,
) -> Any:  # fmt: skip
    """Connect the input to the excitatory neurons: transmission, plasticity, normalisation and pruning."""
    model, unchanged, promised = p.equations.strings(), p.equations.unchanged, p.equations.promised
    on_pre = {"transmit": model.TRANSMIT, "depress": model.DEPRESS}
    if not p.depresses:
        del on_pre["depress"]
    on_post = {
        "potentiate": model.POTENTIATE, "sum": model.SUM_PLASTIC if rule.freezes else model.SUM,
        "normalise": model.NORMALISE_SYNAPSE,
    }  # fmt: skip
    roles = {
        "learning": (excitatory, "learning"), "depressible": (excitatory, "depressible"), "seed": (key, "seed"),
        "normalised_sum": (excitatory, "normalised_sum"), "weight_sum": p.weight_sum,
    }  # fmt: skip
    plastic = PrunedDenseSynapses(
        inputs, excitatory, model.SYNAPSE, on_pre=on_pre, on_post=on_post,
        on_event={"sum": "normalise", "normalise": "normalise"} | dict.fromkeys([*on_pre, "potentiate"], "spike"),
        rule=rule, on="prune" if rule.acts_in_training else None, roles=roles, signed=False,
        unmasked=[name for name, strings in UNMASKED.items() if unchanged(*strings)], uncounted=("sum", "normalise"),
        spikes=("spikes", "spikes"), after_removal="changed_post += removed",
        only={"depress": "live"} if "depress" in on_pre and promised("LIVE", "DEPRESS") else {},
        where={"potentiate": model.POTENTIATED} if promised("POTENTIATED", "POTENTIATE") else {}, blocks=replicas,
        namespace=namespace, clock=clock, name="plastic",
    )  # fmt: skip
    plastic.connect()
    for name in (*on_pre, *on_post):
        place(getattr(plastic, name), name)
    return plastic


def _layout(groups: dict[str, Any], synapses: int) -> StateLayout:
    """Describe every variable of some groups that is not another group's."""
    layout = {}
    for group_name, made in groups.items():
        for name in sorted(made.equations.diff_eq_names | made.equations.parameter_names):
            if "linked" not in made.equations[name].flags and not name.startswith(COPY):
                variable = made.variables[name]
                size = 1 if variable.scalar else synapses if group_name == "plastic" else len(made)
                layout[f"{group_name}.{name}"] = (np.dtype(variable.dtype), size)
    return layout
