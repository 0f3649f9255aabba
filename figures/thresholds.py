"""Threshold and remaining synapses of every neuron over training, beside its spikes and theta."""

from spikeprune.errors import DataError
from spikeprune.plots.record import COURSE
from spikeprune.plots.script import Drawing, Source, about_records, run
from spikeprune.plots.thresholds import thresholds


def draw(source: Source) -> list[Drawing]:
    """Draw each network whose rule has thresholds of its neurons that differ."""
    caption = (
        "**Thresholds and synapses of every neuron, beside its activity.**  Above: every row is a neuron, those that "
        "fired most in the first third of training (grey line below) at the top.  Below: single neurons at the 98th, "
        "50th and 2nd percentile of that order.  A neuron that finds its receptive field fires much for a short "
        "time; its threshold rises, its synapses are removed, and homeostasis (θ) brings its rate down.  A neuron "
        "that has not yet found one keeps its synapses."
    )
    chosen = [
        record for record in source.records
        if COURSE[0] in record.arrays and record.array(COURSE[0])[-1].std() > 0 and not record.arrays["alive"].all()
    ]  # fmt: skip
    if not chosen:
        raise DataError(
            "None of the networks has a record of its neurons' thresholds over training, which a run folder does not "
            "keep: make one with 'python figures/record.py'."
        )
    names = ["thresholds", *(f"thresholds-{record.label}" for record in chosen[1:])]
    return [
        Drawing(name, thresholds(record), caption, about_records([record]))
        for name, record in zip(names, chosen, strict=True)
    ]


if __name__ == "__main__":
    run(draw, __file__)
