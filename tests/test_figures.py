"""The figures show what is stored: what is read back from their axes equals the records and the reference files."""

from __future__ import annotations

import importlib.util
import io
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy import stats

from spikeprune.errors import DataError, ParameterError
from spikeprune.parameters import NetworkParameters
from spikeprune.plots.courses import courses
from spikeprune.plots.diagram import diagram
from spikeprune.plots.distributions import BINS, distributions
from spikeprune.plots.expenses import energies, operations
from spikeprune.plots.fields import fields_of_networks
from spikeprune.plots.figure import COLUMN, PAGE, signed
from spikeprune.plots.forming import film, forming
from spikeprune.plots.front import MOST, front
from spikeprune.plots.looks import LOOKS, looks
from spikeprune.plots.mistakes import mistakes
from spikeprune.plots.record import Record
from spikeprune.plots.reference import Group, Value, read_reference
from spikeprune.plots.script import Drawing, Source, draw_all, publish, run
from spikeprune.plots.sizes import sizes
from spikeprune.plots.speed import overhead, speeds
from spikeprune.plots.thresholds import thresholds, traced_neurons
from spikeprune.prices import PRICES
from spikeprune.state import initial_weights

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path for path in (ROOT / "figures").glob("*.py") if path.stem not in ("all", "gallery", "record"))
SOURCE = Source(ROOT)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return SOURCE.records


@pytest.fixture(scope="module")
def adaptive(records: list[Record]) -> Record:
    """A network with thresholds of its own that has lost synapses."""
    return next(r for r in records if "course/threshold" in r.arrays and not r.arrays["alive"].all())


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"figure_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def per_image(entries: list[dict[str, Any]], kinds: tuple[str, ...]) -> float:
    """Operations of these kinds by hand."""
    total = sum(entry["counts"][kind] for entry in entries for kind in kinds)
    return total / sum(entry["counts"]["images"] for entry in entries)


TRANSMISSIONS = ("input_to_excitatory", "excitatory_to_inhibitory", "inhibitory_to_excitatory")
UPDATES = ("updates_on_input_spikes", "updates_on_excitatory_spikes")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_draws_from_the_repository_alone(path: Path) -> None:
    drawings = script(path).draw(SOURCE)
    assert drawings[0].name == path.stem or path.stem in [drawing.name for drawing in drawings]
    for drawing in drawings:
        assert drawing.caption.startswith("**")
        assert drawing.facts
        assert round(drawing.figure.get_size_inches()[0], 2) in (PAGE, COLUMN)


def test_all_figures_are_written_with_captions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "figures" / "forming.py"
    draw_all({"forming": lambda source: script(path).draw(source)[:1]}, path, ["--out", str(tmp_path / "new")])
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
        "forming.gif", "forming.md", "forming.pdf", "forming.png",
    ]  # fmt: skip
    caption = (tmp_path / "new" / "forming.md").read_text(encoding="utf-8")
    for words in ("Seeds:", "python figures/record.py", "Drawn by:** `python figures/forming.py`", "neurons"):
        assert words in caption
    assert "forming.gif" in capsys.readouterr().out
    pdf = (tmp_path / "new" / "forming.pdf").read_bytes()
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf  # letters stay letters


def test_what_cannot_be_drawn_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(SystemExit, match=r"broken\.npz cannot be read \(it is damaged\): make one with 'python"):
        run(script(ROOT / "figures" / "fields.py").draw, ROOT / "figures" / "fields.py",
            [str(tmp_path / "broken.npz"), "--out", str(tmp_path / "out")])  # fmt: skip
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match=r"missing.*figures/record\.py"):
        Record.read(tmp_path / "absent.npz")
    with pytest.raises(DataError, match="spikeprune sweep"):
        read_reference(tmp_path)
    (tmp_path / "x.json").write_text('{"experiment": "x", "command": "y", "groups": [{}]}')
    with pytest.raises(DataError, match=r"x\.json cannot be read"):
        read_reference(tmp_path)
    with pytest.raises(DataError, match="make overhead"):
        overhead({})
    with pytest.raises(DataError, match="make bench"):
        Source(tmp_path).documents("bench-*.json", "make bench")
    (tmp_path / "file").touch()
    with pytest.raises(Exception, match="choose another place"):
        publish([Drawing("x", Figure(), "**x**")], tmp_path / "file" / "out", "python")


