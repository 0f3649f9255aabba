"""Bad input through every door, and how many of the answers are clear sentences.

    python tests/bad_inputs.py            # prints the counts, and every answer that is not clear

An answer is clear if it is an error of this package (a command: exit status 1 or 2 and one line of "Error: "), in one
line that ends as a sentence, that names what was given and says what is allowed or what to do, and asks nobody to
report it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from typer.testing import CliRunner

import spikeprune as sp
from spikeprune.cli import app
from spikeprune.errors import SpikepruneError
from spikeprune.pruning import RULES, make_rule
from spikeprune.sweep.experiment import Experiment

#: How the option parser begins.
PARSER = ("Invalid value for", "No such option", "No such command", "Missing ")
#: Characters of a sentence; what may be chosen is listed, and rules and parameters are many.
MOST = 1000


class Case(NamedTuple):
    """A bad input: which door, what it is, and what is done with it."""

    door: str
    what: str
    call: Callable[[], Any]


class NotRefused(Exception):
    """A bad input was taken."""


def command(*arguments: Any, env: dict[str, str] | None = None) -> Callable[[], Any]:
    """Run a command, whose error becomes an exception."""

    def run() -> None:
        result = CliRunner().invoke(app, [str(each) for each in arguments], env=env)
        if result.exit_code == 0:
            raise NotRefused
        if result.exit_code not in (1, 2) or "Traceback" in result.stderr:
            raise RuntimeError(f"status {result.exit_code}: {result.stderr}")
        lines = result.stderr.strip().splitlines()
        if not lines[-1].startswith("Error: "):
            # The option parser's own words stand in a frame.
            text = " ".join(line.strip("│ ") for line in lines if line.startswith("│"))
            raise SpikepruneError(text if text.endswith(".") else f"{text}.")
        text = lines[-1].removeprefix("Error: ")
        # The option parser's own words name the option and have no full stop.
        raise SpikepruneError(f"{text.rstrip('.')}: see --help." if text.startswith(PARSER) else text)

    return run


def network_cases() -> Iterator[Case]:
    for entry in fields(sp.NetworkParameters):
        for value in ("much", float("nan"), None, [1]):
            what = f"{entry.name}={value!r}"
            yield Case("network", what, lambda n=entry.name, v=value: sp.NetworkParameters(**{n: v}))
    for values in ({"presentation": 10.3}, {"rest": 0.2}, {"neurons": 0}, {"neurons": 10**9}, {"dt": 0}, {"tau_e": -1}):
        yield Case("network", str(values), lambda v=values: sp.NetworkParameters(**v))


def rule_cases() -> Iterator[Case]:
    for name, kind in sorted(RULES.items()):
        if not kind.__module__.startswith("spikeprune."):
            continue
        for entry in fields(kind):
            for value in ("much", float("inf"), True):
                yield Case("rule", f"{name} {entry.name}={value!r}", lambda k=kind, n=entry.name, v=value: k(**{n: v}))
        yield Case("rule", f"{name} nosuch=1", lambda n=name: make_rule(n, {"nosuch": 1}))
    for value in (-1, -0.5, 1.5, 2**40, "1/0", "200%", "half", None, [0.1]):
        yield Case("rule", f"start={value!r}", lambda v=value: make_rule("adaptive", {"start": v}))
        yield Case("rule", f"interval={value!r}", lambda v=value: make_rule("soft", {"interval": v}))
    for text in ("adaptve", "", "os:path", "nowhere.module:Rule", "./nowhere.py:Rule", ":", "os.path:"):
        yield Case("rule", repr(text), lambda t=text: make_rule(t))


def data_cases(folder: Path) -> Iterator[Case]:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 255, (10, 6, 6)).astype(np.uint8), np.arange(10) % 2

    def arrays(
        x: Any = images, y: Any = labels, x2: Any = images, y2: Any = labels, **options: Any
    ) -> Callable[[], Any]:  # fmt: skip
        return lambda: sp.Dataset.from_arrays(x, y, x2, y2, **options)

    with_nan, negative = images.astype(float), images.astype(float)
    with_nan[0, 0, 0], negative[0, 0, 0] = np.nan, -3
    for what, call in {
        "NaN": arrays(with_nan), "negative": arrays(negative),
        "infinite": arrays(np.full(images.shape, np.inf)),
        "no images": arrays(images[:0], labels[:0]), "one dimension": arrays(images.ravel()), "text": arrays("images"),
        "None": arrays(None), "few labels": arrays(images, labels[:5]), "label NaN in test": arrays(y2=labels + np.nan),
        "labels of halves": arrays(y=labels + 0.5), "unknown test class": arrays(y2=labels + 7),
        "5 dimensions": arrays(images[..., None, None]),
        "colours": arrays(random.integers(0, 255, (10, 6, 6, 3)).astype(np.uint8)),
        "other test size": arrays(x2=images[:, :5, :5]), "rows not square": arrays(images.reshape(10, 36)[:, :35]),
        "rows of another shape": arrays(images.reshape(10, 36), shape=(5, 5)), "white 0": arrays(white=0),
        "white negative": arrays(white=-1), "white text": arrays(white="bright"), "ragged": arrays([[1, 2], [3]]),
        "complex": arrays(images * 1j), "dates": arrays(images.astype("datetime64[s]")), "blank": arrays(images * 0),
        "labels of several kinds": arrays(y=[1, "a"] * 5), "3-d labels": arrays(y=np.zeros((10, 2, 2))),
        "dict": arrays({"a": 1}), "labels None in test": arrays(y2=None), "shape of three": arrays(shape=(6, 6, 1)),
    }.items():  # fmt: skip
        yield Case("arrays", what, call)
    for data in (5, None, (images,), (images, labels, images), object(), "mnits", "./nowhere", b"digits", 3.5, [], ()):
        yield Case("data", repr(data)[:40], lambda d=data: sp.train(d))
    good = sp.Dataset.from_arrays(images, labels, images, labels)
    for part, value in (("train", 0), ("train", 11), ("test", -1), ("train", 1.5), ("train", "all")):
        yield Case("data", f"subset({part}={value!r})", lambda p=part, v=value: good.subset(**{p: v}))
    for value in (0, 10, "some"):
        yield Case("data", f"validation_split({value!r})", lambda v=value: good.validation_split(v))
    for name, content in {
        "text.npz": b"hello", "empty.npz": b"", "cut.npz": b"PK\x03\x04", "file.txt": b"x", "a.png": b"\x89PNG"
    }.items():
        (folder / name).write_bytes(content)
        yield Case("files", name, lambda n=name: sp.Dataset.load(folder / n))
    np.savez(folder / "names.npz", a=images)
    yield Case("files", "npz without images", lambda: sp.Dataset.load(folder / "names.npz"))
    np.savez(folder / "objects.npz", X=np.array([{}], dtype=object), y=labels)
    yield Case("files", "npz of objects", lambda: sp.Dataset.load(folder / "objects.npz"))
    for name in ("empty", "train only/train/a"):
        (folder / name).mkdir(parents=True)
        yield Case("files", f"folder {name}", lambda n=name: sp.Dataset.load(folder / n.split("/")[0]))
    for what, recording in {
        "x outside": [[9, 0, 1]], "y negative": [[0, -1, 1]], "t negative": [[0, 0, -1]], "two columns": [[0, 0]],
        "text": [["a", "b", "c"]], "NaN": [[np.nan, 0, 1]], "too late": [[0, 0, 1e7]], "number": 5, "None": None,
    }.items():  # fmt: skip
        yield Case("events", what, lambda r=recording: sp.event_data([r], ["a"], [r], ["a"], shape=(5, 5)))
    for shape in (5, None, (0, 3), "ab", (3,)):
        yield Case("events", f"shape={shape!r}", lambda s=shape: sp.event_data([[[0, 0, 1]]], ["a"], shape=s))


def call_cases(folder: Path) -> Iterator[Case]:
    random = np.random.default_rng(0)
    data = sp.Dataset.from_arrays(random.integers(0, 255, (8, 4, 4)).astype(np.uint8), np.arange(8) % 2)
    for options in (
        {"neurons": 0}, {"neurons": -3}, {"neurons": 2.5}, {"neurons": "many"}, {"epochs": 0}, {"epochs": 1.5},
        {"epochs": "two"}, {"seed": -1}, {"seed": 2**31}, {"seed": "x"}, {"seed": 0.5}, {"chunk": 0}, {"chunk": -1},
        {"chunk": 1.5}, {"precision": "half"}, {"precision": 32}, {"backend": "cpp"}, {"backend": "gpu"},
        {"backend": None},
        {"assignment_images": -1}, {"assignment_images": 10**6}, {"assignment_images": "all"}, {"parameters": 5},
        {"parameters": {"tau": 1}}, {"parameters": {"dt": "x"}}, {"parameters": []}, {"rule": 5}, {"rule": "adaptiv"},
        {"rule": dict}, {"rule": sp.AdaptivePruning(interval=100)},
        {"rule": sp.CriticalPeriodPruning(start=7, stop=7, interval=5)},
        {"snapshots": 0}, {"snapshots": "often"}, {"snapshots": [99]}, {"snapshots": 1.5}, {"folder": "/proc/x/y"},
        {"folder": "/etc/passwd"}, {"folder": folder / ("n" * 300)}, {"beta": 0.5}, {"dt": 1.0}, {"epoch": 3},
        {"nuerons": 5},
        {"initial": "nowhere"}, {"initial": folder}, {"workers": 2},
    ):  # fmt: skip
        given = {"rule": "none", "backend": "numpy"} | options
        yield Case("train", str(options)[:60], lambda g=given: sp.train(data, **g))
    for name in ("nowhere", folder, "/etc/passwd", ""):
        yield Case("load", repr(str(name))[:40], lambda n=name: sp.load(n))
        yield Case("resume", repr(str(name))[:40], lambda n=name: sp.resume(n))


def experiment_cases() -> Iterator[Case]:
    good: dict[str, Any] = {"data": "digits", "neurons": [10], "seeds": [0], "rules": [{"name": "none"}]}
    for change in (
        {"neurons": 10}, {"neurons": []}, {"neurons": ["a"]}, {"neurons": [0]}, {"neurons": [10, 10]}, {"seeds": [-1]},
        {"seeds": "all"}, {"seeds": {"5": [0]}}, {"seeds": [0, 0]}, {"epochs": 0}, {"epochs": "one"}, {"epochs": [1]},
        {"rules": []}, {"rules": [{}]}, {"rules": [{"name": "nosuch"}]}, {"rules": [5]}, {"rules": {"name": "none"}},
        {"rules": [{"name": "adaptive", "beta": []}]}, {"rules": [{"name": "adaptive", "beta": [0.1, 0.1]}]},
        {"rules": [{"name": "adaptive", "gamma": 1}]}, {"rules": [{"name": "none"}, {"name": "none"}]},
        {"rules": [{"name": "none", "label": 5}]}, {"rules": [{"name": "adaptive", "start": 2.5}]}, {"data": 5},
        {"data": {}},
        {"data": {"name": "digits", "images": 0}}, {"data": {"name": "digits", "whit": 1}}, {"data": {"name": 3}},
        {"data": {"name": "digits", "shape": [0, 1]}}, {"network": {"tau": 1}}, {"network": 5},
        {"network": {"neurons": 4}},
        {"network": {"preset": "x"}}, {"scaled": "yes"}, {"allow_inert": 1}, {"backend": "gpu"}, {"precision": 5},
        {"shuffle": "no"}, {"chunk": 0}, {"name": "a/b"}, {"name": 5}, {"description": 5}, {"colour": "red"},
    ):  # fmt: skip
        yield Case("experiment", str(change)[:60], lambda c=change: Experiment.from_dict(good | c))
    for key in ("data", "neurons", "rules"):
        rest = {name: value for name, value in good.items() if name != key}
        yield Case("experiment", f"without {key}", lambda r=rest: Experiment.from_dict(r))
    late = good | {"rules": [{"name": "critical-period", "start": 37_000, "stop": 46_000}]}
    yield Case("experiment", "never acts", lambda: Experiment.from_dict(late).plan("", 64, images=1000))


def command_cases(folder: Path) -> Iterator[Case]:
    train = ("train", "--data", "digits", "--backend", "numpy")
    for options in (
        ("--neurons", "0"), ("--neurons", "x"), ("--epochs", "0"), ("--seed", "-1"), ("--chunk", "0"),
        ("--images", "0"),
        ("--images", "99999"), ("--validation", "99999"), ("--test-images", "0"), ("--precision", "half"),
        ("--backend", "x"),
        ("--set", "beta"), ("--set", "beta=x"), ("--set", "bta=1"), ("--set", "beta=1", "--set", "beta=2"),
        ("--network", "x=1"),
        ("--network", "neurons=3"), ("--rule", "x"), ("--rule", "./x.py:R"), ("--out", ""), ("--out", "/etc/passwd"),
        ("--from", "nowhere"), ("--price", "gold"), ("--white", "0"), ("--shape", "5"), ("--workers", "0"),
        ("--nosuch",),
        ("--rule", "none", "--set", "beta=1"), ("--assignment-images", "-1"), ("--set", "interval=5000"),
        ("--rule", "critical-period", "--set", "start=9000", "--set", "stop=9000"), ("--data", "mnits"),
        ("--data", "./nowhere"),
        ("--data", str(folder)), ("--data-dir", "/nowhere", "--data", "mnist"),
    ):  # fmt: skip
        yield Case("command", " ".join(options)[:60], command(*train, *options))
    for words in (
        ("show", "nowhere"), ("show",), ("compare",), ("compare", "nowhere"), ("evaluate", folder), ("resume", folder),
        ("report", folder), ("predict", folder, "x.png"), ("predict", folder), ("sweep", "nowhere.toml"),
        ("sweep", folder),
        ("rules", "adaptve"), ("cache", "--older", "3"), ("fetch", "mnits"), ("export", folder, "x.npz"), ("build",),
        ("trian",),
        ("build", "-o", folder / "b", "--backend", "numpy"), ("build", "-o", folder / "b", "--compute-capability", "x"),
    ):  # fmt: skip
        yield Case("command", " ".join(map(str, words))[:60].replace(str(folder), "FOLDER"), command(*words))


def folder_cases(folder: Path) -> Iterator[Case]:
    """A finished run, damaged."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = sp.Dataset.from_arrays((bunch.images[:8] * 15).astype(np.uint8), bunch.target[:8], bunch.images[:4] * 15,
                                      bunch.target[:4])  # fmt: skip
    quick = {"presentation": 20, "rest": 5, "attempts": 1}
    sp.train(data, "none", neurons=4, parameters=quick, backend="numpy", chunk=4, folder=folder / "whole").evaluate()

    def damaged(name: str, change: Callable[[Path], Any]) -> Path:
        copy = Path(shutil.copytree(folder / "whole", folder / f"run{len(list(folder.iterdir()))}"))
        change(copy / name)
        return copy

    def edit(key: str, value: Any) -> Callable[[Path], Any]:
        def change(path: Path) -> None:
            values = json.loads(path.read_text())
            values[key] = value
            path.write_text(json.dumps(values))

        return change

    cut = lambda path: path.write_bytes(path.read_bytes()[:50])  # noqa: E731
    for name in ("run.json", "network.npz", "history.json", "results.json", "evaluation.npz"):
        for what, change in {"cut off": cut, "empty": lambda p: p.write_bytes(b""),
        "text": lambda p: p.write_text("hello"),
                             "list": lambda p: p.write_text("[]"), "missing": Path.unlink}.items():  # fmt: skip
            if (name, what) not in (("results.json", "missing"), ("evaluation.npz", "missing")):
                where = damaged(name, change)
                yield Case("run folder", f"{name} {what}", lambda w=where: sp.load(w))
    for key, value in (("format", 99), ("settings", {}), ("data", 5), ("status", "broken"), ("files", {})):
        where = damaged("run.json", edit(key, value))
        yield Case("run folder", f"run.json {key}={value!r}", command("show", where))


