"""The documentation builds without a warning or a network, shows what the code declares, and its tutorial runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest

import spikeprune
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning import RULES

ROOT = Path(__file__).parents[1]
TOOLS = ("furo", "myst_parser", "numpydoc", "sphinx", "sphinx_gallery")


def test_every_exported_name_is_documented() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^   (?:spikeprune\.)?([\w.]+)$", page, flags=re.MULTILINE))
    assert set(spikeprune.__all__) - {"PRICES"} <= listed


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(not all(map(find_spec, TOOLS)), reason="no Sphinx: make docs installs and builds, .ci/run too")
def test_documentation_builds(tmp_path: Path) -> None:
    """From a copy, because autosummary and the gallery write beside the pages; without running the tutorial."""
    for name in ("docs", "examples", "results"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("_build", "api", "tutorial"))
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-D", "plot_gallery=0", "docs", str(site)]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | nowhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    def text(page: str) -> str:
        return unescape((site / f"{page}.html").read_text(encoding="utf-8"))

    parameters, rules, commands, tables = map(text, ("parameters", "pruning-rules", "commands", "tables"))
    for entry in fields(NetworkParameters):
        assert f">{entry.name}<" in parameters
        assert entry.metadata["meaning"] in parameters
    for name, rule in RULES.items():
        if rule.__module__.startswith("spikeprune."):
            assert f">{name}<" in rules
            assert all(f">{entry.name}<" in rules for entry in fields(rule))
    from typer.main import get_command

    from spikeprune.cli import app

    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f">spikeprune {name}<" in commands
    for path in (ROOT / "results" / "reference").glob("c*.json"):
        assert f">{path.stem}<" in tables
    for name in set(spikeprune.__all__) - {"PRICES"}:
        assert f'id="spikeprune.{name}"' in text(f"api/spikeprune.{name}")
    assert all(f'id="spikeprune.prices.{name}"' in text("api/spikeprune.prices") for name in ("PRICES", "energy"))


@pytest.mark.long
@pytest.mark.slow
def test_tutorial_runs(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    script = ROOT / "docs" / "gallery" / "tutorial_first_network.py"
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    accuracy: dict[str, float] = {}
    removed: dict[str, float] = {}
    for line in done.stdout.splitlines():
        found = re.match(r"(\w+) +accuracy ([\d.]+) %, removed ([\d.]+) %", line)
        if found:
            accuracy[found[1]], removed[found[1]] = float(found[2]), float(found[3])
    assert removed["unpruned"] == 0
    assert 50 < removed["adaptive"] < 80
    assert all(value > 75 for value in accuracy.values())
    assert not list(tmp_path.iterdir())
