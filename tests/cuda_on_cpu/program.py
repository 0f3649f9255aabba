"""The CUDA back end with the stand-in in place of nvcc and a GPU."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from cuda_on_cpu.build import StandIn
from spikeprune.backend.cuda import CudaProgram

__all__ = ["CudaOnCpu"]


class CudaOnCpu(CudaProgram):
    """A network whose CUDA program runs on the CPU.

    Attributes
    ----------
    standin : StandIn
        Set it on the class.
    order, threads
        Order of threads, and threads of a block, of the next runs.
    graph : bool
        Whether time steps are recorded as a graph in the next runs.
    memory : int
        Bytes of device memory of the next runs.
    report : Counter
        Of the last run: launches, copies and races.
    calls : dict of str to int
        What the time loop of the last run has counted itself.
    """

    standin: ClassVar[StandIn]

    def __init__(self, *args: Any, **kwds: Any) -> None:
        super().__init__(*args, **kwds)
        self.order, self.threads, self.graph = "forward", 64, True
        self.memory = 2**34
        self.report: Counter[str] = Counter()
        self.calls: dict[str, int] = {}

    def _check_machine(self) -> None:
        """Nothing is missing."""

    def _compiler_key(self) -> list[str]:
        return [self.standin.folder.name]

    def _compile(self, folder: Path) -> None:
        project = folder / "project"
        project.mkdir()
        for path in list(folder.iterdir()):
            if path != project:
                path.rename(project / path.name)
        self.standin.build(project, folder)
        shutil.rmtree(project)

    def execute(self, *args: Any) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile("r") as file, tempfile.NamedTemporaryFile("r") as calls:
            self.launcher = [
                "env", f"STANDIN_ORDER={self.order}", f"SPIKEPRUNE_CUDA_THREADS={self.threads}",
                f"SPIKEPRUNE_CUDA_GRAPH={int(self.graph)}", f"SPIKEPRUNE_CUDA_CALLS={calls.name}",
                f"STANDIN_REPORT={file.name}", f"STANDIN_MEMORY={self.memory}",
            ]  # fmt: skip
            output = super().execute(*args)
            self.calls = json.load(calls)
            self.report = Counter()
            for line in file.read().splitlines():
                number, what = line.split("\t")
                self.report[what] = int(number)
        return output

    @property
    def faults(self) -> dict[str, int]:
        """What the detector found in the last run."""
        return {what: number for what, number in self.report.items() if what.startswith(("race", "outside", "barrier"))}