def finished_cases(folder: Path) -> Iterator[Case]:
    """What is asked of a trained network."""
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 255, (8, 4, 4)).astype(np.uint8), np.arange(8) % 2
    data = sp.Dataset.from_arrays(images, labels, images, labels)
    quick = {"presentation": 20, "rest": 5, "attempts": 1}
    run = sp.train(data, "none", neurons=4, parameters=quick, backend="numpy", folder=folder / "run")
    coloured = random.integers(0, 255, (2, 4, 4, 3)).astype(np.uint8)
    for what, given in {
        "other size": images[:, :3], "none": images[:0], "text": "images", "None": None, "NaN": images[:2] * np.nan,
        "negative": -images.astype(float), "16 bits": images.astype(np.uint16) * 257, "dict": {"a": 1},
        "colours": coloured, "a number": 3, "ragged": [[1, 2], [3]],
    }.items():  # fmt: skip
        yield Case("predict", what, lambda g=given: run.predict(g))
        yield Case("predict", f"{what}, raster", lambda g=given: run.raster(g))
    for what, call in {
        "readout": lambda: run.predict(images, readout="knn"), "record": lambda: run.present(images[0], record="vv"),
        "record of no group": lambda: run.present(images[0], record="pools.v"),
        "two images": lambda: run.present(images[:2]), "backend": lambda: run.raster(images[0], backend="gpu"),
        "precision": lambda: run.present(images[0], precision="half"), "workers=0": lambda: run.evaluate(workers=0),
        "workers='all'": lambda: run.evaluate(workers="all"), "replicas=0": lambda: run.evaluate(replicas=0),
        "workers=-1, predict": lambda: run.predict(images, workers=-1), "data": lambda: run.evaluate(5),
        "classes": lambda: run.evaluate((images, labels + 5, images, labels + 5)),
        "size": lambda: run.evaluate((images[:, :3], labels)), "readout of an evaluation": lambda: run.with_readout(
            run.evaluate(), "knn"
        ),
        "initial, other neurons": lambda: sp.train(data, "none", initial=run, neurons=5, backend="numpy"),
        "initial, other pixels": lambda: sp.train((images[:, :2, :2], labels), "none", initial=run, backend="numpy"),
        "initial=5": lambda: sp.train(data, "none", initial=5, backend="numpy"),
        "loaded, data of unknown origin": lambda: sp.load(folder / "run").evaluate(),
    }.items():  # fmt: skip
        yield Case("finished run", what, call)
    for what, trained, name in (
        ("suffix", run, "a.xyz"), ("no suffix", run, "a"), ("folder", run, "nowhere/a.npz"), ("None", None, "a.npz"),
        ("a number", 5, "a.npz"), ("no run folder", "nowhere", "a.npz"), ("a device", run, "/dev/full/a.npz"),
    ):  # fmt: skip
        yield Case("export", what, lambda r=trained, n=name: sp.export(r, n))
    for what, call in {
        "price": lambda: sp.energy(5, "gold"), "negative": lambda: sp.energy(-1), "NaN": lambda: sp.energy(np.nan),
    }.items():
        yield Case("energy", what, call)
    flat = images.reshape(8, 16)
    for options in ({"neurons": 0}, {"rule": "nne"}, {"epochs": 0}, {"backend": "gpu"}, {"parameters": 5}):
        given = {"rule": "none", "backend": "numpy"} | options
        yield Case("classifier", str(options), lambda g=given: sp.SpikingClassifier(**g).fit(flat, labels))


