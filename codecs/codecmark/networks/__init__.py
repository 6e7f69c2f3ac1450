"""What every network needs: weights and where they come from, a device, a backend."""
