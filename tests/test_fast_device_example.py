"""The example of the fast device: an ordinary script, the spikes of Brian2's own code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "fast_device.py"


def output(device: str, folder: Path) -> list[str]:
    """What the example prints, run in a folder of its own, where Brian2 leaves its program."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), device], cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.long
@pytest.mark.slow
def test_fast_device_gives_the_spikes_of_brian2(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    (tmp_path / "brian_preferences").write_text("codegen.target = 'numpy'\n")
    fast, runtime = output("cpp_standalone_fast", tmp_path), output("runtime", tmp_path)
    assert fast[0] == runtime[0]
    spikes = int(fast[0].split()[0])
    assert 1000 < spikes < 1000 * 200  # every neuron about once, and fewer than the refractory period allows
