"""The command line: what it writes, what it refuses and how, and that interrupted work goes on.

The networks are tiny (64 inputs, 3 neurons) and run on Brian2's NumPy target, so nothing is compiled.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner, Result

from spikeprune import cli
from spikeprune.cli.bars import Bar
from spikeprune.cli.console import Output
from spikeprune.cli.tables import results_table, si
from spikeprune.datasets import Dataset
from spikeprune.errors import RunFolderError
from spikeprune.records import RunFolder
from spikeprune.scaling import scaled_values
from spikeprune.summary import Summary

TINY = [
    "--neurons", "3", "--backend", "numpy", "--chunk", "2", "--network", "presentation=20", "--network", "rest=10",
    "--network", "attempts=1", "--network", "intensity=30",
]  # fmt: skip
PRUNING = ["--rule", "constant", "--set", "h=0.1", "--set", "interval=2"]
PICTURES = ("receptive_fields.png", "weights.png", "history.png", "operations.png", "confusion.png")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def document(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def assert_refused(result: Result, status: int, *words: str) -> None:
    """The command says what is wrong in one sentence on standard error, writes no result and no traceback."""
    assert result.exit_code == status, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six images of two classes, three for testing."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 80, (9, 8, 8))
    labels = np.arange(9) % 2
    images[labels == 0, :4] += 170
    images[labels == 1, 4:] += 170
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(path, train_images=images[:6], train_labels=labels[:6], test_images=images[6:], test_labels=labels[6:])
    return path


@pytest.fixture(scope="module")
def trained(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs `none` and `constant`, and what training them printed."""
    folder = tmp_path_factory.mktemp("runs")
    for name, options in (("none", ["--rule", "none"]), ("constant", PRUNING)):
        result = run("train", "--data", tiny, *TINY, *options, "--out", folder / name, "--json")
        assert result.exit_code == 0, result.stderr
        (folder / f"{name}.json").write_text(result.stdout)
        (folder / f"{name}.err").write_text(result.stderr)
    return folder


@pytest.fixture
def copied(trained: Path, tmp_path: Path) -> Path:
    """A copy of the pruned run, to be spoilt."""
    return Path(shutil.copytree(trained / "constant", tmp_path / "copy"))


def test_help_and_version_do_not_import_brian2() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from spikeprune.cli import app\n"
        "for words in (['--help'], ['train', '--help'], ['info', '--help'], ['--version']):\n"
        "    assert CliRunner().invoke(app, words).exit_code == 0\n"
        "print(*sorted({'brian2', 'matplotlib', 'sympy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_constants_follow_the_data_where_that_is_asked_for(tiny: Path, tmp_path: Path) -> None:
    assert run("train", "--data", tiny, *TINY, "--rule", "none", "--scaled", "--out", tmp_path / "run").exit_code == 0
    parameters = json.loads((tmp_path / "run" / "run.json").read_text())["settings"]["parameters"]
    data = Dataset.load(tiny)
    expected = scaled_values(3, data.ink, len(data.train_images))
    given = ("weight_share", "theta_plus", "rate_pre", "rate_post", "theta_recruited")
    assert {name: parameters[name] for name in given} == expected
    assert parameters["presentation"] == 20, "what --network gives stays"


def test_every_command_is_listed() -> None:
    listed = run("--help").stdout
    assert "..." not in listed.split("Commands:")[1], "cut off"
    for command in (
        "train", "resume", "evaluate", "predict", "show", "compare", "sweep", "rules", "cache", "info", "fetch", "demo",
    ):  # fmt: skip
        assert command in listed


def test_training_leaves_a_complete_folder(trained: Path) -> None:
    folder = trained / "constant"
    assert json.loads((folder / "run.json").read_text())["status"] == "complete"
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {"run.json", "network.npz", "history.json", "evaluation.npz", "results.json", *PICTURES}


