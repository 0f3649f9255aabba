"""Brian2's own messages, for programs that explain errors themselves."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

__all__ = ["quiet_brian2"]


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
