"""`python -m spikeprune`: the command line of this very Python."""

from spikeprune.cli import main

if __name__ == "__main__":
    main()
