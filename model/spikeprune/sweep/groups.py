"""Which runs of a sweep share a program, and which of them are trained in it side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from spikeprune.sweep.experiment import PlannedRun

__all__ = ["Group", "groups_of"]


@dataclass(frozen=True)
class Group:
    """Runs that are trained in one program.

    Attributes
    ----------
    runs : tuple of PlannedRun
        They differ in nothing but seeds and parameters of the rule.
    replicas : int
        Number of networks in the program, some of which may be idle.
    """

    runs: tuple[PlannedRun, ...]
    replicas: int

    @property
    def program(self) -> str:
        """Tell groups apart that need different programs; rules that do not act in training share one."""
        return f"{self.replicas} x {_program(self.runs[0])}"


def groups_of(runs: Sequence[PlannedRun], replicas: int) -> list[Group]:
    """Put runs into groups of similar size, at most `replicas` in each.

    Runs of rules that remove neurons stay alone: their programs become smaller, each at its own time.

    Examples
    --------
    >>> groups_of([], 64)
    []
    """
    alike: dict[tuple[str, str], list[PlannedRun]] = {}
    for run in runs:
        alike.setdefault((_program(run), run.settings.rule.name), []).append(run)
    groups = []
    for members in alike.values():
        alone = members[0].settings.rule.removes_neurons
        number = len(members) if alone else -(-len(members) // replicas)
        largest = -(-len(members) // number)
        for k in range(number):
            part = members[k * len(members) // number : (k + 1) * len(members) // number]
            groups.append(Group(tuple(part), largest))
    return groups


def _program(run: PlannedRun) -> str:
    settings = run.settings
    rule = settings.rule.fingerprint() if settings.rule.acts_in_training else ""
    return str((asdict(settings.parameters), rule, settings.chunk, settings.precision, settings.backend))
