"""Training of this project's own networks: data, losses, one task a network, one trainer."""

ABLATIONS = ("prior", "clock", "phase")  # what a training may go without, to show what it brings
