"""How many processor cores this process may use: fewer than there are, in a container or under taskset."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["usable_cores"]

CGROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Number of cores by affinity and by the quota of the control group, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _quota(CGROUP)
    return max(1, cores if quota is None else min(cores, math.ceil(quota)))


def _quota(folder: Path) -> float | None:
    """Cores that the control group may keep busy; None where it may keep all."""
    try:
        share, period = (folder / "cpu.max").read_text().split()  # version 2
    except (OSError, ValueError):
        try:
            share, period = ((folder / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        except OSError:
            return None
    try:
        return float(share) / float(period) if float(share) > 0 else None
    except (ValueError, ZeroDivisionError):  # "max"
        return None
