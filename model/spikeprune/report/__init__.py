"""One self-contained page about runs: verdict, tables, figures, parameters, provenance."""

from spikeprune.report.page import render, run_folders, write_report

__all__ = ["render", "run_folders", "write_report"]
