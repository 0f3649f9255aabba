"""Random numbers agree with the published vectors on every back end; input spikes are Poisson."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brian2
import numpy as np
import pytest
from brian2.devices import reset_device

from spikeprune.encoding import Stream, philox4x32, poisson_rates, spike_steps, uniform_array
from spikeprune.errors import DataError, ParameterError
from spikeprune.philox import PHILOX_CPP, philox_word, uniform

# Random123, tests/kat_vectors: "philox4x32 10", counter, key, output.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
WORD_ARGUMENTS = ("k0", "k1", "c0", "c1", "c2", "c3", "word")
UNIFORM_ARGUMENTS = ("seed", "stream", "presentation", "neuron", "draw")
LARGEST_INT = 2**31 - 1


def known_answer_table() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the arguments of `philox_word` as signed 32-bit integers, and the words it must give."""
    rows = [(*key, *counter, word) for counter, key, _ in KNOWN_ANSWERS for word in range(4)]
    columns = np.array(rows, dtype=np.uint32).view(np.int32).T
    return dict(zip(WORD_ARGUMENTS, columns, strict=True)), np.concatenate([answer for *_, answer in KNOWN_ANSWERS])


def argument_table() -> dict[str, np.ndarray]:
    """Return arguments of `uniform`: every combination of extremes, and 2000 arbitrary ones."""
    extremes = np.array([0, 1, LARGEST_INT], dtype=np.int32)
    combinations = np.stack(np.meshgrid(*[extremes] * 5), axis=-1).reshape(-1, 5)
    arbitrary = np.random.default_rng(1).integers(0, 2**31, size=(2000, 5), dtype=np.int32)
    return dict(zip(UNIFORM_ARGUMENTS, np.concatenate([combinations, arbitrary]).T, strict=True))


def evaluate(function: Any, name: str, arguments: dict[str, np.ndarray]) -> brian2.NeuronGroup:
    """Evaluate a Brian2 function once for each row, in code that runs every step."""
    size = len(next(iter(arguments.values())))
    equations = "\n".join(f"{argument} : integer" for argument in arguments) + "\nresult : 1\nsingle : 1"
    group = brian2.NeuronGroup(
        size, equations, namespace={name: function}, dtype={"result": np.float64, "single": np.float32}
    )
    for argument, values in arguments.items():
        setattr(group, argument, values)
    call = f"{name}({', '.join(arguments)})"
    group.run_regularly(f"result = {call}\nsingle = {call}", dt=brian2.defaultclock.dt)
    return group