def test_records_keep_what_a_network_is(adaptive: Record, tmp_path: Path) -> None:
    adaptive.write(tmp_path / "again.npz")
    again = Record.read(tmp_path / "again.npz")
    assert set(again.arrays) == set(adaptive.arrays)
    for name, array in adaptive.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    assert (again.histories, again.settings, again.seeds) == (adaptive.histories, adaptive.settings, adaptive.seeds)
    # What is not there is never guessed.
    bare = Record(**{**vars(adaptive), "arrays": {"weights": adaptive.arrays["weights"]}, "evaluations": [None]})
    with pytest.raises(DataError, match=r"holds no course/spikes.*figures/record\.py"):
        thresholds(bare)
    with pytest.raises(DataError, match=r"not evaluated \(no results\.json\)"):
        operations([bare])


def test_every_rule_has_a_look_of_its_own() -> None:
    assert len({look.color for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.marker for look in LOOKS.values()}) == len(LOOKS)
    luminance = {name: _grey(look.color) for name, look in LOOKS.items()}
    assert max(luminance.values()) < 0.8  # visible on white
    mine = looks(["one", "adaptive", "another"])
    assert mine["one"] != mine["another"]
    assert mine["adaptive"] == LOOKS["adaptive"]


def _grey(color: Any) -> float:
    return float(np.dot(matplotlib.colors.to_rgb(color), (0.299, 0.587, 0.114)))


def test_signs() -> None:
    assert [signed(v) for v in (1.25, -1.25, -0.04)] == ["+1.2", "−1.2", "±0.0"]
    assert signed(-47.6, 0) == "−48"


def test_fields_show_each_weight_and_tell_removed_from_zero(records: list[Record]) -> None:
    figure = fields_of_networks(records, most=9)
    for ax, record in zip(figure.axes, records, strict=False):
        shown = ax.images[0].get_array()
        order = np.argsort(np.where(record.arrays["assignment"] < 0, 99, record.arrays["assignment"]), kind="stable")
        first = order[0]
        height, width = record.image_shape
        tile = shown[:height, :width]
        np.testing.assert_array_equal(np.ma.getmaskarray(tile).ravel(), ~record.arrays["alive"][:, first])
        np.testing.assert_allclose(
            tile.filled(0).ravel(), np.where(record.arrays["alive"], record.arrays["weights"], 0)[:, first], rtol=1e-6
        )
        frozen = record.arrays["alive"] & ~record.arrays["plastic"]
        assert len(ax.images) == 1 + frozen.any()
    colors = figure.axes[0].images[0].cmap
    assert _grey(colors.get_bad()[:3]) - _grey(colors(0.0)[:3]) > 0.15
    with pytest.raises(ParameterError, match="most is 0"):
        fields_of_networks(records, most=0)


def test_distributions_count_every_synapse_and_neuron(records: list[Record]) -> None:
    axes = distributions(records).axes
    edges = np.linspace(0, 1, BINS + 1)
    for weights, below, record in zip(axes[::2], axes[1::2], records, strict=True):
        drawn = {patch.get_label(): patch.get_data().values for patch in weights.patches}
        alive = record.arrays["alive"]
        np.testing.assert_array_equal(drawn["after"], np.histogram(record.arrays["weights"][alive], edges)[0])
        before = initial_weights(NetworkParameters.from_dict(record.settings["parameters"]), record.seeds[0])
        np.testing.assert_array_equal(drawn["before"], np.histogram(before, edges)[0])
        assert drawn["before"].sum() == alive.size
        if "threshold" in record.arrays:
            assert below.patches[0].get_data().values.sum() == record.neurons


