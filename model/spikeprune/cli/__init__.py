"""The `spikeprune` command."""

from spikeprune.cli.commands import app, main

__all__ = ["app", "main"]
