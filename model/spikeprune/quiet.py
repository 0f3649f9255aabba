"""What Brian2 does to the process that imports it, and how to take it back: messages, and the handler of Ctrl-C."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["import_brian2", "leave_interrupts_ignored", "quiet_brian2"]


#: Held by the thread that imports Brian2.
_IMPORTING = threading.Lock()
#: Whether Brian2 is to be quiet once it has been imported.
_WANTED = {"quiet": False}


def import_brian2() -> Any:
    """Import Brian2, which takes a second, where code is generated or run; then take back what is to be.

    Returns
    -------
    module
    """
    with _IMPORTING, _signals_left_alone():
        import brian2
    leave_interrupts_ignored()
    if _WANTED["quiet"]:
        _silence()
    return brian2


@contextmanager
def _signals_left_alone() -> Iterator[None]:
    """Let no thread but the main one set handlers: Brian2 does as it is imported, and fails in another thread."""
    take = signal.signal

    def take_in_main_thread(number: int, handler: Any) -> Any:
        main = threading.current_thread() is threading.main_thread()
        return take(number, handler) if main else signal.getsignal(number)

    signal.signal = take_in_main_thread  # type: ignore[assignment]
    try:
        yield
    finally:
        signal.signal = take


def leave_interrupts_ignored() -> None:
    """Go on ignoring Ctrl-C where the process was started so (``nohup``, a script's background job).

    Brian2, once imported, puts a handler of its own before the one that it finds, and calls that, even where it is no
    function but says that the signal is ignored.
    """
    handler = getattr(sys.modules.get("brian2"), "_int_handler", None)
    if handler is not None and not callable(handler.previous_handler):
        handler.previous_handler = _ignore


def _ignore(number: int, frame: object) -> None:
    """Handle a signal by doing nothing."""


def quiet_brian2() -> None:
    """Keep Brian2, imported or not, from logging to files, warning and explaining errors: the commands do that."""
    _WANTED["quiet"] = True
    if "brian2" in sys.modules:
        _silence()


def _silence() -> None:
    from brian2 import BrianLogger

    BrianLogger.log_level_error()
    handler = BrianLogger.file_handler
    if handler is not None:
        logging.getLogger("brian2").removeHandler(handler)
        handler.close()
        BrianLogger.file_handler = None
    for name in ("tmp_log", "tmp_script"):
        file = getattr(BrianLogger, name)
        if file is not None:
            Path(file).unlink(missing_ok=True)
            setattr(BrianLogger, name, None)
    sys.excepthook = sys.__excepthook__