def test_thresholds_show_every_neuron_in_the_order_of_its_early_spikes(adaptive: Record) -> None:
    figure = thresholds(adaptive)
    above, below = figure.axes[:4], figure.axes[4:8]
    order, traced, third = traced_neurons(adaptive)
    early = adaptive.arrays["course/spikes"][: third + 1].sum(axis=0)
    assert (np.diff(early[order].astype(int)) <= 0).all()
    for heat, traces, name in zip(above, below, ("spikes", "threshold", "remaining", "theta"), strict=True):
        values = adaptive.arrays[f"course/{name}"]  # chunks are of 1000 images
        np.testing.assert_allclose(heat.images[0].get_array(), values.T[order], rtol=1e-6)
        for line, neuron in zip(traces.lines, traced, strict=False):
            np.testing.assert_allclose(line.get_ydata(), values[:, neuron], rtol=1e-6)
    # What the figure is to show: neurons that were busy early have fewer synapses at that time.
    remaining = adaptive.arrays["course/remaining"][third]
    assert stats.spearmanr(early, remaining).statistic < -0.5


@pytest.mark.parametrize("width", [PAGE, COLUMN])
def test_courses_are_means_over_seeds_with_bands(records: list[Record], width: float) -> None:
    left, right = courses(records, width=width).axes
    for record in records:
        values = np.array([[entry["accuracy"] or np.nan for entry in history] for history in record.histories])[:, 1:]
        line = next(line for line in left.lines if line.get_label() == record.label)
        np.testing.assert_allclose(line.get_ydata(), values.mean(axis=0))
        np.testing.assert_array_equal(line.get_xdata(), record.images[1:])
    bands = [band.get_paths()[0].get_extents() for band in left.collections]
    assert len(bands) == sum(len(record.seeds) > 1 for record in records)
    removed = {str(line.get_label()): np.asarray(line.get_ydata()) for line in right.lines}
    for record in records:
        key = "frozen" if f"{record.label}, frozen" in removed else "removed"
        last = np.mean([history[-1][f"{key}_share"] for history in record.histories])
        name = f"{record.label}, frozen" if key == "frozen" else record.label
        assert removed[name][-1] == pytest.approx(100 * last)


def test_operations_stack_to_the_counted_sums(records: list[Record]) -> None:
    *training, inference = operations(records).axes
    for ax, record in zip(training, records, strict=True):
        top = ax.collections[-1].get_paths()[0].vertices[:, 1].max()
        sums = [
            per_image([history[k] for history in record.histories], TRANSMISSIONS + UPDATES)
            for k in range(len(record.images))
        ]
        assert top == pytest.approx(max(sums))
    widths = np.array([[bar.get_width() for bar in bars] for bars in inference.containers]).sum(axis=0)
    expected = [per_image(record.evaluated, TRANSMISSIONS) for record in records]
    np.testing.assert_allclose(widths, expected)
    change = signed(100 * (expected[-1] / expected[0] - 1), 0)
    assert f"({change} %)" in inference.texts[-1].get_text()


def test_energies_are_operations_times_price(records: list[Record]) -> None:
    training, inference = energies(records, {"loihi": PRICES["loihi"], "odin": PRICES["odin"]}).axes
    assert [label.get_text().split("\n")[0] for label in training.get_yticklabels()] == ["loihi", "odin"]
    for line, record in zip(inference.lines, records, strict=False):
        sops = per_image(record.evaluated, TRANSMISSIONS)
        np.testing.assert_allclose(line.get_xdata(), np.array([23.6, 12.7]) * 1e-12 * sops)
    history = [entry for h in records[0].histories for entry in h]
    sops = per_image(history, TRANSMISSIONS + UPDATES)
    np.testing.assert_allclose(training.lines[0].get_xdata(), np.array([23.6, 12.7]) * 1e-12 * sops)


def chosen_groups() -> list[Group]:
    claim = SOURCE.claims.changes[0]
    return [
        group for group in SOURCE.groups
        if group.compared and group.rule["name"] != "none" and group.neurons == claim["neurons"] and group.epochs == 1
        and not group.network
        and group.data.lower().removesuffix("-validation") == claim["data"]
    ]  # fmt: skip