def test_training_reports_the_stored_numbers(trained: Path) -> None:
    printed = json.loads((trained / "constant.json").read_text())
    with np.load(trained / "constant" / "network.npz") as arrays:
        assert printed["removed_share"] == pytest.approx(1 - arrays["alive"].mean())
    assert 0 < printed["removed_share"] < 1
    history = json.loads((trained / "constant" / "history.json").read_text())
    kinds = ("input_to_excitatory", "excitatory_to_inhibitory", "inhibitory_to_excitatory")
    updates = ("updates_on_input_spikes", "updates_on_excitatory_spikes")
    total = sum(entry["counts"][kind] for entry in history for kind in (*kinds, *updates))
    assert printed["training"]["per_image"]["training_sops"] == pytest.approx(total / 6)
    results = json.loads((trained / "constant" / "results.json").read_text())
    inference = sum(results["counts"][kind] for kind in kinds) / 3
    assert printed["inference"]["per_image"]["inference_sops"] == pytest.approx(inference)
    assert printed["energy"]["inference_joule_per_image"] == pytest.approx(inference * 23.6e-12)
    assert printed["accuracy"] == results["accuracy"]
    assert printed["pictures"] == [str(trained / "constant" / name) for name in PICTURES]


def test_messages_go_to_standard_error(trained: Path) -> None:
    assert "Trained on 6 images" in (trained / "none.err").read_text()


def test_rarely_acting_rule_is_noted(tiny: Path, trained: Path) -> None:
    assert "the rule acts 3 times in 6 images" in (trained / "constant.err").read_text()
    assert "Note" not in (trained / "none.err").read_text()


def test_a_period_beyond_the_training_is_refused(tiny: Path, tmp_path: Path) -> None:
    """Unless it is allowed, and then the table says that there was no event."""
    options = ["train", "--data", tiny, *TINY, "--rule", "critical-period", "--set", "start=37000", "--set",
               "stop=46000", "--no-plots", "--out", tmp_path / "run"]  # fmt: skip
    refused = run(*options)
    assert refused.exit_code == 2
    sentence = " ".join(refused.stderr.split())
    assert "'critical-period' never acts in a training of 6 images with start = 37000, stop = 46000" in sentence
    assert "start = 0.6, stop = 0.8" in sentence
    assert "--allow-inert" in sentence
    assert not (tmp_path / "run").exists()
    allowed = run(*options, "--allow-inert", "--json")
    assert allowed.exit_code == 0
    assert json.loads(allowed.stdout)["pruning_events"] == 0


def test_quiet_writes_the_result_alone(tiny: Path, tmp_path: Path) -> None:
    result = run("train", "--data", tiny, *TINY, "--rule", "none", "--images", 2, "--no-plots", "--quiet",
                 "--out", tmp_path / "run")  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Accuracy" in result.stdout
    assert not list((tmp_path / "run").glob("*.png"))


