"""
From installation to a pruned network
=====================================

This page trains a spiking network on real images, first as it is and then with pruning, and explains every word that
the results use: response, assignment, synaptic operation.  The page is a program, and what it prints is what it printed
when this documentation was built.  Everything runs on one core in about a minute, most of it compilation, and nothing
is downloaded.

In a clone of the repository, with Python 3.11 or newer and a C++ compiler:

.. code-block:: console

   $ python3 -m venv .venv && . .venv/bin/activate
   $ pip install .
   $ spikeprune info

``spikeprune info`` says what was found, the compiler among it.
"""

# %%
# The images
# ----------
#
# scikit-learn brings 1797 handwritten digits of 8 × 8 pixels; spikeprune enlarges them to 28 × 28, the size of MNIST.
# A fifth is kept for the test; the network never learns from those.

import matplotlib.pyplot as plt
import numpy as np

import spikeprune as sp
from spikeprune import plots

digits = sp.Dataset.load("digits")
print(len(digits.train_images), "training images,", len(digits.test_images), "test images")

figure, axes = plt.subplots(1, 10, figsize=(8, 1))
for ax, image, label in zip(axes, digits.train_images, digits.train_labels, strict=False):
    ax.imshow(image, cmap="gray_r")
    ax.set_title(label)
    ax.set_axis_off()

# %%
# The network
# -----------
#
# The network is that of Diehl & Cook (2015).  Each pixel is an input that fires at random, the more often the brighter
# it is.  Every input has a plastic synapse to every excitatory neuron.  Every excitatory neuron drives an inhibitory
# partner, which inhibits all the others: who fires first silences the rest, and so the neurons specialise.  A neuron
# that fires often becomes harder to excite, so that all of them find something to do.
#
# An image is shown for 350 ms of model time.  If it draws fewer than five spikes, it is shown again, brighter.
#
# Diehl & Cook's constants were made for the 60,000 images of MNIST.  Four others suit few images better, by ten points
# (:doc:`/experiments`, ``search-network-digits``): less summed weight, larger learning rates, and a lower bound of the
# threshold with which neurons that have not found anything to do are kept from answering everything.
#
# First without pruning: 100 neurons, every image three times.  The network is compiled to C++ when it is used for the
# first time, which takes most of the time here; the program is kept for later.

network = sp.NetworkParameters(weight_share=0.05, rate_pre=1.7e-4, rate_post=1.7e-2, theta_recruited=0.67)
settings = {"parameters": network, "neurons": 100, "epochs": 3, "seed": 0}
unpruned = sp.train(digits, sp.NoPruning(), **settings)
print(unpruned)

# %%
# The weights of a neuron, drawn as an image, are its receptive field.  Before training they are noise; afterwards most
# neurons look for one way of writing one digit.

figure = plots.receptive_fields(unpruned)

# %%
# Response
# --------
#
# The **response** to an image is the number of spikes of each neuron while it was shown.  A run keeps the responses to
# the last training images, here to one epoch.  Few neurons fire at an image, because they inhibit each other.

responses, labels = unpruned.responses, unpruned.labels
print("images, neurons:", responses.shape)
print("neurons that fire at an image, on average:", round((responses > 0).sum(axis=1).mean(), 1))

figure, axes = plt.subplots(2, 1, figsize=(8, 3), sharex=True, layout="constrained")
for ax, digit in zip(axes, (0, 1), strict=True):
    shown = np.flatnonzero(labels == digit)[0]
    ax.bar(np.arange(100), responses[shown])
    ax.set_ylabel(f"spikes at a {digit}")
axes[1].set_xlabel("neuron")

# %%
# Assignment
# ----------
#
# No label has been used so far.  Labels are used now, to read the network: each neuron is **assigned** the class to
# whose images it responds most, on average.  Below are these averages, neurons sorted by their class: a neuron that
# answers one digit only has one dark spot in its column, one that confuses two digits has two.

means = np.array([responses[labels == digit].mean(axis=0) for digit in range(10)])
assignment = unpruned.assignment
assert np.array_equal(means.argmax(axis=0)[assignment >= 0], assignment[assignment >= 0])

