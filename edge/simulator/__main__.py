"""`python -m edge.simulator`."""

from edge.simulator.cli import main

main()
