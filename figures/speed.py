"""Time and memory of training over network size: this package, peers, and a hand-written program."""

from spikeprune.plots.script import Drawing, Source, run
from spikeprune.plots.speed import speeds

COMMAND = 'make bench ARGS="--neurons N --json results/figures/bench-nN.json"'


def draw(source: Source) -> list[Drawing]:
    """Draw the benchmark's numbers of all sizes."""
    documents = source.documents("bench-*.json", COMMAND)
    caption = (
        "**Time and memory of training over network size.**  Wall time of one presentation, unpruned, on MNIST, "
        "median and range over rounds, and the largest memory of any process.  A presentation is 350 ms of model "
        "time at dt = 0.5 ms unless it is said otherwise.  The floor is the same network written by hand for one "
        "core (`benchmarks/floor.cpp`)."
    )
    machines = dict.fromkeys(
        f"{d['machine']['processor']}, {d['machine']['cpus']} cores, Python {d['python']}" for d in documents
    )
    rounds = ", ".join(f"N = {d['neurons']}: {len(d['rounds']) or 'quoted from ' + d['quoted']}" for d in documents)
    return [
        Drawing(
            "speed",
            speeds(documents),
            caption,
            {"Machine": "; ".join(machines), "Rounds": rounds, "Measured by": f"`{COMMAND}`"},
        )
    ]


if __name__ == "__main__":
    run(draw, __file__)
