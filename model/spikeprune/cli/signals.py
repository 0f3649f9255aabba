"""Being asked to stop: Ctrl-C, and the signals of batch systems (SIGTERM) and of closed terminals (SIGHUP).

All of them end a command alike: what runs is ended too, checkpoints stay, and a sentence says how to go on.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

__all__ = ["caught", "ended_at_once", "exit_status"]

_ASKED = [signal.SIGINT]


def exit_status() -> int:
    """Exit status of a command that a signal has stopped: 128 and the number of the signal."""
    return 128 + int(_ASKED[-1])


@contextlib.contextmanager
def caught() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into KeyboardInterrupt while a command runs; for the main thread alone."""
    before: dict[int, Any] = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with contextlib.suppress(ValueError):  # another thread than the main one
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, end):  # not of nohup
                before[number] = signal.signal(number, _interrupt)
    with contextlib.suppress(ValueError):
        before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _ASKED.append(signal.Signals(number))
    signal.signal(number, signal.SIG_IGN)  # once is enough
    raise KeyboardInterrupt


@contextlib.contextmanager
def ended_at_once() -> Iterator[None]:
    """End the process at once when it is asked to stop: there is nothing to save, and imports dislike exceptions."""
    try:
        before = signal.signal(signal.SIGINT, end)
    except ValueError:  # another thread than the main one
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end(number: int, frame: FrameType | None) -> None:
    """End the process as a handler of a signal."""
    os.write(2, b"Stopped.\n")
    os._exit(128 + number)
