"""Sweeps: nothing is run twice, nothing is lost, one failure does not stop the others."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client
from filelock import FileLock
from typer.testing import CliRunner

import spikeprune.sweep.groups as group_module
import spikeprune.sweep.runner as module
from spikeprune.cli import app
from spikeprune.cli.board import Board
from spikeprune.cli.console import Output
from spikeprune.errors import ParameterError
from spikeprune.records import RunFolder
from spikeprune.summary import Summary
from spikeprune.sweep import SweepResult, Watcher, sweep
from spikeprune.sweep.experiment import Experiment, PlannedRun
from spikeprune.sweep.groups import groups_of

#: Seconds after which a test gives up waiting for another process.
PATIENCE = 120
IMAGES, CHUNK = 8, 2

TEXT = """
description = "tiny networks that learn tiny digits for a moment"
neurons = [6]
seeds = {seeds}
backend = "numpy"
chunk = {chunk}

[data]
name = "tiny.npz"
images = {images}
test_images = 4

[network]
presentation = 20
pixel_per_hertz = 1.0
weight_share = 0.3
attempts = 1

[[rules]]
name = "none"

[[rules]]
name = "adaptive"
label = "ours"
beta = 0.8
interval = 4
"""


def write_experiment(folder: Path, name: str = "tiny", seeds: Sequence[int] = (0, 1), chunk: int = CHUNK) -> Path:
    """Write an experiment of two rules and its data."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images * (255 / 16)).astype(np.uint8)
    np.savez(
        folder / "tiny.npz", train_images=images[:50], train_labels=bunch.target[:50],
        test_images=images[50:60], test_labels=bunch.target[50:60], class_names=[str(k) for k in range(10)],
    )  # fmt: skip
    path = folder / f"{name}.toml"
    path.write_text(TEXT.format(seeds=list(seeds), chunk=chunk, images=IMAGES))
    return path


def planned(path: Path) -> list[PlannedRun]:
    """The runs of an experiment."""
    experiment = Experiment.read(path)
    dataset = experiment.data.load()
    return experiment.plan(dataset.checksum, dataset.n_inputs, images=len(dataset.train_images))


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """What does not depend on when and how fast a run was."""
    return table.drop(columns=["seconds", "started", "commit", "dirty"]).sort_values("run", ignore_index=True)


def wait_until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition holds, and return what it gave."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail("This took too long.")


def under_way(folder: Path) -> bool:
    """Whether a run has a checkpoint and is not finished."""
    return (folder / "checkpoint.npz").exists() and not RunFolder.open(folder).complete