@pytest.fixture(params=["numpy", "cython", "cpp_standalone"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Select a back end for one test; the network must be run once, by `brian2.run`."""
    before = brian2.prefs.codegen.target
    brian2.start_scope()
    if request.param == "cpp_standalone":
        brian2.set_device("cpp_standalone", directory=str(tmp_path / "build"))
    else:
        brian2.prefs.codegen.target = request.param
    try:
        yield request.param
    finally:
        if request.param == "cpp_standalone":
            brian2.device.reinit()
            reset_device()
        brian2.prefs.codegen.target = before


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_published_words(counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]) -> None:
    words = philox4x32(np.array(counter, dtype=np.uint32), np.array(key, dtype=np.uint32))
    assert words.dtype == np.uint32
    assert words.tolist() == list(answer)


def test_philox_broadcasts_counter_and_key() -> None:
    counters = np.array([counter for counter, *_ in KNOWN_ANSWERS], dtype=np.uint32)
    words = philox4x32(counters[:, None, :], np.array([[0, 0], [0xA4093822, 0x299F31D0]], dtype=np.uint32))
    assert words.shape == (3, 2, 4)
    assert words[0, 0].tolist() == list(KNOWN_ANSWERS[0][2])
    assert words[2, 1].tolist() == list(KNOWN_ANSWERS[2][2])


def test_every_back_end_gives_published_words_and_numpy_uniforms(target: str) -> None:
    words, expected = known_answer_table()
    arguments = argument_table()
    vectors = evaluate(philox_word, "philox_word", words)
    numbers = evaluate(uniform, "uniform", arguments)
    # Constant arguments and both functions in one piece of code; the first is hoisted out of the loop over neurons.
    mixed = brian2.NeuronGroup(3, "a : 1\nb : 1", dtype=np.float64, namespace={"uniform": uniform, "w": philox_word})
    mixed.run_regularly("a = uniform(7, 1, 2, 3, 4)\nb = w(0, 0, 0, 0, 0, 0, i)", dt=brian2.defaultclock.dt)
    brian2.run(brian2.defaultclock.dt, namespace={})

    np.testing.assert_array_equal(vectors.result[:], expected)
    reference = uniform_array(**arguments)
    np.testing.assert_array_equal(numbers.result[:], reference)
    np.testing.assert_array_equal(numbers.single[:], reference.astype(np.float32))
    np.testing.assert_array_equal(mixed.a[:], uniform_array(7, 1, 2, 3, 4))
    np.testing.assert_array_equal(mixed.b[:], KNOWN_ANSWERS[0][2][:3])


def test_every_back_end_draws_anew_each_step_and_synapse(target: str) -> None:
    names = {"uniform": uniform, "stream": Stream.REMOVAL}
    group = brian2.NeuronGroup(3, "v : 1\ndraws : integer", dtype={"v": np.float64}, namespace=names)
    group.run_regularly("v += uniform(7, stream, 0, i, draws)\ndraws += 1", dt=brian2.defaultclock.dt)
    synapses = brian2.Synapses(group, group, "w : 1", dtype={"w": np.float64}, namespace=names)
    synapses.connect()
    synapses.w = "uniform(7, stream, 0, i, j)"
    brian2.run(4 * brian2.defaultclock.dt, namespace={})

    neuron = np.arange(3)
    expected = sum(uniform_array(7, Stream.REMOVAL, 0, neuron, draw) for draw in range(4))
    np.testing.assert_allclose(group.v[:], expected, rtol=1e-15)
    np.testing.assert_array_equal(
        np.reshape(synapses.w[:], (3, 3)), uniform_array(7, Stream.REMOVAL, 0, neuron[:, None], neuron)
    )


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
def test_cuda_source_gives_published_words(tmp_path: Path) -> None:
    """Compile for host and GPU; run on the host, and on the GPU where there is one."""
    words, expected = known_answer_table()
    rows = ",".join("{" + ",".join(map(str, row)) + "}" for row in zip(*words.values(), strict=True))
    word = "_spikeprune_philox_word(" + ", ".join(f"table[i][{j}]" for j in range(7)) + ")"
    number = "_spikeprune_uniform(" + ", ".join(f"table[i][{j}]" for j in range(5)) + ")"
    source = tmp_path / "known_answers.cu"
    source.write_text(
        f"""
        #include <cstdint>
        #include <cstdio>
        namespace {{
        {PHILOX_CPP}
        }}
        __managed__ double out[24];
        __constant__ int32_t table_gpu[12][7] = {{{rows}}};
        static const int32_t table_host[12][7] = {{{rows}}};
        __global__ void kernel() {{
            const int i = threadIdx.x;
            auto table = table_gpu;
            out[2 * i] = {word};
            out[2 * i + 1] = {number};
        }}
        int main() {{
            auto table = table_host;
            for (int i = 0; i < 12; i++) printf("%.17g %.17g ", {word}, {number});
            int devices = 0;
            if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return 0;
            kernel<<<1, 12>>>();
            if (cudaDeviceSynchronize() != cudaSuccess) return 1;
            for (int i = 0; i < 24; i++) printf("%.17g ", out[i]);
        }}
        """
    )
    program = tmp_path / "known_answers"
    subprocess.run(["nvcc", "-O1", "-use_fast_math", "-o", program, source], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    printed = np.array(output.split(), dtype=float).reshape(-1, 12, 2)
    assert len(printed) in (1, 2)
    for place in printed:
        np.testing.assert_array_equal(place[:, 0], expected)
        np.testing.assert_array_equal(place[:, 1], uniform_array(*list(words.values())[:5]))


def test_uniform_is_the_first_word_of_the_documented_counter() -> None:
    seed, stream, presentation, neuron, draw = 11, 22, 33, 44, 55
    word = int(philox4x32([neuron, draw, presentation, 0], [seed, stream])[0])
    assert uniform_array(seed, stream, presentation, neuron, draw) == (word + 0.5) / 2**32


def test_uniform_stays_inside_the_open_interval_in_both_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    extreme_words = np.array([0, 1, 2**32 - 257, 2**32 - 256, 2**32 - 1], dtype=np.uint64)
    monkeypatch.setattr("spikeprune.encoding._philox", lambda counter, key: (extreme_words,))
    double = uniform_array(0, 0, 0, 0, 0)
    assert double[0] == 2.0**-33
    assert double[2] < double[3] == double[4] == 1 - 2.0**-24
    for values in (double, double.astype(np.float32)):
        assert np.all((values > 0) & (values < 1))
        assert np.all(np.isfinite(-np.log(values)) & (-np.log(values) > 0))


def test_uniform_rejects_floats() -> None:
    with pytest.raises(ParameterError, match="float64"):
        uniform_array(0, 0, 0, 0.5, 0)


@pytest.mark.parametrize("axis", UNIFORM_ARGUMENTS)
def test_uniform_is_uniform_and_uncorrelated_along_every_argument(axis: str) -> None:
    size = 100_000
    arguments: dict[str, Any] = dict.fromkeys(UNIFORM_ARGUMENTS, 3)
    arguments[axis] = np.arange(size)
    u = uniform_array(**arguments)
    # Five standard errors; moment k of U(0, 1) is 1/(k+1), with variance 1/(2k+1) - 1/(k+1)^2.
    for k in (1, 2, 3):
        deviation = math.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / size)
        assert abs(np.mean(u**k) - 1 / (k + 1)) < 5 * deviation
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    chi_squared = np.sum((counts - size / 100) ** 2) / (size / 100)
    assert abs(chi_squared - 99) < 5 * math.sqrt(2 * 99)
    for lag in (1, 2, 28):
        assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < 5 / math.sqrt(size)


def test_streams_share_no_numbers() -> None:
    drawn = np.stack([uniform_array(3, stream, 0, np.arange(10_000), 0) for stream in Stream])
    assert len(set(Stream)) == 4
    assert np.max(np.abs(np.corrcoef(drawn) - np.eye(4))) < 5 / math.sqrt(10_000)


def test_rate_is_an_eighth_of_the_pixel_times_intensity() -> None:
    images = np.array([[[0, 1], [128, 255]]], dtype=np.uint8)
    np.testing.assert_array_equal(poisson_rates(images), [[[0, 0.25], [32, 63.75]]])
    np.testing.assert_array_equal(poisson_rates(images, intensity=3), [[[0, 0.375], [48, 95.625]]])
    np.testing.assert_array_equal(poisson_rates([255], maximum_rate=100), [100])


def test_rates_reject_bad_values() -> None:
    with pytest.raises(DataError, match="256"):
        poisson_rates([0, 256])
    with pytest.raises(DataError, match="-1"):
        poisson_rates([-1, 0])
    with pytest.raises(ParameterError, match="intensity"):
        poisson_rates([0], intensity=-1)
    with pytest.raises(ParameterError, match="maximum_rate"):
        poisson_rates([0], maximum_rate=math.inf)


def test_spikes_follow_their_definition() -> None:
    rate, dt, steps, neuron = 20.0, 5e-4, 2000, 2
    spikes = spike_steps([0.0, 10.0, rate], 5, Stream.TRAINING_SPIKES, 9, dt, steps)
    waits = -np.log(uniform_array(5, Stream.TRAINING_SPIKES, 9, neuron, np.arange(200))) / (rate * dt)
    expected = np.floor(np.cumsum(waits)).astype(int)
    expected = expected[expected < steps]
    # No interval of this seed is so short that a spike had to wait for the next step.
    assert np.all(np.diff(expected) > 0)
    np.testing.assert_array_equal(np.flatnonzero(spikes[:, neuron]), expected)


def test_spike_counts_are_poisson() -> None:
    rate, dt, steps, size = 20.0, 5e-4, 700, 20_000
    spikes = spike_steps(np.full(size, rate), 1, Stream.EVALUATION_SPIKES, 0, dt, steps)
    counts = spikes.sum(axis=0)
    mean = rate * dt * steps
    # Five standard errors, plus the events of the last steps that waited for a free one (rate * dt = 1 % of a spike).
    late = rate * dt
    assert abs(counts.mean() - mean) < 5 * math.sqrt(mean / size) + late
    variance_of_variance = (mean + 2 * mean**2) / size
    assert abs(counts.var() - mean) < 5 * math.sqrt(variance_of_variance) + 2 * late
    # Memoryless: as many spikes in the first half as in the second, and the two uncorrelated.
    first, second = spikes[:350].sum(axis=0), spikes[350:].sum(axis=0)
    assert abs(first.mean() - second.mean()) < 5 * math.sqrt(mean / size) + late
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / math.sqrt(size) + late


def test_rate_zero_never_spikes_and_a_huge_rate_spikes_every_step() -> None:
    spikes = spike_steps([0.0, 1e9], 1, Stream.TRAINING_SPIKES, 0, 5e-4, 1000)
    assert not spikes[:, 0].any()
    assert spikes[:, 1].all()


def test_spikes_depend_on_seed_stream_presentation_only() -> None:
    rates = np.full(50, 60.0)
    first = spike_steps(rates, 1, 1, 1, 5e-4, 700)
    np.testing.assert_array_equal(first, spike_steps(rates, 1, 1, 1, 5e-4, 700))
    np.testing.assert_array_equal(first[:300], spike_steps(rates, 1, 1, 1, 5e-4, 300))
    for other in ((2, 1, 1), (1, 2, 1), (1, 1, 2)):
        assert np.any(first != spike_steps(rates, *other, 5e-4, 700))


def test_spike_steps_reject_bad_values() -> None:
    with pytest.raises(ParameterError, match="-1"):
        spike_steps([-1.0], 1, 1, 1, 5e-4, 10)
    with pytest.raises(ParameterError, match="dt"):
        spike_steps([1.0], 1, 1, 1, 0.0, 10)
