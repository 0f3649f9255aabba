"""Run folders: whole or absent files, one process at a time, and a sentence for whatever is wrong with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeprune.errors import RunFolderError
from spikeprune.records import FORMAT, RunFolder, run_path
from spikeprune.seals import checksum_of, sealed

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([True, False]), "text": np.array("say")}

as_user = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", {"settings": {"seed": 1}})


def sentence(error: pytest.ExceptionInfo[RunFolderError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def files(folder: RunFolder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir())


def test_a_new_folder_is_incomplete(folder: RunFolder) -> None:
    assert files(folder) == ["run.json"]
    description = folder.description()
    assert (description["format"], description["status"], description["settings"]) == (
        FORMAT,
        "incomplete",
        {"seed": 1},
    )
    assert len(description["id"]) == 32
    assert not folder.complete
    assert RunFolder.open(folder.path).description() == folder.description()


def test_completion_drops_the_checkpoint_and_keeps_the_rest(folder: RunFolder) -> None:
    folder.write_checkpoint(ARRAYS)
    folder.write_arrays("network.npz", ARRAYS)
    folder.mark_complete()
    assert folder.complete
    assert folder.description()["settings"] == {"seed": 1}
    assert files(folder) == ["network.npz", "run.json"]


def test_parents_are_made_and_an_empty_folder_is_taken(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "a" / "b" / "run", {})
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty", {})


@pytest.mark.parametrize("write", ["write_arrays", "write_checkpoint"])
def test_arrays_come_back(write: str, folder: RunFolder) -> None:
    name = "checkpoint.npz" if write == "write_checkpoint" else "network.npz"
    if write == "write_checkpoint":
        folder.write_checkpoint(ARRAYS)
    else:
        folder.write_arrays(name, ARRAYS)
    found = folder.read_checkpoint() if write == "write_checkpoint" else folder.read_arrays(name)
    assert found.keys() == ARRAYS.keys()
    for key, value in ARRAYS.items():
        np.testing.assert_array_equal(found[key], value)
        assert found[key].dtype == value.dtype


def test_numpy_numbers_become_json(folder: RunFolder) -> None:
    folder.write_json("history.json", [{"n": np.int64(3), "x": np.float32(0.5), "q": np.array([1, 2])}])
    assert folder.read_json("history.json") == [{"n": 3, "x": 0.5, "q": [1, 2]}]


def test_files_can_be_read_by_others(folder: RunFolder) -> None:
    """Temporary files are private; what becomes of them is not."""
    assert (folder.path / "run.json").stat().st_mode & 0o777 == 0o644


# Whole or absent


class Crash(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("place", ["os.fsync", "os.replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), Crash()])
def test_a_write_that_fails_leaves_the_old_file(
    place: str, error: BaseException, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_checkpoint(ARRAYS)
    before = (folder.path / "checkpoint.npz").read_bytes()

    def fail(*arguments: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(place, fail)
        if isinstance(error, OSError):
            with pytest.raises(RunFolderError, match=r"No space left on device.*free some space") as caught:
                folder.write_checkpoint({"a": np.zeros(1000)})
            assert str(folder.path / "checkpoint.npz") in sentence(caught)
        else:
            with pytest.raises(Crash):
                folder.write_checkpoint({"a": np.zeros(1000)})
    assert (folder.path / "checkpoint.npz").read_bytes() == before
    assert files(folder) == ["checkpoint.npz", "run.json"]


def test_a_value_that_cannot_be_written_leaves_the_old_file(folder: RunFolder) -> None:
    folder.write_json("history.json", [1])
    with pytest.raises(TypeError, match="set cannot be written"):
        folder.write_json("history.json", {"a": {1, 2}})
    assert folder.read_json("history.json") == [1]
    assert files(folder) == ["history.json", "run.json"]


def test_readers_never_see_half_a_file(folder: RunFolder) -> None:
    """Another process reads while this one writes two versions in turn."""
    versions = [{"a": np.full(200_000, k)} for k in (1, 2)]
    folder.write_checkpoint(versions[0])
    reader = (
        "import sys\n"
        "from spikeprune.records import RunFolder\n"
        "folder = RunFolder(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "for _ in range(100):\n"
        "    a = folder.read_arrays('checkpoint.npz')['a']\n"
        "    assert len(a) == 200_000 and a.min() == a.max()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(folder.path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        turn = 0
        while process.poll() is None:
            folder.write_checkpoint(versions[turn % 2])
            turn += 1
        assert process.returncode == 0, process.communicate()[1]
    assert turn > 5


# One process at a time


def test_a_folder_is_locked_against_others(folder: RunFolder) -> None:
    other = RunFolder(folder.path)
    with folder.lock(), pytest.raises(RunFolderError, match=r"Another process.*wait until it ends") as error:
        other.lock()
    assert str(folder.path) in sentence(error)
    with other.lock():
        pass


def test_a_killed_process_leaves_no_lock(folder: RunFolder) -> None:
    holder = (
        "import sys, time\n"
        "from spikeprune.records import RunFolder\n"
        "with RunFolder(sys.argv[1]).lock():\n"
        "    print('locked', flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", holder, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(RunFolderError, match="Another process"):
            folder.lock()
        process.kill()
        process.wait()
    with folder.lock():
        pass


# What is wrong with a folder


def test_an_occupied_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="exists already and holds other things: choose another") as error:
        RunFolder.create(tmp_path, {})
    assert "delete" not in str(error.value)
    sentence(error)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [tmp_path / "notes.txt"]


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RunFolderError, match="exists already") as error:
        RunFolder.create(tmp_path / "run", {})
    sentence(error)
    with pytest.raises(RunFolderError, match="cannot be written") as error:
        RunFolder.create(tmp_path / "run" / "below", {})
    sentence(error)


def test_an_unfinished_run_may_be_continued(folder: RunFolder) -> None:
    with pytest.raises(RunFolderError, match=f"continue it with 'spikeprune resume {folder.path}'") as error:
        RunFolder.create(folder.path, {})
    sentence(error)
    folder.mark_complete()
    with pytest.raises(RunFolderError, match="choose another folder or delete this one") as error:
        RunFolder.create(folder.path, {})
    sentence(error)


def test_check_writes_nothing(tmp_path: Path) -> None:
    RunFolder.check(tmp_path / "a" / "run")
    assert list(tmp_path.iterdir()) == []


@as_user
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    for attempt in (RunFolder.check, lambda path: RunFolder.create(path, {})):
        with pytest.raises(RunFolderError, match=r"cannot be written.*choose another place") as error:
            attempt(tmp_path / "run")
        sentence(error)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("place", ["pathlib.Path.mkdir", "tempfile.mkstemp"])
def test_a_disk_that_cannot_be_written(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(place, fail)
        with pytest.raises(RunFolderError, match=r"cannot be written .Read-only file system.: .*choose") as error:
            RunFolder.create(tmp_path / "run", {})
    sentence(error)


def test_what_is_no_run_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunFolderError, match=r"is not a run folder.*spikeprune train") as error:
            RunFolder.open(path)
        assert str(path) in sentence(error)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"complete"', "\x00\xff"])
def test_a_damaged_description(text: str, folder: RunFolder) -> None:
    (folder.path / "run.json").write_text(text, encoding="latin-1")
    with pytest.raises(RunFolderError, match=r"run.json is damaged") as error:
        RunFolder.open(folder.path)
    sentence(error)
    with pytest.raises(RunFolderError) as error:
        RunFolder.create(folder.path, {})
    sentence(error)


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    """Too long a name, a loop of links, a null character, a link to nowhere within a file."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").write_text("mine")
    for path in (
        tmp_path / ("x" * 300),
        tmp_path / "loop",
        tmp_path / "loop" / "run",
        "a\0b",
        tmp_path / "file" / "run",
    ):
        with pytest.raises(RunFolderError, match="choose a") as error:
            RunFolder.check(path)
        assert "delete" not in sentence(error)
        with pytest.raises(RunFolderError, match="is not a run folder"):
            RunFolder.open(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


# What belongs together


@pytest.fixture
def two(tmp_path: Path) -> list[RunFolder]:
    """Two finished, evaluated runs."""
    made = []
    for k in range(2):
        folder = RunFolder.create(tmp_path / f"run{k}", {"settings": {"seed": k}})
        folder.write_arrays("network.npz", {"a": np.full(3, k)})
        folder.write_json("history.json", [k])
        folder.mark_complete()
        folder.write_arrays("evaluation.npz", {"b": np.full(3, k)})
        files = {name: checksum_of(folder.path / name) for name in ("network.npz", "evaluation.npz")}
        folder.write_json("results.json", sealed({"accuracy": k, "files": files}))
        made.append(folder)
    return made


@pytest.mark.parametrize("name", ["run.json", "network.npz", "history.json", "results.json", "evaluation.npz"])
def test_a_file_of_another_run_is_refused(name: str, two: list[RunFolder]) -> None:
    for folder in two:
        folder.check_files()
    shutil.copy(two[1].path / name, two[0].path / name)
    with pytest.raises(RunFolderError, match="another run") as error:
        two[0].check_files()
    assert str(two[0].path) in sentence(error)
    assert ".npz" in str(error.value) or ".json" in str(error.value)


@pytest.mark.parametrize("name", ["run.json", "network.npz", "history.json", "results.json", "evaluation.npz"])
def test_a_changed_file_is_refused(name: str, two: list[RunFolder]) -> None:
    """A digit of a number, or a byte."""
    path = two[1].path / name
    content = path.read_bytes()
    changed = content.replace(b"1", b"2", 1) if name.endswith("json") else content[:-9] + b"\1" + content[-8:]
    assert changed != content
    path.write_bytes(changed)
    with pytest.raises(RunFolderError, match=name):
        two[1].check_files()


def test_runs_of_older_versions_have_no_checksums(two: list[RunFolder]) -> None:
    folder = two[0]
    description = {key: value for key, value in folder.description().items() if key not in ("checksum", "files")}
    folder.write_json("run.json", description)
    folder.write_json("results.json", {"accuracy": 5})
    folder.check_files()


def test_a_checkpoint_of_another_run_is_refused(folder: RunFolder, tmp_path: Path) -> None:
    other = RunFolder.create(tmp_path / "other", {})
    for each in (folder, other):
        each.write_checkpoint(ARRAYS)
        assert each.read_checkpoint().keys() == ARRAYS.keys()
    shutil.copy(other.path / "checkpoint.npz", folder.path)
    with pytest.raises(RunFolderError, match=r"checkpoint.npz belongs to another run") as error:
        folder.read_checkpoint()
    sentence(error)


def test_what_a_killed_process_was_writing_is_removed(folder: RunFolder) -> None:
    for name in (".checkpoint.npz-a1b2c3", ".run.json-xyz", ".notes", "mine.npz-1", ".lock"):
        (folder.path / name).write_text("")
    folder.mark_complete()
    assert files(folder) == [".lock", ".notes", "mine.npz-1", "run.json"]


def test_a_folder_in_which_nothing_was_computed_is_discarded(folder: RunFolder) -> None:
    folder.discard()
    assert not folder.path.exists()


@pytest.mark.parametrize("found", [FORMAT + 1, None, "one"])
def test_another_format(found: Any, folder: RunFolder) -> None:
    (folder.path / "run.json").write_text(json.dumps({"format": found, "status": "complete"}))
    with pytest.raises(RunFolderError, match=f"has format {found!r}: this version reads format {FORMAT}") as error:
        RunFolder.open(folder.path)
    sentence(error)


def test_missing_files(folder: RunFolder) -> None:
    for read in (folder.read_arrays, folder.read_json):
        with pytest.raises(RunFolderError, match=r"incomplete \(no network.npz\).*spikeprune resume") as error:
            read("network.npz")
        sentence(error)
    folder.mark_complete()
    with pytest.raises(RunFolderError, match=r"network.npz is missing.*train again") as error:
        folder.read_arrays("network.npz")
    sentence(error)


def test_damaged_arrays(folder: RunFolder) -> None:
    """Cut, emptied, another kind of file, or an object that would be executed."""
    folder.write_arrays("network.npz", ARRAYS)
    path = folder.path / "network.npz"
    whole = path.read_bytes()
    single, objects = folder.path / "single.npy", folder.path / "objects.npz"
    np.save(single, np.arange(3))
    np.savez(objects, a=np.array([{}], dtype=object))
    for content in (whole[:-1], whole[: len(whole) // 2], b"", b"none", single.read_bytes(), objects.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(RunFolderError, match=r"network.npz is damaged") as error:
            folder.read_arrays("network.npz")
        assert "pickle" not in sentence(error)


def test_a_changed_byte_never_changes_an_array(folder: RunFolder) -> None:
    """It is found by the archive's checksums, unless it lies in what nobody reads, as the date of a file."""
    expected = np.random.default_rng(0).integers(0, 9, 200)
    folder.write_arrays("network.npz", {"a": expected})
    path = folder.path / "network.npz"
    whole, found = path.read_bytes(), 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            arrays = folder.read_arrays("network.npz")
        except RunFolderError:
            found += 1
        else:
            assert all(np.array_equal(value, expected) for value in arrays.values())
    assert found > 0.8 * len(whole)


def test_default_folders_differ_by_data_rule_size_and_seed() -> None:
    paths = {
        run_path(data, rule, neurons, seed)
        for data in ("mnist", "digits")
        for rule in ("none", "soft")
        for neurons in (1, 2)
        for seed in (0, 1)
    }
    assert len(paths) == 16
    assert run_path("../my data/x.npz", "none", 1, 0).parts[0] == "runs"
    assert len(run_path("../my data/x.npz", "none", 1, 0).parts) == 2
