"""Start programs that do not outlive what they are for: whoever is interrupted takes them along."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

__all__ = ["Processes"]

#: Seconds that a process has to end itself.
PATIENCE = 2.0


class Processes:
    """The processes that run at the moment, each at the head of a group of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()

    def run(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, as ``subprocess.run`` with captured text does.

        Where an exception ends the wait, such as Ctrl-C, the program and its children are ended too.
        """
        # In a group of its own, so that `make` and its compilers end together; so Ctrl-C does not reach it by itself.
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
        )
        with self._lock:
            self._running.add(child)
        try:
            out, err = child.communicate()
        except BaseException:
            _end(child)
            raise
        finally:
            with self._lock:
                self._running.discard(child)
        return subprocess.CompletedProcess(command, child.returncode, out, err)

    def stop(self) -> None:
        """End what runs, started by whichever thread."""
        with self._lock:
            running = list(self._running)
        for child in running:
            _signal(child, signal.SIGKILL)


def _end(child: subprocess.Popen[str]) -> None:
    _signal(child, signal.SIGTERM)
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()


def _signal(child: subprocess.Popen[str], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
