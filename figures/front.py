"""The front: accuracy lost against operations saved, every rule and setting, beside the paper's claims."""

from collections.abc import Mapping
from typing import Any

from spikeprune.plots.figure import COLUMN
from spikeprune.plots.front import MOST, front
from spikeprune.plots.reference import Group, best_networks
from spikeprune.plots.script import Drawing, Source, about_groups, run


def kind(group: Group) -> tuple[str, int, int, str]:
    """What may be drawn into one picture: data, whether or not a part is held out, size, epochs, constants."""
    return group.data.lower().removesuffix("-validation"), group.neurons, group.epochs, constants(group.network)


def constants(network: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in network.items())


def draw(source: Source) -> list[Drawing]:
    """Draw a front for each kind of data, size and number of epochs; those of the claims have the plain name."""
    compared = [group for group in source.groups if group.compared and group.rule["name"] != "none"]
    sizes, best = {(c["data"], c["neurons"], 1) for c in source.claims.changes}, best_networks(source.groups)
    claimed = {(*size, constants(best.get(size, {}))) for size in sizes}
    kinds = sorted(dict.fromkeys(map(kind, compared)), key=lambda each: each not in claimed)
    drawings = []
    for data, neurons, epochs, network in kinds or [("", 0, 1, "")]:
        here = [group for group in compared if kind(group) == (data, neurons, epochs, network)]
        claims = [c for c in source.claims.changes if (c["data"], c["neurons"], epochs) == (data, neurons, 1)]
        plain = (data, neurons, epochs, network) in claimed or len(kinds) == 1
        name = "front" if plain else f"front-{data}-n{neurons}" + (f"-{epochs}epochs" if epochs > 1 else "")
        if network and not plain:  # several sets of constants have their experiments' names
            name += f"-{here[0].experiment}"
        caption = (
            f"**Accuracy lost against synaptic operations saved**, {data}, {neurons} neurons, "
            f"{epochs} epoch{'s' if epochs > 1 else ''}{'; ' + network if network else ''}: "
            "change against unpruned networks of the same seeds, in training and in inference.  Filled: on test "
            "images, bars are 95 % confidence intervals of the mean paired difference (none of a single seed).  "
            "Open, full size: networks from which nothing was removed.  Small, open: settings tried on a validation "
            "split.  Line: no setting on test images is at once more accurate and cheaper.  Losses of more than "
            f"{MOST:g} points stand at the lower edge."
            + "".join(f"  Star: {claim['label']} ({claim['source']})." for claim in claims)
        )
        drawings.append(Drawing(name, front(here, claims), caption, about_groups(here)))
        if plain:
            drawings.append(Drawing(f"{name}-column", front(here, claims, width=COLUMN), caption, about_groups(here)))
    return drawings


if __name__ == "__main__":
    run(draw, __file__)