class Notes(Watcher):
    """Keeps what a sweep tells."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.missing: list[str] = []
        self.messages: list[Mapping[str, Any]] = []
        self.ended: dict[str, str] = {}

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def planned(self, runs: Sequence[PlannedRun], missing: Sequence[PlannedRun], images: int, tests: int) -> None:
        self.missing = [run.name for run in missing]

    def message(self, message: Mapping[str, Any]) -> None:
        self.messages.append(message)

    def done(self, run: PlannedRun, sentence: str = "") -> None:
        self.ended[run.name] = sentence


@pytest.fixture(autouse=True)
def _no_garbage() -> Iterator[None]:
    """Collect the clients of the test before: Dask deadlocks if one is collected while another one starts."""
    gc.collect()
    yield
    gc.collect()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SweepResult, Notes]:
    """A folder with an experiment that was carried out in this process, undisturbed."""
    folder, notes = tmp_path_factory.mktemp("sweep"), Notes()
    path = write_experiment(folder)
    return folder, sweep(path, folder / "runs", folder / "results", workers=0, watcher=notes), notes


@pytest.fixture
def copied(finished: tuple[Path, SweepResult, Notes], tmp_path: Path) -> Path:
    """A copy of that folder, to be changed."""
    return Path(shutil.copytree(finished[0], tmp_path / "copy"))


def test_every_run_has_a_row_of_what_its_folder_says(finished: tuple[Path, SweepResult, Notes]) -> None:
    folder, result, _ = finished
    assert result.failures == {}
    assert len(result.table) == 4
    assert sorted(result.table["run"]) == sorted(run.name for run in planned(folder / "tiny.toml"))
    for row in result.table.to_dict("records"):
        summary = Summary.read(folder / "runs" / row["run"])
        assert row["accuracy"] == summary.accuracy
        assert row["training.training_sops"] == summary.training.training_sops / IMAGES
        assert summary.inference is not None
        assert row["inference.inference_sops"] == summary.inference.inference_sops / 4
        with np.load(summary.folder / "evaluation.npz") as stored:
            assert row["dead_neurons"] == (stored["responses"].sum(axis=0) == 0).sum()
        assert row["parameters.presentation"] == 20
        assert row["settings.epochs"] == 1
    ours = result.table[result.table["label"] == "ours"]
    assert set(ours["rule.beta"]) == {0.8}
    assert (ours["removed_share"] > 0).all()


def test_files_are_written(finished: tuple[Path, SweepResult, Notes]) -> None:
    folder, result, _ = finished
    table = pd.read_csv(folder / "results" / "tiny.csv")
    assert numbers(table)["run"].tolist() == numbers(result.table)["run"].tolist()
    document = json.loads((folder / "results" / "reference" / "tiny.json").read_text())
    assert document["command"].startswith("spikeprune sweep ")
    assert (document["runs"], document["finished"], document["data"]["name"]) == (4, 4, "tiny.npz")
    assert [group["label"] for group in document["groups"]] == ["none", "ours"]
    assert document["groups"][1]["against_none"]["n"] == 2
    assert document["provenance"][0]["versions"]["brian2"]
    assert len(document["pareto"]) == 2


def test_progress_is_told(finished: tuple[Path, SweepResult, Notes]) -> None:
    _, _, notes = finished
    assert len(notes.missing) == 4
    assert notes.ended == dict.fromkeys(notes.missing, "")
    for name in notes.missing:
        images = [entry["images"] for entry in notes.messages if entry["run"] == name and entry.get("images")]
        assert images == list(range(CHUNK, IMAGES + 1, CHUNK))


def test_finished_runs_are_never_repeated(copied: Path, finished: tuple[Path, SweepResult, Notes]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (copied / "runs").rglob("*.json")}
    notes = Notes()
    again = sweep(copied / "tiny.toml", copied / "runs", copied / "results", workers=0, watcher=notes)
    assert notes.missing == []
    # Another experiment that shares some runs knows them, whatever its name, labels and chunks are.
    other = write_experiment(copied, "other", seeds=[1], chunk=5)
    part = sweep(other, copied / "runs", copied / "results", workers=0, watcher=notes)
    assert notes.missing == []
    assert before == {path: path.stat().st_mtime_ns for path in (copied / "runs").rglob("*.json")}
    assert numbers(again.table).equals(numbers(finished[1].table))
    assert len(part.table) == 2


@pytest.mark.long
def test_an_interrupted_run_goes_on(
    copied: Path, finished: tuple[Path, SweepResult, Notes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run stopped between two chunks, one before its evaluation and one within it are completed, not begun anew."""
    from spikeprune import training

    names = [run.name for run in planned(copied / "tiny.toml")]
    folders = [copied / "runs" / name for name in names]
    shutil.rmtree(folders[0])
    settings = training.Settings.from_dict(RunFolder.open(folders[1]).description()["settings"])
    data = Experiment.read(copied / "tiny.toml").data

    class Stop(Exception):
        pass

    def stop_after_two_chunks(entry: dict[str, Any]) -> None:
        if entry["images"] == 2 * CHUNK:
            raise Stop

    shutil.rmtree(folders[1])
    with pytest.raises(Stop):
        training.train(
            data.load(), settings.rule, neurons=6, parameters=settings.parameters, seed=settings.seed, backend="numpy",
            chunk=CHUNK, folder=folders[1], origin=data.origin, progress=stop_after_two_chunks,
        )  # fmt: skip
    (folders[2] / "results.json").unlink()
    (folders[2] / "evaluation.npz").unlink()
    (folders[3] / "results.json").unlink()
    folders[0].mkdir()
    (folders[0] / ".run.json-abc").touch()  # a process that died before it had written anything
    started = [RunFolder.open(folder).description()["provenance"]["started"] for folder in folders[1:]]
    notes = Notes()
    result = sweep(copied / "tiny.toml", copied / "runs", copied / "results", workers=0, watcher=notes)
    assert sorted(notes.missing) == sorted(names)
    assert result.failures == {}
    assert started == [RunFolder.open(folder).description()["provenance"]["started"] for folder in folders[1:]]
    trained = {name: [m["images"] for m in notes.messages if m["run"] == name and m.get("images")] for name in names}
    assert trained[names[1]] == list(range(3 * CHUNK, IMAGES + 1, CHUNK))
    assert trained[names[2]] == trained[names[3]] == []
    assert numbers(result.table).equals(numbers(finished[1].table))