order = np.argsort(assignment, kind="stable")
figure, ax = plt.subplots(figsize=(8, 2.5), layout="constrained")
picture = ax.imshow(means[:, order], aspect="auto", cmap="viridis_r", interpolation="none")
ax.set(xlabel="neurons, sorted by assigned class", ylabel="digit shown", yticks=range(10))
bar = figure.colorbar(picture, label="spikes per image")

# %%
# A test image gets the class whose neurons respond most, on average.  For this the network is frozen: weights and
# thresholds stay as they are.  An image at which no neuron fires has no answer, and counts as wrong.

evaluation = unpruned.evaluate()
print(evaluation)

figure = plots.confusion(unpruned)

# %%
# A network of 100 neurons has ten for each digit, too few for all the ways in which people write.  More neurons are
# more accurate: see :doc:`/results` for 100 to 1600 of them on MNIST.
#
# Synaptic operations
# -------------------
#
# On neuromorphic hardware, energy goes where synapses work.  A **synaptic operation** (SOP) is one spike transmitted by
# one existing synapse, or one update of the weight of one existing plastic synapse.  In inference nothing is updated.
# spikeprune counts them exactly, retries included, and here you can check it by hand: without pruning, each input spike
# passes 100 synapses, each excitatory spike one, and each inhibitory spike the 99 to all neurons but the partner.

counts = evaluation.counts
assert counts.input_to_excitatory == 100 * counts.input_spikes
assert counts.excitatory_to_inhibitory == counts.excitatory_spikes
assert counts.inhibitory_to_excitatory == 99 * counts.inhibitory_spikes

for name, number in evaluation.counts.per_image().items():
    print(f"{name:32} {number:10,.0f} per image")

# %%
# Nearly all of them are input spikes that pass a synapse.  This is what pruning can save: most pixels say nothing to a
# neuron that looks for a 7.
#
# Pruning
# -------
#
# The adaptive rule gives each neuron a threshold of its own.  At each pruning event the threshold moves towards a share
# β of the mean weight of the synapses that the neuron still has, faster if the neuron has been active; weaker synapses
# are removed for ever.  Normalisation gives their strength to those that remain.  A neuron that has not found its digit
# yet is quiet, so it keeps its synapses.
#
# The defaults are meant for 60,000 images with an event every 1000.  These are 1437, so there is an event every 50.

rule = sp.AdaptivePruning(beta=0.7, interval=50)
pruned = sp.train(digits, rule, **settings)
pruned.evaluate()
print(pruned)

figure = plots.receptive_fields(pruned)

# %%
# Removed synapses are white.  Over training:

figure = plots.history({"unpruned": unpruned, "adaptive": pruned})

# %%
# What it saves, and what it costs
# --------------------------------

for name, run in {"unpruned": unpruned, "adaptive": pruned}.items():
    training = run.counts.per_image()["training_sops"]
    inference = run.evaluation.counts.per_image()["inference_sops"]
    print(
        f"{name:9} accuracy {run.evaluation.accuracy:.1f} %, removed {100 * (1 - run.alive.mean()):.1f} %, "
        f"SOPs per image {training:,.0f} in training, {inference:,.0f} in inference"
    )

figure = plots.comparison({"unpruned": unpruned, "adaptive": pruned})

# %%
# With 360 test images, a difference of a point or two in accuracy is chance; that of the operations is not.  Whether
# pruning costs accuracy has to be asked with more images and several seeds: :doc:`/results` does.
#
# Is it the choice of synapses that matters?  The control removes as many, but any.  Try it:
# ``sp.train(digits, sp.RandomRemoval(share=0.65, interval=50), **settings)``.
#
# From here
# ---------
#
# - the same from the command line, and kept in a folder: :doc:`/first-run`;
# - images of your own: :doc:`/data`;
# - which rule to take: :doc:`/choose-a-rule`; a rule of your own: :doc:`/rules`;
# - pruning in a Brian2 network of your own: :doc:`/your-brian2-network`;
# - the equations and constants of the network: :doc:`/model`.
