"""What every test shares: where MNIST is, one cache of compiled programs, a small network, and a clean Brian2."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from cuda_on_cpu.build import StandIn
    from spikeprune import Dataset, NetworkParameters, PruningRule
    from spikeprune.backend import Program

os.environ.setdefault("MPLBACKEND", "Agg")

NO_CUDA = "brian2cuda is not installed: .ci/cuda runs these tests where Python 3.12 is there"
NO_MNIST = "MNIST not found: set SPIKEPRUNE_DATA to a torchvision root"


def _torchvision_root() -> Path | None:
    root = os.environ.get("SPIKEPRUNE_DATA")
    if not root:
        return None
    raw = Path(root).expanduser() / "MNIST" / "raw"
    return Path(root).expanduser() if any(raw.glob("t10k-images-idx3-ubyte*")) else None


CACHE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Compile into one temporary cache, which the workers of pytest-xdist inherit, unless the user names a cache."""
    if "SPIKEPRUNE_CACHE" not in os.environ:
        config.stash[CACHE] = os.environ["SPIKEPRUNE_CACHE"] = tempfile.mkdtemp(prefix="spikeprune-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(CACHE, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ["SPIKEPRUNE_CACHE"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])  # files that take long come first, so that all processes end together
    reasons = {}
    if _torchvision_root() is None:
        reasons["mnist"] = NO_MNIST
    if find_spec("brian2cuda") is None:
        reasons["cuda"] = NO_CUDA
    for item in items:
        for marker, reason in reasons.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder that holds ``MNIST/raw``, to be read and never written to."""
    root = _torchvision_root()
    if root is None:
        pytest.skip(NO_MNIST)
    return root


@pytest.fixture(scope="session")
def small() -> NetworkParameters:
    """12 neurons on 8 x 8 pixels: all of them fire, together about 10 times an image; some images are shown twice."""
    from spikeprune import NetworkParameters

    return NetworkParameters(
        neurons=12, inputs=64, presentation=60, rest=20, weight_share=0.3, pixel_per_hertz=1.0,
        theta_plus=0.4, tau_theta=1e4, minimum_spikes=10, attempts=3,
    )  # fmt: skip


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """Handwritten digits of 8 x 8 pixels: 200 to train with and 60 to test."""
    from sklearn.datasets import load_digits

    from spikeprune import Dataset

    bunch = load_digits()
    images, labels = (bunch.images * (255 / 16)).astype(np.uint8), bunch.target
    return Dataset.from_arrays(images[:200], labels[:200], images[200:260], labels[200:260], name="small digits")


@pytest.fixture(scope="session")
def pixels(digits: Dataset) -> np.ndarray:
    """Training images of `digits` as rows [200, 64]."""
    return digits.train_images.reshape(200, 64)


@pytest.fixture(scope="session")
def small_rule() -> PruningRule:
    """Prunes after every fifth image, so that a test of few images sees several pruning events."""
    from spikeprune import AdaptivePruning

    return AdaptivePruning(interval=5)


@pytest.fixture(scope="session")
def compiled(small: NetworkParameters, small_rule: PruningRule) -> Callable[..., Program]:
    """Compile the small network, once a session for each precision: ``compiled("double")``.

    A test that needs C++ takes this program (a chunk holds 20 images), since compiling another takes half a minute.
    """
    from spikeprune.backend import make_program

    programs: dict[str, Any] = {}

    def program(precision: str) -> Program:
        if precision not in programs:
            programs[precision] = make_program("cpp_standalone", small, small_rule, 20, precision)
        return programs[precision]

    return program


@pytest.fixture(scope="session")
def standin() -> StandIn:
    """What executes CUDA programs on a CPU, compiled once."""
    from filelock import FileLock

    from cuda_on_cpu.build import HERE, StandIn

    sources = b"".join(path.read_bytes() for path in sorted(HERE.rglob("*")) if path.suffix in (".h", ".cpp", ".py"))
    folder = Path(os.environ["SPIKEPRUNE_CACHE"]) / f"standin-{hashlib.sha256(sources).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        return StandIn(folder)


@pytest.fixture(autouse=True)
def _isolated_brian2() -> None:
    """Start in runtime mode with Brian2's own preferences, where the test's module has imported Brian2 at all."""
    brian2 = sys.modules.get("brian2")
    if brian2 is None:
        return
    if brian2.get_device() is not brian2.all_devices["runtime"]:
        brian2.set_device("runtime")
    # What restore_initial_state does but for collecting garbage, which takes a quarter of a second every time.
    brian2.prefs._restore()
    brian2.start_scope()
    brian2.defaultclock.dt = 0.1 * brian2.ms
    brian2.prefs.core.default_float_dtype = np.float64
