"""Folders for the files of one start of a program: in memory where there is room, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from spikeprune.errors import BackendError, reason_of

__all__ = ["scratch_folder"]

#: Files here take no time to make and lie in memory.
MEMORY = Path("/dev/shm")
PREFIX = "spikeprune-"
#: A folder this old in seconds whose lock nobody holds was left behind by a process that was killed.
ABANDONED = 5


@contextmanager
def scratch_folder(size: int) -> Iterator[Path]:
    """Make a private folder with room for `size` bytes, and remove it in the end.

    It is in memory where the system offers enough of it and ``TMPDIR`` does not name another place; what killed
    processes have left behind there is removed first.
    """
    root = _memory_folder(size)
    if root is not None:
        _remove_abandoned(root)
    try:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=root, ignore_cleanup_errors=True)
    except OSError as error:
        where = root or os.environ.get("TMPDIR") or "the folder for temporary files"
        raise BackendError(
            f"No folder can be made in {where} ({reason_of(error)}): make room there, or set TMPDIR to another folder."
        ) from error
    with folder as name, FileLock(Path(name) / "lock"):
        yield Path(name)


def _memory_folder(size: int) -> Path | None:
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > 2 * size else None


def _remove_abandoned(root: Path) -> None:
    for folder in root.glob(f"{PREFIX}*"):
        # Other users' folders, and such as vanish meanwhile, are none of our business.
        with suppress(OSError, Timeout):
            if not folder.is_dir() or time.time() - folder.stat().st_mtime < ABANDONED:
                continue
            lock = folder / "lock"
            if lock.exists():
                with FileLock(lock, timeout=0):
                    shutil.rmtree(folder)
            elif not any(folder.iterdir()):  # killed before there was a lock, or after
                folder.rmdir()
