"""The examples run as they are and print what makes sense; the code of docs/rules.md does what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from spikeprune.pruning import RULES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _own_rules() -> Iterator[None]:
    """What a page or an example defines, the next test does not know."""
    before = set(RULES)
    yield
    for name in set(RULES) - before:
        del RULES[name]


def printed(example: str, folder: Path) -> dict[str, list[float]]:
    """Run an example in a folder of its own; numbers by the words that a line begins with."""
    script = ROOT / "examples" / f"{example}.py"
    done = subprocess.run([sys.executable, str(script)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = (line.partition(":") for line in done.stdout.splitlines())
    return {label: [float(number.replace(",", "")) for number in re.findall(r"-?[\d,]*\.?\d+", rest)]
            for label, _, rest in lines}


def test_code_of_the_page_about_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Block after block, as one module; its assertions hold strings against their NumPy twin."""
    page = ModuleType("page_about_rules")
    monkeypatch.setitem(sys.modules, page.__name__, page)  # dataclasses look their module up
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    for block in blocks:
        exec(compile(block, "docs/rules.md", "exec"), page.__dict__)
    assert {"relative", "unused", "large-weights", "keep-the-strongest"} <= set(RULES)
    assert sum(block.count("\nassert ") for block in blocks) == 3


@pytest.mark.long
@pytest.mark.slow
def test_prune_your_own_stdp(tmp_path: Path) -> None:
    """Inputs that fire alone lose their synapses, those that fire together hardly any, and the neurons go on firing."""
    found = printed("prune_your_own_stdp", tmp_path)
    share, synapses = found["removed"]
    together, alone = found["left of the inputs that fire together"][0], found["left of the inputs that fire alone"][0]
    assert synapses == 2000
    assert share == pytest.approx(100 - (together + alone) / 2, abs=0.11)
    assert together > alone + 20
    lowest, highest, mean = found["thresholds"]
    assert 0 < lowest <= highest < mean
    first, last = found["firing rate in Hz"][0], found["firing rate in Hz"][-1]
    assert 0.3 < last / first < 3
    transmissions, on_input, on_spike, total = found["operations"]
    assert transmissions == on_input  # both statements of on_pre run at the same synapses
    assert total == transmissions + on_input + on_spike
    everything = 200 * 10 * 20 * 12  # every synapse at the mean rate of the inputs, for 12 s
    assert (1 - share / 100) * everything < transmissions < everything


@pytest.mark.long
@pytest.mark.slow
def test_diehl_cook_in_plain_brian2(tmp_path: Path) -> None:
    """Dark pixels lose their synapses, bright ones keep most, and every image is still answered."""
    found = printed("diehl_cook_in_plain_brian2", tmp_path)
    share, synapses = found["removed"]
    assert synapses == 64 * 20
    assert 5 < share < 90
    assert found["left of the 16 brightest pixels"][-1] > found["left of the 16 darkest pixels"][-1] + 10
    first, last = found["spikes per image"]
    assert last > 0.5 * first > 1
    at_first, at_last = found["transmissions per input spike"]
    assert at_first == 20  # the first pruning event comes after five images
    assert at_last < 19.5
    transmissions, *updates, total = found["operations"]
    assert total == transmissions + sum(updates)
    assert found["operations of lateral inhibition"][0] % 19 == 0


@pytest.mark.long
@pytest.mark.slow
def test_your_own_rule(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    found = printed("your_own_rule", tmp_path)
    accuracy, removed, training, inference = found["unpruned"]
    assert removed == 0
    assert accuracy > 40
    pruned_accuracy, share, pruned_training, pruned_inference = found["mature"]
    assert 10 < share < 90
    assert abs(pruned_accuracy - accuracy) < 15
    assert pruned_training < training
    assert pruned_inference < inference


@pytest.mark.long
@pytest.mark.slow
def test_recurrent_network(tmp_path: Path) -> None:
    """What leads forward along the wave is kept, what leads backward is not, and the network goes on firing."""
    found = printed("recurrent_network", tmp_path)
    share, synapses = found["removed"]
    assert 5 < share < 90
    assert synapses == pytest.approx(0.2 * 240 * 239, rel=0.05)
    assert found["left of forward, 5 to 20 ms"][0] > found["left of backward, 5 to 20 ms"][0] + 20
    first, last = found["firing rate in Hz"]
    assert 0.3 < last / first < 3
    transmissions, *updates, total = found["operations, recurrent"]
    assert total == transmissions + sum(updates)
    assert transmissions < 0.2 * 240**2 * 4 * first  # less than every synapse at the first second's rate
    for pathway in ("excitatory to inhibitory", "inhibition"):
        assert found[f"operations, {pathway}"][0] == found[f"operations, {pathway}"][-1] > 0
