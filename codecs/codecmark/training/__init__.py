"""Training of this project's own networks: data, losses, one task a network, one trainer."""
