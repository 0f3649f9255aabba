"""Receptive fields of trained networks, unpruned and under several rules, sorted by class."""

from spikeprune.plots.fields import fields_of_networks
from spikeprune.plots.script import Drawing, Source, about_records, run

NEURONS = 64


def draw(source: Source) -> list[Drawing]:
    """Draw the fields of all networks."""
    records = source.records
    caption = (
        "**Receptive fields after training.**  Each tile holds the weights of one excitatory neuron as an image; "
        f"{NEURONS} neurons of each network, picked at equal distances after sorting by assigned class (left of each "
        "row).  Removed synapses are white, weights of zero light yellow; frozen synapses, which transmit and do not "
        "learn, are light blue.  The colour scale ends where 0.1 % of the weights lie above it."
    )
    return [Drawing("fields", fields_of_networks(records, most=NEURONS), caption, about_records(records))]


if __name__ == "__main__":
    run(draw, __file__)
