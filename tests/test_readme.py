"""The README and the pages of docs/ say what is so: tables equal the reference results, commands and links exist.

A table whose head names "rule" and "seeds" is a table of results.  Each of its rows must agree, in every cell, with a
group of a reference file that the page names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
FIRST_RUN = (ROOT / "docs" / "first-run.md").read_text(encoding="utf-8")
#: Pages that are read on disk and in a repository's browser as well as on the site.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

#: Column to the value that it shows, and the factor between the two.
COLUMNS = {
    "accuracy, %": ("accuracy", 1.0),
    "shared accuracy, %": ("shared_accuracy", 1.0),
    "weights removed, %": ("removed_share", 100.0),
    "weights frozen, %": ("frozen_share", 100.0),
    "dead neurons": ("dead_neurons", 1.0),
    "silent neurons": ("silent_neurons", 1.0),
    "training SOPs": ("training.training_sops", 1.0),
    "training transmissions": ("training.transmissions", 1.0),
    "training updates": ("training.updates", 1.0),
    "inference SOPs": ("inference.inference_sops", 1.0),
}
#: Columns that say which group a row is; what has no column is MNIST.
WHICH = ("claim", "the paper", "data", "neurons", "rule", "seeds")
SYMBOLS = {"β": "beta", "η": "eta"}
PREFIX = {"": 1.0, "k": 1e3, "M": 1e6}

Row = dict[str, str]


def result_rows(text: str) -> Iterator[Row]:
    """Rows of the tables of results, cells by the head of their column."""
    head: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            head = []
        elif not head:
            head = cells
        elif {"rule", "seeds"} <= set(head) and not re.fullmatch(r"[-:| ]+", line):
            yield dict(zip(head, cells, strict=True))


ROWS = [*result_rows(README), *result_rows(RESULTS)]
QUOTED = sorted(set(re.findall(r"results/reference/([\w.-]+)\.json", RESULTS)))


def groups() -> Iterator[dict[str, Any]]:
    """Groups of all reference files that the results name."""
    for name in QUOTED:
        yield from json.loads((ROOT / "results" / "reference" / f"{name}.json").read_text(encoding="utf-8"))["groups"]


def shows(text: str, value: float) -> bool:
    """Whether `text`, a number as people write it ("−1,064.5 k", "3 %"), is `value` rounded to as many digits."""
    found = re.fullmatch(r"([+−-]?)([\d,]+)(?:\.(\d+))?\s*([kM]?)\s*%?", text.strip())
    if not found:
        return False
    sign, whole, digits, prefix = found.groups()
    number = float(whole.replace(",", "") + "." + (digits or "0")) * PREFIX[prefix]
    half = 0.5 * 10.0 ** -len(digits or "") * PREFIX[prefix]
    return abs((-number if sign in ("−", "-") and sign else number) - value) <= 1.02 * half


def matches(row: Row, group: dict[str, Any]) -> bool:
    """Whether a group is the one that a row speaks of: data, neurons, rule with its parameters, seeds."""
    label, _, details = row["rule"].partition(" (")
    values = {SYMBOLS.get(name, name): value for name, value in re.findall(r"(\w+) = ([\d.]+)", details)}
    return (
        (group["data"].lower(), str(group["neurons"])) == (row.get("data", "mnist").lower(), row["neurons"])
        and label in (group["label"], group["label"].split(",")[0])
        and str(group["n"]) == row["seeds"]
        and all(group["rule"].get(name) == pytest.approx(float(value)) for name, value in values.items())
    )


def wrong(row: Row, group: dict[str, Any]) -> list[str]:
    """Cells of a row that do not show what the group holds: mean, ± SD, (change against the unpruned network)."""
    found = []
    for column, cell in row.items():
        if column in WHICH:
            continue
        name, factor = COLUMNS[column]
        statistics, paired = group["values"][name], group.get("against_none", {}).get(name)
        parts = re.fullmatch(r"([^±(]+?)(?: ± ([^(]+?))?(?: \(([^±)]+?)(?: ± ([^)]+))?\))?", cell)
        expected = (statistics["mean"], statistics["sd"], paired and paired["mean"], paired and paired["sd"])
        factors = (factor, factor, 1.0, 1.0)
        for text, value, times in zip(parts.groups() if parts else ("",), expected, factors, strict=False):
            if text is not None and (value is None or not shows(text, times * value)):
                found.append(f"{column} is '{text}', but {None if value is None else times * value}")
    frozen = re.search(r"([\d.]+) % frozen", row["rule"])
    if frozen and not shows(frozen[1], 100 * group["values"]["frozen_share"]["mean"]):
        found.append(f"{frozen[0]}, but {group['values']['frozen_share']['mean']}")
    return found


@pytest.mark.parametrize(
    ("text", "value", "right"),
    [
        ("81.44", 81.4366, True), ("81.44", 81.4466, False), ("692 k", 692_400, True), ("692 k", 693_000, False),
        ("1,860 k", 1_859_900, True), ("−44.7 %", -44.71, True), ("−44.7 %", 44.71, False), ("+3.4 %", 3.44, True),
        ("1.12 M", 1_116_000, True), ("0", 0.4, True), ("much", 1, False),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, value: float, right: bool) -> None:
    assert shows(text, value) is right


def test_wrong_numbers_are_found() -> None:
    """In each cell of a row that is changed."""
    row = next(row for row in ROWS if "(−" in row["training SOPs"])
    group = next(group for group in groups() if matches(row, group) and not wrong(row, group))
    for column, cell in row.items():
        if column in WHICH:
            continue
        for digit in re.finditer(r"\d(?=\D*$|\.| )", cell):
            other = cell[: digit.start()] + str((int(digit[0]) + 5) % 10) + cell[digit.end() :]
            assert wrong({**row, column: other}, group), other


def test_the_table_is_there() -> None:
    assert len(list(result_rows(README))) >= 5
    assert QUOTED
    # Every reference of a sweep is quoted, and nothing else.
    files = (ROOT / "results" / "reference").glob("*.json")
    assert {path.stem for path in files if "groups" in json.loads(path.read_text(encoding="utf-8"))} == set(QUOTED)
    for row in ROWS:
        assert set(row) <= {*WHICH, *COLUMNS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.get('data', '')} {row['rule']}, N = {row['neurons']}")
def test_table_equals_the_reference_results(row: Row) -> None:
    candidates = [wrong(row, group) for group in groups() if matches(row, group)]
    assert candidates, "no reference file that the results name has this group"
    assert [] in candidates, candidates


def test_commands_under_the_tables_make_the_files_they_name() -> None:
    lines = re.findall(r"^ {4}spikeprune sweep .*$", README + RESULTS, flags=re.MULTILINE)
    assert len(lines) >= len(QUOTED)
    for line in lines:
        experiment = re.search(r"sweep experiments/([\w.-]+)\.toml", line)
        assert experiment
        assert (ROOT / "experiments" / f"{experiment[1]}.toml").is_file()
        result = re.search(r"(\d+) runs?, results/reference/([\w.-]+)\.json", line)
        if result:
            assert result[2] == experiment[1]
            document = json.loads((ROOT / "results" / "reference" / f"{result[2]}.json").read_text(encoding="utf-8"))
            assert document["runs"] == int(result[1])


def test_reference_results_come_from_committed_code() -> None:
    for path in (ROOT / "results" / "reference").glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        origins = document["provenance"]
        origins = [origins] if isinstance(origins, dict) else origins  # of a benchmark, of the runs of a sweep
        assert all(entry["commit"] and entry["dirty"] is False for entry in origins)
        if "groups" not in document:
            continue
        assert document["runs"] == document["finished"]
        experiment = re.search(r"experiments/[\w-]+\.toml", document["command"])
        assert experiment
        assert (ROOT / experiment[0]).is_file()


def test_links_lead_somewhere() -> None:
    """Those that leave the site; the rest is Sphinx's business (tests/test_documentation.py)."""
    for page in PAGES:
        links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        lost = [link for link in links if not (page.parent / link).exists() and not link.startswith("tutorial/")]
        assert lost == [], page.name


