"""Networks side by side that wait for the last of them (:mod:`spikeprune.replicas`), as Brian2 strings."""

__all__ = [
    "CLOSING",
    "CLOSING_STOP",
    "EXCITATORY",
    "EXCITATORY_REST",
    "EXCITATORY_WAITS",
    "GIVEN",
    "KEEP",
    "KEPT",
    "PRESENTER",
    "PRESENTER_WAITS",
    "STOP",
    "WAIT",
]

#: Prefix of the variables that hold what others were at the end of the chunk.
KEPT = "kept_"

PRESENTER = """\
waiting                      : integer  # 1 once this network is at the end of its chunk
"""
# Synapses look up neither the presenter nor the number of their network: each neuron has what they read.
EXCITATORY = """\
learning                     : 1        # 1 in training, 0 in evaluation and while the network waits
seed                         : integer  # key of the random numbers
"""
CLOSING = """
number                       : 1        # networks that wait
stopped                      : integer  # 1 once the program is finished
"""
KEEP = "step >= slot_steps - 1 and waiting < 1"
WAIT = "step >= slot_steps - 1 and stopped > 0"
STOP = "step >= slot_steps - 1 and number > 0"

# Without intensity no input fires.  What has been kept remembers both.
PRESENTER_WAITS = """
waiting = 1
intensity = 0
prune = 0
"""
EXCITATORY_WAITS = "learning = 0"
# Nor does what is left of the last presentation make a neuron fire.
EXCITATORY_REST = "ready = 1e9*stopped"
CLOSING_STOP = """
stopped = stop_when(int(number >= networks))
number = 0
"""

#: What a program of several networks is given besides the state, for each of them.
GIVEN = ("presenter.waiting", "excitatory.seed")
