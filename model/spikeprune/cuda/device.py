"""A CUDA standalone device whose programs give the same numbers in any order of threads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brian2 import prefs
from brian2.codegen.codeobject import CodeObject
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.functions import Function
from brian2.core.operations import NetworkOperation
from brian2.core.variables import ArrayVariable, Variable
from brian2.devices.device import all_devices
from brian2cuda.codeobject import CUDAStandaloneCodeObject
from brian2cuda.device import CUDAStandaloneDevice

from ..standalone import DenseSynapses, PairedSynapses
from .access import pathway_unit, writes_apart
from .codeobject import TEMPLATES, OrderedCUDACodeObject, common_definitions

__all__ = ["ORDERED_DEVICE", "OrderedCUDADevice", "Rhythm"]

#: Name for `set_device`.
ORDERED_DEVICE = "cuda_standalone_ordered"

#: Templates whose kernels are launched with the same parameters in every time step, but for the time.
REPEATABLE = {TEMPLATES[name] for name in TEMPLATES} - {"ordered_generator"}

#: Functions that brian2cuda provides with numbers of a buffer, which pathways do not have.
RANDOM = ("rand", "randn", "poisson")

_DEFINED = re.compile(r"^\s*#\s*define\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Rhythm:
    """What the host knows about the time steps of a program: a promise of the model.

    Attributes
    ----------
    period : int
        Number of time steps after which everything comes again; the run begins with step 0 of a period.
    phases : dict of (str, str) to int
        Group and event to the only step of the period in which the event can occur.
    stop : ArrayVariable, optional
        Integer variable that is not 0 after the last step of a period where the program shall end.
    """

    period: int
    phases: Mapping[tuple[str, str], int] = field(default_factory=dict)
    stop: ArrayVariable | None = None


class _Collector:
    """Takes files as brian2cuda's writer does, so that they can be changed."""

    def __init__(self) -> None:
        self.files: dict[str, Any] = {}

    def write(self, filename: str, contents: Any) -> None:
        self.files[filename] = contents


