"""The network, and what the adaptive rule does at a pruning event, as a diagram made by code."""

from spikeprune.errors import DataError
from spikeprune.parameters import NetworkParameters
from spikeprune.plots.diagram import diagram
from spikeprune.plots.script import Drawing, Source, run
from spikeprune.pruning import AdaptivePruning


def draw(source: Source) -> list[Drawing]:
    """Draw the diagram, with the weights and an image of a record where there is one."""
    try:
        record = source.records[0]
        weights, digit = record.arrays.get("forming/weights"), record.arrays.get("mistakes/images")
    except DataError:
        weights = digit = None
    # A fifth of the way, when the field has formed and small weights are still many.
    chosen = None if weights is None else weights[len(weights) // 5].astype(float)
    p, rule = NetworkParameters(), AdaptivePruning().for_images(60_000)
    caption = (
        "**The network of Diehl & Cook (2015) and a pruning event.**  (a) Pixels become Poisson spikes of the "
        "inputs; every input has a plastic synapse to every excitatory neuron, each of which drives an inhibitory "
        "neuron of its own that inhibits all excitatory neurons but its partner.  Pruning removes synapses between "
        "input and excitatory neurons (dashed).  (b) The adaptive rule, this project's reading of Guo et al. (2020): "
        f"every {rule.interval:,} images the threshold of each neuron moves, as fast as the neuron is active, towards "
        "a share of the mean weight of its remaining synapses; smaller weights are removed for ever, and "
        "normalisation gives their strength to the rest.  Right: the weights of one neuron in descending order."
    )
    facts = {"Parameters": f"{p.inputs} inputs, presentation {p.presentation:g} ms; {rule.as_dict()}"}
    return [Drawing("network", diagram(chosen, None if digit is None else digit[0], p, rule), caption, facts)]


if __name__ == "__main__":
    run(draw, __file__)
