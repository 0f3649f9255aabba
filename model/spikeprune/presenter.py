"""The presenter: a neuron that shows the images, repeats those that drew too few spikes, and times pruning.

Of several networks in one program (:mod:`spikeprune.replicas`), each has one; they share the time step of the slot.
The variables are linked into the other groups, so that no Python runs between two presentations.  Integer variables are
exact up to 2**31; `step` is a float because Brian2 links it into float expressions.
"""

__all__ = ["PRESENTER", "PRESENTER_OVER", "PRESENTER_STEP", "PRESENTER_STOP", "SHARED"]

PRESENTER = """
step                         : 1 (shared)  # time step within the slot, from 0
image                        : integer  # image of the chunk that is shown, from 0
images                       : integer  # images to show in this chunk
first_image                  : integer  # number of the chunk's first image in the whole run
attempt                      : integer  # 0 for the first showing of an image
intensity                    : 1        # Hz of a pixel of value pixel_per_hertz
seen                         : integer  # images accepted since training began
population_spikes            : 1        # excitatory spikes of this presentation
learning                     : 1        # 1 in training, 0 in evaluation
prune                        : integer  # 1 from a pruning event to the end of the next presentation
prune_start                  : integer  # pruning starts once so many images have been seen
prune_stop                   : integer  # and ends once more than so many have been
prune_interval               : integer  # images between two pruning events
stopped                      : integer  # 1 once the chunk is finished
seed                         : integer  # key of the random numbers
stream                       : integer
"""

#: Variables of the presenter that other groups read.
SHARED = (
    "step", "image", "images", "first_image", "attempt", "intensity",
    "learning", "prune", "seed", "stream",
)  # fmt: skip

PRESENTER_STEP = "step = (step + 1)*int(step + 1 < slot_steps)"

# The end of a presentation.  An image is accepted if it drew enough spikes or has had all its attempts.
PRESENTER_OVER = """
accepted = int(population_spikes >= minimum_spikes or attempt + 1 >= attempts)
image += accepted
seen += accepted*int(learning)
attempt = (attempt + 1)*(1 - accepted)
intensity = initial_intensity + attempt*intensity_step
prune = accepted*int(learning > 0 and seen >= prune_start and seen <= prune_stop and seen % prune_interval == 0)
population_spikes = 0
stopped = int(image >= images)
"""
#: A program of one network ends with its chunk (:func:`spikeprune.stopping.stop_when`).
PRESENTER_STOP = "stopped = stop_when(stopped)"