def test_a_failure_does_not_stop_the_others(copied: Path) -> None:
    runs = planned(copied / "tiny.toml")
    (copied / "runs" / runs[1].name / "run.json").write_text("{")
    shutil.rmtree(copied / "runs" / runs[3].name)
    arguments = ["--runs", str(copied / "runs"), "--results", str(copied / "results"), "--workers", "0"]
    outcome = CliRunner().invoke(app, ["sweep", str(copied / "tiny.toml"), *arguments])
    assert outcome.exit_code == 1
    failures = [line for line in outcome.stderr.splitlines() if line.startswith("Failed:")]
    assert len(failures) == 1
    assert runs[1].name in failures[0]
    assert "is damaged" in failures[0]
    assert "3 of 4 runs done, 0 running, 1 failed" in outcome.stderr
    document = json.loads((copied / "results" / "reference" / "tiny.json").read_text())
    assert (document["runs"], document["finished"]) == (4, 3)


def test_runs_side_by_side_have_the_numbers_of_runs_alone(
    finished: tuple[Path, SweepResult, Notes], tmp_path: Path
) -> None:
    """Interrupted by a failure and finished in other groups, all is as if each run had been alone."""
    path, notes = write_experiment(tmp_path), Notes()
    runs = planned(path)
    broken = tmp_path / "runs" / runs[0].name
    broken.mkdir(parents=True)
    (broken / "run.json").write_text("{}")
    result = sweep(path, tmp_path / "runs", tmp_path / "results", workers=0, replicas=2, watcher=notes)
    other = next(run for run in runs[1:] if run.label == runs[0].label)  # in the same program
    assert sorted(result.failures) == sorted([runs[0].name, other.name])
    shutil.rmtree(broken)
    gc.collect()
    result = sweep(path, tmp_path / "runs", tmp_path / "results", workers=0, replicas=64, watcher=notes)
    assert (sorted(notes.missing), result.failures) == (sorted([runs[0].name, other.name]), {})
    pd.testing.assert_frame_equal(numbers(result.table), numbers(finished[1].table))
    for run in runs:
        for name in ("network.npz", "evaluation.npz"):
            one, two = (np.load(folder / "runs" / run.name / name) for folder in (finished[0], tmp_path))
            for key in one.files:
                if one[key].dtype.kind == "f":  # NumPy's exponential of several numbers may round otherwise than of one
                    np.testing.assert_allclose(two[key], one[key], rtol=1e-5, err_msg=key)
                else:
                    np.testing.assert_array_equal(two[key], one[key], err_msg=key)


def test_groups_are_of_similar_size_and_share_their_program(tmp_path: Path) -> None:
    runs = planned(write_experiment(tmp_path, seeds=range(5)))
    groups = groups_of(runs, 3)
    assert sorted(len(group.runs) for group in groups) == [2, 2, 3, 3]
    assert {group.replicas for group in groups} == {3}
    assert sorted(run.name for group in groups for run in group.runs) == sorted(run.name for run in runs)
    assert all(len({run.label for run in group.runs}) == 1 for group in groups)
    assert len({group.program for group in groups}) == 2
    assert [len(group.runs) for group in groups_of(runs, 1)] == [1] * 10


