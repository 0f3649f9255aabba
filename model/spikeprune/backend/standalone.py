"""The C++ standalone back end: one compiled program, kept for the next time, run once a chunk.

Brian2 writes the C++ project; what it would be is known from the parameters, the strings of the rule, the versions and
the flags, whose hash names the folder in the cache, so that a known program starts without any code generation.  A run
is one start of the program, which reads one file and writes another (:mod:`spikeprune.backend.exchange`), so several
runs may share one program at the same time.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from spikeprune.backend.base import Program
from spikeprune.backend.compiler import compiler, compiler_version, jobs, machine
from spikeprune.backend.exchange import UNWRITTEN, Layout, read_code, read_output, write_code, write_input
from spikeprune.backend.preferences import brian2_preferences
from spikeprune.backend.process import Processes
from spikeprune.backend.scratch import scratch_folder
from spikeprune.compilation import FAST_DEVICE, FLAGS
from spikeprune.errors import BackendError, reason_of
from spikeprune.layout import BuiltNetwork
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.quiet import import_brian2
from spikeprune.recorders import add_recorders, recorder_outputs
from spikeprune.strings import equation_strings
from spikeprune.waiting import GIVEN

__all__ = ["StandaloneProgram", "cache_folder", "compiler", "compiler_version", "jobs"]

#: What makes C++ of strings, besides `standalone` and `synapses`; the strings themselves count as they are.
GENERATORS = (
    "backend/exchange", "backend/standalone", "integration", "layout", "network", "philox", "recorders", "replicas",
    "schedule", "stopping",
)  # fmt: skip
#: Images that a program has room for, so that trainings of all lengths share it, and bytes that these may take (event
#: data are large); memory that no image is read into costs nothing.
ROOM, ROOM_BYTES = 1000, 2**22
#: What a program reads and writes: weight and two flags, going in and coming out.
BYTES_PER_SYNAPSE = 12


def cache_folder() -> Path:
    """Return where compiled programs are kept: ``SPIKEPRUNE_CACHE``, or ``spikeprune`` in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "spikeprune"
    return Path(os.environ.get("SPIKEPRUNE_CACHE", default)).expanduser() / "programs"


