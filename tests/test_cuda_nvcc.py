"""nvcc compiles and links every file of a program; chosen with ``-m nvcc``, since it takes minutes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from spikeprune import AdaptivePruning, NetworkParameters
from spikeprune.backend import toolkit
from spikeprune.errors import BackendError

pytestmark = [pytest.mark.cuda, pytest.mark.nvcc]


@pytest.mark.parametrize("precision", ["single", "double"])
def test_a_program_is_compiled_and_linked(small: NetworkParameters, precision: str, tmp_path: Path) -> None:
    from spikeprune.backend.cuda import write_project

    try:
        toolkit.find_toolkit()
    except BackendError as error:
        pytest.skip(str(error))
    write_project(tmp_path / "program", small, AdaptivePruning(), 10, precision, capability="9.0")
    program = tmp_path / "program" / "main"
    assert os.access(program, os.X_OK)
    if toolkit.gpu_capability() is None:
        # It starts, and says that it finds no GPU.
        done = subprocess.run([program], cwd=program.parent, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "cuda" in (done.stdout + done.stderr).lower()
