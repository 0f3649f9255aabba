"""Presets give, bit by bit in double precision, what they gave when each rule was written out in a file of its own.

``rules_before_parts.json`` holds hashes of small runs of commit 883a9a7: 12 neurons, 20 digits, the numpy back end.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeprune import NetworkParameters
from spikeprune.backend import make_program
from spikeprune.pruning import make_rule
from spikeprune.state import initial_state

BEFORE = json.loads((Path(__file__).parent / "rules_before_parts.json").read_text(encoding="utf-8"))


def digest(values: Any, kind: str) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype=kind).tobytes()).hexdigest()[:16]


def same_arithmetic() -> bool:
    """Whether exponentials and logarithms are rounded here as on the machine of the hashes."""
    x = np.linspace(-5, 5, 4097)
    return digest(np.concatenate([np.exp(x), np.log(x[x > 0])]), "<f8") == BEFORE["arithmetic"]


@pytest.mark.long
@pytest.mark.skipif(not same_arithmetic(), reason="this NumPy rounds exponentials differently from that of the hashes")
@pytest.mark.parametrize("name", sorted(BEFORE["rules"]))
def test_presets_do_what_the_rules_of_before_did(name: str, small: NetworkParameters, pixels: np.ndarray) -> None:
    expected = BEFORE["rules"][name]
    values, parameters = dict(expected["values"]), small
    if "strength" in values:  # is the network's now, as is that nothing is depressed
        parameters = replace(small, weight_share=0.21, depression=False)
        assert parameters.weight_sum == values.pop("strength") * small.weight_sum
    rule = make_rule(name, values)
    program = make_program("numpy", parameters, rule, 20, "double")
    result = program.run(initial_state(parameters, rule, 0, program.layout), pixels[:20], seed=0)
    found = {
        "spikes": digest(result.spikes, "<i8"), "weights": digest(result.state["plastic.w"], "<f8"),
        "alive": digest(result.state["plastic.alive"], "u1"), "plastic": digest(result.state["plastic.plastic"], "u1"),
        "theta": digest(result.state["excitatory.theta"], "<f8"), "counts": result.counts.as_dict(),
    }  # fmt: skip
    if expected["threshold"]:
        found["threshold"] = digest(result.state[f"incoming.{rule.threshold}"], "<f8")
    assert found == {key: expected[key] for key in found}
