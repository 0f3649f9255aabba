"""Compiler flags of the fast device, for each precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import prefs
from brian2.codegen.cpp_prefs import default_buildopts

from spikeprune.compilation import FLAGS, WIDEST

__all__ = ["FLAGS", "MODEL_FLAGS", "compiler_flags", "device_flags"]

#: Flags of any other model: Brian2's own in double precision, with which exponentials are vectorised.
MODEL_FLAGS = {
    "single": FLAGS["single"],
    "double": [*(flag for flag in default_buildopts if not flag.startswith("-std=")), *WIDEST],
}


def compiler_flags() -> list[str]:
    """Return what the preferences of Brian2 name, or else `MODEL_FLAGS` for the precision in use."""
    chosen = prefs.codegen.cpp.extra_compile_args
    if chosen is None:
        chosen = prefs.codegen.cpp.extra_compile_args_gcc
        if chosen == default_buildopts:
            chosen = MODEL_FLAGS["single" if prefs.core.default_float_dtype is np.float32 else "double"]
    return list(chosen)


@contextmanager
def device_flags() -> Iterator[None]:
    """Let Brian2 compile with `compiler_flags`."""
    before = prefs.codegen.cpp.extra_compile_args_gcc
    prefs.codegen.cpp.extra_compile_args_gcc = compiler_flags()
    try:
        yield
    finally:
        prefs.codegen.cpp.extra_compile_args_gcc = before
