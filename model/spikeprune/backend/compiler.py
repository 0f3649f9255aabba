"""Which C++ compiler there is, and which machine it compiles for."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

from spikeprune.cores import usable_cores
from spikeprune.errors import BackendError

__all__ = ["compiler", "compiler_version", "jobs", "machine"]


def compiler() -> str:
    """Return the C++ compiler's command: ``CXX``, or ``g++``, ``c++`` or ``clang++`` where it is found.

    Raises
    ------
    BackendError
        If there is none.
    """
    wanted = os.environ.get("CXX", "").strip()
    if wanted and not shutil.which(wanted.split()[0]):
        raise BackendError(f"CXX names the compiler '{wanted}', which was not found: correct it, or unset CXX.")
    for command in filter(None, [wanted, "g++", "c++", "clang++"]):
        if shutil.which(command.split()[0]):
            return command
    raise BackendError(
        "No C++ compiler was found (CXX, g++, c++, clang++): install one, for example with 'apt-get install g++ make', "
        "or choose --backend numpy."
    )


def compiler_version() -> str:
    """Return the first line of the compiler's ``--version``."""
    done = subprocess.run([*compiler().split(), "--version"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


def machine() -> str:
    """Return what ``-march=native`` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return hashlib.sha256(
            "".join(sorted({s for s in lines if s.startswith(("flags", "model name"))})).encode()
        ).hexdigest()
    except OSError:
        return platform.processor() or platform.machine()


def jobs() -> int:
    """Return how many compilers can run side by side."""
    return usable_cores()
