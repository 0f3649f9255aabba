"""Trainings interrupted at random moments, again and again: whether anything is lost, different or left behind.

    python tests/interruptions.py --kill 100 --term 20 --int 10 --hup 10     # some ten minutes; prints the counts

A training of digits is started as a command, gets a signal at a random moment of its life, goes on (``spikeprune
resume``), gets the next one, and so on to its end, where its files are compared with those of a training that was left
alone.  Only signals that came before the command had ended count.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from spikeprune.datasets import Dataset
from spikeprune.records import RunFolder

SETTINGS = (
    "--neurons", "20", "--epochs", "2", "--chunk", "50", "--shuffle", "--rule", "adaptive", "--set", "interval=100",
    "--test-images", "100", "--workers", "1", "--no-plots",
)  # fmt: skip
#: Marks the processes of an interrupted command, programs and all.
MARK = "SPIKEPRUNE_INTERRUPTED"
#: Seconds within which nothing of a stopped command may be running any more.
PATIENCE = 10


@dataclass
class Report:
    """What became of interrupted trainings."""

    signals: Counter[str] = field(default_factory=Counter)
    trainings: int = 0
    lost: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {name}" for name, number in sorted(self.signals.items()))
        found = ", ".join(f"{len(getattr(self, name))} {name.replace('_', ' ')}" for name in FOUND)
        return f"{counts} in {self.trainings} trainings: {found}"


FOUND = ("lost", "different", "left_behind")


def command(*words: str | Path) -> list[str]:
    """Return a command of spikeprune as a program and its arguments."""
    return [sys.executable, "-m", "spikeprune", *map(str, words)]


def start(words: Sequence[str], mark: str) -> subprocess.Popen[str]:
    """Start a command whose processes can be told by a mark, with all signals as a terminal leaves them."""
    environment = os.environ | {MARK: mark}

    def default() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=default
    )


def running(mark: str) -> Iterator[int]:
    """Processes that carry a mark."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                yield int(folder.name)
        except OSError:
            continue


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def scratch_folders() -> set[Path]:
    """Folders for the files of a program that are there now, in memory and among temporary files."""
    return {path for root in {Path("/dev/shm"), Path(tempfile.gettempdir())} for path in root.glob("spikeprune-*")}


def abandoned(folder: Path) -> bool:
    """Whether nobody holds a folder for the files of a program."""
    try:
        with FileLock(folder / "lock", timeout=0):
            return True
    except (OSError, Timeout):
        return False


def results(folder: Path) -> dict[str, object]:
    """Return everything of a finished run that must not depend on interruptions."""
    history = json.loads((folder / "history.json").read_text())
    evaluated = json.loads((folder / "results.json").read_text())
    with np.load(folder / "network.npz") as network, np.load(folder / "evaluation.npz") as evaluation:
        arrays = {f"network/{name}": network[name].tobytes() for name in network.files}
        arrays |= {f"evaluation/{name}": evaluation[name].tobytes() for name in evaluation.files}
    return arrays | {
        "history": [{name: value for name, value in entry.items() if name != "seconds"} for entry in history],
        "results": {name: value for name, value in evaluated.items() if name not in ("files", "checksum")},
    }


def _unfinished(folder: Path) -> Iterable[Path]:
    """Temporary files in a run folder."""
    return folder.glob(".*-*") if folder.exists() else ()


