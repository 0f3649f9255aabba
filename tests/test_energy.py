"""Energy is operations × price; prices are those of their sources, and each source is named."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace

import pytest

from spikeprune.errors import DataError, ParameterError
from spikeprune.operations import OperationCounts
from spikeprune.prices import PRICES, EnergyPrice, energy, energy_per_image

COUNTS = OperationCounts(
    input_to_excitatory=600,
    excitatory_to_inhibitory=30,
    inhibitory_to_excitatory=70,
    updates_on_input_spikes=200,
    updates_on_excitatory_spikes=100,
    images=4,
    presentations=5,
    input_spikes=9,
    excitatory_spikes=9,
    inhibitory_spikes=9,
)


@pytest.mark.parametrize(
    ("name", "picojoule", "author"),
    [
        ("loihi", 23.6, "Davies"),
        ("odin", 12.7, "Frenkel"),
        ("spinnaker2", 10, "Höppner"),
        ("truenorth", 26, "Merolla"),
        ("45nm-float32-add", 0.9, "Horowitz"),
        ("45nm-float32-multiply", 3.7, "Horowitz"),
        ("45nm-int32-add", 0.1, "Horowitz"),
        ("45nm-int8-add", 0.03, "Horowitz"),
        ("45nm-sram-read", 5, "Horowitz"),
    ],
)
def test_price_is_the_published_one(name: str, picojoule: float, author: str) -> None:
    price = PRICES[name]
    assert price.picojoule_per_sop == picojoule
    assert author in price.source
    assert energy(1, name) == pytest.approx(picojoule * 1e-12, rel=1e-12)


@pytest.mark.parametrize("name", PRICES)
def test_price_says_where_it_comes_from_and_what_it_includes(name: str) -> None:
    price = PRICES[name]
    assert price.name == name
    assert re.match(r"\[\d+\] .*\(\d{4}\).*doi:10\.", price.source)
    assert re.search(r"\d+ nm", price.technology)
    assert price.note.endswith(".")


def test_energy_of_counts_by_hand() -> None:
    # 600 + 30 + 70 transmissions and 200 + 100 updates are 1000 operations; 1000 × 10 pJ = 10 nJ, over 4 images 2.5 nJ.
    assert energy(COUNTS, "spinnaker2") == pytest.approx(1e-8, rel=1e-12)
    assert energy_per_image(COUNTS, "spinnaker2") == pytest.approx(2.5e-9, rel=1e-12)


def test_counts_number_and_price_object_agree() -> None:
    assert energy(COUNTS, "odin") == energy(1000, PRICES["odin"])
    assert energy(COUNTS.inference_sops, "odin") == pytest.approx(0.7 * energy(COUNTS, "odin"), rel=1e-12)


def test_a_price_of_ones_own_can_be_used() -> None:
    assert energy(2, EnergyPrice("mine", 3.0, "none", "none", "none")) == pytest.approx(6e-12, rel=1e-12)


def test_no_operations_need_no_energy() -> None:
    assert energy(OperationCounts.zero(), "loihi") == 0


def test_unknown_price_suggests_the_nearest() -> None:
    with pytest.raises(ParameterError, match="did you mean 'loihi'"):
        energy(1, "loihy")


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf")])
def test_impossible_number_of_operations_is_refused(number: float) -> None:
    with pytest.raises(ParameterError, match="number of operations"):
        energy(number, "loihi")


@pytest.mark.parametrize("picojoule", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_price_is_refused(picojoule: float) -> None:
    with pytest.raises(ParameterError, match="pJ"):
        replace(PRICES["loihi"], picojoule_per_sop=picojoule)


def test_an_image_is_needed_for_the_energy_of_one() -> None:
    with pytest.raises(DataError, match="0 images"):
        energy_per_image(OperationCounts.zero(), "loihi")


def test_prices_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PRICES["loihi"] = PRICES["odin"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        PRICES["loihi"].picojoule_per_sop = 1.0  # type: ignore[misc]
