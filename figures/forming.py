"""One receptive field forming and being pruned: a strip of frames, and a GIF."""

from spikeprune.errors import DataError
from spikeprune.plots.forming import film, forming
from spikeprune.plots.script import Drawing, Source, about_records, run


def draw(source: Source) -> list[Drawing]:
    """Draw each network that was followed and lost synapses; the first gets the plain name and the film."""
    chosen = [r for r in source.records if "forming/weights" in r.arrays and not r.arrays["forming/alive"].all()]
    if not chosen:
        raise DataError(
            "None of the networks has a record of a receptive field that is pruned, which a run folder does not "
            "keep: make one with 'python figures/record.py'."
        )
    drawings = []
    for number, record in enumerate(chosen):
        caption = (
            f"**A receptive field forms and is pruned.**  Neuron {int(record.array('forming/neuron'))} after so many "
            "images as stand above each frame; removed synapses are white.  Below: its remaining synapses, and its "
            "pruning threshold where the rule has one.  It is, of the quarter of the neurons that answer their class "
            "most purely, the one with the most spread weights."
        )
        name = "forming" if not number else f"forming-{record.label}"
        drawings.append(
            Drawing(name, forming(record), caption, about_records([record]), None if number else film(record))
        )
    return drawings


if __name__ == "__main__":
    run(draw, __file__)
