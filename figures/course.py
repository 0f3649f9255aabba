"""Accuracy and removed synapses over training for each rule, with bands over seeds."""

from spikeprune.plots.courses import courses
from spikeprune.plots.figure import COLUMN
from spikeprune.plots.script import Drawing, Source, about_records, run


def draw(source: Source) -> list[Drawing]:
    """Draw all networks, for two columns and for one."""
    records, facts = source.records, about_records(source.records)
    caption = (
        "**The course of training.**  Left: images of each chunk classified correctly, read with the assignment of "
        "neurons from the images before it.  Right: share of the plastic synapses that are removed, or frozen under "
        "soft pruning.  Lines are means over seeds, bands go from the least to the greatest seed."
    )
    return [
        Drawing("course", courses(records), caption, facts),
        Drawing("course-column", courses(records, width=COLUMN), caption, facts),
    ]


if __name__ == "__main__":
    run(draw, __file__)
