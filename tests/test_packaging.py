"""The package is whole and says what it needs: imports are declared, one version, a wheel that works elsewhere."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import spikeprune

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "model" / "spikeprune"

SETUP = ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")

#: Import name to distribution, where they differ.
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}
#: Declared and not imported: what Brian2's runtime back end compiles with.
UNSEEN = {"cython", "setuptools"}


def requirements(text: str) -> set[str]:
    return {re.split(r"[<>=;\[ ]", line)[0].lower() for line in text.strip().splitlines() if not line.startswith("#")}


def test_dependencies_are_what_is_imported() -> None:
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            imported |= {name.partition(".")[0] for name in names}
    imported -= {*sys.stdlib_module_names, "spikeprune"}
    extras = {name: requirements(text) for name, text in SETUP["options.extras_require"].items()}
    needed = {DISTRIBUTIONS.get(name, name).lower() for name in imported} - set.union(*extras.values())
    assert requirements(SETUP["options"]["install_requires"]) - UNSEEN == needed


def test_one_version() -> None:
    assert SETUP["metadata"]["version"] == "attr: spikeprune.__version__"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {spikeprune.__version__}\n" in citation
    others = [
        path for path in [ROOT / "pyproject.toml", *PACKAGE.rglob("*.py")]
        if re.search(r'^(__version__|version) = "', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]  # fmt: skip
    assert others == [PACKAGE / "__init__.py"]


def test_every_reference_of_the_paper_is_in_its_bibliography() -> None:
    cited = set(re.findall(r"@([\w:]+)", (ROOT / "paper.md").read_text(encoding="utf-8").split("---", 2)[2]))
    entries = set(re.findall(r"^@\w+\{([\w:]+),", (ROOT / "paper.bib").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert cited == entries


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.long
@pytest.mark.slow
def test_sdist_and_wheel_are_whole_and_work_outside_the_repository(tmp_path: Path) -> None:
    """The sdist is made from a copy, the wheel from the sdist, and the wheel trains, draws and reports."""
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".*cache", "*.egg-info", "runs", "demo", "_build"),
        symlinks=True,
    )  # fmt: skip
    build = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    run(sys.executable, "-c", build, tmp_path, cwd=copy)
    sdist = tmp_path / f"spikeprune-{spikeprune.__version__}.tar.gz"
    with tarfile.open(sdist) as archive:
        members = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "CITATION.cff", "docs/conf.py", "tests/conftest.py"} <= members
    assert {
        "results/reference/c1.json",
        "examples/your_own_rule.py",
        "experiments/c1.toml",
        "figures/all.py",
    } <= members
    made = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(sdist)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "No matching distribution" in made.stderr or "connection" in made.stderr.lower():
        pytest.skip("pip cannot fetch setuptools to build a wheel with")
    assert made.returncode == 0, made.stderr
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("spikeprune/")}
    kept = {
        path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }  # fmt: skip
    assert packed == kept

    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, wheel, cwd=elsewhere)
    shutil.rmtree(copy)
    program = """
import spikeprune as sp
from spikeprune.cli import main
print(sp.__file__, sp.__version__)
import sys
arguments = "train --data digits --neurons 5 --images 20 --test-images 5 --out run --quiet"
for line in (arguments, "show run", "report run -o report.html"):
    sys.argv = ["spikeprune", *line.split()]
    try:
        main()
    except SystemExit as stopped:
        assert not stopped.code, line
"""
    printed = run(sys.executable, "-c", program, cwd=elsewhere, PYTHONPATH=str(site))
    assert printed.startswith(f"{site / 'spikeprune' / '__init__.py'} {spikeprune.__version__}")
    assert {"receptive_fields.png", "network.npz"} <= {path.name for path in (elsewhere / "run").iterdir()}
    assert "<svg" in (elsewhere / "report.html").read_text(encoding="utf-8")
