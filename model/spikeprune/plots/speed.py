"""What simulation costs over network size, and what a pruning rule itself costs: measured by the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from spikeprune.errors import DataError
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved
from spikeprune.plots.looks import CLASSES

__all__ = ["overhead", "speeds"]

MARKERS = "os^Dv<>PX*"
LINES = ("-", "--", "-.", ":")
#: Shares of the scheme: key of the estimate, what it is called.
RATIO_NAMES = {"no rule": "no rule", "no event": "rule asleep", "no removal": "removes nothing", "pruning": "prunes"}


@matplotlib.rc_context(fname=STYLE)
def speeds(documents: Sequence[Mapping[str, Any]], path: PathLike | None = None) -> Figure:
    """Draw time and memory of training over the number of neurons, for each program.

    Parameters
    ----------
    documents : sequence of mapping
        What ``benchmarks/bench.py --json`` wrote, one for each size.
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: wall time of a presentation (median and range over rounds), peak memory.

    Raises
    ------
    DataError
        If there is no document.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    series: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for document in sorted(documents, key=lambda document: document["neurons"]):
        for entry in document["summary"]:
            series.setdefault(_name(entry), []).append((document["neurons"], entry))
    if not series:
        raise DataError("There are no measured times: make them with 'make bench ARGS=\"--json FILE.json\"'.")
    figure = Figure(figsize=(PAGE, 3.5))
    time, memory = figure.subplots(1, 2)
    for number, (name, found) in enumerate(series.items()):
        sizes = [size for size, _ in found]
        cost = [entry["ms_per_presentation"] for _, entry in found]
        median = np.array([spread["median"] for spread in cost])
        reach = np.abs([[spread["min"], spread["max"]] for spread in cost] - median[:, np.newaxis]).T
        look = {
            "color": CLASSES[number % len(CLASSES)], "marker": MARKERS[number % len(MARKERS)],
            "linestyle": LINES[number % len(LINES)], "markersize": 4, "linewidth": 1.1,
        }  # fmt: skip
        time.errorbar(sizes, median, yerr=reach, label=name, elinewidth=0.8, **look)
        known = [(size, entry["peak_bytes"] / 1e6) for size, entry in found if entry["peak_bytes"]]
        memory.plot([size for size, _ in known], [peak for _, peak in known], label=name, **look)
    sizes = sorted({document["neurons"] for document in documents})
    for ax in (time, memory):
        ax.set(xscale="log", yscale="log", xlabel="excitatory neurons", xlim=(sizes[0] / 1.3, sizes[-1] * 1.3))
        ax.xaxis.set_major_locator(FixedLocator(sizes))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter("{x:.0f}")
    time.set(title="Training time", ylabel="wall time of a presentation (ms)")
    memory.set(title="Memory", ylabel="peak memory (MB)")
    figure.legend(*time.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return saved(figure, path)


def _name(entry: Mapping[str, Any]) -> str:
    """Name a program with what tells it from others of its name."""
    if not entry["options"]:
        return str(entry["name"])
    threads = f"{entry['threads']} thread" + "s" * (entry["threads"] > 1)
    return f"{entry['name']}, {entry['shown']} ms at dt {entry['dt']:g} ms, {threads}, batch {entry['batch']}"


@matplotlib.rc_context(fname=STYLE)
def overhead(document: Mapping[str, Any], path: PathLike | None = None) -> Figure:
    """Draw what a pruning rule itself costs: time measured, operations counted, energy, memory and area estimated.

    Parameters
    ----------
    document : mapping
        What ``benchmarks/overhead.py --json`` wrote.
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: wall-time ratios of each round, shares of training.

    Raises
    ------
    DataError
        If the document is not one of that benchmark.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    try:
        ratios, found = document["measured"]["wall"], document["estimated"]
        energy = found["energy_share"]["without the rule"]
        shares = {
            "operations\n(counted)": found["scheme_operations_per_image"] / found["training_sops_per_image"],
            "energy\n(estimated)": energy,
            "memory\n(estimated)": found["memory_share"],
            "area\n(estimated)": found["area_um2"]["share"],
        }
    except KeyError as error:
        raise DataError(
            f"The measurement of the overhead lacks {error}: make it with 'make overhead ARGS=\"--json FILE.json\"'."
        ) from error
    figure = Figure(figsize=(PAGE, 2.5))
    time, share = figure.subplots(1, 2, width_ratios=(1, 1.1))
    names = list(ratios)
    for place, name in enumerate(names):
        values = ratios[name]["values"]
        time.plot(values, np.full(len(values), place), "o", color="#56B4E9", markersize=4,
                  label="round" if not place else None)  # fmt: skip
        time.plot(ratios[name]["median"], place, "|", color="black", markersize=13, markeredgewidth=1.6,
                  label="median" if not place else None)  # fmt: skip
    time.axvline(1, color="0.6", linewidth=0.7, zorder=0)
    words = [[RATIO_NAMES.get(part, part) for part in name.split(" / ")] for name in names]
    time.set_yticks(range(len(names)), [" / ".join(parts) for parts in words])
    time.set(title="a   Time (measured)", xlabel="ratio of wall times of training", ylim=(len(names) - 0.5, -0.5))
    time.legend(loc="upper right")
    places = np.arange(len(shares))
    percent = [100 * value for value in shares.values()]
    share.bar(places, percent, 0.6, color=["0.35", "#0072B2", "#009E73", "#E69F00"])
    for bar, value in enumerate(percent):
        share.annotate(f"{value:.2g} %", (bar, value), (0, 2), textcoords="offset points", ha="center", size=7.5)
    share.set_xticks(places, list(shares), size=7)
    share.set(title="b   The rule's share of training", ylabel="share of training (%)")
    share.set_ylim(0, 1.18 * max(percent))
    return saved(figure, path)