def test_default_folder_names_the_run(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = document("train", "--data", tiny, *TINY, "--rule", "none", "--images", 1, "--seed", 4, "--no-plots")
    assert printed["folder"] == "runs/tiny.npz-none-n3-s4"
    assert (tmp_path / printed["folder"] / "network.npz").exists()


def test_show_prints_run_results_and_pictures(trained: Path) -> None:
    shown = run("show", trained / "constant")
    assert shown.exit_code == 0
    for words in ("constant: h = 0.1", "3 excitatory", "presentation = 20.0", "input spikes", "receptive_fields.png"):
        assert words in shown.stdout
    printed, again = json.loads((trained / "constant.json").read_text()), document("show", trained / "constant")
    assert {key: again[key] for key in printed} == printed


def test_show_draws_missing_pictures(copied: Path) -> None:
    for picture in copied.glob("*.png"):
        picture.unlink()
    run("show", copied, "--no-plots")
    assert not list(copied.glob("*.png"))
    run("show", copied)
    assert {path.name for path in copied.glob("*.png")} == set(PICTURES)


def test_compare_gives_the_change_against_the_first(trained: Path) -> None:
    first, second = document("compare", trained / "none", trained / "constant")
    assert first["change"] == {
        "against": "none", "accuracy_points": 0, "training_sops_percent": 0, "inference_sops_percent": 0
    }  # fmt: skip
    before, after = (entry["inference"]["per_image"]["inference_sops"] for entry in (first, second))
    assert second["change"]["inference_sops_percent"] == pytest.approx(100 * (after - before) / before)
    assert second["change"]["inference_sops_percent"] < 0
    assert document("compare", trained / "constant", trained / "none")[1]["change"]["inference_sops_percent"] > 0


def test_compare_prints_signs_price_and_breakdown(trained: Path) -> None:
    result = run("compare", trained / "none", trained / "constant", "--breakdown")
    change = document("compare", trained / "none", trained / "constant")[1]["change"]["training_sops_percent"]
    assert f"({change:+.0f} %)".replace("-", "−") in result.stdout
    assert "estimate, SOPs × 23.6 pJ (loihi)" in result.stdout
    assert "input spikes" in result.stdout
    assert "input spikes" not in run("compare", trained / "none").stdout
    assert "Neurons" not in result.stdout, "columns for what the runs share"


def test_images_shown_again_are_disclosed(trained: Path) -> None:
    often = Summary.read(trained / "none")
    counts = replace(often.training, presentations=9)
    text = "\n".join(str(part) for part in results_table([replace(often, training=counts)], "loihi").renderables)
    assert "shown again (and counted): none 1.50 times in training." in text
    assert "shown again" not in run("show", trained / "none").stdout


def test_price_changes_energy_alone(trained: Path) -> None:
    loihi, odin = (document("show", trained / "none", "--price", price) for price in ("loihi", "odin"))
    ratio = odin["energy"]["training_joule_per_image"] / loihi["energy"]["training_joule_per_image"]
    assert ratio == pytest.approx(12.7 / 23.6)
    assert {**odin, "energy": None} == {**loihi, "energy": None}


def test_compared_runs_that_differ_are_told_apart(trained: Path, tiny: Path, tmp_path: Path) -> None:
    other = tmp_path / "none"
    run("train", "--data", tiny, *TINY, "--rule", "none", "--images", 2, "--no-plots", "--out", other)
    printed = run("compare", trained / "none", other).stdout
    assert "Images" in printed
    assert [entry["run"] for entry in document("compare", trained / "none", other)] == [
        str(trained / "none"), str(other)
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_no_terminal_is_too_narrow_for_a_column(trained: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    printed = run("compare", trained / "none", trained / "constant", "--breakdown").stdout
    assert columns < 80 or max(len(line) for line in printed.splitlines()) <= max(columns, 92)
    for word in ("Run", "constant", "Accuracy", "Removed", "Training", "Inference", "energy", "exc. spikes", "sum"):
        assert word in printed
    assert "…" not in printed


def test_compare_draws_on_request(trained: Path, tmp_path: Path) -> None:
    picture = tmp_path / "comparison.png"
    assert run("compare", trained / "none", trained / "constant", "--picture", picture).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_evaluating_again_changes_nothing(trained: Path, copied: Path) -> None:
    before = (copied / "results.json").read_text()
    printed = document("evaluate", copied)
    assert printed["kept"]
    assert printed["accuracy"] == json.loads(before)["accuracy"]
    assert (copied / "results.json").read_text() == before


def test_evaluation_of_other_images_is_not_kept(copied: Path, tiny: Path) -> None:
    before = (copied / "results.json").read_text()
    for options in (["--test-images", 2], ["--data", tiny, "--test-images", 2]):
        printed = document("evaluate", copied, *options)
        assert not printed["kept"]
        assert printed["test_images"] == 2
    assert (copied / "results.json").read_text() == before


def test_dead_neurons_of_older_runs_are_counted_from_their_responses(copied: Path) -> None:
    results = json.loads((copied / "results.json").read_text())
    counted = results.pop("dead_neurons")
    del results["checksum"]
    (copied / "results.json").write_text(json.dumps(results))
    assert document("show", copied)["dead_neurons"] == counted


def test_unevaluated_run_is_shown_and_evaluated_by_resume(copied: Path) -> None:
    before = json.loads((copied / "results.json").read_text())
    for name in ("results.json", "evaluation.npz"):
        (copied / name).unlink()
    shown = run("show", copied)
    assert "not evaluated yet" in shown.stdout
    assert f"spikeprune resume {copied}" in shown.stderr
    assert document("show", copied)["removed_share"] > 0
    assert document("resume", copied)["accuracy"] == before["accuracy"]


def test_post_training_pruning_counts_before_evaluation(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    document("train", "--data", tiny, *TINY, "--rule", "post-training", "--set", "share=0.75", "--out", folder)
    evaluated = Summary.read(folder).removed_share
    (folder / "results.json").unlink()
    assert Summary.read(folder).removed_share == pytest.approx(evaluated) == pytest.approx(0.75)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_run_goes_on_to_the_same_end(
    stop: signal.Signals, tiny: Path, trained: Path, tmp_path: Path
) -> None:
    """After the first chunk: by Ctrl-C, by a batch system, by a terminal that is closed.

    Ctrl-C comes to the background job of a script, which was started with the signal ignored.
    """
    folder = tmp_path / "run"
    # Half a second to be interrupted in, however slow the machine is.
    pause = (
        "import time; from spikeprune.records import RunFolder as F; write = F.write_checkpoint; "
        "F.write_checkpoint = lambda self, arrays: (write(self, arrays), time.sleep(0.5)); "
    )
    command = [sys.executable, "-c", "from spikeprune.cli import main; main()", "train", "--data", str(tiny), *TINY,
               *PRUNING, "--out", str(folder)]  # fmt: skip
    process = subprocess.Popen(
        [*command[:2], pause + command[2], *command[3:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: (signal.signal(signal.SIGINT, signal.SIG_IGN), signal.signal(signal.SIGHUP, signal.SIG_DFL)),
    )  # fmt: skip
    until = time.monotonic() + 120
    while not (folder / "checkpoint.npz").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(stop)
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout) == (128 + stop, ""), stderr
    assert "Traceback" not in stderr
    assert stderr.strip().endswith(f"continue with: spikeprune resume {folder}")
    for name in ("show", "compare", "evaluate"):
        assert_refused(run(name, folder), 1, "unfinished", f"spikeprune resume {folder}")
    assert_refused(run(*command[3:]), 1, "exists already", f"spikeprune resume {folder}")
    (folder / ".checkpoint.npz-killed").write_bytes(b"half")
    resumed = document("resume", folder)
    whole = json.loads((trained / "constant.json").read_text())
    for key in ("accuracy", "removed_share", "training", "inference", "neurobench"):
        assert resumed[key] == whole[key]
    assert not list(folder.glob(".checkpoint*"))
    with np.load(folder / "network.npz") as mine, np.load(trained / "constant" / "network.npz") as theirs:
        np.testing.assert_array_equal(mine["weights"], theirs["weights"])


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--data", "mnits"], 1, ["'mnits'", "did you mean 'mnist'?"]),
        (["--data", "./nowhere.npz"], 1, ["nowhere.npz"]),
        (["--data", "mnist", "--data-dir", "{empty}"], 1, ["{empty}", "spikeprune fetch mnist"]),
        (["--rule", "adaptve"], 2, ["did you mean 'adaptive'?"]),
        (["--set", "bta=0.5"], 2, ["'bta'", "did you mean 'beta'?"]),
        (["--set", "beta=much"], 2, ["'beta'", "much"]),
        (["--set", "beta=-1"], 2, ["'beta'", "negative"]),
        (["--set", "beta"], 2, ["--set name=value"]),
        (["--set", "beta=.1", "--set", "beta=.9"], 2, ["'beta' is given twice", "once"]),
        (["--network", "tau_e=50", "--network", "tau-e=60"], 2, ["'tau_e' is given twice"]),
        (["--set", "interval=1e30"], 2, ["'interval'", "at most 2147483647"]),
        (["--set", "start=1.5"], 2, ["'start' is 1.5", "a share of the training between 0 and 1"]),
        (["--set", "presentation=20"], 2, ["--network presentation=20"]),
        (["--rule", "none", "--set", "beta=0.5"], 2, ["'none' has no parameters"]),
        (["--network", "tau_ee=3"], 2, ["'tau_ee'", "did you mean 'tau_e'?"]),
        (["--network", "neurons=3"], 2, ["--neurons"]),
        (["--neurons", "0"], 2, ["'neurons'", "0"]),
        (["--neurons", "1000000000"], 2, ["synapses", "choose at most"]),
        (["--seed", "-1"], 2, ["seed", "-1"]),
        (["--assignment-images", "100000"], 2, ["100000", "the training shows 6 images"]),
        (["--white", "0"], 1, ["white"]),
        (["--shape", "8by8"], 2, ["--shape 28x28"]),
        (["--epochs", "0"], 2, ["epochs"]),
        (["--chunk", "0"], 2, ["chunk"]),
        (["--backend", "nmpy"], 2, ["did you mean 'numpy'?"]),
        (["--precision", "half"], 2, ["'half'"]),
        (["--price", "lohi"], 2, ["did you mean 'loihi'?"]),
        (["--images", "7"], 2, ["7", "1 to 6"]),
        (["--validation", "6"], 2, ["1 to 5"]),
        (["--out", "{file}"], 1, ["{file}", "exists already"]),
        (["--out", "{file}/run"], 1, ["{file}", "not a folder"]),
        (["--out", "{full}"], 1, ["{full}", "exists already"]),
        (["--out", ""], 2, ["--out is empty"]),
        (["--out", "x" * 300], 1, ["255 bytes"]),
        (["--from", "{full}"], 1, ["{full}", "not a run folder"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence(
    options: list[str], status: int, words: list[str], tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"empty": "empty", "file": "file", "full": "full"}
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    for occupied in ("file", "full/notes.txt"):
        (tmp_path / occupied).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    defaults = ["--data", str(tiny), *TINY, "--out", "run"]  # the last of two options counts
    options, words = ([word.format(**places) for word in words_] for words_ in (options, words))
    assert_refused(run("train", *defaults, "--quiet", *options), status, *words)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_training_that_fails_at_once_leaves_nothing(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr("spikeprune.backend.runtime.RuntimeProgram.execute", fail)
    result = run("train", "--data", tiny, *TINY, "--rule", "none", "--quiet", "--out", tmp_path / "run")
    assert_refused(result, 1, "/somewhere", "No space left on device")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("options", [["--images", "0"], ["--epochs", "many"], ["--no-such-option"]], ids=" ".join)
def test_wrong_usage_ends_with_status_2(options: list[str]) -> None:
    result = run("train", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("compiler", ["failing", "absent", "misspelt"])
def test_without_a_working_compiler_nothing_is_left(
    compiler: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "compiler"
    script.write_text("#!/bin/sh\necho 'fatal error: out of ideas' >&2\nexit 1\n")
    script.chmod(0o755)
    cache = tmp_path / "cache"
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(cache))
    if compiler == "misspelt":
        monkeypatch.setenv("CXX", "/nowhere/g++ -O2")
        words = ["CXX", "/nowhere/g++ -O2"]
    elif compiler == "failing":
        monkeypatch.setenv("CXX", str(script))
        words = [str(script), "out of ideas", "--backend numpy"]
    else:
        monkeypatch.delenv("CXX", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        words = ["No C++ compiler was found", "--backend numpy"]
    options = ["--data", tiny, "--neurons", 3, "--rule", "none", "--out", tmp_path / "run"]
    assert_refused(run("train", *options, "--quiet"), 1, *words)
    assert not (tmp_path / "run").exists()
    assert not [path for path in cache.rglob("*") if path.suffix != ".lock" and path.name != "programs"]


def test_a_training_killed_at_once_does_not_take_its_folder(tiny: Path, tmp_path: Path) -> None:
    """It had not even written what it was going to do; other files are somebody's."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".run.json-abc123").write_text("{")
    document("train", "--data", tiny, *TINY, "--rule", "none", "--out", folder)
    assert not list(folder.glob(".run*"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".profile").touch()
    assert_refused(run("train", "--data", tiny, *TINY, "--out", tmp_path / "other"), 1, "holds other things")


def test_folders_that_are_no_runs_are_refused(tmp_path: Path) -> None:
    for command in ("show", "compare", "evaluate", "resume"):
        assert_refused(run(command, tmp_path), 1, str(tmp_path), "not a run folder")


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("run.json", ("show", "compare", "evaluate", "resume")),
        ("history.json", ("show", "compare", "evaluate")),
        ("results.json", ("show", "compare", "evaluate")),
        ("network.npz", ("evaluate", "resume")),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "garbage", "other"])
def test_damaged_runs_are_refused(name: str, commands: tuple[str, ...], damage: str, copied: Path) -> None:
    whole = (copied / name).read_bytes()
    other = b"[]" if name.endswith("json") else b""
    (copied / name).write_bytes({"cut": whole[: len(whole) // 2], "garbage": b"\xff\x00no", "other": other}[damage])
    for command in commands:
        assert_refused(run(command, copied), 1, str(copied))


def test_corrupt_checkpoint_is_refused(copied: Path) -> None:
    record = RunFolder(copied)
    record.describe(record.description() | {"status": "incomplete"})
    (copied / "checkpoint.npz").write_bytes((copied / "network.npz").read_bytes()[:1000])
    assert_refused(run("resume", copied), 1, "checkpoint.npz", "damaged")


def test_resume_needs_the_same_data(copied: Path) -> None:
    record = RunFolder(copied)
    description = record.description()
    description["data"]["checksum"] = "0" * 64
    record.describe(description)
    assert_refused(run("evaluate", copied), 1, "checksum")
    description["data"]["origin"]["name"] = str(copied / "gone.npz")
    record.describe(description)
    assert_refused(run("evaluate", copied), 1, "gone.npz")


@pytest.mark.parametrize("name", ["run.json", "network.npz", "history.json", "results.json", "evaluation.npz"])
def test_files_of_another_run_are_refused(name: str, copied: Path, trained: Path) -> None:
    shutil.copy(trained / "none" / name, copied)
    for command in ("show", "compare", "evaluate"):
        assert_refused(run(command, copied), 1, str(copied), "another run")


def test_debug_adds_the_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for result in (run("--debug", "show", tmp_path), CliRunner(env={"SPIKEPRUNE_DEBUG": "1"}).invoke(
        cli.app, ["show", str(tmp_path)]
    )):  # fmt: skip
        assert result.exit_code == 1
        assert "Traceback" in result.stderr
        assert "Error: " in result.stderr.splitlines()[-1]


def test_unexpected_errors_are_one_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> Summary:
        raise LookupError("no [such] luck")

    monkeypatch.setattr(Summary, "read", fail)
    assert_refused(run("show", tmp_path), 1, "Unexpected LookupError (no [such] luck)", "--debug")
    assert "Traceback" in run("--debug", "show", tmp_path).stderr


def test_info_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(tmp_path))
    found = document("info", "--data-dir", tmp_path)
    assert found["backends"]["numpy"] is None
    assert found["data_sets"]["digits"] is not None
    assert found["data_sets"]["mnist"] is None
    assert found["cache"] == {"folder": str(tmp_path / "programs"), "programs": 0, "bytes": 0}
    assert found["versions"]["brian2"] in run("info").stdout
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    lacking = document("info")
    assert lacking["compiler"]["command"] is None
    assert lacking["backends"]["cpp_standalone"] is not None
    assert "No C++ compiler was found" in run("info").stdout.replace("\n", " ")


def test_fetch_finds_what_is_there_and_refuses_the_unknown() -> None:
    result = run("fetch", "digits")
    assert result.exit_code == 0
    assert "sklearn" in result.stdout
    assert_refused(run("fetch", "fashon-mnist"), 1, "did you mean 'fashion-mnist'?")


def test_terminal_shows_rate_accuracy_and_removed_share() -> None:
    output = Output()
    output.out = Console(file=StringIO(), force_terminal=True, width=110)
    output.err = Console(file=StringIO(), force_terminal=True, width=110)
    assert output.bars
    entry = {
        "images": 250, "total": 1000, "seconds": 0.5, "accuracy": 81.4, "removed_share": 0.62, "frozen_share": 0.0,
        "counts": {"images": 100},
    }  # fmt: skip
    with Bar(output, "Training") as bar:
        bar.entry(entry)
        assert bar.images == 250
    shown = output.err.file.getvalue()  # type: ignore[attr-defined]
    for words in ("250/1,000", "200 images/s", "81 % right", "62 % removed", "left"):
        assert words in shown
    output.quiet = True
    assert not output.bars


def test_demo_trains_compares_and_takes_finished_runs_over(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spikeprune.cli.demo import Plan, run_demo
    from spikeprune.cli.options import network_parameters
    from spikeprune.pruning import ConstantPruning, NoPruning, SoftPruning

    rules = {"baseline": NoPruning(), "constant": ConstantPruning(h=0.1, interval=2),
             "soft": SoftPruning(interval=2, settled=0)}  # fmt: skip
    parameters = replace(network_parameters(TINY[7::2]), neurons=3)
    plan = Plan(rules=rules, data=str(tiny), epochs=1, chunk=2, backend="numpy", parameters=parameters)
    output = Output()
    output.out, output.err = (Console(file=StringIO(), width=100) for _ in range(2))
    run_demo(tmp_path, output, "loihi", plan=plan)
    printed = output.out.file.getvalue()  # type: ignore[attr-defined]
    for words in ("baseline", "constant pruning removed", "soft pruning froze", "which still transmit", "frozen)",
                  "on one page"):  # fmt: skip
        assert words in printed
    assert all(len(line) <= 100 for line in printed.splitlines() if str(tmp_path) not in line)
    for name in ("comparison.png", "history.png", "constant/receptive_fields.png", "report.html"):
        assert (tmp_path / name).exists()
    for function in ("draw_run", "draw_comparison"):  # once is enough
        monkeypatch.setattr(f"spikeprune.cli.demo.{function}", lambda *arguments: [])
    stamps = {name: (tmp_path / name / "network.npz").stat().st_mtime_ns for name in rules}
    run_demo(tmp_path, output, "loihi", plan=plan)
    assert stamps == {name: (tmp_path / name / "network.npz").stat().st_mtime_ns for name in rules}
    another = replace(plan, seed=1)
    with pytest.raises(RunFolderError, match="--fresh"):
        run_demo(tmp_path, output, "loihi", plan=another)
    run_demo(tmp_path, output, "loihi", fresh=True, plan=another)
    assert json.loads((tmp_path / "soft" / "run.json").read_text())["settings"]["seed"] == 1


def test_demo_leaves_other_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "soft").mkdir()
    (tmp_path / "soft" / "notes.txt").write_text("mine")
    assert_refused(run("demo", "--out", tmp_path, "--fresh"), 1, "soft", "exists already")
    assert os.listdir(tmp_path) == ["soft"]


def test_predictions_are_those_of_the_evaluation(trained: Path, tiny: Path, tmp_path: Path) -> None:
    """Of arrays and of files; no labels are needed."""
    with np.load(tiny) as arrays, np.load(trained / "none" / "evaluation.npz") as stored:
        np.save(tmp_path / "images.npy", arrays["test_images"])
        expected = stored["predictions"].tolist()
        for k, image in enumerate(arrays["test_images"]):
            Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"{k}.png")
    rows = document("predict", trained / "none", tmp_path / "images.npy", "--proba")
    assert [-1 if row["class"] is None else row["class"] for row in rows] == expected
    assert rows[1]["image"] == f"{tmp_path / 'images.npy'}[1]"
    assert all(sum(row["share"].values()) == pytest.approx(1) for row in rows)
    result = run("predict", trained / "none", *(tmp_path / f"{k}.png" for k in range(3)), "--out", tmp_path / "p.csv")
    assert result.exit_code == 0
    table = pd.read_csv(tmp_path / "p.csv", keep_default_na=False)
    assert table["class"].astype(str).tolist() == ["" if number < 0 else str(number) for number in expected]
    assert run("predict", trained / "none", tmp_path).stdout == (tmp_path / "p.csv").read_text()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.png", None, ["no image at"]), ("empty", "folder", ["has no images"]), ("notes.png", b"x", ["notes.png"]),
        ("broken.npy", b"x", ["damaged"]), ("row.npy", np.zeros(3), ["(3,)"]), ("wide.npy", np.eye(9), ["9"]),
        ("text.npz", {"text": np.zeros(1)}, ["it has text"]),
    ],
)  # fmt: skip
def test_images_that_cannot_be_predicted(
    name: str, content: Any, words: list[str], trained: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    if isinstance(content, str):
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    elif content is not None:
        np.save(path, content)
    assert_refused(run("predict", trained / "none", path), 1, *words)


def test_a_finished_network_goes_on_under_another_rule(trained: Path, tiny: Path, tmp_path: Path) -> None:
    printed = document(
        "train", "--data", tiny, "--backend", "numpy", "--chunk", 2, "--from", trained / "constant", "--rule", "none",
        "--no-plots", "--out", tmp_path / "on",
    )  # fmt: skip
    before = json.loads((trained / "constant.json").read_text())
    assert printed["settings"]["parameters"] == before["settings"]["parameters"]
    assert printed["settings"]["seed"] == 1
    assert printed["removed_share"] == before["removed_share"] > 0
    described = RunFolder(tmp_path / "on").description()
    assert described["initial"]["id"] == RunFolder(trained / "constant").description()["id"]
    refused = run("train", "--data", tiny, "--backend", "numpy", "--from", trained / "none", "--neurons", 4, "--quiet")
    assert_refused(refused, 2, "neurons = 3", "must be the same")


def test_another_read_out_is_not_kept(copied: Path) -> None:
    before = (copied / "results.json").read_text()
    printed = document("evaluate", copied, "--readout", "proportion")
    assert printed["readout"] == "proportion"
    assert json.loads((copied / "results.json").read_text())["accuracy"] == json.loads(before)["accuracy"]
    assert_refused(run("evaluate", copied, "--readout", "proportional", "--quiet"), 2, "did you mean 'proportion'?")


def test_rules_are_listed_with_their_parameters() -> None:
    from spikeprune.pruning import RULES

    described = {each["name"]: each for each in document("rules")}
    assert set(described) == set(RULES)
    beta = next(entry for entry in described["adaptive"]["parameters"] if entry["name"] == "beta")
    assert beta["default"] == RULES["adaptive"]().beta  # type: ignore[attr-defined]
    assert beta["meaning"]
    assert "Guo" in described["adaptive"]["reference"]
    shown = run("rules", "adaptive").stdout
    assert "beta" in shown
    assert "…" not in shown
    assert_refused(run("rules", "adaptve"), 2, "did you mean 'adaptive'?")


def test_the_cache_is_listed_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(tmp_path))
    for k, days in enumerate((0, 10)):
        folder = tmp_path / "programs" / f"n{k}-plain"
        folder.mkdir(parents=True)
        for name in ("manifest.json", "main"):
            (folder / name).write_bytes(bytes(1000))
            os.utime(folder / name, (time.time() - 86_400 * days,) * 2)
    (tmp_path / "programs" / "mine").mkdir()
    found = document("cache")
    assert [each["name"] for each in found["programs"]] == ["n1-plain", "n0-plain"]
    assert found["bytes"] == 4000
    assert_refused(run("cache", "--older", 5), 2, "--clear")
    assert document("cache", "--clear", "--older", 5)["deleted"] == 1
    assert document("cache", "--clear")["freed"] == 2000
    assert [path.name for path in (tmp_path / "programs").iterdir()] == ["mine"]
    assert "0 programs" in run("cache").stdout


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_command_stopped_while_python_imports_says_so(stop: signal.Signals, tmp_path: Path) -> None:
    """At moments from the first module of the package on."""
    code = (
        "import os, signal, sys, threading\n"
        "from spikeprune.cli import main\n"
        f"threading.Timer(float(sys.argv.pop()), os.kill, (os.getpid(), signal.{stop.name})).start()\n"
        "main()"
    )
    for moment in (0.05, 0.2, 0.3, 0.4, 0.8):
        done = subprocess.run(
            [sys.executable, "-c", code, "train", "--neurons", "3", "--backend", "numpy", str(moment)],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert done.returncode == 128 + stop
        assert "Stopped" in done.stderr


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (7, "7.00"), (999.4, "999"), (999_600, "1.00 M"), (912_345, "912 k"), (2_345_678, "2.35 M"),
        (1.5e-10, "150 p"), (None, "–"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_prefix(value: float | None, text: str) -> None:
    assert si(value) == text
