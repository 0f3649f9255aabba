"""Ablations of the adaptive rule: one threshold for all neurons; removed strength that is not given back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeprune import AdaptivePruning, NetworkParameters, NoPruning, PruningRule
from spikeprune.backend import Program, State, make_program
from spikeprune.pruning import AdaptiveGlobalThreshold, AdaptiveWithoutRenormalisation
from spikeprune.state import initial_state

# Three inputs of which nothing comes: what changes is changed by normalisation and pruning.  Weights sum to 0.3.
FLASH = NetworkParameters(inputs=3, neurons=3, presentation=2, rest=0, minimum_spikes=0, attempts=1)


def start(program: Program, w: np.ndarray, **state: Any) -> State:
    """Return a state with these weights; ``incoming__h`` stands for ``excitatory.h``."""
    values = initial_state(program.parameters, program.rule, 0, program.layout)
    values["plastic.w"] = w.ravel().copy()
    for name, value in state.items():
        values[name.replace("__", ".")][:] = value
    return values


def blank(program: Program, state: State, images: int) -> State:
    return program.run(state, np.zeros((images, 3), np.uint8), seed=0).state


def test_global_threshold_by_hand() -> None:
    """Eight remaining synapses, each neuron normalised to 0.3: h = 0.04 + 0.5 (0.6 x 0.9/8 - 0.04) = 0.05375.

    0.04 of the second neuron goes, and 0.05 of the first.  The sums are made anew at the second event: 0.9 again, on
    six synapses, so that h = 0.05375 + 0.5 (0.6 x 0.9/6 - 0.05375) = 0.071875.
    """
    w = np.array([[0.1, 0.04, 0.0], [0.05, 0.13, 0.15], [0.15, 0.13, 0.15]])
    alive = w.ravel() > 0
    rule = AdaptiveGlobalThreshold(beta=0.6, eta=0.5, interval=1)
    program = make_program("numpy", FLASH, rule, 2, "double")
    begin = start(
        program, w, incoming__h=0.04, plastic__alive=alive, plastic__plastic=alive, incoming__fan_in=[3, 3, 2],
        incoming__plastic_in=[3, 3, 2], outgoing__fan_out=[2, 3, 3], outgoing__plastic_out=[2, 3, 3],
    )  # fmt: skip
    state = blank(program, begin, 1)
    np.testing.assert_allclose(state["incoming.h"], 0.05375, rtol=1e-12)
    np.testing.assert_array_equal(state["plastic.alive"].reshape(3, 3), [[1, 0, 0], [0, 1, 1], [1, 1, 1]])
    state = blank(program, state, 1)
    np.testing.assert_allclose(state["incoming.h"], 0.071875, rtol=1e-12)


def test_strength_removed_is_not_given_back() -> None:
    """All neurons have activity 1 and weights 0.02, 0.08, 0.2 (mean 0.1): h = 0.5 x 0.6 x 0.1 = 0.03 takes 0.02.

    From then on weights are normalised to 0.28, that is to 0.08 and 0.2 as they were; the adaptive rule makes them sum
    to 0.3 again.
    """
    w = np.repeat([[0.02], [0.08], [0.2]], 3, axis=1)
    sums = {}
    for kind in (AdaptivePruning, AdaptiveWithoutRenormalisation):
        program = make_program("numpy", FLASH, kind(beta=0.6, eta=0.5, interval=1), 1, "double")
        pruned = blank(program, start(program, w, incoming__count=4), 1)
        np.testing.assert_array_equal(pruned["plastic.alive"].reshape(3, 3), w > 0.03)
        np.testing.assert_allclose(pruned["plastic.w"].reshape(3, 3).sum(axis=0), 0.28, rtol=1e-12)
        after = blank(program, pruned, 1)
        sums[kind] = after["plastic.w"].reshape(3, 3).sum(axis=0)
        if kind is AdaptiveWithoutRenormalisation:
            np.testing.assert_allclose(after["incoming.lost"], 0.02, rtol=1e-12)
            np.testing.assert_allclose(after["plastic.w"].reshape(3, 3), w * (w > 0.03), rtol=1e-12)
    np.testing.assert_allclose(sums[AdaptivePruning], 0.3, rtol=1e-12)
    np.testing.assert_allclose(sums[AdaptiveWithoutRenormalisation], 0.28, rtol=1e-12)


def test_other_rules_carry_nothing_for_them() -> None:
    """Sums over neurons and strength lost exist only where a rule asks for them."""
    for rule in (NoPruning(), AdaptivePruning(interval=1000)):
        layout = make_program("numpy", FLASH, rule, 1, "double").layout
        assert not [name for name in layout if "population_" in name and name != "presenter.population_spikes"]
        assert "incoming.lost" not in layout


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    "rule",
    [
        AdaptiveGlobalThreshold(beta=0.6, eta=0.3, interval=4),
        AdaptiveWithoutRenormalisation(beta=0.6, eta=0.3, interval=4),
    ],
    ids=lambda rule: rule.name,
)
def test_back_ends_agree(rule: PruningRule, small: NetworkParameters, pixels: np.ndarray) -> None:
    """Their strings meet all code generators; other rules add nothing to what the back ends' own tests see."""
    results = []
    for backend in ("numpy", "cython", "cpp_standalone"):
        program = make_program(backend, small, rule, 20, "double")
        begin = initial_state(small, rule, 0, program.layout)
        results.append(program.run(begin, pixels[:20], seed=0))
    expected = results[0]
    assert 0.02 < 1 - expected.state["plastic.alive"].mean() < 0.9
    for result in results[1:]:
        assert result.counts == expected.counts
        np.testing.assert_array_equal(result.responses, expected.responses)
        for name, value in expected.state.items():
            np.testing.assert_allclose(result.state[name], value, rtol=1e-9, atol=1e-15, err_msg=name)
