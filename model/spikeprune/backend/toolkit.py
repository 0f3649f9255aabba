"""What compiling and running CUDA programs takes, and where it is on this machine."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from spikeprune.errors import BackendError, ParameterError

__all__ = [
    "OLDEST",
    "Toolkit",
    "compute_capability",
    "find_nvcc",
    "find_toolkit",
    "gpu_capability",
    "missing",
    "require_brian2cuda",
    "require_capability",
]

#: Oldest release of nvcc and lowest compute capability that the generated code has been compiled for.
OLDEST = (12, 0)
LOWEST, HIGHEST = 5.0, 13.0
#: Compute capability where no GPU tells its own: that of the H100 and H200.
DEFAULT_CAPABILITY = "9.0"
#: Where CUDA's installer puts the toolkit.
STANDARD_HOME = Path("/usr/local/cuda")

_VERSION_ATTRIBUTES = (75, 76)  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR


@dataclass(frozen=True)
class Toolkit:
    """The CUDA compiler and what it needs beside itself.

    Attributes
    ----------
    nvcc : str
        Command.
    release : tuple of int
        Of nvcc.
    curand_include, curand_library : Path
        Folder of ``curand.h``, and the library file.
    """

    nvcc: str
    release: tuple[int, int]
    curand_include: Path
    curand_library: Path


def compute_capability(given: str | None = None) -> str:
    """Return the compute capability to compile for.

    Parameters
    ----------
    given : str, optional
        For example ``"9.0"``; otherwise ``SPIKEPRUNE_CUDA_CAPABILITY``, that of the GPU, or 9.0.

    Raises
    ------
    ParameterError
        If it is none.
    """
    value = given or os.environ.get("SPIKEPRUNE_CUDA_CAPABILITY") or gpu_capability() or DEFAULT_CAPABILITY
    if not re.fullmatch(r"\d+\.\d", value) or not LOWEST <= float(value) < HIGHEST:
        raise ParameterError(
            f"'{value}' is no compute capability: give a number such as 9.0 (H100, H200), 8.6 or 7.5, as listed on "
            "developer.nvidia.com/cuda-gpus."
        )
    return value


def gpu_capability() -> str | None:
    """Return the compute capability of the first GPU, or None where there is none."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    count, device = ctypes.c_int(), ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return None
    if driver.cuDeviceGet(ctypes.byref(device), 0):
        return None
    numbers = []
    for attribute in _VERSION_ATTRIBUTES:
        number = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(number), attribute, device)
        numbers.append(str(number.value))
    return ".".join(numbers)


def require_brian2cuda() -> None:
    """Raise BackendError where brian2cuda is not installed."""
    problem = _without_brian2cuda()
    if problem:
        raise BackendError(problem)


def find_toolkit() -> Toolkit:
    """Find nvcc (``NVCC``, ``CUDA_HOME``, the path, ``/usr/local/cuda``) and cuRAND.

    Raises
    ------
    BackendError
        If something is missing or too old.
    """
    nvcc = find_nvcc()
    if nvcc is None:
        raise BackendError(
            "The CUDA compiler nvcc was not found: install the CUDA toolkit, and put nvcc in PATH or name it with "
            "NVCC=...; or choose --backend cpp_standalone."
        )
    done = subprocess.run([nvcc, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"release (\d+)\.(\d+)", done.stdout)
    if match is None:
        raise BackendError(f"'{nvcc} --version' does not tell its release: name a working nvcc with NVCC=...")
    release = (int(match[1]), int(match[2]))
    if release < OLDEST:
        raise BackendError(
            f"nvcc {match[1]}.{match[2]} in {nvcc} is too old: install CUDA {OLDEST[0]}.{OLDEST[1]} or newer, or name "
            "another nvcc with NVCC=..."
        )
    folders = _curand_folders(nvcc)
    include = next((folder for folder in folders if (folder / "curand.h").exists()), None)
    library = next((file for folder in folders for file in sorted(folder.glob("libcurand.so*"))), None)
    if include is None or library is None:
        raise BackendError(
            "cuRAND (curand.h and libcurand.so) was not found beside nvcc or in this Python environment: install it "
            "with 'pip install nvidia-curand', or name a folder that has both with CURAND_HOME=..."
        )
    return Toolkit(nvcc, release, include, library)


def require_capability(toolkit: Toolkit, capability: str) -> None:
    """Raise BackendError for a compute capability that nvcc does not compile for: a release drops old GPUs.

    Parameters
    ----------
    toolkit : Toolkit
    capability : str
        As in :func:`compute_capability`.
    """
    done = subprocess.run([toolkit.nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=False)
    known = [f"{number[:-1]}.{number[-1]}" for number in re.findall(r"compute_(\d{2,3})\b", done.stdout)]
    if known and capability not in known:
        raise BackendError(
            f"nvcc {toolkit.release[0]}.{toolkit.release[1]} does not compile for compute capability {capability}: "
            f"give one of {', '.join(known)} with --compute-capability or SPIKEPRUNE_CUDA_CAPABILITY, or name another "
            "nvcc with NVCC=..."
        )


def missing() -> list[str]:
    """Return a sentence for everything that keeps this machine from running networks on CUDA."""
    problems = [_without_brian2cuda()]
    try:
        find_toolkit()
    except BackendError as error:
        problems.append(str(error))
    if gpu_capability() is None:
        problems.append(
            "No NVIDIA GPU was found: 'spikeprune build --backend cuda_standalone' writes a program for a machine that "
            "has one; here, choose --backend cpp_standalone."
        )
    return [problem for problem in problems if problem]


def _without_brian2cuda() -> str | None:
    if tuple(sys.version_info) < (3, 12):
        return (
            f"brian2cuda needs Python 3.12 or newer and this is {sys.version.split()[0]}: install spikeprune for a "
            "newer Python, or choose --backend cpp_standalone."
        )
    try:
        metadata.version("brian2cuda")
    except metadata.PackageNotFoundError:
        return (
            "brian2cuda is not installed: run 'pip install \"spikeprune[cuda]\"', or choose --backend cpp_standalone."
        )
    return None


def find_nvcc() -> str | None:
    """Return the command of nvcc, or None where it is not found."""
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH")]
    named = [
        os.environ.get("NVCC"),
        *(f"{home}/bin/nvcc" for home in homes if home),
        "nvcc",
        f"{STANDARD_HOME}/bin/nvcc",
    ]
    return next((found for name in named if name and (found := shutil.which(name))), None)


def _curand_folders(nvcc: str) -> list[Path]:
    home = Path(nvcc).resolve().parent.parent
    roots = [Path(os.environ["CURAND_HOME"])] if "CURAND_HOME" in os.environ else []
    roots += [home, STANDARD_HOME]
    for entry in map(Path, sys.path):
        # Wheels of NVIDIA: nvidia/cu13, nvidia/curand
        roots += sorted(entry.glob("nvidia/c*")) if entry.name == "site-packages" else []
    return [root / part for root in roots for part in ("", "include", "lib64", "lib", "targets/x86_64-linux/lib")]
