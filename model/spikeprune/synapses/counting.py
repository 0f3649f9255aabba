"""Synaptic operations of any Brian2 synapses, counted exactly.

A *transmission* is a pathway that ran at a synapse and changed a variable of a neuron; an *update* is one that assigned
the weight.  Every run of a pathway at a synapse adds one, with any topology and any delays.  Between whole groups
without delays, where the pathway of a spike runs at all synapses of its neuron, their number times the spikes is the
same count for nothing (:func:`spikeprune.fans.fan_operations`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import NeuronGroup, Synapses
from brian2.groups.subgroup import Subgroup
from brian2.synapses.synapses import SynapticPathway

from spikeprune.errors import ParameterError
from spikeprune.synapses.masks import PREFIX, assigned

__all__ = ["OperationCounter", "SynapticOperations", "count_operations", "outside", "whole"]


@dataclass(frozen=True)
class SynapticOperations:
    """Synaptic operations of one `Synapses` object.

    Attributes
    ----------
    transmissions : int
        Of all pathways.
    updates : dict of str to int
        Updates of the weight, by pathway.
    """

    transmissions: int
    updates: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Transmissions and updates together."""
        return self.transmissions + sum(self.updates.values())

    def as_dict(self) -> dict[str, Any]:
        """Return the counts, for JSON."""
        return {"transmissions": self.transmissions, "updates": dict(self.updates), "total": self.total}


def whole(group: Any) -> Any:
    """Return the group that a subgroup is a part of, or the group itself."""
    return group.source if isinstance(group, Subgroup) else group


def outside(synapses: Synapses, name: str) -> bool:
    """Whether a name in the statements of `synapses` is a variable of one of the neurons."""
    return synapses.variables.indices[name] not in ("_idx", "0") if name in synapses.variables else False


def kinds(synapses: Synapses, code: str, weight: str | None) -> set[str]:
    """Return what the statements of a pathway are: ``transmissions``, ``updates``, both or neither."""
    names = assigned(code)
    found = {"updates"} if weight in names else set()
    return found | ({"transmissions"} if any(outside(synapses, name) for name in names) else set())


class OperationCounter:
    """Counts the operations of a `Synapses` object while it runs; made by :func:`count_operations`.

    Its attributes are those of :class:`SynapticOperations`, up to date after every run, and after ``device.build``.

    Parameters
    ----------
    synapses : brian2.Synapses
    counted : iterable of (SynapticPathway, str, str)
        A pathway, the kind of operation that it is, and how many of them (an expression) a run at a synapse is.
    """

    def __init__(self, synapses: Any, counted: Iterable[tuple[SynapticPathway, str, str]]) -> None:
        counted = list(counted)
        #: Kind and pathway to the variable of `neurons` that counts it.
        self._variables = {(kind, pathway.objname): f"{pathway.objname}_{kind}" for pathway, kind, _ in counted}
        names = list(self._variables.values())
        self._neurons = NeuronGroup(
            len(whole(synapses.target)), "".join(f"{name} : integer\n" for name in names),
            dtype=dict.fromkeys(names, np.int64), clock=synapses.clock, namespace={},
            name=f"{synapses.name}_operations*",
        )  # fmt: skip
        synapses.contained_objects.append(self._neurons)
        for pathway, kind, amount in counted:
            name = self._variables[kind, pathway.objname]
            reference = f"{PREFIX}{self._neurons.name}_{name}_post"
            for variables in (synapses.variables, pathway.variables):
                variables.add_reference(reference, self._neurons, name, index="_postsynaptic_idx")
            pathway.code = f"{pathway.code}\n{reference} += {amount}"

    @property
    def transmissions(self) -> int:
        """Transmissions of all pathways so far."""
        return self.snapshot().transmissions

    @property
    def updates(self) -> dict[str, int]:
        """Updates of the weight so far, by pathway."""
        return dict(self.snapshot().updates)

    @property
    def total(self) -> int:
        """Transmissions and updates together."""
        return self.snapshot().total

    def as_dict(self) -> dict[str, Any]:
        """Return the counts, for JSON."""
        return self.snapshot().as_dict()

    def snapshot(self) -> SynapticOperations:
        """Return the counts as they are now."""
        values = {
            key: int(np.sum(self._neurons.variables[name].get_value(), dtype=np.int64))
            for key, name in self._variables.items()
        }
        return SynapticOperations(
            sum(value for (kind, _), value in values.items() if kind == "transmissions"),
            {pathway: value for (kind, pathway), value in values.items() if kind == "updates"},
        )

    def __repr__(self) -> str:
        return f"<OperationCounter of {self._neurons.name}>"


def count_operations(synapses: Synapses, weight: str | None = "w") -> OperationCounter:
    """Count the synaptic operations of any `Synapses`, without a rule.

    Parameters
    ----------
    synapses : brian2.Synapses
        Already created, connected or not, with any topology and any delays; its pathways are counted from the next run
        on.
    weight : str, optional
        The variable whose assignments are updates; by default ``w`` where there is one.

    Returns
    -------
    OperationCounter

    Raises
    ------
    ParameterError
        If this is no `Synapses` object or one that counts for itself (`PrunedSynapses`); if it has no pathway, or no
        variable of that name other than the default.

    Examples
    --------
    >>> from brian2 import NeuronGroup, Synapses, ms, run
    >>> P = NeuronGroup(2, "dv/dt = 100*Hz : 1", threshold="v > 1", reset="v = 0", method="euler")
    >>> G = NeuronGroup(3, "g : 1")
    >>> S = Synapses(P, G, on_pre="g_post += 1")
    >>> S.connect()
    >>> operations = count_operations(S)
    >>> run(25 * ms)  # both neurons fire twice
    >>> operations.transmissions
    12
    """
    if not isinstance(synapses, Synapses):
        raise ParameterError(f"{synapses!r} is a {type(synapses).__name__}: give Synapses, whose operations count.")
    if hasattr(synapses, "operations"):
        # Among the pathways of pruned synapses are those of the rule, which are no operations.
        raise ParameterError(f"The synapses '{synapses.name}' count for themselves: read their operations().")
    if weight is not None and weight not in synapses.variables:
        if weight != "w":
            raise ParameterError(f"The synapses '{synapses.name}' have no variable '{weight}': name their weight.")
        weight = None
    if not synapses._pathways:
        raise ParameterError(f"The synapses '{synapses.name}' have neither on_pre nor on_post: nothing can be counted.")
    found = ((pathway, sorted(kinds(synapses, pathway.code, weight))) for pathway in synapses._pathways)
    return OperationCounter(synapses, ((pathway, kind, "1") for pathway, each in found for kind in each))
