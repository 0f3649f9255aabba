"""Confusion matrix, misclassified digits, and one presentation: spikes and membranes."""

from spikeprune.plots.mistakes import mistakes
from spikeprune.plots.record import Record
from spikeprune.plots.script import Drawing, Source, about_records, run


def _errs(record: Record) -> bool:
    image = int(record.array("presentation/image"))
    return bool(record.array("presentation/answer")[0] != record.array("labels")[image])


def draw(source: Source) -> list[Drawing]:
    """Draw each network that has a recorded presentation; of several, the one that prunes and is most accurate."""
    removing = [record for record in source.records if not record.arrays["alive"].all()] or source.records
    # Shown alone, an image may be answered better than in the evaluation: prefer a network that errs both times.
    erring = [record for record in removing if _errs(record)] or removing
    record = max(erring, key=lambda record: record.evaluated[0]["accuracy"])
    image, attempts = int(record.array("presentation/image")), int(record.array("presentation/attempts")[0])
    caption = (
        "**What a pruned network confuses.**  (a) Answers to the test images of each class, in percent of the class.  "
        "(b) The first misclassified test images.  (c) One of them, shown to the frozen network: spikes of the "
        "inputs, of the excitatory and of the inhibitory neurons by their number, and the membrane potentials of "
        f"three neurons with their firing thresholds; test image {image}, presentation {attempts} of it."
    )
    return [Drawing("confusion", mistakes(record), caption, about_records([record]))]


if __name__ == "__main__":
    run(draw, __file__)
