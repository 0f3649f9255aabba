"""A C++ standalone device that chooses this package's code by itself and does less between two time steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brian2.codegen.codeobject import CodeObject
from brian2.core import clocks
from brian2.core.base import BrianObjectException
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice, CPPWriter
from brian2.devices.device import all_devices

from spikeprune.compilation import FAST_DEVICE
from spikeprune.errors import SpikepruneError

from .codeobject import FastCPPStandaloneCodeObject, fast_code_object
from .flags import device_flags
from .generator import DENSE_TEMPLATE, PAIRED_TEMPLATE
from .promises import REPORT, BrokenPromiseError

__all__ = ["FAST_DEVICE", "FastCPPStandaloneDevice"]

#: Brian2's templates that have a faster one of the same name here, for any owner.
REPLACED = ("reset", "stateupdate", "threshold")

#: Templates whose code does nothing where there are no events.
ACT_ON_EVENTS = ("reset", DENSE_TEMPLATE, PAIRED_TEMPLATE)

# Where there are several kinds of clock (Brian2 2.10), the C++ code has a base class for them.
CLOCK_CLASS = "BaseClock" if hasattr(clocks, "EventClock") else "Clock"

#: What nearly every file includes.
HEADERS = """#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
#endif
#include "objects.h"
#include "network.h"
#include "brianlib/common_math.h"
#include <algorithm>
#include <climits>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
"""


class FastCPPStandaloneDevice(CPPStandaloneDevice):
    """Brian2's C++ standalone device with this package's code for neurons and another time loop.

    State updates, thresholds, resets and what is run regularly or on events have vectorisable loops, for any model;
    all else is Brian2's own code, and so is everything with OpenMP.  A group whose `codeobj_class` is Brian2's
    `CPPStandaloneCodeObject` keeps Brian2's code.

    Brian2's time loop builds the set of due clocks and looks every object up in it at each time step, and up to version
    2.9 asks the operating system for the time, which can take longer than a step of a small network.  Here, neither
    happens unless there are several clocks, a report or a limit of the run time; these work as in Brian2, except that
    times are always those of a clock on the wall.  Nor is code called that acts on events where there are none.

    Unless the preferences of Brian2 name compiler flags, the device chooses them (see `flags.MODEL_FLAGS`): Brian2's
    own and wide vectors; single precision knows no infinity.  A program compiled with
    ``-ffast-math`` is also linked with it, without which numbers below the normal range are not rounded to zero, and
    decaying variables become many times slower.  Headers are compiled once.

    Examples
    --------
    >>> from brian2 import set_device
    >>> set_device("cpp_standalone_fast", build_on_run=False)
    """

    #: Whether groups that name no class of code objects get this package's.
    chooses_fast_code = True

    def __init__(self) -> None:
        super().__init__()
        #: Code object that only acts on events, to the array that holds them and their number.
        self._acts_on: dict[str, ArrayVariable] = {}

    def reinit(self) -> None:
        self._acts_on = {}
        super().reinit()

    def code_object(
        self,
        owner: Any,
        name: str,
        abstract_code: Any,
        variables: Any,
        template_name: str,
        variable_indices: Any,
        codeobj_class: Any = None,
        template_kwds: Any = None,
        **kwds: Any,
    ) -> CodeObject:
        is_open = codeobj_class in (None, CPPStandaloneCodeObject) and getattr(owner, "codeobj_class", None) is None
        if is_open and template_name in REPLACED:
            codeobj_class = fast_code_object()
        made: CodeObject = super().code_object(
            owner, name, abstract_code, variables, template_name, variable_indices,
            codeobj_class=codeobj_class, template_kwds=template_kwds, **kwds,
        )  # fmt: skip
        if isinstance(made, FastCPPStandaloneCodeObject) and template_name in ACT_ON_EVENTS:
            self._acts_on[made.name] = template_kwds["eventspace_variable"]
        return made

    def build(self, *args: Any, **kwds: Any) -> None:
        with device_flags():
            super().build(*args, **kwds)

    def network_run(self, *args: Any, level: int = 0, **kwds: Any) -> None:
        try:
            super().network_run(*args, level=level + 1, **kwds)
        except BrianObjectException as error:
            # Our own sentences say which object is concerned.
            if isinstance(error.__cause__, SpikepruneError):
                raise error.__cause__ from None
            raise

    def run(self, directory: Any = None, results_directory: Any = None, *args: Any, **kwds: Any) -> None:
        folder = Path(directory or self.project_dir) / (results_directory or self.results_dir)
        (report := folder / REPORT).unlink(missing_ok=True)
        try:
            super().run(directory, results_directory, *args, **kwds)
        except RuntimeError:
            if not report.exists():
                raise
            raise BrokenPromiseError(report.read_text()) from None

    def generate_network_source(self, writer: CPPWriter, compiler: str) -> None:
        if fast_code_object() is None:
            super().generate_network_source(writer, compiler)
            return
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

    def generate_makefile(
        self, writer: CPPWriter, compiler: str, compiler_flags: str, linker_flags: str, nb_threads: int, debug: bool
    ) -> None:
        if "-ffast-math" in compiler_flags.split() and "-ffast-math" not in linker_flags.split():
            linker_flags += " -ffast-math"
        if compiler == "msvc" or nb_threads > 0:
            super().generate_makefile(writer, compiler, compiler_flags, linker_flags, nb_threads, debug)
            return
        generated = [name for name in writer.source_files if name.startswith("code_objects/")]
        generated += ["main.cpp", "network.cpp", "objects.cpp", "run.cpp", "synapses_classes.cpp"]
        writer.write("headers.h", HEADERS)
        # One header for each code object says nothing but that it exists.
        headers = [name for name in writer.header_files if not name.startswith("code_objects/")]
        code = FastCPPStandaloneCodeObject.templater.makefile_fast(
            None, None, source_files=" ".join(sorted(writer.source_files)), header_files=" ".join(sorted(headers)),
            generated_files=" ".join(sorted(set(generated) & writer.source_files)),
            compiler_flags=compiler_flags, linker_flags=linker_flags,
            debug_flags="-g -DDEBUG" if debug else "", debug_linker_flags="-g" if debug else "",
        )  # fmt: skip
        writer.write("makefile", code)

    @contextmanager
    def run_function(self, name: str, include_in_parent: bool = True) -> Iterator[None]:
        # Brian2's version writes to the queue of its own device, whatever the device it was called for.
        self.main_queue.append(("start_run_func", (name, include_in_parent)))
        yield
        self.main_queue.append(("end_run_func", (name, include_in_parent)))


all_devices[FAST_DEVICE] = FastCPPStandaloneDevice()
