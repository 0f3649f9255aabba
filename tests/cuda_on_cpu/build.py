"""Compile a CUDA project for the CPU, with runtime, headers and detector of this folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FLAGS = ["-std=c++17", "-w", "-O1", "-ffp-contract=off"]
#: With these, the compiler calls the detector at every access to memory.
DETECT = ["-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0"]
#: Headers of the toolkit; `standin.h` comes first and has what they would bring.
EMPTY_HEADERS = ["cuda.h", "cuda_runtime.h", "cuda_profiler_api.h", "curand_kernel.h"] + [
    f"thrust/{name}.h"
    for name in (
        "copy", "count", "device_ptr", "device_vector", "execution_policy", "fill", "host_vector", "reduce", "sort",
        "system_error", "unique",
    )
]  # fmt: skip

_LAUNCH = re.compile(r"\b([A-Za-z_]\w*)\s*<<<(.*?)>>>\s*\(", re.DOTALL)
_NOTHING = re.compile(r"\s*\)")
_DYNAMIC = re.compile(r"extern\s+__shared__\s+([\w ]+?)\s+(\w+)\[\];")


def rewrite(text: str) -> str:
    """Replace kernel launches by calls of the launcher, and dynamic shared memory by a pointer."""
    parts, at = [], 0
    for match in _LAUNCH.finditer(text):
        name, configuration = match.groups()
        comma = "" if _NOTHING.match(text, match.end()) else ", "
        parts += [text[at : match.start()], f'standin::Launch("{name}", {configuration})({name}{comma}']
        at = match.end()
    return _DYNAMIC.sub(r"\1* \2 = (\1*)standin::dynamic_shared();", "".join([*parts, text[at:]]))


@dataclass
class StandIn:
    """The runtime, compiled into a folder, for any number of projects.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    def __post_init__(self) -> None:
        if (self.folder / "ready").exists():
            return
        include = self.folder / "include"
        shutil.copytree(HERE / "include", include, dirs_exist_ok=True)
        (include / "thrust").mkdir(exist_ok=True)
        for name in EMPTY_HEADERS:
            (include / name).write_text("")
        (include / "curand.h").write_text("#define CURAND_H_\n")  # which generated code asks for
        for name in ("memory", "launch", "races"):
            self._compile("-std=c++17", "-O2", "-w", "-c", str(HERE / f"{name}.cpp"), "-o", f"{name}.o")
        # Precompiled, the header takes no time in any file.
        self._compile(*FLAGS, *DETECT, "-x", "c++-header", "include/standin.h", "-o", "include/standin.h.gch")
        (self.folder / "ready").touch()

    def _compile(self, *arguments: str, folder: Path | None = None) -> None:
        done = subprocess.run(
            [os.environ.get("CXX", "g++"), *arguments], cwd=folder or self.folder, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "error" in line]
            raise RuntimeError("\n".join(errors[:20]) or done.stderr)

    def build(self, project: Path, out: Path) -> Path:
        """Compile the sources of `project` into `out`; return the program."""
        out.mkdir(parents=True, exist_ok=True)
        include = self.folder / "include"
        flags = [*FLAGS, *DETECT, "-include", str(include / "standin.h"), "-I", str(include)]
        objects = []
        for path in sorted(project.rglob("*")):
            if path.suffix not in (".cu", ".h") or not path.is_file():
                continue
            target = out / path.relative_to(project)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".cu":
                target = target.with_suffix(".cpp")
                objects.append(target)
            target.write_text(rewrite(path.read_text()))
        for source in objects:
            self._compile(*flags, "-I.", "-c", str(source.relative_to(out)), "-o", f"{source}.o", folder=out)
        runtime = [str(self.folder / f"{name}.o") for name in ("memory", "launch", "races")]
        self._compile("-rdynamic", *(f"{source}.o" for source in objects), *runtime, "-ldl", "-o", "main", folder=out)
        for folder in ("static_arrays", "results"):
            if (project / folder).is_dir():
                shutil.copytree(project / folder, out / folder, dirs_exist_ok=True)
        return out / "main"
