"""What a rule costs by itself: counted by hand from the strings, and priced by hand."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from spikeprune import AdaptivePruning, ConstantPruning, NetworkParameters, NoPruning, SoftPruning
from spikeprune.backend import make_program
from spikeprune.operations import OperationCounts
from spikeprune.overhead import AREA, Memory, Tally, area, extra_memory, scheme_operations, training_tally
from spikeprune.pruning import RULES


def test_operations_of_adaptive_pruning_by_hand() -> None:
    """Two events on 100 and 60 synapses of 5 neurons, 40 removed, 30 spikes.

    A spike: count += 1, read and written, and one for the population.  A neuron at an event: the activity is a product,
    a quotient and two clips of two comparisons; the threshold moves by a sum, a difference, products with eta, beta and
    the rate, a quotient and two clips; count, total, fan_in and h are read, count and h written.
    """
    parts = scheme_operations(AdaptivePruning(), neurons=5, alive_before=[100, 60], removed=40, spikes=30)
    assert parts["spikes"] == Tally(increments=60, accesses=60)
    assert parts["sums"] == Tally(additions=160, accesses=160)
    assert parts["comparisons"] == Tally(comparisons=160, accesses=160)
    assert parts["removals"] == Tally(increments=40, accesses=120)
    each = Tally(additions=2, multiplications=4, divisions=2, comparisons=8, accesses=6)
    assert parts["thresholds"] == each * 10


def test_rules_that_need_less_cost_less() -> None:
    constant = scheme_operations(ConstantPruning(), 5, [100], 40, 30)
    assert constant["spikes"] == constant["sums"] == constant["thresholds"] == Tally()
    assert constant["comparisons"] == Tally(comparisons=100, accesses=100)
    soft = scheme_operations(SoftPruning(), 5, [100], 0, 30)
    assert soft["spikes"] == Tally(increments=30, accesses=60)
    assert soft["comparisons"].comparisons == 200
    nothing = scheme_operations(NoPruning(), 5, [], 0, 30)
    assert sum(nothing.values(), Tally()) == Tally()


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule().acts_in_training])
def test_every_rule_can_be_counted(name: str) -> None:
    parts = scheme_operations(RULES[name](), 5, [100, 60], 40, 30)
    assert parts["comparisons"].comparisons >= 160
    assert all(value >= 0 for part in parts.values() for value in asdict(part).values())


def test_energy_by_hand() -> None:
    # 2 x 0.9 + 3 x 3.7 + (5 x 3.7 + 2 x 0.9) + 4 x 0.9 + 5 x 0.1 + 6 x 5 pJ
    tally = Tally(additions=2, multiplications=3, divisions=1, comparisons=4, increments=5, accesses=6)
    assert tally.joule == pytest.approx((1.8 + 11.1 + 20.3 + 3.6 + 0.5 + 30) * 1e-12, rel=1e-12)
    assert tally.arithmetic == 15


def test_training_by_hand() -> None:
    counts = OperationCounts(
        input_to_excitatory=100, excitatory_to_inhibitory=10, inhibitory_to_excitatory=20, updates_on_input_spikes=90,
        updates_on_excitatory_spikes=50, images=1, presentations=1, input_spikes=1, excitatory_spikes=1,
        inhibitory_spikes=1,
    )  # fmt: skip
    assert training_tally(counts) == Tally(additions=270, multiplications=140, accesses=100 + 90 + 2 * 50)


def test_memory_follows_from_the_variables_of_the_programs() -> None:
    """In single precision: threshold and count of 32 bits, flags of a byte; 3 parameters are shared.

    In hardware, with weights of 8 bits: a threshold of 8, a count up to 1000 of 10, up to 12 synapses of 4 bits.
    """
    p = NetworkParameters(inputs=12, neurons=5)
    rule = AdaptivePruning(interval=1000)
    programs = [make_program("numpy", p, made, 1, "single") for made in (rule, NoPruning())]
    layout, plain = (program.layout | program.given for program in programs)
    memory = extra_memory(rule, layout, plain, most_spikes=1000, weight_bits=8)
    assert memory["program"].per_neuron == {"incoming.count": 32, "incoming.h": 32, "incoming.fan_in": 32}
    assert memory["program"].per_synapse == {"plastic.alive": 8, "plastic.plastic": 8}
    assert memory["program"].shared == 3 * 32
    assert memory["program"].total(5, 12) == 5 * (96 + 12 * 16) + 96
    assert memory["hardware"] == Memory({"count": 10, "h": 8, "fan_in": 4}, {"removed": 1})
    assert memory["hardware"].total(5, 12) == 5 * (22 + 12)


def test_area_by_hand() -> None:
    found = area(Memory({"h": 8}, {"removed": 1}), neurons=5, inputs=12, weight_bits=8)
    assert found["memory"] == pytest.approx(5 * (8 + 12) * 0.346)
    assert found["operators"] == 4184 + 7700 + 4184 + 137
    assert found["training"] == pytest.approx(5 * 12 * 8 * 0.346 + 4184 + 7700)
    assert found["share"] == pytest.approx((found["memory"] + found["operators"]) / found["training"])


def test_figures_are_the_published_ones() -> None:
    assert dict(AREA) == {"float32-add": 4184, "float32-multiply": 7700, "int32-add": 137, "sram-bit": 0.346}
    assert np.isclose(Tally(accesses=2).joule, 10e-12)  # 64 bits from 8 kB
