"""The network and a pruning event as a diagram."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray

from spikeprune.parameters import NetworkParameters
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved
from spikeprune.pruning import AdaptivePruning

__all__ = ["diagram"]

INPUT, EXCITATORY, INHIBITORY, REMOVED = "0.35", "#0072B2", "#D55E00", "#D55E00"
#: Neurons drawn of each population, at these heights; a gap says that there are more.
PLACES = np.array([0.82, 0.67, 0.52, 0.18])


@matplotlib.rc_context(fname=STYLE)
def diagram(
    weights: NDArray[np.floating] | None = None, digit: NDArray[np.integer] | None = None,
    p: NetworkParameters | None = None, rule: AdaptivePruning | None = None, path: PathLike | None = None,
) -> Figure:  # fmt: skip
    """Draw the network, and what the adaptive rule does at a pruning event.

    Parameters
    ----------
    weights : ndarray [inputs], optional
        Weights of one neuron before a pruning event; made up of an exponential distribution unless given.
    digit : ndarray [height, width], optional
        An image to stand before the inputs.
    p : NetworkParameters, optional
    rule : AdaptivePruning, optional
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: network, rule, weights of a neuron in descending order with the threshold.
    """
    p, rule = p or NetworkParameters(), rule or AdaptivePruning()
    figure = Figure(figsize=(PAGE, 3.0))
    network, event = figure.subplots(1, 2, width_ratios=(1.12, 1))
    for ax in (network, event):
        ax.set(xlim=(0, 1), ylim=(0, 1))
        ax.axis("off")
    _network(network, digit, p)
    network.set_title("a   Network")
    event.set_title("b   Pruning event of the adaptive rule")
    _steps(event, rule)
    if weights is None:
        weights = -0.12 * np.log1p(-(np.arange(p.inputs) + 0.5) / p.inputs)
    _threshold(event.inset_axes((0.62, 0.24, 0.4, 0.68)), np.sort(weights)[::-1], rule.beta)
    return saved(figure, path)


def _network(ax: Axes, digit: NDArray[np.integer] | None, p: NetworkParameters) -> None:
    columns = {"input": 0.3, "excitatory": 0.62, "inhibitory": 0.93}
    if digit is not None:
        picture = ax.inset_axes((0.0, 0.38, 0.19, 0.29))
        picture.imshow(digit, cmap="Greys_r", interpolation="nearest")
        picture.set(xticks=[], yticks=[])
    ax.annotate("", (0.275, 0.52), (0.2, 0.52), arrowprops={"arrowstyle": "->", "linewidth": 0.8, "color": "0.3"})
    removed = {(0, 2), (1, 3), (3, 0), (2, 1), (3, 1)}
    for i, y in enumerate(PLACES):
        for j, target in enumerate(PLACES):
            gone = (i, j) in removed
            ends = [columns["input"] + 0.022, columns["excitatory"] - 0.027]
            ax.plot(ends, [y, target], linewidth=0.5 if gone else 1,
                    color=REMOVED if gone else "0.55", linestyle=(0, (2, 2)) if gone else "-", zorder=1)  # fmt: skip
        _arrow(
            ax, (columns["excitatory"] + 0.03, y + 0.015), (columns["inhibitory"] - 0.03, y + 0.015), EXCITATORY, "-|>"
        )
    # One inhibitory neuron stands for all: it inhibits every excitatory neuron but its partner.
    for target in PLACES[[0, 2, 3]]:
        _arrow(ax, (columns["inhibitory"] - 0.03, PLACES[1] - 0.015), (columns["excitatory"] + 0.03, target - 0.02),
               INHIBITORY, "|-|,widthA=0,widthB=0.16")  # fmt: skip
    for (name, x), color in zip(columns.items(), (INPUT, EXCITATORY, INHIBITORY), strict=True):
        ax.plot(
            [x] * len(PLACES),
            PLACES,
            "o",
            color="white",
            markeredgecolor=color,
            markersize=8.5,
            markeredgewidth=1.2,
            zorder=3,
        )
        ax.text(x, 0.35, "⋮", ha="center", va="center", size=12)
        count = f"{p.inputs}" if name == "input" else "N"
        ax.text(x, 0.905, f"{count} {name}", ha="center", size=7.5, color=color)
    texts = (
        (0.095, f"Poisson\nspikes, {p.presentation:g} ms"), (0.45, "weights $w_{ij}$: STDP;\ndashed: removed"),
        (0.8, "one to one; all\nothers inhibited"),
    )  # fmt: skip
    for x, text in texts:
        ax.text(x, 0.02, text, ha="center", va="bottom", size=7)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str, style: str) -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle=style, color=color, linewidth=0.8, mutation_scale=6, shrinkA=0,
                                 shrinkB=0, zorder=2))  # fmt: skip


def _steps(ax: Axes, rule: AdaptivePruning) -> None:
    steps = (
        ("activity of the neuron", "$a_j = \\min(c_j\\,/\\,\\langle c\\rangle,\\ a_{max})$"),
        ("its threshold moves", "$h_j \\leftarrow h_j + \\eta\\,a_j\\,(\\beta\\,W_j/n_j - h_j)$"),
        ("small weights are removed", "every $w_{ij} < h_j$, for ever"),
        ("the rest takes over", "$\\sum_i w_{ij}$ normalised again"),
    )
    height, gap = 0.17, 0.065
    for number, (text, formula) in enumerate(steps):
        top = 0.97 - number * (height + gap)
        ax.add_patch(FancyBboxPatch((0.01, top - height), 0.53, height, boxstyle="round,pad=0,rounding_size=0.02",
                                    facecolor="0.96", edgecolor="0.4", linewidth=0.7))  # fmt: skip
        ax.text(0.03, top - 0.055, text, size=7, va="center")
        ax.text(0.03, top - 0.125, formula, size=7, va="center", color=EXCITATORY)
        if number + 1 < len(steps):
            _arrow(ax, (0.27, top - height - 0.008), (0.27, top - height - gap + 0.008), "0.3", "-|>")
    ax.text(0.01, 0.0, f"every {rule.interval:,} images; $c_j$ spikes since the last event, "
            f"$W_j$ sum of the $n_j$ weights left;\n$\\beta$ = {rule.beta:g}, $\\eta$ = {rule.eta:g}, "
            f"$a_{{max}}$ = {rule.a_max:g}", size=6.5, va="center")  # fmt: skip


def _threshold(ax: Axes, weights: NDArray[np.floating], beta: float) -> None:
    """Draw what a threshold that has reached its aim removes."""
    h = beta * weights.mean()
    rank = np.arange(len(weights))
    stays = weights >= h
    ax.fill_between(rank, weights, where=stays, color=EXCITATORY, linewidth=0, step="mid")
    ax.fill_between(rank, weights, where=~stays, color=REMOVED, alpha=0.45, linewidth=0, step="mid", hatch="////")
    ax.axhline(h, color="black", linewidth=0.9, linestyle="--")
    ax.annotate("threshold $h_j$", (len(weights), h), (0, 3), textcoords="offset points", ha="right", size=7)
    ax.set(
        xlabel="synapses of one neuron,\nby weight", ylabel="weight", xlim=(0, len(weights)), ylim=(0, None), xticks=[]
    )
    ax.set_yticks([])
    ax.text(stays.sum() / 2, h * 0.4, "stay", color="white", ha="center", va="center", size=7)
    ax.text((len(weights) + stays.sum()) / 2, h * 2.6, "removed", color=REMOVED, ha="center", size=7)
