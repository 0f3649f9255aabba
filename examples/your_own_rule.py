"""A pruning rule of one's own, outside the package: train, save, load again, compare with no pruning.

    python examples/your_own_rule.py    # compiles (half a minute) and runs

The commands take the rule from this file as well:

    spikeprune train --data digits --rule ./examples/your_own_rule.py:MaturePruning --set share=0.8 --out runs/mature
    spikeprune show runs/mature

How to write a rule, with everything that its strings may name: docs/rules.md.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

import spikeprune as sp
from spikeprune.pruning import REMOVE, PruningState


@dataclass(frozen=True)
class MaturePruning(sp.PruningRule):
    """Remove the weak synapses of neurons that have fired often enough, and leave young neurons alone.

    A neuron needs its inputs until its receptive field has formed.  From `mature` spikes on, synapses go that are
    weaker than a share of the neuron's mean weight::

        h_j  =  share * W_j / n_j  if  age_j >= mature,  else 0
        remove every synapse i -> j with w_ij < h_j
    """

    share: float = 0.6  # of the mean weight
    mature: int = 30  # spikes
    start: int = 0  # images before the first pruning event
    interval: int = 50  # images between two of them

    name: ClassVar[str] = "mature"
    variables = """
    age : 1  # spikes since training began
    h   : 1  # threshold h_j
    """
    on_spike = "age += 1"
    update_neurons = "h = share*total/clip(fan_in, 1, 1e9)*int(age >= mature)"
    update_synapses = REMOVE.format(criterion="w < h_post")
    threshold = "h"

    def reference(self, state: PruningState) -> None:
        """Do the same in NumPy: what tests hold the strings against."""
        age, h = state.neurons["age"], state.neurons["h"]
        h[:] = self.share * state.total / state.fan_in.clip(1) * (age >= self.mature)
        state.remove(state.w < h)

    def initial(self, neurons: int) -> dict[str, np.ndarray]:
        """Return the variables that are remembered from event to event, with their initial values."""
        return {"age": np.zeros(neurons), "h": np.zeros(neurons)}


def main() -> None:
    """Train with the rule and without, store the runs, load them again and compare."""
    data, rule = sp.Dataset.load("digits"), MaturePruning()
    # With a threshold of 0 the rule removes nothing, and needs no program of its own.
    rules = {"unpruned": replace(rule, share=0.0), "mature": rule}
    with tempfile.TemporaryDirectory() as folder:
        for name, each in rules.items():
            sp.train(data, each, neurons=50, seed=0, folder=Path(folder) / name).evaluate()
        for name in rules:
            run = sp.load(Path(folder) / name, data)
            training, inference = run.counts.per_image(), run.evaluation.counts.per_image()
            print(
                f"{name}: {run.evaluation.accuracy:.1f} % correct, {100 * (1 - run.alive.mean()):.1f} % removed, "
                f"SOPs per image {training['training_sops']:,.0f} in training and "
                f"{inference['inference_sops']:,.0f} in inference"
            )


if __name__ == "__main__":
    main()
