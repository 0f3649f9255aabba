"""Trainings stopped at random moments end as if nothing had happened; `python tests/interruptions.py` does more."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from interruptions import FOUND, Interruptions


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
def test_interrupted_trainings_end_as_if_nothing_had_happened(tmp_path: Path) -> None:
    signals = [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGKILL]
    report = Interruptions(tmp_path).interrupt(signals)
    assert sum(report.signals.values()) == len(signals)
    assert {name: getattr(report, name) for name in FOUND} == {name: [] for name in FOUND}
