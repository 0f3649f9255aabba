"""Compile several programs side by side, each in a process of its own: Brian2 writes one network at a time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from spikeprune.backend import COMPILED
from spikeprune.cli.console import Output
from spikeprune.cores import usable_cores
from spikeprune.errors import BackendError, SpikepruneError
from spikeprune.quiet import quiet_brian2
from spikeprune.settings import Settings

__all__ = ["compiled", "programs"]


class _NotCompiled(SpikepruneError):
    """Raised in place of compiling."""


def compiled(settings: Settings) -> bool:
    """Whether a program need not be compiled; a program reports only when it is about to."""

    def refuse(sentence: str) -> None:
        raise _NotCompiled

    if settings.backend not in COMPILED:
        return True
    try:
        settings.program(refuse)
    except _NotCompiled:
        return False
    return True


@contextlib.contextmanager
def programs(wanted: Mapping[str, Settings], output: Output) -> Iterator[Callable[[str], None]]:
    """Compile programs into the cache, as many at a time as there are cores.

    Parameters
    ----------
    wanted : mapping of str to Settings
        What to compile by name, the most urgent first.
    output : Output

    Yields
    ------
    callable
        Waits for the program of a name; raises BackendError where it cannot be compiled.
    """
    missing = {name: settings for name, settings in wanted.items() if not compiled(settings)}
    if not missing:
        yield lambda name: None
        return
    cores = usable_cores()
    output.say(
        f"Brian2 writes each network as a program and the compiler turns it into machine code: {len(missing)} "
        "programs, together about a minute on two cores; they are kept for the next time."
    )
    children: list[subprocess.Popen[str]] = []
    with ThreadPoolExecutor(min(len(missing), cores)) as pool:
        futures = {name: pool.submit(_compile, settings, children) for name, settings in missing.items()}

        def wait(name: str) -> None:
            if name in futures:
                if not futures[name].done():
                    with output.waiting(f"{name}: compiling …"):
                        futures[name].result()
                output.say(f"{name}: compiled in {futures[name].result():.0f} s.")

        try:
            yield wait
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGINT)


def _compile(settings: Settings, children: list[subprocess.Popen[str]]) -> float:
    """Compile a program in a child process; return the seconds that it took."""
    began = time.perf_counter()
    # In a session of its own, so that Ctrl-C reaches it once, from `programs`, and it can tidy up.
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", f"from {__name__} import compile_given; compile_given()"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    children.append(child)
    _, complaint = child.communicate(json.dumps(settings.as_dict()))
    if child.returncode:
        raise BackendError(complaint.strip().splitlines()[-1] if complaint.strip() else "The compiling process died.")
    return time.perf_counter() - began


def compile_given() -> None:
    """Compile the program of the settings on standard input; what a child process does."""
    quiet_brian2()
    try:
        Settings.from_dict(json.load(sys.stdin)).program()
    except SpikepruneError as error:
        sys.exit(str(error))
