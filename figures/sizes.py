"""Network sizes and data sets against published figures."""

from dataclasses import replace

from spikeprune.plots.reference import best_networks
from spikeprune.plots.script import Drawing, Source, about_groups, run
from spikeprune.plots.sizes import sizes

#: Percentage points that a rule may lose and still be drawn.
FAILED = 5


def draw(source: Source) -> list[Drawing]:
    """Draw the rules that were run with more than one size or kind of data, under their plain names."""
    plain = [
        group for group in source.groups if group.label.split(",")[0] == group.rule["name"] and not group.validation
    ]
    plain = [group for group in plain if group.label == group.rule["name"] or source.paths]
    # What a size reaches is told of its best unpruned network, and of the rules that were compared with that.
    if not source.paths:
        best = best_networks(plain)
        plain = [
            replace(group, network={}) for group in plain
            if group.network == best.get((group.data.lower(), group.neurons, group.epochs))
        ]  # fmt: skip
    # Controls that fail would press everything else together; the front shows them.
    plain = [group for group in plain if not group.compared or group.change("accuracy").mean > -FAILED]
    settings = {name: {(g.data, g.neurons) for g in plain if g.rule["name"] == name} for name in
                dict.fromkeys(str(group.rule["name"]) for group in plain)}  # fmt: skip
    chosen = [group for group in plain if len(settings[group.rule["name"]]) > 1 or source.paths]
    caption = (
        "**Network sizes and data sets.**  Above: accuracy on test images, with 95 % confidence intervals of the "
        "mean over seeds (cut where they leave the axes), and figures that others have published for the unpruned "
        "network; ours is the best unpruned one of its size.  "
        "Below: synaptic operations saved against unpruned networks of the same seeds.  Markers of "
        "different rules lie side by side so that none hides another; lines join the sizes of one experiment; rules "
        f"that lose more than {FAILED} points are left out."
    )
    published = {f"{entry['label']}": entry["source"] for entry in source.claims.accuracies}
    return [Drawing("sizes", sizes(chosen, source.claims.accuracies), caption, about_groups(chosen) | published)]


if __name__ == "__main__":
    run(draw, __file__)
