"""A debug switch for promises: Brian2's own code runs beside the shortened one, and the first difference stops the run.

``prefs.devices.cpp_standalone_fast.check_promises = True`` turns it on for the programs that are built from then on.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.core.preferences import BrianPreference
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import get_device

from spikeprune.errors import SpikepruneError

from .codeobject import fast_code_object
from .flags import compiler_flags

__all__ = ["REPORT", "Brian2CodeObject", "BrokenPromiseError", "checked", "checks_promises"]

#: File among the results of a program in which it says which promise did not hold.
REPORT = "broken_promise.txt"

#: Template of the code that compares.
CHECK_TEMPLATE = "promise_check"

prefs.register_preferences(
    "devices.cpp_standalone_fast",
    "Fast C++ standalone preferences (spikeprune)",
    check_promises=BrianPreference(
        default=False,
        docs="""
        Whether programs check the promises `only` and `where` of `DenseSynapses` and `lasting` of `LayerGroup`: in each
        time step, Brian2's own code is run beside the shortened one, and the first difference stops the program with
        a sentence.  Takes several times as long.
        """,
    ),
)


class BrokenPromiseError(SpikepruneError, RuntimeError):
    """Code that a promise has shortened gave another result than Brian2's own."""


class Brian2CodeObject(CPPStandaloneCodeObject):
    """Brian2's own code on a device that would choose this package's."""


def checks_promises() -> bool:
    """Whether the programs of the active device are to check promises."""
    return getattr(get_device(), "chooses_fast_code", False) and prefs.devices.cpp_standalone_fast.check_promises


def tolerance() -> float:
    """Relative difference that is rounding: none unless the compiler or the precision may round otherwise."""
    if prefs.core.default_float_dtype is np.float32:
        return 1e-4
    return 1e-9 if "-ffast-math" in compiler_flags() else 0.0


def checked(
    runner: Any, theirs: Any, ours: Any, promise: str, changed: Mapping[str, str], run_namespace: Mapping[str, Any]
) -> list[Any]:
    """Return a code object that runs two others from the same state and compares what they change.

    Parameters
    ----------
    runner : CodeRunner
        What the code belongs to.
    theirs, ours : CodeObject
        Brian2's own code, and the shortened one.
    promise : str
        Beginning of the sentence that tells what does not hold.
    changed : mapping of str to str
        Variables that the code changes, each with its name for the sentence; the names of those that hold events and
        their number end in "space".
    run_namespace : mapping
        As in `CodeRunner.create_code_objects`.

    Returns
    -------
    list of CodeObject
        Weak references, as Brian2 keeps them.
    """
    arrays = {theirs.variables[name]: name for name in sorted(changed)}
    names = sorted(arrays.values())
    check = create_runner_codeobj(
        runner.group, "", CHECK_TEMPLATE, name=f"{runner.name}_check*", check_units=False,
        codeobj_class=fast_code_object(), additional_variables=runner.variables, needed_variables=names,
        run_namespace=run_namespace,
        template_kwds={
            "theirs": theirs.name, "ours": ours.name, "promise": promise, "report": REPORT, "tolerance": tolerance(),
            "changed": {name: changed[name] for name in names},
            "spaces": [name for name in names if name.startswith("_") and name.endswith("space")],
        },
    )  # fmt: skip
    return [weakref.proxy(check)]