class Interruptions:
    """A training that is left alone, and others that are not.

    Parameters
    ----------
    place : Path
        An empty folder for everything.
    seed : int, optional
        Of the moments; another one each time unless given.
    """

    def __init__(self, place: Path, seed: int | None = None) -> None:
        self.place, self.random, self.report = place, np.random.default_rng(seed), Report()
        self.data = place / "digits.npz"
        digits = Dataset.load("digits")
        np.savez(
            self.data, train_images=digits.train_images[:800], train_labels=digits.train_labels[:800],
            test_images=digits.test_images, test_labels=digits.test_labels,
        )  # fmt: skip
        for name in ("compiles", "whole"):  # and then starts a known program
            began = time.monotonic()
            self._finish(place / name)
            self.seconds = time.monotonic() - began
        self.expected = results(place / "whole")
        self.before = scratch_folders()

    def _words(self, folder: Path) -> list[str]:
        if folder.exists() and RunFolder(folder).has("run.json"):
            return command("resume", folder, "--workers", "1", "--no-plots")
        return command("train", "--data", self.data, *SETTINGS, "--out", folder)

    def _finish(self, folder: Path) -> None:
        subprocess.run(self._words(folder), check=True, capture_output=True, text=True)

    def interrupt(self, signals: Sequence[signal.Signals], seconds: float = math.inf) -> Report:
        """Interrupt trainings until every signal has come, or for so many seconds, and see them to their end."""
        left, until = list(signals), time.monotonic() + seconds
        while left and time.monotonic() < until:
            folder = self.place / f"run{self.report.trainings}"
            self.report.trainings += 1
            while left and not (folder / "results.json").exists():
                if self._interrupted(folder, left[0]):
                    self.report.signals[left.pop(0).name] += 1
            self._check(folder)
        self._look_around()
        return self.report

    def _interrupted(self, folder: Path, number: signal.Signals) -> bool:
        """Start or resume a training and send it a signal; whether it came in time."""
        mark, before = uuid.uuid4().hex, set(_unfinished(folder))  # what a SIGKILL has left until the folder is opened
        process = start(self._words(folder), mark)
        try:
            process.communicate(timeout=float(self.random.uniform(0, self.seconds)))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        _, complaint = process.communicate()
        what = f"{folder.name} after {number.name}"
        if not eventually(lambda: not list(running(mark))):
            self.report.left_behind.append(f"{what}: processes {list(running(mark))}")
        if process.returncode not in (0, -number, 128 + number) or "Traceback" in complaint:
            self.report.lost.append(f"{what}: status {process.returncode}, {complaint.strip()[-300:]}")
        if folder.exists() and RunFolder(folder).has("run.json"):
            status = RunFolder(folder).description().get("status")
            if status not in ("incomplete", "complete"):
                self.report.lost.append(f"{what}: marked {status}")
        if number != signal.SIGKILL and process.returncode != -number:
            self._check_files(folder, what, before)
        return process.returncode != 0

    def _check_files(self, folder: Path, what: str, before: Iterable[Path] = ()) -> None:
        """Note files that should not be there, but for those that were there before."""
        for path in set(_unfinished(folder)) - set(before):
            self.report.left_behind.append(f"{what}: {path.name}")

    def _check(self, folder: Path) -> None:
        """See a training to its end, and compare it."""
        try:
            if not (folder / "results.json").exists():
                self._finish(folder)
            found = results(folder)
        except (subprocess.CalledProcessError, OSError, ValueError) as error:
            self.report.lost.append(f"{folder.name}: {error} {getattr(error, 'stderr', '')}")
            return
        if found != self.expected:
            names = [name for name in self.expected if found.get(name) != self.expected[name]]
            self.report.different.append(f"{folder.name}: {', '.join(names)}")
        self._check_files(folder, folder.name)
        if not RunFolder.open(folder).complete:
            self.report.left_behind.append(f"{folder.name}: not marked complete")

    def _look_around(self) -> None:
        """Note folders that the next command, some seconds later, has not removed."""
        time.sleep(6)
        self._finish(self.place / "last")
        for path in sorted(scratch_folders() - self.before):
            if abandoned(path):
                self.report.left_behind.append(str(path))


def main() -> int:
    """Interrupt as often as the options say, and print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("kill", "term", "int", "hup"):
        parser.add_argument(f"--{name}", type=int, default=0, help=f"how many SIG{name.upper()}")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no training after so long")
    parser.add_argument("--seed", type=int, help="of the moments; another one each time unless given")
    arguments = parser.parse_args()
    signals = [
        signal.Signals[f"SIG{name.upper()}"]
        for name in ("kill", "term", "int", "hup")
        for _ in range(getattr(arguments, name))
    ]
    with tempfile.TemporaryDirectory() as place:
        interruptions = Interruptions(Path(place), arguments.seed)
        interruptions.random.shuffle(signals)  # type: ignore[arg-type]
        report = interruptions.interrupt(signals, arguments.seconds)
    for name in FOUND:
        for line in getattr(report, name):
            print(f"{name.replace('_', ' ')}: {line}")
    print(report)
    return int(any(getattr(report, name) for name in FOUND))


if __name__ == "__main__":
    sys.exit(main())
