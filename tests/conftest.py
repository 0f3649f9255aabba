"""What every test shares: where MNIST is, and a Brian2 that carries nothing over from the test before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

NO_MNIST = "MNIST not found: set SPIKEPRUNE_DATA to a torchvision root"


def _torchvision_root() -> Path | None:
    root = os.environ.get("SPIKEPRUNE_DATA")
    if not root:
        return None
    raw = Path(root).expanduser() / "MNIST" / "raw"
    return Path(root).expanduser() if any(raw.glob("t10k-images-idx3-ubyte*")) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _torchvision_root() is not None:
        return
    for item in items:
        if item.get_closest_marker("mnist"):
            item.add_marker(pytest.mark.skip(reason=NO_MNIST))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder that holds ``MNIST/raw``, to be read and never written to."""
    root = _torchvision_root()
    if root is None:
        pytest.skip(NO_MNIST)
    return root


@pytest.fixture(autouse=True)
def _isolated_brian2() -> None:
    """Start in runtime mode with Brian2's own preferences, where the test's module has imported Brian2 at all."""
    brian2 = sys.modules.get("brian2")
    if brian2 is None:
        return
    if brian2.get_device() is not brian2.all_devices["runtime"]:
        brian2.set_device("runtime")
    brian2.restore_initial_state()
    brian2.prefs.core.default_float_dtype = np.float64
