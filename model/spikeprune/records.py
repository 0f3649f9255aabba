"""Run folders: one training with its parameters, provenance, history and arrays.

A folder holds

``run.json``
    What was asked for (data set and its checksum, parameters, rule, seed, back end, …), provenance, ``id`` (drawn when
    the run begins), and ``status``: ``incomplete`` until the very end, then ``complete``.
``checkpoint.npz``
    Written after every chunk, gone at the end: the state of the network (``state/group.variable``), the responses to
    the last training images (``responses`` [images, neurons], ``labels`` [images]) and the history so far (JSON text).
``network.npz``
    The trained network: ``state/…``, ``weights``, ``alive``, ``plastic`` [inputs, neurons], ``theta`` [neurons] in V,
    ``responses``, ``labels`` and ``assignment`` [neurons].
``history.json``
    One entry a chunk: images, accuracy so far, synaptic operations by class, removed share, quantiles of the pruning
    threshold and of theta, spikes.
``evaluation.npz``, ``results.json``
    Test ``responses``, ``predictions``, ``labels``, ``confusion``; accuracy, operation counts and what is derived of
    them.
``snapshot-IMAGES.npz``
    Weights, masks and thresholds after so many images, where they were asked for.
``*.png``
    Pictures (``PICTURES``), drawn from the arrays.

Every file is written beside its final name and then moved there, so that it is whole or absent.  Checksums tie the
files of a run together (:mod:`spikeprune.seals`): one that was damaged, or belongs to another run, is refused by name.
"""

from __future__ import annotations

import json
import os
import re
import uuid
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from spikeprune.errors import RunFolderError, reason_of
from spikeprune.files import replacing
from spikeprune.places import check_place
from spikeprune.seals import broken, checksum_of, plain, sealed

__all__ = ["FORMAT", "PICTURES", "RunFolder", "run_path"]

