"""What Brian2 does to the process that imports it, and how to take it back: messages, and the handler of Ctrl-C."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

__all__ = ["leave_interrupts_ignored", "quiet_brian2"]


def leave_interrupts_ignored() -> None:
    """Go on ignoring Ctrl-C where the process was started so (``nohup``, a script's background job).

    Brian2 puts a handler of its own before the one that it finds, and calls that, even where it is no function but says
    that the signal is ignored.
    """
    import brian2

    handler = getattr(brian2, "_int_handler", None)
    if handler is not None and not callable(handler.previous_handler):
        handler.previous_handler = _ignore


def _ignore(number: int, frame: object) -> None:
    """Handle a signal by doing nothing."""


def quiet_brian2() -> None:
    """Keep Brian2 from logging to files, warning on the terminal and explaining errors: the commands do that."""
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