def room(p: NetworkParameters) -> int:
    """Return the number of images that any program of such a network has room for."""
    return max(min(ROOM, ROOM_BYTES // p.image_bytes), 1)


class StandaloneProgram(Program):
    """A network compiled through Brian2's C++ standalone device.

    Parameters
    ----------
    parameters, rule, chunk, precision, record
        See :class:`spikeprune.backend.base.Program`.
    report : callable, optional
        Called with a sentence before something that takes long.
    replicas : int, optional
        See :class:`spikeprune.backend.base.Program`.
    """

    backend = "cpp_standalone"
    #: Name of the Brian2 device.
    device = FAST_DEVICE
    #: Command that starts the program, for profilers and the like, and says nothing: ``["taskset", "-c", "1"]``,
    #: ``["perf", "record", "--quiet", "--output", "/tmp/perf.data"]``.
    launcher: Sequence[str] = ()

    def __init__(
        self,
        parameters: NetworkParameters,
        rule: PruningRule,
        chunk: int,
        precision: str = "single",
        report: Callable[[str], None] | None = None,
        record: Sequence[str] | None = None,
        replicas: int = 1,
    ) -> None:
        super().__init__(parameters, rule, chunk, precision, record, replicas, room(parameters))
        self._processes = Processes()
        #: Version line of the compiler.
        self.compiler = compiler_version()
        self._prepare(report or (lambda sentence: None))

    def _prepare(self, report: Callable[[str], None]) -> None:
        """Find the program, or build it; read what goes in and comes out."""
        self.folder = cache_folder() / self._key()
        manifest = self.folder / "manifest.json"
        if not manifest.exists():
            self._build(report)
        try:
            self.files: Layout = {
                name: (str(kind), size) for name, (kind, size) in json.loads(manifest.read_text()).items()
            }
            going_in = {name: (np.dtype(kind), size) for name, (kind, size) in self.files.items() if size is not None}
            self.given = {name: entry for name, entry in going_in.items() if name.startswith("rule.") or name in GIVEN}
            self.carried = {name: entry for name, entry in going_in.items() if name not in self.given}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise BackendError(
                f"The compiled program in {self.folder} is damaged ({error}): delete the folder and run again."
            ) from error

    def _key(self) -> str:
        model = {
            "equations": equation_strings(),
            "sources": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _generators()},
            "parameters": self.parameters.as_dict(),
            "rule": self.rule.strings() if self.rule.acts_in_training else {},
            "chunk": self.chunk,
            "replicas": self.replicas,
            "precision": self.precision,
            "flags": FLAGS[self.precision],
            "compiler": [compiler(), self.compiler],
            "machine": machine(),
            "versions": {name: metadata.version(name) for name in ("brian2", "numpy")},
        }  # fmt: skip
        if self.record is not None:
            model["record"] = self.record
        digest = hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()[:16]
        rule = self.rule.name if self.rule.acts_in_training else "plain"
        networks = f"-x{self.replicas}" if self.replicas > 1 else ""
        return f"n{self.parameters.neurons}{networks}-{rule}-{digest}"

    def _build(self, report: Callable[[str], None]) -> None:
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{self.folder}.lock")
            with lock:
                if (self.folder / "manifest.json").exists():
                    return
                what = f"the network of {self.parameters.neurons} neurons"
                if self.replicas > 1:
                    what = f"{self.replicas} networks of {self.parameters.neurons} neurons"
                report(f"Compiling {what} (kept for the next time)")
                prefix = f"building-{self.folder.name}-"
                for abandoned in self.folder.parent.glob(f"{prefix}*"):  # by a process that was killed
                    shutil.rmtree(abandoned, ignore_errors=True)
                with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix=prefix) as folder:
                    files = self._generate(Path(folder))
                    self._compile(Path(folder))
                    shutil.rmtree(self.folder, ignore_errors=True)
                    shutil.copytree(folder, self.folder, ignore=shutil.ignore_patterns("*.o", "*.gch"))
                    # Comes last and at once: a program with a manifest is complete.
                    (Path(folder) / "manifest.json").write_text(json.dumps(files))
                    shutil.move(Path(folder) / "manifest.json", self.folder / "manifest.json")
        except OSError as error:
            raise BackendError(
                f"The program cannot be kept in {self.folder.parent} ({reason_of(error)}): make room there, or set "
                "SPIKEPRUNE_CACHE to a folder that can be written."
            ) from error

    def _generate(self, folder: Path) -> Layout:
        """Let Brian2 write the C++ project; return type and size of each variable that comes out."""
        b2 = import_brian2()  # only here: a known program does without the second that this takes
        importlib.import_module("spikeprune.standalone")  # registers the device and its preferences
        with brian2_preferences(**self._preferences()):
            b2.set_device(self.device, build_on_run=False)
            device = b2.get_device()
            try:
                device.reinit()
                device.activate(build_on_run=False)
                built = self._network(device)
                layout = built.state | built.given
                monitors = {"spike_monitor": built.spike_monitor, "presentation_monitor": built.presentation_monitor}
                recorded = {name: _variable(monitors, name) for name in self.recorded}
                if self.record is not None:
                    recorded |= recorder_outputs(add_recorders(built.network, built.groups, self.record))
                pixels = f"{built.pixels.name}_values"
                going_in = [(built.variable(name), size) for name, (_, size) in layout.items()]
                coming_out = [*(built.result(name) for name in layout), *recorded.values()]
                self._exchange(device, going_in, coming_out, pixels)
                built.network.run(built.duration * b2.second, namespace={})
                device.build(directory=str(folder), compile=False, run=False, with_output=False)
                # Every program start would read the pixels of the build, which are all zero.
                (folder / "static_arrays" / pixels).write_bytes(b"")
            finally:
                device.reinit()
                b2.set_device("runtime")
        files: Layout = {name: (kind.str, size) for name, (kind, size) in layout.items()}
        return files | {name: (np.dtype(variable.dtype).str, None) for name, variable in recorded.items()}

    def _preferences(self) -> dict[str, Any]:
        """Return the preferences of Brian2 with which the project is written."""
        return {
            "core__default_float_dtype": self.dtype,
            "codegen__cpp__extra_compile_args_gcc": FLAGS[self.precision],
            "core__stop_on_keyboard_interrupt": False,
            # A program that is kept must not be one that looks its own promises over.
            "devices__cpp_standalone_fast__check_promises": False,
        }

    def _network(self, device: Any) -> BuiltNetwork:
        from spikeprune.network import build_network

        return build_network(self.parameters, self.rule, self.chunk, replicas=self.replicas)

    def _exchange(
        self, device: Any, going_in: Sequence[tuple[Any, int]], coming_out: Sequence[Any], pixels: str
    ) -> None:
        """Put the reading of the file IN and the writing of OUT into the program."""
        device.insert_code("main", self._read_code(device, going_in, pixels))
        device.insert_code("before_end", write_code(device, coming_out))

    def _read_code(self, device: Any, going_in: Sequence[tuple[Any, int]], pixels: str) -> str:
        image = self.parameters.image_bytes
        return read_code(device, going_in, pixels, self.chunk * image, image)

    def _compile(self, folder: Path) -> None:
        command = compiler()
        environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS")}
        environment["CXX"] = command
        arguments = ["make", f"-j{jobs()}", f"CXX={command}"]
        try:
            done = self._processes.run(arguments, cwd=folder, env=environment)
        except FileNotFoundError as error:
            raise BackendError("'make' was not found: install it (for example 'apt-get install make').") from error
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()
            raise BackendError(
                f"The compiler '{command}' failed ({lines[0].strip() if lines else 'no message'}): check that it "
                "works, or choose --backend numpy."
            )

    def stop(self) -> None:
        """End the programs that other threads have started."""
        self._processes.stop()

    def execute(self, inputs: Mapping[str, Any], pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Start the program once, with what it reads and writes in files of a private folder."""
        size = pixels.nbytes + BYTES_PER_SYNAPSE * self.parameters.inputs * self.parameters.neurons * self.replicas
        with scratch_folder(size) as folder:
            start, end = folder / "in", folder / "out"
            try:
                write_input(start, {name: self.files[name] for name in self.carried | self.given}, inputs, pixels)
            except OSError as error:
                raise BackendError(
                    f"The file {start} cannot be written ({reason_of(error)}): make room there, or set TMPDIR "
                    "to a folder that has it."
                ) from error
            try:
                done = self._processes.run(
                    [*self.launcher, str(self.folder / "main"), str(start), str(end)], cwd=self.folder
                )
            except OSError as error:
                raise BackendError(
                    f"The compiled program in {self.folder} cannot be started ({reason_of(error)}): delete the "
                    "folder and run again."
                ) from error
            complaint = (done.stderr or done.stdout).strip()
            if UNWRITTEN in done.stderr:
                raise BackendError(f"{end} cannot be written: make room there, or set TMPDIR to another folder.")
            if done.returncode == -signal.SIGKILL:
                raise BackendError("The compiled program was killed, perhaps for want of memory: choose fewer neurons.")
            if done.returncode or done.stderr.strip():
                raise BackendError(self._explanation(complaint or f"status {done.returncode}"))
            return read_output(end, self.files)

    def _explanation(self, complaint: str) -> str:
        """Say in a sentence why the program failed."""
        reason = complaint.splitlines()[-1]
        return f"The compiled program in {self.folder} failed ({reason}): delete the folder and run again."


def _generators() -> list[Path]:
    package = Path(__file__).parent.parent
    folders = [*package.glob("standalone/**/*"), *package.glob("synapses/*.py")]
    return sorted(path for path in [*(package / f"{name}.py" for name in GENERATORS), *folders] if path.is_file())


def _variable(groups: Mapping[str, Any], name: str) -> Any:
    """Return the Brian2 variable with the name ``group.variable``."""
    group, variable = name.split(".")
    return groups[group].variables[variable]
