"""From runs to numbers: means, standard deviations, paired differences and Pareto fronts, checked by hand."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from spikeprune.cli.board import group_table, paired_table
from spikeprune.errors import SpikepruneError
from spikeprune.sweep.results import PERCENT, VALUES, group_results, pareto_front, pareto_fronts, write_results


def row(rule: str, seed: int, accuracy: float, sops: float, **others: Any) -> dict[str, Any]:
    """A row of the table, all operations and seconds equal to `sops`."""
    values = dict.fromkeys(VALUES, 0.0) | dict.fromkeys(PERCENT, sops) | {"accuracy": accuracy}
    beta = {"rule.beta": 0.5, "rule.interval": 100} if rule == "adaptive" else {}
    where = {"run": f"{rule}-{seed}", "data": "digits", "neurons": 10, "rule": rule, "label": rule, "seed": seed}
    return values | where | beta | others


TABLE = pd.DataFrame(
    [
        row("adaptive", 1, 83.0, 50.0),
        row("adaptive", 0, 80.0, 80.0),
        row("adaptive", 2, 85.0, 60.0),
        row("none", 0, 81.0, 100.0),
        row("none", 1, 82.0, 200.0),
        row("none", 0, 50.0, 500.0, neurons=20),
    ]
)


def test_means_and_paired_differences_by_hand() -> None:
    adaptive, none, larger = group_results(TABLE)
    accuracy = adaptive["values"]["accuracy"]
    # (80 + 83 + 85) / 3, and sqrt(((80 - 82.67)² + (83 - 82.67)² + (85 - 82.67)²) / 2)
    assert adaptive["seeds"] == [0, 1, 2]
    assert accuracy["values"] == [80, 83, 85]
    assert accuracy["mean"] == pytest.approx(82.6667, abs=1e-4)
    assert accuracy["sd"] == pytest.approx(2.5166, abs=1e-4)
    paired = adaptive["against_none"]
    # Seeds 0 and 1 have a baseline: 80 - 81 and 83 - 82 points; 80/100 - 1 and 50/200 - 1.
    assert paired["seeds"] == [0, 1]
    assert paired["accuracy"]["values"] == [-1, 1]
    assert paired["accuracy"]["sd"] == pytest.approx(2**0.5)
    for name in PERCENT:
        assert paired[name]["values"] == pytest.approx([-20, -75])
        assert paired[name]["mean"] == pytest.approx(-47.5)
        assert paired[name]["sd"] == pytest.approx(55 / 2**0.5)
    assert "against_none" not in none
    assert (larger["neurons"], larger["n"], larger["values"]["accuracy"]["sd"]) == (20, 1, None)


def test_neurons_that_died_are_averaged_and_compared() -> None:
    table = pd.DataFrame(
        [
            row("none", 0, 80, 100, dead_neurons=1, silent_neurons=0),
            row("none", 1, 80, 100, dead_neurons=0, silent_neurons=0),
            row("adaptive", 0, 80, 50, dead_neurons=2, silent_neurons=5),
            row("adaptive", 1, 80, 50, dead_neurons=5, silent_neurons=7),
        ]
    )
    _, adaptive = group_results(table)
    assert adaptive["values"]["dead_neurons"]["mean"] == 3.5
    assert adaptive["values"]["dead_neurons"]["sd"] == pytest.approx(3 / 2**0.5)
    assert adaptive["against_none"]["dead_neurons"]["values"] == [1, 5]
    assert adaptive["against_none"]["silent_neurons"]["values"] == [5, 7]


def printed(table: Any) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in text
    return text


def test_tables_show_means_and_paired_differences() -> None:
    operations = {
        "training.training_sops": 60.0, "training.transmissions": 50.0, "training.updates": 75.0,
        "inference.inference_sops": 40.0, "dead_neurons": 3,
    }  # fmt: skip
    table = pd.DataFrame(
        [
            row("none", 0, 81.0, 100.0), row("none", 1, 82.0, 100.0),
            row("adaptive", 0, 80.0, 0.0, **operations), row("adaptive", 1, 83.0, 0.0, **operations),
        ]
    )  # fmt: skip
    groups = group_results(table)
    text = printed(group_table(groups, "x"))
    for words in ("81.50 ± 2.12", "3.0 ± 0.0", "+0.00 ± 1.41", "−40.0 ± 0.0 %"):
        assert words in text
    line = next(line for line in printed(paired_table(groups)).splitlines() if "adaptive" in line)
    cells = ["adaptive", "10", "2", "+0.00 ± 1.41", "−40.0 ± 0.0", "−50.0 ± 0.0", "−25.0 ± 0.0", "−60.0 ± 0.0"]
    assert [cell for cell in re.split(r"\s{2,}", line.strip()) if cell] == [*cells, "+3.0 ± 0.0"]
    assert paired_table(groups[:1]) is None


def test_rule_is_given_with_its_parameters() -> None:
    adaptive, none, _ = group_results(TABLE)
    assert adaptive["rule"] == {
        "name": "adaptive", "beta": 0.5, "eta": 0.2, "a_max": 2.0, "start": 0, "interval": 100
    }  # fmt: skip
    assert isinstance(adaptive["rule"]["interval"], int)
    assert none["rule"] == {"name": "none"}


def test_a_baseline_of_other_seeds_or_sizes_is_none() -> None:
    table = pd.DataFrame([row("adaptive", 0, 80, 1), row("none", 1, 80, 1), row("none", 0, 80, 1, neurons=20)])
    assert all("against_none" not in group for group in group_results(table))


@pytest.mark.parametrize(
    ("accuracy", "cost", "front"),
    [
        ([90, 88, 91, 85], [10, 5, 20, 7], [1, 0, 2]),
        ([90, 90], [10, 5], [1]),
        ([90, 80], [5, 5], [0]),
        ([90, 90], [5, 5], [0, 1]),
        ([80], [1], [0]),
        ([], [], []),
    ],
)
def test_pareto_front(accuracy: list[float], cost: list[float], front: list[int]) -> None:
    assert pareto_front(accuracy, cost) == front


def test_no_point_of_the_front_is_beaten_and_every_other_is() -> None:
    points = [(x * 37 % 101, x * 53 % 97) for x in range(60)]
    front = pareto_front([a for a, _ in points], [c for _, c in points])

    def beaten(k: int) -> bool:
        a, c = points[k]
        return any(x >= a and y <= c and (x, y) != (a, c) for x, y in points)

    assert [k for k in range(60) if not beaten(k)] == sorted(front)


def test_fronts_are_apart_for_sizes_and_phases() -> None:
    fronts = pareto_fronts(group_results(TABLE))
    assert [(front["neurons"], front["cost"]) for front in fronts] == [
        (10, "training.training_sops"), (10, "inference.inference_sops"),
        (20, "training.training_sops"), (20, "inference.inference_sops"),
    ]  # fmt: skip
    assert [point["label"] for point in fronts[0]["front"]] == ["adaptive"]
    assert [point["label"] for point in fronts[2]["front"]] == ["none"]


def test_files_hold_the_table_and_the_groups(tmp_path: Path) -> None:
    files = write_results(tmp_path, "x", TABLE, {"experiment": "x"}, group_results(TABLE))
    assert [path.relative_to(tmp_path).as_posix() for path in files] == ["x.csv", "x.parquet", "reference/x.json"]
    assert pd.read_csv(files[0]).equals(pd.read_parquet(files[1]))
    document = json.loads(files[2].read_text())
    assert document["experiment"] == "x"
    assert document["groups"][0]["against_none"]["accuracy"]["mean"] == 0
    assert document["groups"][2]["values"]["accuracy"]["sd"] is None


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    table = pd.DataFrame([row("none", 0, 80, 0), row("adaptive", 0, 80, 0)])
    files = write_results(tmp_path, "x", table, {}, group_results(table))
    text = files[-1].read_text()
    assert "NaN" not in text
    assert json.loads(text)["groups"][1]["against_none"]["seconds"]["mean"] is None


def test_results_that_cannot_be_written_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpikepruneError, match=r"cannot be written to .*file"):
        write_results(tmp_path / "file", "x", TABLE, {}, group_results(TABLE))
