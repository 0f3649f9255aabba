"""When rules act: numbers of images, shares of a training, and no training in which a rule does nothing unasked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters
from spikeprune.cli import app
from spikeprune.errors import ParameterError
from spikeprune.pruning import RULES, make_rule
from spikeprune.pruning.timing import ALWAYS, SCHEDULE, events_between, timing_text
from spikeprune.settings import Settings
from spikeprune.summary import Summary, _pruning_events
from spikeprune.sweep.experiment import Experiment

OURS = sorted(
    name for name, rule in RULES.items() if rule.__module__.startswith("spikeprune.") and rule().acts_in_training
)
EXPERIMENTS = sorted((Path(__file__).parents[1] / "experiments").glob("*.toml"))
IMAGES = {"digits": 1437}


@pytest.mark.parametrize("name", OURS)
def test_every_rule_acts_at_its_defaults_whatever_the_training(name: str) -> None:
    """As often as in an epoch of MNIST, whose schedule is what it was when it was told in images."""
    rule = make_rule(name)
    late = {"critical-period": (37_000, 46_000, 10)} | dict.fromkeys(
        ("quiet-neurons", "adaptive-neurons", "adaptive-neurons-and-weights"), (10_000, 60_000, 51)
    )
    *period, expected = late.get(name, (0, ALWAYS, 60))
    assert rule.for_images(60_000).schedule == (*period, 1000)
    events = rule.events_in(60_000)
    assert events == expected
    for images in (500, 8_000, 24_000, 180_000):
        assert abs(rule.events_in(images) - events) <= 3, images


def test_shares_and_images_by_hand() -> None:
    rule = sp.CriticalPeriodPruning(start=0.5, stop=900, interval=0.1)
    assert rule.for_images(1000).schedule == (500, 900, 100)
    assert rule.events_in(1000) == 5  # at 500, 600, 700, 800, 900
    assert sp.AdaptivePruning(interval=1.0).events_in(80) == 1
    assert sp.AdaptivePruning(interval=1).events_in(80) == 80
    assert sp.AdaptivePruning(interval=0.001).for_images(80).schedule[2] == 1
    assert sp.AdaptivePruning(start=np.float64(0.25), interval=np.int64(7)).for_images(80).schedule == (20, ALWAYS, 7)
    assert events_between(6, 16, 4, 14) == 2
    with pytest.raises(ParameterError, match="'stop' is 300: it must not be less than 'start', which is 500"):
        sp.CriticalPeriodPruning(start=0.5, stop=300).for_images(1000)
    with pytest.raises(ParameterError, match=r"'interval' of rule 'adaptive' is 1/60 of a training whose length"):
        sp.AdaptivePruning().schedule  # noqa: B018


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1), ("25%", 0.25), ("1/60", 1 / 60), ("1", 1), ("1.0", 1.0), ("100 %", 1.0), ("1000", 1000),
        ("1e3", 1000),
    ],
)  # fmt: skip
def test_the_text_of_a_share(text: str, value: float) -> None:
    found = make_rule("adaptive", {"interval": text}).as_dict()["interval"]
    assert (found, type(found)) == (value, type(value))
    assert make_rule("adaptive", {"interval": timing_text(found)}).as_dict()["interval"] == value or value == 1.0


@pytest.mark.parametrize("value", [1.5, -0.1, "much", float("nan"), "1/0", None, True, "2.5%%", -3, 2**31])
@pytest.mark.parametrize("name", SCHEDULE)
def test_what_is_neither_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"Parameter '{name}' is .*: it must be .*(images|share).*") as error:
        make_rule("critical-period", {name: value})
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_published_experiments_keep_their_schedules(path: Path) -> None:
    """What the file says in images, and else that of MNIST; so their runs keep their names."""
    experiment = Experiment.read(path)
    images = IMAGES.get(experiment.data.name, 60_000) - (experiment.data.validation or 0)
    images = min(images, experiment.data.images or images)
    for run in experiment.plan("", 784, images=images):
        rule = run.settings.rule
        if rule.acts_in_training:
            start, _, interval = rule.schedule
            shown = images * run.settings.epochs  # 60 events are the default, which newer files leave as it is
            assert interval in (50, 100, 250, 1000, 4000, round(0.0333 * shown), round(shown / 60))
            assert start in ((1000, 20_000, 37_000) if rule.name == "critical-period" else (0, 8333, 10_000))


def stored_rule(folder: Path) -> dict[str, Any]:
    """The rule as run.json has it."""
    rule: dict[str, Any] = json.loads((folder / "run.json").read_text())["settings"]["rule"]
    return rule


def test_a_rule_that_never_acts_is_refused_before_anything_is_compiled(
    small: NetworkParameters, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiles(*arguments: Any, **options: Any) -> None:
        raise AssertionError("compiled")

    monkeypatch.setattr(Settings, "program", compiles)
    with pytest.raises(ParameterError, match=r"'adaptive' never acts in a training of 4 images with start = 0, interval"
                       r" = 5: give shares .* interval = 0.02, or allow it") as error:  # fmt: skip
        sp.train(digits.subset(train=4), sp.AdaptivePruning(interval=5), parameters=small, folder=tmp_path / "run")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()
    values = {"data": "digits", "neurons": [5], "rules": [{"name": "critical-period", "start": 37_000, "stop": 46_000}]}
    with pytest.raises(ParameterError, match="'critical-period' never acts in a training of 24,000 images"):
        Experiment.from_dict(values).plan("", 64, images=24_000)
    runs = Experiment.from_dict({**values, "allow_inert": True}).plan("", 64, images=24_000)
    assert runs[0].settings.rule.schedule == (37_000, 46_000, 400)


def test_the_number_of_pruning_events_stands_in_every_result(
    small: NetworkParameters, digits: Dataset, tmp_path: Path
) -> None:
    few, options = digits.subset(train=6, test=2), {"parameters": small, "backend": "numpy", "chunk": 3}
    run = sp.train(few, sp.ConstantPruning(h=0.1, start=0.5), folder=tmp_path / "run", **options)
    assert run.settings.rule.schedule == (3, ALWAYS, 1)
    assert run.pruning_events == 4  # after images 3, 4, 5 and 6
    assert [entry["pruning_events"] for entry in run.history] == [1, 4]
    assert run.evaluate().pruning_events == 4
    stored = json.loads((tmp_path / "run" / "results.json").read_text())
    assert stored["pruning_events"] == 4
    # In images, so that the run means the same without its data.
    assert stored_rule(tmp_path / "run")["start"] == 3
    loaded = sp.load(tmp_path / "run")
    assert loaded.pruning_events == 4
    assert loaded.evaluation is not None
    assert loaded.evaluation.pruning_events == 4
    assert Summary.read(tmp_path / "run").as_dict("loihi")["pruning_events"] == 4
    table = CliRunner().invoke(app, ["compare", str(tmp_path / "run"), str(tmp_path / "run")]).stdout
    assert re.search(r"Pruning\b.*\n.*\bevents\b", table)
    # Runs of before did not count: their settings say it.
    history = [{"images": 6}]
    assert _pruning_events(stored_rule(tmp_path / "run"), history[-1]) == 4
    assert _pruning_events({"name": "none"}, history[-1]) == 0
    assert _pruning_events({"name": "of-a-user"}, history[-1]) is None
    inert = sp.train(few, sp.ConstantPruning(interval=100), allow_inert=True, **options)
    assert (inert.pruning_events, inert.alive.all()) == (0, True)
