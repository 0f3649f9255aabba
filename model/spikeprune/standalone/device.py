"""A C++ standalone device with less work between two time steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brian2.codegen.codeobject import CodeObject
from brian2.core import clocks
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice, CPPWriter
from brian2.devices.device import all_devices

from .codeobject import FastCPPStandaloneCodeObject
from .generator import DENSE_TEMPLATE, PAIRED_TEMPLATE

__all__ = ["FAST_DEVICE", "FastCPPStandaloneDevice"]

#: Name for `set_device`.
FAST_DEVICE = "cpp_standalone_fast"

#: Templates whose code does nothing where there are no events.
ACT_ON_EVENTS = ("reset", DENSE_TEMPLATE, PAIRED_TEMPLATE)

# Where there are several kinds of clock (Brian2 2.10), the C++ code has a base class for them.
CLOCK_CLASS = "BaseClock" if hasattr(clocks, "EventClock") else "Clock"


class FastCPPStandaloneDevice(CPPStandaloneDevice):
    """Brian2's C++ standalone device with another time loop.

    Brian2's loop builds the set of due clocks and looks every object up in it at each time step, and up to version 2.9
    asks the operating system for the time, which can take longer than a step of a small network.  Here, neither
    happens unless there are several clocks, a report or a limit of the run time; these work as in Brian2, except that
    times are always those of a clock on the wall.  Nor is code called that acts on events where there are none.

    A program compiled with ``-ffast-math`` is also linked with it, without which numbers too small for the normal
    range are not rounded to zero, and decaying variables become many times slower.

    Notes
    -----
    Brian2's GSL integration insists on its own device.

    Examples
    --------
    >>> from brian2 import set_device
    >>> set_device("cpp_standalone_fast", build_on_run=False)
    """

    def __init__(self) -> None:
        super().__init__()
        #: Code object that only acts on events, to the array that holds them and their number.
        self._acts_on: dict[str, ArrayVariable] = {}

    def reinit(self) -> None:
        self._acts_on = {}
        super().reinit()

    def code_object(self, *args: Any, **kwds: Any) -> CodeObject:
        made: CodeObject = super().code_object(*args, **kwds)
        if isinstance(made, FastCPPStandaloneCodeObject) and made.template_name in ACT_ON_EVENTS:
            self._acts_on[made.name] = kwds["template_kwds"]["eventspace_variable"]
        return made

    def generate_network_source(self, writer: CPPWriter, compiler: str) -> None:
        limit = self._maximum_run_time
        acts_on = {
            name: (self.get_array_name(events, access_data=False), events.size - 1)
            for name, events in self._acts_on.items()
        }
        code = FastCPPStandaloneCodeObject.templater.network_fast(
            None, None, clock_class=CLOCK_CLASS, maximum_run_time=None if limit is None else float(limit),
            acts_on=acts_on,
        )  # fmt: skip
        writer.write("network.*", code)

    def generate_makefile(self, *args: Any, compiler_flags: str, linker_flags: str, **kwds: Any) -> None:
        if "-ffast-math" in compiler_flags.split() and "-ffast-math" not in linker_flags.split():
            linker_flags += " -ffast-math"
        super().generate_makefile(*args, compiler_flags=compiler_flags, linker_flags=linker_flags, **kwds)

    @contextmanager
    def run_function(self, name: str, include_in_parent: bool = True) -> Iterator[None]:
        # Brian2's version writes to the queue of its own device, whatever the device it was called for.
        self.main_queue.append(("start_run_func", (name, include_in_parent)))
        yield
        self.main_queue.append(("end_run_func", (name, include_in_parent)))


all_devices[FAST_DEVICE] = FastCPPStandaloneDevice()