#: Version of the folder's format.
FORMAT = 1
#: Files that a finished training leaves; run.json has their checksums.
FINAL = ("network.npz", "history.json")
#: Names of temporary files (`RunFolder._replace`).
LEFTOVER = re.compile(r"\.(run|history|results|checkpoint|network|evaluation|snapshot-\d+)\.(json|npz)-\w+")
#: What reading a damaged archive raises.
DAMAGE = (OSError, ValueError, TypeError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
PICTURE_NAMES = ("receptive_fields", "weights", "history", "operations", "confusion", "comparison")
#: Files of the pictures, by the function of :mod:`spikeprune.plots` that draws them.
PICTURES = {name: f"{name}.png" for name in PICTURE_NAMES}


def run_path(data: str, rule: str, neurons: int, seed: int) -> Path:
    """Return the run folder that a training has unless another is asked for.

    Examples
    --------
    >>> run_path("digits", "adaptive", 100, 0).as_posix()
    'runs/digits-adaptive-n100-s0'
    """
    return Path("runs") / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', data)}-{rule}-n{neurons}-s{seed}"


class RunFolder:
    """One run folder; see the module's description for its files.

    Parameters
    ----------
    path : path-like
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = FileLock(self.path / ".lock")

    def __reduce__(self) -> Any:
        return RunFolder, (self.path,)

    @classmethod
    def create(cls, path: str | os.PathLike[str], description: Mapping[str, Any]) -> RunFolder:
        """Start a new folder, marked incomplete.

        Raises
        ------
        RunFolderError
            If the folder exists and is not empty, or cannot be written.
        """
        folder = cls(path)
        cls.check(path)
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.tidy()
            folder.describe({"format": FORMAT, "status": "incomplete", "id": uuid.uuid4().hex, **description})
        except OSError as error:
            raise RunFolderError(
                f"The run folder {path} cannot be written ({reason_of(error)}): choose another place."
            ) from error
        return folder

    @classmethod
    def check(cls, path: str | os.PathLike[str]) -> None:
        """Raise RunFolderError unless a new folder can be started here; nothing is written."""
        folder = cls(path)
        if folder.has("run.json"):
            hint = "choose another folder or delete this one"
            if folder.description().get("status") != "complete":
                hint = f"continue it with 'spikeprune resume {path}', or choose another folder"
            raise RunFolderError(f"The run folder {path} exists already: {hint}.")
        check_place(folder.path, LEFTOVER)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Open an existing folder.

        Raises
        ------
        RunFolderError
            If it is no run folder, or one of another format.
        """
        folder = cls(path)
        if not folder.has("run.json"):
            raise RunFolderError(
                f"{path} is not a run folder (it has no run.json): give a folder made by 'spikeprune train'."
            )
        found = folder.description().get("format")
        if found != FORMAT:
            raise RunFolderError(f"The run folder {path} has format {found!r}: this version reads format {FORMAT}.")
        return folder

    def lock(self) -> Any:
        """Return a context manager that keeps other processes from working in the folder.

        Raises
        ------
        RunFolderError
            On entering, if another process is at work.
        """
        try:
            return self._lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"Another process is at work in the run folder {self.path}: wait until it ends."
            ) from None
        except OSError as error:
            raise RunFolderError(
                f"The run folder {self.path} cannot be written ({reason_of(error)}): choose another place."
            ) from error

    @property
    def complete(self) -> bool:
        """Whether the run has come to its end."""
        return self.description().get("status") == "complete"

    def description(self) -> dict[str, Any]:
        """Return the contents of run.json."""
        values = self.read_json("run.json")
        if not isinstance(values, dict):
            raise self._damaged("run.json", TypeError("it describes nothing"))
        if broken(values):
            raise self._damaged("run.json", ValueError("it is not what spikeprune wrote"))
        return values

    def describe(self, description: Mapping[str, Any]) -> None:
        """Write run.json with its own checksum."""
        self.write_json("run.json", sealed(description))

    def mark_complete(self) -> None:
        """Mark the run as complete, tie its files to it, and drop its checkpoint and what a killed process has left."""
        names = [*FINAL, *sorted(path.name for path in self.path.glob("snapshot-*.npz"))]
        files = {name: checksum_of(self.path / name) for name in names if self.has(name)}
        self.describe(self.description() | {"status": "complete", "files": files})
        (self.path / "checkpoint.npz").unlink(missing_ok=True)
        self.tidy()

    def discard(self) -> None:
        """Remove a folder in which nothing has been computed yet."""
        for name in ("run.json", "checkpoint.npz", ".lock"):
            (self.path / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody has put something there
            self.path.rmdir()

    def tidy(self) -> None:
        """Remove files that a killed process was writing; only for who holds the lock."""
        for leftover in filter(lambda path: LEFTOVER.fullmatch(path.name), self.path.iterdir()):
            leftover.unlink(missing_ok=True)

    def check_files(self) -> None:
        """Raise RunFolderError if a file of the finished run was changed, or belongs to another run.

        Runs of versions that wrote no checksums pass.
        """
        expected = dict(self.description().get("files", {}))
        if self.has("results.json"):
            results = self.read_json("results.json")
            if not isinstance(results, dict) or broken(results):
                raise self._damaged("results.json", ValueError("it is not what spikeprune wrote"))
            if expected and results.get("files", {}).get("network.npz") != expected.get("network.npz"):
                raise RunFolderError(
                    f"{self.path / 'results.json'} belongs to another run than {self.path / 'run.json'}: restore it "
                    f"from a copy, or delete it and run 'spikeprune resume {self.path}'."
                )
            expected |= {name: value for name, value in results.get("files", {}).items() if name != "network.npz"}
        for name, value in expected.items():
            if checksum_of(self.path / name) not in (None, value):
                raise RunFolderError(
                    f"{self.path / name} is damaged or belongs to another run (another checksum than that of its own): "
                    "restore it from a copy or train again."
                )

    def has(self, name: str) -> bool:
        """Whether the folder has the file `name`."""
        try:
            return (self.path / name).is_file()
        except (OSError, ValueError):
            return False

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file at once."""
        self._replace(name, lambda file: file.write(json.dumps(value, indent=1, default=plain).encode()))

    def read_json(self, name: str) -> Any:
        """Read a JSON file.

        Raises
        ------
        RunFolderError
            If it is absent or damaged.
        """
        try:
            return json.loads((self.path / name).read_text())
        except (OSError, ValueError) as error:
            raise self._damaged(name, error) from error

    def write_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Write an npz file at once."""
        self._replace(name, lambda file: np.savez_compressed(file, **dict(arrays)))

    def write_checkpoint(self, arrays: Mapping[str, Any]) -> None:
        """Write the checkpoint at once (uncompressed, because it is written often)."""
        run = np.array(self.description().get("id", ""))
        self._replace("checkpoint.npz", lambda file: np.savez(file, **dict(arrays) | {"run": run}))

    def read_checkpoint(self) -> dict[str, NDArray[Any]]:
        """Read the checkpoint; RunFolderError if it is damaged or belongs to another run."""
        arrays = self.read_arrays("checkpoint.npz")
        run = arrays.pop("run", None)
        if run is not None and str(run) != self.description().get("id", ""):
            raise RunFolderError(
                f"{self.path / 'checkpoint.npz'} belongs to another run: restore it from a copy, or delete it and run "
                f"'spikeprune resume {self.path}' to begin anew."
            )
        return arrays

    def read_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Read an npz file.

        Raises
        ------
        RunFolderError
            If it is absent or damaged.
        """
        try:
            with np.load(self.path / name, allow_pickle=False) as archive:
                return {key: archive[key] for key in archive.files}
        except DAMAGE as error:
            # NumPy's own words advise to load pickled objects, which would run whatever the file says.
            reason = error if isinstance(error, FileNotFoundError) else ValueError("it is not a whole .npz file")
            raise self._damaged(name, reason) from error

    def _damaged(self, name: str, error: Exception) -> RunFolderError:
        if isinstance(error, FileNotFoundError):
            if name != "run.json" and self.has("run.json") and not self.complete:
                return RunFolderError(
                    f"The run in {self.path} is incomplete (no {name}): "
                    f"continue it with 'spikeprune resume {self.path}'."
                )
            return RunFolderError(f"{self.path / name} is missing: the run folder is incomplete, train again.")
        return RunFolderError(f"{self.path / name} is damaged ({error}): restore it from a copy or train again.")

    def _replace(self, name: str, write: Any) -> None:
        try:
            with replacing(self.path / name) as file:
                write(file)
        except OSError as error:
            raise RunFolderError(
                f"{self.path / name} cannot be written ({reason_of(error)}): free some space or choose another place."
            ) from error
