"""Brian2 for a while: imported, with other preferences, and by one thread alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any

from spikeprune.quiet import import_brian2

__all__ = ["brian2_preferences"]

#: Held by the thread that uses Brian2.
_ALONE = RLock()


@contextmanager
def brian2_preferences(**values: Any) -> Iterator[None]:
    """Set Brian2 preferences (with ``__`` for the dots) and the device for a while, then put all back.

    There is one Brian2 in a process, so other threads wait.
    """
    with _ALONE:
        yield from _preferences(values)


def _preferences(values: Mapping[str, Any]) -> Iterator[None]:
    b2 = import_brian2()
    names = {name.replace("__", "."): value for name, value in values.items()}
    before = {name: b2.prefs[name] for name in names}
    dt = b2.defaultclock.dt if b2.get_device() is b2.all_devices["runtime"] else None
    try:
        for name, value in names.items():
            b2.prefs[name] = value
        yield
    finally:
        for name, value in before.items():
            b2.prefs[name] = value
        if dt is not None:
            b2.defaultclock.dt = dt