class OrderedCUDADevice(CUDAStandaloneDevice):
    """brian2cuda's device with ordered events and sums without atomics.

    Attributes
    ----------
    rhythm : Rhythm or None
        Set it before the network runs; None where nothing is known.
    part : int
        Neurons that a block of threads looks through for events, in a group of more than four times as many.
    room : tuple of int
        Time steps for which a monitor makes room, at least (in very large groups) and at most.

    Notes
    -----
    Code objects with templates of this package become one source file, which the compiler reads in a tenth of the
    time that one file each would take.
    """

    part = 1024
    room = (64, 1024)
    #: Template and code object that make synapses in a known pattern.
    regular_creation = ("ordered_create", OrderedCUDACodeObject)

    def __init__(self) -> None:
        super().__init__()
        self.rhythm: Rhythm | None = None
        self._varying: set[str] = set()

    def reinit(self) -> None:
        self.rhythm = None
        self._varying = set()
        super().reinit()

    def code_object(
        self,
        owner: Any,
        name: str,
        abstract_code: dict[str, str],
        variables: dict[str, Any],
        template_name: str,
        variable_indices: Mapping[str, str],
        codeobj_class: type[CodeObject] | None = None,
        template_kwds: Mapping[str, Any] | None = None,
        **kwds: Any,
    ) -> CodeObject:
        ours = template_name in TEMPLATES
        ours = ours and codeobj_class in (None, CUDAStandaloneCodeObject, OrderedCUDACodeObject)
        if ours:
            keywords = dict(template_kwds or {})
            if template_name == "synapses":
                keywords |= self._pathway_keywords(keywords["pathway"], abstract_code, variables, variable_indices)
            else:
                keywords["apart"] = writes_apart(abstract_code, variables, variable_indices)
                keywords["number"] = self._number(owner)
                # Each run has code objects of its own; what lasts is known by the name of the Brian2 object.
                keywords["lasting"] = getattr(owner, "name", name)
            keywords |= self._rhythm_keywords(owner, keywords.get("eventspace_variable"))
            keywords["device"] = self
            template_name, codeobj_class, template_kwds = TEMPLATES[template_name], OrderedCUDACodeObject, keywords
        made = super().code_object(
            owner, name, abstract_code, variables, template_name, variable_indices,
            codeobj_class=codeobj_class, template_kwds=template_kwds, **kwds,
        )  # fmt: skip
        if template_name not in REPEATABLE or (template_kwds or {}).get("pattern") == "any":
            self._varying.add(made.name)
        return made

    def network_run(self, net: Any, *args: Any, **kwds: Any) -> None:
        refused = [made.name for made in net.sorted_objects if isinstance(made, NetworkOperation)]
        if refused:
            raise NotImplementedError(
                f"The network operation '{refused[0]}' is Python code, which cannot be part of a CUDA program: write "
                "it with run_regularly or an event, or run the network with Brian2's runtime device."
            )
        super().network_run(net, *args, **kwds)

    @property
    def repeats(self) -> bool:
        """Whether steps in which no event of the rhythm occurs launch the same, with the same parameters but the time.

        All code objects must be known.
        """
        each_step = [made for made in self.code_objects.values() if made.runs_every_tick]
        clocks = {clock for network in self.networks for clock in network._clocks}
        return (
            self.rhythm is not None
            and clocks == {self.defaultclock}
            and not any(made.name in self._varying or any(made.rng_calls.values()) for made in each_step)
        )

    def parts(self, neurons: int) -> int:
        """Return into how many parts a group is cut where its events are looked for."""
        return -(-neurons // self.part) if neurons > 4 * self.part else 1

    def _number(self, owner: Any) -> str:
        """Number of elements of a group, in C++ on the host."""
        number = owner.variables.get("N")
        return f"{self.get_array_name(number)}[0]" if isinstance(number, ArrayVariable) else str(number.value)

    def _rhythm_keywords(self, owner: Any, events: Variable | None) -> dict[str, Any]:
        """Clock of a code object, and in which step of a period it is run, if not in all."""
        phase = None
        if self.rhythm is not None and events is not None:
            event = events.name.removeprefix("_").removesuffix("space")
            phase = self.rhythm.phases.get((events.owner.name, event))
        timestep = self.get_array_name(owner.clock.variables["timestep"], access_data=False)
        return {"phase": phase, "period": self.rhythm.period if self.rhythm else 1, "timestep": timestep}

    def _pathway_keywords(
        self, pathway: Any, abstract_code: Mapping[str, str], variables: Mapping[str, Any], indices: Mapping[str, str]
    ) -> dict[str, Any]:
        for function in RANDOM:
            if isinstance(variables.get(function), Function):
                raise NotImplementedError(
                    f"The pathway '{pathway.name}' calls {function}(), which is not available in pathways on CUDA: use "
                    "numbers that are addressed by counters, such as spikeprune's uniform."
                )
        synapses = pathway.synapses
        pattern = "dense" if isinstance(synapses, DenseSynapses) else "any"
        if isinstance(synapses, PairedSynapses):
            pattern = "paired"
        own = "_presynaptic_idx" if pathway.prepost == "pre" else "_postsynaptic_idx"
        only, blocks = getattr(pathway, "only", None), getattr(synapses, "blocks", 1)
        delay = pathway.variables["delay"]
        return {
            "lasting": pathway.name,
            "unit": pathway_unit(abstract_code, variables, indices, own),
            "pattern": pattern,
            "eventspace_variable": pathway.source.variables[pathway.eventspace_name],
            "only_variable": pathway.target.variables[f"_{only}space"] if only and pattern == "dense" else None,
            "partners": len(pathway.target) if pattern != "any" else None,
            "blocks": blocks,
            "own": len(pathway.source) // blocks if pattern != "any" else None,
            "others": len(pathway.target) // blocks if pattern != "any" else None,
            "columns": len(synapses.target) // blocks if pattern != "any" else None,
            "pre": self.get_array_name(synapses.variables["_synaptic_pre"], access_data=False),
            "post": self.get_array_name(synapses.variables["_synaptic_post"], access_data=False),
            "delay": self.get_array_name(delay, access_data=False),
            "one_delay": delay.scalar,
            "dt": float(pathway.clock.dt_),
        }

    def generate_codeobj_source(self, writer: Any) -> None:
        collector = _Collector()
        super().generate_codeobj_source(collector)
        ours = [name for name, made in self.code_objects.items() if isinstance(made, OrderedCUDACodeObject)]
        model = ['#include "ordered.h"\n', common_definitions()]
        for name in ours:
            text = collector.files.pop(f"code_objects/{name}.cu")
            text = self._with_time_on_device(text) if self.repeats else text
            # Each code object has definitions of its own, in a namespace; macros know no namespace.
            model += [text, *(f"#undef {macro}\n" for macro in dict.fromkeys(_DEFINED.findall(text)))]
        writer.write("model.cu", "".join(model))
        for name in ("ordered.h", "step.h"):
            writer.write(name, (Path(__file__).parent / "templates" / name).read_text())
        for filename, contents in collector.files.items():
            writer.write(filename, contents)

    def _with_time_on_device(self, text: str) -> str:
        """Let kernels read the time from device memory, which brian2cuda gives them as a parameter."""
        for name in ("t", "timestep"):
            array = self.get_array_name(self.defaultclock.variables[name], access_data=False)
            kind = c_data_type(self.defaultclock.variables[name].dtype)
            text = text.replace(f"const {kind}* _ptr{array} = &_value{array};", "")
            text = text.replace(f"const {kind} _value{array}", f"const {kind}* _ptr{array}")
            text = re.sub(rf"\b{array}\[0\](?=[,)])", f"dev{array}", text)
        return text

    def generate_objects_source(
        self, writer: Any, arange_arrays: Any, synapses: Any, static_array_specs: Any, networks: Any, timed_arrays: Any
    ) -> None:
        # Without synapses, brian2cuda declares no queues of events.  Its creation of synapses wants a flag of theirs.
        collector = _Collector()
        super().generate_objects_source(collector, arange_arrays, [], static_array_specs, networks, timed_arrays)
        flags = [f"{made.name}_multiple_pre_post" for made in synapses]
        code = collector.files["objects.*"]
        declared = "".join(f"extern bool {flag};\n" for flag in flags)
        writer.write("objects.h", f"{code.h_file}\nnamespace brian {{\n{declared}}}\n")
        writer.write("objects.cu", code.cu_file + "".join(f"\nbool brian::{flag};" for flag in flags))

    def generate_network_source(self, writer: Any) -> None:
        stop = self.rhythm.stop if self.rhythm else None
        limit = self._maximum_run_time
        clock = self.get_array_name(self.defaultclock.variables["t"], access_data=False).removesuffix("_t")
        code = OrderedCUDACodeObject.templater.ordered_network(
            None, None, period=self.rhythm.period if self.rhythm else 1,
            clock=clock if self.repeats else None,
            phases=sorted(set(self.rhythm.phases.values())) if self.rhythm else [],
            maximum_run_time=None if limit is None else float(limit),
            stop=None if stop is None else self.get_array_name(stop, access_data=False),
        )  # fmt: skip
        writer.write("network.*", code)

    def generate_makefile(self, writer: Any, *args: Any, **kwds: Any) -> None:
        settings = prefs.devices.cuda_standalone.cuda_backend
        capability = settings.compute_capability or self.compute_capability
        code = OrderedCUDACodeObject.templater.ordered_makefile(
            None, None, arch=f"sm_{str(capability).replace('.', '')}",
            nvcc_flags=" ".join(settings.extra_compile_args_nvcc),
            host_flags=" ".join(prefs.codegen.cpp.extra_compile_args_gcc),
            objects=" ".join(f"{Path(name).with_suffix('.o')}" for name in sorted(writer.source_files)),
            headers=" ".join(sorted(writer.header_files)),
        )  # fmt: skip
        writer.write("makefile", code)


all_devices[ORDERED_DEVICE] = OrderedCUDADevice()
