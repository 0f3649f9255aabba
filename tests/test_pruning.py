"""Pruning rules: the strings do what the NumPy twins do; a removed synapse is gone for ever, a frozen one is fixed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest

from spikeprune import (
    AdaptivePruning,
    ConstantPruning,
    CriticalPeriodPruning,
    FocusedPruning,
    FocusedSettlingPruning,
    NetworkParameters,
    NoPruning,
    PostTrainingPruning,
    PruningRule,
    SoftPruning,
)
from spikeprune.backend import ChunkResult, Program, State, make_program
from spikeprune.backend.runtime import RuntimeProgram
from spikeprune.errors import ParameterError
from spikeprune.pruning import (
    RULES,
    AdaptiveGlobalThreshold,
    AdaptiveNeuronPruning,
    AdaptiveNeuronsAndWeights,
    AdaptiveWithoutActivity,
    AdaptiveWithoutRenormalisation,
    ContributionPruning,
    LeastActiveNeurons,
    PruningState,
    QuietNeurons,
    SettlingPruning,
    SmallestOfLayer,
    SmallestOfNeuron,
    UseItOrLoseIt,
    make_rule,
)
from spikeprune.state import finish_state, initial_state
from spikeprune.synapses.masks import PREFIX

IMAGES = 20


@dataclass
class Recording:
    """A run of the small network, looked at in every time step.

    Attributes
    ----------
    before, after : list of PruningState
        What a pruning event found and left.
    at : list of int
        Images accepted when it happened.
    alive : list of ndarray [inputs, neurons]
        Which synapses existed at the end of each presentation.
    broken : list of str
        Invariants that did not hold, with the time step.
    """

    program: Program
    result: ChunkResult | None = None
    before: list[PruningState] = field(default_factory=list)
    after: list[PruningState] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    alive: list[np.ndarray] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def rule(self) -> PruningRule:
        return self.program.rule

    def start(self) -> State:
        """State of the untrained network."""
        return initial_state(self.program.parameters, self.rule, 0, self.program.layout)


def watch(program: Program) -> Recording:
    """Add to a network on the numpy back end what fills a recording while it runs."""
    assert isinstance(program, RuntimeProgram)
    record, p, rule = Recording(program), program.parameters, program.rule
    shape = (p.inputs, p.neurons)

    def value(name: str) -> Any:
        group, variable = name.split(".")
        return program.built.groups[group].variables[variable].get_value().copy()

    def snapshot() -> PruningState:
        masks = (value(f"plastic.{name}").reshape(shape).astype(bool) for name in ("alive", "plastic"))
        group = {"depressible": "excitatory"}
        neurons = {name: value(f"{group.get(name, 'incoming')}.{name}") for name in rule.initial(p.neurons)}
        spikes = float(neurons["count"].sum()) if "count" in neurons else 0.0
        declared = b2.Equations(rule.synapse_variables).names
        synapses = {name: value(f"plastic.{PREFIX}{name}").reshape(shape) for name in declared}
        return PruningState(value("plastic.w").reshape(shape), *masks, spikes, neurons, synapses)

    def is_event() -> bool:
        return value("presenter.step")[0] >= p.slot_steps - 1 and value("presenter.prune")[0] > 0

    def look_before() -> None:
        if is_event():
            record.before.append(snapshot())
            record.at.append(int(value("presenter.seen")[0]))

    def look_after() -> None:
        now = snapshot()
        fans = {
            "fan_out": (value("outgoing.fan_out"), now.alive.sum(axis=1)),
            "plastic_out": (value("outgoing.plastic_out"), now.plastic @ value("excitatory.depressible")),
            "fan_in": (value("incoming.fan_in"), now.alive.sum(axis=0)),
            "plastic_in": (value("incoming.plastic_in"), now.plastic.sum(axis=0)),
            "no plastic synapse is removed": (now.plastic & now.alive, now.plastic),
            "removed weights are 0": (now.w[~now.alive], 0),
            "weights are bounded": (np.clip(now.w, 0, 1), now.w),
        }
        wrong = [name for name, (found, expected) in fans.items() if np.any(found != expected)]
        record.broken += [f"{name} in step {value('presenter.step')[0]:g}" for name in wrong]
        if is_event():
            record.after.append(now)
        if value("presenter.step")[0] >= p.slot_steps - 1:
            record.alive.append(now.alive)

    options: dict[str, Any] = {"dt": p.dt * b2.ms, "when": "end"}
    # The presenter decides at order 2 of the end of a time step, the rule acts at orders 4 to 7.
    program.built.network.add(b2.NetworkOperation(look_before, order=3, **options))
    program.built.network.add(b2.NetworkOperation(look_after, order=10, **options))
    return record


TRAINING_RULES = [
    AdaptivePruning(beta=0.6, eta=0.3, interval=4),
    ConstantPruning(h=0.1, interval=4),
    SoftPruning(h=0.2, settled=12, value=0.03, interval=4),
    AdaptiveWithoutActivity(beta=0.6, eta=0.3, interval=4),
    AdaptiveWithoutRenormalisation(beta=0.6, eta=0.3, interval=4),
    AdaptiveGlobalThreshold(beta=0.6, eta=0.3, interval=4),
    SettlingPruning(beta=0.6, eta=0.3, settled=25, interval=4),
    FocusedPruning(beta=0.6, eta=0.3, interval=4),
    FocusedSettlingPruning(beta=0.6, eta=0.3, settled=25, interval=4),
    CriticalPeriodPruning(beta=0.6, eta=0.5, start=4, stop=20, interval=4),
    SmallestOfNeuron(share=0.6, events=5, interval=4),
    SmallestOfLayer(share=0.6, events=5, interval=4),
    LeastActiveNeurons(share=0.5, events=5, interval=4),
    ContributionPruning(beta=0.6, eta=0.3, interval=4),
    UseItOrLoseIt(patience=4, interval=4),
    QuietNeurons(h=3, start=0, interval=4),
    AdaptiveNeuronPruning(least=0.9, eta=0.5, start=0, interval=4),
    AdaptiveNeuronsAndWeights(least=0.9, beta=0.6, eta=0.4, start=0, interval=4),
]


@pytest.fixture(scope="module", params=TRAINING_RULES, ids=lambda rule: rule.name)
def recording(request: pytest.FixtureRequest, small: NetworkParameters, pixels: np.ndarray) -> Recording:
    """The small network shown 20 images, with a pruning event after every fourth."""
    # Not by make_program, which leaves removed neurons out of what is simulated (tests/test_compact.py).
    record = watch(RuntimeProgram(small, request.param, IMAGES, "double", target="numpy"))
    record.result = record.program.run(record.start(), pixels[:IMAGES], seed=0)
    return record


def test_every_rule_that_acts_in_training_is_recorded() -> None:
    """Random removal has a module of its own."""
    ours = {name: rule for name, rule in RULES.items() if rule.__module__.startswith("spikeprune.")}
    acting = {name for name, rule in ours.items() if rule().acts_in_training}
    assert {rule.name for rule in TRAINING_RULES} == acting - {"random"}


def test_the_recording_is_worth_looking_at(recording: Recording) -> None:
    """Five events, most of which change something, and not everything."""
    assert recording.at == [4, 8, 12, 16, 20]
    changes = [
        np.any(before.plastic != after.plastic) for before, after in zip(recording.before, recording.after, strict=True)
    ]
    assert sum(changes) >= 3
    assert 0.02 < recording.after[-1].plastic.mean() < 0.98


def test_strings_do_what_the_numpy_twin_does(recording: Recording) -> None:
    for twin, after in zip(recording.before, recording.after, strict=True):
        twin = PruningState(
            twin.w.copy(), twin.alive.copy(), twin.plastic.copy(), twin.interval_spikes,
            {name: value.copy() for name, value in twin.neurons.items()},
            {name: value.copy() for name, value in twin.synapses.items()},
        )  # fmt: skip
        recording.rule.reference(twin)
        np.testing.assert_array_equal(twin.alive, after.alive)
        np.testing.assert_array_equal(twin.plastic, after.plastic)
        np.testing.assert_array_equal(twin.w, after.w)
        for name, value in twin.neurons.items():
            np.testing.assert_allclose(value, after.neurons[name], rtol=1e-12, atol=0, err_msg=name)
        for name, value in twin.synapses.items():
            np.testing.assert_array_equal(value, after.synapses[name])


def test_rules_see_the_spikes_since_the_last_event(recording: Recording) -> None:
    """Counted again from the recorded spikes; those of retries are among them."""
    assert recording.result is not None
    neuron, presentation, _ = recording.result.spikes.T
    ends = np.cumsum(recording.result.attempts)[np.array(recording.at) - 1]
    begin, seen = 0, np.zeros(12)
    for end, before in zip(ends, recording.before, strict=True):
        counted = np.bincount(neuron[(begin <= presentation) & (presentation < end)], minlength=12)
        seen += counted
        for name, expected in (("count", counted), ("history", seen)):
            if name in before.neurons:
                np.testing.assert_array_equal(before.neurons[name], expected)
        begin = end


def test_masks_fans_and_weights_agree_in_every_time_step(recording: Recording) -> None:
    assert recording.broken == []


def test_removed_synapses_never_return(recording: Recording) -> None:
    for earlier, later in zip(recording.alive[:-1], recording.alive[1:], strict=True):
        assert not np.any(later & ~earlier)


def test_soft_pruning_removes_nothing_and_the_others_freeze_nothing(recording: Recording) -> None:
    for state in recording.after:
        if recording.rule.name == "soft":
            assert state.alive.all()
            assert np.all(state.w[~state.plastic] == 0.03)
        else:
            np.testing.assert_array_equal(state.plastic, state.alive)


# Schedule


FLASH = NetworkParameters(inputs=3, neurons=3, presentation=2, rest=0, minimum_spikes=0, attempts=1)


def blank(images: int) -> np.ndarray:
    return np.zeros((images, 3), np.uint8)


@pytest.fixture(scope="module")
def schedule() -> Recording:
    """A network to be shown blank images, with any schedule."""
    return watch(make_program("numpy", FLASH, ConstantPruning(h=0.0), 20, "double"))


@pytest.mark.parametrize(
    ("start", "interval", "events"),
    [(0, 5, [5, 10, 15, 20]), (6, 4, [8, 12, 16, 20]), (8, 4, [8, 12, 16, 20]), (9, 4, [12, 16, 20]), (0, 21, [])],
)
def test_events_come_after_every_interval_th_image_from_the_start_th_on(
    start: int, interval: int, events: list[int], schedule: Recording
) -> None:
    rule = ConstantPruning(h=0.0, start=start, interval=interval)
    schedule.at.clear()
    schedule.program.run(schedule.start(), blank(20), seed=0, rule=rule)
    assert schedule.at == events


@pytest.mark.parametrize(
    ("start", "stop", "interval", "events"),
    [(0, 20, 5, [5, 10, 15, 20]), (6, 16, 4, [8, 12, 16]), (8, 15, 4, [8, 12]), (9, 11, 4, []), (12, 12, 4, [12])],
)
def test_a_critical_period_ends(start: int, stop: int, interval: int, events: list[int]) -> None:
    """In one chunk or several, and as the rule itself counts its events."""
    rule = CriticalPeriodPruning(start=start, stop=stop, interval=interval)
    record = watch(make_program("numpy", FLASH, rule, 20, "double"))
    state = record.program.run(record.start(), blank(7), seed=0).state
    record.program.run(state, blank(13), seed=0)
    assert record.at == events
    assert [rule.events_in(images) for images in (7, 20)] == [sum(at <= 7 for at in events), len(events)]


def test_a_schedule_without_an_end_has_none() -> None:
    assert [ConstantPruning(start=6, interval=4).events_in(n) for n in (7, 8, 20, 10**6)] == [0, 1, 4, 249_999]


def test_chunks_and_evaluations_do_not_shift_the_schedule(schedule: Recording) -> None:
    rule, state = ConstantPruning(h=0.0, start=6, interval=4), schedule.start()
    schedule.at.clear()
    for images in (3, 5, 12):
        state = schedule.program.run(state, blank(images), seed=0, rule=rule).state
        state = schedule.program.run(state, blank(4), seed=0, rule=rule, learning=False).state
    assert schedule.at == [8, 12, 16, 20]


def test_retries_are_no_images_to_the_schedule() -> None:
    """Each blank image is shown three times, since it draws no spike."""
    p = NetworkParameters(inputs=3, neurons=3, presentation=2, rest=0, minimum_spikes=5, attempts=3)
    rule = ConstantPruning(h=0.0, interval=2)
    record = watch(make_program("numpy", p, rule, 4, "double"))
    result = record.program.run(record.start(), blank(4), seed=0)
    assert result.attempts.tolist() == [3, 3, 3, 3]
    assert record.at == [2, 4]
    assert len(record.alive) == 12


# The rules by hand


def flash(rule: PruningRule, w: np.ndarray, p: NetworkParameters = FLASH, **state: Any) -> State:
    """Show one blank image, after which the rule acts; ``incoming__h`` stands for ``excitatory.h``."""
    program = make_program("numpy", p, rule, 1, "double")
    start = initial_state(p, rule, 0, program.layout)
    start["plastic.w"] = w.ravel().copy()
    for name, value in state.items():
        start[name.replace("__", ".")][:] = value
    return program.run(start, blank(1), seed=0).state


def test_adaptive_pruning_by_hand() -> None:
    """Neurons of equal weights (sum 0.3, mean 0.1) that fired 0, 3 and 9 times; the mean count is 4.

    activity 0, 3/4, 9/4 cut to 2; h = 0.25 activity (0.8 x 0.1 - 0) = 0, 0.015, 0.04: so the quiet neuron keeps all,
    a weight of 0 included (it is not below 0), the middle one loses 0.01, and the busy one 0.01 and 0.03.
    """
    w = np.array([[0.0, 0.01, 0.01], [0.04, 0.03, 0.03], [0.26, 0.26, 0.26]])
    rule = AdaptivePruning(beta=0.8, eta=0.25, a_max=2.0, interval=1)
    state = flash(rule, w, incoming__count=[0, 3, 9])
    np.testing.assert_allclose(state["incoming.h"], [0, 0.015, 0.04], rtol=1e-13)
    np.testing.assert_array_equal(state["plastic.alive"].reshape(3, 3), [[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(state["incoming.count"], 0)
    np.testing.assert_array_equal(state["outgoing.fan_out"], [1, 2, 3])
    np.testing.assert_array_equal(state["incoming.fan_in"], [3, 2, 1])


def test_adaptive_threshold_moves_from_where_it_is() -> None:
    """With activity 1 and two remaining synapses of summed weight 0.3: 0.09 + 0.25 (0.5 x 0.3/2 - 0.09) = 0.08625."""
    w = np.repeat([[0.0], [0.1], [0.2]], 3, axis=1)
    rule = AdaptivePruning(beta=0.5, eta=0.25, interval=1)
    gone = np.repeat([False, True, True], 3)
    state = flash(
        rule, w, incoming__h=0.09, incoming__count=4, plastic__alive=gone,
        plastic__plastic=gone, outgoing__fan_out=[0, 3, 3], incoming__fan_in=2,
    )  # fmt: skip
    np.testing.assert_allclose(state["incoming.h"], 0.08625, rtol=1e-13)
    np.testing.assert_array_equal(state["plastic.alive"], gone)


def test_busy_neurons_lose_more_than_quiet_ones() -> None:
    rng = np.random.default_rng(0)
    w = np.repeat(rng.uniform(0, 1, (500, 1)), 6, axis=1)
    state = PruningState(w, np.ones(w.shape, bool), np.ones(w.shape, bool), neurons=AdaptivePruning().initial(6))
    for _ in range(3):
        state.neurons["count"][:] = [0, 1, 2, 3, 4, 5]
        state.interval_spikes = 15
        AdaptivePruning().reference(state)
    remaining = state.alive.sum(axis=0)
    assert remaining[0] == 500
    assert np.all(np.diff(remaining) < 0)


@pytest.mark.parametrize("rule", TRAINING_RULES, ids=lambda rule: rule.name)
def test_a_silent_population_divides_by_nothing(rule: PruningRule) -> None:
    """No spike at all since the last event: thresholds stay, all is finite; nor do neurons without synapses hurt."""
    w = np.array([[0.1, 0, 0.1], [0.1, 0, 0.1], [0.1, 0, 0.1]])
    alive = w.ravel() > 0
    rule = type(rule)(**{key: value for key, value in rule.as_dict().items() if key != "name"} | {"interval": 1})
    with np.errstate(all="raise"):
        state = flash(
            rule, w, plastic__alive=alive, plastic__plastic=alive, incoming__fan_in=[3, 0, 3], outgoing__fan_out=2,
            incoming__plastic_in=[3, 0, 3], outgoing__plastic_out=2,
        )  # fmt: skip
        memory = {name: np.zeros(w.shape) for name in b2.Equations(rule.synapse_variables).names}
        twin = PruningState(w.copy(), w > 0, w > 0, 0.0, rule.initial(3), memory)
        rule.reference(twin)
    assert all(np.all(np.isfinite(value)) for value in state.values())
    assert all(np.all(np.isfinite(value)) for value in twin.neurons.values())
    if rule.name == "adaptive":
        np.testing.assert_array_equal(state["incoming.h"], 0)
        np.testing.assert_array_equal(state["plastic.alive"], alive)


def test_focused_pruning_by_hand() -> None:
    """Contraharmonic means 0.0468/0.3 = 0.156 and 0.03/0.3 = 0.1, activity 6/4: thresholds 0.25 x 1.2 times these.

    Neuron 0 loses 0.02 of 0.3; half of it, 1/30 of the whole, is not given back.  Neuron 2 has not fired.
    """
    w = np.array([[0.2, 0.1, 0.2], [0.08, 0.1, 0.08], [0.02, 0.1, 0.02]])
    rule = FocusedPruning(beta=0.8, eta=0.25, given_back=0.5, interval=1)
    state = flash(rule, w, incoming__count=[6, 6, 0])
    np.testing.assert_allclose(state["incoming.h"], [0.0468, 0.03, 0], rtol=1e-13)
    np.testing.assert_array_equal(state["plastic.alive"].reshape(3, 3), [[1, 1, 1], [1, 1, 1], [0, 1, 1]])
    np.testing.assert_allclose(state["incoming.left"], [1 - 1 / 30, 1, 1], rtol=1e-14)
    np.testing.assert_array_equal(state["incoming.squares"], 0)


def test_focused_pruning_gives_back_the_share_that_it_is_told(small: NetworkParameters, pixels: np.ndarray) -> None:
    """The last event comes before the last four images, so weights are normalised after it."""
    removed = {}
    for given_back in (0.0, 0.5, 1.0):
        rule = FocusedPruning(beta=0.8, eta=0.5, given_back=given_back, interval=4)
        program = make_program("numpy", small, rule, IMAGES, "double")
        state = program.run(initial_state(small, rule, 0, program.layout), pixels[: IMAGES - 1], seed=0).state
        total = state["plastic.w"].reshape(small.inputs, -1).sum(axis=0)
        left = state["incoming.left"]
        assert np.all((left < 1) == (given_back < 1))
        removed[given_back] = np.mean(1 - left)
        # Learning in the last presentation changes the sum a little.
        np.testing.assert_allclose(total, left * small.weight_sum, rtol=0.1)
    assert removed[0.0] > removed[0.5] > removed[1.0] == 0


def test_critical_period_by_hand() -> None:
    """Weights sum to 0.15.  Contraharmonic means 0.0117/0.15 = 0.078, 0.05 and (0.1^2 + 0.05^2)/0.15 = 0.0833.

    Half way from 0.02 to 0.8 times these: thresholds 0.0412, 0.03 and 0.04333, so only neuron 0 loses 0.04 and 0.01,
    and of the inputs, which nothing depresses, none has a plastic synapse that counts as depressed.
    """
    w = np.array([[0.1, 0.05, 0.1], [0.04, 0.05, 0.05], [0.01, 0.05, 0.0]])
    rule = CriticalPeriodPruning(beta=0.8, eta=0.5, start=1, stop=1, interval=1)
    state = flash(rule, w, replace(FLASH, weight_share=0.05, depression=False), incoming__h=0.02)
    np.testing.assert_allclose(state["incoming.h"], [0.0412, 0.03, 0.13 / 3], rtol=1e-13)
    np.testing.assert_array_equal(state["plastic.alive"].reshape(3, 3), [[1, 1, 1], [0, 1, 1], [0, 1, 0]])
    np.testing.assert_array_equal(state["incoming.squares"], 0)
    np.testing.assert_array_equal(state["outgoing.fan_out"], [3, 2, 1])
    np.testing.assert_array_equal(state["outgoing.plastic_out"], 0)


def test_an_undepressed_network_learns_by_potentiation_alone(small: NetworkParameters, pixels: np.ndarray) -> None:
    """Without learning, weights sum to what the network says; nothing is depressed, in the counts either."""
    for share in (0.15, 0.3):
        p = replace(small, rate_post=0, weight_share=share, depression=False)
        program = make_program("numpy", p, NoPruning(), 4, "double")
        result = program.run(initial_state(p, NoPruning(), 0, program.layout), pixels[:4], seed=0)
        total = result.state["plastic.w"].reshape(small.inputs, -1).sum(axis=0)
        np.testing.assert_allclose(total, share * 64, rtol=1e-12)
        assert result.counts.updates_on_input_spikes == 0 < result.counts.updates_on_excitatory_spikes


def test_after_the_critical_period_what_is_left_stays_and_learns(small: NetworkParameters, pixels: np.ndarray) -> None:
    rule = CriticalPeriodPruning(beta=0.8, eta=0.8, start=4, stop=8, interval=4)
    program = make_program("numpy", small, rule, IMAGES, "double")
    states = [initial_state(small, rule, 0, program.layout)]
    for first in (0, 4, 8):
        result = program.run(states[-1], pixels[first : first + 4], seed=0, first_image=first)
        states.append(result.state)
    _, grown, pruned, later = states
    assert grown["plastic.alive"].sum() > pruned["plastic.alive"].sum()
    np.testing.assert_array_equal(pruned["plastic.alive"], later["plastic.alive"])
    assert np.any(pruned["plastic.w"] != later["plastic.w"])


def test_settling_by_hand() -> None:
    """Neurons with 49, 50 and 51 spikes: from 50 on, input spikes do not depress, nor count as updates.

    The synapse that neuron 2 loses at the same time, 0.02 < 0.25 x 0.8 x 0.1, is not subtracted twice.
    """
    w = np.array([[0.1, 0.1, 0.01], [0.1, 0.1, 0.14], [0.1, 0.1, 0.15]])
    rule = SettlingPruning(beta=0.8, eta=0.25, settled=50, interval=1)
    state = flash(rule, w, incoming__history=[49, 50, 51], incoming__count=[4, 4, 4])
    np.testing.assert_array_equal(state["plastic.alive"].reshape(3, 3), [[1, 1, 0], [1, 1, 1], [1, 1, 1]])
    np.testing.assert_array_equal(state["excitatory.depressible"], [1, 0, 0])
    np.testing.assert_array_equal(state["outgoing.fan_out"], [2, 3, 3])
    np.testing.assert_array_equal(state["outgoing.plastic_out"], [1, 1, 1])
    np.testing.assert_array_equal(state["incoming.plastic_in"], [3, 3, 2])


def test_a_settled_neuron_is_potentiated_but_not_depressed(crippled: Program) -> None:
    """Nor is a depression counted; inputs 0 and 2 reach the neuron that still is depressed once each."""
    state = {"excitatory.depressible": np.array([1.0, 0.0]), "outgoing.plastic_out": PLASTIC[:, 0].astype(np.int32)}
    after = fire(crippled, [9] * 3, [6] * 2, state=state)
    w = after.state["plastic.w"].reshape(3, 2)
    assert np.all(w[PLASTIC[:, 0], 0] < W[PLASTIC[:, 0], 0])
    np.testing.assert_array_equal(w[:, 1], W[:, 1])
    assert after.counts.updates_on_input_spikes == PLASTIC[:, 0].sum()
    before = fire(crippled, [3] * 3, [6] * 2, state=state)
    assert np.all(before.state["plastic.w"].reshape(3, 2)[PLASTIC] > W[PLASTIC])


def test_constant_pruning_by_hand() -> None:
    """Column sums are 0.3 already; 0.05 itself is not below the threshold of 0.05."""
    w = np.array([[0.25, 0.04, 0.1], [0.05, 0.01, 0.1], [0.0, 0.25, 0.1]])
    state = flash(ConstantPruning(h=0.05 - 1e-9, interval=1), w)
    np.testing.assert_array_equal(state["plastic.alive"].reshape(3, 3), [[1, 0, 1], [1, 0, 1], [0, 1, 1]])
    expected = np.array([[0.25, 0, 0.1], [0.05, 0, 0.1], [0, 0.25, 0.1]])
    np.testing.assert_allclose(state["plastic.w"].reshape(3, 3), expected, rtol=1e-14)
    state = PruningState(np.array([[0.05]]), np.ones((1, 1), bool), np.ones((1, 1), bool))
    ConstantPruning(h=0.05).reference(state)
    assert state.alive.all()


def test_soft_pruning_by_hand() -> None:
    """Neurons with 49, 50 and 51 spikes: from 50 on, weights below 0.1 are frozen at 0.03."""
    w = np.repeat([[0.02], [0.08], [0.2]], 3, axis=1)
    state = flash(SoftPruning(h=0.1, settled=50, value=0.03, interval=1), w, incoming__history=[49, 50, 51])
    np.testing.assert_array_equal(state["plastic.plastic"].reshape(3, 3), [[1, 0, 0], [1, 0, 0], [1, 1, 1]])
    assert state["plastic.alive"].all()
    expected = [[0.02, 0.03, 0.03], [0.08, 0.03, 0.03], [0.2, 0.2, 0.2]]
    np.testing.assert_allclose(state["plastic.w"].reshape(3, 3), expected, rtol=1e-14)
    np.testing.assert_array_equal(state["outgoing.plastic_out"], [1, 1, 3])
    np.testing.assert_array_equal(state["incoming.plastic_in"], [3, 1, 1])
    np.testing.assert_array_equal(state["outgoing.fan_out"], 3)


# What removed and frozen synapses do when their neurons fire

# Half of the connections: input 0 has lost neuron 0; input 1 is frozen to neuron 0; input 2 has all.
ALIVE = np.array([[0, 1], [1, 1], [1, 1]], bool)
PLASTIC = np.array([[0, 1], [0, 1], [1, 1]], bool)
W = np.array([[0, 0.1], [0.03, 0.1], [0.27, 0.1]])
LAST = 19


TWO_NEURONS = NetworkParameters(
    inputs=3, neurons=2, presentation=10, rest=0, minimum_spikes=0, attempts=1, w_exc_inh=0.0,
    rate_pre=1e-2, rate_post=1e-1,
)  # fmt: skip


@pytest.fixture(scope="module")
def crippled() -> Program:
    return make_program("numpy", TWO_NEURONS, SoftPruning(start=10**6, interval=1000), 2, "double")


def fire(
    program: Program, input_steps: list[int], excitatory_steps: list[int], state: State | None = None, **options: Any
) -> ChunkResult:
    """Let inputs and neurons fire in given time steps, starting after the first one of a presentation."""
    start = initial_state(program.parameters, program.rule, 0, program.layout)
    start |= {
        "plastic.w": W.ravel().copy(), "plastic.alive": ALIVE.ravel(), "plastic.plastic": PLASTIC.ravel(),
        "outgoing.fan_out": ALIVE.sum(axis=1).astype(np.int32),
        "outgoing.plastic_out": PLASTIC.sum(axis=1).astype(np.int32),
        "incoming.fan_in": ALIVE.sum(axis=0).astype(np.int32),
        "incoming.plastic_in": PLASTIC.sum(axis=0).astype(np.int32),
        "presenter.step": np.zeros(1), "input.next_spike": np.array(input_steps, float), "excitatory.v": np.zeros(2),
        "excitatory.ready": np.array(excitatory_steps, float), "excitatory.last_spike": np.zeros(2),
    }  # fmt: skip
    return program.run(start | (state or {}), np.zeros((1, 3), np.uint8), seed=0, **options)


def test_removed_synapses_transmit_nothing_and_frozen_ones_do(crippled: Program) -> None:
    """All three inputs fire in the last time step, so that the conductance is the sum of what was transmitted."""
    result = fire(crippled, [LAST] * 3, [10**6] * 2)
    np.testing.assert_allclose(result.state["excitatory.g_e"], [0 + 0.03 + 0.27, 0.1 + 0.1 + 0.1], rtol=1e-15)


def test_an_input_whose_every_synapse_is_removed_changes_no_conductance(crippled: Program) -> None:
    silent, firing = (fire(crippled, [step, 10**6, 10**6], [10**6] * 2) for step in (10**6, LAST))
    assert firing.counts.input_spikes == 1
    assert silent.state["excitatory.g_e"][0] == firing.state["excitatory.g_e"][0] == 0
    assert firing.state["excitatory.g_e"][1] == 0.1


def test_removed_and_frozen_synapses_learn_nothing(crippled: Program) -> None:
    """Inputs fire before and after the neurons, so that both halves of STDP would act on them."""
    before, after = fire(crippled, [3] * 3, [6] * 2), fire(crippled, [9] * 3, [6] * 2)
    for result in (before, after):
        w = result.state["plastic.w"].reshape(3, 2)
        np.testing.assert_array_equal(w[~PLASTIC], W[~PLASTIC])
        assert np.all(w[PLASTIC] != W[PLASTIC])
    assert np.all(before.state["plastic.w"].reshape(3, 2)[PLASTIC] > W[PLASTIC])
    assert np.all(after.state["plastic.w"].reshape(3, 2)[PLASTIC] < W[PLASTIC])


@pytest.mark.parametrize("input_step", [3, 9])
def test_removed_synapses_stay_removed_under_rules_that_freeze_nothing(input_step: int) -> None:
    """Inputs fire before or after the neurons; the next presentation begins with normalisation."""
    assert not NoPruning.freezes
    program = make_program("numpy", TWO_NEURONS, NoPruning(), 2, "double")
    state = fire(program, [input_step] * 3, [6] * 2, {"plastic.plastic": ALIVE.ravel()}).state
    for result in (state, program.run(state, np.zeros((2, 3), np.uint8), seed=0, first_image=1).state):
        w = result["plastic.w"].reshape(3, 2)
        np.testing.assert_array_equal(w[~ALIVE], 0)
        assert np.any(w[ALIVE] != W[ALIVE])


def test_rules_that_freeze_say_so() -> None:
    for rule in RULES.values():
        assert rule.freezes == ("frozen" in rule.update_synapses)


def test_removed_synapses_count_nothing_and_frozen_ones_count_as_transmissions_only(crippled: Program) -> None:
    """Inputs 0, 1, 2 reach 1, 2, 2 neurons, of which 1, 1, 2 synapses learn; neurons 0 and 1 have 1 and 3 of these.

    Input spikes: 1 + 2 + 2 = 5 transmissions, 1 + 1 + 2 = 4 updates; excitatory spikes: 1 + 3 = 4 updates.
    """
    counts = fire(crippled, [3, 4, 5], [6, 7]).counts
    assert (counts.input_spikes, counts.excitatory_spikes) == (3, 2)
    assert counts.input_to_excitatory == 5
    assert counts.updates_on_input_spikes == 4
    assert counts.updates_on_excitatory_spikes == 4
    counts = fire(crippled, [3, 4, 5], [6, 7], learning=False).counts
    assert (counts.input_to_excitatory, counts.updates) == (5, 0)


def test_removed_and_frozen_synapses_outlive_normalisation(crippled: Program) -> None:
    """The next presentation begins with it."""
    state = fire(crippled, [3, 4, 5], [6, 7]).state
    state = crippled.run(state, np.zeros((2, 3), np.uint8), seed=0, first_image=1).state
    w = state["plastic.w"].reshape(3, 2)
    np.testing.assert_array_equal(w[~PLASTIC], W[~PLASTIC])
    np.testing.assert_allclose(w.sum(axis=0), 0.3, rtol=1e-14)


# Pruning the finished network


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8, 0.97, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_post_training_pruning_removes_exactly_its_share(share: float, dtype: type) -> None:
    p = NetworkParameters(inputs=50, neurons=7)
    rule = PostTrainingPruning(share=share)
    program = make_program("numpy", p, rule, 1, {np.float32: "single", np.float64: "double"}[dtype])
    trained = initial_state(p, rule, 0, program.layout)
    before = {name: value.copy() for name, value in trained.items()}
    state = finish_state(p, rule, trained)
    alive, w = state["plastic.alive"].reshape(50, 7).astype(bool), state["plastic.w"].reshape(50, 7)
    assert int((~alive).sum()) == round(share * 350)
    old = before["plastic.w"].reshape(50, 7)
    if 0 < share < 1:
        assert old[~alive].max() <= old[alive].min()
        assert np.all(w[~alive] == 0)
        connected = alive.any(axis=0)
        unbounded = old * alive * (5 / np.maximum((old * alive).sum(axis=0), 1e-9))
        np.testing.assert_allclose(w[:, connected], np.minimum(unbounded, 1)[:, connected], rtol=1e-5)
    np.testing.assert_array_equal(state["plastic.plastic"], state["plastic.alive"])
    np.testing.assert_array_equal(state["outgoing.fan_out"], alive.sum(axis=1))
    np.testing.assert_array_equal(state["outgoing.plastic_out"], alive.sum(axis=1))
    np.testing.assert_array_equal(state["incoming.fan_in"], alive.sum(axis=0))
    np.testing.assert_array_equal(state["incoming.plastic_in"], alive.sum(axis=0))
    for name, (kind, size) in program.layout.items():
        assert (state[name].dtype, state[name].shape) == (kind, (size,)), name
    for name, value in trained.items():
        np.testing.assert_array_equal(value, before[name])


def test_post_training_pruning_breaks_ties_by_index() -> None:
    remains = PostTrainingPruning(share=0.5).finish(np.full((2, 2), 0.5), np.ones((2, 2), bool))
    np.testing.assert_array_equal(remains, [[False, False], [True, True]])


@pytest.mark.parametrize("rule", [NoPruning(), *TRAINING_RULES], ids=lambda rule: rule.name)
def test_other_rules_leave_the_finished_network_alone(rule: PruningRule) -> None:
    program = make_program("numpy", FLASH, rule, 1, "double")
    state = initial_state(FLASH, rule, 0, program.layout)
    assert finish_state(FLASH, rule, state) is state


# Parameters of rules


def test_rules_are_made_from_text() -> None:
    assert make_rule("adaptive", {"beta": "0.7", "interval": "250"}) == AdaptivePruning(beta=0.7, interval=250)
    for name, kind in RULES.items():
        rule = kind()
        values = rule.as_dict()
        assert values.pop("name") == name
        assert make_rule(name, values) == rule


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("adaptiv", {}, "Unknown rule 'adaptiv' .did you mean 'adaptive'"),
        ("adaptive", {"bta": 1}, "Unknown parameter of AdaptivePruning 'bta' .did you mean 'beta'"),
        ("adaptive", {"eta": 1.5}, "'eta' is 1.5: it must lie between 0 and 1"),
        ("adaptive", {"interval": 0}, "'interval' is 0: it must be at least 1"),
        ("adaptive", {"interval": 2.5}, "'interval' is 2.5: it must be a whole number"),
        ("constant", {"h": -0.1}, "'h' is -0.1: it must not be negative"),
        ("constant", {"h": "much"}, "'h' is 'much': it must be a finite number"),
        ("soft", {"value": float("nan")}, "'value' is nan: it must be a finite number"),
        ("post-training", {"share": 1.01}, "'share' is 1.01: it must lie between 0 and 1"),
        ("critical-period", {"start": 20, "stop": 10}, "'stop' is 10: it must not be less than 'start', which is 20"),
        ("critical-period", {"strength": 0}, "Unknown parameter of CriticalPeriodPruning 'strength'"),
        ("none", {"h": 1}, "Rule 'none' has no parameters, but h was given"),
    ],
)
def test_wrong_rules_and_parameters(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message) as error:
        make_rule(name, values)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