def test_an_unexpected_error_is_one_sentence(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def carry_out(job: Any, program: Any) -> None:
        raise ZeroDivisionError("division by zero")

    runs = planned(copied / "tiny.toml")
    shutil.rmtree(copied / "runs" / runs[0].name)
    monkeypatch.setattr(module, "carry_out", carry_out)
    result = sweep(copied / "tiny.toml", copied / "runs", copied / "results", workers=0)
    assert result.failures == {runs[0].name: "Unexpected ZeroDivisionError (division by zero): please report it."}


def test_data_that_changed_meanwhile_are_refused(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeprune.sweep import task as sweep_task

    run = planned(copied / "tiny.toml")[0]
    shutil.rmtree(copied / "runs" / run.name)
    other = Experiment.read(copied / "tiny.toml").data.load().subset(train=5)
    monkeypatch.setattr(sweep_task, "_dataset", lambda origin: other)
    result = sweep(copied / "tiny.toml", copied / "runs", copied / "results", workers=0)
    assert "are not those of the sweep" in result.failures[run.name]


def test_a_scheduler_that_is_not_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 1)
    path = write_experiment(tmp_path)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(ParameterError, match=r"No Dask scheduler answers at "):
            sweep(path, tmp_path / "runs", tmp_path / "results", scheduler=address)


def test_time_left_follows_from_the_images_that_were_shown(tmp_path: Path) -> None:
    runs = planned(write_experiment(tmp_path))
    board = Board(Output(quiet=True))
    board.planned(runs, runs[1:], images=100, tests=20)
    assert board.line == "1 of 4 runs done, 0 running, 3 waiting, 0 failed"
    assert board.seconds_left is None
    board.message({"run": runs[1].name, "images": None})
    board.message({"run": runs[2].name, "images": None})
    board.message({"run": runs[1].name, "images": 80, "shown": 10, "seconds": 5.0})  # continued from image 70
    # 40, 120 and 120 images are left, each took half a second, and two workers are at it.
    assert board.seconds_left == pytest.approx((40 + 120 + 120) * 0.5 / 2)
    board.message({"run": runs[1].name, "tested": 10, "shown": 10, "seconds": 5.0})
    assert board.seconds_left == pytest.approx((10 + 120 + 120) * 0.5 / 2)
    board.done(runs[1])
    board.done(runs[2], "It broke.")
    assert board.line == "2 of 4 runs done, 0 running, 1 waiting, 1 failed"
    board.done(runs[3])
    assert board.seconds_left is None


def test_rules_that_do_not_act_in_training_share_a_program() -> None:
    rules = [{"name": "none"}, {"name": "post-training"}, {"name": "adaptive", "beta": [0.4, 0.5]}, {"name": "soft"}]
    runs = Experiment.from_dict({"data": "digits", "neurons": [10, 20], "seeds": [0, 1], "rules": rules}).plan("", 784)
    assert len(runs) == 20
    assert len({group_module._program(run) for run in runs}) == 2 * 3


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers as processes of their own; address and workers."""
    file, log = tmp_path / "scheduler.json", (tmp_path / "dask.log").open("wb")

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard", "--scheduler-file", str(file)]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)

    processes = [start("scheduler", "--host", "127.0.0.1", "--port", "0")]
    try:
        options = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
        processes += [start("worker", *options) for _ in range(2)]
        address = json.loads(wait_until(lambda: file.exists() and file.read_text()))["address"]
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
        log.close()


@pytest.mark.long
def test_a_killed_worker_loses_nothing(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path, finished: tuple[Path, SweepResult, Notes]
) -> None:
    address, workers = cluster
    path, root, notes = write_experiment(tmp_path), tmp_path / "runs", Notes()
    names = [run.name for run in planned(path)]
    with Client(address) as client, ThreadPoolExecutor(1) as pool:
        client.wait_for_workers(2, timeout=PATIENCE)
        worker_of = client.run(os.getpid)
        future = pool.submit(sweep, path, root, tmp_path / "results", scheduler=address, watcher=notes)
        victim = None
        while victim is None:
            name = wait_until(lambda: next((name for name in names if under_way(root / name)), None))
            at_work = {key: worker for worker, keys in client.processing().items() for key in keys}
            candidates = [worker_of[worker] for key, worker in at_work.items() if key.startswith(name)]
            for pid in candidates:
                os.kill(pid, signal.SIGSTOP)  # so that it does not finish while we look
                if under_way(root / name):
                    victim = next(process for process in workers if process.pid == pid)
                else:
                    os.kill(pid, signal.SIGCONT)
        before = RunFolder.open(root / name).description()
        assert before["status"] == "incomplete"
        victim.kill()
        assert victim.wait() == -signal.SIGKILL
        result = future.result(PATIENCE)
    after = RunFolder.open(root / name).description()
    assert (after["status"], after["provenance"]) == ("complete", before["provenance"])
    images = [message["images"] for message in notes.messages if message["run"] == name and message.get("images")]
    assert len(set(images)) == len(images), "the run went on from its checkpoint"
    assert images[-1] == IMAGES
    assert result.failures == {}
    assert numbers(result.table).equals(numbers(finished[1].table))


@pytest.mark.long
def test_a_killed_sweep_loses_nothing(tmp_path: Path, finished: tuple[Path, SweepResult, Notes]) -> None:
    path, root = write_experiment(tmp_path), tmp_path / "runs"
    call = f"from spikeprune.sweep import sweep; sweep({str(path)!r}, {str(root)!r}, workers=1)"
    process = subprocess.Popen([sys.executable, "-c", call], cwd=tmp_path)
    names = [run.name for run in planned(path)]
    try:
        name = wait_until(lambda: next((name for name in names if under_way(root / name)), None))
    finally:
        process.kill()
        process.wait()
    # Its worker notices, and with the worker goes the lock of the run.
    with FileLock(root / f".{name}.lock", timeout=PATIENCE):
        pass
    result = sweep(path, root, tmp_path / "results", workers=0)
    assert result.failures == {}
    assert numbers(result.table).equals(numbers(finished[1].table))


def test_a_sweep_that_was_started_with_interrupts_ignored_ignores_them(
    tmp_path: Path, finished: tuple[Path, SweepResult, Notes]
) -> None:
    """As the background job of a script is; Brian2's handler would call what says that the signal is ignored."""
    copied = shutil.copytree(finished[0], tmp_path / "copied")
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from spikeprune.sweep import Watcher, sweep\n"
        "class Interrupting(Watcher):\n"
        "    def planned(self, runs, missing, images, tests):\n"
        "        assert not missing\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        print('interrupted')\n"
        "print(len(sweep('tiny.toml', 'runs', 'results', workers=0, watcher=Interrupting()).table))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=copied)
    assert (done.returncode, done.stdout.split()) == (0, ["interrupted", "4"]), done.stderr


def test_two_sweeps_at_once_share_the_work(tmp_path: Path, finished: tuple[Path, SweepResult, Notes]) -> None:
    """Where another process is at work on a run, it is waited for and its result taken."""
    path, root = write_experiment(tmp_path, seeds=[0]), tmp_path / "runs"
    name = planned(path)[0].name
    root.mkdir()
    held = threading.Event()

    def other_process() -> None:
        with FileLock(root / f".{name}.lock"):
            held.set()
            shutil.copytree(finished[0] / "runs" / name, root / name)
            time.sleep(0.5)

    thread = threading.Thread(target=other_process)
    thread.start()
    held.wait()
    notes = Notes()
    result = sweep(path, root, tmp_path / "results", workers=0, watcher=notes)
    thread.join()
    assert len(result.table) == 2
    assert not [message for message in notes.messages if message["run"] == name]