def environment_cases(folder: Path) -> Iterator[Case]:
    """Variables of the environment, and places that cannot be used."""
    train = ("train", "--data", "digits", "--neurons", "4", "--images", "10", "--test-images", "2", "--no-plots")
    (folder / "file").write_text("no folder")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "tools").mkdir()
    tools = str(folder / "tools")
    for what, environment in {
        "CXX": {"CXX": "/nowhere/g++"}, "CXX that is no compiler": {"CXX": "false"},
        "CXX with options": {"CXX": "nowhere -O3"}, "no compiler": {"PATH": tools, "CXX": ""},
        "cache is a file": {"SPIKEPRUNE_CACHE": str(folder / "file")},
        "cache in /proc": {"SPIKEPRUNE_CACHE": "/proc/x"},
        "cache is a loop": {"SPIKEPRUNE_CACHE": str(folder / "loop")},
    }.items():  # fmt: skip
        fresh = {"SPIKEPRUNE_CACHE": str(folder / "cache")} | environment
        yield Case("environment", what, command(*train, "--out", folder / "run", env=fresh))
    numpy = (*train, "--backend", "numpy")
    for what, out in {
        "a file above": folder / "file" / "run", "a loop": folder / "loop" / "run", "in /proc": "/proc/run",
        "a null character": "a\0b", "a device": "/dev/null", "a dot": ".",
    }.items():
        yield Case("environment", f"--out {what}", command(*numpy, "--out", out))
    for what, root in {"a file": folder / "file", "a loop": folder / "loop", "nowhere": folder / "nowhere"}.items():
        asked = command("train", "--data", "mnist", "--backend", "numpy", "--out", folder / "run", "--data-dir", root)
        yield Case("environment", f"--data-dir {what}", asked)
    for what, text in {
        "no TOML": "rules = [", "binary": "\0\1", "empty": "", "a list": "[[rules]]", "a date": "seeds = 2026-01-01",
    }.items():
        (folder / f"{what}.toml").write_text(text)
        yield Case("environment", f"TOML, {what}", command("sweep", folder / f"{what}.toml", "--runs", folder / "runs"))


