"""What `spikeprune info` tells: versions, compiler, CUDA, processor, back ends, data sets, cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from spikeprune.backend import BACKENDS
from spikeprune.backend.standalone import cache_folder, compiler, compiler_version
from spikeprune.backend.toolkit import find_nvcc, missing
from spikeprune.datasets import available, data_folder
from spikeprune.errors import BackendError
from spikeprune.provenance import provenance

__all__ = ["system_information"]


def system_information(data_dir: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Look around on this machine.

    Parameters
    ----------
    data_dir : path-like, optional
        Folder of the named data sets.

    Returns
    -------
    dict
        ``versions``, ``commit``, ``dirty``, ``platform``, ``processor``, ``cores``, ``compiler``, ``make``, ``cuda``
        (with ``missing``, a sentence each), ``backends`` (name to None where usable, else what is missing),
        ``data_folder``, ``data_sets`` (name to folder or None), ``cache`` (``folder``, ``programs``, ``bytes``).
    """
    source = provenance()
    try:
        compiles: dict[str, Any] = {"command": compiler(), "version": compiler_version(), "missing": None}
    except (BackendError, OSError) as error:
        compiles = {"command": None, "version": None, "missing": str(error)}
    make = shutil.which("make")
    lacking = None if compiles["command"] and make else "a C++ compiler" if make else "make"
    without_cuda = missing()
    cache = cache_folder()
    return {
        **{key: source[key] for key in ("versions", "commit", "dirty", "platform", "processor", "cores")},
        "compiler": compiles,
        "make": make,
        "cuda": {
            "nvcc": find_nvcc(),
            "devices": _devices(),
            "brian2cuda": source["versions"]["brian2cuda"],
            "missing": without_cuda,
        },
        "backends": {
            name: {
                "cpp_standalone": lacking,
                "cuda_standalone": " ".join(without_cuda) or None,
                "cython": None if compiles["command"] else "a C++ compiler",
            }.get(name)
            for name in BACKENDS
        },
        "data_folder": str(data_folder(data_dir)),
        "data_sets": {name: path and str(path) for name, path in available(data_dir).items()},
        "cache": {
            "folder": str(cache),
            "programs": len(list(cache.glob("*/manifest.json"))),
            "bytes": sum(_size(path) for path in cache.rglob("*")),
        },
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # another process is building or cleaning
        return 0


def _devices() -> list[str]:
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=False, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
