"""The README says what is so: its table equals the reference results, its commands and links exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in README.splitlines()
    if re.match(r"\| \d+ \| (none|constant|adaptive|soft)", line)
]

FILES = {"100": "readme-n100", "400": "readme-n400", "800": "c1"}


def group(neurons: str, label: str) -> dict[str, Any]:
    """Results of a rule, from the reference file of its number of neurons."""
    groups = json.loads((ROOT / "results" / "reference" / f"{FILES[neurons]}.json").read_text())["groups"]
    return next(entry for entry in groups if entry["label"] == label)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").strip(" %k"))


def test_the_table_is_there() -> None:
    assert len(ROWS) == 8


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]}, N = {row[0]}")
def test_table_equals_the_reference_results(row: list[str]) -> None:
    neurons, rule, seeds, accuracy, removed, training, inference = row
    found = group(neurons, rule.split()[0])
    values = found["values"]
    assert found["n"] == int(seeds)
    mean, *sd = accuracy.split(" ± ")
    assert number(mean) == pytest.approx(values["accuracy"]["mean"], abs=0.0051)
    if found["n"] > 1:
        assert number(sd[0]) == pytest.approx(values["accuracy"]["sd"], abs=0.0051)
    assert number(removed) == pytest.approx(100 * values["removed_share"]["mean"], abs=0.051)
    for cell, name in ((training, "training.training_sops"), (inference, "inference.inference_sops")):
        sops, *change = cell.rstrip(")").split("(")
        assert number(sops) == pytest.approx(values[name]["mean"] / 1000, abs=0.51)
        if change:
            assert number(change[0]) == pytest.approx(found["against_none"][name]["mean"], abs=0.051)
    frozen = re.search(r"(\d+) % frozen", rule)
    if frozen:
        assert number(frozen[1]) == pytest.approx(100 * values["frozen_share"]["mean"], abs=0.51)


def test_reference_results_come_from_committed_code() -> None:
    for path in (ROOT / "results" / "reference").glob("*.json"):
        document = json.loads(path.read_text())
        assert document["runs"] == document["finished"]
        assert all(entry["commit"] and entry["dirty"] is False for entry in document["provenance"])
        experiment = re.search(r"experiments/[\w-]+\.toml", document["command"])
        assert experiment
        assert (ROOT / experiment[0]).is_file()


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_commands_exist() -> None:
    from typer.main import get_command

    from spikeprune.cli import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"(?:^ {4}|`)spikeprune (\w+)", README, flags=re.MULTILINE))
    assert {"train", "compare", "sweep", "resume", "show", "info", "fetch"} <= named
    assert named <= set(commands)
    targets = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^ {4}make (\w+)", README, flags=re.MULTILINE):
        assert f"\n{target}:" in targets
