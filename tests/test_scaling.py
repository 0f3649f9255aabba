"""Constants that follow the data and the size keep what they are to keep, and leave alone what is given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from spikeprune import Dataset, NetworkParameters, NoPruning, train
from spikeprune.errors import ParameterError
from spikeprune.scaling import scaled_parameters
from spikeprune.sweep.experiment import Experiment

MNIST, EPOCH = 0.1307, 60_000


def test_drive_does_not_depend_on_the_ink() -> None:
    shares = {ink: scaled_parameters(800, 784, ink, EPOCH).weight_share for ink in (0.08, MNIST, 0.286)}
    assert [share * ink for ink, share in shares.items()] == pytest.approx([0.07 * MNIST] * 3, rel=0.02)
    assert shares[MNIST] == 0.07


def test_theta_in_balance_does_not_depend_on_the_size() -> None:
    """Lost in the time of an image: theta (1 - exp(-500 ms/tau)); won: 30 spikes / N theta_plus."""

    def balance(neurons: int) -> float:
        p = scaled_parameters(neurons, 784, MNIST, EPOCH)
        return 30 / neurons * p.theta_plus / -math.expm1(-(p.presentation + p.rest) / p.tau_theta)

    assert [balance(n) for n in (200, 800, 1600, 6400)] == pytest.approx([balance(400)] * 4, rel=1e-3)
    assert 30 < balance(400) < 45  # mV; a neuron starts with 20


def test_learning_rates_grow_with_the_size_within_bounds() -> None:
    plain = NetworkParameters()
    factors = {}
    for neurons in (100, 800, 1600, 6400, 20_000):
        p = scaled_parameters(neurons, 784, MNIST, EPOCH)
        factors[neurons] = p.rate_post / plain.rate_post
        assert p.rate_pre / plain.rate_pre == pytest.approx(factors[neurons])
    assert factors == pytest.approx({100: 1, 800: 1, 1600: 2, 6400: 4, 20_000: 4})


def test_rates_and_gain_grow_where_a_neuron_has_few_images() -> None:
    """What two epochs of twice as many neurons have is the same; nothing shrinks below what an epoch has."""
    plain = NetworkParameters()

    def factors(neurons: int, images: int) -> tuple[float, float]:
        p = scaled_parameters(neurons, 784, MNIST, images)
        return p.rate_post / plain.rate_post, p.theta_plus / plain.theta_plus

    assert factors(1600, 2 * EPOCH) == pytest.approx((1, 2))
    assert factors(800, 10 * EPOCH) == pytest.approx((1, 1))
    assert factors(100, 4311) == pytest.approx((1.7, 1.0), abs=0.02)  # the digits of the demo
    assert factors(400, 100) == pytest.approx((4, 4.6)), "bounded"


def test_training_and_sweeps_scale_where_they_are_asked_to() -> None:
    """A mapping leaves the rest to the data and the size; a NetworkParameters, as nothing, does not."""
    images = np.zeros((3, 8, 8), dtype=np.uint8)
    images[:, ::2] = 102  # ink 0.2
    data = Dataset.from_arrays(images, [0, 1, 0], images, [0, 1, 0])
    assert data.ink == pytest.approx(0.2)
    names = ("weight_share", "theta_plus", "presentation")

    def constants(**options: Any) -> tuple[float, ...]:
        run = train(data, NoPruning(), neurons=400, backend="numpy", **options)
        return tuple(getattr(run.settings.parameters, name) for name in names)

    quick = {"presentation": 2.0, "attempts": 1}
    assert constants(parameters=quick) == (0.046, 0.23, 2.0)
    assert constants(parameters=NetworkParameters(**quick)) == (0.1, 0.05, 2.0)

    table = {"data": "mnist", "neurons": [400], "rules": [{"name": "none"}], "network": {"presentation": 2.0}}
    for scaled, share in ((True, 0.046), (False, 0.1)):
        run = Experiment.from_dict({**table, "scaled": scaled}).plan("", 64, 0.2, EPOCH)[0]
        assert run.settings.parameters.weight_share == share
        assert run.settings.parameters.presentation == 2.0
    with pytest.raises(ParameterError, match="scaled is 1: it must be true or false"):
        Experiment.from_dict({**table, "scaled": 1})


def test_what_is_given_stays() -> None:
    p = scaled_parameters(1600, 64, 0.3, EPOCH, {"theta_plus": 0.05, "weight_share": "0.1", "presentation": 60})
    assert (p.theta_plus, p.weight_share, p.presentation) == (0.05, 0.1, 60.0)
    assert (p.neurons, p.inputs) == (1600, 64)
    assert p.rate_post == 0.02
    with pytest.raises(ParameterError, match="theta_plsu"):
        scaled_parameters(100, 64, 0.3, EPOCH, {"theta_plsu": 1})


@pytest.mark.parametrize("ink", [0.0, -0.1, 1.5, math.nan])
def test_impossible_ink(ink: float) -> None:
    with pytest.raises(ParameterError, match="mean ink"):
        scaled_parameters(100, 784, ink, EPOCH)


def test_hardly_any_ink_gives_a_possible_sum() -> None:
    assert scaled_parameters(100, 784, 1e-6, EPOCH).weight_share == 0.5
