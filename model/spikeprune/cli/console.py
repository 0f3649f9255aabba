"""What the commands say and where: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import math
import os
import traceback
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from spikeprune.cli.signals import caught, exit_status
from spikeprune.errors import DataNote, ParameterError, SpikepruneError, reason_of

if TYPE_CHECKING:
    from spikeprune.datasets import Dataset

__all__ = ["Commands", "Output"]

#: Environment variable that does what ``--debug`` does.
DEBUG = "SPIKEPRUNE_DEBUG"


class Commands(TyperGroup):
    """Turn every error of a command into one sentence and an exit status; ``--debug`` adds the traceback.

    The status is 2 for a parameter that is not allowed, as for a wrong option; 130 after Ctrl-C, 143 after SIGTERM, 129
    after SIGHUP; 1 otherwise.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands with the whole first sentences of their help, which click would cut off."""
        rows = []
        for name in self.list_commands(ctx):
            paragraph = (self.get_command(ctx, name).help or "").split("\n\n")[0]  # type: ignore[union-attr]
            rows.append((name, " ".join(paragraph.split())))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            with caught(), warnings.catch_warnings():
                warnings.simplefilter("ignore", DataNote)  # `Output.notes` says them
                return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the reader of our output has seen enough
        except (Exception, KeyboardInterrupt) as error:
            if hasattr(error, "exit_code"):
                raise  # the option parser's own exceptions know their status
            if debugging(ctx):
                traceback.print_exception(error)
            raise typer.Exit(_explain(error, ctx.invoked_subcommand)) from None


def _explain(error: BaseException, command: str) -> int:
    """Print what happened and return the exit status."""
    label, message, status = "Error: ", str(error), 1
    if isinstance(error, KeyboardInterrupt):
        label, message, status = "", message or "Stopped.", exit_status()
    elif isinstance(error, ParameterError):
        status = 2
    elif isinstance(error, MemoryError):
        message = "There is not enough memory: choose fewer neurons, or a smaller --chunk."
    elif isinstance(error, OSError):
        place = error.filename or "A file"
        message = f"{place} cannot be used ({reason_of(error)}): make room, or check the place and its permissions."
    elif not isinstance(error, SpikepruneError):
        message = (
            f"Unexpected {type(error).__name__} ({message}): please report it, with the traceback that "
            f"'spikeprune --debug {command}' prints."
        )
    console = Console(stderr=True, highlight=False)
    console.print(Text.assemble((label, "bold red"), message), soft_wrap=True)
    return status


def debugging(ctx: Any) -> bool:
    """Whether tracebacks are wanted."""
    return bool(ctx.params.get("debug")) or os.environ.get(DEBUG, "0") not in ("", "0")


class Output:
    """Where one command writes.

    Parameters
    ----------
    quiet : bool
        Say nothing but the result.
    as_json : bool
        Write the result as one JSON document.
    """

    def __init__(self, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet, self.as_json = quiet, as_json
        self.out, self.err = _console(stderr=False), _console(stderr=True)

    @property
    def bars(self) -> bool:
        """Whether progress bars are wanted: on terminals alone."""
        return not self.quiet and self.out.is_terminal and self.err.is_terminal

    def say(self, sentence: str, style: str = "") -> None:
        """Say what is going on."""
        if not self.quiet:
            self.err.print(sentence, markup=False, style=style, soft_wrap=not self.err.is_terminal)

    def notes(self, dataset: Dataset) -> None:
        """Say what was guessed about data."""
        for note in dataset.notes:
            self.say(f"Note: {note}", style="yellow")

    def result(self, document: Any, *renderables: RenderableType) -> None:
        """Write the result: the document with ``--json``, else what is made for reading."""
        if self.as_json:
            self.out.file.write(json.dumps(_finite(document), indent=1, default=str) + "\n")
            return
        for renderable in renderables:
            # Where a table does not fit, Rich would leave columns out without a word: better lines that are too long.
            width = self.out.width
            self.out.width = max(width, self._least_width(renderable))
            try:
                self.out.print(renderable, markup=False)
            finally:
                self.out.width = width

    def _least_width(self, renderable: RenderableType) -> int:
        """Width of the tables when columns that fold are folded as far as they may be."""
        if isinstance(renderable, Group):
            return max((self._least_width(part) for part in renderable.renderables), default=0)
        if not isinstance(renderable, Table):
            return 0
        folding = [column for column in renderable.columns if not column.no_wrap]
        for column in folding:
            column.max_width = column.min_width or 1
        width = Measurement.get(self.out, self.out.options.update(max_width=1000), renderable).minimum
        for column in folding:
            column.max_width = None
        return width

    @contextlib.contextmanager
    def waiting(self, sentence: str) -> Iterator[None]:
        """Say what is going on, with a clock on terminals until it is over."""
        if not self.bars:
            self.say(sentence)
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True) as progress:
            progress.add_task(sentence, total=None)
            yield


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 120  # a file has no width; Rich would take 80 columns
    return console


def _finite(value: Any) -> Any:
    """Replace what JSON has no numbers for."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return [_finite(entry) for entry in value] if isinstance(value, (list, tuple)) else value
