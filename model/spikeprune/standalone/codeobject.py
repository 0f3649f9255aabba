"""C++ standalone code objects made by this package's generator and templates, where it has some."""

from __future__ import annotations

from typing import Any

from brian2 import prefs
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import get_device

from .generator import FastCPPCodeGenerator

__all__ = ["FastCPPStandaloneCodeObject", "fast_code_object", "uses_fast_code"]


class FastCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for `NeuronGroup` and `DenseSynapses` with vectorisable loops.

    Templates that this package does not provide are Brian2's own.  In double precision the results are Brian2's; in
    single precision they differ by rounding, because constants are then floats (see the module `precision`).
    """

    templater = CPPStandaloneCodeObject.templater.derive("spikeprune.standalone")
    generator_class = FastCPPCodeGenerator


def fast_code_object() -> type[FastCPPStandaloneCodeObject] | None:
    """Code object class for groups on the active device.

    Returns
    -------
    type or None
        `FastCPPStandaloneCodeObject` when the active device generates plain C++ (without OpenMP), otherwise None,
        which Brian2 takes as the device's own choice.

    Notes
    -----
    The device ``"cpp_standalone_fast"`` chooses this class by itself; a group that asks for `CPPStandaloneCodeObject`
    keeps Brian2's own code there.

    Examples
    --------
    >>> from brian2 import NeuronGroup, ms
    >>> group = NeuronGroup(
    ...     100, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact",
    ...     codeobj_class=fast_code_object(),
    ... )
    """
    # The identity, not the inheritance: devices for other hardware derive from the C++ one.
    plain_cpp = get_device().code_object_class() is CPPStandaloneCodeObject
    return FastCPPStandaloneCodeObject if plain_cpp and prefs.devices.cpp_standalone.openmp_threads == 0 else None


def uses_fast_code(codeobj_class: Any) -> bool:
    """Whether a group made with this `codeobj_class` gets this package's code on the active device."""
    fast = fast_code_object()
    chosen_by_device = codeobj_class is None and getattr(get_device(), "chooses_fast_code", False)
    return fast is not None and (codeobj_class is fast or chosen_by_device)
