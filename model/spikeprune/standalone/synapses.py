"""Synapses of regular layers, whose generated C++ code needs neither lists of indices nor a queue of events."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from brian2 import Quantity, Synapses, second
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.devices.device import get_device
from brian2.groups.subgroup import Subgroup
from brian2.synapses.synapses import SynapticPathway

from .codeobject import fast_code_object
from .generator import CREATION_TEMPLATE, DENSE_TEMPLATE, PAIRED_TEMPLATE
from .promises import Brian2CodeObject, checked, checks_promises
from .schedule import arrays_written

__all__ = ["DenseSynapses", "PairedSynapses"]

#: Brian2's own template of a pathway.
BRIAN2_TEMPLATE = "synapses"


class UndelayedPathway(SynapticPathway):
    """Pathway that reads the events of its source directly, without a queue of delayed events."""

    #: Event of the other side that limits the pathway to some of its neurons.
    only: str | None = None
    #: Condition without which a synapse is not changed.
    where: str | None = None
    abstract_code: str

    def create_code_objects(self, run_namespace: Mapping[str, Any]) -> None:
        codeobj_class = self.synapses._fast_class()
        if codeobj_class is None:
            super().create_code_objects(run_namespace)
            return
        if not self.synapses._connect_called:
            kind = self.synapses.__class__.__name__
            raise TypeError(f"{kind} '{self.synapses.name}' have no synapses yet: call connect() before run().")
        if checks_promises() and (self.only or self.where):
            self._create_checked(codeobj_class, run_namespace)
        else:
            self.code_objects[:] = [weakref.proxy(self._create_fast(codeobj_class, run_namespace))]

    def _create_fast(self, codeobj_class: type, run_namespace: Mapping[str, Any]) -> Any:
        self.codeobj_class = codeobj_class
        self.template = self.synapses.pathway_template
        self.needed_variables = [self.eventspace_name]
        self.template_kwds["eventspace_variable"] = self.source.variables[self.eventspace_name]
        self.template_kwds |= {"only_variable": None, "blocks": self.synapses.blocks}
        if self.only is not None:
            name = f"_{self.only}space"
            # Under this name, the variable is not taken for the event space of the pathway itself.
            self.variables.add_reference("_only_space", self.target, name)
            self.needed_variables.append("_only_space")
            self.template_kwds["only_variable"] = self.target.variables[name]
        return self.create_default_code_object(run_namespace)

    def _create_checked(self, codeobj_class: type, run_namespace: Mapping[str, Any]) -> None:
        self.codeobj_class, self.template, self.needed_variables = Brian2CodeObject, BRIAN2_TEMPLATE, []
        super().create_code_objects(run_namespace)
        (push, _), theirs = self.code_objects, self.codeobj
        changed = {name: name for name in arrays_written(self).values()}
        ours = self._create_fast(codeobj_class, run_namespace)
        promises = [f"only={{'{self.objname}': '{self.only}'}}"] if self.only else []
        promises += [f"where={{'{self.objname}': '{self.where}'}}"] if self.where else []
        promise = f"The promise {' or '.join(promises)} of {self.synapses.__class__.__name__} '{self.synapses.name}'"
        self.code_objects[:] = [push, *checked(self, theirs, ours, promise, changed, run_namespace)]

    def update_abstract_code(self, run_namespace: Mapping[str, Any] | None = None, level: int = 0) -> None:
        super().update_abstract_code(run_namespace, level=level + 1)
        if self.where is not None and self.template == DENSE_TEMPLATE:
            self.abstract_code = f"_where = {self.where}\n{self.abstract_code}"


class RegularSynapses(Synapses):
    """Synapses between two whole groups in a pattern that needs no list of indices, without delays."""

    codeobj_class: Any
    #: Template of the pathways where Brian2's own are replaced.
    pathway_template: str
    #: How the neurons are connected, in words and as the argument `j` of `Synapses.connect`.
    pattern: str
    pattern_j: str | None
    #: Number of blocks, whose neurons are connected to those of the same block only.
    blocks = 1

    def __init__(
        self,
        source: Any,
        target: Any = None,
        *args: Any,
        delay: Quantity | Mapping[str, Quantity] | None = None,
        **kwds: Any,
    ) -> None:
        kind = type(self).__name__
        for role, group in [("source", source), ("target", source if target is None else target)]:
            if isinstance(group, Subgroup | Synapses):
                raise TypeError(
                    f"The {role} of {kind} is a {type(group).__name__}, but must be a whole group: "
                    "connect the group itself or use Synapses."
                )
        delays = delay.values() if isinstance(delay, Mapping) else [] if delay is None else [delay]
        if any(value != 0 * second for value in delays):
            raise TypeError(f"{kind} were given the delay {delay}, but have none: use Synapses.")
        super().__init__(source, target, *args, **kwds)

    def _pathway_names(self) -> list[str]:
        return [pathway.objname for pathway in self._pathways]

    def _add_updater(
        self, code: str, prepost: str, objname: str | None = None, delay: None = None, event: str = "spike"
    ) -> str:
        name: str = super()._add_updater(code, prepost, objname, delay=0 * second, event=event)
        pathway = getattr(self, name)
        # Synapses names the class of its pathways in this method, so it is exchanged afterwards.
        pathway.__class__ = UndelayedPathway
        pathway.variables["delay"].read_only = True
        return name

    def connect(
        self,
        condition: str | bool | None = None,
        i: Any = None,
        j: Any = None,
        p: float | str = 1.0,
        n: int | str = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, Any] | None = None,
        level: int = 0,
    ) -> None:
        """Create the synapses, all at once.

        Parameters
        ----------
        condition : {None, True, "True"}
            True only for `DenseSynapses`.
        i : None
        j : {None, "i"}
            ``"i"`` only for `PairedSynapses`.
        p, n : 1
        skip_if_invalid, namespace, level
            As in `Synapses.connect`.

        Raises
        ------
        TypeError
            If called a second time, or with arguments that mean another pattern.
        """
        kind = type(self).__name__
        allowed = (None,) if self.pattern_j else (None, True, "True")
        if condition not in allowed or i is not None or j not in (None, self.pattern_j) or p != 1 or n != 1:
            raise TypeError(f"{kind} are connected {self.pattern} by connect() without arguments: use Synapses.")
        if self._connect_called:
            raise TypeError(f"{kind} '{self.name}' are already connected: call connect() once.")
        super().connect(j=self._targets(), skip_if_invalid=skip_if_invalid, namespace=namespace, level=level + 1)

    def _targets(self) -> str | None:
        """Return the targets of a neuron, as Brian2's argument `j`."""
        return self.pattern_j

    def _add_synapses_generator(self, *args: Any, namespace: Mapping[str, Any] | None = None, **kwds: Any) -> None:
        fast = self._fast_class()
        template, made_by = getattr(get_device(), "regular_creation", (CREATION_TEMPLATE, fast))
        if made_by is None:
            super()._add_synapses_generator(*args, namespace=namespace, **kwds)
            return
        create = create_runner_codeobj(
            self, "", template, name=f"{self.name}_{template}_codeobject*", check_units=False,
            run_namespace=namespace, codeobj_class=made_by,
        )  # fmt: skip
        create()

    def _fast_class(self) -> type | None:
        """Return the class of this package's code objects, unless the user chose another or the device has none."""
        return fast_code_object() if self.codeobj_class in (None, fast_code_object()) else None