def test_the_front_shows_every_setting_and_claim() -> None:
    groups, claims = chosen_groups(), SOURCE.claims.changes
    figure = front(groups, claims)
    for ax, cost in zip(figure.axes, ("training.training_sops", "inference.inference_sops"), strict=True):
        bars = [bar for bar in ax.containers if bar.get_label() != "front"]
        drawn = [(str(b.get_label()), b.lines[0].get_xdata()[0], b.lines[0].get_ydata()[0]) for b in bars]
        edge = [(str(line.get_label()), line.get_xdata()[0]) for line in ax.lines if ": " in str(line.get_label())]
        assert len(drawn) + len(edge) == len(groups)
        for group in groups:
            found, name = group.against_none, f"{group.experiment}: {group.label}"
            if found["accuracy"]["mean"] < -MOST:
                assert (name, pytest.approx(-found[cost]["mean"])) in edge
            else:
                assert (name, pytest.approx(-found[cost]["mean"]), pytest.approx(found["accuracy"]["mean"])) in drawn
        stars = [line.get_xydata()[0] for line in ax.lines if line.get_marker() == "*" and "claim" in line.get_label()]
        key = cost.split(".")[0]
        known = [[-claim[key], claim["accuracy"]] for claim in claims if key in claim]
        np.testing.assert_allclose(stars, known)
        steps = next(line for line in ax.lines if line.get_label() == "front").get_xydata()[1:]
        test = [g for g in groups if not g.validation and g.removes]
        for x, y in steps:
            assert not any(-g.change(cost).mean > x + 1e-9 and g.change("accuracy").mean > y + 1e-9 for g in test)
    with pytest.raises(DataError, match="unpruned one of the same seeds"):
        front([])


def test_confidence_intervals_are_of_student() -> None:
    # 2, 4, 6: mean 4, SD 2, and the 97.5 % quantile of t with two degrees of freedom is 4.303.
    assert Value(4.0, 2.0, 3).confidence == pytest.approx(4.3027 * 2 / math.sqrt(3), rel=1e-4)
    assert Value(4.0, None, 1).confidence == 0


def test_sizes_show_means_and_published_figures() -> None:
    groups = [g for g in SOURCE.groups if not g.validation and g.epochs == 1 and g.label == g.rule["name"]]
    figure = sizes(groups, SOURCE.claims.accuracies)
    kinds = list(dict.fromkeys(group.data for group in groups))
    upper = figure.axes[: len(kinds)]
    for ax, kind in zip(upper, kinds, strict=True):
        drawn = sorted(round(float(y), 6) for bar in ax.containers for y in bar.lines[0].get_ydata())
        published = [y for e in SOURCE.claims.accuracies if e["data"] == kind.lower() for y in e["accuracy"]]
        expected = [group.value("accuracy").mean for group in groups if group.data == kind]
        np.testing.assert_allclose(drawn, sorted(published + expected), atol=1e-5)
        for bar in ax.containers:  # moved sideways by a quarter at most, so that the size can still be told
            allowed = {group.neurons for group in groups} | {n for e in SOURCE.claims.accuracies for n in e["neurons"]}
            assert all(any(abs(math.log(x / n)) < 0.25 for n in allowed) for x in bar.lines[0].get_xdata())
    with pytest.raises(DataError, match="0 groups"):
        sizes([])


def test_mistakes_show_confusion_spikes_and_membranes(adaptive: Record) -> None:
    figure = mistakes(adaptive)
    axes = figure.subfigs[0].subfigs[0].axes
    table = np.array(adaptive.evaluations[0]["confusion"])
    np.testing.assert_allclose(axes[0].images[0].get_array(), 100 * table / table.sum(axis=1, keepdims=True))
    picture, *rasters, membrane = figure.subfigs[1].axes
    numbers = list(adaptive.arrays["mistakes/number"])
    image = adaptive.arrays["mistakes/images"][numbers.index(int(adaptive.arrays["presentation/image"]))]
    np.testing.assert_array_equal(picture.images[0].get_array(), image)
    dt = float(adaptive.arrays["presentation/dt"])
    for ax, population in zip(rasters, ("input", "excitatory", "inhibitory"), strict=True):
        steps, neurons = adaptive.arrays[f"presentation/{population}"]
        np.testing.assert_allclose(np.asarray(ax.collections[0].get_offsets()).T, [steps * dt, neurons])
    # One inhibitory spike for each excitatory one but those at the very end, as the network is wired.
    excitatory, inhibitory = (adaptive.arrays[f"presentation/{name}"][1] for name in ("excitatory", "inhibitory"))
    assert set(inhibitory) <= set(excitatory)
    for line, v in zip(membrane.lines[::2], adaptive.arrays["presentation/v"], strict=True):
        np.testing.assert_allclose(line.get_ydata(), v)
        assert line.get_xdata()[-1] == pytest.approx(dt * (len(v) - 1))


