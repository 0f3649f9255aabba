"""BindsNET's own Diehl & Cook network, trained as in its example `batch_eth_mnist.py`, on the CPU.

Its model differs from ours: current-based synapses, input as Poisson counts of steps, and a reset of all state between
two batches in place of a rest.
"""

from __future__ import annotations

import time

from floor import mnist_folder, read_idx

EXC, INH, INTENSITY = 22.5, 120.0, 128.0  # defaults of that example


def time_bindsnet(
    neurons: int, images: int, dt: float = 1.0, shown: int = 250, threads: int = 1, batch: int = 1
) -> dict[str, float]:
    """Time the training loop after one batch that is not counted.

    Parameters
    ----------
    neurons : int
        Excitatory neurons.
    images : int
        Images to time; rounded up to whole batches.
    dt : float
        Time step, ms.
    shown : int
        Presentation time, ms.
    threads : int
        Threads of PyTorch.
    batch : int
        Images presented side by side, with one weight update for all.

    Returns
    -------
    dict
        ``seconds`` and ``cpu_seconds``, encoding included, ``images`` and ``presentations``, which are equal.

    Raises
    ------
    ImportError
        Where BindsNET is not installed.
    """
    import torch

    # A CPU build of PyTorch beside a CUDA build of torchvision lacks two operators, without which the latter is not
    # importable; BindsNET imports it but needs neither.
    fragment = torch.library.Library("torchvision", "FRAGMENT")
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in ("nms", "qnms"):
            fragment.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from bindsnet.encoding import poisson
    from bindsnet.models import DiehlAndCook2015

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    data = torch.from_numpy(read_idx(mnist_folder() / "train-images-idx3-ubyte.gz").astype("float32"))
    network = DiehlAndCook2015(
        n_inpt=784, n_neurons=neurons, batch_size=batch, exc=EXC, inh=INH, dt=dt, inpt_shape=(1, 28, 28)
    )

    def show(first: int) -> None:
        rates = data[first : first + batch, None] / 255 * INTENSITY
        network.run(inputs={"X": poisson(rates, time=shown, dt=dt)}, time=shown)
        network.reset_state_variables()

    show(0)
    batches = -(-images // batch)
    start, cpu = time.perf_counter(), time.process_time()
    for k in range(1, batches + 1):
        show(k * batch)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "images": batches * batch,
        "presentations": batches * batch,
    }
