"""`python -m edge.simulator`."""

from edge.simulator.cli import main

if __name__ == "__main__":
    main()
