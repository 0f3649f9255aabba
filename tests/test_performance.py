"""Speed is guarded by counting instructions, the same on a busy machine; seconds are measured in benchmarks/."""

from __future__ import annotations

import platform
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from spikeprune import NetworkParameters, NoPruning
from spikeprune.backend import make_program
from spikeprune.backend import standalone as standalone_module
from spikeprune.backend.standalone import StandaloneProgram
from spikeprune.state import initial_state

needs_callgrind = pytest.mark.skipif(
    shutil.which("valgrind") is None or platform.machine() != "x86_64",
    reason="counting instructions takes valgrind on x86_64: install it, for example with 'apt-get install valgrind'",
)

NEURONS, IMAGES = 400, 4
#: Measured 3.3 million (g++ 12.2, Brian2 2.9.0); a sixth more is for other compilers.
LIMIT = 3.8e6


def instructions(program: StandaloneProgram, images: np.ndarray, folder: Path) -> int:
    """Instructions that the program needs to show `images` in training, its start included."""
    report = folder / f"callgrind.{len(images)}"
    program.launcher = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", "--log-file=/dev/null"]
    state = initial_state(program.parameters, program.rule, 0, program.layout)
    program.run(state, images, seed=0)
    found = re.search(r"^(?:summary|totals): (\d+)", report.read_text(), flags=re.MULTILINE)
    assert found
    return int(found[1])


@pytest.mark.slow
@needs_callgrind
def test_instructions_of_a_presentation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Valgrind knows AVX2 but not AVX-512.  The network is the real one, with digits in the middle of the image.
    flags = [flag.replace("native", "x86-64-v3") for flag in standalone_module.FLAGS["single"]]
    monkeypatch.setitem(standalone_module.FLAGS, "single", flags)
    program = make_program("cpp_standalone", NetworkParameters(neurons=NEURONS), NoPruning(), 20, "single")
    assert isinstance(program, StandaloneProgram)
    images = np.zeros((IMAGES, 28, 28), np.uint8)
    images[:, 8:20, 9:19] = 220
    images = images.reshape(IMAGES, 784)
    few, many = instructions(program, images[:1], tmp_path), instructions(program, images, tmp_path)
    per_presentation = (many - few) / (IMAGES - 1)
    assert per_presentation < LIMIT
