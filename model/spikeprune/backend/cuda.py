"""The CUDA standalone back end: the network as a CUDA program, compiled through brian2cuda.

Everything is as in the C++ standalone back end (:mod:`spikeprune.backend.standalone`): one program, kept for the next
time, started once a chunk, one file in and one out.  The device and its templates are those of
:mod:`spikeprune.cuda`, so that a run gives the same numbers in any order of threads.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import brian2 as b2
from brian2.core.variables import DynamicArrayVariable

from spikeprune.backend.exchange import NUMBER, write_code
from spikeprune.backend.standalone import StandaloneProgram, compiler, jobs
from spikeprune.backend.toolkit import (
    compute_capability,
    find_toolkit,
    missing,
    require_brian2cuda,
    require_capability,
)
from spikeprune.errors import BackendError, reason_of
from spikeprune.network import BuiltNetwork, build_network
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.synapses.ranks import RANKS

__all__ = ["CudaProgram", "write_project"]

#: Flags of nvcc for each precision.  Double precision neither contracts a*b + c nor approximates.
FLAGS = {"single": ["-O3", "--use_fast_math"], "double": ["-O3", "--fmad=false"]}
HOST_FLAGS = ["-w", "-O3", "-ffp-contract=off"]

#: What a condition of an event says that can only hold in one step of a slot, to that step.
_FIRST, _LAST = "step < 1", "step >= slot_steps - 1"


class CudaProgram(StandaloneProgram):
    """A network compiled to a CUDA program.

    Parameters
    ----------
    parameters, rule, chunk, precision
        See :class:`spikeprune.backend.base.Program`.
    report : callable, optional
        Called with a sentence before something that takes long.
    capability : str, optional
        Compute capability to compile for, as in :func:`spikeprune.backend.toolkit.compute_capability`.

    Raises
    ------
    BackendError
        If this machine cannot compile or run it, before anything is compiled.
    """

    backend = "cuda_standalone"

    def __init__(
        self,
        parameters: NetworkParameters,
        rule: PruningRule,
        chunk: int,
        precision: str = "single",
        report: Callable[[str], None] | None = None,
        capability: str | None = None,
        replicas: int = 1,
    ) -> None:
        self.capability = compute_capability(capability)
        self._check_machine()
        _check_rule(rule)
        from spikeprune.cuda import ORDERED_DEVICE

        self.device = ORDERED_DEVICE
        super().__init__(parameters, rule, chunk, precision, report, replicas=replicas)

    def _check_machine(self) -> None:
        problems = missing()
        if problems:
            raise BackendError(problems[0])
        require_capability(find_toolkit(), self.capability)

    def _key(self) -> str:
        package = Path(__file__).parent.parent
        sources = sorted([*package.glob("cuda/**/*.*"), Path(__file__)])
        texts = [path.read_bytes() for path in sources if path.suffix in (".py", ".cu", ".h")]
        host = super()._key()
        from spikeprune.cuda import OrderedCUDADevice

        parts = [
            host, self.capability, OrderedCUDADevice.part, OrderedCUDADevice.room, FLAGS[self.precision],
            metadata.version("brian2cuda"), self._compiler_key(), *(hashlib.sha256(text).hexdigest() for text in texts),
        ]  # fmt: skip
        return f"cuda-{host.rpartition('-')[0]}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"

    def _compiler_key(self) -> list[str]:
        toolkit = find_toolkit()
        return [toolkit.nvcc, str(toolkit.release)]

    def _preferences(self) -> dict[str, Any]:
        prefix = "devices__cuda_standalone__cuda_backend__"
        # Everything is said here, so that brian2cuda looks for neither a GPU nor a compiler.
        return super()._preferences() | {
            "codegen__cpp__extra_compile_args_gcc": HOST_FLAGS,
            f"{prefix}detect_gpus": False,
            f"{prefix}gpu_id": 0,
            f"{prefix}compute_capability": float(self.capability),
            f"{prefix}detect_cuda": False,
            f"{prefix}cuda_runtime_version": 13.0,
            f"{prefix}extra_compile_args_nvcc": list(FLAGS[self.precision]),
        }

    def _network(self, device: Any) -> BuiltNetwork:
        # brian2cuda names the default clock in its code.
        b2.defaultclock.dt = self.parameters.dt * b2.ms
        built = build_network(
            self.parameters, self.rule, self.chunk, clock=device.defaultclock, replicas=self.replicas
        )  # fmt: skip
        device.rhythm = self._rhythm(built)
        return built

    def _rhythm(self, built: BuiltNetwork) -> Any:
        """What the conditions of events say about the steps of a slot in which they can occur."""
        from spikeprune.cuda import Rhythm

        slot = self.parameters.slot_steps
        phases = {}
        for group in built.groups.values():
            for event, condition in getattr(group, "events", {}).items():
                parts = re.split(r"\s+and\s+", str(condition))
                for phase, part in ((0, _FIRST), (slot - 1, _LAST)):
                    if part in parts and "or" not in str(condition).split():
                        phases[group.name, event] = phase
        return Rhythm(slot, phases, built.stopped)

    def _exchange(
        self, device: Any, going_in: Sequence[tuple[Any, int]], coming_out: Sequence[Any], pixels: str
    ) -> None:
        up = "".join(_copy(device, variable, "HostToDevice", number) for variable, number in going_in)
        shown = f"{NUMBER}*sizeof(*{pixels})"
        up += f"CUDA_SAFE_CALL(cudaMemcpy(dev{pixels}, {pixels}, {shown}, cudaMemcpyHostToDevice));\n"
        down = "".join(_copy(device, variable, "DeviceToHost") for variable in coming_out)
        device.insert_code("main", self._read_code(device, going_in, pixels) + up)
        device.insert_code("before_end", f"{{\nusing namespace brian;\n{down}}}\n" + write_code(device, coming_out))

    def _compile(self, folder: Path) -> None:
        toolkit = find_toolkit()
        command = [
            "make", f"-j{jobs()}", f"NVCC={toolkit.nvcc}", f"CXX={compiler()}",
            f"CURAND_INCLUDE={toolkit.curand_include}", f"CURAND_LIBRARY={toolkit.curand_library}",
        ]  # fmt: skip
        done = self._processes.run(command, cwd=folder)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()
            raise BackendError(
                f"The compiler '{toolkit.nvcc}' failed ({lines[0].strip() if lines else 'no message'}): check that it "
                "works with this C++ compiler, or choose --backend cpp_standalone."
            )

    def _explanation(self, complaint: str) -> str:
        if "out of memory" in complaint or "bad_alloc" in complaint:
            networks = f"{self.replicas} networks" if self.replicas > 1 else "a network"
            return (
                f"The memory of the GPU is not enough for {networks} of {self.parameters.neurons} neurons: choose "
                "fewer neurons or replicas, or a smaller chunk, or end other programs on the GPU."
            )
        if "no kernel image" in complaint:
            return (
                f"The program was compiled for compute capability {self.capability}, which is not that of this GPU: "
                "give its own with --compute-capability or SPIKEPRUNE_CUDA_CAPABILITY."
            )
        return super()._explanation(complaint)


class _Project(CudaProgram):
    """A program for another machine, which may be compiled here and is not run."""

    def __init__(self, *args: Any, folder: Path, compiles: bool, **kwds: Any) -> None:
        self.target, self.compiles = folder, compiles
        super().__init__(*args, **kwds)

    def _check_machine(self) -> None:
        require_brian2cuda()
        if self.compiles:
            require_capability(find_toolkit(), self.capability)

    def _compiler_key(self) -> list[str]:
        return []

    def _prepare(self, report: Callable[[str], None]) -> None:
        with tempfile.TemporaryDirectory(prefix="spikeprune-") as made:
            report(f"Writing the CUDA program of a network of {self.parameters.neurons} neurons")
            files = self._generate(Path(made))
            if self.compiles:
                report(f"Compiling it for compute capability {self.capability}")
                self._compile(Path(made))
            (Path(made) / "manifest.json").write_text(json.dumps(files))
            try:
                shutil.copytree(made, self.target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.o"))
            except OSError as error:
                raise BackendError(
                    f"The program cannot be written to {self.target} ({reason_of(error)}): choose another folder."
                ) from error


def write_project(
    folder: Path,
    parameters: NetworkParameters,
    rule: PruningRule,
    chunk: int,
    precision: str = "single",
    *,
    capability: str | None = None,
    compiles: bool = True,
    report: Callable[[str], None] | None = None,
) -> None:
    """Write the CUDA program of a network, for a machine that need not be this one.

    Parameters
    ----------
    folder : Path
        Where to; it must not exist or be empty.
    parameters, rule, chunk, precision, capability, report
        As in :class:`CudaProgram`.
    compiles : bool
        Whether to compile it, for which nvcc but no GPU must be there; otherwise ``make`` in the folder does.

    Raises
    ------
    BackendError
        If something is missing or the folder is taken; nothing is left behind then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackendError(f"The folder {folder} is not empty: choose another one.")
    _Project(
        parameters, rule, chunk, precision, report, capability, folder=folder, compiles=compiles
    )  # fmt: skip


def _check_rule(rule: PruningRule) -> None:
    """Raise BackendError for a rule that sorts: its notes are lists of the host."""
    used = {name for text in rule.strings().values() for name in RANKS if re.search(rf"\b{name}\b", str(text))}
    if rule.acts_in_training and used:
        raise BackendError(
            f"Rule '{rule.name}' ranks synapses or neurons ({', '.join(sorted(used))}), which is not available on "
            "CUDA: choose --backend cpp_standalone."
        )


def _copy(device: Any, variable: Any, direction: str, number: int | None = None) -> str:
    """Copy the values of a variable between its arrays on the host and on the device, in C++."""
    name = device.get_array_name(variable, access_data=False)
    to_host = direction == "DeviceToHost"
    if isinstance(variable, DynamicArrayVariable):
        return f"{name} = dev{name};\n" if to_host else f"dev{name} = {name};\n"
    size = variable.size if number is None else number
    target, source = (name, f"dev{name}") if to_host else (f"dev{name}", name)
    return f"CUDA_SAFE_CALL(cudaMemcpy({target}, {source}, {size}*sizeof(*{name}), cudaMemcpy{direction}));\n"
