"""Which synapses of a pathway may be visited side by side follows from what its statements read and write."""

from __future__ import annotations

import brian2 as b2
import pytest

pytestmark = pytest.mark.cuda


@pytest.mark.parametrize(
    ("statements", "after_pre", "after_post"),
    [
        ("w = clip(w - 0.1*y_post, 0, 1)", "synapse", "synapse"),
        ("y_post += w", "partner", "event"),
        ("x_pre += w", "event", "partner"),
        ("y_post += w\nx_pre += 1", "all", "all"),
        ("y_post += w*x_pre", "partner", "event"),
        ("y_post += w\nw = 0.5*w", "partner", "event"),
    ],
)
def test_two_groups(statements: str, after_pre: str, after_post: str) -> None:
    source, target = b2.NeuronGroup(2, "x : 1"), b2.NeuronGroup(3, "y : 1")
    assert unit(b2.Synapses(source, target, "w : 1"), statements, "_presynaptic_idx") == after_pre
    assert unit(b2.Synapses(source, target, "w : 1"), statements, "_postsynaptic_idx") == after_post


@pytest.mark.parametrize(
    ("statements", "expected"),
    [("x_post += w", "partner"), ("x_post += w*x_pre", "all"), ("x_post += w*y_pre", "partner")],
)
def test_recurrent_synapses_may_read_what_they_write(statements: str, expected: str) -> None:
    group = b2.NeuronGroup(2, "x : 1\ny : 1")
    assert unit(b2.Synapses(group, group, "w : 1"), statements, "_presynaptic_idx") == expected


def unit(synapses: b2.Synapses, statements: str, event_index: str) -> str:
    from spikeprune.cuda.access import pathway_unit

    variables = dict(synapses.variables) | {"clip": b2.core.functions.DEFAULT_FUNCTIONS["clip"]}
    indices = {name: synapses.variables.indices[name] for name in synapses.variables}
    return pathway_unit({None: statements}, variables, indices, event_index)
