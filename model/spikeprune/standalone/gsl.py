"""Lets Brian2's integration by the GNU Scientific Library, which refuses derived devices, work on the fast one."""

from __future__ import annotations

from typing import Any

from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import get_device
from brian2.stateupdaters.GSL import GSLContainer

from .device import FastCPPStandaloneDevice

__all__: list[str] = []

_theirs = GSLContainer.get_codeobj_class


def _get_codeobj_class(self: GSLContainer) -> Any:
    device = get_device()
    if not isinstance(device, FastCPPStandaloneDevice):
        return _theirs(self)
    # What Brian2 does for its own device (headers, libraries, class of the code object) holds here as well.
    device.__class__ = CPPStandaloneDevice
    try:
        return _theirs(self)
    finally:
        device.__class__ = FastCPPStandaloneDevice


GSLContainer.get_codeobj_class = _get_codeobj_class
