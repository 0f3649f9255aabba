"""The `spikeprune` command.

Importing what it consists of takes a third of a second, in which Ctrl-C is to end it without a traceback.
"""

from __future__ import annotations

import signal
from typing import Any

from spikeprune.cli.signals import end

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), end)
    from spikeprune.cli.commands import main as run

    run()


def __getattr__(name: str) -> Any:
    if name == "app":
        from spikeprune.cli.commands import app

        return app
    raise AttributeError(f"module 'spikeprune.cli' has no attribute '{name}'")
