"""Show images to trained networks, whose weights and thresholds are frozen.

Test images are shown in blocks of fixed size, each starting from the trained state, so that blocks can run side by side
and the result does not depend on how many do.

Freezing cuts theta off from what keeps it in balance.  A neuron that has not been recruited by any image keeps silent
while its theta decays below its start; the first spikes of its recruitment raise theta again.  Frozen in between, it
answers whatever it is shown.  So evaluation lets no theta be less than the share ``theta_recruited`` of the median,
which neurons that are recruited exceed: their spikes keep their theta in balance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.arguments import check_count
from spikeprune.backend import Program, State
from spikeprune.cores import usable_cores
from spikeprune.operations import OperationCounts
from spikeprune.parameters import NetworkParameters

__all__ = ["BLOCK", "frozen_state", "frozen_thresholds", "respond", "respond_all"]

#: Images in a block.  Part of what an evaluation means: another size gives (slightly) other responses.
BLOCK = 500


def frozen_thresholds(theta: NDArray[Any], exists: NDArray[np.bool_], p: NetworkParameters) -> NDArray[Any]:
    """Return the thresholds of a network in evaluation: as training has left them, or raised to the least.

    Parameters
    ----------
    theta : ndarray [neurons]
        In V, as training has left it.
    exists : ndarray of bool [neurons]
        Neurons that have not been removed; the median is theirs.
    p : NetworkParameters

    Examples
    --------
    >>> theta = np.array([0.012, 0.030, 0.036])
    >>> frozen_thresholds(theta, np.ones(3, bool), NetworkParameters(theta_recruited=0.5)).tolist()
    [0.015, 0.03, 0.036]
    """
    if not p.theta_recruited or not exists.any():
        return theta
    return np.maximum(theta, (p.theta_recruited * np.median(theta[exists])).astype(theta.dtype))


def frozen_state(program: Program, state: State) -> State:
    """Return the state that an evaluation starts from."""
    theta = frozen_thresholds(state["excitatory.theta"], state["incoming.fan_in"] > 0, program.parameters)
    return state | {"excitatory.theta": theta}


def respond(
    program: Program,
    state: State,
    images: NDArray[np.uint8],
    *,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.int32], OperationCounts]:
    """Show images [images, pixels] to a frozen network; see :func:`evaluate`.

    Returns
    -------
    responses : ndarray of int32 [images, neurons]
    counts : OperationCounts
    """
    return respond_all(program, [state], images, seeds=[seed], workers=workers, progress=progress)[0]


def respond_all(
    program: Program,
    states: Sequence[State],
    images: NDArray[np.uint8],
    *,
    seeds: Sequence[int],
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[tuple[NDArray[np.int32], OperationCounts]]:
    """Show images [images, pixels] to several frozen networks; return what :func:`respond` returns for each.

    Each start of a program of several replicas shows a block to each of several networks, or several blocks to one.
    """
    if workers is not None:
        check_count("workers", workers)
    trained = [frozen_state(program, state) for state in states]
    side_by_side = (workers or usable_cores()) if program.backend == "cpp_standalone" else 1
    pairs = [(network, first) for first in range(0, len(images), BLOCK) for network in range(len(states))]
    size = min(program.replicas, program.chunk)
    batches = [pairs[first : first + size] for first in range(0, len(pairs), size)]
    done, stopped = 0, False

    def show(batch: list[tuple[int, int]]) -> list[tuple[NDArray[np.int32], OperationCounts]]:
        nonlocal done
        current = [trained[network] for network, _ in batch]
        responses: list[list[NDArray[np.int32]]] = [[] for _ in batch]
        counts = [OperationCounts.zero() for _ in batch]
        step = program.chunk // len({first for _, first in batch})
        for offset in range(0, BLOCK, step):
            if stopped:
                raise KeyboardInterrupt
            # The last block may be shorter than the others.
            at_work = [place for place, (_, first) in enumerate(batch) if first + offset < len(images)]
            if not at_work:
                break
            firsts = [batch[place][1] + offset for place in at_work]
            ends = [min(first + step, first - offset + BLOCK, len(images)) for first in firsts]
            results = program.run_all(
                [current[place] for place in at_work],
                [images[first:end] for first, end in zip(firsts, ends, strict=True)],
                seeds=[seeds[batch[place][0]] for place in at_work], first_images=firsts, learning=False,
            )  # fmt: skip
            for place, result in zip(at_work, results, strict=True):
                current[place] = result.state
                counts[place] += result.counts
                responses[place].append(result.responses)
            done += sum(ends) - sum(firsts)
            if progress is not None:
                progress(done)
        return [(np.concatenate(part), count) for part, count in zip(responses, counts, strict=True)]

    pool = ThreadPoolExecutor(side_by_side)
    try:
        shown = dict(zip(pairs, chain(*pool.map(show, batches)), strict=True))
    except BaseException:
        stopped = True
        pool.shutdown(wait=False, cancel_futures=True)
        program.stop()
        raise
    finally:
        pool.shutdown()
    blocks = [[shown[network, first] for first in range(0, len(images), BLOCK)] for network in range(len(states))]
    return [
        (np.concatenate([part for part, _ in own]), sum((part for _, part in own), OperationCounts.zero()))
        for own in blocks
    ]
