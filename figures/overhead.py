"""What the pruning scheme itself costs: time, operations, energy, memory, area."""

from spikeprune.plots.looks import rule_text
from spikeprune.plots.script import Drawing, Source, run
from spikeprune.plots.speed import overhead

COMMAND = 'make overhead ARGS="--neurons 400 --images 8000 --rounds 4 --json results/figures/overhead.json"'


def draw(source: Source) -> list[Drawing]:
    """Draw the benchmark's numbers."""
    document = source.documents("overhead.json", COMMAND)[0]
    caption = (
        "**What the pruning scheme itself costs.**  (a) Wall time of whole trainings in turn, as ratios within a "
        "round (median and each round): a rule that has not begun, a rule that does all its work but removes "
        "nothing, and one that prunes, against training without a rule.  (b) What the rule adds, as a share of "
        "training without it: operations are counted; energy, memory and area are estimates for 45 nm hardware from "
        "published figures."
    )
    facts = {
        "Networks": f"{document['data']}, {document['neurons']} neurons, {document['estimated']['images']:,} images, "
        f"{document['rounds']} rounds, {rule_text(document['rule'])}, seed 0",
        "Assumptions of the estimates": " ".join(document["assumptions"]),
        "Measured by": f"`{COMMAND}` on {document['provenance']['processor']}",
    }
    return [Drawing("overhead", overhead(document), caption, facts)]


if __name__ == "__main__":
    run(draw, __file__)