def cases(folder: Path) -> Iterator[Case]:
    """All of them; `folder` is for files."""
    for name in ("data", "calls", "commands", "folders", "finished", "environment"):
        (folder / name).mkdir()
    yield from network_cases()
    yield from rule_cases()
    yield from data_cases(folder / "data")
    yield from call_cases(folder / "calls")
    yield from experiment_cases()
    yield from command_cases(folder / "commands")
    yield from folder_cases(folder / "folders")
    yield from finished_cases(folder / "finished")
    yield from environment_cases(folder / "environment")


def judged(case: Case) -> str:
    """Return what is wrong with the answer; nothing of a clear sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case.call()
    except SpikepruneError as error:
        text = str(error)
        if "\n" in text or not text.endswith((".", ".)", "?")):
            return f"no sentence in one line: {text}"
        if "report it" in text or len(text) > MOST:
            return f"not clear: {text}"
        if ":" not in text and ";" not in text and "?" not in text and "(" not in text:
            return f"no remedy: {text}"
        return ""
    except NotRefused:
        return "not refused"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "not refused"


def main() -> int:
    """Print the counts."""
    found, clear = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        for case in cases(Path(scratch)):
            complaint = judged(case)
            found[case.door] += 1
            clear[case.door] += not complaint
            if complaint:
                print(f"{case.door}, {case.what}: {complaint}")
        os.chdir("/")
    for door, number in found.items():
        print(f"{door:12} {clear[door]:4} of {number:4} clear")
    print(f"{'all':12} {sum(clear.values()):4} of {sum(found.values()):4} clear")
    return int(sum(found.values()) != sum(clear.values()))


if __name__ == "__main__":
    sys.exit(main())
