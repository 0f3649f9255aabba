"""Estimate what a pruning rule itself costs in hardware: memory, operations, energy and area.

All of it is an *estimate*: operations and variables are read from the rule's own strings, the number of pruning events,
spikes and removed synapses are those of a run, and prices are published figures for 45-nm CMOS.  Nothing was built.
What the estimate assumes is in `ASSUMPTIONS`, to be printed beside it.

References
----------
.. [1] M. Horowitz, Computing's energy problem (and what we can do about it), ISSCC Digest of Technical Papers, 10-14
   (2014): energy of arithmetic and of an 8-kB SRAM, through :data:`spikeprune.prices.PRICES`.
.. [2] V. Sze, Y.-H. Chen, T.-J. Yang and J. S. Emer, Efficient processing of deep neural networks: a tutorial and
   survey, Proceedings of the IEEE 105(12):2295-2329 (2017), which sets areas of operators synthesised in 45 nm beside
   the energies of [1].
.. [3] K. Mistry et al., A 45nm logic technology with high-k+metal gate transistors, strained silicon, 9 Cu interconnect
   layers, 193nm dry patterning, and 100% Pb-free packaging, IEDM Technical Digest, 247-250 (2007): cell of an SRAM.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from spikeprune.operations import OperationCounts
from spikeprune.prices import PRICES
from spikeprune.pruning.base import PruningRule

__all__ = ["AREA", "ASSUMPTIONS", "Memory", "Tally", "area", "extra_memory", "scheme_operations", "training_tally"]

#: Area in µm² at 45 nm: operators of 32 bits [2], one bit of a six-transistor SRAM without its periphery [3].
AREA: Mapping[str, float] = MappingProxyType(
    {"float32-add": 4184.0, "float32-multiply": 7700.0, "int32-add": 137.0, "sram-bit": 0.346}
)

ASSUMPTIONS = (
    "Numbers have 32 bits and are read and written in an SRAM of 8 kB; a write costs what a read costs.  A larger "
    "memory costs more for each access, of the scheme and of the synapses alike.",
    "A comparison costs a floating-point addition; a division costs 5 multiplications and 2 additions (two steps of "
    "Newton and Raphson from a table).",
    "At a pruning event every existing synapse is read twice, for the sum of its neuron and for the comparison.",
    "Of training, only what synapses do is priced: reading, adding, updating and writing weights on spikes.  Neurons, "
    "traces, normalisation, routing, control, clock and leakage are left out: the share of the scheme is overstated.",
    "The scheme has operators of its own, one of each kind, shared by all neurons; training has one adder and one "
    "multiplier.  Areas leave out wiring, control and the periphery of memories.",
)

#: Variables that all networks of this package have for the sake of pruning.
SUPPORT = ("plastic.alive", "plastic.plastic", "incoming.fan_in")


@dataclass(frozen=True)
class Tally:
    """Operations by kind; a Tally can be added to another and multiplied by a number.

    Attributes
    ----------
    additions, multiplications, divisions, comparisons : float
        In floating point.
    increments : float
        Integer additions.
    accesses : float
        Numbers read from or written to memory.
    """

    additions: float = 0
    multiplications: float = 0
    divisions: float = 0
    comparisons: float = 0
    increments: float = 0
    accesses: float = 0

    def __add__(self, other: Tally) -> Tally:
        mine, yours = asdict(self), asdict(other)
        return Tally(**{name: mine[name] + yours[name] for name in mine})

    def __mul__(self, factor: float) -> Tally:
        return Tally(**{name: value * factor for name, value in asdict(self).items()})

    @property
    def arithmetic(self) -> float:
        """All operations but the accesses to memory."""
        return sum(asdict(self).values()) - self.accesses

    @property
    def joule(self) -> float:
        """Energy at the prices of Horowitz (2014), in J."""
        price = {
            name: PRICES[f"45nm-{name}"].picojoule_per_sop
            for name in ("float32-add", "float32-multiply", "int32-add", "sram-read")
        }
        division = 5 * price["float32-multiply"] + 2 * price["float32-add"]
        return 1e-12 * (
            (self.additions + self.comparisons) * price["float32-add"]
            + self.multiplications * price["float32-multiply"]
            + self.divisions * division
            + self.increments * price["int32-add"]
            + self.accesses * price["sram-read"]
        )


def _code_tally(code: str, variables: set[str]) -> Tally:
    """Count the operations of Brian2 statements, and their accesses to `variables`: each read and written once."""
    kinds = {ast.Add: "additions", ast.Sub: "additions", ast.Mult: "multiplications", ast.Div: "divisions"}
    count = dict.fromkeys(asdict(Tally()), 0)
    read: set[str] = set()
    written: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.BinOp | ast.AugAssign):
            count[kinds[type(node.op)]] += 1
        elif isinstance(node, ast.Compare):
            count["comparisons"] += len(node.ops)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "clip":
            count["comparisons"] += 2
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)
        if isinstance(node, ast.Name):
            (written if isinstance(node.ctx, ast.Store) else read).add(node.id)
    count["accesses"] = len(read & variables) + len(written & variables)
    return Tally(**count)


def _names(equations: str) -> set[str]:
    return {line.split(":")[0].strip() for line in equations.splitlines() if ":" in line}


def scheme_operations(
    rule: PruningRule, neurons: int, alive_before: Sequence[int], removed: int, spikes: int
) -> dict[str, Tally]:
    """Count what a rule does besides training, from its strings and the events of a run.

    Parameters
    ----------
    rule : PruningRule
    neurons : int
        Excitatory neurons.
    alive_before : sequence of int [pruning events]
        Existing synapses when each event began.
    removed : int
        Synapses removed in all.
    spikes : int
        Excitatory spikes in all.

    Returns
    -------
    dict of str to Tally
        ``spikes``, ``sums`` of the weights of each neuron, ``thresholds``, ``comparisons`` of weights, ``removals``.
    """
    own = _names(rule.variables)
    criterion = next(
        (line for line in rule.update_synapses.splitlines() if line.startswith(("removed =", "frozen ="))), ""
    )
    visited = sum(alive_before)
    on_spike = _code_tally(rule.on_spike, own)
    # Spikes are counted in integers, by each neuron as its rule says and once more for the population mean.
    population = "interval_spikes" in rule.update_neurons
    counting = Tally(increments=on_spike.additions + population, accesses=on_spike.accesses)
    per_neuron = _code_tally(rule.update_neurons, own | {"total", "fan_in"})
    return {
        "spikes": counting * spikes,
        "sums": Tally(additions=1, accesses=1) * (visited if "total" in rule.update_neurons else 0),
        "thresholds": per_neuron * (neurons * len(alive_before)),
        "comparisons": (_code_tally(criterion, set()) + Tally(accesses=1)) * visited,
        # The synapse is marked, and its neuron has one fewer.
        "removals": Tally(increments=1, accesses=3) * removed,
    }


def training_tally(counts: OperationCounts) -> Tally:
    """Count the arithmetic and memory accesses of the synaptic operations of training.

    A transmission from the input reads a weight and adds it; those between excitatory and inhibitory neurons add one
    constant; an update multiplies, adds and writes, and on an excitatory spike it has to read first.
    """
    lateral = counts.excitatory_to_inhibitory + counts.inhibitory_to_excitatory
    return (
        Tally(additions=1, accesses=1) * counts.input_to_excitatory
        + Tally(additions=1) * lateral
        + Tally(additions=1, multiplications=1, accesses=1) * counts.updates_on_input_spikes
        + Tally(additions=1, multiplications=1, accesses=2) * counts.updates_on_excitatory_spikes
    )


@dataclass(frozen=True)
class Memory:
    """Extra memory in bits.

    Attributes
    ----------
    per_neuron, per_synapse : dict of str to int
        Bits of each variable.
    shared : int
        Bits that all neurons share: parameters.
    """

    per_neuron: Mapping[str, int]
    per_synapse: Mapping[str, int]
    shared: int = 0

    def total(self, neurons: int, inputs: int) -> int:
        """Bits of a network."""
        return neurons * (sum(self.per_neuron.values()) + inputs * sum(self.per_synapse.values())) + self.shared


def extra_memory(
    rule: PruningRule, layout: Mapping[str, tuple[Any, int]], plain: Mapping[str, tuple[Any, int]], most_spikes: int,
    weight_bits: int = 32,
) -> dict[str, Memory]:  # fmt: skip
    """Compare the variables of a network under a rule with those of the same network without one.

    Parameters
    ----------
    rule : PruningRule
    layout, plain : mapping of str to (dtype, int)
        Variables of the two programs (``Program.layout | Program.given``).
    most_spikes : int
        Largest spike count that a counter of the rule has to hold.
    weight_bits : int
        Bits of a weight in hardware; thresholds are as wide.

    Returns
    -------
    dict of str to Memory
        ``program``: what this package's program holds, flags and counts that all its networks have for the sake of
        pruning included.  ``hardware``: what a chip would need: thresholds as wide as weights, spike counters as wide
        as their largest count, the number of existing synapses, and one bit to mark a synapse as removed.
    """
    neurons, synapses = layout["incoming.fan_in"][1], layout["plastic.w"][1]
    added = {name: layout[name] for name in layout if name not in plain or name in SUPPORT}
    bits = {name: (8 * dtype.itemsize, size) for name, (dtype, size) in added.items()}
    program = Memory(
        {name: width for name, (width, size) in bits.items() if size == neurons},
        {name: width for name, (width, size) in bits.items() if size == synapses},
        sum(width * size for width, size in bits.values() if size not in (neurons, synapses)),
    )
    own, counters = _names(rule.variables), _names_written(rule.on_spike)
    hardware = {name: most_spikes.bit_length() if name in counters else weight_bits for name in sorted(own)}
    if "fan_in" in rule.update_neurons:
        hardware["fan_in"] = (synapses // neurons).bit_length()
    return {"program": program, "hardware": Memory(hardware, {"removed": 1})}


def _names_written(code: str) -> set[str]:
    names = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def area(memory: Memory, neurons: int, inputs: int, weight_bits: int = 32) -> dict[str, float]:
    """Estimate the area of a rule's memory and operators, and of the weights and operators of training, in µm².

    Returns
    -------
    dict of str to float
        ``memory`` and ``operators`` of the scheme, ``training`` for comparison, and ``share``: scheme / training.
    """
    scheme = memory.total(neurons, inputs) * AREA["sram-bit"]
    # An adder, a multiplier, a comparator (priced as an adder) and a counter.
    operators = 2 * AREA["float32-add"] + AREA["float32-multiply"] + AREA["int32-add"]
    weights = neurons * inputs * weight_bits * AREA["sram-bit"]
    training = weights + AREA["float32-add"] + AREA["float32-multiply"]
    return {"memory": scheme, "operators": operators, "training": training, "share": (scheme + operators) / training}
