"""CUDA code objects made by this package's templates, where it has some."""

from __future__ import annotations

from typing import Any

from brian2.codegen.targets import codegen_targets
from brian2.utils.stringtools import stripped_deindented_lines
from brian2cuda.codeobject import CUDAStandaloneCodeObject
from brian2cuda.cuda_generator import CUDACodeGenerator

__all__ = ["TEMPLATES", "OrderedCUDACodeObject", "common_definitions"]

#: Brian2's name of a template to ours.  Other names than Brian2's keep brian2cuda from treating them as its own.
TEMPLATES = {
    "threshold": "ordered_threshold",
    "reset": "ordered_reset",
    "stateupdate": "ordered_update",
    "synapses": "ordered_pathway",
    "ordered_create": "ordered_create",
    "synapses_push_spikes": "ordered_nothing",
    "spikemonitor": "ordered_monitor",
    "summed_variable": "ordered_sum",
    "spikegenerator": "ordered_generator",
}


def common_definitions() -> str:
    """Return the definitions that brian2cuda repeats in every code object; ours share one file."""
    return CUDACodeGenerator.universal_support_code or ""


class OrderedCUDACodeGenerator(CUDACodeGenerator):
    """brian2cuda's code generator without the definitions that all code objects share."""

    def determine_keywords(self) -> dict[str, Any]:
        keywords: dict[str, Any] = super().determine_keywords()
        common = stripped_deindented_lines(common_definitions())
        lines = keywords["support_code_lines"]
        if lines[-len(common) :] == common:
            keywords["support_code_lines"] = lines[: -len(common)]
        return keywords


class OrderedCUDACodeObject(CUDAStandaloneCodeObject):
    """Code object whose threads write to places of their own."""

    templater = CUDAStandaloneCodeObject.templater.derive("spikeprune.cuda")
    generator_class = OrderedCUDACodeGenerator


codegen_targets.add(OrderedCUDACodeObject)
