"""Distributions of weights before and after training, with the thresholds of the neurons."""

from spikeprune.plots.distributions import distributions
from spikeprune.plots.script import Drawing, Source, about_records, run


def draw(source: Source) -> list[Drawing]:
    """Draw the distributions of all networks."""
    records = source.records
    caption = (
        "**Weights before and after training.**  Upper axes: number of synapses by weight, before training (line) "
        "and after it (bars, existing synapses only; logarithmic).  Lower axes: number of neurons by their pruning "
        "threshold at the end of training; a rule whose threshold is one number for all neurons has one bar."
    )
    return [Drawing("weights", distributions(records), caption, about_records(records))]


if __name__ == "__main__":
    run(draw, __file__)
