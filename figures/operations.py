"""Synaptic operations by class over training and in inference, and estimated energy on chips."""

from spikeprune.plots.expenses import energies, operations
from spikeprune.plots.script import Drawing, Source, about_records, run
from spikeprune.prices import PRICES


def draw(source: Source) -> list[Drawing]:
    """Draw operations and energies of all networks."""
    records, facts = source.records, about_records(source.records)
    counted = (
        "**Synaptic operations (SOPs) of an image by class**, repeated presentations included, means over seeds.  "
        "Above: over training, stacked.  Below: in inference on the test images, where nothing is updated; in "
        "brackets the change against the first network.  Operations are counted, not estimated: a transmission for "
        "each spike and existing synapse, an update for each existing plastic synapse at each input and excitatory "
        "spike."
    )
    estimated = (
        "**Estimated energy of an image**, operations times a published price of one operation, on a logarithmic "
        "axis; means over seeds.  Prices of different sources include different things, so networks may be compared "
        "at one price, not two prices with each other."
    )
    prices = {
        "Prices": "; ".join(
            f"{name} {price.picojoule_per_sop:g} pJ ({price.technology})" for name, price in PRICES.items()
        )
    }
    return [
        Drawing("operations", operations(records), counted, facts),
        Drawing("energy", energies(records), estimated, facts | prices),
    ]


if __name__ == "__main__":
    run(draw, __file__)