def test_the_demo_runs_what_its_table_says() -> None:
    from spikeprune.cli.demo import RULES, in_words

    assert in_words(RULES) in " ".join(FIRST_RUN.split())
    rows = re.findall(
        r"^\| (\w+) \| [\d.]+ ?(?:\([^)]*\))? \|", FIRST_RUN.split("digits, 100 neurons")[1], flags=re.MULTILINE
    )
    assert rows[: len(RULES)] == list(RULES)


def test_commands_exist() -> None:
    from typer.main import get_command

    from spikeprune.cli import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"(?:^ {4}|`)spikeprune (\w+)", pages, flags=re.MULTILINE))
    assert {"train", "compare", "sweep", "resume", "show", "info", "fetch"} <= named
    assert named <= {*commands, "COMMAND"}
    targets = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^ {4}|`)make ([a-z]+)", pages, flags=re.MULTILINE):
        assert f"\n{target}:" in targets


def test_table_of_our_experiments_is_complete() -> None:
    from spikeprune.sweep.experiment import Experiment

    text = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([\w-]+)` \| (\d+) \|", text, flags=re.MULTILINE))
    files = (ROOT / "experiments").glob("*.toml")
    assert listed == {path.stem: str(len(Experiment.read(path).plan("", 784))) for path in files}
