"""What CUDA needs: found, or said to be missing in one sentence before anything is compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikeprune.backend import toolkit
from spikeprune.cli import app
from spikeprune.errors import BackendError, ParameterError

SENTENCE = r"^[A-Z][^\n]*(\.\.\.|[.)])$"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """A machine without CUDA; ``bare("13.0")`` installs an nvcc of that release."""
    for name in ("NVCC", "CUDA_HOME", "CUDA_PATH", "CURAND_HOME", "SPIKEPRUNE_CUDA_CAPABILITY"):
        monkeypatch.delenv(name, raising=False)
    found, which = {}, toolkit.shutil.which
    monkeypatch.setattr(toolkit.shutil, "which", lambda name: found.get(name) if "nvcc" in name else which(name))
    monkeypatch.setattr(toolkit, "gpu_capability", lambda: None)
    monkeypatch.setattr(toolkit, "STANDARD_HOME", tmp_path / "nowhere")

    def install(release: str) -> Path:
        nvcc = tmp_path / "cuda" / "bin" / "nvcc"
        nvcc.parent.mkdir(parents=True)
        nvcc.write_text(f"#!/bin/sh\necho 'Cuda compilation tools, release {release}, V{release}.88'\n")
        nvcc.chmod(0o755)
        found["nvcc"] = str(nvcc)
        return nvcc

    return install


@pytest.mark.parametrize("value", ["nine", "9", "4.0", "90", "sm_90", "13.0"])
def test_what_is_no_compute_capability(value: str) -> None:
    with pytest.raises(ParameterError, match=f"'{value}' is no compute capability: give"):
        toolkit.compute_capability(value)


def test_compute_capability_is_given_named_found_or_that_of_the_h100(
    bare: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert toolkit.compute_capability() == "9.0"
    monkeypatch.setattr(toolkit, "gpu_capability", lambda: "8.6")
    assert toolkit.compute_capability() == "8.6"
    monkeypatch.setenv("SPIKEPRUNE_CUDA_CAPABILITY", "7.5")
    assert toolkit.compute_capability() == "7.5"
    assert toolkit.compute_capability("12.0") == "12.0"


def test_missing_parts_of_the_toolkit(bare: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendError, match=r"nvcc was not found: install the CUDA toolkit"):
        toolkit.find_toolkit()
    nvcc = bare("13.0")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(BackendError, match=r"cuRAND .* was not found .*pip install nvidia-curand"):
        toolkit.find_toolkit()
    home = nvcc.parent.parent
    for path in (home / "include" / "curand.h", home / "lib64" / "libcurand.so.10"):
        path.parent.mkdir()
        path.touch()
    found = toolkit.find_toolkit()
    assert (found.nvcc, found.release, found.curand_include) == (str(nvcc), (13, 0), home / "include")


def test_an_old_nvcc(bare: Callable[[str], Path]) -> None:
    bare("11.8")
    with pytest.raises(BackendError, match=r"nvcc 11\.8 in .* is too old: install CUDA 12\.0 or newer"):
        toolkit.find_toolkit()


def test_a_capability_that_nvcc_does_not_know(bare: Callable[[str], Path], tmp_path: Path) -> None:
    nvcc = bare("13.0")
    known = toolkit.Toolkit(str(nvcc), (13, 0), tmp_path, tmp_path)
    toolkit.require_capability(known, "7.0")  # this nvcc lists nothing
    nvcc.write_text("#!/bin/sh\necho compute_75\necho compute_90\necho compute_103\n")
    toolkit.require_capability(known, "10.3")
    with pytest.raises(BackendError, match=r"^nvcc 13\.0 does not .* 7\.0: give one of 7\.5, 9\.0, 10\.3 with"):
        toolkit.require_capability(known, "7.0")


@pytest.mark.cuda
@pytest.mark.parametrize(
    ("release", "capability", "complaint"),
    [("13.0", "7.0", "does not compile for compute capability 7.0"), ("11.8", "9.0", "nvcc 11.8 in")],
)
def test_nothing_is_built_with_a_compiler_that_does_not_fit(
    release: str, capability: str, complaint: str, bare: Callable[[str], Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(tmp_path / "cache"))
    nvcc = bare(release)
    nvcc.write_text(
        f"#!/bin/sh\n[ $1 = --list-gpu-arch ] && echo compute_75\necho 'Cuda tools, release {release}, V{release}.1'\n"
    )
    for name in ("curand.h", "libcurand.so.10"):
        (tmp_path / name).touch()
    monkeypatch.setenv("CURAND_HOME", str(tmp_path))
    arguments = ["build", "--backend", "cuda_standalone", "--neurons", "5", "--compute-capability", capability]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "program")])
    assert result.exit_code == 1
    assert complaint in " ".join(result.output.split())
    assert len(result.output.strip().split(": ")) >= 2
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "program").exists()


def test_everything_that_is_missing_is_one_sentence_each(bare: Callable[[str], Path]) -> None:
    sentences = toolkit.missing()
    assert len(sentences) >= 2
    for sentence in sentences:
        assert sentence.count(". ") == 0
        assert sentence.endswith(".")
    assert "No NVIDIA GPU was found" in sentences[-1]


@pytest.mark.skipif(toolkit.gpu_capability() is not None, reason="there is a GPU")
def test_training_without_a_gpu_fails_before_anything_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(tmp_path / "cache"))
    arguments = ["train", "--backend", "cuda_standalone", "--images", "5", "--test-images", "2", "--neurons", "5"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "run"), "--quiet"])
    assert result.exit_code != 0
    assert toolkit.missing()[0] in " ".join(result.output.split()), "of what is missing here, the first"
    assert "Traceback" not in result.output
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "run").exists()


def test_build_is_for_cuda(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["build", "--backend", "numpy", "-o", str(tmp_path / "program")])
    assert result.exit_code != 0
    assert "Back end 'numpy' is not built by itself" in " ".join(result.output.split())


@pytest.mark.cuda
def test_a_project_is_written_without_a_compiler_or_gpu(
    bare: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "program"
    arguments = [
        "build",
        "--backend",
        "cuda_standalone",
        "--neurons",
        "5",
        "--inputs",
        "16",
        "--chunk",
        "3",
        "-o",
        str(out),
    ]
    result = CliRunner().invoke(app, [*arguments, "--generate-only", "--compute-capability", "8.6"])
    assert result.exit_code == 0, result.output
    makefile = (out / "makefile").read_text()
    assert "ARCH ?= sm_86" in makefile
    assert str(tmp_path) not in makefile
    sources = makefile.partition("OBJECTS := ")[2].splitlines()[0].split()
    assert "model.o" in sources
    assert all((out / name).with_suffix(".cu").exists() for name in sources)
    assert not (tmp_path / "cache").exists()
    again = CliRunner().invoke(app, [*arguments, "--generate-only"])
    assert again.exit_code != 0
    assert "is not empty: choose another one" in " ".join(again.output.split())