class DenseSynapses(RegularSynapses):
    """Synapses from every neuron of one group to every neuron of another, without delays.

    They are used like `~brian2.synapses.synapses.Synapses`, and on most devices they are nothing else.  In C++
    standalone mode without OpenMP, synapse number ``i * N_post + j`` is known to connect neuron ``i`` to neuron ``j``,
    so that no index is loaded and no event is queued, and the compiler vectorises the loops.

    Parameters
    ----------
    source : `SpikeSource`
        A whole group of fixed size, not a subgroup or other synapses.
    target : `Group`, optional
        Likewise; the source itself if not given.
    only : dict of str to str, optional
        Name of a pathway to an event of the neurons at its other end: a promise that the pathway's statements change
        nothing at neurons for which this event does not occur in the same time step, so that they may be left out.
    where : dict of str to str, optional
        Name of a pathway to a condition: a promise that the pathway's statements change nothing at synapses for which
        it does not hold, so that they may be left out.
    blocks : int, optional
        Both groups consist of so many parts of equal size, and neurons of a part are connected to all of the same part
        of the other group only: several networks side by side.  Synapses are numbered row by row as ever.
    *args, **kwds
        Passed on to `Synapses`, except that `delay` can only be zero.

    Raises
    ------
    TypeError
        If source or target are no whole group, a delay is given, or a limit for a pathway or to an event that does not
        exist; and in `connect` if the connections asked for are not all-to-all.

    Notes
    -----
    Statements whose result depends on the order in which synapses are visited (Brian2 warns of them) keep Brian2's
    order.  All others give the same numbers in either order, bit by bit unless the compiler is allowed to reassociate
    (``-ffast-math``), since every sum is accumulated in ascending order of neurons.  In single precision, constants are
    floats as in NumPy, where Brian2's C++ code computes in double precision.

    Pathways hold one delay of zero instead of one number a synapse; it cannot be set.
    """

    pathway_template = DENSE_TEMPLATE
    pattern, pattern_j = "all-to-all", None

    def __init__(
        self,
        source: Any,
        target: Any = None,
        *args: Any,
        only: Mapping[str, str] | None = None,
        where: Mapping[str, str] | None = None,
        blocks: int = 1,
        **kwds: Any,
    ) -> None:
        self.blocks = blocks
        for role, group in [("source", source), ("target", source if target is None else target)]:
            if blocks > 1 and len(group) % blocks:
                raise TypeError(
                    f"The {role} of DenseSynapses has {len(group)} neurons, which are no {blocks} blocks of equal "
                    "size: give a multiple."
                )
        super().__init__(source, target, *args, **kwds)
        for pathway, event in (only or {}).items():
            if pathway not in self._pathway_names() or event not in getattr(self, pathway).target.events:
                raise TypeError(
                    f"DenseSynapses '{self.name}' cannot limit the pathway '{pathway}' to the event '{event}': name a "
                    "pathway and an event of the neurons at its other end."
                )
            getattr(self, pathway).only = event
        for pathway, condition in (where or {}).items():
            if pathway not in self._pathway_names():
                raise TypeError(
                    f"DenseSynapses '{self.name}' cannot limit the pathway '{pathway}', which they do not have: name "
                    f"one of {', '.join(self._pathway_names())}."
                )
            getattr(self, pathway).where = condition

    def _targets(self) -> str | None:
        if self.blocks == 1:
            return None
        rows, columns = len(self.source) // self.blocks, len(self.target) // self.blocks
        return f"k for k in range(i//{rows}*{columns}, (i//{rows} + 1)*{columns})"


class PairedSynapses(RegularSynapses):
    """Synapses from each neuron of one group to the neuron of the same number in another, without delays.

    They are to ``connect(j="i")`` what `DenseSynapses` are to ``connect()``: the same network as with `Synapses` on
    every device, and in C++ standalone mode one short loop over the events.

    Parameters
    ----------
    source, target, *args, **kwds
        As in `DenseSynapses`; both groups have the same size.

    Raises
    ------
    TypeError
        As `DenseSynapses`; and if the groups differ in size.
    """

    pathway_template = PAIRED_TEMPLATE
    pattern, pattern_j = "one-to-one", "i"

    def __init__(self, source: Any, target: Any = None, *args: Any, **kwds: Any) -> None:
        if target is not None and len(source) != len(target):
            raise TypeError(
                f"PairedSynapses connect neurons of the same number, but the source has {len(source)} and the target "
                f"{len(target)}: use Synapses."
            )
        super().__init__(source, target, *args, **kwds)