def test_a_field_forms_in_frames_and_in_a_film(adaptive: Record) -> None:
    figure = forming(adaptive, frames=6)
    strip, (below, _) = figure.subfigs[0].axes, figure.subfigs[1].axes
    images = [int(ax.get_title(loc="center").replace(",", "")) for ax in strip]
    assert images == sorted(set(images))
    assert (images[0], images[-1]) == (0, adaptive.images[-1])
    weights, alive = adaptive.arrays["forming/weights"], adaptive.arrays["forming/alive"]
    for ax, seen in zip(strip, images, strict=True):
        k = [0, *adaptive.images].index(seen)
        shown = ax.images[0].get_array()
        np.testing.assert_allclose(shown.compressed(), weights[k][alive[k]], rtol=1e-6)
    np.testing.assert_array_equal(below.lines[0].get_ydata(), alive.sum(axis=1))
    chosen = int(adaptive.arrays["forming/neuron"])
    np.testing.assert_array_equal(alive.sum(axis=1)[1:], adaptive.arrays["course/remaining"][:, chosen])
    np.testing.assert_allclose(weights[-1], adaptive.arrays["weights"][:, chosen], atol=1e-3)
    content = film(adaptive)
    assert len(content) < 1_000_000
    with Image.open(io.BytesIO(content)) as movie:
        # Frames that equal the one before are joined by the format.
        assert 2 < movie.n_frames <= len(weights)
        assert movie.info["loop"] == 0


def test_times_and_memory_are_those_of_the_benchmark() -> None:
    documents = SOURCE.documents("bench-*.json", "make bench")
    time, memory = speeds(documents).axes
    ours = sorted((d["neurons"], e) for d in documents for e in d["summary"] if e["name"] == "spikeprune")
    line = next(bar for bar in time.containers if bar.get_label() == "spikeprune").lines[0]
    np.testing.assert_allclose(np.asarray(line.get_xdata(), float), [neurons for neurons, _ in ours])
    medians = [entry["ms_per_presentation"]["median"] for _, entry in ours]
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), medians)
    line = next(line for line in memory.lines if line.get_label() == "spikeprune")
    peaks = [e["peak_bytes"] / 1e6 for _, e in ours if e["peak_bytes"]]
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), peaks)


def test_overhead_is_that_of_the_benchmark() -> None:
    document = json.loads((ROOT / "results" / "figures" / "overhead.json").read_text(encoding="utf-8"))
    time, share = overhead(document).axes
    medians = [np.asarray(line.get_xdata(), float)[0] for line in time.lines if line.get_marker() == "|"]
    assert medians == [ratio["median"] for ratio in document["measured"]["wall"].values()]
    found = document["estimated"]
    heights = [bar.get_height() for bar in share.patches]
    assert heights[0] == pytest.approx(100 * found["scheme_operations_per_image"] / found["training_sops_per_image"])
    assert heights[2:] == pytest.approx([100 * found["memory_share"], 100 * found["area_um2"]["share"]])


def test_the_diagram_draws_the_threshold_of_its_weights() -> None:
    weights = np.linspace(0, 1, 101)
    ax = diagram(weights).axes[1].child_axes[0]
    line = next(line for line in ax.lines)
    assert np.asarray(line.get_ydata(), float)[0] == pytest.approx(0.5 * weights.mean())  # beta of the rule is 0.5
