"""The examples run as they are and print what makes sense; the code of docs/rules.md does what the page says."""

from __future__ import annotations

import re
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
