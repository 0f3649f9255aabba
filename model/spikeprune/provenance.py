"""Where a result comes from: versions, compiler, machine, commit."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["provenance", "versions"]

_PACKAGES = ("spikeprune", "brian2", "brian2cuda", "numpy", "scipy", "scikit-learn", "sympy", "Cython", "matplotlib")


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that a result depends on; None where one is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def commit() -> dict[str, Any]:
    """Return the git commit of the package's source and whether it was changed since; None outside a repository."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False, timeout=20
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    if git("ls-files", "--error-unmatch", str(Path(__file__))) is None:
        return {"commit": None, "dirty": None}
    # The tables that a sweep itself writes make no other sweep's code a changed one.
    status = git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude,top)results")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def provenance(compiler: str | None = None) -> dict[str, Any]:
    """Describe the software and machine that make a result.

    Parameters
    ----------
    compiler : str, optional
        Version line of the compiler, where one was used.

    Returns
    -------
    dict
        ``versions``, ``compiler``, ``commit``, ``dirty``, ``platform``, ``processor``, ``cores``, ``started`` (UTC) and
        ``command``.
    """
    return {
        "versions": versions(),
        "compiler": compiler,
        **commit(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
