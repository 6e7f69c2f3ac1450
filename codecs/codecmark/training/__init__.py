"""Training of this project's own networks: data, losses, one task per network, one trainer."""

ABLATIONS = ("prior", "clock", "phase")  # parts that a training may leave out, to show their effect
